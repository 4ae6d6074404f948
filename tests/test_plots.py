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
    shifts = tg.plots.move_apart([10.0, 11.0, 50.0], 10)
    places = [h + s for h, s in zip([10.0, 11.0, 50.0], shifts, strict=True)]

    assert places[0] <= places[1] - 10 <= places[2] - 20


def made(costs, **norms):
    """A history of these costs."""
    history = tg.training.History()
    for i, cost in enumerate(costs):
        measured = {name: values[i] for name, values in norms.items()}
        history.append((i + 1, cost, np.nan, np.nan, np.nan), measured)
    return history


def test_costs_are_seen_whole_with_their_zero_unless_they_are_negative(ax):
    tg.plots.history(made([0.6, 0.6, np.nan, np.inf]), ax)
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 0.61

    ax.clear()
    tg.plots.history(made([-1.0, -5.0]), ax)

    assert ax.get_ylim()[0] < -5 < -1 < ax.get_ylim()[1]


def test_a_single_epoch_is_a_dot_at_its_number(ax):
    tg.plots.history(made([0.5]), ax)
    low, high = ax.get_xlim()

    assert ax.lines[0].get_marker() == "o"
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize("epochs", [3, 60, 10_000])
def test_epochs_are_whole_and_round(ax, epochs):
    tg.plots.history(made(np.linspace(1, 0.1, epochs)), ax)
    steps = np.diff(ax.get_xticks())

    assert np.ptp(steps) == 0
    assert int(f"{steps[0]:.0f}".rstrip("0")) in (1, 2, 5)


def test_norms_that_are_0_or_nan_leave_the_others_to_be_read(ax):
    n = 40
    norms = {"dW1": [np.nan] * 4 + [0.5] * (n - 4), "dW2": [0.3] * 9 + [0.0] * (n - 9), "dW3": [np.nan] * n}
    tg.plots.norms(made([1.0] * n, **norms), ax)
    ax.figure.draw_without_rendering()

    assert {t.get_text(): t.xy for t in ax.texts} == {"dW1": (n, 0.5), "dW2": (n, 0.3)}
    assert "0.3" in [t.get_text() for t in ax.get_yticklabels(which="both")]


def test_the_median_of_a_long_run_is_taken_at_a_thousand_places(ax):
    values = np.random.default_rng(1).random(10_000) + 1
    tg.plots.norms(made(values, dW1=values), ax)
    [line] = [line for line in ax.lines if line.get_label() == "dW1"]
    x, y = line.get_data()

    assert (len(x), x[0], x[-1]) == (1000, 1, 10_000)
    i = 500
    assert y[i] == np.median(values[int(x[i]) - 1 - 250 : int(x[i]) + 250])


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_text_and_lines_stand_out_from_the_style(plot, style):
    """A contrast of 3 or more, by the formula of the WCAG."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgb

    def luminance(colour):
        channels = np.array(to_rgb(colour))
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    with plt.style.context(style):
        figure = plot().figure
    ground = luminance(figure.get_facecolor())
    texts = [t for axes in figure.axes for t in (*axes.texts, axes.title, axes._left_title, axes.yaxis.label)]
    colours = {t.get_color() for t in texts if t.get_text()}
    colours |= {line.get_color() for axes in figure.axes for line in axes.lines if plot is PLOTS["history"]}
    plt.close(figure)

    for colour in colours:
        light, dark = sorted((luminance(colour), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3, colour


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


def test_ten_classes_have_ten_colours(ax):
    network = tg.nn.Network([2, 10], output="softmax")

    tg.plots.boundary(network, X, np.arange(60) % 10, ax)
    [points] = [c for c in ax.collections if not hasattr(c, "levels")]

    assert len({tuple(colour) for colour in points.get_facecolors()}) == 10


def test_weights_are_tiles_that_reach_from_minus_one_to_one(ax):
    W = np.zeros((3, 6))
    W[0, 0], W[1, 5] = 4.0, -0.1

    tg.plots.weights(W, (2, 3), ax)
    [image] = ax.images
    shown = np.ma.filled(image.get_array(), np.nan)

    assert shown[0, 0] == 1
    assert np.nanmin(shown) == -1
    assert np.count_nonzero(~np.isnan(shown)) == 18


def test_a_weight_that_is_nan_hides_no_other(ax):
    tg.plots.weights(np.array([[np.nan, 1.0, 2.0, -4.0]]), ax=ax)
    shown = np.ma.filled(ax.images[0].get_array(), np.nan)

    np.testing.assert_array_equal(shown, [[np.nan, 0.25], [0.5, -1]])
    assert ax.get_title(loc="left") == "Weights of 1 unit"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.plots.history(tg.training.History()), ValueError, "this history is empty"),
        (lambda: tg.plots.norms(tg.training.History()), ValueError, r"none: train with tg.fit\("),
        (lambda: tg.plots.norms(HISTORY, of="Q"), ValueError, "no norms of dQ1, dQ2, ...; it has dA3, dZ3"),
        (lambda: tg.plots.boundary(NETWORK, np.ones((3, 4)), Y), ShapeError, r"must be \(2, m\), not \(3"),
        (lambda: tg.plots.weights(np.ones((2, 5))), ShapeError, "which are no image of 2 x 2"),
        (lambda: tg.plots.weights(np.ones(4)), ShapeError, r"W must be \(units, inputs\), not \(4,\)"),
        (lambda: tg.plots.boundary(tg.nn.Network([2, 1], output="linear"), X, Y), ValueError, "expected p"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(MissingPackageError, match=r"pip install 'tinygraph\[plots\]'"):
        tg.plots.weights(np.eye(4))
