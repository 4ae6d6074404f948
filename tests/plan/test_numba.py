"""The backends: numba agrees with NumPy and keeps what it compiled; auto takes the faster; without numba."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.plan import step as step_module

needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed: pip install 'tinygraph[fast]'"
)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path / "cache"))


def both(
    layer_dims, output="sigmoid", hidden="relu", dtype=np.float64, m=7, optimizer=tg.optim.SGD, **settings
):
    """X, Y, and by backend the parameters and the step of the same network."""
    X, Y, arrays = make_network(layer_dims, output, m=m)
    made = {}
    for backend in ("numpy", "numba"):
        parameters = parameters_of(arrays, dtype)
        loss = lambda X, Y, parameters=parameters: record(X, Y, parameters, hidden, output)  # noqa: E731
        made[backend] = (
            parameters,
            tg.compile(loss, parameters, optimizer=optimizer(0.01), backend=backend, **settings),
        )
    return X.astype(dtype), Y.astype(dtype), made


@needs_numba
@pytest.mark.parametrize(
    ("layer_dims", "output", "hidden", "m", "optimizer"),
    [
        ([3, 4, 4, 1], "sigmoid", "relu", 5, tg.optim.SGD),
        ([2, 4, 1], "sigmoid", "tanh", 400, tg.optim.Momentum),
        ([64, 128, 64, 10], "softmax", "relu", 64, tg.optim.Adam),
    ],
)
def test_numba_agrees_with_numpy(layer_dims, output, hidden, m, optimizer):
    X, Y, made = both(layer_dims, output, hidden, m=m, optimizer=optimizer)
    for _ in range(5):
        costs = [step(X, Y) for _, step in made.values()]

        assert abs(costs[0] - costs[1]) <= 1e-12 * abs(costs[0])
    for name, p in made["numpy"][0].items():
        q = made["numba"][0][name]
        assert np.linalg.norm(p.value - q.value) <= 1e-12 * np.linalg.norm(p.value)
    assert "for i0 in range" in made["numba"][1].source


@needs_numba
def test_numba_in_float32():
    X, Y, made = both([8, 16, 4], "softmax", dtype=np.float32, m=20)
    costs = [step(X, Y) for _, step in made.values()]

    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-5)
    for name, p in made["numpy"][0].items():
        assert made["numba"][0][name].dtype == np.float32
        np.testing.assert_allclose(made["numba"][0][name].value, p.value, rtol=1e-4, atol=1e-6)


@needs_numba
def test_nan_stops_numba_before_the_update():
    X, Y, made = both([3, 4, 1], check_nan=True)
    parameters, step = made["numba"]
    step(X, Y)
    before = {name: p.value.copy() for name, p in parameters.items()}

    with pytest.raises(FloatingPointError, match="X holds NaN"):
        step(np.full_like(X, np.nan), Y)
    for name, p in parameters.items():
        np.testing.assert_array_equal(p.value, before[name])


PROGRAM = """
import numpy as np, tinygraph as tg
W1, b1 = tg.parameter(np.ones((4, 3)), name="W1"), tg.parameter(np.ones((4, 1)), name="b1")
loss = lambda X: np.sum(np.tanh(W1 @ X + b1))
step = tg.compile(loss, [W1, b1], optimizer=tg.optim.SGD(0.1), backend="numba")
step(np.ones((3, 5)))
"""


@needs_numba
def test_what_is_compiled_is_kept_on_disk(tmp_path):
    root = Path(tg.__file__).parents[1]
    environment = os.environ | {"TINYGRAPH_CACHE": str(tmp_path), "PYTHONPATH": str(root)}
    kept = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, env=environment)
        kept.append({path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")})

    assert [name for name in kept[0] if name.endswith(".nbc")]
    assert kept[1] == kept[0]


def test_without_numba_there_is_a_clear_error(monkeypatch):
    monkeypatch.setattr(step_module, "find_spec", lambda name: None)
    W1 = tg.parameter(np.ones(2))

    with pytest.raises(tg.errors.MissingPackageError, match=r"pip install 'tinygraph\[fast\]'"):
        tg.compile(lambda: np.sum(W1), [W1], backend="numba")
    assert tg.compile(lambda: np.sum(W1), [W1], backend="auto")()[0] == 2


def test_auto_takes_the_faster(monkeypatch):
    """Backends take turns, each step is one update, and the fastest stays."""
    clock = iter(np.cumsum([0, 5, 0, 1] * 100).tolist())  # NumPy takes 5, the other 1
    monkeypatch.setattr(step_module, "find_spec", lambda name: True)
    monkeypatch.setattr(step_module, "perf_counter", lambda: next(clock))
    plans = []
    monkeypatch.setattr(step_module, "Plan", lambda *args: plans.append(AsNumpy(*args)) or plans[-1])
    W1 = tg.parameter(np.ones(2), name="W1")
    step = tg.compile(lambda: np.sum(W1), [W1], optimizer=tg.optim.SGD(1.0), backend="auto")
    for _ in range(step_module.TURNS * 2 + 3):
        step()

    assert [plan.looped for plan in plans] == [False, True]
    np.testing.assert_array_equal(W1.value, 1 - step_module.TURNS * 2 - 3)
    assert step.plan is plans[1]


class AsNumpy(step_module.Plan):
    """A plan that remembers what it was asked for, and is NumPy's."""

    def __init__(self, step, arrays, form, loops, longest=None):
        super().__init__(step, arrays, form, False)
        self.looped = loops


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    from tinygraph.plan.build import cache_file

    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("TINYGRAPH_CACHE", str(blocked))

    with pytest.raises(tg.errors.UserFileError, match="set TINYGRAPH_CACHE to another folder"):
        cache_file("x = 1\n")


