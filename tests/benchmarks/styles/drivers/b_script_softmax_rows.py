from tests.benchmarks.styles.b_rerun import rerun
from tests.benchmarks.styles.numeric import numeric

NAMES = ("logits", "W2", "b2", "W1", "b1")


def answers(module):
    return {name: getattr(module, f"d{name}") for name in NAMES}


def truth(module):
    # the step at the end changes the weights in place, so they are taken from before it
    first = rerun(module, lr=0)
    return {name: numeric(lambda v: rerun(module, **{name: v})["loss"], first[name]) for name in NAMES}
