# style: abstract Layer, Linear.backward(dout) -> dx keeping dW and db, Sequential chains them; type hints
# judged: Linear.backward, LeakyReLU.backward, Dropout.backward, Sequential.backward
from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


class Layer(ABC):
    training: bool = True

    @abstractmethod
    def forward(self, x: NDArray) -> NDArray: ...

    @abstractmethod
    def backward(self, dout: NDArray) -> NDArray: ...

    def __call__(self, x: NDArray) -> NDArray:
        return self.forward(x)


class Linear(Layer):
    def __init__(self, fan_in: int, fan_out: int, rng: np.random.Generator):
        limit = np.sqrt(6.0 / (fan_in + fan_out))
        self.W = rng.uniform(-limit, limit, size=(fan_in, fan_out))
        self.b = np.zeros(fan_out)
        self.dW: NDArray | None = None
        self.db: NDArray | None = None

    def forward(self, x: NDArray) -> NDArray:
        self._x = x
        return x @ self.W + self.b

    def backward(self, dout: NDArray) -> NDArray:
        self.dW = self._x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T


class LeakyReLU(Layer):
    def __init__(self, slope: float = 0.01):
        self.slope = slope

    def forward(self, x: NDArray) -> NDArray:
        self._mask = np.where(x > 0, 1.0, self.slope)
        return x * self._mask

    def backward(self, dout: NDArray) -> NDArray:
        return dout * self._mask


class Dropout(Layer):
    """Inverted dropout."""

    def __init__(self, p: float, rng: np.random.Generator):
        self.p = p
        self.rng = rng

    def forward(self, x: NDArray) -> NDArray:
        if not self.training:
            self._keep = None
            return x
        self._keep = (self.rng.random(x.shape) >= self.p) / (1.0 - self.p)
        return x * self._keep

    def backward(self, dout: NDArray) -> NDArray:
        if self._keep is None:
            return dout
        return dout * self._keep


class Sequential(Layer):
    def __init__(self, *layers: Layer):
        self.layers = layers

    def forward(self, x: NDArray) -> NDArray:
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, dout: NDArray) -> NDArray:
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return dout
