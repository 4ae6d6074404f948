import numpy as np

from tests.benchmarks.styles.numeric import numeric


def inputs(module):
    r = np.random.default_rng(32)
    words = {word: k for k, word in enumerate(["<NULL>", "<START>", "<END>", "cat", "on", "mat"])}
    model = module.CaptioningRNN(words, input_dim=4, wordvec_dim=3, hidden_dim=5, seed=1)
    for key, value in model.params.items():
        model.params[key] = value + 0.3 * r.standard_normal(value.shape)
    captions = np.array([[1, 3, 4, 5, 2], [1, 5, 5, 2, 0], [1, 3, 2, 0, 0]])
    return model, r.standard_normal((3, 4)), captions


def answers(module):
    return inputs(module)[0].loss(*inputs(module)[1:])[1]


def truth(module):
    model, features, captions = inputs(module)
    given = dict(model.params)

    def value(key, v):
        model.params = given | {key: v}
        return model.loss(features, captions)[0]

    return {key: numeric(lambda v, key=key: value(key, v), given[key]) for key in given}
