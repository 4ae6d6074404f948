"""Formulas as on paper, and the chain in LaTeX."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.viz.graphs import GRAPHS, three_layers, two_losses
from tinygraph.notation.expressions import Expression
from tinygraph.notation.paper import Latex, Unicode
from tinygraph.notation.symbols import One, Symbol

X, Y, W = (Symbol((3, 3), float, name) for name in ("X", "Y1", "W"))
s = Symbol((), float, "s")

CASES = [
    (lambda: X + Y * W, "X + Y₁ ∗ W", r"X + Y_{1} \odot W"),
    (lambda: (X + Y) * W, "(X + Y₁) ∗ W", r"(X + Y_{1}) \odot W"),
    (lambda: X - (Y - W), "X − (Y₁ − W)", r"X - (Y_{1} - W)"),
    (lambda: X + -Y, "X − Y₁", "X - Y_{1}"),
    (lambda: X / Y / W, "X / Y₁ / W", r"\frac{\frac{X}{Y_{1}}}{W}"),
    (lambda: X / (Y * W), "X / (Y₁ ∗ W)", r"\frac{X}{Y_{1} \odot W}"),
    (lambda: -(X + Y), "−(X + Y₁)", "-(X + Y_{1})"),
    (lambda: (X @ Y).T, "(XY₁)ᵀ", r"(X Y_{1})^{\top}"),
    (lambda: X.T @ (Y + W), "Xᵀ(Y₁ + W)", r"X^{\top} (Y_{1} + W)"),
    (lambda: X**2, "X²", "{X}^{2}"),
    (lambda: X ** (Y + 1), "X**(Y₁ + 1)", "{X}^{Y_{1} + 1}"),
    (lambda: (X > 0) * Y, "(X > 0) ∗ Y₁", r"(X > 0) \odot Y_{1}"),
    (lambda: X >= Y, "X ≥ Y₁", r"X \ge Y_{1}"),
    (lambda: 2 * X, "2 · X", r"2 \cdot X"),
    (lambda: X * Symbol((3, 3), float, "1"), "X ∗ 1", r"X \odot \text{1}"),
    (lambda: np.transpose(X, (1, 0)), "transpose(X, (1, 0))", r"\operatorname{transpose}(X, (1, 0))"),
    (lambda: X * s, "X · s", r"X \cdot s"),
    (lambda: X * (One((), float, "1") / 5), "X / 5", r"\frac{X}{5}"),
    (lambda: np.sqrt(X), "√(X)", r"\sqrt{X}"),
    (lambda: np.tanh(X / Y), "tanh(X / Y₁)", r"\tanh\left(\frac{X}{Y_{1}}\right)"),
    (lambda: tg.relu(X), "relu(X)", r"\operatorname{relu}(X)"),
    (lambda: np.sum(X * Y), "Σ(X ∗ Y₁)", r"\sum X \odot Y_{1}"),
    (lambda: np.sum(X, axis=(1,), keepdims=True), "Σ(X, axis 1)", r"\sum_{\text{axis } 1} X"),
    (lambda: X[0, 1:], "X[0, 1:]", "X[0, 1:]"),
    (lambda: np.broadcast_to(s, (2, 3)), "s, repeated to 2×3", r"s\text{, repeated to 2×3}"),
    (lambda: np.broadcast_to(s, (3, 3)) * X, "s · X", r"s \cdot X"),
    (lambda: X / np.where(Y == 0, 1, Y), "X / Y₁", r"\frac{X}{Y_{1}}"),
    (lambda: np.where(X > 0, Y, 0), "where(X > 0, Y₁, 0)", r"\operatorname{where}(X > 0, Y_{1}, 0)"),
    (lambda: X * 0.044715, "X · 0.04471", r"X \cdot 0.04471"),
    (lambda: X * -0.5, "X · (−0.5)", r"X \cdot (-0.5)"),
]


@pytest.mark.parametrize(("make", "unicode", "latex"), CASES)
def test_expression_is_written_as_on_paper(make, unicode, latex):
    assert unicode == Unicode().text(make())
    assert latex == Latex().text(make())


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W1", "W_{1}"),
        ("dZ12", "dZ_{12}"),
        ("Z1_2", "Z_{1, 2}"),
        ("W_out", r"\text{W\_out}"),
        ("weights", r"\text{weights}"),
        ("a\\b", r"\text{a\textbackslash{}b}"),
        ("$x^2$", r"\text{\$x\^{}2\$}"),
        ("", r"\text{∅}"),
    ],
)
def test_name_in_latex(name, latex):
    assert latex == Latex().text(Expression(name))


@settings(deadline=None)
@given(st.text(max_size=30))
def test_no_name_breaks_out_of_its_group(name):
    text = Latex().text(Expression(name))
    plain = text.replace(r"\{", "").replace(r"\}", "")

    assert plain.count("{") == plain.count("}")
    assert "\n" not in text


def test_chain_is_the_lectures():
    d = three_layers().backward()

    lines = d.to_latex(convention="course").splitlines()

    assert lines[0] == r"\begin{aligned}"
    assert lines[-1] == r"\end{aligned}"
    assert lines[1] == (
        r"dA_{3} &= -\frac{Y}{A_{3}} + \frac{1 - Y}{1 - A_{3}} && \in \mathbb{R}^{1 \times 6} \\"
    )
    assert lines[3] == r"dW_{3} &= \frac{dZ_{3} A_{2}^{\top}}{m} && \in \mathbb{R}^{1 \times 3} \\"
    assert [line.split(" ")[0] for line in lines[1:-1]] == [
        f"{name[:-1]}_{{{name[-1]}}}" for name in d.chain()
    ]


def test_true_chain_has_the_mean_in_the_first_derivative():
    text = three_layers().backward().to_latex()

    assert r"dW_{3} &= dZ_{3} A_{2}^{\top} &&" in text
    assert r"}}{6} &&" in text


@pytest.mark.parametrize("graph", [graph for graph in GRAPHS if graph is not two_losses])
def test_every_named_derivative_has_an_equation(graph):
    d = graph().backward()
    text = d.to_latex()

    for name in d:
        assert f"{Latex().text(Expression(name))} &=" in text


def test_unknown_convention_is_an_error():
    with pytest.raises(ValueError, match="convention is one of"):
        three_layers().backward().to_latex(convention="lecture")
