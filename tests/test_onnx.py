"""ONNX: every row of the table gives in onnxruntime what it gives here."""

import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.cases import CASES, of_complex
from tinygraph.errors import GraphError, MissingPackageError, UnknownOperationError, UserFileError
from tinygraph.rules.table import TABLE

onnx = pytest.importorskip("onnx", reason="the format is an extra")
runtime = pytest.importorskip("onnxruntime", reason="what runs the models is an extra of its own")

A_ROW = 4  # cases tried of each row, from its first to its last; `python -m tests.test_onnx` tries all
X = np.random.default_rng(1).standard_normal((3, 7))
OPTIONS = runtime.SessionOptions()
OPTIONS.intra_op_num_threads = 1
OPTIONS.log_severity_level = 3


def run(path, **inputs):
    """The output of a model for these inputs, of those that it has."""
    session = runtime.InferenceSession(path, OPTIONS)
    given = {x.name: np.asarray(inputs[x.name]) for x in session.get_inputs()}
    [output] = session.run(None, given)
    return output


def exportable(function):
    """Cases of a row with results that are recorded and not empty, as onnxruntime wants them."""
    real = [c for c in CASES[function] if c.call is not of_complex]
    return [c for c in real or CASES[function] if c.wanted and all(np.size(x) for x in c.inputs)]


def assert_same(case, path):
    inputs = {f"x{i}": case.inputs[i] for i in case.wanted}
    given = [tg.tensor(x, name=f"x{i}") if f"x{i}" in inputs else x for i, x in enumerate(case.inputs)]
    expected = case(*given)

    tg.to_onnx(expected, path)
    actual = run(path, **inputs)

    assert expected.dtype == actual.dtype
    assert expected.shape == actual.shape
    np.testing.assert_allclose(actual, expected.value, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_row_gives_the_same_in_onnxruntime_or_says_that_it_has_no_form(function, tmp_path):
    cases = exportable(function)
    if function not in tg.onnx.FORMS:
        with pytest.raises(UnknownOperationError, match="has no form in ONNX"):
            assert_same(cases[0], tmp_path / "row.onnx")
        return
    for i in sorted({round(i) for i in np.linspace(0, len(cases) - 1, A_ROW)}):
        assert_same(cases[i], tmp_path / "row.onnx")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "linear"])
def test_network_runs_on_any_number_of_examples(output, dtype, tmp_path):
    network = tg.nn.Network([3, 4, 4, 2], "tanh", output, dtype=dtype)
    tg.to_onnx(network(X.astype(dtype)), tmp_path / "net.onnx", any_m=True)

    for m in (1, 7, 20):
        x = np.random.default_rng(m).standard_normal((3, m)).astype(dtype)
        actual = run(tmp_path / "net.onnx", X=x)

        assert actual.dtype == dtype
        np.testing.assert_allclose(actual, network(x).value, rtol=1e-6, atol=1e-6)


def test_results_weights_and_inputs_keep_their_names(tmp_path):
    network = tg.nn.Network([3, 4, 1])
    tg.to_onnx(network.cost(X, np.ones((1, 7))), tmp_path / "net.onnx")
    graph = onnx.load(tmp_path / "net.onnx").graph

    assert {x.name for x in graph.input} == {"X", "Y"}
    assert {"W1", "b1", "W2", "b2"} <= {x.name for x in graph.initializer}
    assert {"Z1", "A1", "Z2", "A2", "J"} <= {name for node in graph.node for name in node.output}
    assert [x.name for x in graph.output] == ["J"]
    assert {node.name: node.doc_string for node in graph.node}["A1"] == "A1 = tg.relu(Z1)"


def shape_of(described):
    return [d.dim_param or d.dim_value for d in described.type.tensor_type.shape.dim]


def test_every_result_has_its_shape_with_m_where_the_examples_are(tmp_path):
    x = tg.tensor(X, name="X")
    Z1 = tg.parameter(np.ones((4, 3)), name="W1") @ x
    tg.to_onnx((np.tanh(Z1) @ x.T).T, tmp_path / "net.onnx", any_m=True)
    graph = onnx.load(tmp_path / "net.onnx").graph
    shapes = {v.name: shape_of(v) for v in (*graph.input, *graph.value_info, *graph.output)}

    assert {name: shapes[name] for name in ("X", "Z1", "A1", "J")} == {
        "X": [3, "m"],
        "Z1": [4, "m"],
        "A1": [4, "m"],
        "J": [3, 4],
    }


