"""What of a script can be judged: what is said to be a derivative, what it may be by, and whether it is."""

import numpy as np
import pytest

from tests.debugger.somebody import LOOP
from tests.debugger.test_statements import program_of
from tinygraph.debugger.cases import (
    Evidence,
    Interpretation,
    fits_into,
    is_flat,
    plausible_factors,
    same_but_ones,
)
from tinygraph.debugger.protocols.scripts import scripts_of
from tinygraph.debugger.statements import script_machine
from tinygraph.debugger.trial import Unplayable

TEXT = """
import numpy as np
X = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, -1.0]])
y = np.array([[1.0, 0.2], [0.3, 1.0], [1.0, 0.1]])
W = np.array([[0.5, -0.25], [0.125, 0.25]])
b = np.array([0.1, 0.2])
V = np.array([[0.3, 0.4], [-0.2, 0.7]])
lr = 0.05
z = X @ W + b
h = np.tanh(z)
p = h @ V
loss = np.sum((p - y) ** 2) / 3
dp = 2 * (p - y) / 3
dV = h.T @ dp
dh = dp @ V.T
dz = dh * (1 - h ** 2)
dW = X.T @ dz
db = dz.sum(axis=0)
V -= lr * dV
W -= lr * dW
b -= lr * db
"""
READING = Interpretation(0)


def evidence(text=TEXT, *slips):
    for right, wrong in slips:
        assert right in text
        text = text.replace(right, wrong)
    program = program_of(text)
    return Evidence(script_machine(program, next(scripts_of(program))))


def step_of(case, name, update=False):
    return [s for s in case.steps if s.name == name and s.update is update][-1]


def found(case, name, reading=READING, update=False):
    return case.find(step_of(case, name, update), case.run, reading)


def by_hand():
    """The derivatives by the formulas of the chain rule, in arrays of their own."""
    space = {}
    exec(TEXT, space)
    X, y, z = space["X"], space["y"], space["z"]
    V = np.array([[0.3, 0.4], [-0.2, 0.7]])
    p = np.tanh(z) @ V
    above = 2 / 3 * (p - y)
    inner = above @ V.T / np.cosh(z) ** 2
    return {"dV": np.tanh(z).T @ above, "dW": X.T @ inner, "db": inner.sum(0), "dz": inner}


def test_the_values_that_are_said_to_be_derivatives():
    case = evidence()
    assert [(s.name, s.update) for s in case.steps] == [
        (n, False) for n in ("dp", "dV", "dh", "dz", "dW", "db")] + [(n, True) for n in "VWb"]  # fmt: skip
    for name, right in by_hand().items():
        assert np.allclose(step_of(case, name).value, right, atol=1e-12)
    assert np.allclose(step_of(case, "W", True).value, 0.05 * by_hand()["dW"])  # by how much it was moved
    assert all(s.final for s in case.steps)


def test_each_is_right_at_the_place_that_its_name_speaks_of():
    case = evidence()
    for name in ("dp", "dV", "dh", "dz", "dW", "db"):
        one = found(case, name)
        assert (one.status, one.place.label, one.factor) == ("right", name[1:], 1.0)
    one = found(case, "W", update=True)
    assert (one.status, one.factor) == ("right", 0.05)
    assert case.loss_value(0) == pytest.approx(case.run.last["loss"])


def test_a_wrong_value_is_wrong_there():
    one = found(evidence(TEXT, ("dV = h.T", "dV = 2 * h.T")), "dV")
    assert (one.status, one.place.label, one.factor) == ("wrong", "V", 1.0)
    assert found(evidence(TEXT, ("dV = h.T", "dV = 2 * h.T")), "dV", Interpretation(0, 2.0)).status == "right"
    assert found(evidence(), "dV", Interpretation(0, 2.0)).status == "wrong"
    moved = found(evidence(TEXT, ("W -= lr", "W += lr")), "W", update=True)
    assert (moved.status, moved.factor) == ("wrong", 0.05)


def test_intermediate_values_may_have_a_factor_of_their_own():
    case = evidence()
    assert found(case, "dz", Interpretation(0, 1.0, (3.0,))).status == "wrong"
    assert found(case, "dz", Interpretation(0, 1.0, (3.0, 1.0))).status == "right"
    assert found(case, "dW", Interpretation(0, 1.0, (3.0,))).status == "right"  # a parameter has none
    moved = Interpretation(0, 1.0, moved=2.0)
    assert moved.accepted(step_of(case, "W", True), case.places[0], [0.05, 1.0]) == [0.1, 2.0]


