"""The pages of the documentation: every snippet runs and prints what is said, every link leads somewhere."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from tinygraph.cli import main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def outputs_of(text):
    """What each block of text in a page should be: what the Python or the command above it prints."""
    namespace, printed = {}, None
    for language, title, source in BLOCK.findall(text):
        if language == "text":
            yield source, printed
        elif title:
            Path(title).write_text(source, encoding="utf-8")
        elif language == "python":
            printed = run_python(source, namespace)
        elif source.startswith("tinygraph "):
            printed = run_command(source)


def run_python(source, namespace):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(source, "page", "exec"), namespace)
    return out.getvalue()


def run_command(source):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(shlex.split(source)[1:])
    return re.sub(" +$", "", out.getvalue(), flags=re.MULTILINE)  # tables end in spaces


@pytest.mark.parametrize("name", PAGES)
def test_snippets_print_what_is_said(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / name).read_text(encoding="utf-8")

    for expected, actual in outputs_of(text):
        assert expected == actual


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    text = BLOCK.sub("", (DOCS / name).read_text(encoding="utf-8"))

    assert [link for link in LINK.findall(text) if not (DOCS / link).exists()] == []
