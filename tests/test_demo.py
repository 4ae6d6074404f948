"""The demo: it learns, proves its derivatives, writes its files, and repeats itself for the same seed."""

import signal
import sys
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from sklearn.preprocessing import StandardScaler

from tinygraph import demo
from tinygraph.errors import MissingPackageError, UserFileError

FILES = {"layers.svg", "layers.png", "ops.svg", "ops.png", "cost.png", "comparison.txt", "training.npz"}
CHAIN = [f"d{kind}{layer}" for layer in (3, 2, 1) for kind in "AZWb"]


def run(out, **settings):
    """The report of a run of the demo, and what it printed."""
    console = Console(file=StringIO(), width=120)
    report = demo.run(out=out, console=console, **settings)
    return report, console.file.getvalue()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The demo as users run it: its report, what it printed, and its folder."""
    folder = tmp_path_factory.mktemp("whole") / "new" / "demo"
    return *run(folder), folder


def test_demo_learns_to_tell_the_tumours_apart(whole):
    _, printed, _ = whole

    assert 0.95 < float(printed.partition("Test accuracy ")[2].split()[0]) <= 1


def test_demo_proves_the_whole_chain(whole):
    report, printed, folder = whole

    assert report.ok
    assert [row.name for row in report.rows] == CHAIN
    assert report.summary in printed
    assert f"{report}\n" == (folder / "comparison.txt").read_text(encoding="utf-8")


def test_demo_prints_the_chain_in_the_order_of_the_sweep(whole):
    _, printed, _ = whole
    chain = printed.partition("name ")[2].splitlines()[2:14]

    assert [line.split()[0] for line in chain] == CHAIN
    assert "(16, 30)" in chain[CHAIN.index("dW1")]


def test_demo_writes_its_files_and_lists_them(whole):
    _, printed, folder = whole

    actual = contents(folder)

    assert actual.keys() == FILES
    assert all(actual[name].startswith(b"\x89PNG") for name in FILES if name.endswith("png"))
    assert all(b"</svg>" in actual[name] for name in FILES if name.endswith("svg"))
    assert all(name in printed.partition("Written")[2] for name in FILES)


def test_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    for folder, seed in (("first", 3), ("again", 3), ("other", 4)):
        run(tmp_path / folder, seed=seed, steps=3)

    first, again, other = (contents(tmp_path / folder) for folder in ("first", "again", "other"))

    assert first == again
    assert first["cost.png"] != other["cost.png"]


def test_a_run_that_is_resumed_ends_in_the_same_bytes_as_one_that_was_not_stopped(tmp_path):
    run(tmp_path / "whole", steps=8)
    run(tmp_path / "parts", steps=3)
    run(tmp_path / "parts", steps=8, resume=True)

    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")


def test_a_run_that_is_interrupted_keeps_what_it_reached(tmp_path, monkeypatch):
    calls, cost = [], demo.network_cost

    def interrupted(*given):
        calls.append(given)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        return cost(*given)

    monkeypatch.setattr(demo, "network_cost", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", steps=8)
    run(tmp_path / "parts", steps=8, resume=True)
    run(tmp_path / "whole", steps=8)

    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")


def test_nothing_to_resume_and_another_seed_are_named(tmp_path):
    with pytest.raises(UserFileError, match=r"cannot read .*training.npz: No such file"):
        run(tmp_path, resume=True)
    run(tmp_path, steps=1)
    with pytest.raises(
        UserFileError, match=r"training.npz is of another run.* seed 1,.* here it is .* seed 2,"
    ):
        run(tmp_path, steps=1, seed=2, resume=True)


def test_a_wrong_derivative_would_show(tmp_path, monkeypatch):
    monkeypatch.setattr(demo.lw, "relu_backward", lambda dA, Z: dA)

    report, _ = run(tmp_path, steps=1)

    assert not report.ok
    assert report.first_wrong == "dZ2"


def test_every_row_is_once_an_example_standardised_by_the_training_part():
    rows = np.random.default_rng(0).normal(5, 3, (100, 4))
    labels = (rows[:, 0] > 5).astype(int)

    examples = demo.split_examples(rows, labels, seed=0)
    X, Y = np.hstack([examples.X, examples.X_test]), np.hstack([examples.Y, examples.Y_test])
    order = rows[:, 0].argsort()[X[0].argsort().argsort()]  # standardising keeps the ranks
    scaler = StandardScaler().fit(rows[order[:80]])

    assert examples.X.shape == (4, 80)
    np.testing.assert_allclose(X.T, scaler.transform(rows[order]))
    assert labels[order].tolist() == Y[0].tolist()


@pytest.mark.parametrize("module", ["matplotlib.figure", "sklearn.datasets"])
def test_missing_package_is_named_with_what_to_install(module, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    expected = f"the demo needs {module.split('.')[0]}, which is not installed: pip install 'tinygraph[demo]'"

    with pytest.raises(MissingPackageError) as caught:
        run(tmp_path / "out")

    assert expected == str(caught.value)
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(UserFileError, match=r"cannot write into .*file.*name another"):
        run(tmp_path / "file")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps is 0; expected 1 or more"),
        ({"seed": -1}, "seed is -1; expected a number from 0 to 4294967295"),
        ({"seed": 2**32}, "seed is 4294967296; expected a number from 0 to 4294967295"),
    ],
)
def test_settings_out_of_range_are_refused_before_the_work(settings, message, tmp_path):
    with pytest.raises(ValueError, match=f"^{message}$"):
        run(tmp_path / "out", **settings)

    assert not (tmp_path / "out").exists()