def test_what_is_not_finite_is_wrong():
    one = found(evidence(TEXT, ("dV = h.T @ dp", "dV = h.T @ dp / 0")), "dV")
    assert (one.status, one.said) == ("wrong", "holds NaN or infinity")


def test_a_name_that_speaks_of_nothing_is_looked_for_among_all():
    case = evidence(TEXT, ("dz = dh", "dq = dh"), ("@ dz", "@ dq"), ("db = dz", "db = dq"))
    one = found(case, "dq")
    assert (one.status, one.place.label) == ("right", "z")
    lost = evidence(TEXT, ("dz = dh * (1", "dq = dh * (2"), ("@ dz", "@ dq"), ("db = dz", "db = dq"))
    assert found(lost, "dq").status == "unnamed"


def test_a_parameter_that_is_moved_by_it_says_what_it_is():
    case = evidence(TEXT, ("dW = ", "grad_up = "), ("lr * dW", "lr * grad_up"))
    assert case.pairs["grad_up"] == "W"
    assert found(case, "grad_up").place.label == "W"


def test_a_g_before_a_name_is_a_derivative_by_it():
    case = evidence(TEXT, ("dW =", "gW ="), ("lr * dW", "lr * gW"))
    assert [p.label for p in case.named_for(step_of(case, "gW"))] == ["W"]


def test_another_number_of_axes_is_wrong_unless_it_moves_the_parameter():
    flat = ("db = dz.sum(axis=0)", "db = dz.sum(axis=0, keepdims=True)")
    assert found(evidence(TEXT, flat, ("b -= lr * db\n", "\n")), "db").status == "wrong"
    assert found(evidence(TEXT, flat, ("b -= lr * db\n", "b -= lr * db[0]\n")), "db").status == "right"


def test_values_that_follow_each_other_under_one_name_are_one_group():
    case = evidence(TEXT, ("dz = dh * (1 - h ** 2)", "dz = dh.copy()\ndz *= 1 - h ** 2"))
    own = [s for s in case.steps if s.name == "dz"]
    assert [s.final for s in own] == [False, True]
    assert own[0].group == own[1].group
    assert case.is_loose(own[1])
    assert not case.is_loose(step_of(case, "dV"))
    read = evidence(TEXT, ("db = dz", "dz = dz * 1\ndb = dz"))
    own = [s for s in read.steps if s.name == "dz"]
    assert [s.final for s in own] == [True, True]  # dW has read the first


def test_a_loose_name_may_mean_what_is_before_an_activation():
    case = evidence(
        TEXT,
        ("dh = dp @ V.T\ndz = dh *", "h_delta = dp @ V.T *"),
        ("@ dz", "@ h_delta"),
        ("db = dz", "db = h_delta"),
    )
    one = found(case, "h_delta")
    assert (one.status, one.place.label) == ("right", "z")


def test_a_derivative_on_which_nothing_depends_is_0():
    text = TEXT.replace("lr = 0.05", "lr = 0.05\nspare = np.ones(2)").replace(
        "db =", "dspare = np.zeros(2) * 1\ndb ="
    )
    one = found(evidence(text), "dspare")
    assert (one.status, one.place.label) == ("right", "spare")


def test_places_are_values_of_the_forward_pass():
    case = evidence()
    assert {p.label for p in case.places if p.root} == {"X", "y", "W", "b", "V", "lr"}
    assert [p.label for p in case.named_for(step_of(case, "W", True))] == ["W"]
    assert {p.label for p in case.places if not p.root} == {"z", "h", "p", "loss"}
    sources = [p.label for p in case.unnamed]
    assert "X @ W" in sources
    assert "p - y" not in sources  # within the loss
    assert case.matters(next(p for p in case.places if p.label == "z"))


def test_only_values_of_the_shape_are_looked_at_and_parameters_if_asked_for():
    case = evidence()
    assert {p.shape for p in case.of_size((3, 2))} == {(3, 2)}
    names = {p.label for p in case.of_size((2, 2), roots=True) if p.named}
    assert names == {"W", "V"}
    assert not [p for p in case.of_size((2, 2)) if p.named]


def test_the_uses_of_a_value_in_the_forward_pass():
    case = evidence(TEXT, ("p = h @ V", "p = h @ V + 0.1 * h"))
    place = next(p for p in case.places if p.label == "h")
    assert len(case.uses(place)) == 2


