"""Training holds no more at its end than at its start, and a step little more than the step by hand."""

import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.benchmarks.contestants.tinygraph_eager import Training
from tests.benchmarks.memory import growth_of, peaks_of
from tests.benchmarks.tasks import TASKS


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read as Linux tells it")
@pytest.mark.parametrize("name", ["tiny", "planar"])
def test_resident_memory_is_flat(name):
    """1,500 steps here; the benchmark runs 10,000."""
    before, after = growth_of(Training(TASKS[name]), 1_500)

    assert after < 1.02 * before


@pytest.mark.parametrize("name", ["images", "digits", "large"])
def test_the_peak_of_a_step_is_near_that_by_hand(name):
    """Where arrays count and not the objects around them."""
    eager, by_hand = peaks_of(TASKS[name])

    assert eager <= 1.25 * by_hand


def test_all_uses_of_data_share_one_copy_of_its_contents():
    X, W1 = tg.tensor(np.ones((3, 4)), name="X"), tg.parameter(np.ones((2, 3)), name="W1")
    Z, other = W1 @ X, W1 @ X

    assert Z._kept is other._kept