# What numba cannot do, or not now


def costs(backend, dtype=np.float64, loss=lambda W, X: np.sum(np.tanh(W @ X) ** 2) + np.sum(X * 2 + 1)):
    """Costs of three steps."""
    W, X = tg.parameter(np.ones((2, 3)).astype(dtype)), (np.arange(12.0).reshape(3, 4) / 12).astype(dtype)
    step = tg.compile(lambda X: loss(W, X), [W], optimizer=tg.optim.Adam(0.1), backend=backend)
    return [float(step(X)) for _ in range(3)]


@needs_numba
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
@pytest.mark.parametrize("backend", ["numba", "auto"])
def test_numbers_that_numba_does_not_know_are_left_to_numpy(dtype, backend):
    assert costs(backend, dtype) == costs("numpy", dtype)


@needs_numba
@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("text", [b"", b"cut short"])
@pytest.mark.parametrize("backend", ["numba", "auto"])
def test_a_kept_file_that_was_cut_short_is_made_again(kind, text, backend, tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path))
    expected = costs("numba")
    files = list(tmp_path.rglob(f"*.{kind}"))
    for file in files:
        file.write_bytes(text)

    np.testing.assert_allclose(costs(backend), expected, rtol=1e-12)
    assert files
    assert backend == "auto" or all(file.read_bytes() != text for file in files)


@needs_numba
def test_auto_goes_on_with_numpy_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path / "file"))

    assert costs("auto") == costs("numpy")
    with pytest.raises(tg.errors.UserFileError, match="set TINYGRAPH_CACHE to another folder"):
        costs("numba")


def test_auto_goes_on_with_numpy_where_numba_cannot_be_imported(monkeypatch):
    monkeypatch.setattr(step_module, "find_spec", lambda name: True)
    monkeypatch.setitem(sys.modules, "numba", None)

    assert costs("auto") == costs("numpy")


def test_auto_has_no_long_text_compiled(monkeypatch):
    monkeypatch.setattr(step_module, "find_spec", lambda name: True)
    loaded = []
    load_step = step_module.load_step
    monkeypatch.setattr(
        step_module, "load_step", lambda source, loops=False: loaded.append(loops) or load_step(source)
    )

    def deep(W, X):
        for _ in range(60):
            X = np.tanh(X + W[0, 0] * 0.1)
        return np.sum(X)

    assert costs("auto", loss=deep) == costs("numpy", loss=deep)
    assert loaded == [False, False]
