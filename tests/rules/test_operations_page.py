"""docs/operations.md is what docs/make.py writes, and true of others where they are installed."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.cases import KINKS
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

DOCS = Path(__file__).parents[2] / "docs"


def load():
    spec = importlib.util.spec_from_file_location("make_operations_page", DOCS / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = load()


def test_the_page_is_current():
    expected = make.page()

    assert expected == (DOCS / "operations.md").read_text(encoding="utf-8"), "run python docs/make.py"


def test_every_operation_has_a_section_with_its_rules():
    text = make.page()

    for op in TABLE.values():
        assert f"\n### {make.title(op.function)}\n" in text
        assert f"`z = {op.formula}`\n" in text


def test_every_kink_is_in_the_table_and_tested():
    kinks = {op.function for op in TABLE.values() if op.kink}

    assert kinks == make.ELSEWHERE.keys() == KINKS.keys()


# What others answer, as calls; the answers stand in docs/make.py -----------------------------------


def torch_answers():
    torch = pytest.importorskip("torch")

    def d(f, *xs):
        leaves = [torch.tensor(x, requires_grad=True) for x in xs]
        f(*leaves).sum().backward()
        return [x.grad.tolist() for x in leaves]

    return {
        np.power: [d(torch.pow, 3.0, 0.0)[0], d(torch.pow, 0.0, 2.0)[1]],
        np.absolute: d(torch.abs, 0.0),
        np.hypot: d(torch.hypot, 0.0, 0.0),
        np.copysign: d(lambda x: torch.copysign(x, torch.tensor(1.0)), 0.0),
        np.cbrt: d(lambda x: x ** (1 / 3), 0.0),
        np.fmax: d(torch.fmax, 1.5, 1.5),
        np.fmin: d(torch.fmin, 1.5, 1.5),
        np.sqrt: d(torch.sqrt, 0.0),
        k.relu: d(torch.relu, 0.0),
        k.leaky_relu: d(lambda x: torch.nn.functional.leaky_relu(x, 0.25), 0.0),
        k.elu: d(lambda x: torch.nn.functional.elu(x, 2.0), 0.0),
        np.maximum: d(torch.maximum, 1.5, 1.5),
        np.minimum: d(torch.minimum, 1.5, 1.5),
        np.clip: [d(lambda x: torch.clamp(x, -1.0, 1.0), x)[0] for x in (-1.0, 1.0)],
        np.max: d(torch.amax, [2.0, 1.0, 2.0]),
        np.min: d(torch.amin, [1.0, 1.0, 2.0]),
        np.std: d(lambda x: torch.std(x, correction=0), [2.0, 2.0]),
        np.linalg.norm: d(torch.linalg.vector_norm, [0.0, 0.0]),
    }


def jax_answers():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def d(f, *xs):
        grads = jax.grad(lambda *xs: jnp.sum(f(*xs)), tuple(range(len(xs))))(*(jnp.array(x) for x in xs))
        return [x.tolist() for x in grads]

    return {
        np.power: [d(jnp.power, 3.0, 0.0)[0], d(jnp.power, 0.0, 2.0)[1]],
        np.absolute: d(jnp.abs, 0.0),
        np.hypot: d(jnp.hypot, 0.0, 0.0),
        np.copysign: d(lambda x: jnp.copysign(x, 1.0), 0.0),
        np.cbrt: d(jnp.cbrt, 0.0),
        np.fmax: d(jnp.fmax, 1.5, 1.5),
        np.fmin: d(jnp.fmin, 1.5, 1.5),
        np.sqrt: d(jnp.sqrt, 0.0),
        k.relu: d(jax.nn.relu, 0.0),
        k.leaky_relu: d(lambda x: jax.nn.leaky_relu(x, 0.25), 0.0),
        k.elu: d(lambda x: jax.nn.elu(x, 2.0), 0.0),
        np.maximum: d(jnp.maximum, 1.5, 1.5),
        np.minimum: d(jnp.minimum, 1.5, 1.5),
        np.clip: [d(lambda x: jnp.clip(x, -1.0, 1.0), x)[0] for x in (-1.0, 1.0)],
        np.max: d(jnp.max, [2.0, 1.0, 2.0]),
        np.min: d(jnp.min, [1.0, 1.0, 2.0]),
        np.std: d(jnp.std, [2.0, 2.0]),
        np.linalg.norm: d(jnp.linalg.norm, [0.0, 0.0]),
    }


@pytest.mark.parametrize(("column", "answers"), [(1, torch_answers), (2, jax_answers)])
def test_what_others_answer(column, answers):
    expected = {function: row[column] for function, row in make.ELSEWHERE.items()}

    assert expected == {function: make.said(answer) for function, answer in answers().items()}
