"""The pictures of the gallery as a browser draws them: nothing is cut off, no node lies on another."""

from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "examples" / "gallery"
PICTURES = sorted(path.name for path in GALLERY.glob("*.svg"))
BOXES = """() => {
  const box = (found) => {
    const { left, top, right, bottom } = found.getBoundingClientRect();
    return [left, top, right, bottom];
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  return { picture: box(document.querySelector("svg")), texts: all("text").map(box),
    nodes: all(".node").map((node) => [node.querySelector("title").textContent, ...box(node)]) };
}"""


@pytest.fixture
def boxes(browser):
    def measure(name, scheme="light"):
        tab = browser.new_page(viewport={"width": 2000, "height": 1000}, color_scheme=scheme)
        text = (GALLERY / name).read_text(encoding="utf-8")
        tab.set_content(text[text.index("<svg") :])
        found = tab.evaluate(BOXES)
        tab.close()
        return found

    return measure


def inside(inner, outer, slack=1):
    """Whether a box lies in another one."""
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def overlap(first, second, slack=1):
    """Whether two boxes share more than an edge."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    return across > slack and down > slack


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_cut_off(boxes, name):
    found = boxes(name)

    assert found["texts"]
    assert [box for box in found["texts"] if not inside(box, found["picture"])] == []


@pytest.mark.parametrize("name", PICTURES)
def test_no_node_lies_on_another(boxes, name):
    nodes = boxes(name)["nodes"]

    pairs = [(a[0], b[0]) for i, a in enumerate(nodes) for b in nodes[:i] if overlap(a[1:], b[1:])]

    assert pairs == []
