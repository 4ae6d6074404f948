"""Functions that NumPy lacks, written with NumPy: activations, stable costs, and the scatter behind indexing.

Each is a `kernel`: called with arrays it computes, called with an array that records (a `Recording`), it asks
to be recorded, just as NumPy's own functions do. So rules may use them like any function of NumPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from tinygraph.rules.shapes import LARGEST_HALF, Axis, divide_by_count
from tinygraph.rules.types import AnyFunction, AnyIndex, Numeric, Operand, Option, Options, Shape

__all__ = [
    "GELU_SCALE",
    "KERNELS",
    "Recording",
    "cast_to",
    "elu",
    "examples_along",
    "gelu",
    "is_basic",
    "kernel",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "mse",
    "one_hot",
    "plain_places",
    "probability_cross_entropy",
    "relu",
    "scatter",
    "sigmoid",
    "sigmoid_cross_entropy",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "stop_gradient",
    "xlogy",
]

F = TypeVar("F", bound=Callable[..., Any])
KERNELS: set[AnyFunction] = set()


class Recording:
    """An array that records the functions called on it, instead of or besides computing them."""

    __slots__ = ()

    def record(self, function: AnyFunction, args: tuple[Operand, ...], settings: Options) -> Numeric:
        """Record `function(*args, **settings)` and return its result."""
        raise NotImplementedError


def kernel(function: F) -> F:
    """Let `function` be recorded when one of its arguments is a `Recording`."""

    @functools.wraps(function)
    def dispatch(*args: Operand, **settings: Option) -> Numeric:
        for x in (*args, *settings.values()) if settings else args:
            if isinstance(x, Recording):
                return x.record(dispatch, args, settings)
        return function(*args, **settings)

    KERNELS.add(dispatch)
    return cast(F, dispatch)


def plain_places(index: AnyIndex) -> AnyIndex:
    """An index that records as a plain one; its own derivative is 0."""
    return np.asarray(index) if isinstance(index, Recording) else index


@kernel
def cast_to(x: Numeric, dtype: Option) -> Numeric:
    """`x` in another floating type.

    >>> cast_to(np.ones(2), np.float32).dtype
    dtype('float32')
    """
    return x.astype(dtype)


@kernel
def scatter(x: Numeric, shape: Shape, index: AnyIndex) -> Numeric:
    """Zeros of `shape` with `x` added at `index`; an entry named twice is added twice.

    It is what indexing does to derivatives: `x[index]` backward.

    >>> scatter(np.ones(3), (4,), np.array([1, 1, 3]))
    array([0., 2., 0., 1.])
    """
    out = np.zeros_like(x, shape=shape)
    if is_basic(index):
        out[index] = x
    elif out.size:  # np.take lets any index into an empty axis pass, if there is nothing to take
        np.add.at(out, index, x)
    return out


def is_basic(index: AnyIndex) -> bool:
    """Whether `index` takes each entry at most once, as slices and single numbers do."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer) for p in parts)


@kernel
def stop_gradient(x: Numeric) -> Numeric:
    """A copy of x as a plain array, through which no derivative comes back.

    So `x - tg.stop_gradient(x)` is 0, and its derivative 1. A compiled step computes it anew each time.

    >>> import tinygraph as tg
    >>> x = tg.parameter(3.0, name="x")
    >>> float((x * tg.stop_gradient(x)).backward()["dx"])
    3.0
    """
    return np.positive(x)


@kernel
def relu(x: Numeric) -> Numeric:
    """max(x, 0), the rectified linear unit. Its derivative at 0 is taken as 0.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.maximum(x, 0)


@kernel
def leaky_relu(x: Numeric, slope: float = 0.01) -> Numeric:
    """x where x > 0, slope * x elsewhere.

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    return np.where(x > 0, x, slope * x)


@kernel
def elu(x: Numeric, alpha: float = 1.0) -> Numeric:
    """x where x > 0, alpha * (exp(x) - 1) elsewhere (Clevert et al. 2015).

    >>> elu(np.array([0.0, 2.0]))
    array([0., 2.])
    """
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@kernel
def softplus(x: Numeric) -> Numeric:
    """log(1 + exp(x)), finite for every finite x.

    >>> softplus(np.array([-1e4, 0.0, 1e4])).round(4).tolist()
    [0.0, 0.6931, 10000.0]
    """
    return stable_softplus(np.asarray(x) if isinstance(x, float) else x)


def stable_softplus(x: Numeric) -> Numeric:
    """log(1 + exp(x)), for complex x too, which a derivative by complex step brings."""
    if x.dtype.kind != "c":
        return np.logaddexp(x, 0.0)
    top = np.maximum(x, 0)
    return top + np.log1p(np.exp(x - 2 * top))


GELU_SCALE = float(np.sqrt(2 / np.pi))


@kernel
def gelu(x: Numeric) -> Numeric:
    """The Gaussian error linear unit in its tanh form (Hendrycks and Gimpel 2016).

    x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))), within 5e-4 of x * Phi(x).

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    return 0.5 * x * (1 + np.tanh(GELU_SCALE * (x + 0.044715 * (x * x * x))))


@kernel
@np.errstate(over="ignore")
def sigmoid(x: Numeric) -> Numeric:
    """1 / (1 + exp(-x)), without a warning and right for every finite x.

    Where exp(-x) overflows to infinity the result is 0, which is the right answer to the last bit.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    return np.reciprocal(1 + np.exp(-x))


