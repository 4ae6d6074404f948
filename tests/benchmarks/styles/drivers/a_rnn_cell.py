import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(25)
    n_x, n_a, n_y, m, T_x = 3, 4, 2, 5, 3
    shapes = {"Wax": (n_a, n_x), "Waa": (n_a, n_a), "Wya": (n_y, n_a), "ba": (n_a, 1), "by": (n_y, 1)}
    parameters = {key: r.standard_normal(shape) for key, shape in shapes.items()}
    return (
        r.standard_normal((n_x, m, T_x)),
        r.standard_normal((n_a, m)),
        parameters,
        r.standard_normal((n_a, m, T_x)),
    )


def answers(module):
    x, a0, parameters, da = inputs()
    *_, cache = module.rnn_cell_forward(x[:, :, 0], a0, parameters)
    found = {"cell " + key: value for key, value in module.rnn_cell_backward(da[:, :, 0], cache).items()}
    *_, caches = module.rnn_forward(x, a0, parameters)
    return found | module.rnn_backward(da, caches)


def truth(module):
    x, a0, parameters, da = inputs()

    def cell(x=x[:, :, 0], a=a0, **changed):
        return np.sum(da[:, :, 0] * module.rnn_cell_forward(x, a, parameters | changed)[0])

    def whole(x=x, a=a0, **changed):
        return np.sum(da * module.rnn_forward(x, a, parameters | changed)[0])

    found = {
        "cell dxt": numeric(lambda v: cell(x=v), x[:, :, 0]),
        "cell da_prev": numeric(lambda v: cell(a=v), a0),
        "dx": numeric(lambda v: whole(x=v), x),
        "da0": numeric(lambda v: whole(a=v), a0),
    }
    for key in ("Wax", "Waa", "ba"):
        found["cell d" + key] = numeric(lambda v, key=key: cell(**{key: v}), parameters[key])
        found["d" + key] = numeric(lambda v, key=key: whole(**{key: v}), parameters[key])
    return found
