"""What goes forward may stand in a file beside, and nothing else of a folder is touched."""

import pytest

from tinygraph.debugger.runner import check_file

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
