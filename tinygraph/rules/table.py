"""The table: every operation, forward and backward side by side.

Legend. z is the result, x and y are the inputs, dz is the derivative of the cost with respect to z, and a
rule `(dz, z, x, y) -> dx` is the derivative with respect to one input. There is one rule per input, in their
order; None stands for an input that has no derivative (a condition, labels). Settings of the call (axis,
keepdims) are keyword arguments. Rules use NumPy and kernels only, never the Tensor, so the same line runs on
arrays, on Tensors (a second derivative is recorded) and on symbols that know only shape and dtype (code is
printed).

A rule need not undo broadcasting: where an operation `stretches` its inputs, the sweep does it.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.shapes import (
    Axis,
    count,
    divide_by_count,
    divide_by_ties,
    reduced_axes,
    restore_axes,
    spread,
    undo_broadcast,
)
from tinygraph.rules.subscripts import einsum_rule, explicit_subscripts
from tinygraph.rules.types import AnyFunction, AnyIndex, Forward, Numeric, Option, Rule

__all__ = [
    "ALIASES",
    "COMPOSED",
    "LOCALLY_CONSTANT",
    "REDUCTIONS",
    "TABLE",
    "Each",
    "Operation",
    "Rule",
    "is_elementwise",
]


class Each:
    """The rules of an operation with any number of inputs: `Each(rule)[i]` is the rule for input i."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: int) -> Rule:
        return functools.partial(self.rule, i)


class Operation:
    """One row of the table.

    `function` is what a user calls and NumPy dispatches; `forward` computes it from inputs and settings.
    `symbol` is its sign in a picture, `formula` its definition as text, `kink` the derivative chosen where
    there is none, `settings` the keyword arguments that its rules know, `arity` the number of inputs, 0 for
    any number, `flowing` the positions to which a derivative flows. An `analytic` operation takes complex
    numbers, so a derivative by complex step can check it. An `elementwise` operation makes each entry of z
    from one entry of each input, stretched to the shape of z. `bypass` = (shown, used) says that the
    derivative flows to input `used`, of which input `shown` is a function: a cost knows the logits behind its
    probabilities. Pictures show `shown`.
    """

    __slots__ = (
        "activation", "analytic", "arity", "bypass", "elementwise", "flowing", "formula", "forward",
        "function", "kink", "rules", "settings", "stretches", "symbol",
    )  # fmt: skip

    def __init__(
        self,
        function: AnyFunction,
        symbol: str,
        formula: str,
        rules: tuple[Rule | None, ...] | Each,
        forward: Forward | None = None,
        kink: str = "",
        activation: bool = False,
        analytic: bool = True,
        bypass: tuple[int, int] | None = None,
        stretches: bool | None = None,
        elementwise: bool | None = None,
    ) -> None:
        self.function = function
        self.symbol = symbol
        self.formula = formula
        self.rules = rules
        self.forward = forward or function
        self.kink = kink
        self.activation = activation
        self.analytic = analytic
        self.bypass = bypass
        self.arity = 0 if isinstance(rules, Each) else len(rules)
        self.stretches = self.arity != 1 if stretches is None else stretches
        self.elementwise = (
            activation or is_elementwise_ufunc(function) if elementwise is None else elementwise
        )
        shown = bypass[0] if bypass else -1
        self.flowing = tuple(i for i in range(self.arity) if rules[i] and i != shown)
        first = rules.rule if isinstance(rules, Each) else next(rule for rule in rules if rule is not None)
        self.settings = settings_of(first)

    @property
    def name(self) -> str:
        """The function's name, as in `np.name` or `tg.name`."""
        return str(self.function.__name__)

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.formula}>"


def settings_of(rule: Rule) -> tuple[str, ...]:
    """The keyword arguments of a rule: those that have a default."""
    code, defaults = rule.__code__, len(rule.__defaults__ or ())
    positional = code.co_varnames[: code.co_argcount]
    by_keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return positional[len(positional) - defaults :] + by_keyword


