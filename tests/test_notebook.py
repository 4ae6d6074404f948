"""The notebook runs, and each thing in it shows itself well, with text to fall back on."""

import asyncio
import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient

import tinygraph as tg
from tests.viz.graphs import three_layers
from viz.notebook import array_html, derivatives_html, tensor_html

NOTEBOOK = Path(__file__).parents[1] / "examples" / "backpropagation.ipynb"


@pytest.fixture(scope="module")
def outputs():
    """What each code cell shows when it is run, by its last line: the content of each kind."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    asyncio.run(client.async_execute())
    return shown_by(notebook)


def shown_by(notebook):
    shown = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            results = [output.data for output in cell.outputs if output.output_type == "execute_result"]
            shown[cell.source.splitlines()[-1]] = results[-1] if results else {}
    return shown


def said(kind, content):
    """The words of an output: a layout and the last digits of numbers may differ from machine to machine."""
    if kind == "image/svg+xml":
        return [
            text.text for text in ElementTree.fromstring(content).iter("{http://www.w3.org/2000/svg}text")
        ]
    return re.sub(r"[-−\s]*\d[\d.e+−-]*", " # ", content).split()


def test_notebook_is_kept_with_what_its_cells_show(outputs):
    kept = shown_by(nbformat.read(NOTEBOOK, as_version=4))

    assert kept.keys() == outputs.keys()
    for line, data in kept.items():
        assert data.keys() == outputs[line].keys() - ({"text/html"} if "viz.page" in line else set())
        for kind, content in data.items():
            assert said(kind, content) == said(kind, outputs[line][kind]), line
    assert NOTEBOOK.stat().st_size < 500_000


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        ("X", "text/html", "3×5"),
        ("A2", "text/html", "sigmoid"),
        ('viz.draw(J, view="ops", group=True)', "image/svg+xml", "layer 1 forward"),
        ('viz.draw(J, view="layers")', "image/svg+xml", "dW₁ = dZ₁A₀ᵀ / m"),
        ('d.chain(convention="course")', "text/html", "m = 5 times"),
        ('Math(d.to_latex(convention="course"))', "text/latex", r"\begin{aligned}"),
        ('viz.draw(J_unit, view="compact", values=True, direction="down")', "image/svg+xml", "not computed"),
        ('viz.draw(J_skip, view="ops")', "image/svg+xml", "⊕ dA₁"),
        ('tg.tensor(costs, name="costs")', "text/html", "costs"),
        ('viz.page(J_skip, view="ops")', "text/html", "<iframe"),
        ("report", "text/html", "dZ1"),
        ('viz.draw(J, view="layers", highlight=report)', "image/svg+xml", "✗"),
        ('viz.draw(tg.mse(h, np.zeros((4, 5))), view="layers")', "image/svg+xml", "× 9"),
        ('viz.draw(tg.binary_cross_entropy(A, Y), view="auto")', "image/svg+xml", "× 50"),
    ],
)
def test_cell_shows_itself(outputs, line, kind, says):
    assert says in outputs[line][kind]
    assert outputs[line]["text/plain"]


def test_no_cell_is_silent(outputs):
    assert [line for line, data in outputs.items() if not data] == []


def test_pictures_are_well_formed_and_say_what_they_show(outputs):
    pictures = [data["image/svg+xml"] for data in outputs.values() if "image/svg+xml" in data]

    assert len(pictures) > 5
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img"
        assert root.find("{http://www.w3.org/2000/svg}title").text


def test_tensor_shows_name_shape_dtype_and_numbers():
    shown = tensor_html(tg.parameter([[1.0, 0.0]], name="W1"))

    assert all(text in shown for text in ("W₁", "1×2", "float64", "parameter", "1.000", ">0<"))


def test_derivatives_are_listed_in_the_order_of_the_sweep():
    d = three_layers().backward()

    names = re.findall(r"<b>(d.*?)</b>", d._repr_html_())

    assert [name.translate(str.maketrans("₁₂₃", "123")) for name in names] == list(d)


def test_chain_is_still_a_dict():
    d = three_layers().backward()

    assert isinstance(d.chain(), dict)
    assert list(d) == list(d.chain("course"))
    assert "times" in d.chain("course")._repr_html_()
    assert "times" not in d.chain()._repr_html_()


def test_long_tables_are_cut():
    found = {f"dW{i}": np.ones(1) for i in range(99)}

    assert "and 39 more" in derivatives_html(found)


def test_large_arrays_are_pictures_with_their_range():
    array = np.arange(900.0).reshape(30, 30)
    array[0, 0] = np.nan

    shown = array_html(array)

    assert "max 899" in shown
    assert "1 NaN" in shown
    ElementTree.fromstring(f"<div>{shown}</div>")


@settings(deadline=None)
@given(st.text(max_size=30))
@example("<script>alert(1)</script>")
@example('"><img src=x>')
@example("\x00\u202e")
def test_names_are_text(name):
    shown = tensor_html(tg.parameter([1.0], name=name)) + derivatives_html({f"d{name}": np.ones(2)})

    ElementTree.fromstring(f"<div>{shown}</div>")
    assert "<script" not in shown
    assert "<img" not in shown
