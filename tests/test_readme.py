"""README.md: its Python runs and prints what is said, and the files and commands that it names are there."""

import re
from pathlib import Path

import pytest

from tests.snippets import run_snippet
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


def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, np.sum(dZ, axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    linear_cache, Z = cache
    A = 1 / (1 + np.exp(-Z))
    dZ = dA * (dA > 0) if activation == "relu" else dA * A * (1 - A)
    return linear_backward(dZ, linear_cache)
"""


def test_the_diagnosis_is_what_the_command_prints(tmp_path, capsys):
    file = tmp_path / "layers.py"
    file.write_text(LAYERS, encoding="utf-8")
    [told] = re.findall(r"```text\n(layers\.py, line .*?)```", README, re.DOTALL)

    assert main(["check", str(file)]) == 1
    assert " ".join(told.split()) in " ".join(capsys.readouterr().out.split())
