"""`fit`: it learns, repeats itself, stops early, and goes on where it was stopped, to the last bit."""

import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import tinygraph as tg
from tinygraph.errors import DtypeError, ShapeError, UserFileError

ROOT = Path(__file__).parents[1]
random = np.random.default_rng(3)
X = random.standard_normal((2, 150))
Y = (X[:1] * X[1:] > 0).astype(float)  # as XOR: no line tells them apart
TRAIN, HELD_OUT = (X[:, :110], Y[:, :110]), (X[:, 110:], Y[:, 110:])


def make_network(**settings):
    return tg.nn.Network([2, 8, 1], hidden="tanh", **settings)


def fit(network, **settings):
    settings = {"optimizer": tg.optim.Adam(0.03), "batch_size": 32, "epochs": 6, "progress": False} | settings
    return tg.fit(network, *TRAIN, **settings)


def values(network):
    return {name: p.value.tobytes() for name, p in network.parameters.items()}


def columns(history):
    return {name: x.tobytes() for name, x in history.arrays().items()}


def test_it_learns_and_measures():
    network = make_network()
    history = fit(network, epochs=80, validation=HELD_OUT)

    assert history.stopped == "finished"
    assert history.epoch == list(range(1, 81))
    assert history.cost[-1] < 0.3 < history.cost[0]
    assert history.accuracy[-1] == network.accuracy(*TRAIN) > 0.95
    assert history.validation_accuracy[-1] == network.accuracy(*HELD_OUT) > 0.9
    assert history.validation_cost[-1] == pytest.approx(network.cost(*HELD_OUT).value)


def test_it_is_the_loop_that_one_would_write():
    """Batches of the seeded order, an update each, and the mean of their costs."""
    expected, descent = make_network(), tg.optim.Momentum(0.1)
    costs = []
    for epoch in range(3):
        total = 0.0
        for x, y in tg.nn.batches(*TRAIN, 32, np.random.default_rng([7, epoch])):
            J = expected.cost(x, y)
            descent.update(expected.parameters, J.backward())
            total += float(J.value) * x.shape[1]
        costs.append(total / 110)

    actual = make_network()
    history = fit(actual, optimizer=tg.optim.Momentum(0.1), epochs=3, seed=7)

    assert costs == history.cost
    assert values(expected) == values(actual)


@pytest.mark.parametrize("settings", [{}, {"keep_prob": 0.8, "l2": 0.5}], ids=["plain", "dropout"])
def test_eager_and_compiled_are_the_same_to_the_last_bit(settings):
    eager, compiled = make_network(**settings), make_network(**settings)

    first, second = fit(eager), fit(compiled, backend="numpy")

    assert columns(first) == columns(second)
    assert values(eager) == values(compiled)


def test_the_same_seed_gives_the_same_run_and_another_does_not():
    networks = [make_network(keep_prob=0.8) for _ in range(3)]

    first, again, other = (columns(fit(n, seed=seed)) for n, seed in zip(networks, (1, 1, 2), strict=True))

    assert first == again != other


def test_lines_of_your_own_are_trained_as_well():
    network = make_network()
    W1, b1, W2, b2 = (tg.parameter(p.value, name=name) for name, p in network.parameters.items())

    def output(X):
        return tg.sigmoid(W2 @ np.tanh(W1 @ X + b1) + b2)

    parameters = {p.name: p for p in (W1, b1, W2, b2)}
    model = tg.nn.Model(parameters, lambda X, Y: tg.binary_cross_entropy(output(X), Y), output)

    assert columns(fit(network)) == columns(fit(model))
    assert values(network) == values(model)


def test_a_cost_without_an_output_has_no_accuracy():
    a = tg.parameter(np.zeros((1, 2)), name="a")
    history = tg.fit(tg.nn.Model({"a": a}, lambda X, Y: tg.mse(a @ X, Y)), *TRAIN, epochs=2, progress=False)

    assert all(map(math.isnan, history.accuracy))


def test_the_learning_rate_falls_by_epochs():
    rates, descent = [], tg.optim.SGD(1.0)

    def schedule(epoch):
        rates.append(epoch)
        return 0.5 / (1 + epoch)

    fit(make_network(), optimizer=descent, learning_rate=schedule, epochs=3)

    assert rates == [0, 1, 2]
    assert descent.learning_rate == 0.5 / 3


