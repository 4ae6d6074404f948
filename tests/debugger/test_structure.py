"""Arrays in nested structures: found, read, replaced."""

from types import SimpleNamespace

import numpy as np

from tinygraph.debugger.structure import copy_state, leaves_of, path_text, put_leaf, take_leaf

STATE = {
    "p": {"W": np.ones(2), "more": [1.5, (np.zeros(3), "text")]},
    "self": SimpleNamespace(b=np.ones(1), on=True),
}


def test_leaves_have_paths_as_one_writes_them():
    found = [leaf.text for name, part in STATE.items() for leaf in leaves_of(part, (name,))]
    assert found == ["p['W']", "p['more'][0]", "p['more'][1][0]", "self.b"]


def test_a_leaf_is_replaced_also_within_a_tuple():
    state = copy_state(STATE)
    for leaf in [x for name, part in STATE.items() for x in leaves_of(part, (name,))]:
        put_leaf(state, leaf.path, "new")
        assert take_leaf(state, leaf.path) == "new"
    assert isinstance(state["p"]["more"][1], tuple)
    assert STATE["p"]["more"][0] == 1.5


def test_what_goes_in_circles_is_read_once():
    loop = SimpleNamespace(x=np.ones(1))
    loop.again = loop
    assert [leaf.text for leaf in leaves_of(loop, ("self",))] == ["self.x"]


def test_a_path_is_written_with_its_keys():
    assert path_text(("weights", 0)) == "weights[0]"
