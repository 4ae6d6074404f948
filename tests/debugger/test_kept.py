"""Caches that keep A are accepted, and mistakes beside them are still found."""

import pytest

from tests.debugger.versions import VERSIONS
from tinygraph.debugger.runner import KEPT, check_file

pytestmark = pytest.mark.usefixtures("here")

WHOLE = VERSIONS["outputs_in_caches"].read_text()
ALONE = VERSIONS["outputs_taken"].read_text()


@pytest.fixture
def check(tmp_path):
    def check_text(text, hidden="tanh"):
        file = tmp_path / "layers.py"
        file.write_text(text.replace('else "relu"', f'else "{hidden}"'))
        return check_file(file, activations=[hidden, hidden, "sigmoid"])

    return check_text


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("text", [WHOLE, ALONE], ids=["with forward functions", "backward alone"])
def test_caches_that_keep_a_are_as_good(check, text, hidden):
    report = check(text, hidden)

    assert (report.ok, report.errors, report.diagnoses) == (True, [], [])
    assert KEPT in report.notes


def test_caches_of_the_lectures_need_no_note(check):
    report = check(VERSIONS["course"].read_text(), "relu")

    assert KEPT not in report.notes


@pytest.mark.parametrize(
    ("old", "new", "name", "formula"),
    [
        ("dA * (1 - np.power(A, 2))", "dA * (1 - np.tanh(A) ** 2)", "dZ2", "dA2 * (1 - np.tanh(A2) ** 2)"),
        ("np.dot(dZ, A_prev.T) / m", "np.dot(dZ, A_prev.T)", "dW3", "dZ3 @ A2.T"),
    ],
    ids=["activation in place", "missing 1/m"],
)
def test_mistakes_beside_them_are_found(check, old, new, name, formula):
    assert old in WHOLE

    [diagnosis] = check(WHOLE.replace(old, new)).diagnoses

    assert (name, formula) == (diagnosis.name, diagnosis.formula)


def test_forward_functions_that_keep_a_beside_a_backward_that_takes_z_are_wrong(check):
    takes_Z = WHOLE.replace("A = cache\n    return dA * A", "A = 1 / (1 + np.exp(-cache))\n    return dA * A")
    takes_Z = takes_Z.replace("A = cache\n    return dA * (1", "A = np.tanh(cache)\n    return dA * (1")

    report = check(takes_Z)

    assert {d.function for d in report.diagnoses} == {"linear_activation_forward"}