def is_elementwise_ufunc(function: Any) -> bool:
    """Whether it is a ufunc that works entry by entry; np.matmul does not."""
    return isinstance(function, np.ufunc) and function.signature is None


def is_elementwise(function: AnyFunction | None) -> bool:
    """`Operation.elementwise` of any function, in the table or not.

    >>> is_elementwise(np.where), is_elementwise(np.greater), is_elementwise(np.matmul)
    (True, True, False)
    """
    op = TABLE.get(function) if function is not None else None
    return is_elementwise_ufunc(function) if op is None else op.elementwise


TABLE: dict[AnyFunction, Operation] = {}


def add_row(
    function: AnyFunction, symbol: str, formula: str, *rules: Rule | Each | None, **facts: Any
) -> Operation:
    """Put an operation into the table."""
    each: Any = rules[0] if isinstance(rules[0], Each) else rules
    TABLE[function] = op = Operation(function, symbol, formula, each, **facts)
    return op


def real_input(x: Numeric) -> Numeric:
    """x, which an operation would turn from complex into real; TypeError if it is complex."""
    if x.dtype.kind == "c":
        raise TypeError(
            "there are no derivatives of complex numbers here, and this would be a real one made of them; "
            "write the real and the imaginary part as two arrays"
        )
    return x


# Arithmetic ----------------------------------------------------------------


def power_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if isinstance(y, int | float):
        return dz * (2 * x if y == 2 else y * x ** (y - 1) if y else np.zeros_like(x))
    return dz * (y * x ** np.where(np.logical_and(x == 0, y == 0), 1, y - 1))


def power_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if isinstance(x, int | float):
        return dz * z * (math.log(x) if x > 0 else 0.0 if x == 0 else math.nan)
    return dz * z * np.log(np.where(x == 0, z.dtype.type(1), x))  # in the precision of z


# fmt: off
add_row(np.add,        "+",    "x + y",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: dz)
add_row(np.subtract,   "−",    "x - y",   lambda dz, z, x, y: dz,
                                      lambda dz, z, x, y: -dz)
add_row(np.multiply,   "*",    "x * y",   lambda dz, z, x, y: dz * y,
                                      lambda dz, z, x, y: dz * x)
add_row(np.divide,     "/",    "x / y",   lambda dz, z, x, y: dz / y,
                                      lambda dz, z, x, y: -dz * z / y)
add_row(np.power,      "**",   "x ** y",  power_dx, power_dy, kink="dx at y = 0: 0; dy at x = 0: 0")
add_row(np.negative,   "neg",  "-x",      lambda dz, z, x: -dz)
add_row(np.positive,   "pos",  "+x",      lambda dz, z, x: dz)
add_row(np.square,     "sq",   "x * x",   lambda dz, z, x: dz * (2 * x))
add_row(np.reciprocal, "1/x",  "1 / x",   lambda dz, z, x: -dz * z * z)
add_row(np.absolute,   "abs",  "|x|",     lambda dz, z, x: dz * np.sign(x), kink="at 0: 0", analytic=False,
    forward=lambda x: np.absolute(real_input(x)))

# Functions of one variable ----------------------------------------------------------------

add_row(np.exp,    "exp",    "exp(x)",       lambda dz, z, x: dz * z)
add_row(np.expm1,  "expm1",  "exp(x) - 1",   lambda dz, z, x: dz * (z + 1))
add_row(np.log,    "log",    "log(x)",       lambda dz, z, x: dz / x)
add_row(np.log1p,  "log1p",  "log(1 + x)",   lambda dz, z, x: dz / (1 + x))
add_row(np.sqrt,   "sqrt",   "sqrt(x)",      lambda dz, z, x: dz / (2 * z), kink="at 0: inf")
add_row(np.sin,    "sin",    "sin(x)",       lambda dz, z, x: dz * np.cos(x))
add_row(np.cos,    "cos",    "cos(x)",       lambda dz, z, x: -dz * np.sin(x))
add_row(np.arctan, "arctan", "arctan(x)",    lambda dz, z, x: dz / (1 + x * x))
add_row(k.cast_to, "cast",   "x as dtype",   lambda dz, z, x, dtype=None: k.cast_to(dz, dtype=x.dtype),
    elementwise=True)

