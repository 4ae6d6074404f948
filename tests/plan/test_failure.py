"""A step that fails says in which line of its text, and which line of the loss that comes from."""

import linecache
import re

import numpy as np
import pytest

import tinygraph as tg
from tests.plan.symbols import random_array
from tinygraph.errors import InternalError, ShapeError
from tinygraph.plan.failure import first_not_finite, retell_error

X = random_array(3, 4)


def failing(step, *inputs, kind=Exception):
    with pytest.raises(kind) as caught:
        step(*inputs)
    return caught.value


def told(message):
    """The number and text of the line that a message names, and where it comes from."""
    match = re.search(r"line (\d+) of the step, `([^`]*)`(?:, which comes from (.*))?", message)
    return int(match[1]), match[2], match[3]


def breaks_on(name, make_error):
    """A step in whose text np.<name> raises what `make_error` makes."""
    W = tg.parameter(X, name="W")
    step = tg.compile(lambda A: np.sum(np.tanh(np.exp(W * A) - 1)), [W])
    step(X)

    def broken(*args, **settings):
        raise make_error()

    function = step.plan.function
    module = type("Namespace", (), {"__getattr__": lambda self, x: getattr(np, x)})()
    setattr(module, name, broken)
    function.__globals__["np"] = module
    return step


@pytest.mark.parametrize("name", ["exp", "tanh", "multiply"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError, ShapeError),
        (IndexError, ShapeError),
        (TypeError, InternalError),
        (MemoryError, MemoryError),
    ],
)
def test_the_line_of_the_text_and_of_the_loss_are_told(name, error, kind):
    step = breaks_on(name, lambda: error("bad"))
    message = str(failing(step, X, kind=kind))
    number, text, place = told(message)

    assert message.startswith("bad; in line ") or kind is InternalError
    assert "bad" in message
    assert f"np.{name}(" in text
    assert step.source.splitlines()[number - 1].strip() == text
    assert place.startswith(f"{__file__}:") or "test_failure.py" in place
    line = int(re.search(r":(\d+)|line (\d+)", place)[0].strip(":line "))
    assert f"np.{name}" in linecache.getline(__file__, line) or name == "multiply"


def test_what_no_numbers_can_cause_is_a_fault_of_the_text():
    class OddError(Exception):
        pass

    found = failing(breaks_on("tanh", lambda: OddError(1, 2)), X, kind=InternalError)

    assert isinstance(found.__cause__, OddError)
    assert "np.tanh(" in told(str(found))[1]


def network(check_nan=True):
    W = tg.parameter(X.copy(), name="W")
    step = tg.compile(
        lambda A: np.sum(np.log(W * A) + np.exp(A)), [W], optimizer=tg.optim.SGD(0.1), check_nan=check_nan
    )
    return W, step


def test_nan_in_what_was_given_is_told_by_name():
    W, step = network()
    A = np.where(np.arange(4) == 2, np.nan, np.abs(X))

    with np.errstate(all="ignore"):
        message = str(failing(step, A, kind=FloatingPointError))

    assert message == "A holds NaN or infinity"
    np.testing.assert_array_equal(W.value, X)


@pytest.mark.parametrize(
    ("A", "call"),
    [(-np.sign(X), "np.log"), (1e4 * np.sign(X), "np.exp"), (np.zeros((3, 4)), "np.log")],
)
def test_where_nan_or_infinity_first_appears_is_told(A, call):
    W, step = network()

    with np.errstate(all="ignore"):
        message = str(failing(step, A, kind=FloatingPointError))
    number, text, place = told(message)

    assert message.startswith("NaN or infinity first appears in line ")
    assert call in text
    assert step.source.splitlines()[number - 1].strip() == text
    assert "test_failure.py" in place
    np.testing.assert_array_equal(W.value, X)


def test_without_a_look_at_nan_the_step_goes_on():
    W, step = network(check_nan=False)

    with np.errstate(all="ignore"):
        step(np.zeros((3, 4)))

    assert np.isnan(W.value).all()


def test_overflow_that_numpy_was_asked_to_raise_is_told_with_its_line():
    _, step = network(check_nan=False)
    step(np.abs(X) * np.sign(X))

    with np.errstate(over="raise", invalid="ignore"):
        message = str(failing(step, 1e4 * np.sign(X), kind=FloatingPointError))

    assert "overflow" in message
    assert "np.exp" in told(message)[1]


@pytest.mark.parametrize("join", [np.concatenate, np.stack, lambda xs: np.concatenate(tuple(xs), axis=1)])
def test_nan_is_followed_through_arrays_in_lists(join):
    W = tg.parameter(X.copy(), name="W")
    step = tg.compile(lambda A: np.sum(np.log(join([W * A, A]))), [W], check_nan=True)

    with np.errstate(all="ignore"):
        message = str(failing(step, -np.sign(X), kind=FloatingPointError))

    assert message.startswith("NaN or infinity first appears in line ")
    assert "np.log(" in told(message)[1]


def test_a_call_that_has_no_line_of_its_own_is_told_without_one():
    _, step = network()
    with np.errstate(all="ignore"):
        failing(step, -np.sign(X), kind=FloatingPointError)
    plan = step.plan
    values = dict(zip(plan.built.arguments, [-np.sign(X), *plan.rest], strict=True))

    told_without = first_not_finite(plan.source._replace(calls={}), plan.built.program, values)
    assert told_without == "NaN or infinity first appears in line 0 of the step, `its call`"


@pytest.mark.parametrize(("error", "kind"), [(ValueError, ShapeError), (MemoryError, MemoryError)])
def test_an_error_before_the_first_line_is_told_of_the_call(error, kind):
    _, step = network()
    step(np.abs(X) * np.sign(X))

    told_of_call = retell_error(error("bad"), step.plan.source, step.plan.built.program, {})

    assert (type(told_of_call), str(told_of_call)) == (kind, "bad; in line 0 of the step, `its call`")