@pytest.mark.parametrize("name", ["output", "constant_0", "mul_0", "x0", "J", 'a b/ü"\n→'])
def test_any_name_of_an_input_will_do(name, tmp_path):
    y = tg.tensor(X + 1)
    tg.to_onnx(y * tg.tensor(X, name=name) + np.ones(7), tmp_path / "net.onnx")
    session = runtime.InferenceSession(tmp_path / "net.onnx", OPTIONS)
    given = [x.name for x in session.get_inputs()]
    [actual] = session.run(None, {n: X if n == name else X + 1 for n in given})

    assert name in given
    np.testing.assert_allclose(actual, (X + 1) * X + 1, rtol=1e-12)


def test_a_cost_says_that_it_depends_on_m(tmp_path):
    J = tg.nn.Network([3, 1]).cost(X, np.ones((1, 7)))

    with pytest.raises(GraphError, match=r"sigmoid_cross_entropy in ONNX depends on m.*leave any_m out"):
        tg.to_onnx(J, tmp_path / "cost.onnx", any_m=True)

    assert list(tmp_path.iterdir()) == []


def test_a_row_without_a_form_says_so(tmp_path, monkeypatch):
    monkeypatch.delitem(tg.onnx.FORMS, np.tanh)

    with pytest.raises(UnknownOperationError, match="tanh has no form in ONNX"):
        tg.to_onnx(np.tanh(tg.tensor(X, name="X")), tmp_path / "net.onnx")


@pytest.mark.parametrize(
    "move",
    [
        lambda W: np.roll(W, axis=1, shift=2),
        lambda W: np.roll(W, (1, 2), axis=(0, 1)),
        lambda W: np.rot90(W, axes=(1, 0)),
        lambda W: np.rot90(W, axes=(1, 0), k=3),
        lambda W: np.moveaxis(W, destination=0, source=1),
        lambda W: np.tile(W, reps=(2, 1)),
    ],
)
def test_settings_may_be_written_in_any_order(move, tmp_path):
    W = tg.parameter(np.arange(6.0).reshape(2, 3), name="W")
    path = tmp_path / "moved.onnx"
    tg.to_onnx(move(W), path)
    (found,) = runtime.InferenceSession(str(path)).run(None, {})
    assert found.tolist() == move(W.value).tolist()


def test_every_form_belongs_to_a_row():
    assert tg.onnx.FORMS.keys() <= TABLE.keys()


def test_what_is_no_graph_or_no_folder_or_not_installed(tmp_path, monkeypatch):
    with pytest.raises(GraphError, match="was not made by an operation"):
        tg.to_onnx(tg.tensor(X), tmp_path / "net.onnx")
    with pytest.raises(TypeError, match=r"such as J or network\(X\), not a Network"):
        tg.to_onnx(tg.nn.Network([3, 1]), tmp_path / "net.onnx")
    with pytest.raises(UserFileError, match=r"cannot write .*nowhere"):
        tg.to_onnx(tg.tensor(X, name="X") * 2, tmp_path / "nowhere" / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'tinygraph\[onnx\]'"):
        tg.to_onnx(tg.tensor(X, name="X") * 2, tmp_path / "net.onnx")


if __name__ == "__main__":
    import tempfile
    from pathlib import Path

    everything = [case for function in tg.onnx.FORMS for case in exportable(function)]
    with tempfile.TemporaryDirectory() as folder:
        for case in everything:
            assert_same(case, Path(folder) / "row.onnx")
    print(len(everything), "cases agree")


# What was computed outside of the graph -----------------------------------------------------------


def by_a_mask(Z):
    return Z * (Z > 0)


def by_a_choice(Z):
    return np.where(Z > 0, Z, 0.0)


def by_value(Z):
    mask = (Z.value > 0).astype(float)
    return Z * mask


def by_rounding(Z):
    return Z * np.round(Z)


def by_a_number(Z):
    return Z / float(np.max(Z.value))


def by_stop_gradient(Z):
    return Z * tg.stop_gradient(Z)


@pytest.mark.parametrize("wants", [True, False])
@pytest.mark.parametrize("f", [by_a_mask, by_a_choice, by_value, by_rounding, by_a_number, by_stop_gradient])
def test_an_array_made_for_this_X_is_not_exported(f, wants, tmp_path):
    X, W = tg.tensor(np.array([[1.0, -2.0]]), name="X"), tg.parameter([[1.5]], name="W1")
    Z = f(W @ X) if wants else W @ f(X)

    with pytest.raises(tg.errors.GraphError, match=r"\(test_onnx\.py:\d+\) took out of the graph.*tg\.relu"):
        tg.to_onnx(Z, tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_what_was_looked_at_or_belongs_to_the_weights_is_exported(tmp_path):
    X, W = tg.tensor(np.array([[1.0, -2.0]]), name="X"), tg.parameter([[1.5]], name="W1")
    Z = (W * (W.value > 0)) @ X
    assert np.argmax(Z) == 0
    assert (Z > 0).any()

    tg.to_onnx(tg.relu(Z), tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").exists()
