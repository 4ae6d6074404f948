"""What to write instead: each line of docs/habits.md runs, and each habit is answered where it is written."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.snippets import run_snippet
from tinygraph.guards.habits import MODULE_HABITS, NETWORK_HABITS, OPTIMIZER_HABITS, TENSOR_HABITS

PAGE = (Path(__file__).parents[2] / "docs/habits.md").read_text(encoding="utf-8")
START = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1]
LINES = [line.split(" | ") for line in re.findall(r"^\| (`.*) \|$", PAGE, re.MULTILINE)]
CALLS = [(there, here) for there, here in LINES if here.startswith("`")]


@pytest.mark.parametrize("here", [here for _, here in CALLS])
def test_what_is_written_here_runs(here):
    namespace = {}
    run_snippet(START, namespace)
    run_snippet(re.match("`(.*?)`", here)[1] + "\n", namespace)


def test_only_what_is_left_out_does_not_run():
    assert [here for _, here in LINES if not here.startswith("`")] == [
        "nothing: derivatives do not add up from one `backward()` to the next"
    ]
    assert len(CALLS) > 40


@pytest.mark.parametrize("name", sorted(set(TENSOR_HABITS) - set(dir(tg.Tensor))))
def test_attributes_of_tensors_elsewhere(name):
    with pytest.raises(AttributeError, match=rf"a Tensor has no attribute '{name}'; here: .+"):
        getattr(tg.parameter([1.0]), name)
    assert not hasattr(tg.parameter([1.0]), name)


@pytest.mark.parametrize("name", MODULE_HABITS)
def test_names_of_other_packages(name):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; here: "):
        getattr(tg, name)


@pytest.mark.parametrize("name", NETWORK_HABITS)
def test_layers_of_other_packages(name):
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'; here: "):
        getattr(tg.nn, name)


@pytest.mark.parametrize("name", ["step", "zero_grad", "param_groups", "state_dict"])
def test_methods_of_other_optimizers(name):
    with pytest.raises(AttributeError, match=re.escape(OPTIMIZER_HABITS[name])):
        getattr(tg.optim.SGD(0.1), name)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda W: tg.optim.SGD([W], lr=0.1), "learning_rate"),
        (lambda W: tg.optim.SGD([W], 0.1), "not bound to parameters"),
        (lambda W: tg.optim.SGD({"W": W}, 0.1), "not bound to parameters"),
        (lambda W: tg.optim.Adam([W]), "not bound to parameters"),
        (lambda W: tg.optim.Adam(0.1, betas=(0.9, 0.99)), "beta1=0.9"),
        (lambda W: tg.optim.SGD(0.1, momentum=0.9), "Momentum"),
        (lambda W: tg.tensor([1.0], requires_grad=True), "tg.parameter"),
        (lambda W: tg.tensor([1.0], dtype=np.float32), "np.asarray"),
    ],
)
def test_arguments_of_other_packages(make, told):
    with pytest.raises(TypeError, match=re.escape(told)):
        make(tg.parameter([1.0]))


def test_what_nobody_writes_gets_no_advice():
    for x in (tg.parameter([1.0]), tg.optim.SGD(0.1), tg, tg.nn):
        with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
            x.nonsense  # noqa: B018


def test_answers_are_not_listed_and_hinder_no_copy():
    W = tg.parameter([1.0], name="W")

    assert {"value", "reshape"} <= set(dir(W))
    some = {"node", "mT"}  # of results, and of matrices
    assert [name for name in set(dir(W)) - some if not hasattr(W, name) and name[0] != "_"] == []
    assert copy.deepcopy(W).name == pickle.loads(pickle.dumps(W)).name == "W"
    assert {"compare", "compile", "fit", "nn", "plots", "gradcheck", "jacobian"} <= set(dir(tg))


def test_a_derivative_asked_for_by_its_parameters_name():
    W = tg.parameter([1.0], name="W1")

    with pytest.raises(tg.errors.UnknownNameError, match=r"write d\['dW1'\]"):
        np.sum(W * W).backward()["W1"]


def test_no_grad_decorates():
    @tg.no_grad()
    def double(x):
        """Twice x."""
        return x * 2

    assert double(tg.parameter([1.0])).node is None
    assert (tg.parameter([1.0]) * 2).node is not None
    assert double.__doc__ == "Twice x."
