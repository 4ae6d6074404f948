"""Functions that printed code holds: all that are needed, and no others, and as they are here."""

import numpy as np

from tinygraph.plan.helpers import helper_functions
from tinygraph.rules import convolution as c
from tinygraph.rules import kernels as k


def names_of(texts):
    return [text.partition("(")[0].removeprefix("def ") for text in texts]


def test_what_is_called_comes_with_what_it_calls():
    assert helper_functions([np.tanh, k.relu, None]) == []
    assert names_of(helper_functions([c.fold])) == [
        "window_entries",
        "bordered_shape",
        "inside_border",
        "fold",
    ]
    assert names_of(helper_functions([c.conv2d]))[-1] == "conv2d"


def test_the_text_runs_by_itself_and_gives_the_same():
    module = {"np": np}
    exec("\n\n".join(helper_functions([c.conv2d, c.conv2d_transpose, c.conv2d_filters])), module)
    random = np.random.default_rng(0)
    x, w = random.normal(size=(2, 5, 6, 2)), random.normal(size=(3, 2, 1, 4))
    settings = {"stride": (2, 1), "padding": ((1, 0), (1, 1)), "groups": 2}

    z = c.conv2d(x, w, **settings)

    np.testing.assert_array_equal(module["conv2d"](x, w, **settings), z)
    dx = c.conv2d_transpose(z, w, x.shape, **settings)
    np.testing.assert_array_equal(module["conv2d_transpose"](z, w, x.shape, **settings), dx)
    dw = c.conv2d_filters(x, z, (3, 2), **settings)
    np.testing.assert_array_equal(module["conv2d_filters"](x, z, (3, 2), **settings), dw)


def test_types_decorators_and_examples_stay_behind():
    [text] = [text for text in helper_functions([c.windows]) if text.startswith("def windows(")]

    assert all(word not in text for word in ("@kernel", "Numeric", ">>>"))
    assert text.splitlines()[1].strip().startswith('"""All windows of images')
