"""A right version is never called wrong, however it is written.

Two networks each are tried here, and all twenty by tests.benchmarks.debugger.
"""

import pytest

from tests.debugger.versions import NETWORKS, VERSIONS
from tinygraph.debugger.runner import check_file

pytestmark = pytest.mark.usefixtures("here")
SEVERAL_OUTPUTS = (6, 5, 3), 4
ONE_OUTPUT = {"course"}  # Y @ log(A).T is the cost of one output unit only


def assert_right(name, network):
    sizes, seed = network
    report = check_file(VERSIONS[name], sizes=sizes, seed=seed)

    assert report.errors == []
    assert [row for row in report.rows if not row.ok] == []
    assert report.diagnoses == []
    assert (report.ok, report.status) == (True, 0)
    assert all(function.ok for function in report.functions)


def test_there_are_enough_of_them():
    assert len(VERSIONS) >= 25
    assert len(set(NETWORKS)) == 20


@pytest.mark.parametrize("name", VERSIONS)
def test_on_the_network_of_the_lectures(name):
    assert_right(name, NETWORKS[0])


@pytest.mark.parametrize("name", VERSIONS)
def test_on_another_network(name):
    assert_right(name, NETWORKS[1 + len(name) % (len(NETWORKS) - 1)])


@pytest.mark.parametrize("name", sorted(VERSIONS.keys() - ONE_OUTPUT)[::4])
def test_with_several_outputs(name):
    assert_right(name, SEVERAL_OUTPUTS)
