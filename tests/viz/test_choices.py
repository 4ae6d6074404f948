"""What may be chosen for a picture, and what is refused."""

import numpy as np
import pytest

import tinygraph as tg
import viz
from tests.viz.graphs import logistic
from viz.choices import check_choices


@pytest.mark.parametrize(
    ("argument", "known"),
    [
        ({"view": "layer"}, "'auto', 'ops', 'layers', 'compact'"),
        ({"palette": "dark"}, "'lecture', 'colorblind'"),
        ({"direction": "up"}, "'right', 'down'"),
        ({"convention": "lecture"}, "'course', 'true'"),
    ],
)
def test_unknown_choice_is_an_error_that_lists_the_known(argument, known):
    [(what, given)] = argument.items()
    with pytest.raises(ValueError, match=f"^{what} is one of {known}, not '{given}'$"):
        viz.draw(logistic(), **argument)


@pytest.mark.parametrize("what", ["view", "palette", "direction", "convention"])
def test_nothing_chosen_is_the_default(what):
    check_choices(**{what: None})


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"view": "ops", "values": True}, ValueError, 'values= belongs to view="compact"'),
        ({"view": "layers", "values": True}, ValueError, 'values= belongs to view="compact"'),
        ({"view": "compact", "group": True}, ValueError, 'group= belongs to view="ops"'),
        ({"view": "ops", "unfold": {"1"}}, ValueError, 'unfold= belongs to view="layers"'),
        ({"view": "layers", "unfold": {"9"}}, ValueError, "no layer '9' to unfold; there are: '1'"),
        ({"max_size": (0, 0)}, ValueError, "both positive"),
        ({"max_size": (3,)}, ValueError, "a width and a height"),
        ({"highlight": 3}, TypeError, "what tg.compare returned"),
        ({"highlight": "dW1"}, TypeError, "what tg.compare returned"),
    ],
)
def test_what_would_have_no_effect_is_refused(options, error, told):
    W1 = tg.parameter(np.ones((2, 3)), name="W1")
    with pytest.raises(error, match=told):
        viz.draw(np.sum(np.tanh(W1 @ np.ones((3, 4)))), **options)


def test_a_page_is_an_html_file(tmp_path):
    x = tg.parameter(3.0, name="x")
    with pytest.raises(tg.errors.UserFileError, match=r"an \.html file, not to x\.svg"):
        viz.page(x * x).save(tmp_path / "x.svg")
    assert viz.page(x * x).save(tmp_path / "x.html").exists()
