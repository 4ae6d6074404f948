"""The sentence on a package that is not installed."""

import sys

import pytest

from tinygraph.errors import MissingPackageError
from tinygraph.extras import missing_package, needed_package


def test_the_package_that_was_not_found_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with (
        pytest.raises(MissingPackageError) as raised,
        needed_package("plots need", "plots", ", or draw by hand"),
    ):
        import matplotlib.pyplot  # noqa: F401

    expected = missing_package("matplotlib", "plots need", "plots", ", or draw by hand")
    assert str(raised.value) == str(expected)
    assert str(expected).endswith("not installed: pip install 'tinygraph[plots]', or draw by hand")


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), needed_package("this needs", "nothing"):
        1 / 0  # noqa: B018
