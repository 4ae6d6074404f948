"""The page in a real browser: steps, keys, views, zoom, colours, names, and what axe finds."""

import itertools
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import tinygraph as tg
import viz
from tests.viz.graphs import VIEWS, logistic, network, skip, three_layers, two_losses

STEPS = 21  # of three_layers: 10 operations forward, the seed, 10 backward
SCHEMES = ["light", "dark"]


def step(tab):
    return int(tab.locator("#count").inner_text().split("/")[0])


def title(tab):
    return tab.locator("h2").inner_text()


def named(tab, name, selector):
    """The ids of what has a class in a view."""
    found = tab.locator(f"[data-view='{name}'] {selector}").evaluate_all("all => all.map(found => found.id)")
    return {key.removeprefix(f"{name}-") for key in found}


def now(tab, name="ops"):
    return named(tab, name, ".node.now")


def later(tab, name="ops"):
    return named(tab, name, ".node.later")


def words(found):
    """The text of each element, without its line breaks."""
    return [" ".join(text.split()) for text in found.all_text_contents()]


def focused(tab):
    """The text of what has the focus."""
    [text] = words(tab.locator(":focus"))
    return text


def card(tab, name):
    """The numbers that the panel shows under a name."""
    [found] = tab.locator(".card").filter(has=tab.locator(f"b:text-is('{name}')")).all()
    rows = [row.locator("td").all_inner_texts() for row in found.locator("tr").all()]
    return np.array([[float(text.replace("−", "-")) for text in row] for row in rows])


def test_first_step_shows_what_is_given_and_nothing_computed(visit):
    tab = visit(viz.page(three_layers()))

    assert step(tab) == 0
    assert {"W1", "b1", "W2", "b2", "W3", "b3", "X", "Y"} == now(tab)
    assert {"Z1", "A3", "J", "dJ", "dW1"} <= later(tab)
    assert tab.locator(".edge.now").count() == 0


def test_keys_step_through_both_sweeps(visit):
    tab = visit(viz.page(three_layers()))
    for key, expected in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", STEPS),
        ("ArrowRight", STEPS),
        ("Home", 0),
        ("ArrowLeft", 0),
    ]:
        tab.keyboard.press(key)

        assert expected == step(tab), key


def test_everything_is_computed_once_and_the_layout_stays_still(visit):
    tab = visit(viz.page(three_layers()))
    place = "all => all.map(found => JSON.stringify(found.getBBox()))"
    before = tab.locator("#view-ops .node").evaluate_all(place)
    seen = [later(tab)]
    for _ in range(STEPS):
        tab.keyboard.press("ArrowRight")
        seen.append(later(tab))

    assert seen[-1] == set()
    assert all(fewer < more for more, fewer in itertools.pairwise(seen))
    assert before == tab.locator("#view-ops .node").evaluate_all(place)


def test_buttons_do_what_keys_do(visit):
    tab = visit(viz.page(three_layers()))
    for button, expected in [("next", 1), ("next", 2), ("back", 1), ("last", STEPS), ("first", 0)]:
        tab.locator(f"#{button}").click()

        assert expected == step(tab)
    assert tab.locator("#first").is_disabled()


def test_scrubber_goes_to_any_step(visit):
    tab = visit(viz.page(three_layers()))

    tab.locator("#scrubber").fill("13")

    assert step(tab) == 13
    assert title(tab) in tab.locator("#scrubber").get_attribute("aria-valuetext")


def test_play_runs_to_the_end_and_pauses(visit):
    tab = visit(viz.page(logistic()))
    tab.clock.install()
    tab.keyboard.press("Space")
    tab.clock.run_for(2 * 1600)
    assert step(tab) == 2
    tab.keyboard.press("Space")
    tab.clock.run_for(5 * 1600)
    assert step(tab) == 2
    tab.locator("#speed").select_option("fast")
    tab.locator("#play").click()
    tab.clock.run_for(20 * 600)

    assert tab.locator("#next").is_disabled()
    assert tab.locator("#play").inner_text() == "play"


def test_address_holds_view_and_step(visit):
    tab = visit(viz.page(three_layers()), "#layers/14")

    assert step(tab) == 14
    assert tab.locator("#view-layers").is_visible()
    tab.keyboard.press("ArrowRight")
    assert tab.url.endswith("#layers/15")
    assert tab.locator("#link").get_attribute("href") == "#layers/15"
    tab.evaluate("location.hash = '#compact/3'")
    assert step(tab) == 3
    assert tab.locator("#view-compact").is_visible()


@pytest.mark.parametrize("where", ["#ops/9999", "#nothing/x", "#", "#ops/-4", "#<script>/1"])
def test_address_that_means_nothing_is_no_error(visit, where):
    assert step(visit(viz.page(logistic()), where)) in range(12)


