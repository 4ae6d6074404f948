"""Updates: what is done to the parameters with their derivatives.

An optimizer is a rule, not bound to parameters: it keeps what it must remember of each one that it meets. Its
`descend` writes into arrays, with NumPy's functions alone, so the same lines update eagerly and in a compiled
step, and one object may do both by turns.

The formulas are those of the lectures (course 2, week 2), with v and s for the moving averages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor, distinct_parameters, mark_updated
from tinygraph.files import assign
from tinygraph.graph.derivatives import Derivatives

__all__ = [
    "SGD",
    "Adam",
    "Momentum",
    "Optimizer",
    "RMSProp",
    "exponential_decay",
    "inverse_decay",
    "root_decay",
]


class Optimizer:
    """What all updates have in common: a learning rate, memory by parameter, and the loop over parameters.

    `remembers` names the arrays kept for each parameter, of its shape and dtype and 0 at first; `steps`
    counts the updates.

    Raises:
        ValueError: the learning rate is not a positive number.
    """

    remembers: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self._memory: dict[Tensor, tuple[Any, ...]] = {}

    @property
    def learning_rate(self) -> float:
        """The step; it may be set between updates."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        if not 0 < rate < float("inf"):
            raise ValueError(f"the learning rate is a positive number, not {rate!r}")
        self._learning_rate = rate

    def numbers(self) -> dict[str, float]:
        """The numbers in the formula of the next update, by name."""
        return {"learning_rate": self.learning_rate}

    def descend(self, W: Any, dW: Any, *arrays: Any) -> None:
        """Update W in place with its derivative; `arrays` are what is remembered, then the numbers."""
        raise NotImplementedError

    def memory(self, parameter: Tensor) -> tuple[Any, ...]:
        """What is remembered of a parameter, in the order of `remembers`: arrays that updates write into."""
        if parameter not in self._memory:
            self._memory[parameter] = tuple(np.zeros_like(parameter._value) for _ in self.remembers)
        return self._memory[parameter]

    def update(self, parameters: Iterable[Tensor] | Mapping[str, Tensor], derivatives: Derivatives) -> None:
        """Change the values of `parameters` in place, each once; it needs its derivative in `derivatives`."""
        chosen = distinct_parameters(parameters)
        found = derivatives.of(chosen)
        mark_updated(chosen)
        self.steps += 1
        descend, numbers = self.descend, tuple(self.numbers().values())
        if not self.remembers:
            for p, dp in zip(chosen, found, strict=True):
                descend(p._value, dp, *numbers)
            return
        for p, dp in zip(chosen, found, strict=True):
            descend(p._value, dp, *self.memory(p), *numbers)

    def state(self, parameters: Mapping[str, Tensor]) -> dict[str, Any]:
        """All that a later run needs besides the parameters: arrays by name, to be kept with `tg.save`.

        >>> import tinygraph as tg
        >>> list(Adam(0.1).state({"W": tg.parameter([1.0])}))
        ['Adam.steps', 'Adam.v.W', 'Adam.s.W']
        """
        kind = type(self).__name__
        remembered = {
            f"{kind}.{what}.{name}": array
            for name, p in parameters.items()
            for what, array in zip(self.remembers, self.memory(p), strict=True)
        }
        return {f"{kind}.steps": np.array(self.steps), **remembered}

    def restore(self, parameters: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go on from a `state`, to the last bit; arrays that are not of this optimizer are left alone.

        Raises:
            UserFileError: the state is of another kind of optimizer, or of other parameters.
            ShapeError, DtypeError: an array in it does not fit its parameter.
        """
        mine = self.state(parameters)
        assign(mine, state, "the optimizer's state")
        self.steps = int(mine[f"{type(self).__name__}.steps"])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.learning_rate})"


class SGD(Optimizer):
    """Gradient descent: W = W - learning_rate * dW.

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.SGD(0.1).update([W], (W * W).sum().backward())
    >>> W.value
    array([0.8])
    """

    def descend(self, W: Any, dW: Any, learning_rate: Any) -> None:
        np.subtract(W, learning_rate * dW, out=W)


def checked_share(name: str, value: float) -> float:
    """`value`, if it may be the share of the old in a moving average."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} lies in [0, 1): the share of the old average; got {value!r}")
    return value


class Momentum(Optimizer):
    """Gradient descent with momentum: v = beta * v + (1 - beta) * dW, W = W - learning_rate * v.

    Args:
        learning_rate: the step, a positive number.
        beta: the share of the old v, in [0, 1).
        averaged: without it v = beta * v + dW, as it is also written: steps 1 / (1 - beta) times as long.

    Raises:
        ValueError: the learning rate is not positive, or beta not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.Momentum(0.1, beta=0.5).update([W], (W * W).sum().backward())
    >>> W.value
    array([0.9])
    """

    remembers = ("v",)

    def __init__(self, learning_rate: float, beta: float = 0.9, averaged: bool = True) -> None:
        super().__init__(learning_rate)
        self.beta = checked_share("beta", beta)
        self.averaged = averaged

    def numbers(self) -> dict[str, float]:
        """beta, the share of the new, and the learning rate."""
        fresh = 1 - self.beta if self.averaged else 1.0
        return {"beta": self.beta, "fresh": fresh, "learning_rate": self.learning_rate}

    def descend(self, W: Any, dW: Any, v: Any, beta: Any, fresh: Any, learning_rate: Any) -> None:
        np.add(beta * v, fresh * dW, out=v)
        np.subtract(W, learning_rate * v, out=W)


