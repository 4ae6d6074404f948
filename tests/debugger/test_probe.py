"""The probe: a forward pass that hides nothing, with derivatives that an independent derivation confirms."""

import numpy as np
import pytest

from tinygraph import layerwise as lw
from tinygraph.debugger.probe import make_probe

NETWORKS = [([5, 4, 3, 1], 0), ([5, 4, 3, 1], 3), ([8, 6, 5, 4, 3], 1), ([3, 1], 2), ([9, 40, 1], 4)]


@pytest.mark.parametrize(("sizes", "seed"), NETWORKS)
def test_nothing_is_hidden(sizes, seed):
    probe = make_probe(sizes, seed)

    assert len({*sizes, probe.m}) == len(sizes) + 1
    assert probe.X.shape == (sizes[0], probe.m)
    assert probe.Y.shape == (sizes[-1], probe.m)
    assert set(np.unique(probe.Y)) == {0.0, 1.0}
    for (A_prev, W, b), Z in probe.caches:
        assert {x.dtype for x in (A_prev, W, b, Z)} == {np.dtype(np.float64)}
        assert (b != 0).all()
        assert (Z > 0).any(axis=1).all()
        assert (Z < 0).any(axis=1).all()
        assert (np.abs(Z) > 1e-2).all()


@pytest.mark.parametrize(("sizes", "seed"), NETWORKS)
def test_forward_pass_and_derivatives_are_those_of_the_lectures(sizes, seed):
    probe = make_probe(sizes, seed)
    AL, caches = lw.L_model_forward(probe.X, probe.parameters)

    expected = lw.L_model_backward(AL, probe.Y, caches)

    np.testing.assert_allclose(probe.AL, AL, rtol=1e-12)
    for ours, theirs in zip(probe.caches, caches, strict=True):
        for x, y in zip([*ours[0], ours[1]], [*theirs[0], theirs[1]], strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-12)
    for name, value in expected.items():
        np.testing.assert_allclose(probe.derivative(name, "course"), value, rtol=1e-9, atol=1e-15)
        factor = probe.m if name[1] == "A" else 1
        np.testing.assert_allclose(probe.derivative(name, "true"), value / factor, rtol=1e-9, atol=1e-15)


def test_number_of_examples_is_none_of_the_sizes():
    assert make_probe([7, 8, 1]).m == 9


def test_seed_decides():
    np.testing.assert_array_equal(make_probe(seed=1).X, make_probe(seed=1).X)
    assert not np.array_equal(make_probe(seed=1).X, make_probe(seed=2).X)


KINDS = [
    (["tanh", "tanh", "sigmoid"], (5, 4, 3, 1)),
    (["relu", "softmax"], (5, 4, 3)),
    (["sigmoid", "tanh", "relu", "softmax"], (7, 6, 5, 4, 3)),
    (["sigmoid"], (3, 1)),
    (["softmax"], (4, 3)),
]


@pytest.mark.parametrize(("activations", "sizes"), KINDS)
def test_activations_choose_the_sizes_and_make_the_pass(activations, sizes):
    probe = make_probe(activations=activations)

    A = probe.X
    for layer, activation in enumerate(activations, start=1):
        A, ((_, _, _), Z) = lw.linear_activation_forward(
            A, probe.parameters[f"W{layer}"], probe.parameters[f"b{layer}"], activation
        )
        np.testing.assert_allclose(probe.values[f"Z{layer}"], Z, rtol=1e-12)
        np.testing.assert_allclose(probe.values[f"A{layer}"], A, rtol=1e-12)
    assert probe.sizes == sizes
    assert pytest.approx(lw.compute_cost(A, probe.Y, activations[-1]), rel=1e-12) == probe.J
    for layer in range(1, probe.L + 1):
        assert probe.activation(layer) == activations[layer - 1]


@pytest.mark.parametrize(("activations", "sizes"), KINDS)
def test_derivatives_under_any_activations_are_those_of_the_lectures(activations, sizes):
    probe = make_probe(sizes, seed=3, activations=activations)
    loss = -(probe.Y / probe.AL) + (activations[-1] == "sigmoid") * (1 - probe.Y) / (1 - probe.AL)

    dA = loss
    for layer in range(probe.L, 0, -1):
        np.testing.assert_allclose(probe.derivative(f"dA{layer}", "course"), dA, rtol=1e-9, atol=1e-14)
        dA, dW, db = lw.linear_activation_backward(dA, probe.caches[layer - 1], activations[layer - 1])
        np.testing.assert_allclose(probe.derivative(f"dW{layer}", "course"), dW, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(probe.derivative(f"db{layer}", "course"), db, rtol=1e-9, atol=1e-14)


def test_labels_of_a_softmax_have_one_1_in_each_column():
    Y = make_probe(activations=["relu", "softmax"]).Y

    assert Y.sum(axis=0).tolist() == [1.0] * Y.shape[1]
    assert (Y.sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    ("sizes", "activations", "said"),
    [
        ([5, 4, 1], ["relu"], "the activations are relu; expected 2, one for each layer"),
        ([5, 4, 1], ["gelu", "sigmoid"], "relu, tanh, sigmoid, and at the end sigmoid or softmax"),
        ([5, 4, 1], ["relu", "tanh"], "at the end sigmoid or softmax"),
        ([5, 4, 1], [], "expected 2"),
        ([5, 4, 1], ["relu", "softmax"], "a softmax of one unit is always 1"),
    ],
)
def test_activations_that_do_not_fit_are_refused(sizes, activations, said):
    with pytest.raises(ValueError, match=said):
        make_probe(sizes, activations=activations)


@pytest.mark.parametrize("sizes", [[], [3], [3, 0], [-1, 2]])
def test_sizes_that_are_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="expected those of two layers or more"):
        make_probe(sizes)
