import numpy as np

from tests.benchmarks.styles.numeric import numeric

_R = np.random.default_rng(20)
Q, K, V, DOUT = _R.normal(size=(4, 2, 2, 3, 4))
QKV = {"q": Q, "k": K, "v": V}
WHOLE = {"x": _R.normal(size=(2, 3, 4)), "Wqkv": _R.normal(size=(4, 12)), "Wo": _R.normal(size=(4, 5))}
WHOLE_DOUT = _R.normal(size=(2, 3, 5))


def answers(module):
    found = {"softmax": module.softmax_backward(DOUT, module.softmax_forward(Q))}
    for causal in (True, False):
        _, cache = module.attention_forward(Q, K, V, causal)
        found |= {
            f"{name} {causal}": slope for name, slope in zip(QKV, module.attention_backward(DOUT, cache))
        }
    _, cache = module.multi_head_forward(*WHOLE.values(), 2)
    return found | dict(zip(WHOLE, module.multi_head_backward(WHOLE_DOUT, cache)))


def truth(module):
    found = {"softmax": numeric(lambda v: np.sum(DOUT * module.softmax_forward(v)), Q)}
    for causal in (True, False):
        for name, value in QKV.items():
            found[f"{name} {causal}"] = numeric(
                lambda v: np.sum(DOUT * module.attention_forward(**(QKV | {name: v}), causal=causal)[0]),
                value,
            )
    for name, value in WHOLE.items():
        found[name] = numeric(
            lambda v: np.sum(WHOLE_DOUT * module.multi_head_forward(**(WHOLE | {name: v}), heads=2)[0]), value
        )
    return found
