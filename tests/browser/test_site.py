"""The site of the documentation in a browser: nothing runs out of a phone, pictures follow the page."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md"))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the site, built as `make docs` does and served from this process."""
    pytest.importorskip("mkdocstrings")
    commands = pytest.importorskip("mkdocs.commands.build")
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    commands.build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder)))
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def read(browser, site):
    """A function that opens a page of the site; what it cannot fetch, or asks of others, fails the test."""
    tabs, wrong = [], []

    def read(name, **options):
        tab = browser.new_page(**options)
        tabs.append(tab)
        tab.on("response", lambda response: response.status < 400 or wrong.append(response.url))
        tab.on(
            "request", lambda request: request.url.startswith((site, "data:")) or wrong.append(request.url)
        )
        tab.goto(site + name.removesuffix(".md").removesuffix("index"), wait_until="load")
        return tab

    yield read
    for tab in tabs:
        tab.close()
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_out_of_a_phone(read, name):
    tab = read(name, viewport={"width": 390, "height": 844})

    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.locator("h1").count() == 1


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_pictures_follow_the_page_where_it_differs_from_the_system(read, system, other):
    expected = read("how.md", color_scheme=other).locator("img[src$='how.svg']").screenshot()

    tab = read("how.md", color_scheme=system)
    tab.locator("label[for^=__palette]:visible").click()
    tab.mouse.move(0, 0)
    actual = tab.locator("img[src$='how.svg']").screenshot(animations="disabled")

    assert expected == actual
