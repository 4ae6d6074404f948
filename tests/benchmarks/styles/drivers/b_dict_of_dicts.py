import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(29)
X, TARGET, Z, SLOPE = _R.normal(size=(5, 3)), _R.normal(size=(5, 2)), _R.normal(size=4), _R.normal(size=4)
BIASES = [_R.normal(size=n) for n in (4, 5, 4, 2)]


def build(module):
    params, activations = module.init(0, [3, 4, 5, 4, 2], ["relu", "tanh", "sin", "none"])
    for leaves, bias in zip(params.values(), BIASES):
        leaves["bias"] = bias
    return params, activations


def answers(module):
    params, activations = build(module)
    y, cache = module.forward(params, X, activations)
    dy = module.mean_squared_error_vjp(y, TARGET)
    grads, dx = module.backward(params, cache, dy)
    found = {"y": dy, "x": dx}
    found |= {f"{layer} {name}": value for layer, leaves in grads.items() for name, value in leaves.items()}
    return found | {name: module.vjp_elementwise(name, Z, SLOPE) for name in module.ACTIVATIONS}


def truth(module):
    params, activations = build(module)

    def loss(params, x):
        return module.mean_squared_error(module.forward(params, x, activations)[0], TARGET)

    found = {
        "y": numeric(
            lambda v: module.mean_squared_error(v, TARGET), module.forward(params, X, activations)[0]
        ),
        "x": numeric(lambda v: loss(params, v), X),
    }
    for layer, leaves in params.items():
        for name, value in leaves.items():
            found[f"{layer} {name}"] = numeric(lambda v: loss(params | {layer: leaves | {name: v}}, X), value)
    return found | {
        name: numeric(lambda v: np.sum(SLOPE * act(v)), Z) for name, act in module.ACTIVATIONS.items()
    }
