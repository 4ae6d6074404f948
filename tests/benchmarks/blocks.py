"""The time of a convolution, forward and backward: `python -m tests.benchmarks.blocks`, from the root.

32 images of 3 x 32 x 32 and 16 filters of 3 x 3, derivatives by both, on one thread; each contestant in a
process of its own, in turns. All have to agree before they are timed.
"""

import argparse
from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np
from rich import box
from rich.table import Table

from .measure import count_steps
from .report import make_console
from .worker import Worker, prove, run, settle

IMAGES, FILTERS = (32, 3, 32, 32), (16, 3, 3, 3)
SECONDS_PER_RUN = 0.1


@dataclass(frozen=True)
class Convolution:
    """The task: images and filters with their channels first, and the derivative to start from."""

    dtype: str

    def arrays(self):
        random = np.random.default_rng(0)
        shapes = IMAGES, FILTERS, (32, 16, 30, 30)
        return [random.standard_normal(shape).astype(self.dtype) for shape in shapes]


class PyTorch:
    def __init__(self, task):
        import torch

        torch.set_num_threads(1)
        x, w, self.dz = map(torch.from_numpy, task.arrays())
        self.leaves = x.requires_grad_(), w.requires_grad_()
        self.conv2d, self.grad = torch.nn.functional.conv2d, torch.autograd.grad

    def step(self):
        z = self.conv2d(*self.leaves)
        self.found = self.grad(z, self.leaves, self.dz)
        return self.found[1].flatten()[0]

    def parameters(self):
        return dict(zip("xw", self.found, strict=True))


class ChannelsFirst:
    layout, images, filters = "NCHW", (0, 1, 2, 3), (0, 1, 2, 3)

    def __init__(self, task):
        import tinygraph as tg

        x, w, dz = task.arrays()
        self.conv2d = tg.conv2d
        self.leaves = [tg.parameter(a.transpose(b)) for a, b in ((x, self.images), (w, self.filters))]
        self.leaves = [tg.parameter(np.ascontiguousarray(leaf.value)) for leaf in self.leaves]
        self.dz = np.ascontiguousarray(dz.transpose(self.images))

    def step(self):
        z = self.conv2d(*self.leaves, layout=self.layout)
        d = z.backward(self.dz)
        self.found = [d[leaf] for leaf in self.leaves]
        return self.found[1].flat[0]

    def parameters(self):
        orders = map(np.argsort, (self.images, self.filters))
        return {name: d.transpose(order) for name, d, order in zip("xw", self.found, orders, strict=True)}


class ChannelsLast(ChannelsFirst):
    layout, images, filters = "NHWC", (0, 2, 3, 1), (2, 3, 1, 0)


@dataclass(frozen=True)
class Contestant:
    title: str
    train: type

    def version(self):
        return None


CONTESTANTS = [
    Contestant("PyTorch eager", PyTorch),
    Contestant("tinygraph, NHWC", ChannelsLast),
    Contestant("tinygraph, NCHW", ChannelsFirst),
]


def check(workers, dtype):
    """An error for a contestant that computes something else than the first that is there."""
    found = [worker.ask(prove, 1)[1] for worker in workers]
    for worker, derivatives in zip(workers, found, strict=True):
        for name, d in derivatives.items():
            error = np.linalg.norm(d - found[0][name]) / np.linalg.norm(found[0][name])
            if not error < {"float32": 1e-5, "float64": 1e-13}[dtype]:
                raise ArithmeticError(f"{worker.contestant.title}: d{name} is off by {error:.1e}")


def measure(dtype, rounds):
    """The seconds of a step, by contestant, in each round; None for one that is not installed."""
    workers = [Worker(contestant, Convolution(dtype)) for contestant in CONTESTANTS]
    try:
        ready = [worker for worker in workers if worker.status == "ok"]
        check(ready, dtype)
        n = count_steps(ready[0], SECONDS_PER_RUN)
        times = {worker.contestant.title: [] for worker in ready}
        for _ in range(rounds):
            for worker in ready:
                times[worker.contestant.title].append(worker.ask(run, n) / n)
        return times
    finally:
        for worker in workers:
            worker.stop()


def tabulate(dtype, times):
    table = Table(box=box.SIMPLE_HEAD)
    for heading in (dtype, "ms", "ratio to PyTorch: median, quartiles"):
        table.add_column(heading, justify="left" if heading == dtype else "right")
    baseline = times.get(CONTESTANTS[0].title)
    for title, seconds in times.items():
        ratio = ""
        if baseline:
            ratios = [own / other for own, other in zip(seconds, baseline, strict=True)]
            lower, _, upper = quantiles(ratios, n=4)
            ratio = f"{median(ratios):.2f}  {lower:.2f} to {upper:.2f}"
        table.add_row(title, f"{1000 * median(seconds):.2f}", ratio)
    return table


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.blocks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=15, help="runs of each contestant (15; at least 2)")
    rounds = parser.parse_args(arguments).rounds
    settle()
    for dtype in ("float32", "float64"):
        make_console().print(tabulate(dtype, measure(dtype, rounds)))


if __name__ == "__main__":
    main()
