"""Expressions: trees of NumPy calls, written as a person would write them and evaluated with given values."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygraph.rules import kernels as k
from tinygraph.rules.factors import FACTOR_CODE
from tinygraph.rules.nests import map_leaves
from tinygraph.rules.table import ALIASES

__all__ = [
    "ATOM",
    "NUMPY",
    "SIGNS",
    "Expression",
    "Notation",
    "Written",
    "bare",
    "module_of",
    "name_of_function",
    "shown_settings",
]

# Signs of operators and how tightly they bind.
SIGNS: dict[Callable[..., Any], tuple[str, int]] = {
    np.add: ("+", 4),
    np.subtract: ("-", 4),
    np.multiply: ("*", 5),
    np.divide: ("/", 5),
    np.matmul: ("@", 5),
    np.dot: ("@", 5),
    np.power: ("**", 7),
    np.greater: (">", 2),
    np.greater_equal: (">=", 2),
    np.less: ("<", 2),
    np.less_equal: ("<=", 2),
    np.equal: ("==", 2),
    np.not_equal: ("!=", 2),
}
COMPARISON, NEGATIVE, ATOM = 2, 6, 9


class Expression(k.Recording):
    """A name, or the call of a function on expressions and constants.

    NumPy functions, kernels and operators on expressions give expressions.

    >>> A, Y = Expression("A2"), Expression("Y")
    >>> dZ = (A - Y) / 5
    >>> str(dZ), float(dZ.evaluate({"A2": 0.75, "Y": 1.0}))
    ('(A2 - Y) / 5', -0.05)
    """

    __slots__ = ("args", "function", "name", "settings")
    __hash__ = object.__hash__

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.function: Callable[..., Any] | None = None
        self.args: tuple[Any, ...] = ()
        self.settings: dict[str, Any] = {}

    @property
    def T(self) -> Any:  # NumPy's name
        """The transpose."""
        return np.transpose(self)  # type: ignore[call-overload]

    def record(self, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The expression of `function(*args, **settings)`."""
        made = Expression()
        made.function, made.args, made.settings = function, args, settings
        return made

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **settings: Any) -> Any:
        return self.record(ufunc if method == "__call__" else getattr(ufunc, method), args, settings)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], settings: dict[str, Any]
    ) -> Any:
        return self.record(ALIASES.get(function, function), args, settings)

    def __getitem__(self, index: Any) -> Any:
        return self.record(operator.getitem, (self, index), {})

    def __neg__(self) -> Any:
        return self.record(np.negative, (self,), {})

    def __pos__(self) -> Any:
        return self.record(np.positive, (self,), {})

    def __abs__(self) -> Any:
        return self.record(np.absolute, (self,), {})

    def astype(self, dtype: Any) -> Any:
        """The expression in another dtype."""
        return self.record(k.cast_to, (self,), {"dtype": np.dtype(dtype)})

    def dot(self, other: Any) -> Any:
        """`np.dot`."""
        return self.record(np.dot, (self, other), {})

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Its value, given those of the names in it."""
        if self.function is None:
            return values[self.name]
        return self.function(
            *map_leaves(lambda x: x.evaluate(values) if isinstance(x, Expression) else x, self.args),
            **self.settings,
        )

    def __str__(self) -> str:
        return NUMPY.text(self)

    def __repr__(self) -> str:
        return f"Expression({str(self)!r})"


def _operator(function: Callable[..., Any], reflected: bool) -> Callable[..., Any]:
    def method(self: Expression, other: Any) -> Any:
        return self.record(function, (other, self) if reflected else (self, other), {})

    return method


for _name, _function in [
    ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("truediv", np.divide),
    ("matmul", np.matmul), ("pow", np.power), ("mod", np.mod), ("floordiv", np.floor_divide),
]:  # fmt: skip
    setattr(Expression, f"__{_name}__", _operator(_function, False))
    setattr(Expression, f"__r{_name}__", _operator(_function, True))
for _name, _function in [
    ("gt", np.greater), ("ge", np.greater_equal), ("lt", np.less), ("le", np.less_equal),
    ("eq", np.equal), ("ne", np.not_equal),
]:  # fmt: skip
    setattr(Expression, f"__{_name}__", _operator(_function, False))


def bare(nest: Any) -> Any:
    """The same expressions without what a subclass adds (the shape and dtype of a symbol)."""
    return map_leaves(bare_leaf, nest)


def is_seed_symbol(x: Expression) -> bool:
    """Whether x is the 1 that a sweep starts from. It has a name, but no mapping of values has that."""
    return x.function is None and x.name == "1"


def bare_leaf(x: Any) -> Any:
    """One expression so; a seed becomes the call that makes it, since nobody gives it a value."""
    if not isinstance(x, Expression):
        return x
    if is_seed_symbol(x) and not getattr(x, "shape", ()):
        return 1
    made = Expression(x.name)
    if is_seed_symbol(x):
        made.function, made.args = np.ones, (x.shape,)  # type: ignore[attr-defined]
        return made
    made.function, made.args, made.settings = x.function, tuple(map(bare, x.args)), x.settings
    return made


# As text ----------------------------------------------------------------

Written = tuple[str, int]  # text, and how tightly its outermost sign binds


class Notation:
    """Writes expressions as NumPy code; other notations differ in its methods.

    >>> X, Y = Expression("X"), Expression("Y")
    >>> Notation().text((X - Y) * np.sum(X, axis=(1,), keepdims=True))
    '(X - Y) * np.sum(X, axis=1, keepdims=True)'
    """

    def text(self, x: Any) -> str:
        """The whole of an expression."""
        return self.write(x)[0]

    def write(self, x: Any) -> Written:
        """Text, and how tightly its outermost sign binds."""
        if not isinstance(x, Expression):
            return self.constant(x), ATOM if not (isinstance(x, int | float) and x < 0) else NEGATIVE
        if x.function is None:
            return (self.ones(x) if is_seed_symbol(x) else self.name(x.name)), ATOM
        if x.function in SIGNS and not x.settings:
            return self.infix(x, *SIGNS[x.function])
        if x.function is np.negative:
            return self.negate(x.args[0])
        if x.function is np.positive and not isinstance(x.args[0], Expression):  # a number among symbols
            return self.write(x.args[0])
        if x.function is np.transpose and not x.settings and len(x.args) == 1:
            return self.transpose(self.bracket(x.args[0], ATOM)), ATOM
        if x.function is operator.getitem:
            return f"{self.bracket(x.args[0], ATOM)}[{self.index(x.args[1])}]", ATOM
        if x.function is k.cast_to and "dtype" in x.settings:
            return f"{self.bracket(x.args[0], ATOM)}.astype({self.constant(x.settings['dtype'])})", ATOM
        return self.call(x), ATOM

    def infix(self, x: Expression, sign: str, tightness: int) -> Written:
        """A sign between two expressions; a power groups from the right, a comparison not at all."""
        left, right = x.args
        # Where a side groups, the same sign needs no brackets on it: a - b - c is (a - b) - c.
        group_left, group_right = {"**": (False, True)}.get(sign, (tightness > COMPARISON, False))
        first = self.bracket(left, tightness + (not group_left))
        return f"{first} {sign} {self.bracket(right, tightness + (not group_right))}", tightness

    def negate(self, x: Any) -> Written:
        return f"-{self.bracket(x, NEGATIVE)}", NEGATIVE

    def transpose(self, text: str) -> str:
        """The transpose of what is written already."""
        return f"{text}.T"

    def call(self, x: Expression) -> str:
        """A function with its arguments and settings; one axis stands without brackets."""
        given = [self.write(a)[0] for a in x.args]
        named = [f"{key}={self.write(lone_axis(key, value))[0]}" for key, value in shown_settings(x).items()]
        arguments = ", ".join(given + named)
        if x.function in FACTOR_CODE:
            return FACTOR_CODE[x.function].format(arguments)
        return f"{self.function_name(x.function)}({arguments})"

    def ones(self, x: Expression) -> str:
        """The seed of a sweep, 1 in the shape of an output."""
        shape = getattr(x, "shape", ())
        return f"np.ones({shape})" if shape else "1"

    def function_name(self, function: Any) -> str:
        return name_of_function(function)

    def name(self, name: str) -> str:
        return name

    def bracket(self, x: Any, tightness: int) -> str:
        """Text, in brackets if it binds less tightly than asked."""
        text, own = self.write(x)
        return text if own >= tightness else self.brackets(text)

    def brackets(self, text: str) -> str:
        return f"({text})"

    def constant(self, x: Any) -> str:
        """A number, a shape or another setting."""
        if isinstance(x, list | tuple):
            parts = ", ".join(self.write(i)[0] for i in x)
            if isinstance(x, list) or any(isinstance(i, Expression) for i in x):
                return f"[{parts}]"
            return f"({parts},)" if len(x) == 1 else f"({parts})"
        if isinstance(x, np.dtype):
            return f"np.{x.name}"
        return repr(x.item()) if isinstance(x, np.generic) else repr(x)

    def index(self, index: Any) -> str:
        """What stands between the brackets of an index."""
        if isinstance(index, tuple):
            return ", ".join(map(self.index, index))
        if isinstance(index, slice):
            ends = ["" if i is None else str(i) for i in (index.start, index.stop)]
            return ":".join(ends if index.step is None else [*ends, str(index.step)])
        return "..." if index is Ellipsis else self.constant(index)


NUMPY = Notation()


def shown_settings(x: Expression) -> dict[str, Any]:
    """The settings of a call, without an axis or a norm None, which is what is taken anyway."""
    return {
        key: value for key, value in x.settings.items() if key not in ("axis", "norm") or value is not None
    }


def lone_axis(key: str, value: Any) -> Any:
    """1 for axis=(1,), as one writes it, and any other setting as it is."""
    return value[0] if key == "axis" and isinstance(value, tuple) and len(value) == 1 else value


def name_of_function(function: Callable[..., Any]) -> str:
    """How the function is called in NumPy code: np.cos, np.sum for np.add.reduce, relu for a kernel."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return {"add": "np.sum", "maximum": "np.max", "minimum": "np.min", "multiply": "np.prod"}[
            owner.__name__
        ]
    package, *inside = module_of(function).split(".")
    if package == "tinygraph":
        return str(function.__name__)
    places = [name for name in inside if not name.startswith("_")]
    return ".".join(["np" if package == "numpy" else package, *places, function.__name__])


def module_of(function: Callable[..., Any]) -> str:
    """The module that a user takes a function from; ufuncs do not say theirs."""
    own = getattr(function, "__module__", None)
    name = function.__name__
    if own or not isinstance(function, np.ufunc) or getattr(np, name, None) is function:
        return own or "numpy"
    public = [key for key in sys.modules if not any(part.startswith("_") for part in key.split("."))]
    holding = [key for key in public if getattr(sys.modules[key], "__dict__", {}).get(name) is function]
    return min((key for key in holding if key != "__main__"), key=len, default="numpy")
