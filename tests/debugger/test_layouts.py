"""What names say that arguments are, and how arrays lie."""

import re

import pytest

from tinygraph.debugger.layouts import FIRST, LAYOUTS, ROLES, SECOND, SETTINGS, UNITS, Sizes, has_columns

NAMES = {role for _, role in ROLES}


def first_of(table, name, flags=re.I):
    return next((value for pattern, value in table if re.search(pattern, name, flags)), None)


@pytest.mark.parametrize(
    ("name", "values"),
    [("stride", [2, 1]), ("pad", [1, 0]), ("pool_size", [3, 2]), ("keep_prob", [0.7]),
     ("dropout_rate", [0.4]),
     ("lambd", [0.3]), ("learning_rate", [0.1]), ("epsilon", [1e-5]), ("beta1", [0.9]), ("batch_size", ["m"]),
     ("num_heads", [2, 3]), ("mode", ["train", "max", "average"]),
     ("activation", ["relu", "sigmoid", "tanh"]),
     ("epochs", [1]), ("verbose", [False]), ("derivative", [False]), ("is_train", [True]), ("seed", [1]),
     ("init", ["he", "xavier"]), ("clip_value", [1.3, 5.0]), ("alpha", [0.1]),
     ("loss", ["mse", "cross_entropy"]),
     ("output_act", ["sigmoid", "softmax", "linear"]), ("X", None), ("W1", None)],
)  # fmt: skip
def test_a_setting_has_values_that_hide_no_mistake(name, values):
    assert first_of(SETTINGS, name, 0) == values


@pytest.mark.parametrize(
    ("name", "unit"),
    [("vocab_size", "V"), ("embed_dim", "g"), ("input_size", "n"), ("hidden_dim", "h"), ("num_classes", "k"),
     ("D", "n"), ("H", "h"), ("C", "k"), ("xyz", None)],
)  # fmt: skip
def test_a_name_says_which_size_is_meant(name, unit):
    assert first_of(UNITS, name) == unit


@pytest.mark.parametrize(
    ("name", "role"),
    [("y_true", "labels"), ("AL", "pred"), ("W3", "weight"), ("b2", "bias"), ("beta", "scale"), ("Wax", "wx"),
     ("Waa", "wh"), ("Wya", "wy"), ("by", "by"), ("bh", "bh"), ("Wq", "square"), ("qkv", None),
     ("Wqkv", "triple"),
     ("a_prev", "hidden"), ("centerWordVec", "vector"), ("outsideVectors", "table"), ("token_ids", None),
     ("target_idx", "labels"), ("captions", "indices"), ("Q", "data"), ("pad_mask", "mask"),
     ("x_batch", "data")],
)  # fmt: skip
def test_a_name_says_what_an_array_is(name, role):
    assert first_of(ROLES, name) == role


@pytest.mark.parametrize("sizes", [FIRST, SECOND])
def test_different_sizes_differ_so_that_none_is_taken_for_another(sizes):
    for letters in ("mnhgkTV", "MCyxF"):  # of networks, and of images
        values = [getattr(sizes, letter) for letter in letters]
        assert len(set(values)) == len(values)
        assert min(values) > 1


def test_the_second_sizes_are_others_but_for_the_words():
    assert [n for n in vars(FIRST) if vars(FIRST)[n] == vars(SECOND)[n]] == ["V"]


def test_one_output_changes_nothing_else():
    assert vars(FIRST.with_one_output()) == vars(FIRST) | {"k": 1}
    assert Sizes() == FIRST


def test_every_layout_speaks_of_roles_and_sizes_that_there_are():
    made = NAMES | {"join"}  # a weight of a state and an input together
    letters = set(vars(FIRST))
    for layout, codes in LAYOUTS.items():
        assert codes.keys() <= made, layout
        sizes = [
            w for code in (c for cs in codes.values() for c in cs) for w in re.findall(r"\b[a-zA-Z]+\b", code)
        ]
        kinds = {"one", "int", "any", "bits", "index", "int1", "bit", "oneindex", "ragged", "ones", "tril"}
        assert {w for w in sizes if w not in kinds} <= letters, layout


@pytest.mark.parametrize("layout", [x for x in LAYOUTS if "data" in LAYOUTS[x] and "weight" in LAYOUTS[x]])
def test_examples_are_columns_where_weights_stand_before_data(layout):
    """A weight of n inputs ends with n where it is multiplied from the left: W @ X."""
    weights = {code.split()[-1] for code in LAYOUTS[layout]["weight"] if len(code.split()) == 2}
    if has_columns(layout):
        assert weights == {"n"}
    assert has_columns(layout) == (layout in ("columns", "one column", "sequences, time last"))
