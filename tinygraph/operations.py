"""Operations of your own: a row of the table from a function of arrays and one rule for each of its inputs.

The function and its rules see arrays that cannot be written into, and what they give is looked at and copied.
What records asks them for their NumPy calls: they run on it as they are, if they call nothing else.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.checks.numeric import gradcheck
from tinygraph.checks.report import index_text
from tinygraph.engine.tensor import tensor
from tinygraph.errors import GraphError
from tinygraph.guards.faults import MEANT, error_text
from tinygraph.guards.stories import operand_letters, qualified_name
from tinygraph.notation.expressions import module_of
from tinygraph.notation.places import place_text
from tinygraph.notation.reads import Shadow
from tinygraph.rules.kernels import Recording, kernel
from tinygraph.rules.nests import leaves, map_leaves
from tinygraph.rules.operation import add_row, compose
from tinygraph.rules.types import AnyFunction, Numeric, Operand, Option, Options, Rule, Shape

__all__ = ["operation"]

PLAIN = ("numpy", "operator", "tinygraph")  # whose functions may stand in what is recorded
TAKES_ANY = 0x04  # the flag of a function with *args


def operation(
    function: AnyFunction, *rules: Rule | None, formula: str = "", symbol: str = "", check: Any = None
) -> AnyFunction:
    """An operation of your own, which Tensors record as they do NumPy's.

    Args:
        function: takes arrays or numbers and gives an array or a number. It may call anything, SciPy as well.
            Arguments after the inputs are settings, passed on as they are.
        rules: for each input `(dz, z, x, y, ...) -> dx`: from dz, the derivative of the cost with respect to
            the result z, that with respect to the input, in its shape (or in that of z, if the function
            stretches its inputs as NumPy does). None for an input that has no derivative, such as labels.
            A setting is a keyword argument of each rule, with the default that the function has.
        formula: what it computes, as pictures say it.
        symbol: its sign in pictures; the name of the function, unless it is given.
        check: inputs to try the rules on at once, as `tg.gradcheck` takes them.

    Returns:
        The function, to be called on Tensors and on arrays. If a rule calls NumPy only, it has derivatives
        too; if the function does so as well, it can be compiled and written as code.

    Raises:
        GraphError: a rule is wrong on the inputs of `check`. Later, where the function or a rule fails, or
            where something is asked of it that needs NumPy's calls alone.
        TypeError: the rules do not fit the function.

    >>> import numpy as np, tinygraph as tg
    >>> cube = tg.operation(lambda x: x * x * x, lambda dz, z, x: dz * 3 * x * x, symbol="cube")
    >>> x = tg.parameter([1.0, 2.0], name="x")
    >>> cube(x).sum().backward()["dx"]
    array([ 3., 12.])
    >>> tg.operation(np.sinc, lambda dz, z, x: dz * np.cos(x), check=[np.array([0.5, 1.0])])
    Traceback (most recent call last):
    ...
    tinygraph.errors.GraphError: the rule for x of sinc (...) is wrong: it gives 0.997778 instead of ...
    """
    name = symbol if symbol.isidentifier() else getattr(function, "__name__", "")
    if not name.isidentifier():
        raise TypeError("an operation needs a name: define the function with def, or give symbol='name'")
    inputs = names_of_inputs(function, name, rules)
    forward: AnyFunction = checked_function(function, name)
    titles = [title_of(f"the rule for {x} of {name}", rule) for x, rule in zip(inputs, rules, strict=True)]
    row = [
        checked_rule(rule, i, f"d{name}_d{inputs[i]}", titles[i]) if rule is not None else None
        for i, rule in enumerate(rules)
    ]
    add_row(forward, symbol or name, formula or f"{name}({', '.join(inputs)})", *row, analytic=False)
    if check is not None:
        check_rules(forward, inputs, rules, titles, check)
    return forward


def title_of(what: str, function: Any) -> str:
    """What errors call a function of the user's, and where it stands."""
    code = getattr(function, "__code__", None)
    return what if code is None else f"{what} ({place_text(code.co_filename, code.co_firstlineno)})"


# What is declared ----------------------------------------------------------------


