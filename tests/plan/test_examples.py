"""The networks of the examples: compiled, they train to the bits of the example as it is."""

import inspect
import runpy
from pathlib import Path

import pytest

import tinygraph as tg
from tests.plan.graphs import assert_same
from tinygraph.plan import code_of

FOLDER = Path(__file__).parents[2] / "examples"


def definitions(name):
    """The functions of an example, without the lines after them that run it."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    namespace = {"__name__": name}
    exec(compile(text.partition("\nX, Y")[0], f"{name}.py", "exec"), namespace)
    return namespace


EXAMPLES = {
    "planar_flower": (
        [2, 4, 1],
        3,
        1.2,
        lambda own: own["make_flower"](m=400),
        lambda own, X, Y, p: tg.binary_cross_entropy(own["predict"](X, **p), Y),
    ),
    "digits_softmax": (
        [64, 64, 32, 10],
        1,
        0.5,
        lambda own: own["load_columns"]()[:2],
        lambda own, X, Y, p: tg.softmax_cross_entropy(own["scores"](X, **p), Y),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_trains_to_the_same_bits(name):
    layer_dims, seed, learning_rate, load, cost = EXAMPLES[name]
    own = definitions(name)
    X, Y = load(own)
    initial = tg.layerwise.initialize_parameters_deep(layer_dims, seed=seed)
    parameters = {key: tg.parameter(value, name=key) for key, value in initial.items()}
    step = tg.compile(
        lambda X, Y: cost(own, X, Y, parameters), parameters, optimizer=tg.optim.SGD(learning_rate)
    )
    for _ in range(20):
        step(X, Y)

    expected = own["train"](X, Y, steps=20)

    for key, p in expected.items():
        assert_same(p.value, parameters[key].value)


@pytest.mark.parametrize("name", ["three_layers", "find_the_bug"])
def test_the_graph_of_an_example_as_code(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = runpy.run_path(str(FOLDER / f"{name}.py"))
    J = own["J"]
    d = J.backward()
    module = {}
    exec(code_of(J), module)
    arguments = inspect.signature(module["step"]).parameters

    cost, *derivatives = module["step"](*[getattr(own[x], "value", own[x]) for x in arguments])

    assert_same(J.value, cost)
    for key, derivative in zip([x for x in arguments if x[0] in "Wb"], derivatives, strict=True):
        assert_same(d[f"d{key}"], derivative)
