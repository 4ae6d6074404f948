"""What is left of a recording: each call once, none for nothing, and the same bits."""

import numpy as np
import pytest

import tinygraph as tg
from tests.plan.symbols import program_of, random_array, recorded, run
from tinygraph.plan.program import is_constant, reachable_symbols, simplify_program, symbols_in
from tinygraph.plan.record import Tape, Traced

X, Y = random_array(3, 4), random_array(3, 4, seed=1)


def calls(f, *arrays, keep=False):
    """The functions called, by name."""
    return [s.function.__name__ for s in program_of(f, *arrays, keep=keep)[0].steps]


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.exp(x) * np.exp(x), ["exp", "multiply"]),
        (lambda x: (x + 1) * (x + 1), ["add", "multiply"]),
        (lambda x: (x + 1) * (x + 2), ["add", "add", "multiply"]),
        (lambda x: (x + 1) * (1 + x), ["add", "add", "multiply"]),  # which rounds alike, but is not asked for
        (lambda x: np.sum(x, axis=0) + np.sum(x, axis=0), ["reduce", "add"]),
        (
            lambda x: np.sum(x[:3, :3], axis=0) + np.sum(x[:3, :3], axis=1),
            ["getitem", "reduce", "reduce", "add"],
        ),
        (lambda x: np.sum(x, keepdims=True, axis=0) + np.sum(x, axis=0, keepdims=True), ["reduce", "add"]),
        (lambda x: np.concatenate([x, x]) + np.concatenate([x, x]), ["concatenate", "add"]),
        (lambda x: x[1:] + x[1:], ["getitem", "add"]),
        (lambda x: x[1:] + x[:-1], ["getitem", "getitem", "add"]),
    ],
)
def test_what_is_computed_twice_is_computed_once(f, expected):
    assert expected == calls(f, X)


def test_calls_that_ignore_other_errors_are_not_the_same():
    def f(x):
        with np.errstate(divide="ignore"):
            first = np.log(x)
        return first + np.log(x)

    assert calls(f, X) == ["log", "log", "add"]


def test_whole_numbers_and_fractions_are_not_the_same_number():
    whole = np.arange(4)

    assert calls(lambda x: (x * 2) + (x * 2.0), whole) == ["multiply", "multiply", "add"]


def test_what_nothing_needs_is_gone():
    def f(x):
        np.tanh(x)
        return np.exp(x)

    assert calls(f, X) == ["exp"]


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x: x * 1, []),
        (lambda x: 1 * x, []),
        (lambda x: x / 1, []),
        (lambda x: x * np.float64(1), []),
        (lambda x: 1 / x, ["divide"]),
        (lambda x: x * 2, ["multiply"]),
        (lambda x: x - 1, ["subtract"]),
        (lambda x: x + 1, ["add"]),
        (lambda x: x * np.ones((2, 3, 4)), ["multiply"]),
    ],
)
def test_only_a_factor_of_one_is_left_out(f, left):
    assert left == calls(f, X)


def test_a_factor_of_one_stays_where_it_changes_the_dtype():
    assert calls(lambda x: x * 1.0, np.arange(3)) == ["multiply"]
    assert calls(lambda x: x / 1, np.arange(3)) == ["divide"]


def test_an_elementwise_call_repeats_its_input_by_itself():
    row = random_array(1, 4)

    assert calls(lambda x, y: x + np.broadcast_to(y, (3, 4)), X, row) == ["add"]
    assert calls(lambda x, y: np.broadcast_to(y, (3, 4)) - x, X, row) == ["subtract"]
    both = calls(lambda x, y: np.broadcast_to(x, (3, 4)) * np.broadcast_to(y, (3, 4)), row, row[:, :1])
    assert both.count("broadcast_to") == 1  # one of them gives the shape
    assert calls(lambda x, y: x @ np.broadcast_to(y, (4, 4)), X, row) == ["broadcast_to", "matmul"]
    assert calls(lambda x, y: np.broadcast_to(y, (2, 3, 4)) + x, X, row) == ["broadcast_to", "add"]


def test_what_is_the_same_at_every_step_is_not_computed_there():
    assert calls(lambda x: x + np.zeros_like(x), X) == ["add"]
    assert calls(lambda x: x * (np.ones_like(x) + np.ones_like(x)), X) == ["multiply"]


def test_where_relu_is_taken_x_need_not_be_kept_for_its_sign():
    program, _ = program_of(lambda x: np.maximum(x, 0) * (x > 0), X)
    [maximum] = [s for s in program.steps if s.function is np.maximum]
    [greater] = [s for s in program.steps if s.function is np.greater]

    assert greater.args[0] is maximum


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.maximum(x, 0) * (x > 1),
        lambda x: np.maximum(x, 1) * (x > 0),
        lambda x: np.minimum(x, 0) * (x > 0),
        lambda x: np.maximum(x, 0) * (x >= 0),
    ],
)
def test_another_comparison_reads_x_itself(f):
    program, [x] = program_of(f, X)

    assert all(s.args[0] is x for s in program.steps if s.function in (np.greater, np.greater_equal))


