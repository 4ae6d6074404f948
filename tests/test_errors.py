"""The errors: a tree that its docstring draws, and what Python's own handlers make of it."""

import inspect
import re
import traceback
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph import errors
from tinygraph.errors import TinygraphError, UnknownNameError

ALSO = {
    "ShapeError": ValueError,
    "DtypeError": TypeError,
    "GraphError": RuntimeError,
    "ChangedArrayError": RuntimeError,
    "NonFiniteError": FloatingPointError,
    "BroadcastError": ValueError,
    "MissingPackageError": ImportError,
    "UnknownOperationError": TypeError,
    "UnknownNameError": KeyError,
    "UserFileError": ValueError,
}


def test_every_error_is_exported():
    defined = {name for name, value in vars(errors).items() if inspect.isclass(value)}

    assert defined == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize("name", ALSO)
def test_an_error_is_also_the_one_python_would_raise(name):
    error = getattr(errors, name)

    assert issubclass(error, TinygraphError)
    assert issubclass(error, ALSO[name])


def test_the_tree_in_the_docstring_is_complete():
    tree = {name: also.__name__ for name, also in ALSO.items() if name != "ChangedArrayError"}
    drawn = dict(re.findall(r"── (\w+) +also an? (\w+):", errors.__doc__))

    assert drawn == tree
    assert [name for name in errors.__all__ if name not in errors.__doc__] == []


def test_the_message_of_an_unknown_name_is_not_quoted():
    """As a KeyError it would be."""
    assert str(UnknownNameError("no dW7 here")) == "no dW7 here"
    assert str(UnknownNameError()) == ""


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_says_what_it_means(name):
    assert getattr(errors, name).__doc__


# Tracebacks ---------------------------------------------------------------------------------------

W, A = (tg.parameter(np.ones(shape), name=name) for shape, name in (((2, 3), "W2"), ((4, 5), "A1")))
data = np.ones((2, 3))


def backward_after_a_change():
    J = np.sum(W * data)
    data[0, 0] += 1
    J.backward()


@pytest.mark.parametrize(
    "call",
    [
        lambda: W @ A,
        lambda: data.T[:2] @ A,
        lambda: np.add(W, A),
        lambda: np.sum(W, axis=7),
        lambda: np.einsum("ij,jk", W, A),
        lambda: tg.softmax(W, axis=2),
        lambda: W[5],
        lambda: np.split(W, 3, axis=0),
        lambda: np.spacing(W),
        lambda: (W * 2).backward(),
        backward_after_a_change,
    ],
)
def test_a_traceback_is_short_and_ends_near_the_users_line(call):
    """The error of NumPy behind ours is not shown, and at most three frames of ours come after the user's."""
    with pytest.raises(TinygraphError) as raised:
        call()

    frames = traceback.extract_tb(raised.value.__traceback__)
    ours = [
        frame
        for frame in frames
        if Path(frame.filename).parent.name in ("tinygraph", "engine", "graph", "guards", "rules")
    ]
    printed = "".join(traceback.format_exception(raised.value))
    assert len(ours) <= 3
    assert "tests/test_errors.py" in frames[-1 - len(ours)].filename
    assert printed.count("Traceback (most recent call last)") == 1
