"""README.md: its Python runs and prints what is said, and the files and commands that it names are there."""

import re
from pathlib import Path

import pytest

from tests.snippets import run_snippet
from tests.test_docs import says
from tinygraph.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^tinygraph (?:draw|check|code) [^#\n]*[^# \n]", README, re.MULTILINE)
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)", README)


def test_python_runs_as_one_program_and_prints_what_follows_each_block(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {}

    for (language, source), (following, expected) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if language != "python":
            continue
        run_snippet(source, namespace)
        actual = capsys.readouterr().out
        assert (following == "text") == bool(actual)
        assert not actual or expected == actual


@pytest.mark.parametrize("command", COMMANDS)
def test_command_succeeds(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("examples", "tinygraph"):
        (tmp_path / folder).symlink_to(ROOT / folder)

    assert main(command.split()[1:]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_linked_file_exists(link):
    assert (ROOT / link).exists()


def test_every_module_that_is_named_exists():
    modules = re.findall(r"`((?:tinygraph|viz)/[\w/.]*)`", README)

    assert modules
    assert [name for name in modules if not (ROOT / name).exists()] == []


LAYERS = """\
import numpy as np


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, dout):
        # derivatives go where x was positive
        dx = dout.copy()
        dx[dout <= 0] = 0
        return dx


class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = 0.1 * np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
"""


def test_the_report_is_what_the_command_prints(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("layers.py").write_text(LAYERS, encoding="utf-8")
    [told] = re.findall(r"```console\n\$ tinygraph check layers.py\n(.*?)```", README, re.DOTALL)

    assert main(["check", "layers.py"]) == 1
    actual = capsys.readouterr().out
    assert says(told, actual) or told == actual
