"""Memory that is used again: a program run in its buffers gives what it gives in memory of its own."""

import numpy as np
import pytest

from tests.cases import CASES
from tests.plan.symbols import filled, program_of, random_array, recorded, run
from tinygraph.plan.buffers import has_out, last_uses, memory_layout, order_of, plan_memory
from tinygraph.plan.record import Tape, Traced
from tinygraph.rules.table import TABLE

X, Y = random_array(3, 4), random_array(3, 4, seed=1)
SQUARE = random_array(3, 3, seed=2)


def symbol(array):
    return Traced(array, Tape())


def run_in_buffers(program, memory, known):
    """The results of a program whose calls write where the plan says, views being views."""
    arrays = {buffer: np.full_like(buffer.results[0].value, np.nan) for buffer in memory.buffers}
    known = {**known}
    for s in program.steps:
        value = s.function(*filled(s.args, known), **filled(s.settings, known))
        if s in memory.of:
            arrays[memory.of[s]][...] = value
            value = arrays[memory.of[s]]
        elif s in memory.targets:
            known[memory.targets[s]][...] = value
            value = known[memory.targets[s]]
        known[s] = value
    return [known[r] for r in program.results]


def chain(x, y):
    for _ in range(6):
        x = np.tanh(x)
    return x * y


def diamond(x, y):
    a = np.exp(x)
    b = np.sin(a)
    c = a * b
    return c - np.cos(b) + a


def views(x, y):
    a = np.exp(x)
    b = a.T[1:]
    c = np.tanh(a)
    return np.sum(b @ c, axis=0) + np.sum(a)


def chosen(x, y):
    a, b = np.sin(x), np.cos(y)
    c = np.where(a > b, a, b)
    d = np.where(c > 0, b, c)
    return d + np.where(d > 0, d, 1.0)


def products(x, y):
    a = x @ y.T
    b = a @ a
    c = b @ a + b
    return c.T @ c - a


def reduced(x, y):
    a = np.exp(x) + y
    return a / np.sum(a, axis=0, keepdims=True) - np.mean(a, axis=0) + np.max(a[::-1], axis=0)


def joined(x, y):
    a = np.concatenate([np.exp(x), np.exp(y)])
    b = np.exp(a)
    return np.cumsum(b, axis=0)[:3] * np.exp(x) + a[3:]


def mirrored(x, y):
    a = np.exp(x) + y
    b = a + a[::-1, ::-1]
    return b[::-1] - b


PROGRAMS = [mirrored, chain, diamond, views, chosen, products, reduced, joined]


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("returned", [False, True])
def test_a_program_in_its_buffers_gives_the_same(f, returned):
    program, given = program_of(f, X, Y)
    known = dict(zip(given, (X + 1, Y - 1), strict=True))

    memory = plan_memory(program, {}, program.results if returned else ())

    [expected], [found] = run(program, known), run_in_buffers(program, memory, known)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert not returned or program.results[0] not in memory.of


@pytest.mark.parametrize("n", [1, 5, 40])
def test_elementwise_calls_in_a_row_share_one_piece_of_memory(n):
    def f(x):
        for _ in range(n):
            x = np.tanh(x)
        return x

    program, _ = program_of(f, X)
    memory = plan_memory(program, {}, ())

    assert len(memory.buffers) == 1
    assert len(memory.buffers[0].results) == n
    assert len(memory.over) == n - 1


def test_no_call_writes_over_what_it_also_reads_through_a_view():
    def f(x):
        a = np.exp(x)
        return a + a[::-1]

    program, _ = program_of(f, X)
    memory = plan_memory(program, {}, ())

    assert [s.function for s in program.steps if s in memory.over] == []
    assert len(memory.buffers) == 2


def test_products_in_a_row_take_turns_in_two():
    program, _ = program_of(lambda x: x @ x @ x @ x @ x, SQUARE)
    memory = plan_memory(program, {}, ())

    assert sorted(len(buffer.results) for buffer in memory.buffers) == [2, 2]
    assert not memory.over


def test_what_is_read_later_is_not_written_over():
    program, _ = program_of(lambda x: np.exp(x) + np.tanh(np.exp(x)), X)
    memory = plan_memory(program, {}, ())
    exp, tanh, add = program.steps

    assert memory.of[exp] is not memory.of[tanh]
    assert memory.over == {add: exp}


def test_what_is_given_is_never_written_over():
    program, given = program_of(lambda x, y: np.tanh(x) * y, X, Y)
    memory = plan_memory(program, {}, ())

    assert not set(given) & {x for buffer in memory.buffers for x in buffer.results}


def targeted(f, W, *others):
    """Whether the new value of W is written over the old one at once."""
    program, [old, *_] = program_of(f, W, *others)
    [new] = program.results
    return plan_memory(program, {new: old}, ()).targets.get(new) is old


def test_a_new_value_is_written_at_once_where_nobody_reads_the_old_one_later():
    assert targeted(lambda W, g: W - 0.1 * g, X, Y)
    assert not targeted(lambda W, g: W @ g, SQUARE, SQUARE.copy())
    assert not targeted(lambda W, g: W.T - g, SQUARE, SQUARE.copy())  # reads what was written over


