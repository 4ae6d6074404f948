"""Rows of activations."""

from __future__ import annotations

import functools

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.operation import add_row
from tinygraph.rules.shapes import Axis, restore_axes
from tinygraph.rules.types import Numeric

__all__: list[str] = []


def gelu_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    t = np.tanh(k.GELU_SCALE * (x + 0.044715 * (x * x * x)))
    near = np.minimum(np.abs(x), 20)  # further out 1 - t * t is 0, and x * x might be infinite
    slope = k.GELU_SCALE * (1 + 0.134145 * (near * near))
    return dz * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


# fmt: off
add_row(np.tanh,      "tanh",     "tanh(x)",             lambda dz, z, x: dz * (1 - z * z), activation=True)
add_row(k.sigmoid,    "sigmoid",  "1 / (1 + exp(-x))",   lambda dz, z, x: dz * (z * (1 - z)), activation=True)
add_row(k.relu,       "relu",     "max(x, 0)",           lambda dz, z, x: dz * (x > 0),
    kink="at 0: 0", activation=True)
add_row(k.leaky_relu, "leaky relu", "x if x > 0 else slope * x",
    lambda dz, z, x, slope=0.01: np.where(x > 0, dz, slope * dz), kink="at 0: slope", activation=True)
add_row(k.elu,        "elu",      "x if x > 0 else alpha * (exp(x) - 1)",
    lambda dz, z, x, alpha=1.0: np.where(x > 0, dz, dz * (z + alpha)), kink="at 0: alpha", activation=True)
add_row(k.softplus,   "softplus", "log(1 + exp(x))",     lambda dz, z, x: dz * k.sigmoid(x), activation=True)
add_row(k.gelu,       "gelu",     "x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x**3)))", gelu_dx,
activation=True)
# fmt: on


def softmax_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int = 0) -> Numeric:
    return z * (dz - np.add.reduce(z * dz, axis=axis, keepdims=True))


def log_softmax_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int = 0) -> Numeric:
    return dz - np.exp(z) * np.add.reduce(dz, axis=axis, keepdims=True)


def logsumexp_dx(dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, keepdims: bool = False) -> Numeric:
    back = functools.partial(restore_axes, shape=x.shape, axis=axis, keepdims=keepdims)
    shares = np.exp(x - back(z))
    return back(dz) * (shares / np.sum(shares, axis=axis, keepdims=True))  # z has rounded where x is large


# fmt: off
add_row(k.softmax,     "softmax",     "exp(x) / sum(exp(x), axis)",      softmax_dx,
    activation=True, elementwise=False)
add_row(k.log_softmax, "log softmax", "x - log(sum(exp(x), axis))",      log_softmax_dx,
    activation=True, elementwise=False)
add_row(k.logsumexp,   "logsumexp",   "log(sum(exp(x), axis))",          logsumexp_dx)
# fmt: on
