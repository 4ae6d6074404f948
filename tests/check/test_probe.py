"""The probe: a forward pass that hides nothing, with derivatives that an independent derivation confirms."""

import numpy as np
import pytest

from tinygraph import layerwise as lw
from tinygraph.check.probe import make_probe

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


@pytest.mark.parametrize("sizes", [[], [3], [3, 0], [-1, 2]])
def test_sizes_that_are_no_network_are_refused(sizes):
    with pytest.raises(ValueError, match="expected those of two layers or more"):
        make_probe(sizes)
