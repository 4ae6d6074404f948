"""The story of the page: its steps against the engine's numbers, its formulas against the lectures'."""

import json
import re
from functools import reduce

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tinygraph as tg
import viz
from tests.viz.graphs import (
    GRAPHS,
    NAMES,
    logistic,
    random_graphs,
    shared,
    skip,
    softmax,
    square,
    three_layers,
    two_losses,
)
from tinygraph.errors import GraphError, UserFileError
from tinygraph.graph.walk import ReverseWalk
from viz.compose import read_scene
from viz.pages.story import Story

each_graph = pytest.mark.parametrize("graph", GRAPHS)


def listed(J):
    return [J] if isinstance(J, tg.Tensor) else list(J)


def told(page):
    """The data that a page carries."""
    text = re.search(r'<script type="application/json" id="story">(.*?)</script>', page.html, re.DOTALL)[1]
    return json.loads(text)


def steps(J, **settings):
    return told(viz.page(J, **settings))["steps"]


def formulas(J, **settings):
    return [text for step in steps(J, **settings) for text in (step["title"], *step.get("formulas", ()))]


def swept(J):
    """The derivatives that the page shows, by name."""
    graph = read_scene(listed(J), None).graph
    sweep = ReverseWalk(graph)
    for call in reversed(graph.calls):
        if call.wanted:
            sweep.run(call)
    return {f"d{q.name}": sweep.total(q) for q in graph.quantities if q.name and q.wanted}


def added(J):
    """The same from the engine."""
    parts = [output.backward() for output in listed(J)]
    names = {name for d in parts for name in d}
    return {name: sum(d[name] for d in parts if name in d) for name in names}


@each_graph
def test_derivatives_are_the_engines(graph):
    J = graph()
    found, expected = swept(J), added(J)
    compared = found.keys() & expected.keys()

    assert compared
    for name in compared:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-15)


@settings(deadline=None)
@given(random_graphs())
def test_derivatives_of_any_graph_are_the_engines(J):
    if J.wants:
        found, expected = swept(J), J.backward()
        for name in found.keys() & set(expected):
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-9)


def test_certain_predictions_keep_their_derivative():
    """Behind A = 1 exactly, dA is infinite and dZ = (A - Y) / m still right."""
    W1, b1 = tg.parameter([[100.0]], name="W1"), tg.parameter([[0.0]], name="b1")
    J = tg.binary_cross_entropy(tg.sigmoid(W1 @ np.ones((1, 2)) + b1), np.zeros((1, 2)))

    np.testing.assert_allclose(swept(J)["dZ1"], [[0.5, 0.5]])


@each_graph
def test_first_forward_then_backward_and_each_call_once(graph):
    J = graph()
    kinds = [step["sweep"] for step in steps(J)]
    calls = read_scene(listed(J), None).graph.calls

    assert kinds[: len(calls) + 2] == ["start", *["forward"] * len(calls), "seed"]
    assert kinds.count("backward") == sum(call.wanted for call in calls)
    assert set(kinds[len(calls) + 2 :]) <= {"backward", "sum"}


@each_graph
def test_sums_stand_where_derivatives_meet(graph):
    J = graph()
    meeting = [q for q in read_scene(listed(J), None).graph.quantities if q.wanted and q.terms > 1]

    found = [step for step in steps(J) if step["sweep"] == "sum"]

    assert len(meeting) == len(found)
    assert sorted(q.terms for q in meeting) == sorted(len(step["groups"][0]["cards"]) for step in found)


def test_formulas_are_the_lectures():
    found = formulas(three_layers())

    assert {
        "Z₁ = W₁X + b₁",
        "A₁ = relu(Z₁)",
        "J = cross-entropy(A₃, Y)",
        "dA₃ = −Y/A₃ + (1−Y)/(1−A₃)",
        "dZ₃ = dA₃ ∗ A₃ ∗ (1 − A₃)",
        "dZ₁ = dA₁ ∗ (Z₁ > 0)",
        "dW₁ = dZ₁Xᵀ / m",
        "db₁ = Σ(dZ₁, axis 1) / m",
        "dA₁ = W₂ᵀdZ₂",
    } <= set(found)
    assert {"dW₁ = dZ₁Xᵀ", "db₁ = Σ(dZ₁, axis 1)"} <= set(formulas(three_layers(), convention="true"))


def test_numbers_are_shown_as_the_convention_has_them():
    J = logistic()
    d = J.backward()
    for convention in ("true", "course"):
        data = told(viz.page(J, convention=convention))
        cards = [c for s in data["steps"] for g in s["groups"] for c in g["cards"] if c["name"] == "dZ₁"]
        shown = [float(x.replace("−", "-")) for x in data["arrays"][cards[0]["array"]]["rows"][0]]

        np.testing.assert_allclose(shown, d.chain(convention=convention)["dZ1"][0], atol=6e-4)


def test_squared_use_arrives_twice():
    [found] = [step for step in steps(square()) if step["sweep"] == "sum"]

    assert found["title"] == "dA = ① + ②"
    assert "2 paths" in found["note"]