# Activations ----------------------------------------------------------------


def gelu_dx(dz: Numeric, z: Numeric, x: Numeric) -> Numeric:
    t = np.tanh(k.GELU_SCALE * (x + 0.044715 * (x * x * x)))
    near = np.minimum(np.abs(x), 20)  # further out 1 - t * t is 0, and x * x might be infinite
    slope = k.GELU_SCALE * (1 + 0.134145 * (near * near))
    return dz * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


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


def softmax_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int = 0) -> Numeric:
    return z * (dz - np.add.reduce(z * dz, axis=axis, keepdims=True))


def log_softmax_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int = 0) -> Numeric:
    return dz - np.exp(z) * np.add.reduce(dz, axis=axis, keepdims=True)


def logsumexp_dx(dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, keepdims: bool = False) -> Numeric:
    back = functools.partial(restore_axes, shape=x.shape, axis=axis, keepdims=keepdims)
    return back(dz) * np.exp(x - back(z))


add_row(k.softmax,     "softmax",     "exp(x) / sum(exp(x), axis)",      softmax_dx,
    activation=True, elementwise=False)
add_row(k.log_softmax, "log softmax", "x - log(sum(exp(x), axis))",      log_softmax_dx,
    activation=True, elementwise=False)
add_row(k.logsumexp,   "logsumexp",   "log(sum(exp(x), axis))",          logsumexp_dx)

# Choices ----------------------------------------------------------------

add_row(np.maximum, "max", "x if x > y else y", lambda dz, z, x, y: maximum_rule(dz, x, y),
                                            lambda dz, z, x, y: maximum_rule(dz, y, x),
    kink="where x = y: half to each; max(x, 0) as relu")
add_row(np.minimum, "min", "x if x < y else y", lambda dz, z, x, y: np.where(x == y, dz / 2, dz * (x < y)),
                                            lambda dz, z, x, y: np.where(x == y, dz / 2, dz * (y < x)),
    kink="where x = y: half to each")
add_row(np.logaddexp, "logaddexp", "log(exp(x) + exp(y))", lambda dz, z, x, y: dz * np.exp(x - z),
                                                       lambda dz, z, x, y: dz * np.exp(y - z), analytic=False)
add_row(np.where, "where", "x if c else y", None, lambda dz, z, c, x, y: np.where(c, dz, 0),
                                              lambda dz, z, c, x, y: np.where(c, 0, dz),
    elementwise=True)
# fmt: on


def maximum_rule(dz: Numeric, x: Numeric, y: Numeric) -> Numeric:
    """By x; beside the number 0 it is relu, and so is its derivative."""
    if isinstance(y, int | float) and y == 0:
        return dz * (x > 0)
    return np.where(x == y, dz / 2, dz * (x > y))


def clip_dx(dz: Numeric, z: Numeric, x: Numeric, low: Numeric | None, high: Numeric | None) -> Numeric:
    if low is not None:
        dz = dz * (x >= low)
    return dz if high is None else dz * (x <= high)


def clip_dlow(dz: Numeric, z: Numeric, x: Numeric, low: Numeric, high: Numeric | None) -> Numeric:
    return dz * (x < low) if high is None else dz * np.logical_and(x < low, low <= high)


def clip_dhigh(dz: Numeric, z: Numeric, x: Numeric, low: Numeric | None, high: Numeric) -> Numeric:
    return dz * (x > high) if low is None else dz * np.logical_or(x > high, low > high)


