"""The pages of the documentation: every snippet runs and prints what is said, every link leads somewhere.

A block of `text`, `console` (which is not wrapped), `json`, `xml` or `numpy` (code) is what the Python or
command above it prints; a line `...` in it stands for what is left out. A block with a title is a file. A
block of `py` needs PyTorch, and runs where that is. The snippets save the pictures.

Where a page no longer says what is printed, `python docs/make.py outputs` writes what is.
"""

import contextlib
import importlib.util
import io
import re
import shlex
from pathlib import Path
from unittest.mock import ANY
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygraph as tg
import viz
from tests.snippets import run_snippet
from tinygraph.cli import main

DOCS = Path(__file__).parents[1] / "docs"
TEACHERS = "../examples/teachers/README.md"
PAGES = [*sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")), TEACHERS]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
PRINTED = {"text", "console", "json", "xml", "numpy"}
LEFT_OUT = re.compile(r"^ *\.\.\.\n", re.MULTILINE)
SEEN = re.compile(
    r"(\^ .*?: )-?[\d.]\S* instead of \S+( at \[.*\])"
)  # how far it came depends on the machine
HOME = "/home/ada"  # where the pages say that the files are
RULE = re.compile(r"`([^`]+)` \| \[[^\]]+\]\(operations\.md#(\w+)\)")


def outputs_of(text):
    """What each block of text in a page should be: what the Python or the command above it prints."""
    namespace, printed = {}, None
    for language, title, source in BLOCK.findall(text):
        if language in PRINTED:
            yield source, printed
        elif title:
            Path(title).write_text(source, encoding="utf-8")
        elif language == "python" or (language == "py" and importlib.util.find_spec("torch")):
            printed = run_python(source, namespace)
        elif language == "py":
            printed = ANY
        elif source.startswith("tinygraph "):
            printed = run_command(source)


def refreshed(text):
    """A page with what is printed now; excerpts that are still true stay as they are."""
    outputs = outputs_of(text)

    def replaced(block):
        if block.group(1) not in PRINTED:
            return block.group()
        expected, actual = next(outputs)
        return block.group() if not actual or says(expected, actual) else f"```{block.group(1)}\n{actual}```"

    return BLOCK.sub(replaced, text)


def says(expected, actual):
    """Whether a block says what is printed, in order, apart from what it leaves out and the entry shown."""
    if not isinstance(actual, str):
        return expected == actual
    expected, actual = (SEEN.sub(r"\1", text) for text in (expected, actual))
    parts = LEFT_OUT.split(expected)
    if len(parts) == 1:
        return expected == actual
    at = 0
    for part in parts:
        at = actual.find(part, at) + len(part)
        if at < len(part):
            return False
    return True


def run_python(source, namespace):
    out = io.StringIO()
    cells = namespace["cells"] = namespace.get("cells", 0) + 1
    with contextlib.redirect_stdout(out):
        run_snippet(source, namespace, f"cell {cells}")
    return out.getvalue()


def run_command(source):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(shlex.split(source, comments=True)[1:])
    printed = out.getvalue().replace(str(Path.cwd()), HOME)
    return re.sub(" +$", "", printed, flags=re.MULTILINE)  # tables end in spaces


def texts(svg):
    """All that a picture says, in its order; where it stands depends on the fonts of the machine."""
    return [text.text for text in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]


def prose(name):
    return BLOCK.sub("", (DOCS / name).read_text(encoding="utf-8"))


def anchors(name):
    """The headings of a page, as anchors are made of them, and the objects that it documents."""
    text = prose(name)
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r"^::: (\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_snippets_print_what_is_said_and_save_the_pictures(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / name).read_text(encoding="utf-8")

    for expected, actual in outputs_of(text):
        assert says(expected, actual) or expected == actual, "run python docs/make.py outputs"
    for made in tmp_path.glob("*.svg"):
        assert texts(made) == texts(DOCS / "pictures" / made.name), "run python docs/make.py"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for path, anchor in LINK.findall(prose(name)):
        target = (DOCS / name).parent / path if path else DOCS / name
        assert target.exists(), path
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), f"{path}#{anchor}"


def test_formulas_of_the_lectures_stand_beside_the_rules_that_they_are():
    sections = re.split(r"^### ", (DOCS / "operations.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    rules = {re.sub(r"[^\w -]", "", section.splitlines()[0]).lower(): section for section in sections}
    pairs = RULE.findall((DOCS / "lectures.md").read_text(encoding="utf-8"))

    assert pairs
    assert [pair for pair in pairs if f"= {pair[0]}`" not in rules[pair[1]]] == []


def test_the_page_of_what_can_be_read_is_current():
    spec = importlib.util.spec_from_file_location("make_pages", DOCS / "make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)

    assert BLOCK.sub("", make.readable()) == prose("readable.md"), "run python docs/make.py"


def test_every_public_name_is_documented():
    paths = re.findall(r"^::: (\S+)", "".join(map(prose, PAGES)), re.MULTILINE)
    listed = {name for path in paths for name in path.split(".")}
    own = {name for name in tg.__all__ if getattr(np, name, None) is not getattr(tg, name)}

    assert (own | set(viz.__all__)) - listed == set()


@pytest.mark.parametrize("page", ["docs/how.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page):
    named = re.findall(
        r"\b(?:tinygraph|viz|tests|docs)/[\w/.]*\w", (DOCS.parent / page).read_text(encoding="utf-8")
    )

    assert named
    assert [name for name in named if not (DOCS.parent / name).exists()] == []
