"""The engine runs on arrays that are not NumPy's: on a minimal class, and on CuPy's.

That is how arrays of a GPU or of a cluster enter: rules and sweep are NumPy calls, and the calls are the
arrays' own.
"""

import numpy as np
import pytest

import tinygraph as tg
from tests.networks import make_network


class Elsewhere(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that is kept elsewhere: it answers NumPy's functions, and never becomes a plain array.

    It is no ndarray, has no buffer, and refuses `np.asarray`, as arrays on a GPU do.
    """

    def __init__(self, held):
        self.held = held

    shape = property(lambda self: self.held.shape)
    dtype = property(lambda self: self.held.dtype)
    ndim = property(lambda self: self.held.ndim)
    size = property(lambda self: self.held.size)
    T = property(lambda self: Elsewhere(self.held.T))
    base = None

    def __array__(self, dtype=None, copy=None):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc, method, *args, out=None, **settings):
        if out is not None:
            settings["out"] = tuple(x.held for x in out)
        made = getattr(ufunc, method)(*map(brought, args), **settings)
        return out[0] if out is not None else Elsewhere(np.asarray(made))

    def __array_function__(self, function, types, args, settings):
        made = function(*map(brought, args), **{key: brought(x) for key, x in settings.items()})
        return Elsewhere(made) if isinstance(made, np.ndarray | np.generic) else made

    def __getitem__(self, index):
        return Elsewhere(np.asarray(self.held[brought(index)]))

    def __setitem__(self, index, value):
        self.held[brought(index)] = brought(value)

    def astype(self, dtype, copy=True):
        return Elsewhere(self.held.astype(dtype))

    def copy(self):
        return Elsewhere(self.held.copy())

    def dot(self, other):
        return Elsewhere(self.held.dot(other.held))


def brought(x):
    """What is held, in nested tuples and lists too."""
    if isinstance(x, tuple | list):
        return type(x)(map(brought, x))
    return x.held if isinstance(x, Elsewhere) else x


def train(X, Y, parameters, optimizer, steps=3):
    """Costs and derivatives of a few steps."""
    found = []
    for _ in range(steps):
        A1 = tg.relu(parameters["W1"] @ X + parameters["b1"])
        A2 = np.tanh(parameters["W2"] @ A1 + parameters["b2"])
        Z3 = parameters["W3"] @ A2 + parameters["b3"]
        J = tg.binary_cross_entropy(tg.sigmoid(Z3), Y) + 0.01 * np.mean(np.concatenate([A2, A2[:1] ** 2]))
        d = J.backward()
        optimizer.update(parameters, d)
        found.append([J.value, *(d[p] for p in parameters.values())])
    return found


def leaves(arrays, there):
    return {name: tg.parameter(there(array), name=name) for name, array in arrays.items()}


@pytest.mark.parametrize("make", [lambda: tg.optim.SGD(0.1), lambda: tg.optim.Adam(0.1)], ids=["SGD", "Adam"])
def test_a_minimal_array_class(make):
    X, Y, arrays = make_network([4, 5, 3, 1])
    here = train(X, Y, leaves(arrays, np.asarray), make())
    there = train(Elsewhere(X), Elsewhere(Y), leaves(arrays, lambda x: Elsewhere(x.copy())), make())

    for expected, actual in zip(here, there, strict=True):
        for x, y in zip(expected, actual, strict=True):
            assert isinstance(y, Elsewhere)
            np.testing.assert_array_equal(y.held, x)


def test_cupy():
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    X, Y, arrays = make_network([4, 5, 3, 1])
    here = train(X, Y, leaves(arrays, np.asarray), tg.optim.Adam(0.1))
    there = train(cupy.asarray(X), cupy.asarray(Y), leaves(arrays, cupy.asarray), tg.optim.Adam(0.1))

    for expected, actual in zip(here, there, strict=True):
        for x, y in zip(expected, actual, strict=True):
            np.testing.assert_allclose(cupy.asnumpy(y), x, rtol=1e-9, atol=1e-12)
