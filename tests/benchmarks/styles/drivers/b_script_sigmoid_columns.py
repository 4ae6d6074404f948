import numpy as np

from tests.benchmarks.styles.b_rerun import rerun
from tests.benchmarks.styles.numeric import numeric

ONE = {"iterations": 1, "b1": np.full((4, 1), 0.1), "b2": np.full((1, 1), -0.2)}
NAMES = ("W1", "b1", "W2", "b2")


def answers(module):
    found = rerun(module, **ONE)
    # dA1, dZ1 and dZ2 are of the summed cost, as the course has it: 1/m comes with the weights
    return {name: found[f"d{name}"] for name in NAMES} | {
        name: found[f"d{name}"] / 12 for name in ("A1", "Z1", "Z2")
    }


def truth(module):
    first = rerun(module, learning_rate=0, **ONE)
    return {
        name: numeric(lambda v: rerun(module, **(ONE | {name: v}))["cost"], first[name])
        for name in (*NAMES, "A1", "Z1", "Z2")
    }
