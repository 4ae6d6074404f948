# style: LayerNorm and RMSNorm classes, gamma/beta with grads in d_gamma/d_beta, private caches, numpy-style docstrings
# judged: LayerNorm.backward, RMSNorm.backward
import numpy as np


class LayerNorm:
    """
    Normalizes the last axis.

    Parameters
    ----------
    dim : int
        Size of the last axis.
    eps : float
        Added to the variance.
    """

    def __init__(self, dim, eps=1e-5):
        self.eps = eps
        self.gamma = np.ones(dim)
        self.beta = np.zeros(dim)
        self.zero_grad()

    def zero_grad(self):
        self.d_gamma = np.zeros_like(self.gamma)
        self.d_beta = np.zeros_like(self.beta)

    def forward(self, x):
        mu = x.mean(axis=-1, keepdims=True)
        var = x.var(axis=-1, keepdims=True)
        self._inv_std = 1.0 / np.sqrt(var + self.eps)
        self._x_hat = (x - mu) * self._inv_std
        return self.gamma * self._x_hat + self.beta

    def backward(self, d_y):
        """
        Parameters
        ----------
        d_y : ndarray, same shape as the output

        Returns
        -------
        d_x : ndarray
        """
        leading = tuple(range(d_y.ndim - 1))
        self.d_gamma += np.sum(d_y * self._x_hat, axis=leading)
        self.d_beta += np.sum(d_y, axis=leading)

        d_hat = d_y * self.gamma
        d_x = d_hat - d_hat.mean(axis=-1, keepdims=True)
        d_x -= self._x_hat * (d_hat * self._x_hat).mean(axis=-1, keepdims=True)
        d_x *= self._inv_std
        return d_x


class RMSNorm:
    """Like LayerNorm, but without mean and shift."""

    def __init__(self, dim, eps=1e-6):
        self.eps = eps
        self.gamma = np.ones(dim)
        self.d_gamma = np.zeros(dim)

    def forward(self, x):
        self._x = x
        self._r = 1.0 / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + self.eps)
        return self.gamma * x * self._r

    def backward(self, d_y):
        x, r = self._x, self._r
        self.d_gamma += np.sum(d_y * x * r, axis=tuple(range(x.ndim - 1)))
        d_n = d_y * self.gamma
        return r * d_n - r**3 * x * np.mean(d_n * x, axis=-1, keepdims=True)