def test_first_wrong_derivative_is_named_at_its_step():
    J = three_layers()
    d = dict(J.backward())
    page = viz.page(J, highlight=tg.compare(J, d | {"dZ2": 2 * d["dZ2"]}))

    [found] = [step for step in told(page)["steps"] if "✗" in step.get("note", "")]

    assert found["title"] == "back through A₂ = relu(Z₂)"
    assert "dZ₂" in found["note"]


def test_step_names_file_line_and_code():
    x = tg.parameter(2.0, name="x")
    y = np.exp(x) * 3

    step = steps(y)[1]

    assert step["code"] == "y = np.exp(x) * 3"
    assert re.fullmatch(r"test_story\.py:\d+", step["place"])
    assert step["operation"] == "exp: exp(x)"


def test_cache_is_what_the_rules_read():
    caches = {step["title"]: step["cache"] for step in steps(three_layers()) if step["sweep"] == "forward"}

    assert caches["W₂A₁"] == "W₂, A₁"
    assert caches["A₁ = relu(Z₁)"] == "Z₁"
    assert caches["Z₁ = W₁X + b₁"] == ""
    assert caches["A₃ = sigmoid(Z₃)"] == "A₃"


@each_graph
def test_every_id_that_lights_up_is_in_the_page(graph):
    page = viz.page(graph())
    html = page.html
    for step in told(page)["steps"]:
        for view, ids in step["lit"].items():
            for key in ids:
                escaped = key.replace("->", "&#45;&gt;")
                present = f'id="{view}-{key}"' in html or f'id="{view}-{escaped}"' in html

                assert present or key.endswith(".cache") or key.startswith("a_d"), key


def test_rule_lights_up_at_its_own_step():
    for view, sign in (("ops", "d"), ("compact", "")):
        lit = {
            step["title"]: step["lit"][view] for step in steps(three_layers()) if step["sweep"] == "backward"
        }
        product = f"{sign}matmul.matmul"

        assert product in lit["back through W₁X"]
        assert product not in lit["back through Z₁ = W₁X + b₁"]


def test_parameters_in_one_node_light_up_when_all_are_done():
    found = {
        step["title"]: step["lit"]["layers"] for step in steps(three_layers()) if step["sweep"] == "backward"
    }

    assert "dW1" not in found["back through Z₁ = W₁X + b₁"]
    assert "dW1" in found["back through W₁X"]


def test_without_parameters_there_is_a_forward_sweep_only():
    kinds = [step["sweep"] for step in steps((tg.tensor(2.0, name="x") * 3).named("y"))]

    assert kinds == ["start", "forward"]


def test_long_unnamed_chain_gets_numbers():
    x = tg.parameter(0.5, name="x")

    found = formulas(reduce(lambda y, _: np.exp(np.sin(y)), range(9), x))

    assert "exp(sin(exp(sin(x))))" in found
    assert "v₆ = exp(sin(exp(sin(exp(sin(x))))))" in found
    assert "sin(v₆)" in found
    assert "dv₆ = " in "".join(found)


def test_too_many_operations_are_one_clear_sentence(tmp_path):
    x = tg.parameter(1.0, name="x")
    for _ in range(2001):
        x = x + 1.0
    with pytest.raises(GraphError, match=r"2,001 operations.*more than 2,000"):
        viz.page(x).save(tmp_path / "net.html")
    assert viz.page(x)._repr_mimebundle_().keys() == {"text/plain"}


def test_notebook_is_given_the_page_in_a_frame():
    bundle = viz.page(logistic())._repr_mimebundle_()

    assert bundle["text/html"].startswith('<iframe title="J"')
    assert bundle["text/plain"] == "<Page of J: 4 operations>"


def test_view_that_cannot_be_laid_out_is_left_out():
    J = three_layers()
    page = viz.page(J, max_nodes=27)

    shown = {name.partition(".")[0] for name in told(page)["steps"][0]["lit"]}
    assert {"layers", "compact"} == shown
    assert 'id="view-ops"' not in page.html


def test_page_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(UserFileError, match="cannot write"):
        viz.page(logistic()).save(tmp_path / "missing" / "net.html")


@pytest.mark.parametrize("graph", [three_layers, softmax, skip, shared, two_losses])
def test_page_needs_nothing_else(graph):
    html = viz.page(graph()).html
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]

    assert re.search(r"""(?:src|href)=["'](?!#)""", html) is None
    assert "url(" not in html
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


names = NAMES | st.sampled_from(
    [
        "</script><script>alert(1)</script>",
        "<!--",
        "x" * 20_000,
        "\u202eabc",
        "a\x00b",
        "",
        "W1",
        "${x}",
        "$title",
    ]
)


@settings(max_examples=30, deadline=None)
@given(names, names)
@example("</script>", "<!-- <script>")
@example("'\"&<>", "\ud800")
def test_names_stay_inside_the_data_and_the_text(first, second):
    x, y = tg.parameter(np.ones((2, 2)), name=first), tg.parameter(np.ones((2, 2)), name=second)
    html = viz.page(np.sum(np.exp(x) * y), view="ops").html

    assert html.encode()
    assert len(re.findall("<script", html)) == len(re.findall("</script", html)) == 2
    assert len(html) < 400_000
    assert "\x00" not in html
    assert "\u202e" not in html


def test_story_alone_can_be_told_without_pictures():
    scene = read_scene([three_layers()], None)

    assert len(Story(scene, {}).steps()) == 22
