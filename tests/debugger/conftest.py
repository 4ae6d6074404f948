"""Repairs are given little time, but where a test asks for more: most tests are about other things."""

import pytest

from tinygraph.debugger import live, runner

SECONDS = 1.5


@pytest.fixture(autouse=True)
def quick_repairs(monkeypatch):
    for function, name in ((runner.check_file, "repair"), (live.check, "seconds")):
        monkeypatch.setitem(function.__kwdefaults__, name, SECONDS)
