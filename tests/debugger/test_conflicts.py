"""A search of choices does not try what is known to fail, nor goes through what cannot matter."""

from tinygraph.debugger.conflicts import search_choices


def test_a_search_goes_back_to_the_choice_that_matters():
    tried = []

    def attempt(chosen):
        tried.append(tuple(chosen))
        return (tuple(chosen), None) if chosen[0] == 2 else (None, frozenset({0}))

    assert next(search_choices([3, *[4] * 20], attempt, 50)) == (2, *[0] * 20)
    assert len(tried) == 3


def test_failures_that_depend_on_two_choices_hide_no_success():
    def attempt(chosen):
        a, b, c = chosen
        if a == b:
            return None, frozenset({0, 1})
        return (None, frozenset({1, 2})) if b >= c else ((a, b, c), None)

    found = list(search_choices([3, 3, 3], attempt, 99))
    assert found == [(a, b, c) for a in range(3) for b in range(3) for c in range(3) if a != b < c]


def test_what_fails_whatever_is_chosen_is_tried_once():
    assert list(search_choices([2, 2], lambda chosen: (None, frozenset()), 99)) == []
