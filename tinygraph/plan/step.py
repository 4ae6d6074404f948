"""`tg.compile`: a loss, its derivatives and the update as one function of NumPy calls.

The step is recorded the first time it meets arrays of some shapes, dtypes and layouts; after that only the
function runs.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor, distinct_parameters
from tinygraph.errors import GraphError
from tinygraph.extras import missing_package
from tinygraph.guards.faults import blame, cause_of, our_work, shorten
from tinygraph.guards.stories import describe
from tinygraph.plan.build import BuiltStep, build_step, forget_compiled, load_step
from tinygraph.plan.failure import describe_line, retell_error
from tinygraph.plan.outside import Outside
from tinygraph.plan.program import Program
from tinygraph.plan.record import Traced, values_of
from tinygraph.plan.source import Source
from tinygraph.plan.trace import Trace, Updates, flatten_inputs, trace_step
from tinygraph.rules.nests import unflatten_nest

__all__ = ["CompiledStep", "compile"]

PLANS_KEPT = 16  # signatures
TURNS = 20  # steps of each backend before "auto" decides
COMPILED_LINES = 500  # lines that "auto" has numba compile, which takes about 30 ms for each


def backends_of(name: str) -> tuple[str, ...]:
    """The backends to try."""
    if name not in ("numpy", "numba", "auto"):
        raise ValueError(f"backend is 'numpy', 'numba' or 'auto', not {name!r}")
    if name == "numpy":
        return ("numpy",)
    installed = find_spec("numba") is not None
    if name == "numba" and not installed:
        raise missing_package("numba", "backend='numba' needs", "fast", ", or leave backend at 'numpy'")
    return ("numba",) if name == "numba" else ("numpy", "numba") if installed else ("numpy",)


def compile(
    loss: Callable[..., Any],
    parameters: Tensor | Iterable[Tensor] | Mapping[str, Tensor] | None = None,
    *,
    optimizer: Updates | None = None,
    backend: str = "numpy",
    check_nan: bool = False,
) -> CompiledStep:
    """The step of training `loss` as one function, `step(X, Y)`, whose text is `step.source`.

    The first call with arrays of some shapes, dtypes and memory layouts runs `loss(X, Y)` on arrays that
    remember each call of NumPy, and the function made from these calls is used from then on; up to 16 such
    functions are kept. It gives the bits that `loss(X, Y).backward()` and `optimizer.update` give.

    - What varies from step to step is best an argument, and random numbers must be one. Variables from
      outside, what `loss` takes by name from objects and dicts, and the arrays in them are looked at before
      each step; where one is another, the step is recorded again. What lies deeper is not seen.
    - `loss` runs twice to be recorded, and is refused if it does something else the second time.
    - Python's control flow is frozen, except that a number which `loss` reads from its arrays (`if J > 3`) is
      compared at each step; where it differs, the step is recorded again.
    - An array whose shape depends on numbers (a boolean index) is refused.
    - The arrays that a step computes in are its own: one step is not for several threads at once.

    Args:
        loss: returns a Tensor of one entry.
        parameters: the parameters to derive by: one, a list or a mapping; all others stay as they are.
            Without them the first argument of `loss` is what is derived by, as in `tg.value_and_grad`.
        optimizer: the update, from `tg.optim`. With it `step(X, Y)` returns the cost before the update and
            changes the parameters in place; without it, the cost and the list of derivatives (for a first
            argument, the derivative in its form).
        backend: "numpy"; "numba" for compiled loops (`pip install "tinygraph[fast]"`); "auto" for whichever
            is faster here, which is "numpy" where numba would compile for long, or cannot. "numba" agrees
            with "numpy" to about 1e-12, not to the last bit.
        check_nan: look for NaN and infinity before each update.

    Raises:
        GraphError: the loss cannot be compiled, or is not made from the parameters, or from chance; an
            argument is no array of NumPy.
        FloatingPointError: with `check_nan`, NaN or infinity; the parameters are as they were.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[1.0, 2.0]], name="W1")
    >>> step = compile(lambda X, Y: np.sum((W1 @ X - Y) ** 2), [W1], optimizer=tg.optim.SGD(0.1))
    >>> float(step(np.ones((2, 1)), np.ones((1, 1))))
    4.0
    >>> W1.value
    array([[0.6, 1.6]])
    """
    if parameters is None and optimizer is not None:
        raise GraphError(
            "an optimizer updates parameters: give them as tg.compile(loss, parameters, optimizer=...)"
        )
    chosen = None if parameters is None else checked_parameters(distinct_parameters(parameters))
    return CompiledStep(loss, chosen, optimizer, backend, check_nan)


def checked_parameters(parameters: list[Tensor]) -> list[Tensor]:
    """`parameters`, if they are what a step can derive by."""
    for p in parameters:
        if not (isinstance(p, Tensor) and p.is_parameter):
            what = describe(p) if isinstance(p, Tensor) else f"a {type(p).__name__}"
            raise GraphError(
                f"a step derives by parameters, and {what} is none: give one made by tg.parameter, or a list "
                "or a mapping of these"
            )
    if not parameters:
        raise GraphError("a step derives by parameters, and none was given")
    return parameters


class CompiledStep:
    """A step of training as a function; see `compile`.

    `source` is the text of the function last run, a module that needs NumPy alone. Its `step` takes the
    inputs and then what `arguments` holds.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        parameters: list[Tensor] | None,
        optimizer: Updates | None,
        backend: str,
        check_nan: bool,
    ) -> None:
        self.loss = loss
        self.parameters = parameters
        self.optimizer = optimizer
        self.backends = backends_of(backend)
        self.check_nan = check_nan
        self._plans: dict[Any, Plan | Race] = {}
        self._last: Plan | Race | None = None

    @property
    def plan(self) -> Plan:
        """The plan last run."""
        if self._last is None:
            raise GraphError("this step has not run: its text follows from the shapes of its first arguments")
        return self._last.best if isinstance(self._last, Race) else self._last

    @property
    def source(self) -> str:
        """The module whose function `step` this is."""
        return self.plan.source.text

    @property
    def arguments(self) -> dict[str, Any]:
        """What the function in `source` is given besides the inputs, by name, in order.

        The parameters, what the optimizer remembers, its numbers as of the last update, and constants.
        """
        plan = self.plan
        return dict(zip(plan.source.arguments[plan.inputs :], plan.rest, strict=True))

    def __call__(self, *inputs: Any) -> Any:
        try:
            return self.take_step(inputs)
        except Exception as error:
            blame(error, "a compiled step")
            shorten(error)
            raise

    def take_step(self, inputs: tuple[Any, ...]) -> Any:
        """One step, by the plan that fits."""
        plan = self._last
        if type(plan) is Plan and plan.fits(inputs):  # as at the step before, found out with few calls
            return self.run(plan, inputs)
        for x in inputs:
            if type(x) is not np.ndarray:
                return self.run(*self.find_plan(*flatten_inputs(inputs)))
        return self.run(*self.find_plan(inputs, None))

    def find_plan(self, arrays: Sequence[Any], form: Any) -> tuple[Plan | Race, Sequence[Any]]:
        """The plan for arrays of this signature, recorded if it is new; and the arrays."""
        key = form, *map(array_kind, arrays)
        plan = self._plans.get(key)
        if plan is None or not plan.holds():
            plan = self.record(key, arrays, form)
        elif type(plan) is Race and plan.is_decided:
            self._plans[key] = plan = plan.best
        return plan, arrays

    def run(self, plan: Plan | Race, arrays: Sequence[Any]) -> Any:
        """One step, recorded again if a number that the loss reads from its arrays has changed."""
        self._last = plan
        try:
            return plan.run(arrays)
        except AssertionError:
            key = plan.form, *map(array_kind, arrays)
            self._last = plan = self.record(key, arrays, plan.form)
            return plan.run(arrays)

    def record(self, key: Any, arrays: Sequence[Any], form: Any) -> Plan | Race:
        """The plan for arrays of this signature."""
        if key not in self._plans and len(self._plans) >= PLANS_KEPT:
            self._plans.pop(next(iter(self._plans)))
        self._plans[key] = plan = self.choose_plan(arrays, form)
        return plan

    def choose_plan(self, arrays: Sequence[Any], form: Any) -> Plan | Race:
        """The plan of the backend; for "auto", that of NumPy, racing with that of numba if there is one."""
        plan = Plan(self, arrays, form, self.backends[0] == "numba")
        if len(self.backends) == 1:
            return plan
        try:
            other = Plan(self, arrays, form, True, COMPILED_LINES)
        except Exception:  # whatever numba lacks here, NumPy does without
            return plan
        return Race([plan, other])


