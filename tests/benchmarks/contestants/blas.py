"""The matrix products of a step and nothing else, into arrays made beforehand: a floor, not a step."""

from functools import partial
from itertools import pairwise

import numpy as np


class Training:
    def __init__(self, network):
        X, _ = network.make_examples()
        weights = list(network.initialize_parameters().values())[::2]
        As = [X] + [np.ones((len(W), network.m), network.dtype) for W in weights]
        self.calls = []
        for W, (A_prev, A) in zip(weights, pairwise(As), strict=True):
            Z, dZ, dW, dA_prev = map(np.ones_like, (A, A, W, A_prev))
            self.calls.append(partial(np.dot, W, A_prev, out=Z))
            self.calls.append(partial(np.dot, dZ, A_prev.T, out=dW))
            if A_prev is not X:
                self.calls.append(partial(np.dot, W.T, dZ, out=dA_prev))

    def step(self):
        for call in self.calls:
            call()
        return 0.0
