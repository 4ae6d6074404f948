"""Arguments by names, by use, and in each layout."""

import numpy as np
import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.layouts import LAYOUTS
from tinygraph.debugger.making import LEFT, Maker, role_of, unit_of


@pytest.mark.parametrize(
    ("name", "role"),
    [("X", "data"), ("W2", "weight"), ("bias", "bias"), ("y_true", "labels"), ("AL", "pred"),
     ("gamma", "scale"), ("h_prev", "hidden"), ("Wxh", "wx"), ("Whh", "wh"), ("token_idx", "indices"),
     ("verbose", None)],
)  # fmt: skip
def test_a_name_says_what_an_array_is(name, role):
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("name", "size"),
    [("input_dim", "n"), ("n_hidden", "h"), ("num_classes", "k"), ("vocab_size", "V")],
)
def test_a_name_says_which_size_it_is(name, size):
    assert unit_of(name) == size


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_code_of_a_layout_can_be_made(layout):
    maker = Maker(layout)
    for codes in LAYOUTS[layout].values():
        for code in codes:
            assert np.isfinite(maker.array(code)).all()


@pytest.mark.parametrize(("layout", "shapes"), [("rows", [(5, 4), (4, 3)]), ("columns", [(4, 5), (3, 4)])])
def test_numbered_weights_fit_together(layout, shapes):
    maker = Maker(layout, layers=(1, 2))
    assert [maker.candidates(name)[0].shape for name in ("W1", "W2")] == shapes


def choices_in(text, name, **more):
    program = program_of(text)
    return Maker("rows", program=program, **more).choices(program.functions[name], {}, {})


def test_entries_of_a_dict_are_choices_of_their_own():
    found = choices_in("def f(x, p):\n    return x @ p['W'] + p['b'] * p.get('scale_state', 1)", "f")
    assert [(c.name, c.key) for c in found] == [("x", None), ("p", "W"), ("p", "b"), ("p", "scale_state")]
    assert found[3].values[0] is LEFT


def test_a_text_is_one_of_those_that_it_is_compared_with():
    text = "def f(x, kind):\n    return x if kind == 'relu' else -x if kind == 'minus' else None"
    assert [choices_in(text, "f", variant=i)[1].values for i in (0, 1)] == [["relu"], ["minus"]]


def test_what_indexes_arrays_is_whole_numbers():
    found = choices_in("def f(E, where):\n    return E[where]", "f")
    assert all(np.asarray(v).dtype.kind == "i" for v in found[1].values)


def test_axes_that_are_unpacked_are_counted():
    found = choices_in("def f(x):\n    N, D = x.shape\n    return x", "f")
    assert {np.ndim(v) for v in found[0].values} == {2}


@pytest.mark.parametrize(
    ("layout", "role", "shape"),
    [
        ("columns", "weight", (6, 3)),
        ("rows", "weight", (2, 9)),
        ("rows", "bias", (2, 9)),
        ("rows", "data", (2, 3)),
    ],
)
def test_the_weights_of_several_gates_lie_side_by_side(layout, role, shape):
    x = np.ones((2, 3))
    maker = Maker(layout, gates=3)

    found = maker.widened(x, role)

    assert found.shape == shape
    assert len(np.unique(found)) == 1 + found.size - x.size
    assert Maker(layout).widened(x, role) is x
    assert maker.widened(2.0, "bias") == 2.0