def test_step_shows_code_cache_incoming_derivative_rule_and_numbers(visit):
    J = three_layers()
    tab = visit(viz.page(J, convention="true"), "#ops/19")
    d = J.backward()

    panel = tab.locator("#panel").inner_text()

    assert title(tab) == "back through A₁ = relu(Z₁)"
    assert "dZ₁ = dA₁ ∗ (Z₁ > 0)" in panel
    assert re.search(r"A = activation\(Z\).*graphs\.py:\d+", panel)
    assert tab.locator(".group h3").all_inner_texts() == ["incoming derivative", "cache", "gives"]
    for name, array in (("dA₁", d["dA1"]), ("dZ₁", d["dZ1"])):
        np.testing.assert_allclose(card(tab, name), array, atol=6e-4)
    assert {"dA1.relu", "dZ1"} == now(tab)


def test_sum_at_a_fan_out_is_shown_as_a_sum(visit):
    J = skip()
    tab = visit(viz.page(J, convention="true"))
    tab.evaluate("go(steps.findIndex(({ sweep, title }) => sweep === 'sum' && title.startsWith('dA₁')))")

    parts = [card(tab, name) for name in tab.locator(".card b").all_inner_texts()]

    assert title(tab) == "dA₁ = ① + ②"
    assert now(tab) == {"dA1"}
    assert "topological order" in tab.locator(".note").inner_text()
    np.testing.assert_allclose(parts[0] + parts[1], parts[2], atol=2e-3)
    np.testing.assert_allclose(parts[2], J.backward()["dA1"], atol=6e-4)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("graph", [three_layers, skip, two_losses])
def test_each_view_lights_up_something_at_each_step(visit, graph, view):
    tab = visit(viz.page(graph()), f"#{view}/0")
    last = int(tab.locator("#scrubber").get_attribute("max"))
    for i in range(1, last + 1):
        tab.keyboard.press("ArrowRight")
        lit = tab.locator(f"#view-{view} .now").count()

        assert lit or title(tab).startswith(("dJ", "back through")), (i, title(tab))
    assert later(tab, view) == set()


def test_click_on_a_node_goes_to_its_step(visit):
    tab = visit(viz.page(three_layers()))

    tab.locator("#ops-dW3").click()

    assert "dW3" in now(tab)
    assert "dW₃" in tab.locator("#panel .rule").first.inner_text()


def test_hover_names_an_edge(visit):
    tab = visit(viz.page(three_layers()), "#ops/21")

    tab.locator('[id="ops-W1->matmul.matmul"] polygon').hover()

    assert tab.locator("#arrow-name").inner_text() == "forward: W₁ → @"


def test_layer_opens_to_its_operations_in_place_and_closes(visit):
    tab = visit(viz.page(three_layers(), view="layers"), "#layers/4")

    tab.locator("#view-layers svg a", has_text="layer 2").click()

    assert tab.locator("#view-layers").is_hidden()
    assert step(tab) == 4
    assert "#layers.2/4" in tab.url
    opened = tab.locator('[id="view-layers.2"]')
    assert {"⊟ layer 2", "⊞ layer 1 (relu)", "⊞ layer 3 (sigmoid)"} == set(words(opened.locator("a[href]")))
    assert now(tab, "layers.2") == {"matmul.2.matmul"}
    assert tab.locator("#tab-layers").get_attribute("aria-selected") == "true"
    opened.locator("a", has_text="⊟").click()
    assert tab.locator("#view-layers").is_visible()
    assert now(tab, "layers") == {"layer2"}


def test_repeats_open_in_place_by_the_keyboard(visit):
    J = network([3, *[4] * 12, 1], [np.tanh] * 12 + [tg.sigmoid])
    tab = visit(viz.page(J, view="layers"), "#layers/9")
    tab.locator("#view-layers a", has_text="× 11").focus()

    tab.keyboard.press("Enter")

    assert focused(tab) == "⊟ layers 2 … 12 × 11"
    shown = words(tab.locator("[role=tabpanel]:visible .layer a[href]"))
    assert shown == [f"⊞ layer {i} (tanh)" for i in range(1, 13)] + ["⊞ layer 13 (sigmoid)"]
    for key in ("Tab", "Tab", "Enter"):
        tab.keyboard.press(key)
    assert focused(tab) == "⊟ layer 2"
    tab.keyboard.press("Enter")
    assert focused(tab) == "⊞ layer 2 (tanh)"
    for key in ("Shift+Tab", "Shift+Tab", "Enter"):
        tab.keyboard.press(key)
    assert focused(tab) == "⊞ layers 2 … 12 (tanh) × 11"
    assert (step(tab), tab.locator("#view-layers").is_visible()) == (9, True)


def test_frame_of_a_notebook_opens_boxes_and_has_no_address(browser, tmp_path):
    notebook = tmp_path / "notebook.html"
    notebook.write_text(viz.page(three_layers(), view="layers")._repr_html_(), encoding="utf-8")
    tab = browser.new_page()
    tab.goto(notebook.as_uri())
    frame = tab.frame_locator("iframe")

    frame.locator("#view-layers svg a", has_text="layer 2").click()

    assert frame.locator('[id="view-layers.2"]').is_visible()
    assert frame.locator("#link").is_hidden()
    assert tab.url == notebook.as_uri()
    tab.close()