@kernel
def softmax(x: Numeric, axis: int = 0) -> Numeric:
    """exp(x) / sum(exp(x)) along the axis of classes, shifted by the largest entry so that nothing overflows.

    >>> softmax(np.array([[0.0, 1e4], [0.0, 0.0]]))
    array([[0.5, 1. ],
           [0.5, 0. ]])
    """
    e = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
    return e / np.add.reduce(e, axis=axis, keepdims=True)


@kernel
def logsumexp(x: Numeric, axis: Axis = None, keepdims: bool = False) -> Numeric:
    """log(sum(exp(x))) over `axis`, shifted by the largest entry so that nothing overflows.

    >>> float(logsumexp(np.array([1e4, 1e4])).round(4))
    10000.6931
    """
    axis = tuple(axis) if isinstance(axis, list) else axis
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        z = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return z if keepdims else np.squeeze(z, axis=axis)


@kernel
def log_softmax(x: Numeric, axis: int = 0) -> Numeric:
    """log(softmax(x)) along the axis of classes, finite where softmax underflows to 0.

    >>> log_softmax(np.array([[0.0], [1e4]])).ravel()
    array([-10000.,      0.])
    """
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def xlogy(x: Numeric, y: Numeric) -> Numeric:
    """x * log(y), and 0 where x is 0, whatever y is.

    >>> xlogy(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    array([0., 0.])
    """
    with np.errstate(divide="ignore"):
        return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y)))


def examples_along(a: Numeric, axis: int) -> Any:
    """m, the number of examples in `a`, whose units lie along `axis`.

    A vector (m,) is m examples of one unit.

    >>> examples_along(np.ones((3, 5)), axis=0), examples_along(np.ones(5), axis=0)
    (5, 5)
    """
    m = int(a.size // (a.shape[axis] or 1) if a.ndim > 1 else a.size)
    # More than half precision has: a number of single precision, in which the division is then done.
    return m if m <= LARGEST_HALF or a.dtype != np.float16 else np.float32(m)


@kernel
def probability_cross_entropy(a: Numeric, y: Numeric, axis: int = 0) -> Numeric:
    """-(y log a + (1 - y) log(1 - a)), summed over units (axis), mean over the m examples; from
    probabilities.

    >>> float(probability_cross_entropy(np.array([[0.5, 1.0]]), np.array([[1.0, 1.0]])).round(4))
    0.3466
    """
    return -np.sum(xlogy(y, a) + xlogy(1 - y, 1 - a)) / examples_along(a, axis)


@kernel
def sigmoid_cross_entropy(a: Numeric, y: Numeric, z: Numeric, axis: int = 0) -> Numeric:
    """The same cost where a = sigmoid(z) is known: computed from z, so finite where a has rounded to 0 or 1.

    -y log a - (1 - y) log(1 - a) is softplus(z) - y z.

    >>> float(sigmoid_cross_entropy(np.array([[1.0]]), np.array([[0.0]]), np.array([[1e4]])))
    10000.0
    """
    return np.add.reduce(stable_softplus(z) - y * z, axis=None) / examples_along(a, axis)


@kernel
def softmax_cross_entropy(a: Numeric, y: Numeric, z: Numeric, axis: int = 0) -> Numeric:
    """-sum(y log a) over the classes (axis), mean over the m examples, where a = softmax(z) is known.

    The largest a of an example is at least 1/n and never underflows, and log(sum(exp(z))) is
    max(z) - log(max(a)); so the cost is finite where some a have rounded to 0. `y` has a column per example
    that sums to one.

    >>> z = np.array([[0.0], [1e4]])
    >>> float(softmax_cross_entropy(softmax(z), np.array([[1.0], [0.0]]), z))
    10000.0
    """
    largest = np.maximum.reduce(a, axis=axis, keepdims=True)
    logsum = np.maximum.reduce(z, axis=axis, keepdims=True) - np.log(largest)
    return divide_by_count(np.add.reduce(y * (logsum - z), axis=None), z.size // z.shape[axis])


def one_hot(labels: Numeric, classes: int, dtype: Option, axis: int = 0) -> Numeric:
    """Integer labels as ones and zeros along a new axis of classes.

    >>> one_hot(np.array([1, 0]), 2, np.float32)
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    """
    axis = axis % (labels.ndim + 1)
    before, after = labels.shape[:axis], labels.shape[axis:]
    numbers = np.arange(classes).reshape((-1,) + (1,) * len(after))
    return (labels.reshape((*before, 1, *after)) == numbers).astype(dtype, copy=False)


@kernel
def mse(a: Numeric, y: Numeric) -> Numeric:
    """The mean of (a - y)^2 over all entries.

    >>> float(mse(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    2.0
    """
    difference = np.subtract(a, y)
    return divide_by_count(np.add.reduce(np.square(difference), axis=None), difference.size)
