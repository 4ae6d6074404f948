"""The errors: a tree that its docstring draws, and what Python's own handlers make of it."""

import inspect
import re

import pytest

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
