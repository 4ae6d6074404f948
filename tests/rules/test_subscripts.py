"""The derivative of einsum, for subscripts nobody thought of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.oracles import complex_step
from tinygraph.rules.subscripts import explicit_subscripts

SIZES = {"a": 2, "b": 3, "c": 2, "d": 1}


@pytest.mark.parametrize(
    ("subscripts", "ndims", "expected"),
    [
        ("ij,jk->ik", [2, 2], (["ij", "jk"], "ik")),
        ("ij,jk", [2, 2], (["ij", "jk"], "ik")),
        ("ba", [2], (["ba"], "ab")),
        (" i j , j -> i ", [2, 1], (["ij", "j"], "i")),
        ("ii", [2], (["ii"], "")),
        ("...ij,...jk", [4, 3], (["ABij", "Bjk"], "ABik")),
        ("...A->A...", [2], (["BA"], "AB")),
        (",i", [0, 1], (["", "i"], "i")),
    ],
)
def test_everything_is_written_out(subscripts, ndims, expected):
    assert explicit_subscripts(subscripts, ndims) == expected


@st.composite
def products(draw):
    """Subscripts of one to three inputs, with repeated letters and letters summed away, and their shapes."""
    terms = draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    letters = sorted(set("".join(terms)))
    out = draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))]
    batched = [draw(st.booleans()) for _ in terms]
    written = [("..." if dots else "") + term for dots, term in zip(batched, terms, strict=True)]
    shapes = [
        ((2, 3)[draw(st.integers(0, 2)) :] if dots else ()) + tuple(SIZES[c] for c in term)
        for dots, term in zip(batched, terms, strict=True)
    ]
    ellipsis = "..." if any(batched) else ""
    return f"{','.join(written)}->{ellipsis}{''.join(out)}", shapes


@settings(deadline=None, derandomize=True, max_examples=150)
@given(products(), st.booleans(), st.integers(0, 2**32 - 1))
def test_any_product(product, optimize, seed):
    subscripts, shapes = product
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    leaves = [tg.parameter(x) for x in arrays]
    z = np.einsum(subscripts, *leaves, optimize=optimize)
    dz = rng.standard_normal(z.shape)

    d = z.backward(dz)

    for i, x in enumerate(arrays):
        expected = complex_step(
            lambda x, i=i: np.sum(dz * np.einsum(subscripts, *arrays[:i], x, *arrays[i + 1 :])), x
        )
        np.testing.assert_allclose(d[leaves[i]], expected, rtol=1e-8, atol=1e-12)


def test_subscripts_may_be_lists():
    x = tg.parameter(np.ones((2, 2)))

    np.testing.assert_array_equal(np.einsum(x, [0, 1], [0]).value, [2, 2])
