"""The benchmark measures what it says: the same step for everybody. Times are looked at, never tested."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.calls import NOT_HANDED, PLAIN, RECORDS, REFUSED, outcome_of, tabulate
from tests.benchmarks.contestants import BASELINE, CONTESTANTS
from tests.benchmarks.contestants.by_hand import Training
from tests.benchmarks.corpus import Answer, PublicFile, read_facts, sum_up
from tests.benchmarks.measure import find_difference
from tests.benchmarks.plans import memory_of
from tests.benchmarks.steps import choose_contestants
from tests.benchmarks.tasks import LEARNING_RATE, TASKS, Chain
from tests.benchmarks.worker import prove
from tests.calls import LISTED

ROOT = Path(__file__).parents[1]
NETWORKS = [task for task in TASKS.values() if not isinstance(task, Chain)]


def compute_cost(network, parameters):
    """J in float64, by a loop over the layers: what the steps by hand are held against."""
    X, Y = (array.astype("float64") for array in network.make_examples())
    A = X
    for layer, g in enumerate(network.activations, start=1):
        Z = parameters[f"W{layer}"] @ A + parameters[f"b{layer}"]
        if g == "softmax":
            return np.sum(np.log(np.sum(np.exp(Z), axis=0)) - np.sum(Y * Z, axis=0)) / network.m
        A = {"relu": Z.clip(min=0), "tanh": np.tanh(Z), "sigmoid": 1 / (1 + np.exp(-Z))}[g]
    return -np.mean(np.where(Y == 1, np.log(A), np.log(1 - A)))


def run_steps(*arguments):
    command = [sys.executable, "-m", "tests.benchmarks.steps", "--quick", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_step_by_hand_moves_every_parameter_down_its_derivative(network):
    training, start = Training(network), network.initialize_parameters()
    cost = training.step()
    moves = {name: value - start[name] for name, value in training.parameters().items()}
    exact = {name: value.astype("float64") for name, value in start.items()}
    tolerance = {"float64": 1e-5, "float32": 1e-2}[network.dtype]

    assert cost == pytest.approx(compute_cost(network, exact), rel=1e-6)
    for name, move in moves.items():
        direction = move.astype("float64") / np.linalg.norm(move)
        h = 1e-5
        ahead, behind = (
            compute_cost(network, exact | {name: exact[name] + s * h * direction}) for s in (1, -1)
        )
        expected = -np.linalg.norm(move) / LEARNING_RATE

        assert expected == pytest.approx((ahead - behind) / (2 * h), rel=tolerance), name


def test_step_by_hand_on_the_chain_counts_its_links():
    chain = Chain(links=7)
    training, start = Training(chain), chain.initialize_parameters()["x"]

    assert training.step() == pytest.approx(8 * start.sum())
    np.testing.assert_allclose(training.parameters()["x"], start - LEARNING_RATE * 8)


SPOILS = {
    "another factor": lambda start, value: start + 1.001 * (value - start),
    "not moved": lambda start, value: start,
    "nan": lambda start, value: value * np.nan,
    "another dtype": lambda start, value: value.astype("float32"),
    "another shape": lambda start, value: value[np.newaxis],
}


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "W3", "b3"])
def test_a_contestant_that_takes_another_step_is_told_so(name, spoil):
    task = TASKS["tiny"]
    costs, parameters = prove(Training(task), 3)
    spoiled = SPOILS[spoil](task.initialize_parameters()[name], parameters[name])

    assert find_difference(task, (costs, parameters), (costs, parameters)) is None
    assert find_difference(task, (costs, parameters), (costs, parameters | {name: spoiled})).startswith(name)


def test_a_contestant_with_other_costs_is_told_so():
    task = TASKS["tiny"]
    costs, parameters = prove(Training(task), 3)

    assert "costs" in find_difference(task, (costs, parameters), (costs[1:] + costs[:1], parameters))
    assert "costs" in find_difference(task, (costs, parameters), ([*costs[:2], np.nan], parameters))


def test_the_baseline_always_runs_and_the_chain_has_fewer_contestants():
    everybody = list(CONTESTANTS)

    assert choose_contestants([], TASKS["tiny"]) == [BASELINE]
    assert choose_contestants(everybody, TASKS["tiny"]) == list(CONTESTANTS.values())
    assert [c.key for c in choose_contestants(everybody, TASKS["chain"])] == [
        "by_hand",
        "tinygraph_eager",
        "hips",
        "pytorch",
        "mygrad",
    ]


def test_steps_shows_and_writes_who_was_measured(tmp_path):
    path = tmp_path / "steps.json"
    run = run_steps("--networks", "tiny", "chain", "--contestants", "tinygraph_eager", "--json", str(path))

    assert (run.returncode, run.stderr.strip()) == (0, "")
    assert "ratio to by hand" in run.stdout
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert [(result["task"], result["contestant"], result["status"]) for result in results] == [
        ("tiny", "by_hand", "ok"),
        ("tiny", "tinygraph_eager", "ok"),
        ("chain", "by_hand", "ok"),
        ("chain", "tinygraph_eager", "ok"),
    ]
    assert all(result["seconds"] > 0 and result["ratio"] > 0 for result in results)
    assert [result["ratio"] for result in results if result["contestant"] == "by_hand"] == [1, 1]


@pytest.mark.skipif(find_spec("mygrad") is not None, reason="MyGrad is installed here")
def test_a_peer_that_is_missing_is_shown_as_not_installed(tmp_path):
    path = tmp_path / "steps.json"
    run = run_steps("--networks", "tiny", "--contestants", "mygrad", "--json", str(path))

    assert "MyGrad not installed: No module named 'mygrad' (tiny)" in run.stdout
    by_hand, mygrad = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert (by_hand["status"], by_hand["ratio"]) == ("ok", 1)
    assert (mygrad["status"], mygrad["seconds"], mygrad["ratio"]) == ("not installed", None, None)


def test_an_unknown_network_is_refused_by_name():
    run = run_steps("--networks", "huge")

    assert run.returncode == 2
    assert "'huge'" in run.stderr
    assert "tiny" in run.stderr


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_compiled_step_holds_less_than_the_step_by_hand(network):
    hand, own, made = memory_of(network)

    assert made > 0
    assert own + made < hand


def test_what_is_known_of_public_files_is_said_of_each_function_once():
    files = read_facts()

    assert len({(f.repository, f.path) for f in files}) == len(files)
    for file in files:
        named = [*file.right, *file.wrong, *file.lacking]
        assert len(set(named)) == len(named), file.path
        assert file.lines.keys() <= file.wrong.keys(), file.path
        assert file.repository.count("/") == 1
        assert Path(file.path).suffix in (".py", ".ipynb")


def test_what_is_said_of_public_files_is_counted():
    file = PublicFile(
        "a/b", "c.py", ("f", "g"), {"h": "a sign", "i": "m"}, {"j": "torch"}, {"h": [3], "i": [9]}
    )
    verdicts = {"f": "agrees", "g": "wrong", "h": "could not run", "i": "agrees"}
    counted = list(
        sum_up([Answer(file, 0.1, verdicts, {"h": [3]}), Answer(PublicFile("a/b", "d.py"), 0.1, {}, {})])
    )

    assert counted == [
        "1 of 1 files judged, of 2 in all",
        "4 of 4 backward functions judged",
        "0 of 1 that lack a module, data or Python 2 said so",
        "1 right functions called wrong",
        "1 of 2 wrong functions noticed; 1 of 2 mistakes told with their line",
    ]


def test_calls_are_counted_by_what_becomes_of_them():
    assert outcome_of("sort") == (RECORDS, "")
    assert outcome_of("histogram") == (PLAIN, "")
    assert outcome_of("fill_diagonal")[0] == REFUSED
    assert outcome_of("array")[0] == NOT_HANDED

    outcomes = {row["call"]: (RECORDS if row["call"] == "dot" else REFUSED, "") for row in LISTED}
    [calls, share, *_] = [column._cells[0] for column in tabulate(outcomes).columns][1:]

    assert calls == f"1 of {len(LISTED)}"
    assert share == f"{2241 / sum(int(row['uses in public code']) for row in LISTED):.2%}"
