"""Programs with hooks: what a run notes, and what becomes of it when values are moved or replaced."""

import ast

import numpy as np
import pytest

from tests.debugger.test_statements import program_of
from tinygraph.debugger.machines import (
    MOST_PARTS,
    MOST_TURNS,
    MachineRun,
    Spot,
    change_parts,
    is_float,
    numbers_in,
    reachable,
)
from tinygraph.debugger.program import code_of_function
from tinygraph.debugger.protocols.scripts import scripts_of
from tinygraph.debugger.sites import Site
from tinygraph.debugger.statements import function_machine, script_machine

SCRIPT = """
import numpy as np
X = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]])
y = np.array([1.0, 2.0, 3.0])
params = {"w": np.array([0.5, -0.25]), "b": 0.5}
p = X @ params["w"] + params["b"]
loss = np.sum((p - y) ** 2)
dp = 2 * (p - y)
dw = X.T @ dp
db = dp.sum()
params["w"] -= 0.1 * dw
print("after", loss)
"""
X = np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]])
Y = np.array([1.0, 2.0, 3.0])
W = np.array([0.5, -0.25])


def machine_of(text=SCRIPT):
    program = program_of(text)
    return script_machine(program, next(scripts_of(program)))


def event(run, label):
    return [e for e in run.events if e.label == label][-1]


def spot_of(machine, label):
    return event(machine.run(recording=True), label).spot


def loss_at(w, b=0.5):
    return np.sum((X @ w + b - Y) ** 2)


def test_a_run_notes_what_is_new_at_each_name():
    run = machine_of().run(recording=True)
    assert run.error is None
    labels = [e.label for e in run.events]
    assert labels == ["X", "y", "params['w']", "params['b']", "p", "loss", "dp", "dw", "db", "params['w']"]
    assert run.known_at_seed.keys() == {"X", "y", "params", "p", "loss"}
    assert labels[: run.seed_event][-1] == "loss"
    moved = event(run, "params['w']")
    assert np.array_equal(moved.before, W)
    by_hand = X.T @ (2 * (X @ W + 0.5 - Y))
    assert np.allclose(moved.value, W - 0.1 * by_hand)
    assert np.allclose(run.value("dw"), by_hand)


def test_nothing_is_noted_where_nobody_asks():
    run = machine_of().run()
    assert (run.events, run.shapes) == ([], {})
    assert run.last["loss"] == loss_at(W)


def test_a_run_ends_after_what_is_of_interest():
    machine = machine_of(SCRIPT + "raise ValueError\n")
    assert machine.run().error is None
    assert isinstance(machine_of(SCRIPT.replace("dw = X.T @ dp", "dw = X @ dp")).run().error, ValueError)
    assert isinstance(machine_of(SCRIPT.replace("db = dp.sum()", "db = exit()")).run().error, SystemExit)


def test_a_moved_value_moves_what_is_computed_from_it():
    machine = machine_of()
    spot = spot_of(machine, "params['b']")
    run = machine.run({(spot.site, spot.turn): [(spot.steps, 0.25)]})
    assert run.last["loss"] == pytest.approx(loss_at(W, 0.75))
    first = event(machine.run(recording=True), "X").spot
    run = machine.run({(first.site, first.turn): [((), np.ones((3, 2)))]})
    assert run.last["loss"] == pytest.approx(np.sum(((X + 1) @ W + 0.5 - Y) ** 2))


def test_a_place_in_an_expression_can_be_moved():
    machine = machine_of()
    shapes = machine.run(recording=True).shapes
    (spot,) = [s for s in shapes if source_of(machine.sites[s.site]) == "X @ params['w']"]
    run = machine.run({(spot.site, spot.turn): [((), np.array([1.0, 0.0, 0.0]))]})
    assert run.last["p"] == pytest.approx(X @ W + 0.5 + [1, 0, 0])


def source_of(site):
    return ast.unparse(site.node)


def test_a_replaced_value_is_what_goes_on_though_the_true_one_is_noted():
    machine = machine_of()
    spot = spot_of(machine, "dp")
    run = machine.run(forced={(spot.site, spot.turn): [((), np.array([1.0, 0.0, 0.0]))]}, recording=True)
    assert event(run, "dw").value.tolist() == [1.0, 2.0]
    assert event(run, "dp").value == pytest.approx(2 * (X @ W + 0.5 - Y))
    assert run.last["dp"].tolist() == [1.0, 0.0, 0.0]


def test_what_is_always_moved_is_moved_besides():
    machine = machine_of()
    spot = spot_of(machine, "params['b']")
    machine.base = {(spot.site, spot.turn): [(spot.steps, 0.25)]}
    run = machine.run({(spot.site, spot.turn): [(spot.steps, 0.5)]})
    assert run.last["loss"] == pytest.approx(loss_at(W, 1.25))
    assert machine.run().last["loss"] == pytest.approx(loss_at(W, 0.75))


