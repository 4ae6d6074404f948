"""The gallery: one command makes it, what is kept is what it makes, and nothing in it is cut off."""

import json
import re
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

GALLERY = Path(__file__).parents[1] / "examples" / "gallery"
README = (GALLERY.parents[1] / "README.md").read_text(encoding="utf-8")
VIEWS = ["layers", "ops", "compact", "skip", "shared", "digits", "deep", "diagnosis", "colorblind"]
PHOTOGRAPHS = ["page_forward", "page_backward", "page_layers"]
PLOTS = ["plot_history", "plot_boundary", "plot_norms", "plot_weights"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with what the command makes."""
    folder = tmp_path_factory.mktemp("gallery")
    command = [sys.executable, "-W", "error", GALLERY / "make.py", folder]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert sorted(run.stdout.split()) == sorted(map(str, folder.iterdir()))
    return folder


def texts(svg):
    """All that a picture says, in its order."""
    return [text.text for text in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("name", VIEWS)
def test_picture_is_kept_as_it_is_made(made, name):
    assert texts(made / f"{name}.svg") == texts(GALLERY / f"{name}.svg")


def colours(svg):
    """How often each colour is in a picture, whatever the layout."""
    return Counter(re.findall(r'(?:fill|stroke)="([^"]*)"|(#[0-9a-f]{6})', svg.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", VIEWS)
def test_picture_is_kept_in_the_colours_of_its_palette(made, name):
    assert colours(made / f"{name}.svg") == colours(GALLERY / f"{name}.svg")


def test_page_is_kept_in_the_colours_of_its_palette(made):
    assert colours(made / "page.html") == colours(GALLERY / "page.html")


def told(page):
    """The titles and formulas of a page's steps."""
    text = re.search(r'id="story">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1]
    return [(step["title"], step.get("formulas")) for step in json.loads(text)["steps"]]


def test_page_is_kept_as_it_is_made(made):
    assert told(made / "page.html") == told(GALLERY / "page.html")


def test_notebook_is_run(made):
    notebook = json.loads((made / "backpropagation.ipynb").read_text(encoding="utf-8"))

    assert all(cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert "<iframe" not in str(notebook)


def test_photographs_are_taken_where_there_is_a_browser(made):
    chromium = runpy.run_path(str(GALLERY / "make.py"))["CHROMIUM"]

    assert {path.stem for path in made.glob("page_*.png")} == (set(PHOTOGRAPHS) if chromium else set())


@pytest.mark.parametrize("name", PLOTS)
def test_plot_is_made_and_shown(made, name):
    page = (GALLERY.parents[1] / "docs" / "train.md").read_text(encoding="utf-8")
    size = slice(16, 24)  # of width and height, in a PNG

    assert (made / f"{name}.png").read_bytes()[size] == (GALLERY / f"{name}.png").read_bytes()[size]
    assert f"gallery/{name}.png" in page


@pytest.mark.parametrize(
    "name", [*(f"{name}.svg" for name in VIEWS), *(f"{name}.png" for name in PHOTOGRAPHS)]
)
def test_picture_is_in_the_readme(name):
    assert f"examples/gallery/{name}" in README
    assert (GALLERY / name).is_file()