def names_of_inputs(function: AnyFunction, name: str, rules: Sequence[Rule | None]) -> list[str]:
    """The names of the inputs, one for each rule; TypeError where function and rules do not fit."""
    if not any(rules):
        raise TypeError(
            f"tg.operation({name}, rule, ...) takes a rule (dz, z, x) -> dx for each input; none given"
        )
    known, required = positional_names(function)
    if known and not required <= len(rules) <= len(known):
        raise TypeError(
            f"{name} takes {', '.join(known)}: there is one rule for each input, and None for one without "
            f"a derivative; {len(rules)} given, {required} expected"
        )
    names = known[: len(rules)] or list(itertools.islice(operand_letters(), len(rules)))
    for x, rule in zip(names, rules, strict=True):
        if rule is not None:
            check_arguments(rule, f"the rule for {x} of {name}", names)
    return names


def positional_names(function: AnyFunction) -> tuple[list[str], int]:
    """The names of the arguments by position, and how many have no default; none where nobody says them."""
    import inspect

    try:
        given = inspect.signature(getattr(function, "pyfunc", function))  # that of np.vectorize has any
    except ValueError:
        return [], 0
    known = [p for p in given.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [p.name for p in known], sum(p.default is p.empty for p in known)


def check_arguments(rule: Rule, title: str, inputs: Sequence[str]) -> None:
    """TypeError unless a rule takes dz, z and the inputs."""
    code = getattr(rule, "__code__", None)
    if code is None:
        raise TypeError(f"{title} is a Python function (dz, z, {', '.join(inputs)}) -> dx, not {rule!r}")
    taken = code.co_argcount - len(rule.__defaults__ or ())
    if taken != 2 + len(inputs) and not code.co_flags & TAKES_ANY:
        given = ", ".join(code.co_varnames[:taken])
        raise TypeError(f"{title} takes (dz, z, {', '.join(inputs)}), and settings by default; not ({given})")


def check_rules(
    own: AnyFunction, inputs: Sequence[str], rules: Sequence[Rule | None], titles: Sequence[str], given: Any
) -> None:
    """GraphError if a rule is wrong, by differences; the cost is a sum with weights, so that dz differs."""
    values = given if isinstance(given, list | tuple) else [given]
    settings = dict(given) if isinstance(given, Mapping) else dict(zip(inputs, values, strict=False))
    if not settings.keys() >= set(inputs) or len(values) > len(settings):
        raise TypeError(f"check= holds an example of each input: {', '.join(inputs)}; {len(settings)} given")
    arrays = {x: settings.pop(x) for x in inputs}
    arrays = {x: a if rule else tensor(a) for (x, a), rule in zip(arrays.items(), rules, strict=True)}
    weights = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(own(*arrays.values(), **settings)))
    report = gradcheck(lambda **xs: np.sum(own(*xs.values(), **settings) * weights), arrays)
    of = dict(zip(inputs, titles, strict=True))
    for row in report.rows:
        if row.missing:
            raise GraphError(
                f"{of[row.name]} cannot be checked here: {' '.join(report.notes) or row.verdict}"
            )
        if not row.ok:
            at = f"{row.given:.6g} instead of {row.expected:.6g} at {row.name}{index_text(row.worst)}"
            raise GraphError(f"{of[row.name]} is wrong: it gives {at}, by {report.method}")


# What runs ----------------------------------------------------------------


def checked_function(function: AnyFunction, name: str) -> Any:
    """The function, to be called on arrays and on what records."""
    title, seen = title_of(name, function), {}

    def compute(*args: Operand, **settings: Option) -> Numeric:
        if records([*args, *settings.values()]):
            refuse_closed(function, title, args, settings)
            return function(*args, **settings)
        z = as_numbers(attempt(function, title, args, settings), title)
        seen[shapes_of(args)] = z.shape, z.dtype
        return z

    def sample(*args: Operand, **settings: Option) -> Numeric:
        """An array like the result for arrays of such shapes, in which nothing need be computed again."""
        shape, dtype = seen.get(shapes_of(args)) or (compute(*args, **settings).shape, np.float64)
        return np.broadcast_to(np.ones((), dtype), shape)

    own: Any = kernel(functools.wraps(getattr(function, "pyfunc", function))(compute))
    own.__name__ = own.__qualname__ = name
    own.sample = sample
    return own


