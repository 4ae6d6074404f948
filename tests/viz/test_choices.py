"""What may be chosen for a picture, and what is refused."""

import pytest

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
