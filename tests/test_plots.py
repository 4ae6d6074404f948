"""Plots: what is drawn is what was measured, into the Axes that was given."""

import sys

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import MissingPackageError, ShapeError

matplotlib = pytest.importorskip("matplotlib", reason="plots are an extra")
matplotlib.use("Agg")

random = np.random.default_rng(3)
X = random.standard_normal((2, 60))
Y = (X[:1] > 0).astype(float)
NETWORK = tg.nn.Network([2, 4, 3, 1], hidden="tanh")
HISTORY = tg.fit(NETWORK, X, Y, epochs=50, validation=(X, Y), norms=True, progress=False)


@pytest.fixture
def ax():
    from matplotlib.figure import Figure

    return Figure().subplots()


PLOTS = {
    "history": lambda **ax: tg.plots.history(HISTORY, **ax),
    "boundary": lambda **ax: tg.plots.boundary(NETWORK, X, Y, **ax),
    "norms": lambda **ax: tg.plots.norms(HISTORY, **ax),
    "weights": lambda **ax: tg.plots.weights(np.eye(4), **ax),
}


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_it_draws_into_the_axes_given_or_into_new_ones(plot, ax):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()

    assert plot(ax=ax) is ax
    assert plt.get_fignums() == before
    plt.close(plot().figure)


def data_of(axes):
    return {(line.get_label(), line.get_linestyle()): list(line.get_ydata()) for line in axes.lines}


def test_history_shows_cost_left_and_accuracy_right(ax):
    tg.plots.history(HISTORY, ax)
    [_, right] = ax.figure.axes

    assert data_of(ax) == {("training", "-"): HISTORY.cost, ("held out", "--"): HISTORY.validation_cost}
    assert data_of(right)["training", "-"] == HISTORY.accuracy
    assert ax.get_title(loc="left") == "Cost and accuracy, dashed: held out"


def test_history_without_accuracy_has_one_scale(ax):
    a = tg.parameter(np.zeros((1, 2)), name="a")
    history = tg.fit(tg.nn.Model({"a": a}, lambda X, Y: tg.mse(a @ X, Y)), X, Y, epochs=2, progress=False)

    tg.plots.history(history, ax)

    assert ax.figure.axes == [ax]
    assert list(data_of(ax)) == [("training", "-")]


def test_norms_has_a_line_for_each_layer_with_its_name_at_the_end(ax):
    tg.plots.norms(HISTORY, ax)

    assert [t.get_text() for t in ax.texts] == ["dW1", "dW2", "dW3"]
    assert HISTORY.norms["dW2"] in [list(line.get_ydata()) for line in ax.lines]
    assert [label for label, _ in data_of(ax) if label[0] == "d"] == ["dW1", "dW2", "dW3"]
    assert ax.get_yscale() == "log"


def test_names_that_would_overlap_are_moved_apart_in_their_order():
    shifts = tg.plots.moved_apart([10.0, 11.0, 50.0], 10)
    places = [h + s for h, s in zip([10.0, 11.0, 50.0], shifts, strict=True)]

    assert places[0] <= places[1] - 10 <= places[2] - 20


def test_the_boundary_lies_where_the_class_changes(ax):
    line = tg.nn.Model({}, None, lambda X: tg.sigmoid(tg.tensor(3 * X[:1] - 3)))

    tg.plots.boundary(line, X, Y, ax)
    [contour] = [c for c in ax.collections if hasattr(c, "levels")]
    [path] = [p for p in contour.get_paths() if len(p.vertices)]

    np.testing.assert_allclose(path.vertices[:, 0], 1, atol=0.05)
    assert np.ptp(path.vertices[:, 1]) > 3


@pytest.mark.parametrize("labels", ["numbers", "columns"])
def test_each_of_several_classes_has_its_colour(labels, ax):
    network = tg.nn.Network([2, 3], output="softmax")
    classes = np.arange(60) % 3

    tg.plots.boundary(network, X, classes if labels == "numbers" else np.eye(3)[classes].T, ax)
    [points] = [c for c in ax.collections if not hasattr(c, "levels")]

    assert len({tuple(colour) for colour in points.get_facecolors()}) == 3


def test_weights_are_tiles_that_reach_from_minus_one_to_one(ax):
    W = np.zeros((3, 6))
    W[0, 0], W[1, 5] = 4.0, -0.1

    tg.plots.weights(W, (2, 3), ax)
    [image] = ax.images
    shown = np.ma.filled(image.get_array(), np.nan)

    assert shown[0, 0] == 1
    assert np.nanmin(shown) == -1
    assert np.count_nonzero(~np.isnan(shown)) == 18


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.plots.history(tg.training.History()), ValueError, "this history is empty"),
        (lambda: tg.plots.norms(tg.training.History()), ValueError, r"none: train with tg.fit\("),
        (lambda: tg.plots.norms(HISTORY, of="Q"), ValueError, "no norms of dQ1, dQ2, ...; it has dA3, dZ3"),
        (lambda: tg.plots.boundary(NETWORK, np.ones((3, 4)), Y), ShapeError, r"must be \(2, m\), not \(3"),
        (lambda: tg.plots.weights(np.ones((2, 5))), ShapeError, "which are no image of 2 x 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(MissingPackageError, match=r"pip install 'tinygraph\[plots\]'"):
        tg.plots.weights(np.eye(4))
