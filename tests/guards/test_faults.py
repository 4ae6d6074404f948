"""Faults of ours: each part is broken in turn, and says that it is; what is the user's stays as it was."""

import operator
import traceback

import numpy as np
import pytest

import tinygraph as tg
import viz
from tinygraph import losses
from tinygraph.checks import edits, explain, search
from tinygraph.engine import calls, sweep
from tinygraph.errors import InternalError, NonFiniteError, ShapeError, TinygraphError
from tinygraph.guards import faults, stories
from tinygraph.notation.expressions import Expression
from tinygraph.plan import build, program, step, trace
from tinygraph.rules.table import TABLE
from viz import folds, picture
from viz.views import compact, layers, ops

W1, b1 = tg.parameter(np.full((2, 3), 0.5), name="W1"), tg.parameter(np.zeros((2, 1)), name="b1")
X = np.ones((3, 4))
NOTHING = search.Setting([{}], [], [])
OURS = {"__name__": "tinygraph.rules.broken", "__package__": "tinygraph.rules", "np": np}


def broken(error="{}['gone']"):
    """A function of ours that fails."""
    return eval(f"lambda *args, **settings: {error}", OURS)


def cost():
    return np.sum(np.tanh(W1 @ X + b1))


def told(call, cause=KeyError):
    """What is said where a call fails by our fault."""
    with pytest.raises(InternalError, match="a fault of tinygraph, not of your program") as raised:
        call()
    assert type(raised.value.__cause__) is cause
    assert not isinstance(raised.value, TinygraphError)
    assert f"NumPy {np.__version__}" in str(raised.value)
    return str(raised.value)


def raised_by(call):
    with pytest.raises(Exception, match=r".") as raised:
        call()
    return raised.value


def ours_in(error):
    """How many of our frames follow the user's last one."""
    packages = [faults.package_of(frame) for frame, _ in traceback.walk_tb(error.__traceback__)]
    users = [i for i, package in enumerate(packages) if package not in faults.BETWEEN]
    return len(packages) - 1 - users[-1]


# Broken parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["{}['gone']", "np.ones(7) @ dz", "None + 1", "dz.nothing", "1 / 0"])
def test_a_rule(monkeypatch, error):
    """Whatever it raises: the shapes were right forward."""
    rule = eval(f"lambda dz, z, x: {error}", OURS)
    monkeypatch.setattr(TABLE[np.tanh], "rules", (rule,))
    J = cost()

    told(lambda: tg.compile(cost, [W1, b1])(), type(raised_by(J.backward).__cause__))
    with pytest.raises(InternalError, match=r"through A1 = np.tanh\(Z1\) \(test_faults.py:\d+\)") as raised:
        J.backward()
    assert raised.value.__cause__ is not None
    assert ours_in(raised.value) <= 3


def test_a_rule_in_its_second_derivative(monkeypatch):
    """There it runs on Tensors, whose errors are told as the user's elsewhere."""
    rule = eval("lambda dz, z, x: dz * np.ones(7)", OURS)
    x = np.ones(3)
    monkeypatch.setattr(TABLE[np.sin], "rules", (rule,))

    def inner(x):
        return tg.grad(lambda y: np.sum(np.sin(y) * x))(x)[0]

    told(lambda: tg.grad(inner)(x), ShapeError)


@pytest.mark.parametrize("function", [np.tanh, tg.relu, tg.softmax, np.sum, np.add, operator.getitem])
def test_a_kernel(monkeypatch, function):
    monkeypatch.setattr(TABLE[function], "forward", broken())
    arguments = {np.add: (W1, W1), operator.getitem: (W1, 0)}.get(function, (W1,))

    said = told(lambda: function(*arguments))

    assert "W1" in said
    assert "test_faults.py:" in said


@pytest.mark.parametrize("error", ["{}['gone']", "[].none", "nothing", "next(iter([]).none)"])
def test_a_reader_of_calls(monkeypatch, error):
    monkeypatch.setitem(calls.READERS, np.transpose, broken(error))

    with pytest.raises(InternalError, match=r"np.transpose \(test_faults.py:\d+\) failed with") as raised:
        np.transpose(W1)
    assert raised.value.__cause__ is not None


def test_a_composed_function(monkeypatch):
    monkeypatch.setitem(tg.engine.tensor.COMPOSED, np.split, broken())

    assert "np.split (test_faults.py:" in told(lambda: np.split(W1, 2))