def test_how_many_examples_and_what_factors_are_plausible():
    case = evidence()
    assert case.m == [3.0]
    assert {3.0, 1 / 3, 2.0, 0.5, 2 / 3, 4.0} <= set(case.plausible)  # 4: twice an axis of 2
    assert sorted(set(plausible_factors([7.0], [(7, 3)]))) == sorted(
        {a * b * c for a in (1.0, 7.0, 1 / 7.0) for b in (0.5, 1.0, 2.0) for c in (1.0, 3.0)}
    )


def test_a_rate_is_known_where_a_line_reads_one():
    case = evidence()
    assert case.rates(step_of(case, "W", True)) == [0.05, 1.0]
    assert case.rates(step_of(case, "dW")) == [1.0]
    momentum = evidence(TEXT, ("W -= lr * dW", "dvel = 0 * dW\ndvel = 0.9 * dvel + lr * dW\nW -= dvel"))
    assert momentum.rates(step_of(momentum, "W", True)) == [0.05, 1.0]


def test_zeros_are_moved_so_that_they_hide_nothing():
    case = evidence(TEXT, ("b = np.array([0.1, 0.2])", "b = np.zeros(2)"))
    assert np.ptp(case.value_at(next(p for p in case.places if p.label == "b"))) > 0
    assert found(case, "db").status == "right"
    assert evidence().machine.base == {}


def test_only_parameters_are_moved_from_zeros_by_whatever_they_are_moved():
    mask = ("lr = 0.05", "lr = 0.05\nmask = np.ones(2)")
    masked = ("p = h @ V", "p = (h * mask) @ V")
    assert evidence(TEXT, mask, masked).machine.base == {}
    held = [
        ("W = np.array([[0.5, -0.25], [0.125, 0.25]])", "net = {'W': np.zeros((2, 2))}"),
        ("@ W", "@ net['W']"),
    ]
    case = evidence(TEXT, *held, ("dW =", "up ="), ("W -= lr * dW", "net['W'] -= lr * up"))
    ((_, noise),) = next(iter(case.machine.base.values()))
    assert noise.shape == (2, 2)


@pytest.mark.parametrize(
    ("value", "flat"),
    [(np.zeros(2), True), (np.ones(1), False), (np.array([1.0, 2.0]), False), (np.zeros(2, int), False)],
)
def test_flat_arrays(value, flat):
    assert is_flat(value) is flat


def test_in_a_loop_backwards_the_turns_are_the_other_way_round():
    case = evidence(LOOP)
    steps = [s for s in case.steps if s.name == "dh" and s.line.within]
    assert [case.find(s, case.run, READING).status for s in steps] == ["right", "right"]
    turns = sorted((p for p in case.places if p.label == "h" and not p.root), key=lambda p: p.spot.turn)
    assert [case.in_turn(s, turns).spot.turn for s in steps] == [1, 0]


def test_a_factor_that_all_entries_share():
    case = evidence()
    place = next(p for p in case.places if p.label == "V")
    right = step_of(case, "dV").value
    assert case.factor(-3 * right, place, 0) == pytest.approx(-3)
    assert case.factor(right + 1, place, 0) is None


def test_what_does_not_come_to_its_backward_pass_is_refused():
    with pytest.raises(Unplayable, match="ValueError"):
        evidence(TEXT, ("p = h @ V", "p = X.T @ h.T @ V @ y"))
    unreached = TEXT.partition("dp =")[0] + "if len(X) > 5:\n    dp = p - y\n    dV = h.T @ dp\n"
    with pytest.raises(Unplayable, match="not reached"):
        evidence(unreached)
    stopped = evidence(TEXT, ("dV = h.T @ dp", "dV = h @ dp"))
    assert [s.name for s in stopped.steps] == ["dp"]  # what there is up to the error is judged


@pytest.mark.parametrize(
    ("a", "b", "same", "fits"),
    [((3,), (3,), True, True), ((3,), (1, 3), True, True), ((3,), (3, 1), True, False), ((1, 3),
     (3,), True, True),
     ((3, 1), (3,), True, False), ((3, 2), (2, 3), False, False), ((), (1, 1), True, True), ((3, 1),
     (1, 3), True, False)],
)  # fmt: skip
def test_shapes_that_differ_in_ones(a, b, same, fits):
    assert (same_but_ones(a, b), fits_into(a, b)) == (same, fits)
