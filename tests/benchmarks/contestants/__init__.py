"""Who is timed. One module each, holding a class `Training` that is made from a task and has

    step()         one training step: forward, cost, backward, update; returns the cost before it
    parameters()   {"W1": array, ...} as they stand

A module that cannot be imported is a contestant that is not installed.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True)
class Contestant:
    key: str  # also the name of its module
    title: str
    package: str  # the distribution whose version is reported
    runs_chain: bool = True
    is_step: bool = True  # False: a floor, which proves nothing and trains nothing

    def train(self, task):
        """The `Training` of this contestant on a task; ImportError where it is not installed."""
        return import_module(f"{__name__}.{self.key}").Training(task)

    def version(self):
        try:
            return version(self.package)
        except PackageNotFoundError:  # imported from its sources, without an installation
            return "from sources"


CONTESTANTS = {
    contestant.key: contestant
    for contestant in (
        Contestant("by_hand", "by hand", "numpy"),
        Contestant("tinygraph_eager", "tinygraph", "tinygraph"),
        Contestant("tinygraph_compiled", "tinygraph, compiled", "tinygraph", runs_chain=False),
        Contestant("tinygraph_numba", "tinygraph, numba", "numba", runs_chain=False),
        Contestant("tinygraph_auto", "tinygraph, auto", "tinygraph", runs_chain=False),
        Contestant("blas", "BLAS calls alone", "numpy", runs_chain=False, is_step=False),
        Contestant("hips", "HIPS autograd", "autograd"),
        Contestant("pytorch", "PyTorch eager", "torch"),
        Contestant("pytorch_compiled", "torch.compile", "torch", runs_chain=False),
        Contestant("jax_jit", "JAX jit", "jax", runs_chain=False),
        Contestant("mygrad", "MyGrad", "mygrad"),
    )
}
BASELINE = CONTESTANTS["by_hand"]
