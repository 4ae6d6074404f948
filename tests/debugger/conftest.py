"""No repairs are tried, but where a test asks for them: most tests are about other things."""

import pytest

from tinygraph.debugger import live, runner

SECONDS = 12.0  # as by itself: on a busy machine all of it may be needed


def give_time(monkeypatch, seconds):
    for function, name in ((runner.check_file, "repair"), (live.check, "seconds")):
        monkeypatch.setitem(function.__kwdefaults__, name, seconds)


@pytest.fixture(autouse=True)
def no_repairs(monkeypatch):
    give_time(monkeypatch, 0)


@pytest.fixture
def repairs(no_repairs, monkeypatch):
    """Time to repair the file that is checked."""
    give_time(monkeypatch, SECONDS)