def test_the_sweep(monkeypatch):
    monkeypatch.setattr(sweep, "undo_broadcast", broken())

    assert "backward through Z1 = x + b1" in told(cost().backward)
    assert "backward through" in told(lambda: tg.grad(lambda b: np.sum(W1.value @ X + b))(np.ones((2, 1))))


def test_a_description_that_fails_too(monkeypatch):
    J = cost()
    monkeypatch.setattr(TABLE[np.tanh], "rules", (broken(),))
    monkeypatch.setattr(stories, "written_call", broken("1 / 0"))

    assert "an operation, whose description failed too (ZeroDivisionError" in told(J.backward)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (build, "simplify_program"),
        (build, "write_source"),
        (program, "reachable_symbols"),
        (program, "call_identity"),
        (step, "load_step"),
        (trace, "sections_of"),
        (trace, "find_layers"),
        (trace, "symbol_names"),
    ],
)
@pytest.mark.parametrize("error", ["{}['gone']", "int('a')"])
def test_the_plan(monkeypatch, module, name, error):
    monkeypatch.setattr(module, name, broken(error))

    cause = KeyError if "gone" in error else ValueError
    assert "tg.compile" in told(lambda: tg.compile(cost, [W1, b1])(), cause)


def test_a_step():
    """What it was recorded with fits its arguments: only their numbers can be wrong."""
    compiled = tg.compile(cost, [W1, b1])
    compiled()
    compiled.plan.function = broken("None + 1")

    assert "`its call` failed with TypeError" in told(compiled, TypeError)


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (search, "bracketings_of", lambda: search.search_formulas([Expression("dZ1")], NOTHING, [])),
        (search, "single_edits", lambda: search.search_formulas([Expression("dZ1")], NOTHING, [])),
        (explain, "program_segments", lambda: explain.explain_program([], NOTHING, {})),
    ],
)
def test_the_search(monkeypatch, module, name, call):
    monkeypatch.setattr(module, name, broken())

    assert "the search for" in told(call)


def test_a_candidate_of_the_search(monkeypatch):
    """Its formula may not fit, but no formula lacks a name."""
    Z1, candidate = Expression("Z1"), broken()
    setting = search.Setting([{"Z1": X}], [Z1], [])
    monkeypatch.setattr(search, "single_edits", lambda *given: [edits.Edit(made, "replace", 1, Z1, made)])
    made = Expression().record(candidate, (Z1,), {})

    told(lambda: search.search_formulas([Z1], setting, [2 * X]))
    assert search.call_value(np.matmul, (X, X), {}) is None


@pytest.mark.parametrize(
    ("module", "name", "view"),
    [
        (ops, "call_block", "ops"),
        (layers, "join_labels", "layers"),
        (compact, "call_label", "compact"),
        (folds, "part_signatures", "layers"),
        (picture.Picture, "column", "compact"),
    ],
)
def test_a_view(monkeypatch, module, name, view):
    monkeypatch.setattr(module, name, broken())

    told(lambda: viz.draw(cost(), view, fold=True).source)


# What is not ours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ValueError, AttributeError, KeyError, AssertionError, RuntimeError])
def test_errors_of_a_loss_stay(kind):
    error = kind("of the user's")

    def loss(*given):
        try:
            {}["earlier"]
        except KeyError:
            raise error  # noqa: B904 - what came before stays in sight

    for call in (
        lambda: tg.compile(loss)(np.ones(2)),
        lambda: tg.compile(lambda: loss(W1), [W1])(),
        lambda: tg.grad(loss)(np.ones(2)),
        lambda: tg.fit(tg.nn.Model({"W1": W1}, loss), X, X, progress=False),
    ):
        with pytest.raises(kind) as raised:
            call()
        assert raised.value is error
        assert type(raised.value.__context__) is KeyError
        assert not raised.value.__suppress_context__
        assert ours_in(raised.value) == 0


def test_attributes_that_the_arrays_of_a_loss_do_not_have():
    with pytest.raises(AttributeError, match="no attribute 'tset'"):
        tg.compile(lambda x: x.tset)(np.ones(2))
    with pytest.raises(AttributeError, match="no attribute 'tset'"):
        tg.compile(lambda W, x: np.sum(W * x.tset))(np.ones(2), np.ones(2))


