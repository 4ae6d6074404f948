"""What goes forward may stand in a file beside, and nothing else of a folder is touched."""

import pytest

from tests.debugger.somebody import program_of
from tinygraph.debugger.runner import check_file
from tinygraph.debugger.siblings import MOST_FILES, add_partners, files_beside, goes_forth_for, is_lonely

pytestmark = pytest.mark.usefixtures("here")
FORTH = """
import numpy as np

def tilt_forward(x, w):
    return np.sin(x) * w, (x, w)
"""
BACK = """
import numpy as np

def tilt_backward(dout, cache):
    x, w = cache
    return dout * np.cos(x) * w, np.sum(dout * np.sin(x), axis=0)
"""


@pytest.fixture
def check(tmp_path):
    def check_text(text, **beside):
        for name, other in beside.items():
            (tmp_path / f"{name}.py").write_text(other)
        (tmp_path / "mine.py").write_text(text)
        report = check_file(tmp_path / "mine.py")
        return {f.name: f.verdict for f in report.functions}

    return check_text


def test_a_forward_pass_beside_is_what_a_backward_pass_is_held_against(check):
    assert check(BACK, forth=FORTH) == {"tilt_backward": "agrees"}
    assert check(BACK.replace("np.cos(x)", "np.sin(x)"), forth=FORTH) == {"tilt_backward": "wrong"}


def test_one_of_its_own_comes_first(check):
    own = FORTH.replace("np.sin(x)", "np.cos(x)") + BACK.replace("import numpy as np", "")
    assert check(own, forth=FORTH) == {"tilt_backward": "wrong"}


def test_files_that_have_nothing_for_it_are_not_run(check, tmp_path):
    trace = tmp_path / "ran.txt"
    other = f"open({str(trace)!r}, 'w').close()\ndef slope_forward(x):\n    return x\n"
    assert check(BACK, other=other) == {"tilt_backward": "not checked"}
    assert not trace.exists()


def test_a_file_beside_that_has_a_name_of_the_file_itself_is_left_alone(check, tmp_path):
    trace = tmp_path / "ran.txt"
    ran = f"open({str(trace)!r}, 'w').close()\n"
    text = BACK + "\ntilt_forward = 3\n"

    assert check(text, forth=f"class Begun:\n    {ran}" + FORTH) == {"tilt_backward": "not checked"}
    assert not trace.exists()


def test_a_file_beside_that_is_broken_changes_nothing(check):
    assert check(BACK, forth=FORTH, broken="def tilt_forward(x, w") == {"tilt_backward": "agrees"}


def test_among_very_many_files_none_is_looked_for(check):
    many = {f"f{i}": FORTH for i in range(61)}
    assert check(BACK, **many) == {"tilt_backward": "not checked"}


def test_files_beside_are_those_of_python_in_order_and_not_too_many(tmp_path):
    for name in ("b.py", "a.py", "mine.py", "notes.txt", "c.pyc"):
        (tmp_path / name).write_text("")

    assert [p.name for p in files_beside(tmp_path / "mine.py")] == ["a.py", "b.py"]
    assert list(files_beside(tmp_path / "work.ipynb")) == []
    for i in range(MOST_FILES - 2):
        (tmp_path / f"f{i}.py").write_text("")
    assert len(list(files_beside(tmp_path / "mine.py"))) == MOST_FILES
    (tmp_path / "z.py").write_text("")
    assert list(files_beside(tmp_path / "mine.py")) == []


LONELY = """
def tilt_backward(dout, cache): return dout
def shear_backward(dout, cache): return dout
def shear(x): return x
def backward(dout): return dout
class Layer:
    def tilt_backward(self, dout): return dout
"""


def test_lonely_is_what_goes_back_from_something_that_is_not_there():
    functions = program_of(LONELY).functions

    assert [n for n, f in functions.items() if is_lonely(program_of(LONELY), f)] == ["tilt_backward"]
    names = ("tilt_forward", "tilt", "tilt_backward", "shear_forward", "forward", "tilt_loss")
    assert [n for n in names if goes_forth_for(n, functions["tilt_backward"])] == ["tilt_forward"]


def test_what_goes_forward_is_added_with_its_text(tmp_path):
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "a.py").write_text("def tilt_forward(x): return helper(x)\ndef helper(x): return x\n")
    (tmp_path / "b.py").write_text("def tilt_forward(x): return 2 * x\ndef shear_forward(x): return x\n")

    def with_partners(known=()):
        program = program_of(LONELY)
        program.file = str(tmp_path / "mine.py")
        add_partners(program, known)
        return program

    program = with_partners()
    assert program.beside == {"tilt_forward"}
    assert program.functions["tilt_forward"].file == str(tmp_path / "a.py")
    assert program.namespace["tilt_forward"](3) == 3
    assert "helper" not in program.namespace
    assert with_partners(["tilt_backward"]).beside == set()
