"""No repairs are tried, but where a test asks for them: most tests are about other things."""

import pytest

from tests.debugger.here import run_here
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


@pytest.fixture
def here(monkeypatch):
    """Files are checked in this process."""
    monkeypatch.setattr(runner, "run_file", run_here)