add_row(
    np.clip,
    "clip",
    "min(max(x, low), high)",
    clip_dx,
    clip_dlow,
    clip_dhigh,
    kink="at a bound: to x",
    elementwise=True,
)

# Reductions ----------------------------------------------------------------


def sum_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return spread(dz, x.shape, axis, keepdims)


def mean_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return spread(divide_by_count(dz, max(count(x.shape, axis), 1)), x.shape, axis, keepdims)


def deviations_from_mean(x: Numeric, axis: Axis) -> Numeric:
    return x - np.mean(x, axis=axis, keepdims=True)


def var_dx(
    dz: Numeric,
    z: Numeric,
    x: Numeric,
    axis: Axis = None,
    dtype: Option = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Numeric:
    dz = restore_axes(dz, x.shape, axis, keepdims)
    return dz * deviations_from_mean(x, axis) * (2 / (count(x.shape, axis) - ddof))


def std_dx(
    dz: Numeric,
    z: Numeric,
    x: Numeric,
    axis: Axis = None,
    dtype: Option = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Numeric:
    slope = restore_axes(dz / np.where(z == 0, 1, z), x.shape, axis, keepdims)
    return divide_by_count(slope * deviations_from_mean(x, axis), count(x.shape, axis) - ddof)


def extreme_dx(dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, keepdims: bool = False) -> Numeric:
    hit = x == restore_axes(z, x.shape, axis, keepdims)
    ties = np.sum(hit, axis=axis, keepdims=True)
    return divide_by_ties(restore_axes(dz, x.shape, axis, keepdims), ties) * hit


def prod_dx(
    dz: Numeric, z: Numeric, x: Numeric, axis: Axis = None, dtype: Option = None, keepdims: bool = False
) -> Numeric:
    return restore_axes(dz, x.shape, axis, keepdims) * product_of_others(
        x, reduced_axes(axis if x.ndim else None, x.ndim)
    )


def product_of_others(x: Numeric, axes: tuple[int, ...]) -> Numeric:
    """The product of all other entries over `axes`, by running products from both ends: right for zeros."""
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    order = axes + kept
    rows = np.reshape(np.transpose(x, order), (-1, *(x.shape[i] for i in kept))) if x.size else x
    n = rows.shape[0] if rows.ndim else 0
    if n == 0:
        return np.ones_like(x)
    before, after = [np.ones_like(rows[0])], [np.ones_like(rows[0])]
    for i in range(n - 1):
        before.append(before[-1] * rows[i])
        after.append(after[-1] * rows[n - 1 - i])
    others = np.stack([b * a for b, a in zip(before, reversed(after), strict=True)])
    shape = tuple(x.shape[i] for i in order)
    return np.transpose(np.reshape(others, shape), tuple(np.argsort(order).tolist()))


def cumsum_dx(dz: Numeric, z: Numeric, x: Numeric, axis: int | None = None, dtype: Option = None) -> Numeric:
    if axis is None or x.ndim == 0:
        return np.reshape(np.flip(np.cumsum(np.flip(dz, axis=0), axis=0), axis=0), x.shape)
    return np.flip(np.cumsum(np.flip(dz, axis=axis), axis=axis), axis=axis)


def norm_dx(
    dz: Numeric, z: Numeric, x: Numeric, ord: Option = None, axis: Axis = None, keepdims: bool = False
) -> Numeric:
    slope = restore_axes(dz / np.where(z == 0, 1, z), x.shape, axis, keepdims)
    return slope * x


def vector_norm(x: Numeric, ord: Option = None, axis: Axis = None, keepdims: bool = False) -> Numeric:
    """`np.linalg.norm` where it is the root of a sum of squares."""
    x = real_input(x)
    vector = np.ndim(x) == 1 if axis is None else np.size(axis) == 1
    if ord not in ((None, 2) if vector else (None, "fro")):
        raise ValueError(
            f"np.linalg.norm(x, ord={ord!r}) of a {np.ndim(x)}-D array has no derivative rule here; "
            "there is one for the root of the sum of squares: ord=None, 2 for a vector, 'fro' for a matrix"
        )
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)  # type: ignore[arg-type]


add_row(np.sum, "sum", "sum of x over axis", sum_dx)
add_row(np.mean, "mean", "mean of x over axis", mean_dx)
add_row(np.max, "max", "largest of x over axis", extreme_dx, kink="ties: equal shares")
add_row(np.min, "min", "smallest of x over axis", extreme_dx, kink="ties: equal shares")
add_row(np.prod, "prod", "product of x over axis", prod_dx)
add_row(
    np.var,
    "var",
    "sum((x - mean)**2, axis) / (n - ddof)",
    var_dx,
    analytic=False,
    forward=lambda x, **settings: np.var(real_input(x), **settings),
)
add_row(
    np.std,
    "std",
    "sqrt(sum((x - mean)**2, axis) / (n - ddof))",
    std_dx,
    kink="at 0: 0",
    analytic=False,
    forward=lambda x, **settings: np.std(real_input(x), **settings),
)
add_row(np.cumsum, "cumsum", "running sum of x along axis", cumsum_dx)
add_row(
    np.linalg.norm,
    "norm",
    "sqrt(sum(x * x, axis))",
    norm_dx,
    forward=vector_norm,
    kink="at 0: 0",
    analytic=False,
)

# Shape ----------------------------------------------------------------


def transpose_dx(dz: Numeric, z: Numeric, x: Numeric, axes: Sequence[int] | None = None) -> Numeric:
    if axes is None:
        return np.transpose(dz)
    return np.transpose(dz, tuple(np.argsort([a % x.ndim for a in axes]).tolist()))


def take_dx(
    dz: Numeric, z: Numeric, x: Numeric, indices: AnyIndex = None, axis: int | None = None
) -> Numeric:
    if axis is None or x.ndim == 0:
        return np.reshape(k.scatter(dz, shape=(x.size,), index=indices), x.shape)
    return k.scatter(dz, shape=x.shape, index=(slice(None),) * (axis % x.ndim) + (indices,))


def concatenate_each(i: int, dz: Numeric, z: Numeric, *xs: Numeric, axis: int | None = 0) -> Numeric:
    if axis is None:
        start = sum(x.size for x in xs[:i])
        return np.reshape(dz[start : start + xs[i].size], xs[i].shape)
    axis = axis % xs[i].ndim
    start = sum(x.shape[axis] for x in xs[:i])
    return dz[(slice(None),) * axis + (slice(start, start + xs[i].shape[axis]),)]


def stack_each(i: int, dz: Numeric, z: Numeric, *xs: Numeric, axis: int = 0) -> Numeric:
    return dz[(slice(None),) * (axis % dz.ndim) + (i,)]


add_row(
    np.reshape,
    "reshape",
    "x in another shape",
    lambda dz, z, x, shape=None: np.reshape(dz, x.shape),
    forward=lambda x, shape: np.reshape(x, shape),
)
add_row(np.ravel, "ravel", "x as a vector", lambda dz, z, x: np.reshape(dz, x.shape))
add_row(np.transpose, "transpose", "x with its axes permuted", transpose_dx)
add_row(
    np.swapaxes,
    "swapaxes",
    "x with two axes exchanged",
    lambda dz, z, x, axis1=0, axis2=1: np.swapaxes(dz, axis1=axis1, axis2=axis2),
)
add_row(np.flip, "flip", "x reversed along axis", lambda dz, z, x, axis=None: np.flip(dz, axis=axis))
add_row(
    np.expand_dims,
    "expand dims",
    "x with an axis of length 1 more",
    lambda dz, z, x, axis=0: np.reshape(dz, x.shape),
)
add_row(
    np.squeeze,
    "squeeze",
    "x without its axes of length 1",
    lambda dz, z, x, axis=None: np.reshape(dz, x.shape),
)
add_row(
    np.broadcast_to,
    "broadcast",
    "x repeated to a shape",
    lambda dz, z, x, shape=None: dz,
    stretches=True,
    forward=lambda x, shape: np.broadcast_to(x, shape),
)
add_row(
    np.concatenate,
    "concatenate",
    "the xs one after another along axis",
    Each(concatenate_each),
    forward=lambda *xs, axis=0: np.concatenate(xs, axis=axis),
)
add_row(
    np.stack,
    "stack",
    "the xs along a new axis",
    Each(stack_each),
    forward=lambda *xs, axis=0: np.stack(xs, axis=axis),
)
add_row(
    operator.getitem,
    "[ ]",
    "x[index]",
    lambda dz, z, x, index=None: k.scatter(dz, shape=x.shape, index=index),
    forward=lambda x, index: x[index],
)
add_row(
    k.scatter,
    "scatter",
    "zeros with x added at index",
    lambda dz, z, x, shape=None, index=None: dz[index],
)
add_row(np.take, "take", "the entries of x at indices along axis", take_dx)

# Products ----------------------------------------------------------------


def matrix_product(x: Numeric, y: Numeric) -> Numeric:
    """x @ y; for two matrices by dot, which calls the same BLAS routine at half the overhead."""
    try:
        if x.ndim != 2 or y.ndim != 2:
            return np.matmul(x, y)
        return x.dot(y) if type(x) is type(y) else np.dot(x, y)  # the latter asks y as well
    except AttributeError:  # a number, of which NumPy says what is wrong
        return np.matmul(x, y)


def matmul_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    return (
        np.dot(dz, y.T) if x.ndim == 2 and y.ndim == 2 else undo_broadcast(stack_dx(dz, x.ndim, y), x.shape)
    )


def matmul_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    return (
        np.dot(x.T, dz) if x.ndim == 2 and y.ndim == 2 else undo_broadcast(stack_dy(dz, x, y.ndim), y.shape)
    )


def stack_dx(dz: Numeric, x_ndim: int, y: Numeric) -> Numeric:
    """The derivative of x @ y by x where one is a vector or a stack of matrices."""
    if y.ndim == 1:
        return np.expand_dims(dz, axis=-1) * y
    if x_ndim == 1:
        return np.squeeze(y @ np.expand_dims(dz, axis=-1), axis=-1)
    return dz @ np.swapaxes(y, axis1=-1, axis2=-2)


def stack_dy(dz: Numeric, x: Numeric, y_ndim: int) -> Numeric:
    """The derivative of x @ y by y where one is a vector or a stack of matrices."""
    if x.ndim == 1:
        return (
            np.expand_dims(dz, axis=-1) * x if y_ndim == 1 else np.expand_dims(x, 1) * np.expand_dims(dz, -2)
        )
    if y_ndim == 1:
        return np.squeeze(np.swapaxes(x, axis1=-1, axis2=-2) @ np.expand_dims(dz, axis=-1), axis=-1)
    return np.swapaxes(x, axis1=-1, axis2=-2) @ dz


def dot_subscripts(x: Numeric, y: Numeric) -> tuple[str, str, str]:
    """The letters of x, y and z in np.dot: the last axis of x against the last but one of y."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    shared, rest = letters[0], letters[1:]
    rows, rest = rest[: x.ndim - 1], rest[x.ndim - 1 :]
    columns = rest[: y.ndim - 1]
    return rows + shared, columns[:-1] + shared + columns[-1:], rows + columns


def dot_dx(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return dz * y
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul_dx(dz, z, x, y)
    sx, sy, sz = dot_subscripts(x, y)
    return np.einsum(f"{sz},{sy}->{sx}", dz, y)


def dot_dy(dz: Numeric, z: Numeric, x: Numeric, y: Numeric) -> Numeric:
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return dz * x
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul_dy(dz, z, x, y)
    sx, sy, sz = dot_subscripts(x, y)
    return np.einsum(f"{sz},{sx}->{sy}", dz, x)


def safe_einsum(*xs: Numeric, subscripts: str, optimize: Option = False) -> Numeric:
    """`np.einsum`, but for a diagonal of lengths 0 and n, where NumPy gives what lies in memory."""
    if not all(np.size(x) for x in xs):
        terms, _ = explicit_subscripts(subscripts, [np.ndim(x) for x in xs])
        if any(len(set(zip(t, x.shape, strict=True))) > len(set(t)) for t, x in zip(terms, xs, strict=True)):
            raise ValueError(f"a letter of {subscripts!r} stands for two different lengths in one operand")
    return np.einsum(subscripts, *xs, optimize=optimize)


add_row(np.matmul, "@", "x @ y", matmul_dx, matmul_dy, forward=matrix_product, stretches=False)
add_row(np.dot, "dot", "sum of x times y, last axis of x, last but one of y", dot_dx, dot_dy)
add_row(
    np.outer,
    "outer",
    "x[i] * y[j]",
    lambda dz, z, x, y: np.reshape(dz @ np.ravel(y), x.shape),
    lambda dz, z, x, y: np.reshape(np.ravel(x) @ dz, y.shape),
)
add_row(
    np.einsum,
    "einsum",
    "sum of products by subscripts",
    Each(einsum_rule),
    forward=safe_einsum,
)

# Costs ----------------------------------------------------------------


def ratio(p: Numeric, q: Numeric) -> Numeric:
    """p / q, and 0 where p is 0 even if q is."""
    return p / np.where(p == 0, 1, q)


def cross_entropy_da(dz: Numeric, z: Numeric, a: Numeric, y: Numeric, axis: int = 0) -> Numeric:
    return (-ratio(y, a) + ratio(1 - y, 1 - a)) * (dz / k.examples_along(a, axis))


def cross_entropy_dy(dz: Numeric, z: Numeric, a: Numeric, y: Numeric, axis: int = 0) -> Numeric:
    return (np.log(1 - a) - np.log(a)) * (dz / k.examples_along(a, axis))


def softmax_cross_entropy_dz(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return (a - y) * divide_by_count(dz, a.size // a.shape[axis])


def softmax_cross_entropy_da(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return -ratio(y, a) * divide_by_count(dz, a.size // a.shape[axis])


def softmax_cross_entropy_dy(
    dz: Numeric, z: Numeric, a: Numeric, y: Numeric, x: Numeric, axis: int = 0
) -> Numeric:
    return -k.log_softmax(x, axis=axis) * divide_by_count(dz, a.size // a.shape[axis])


add_row(
    k.probability_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a) + (1 - y) * log(1 - a)) / m",
    cross_entropy_da,
    cross_entropy_dy,
)
add_row(
    k.sigmoid_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a) + (1 - y) * log(1 - a)) / m",
    lambda dz, z, a, y, x, axis=0: cross_entropy_da(dz, z, a, y, axis),
    lambda dz, z, a, y, x, axis=0: -x * (dz / k.examples_along(a, axis)),
    lambda dz, z, a, y, x, axis=0: (a - y) * (dz / k.examples_along(a, axis)),
    bypass=(0, 2),
    stretches=False,
)
add_row(
    k.softmax_cross_entropy,
    "cross-entropy",
    "-sum(y * log(a)) / m",
    softmax_cross_entropy_da,
    softmax_cross_entropy_dy,
    softmax_cross_entropy_dz,
    bypass=(0, 2),
    stretches=False,
)
add_row(
    k.mse,
    "mse",
    "mean((a - y)**2)",
    lambda dz, z, a, y: np.subtract(a, y) * divide_by_count(2 * dz, max(np.subtract(a, y).size, 1)),
    lambda dz, z, a, y: np.subtract(y, a) * divide_by_count(2 * dz, max(np.subtract(a, y).size, 1)),
)

# Recording has looked for Tensors already, so kernels need not; but for those that plans record as they are.
for _op in TABLE.values():
    if _op.forward.__module__ == k.__name__ and _op.forward not in (k.cast_to, k.scatter):
        _op.forward = _op.forward.__wrapped__  # type: ignore[attr-defined]

ALIASES: dict[AnyFunction, AnyFunction] = {
    np.amax: np.max,
    np.amin: np.min,
    np.fabs: np.absolute,
}

# `np.add.reduce` is np.sum in half the time on small arrays; on Tensors it is that row.
REDUCTIONS: dict[np.ufunc, AnyFunction] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logaddexp: k.logsumexp,
}

# Functions whose results do not change with small changes of the input (or are no numbers at all): they
# answer with plain arrays, since their derivative is 0 wherever there is one.
# fmt: off
_constant: list[AnyFunction] = [
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.isnan, np.isfinite,
    np.isinf, np.signbit, np.sign, np.floor, np.ceil, np.rint, np.trunc, np.round, np.logical_and,
    np.logical_or, np.logical_not, np.logical_xor, np.argmax, np.argmin, np.argsort, np.any, np.all,
    np.count_nonzero, np.nonzero, np.flatnonzero, np.shape, np.ndim, np.size, np.zeros_like, np.ones_like,
    np.empty_like, np.result_type, np.allclose, np.isclose, np.array_equal, np.searchsorted,
    np.iscomplexobj, np.isrealobj, np.array_repr, np.array_str, np.array2string, np.may_share_memory,
    np.shares_memory, k.stop_gradient,
]
# fmt: on
LOCALLY_CONSTANT = frozenset(_constant)

# Functions written with rows of the table ----------------------------------------------------------------


def split(x: Numeric, indices_or_sections: AnyIndex, axis: int = 0) -> list[Numeric]:
    """`np.split` by indexing."""
    n, sections = x.shape[axis], indices_or_sections
    if isinstance(sections, int) and n % sections:
        raise ValueError(f"np.split: an axis of length {n} is not divisible into {sections} equal parts")
    return array_split(x, sections, axis)


def array_split(x: Numeric, indices_or_sections: AnyIndex, axis: int = 0) -> list[Numeric]:
    """`np.array_split` by indexing: the first parts take one more where the length does not divide."""
    n, sections = x.shape[axis], indices_or_sections
    if isinstance(sections, int):
        sizes = [n // sections + (i < n % sections) for i in range(sections)]
        sections = np.cumsum(sizes)[:-1].tolist()
    edges = [0, *sections, n]
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(a, b))] for a, b in itertools.pairwise(edges)]


def full_like(
    a: Numeric,
    fill_value: Numeric,
    dtype: Option = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
) -> Numeric:
    """`np.full_like`, in which a recorded number is repeated; of `a` only shape and dtype are read."""
    shape, dtype = np.shape(a) if shape is None else shape, np.dtype(dtype or a.dtype)
    if not isinstance(fill_value, k.Recording):
        return np.full(shape, fill_value, dtype)
    fill: Numeric = fill_value
    return np.broadcast_to(fill if fill.dtype == dtype else fill.astype(dtype), shape)


COMPOSED: dict[AnyFunction, AnyFunction] = {
    np.full_like: full_like,
    np.split: split,
    np.array_split: array_split,
    np.vstack: lambda xs: np.concatenate([x if x.ndim > 1 else np.reshape(x, (1, -1)) for x in xs], axis=0),
    np.hstack: lambda xs: np.concatenate(
        [x if x.ndim else np.reshape(x, (1,)) for x in xs], axis=0 if xs[0].ndim < 2 else 1
    ),
}
