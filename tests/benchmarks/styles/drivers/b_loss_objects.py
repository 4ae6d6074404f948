import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(6)
PREDICTION = 2 * _R.normal(size=(5, 3))
TARGETS = {
    "MSELoss": _R.normal(size=(5, 3)),
    "HuberLoss": _R.normal(size=(5, 3)),
    "CrossEntropyLoss": np.array([0, 2, 1, 1, 2]),
    "BCEWithLogitsLoss": _R.integers(0, 2, size=(5, 3)).astype(float),
}
CASES = [(name, reduction) for name in TARGETS for reduction in ("mean", "sum")]


def answers(module):
    found = {}
    for name, reduction in CASES:
        loss = getattr(module, name)(reduction=reduction)
        loss(PREDICTION, TARGETS[name])
        found[f"{name} {reduction}"] = loss.backward()
    return found


def truth(module):
    return {
        f"{name} {reduction}": numeric(
            lambda v: getattr(module, name)(reduction=reduction)(v, TARGETS[name]), PREDICTION
        )
        for name, reduction in CASES
    }