class Race:
    """Plans for one signature that take turns until it is clear which is fastest."""

    def __init__(self, plans: list[Plan]) -> None:
        self.plans = plans
        self.times: list[list[float]] = [[] for _ in plans]
        self.turn = 0

    @property
    def form(self) -> Any:
        """The form of the arguments."""
        return self.plans[0].form

    def holds(self) -> bool:
        """Whether the parameters still hold the arrays that the plans were made for."""
        return self.plans[0].holds()

    @property
    def best(self) -> Plan:
        """The fastest so far; its first call, which compiles, does not count."""
        if any(len(times) < 2 for times in self.times):
            return self.plans[0]
        typical = [sorted(times[1:])[len(times) // 2 - 1] for times in self.times]
        return self.plans[typical.index(min(typical))]

    def run(self, arrays: Sequence[Any]) -> Any:
        """One step, by whose turn it is."""
        i = self.turn % len(self.plans)
        self.turn += 1
        start = perf_counter()
        result = self.plans[i].run(arrays)
        self.times[i].append(perf_counter() - start)
        return result

    @property
    def is_decided(self) -> bool:
        """Whether each has had enough turns."""
        return self.turn >= TURNS * len(self.plans)


class Plan:
    """The function for one signature, and what it is given besides the inputs."""

    def __init__(
        self, step: CompiledStep, arrays: Sequence[Any], form: Any, loops: bool, longest: int | None = None
    ) -> None:
        self.parameters = step.parameters or []
        self.optimizer = optimizer = step.optimizer
        self.held = [(p, p.value) for p in self.parameters]
        self.memory = tuple(x for p in self.parameters for x in (optimizer.memory(p) if optimizer else ()))
        self.outside = outside = Outside(step.loss)
        before = outside.states()
        recorded = trace_step(step.loss, arrays, form, step.parameters, optimizer)
        if outside.states() != before:
            raise chance_error("draws random numbers")
        if (name := outside.first_change()) is not None:
            raise chance_error(f"changes {name}, which it reads")
        self.held += [(x, x._value) for x in recorded.others]
        outside.arrays += [x._value for x in recorded.others]
        with our_work("tg.compile, writing the step,"):
            self.built = build_step(recorded, step.check_nan, loops)
            self.source = self.built.source
            if longest and self.source.text.count("\n") > longest:
                raise GraphError(
                    f"a step of more than {longest} lines is not compiled without being asked for"
                )
            self.function = load_step(self.source, loops)
        self.inputs = len(arrays)
        self.kinds = [array_kind(x) for x in arrays]
        self.form = form
        self.constants = constants_of(self.built, recorded)
        again = trace_step(step.loss, arrays, form, step.parameters, optimizer)
        rebuilt = build_step(again, step.check_nan, loops)
        refuse_chance(self.constants, constants_of(rebuilt, again))
        refuse_difference(self.source, rebuilt.source)
        outside.watch_contents(self.constants)
        self.looks_outside = not outside.is_empty()
        self.number_types = [None if loops else number_type(s, self.built.program) for s in recorded.numbers]
        self.numbers: dict[str, float] = {}
        self.rest = self.given_besides(())
        if loops:
            self.compile_loops(arrays)

    def compile_loops(self, arrays: Sequence[Any]) -> None:
        """Have numba compile, by one call on copies: if it fails, nothing of the caller's is half changed."""
        numbers = self.optimizer.numbers().values() if self.optimizer else ()
        changed = copy.deepcopy(self.rest[: len(self.parameters) + len(self.memory)])
        given = *arrays, *changed, *numbers, *self.constants
        with np.errstate(all="ignore"), contextlib.suppress(AssertionError, FloatingPointError):
            try:
                self.function(*given)
            except (AssertionError, FloatingPointError):  # of the data, which the call itself will tell
                raise
            except Exception:  # perhaps since what numba kept was cut short: then without it
                if not forget_compiled(self.function):
                    raise
                self.function = load_step(self.source, True)
                self.function(*given)

    def holds(self) -> bool:
        """Whether tensors still hold the arrays that this plan was made for, and names mean the same."""
        return all(p._value is value for p, value in self.held) and self.outside.first_change() is None

    def fits(self, inputs: Sequence[Any]) -> bool:
        """Whether these are plain arrays as this plan was made for."""
        if self.form is not None or len(inputs) != self.inputs:
            return False
        for x, (shape, strides, dtype) in zip(inputs, self.kinds, strict=True):
            if type(x) is not np.ndarray or x.shape != shape or x.strides != strides or x.dtype is not dtype:
                return False
        for p, value in self.held:
            if p._value is not value:
                return False
        return not self.looks_outside or self.outside.first_change() is None

    def given_besides(self, numbers: Iterable[Any]) -> tuple[Any, ...]:
        """The arguments after the inputs, with these numbers of the optimizer."""
        values = [value for _, value in self.held[: len(self.parameters)]]
        return *values, *self.memory, *numbers, *self.constants

    def run(self, arrays: Sequence[Any]) -> Any:
        """One step."""
        optimizer = self.optimizer
        if optimizer is None:
            return self.form_results(self.call_function(arrays))
        numbers = optimizer.advance(self.parameters)
        if numbers != self.numbers:
            self.numbers = numbers
            self.rest = self.given_besides(map(as_number, numbers.values(), self.number_types))
        try:
            return self.call_function(arrays)
        except BaseException:
            optimizer.advance(self.parameters, -1)
            raise

    def call_function(self, arrays: Sequence[Any]) -> Any:
        """The result of the function; its errors say where in the text they arose, and from which line."""
        try:
            return self.function(*arrays, *self.rest)
        except AssertionError:
            raise
        except Exception as error:
            values = dict(zip(self.built.arguments, [*arrays, *self.rest], strict=True))
            told = retell_error(error, self.source, self.built.program, values)
            raise told from cause_of(error, told)

    def form_results(self, results: Sequence[Any]) -> Any:
        """The cost and the derivatives, in the form of the first argument if that is what was derived by."""
        cost, *derivatives = results
        if self.parameters:
            return cost, derivatives
        if self.form is None:
            return cost, derivatives[0]
        return cost, unflatten_nest(self.form[1][0], derivatives)


def constants_of(built: BuiltStep, recorded: Trace) -> tuple[Any, ...]:
    """The arrays that the loss uses and was not given."""
    return tuple(s.value for s in built.arguments[len(recorded.arguments) :])


def refuse_chance(constants: Sequence[Any], again: Sequence[Any]) -> None:
    """GraphError if an array that the loss makes is another one when it runs again, as random numbers are."""
    for x, y in itertools.zip_longest(constants, again):
        if x is not y and not np.array_equal(x, y, equal_nan=np.asarray(x).dtype.kind == "f"):
            raise chance_error(f"makes an array of shape {np.shape(x)} that differs from call to call")


def refuse_difference(source: Source, again: Source) -> None:
    """GraphError if the loss has become another text when it ran again: another number, index or branch."""
    if source.text == again.text:
        return
    pairs = itertools.zip_longest(source.text.splitlines(), again.text.splitlines(), fillvalue="")
    line, first, second = next((i, x, y) for i, (x, y) in enumerate(pairs, 1) if x != y)
    where = describe_line(source, line).partition("`, ")[2]
    raise chance_error(
        f"does something else when it runs again{', ' if where else ''}{where}: "
        f"`{first.strip()}` first, then `{second.strip()}`"
    )


def chance_error(what: str) -> GraphError:
    return GraphError(
        f"the loss {what}, and a compiled step would repeat the first for ever; give it to the step as an "
        "argument"
    )


def array_kind(x: Any) -> Any:
    """What two arrays must have in common for the same plan: shape, strides and dtype; numbers, the type."""
    return (x.shape, x.strides, x.dtype) if type(x) is np.ndarray else type(x)


def number_type(s: Traced, program: Program) -> Any:
    """The dtype in which all arrays that meet this number compute; None if they differ."""
    found = {
        np.result_type(*[values_of(x) for x in user.args])
        for user in program.steps
        if any(x is s for x in user.args)
    }
    return found.pop() if len(found) == 1 else None


def as_number(x: float, dtype: Any) -> Any:
    """A number as an array without axes, which NumPy reads sooner than a Python number."""
    return x if dtype is None else np.array(x, dtype)
