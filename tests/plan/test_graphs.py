"""Random graphs and every row of the table: compiled steps give the bits of the eager engine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.cases import CASES
from tests.plan.graphs import assert_same, recipes

OPTIMIZERS = [
    lambda: tg.optim.SGD(0.1),
    lambda: tg.optim.Momentum(0.1, beta=0.7),
    lambda: tg.optim.RMSProp(0.01),
    lambda: tg.optim.Adam(0.01, epsilon_inside=True),
]


def as_leaves(recipe):
    """Parameters, and the function that mixes them with inputs in the places of the recipe."""
    parameters = [tg.parameter(a) for a, leaf in zip(recipe.arrays(), recipe.leaves, strict=True) if leaf[2]]

    def mix(inputs):
        inputs, own = iter(inputs), iter(parameters)
        return [next(own) if is_parameter else next(inputs) for _, _, is_parameter in recipe.leaves]

    return parameters, mix


def inputs_of(recipe, seed):
    return [a for a, leaf in zip(recipe.arrays(seed), recipe.leaves, strict=True) if not leaf[2]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.errors.BroadcastWarning")
@settings(max_examples=500, deadline=None)
@given(recipes(), st.sampled_from(OPTIMIZERS))
def test_random_graphs_train_alike(recipe, make_optimizer):
    (eager, mix), (compiled, mix_compiled) = as_leaves(recipe), as_leaves(recipe)
    first, second = make_optimizer(), make_optimizer()
    step = tg.compile(lambda *inputs: recipe.loss(mix_compiled(inputs)), compiled, optimizer=second)
    for i in range(3):
        inputs = inputs_of(recipe, i)
        J = recipe.loss(mix(inputs))
        first.update(eager, J.backward())

        assert_same(J.value, step(*inputs))
        for p, q in zip(eager, compiled, strict=True):
            assert_same(p.value, q.value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.errors.BroadcastWarning")
@settings(max_examples=200, deadline=None)
@given(recipes())
def test_random_graphs_have_the_same_derivatives(recipe):
    """Without an update the step returns the derivatives, in arrays of their own."""
    parameters, mix = as_leaves(recipe)
    step = tg.compile(lambda *inputs: recipe.loss(mix(inputs)), parameters)
    returned = []
    for i in range(2):
        inputs = inputs_of(recipe, i)
        J = recipe.loss(mix(inputs))
        d = J.backward()
        returned.append(([J.value, *(d[p] for p in parameters)], step(*inputs)))

    for expected, (cost, derivatives) in returned:
        for x, y in zip(expected, [cost, *derivatives], strict=True):
            assert_same(x, y)


def sum_of_squares(case, leaves):
    """A number from a case of the table, whose wanted inputs are `leaves`."""
    leaves = iter(leaves)
    z = case(*[next(leaves) if i in case.wanted else x for i, x in enumerate(case.inputs)])
    return sum(np.sum(part * part) for part in (z if isinstance(z, list) else [z]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.errors.BroadcastWarning")
@pytest.mark.parametrize("function", CASES, ids=lambda function: function.__name__)
def test_every_row_of_the_table(function):
    for case in CASES[function]:
        leaves = [tg.parameter(case.inputs[i]) for i in case.wanted]
        J = sum_of_squares(case, leaves)
        d = J.backward()
        step = tg.compile(lambda case=case, leaves=leaves: sum_of_squares(case, leaves), leaves)
        step()
        cost, derivatives = step()

        assert_same(J.value, cost)
        for p, derivative in zip(leaves, derivatives, strict=True):
            assert_same(d[p], derivative)
