"""The verdict on a file as a picture."""

import numpy as np
import pytest

from tinygraph.checks.report import Diagnosis, Row
from tinygraph.debugger.file_report import FileReport
from tinygraph.debugger.picture import save_picture
from tinygraph.debugger.probe import cost_of, make_probe


@pytest.mark.parametrize("activations", [None, ("tanh", "sigmoid"), ("relu", "softmax")])
def test_the_cost_of_a_probe_is_recorded_again(activations):
    probe = make_probe(activations=activations)

    J = cost_of(probe)

    np.testing.assert_allclose(float(J.value), probe.J, rtol=1e-12)
    d = J.backward()
    for name, target in probe.targets.items():
        if name != "dA0":
            np.testing.assert_allclose(d[name], target.value, rtol=1e-12, atol=1e-15)


def test_the_first_wrong_step_is_marked_and_what_follows_is_in_doubt(tmp_path):
    report = FileReport(
        [Row("dA1", False, "wrong"), Row("dW2", False, "wrong")],
        diagnoses=[Diagnosis("dZ2", "relu-on-gradient", "")],
    )

    save_picture(report, make_probe(), tmp_path / "check.dot")

    source = (tmp_path / "check.dot").read_text(encoding="utf-8")
    assert "dZ₂ ✗" in source
    assert "dW₂ ?" in source
    assert "dZ₃ ?" not in source


def test_a_file_without_mistakes_has_no_mark(tmp_path):
    save_picture(FileReport([Row("dW1", True, "agrees")]), make_probe(), tmp_path / "check.dot")

    assert "✗" not in (tmp_path / "check.dot").read_text(encoding="utf-8")
