"""Derivatives of functions: of one number, of arrays, in one direction, and of derivatives.

All are made with the reverse sweep. Arguments may be arrays, floats, or nests of them: dicts, lists, tuples,
named tuples and dataclasses; a derivative has the form of its argument. Inside another of these functions, or
where f uses a parameter from outside, results are Tensors that can be derived again, and otherwise arrays.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.engine.sweep import ancestors_of, reverse_sweep
from tinygraph.engine.tensor import Tensor, next_serial, parameter, value_of
from tinygraph.errors import DtypeError, ShapeError, TinygraphError
from tinygraph.graph.derivatives import checked_seed
from tinygraph.guards.cuts import verify_plain
from tinygraph.guards.faults import tell_briefly
from tinygraph.rules.nests import map_leaves

__all__ = [
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "lift_arrays",
    "value_and_grad",
    "vjp",
]

ArgumentNumbers = int | Sequence[int]


# Of one number ----------------------------------------------------------------


def value_and_grad(
    f: Callable[..., Any], argnums: ArgumentNumbers = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that gives f's value and its derivative with respect to arguments `argnums`.

    The arguments may be arrays, numbers (floats), or nests of them; the derivative has the same form, with
    None for what is no number, such as a text. It may be nested: inside another `grad`, or where f uses a
    parameter from outside, value and derivative are Tensors that can be derived again; otherwise they are
    arrays.

    Args:
        f: gives one number.
        argnums: the argument to derive by, or several, for a tuple of derivatives; -1 is the last. An
            argument may also be given by its name.
        has_aux: f gives a pair, the number and something else that is handed on: the value is that pair.

    Raises:
        ShapeError: f's value has several entries.
        DtypeError: an argument to derive by holds integers, or f's value is no number: None, for instance.
        GraphError: f's value was computed from numbers that `float()` or `.item()` took out of the graph.
        ValueError: f was not given an argument of this number.

    >>> import tinygraph as tg
    >>> value, dx = tg.value_and_grad(lambda x: x**3)(2.0)
    >>> float(value), float(dx)
    (8.0, 12.0)
    """

    @tell_briefly
    def derived(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = Evaluation(f, argnums, args, kwargs)
        value, aux = split_value(call.value) if has_aux else (call.value, None)
        check_number(value, call.start)
        found, record = derivatives_for(value, call.targets)
        settle = keep_recorded if record else value_of
        both = (settle(value), map_leaves(settle, aux)) if has_aux else settle(value)
        return both, call.arranged(found)

    return derived


def grad(f: Callable[..., Any], argnums: ArgumentNumbers = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The derivative of f as a function; see `value_and_grad`. Of any order: `grad(grad(f))`.

    With `has_aux` it gives a pair, the derivative and what f gives besides its number.

    >>> import tinygraph as tg
    >>> float(tg.grad(tg.grad(lambda x: x**4))(1.0))
    12.0
    >>> tg.grad(lambda x: (x**4, "kept"), has_aux=True)(1.0)[1]
    'kept'
    """
    both = value_and_grad(f, argnums, has_aux)

    @tell_briefly
    def derived(*args: Any, **kwargs: Any) -> Any:
        value, derivative = both(*args, **kwargs)
        return (derivative, value[1]) if has_aux else derivative

    return derived


# Of arrays ----------------------------------------------------------------


def jacobian(f: Callable[..., Any], argnums: ArgumentNumbers = 0) -> Callable[..., Any]:
    """The derivative of each entry of f's value by each entry of its arguments `argnums`, as a function.

    For a value of shape s and an argument of shape t it has shape s + t. One reverse sweep for each entry of
    the value. Where the value is a nest of arrays, so is the result, with a Jacobian in place of each.

    Raises:
        DtypeError: an argument to derive by holds integers, or f's value is no array.
        GraphError: f's value was computed from numbers that were taken out of the graph.
        ValueError: f was not given an argument of this number.

    >>> import tinygraph as tg
    >>> tg.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @tell_briefly
    def derived(*args: Any, **kwargs: Any) -> Any:
        call = Evaluation(f, argnums, args, kwargs)
        return map_leaves(lambda z: call.arranged(jacobians_of(z, call)), call.value)

    return derived


def hessian(f: Callable[..., Any], argnums: ArgumentNumbers = 0) -> Callable[..., Any]:
    """The second derivatives of f, which gives one number: the Jacobian of its derivative.

    For an argument of shape t it has shape t + t; for several arguments, and for nests, each derivative has a
    Jacobian with the form of the arguments.

    Raises:
        ShapeError: f's value has several entries.
        DtypeError, GraphError, ValueError: as in `jacobian`.

    >>> import tinygraph as tg
    >>> tg.hessian(lambda x: x[0] * x[0] * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


# In one direction ----------------------------------------------------------------


@tell_briefly
def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and the function u -> u^T J that sends a derivative by the value back to the arguments.

    Args:
        f: gives an array of any shape.
        primals: its arguments. What goes back to them is a tuple with one derivative for each.

    Raises:
        DtypeError: an argument holds integers, or f's value is no array.
        GraphError: as in `jacobian`.
        ShapeError: u has another shape than the value.

    >>> import tinygraph as tg
    >>> value, pull = tg.vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    call = Evaluation(f, tuple(range(len(primals))), primals, {})
    value = call.value
    check_array(value, call.start)

    def pull(u: Any) -> tuple[Any, ...]:
        found, _ = derivatives_for(value, call.targets, u)
        return call.arranged(found)  # type: ignore[no-any-return]

    return value if is_recorded(value, call.targets) else value_of(value), pull


@tell_briefly
def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """f's value, and J v: how the value changes where the arguments move in a direction.

    u^T J is linear in u, and J v is the derivative of (u^T J) v by u, so this takes two reverse sweeps.

    Args:
        f: gives an array of any shape.
        primals: a tuple of its arguments; a single one may be given as it is.
        tangents: the direction, of the form and the shapes of `primals`.

    Raises:
        DtypeError: an argument holds integers, or f's value is no array.
        GraphError: as in `jacobian`.
        ShapeError: a direction has another shape than its argument.

    >>> import tinygraph as tg
    >>> tg.jvp(lambda x: x * x, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))[1]
    array([ 2., 40.])
    """
    primals, tangents = as_arguments(primals, tangents)
    call = Evaluation(f, tuple(range(len(primals))), primals, {})
    value = call.value
    check_array(value, call.start)
    if not isinstance(value, Tensor) or not value.wants:
        return value_of(value), np.zeros_like(value_of(value))
    outer = is_recorded(value, call.targets)
    u = parameter(np.ones_like(value._value))
    found, _ = reverse_sweep(value, u, call.targets, record=True)
    slope = inner_product([found.get(x, 0.0) for x in call.ordered], tangents)
    if not isinstance(slope, Tensor) or u not in ancestors_of(slope, wanted=True):
        return value if outer else value._value, np.zeros_like(value._value)
    moved, _ = reverse_sweep(slope, slope._value.dtype.type(1), {u}, record=outer)
    return value if outer else value._value, moved[u]


@tell_briefly
def hvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """H v, the product of f's second derivatives with a direction, without computing H: two reverse sweeps.

    Args:
        f: gives one number.
        primals: a tuple of its arguments, for a tuple of products; a single one may be given as it is.
        tangents: the direction, of the form and the shapes of `primals`.

    Raises:
        ShapeError: f's value has several entries, or a direction has another shape than its argument.
        DtypeError: an argument holds integers, or f's value is no number.
        GraphError: as in `jacobian`.

    >>> import tinygraph as tg
    >>> tg.hvp(lambda x: x[0] * x[0] * x[1], np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([4., 2.])
    """
    arguments, directions = as_arguments(primals, tangents)
    numbers = tuple(range(len(arguments)))
    slope = grad(f, numbers)
    product = grad(lambda *xs: inner_product(arrays_in(slope(*xs)), directions), numbers)(*arguments)
    return product if isinstance(primals, tuple) else product[0]


def as_arguments(primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Arguments and directions as tuples; ShapeError where they differ in form or shape."""
    if not isinstance(primals, tuple):
        primals, tangents = (primals,), (tangents,)
    given = [[np.shape(x) for x in arrays_in(lift_arrays(x))] for x in (primals, tangents)]
    if given[0] != given[1]:
        raise ShapeError(f"a direction has the shapes of the arguments, {given[0]}; got {given[1]}")
    return primals, tangents


def inner_product(xs: Iterable[Any], tangents: Any) -> Any:
    """The sum of products of entries."""
    return sum(np.sum(x * value_of(v)) for x, v in zip(xs, arrays_in(lift_arrays(tangents)), strict=True))


# A call whose arguments are parameters ----------------------------------------------------------------


class Evaluation:
    """One call of f, with fresh parameters in place of the arrays in its arguments `argnums`.

    `value` is what f gave, `targets` are the parameters, `start` the time before the call.
    """

    def __init__(
        self, f: Callable[..., Any], argnums: ArgumentNumbers, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        self.single = not isinstance(argnums, Sequence)
        numbers: Any = (argnums,) if self.single else argnums
        keys = [key_of_argument(f, i, args, kwargs) for i in map(operator.index, numbers)]
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        given |= {key: lift_arrays(given[key]) for key in dict.fromkeys(keys)}
        self.chosen = [given[key] for key in keys]
        self.ordered = [x for argument in self.chosen for x in arrays_in(argument)]
        self.targets = set(self.ordered)
        self.start = next_serial()
        self.value = call_plainly(
            f, [given[i] for i in range(len(args))], {key: given[key] for key in kwargs}
        )

    def arranged(self, found: Mapping[Tensor, Any]) -> Any:
        """Derivatives in the form of the arguments; a tuple of them if `argnums` was one."""
        forms = [
            map_arrays(lambda x: found.get(x) if isinstance(x, Tensor) else None, x) for x in self.chosen
        ]
        return forms[0] if self.single else tuple(forms)


def call_plainly(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """f's value; where NumPy told our error in its own words, ours is raised."""
    try:
        return f(*args, **kwargs)
    except ValueError as error:
        if isinstance(error.__cause__, TinygraphError):
            raise error.__cause__ from None
        raise


def key_of_argument(f: Callable[..., Any], i: int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Where argument number i of f was given: its position, or the name under which it was."""
    if -len(args) <= i < len(args) and not (i < 0 and kwargs):
        return i % len(args)
    import inspect

    names = list(inspect.signature(f).parameters)
    name = names[i] if -len(names) <= i < len(names) else None
    if name in kwargs:
        return name
    if name is not None and names.index(name) < len(args):
        return names.index(name)
    raise ValueError(
        f"there is no argument number {i} to derive by: the function was given {len(args)} by position"
        + (f", and {', '.join(kwargs)} by name" if kwargs else "")
    )


def map_arrays(change: Callable[[Any], Any], nest: Any) -> Any:
    """`map_leaves`, which goes into dataclasses too."""

    def change_leaf(x: Any) -> Any:
        if not hasattr(x, "__dataclass_fields__") or isinstance(x, type):
            return change(x)
        made = copy.copy(x)
        for name in x.__dataclass_fields__:
            object.__setattr__(made, name, map_arrays(change, getattr(x, name)))  # it may be a frozen one
        return made

    return map_leaves(change_leaf, nest)


def arrays_in(nest: Any) -> list[Any]:
    """The Tensors and arrays in a nest, in order."""
    found: list[Any] = []
    map_arrays(found.append, nest)
    return [x for x in found if isinstance(x, Tensor | np.ndarray | np.generic | float)]


def lift_arrays(argument: Any) -> Any:
    """The argument with a fresh parameter for each array in it, and +x for each Tensor x that wants one.

    So that derivatives are those of this use of x alone, and not of others that f knows of. What is neither
    number nor array, in a nest, stays as it is.

    Raises:
        DtypeError: there is no number or array in it.
    """
    lifted = map_arrays(lift_leaf, argument)
    if lifted is argument:
        raise DtypeError(f"a derivative is one by numbers, and {argument!r:.60} is none")
    return lifted


def lift_leaf(x: Any) -> Any:
    """One array or Tensor so."""
    if x is None or isinstance(x, str | bool | bytes) or callable(x):
        return x
    return +x if isinstance(x, Tensor) and x.wants else parameter(x)


# What f gave ----------------------------------------------------------------


def split_value(value: Any) -> tuple[Any, Any]:
    """The number and the rest that a function with `has_aux` gives."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise DtypeError(
            "with has_aux=True the function gives a pair, its value and something else; it gave "
            f"{kind_text(value)}"
        )
    return value


def check_number(value: Any, start: int) -> None:
    """DtypeError if f's value is neither Tensor nor number; GraphError for a number cut out of the graph."""
    if isinstance(value, np.ndarray) and value.size > 1:
        raise DtypeError(
            f"the function gave a plain array {value.shape}, through which no derivative comes back; a "
            "Tensor "
            "or one number was expected"
        )
    check_array(value, start)


def check_array(value: Any, start: int) -> None:
    """The same where an array will do."""
    if isinstance(value, Tensor):
        return
    if not isinstance(value, float | int | np.ndarray | np.generic):
        pair = "; if it gives its value and something else, write has_aux=True"
        hint = (
            "; is the return missing?" if value is None else pair if isinstance(value, tuple | list) else ""
        )
        raise DtypeError(f"the function gave {kind_text(value)} where a number was expected{hint}")
    verify_plain(start)


def kind_text(value: Any) -> str:
    """What a function gave, in a sentence."""
    return "None" if value is None else f"a {type(value).__name__}"


def keep_recorded(x: Any) -> Any:
    """A result that can be derived again, as it is."""
    return x


def is_recorded(value: Any, targets: set[Tensor]) -> bool:
    """Whether a value was made from parameters besides `targets`, so that results are Tensors."""
    return isinstance(value, Tensor) and value.wants and bool(parameters_of(value) - targets)


def derivatives_for(value: Any, targets: set[Tensor], seed: Any = None) -> tuple[dict[Tensor, Any], bool]:
    """The derivative of `value` with respect to each target, and whether it is recorded itself."""
    zeros = {t: np.zeros_like(t._value) for t in targets}
    if not isinstance(value, Tensor) or not value.wants:
        return zeros, False
    record = is_recorded(value, targets)
    found, _ = reverse_sweep(value, checked_seed(value, seed), targets, record=record)
    if record:
        found = {t: settle_derivative(found[t], t) for t in targets if t in found}
    return zeros | {t: found[t] for t in targets if t in found}, record


def settle_derivative(dx: Any, target: Tensor) -> Any:
    """A derivative that was recorded, in the dtype of its target; a constant one in memory of its own."""
    if isinstance(dx, np.ndarray):
        return np.array(dx, dtype=target.dtype)
    return dx if dx.dtype == target.dtype else dx.astype(target.dtype)


def jacobians_of(z: Any, call: Evaluation) -> dict[Tensor, Any]:
    """The derivative of each entry of z with respect to each target."""
    check_array(z, call.start)
    shape = np.shape(value_of(z))
    zeros = {t: np.zeros((*shape, *t.shape), t.dtype) for t in call.targets}
    if not isinstance(z, Tensor) or not z.wants or not z.size:
        return zeros
    seeds = np.eye(z.size, dtype=z.dtype).reshape(z.size, *shape)
    rows = [derivatives_for(z, call.targets, seed)[0] for seed in seeds]
    return {t: np.reshape(np.stack([row[t] for row in rows]), (*shape, *t.shape)) for t in call.targets}


def parameters_of(value: Tensor) -> set[Tensor]:
    """The parameters that `value` was made from."""
    return {x for x in ancestors_of(value, wanted=True) if x.is_parameter}
