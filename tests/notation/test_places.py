"""Where something was written: the frame and the line of the user."""

import sys
from types import SimpleNamespace

import pytest

from tinygraph.notation.places import (
    OURS,
    file_and_line,
    line_of,
    place_text,
    positions_of,
    user_frame,
    user_place,
)

LINES = "import sys\n\n\ndef frame():\n    return sys._getframe()\n"


def frame_in(package, text=LINES):
    """The frame of a function in a module of a package."""
    space = {"__package__": package}
    exec(compile(text, f"/home/{package}.py", "exec"), space)
    return space["frame"]()


def calls_through(package):
    """The frame that the user's function `outer` has, where it calls a function of a package."""
    inner = {"__package__": package, "user_frame": user_frame, "sys": sys}
    exec("def f():\n    return user_frame(sys._getframe())", inner)
    outer = {"__package__": "", "f": inner["f"]}
    exec("def outer():\n    return f()", outer)
    return outer["outer"]().f_code.co_name


@pytest.mark.parametrize(
    "package", ["tinygraph", "tinygraph.engine", "tinygraph.notation", "tinygraph.rules"]
)
def test_frames_of_ours_are_passed_over(package):
    assert package in OURS
    assert calls_through(package) == "outer"


@pytest.mark.parametrize("package", ["", None, "homework", "tinygraph_extras", "tinygraph.examples"])
def test_other_frames_are_the_users(package):
    assert package not in OURS
    assert calls_through(package) == "f"


def test_the_outermost_frame_is_taken_where_all_are_ours():
    frame = SimpleNamespace(f_globals={"__package__": "tinygraph"}, f_back=None)

    assert user_frame(frame) is frame


def test_a_place_is_the_file_without_its_folder_and_the_line():
    frame = sys._getframe()

    assert user_place() == f"test_places.py:{frame.f_lineno}"
    assert place_text("/home/someone/net.py", 14) == "net.py:14"


def test_the_line_and_the_columns_of_an_instruction():
    code = compile("a = 1\n\nb = (a +\n    22)\n", "net.py", "exec")
    positions = list(code.co_positions())
    at = next(i for i, (line, last, *_) in enumerate(positions) if (line, last) == (3, 4))

    assert positions_of(code, 2 * at) == positions[at] == (3, 4, 5, 6)
    assert line_of(code, 2 * at) == 3
    assert file_and_line(code, 2 * at) == ("net.py", 3)


def test_code_without_columns_is_on_its_first_line():
    code = frame_in("homework").f_code

    assert positions_of(code, 10**6) == (None, None, None, None)
    assert line_of(code, 10**6) == code.co_firstlineno == 4
    assert file_and_line(code, 10**6) == ("/home/homework.py", 4)