LOOP = """
import numpy as np
y = np.ones(2)
h = np.ones(2)
for i in range(3):
    h = 2 * h
loss = np.sum(h - y)
dh = h - y
dh = 1 * dh
"""


def test_a_loop_has_turns():
    machine = machine_of(LOOP)
    spots = [e.spot for e in machine.run(recording=True).events if e.label == "h"]
    assert [s.turn for s in spots] == [0, 0, 1, 2]
    by_hand = [8, 4, 2, 1]  # each later turn doubles what was moved once less
    for spot, times in zip(spots, by_hand, strict=True):
        run = machine.run({(spot.site, spot.turn): [((), np.array([1.0, 0.0]))]})
        assert run.last["loss"] == pytest.approx(14 + times)


def test_long_lists_and_late_turns_are_not_noted():
    site = Site(0, "variable", "x", None, None, "", "", body=True)
    run = MachineRun([site], recording=True)
    run.at(0, list(range(MOST_PARTS + 1)))
    assert run.events == []
    run.at(0, [float(i) for i in range(MOST_PARTS)])
    assert len(run.events) == MOST_PARTS
    for i in range(MOST_TURNS):
        run.at(0, float(100 + i))
    assert len(run.events) == MOST_PARTS + MOST_TURNS - 2


def test_an_entry_that_stays_is_not_noted_again():
    site = Site(0, "variable", "x", None, None, "", "", body=True)
    run = MachineRun([site], recording=True)
    held = {"a": np.ones(2), "b": np.zeros(2)}
    run.at(0, held)
    held["b"] += 1
    run.at(0, held)
    assert [e.label for e in run.events] == ["x['a']", "x['b']", "x['b']"]
    assert [e.value.tolist() for e in run.events[1:]] == [[0, 0], [1, 1]]
    assert run.events[2].before.tolist() == [0, 0]


def test_a_text_is_no_loss():
    run = MachineRun([Site(0, "loss", "print", None, None, "", "")])
    assert run.at(0, "a text") == "a text"
    assert run.results == {}


def test_the_losses_at_the_seed_are_taken_once_for_each_pass():
    machine = machine_of()
    machine.seeded = [lambda run: run.last["p"].sum(), lambda run: run.last["nothing"]]
    (row,) = machine.run().at_seed
    assert row[0] == pytest.approx((X @ W + 0.5).sum())
    assert np.isnan(row[1])


def test_the_file_as_it_is_now():
    machine = machine_of()
    spot = spot_of(machine, "params['b']")
    machine.base = {(spot.site, spot.turn): [(spot.steps, 0.25)]}
    tree = machine.program.trees[machine.function.file]
    line = next(x for x in tree.body if getattr(x, "lineno", 0) == 8)
    line.value.left.value = 3
    values = machine.values_now(["dp"])
    assert values["dp"] == pytest.approx(3 * (X @ W + 0.75 - Y))


FUNCTION = """
import numpy as np
def act(z):
    return np.tanh(z)
def train(X, y, w):
    h = act(X @ w)
    loss = np.mean((h - y) ** 2)
    dh = 2 * (h - y) / h.size
    dw = X.T @ (dh * (1 - h ** 2))
    w -= 0.1 * dw
    extra = FAR
    return w
class Layer:
    def __init__(self):
        self.w = 1.0
    def run(self, x):
        return other(x)
def other(x):
    return x * scale
def unused(x):
    return x
"""


def function_of(text=FUNCTION, missing=None, name="train"):
    program = program_of(text)
    state = {"X": X, "y": np.array([0.1, 0.5, 0.2]), "w": 0.1 * W}
    return function_machine(program, program.functions[name], state, missing)


def test_a_function_is_run_on_its_arguments_and_they_are_as_they_were():
    machine = function_of(missing={"FAR": 3})
    run = machine.run(recording=True)
    assert run.error is None
    assert "FAR" not in machine.function.itself.__globals__
    h = np.tanh(X @ (0.1 * W))
    assert event(run, "loss").value == pytest.approx(np.mean((h - [0.1, 0.5, 0.2]) ** 2))
    assert machine.state["w"].tolist() == (0.1 * W).tolist()
    assert run.known_at_seed["w"].tolist() == (0.1 * W).tolist()  # though it was moved in place since
    entries = {e.label for e in run.events if machine.sites[e.spot.site].kind == "entry"}
    assert entries == {"X", "y", "w"}


def test_called_functions_are_moved_too_and_are_what_they_were_afterwards():
    machine = function_of(missing={"FAR": 3})
    inner = next(
        s
        for s in machine.sites
        if s.function == "act" and s.kind == "expression" and source_of(s).startswith("np.tanh")
    )
    before = machine.program.functions["act"].itself.__code__
    run = machine.run({(inner.index, 0): [((), np.ones(3))]})
    h = np.tanh(X @ (0.1 * W)) + 1
    assert run.last["loss"] == pytest.approx(np.mean((h - [0.1, 0.5, 0.2]) ** 2))
    assert machine.program.functions["act"].itself.__code__ is before


