"""What a row of the table is, and what puts rows and compositions into it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygraph.rules.types import AnyFunction, Forward, Rule

__all__ = ["COMPOSED", "TABLE", "Each", "Operation", "add_row", "compose", "is_elementwise"]

VARIABLE_KEYWORDS = 8  # of a code object: it takes any keyword
Composition = TypeVar("Composition", bound=Callable[..., Any])


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
    probabilities. Pictures show `shown`. `detail` says of inputs and settings what stands below the symbol.
    """

    __slots__ = (
        "activation", "analytic", "arity", "bypass", "detail", "elementwise", "flowing", "formula", "forward",
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
        detail: Callable[..., str] | None = None,
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
        self.detail = detail
        self.arity = 0 if isinstance(rules, Each) else len(rules)
        self.stretches = self.arity != 1 if stretches is None else stretches
        self.elementwise = (
            activation or is_elementwise_ufunc(function) if elementwise is None else elementwise
        )
        shown = bypass[0] if bypass else -1
        self.flowing = tuple(i for i in range(self.arity) if rules[i] and i != shown)
        first = rules.rule if isinstance(rules, Each) else next(rule for rule in rules if rule is not None)
        takes_any = getattr(first, "__wrapped__", first).__code__.co_flags & VARIABLE_KEYWORDS
        self.settings = settings_of(function.__wrapped__ if takes_any else first)  # type: ignore[attr-defined]

    @property
    def name(self) -> str:
        """The function's name, as in `np.name` or `tg.name`."""
        return str(self.function.__name__)

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.formula}>"


def settings_of(rule: Rule) -> tuple[str, ...]:
    """The keyword arguments of a rule: those that have a default."""
    rule = getattr(rule, "__wrapped__", rule)
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


COMPOSED: dict[AnyFunction, AnyFunction] = {}


def compose(*functions: AnyFunction) -> Callable[[Composition], Composition]:
    """Let calls of `functions` be those of a function that is written with rows of the table."""

    def put(write: Composition) -> Composition:
        COMPOSED.update(dict.fromkeys(functions, write))
        return write

    return put
