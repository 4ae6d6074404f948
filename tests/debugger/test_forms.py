"""Results in all the forms that people give them, read into values by name."""

import numpy as np
import pytest

from tinygraph.debugger.forms import (
    caches_form,
    costs_form,
    dict_form,
    gradients_form,
    is_number_array,
    layer_form,
    single_number,
    tuple_form,
)

X, W1, b1, Z1, A1, W2, b2, Z2, A2 = (np.full((2, 3), i) for i in range(9))
CACHES = [((X, W1, b1), Z1), ((A1, W2, b2), Z2)]
CACHE = {"Z1": Z1, "A1": A1, "W1": W1, "Z2": Z2, "A2": A2}
GRADS = {"dw": W1, "db": 0.5}


def test_tuples_are_read_in_order():
    form = tuple_form(["dA0", "dW1"], "the tuple (dA_prev, dW)")

    assert form.read([X, W1]) == {"dA0": X, "dW1": W1}


@pytest.mark.parametrize("cost", [0.5, 1, np.float64(0.5), np.array([[0.5]]), np.array([0.5]), np.array(1)])
def test_a_cost_is_one_number(cost):
    assert np.shape(costs_form("J").read(cost)["J"]) == ()
    assert float(costs_form("J").read(cost)["J"]) == float(np.squeeze(cost))


def test_a_cost_per_example_stays_what_it_is():
    assert costs_form("J").read(X) == {"J": X}


@pytest.mark.parametrize("result", [(GRADS, 0.25), [0.25, GRADS], (GRADS | {"db": np.array([[0.5]])}, 0.25)])
def test_gradients_and_cost_come_in_either_order(result):
    assert gradients_form().read(result) == {"dw": W1, "db": 0.5, "J": 0.25}


def test_value_of_a_layer_and_z_from_its_cache():
    form = layer_form("A", 2, False, "the tuple (A, cache)")

    assert form.read((A2, CACHES[1])) == {"A2": A2, "Z2": Z2}
    assert form.read((A2, {"my": "cache"})) == {"A2": A2}
    assert form.read((A2, (CACHES[1][0], None))) == {"A2": A2}
    assert layer_form("Z", 2, False, "the tuple (Z, cache)").read((Z2, CACHES[1])) == {"Z2": Z2}


def test_a_cache_may_keep_a_in_place_of_z():
    kept = (A2, ((A1, W2, b2), A2))

    assert layer_form("A", 2, True, "").read(kept) == {"A2": A2}
    assert layer_form("A", 2, False, "").read(kept) == {"A2": A2, "Z2": A2}


@pytest.mark.parametrize(
    ("caches", "names"),
    [
        (CACHES, ["Z1", "A1", "Z2", "A2"]),
        (CACHE, ["Z1", "A1", "Z2", "A2"]),
        (CACHES[:1], ["A2"]),
        ([X, W1], ["A2"]),
        ((Z1, A1, W1, b1), ["A2"]),
        (None, ["A2"]),
    ],
    ids=["lists", "dict", "short", "flat", "tuple", "none"],
)
def test_caches_are_read_as_far_as_they_have_the_courses_form(caches, names):
    read = caches_form([False, True], "").read((A2, caches))

    assert read == {name: CACHE[name] for name in names}


FORMS = {
    "tuple": tuple_form(["dW", "db"], ""),
    "dict": dict_form,
    "cost": costs_form("J"),
    "gradients": gradients_form(),
    "layer": layer_form("A", 1, True, ""),
    "caches": caches_form([True], ""),
}


@pytest.mark.parametrize(
    "value", [None, "text", object(), True, (1, 2, 3), [], {1, 2}], ids=lambda x: type(x).__name__
)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_other_forms_are_not_read(form, value):
    assert form.read(value) is None


@pytest.mark.parametrize(
    ("form", "value"),
    [("gradients", (1, 2)), ("gradients", (GRADS, "x")), ("layer", (GRADS, 1)), ("caches", ((1, 2), 3))],
)
def test_pairs_of_other_things_are_not_read(form, value):
    assert FORMS[form].read(value) is None


def test_numbers_are_those_of_python_and_numpy_but_no_truths():
    assert all(map(is_number_array, (1, 1.5, np.float32(1), np.int8(1), X)))
    assert not any(map(is_number_array, (True, "1", None, [1.0])))
    assert (single_number(np.ones((1, 1))).shape, single_number([1.0]), single_number(X) is X) == (
        (),
        [1.0],
        True,
    )
