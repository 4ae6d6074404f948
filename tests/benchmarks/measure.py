"""Prove that every contestant computes the step, then time them in turns."""

from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np

from .contestants import BASELINE
from .worker import Worker, prove, run

STEPS_TO_PROVE = 3


@dataclass
class Result:
    """One contestant on one task. The times are None unless the status is "ok"."""

    task: str
    contestant: str
    version: str | None
    status: str
    detail: str
    seconds: float | None = None  # the median, per step; on the chain per addition
    ratio: float | None = None  # to by hand: the median over the rounds
    ratio_quartiles: tuple[float, float] | None = None


def measure(task, contestants, rounds, seconds_per_run):
    """A Result for each contestant that takes this task."""
    workers = [Worker(contestant, task) for contestant in contestants]
    try:
        check(workers, task)
        return time_in_turns(workers, task, rounds, seconds_per_run)
    finally:
        for worker in workers:
            worker.stop()


def find(workers, contestant):
    return next(worker for worker in workers if worker.contestant == contestant)


def check(workers, task):
    """Mark as "wrong" whoever takes other steps than the baseline does."""
    baseline = find(workers, BASELINE)
    expected = baseline.ask(prove, STEPS_TO_PROVE)
    if expected is None:
        raise RuntimeError(f"{task.name} by hand {baseline.status}: {baseline.detail}")
    for worker in workers:
        if worker is baseline or worker.status != "ok" or not worker.contestant.is_step:
            continue
        actual = worker.ask(prove, STEPS_TO_PROVE)
        if actual is not None and (difference := find_difference(task, expected, actual)):
            worker.status, worker.detail = "wrong", difference


def find_difference(task, expected, actual):
    """The first disagreement between two proofs as a sentence, or None.

    A proof is (costs, parameters afterwards). What is compared is how far a parameter moved, relative to
    the whole move of that parameter: its value itself hardly changes in a few steps, right or wrong.
    """
    (expected_costs, expected_parameters), (actual_costs, actual_parameters) = expected, actual
    if not np.allclose(actual_costs, expected_costs, rtol=task.tolerance, atol=0):
        return f"costs {actual_costs}, by hand {expected_costs}"
    for name, start in task.initialize_parameters().items():
        expected_value, actual_value = expected_parameters[name], actual_parameters[name]
        if actual_value.shape != expected_value.shape or actual_value.dtype != expected_value.dtype:
            return (
                f"{name} is {actual_value.dtype} {actual_value.shape}, "
                f"by hand {expected_value.dtype} {expected_value.shape}"
            )
        error = np.linalg.norm(actual_value - expected_value)
        move = np.linalg.norm(expected_value - start)
        if not error <= task.tolerance * move:  # so that nan is a difference
            return f"{name} ends {error:.1e} from where it does by hand, after a move of {move:.1e}"
    return None


def time_in_turns(workers, task, rounds, seconds_per_run):
    """Rounds in which every contestant runs the same number of steps, so that a slow spell hits them all."""
    n = count_steps(find(workers, BASELINE), seconds_per_run)
    times = {worker: [] for worker in workers}
    for _ in range(rounds):
        for worker in workers:
            if worker.status == "ok" and (seconds := worker.ask(run, n)) is not None:
                times[worker].append(seconds / n / task.parts)
    baseline_times = times[find(workers, BASELINE)]
    return [summarize(worker, task, times[worker], baseline_times) for worker in workers]


def count_steps(baseline, seconds_per_run):
    """How many steps by hand fill a run; doubled until it can be told."""
    n = 1
    while (seconds := baseline.ask(run, n)) < seconds_per_run / 4:
        n *= 2
    return max(1, round(n * seconds_per_run / seconds))


def summarize(worker, task, times, baseline_times):
    result = Result(task.name, worker.contestant.key, worker.version, worker.status, worker.detail)
    if worker.status == "ok":
        # Each run is divided by the baseline's of the same round: the two saw the same machine.
        ratios = [seconds / by_hand for seconds, by_hand in zip(times, baseline_times, strict=True)]
        lower, _, upper = quantiles(ratios, n=4)
        result.seconds, result.ratio = median(times), median(ratios)
        result.ratio_quartiles = lower, upper
    return result
