"""Derivatives by other means than the engine's, and words for where two of them disagree."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

__all__ = ["HIPS", "central_difference", "complex_step", "disagreement", "hips_applies", "hips_derivative"]


def complex_step(f: Callable[[Any], Any], x: Any, h: float = 1e-30) -> Any:
    """df/dx of a real f without subtraction, so exact to rounding: Im f(x + ih) / h.

    >>> complex_step(lambda x: np.sum(x * x), np.array([3.0, 4.0]))
    array([6., 8.])
    """
    derivative = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        stepped = np.array(x, dtype=complex)
        stepped[index] += 1j * h
        derivative[index] = np.imag(f(stepped)) / h
    return derivative


def central_difference(f: Callable[[Any], Any], x: Any, h: float = 1e-6) -> Any:
    """(f(x + h) - f(x - h)) / 2h for each entry of x.

    >>> central_difference(lambda x: np.sum(x * x), np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    """
    derivative = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        ahead, behind = np.array(x), np.array(x)
        ahead[index] += h
        behind[index] -= h
        derivative[index] = (f(ahead) - f(behind)) / (2 * h)
    return derivative


def disagreement(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    """Where `actual` differs most from `expected`, or "" if it does not: their shapes, or the worst entry."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    excess = np.abs(actual - expected) - rtol * np.abs(expected) - atol
    if np.all(excess <= 0):  # also false where something is no number
        return ""
    worst = np.unravel_index(np.argmax(np.where(np.isnan(excess), np.inf, excess)), excess.shape)
    entry = list(map(int, worst))
    return f"entry {entry}: {actual[worst]} instead of {expected[worst]}"


# HIPS autograd: its own function for each row that it has, or a definition written with its functio


def where_positive(x, y, z):
    return anp.where(x > 0, y, z)


def sigmoid(x):
    return 1 / (1 + anp.exp(-x))


def softmax(x, axis=0):
    return anp.exp(log_softmax(x, axis))


def log_softmax(x, axis=0):
    return x - logsumexp(x, axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    return anp.log(anp.sum(anp.exp(x), axis=axis, keepdims=keepdims))


def m_of(a, axis):
    return a.size / (a.shape[axis] if a.ndim > 1 else 1)


def cross_entropy(a, y, axis=0):
    return -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a)) / m_of(a, axis)


def softmax_cross_entropy(z, labels, axis=0):
    if labels.ndim < z.ndim:
        labels = anp.moveaxis(anp.eye(z.shape[axis])[labels], -1, axis)
    return -anp.sum(labels * log_softmax(z, axis)) / (z.size // z.shape[axis])


def clip(x, low, high):
    x = x if low is None else anp.maximum(x, low)
    return x if high is None else anp.minimum(x, high)


def gelu(x):
    return 0.5 * x * (1 + anp.tanh(anp.sqrt(2 / anp.pi) * (x + 0.044715 * x**3)))


HIPS: dict[Callable[..., Any], Callable[..., Any]] = {
    k.sigmoid: sigmoid,
    k.relu: lambda x: where_positive(x, x, 0.0),
    k.leaky_relu: lambda x, slope=0.01: where_positive(x, x, slope * x),
    k.elu: lambda x, alpha=1.0: where_positive(x, x, alpha * anp.expm1(x)),
    k.softplus: lambda x: anp.logaddexp(x, 0.0),
    k.gelu: gelu,
    k.softmax: softmax,
    k.log_softmax: log_softmax,
    k.logsumexp: logsumexp,
    k.probability_cross_entropy: cross_entropy,
    k.sigmoid_cross_entropy: lambda z, y, axis=0: cross_entropy(sigmoid(z), y, axis),
    k.softmax_cross_entropy: softmax_cross_entropy,
    k.mse: lambda a, y: anp.mean((a - y) ** 2),
    np.clip: clip,
    np.linalg.norm: anp.linalg.norm,
    operator.getitem: operator.getitem,
}
WITHOUT_RULE = {np.positive, np.flip, np.broadcast_to, np.take}
# Not its derivatives of what NumPy computes from one triangle, at multiples, and of complex numbers.
WITHOUT_RULE |= {np.mod, np.fmod, np.linalg.cholesky, np.linalg.eigvalsh, np.real, np.imag, np.conjugate}
WITHOUT_RULE |= {
    np.linalg.eigvals,
    np.linalg.pinv,
    np.cumprod,
    np.cbrt,
    np.copysign,
    np.convolve,
    np.nan_to_num,
    np.i0,
}
WITHOUT_RULE |= {np.roll, np.rot90, np.tile, np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft}
for _function in TABLE.keys() - HIPS.keys() - WITHOUT_RULE:
    _home = {"numpy.linalg": anp.linalg, "numpy.fft": anp.fft}.get(getattr(_function, "__module__", ""), anp)
    if hasattr(_home, _function.__name__):
        HIPS[_function] = getattr(_home, _function.__name__)


HIPS_FAILS: dict[Callable[..., Any], Callable[[Any], bool]] = {
    k.gelu: lambda case: case.samplers[0].__name__ == "large",  # overflows in tanh
    k.sigmoid_cross_entropy: lambda case: case.samplers[0].__name__ == "large",
    np.absolute: lambda case: case.call.__name__ == "of_complex",
    np.where: lambda case: len({np.shape(x) for x in case.inputs}) > 1,  # broadcasting is not undone
    np.prod: lambda case: not all(np.all(x) for x in case.inputs),  # divides by 0
    np.cumsum: lambda case: case.shapes == ((),) and case.settings["axis"] is not None,  # has one axis then
    np.transpose: lambda case: any(a < 0 for a in case.settings.get("axes", ())),
    np.linalg.norm: lambda case: "keepdims" in case.settings,
    np.concatenate: lambda case: case.settings["axis"] is None,
    np.linalg.solve: lambda case: len({len(shape) for shape in case.shapes}) > 1,  # a vector, or broadcast
    np.outer: lambda case: any(np.ndim(x) != 1 for x in case.inputs),
    np.einsum: lambda case: any(
        len(set(t)) < len(t) for t in case.settings["subscripts"].replace(".", "").split(",")
    ),
    operator.getitem: lambda case: isinstance(case.settings["index"], list),  # of booleans
}


def hips_applies(case: Any) -> bool:
    """Whether HIPS autograd has the function and its rule is right for these inputs and settings."""
    fails = HIPS_FAILS.get(case.function, lambda case: False)
    return case.function in HIPS and "dtype" not in case.settings and not fails(case)


def hips_derivative(f: Callable[[Any], Any], x: Any) -> Any:
    return autograd.grad(f)(x)