def test_every_and_norms():
    history = fit(make_network(), every=2, norms=True, batch_size=None)
    network = make_network()
    fit(network, batch_size=None)
    d = network.cost(*TRAIN).backward()

    assert history.epoch == [2, 4, 6]
    assert list(history.norms) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]
    assert history.norms["dW1"][-1] == pytest.approx(np.linalg.norm(d["dW1"]))
    assert {len(norms) for norms in history.norms.values()} == {3}


def test_it_stops_early_and_ends_with_the_best_parameters():
    """Labels that are noise: on others the cost goes up again."""
    noise = np.random.default_rng(0).integers(2, size=Y.shape).astype(float)
    network = tg.nn.Network([2, 30, 1], hidden="tanh")
    settings = {"epochs": 400, "optimizer": tg.optim.Adam(0.05), "progress": False, "patience": 5}
    history = tg.fit(network, X[:, :40], noise[:, :40], validation=(X[:, 40:], noise[:, 40:]), **settings)

    best = min(history.validation_cost)
    assert history.stopped == "early"
    assert len(history.epoch) == history.validation_cost.index(best) + 1 + 5 < 400
    assert network.cost(X[:, 40:], noise[:, 40:]).value == pytest.approx(best, rel=1e-12)


# Checkpoints


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_run_that_is_resumed_is_the_run_that_was_not_stopped(backend, tmp_path):
    settings = {"backend": backend, "validation": HELD_OUT, "patience": 50, "norms": True}
    whole, parts = make_network(keep_prob=0.8), make_network(keep_prob=0.8)
    expected = fit(whole, **settings)

    fit(parts, epochs=2, checkpoint=tmp_path / "run.npz", **settings)
    parts = make_network(keep_prob=0.8, seed=99)  # all of it comes from the file
    actual = fit(parts, checkpoint=tmp_path / "run.npz", **settings)

    assert columns(expected) == columns(actual)
    assert values(whole) == values(parts)


class Interrupting(tg.nn.Network):
    """Presses Ctrl-C in the middle of step `at`."""

    at = 0

    def cost(self, X, Y, *masks):
        self.at -= 1
        if self.at == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return super().cost(X, Y, *masks)


@pytest.mark.parametrize("at", [1, 6, 8, 9])
def test_ctrl_c_ends_after_the_step_and_the_same_call_goes_on(at, tmp_path):
    """In the middle of an epoch, at its end (4 steps), at the beginning of one."""
    whole = make_network(keep_prob=0.8)
    expected = fit(whole)

    network = Interrupting([2, 8, 1], hidden="tanh", keep_prob=0.8)
    network.at = at
    before = signal.getsignal(signal.SIGINT)
    console = Console(file=StringIO(), width=100)
    path = tmp_path / "run.npz"
    stopped = fit(network, checkpoint=path, progress=True, console=console)

    assert stopped.stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert len(stopped.cost) == at // 4
    assert f"Stopped in epoch {at // 4 + 1} of 6" in console.file.getvalue()
    assert np.isfinite(network(X).value).all()
    kept = tg.load(path)
    assert all(kept[name].tobytes() == value for name, value in values(network).items())

    actual = fit(network, checkpoint=path)

    assert columns(expected) == columns(actual)
    assert values(whole) == values(network)


def test_ctrl_c_pressed_twice_does_not_wait(tmp_path):
    class Impatient(tg.nn.Network):
        def cost(self, X, Y, *masks):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            return super().cost(X, Y, *masks)

    with pytest.raises(KeyboardInterrupt):
        fit(Impatient([2, 8, 1]))


