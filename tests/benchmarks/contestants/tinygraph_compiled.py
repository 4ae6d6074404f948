"""tinygraph with the whole step, update included, in one compiled function."""

from functools import partial

from tinygraph import compile as compile_step
from tinygraph import optim

from ..tasks import LEARNING_RATE
from .tinygraph_eager import make_inputs, make_parameters, network_cost


class Training:
    backend = "numpy"

    def __init__(self, network):
        self.tensors = make_parameters(network)
        self.inputs = make_inputs(network)
        loss = partial(network_cost(network), self.tensors)
        rule = optim.SGD(LEARNING_RATE)
        self.compiled = compile_step(loss, self.tensors, optimizer=rule, backend=self.backend)

    def step(self):
        return self.compiled(*self.inputs)

    def parameters(self):
        return {tensor.name: tensor.value for tensor in self.tensors}
