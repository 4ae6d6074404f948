"""The benchmark of the debugger plants what it says, and a sample of it is located."""

import zlib

import numpy as np
import pytest

import tinygraph as tg
from tests.benchmarks.debugger import check, judge, judge_arrays
from tests.benchmarks.planted import NETWORKS, graphs, homework, pairs, planted, random_edits
from tests.benchmarks.planted.cases import SEED, values_of
from tests.benchmarks.planted.files import PLACES, line_by_line
from tests.benchmarks.planted.mistakes import CHANGES, MISTAKES
from tests.benchmarks.planted.programs import right_statements
from tinygraph.debugger.probe import make_probe

PLANTED = planted()


def label_of(case):
    return f"{case.net.name}, {case.place}: {case.edit}"


def is_in_sample(case):
    """One case of a hundred, and the same ones when the list grows."""
    return zlib.crc32(label_of(case).encode()) % 100 == 1


SAMPLE = [*filter(is_in_sample, PLANTED), *random_edits(5), *pairs(4)]


@pytest.mark.parametrize("net", NETWORKS, ids=lambda net: net.name)
def test_right_statements_give_the_derivatives_of_the_engine(net):
    probe = make_probe(net.sizes, SEED, net.activations)

    values = values_of(net)

    for name in probe.targets:
        np.testing.assert_allclose(values[name], probe.derivative(name, "course"), rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("net", NETWORKS, ids=lambda net: net.name)
@pytest.mark.parametrize("logits", [False, True])
def test_programs_without_a_mistake_are_right(net, logits, tmp_path):
    texts = [line_by_line(net, right_statements(net, logits), place) for place in PLACES]

    for text in [*texts, homework(net, {})]:
        (tmp_path / "layers.py").write_text(text)
        report = check(tmp_path / "layers.py", net.sizes, net.activations)
        assert report.ok, report.summary


def test_every_mistake_of_the_list_is_planted_in_every_network_where_it_can_occur():
    formulas = {case.planted for case in PLANTED if case.planted}

    assert {case.cause for case in PLANTED} == {mistake.cause for mistake in [*MISTAKES, *CHANGES]}
    assert len(formulas) >= len(MISTAKES)
    assert {case.net for case in PLANTED} == set(NETWORKS)


def test_random_edits_are_not_on_the_list_and_repeat_with_their_seed():
    listed = {mistake.code for mistake in MISTAKES}

    assert random_edits(20, seed=3) == random_edits(20, seed=3)
    assert random_edits(20, seed=3) != random_edits(20, seed=4)
    assert not any(code in listed for case in random_edits(20, seed=3) for code in case.planted)


@pytest.mark.parametrize(
    "case", graphs()[::16], ids=lambda case: f"{case.net.name}, {case.place}: {case.edit}"
)
def test_sample_of_mistakes_in_graphs_is_named(case):
    right = case.right()

    assert tg.compare(case.cost(), right).ok
    verdict = judge_arrays(case)
    assert (verdict.located, verdict.slug, verdict.expected) == (True, True, True), verdict.said


@pytest.mark.parametrize("case", SAMPLE, ids=label_of)
def test_sample_is_located(case):
    verdict = judge(case)

    assert verdict.located, verdict.said