def test_kept_as_written_every_call_reads_what_it_was_written_to_read():
    def f(x):
        return np.maximum(x, 0) * (x > 0)

    program, [x] = program_of(f, X, keep=True)

    assert [s.args[0] is x for s in program.steps] == [True, True, False]
    assert calls(f, X, keep=True) == ["maximum", "greater", "multiply"]
    assert calls(f, X) == ["maximum", "greater", "cast_to", "multiply"]


def test_a_mask_becomes_numbers_once_and_only_where_it_has_the_full_shape():
    assert calls(lambda x, y: (x > 0) * x + (x > 0) * y, X, Y).count("cast_to") == 1
    assert "cast_to" not in calls(lambda x, y: (y > 0) * x, X, Y[:1])
    assert "cast_to" not in calls(lambda x, y: (x > 0) * (y > 0), X, Y)
    assert "cast_to" not in calls(lambda x, y: (x > 0) + y, X, Y)
    assert "cast_to" not in calls(lambda x, y: (x > 0) * y, X, np.arange(12).reshape(3, 4))


PROGRAMS = {
    "relu": lambda x, y: np.maximum(x, 0) * (x > 0) + y * 1,
    "broadcast": lambda x, y: np.broadcast_to(x[:1], (3, 4)) * y + np.ones_like(x),
    "twice": lambda x, y: np.tanh(x @ y.T) @ np.tanh(x @ y.T),
    "joined": lambda x, y: np.concatenate([x, y, x]) * 1.0,
    "constant": lambda x, y: x * np.full((3, 4), 2.0) - y / np.float64(3),
    "plain arrays": lambda x, y: (x + X) * (y + X) + np.where(x > y, x, X),
}


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("keep", [False, True])
def test_a_program_gives_the_bits_of_the_function_on_other_numbers(f, keep):
    program, given = program_of(f, X, Y, keep=keep)
    for seed in (2, 3):
        values = [random_array(3, 4, seed=seed), random_array(3, 4, seed=seed + 10)]
        [found] = run(program, dict(zip(given, values, strict=True)))

        np.testing.assert_array_equal(found, f(*values))


def test_results_and_leaves_come_in_the_order_in_which_they_are_asked_for_and_used():
    program, [x, y] = program_of(lambda x, y: (np.exp(y), y - x, y), X, Y)

    assert [s.function for s in program.steps] == [np.exp, np.subtract]
    assert program.leaves == [y, x]
    assert [r.function for r in program.results] == [np.exp, np.subtract, None]


def test_a_result_that_was_given_is_a_leaf():
    program, [x] = program_of(lambda x: x, X)

    assert (program.steps, program.leaves, program.results) == ([], [x], [x])


def test_a_check_is_kept_unless_it_asks_what_never_changes():
    def f(x):
        return x * 2 if x[0, 0] > -100 and np.zeros_like(x)[0, 0] == 0 else x

    names = calls(f, X)

    assert names.count("note_check") == 1
    assert "multiply" in names


def test_symbols_are_found_in_tuples_lists_slices_and_settings():
    tape = Tape()
    a, b, c, d = (Traced(np.float64(i), tape) for i in range(4))
    s = Traced(np.float64(0), tape)
    s.function, s.args, s.settings = np.add, (a, [b, 2]), {"where": c, "at": (slice(d, None),)}

    assert symbols_in(s) == [a, b, c, d]


def test_what_something_was_made_from_comes_in_the_order_of_recording():
    [x], [z], _ = recorded(lambda x: np.exp(x) + np.tanh(np.exp(x)), X)
    found = reachable_symbols([z])

    assert found[0] is x
    assert [s.function for s in found[1:]] == [np.exp, np.exp, np.tanh, np.add]
    assert [s.serial for s in found] == sorted(s.serial for s in found)


def test_numbers_are_constant_and_arrays_are_not():
    tape = Tape()
    fixed, array, number = Traced(np.float64(1), tape), Traced(X, tape), Traced(np.float64(2), tape)
    fixed.fixed = True

    assert [is_constant(x) for x in (1, 1.5, np.float32(1), fixed)] == [True] * 4
    assert [is_constant(x) for x in (array, number, "1", None)] == [False] * 4


def test_a_plain_array_is_one_leaf_however_often_it_is_used():
    program, [x] = program_of(lambda x: (x + Y) * Y, X)

    assert len(program.leaves) == 2
    assert program.leaves[0] is x
    assert program.leaves[1].value is Y


def test_became_says_where_the_result_of_each_call_is():
    [x], [z], tape = recorded(lambda x: np.exp(x) * np.exp(x) * 1, X)
    program, became = simplify_program([z], tape.checks)

    assert became[x] is x
    assert program.results == [became[z]]
    assert became[z].function is np.multiply


def test_a_compiled_penalty_of_one_costs_no_call():
    W = tg.parameter(X, name="W")
    step = tg.compile(lambda: 1 * np.sum(W * W), [W])
    step()

    assert "multiply(1" not in step.source
