import numpy as np

from tests.benchmarks.styles.numeric import numeric

STEP = ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db")
ALL = ("dx", "dh0", "dWx", "dWh", "db")


def inputs():
    r = np.random.default_rng(12)
    N, T, D, H = 2, 3, 4, 3
    normal = r.standard_normal
    x, h, c = normal((N, T, D)), normal((N, H)), normal((N, H))
    weights = [normal((D, 4 * H)), normal((H, 4 * H)), normal(4 * H)]
    return [x[:, 0], h, c, *weights], [x, h, *weights], normal((N, T, H)), normal((N, H))


def answers(module):
    step, whole, dh, dc = inputs()
    *_, cache = module.lstm_step_forward(*step)
    values = module.lstm_step_backward(dh[:, 0], dc, cache)
    found = {f"step {name}": value for name, value in zip(STEP, values, strict=True)}
    _, cache = module.lstm_forward(*whole)
    values = module.lstm_backward(dh, cache)
    return found | {f"all {name}": value for name, value in zip(ALL, values, strict=True)}


def truth(module):
    step, whole, dh, dc = inputs()

    def step_value(arrays):
        h, c, _ = module.lstm_step_forward(*arrays)
        return np.sum(h * dh[:, 0]) + np.sum(c * dc)

    def whole_value(arrays):
        return np.sum(dh * module.lstm_forward(*arrays)[0])

    found = {}
    for case, names, arrays, f in (("step", STEP, step, step_value), ("all", ALL, whole, whole_value)):
        for k, name in enumerate(names):
            found[f"{case} {name}"] = numeric(
                lambda v, f=f, a=arrays, k=k: f([*a[:k], v, *a[k + 1 :]]), arrays[k]
            )
    return found