def test_a_function_that_was_changed_is_watched_as_it_is():
    text = FUNCTION.replace("    return w\n", "")
    machine = function_of(text, missing={"FAR": 3})
    function = machine.function
    assert machine.values_now(["dh"])["dh"] == pytest.approx(event(machine.run(recording=True), "dh").value)
    node = program_of(text.replace("dh = 2 *", "dh = 5 *")).functions["train"].node
    with machine.program.changed(function, code_of_function(function, node)):
        h = np.tanh(X @ (0.1 * W))
        values = machine.values_now(["dh"])
        assert values["dh"] == pytest.approx(5 * (h - [0.1, 0.5, 0.2]) / 3)
        assert "extra" not in values  # it ended after the last statement of interest
        entry = next(s.index for s in machine.sites if s.kind == "entry" and s.label == "w")
        machine.base = {(entry, 0): [((), np.array([1.0, 0.0]))]}
        moved = machine.values_now(["dh"])
        h = np.tanh(X @ (0.1 * W + [1, 0]))
        assert moved["dh"] == pytest.approx(5 * (h - [0.1, 0.5, 0.2]) / 3)


def test_what_is_made_on_the_way_is_moved_once_it_is_there():
    machine = function_of(missing={"FAR": 3})
    site = next(s.index for s in machine.sites if s.kind == "variable" and s.label == "h" and s.body)
    machine.base = {(site, 0): [((), np.ones(3))]}
    h = np.tanh(X @ (0.1 * W)) + 1
    node = program_of(FUNCTION.replace("dh = 2 *", "dh = 5 *")).functions["train"].node
    with machine.program.changed(machine.function, code_of_function(machine.function, node)):
        values = machine.values_now(["dh"])
    assert values["dh"] == pytest.approx(5 * (h - [0.1, 0.5, 0.2]) / 3)
    assert values["extra"] == 3  # what returns something is run to its end


def test_an_error_while_values_are_read_is_raised():
    machine = function_of(FUNCTION.replace("dw = X.T", "dw = X"), missing={"FAR": 3})
    with pytest.raises(ValueError, match="matmul"):
        machine.values_now(["dh"])


@pytest.mark.parametrize(
    ("end", "returns"), [("return np.mean(h)", True), ("return", False), ("pass", False)]
)
def test_a_loss_may_be_in_what_is_returned(end, returns):
    text = f"import numpy as np\ndef train(X, y, w):\n    h = X @ w\n    dw = X.T @ (h - y)\n    {end}\n"
    machine = function_of(text)
    assert machine.returns is returns
    looped = text.replace("    h =", "    for epoch in range(1):\n        h =")
    looped = looped.replace("    dw", "        dw")
    assert function_of(looped).returns is False
    results = machine.run().results
    assert list(results.values()) == ([pytest.approx(np.mean(X @ (0.1 * W)))] if returns else [])


def test_the_functions_that_may_be_called():
    program = program_of(FUNCTION)
    functions = program.functions
    assert [f.name for f in reachable(program, functions["train"])] == ["train", "act", "Layer.__init__"]
    assert {f.name for f in reachable(program, functions["Layer.run"])} == {
        "Layer.run",
        "Layer.__init__",
        "other",
    }


def test_a_dotted_name_is_looked_up():
    run = MachineRun([])
    run.last["self.w"] = 2
    run.namespace = {"net": program_of(FUNCTION).namespace["Layer"]()}
    assert (run.value("self.w"), run.value("net.w")) == (2, 1.0)
    with pytest.raises(KeyError):
        run.value("absent")
    assert Spot(1, 2) == Spot(1, 2, ())


def test_numbers_with_a_fraction_are_floats():
    assert all(map(is_float, (1.0, np.float32(1), np.ones(2), np.ones((1, 1), "f2"))))
    assert not any(
        map(is_float, (1, True, "1.0", None, [1.0], np.int8(1), np.ones(2, int), np.ones(2, complex)))
    )


def test_the_numbers_in_something_that_is_not_too_long():
    assert len(numbers_in([1.0, (2.0, {"a": np.ones(2)})], "x")) == 3
    assert len(numbers_in([1.0] * MOST_PARTS, "x")) == MOST_PARTS
    assert numbers_in([1.0] * (MOST_PARTS + 1), "x") == []
    assert len(numbers_in([[1.0] * MOST_PARTS] * 2, "x")) == MOST_PARTS


def test_parts_of_a_value_are_changed_and_numbers_stay_numbers():
    value = {"a": [1.0, np.ones((2, 2))]}

    after = change_parts(value, [(("a", 0), 2), (("a", 1), np.arange(4))], lambda old, by: old + by)

    assert after["a"][0] == 3.0
    np.testing.assert_array_equal(after["a"][1], [[1, 2], [3, 4]])
    assert type(change_parts(1.0, [((), 2)], lambda old, by: np.asarray(old + by))) is np.float64