def test_a_new_value_waits_where_the_old_one_is_read_later():
    program, [W] = program_of(lambda W: (W * 2, np.sum(np.exp(W))), X)
    new = program.results[0]

    assert not plan_memory(program, {new: W}, ()).targets


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (np.exp, True),
        (lambda x: x @ x.T, True),
        (lambda x: np.dot(x, x.T), True),
        (lambda x: np.sum(x, axis=0), True),
        (lambda x: np.mean(x, axis=0), True),
        (lambda x: np.cumsum(x, axis=0), True),
        (lambda x: np.concatenate([x, x]), True),
        (lambda x: np.where(x > 0, x, 0.0), True),
        (lambda x: np.clip(x, 0, 1), True),
        (np.sum, False),  # a number
        (lambda x: x.T, False),
        (lambda x: x[1:], False),
        (lambda x: np.sum(x[::-1], axis=0), False),  # adds in another order then
        (lambda x: np.exp(x[::-1]), True),
        (lambda x: np.argsort(x, axis=0), False),
    ],
)
def test_which_calls_write_into_memory_made_before(f, expected):
    _, [made], _ = recorded(f, X)

    assert has_out(made) is expected


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x.T, True),
        (lambda x: x.reshape(4, 3), True),
        (np.ravel, True),
        (lambda x: x[1:, ::2], True),
        (lambda x: x[0], True),
        (lambda x: np.broadcast_to(x, (2, 3, 4)), True),
        (lambda x: np.flip(x), True),
        (lambda x: np.einsum("ij->ji", x), True),
        (lambda x: np.einsum("ii->i", x[:, :3]), True),
        (lambda x: np.einsum("...->...", x), True),
        (np.diagonal, True),
        (lambda x: np.moveaxis(x, 0, 1), True),
        (np.rot90, True),
        (np.atleast_3d, True),
        (lambda x: np.real(x * 1j), True),
        (lambda x: x[np.argmax(x[:, 0])], True),
        (lambda x: np.einsum("ij->j", x), False),
        (lambda x: np.einsum("ij,ij->ij", x, x), False),
        (lambda x: x[[0, 1]], False),
        (lambda x: x + 0, False),
        (np.exp, False),
    ],
)
def test_which_results_may_be_their_input_in_another_form(f, expected):
    _, [made], _ = recorded(f, X)

    assert (made.viewed is not None) is expected
    assert np.shares_memory(made.value, X) <= expected


def placed(case, known):
    """The inputs of a case, with these in place of its arrays of numbers."""
    return [known.get(i, x) for i, x in enumerate(case.inputs)]


def kept_while_others_are_made(case):
    """The result of a case, read after as much has been made as could lie where its inputs did."""

    def f(*xs):
        made = case(*placed(case, {i: np.exp(x) for i, x in zip(case.wanted, xs, strict=True)}))
        others = [np.tanh(np.sin(x)) for x in xs]
        return made * 1.5, *(np.exp(x) + 1 for x in others)

    return f


def cases_of(op):
    """The first cases of a row, and all whose result lies in the memory of an input."""
    cases = [case for case in CASES[op.function] if case.wanted and case.public is case.function]
    shared = [c for c in cases if any(np.shares_memory(c(), c.inputs[i]) for i in c.wanted)]
    return dict.fromkeys([*cases[:5], *shared])


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_result_of_any_row_outlives_what_it_may_be_a_view_of(op):
    for case in cases_of(op):
        f, xs = kept_while_others_are_made(case), [case.inputs[i] for i in case.wanted]
        program, given = program_of(f, *xs)
        known = dict(zip(given, [np.array(x / 3) for x in xs], strict=True))

        found = run_in_buffers(program, plan_memory(program, {}, ()), known)

        for actual, expected in zip(found, run(program, known), strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-14, err_msg=repr(case))


def test_a_layout_is_a_shape_a_dtype_and_an_order():
    x = np.zeros((2, 3, 4))

    assert memory_layout(symbol(x)) == ((2, 3, 4), x.dtype, "C")
    assert order_of(symbol(np.asfortranarray(x))) == "F"
    assert order_of(symbol(x.transpose(1, 0, 2))) == (1, 0, 2)
    assert order_of(symbol(x.transpose(0, 2, 1))) == (0, 2, 1)
    assert order_of(symbol(np.zeros((6, 8))[::2, ::2])) == (0, 1)
    assert memory_layout(symbol(x)) != memory_layout(symbol(x.astype(np.float32)))


def test_the_last_use_of_a_view_is_a_use_of_what_it_shows():
    def f(x):
        a = np.exp(x)
        b = a.T
        c = np.tanh(x)
        return c @ b

    program, [x] = program_of(f, X)
    exp, transpose, tanh, product = program.steps
    last = last_uses(program)

    assert (last[x], last[exp], last[tanh], last[product]) == (2, 3, 3, 4)
    assert transpose not in last
