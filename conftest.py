"""Imports the packages first: asked for the examples of one file alone, pytest would run it a second time."""

import gc

import pytest

import tinygraph.checks
import tinygraph.plan  # noqa: F401
import viz  # noqa: F401
from tinygraph.rules.operation import COMPOSED, TABLE

# Files whose tests start processes, train, or draw many examples; `make quick` leaves them out.
SLOW = (
    *(f"tests/debugger/test_{name}.py" for name in ("adversary", "exercises", "grading", "kept", "process")),
    *(f"tests/debugger/test_{name}.py" for name in ("right_versions", "runner", "sandbox", "worker")),
    *(f"tests/plan/test_{name}.py" for name in ("examples", "graphs", "loops", "numba")),
    *("tests/checks/test_causes.py", "tests/checks/test_explain.py"),
    *("tests/rules/test_operations_page.py", "tests/rules/test_table.py", "tests/viz/pages/test_story.py"),
    *(f"tests/test_{name}.py" for name in ("benchmarks", "cli", "course_engine", "debugger", "demo")),
    *(f"tests/test_{name}.py" for name in ("distributed", "docs", "examples", "files", "fuzz", "gallery")),
    *(f"tests/test_{name}.py" for name in ("imports", "memory", "mutations", "notebook", "package")),
    *(f"tests/test_{name}.py" for name in ("plots", "readme", "slips", "supply", "testing", "training")),
)


def pytest_collection_modifyitems(config, items):
    """Mark the tests of those files as slow."""
    for item in items:
        if item.path.is_relative_to(config.rootpath):
            name = item.path.relative_to(config.rootpath).as_posix()
            if name in SLOW:
                item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """Let the collector of garbage pass over the thousands of tests, which stay: it runs quite often."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _table_as_it_was():
    """Take out of the table what a test or an example declared."""
    yield
    for table in (TABLE, COMPOSED):
        while table and hasattr(function := next(reversed(table)), "sample"):
            del table[function]
