import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(26)
    n_x, n_a, m, T_x = 3, 2, 4, 3
    parameters = {"W" + gate: r.standard_normal((n_a, n_a + n_x)) for gate in "fico"}
    parameters |= {"b" + gate: r.standard_normal((n_a, 1)) for gate in "fico"}
    state = r.standard_normal((4, n_a, m))  # a_prev, c_prev, da_next, dc_next
    return r.standard_normal((n_x, m, T_x)), parameters, *state, r.standard_normal((n_a, m, T_x))


def answers(module):
    x, parameters, a, c, da, dc, da_all = inputs()
    *_, cache = module.lstm_cell_forward(x[:, :, 0], a, c, parameters)
    found = {"cell " + key: value for key, value in module.lstm_cell_backward(da, dc, cache).items()}
    _, caches = module.lstm_forward(x, a, parameters)
    return found | module.lstm_backward(da_all, caches)


def truth(module):
    x, parameters, a, c, da, dc, da_all = inputs()

    def cell(x=x[:, :, 0], a=a, c=c, **changed):
        a_next, c_next, _ = module.lstm_cell_forward(x, a, c, parameters | changed)
        return np.sum(a_next * da) + np.sum(c_next * dc)

    def whole(x=x, a=a, **changed):
        return np.sum(da_all * module.lstm_forward(x, a, parameters | changed)[0])

    found = {
        "cell dxt": numeric(lambda v: cell(x=v), x[:, :, 0]),
        "cell da_prev": numeric(lambda v: cell(a=v), a),
        "cell dc_prev": numeric(lambda v: cell(c=v), c),
        "dx": numeric(lambda v: whole(x=v), x),
        "da0": numeric(lambda v: whole(a=v), a),
    }
    for key, value in parameters.items():
        found["cell d" + key] = numeric(lambda v, key=key: cell(**{key: v}), value)
        found["d" + key] = numeric(lambda v, key=key: whole(**{key: v}), value)
    return found