def test_lit_names_are_not_painted_over(visit):
    tab = visit(viz.page(three_layers(), view="layers"))
    painted = "found => getComputedStyle(found).stroke"

    assert {"none"} == set(tab.locator("#view-layers .now text").evaluate_all(f"all => all.map({painted})"))
    assert tab.locator("#view-layers .now.text polygon").first.evaluate(painted) != "none"


def test_keyboard_alone_is_enough(visit):
    tab = visit(viz.page(three_layers()))
    reached = []
    for _ in range(14):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.id"))
    tab.locator("#tab-ops").focus()
    tab.keyboard.press("ArrowRight")

    assert {"tab-ops", "smaller", "fit", "larger", "view-ops", "panel", "play", "next", "scrubber"} <= set(
        reached
    )
    assert tab.locator("#tab-layers").get_attribute("aria-selected") == "true"
    assert step(tab) == 0


def test_zoom_and_pan(visit):
    tab = visit(viz.page(three_layers()))

    def width():
        return tab.locator("#view-ops svg").evaluate("svg => svg.getBoundingClientRect().width")

    def left():
        return tab.locator("#view-ops").evaluate("view => view.scrollLeft")

    tab.keyboard.press("1")
    full = width()
    for _ in range(4):
        tab.keyboard.press("+")
    assert width() == pytest.approx(full * 1.25**4, rel=1e-3)
    before = left()
    tab.keyboard.press("Shift+ArrowRight")
    assert left() == before + 80
    tab.mouse.move(600, 200)
    tab.mouse.down()
    tab.mouse.move(500, 200)
    tab.mouse.up()
    assert left() == pytest.approx(before + 180, abs=2)
    tab.keyboard.press("0")
    assert width() < full


def test_picture_follows_the_step(visit):
    tab = visit(viz.page(three_layers()), reduced_motion="reduce")
    for _ in range(8):
        tab.keyboard.press("+")
    for key in ("End", "Home", "ArrowRight"):
        tab.keyboard.press(key)
        boxes = [node.bounding_box() for node in tab.locator("#view-ops .node.now").all()]

        assert any(0 <= box["x"] <= 1280 for box in boxes)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_follow_the_scheme_of_the_reader(visit, scheme):
    tab = visit(viz.page(three_layers()), color_scheme=scheme)
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    svg = tab.locator("#view-ops svg polygon").first.evaluate("found => getComputedStyle(found).fill")

    assert (sum(map(int, re.findall(r"\d+", ground))) > 600) == (scheme == "light")
    assert ground == svg


@pytest.mark.parametrize("where", ["#ops/0", "#ops/16", "#layers/5", "#layers.1/9", "#compact/21"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing(visit, scheme, where):
    tab = visit(viz.page(skip()), where, color_scheme=scheme)

    found = Axe().run(tab)

    assert found.violations_count == 0, found.generate_report()


def test_large_arrays_are_heat_maps_with_their_range(visit):
    Z = tg.tensor(np.linspace(-3, 5, 4000).reshape(40, 100), name="Z")
    w = tg.parameter(2.0, name="w")
    tab = visit(viz.page(np.sum(Z * w)))

    [map_] = tab.locator("canvas").all()
    left, right = map_.evaluate(
        """canvas => { const [w, h] = [canvas.width, canvas.height], pen = canvas.getContext("2d");
        return [pen.getImageData(2, 2, 1, 1), pen.getImageData(w - 3, h - 3, 1, 1)].map(x => [...x.data]) }"""
    )

    assert map_.get_attribute("aria-label") == "Z as a heat map: from −3 to 5, mean 1"
    assert left[2] > left[0]  # blue below zero
    assert right[0] > right[2]  # orange above
    assert "40×100" in tab.locator("#panel").inner_text()


def test_what_is_no_number_is_shown_by_its_sign(visit):
    x = tg.parameter([np.nan, np.inf, -np.inf, 0.0], name="x")
    tab = visit(viz.page((x * 1.0).named("y"), view="ops"))

    assert tab.locator(".card td").all_inner_texts() == ["NaN", "∞", "−∞", "0"]


NAMES = [
    "<script>document.title = 'run'</script>",
    '"><img src=x onerror=alert(1)>',
    "</script>",
    "a\x00\u202eb",
    "",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_are_text(visit, name):
    x = tg.parameter(np.ones((2, 2)), name=name)
    tab = visit(viz.page(np.sum(x * x).named(name)), "#ops/2")

    assert tab.title() != "run"
    assert tab.locator("img").count() == 0
    assert tab.locator("script").count() == 2
    assert tab.locator("h2").count() == 1


def test_no_foreign_script_may_run(visit):
    tab = visit(viz.page(logistic()))

    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<p onclick=\"document.title = 1\">x</p>')")
    tab.locator("p[onclick]").dispatch_event("click")

    assert tab.title() == "J, step by step"
    [complaint] = visit.complaints
    assert "Content Security Policy" in complaint
    visit.complaints.clear()