class RMSProp(Optimizer):
    """Steps relative to the size of recent derivatives.

    s = beta * s + (1 - beta) * dW^2, W = W - learning_rate * dW / (sqrt(s) + epsilon).

    Args:
        learning_rate: the step, a positive number.
        beta: the share of the old s, in [0, 1).
        epsilon: keeps the divisor from 0.

    Raises:
        ValueError: the learning rate is not positive, or beta not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.RMSProp(0.1, beta=0.75).update([W], (W * W).sum().backward())
    >>> W.value.round(6)
    array([0.8])
    """

    remembers = ("s",)

    def __init__(self, learning_rate: float, beta: float = 0.9, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        self.beta = checked_share("beta", beta)
        self.epsilon = epsilon

    def numbers(self) -> dict[str, float]:
        """beta, the share of the new, epsilon, and the learning rate."""
        beta, rate = self.beta, self.learning_rate
        return {"beta": beta, "fresh": 1 - beta, "epsilon": self.epsilon, "learning_rate": rate}

    def descend(
        self, W: Any, dW: Any, s: Any, beta: Any, fresh: Any, epsilon: Any, learning_rate: Any
    ) -> None:
        np.add(beta * s, fresh * np.square(dW), out=s)
        np.subtract(W, learning_rate * dW / (np.sqrt(s) + epsilon), out=W)


class Adam(Optimizer):
    """Momentum and RMSProp together, both averages corrected for their start at 0 (Kingma and Ba 2015).

    At update t = 1, 2, ...: v = beta1 * v + (1 - beta1) * dW, s = beta2 * s + (1 - beta2) * dW^2,
    W = W - learning_rate * v_corrected / (sqrt(s_corrected) + epsilon), where v_corrected = v / (1 - beta1^t)
    and s_corrected = s / (1 - beta2^t).

    Args:
        learning_rate: the step, a positive number.
        beta1: the share of the old v, in [0, 1).
        beta2: the share of the old s, in [0, 1).
        epsilon: keeps the divisor from 0.
        epsilon_inside: divide by sqrt(s_corrected + epsilon), as one version of the course's exercise does.

    Raises:
        ValueError: the learning rate is not positive, or a share not in [0, 1).

    >>> import tinygraph as tg
    >>> W = tg.parameter([1.0], name="W")
    >>> tg.optim.Adam(0.1).update([W], (W * W).sum().backward())
    >>> W.value.round(6)
    array([0.9])
    """

    remembers = ("v", "s")

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        epsilon_inside: bool = False,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1, self.beta2 = checked_share("beta1", beta1), checked_share("beta2", beta2)
        self.epsilon, self.epsilon_inside = epsilon, epsilon_inside

    def numbers(self) -> dict[str, float]:
        """The shares, the divisors that correct the averages at this update, epsilon, the learning rate."""
        return {
            "beta1": self.beta1,
            "fresh1": 1 - self.beta1,
            "beta2": self.beta2,
            "fresh2": 1 - self.beta2,
            "correction1": 1 - self.beta1**self.steps,
            "correction2": 1 - self.beta2**self.steps,
            "epsilon": self.epsilon,
            "learning_rate": self.learning_rate,
        }

    def descend(self, W: Any, dW: Any, v: Any, s: Any, *numbers: Any) -> None:
        beta1, fresh1, beta2, fresh2, correction1, correction2, epsilon, learning_rate = numbers
        np.add(beta1 * v, fresh1 * dW, out=v)
        np.add(beta2 * s, fresh2 * np.square(dW), out=s)
        v_corrected, s_corrected = v / correction1, s / correction2
        root = np.sqrt(s_corrected + epsilon) if self.epsilon_inside else np.sqrt(s_corrected) + epsilon
        np.subtract(W, learning_rate * v_corrected / root, out=W)


# Learning rates that fall: functions of the epoch, which is 0 at first. For `fit`, or set between steps.


def inverse_decay(learning_rate: float, rate: float = 1.0, every: int = 1) -> Callable[[int], float]:
    """learning_rate / (1 + rate * epoch); with `every`, in steps of so many epochs.

    >>> [inverse_decay(0.5, rate=0.3, every=100)(epoch) for epoch in (0, 99, 100)]
    [0.5, 0.5, 0.3846153846153846]
    """
    return lambda epoch: learning_rate / (1 + rate * (epoch // every))


def exponential_decay(learning_rate: float, base: float = 0.95, every: int = 1) -> Callable[[int], float]:
    """learning_rate * base^epoch; with `every`, in steps of so many epochs.

    >>> [exponential_decay(0.5, base=0.5)(epoch) for epoch in (0, 1, 2)]
    [0.5, 0.25, 0.125]
    """
    return lambda epoch: learning_rate * base ** (epoch // every)


def root_decay(learning_rate: float, every: int = 1) -> Callable[[int], float]:
    """learning_rate / sqrt(epoch + 1), the lectures' epochs counting from 1; with `every`, in steps.

    >>> [root_decay(0.5)(epoch) for epoch in (0, 3)]
    [0.5, 0.25]
    """
    return lambda epoch: learning_rate / float(np.sqrt(epoch // every + 1))