def checked_rule(rule: Rule, i: int, name: str, title: str) -> Rule:
    """A rule, to be run on arrays and on what records: there as its NumPy calls, or as one call."""

    def compute(*args: Operand, **settings: Option) -> Numeric:
        if records(args):
            refuse_closed(rule, title, args, settings)
        dx = as_numbers(attempt(rule, title, args, settings), title)
        refuse_shape(dx.shape, args[2 + i], len(args) > 3, title)
        return dx

    compute.__name__ = compute.__qualname__ = name
    closed: Any = kernel(compute)
    closed.sample = lambda *args, **settings: args[2 + i]
    compose(closed)(compute)

    @functools.wraps(rule)
    def own(*args: Operand, **settings: Option) -> Numeric:
        is_open = records(args) and closed_by(rule, args, settings) is None
        return rule(*args, **settings) if is_open else closed(*args, **settings)

    return own


def records(args: Iterable[Operand]) -> bool:
    """Whether one of the arguments records."""
    return any(isinstance(x, Recording) for x in args)


def shapes_of(args: Iterable[Operand]) -> tuple[Shape, ...]:
    return tuple(map(np.shape, args))


def attempt(function: AnyFunction, title: str, args: Sequence[Operand], settings: Options) -> Any:
    """What a function of the user's gives for arrays, which it cannot change; GraphError if it fails."""
    try:
        return function(*map(as_read_only, args), **settings)
    except MEANT:
        raise
    except Exception as error:
        given = ", ".join(str(np.shape(x)) for x in args)
        raise GraphError(f"{title} failed on arrays of shapes {given}: {error_text(error)}") from error


def as_read_only(x: Operand) -> Operand:
    """A view of an array that cannot be written into."""
    if type(x) is not np.ndarray:
        return x
    view = x.view()
    view.flags.writeable = False
    return view


def as_numbers(z: Any, title: str) -> Numeric:
    """A result as an array of its own; GraphError if it holds no numbers."""
    if isinstance(z, Recording):
        raise GraphError(f"{title} reads a Tensor that is no input of it: make it one, or write .value")
    if type(z) is not np.ndarray and hasattr(z, "__array_function__") and hasattr(z, "dtype"):
        return z
    try:
        made = np.array(z)
    except ValueError:  # parts of several shapes
        made = np.array(None)
    if made.dtype.kind not in "biufc" or isinstance(z, list | tuple):
        hint = "is the return missing?" if z is None else "one array or one number is expected"
        raise GraphError(f"{title} gave {'None' if z is None else f'a {type(z).__name__}'}: {hint}")
    return made


def refuse_shape(shape: Shape, x: Operand, stretches: bool, title: str) -> None:
    """GraphError unless a derivative has the shape of its input, or one that this was stretched to."""
    fits = shape == np.shape(x) or (stretches and is_stretched(np.shape(x), shape))
    if not fits:
        raise GraphError(f"{title} gave the shape {shape}, and its input has {np.shape(x)}")


def is_stretched(small: Shape, large: Shape) -> bool:
    """Whether NumPy stretches one shape to another."""
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False


# What it is made of ----------------------------------------------------------------


def refuse_closed(function: AnyFunction, title: str, args: Sequence[Operand], settings: Options) -> None:
    """GraphError if a function does not consist of NumPy's calls."""
    if (reason := closed_by(function, args, settings)) is not None:
        raise GraphError(
            f"{title} {reason}, so no second derivative, compiled step or code can be made of it, since "
            "those consist of NumPy's calls; where you need them, write it with NumPy's functions alone"
        )


def closed_by(function: AnyFunction, args: Sequence[Operand], settings: Options) -> str | None:
    """Why a function is no row of NumPy calls, found by running it on arrays without numbers; or None."""
    shadows, settled = map_leaves(as_shadow, [list(args), dict(settings)])
    try:
        found = list(functions_called(function(*shadows, **settled)))
    except Exception as error:
        return f"asks for the numbers in its arrays ({error_text(error).replace('Shadow', 'an outline')})"
    foreign = [f for f in found if module_of(f).partition(".")[0] not in PLAIN and not hasattr(f, "sample")]
    return f"calls {qualified_name(foreign[0])}" if foreign else None


def as_shadow(x: Any) -> Any:
    """An array without numbers in place of one with them."""
    return Shadow((tuple(x.shape), x.dtype), {0}) if hasattr(x, "shape") else x


def functions_called(made: Any) -> Iterator[AnyFunction]:
    """The functions called in an expression."""
    for x in leaves(made):
        if isinstance(x, np.ndarray) and x.dtype.kind == "O":
            raise TypeError("it makes arrays of objects of them")
        if isinstance(x, Shadow) and x.function is not None:
            yield x.function
            yield from functions_called([*x.args, *x.settings.values()])
