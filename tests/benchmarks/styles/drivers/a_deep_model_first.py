from tests.benchmarks.styles.deep_model import answers_of, truth_of

SEED, SHIFT = 17, 1


def answers(module):
    return answers_of(module, SEED)


def truth(module):
    return truth_of(module, SEED, SHIFT)