def test_a_loss_without_end_is_the_users():
    def loss(W):
        return loss(W * 2)

    with pytest.raises(RecursionError):
        tg.grad(loss)(np.ones(2))


def test_a_recursion_of_ours_is_ours(monkeypatch):
    forever = eval("lambda *args: forever()", OURS | {"__builtins__": {}})
    forever.__globals__["forever"] = forever
    monkeypatch.setattr(TABLE[np.tanh], "rules", (forever,))

    told(cost().backward, RecursionError)


@pytest.mark.filterwarnings("ignore:divide")
def test_errors_that_the_user_asked_for():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        W1 / 0.0
    J = np.sum(np.sqrt(tg.parameter([0.0])))
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        J.backward()
    with tg.detect_nan(), np.errstate(all="ignore"), pytest.raises(NonFiniteError):
        J.backward()


@pytest.mark.parametrize(
    "call",
    [
        lambda: W1 + object(),
        lambda: W1 @ None,
        lambda: W1 @ 2,
        lambda: 2 @ W1,
        lambda: np.concatenate([W1, "a"]),
        lambda: np.reshape(W1, "a"),
        lambda: np.transpose(W1, 3),
        lambda: np.clip(W1, object(), 1),
        lambda: np.sum(W1, axis="a"),
        lambda: tg.softmax(W1, axis="a"),
        lambda: tg.relu(W1, 1, 2),
        lambda: np.einsum("ij", W1, W1),
        lambda: np.where(W1),
        lambda: W1["a"],
        lambda: losses.mse(W1, [[1.0]]),
        lambda: losses.mse(W1, None),
        lambda: losses.binary_cross_entropy(tg.sigmoid(W1), [[1, 0, 1], [1, 1, 1]]),
        lambda: losses.binary_cross_entropy(tg.sigmoid(W1), None),
        lambda: losses.cross_entropy(tg.softmax(W1), [0, 1, 2]),
        lambda: losses.cross_entropy(tg.softmax(W1), "labels"),
    ],
)
def test_calls_that_are_wrong_are_the_users(call):
    try:
        call()
    except Exception as error:
        if isinstance(error, InternalError):
            raise


# The switch ---------------------------------------------------------------------------------------


CALLS = {
    "an operator": lambda: W1 @ W1,
    "a ufunc": lambda: np.add(W1, np.ones(7)),
    "a function": lambda: np.sum(W1, axis=7),
    "a method": lambda: W1.sum(axis=7),
    "a kernel": lambda: tg.softmax(W1, axis=7),
    "an index": lambda: W1[7],
    "a split": lambda: np.split(W1, 7),
    "a compiled loss": lambda: tg.compile(lambda W: np.sum(W @ X.T))(np.ones((2, 2))),
    "a compiled step": lambda: failing_step()(),
    "fit": lambda: tg.fit(tg.nn.Network([3, 1]), X[:2], X[:1], progress=False, epochs=1),
    "the cost of fit": lambda: tg.fit(
        tg.nn.Model({"W1": W1}, lambda X, Y: np.sum(W1 @ X.T)), X, X, progress=False
    ),
}


def failing_step():
    scale = np.ones((2, 3))
    compiled = tg.compile(lambda: np.sum(W1 * scale), [W1])
    compiled()
    scale.resize((1, 7), refcheck=False)
    return compiled


@pytest.mark.parametrize("what", CALLS)
def test_few_frames_follow_the_users_line(monkeypatch, what):
    monkeypatch.delenv("TINYGRAPH_TRACEBACK", raising=False)
    error = raised_by(CALLS[what])

    assert ours_in(error) <= 3
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("what", CALLS)
def test_the_switch_shows_all_frames_and_causes(monkeypatch, what):
    monkeypatch.delenv("TINYGRAPH_TRACEBACK", raising=False)
    few = list(faults.frames(raised_by(CALLS[what]).__traceback__))
    monkeypatch.setenv("TINYGRAPH_TRACEBACK", "full")
    error = raised_by(CALLS[what])

    assert len(list(faults.frames(error.__traceback__))) >= len(few)
    if what not in ("fit", "a compiled loss", "the cost of fit"):
        assert isinstance(error.__cause__, ValueError | IndexError)
    if what in ("a function", "fit", "a compiled step"):
        assert len(list(faults.frames(error.__traceback__))) > len(few)
