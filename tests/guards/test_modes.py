"""The switches belong to their thread or task, and graphs of many threads are those of one."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network, parameters_of, record
from tinygraph.errors import BroadcastError, BroadcastWarning, NonFiniteError
from tinygraph.guards import changes
from tinygraph.guards.modes import NORMAL, current_mode

THREADS = 8


def train(seed, barrier=None):
    """The bytes of all costs, derivatives and parameters of a short training, by operators and functions."""
    X, Y, arrays = make_network([4, 5, 3, 1], seed=seed)
    parameters = parameters_of(arrays)
    optimizer = tg.optim.Adam(0.01)
    if barrier is not None:
        barrier.wait()
    out = []
    for _ in range(30):
        J = record(X, Y, parameters)
        d = J.backward()
        optimizer.update(parameters, d)
        out += [np.asarray(J.value).tobytes(), *(d[p].tobytes() for p in parameters.values())]
    return out + [p.value.tobytes() for p in parameters.values()]


def test_graphs_built_and_swept_in_8_threads_give_the_bits_of_one():
    expected = [train(seed) for seed in range(THREADS)]
    barrier = threading.Barrier(THREADS)

    with ThreadPoolExecutor(THREADS) as pool:
        actual = list(pool.map(lambda seed: train(seed, barrier), range(THREADS)))

    assert expected == actual


def test_parameters_shared_by_8_threads():
    """Each thread has graphs of its own over the same parameters, which none of them changes."""
    X, Y, arrays = make_network([4, 5, 3, 1])
    parameters = parameters_of(arrays)
    expected = {name: x.tobytes() for name, x in record(X, Y, parameters).backward().items()}
    barrier = threading.Barrier(THREADS)

    def derivatives(_):
        barrier.wait()
        return [{n: x.tobytes() for n, x in record(X, Y, parameters).backward().items()} for _ in range(20)]

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(d == expected for found in pool.map(derivatives, range(THREADS)) for d in found)


def test_one_graph_swept_in_8_threads():
    X, Y, arrays = make_network([4, 5, 3, 1])
    J = record(X, Y, parameters_of(arrays))
    expected = {name: x.tobytes() for name, x in J.backward().items()}

    with ThreadPoolExecutor(THREADS) as pool:
        for d in pool.map(lambda _: J.backward(), range(4 * THREADS)):
            assert expected == {name: x.tobytes() for name, x in d.items()}


SWITCHES = {
    "no_grad": tg.no_grad,
    "detect_nan": tg.detect_nan,
    "broadcast": lambda: tg.errstate(broadcast="raise"),
    "changed": lambda: tg.errstate(changed="ignore"),
    "whole": lambda: tg.errstate(whole=True),
}


def is_on(name):
    """Whether a switch has its effect, not whether it is set."""
    x, data = tg.parameter(np.array([[0.0], [1.0]]), name="x"), np.ones((100, 50))
    if name == "no_grad":
        return (x * 2).node is None
    if name == "detect_nan":
        with np.errstate(divide="ignore"):
            return raises(NonFiniteError, lambda: np.log(x))
    if name == "broadcast":
        return raises(BroadcastError, np.sum(x * np.ones(2)).backward)
    data.flat[0] = 2
    J = np.sum(tg.parameter(np.ones((1, 100))) @ data)
    data.flat[[0, changes.SUM_COUNT]] = 1, 2  # sums do not see this
    changed = raises(tg.errors.ChangedArrayError, J.backward)
    data[:] += 1
    return changed if name == "whole" else not raises(tg.errors.ChangedArrayError, J.backward)


def raises(error, call):
    try:
        call()
    except error:
        return True
    except BroadcastWarning:
        return False
    return False


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_belongs_to_its_thread(name):
    seen = {}

    def look():
        seen["other"] = is_on(name)

    with SWITCHES[name]():
        other = threading.Thread(target=look)
        other.start()
        other.join()
        seen["own"] = is_on(name)

    assert seen == {"other": False, "own": True}
    assert not is_on(name)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_belongs_to_its_task(name):
    """Two tasks take turns inside and outside."""

    async def inside(turns):
        with SWITCHES[name]():
            for _ in range(3):
                turns.append(("inside", is_on(name)))
                await asyncio.sleep(0)

    async def outside(turns):
        for _ in range(3):
            turns.append(("outside", is_on(name)))
            await asyncio.sleep(0)

    async def both():
        turns = []
        await asyncio.gather(inside(turns), outside(turns))
        return turns

    turns = asyncio.run(both())

    assert [who for who, _ in turns] == ["inside", "outside"] * 3
    assert all(on == (who == "inside") for who, on in turns)


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_ends_with_an_error(name):
    with pytest.raises(ZeroDivisionError), SWITCHES[name]():
        raise ZeroDivisionError

    assert current_mode() is NORMAL


def test_switches_add_up_and_nest():
    with tg.no_grad(), tg.detect_nan():
        inner = current_mode()
        with tg.errstate(broadcast="ignore", changed="warn"):
            innermost = current_mode()

    assert (inner.recording, inner.nan) == (False, True)
    assert innermost == inner._replace(broadcast="ignore", changed="warn")
    assert current_mode() is NORMAL


def test_one_switch_entered_twice():
    switch = tg.no_grad()
    with switch, switch:
        pass

    assert current_mode() is NORMAL
