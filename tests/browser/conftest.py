"""A real browser for the tests of the page: the Chromium of the system, without a window.

Where there is none the tests skip; with TINYGRAPH_BROWSER=required they fail.
"""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def give_up(reason):
    if os.environ.get("TINYGRAPH_BROWSER") == "required":
        pytest.fail(f"TINYGRAPH_BROWSER=required, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")  # while it is open no other test of the process can run an event loop
def browser():
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        give_up(f"there is no browser on the PATH; looked for {', '.join(NAMES)}")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        give_up("playwright is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, tmp_path):
    """A function that opens a page, or the drawing's, and watches it: any complaint fails the test."""
    complaints, contexts = [], []

    def visit(page, where="", **options):
        path = page.save(tmp_path / "net.html")
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: request.url.startswith("file:") or complaints.append(request.url))
        tab.goto(path.as_uri() + where)
        return tab

    visit.complaints = complaints
    yield visit
    for context in contexts:
        context.close()
    assert complaints == []
