"""A trace becomes text with arguments in order, and a function that Python can show the lines of."""

import inspect
import linecache
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.plan.symbols import random_array
from tinygraph.errors import UserFileError
from tinygraph.plan.build import build_step, cache_file, load_step
from tinygraph.plan.trace import trace_step

X = random_array(3, 4)
C = random_array(3, 4, seed=1)


def built(loss, parameters, *inputs, optimizer=None, **settings):
    return build_step(trace_step(loss, inputs, None, parameters, optimizer), **settings)


def test_arguments_are_the_inputs_then_the_parameters_and_last_the_constants():
    W, V = tg.parameter(X, name="W"), tg.parameter(X + 1, name="V")
    found = built(lambda A, B: np.sum(np.tanh(W * A + V * B + C)), [W, V], X, -X)

    assert [s.name for s in found.arguments][:4] == ["A", "B", "W", "V"]
    assert len(found.arguments) == 5
    assert found.arguments[4].value is C
    assert list(inspect.signature(load_step(found.source)).parameters)[:4] == ["A", "B", "W", "V"]


def test_an_array_of_one_number_is_written_into_the_text_and_no_argument():
    W = tg.parameter(X, name="W")
    found = built(lambda: np.sum(W * np.full_like(W, 2.5)), [W])

    assert [s.name for s in found.arguments] == ["W"]
    assert "2.5" in found.source.text


def test_the_function_gives_the_cost_and_the_derivatives_or_updates():
    W = tg.parameter(X.copy(), name="W")
    cost, dW = load_step(built(lambda A: np.sum(W * W * A), [W], C).source)(C, X)

    assert cost == np.sum(X * X * C)
    np.testing.assert_array_equal(dW, 2 * (X * C))

    step = load_step(built(lambda A: np.sum(W * A), [W], C, optimizer=tg.optim.SGD(0.5)).source)
    array = X.copy()
    assert step(C, array, 0.5) == np.sum(X * C)
    np.testing.assert_allclose(array, X - 0.5 * C, rtol=1e-14)


@pytest.mark.parametrize("check_nan", [False, True])
def test_only_a_step_that_looks_for_nan_stops_at_it(check_nan):
    W = tg.parameter(X.copy(), name="W")
    step = load_step(built(lambda A: np.sum(W * A), [W], C, check_nan=check_nan).source)
    spoiled = np.where(C > 0, np.nan, C)

    if check_nan:
        with pytest.raises(FloatingPointError):
            step(spoiled, X)
    else:
        assert np.isnan(step(spoiled, X)[0])


def test_python_shows_the_lines_of_the_text():
    W = tg.parameter(X, name="W")
    found = built(lambda: np.sum(np.tanh(W)), [W])
    first, second = load_step(found.source), load_step(found.source)

    files = [f.__code__.co_filename for f in (first, second)]
    assert files[0] != files[1]
    assert all(file.startswith("<tinygraph step ") for file in files)
    for file in files:
        assert "".join(linecache.getlines(file)) == found.source.text
    assert first.__module__ == "tinygraph_step"
    assert "tinygraph_step" not in sys.modules


def test_text_is_kept_in_a_file_named_after_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path / "new" / "folder"))
    one, other = cache_file("x = 1\n"), cache_file("x = 2\n")

    assert one != other
    assert [Path(path).read_text("utf-8") for path in (one, other)] == ["x = 1\n", "x = 2\n"]
    assert os.path.dirname(one) == str(tmp_path / "new" / "folder")
    assert cache_file("x = 1\n") == one


def test_a_kept_file_is_written_again_only_if_it_differs(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAPH_CACHE", str(tmp_path))
    path = cache_file("x = 1\n")
    os.utime(path, (1, 1))

    cache_file("x = 1\n")
    assert os.stat(path).st_mtime == 1
    Path(path).write_text("broken", "utf-8")
    cache_file("x = 1\n")
    assert Path(path).read_text("utf-8") == "x = 1\n"


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"TINYGRAPH_CACHE": "own", "XDG_CACHE_HOME": "xdg"}, "own"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/tinygraph"),
        ({"HOME": "home", "USERPROFILE": "home"}, "home/.cache/tinygraph"),
    ],
)
def test_where_the_cache_is(tmp_path, monkeypatch, variables, folder):
    for name in ("TINYGRAPH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))

    assert os.path.dirname(cache_file("x = 1\n")) == str(tmp_path / folder)


def test_a_cache_that_cannot_be_written_says_which_and_what_to_do(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("TINYGRAPH_CACHE", str(file / "folder"))

    with pytest.raises(UserFileError, match=r"which cannot be written .*set TINYGRAPH_CACHE") as caught:
        cache_file("x = 1\n")
    assert str(file / "folder") in str(caught.value)
