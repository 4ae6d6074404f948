"""How arrays show themselves in a notebook: numbers as they are, and heat maps cell by cell."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygraph as tg
from viz.notebook import MOST_ROWS, array_html, derivatives_html, tensor_html


def table_of(html):
    """The texts of a table, row by row."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def svg_of(html):
    return ElementTree.fromstring(f"<div>{html}</div>").find("svg")


def cells_of(svg):
    """The coloured cells of a heat map: colour and opacity by row and column."""
    rects = svg.findall("rect")[1:]
    return {(int(r.get("y")), int(r.get("x"))): (r.get("fill"), r.get("fill-opacity")) for r in rects}


@pytest.mark.parametrize(
    ("array", "rows"),
    [
        ([[1.0, -2.5], [0.0, 3.0]], [["1.000", "−2.500"], ["0", "3.000"]]),
        (2.5, [["2.500"]]),
        ([1, 2, 3], [["1", "2", "3"]]),
    ],
)
def test_a_small_array_is_its_numbers_between_two_lines(array, rows):
    html = array_html(array)

    assert table_of(html) == rows
    assert "border-left:1.5px solid;border-right:1.5px solid" in html


def test_an_empty_array_says_so():
    assert array_html(np.ones((0, 3))) == array_html(np.ones((3, 0))) == "<i>empty</i>"


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1, 9), 8), ((9, 1), 8), ((9, 9), 8), ((9, 64), 4), ((32, 9), 3), ((32, 64), 3), ((12, 20), 8)],
)
def test_a_heat_map_is_as_large_as_its_place_allows(shape, size):
    rows, columns = shape
    svg = svg_of(array_html(np.ones(shape)))

    assert svg.get("viewBox") == f"0 0 {columns} {rows}"
    assert (svg.get("width"), svg.get("height")) == (str(columns * size), str(rows * size))
    ground = svg.find("rect")
    assert (ground.get("width"), ground.get("height"), ground.get("fill")) == (
        str(columns),
        str(rows),
        "#fff",
    )


def test_cells_are_blue_below_zero_orange_above_and_left_out_at_zero():
    array = np.zeros((9, 12))
    array[2, 5], array[3, 4], array[8, 11] = 4.0, -1.0, 2.0

    assert cells_of(svg_of(array_html(array))) == {
        (2, 5): ("#d66000", "1.00"),
        (3, 4): ("#2166ac", "0.25"),
        (8, 11): ("#d66000", "0.50"),
    }


def test_what_is_no_number_is_crossed_out_where_it_is_and_counted():
    array = np.ones((9, 12))
    array[1, 2], array[3, 7], array[3, 8] = np.nan, np.inf, -np.inf
    svg = svg_of(array_html(array))
    crosses = [path.get("d") for path in svg.findall("path")]

    assert crosses == ["M2 1l1 1m-1 0l1 -1", "M7 3l1 1m-1 0l1 -1", "M8 3l1 1m-1 0l1 -1"]
    assert cells_of(svg)[1, 2] == (None, None)
    assert svg.find("title").text == "min 1 · max 1 · mean 1 · 1 NaN · 2 ∞"


def test_a_heat_map_says_its_range_below_and_to_who_does_not_see_it():
    html = array_html(np.arange(100.0).reshape(10, 10))

    assert svg_of(html).find("title").text == "min 0 · max 99 · mean 49.5"
    assert html.endswith("min 0 · max 99 · mean 49.5</div>")
    assert svg_of(array_html(np.full((9, 9), np.nan))).find("title").text == "81 NaN"


@pytest.mark.parametrize(
    ("tensor", "name", "facts"),
    [
        (tg.parameter(np.ones((2, 3)), name="W1"), "W₁", "2×3 · float64 · parameter"),
        (tg.tensor(np.ones(3, np.float32), name="<b>"), "&lt;b&gt;", "3 · float32 · data"),
        (tg.tensor(2.0), "Tensor", "number · float64 · data"),
        (tg.parameter(2.0, name="x") * 2, "Tensor", "number · float64 · multiply"),
    ],
)
def test_a_tensor_is_its_name_shape_dtype_and_role(tensor, name, facts):
    html = tensor_html(tensor)

    assert f"<b>{name}</b>" in html
    assert facts in html
    assert array_html(tensor.value) in html


def test_derivatives_are_rows_with_name_shape_norm_and_numbers():
    html = derivatives_html({"dW1": np.array([[3.0, 4.0]]), "d<b>": np.float64(-2)}, note="for <m> = 7")
    rows = re.findall(r"<td[^>]*><b>(.*?)</b></td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", html)

    assert rows == [("dW₁", "1×2", "5"), ("d&lt;b&gt;", "number", "2")]
    assert re.findall(r"<th [^>]*>(.*?)</th>", html) == ["name", "shape", "norm", "values"]
    assert "for &lt;m&gt; = 7" in html
    assert "more" not in html


@pytest.mark.parametrize("extra", [0, 1, 5])
def test_a_long_table_is_cut_and_says_how_much_is_missing(extra):
    html = derivatives_html({f"dW{i}": np.ones(2) for i in range(MOST_ROWS + extra)})

    assert html.count("<b>") == MOST_ROWS
    assert (f"… and {extra} more" in html) == (extra > 0)
    assert html.endswith("</table>") == (extra == 0)


def test_a_norm_that_overflows_is_infinite_and_no_warning():
    assert ">inf<" in derivatives_html({"dW1": np.array([1e300, 1e300])})
