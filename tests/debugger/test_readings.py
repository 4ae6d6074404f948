"""Which argument is what: names from above, caches, labels, losses."""

import pytest

from tests.debugger.somebody import examined, verdicts_of
from tinygraph.debugger.readings import CACHE, LABELS, UPSTREAM, words_of


@pytest.mark.parametrize("name", ["dout", "dA", "grad_output", "upstream", "dnext_h", "d_values", "delta"])
def test_names_of_derivatives_from_above(name):
    assert UPSTREAM.match(name)


@pytest.mark.parametrize("name", ["X", "cache", "y_true", "parameters", "activations"])
def test_names_of_other_things(name):
    assert not UPSTREAM.match(name)


def test_names_of_caches_and_labels():
    assert all(CACHE.search(n) for n in ("cache", "memory", "linear_cache", "ctx"))
    assert all(LABELS.match(n) for n in ("y", "t", "labels", "y_true", "targets"))


def test_words_of_names():
    assert words_of("backProp") == words_of("back_prop") == words_of("BackProp") == ["back", "prop"]


def test_arguments_are_taken_as_the_file_itself_calls():
    text = """
    def forward(x, w):
        z = x @ w
        return np.tanh(z), z

    def cost(p, y):
        return 0.5 * np.sum((p - y) ** 2)

    def backward(one, two, three, w):
        return one.T @ ((two - three) * (1 - two ** 2))

    def step(x, w, y):
        a, z = forward(x, w)
        c = cost(a, y)
        return backward(x, a, y, w)
    """
    assert verdicts_of(text)["backward"] == "agrees"


def test_the_usual_loss_is_said_where_the_file_has_none():
    text = """
    def forward(X, W):
        return 1 / (1 + np.exp(-(X @ W)))

    def backward(X, W, a, y):
        return X.T @ (a - y)
    """
    found = examined(text, "backward")
    assert found.verdict == "agrees"
    assert "cross-entropy" in found.judgements[0].trial.taken


def test_m_times_the_own_loss_is_wrong_and_says_so():
    text = """
    def forward(X, W):
        return X @ W

    def mse_loss(a, y):
        return 0.5 * np.sum((a - y) ** 2) / len(y)

    def backward(X, W, a, y):
        return X.T @ (a - y)
    """
    found = examined(text, "backward")
    assert found.verdict == "wrong"
    assert "m times the derivative of mse_loss" in found.judgements[0].wrong[0].said


def test_the_sum_is_right_where_callers_divide():
    text = """
    class Net:
        def __init__(self, n_in, n_out):
            self.W = np.random.randn(n_in, n_out)
        def forward(self, X):
            return X @ self.W
        def loss(self, X, y):
            return 0.5 * np.sum((self.forward(X) - y) ** 2) / len(X)
        def backprop(self, X, y):
            return X.T @ (self.forward(X) - y)
        def update(self, X, y, eta):
            self.W = self.W - eta / len(X) * self.backprop(X, y)
    """
    assert verdicts_of(text)["Net.backprop"] == "agrees"


def test_variables_of_the_file_are_parameters_too():
    text = """
    Wx, b = np.zeros((5, 4)), np.zeros(4)

    def loss_and_grad(x, y):
        a = np.tanh(x @ Wx + b)
        d = (a - y) * (1 - a**2)
        dWx, db = x.T @ d, d.sum(axis=0)
        return 0.5 * np.sum((a - y) ** 2), dWx, db
    """
    assert verdicts_of(text)["loss_and_grad"] == "agrees"


def test_each_text_that_can_be_given_is_judged():
    text = """
    def act_forward(z, kind):
        return (np.tanh(z) if kind == 'tanh' else np.maximum(z, 0)), z

    def act_backward(dout, z, kind):
        if kind == 'tanh':
            return dout * (1 - np.tanh(z) ** 2)
        if kind == 'relu':
            return dout * (z < 0)
    """
    found = examined(text, "act_backward")
    assert [j.ok for j in found.judgements].count(False) == 1