KILLED = """
import os, signal, sys
import numpy as np
from tests.test_training import fit, make_network

class Killed(type(make_network())):
    steps = 0
    def cost(self, X, Y, *masks):
        self.steps += 1
        if self.steps == 15:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().cost(X, Y, *masks)

fit(Killed([2, 8, 1], hidden="tanh"), checkpoint=sys.argv[1], checkpoint_every=0)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), path], cwd=ROOT, check=False)
    whole, resumed = make_network(), make_network()

    assert run.returncode == -signal.SIGKILL
    assert tg.load(path)["fit.place"][:2].tolist() == [3, 2]
    assert columns(fit(whole)) == columns(fit(resumed, checkpoint=path))
    assert values(whole) == values(resumed)


def test_a_checkpoint_of_something_else_is_refused_unless_it_may_be_written_over(tmp_path):
    path = tmp_path / "run.npz"
    fit(make_network(), checkpoint=path, epochs=1)
    message = (
        r"Adam, seed 1, 110 examples, batches of 32; here .* seed 2, 110 examples, all in a step. resume="
    )
    with pytest.raises(UserFileError, match=message):
        fit(make_network(), checkpoint=path, seed=2, batch_size=None)
    tg.save(path, make_network().parameters)
    with pytest.raises(UserFileError, match=r"run.npz is no checkpoint of fit"):
        fit(make_network(), checkpoint=path)

    assert fit(make_network(), checkpoint=path, epochs=2, resume=False).epoch == [1, 2]


@pytest.mark.parametrize(
    ("network", "settings", "said"),
    [
        (lambda: tg.nn.Network([2, 9, 1], hidden="tanh"), {}, "2 → 9 → 1"),
        (lambda: tg.nn.Network([2, 8], hidden="tanh"), {}, "2 → 8, tanh"),
        (lambda: tg.nn.Network([2, 8, 1], hidden="relu"), {}, "relu"),
        (lambda: make_network(l2=0.1), {}, "l2=0.1"),
        (lambda: make_network(keep_prob=0.9), {}, "keep_prob=0.9"),
        (make_network, {"optimizer": tg.optim.SGD(0.1)}, "SGD"),
        (lambda: make_network(dtype=np.float32), {}, "is float64, but float32 here"),
    ],
)
def test_a_checkpoint_of_another_run_changes_nothing(network, settings, said, tmp_path):
    path = tmp_path / "run.npz"
    fit(make_network(), checkpoint=path, epochs=1)
    content, other = path.read_bytes(), network()
    before = values(other)

    with pytest.raises((UserFileError, DtypeError), match=said):
        fit(other, checkpoint=path, **settings)

    assert before == values(other)
    assert content == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/run.npz", "No such file"),
        ("folder.npz", "it is a folder"),
        ("run.ckpt", "'.ckpt'; expected"),
    ],
)
def test_a_checkpoint_that_cannot_be_written_is_refused_before_training(name, message, tmp_path):
    (tmp_path / "folder.npz").mkdir()
    network = make_network()
    before = values(network)

    with pytest.raises(UserFileError, match=message):
        fit(network, checkpoint=tmp_path / name, resume=False)

    assert before == values(network)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.npz"]


def test_norms_and_validation_that_begin_later_are_nan_before(tmp_path):
    path = tmp_path / "run.npz"
    fit(make_network(), checkpoint=path, epochs=2)
    fit(make_network(), checkpoint=path, epochs=4, norms=True, validation=HELD_OUT)
    history = fit(make_network(), checkpoint=path, epochs=5)

    assert np.isnan(history.norms["dW1"]).tolist() == [True, True, False, False, True]
    assert np.isnan(history.validation_cost).tolist() == [True, True, False, False, True]
    assert f"best {min(history.validation_cost[2:4]):.6g}" in repr(history)


# A cost that is nan


def test_it_ends_where_the_cost_becomes_nan_and_keeps_the_checkpoint_of_before(tmp_path):
    path = tmp_path / "run.npz"
    a = tg.parameter(np.ones((1, 2)), name="a")
    model = tg.nn.Model({"a": a}, lambda X, Y: np.log(np.sum(a)))
    settings = {"batch_size": None, "checkpoint": path, "progress": False}
    fit(model, epochs=3, optimizer=tg.optim.SGD(1e-3), **settings)
    content = path.read_bytes()

    with (
        pytest.warns(
            UserWarning, match=r"the cost became nan in epoch 5: try a smaller learning rate"
        ) as seen,
        np.errstate(invalid="ignore"),
    ):
        history = fit(model, epochs=9, optimizer=tg.optim.SGD(50.0), **settings)

    assert seen[0].filename == __file__
    assert history.stopped == "diverged"
    assert history.epoch == [1, 2, 3, 4]
    assert np.isfinite(history.cost).all()
    assert content == path.read_bytes()


# What is shown, and what is refused


def test_the_bar_tells_cost_accuracy_and_validation():
    console = Console(file=StringIO(), width=120)
    history = fit(make_network(), validation=HELD_OUT, progress=True, console=console)
    printed = console.file.getvalue()

    assert f"6/6  J = {history.cost[-1]:.4f}, {history.accuracy[-1]:.1%}  validation" in printed
    assert "0:00:00" in printed


def test_it_works_in_a_thread_where_no_signal_arrives():
    found = []
    thread = threading.Thread(target=lambda: found.append(fit(make_network())))
    thread.start()
    thread.join()

    assert found[0].stopped == "finished"


@pytest.mark.parametrize("name", ["epochs", "every", "patience", "batch_size"])
@pytest.mark.parametrize("number", [0, 2.5, "3", math.nan])
def test_what_is_no_whole_number_is_refused(name, number):
    with pytest.raises(ValueError, match=f"{name} is a whole number, 1 or more, not {number!r}"):
        fit(make_network(), **{name: number})


BAD = X.copy()
BAD[0, 3] = np.nan


@pytest.mark.parametrize(
    ("examples", "error", "message"),
    [
        ((X, Y[:, :3]), ShapeError, r"but Y \(1, 3\) has 3"),
        ((X[:, :0], Y[:, :0]), ShapeError, r"one or more; X is \(2, 0\)"),
        ((X[:1], Y), ShapeError, r"X is \(1, 150\); Network\(2 → 8 → 1, tanh, sigmoid\) takes \(2, m\)"),
        ((X[0], Y[0]), ShapeError, r"X is \(150,\)"),
        ((X, Y[0]), ShapeError, r"the labels are \(150,\); reshape the labels"),
        ((BAD, Y), ValueError, r"X has nan at \[0, 3\]"),
        ((X, 2 * Y - 1), ValueError, "between 0 and 1, but Y reaches from -1.0 to 1.0"),
        ((X.astype(str), Y), DtypeError, "X is <U32; examples are"),
    ],
)
def test_examples_that_cannot_be_learned_from_are_refused(examples, error, message):
    network = make_network()
    before = values(network)

    with pytest.raises(error, match=message):
        tg.fit(network, *examples, progress=False)
    with pytest.raises(error, match=message) as told:
        fit(network, validation=examples)

    assert told.value.__notes__ == ["This is about the validation."]
    assert before == values(network)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"learning_rate": 0.1}, TypeError, r"a function of the epoch, .*, not 0.1; a rate that stays is"),
        (
            {"learning_rate": lambda epoch: -1.0},
            ValueError,
            "the learning rate is a positive number, not -1.0",
        ),
        ({"optimizer": tg.optim.Adam}, TypeError, r"an object such as tg.optim.Adam\(0.01\), not <class"),
        ({"validation": X}, ValueError, r"validation is a pair, \(X, Y\), not one ndarray"),
        ({"seed": -1}, ValueError, "seed is a whole number, 0 or more, not -1"),
    ],
)
def test_settings_of_another_kind_are_refused(settings, error, message):
    network = make_network()
    before = values(network)

    with pytest.raises(error, match=message):
        fit(network, **settings)

    assert before == values(network)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match=r"fit trains a tg.nn.Network or a tg.nn.Model, not <function"):
        fit(lambda X, Y: X)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_lists_integers_and_a_single_example_are_examples(backend):
    arrays, lists = make_network(), make_network()
    x = np.array([[1, -2, 3], [0, 1, 2]])
    first = tg.fit(
        arrays, x.astype(float), np.array([[1.0, 0, 1]]), epochs=3, backend=backend, progress=False
    )
    second = tg.fit(lists, x.tolist(), [[True, False, True]], epochs=3, backend=backend, progress=False)

    assert columns(first) == columns(second)
    assert values(arrays) == values(lists)
    assert tg.fit(arrays, x[:, :1], np.ones((1, 1)), batch_size=50, epochs=2, progress=False).epoch == [1, 2]


def test_nothing_is_printed_without_progress_even_when_stopped(capfd):
    network = Interrupting([2, 8, 1], hidden="tanh")
    network.at = 2

    assert fit(network).stopped == "interrupted"
    assert capfd.readouterr() == ("", "")


def test_a_signal_that_is_ignored_stays_so():
    """As in a shell's background jobs, which Ctrl-C is not meant for."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        network = Interrupting([2, 8, 1], hidden="tanh")
        network.at = 2
        history = fit(network)
        kept = signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

    assert history.stopped == "finished"
    assert kept is signal.SIG_IGN


def test_repr():
    assert repr(tg.training.History()) == "History(nothing yet)"
    assert repr(fit(make_network(), epochs=2)).startswith("History(finished at epoch 2, J = 0.")
