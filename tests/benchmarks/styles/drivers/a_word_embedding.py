import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs():
    r = np.random.default_rng(13)
    N, T, V, D, M = 2, 4, 5, 3, 6
    normal = r.standard_normal
    words = np.array([[0, 3, 3, 1], [4, 0, 0, 0]])
    mask = np.array([[True, True, True, False], [True, True, False, False]])
    return words, normal((V, D)), normal((N, T, D)), normal((D, M)), normal(M), normal((N, T, M)), mask


def answers(module):
    words, W, x, w, b, dout, mask = inputs()
    found = {}
    _, cache = module.word_embedding_forward(words, W)
    found["dW"] = module.word_embedding_backward(x, cache)
    _, cache = module.temporal_affine_forward(x, w, b)
    found["dx"], found["dw"], found["db"] = module.temporal_affine_backward(dout, cache)
    found["scores"] = module.temporal_softmax_loss(dout, words, mask)[1]
    return found


def truth(module):
    words, W, x, w, b, dout, mask = inputs()

    def affine(x, w, b):
        return np.sum(dout * module.temporal_affine_forward(x, w, b)[0])

    return {
        "dW": numeric(lambda v: np.sum(x * module.word_embedding_forward(words, v)[0]), W),
        "dx": numeric(lambda v: affine(v, w, b), x),
        "dw": numeric(lambda v: affine(x, v, b), w),
        "db": numeric(lambda v: affine(x, w, v), b),
        "scores": numeric(lambda v: module.temporal_softmax_loss(v, words, mask)[0], dout),
    }
