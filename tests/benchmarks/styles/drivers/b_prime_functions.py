import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(27)
X, TARGET, Z = _R.normal(size=3), _R.uniform(size=2), _R.normal(size=6)
PAIRS = {"f": "df", "sigmoid": "sigmoid_derivative", "tanh": "tanh_prime"}


def answers(module):
    found = {name: getattr(module, slope)(Z) for name, slope in PAIRS.items()}
    dW, db = module.backward_pass(X, TARGET)
    return found | {f"W{i}": d for i, d in enumerate(dW)} | {f"b{i}": d for i, d in enumerate(db)}


def truth(module):
    found = {name: numeric(lambda v: np.sum(getattr(module, name)(v)), Z) for name in PAIRS}
    for kind in "Wb":
        values = getattr(module, kind)
        for i, kept in enumerate(list(values)):

            def loss(v):
                values[i] = v
                return module.error(module.forward_pass(X)[1][-1], TARGET)

            found[f"{kind}{i}"] = numeric(loss, kept)
            values[i] = kept
    return found
