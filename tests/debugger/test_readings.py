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


PRINTS_THE_MEAN = """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1, self.c1 = np.random.randn(n_in, n_hidden), np.zeros(n_hidden)
        self.W2, self.c2 = np.random.randn(n_hidden, n_out), np.zeros(n_out)
        self.rate = 0.1

    def forward(self, X):
        self.A1 = np.tanh(X @ self.W1 + self.c1)
        return self.A1 @ self.W2 + self.c2

    def loss(self, y, out):
        return np.mean((out - y) ** 2)

    def backward(self, X, y, out):
        d2 = out - y
        d1 = (d2 @ self.W2.T) * (1 - self.A1 ** 2)
        self.W2 -= self.rate * self.A1.T @ d2
        self.c2 -= self.rate * d2.sum(axis=0)
        self.W1 -= self.rate * X.T @ d1
        self.c1 -= self.rate * d1.sum(axis=0)
"""


def test_half_the_squared_error_beside_its_printed_mean_is_right_and_said():
    found = examined(PRINTS_THE_MEAN, "Net.backward")

    assert found.verdict == "agrees"
    assert (
        "all of it times 10.5: that is half the squared error, summed up" in found.judgements[0].trial.taken
    )


def test_another_multiple_of_the_mean_is_none():
    assert (
        examined(PRINTS_THE_MEAN.replace("d2 = out - y", "d2 = 3 * (out - y)"), "Net.backward").verdict
        == "wrong"
    )


ROWS_BESIDE_COLUMNS = """
class Squares:
    @staticmethod
    def value(a, y):
        return np.sum((a - y) ** 2) / 2

    @staticmethod
    def delta(slope, a, y):
        return (a - y) * slope

class Bits:
    @staticmethod
    def value(a, y):
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))

    @staticmethod
    def delta(slope, a, y):
        return a - y

class Bend:
    @staticmethod
    def f(z):
        return np.maximum(z, 0)

    @staticmethod
    def prime(z):
        return (z > 0) * 1.0

class Squash:
    @staticmethod
    def f(z):
        return 1 / (1 + np.exp(-z))

    @staticmethod
    def prime(z):
        return Squash.f(z) * (1 - Squash.f(z))

class Net:
    def __init__(self, sizes, cost=Bits, act=Bend):
        self.cost, self.act = cost, act
        self.weights = [np.random.randn(o, i) for i, o in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros((o, 1)) for o in sizes[1:]]

    def feedforward(self, a):
        for w, b in zip(self.weights, self.biases):
            a = self.act.f(w @ a + b)
        return a

    def backprop(self, x, y):
        nabla_b = [None] * len(self.biases)
        nabla_w = [None] * len(self.weights)
        a, As, zs = x, [x], []
        for w, b in zip(self.weights, self.biases):
            zs.append(a @ w.T + b.T)
            a = self.act.f(zs[-1])
            As.append(a)
        delta = self.cost.delta(self.act.prime(zs[-1]), As[-1], y)
        for l in range(1, len(self.weights) + 1):
            nabla_b[-l] = delta.sum(axis=0).reshape(-1, 1)
            nabla_w[-l] = delta.T @ As[-l - 1]
            if l < len(self.weights):
                delta = (delta @ self.weights[-l]) * self.act.prime(zs[-l - 1])
        return nabla_b, nabla_w
"""


def test_other_classes_within_and_rows_beside_columns_are_tried():
    found = examined(ROWS_BESIDE_COLUMNS, "Net.backprop")

    assert found.verdict == "agrees"
    assert "with Squash" in found.judgements[0].trial.taken
    assert examined(ROWS_BESIDE_COLUMNS, "Squash.prime").verdict == "agrees"


def test_a_slip_is_wrong_with_all_classes():
    slip = ROWS_BESIDE_COLUMNS.replace("self.act.prime(zs[-l - 1])", "self.act.prime(zs[-l])[:, :1]")

    assert examined(slip, "Net.backprop").verdict == "wrong"


SHORT_NAMES = """
class Net:
    def __init__(self, sizes):
        self.bs = [np.random.randn(y, 1) for y in sizes[1:]]
        self.ws = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]

    def predict(self, a):
        for b, w in zip(self.bs, self.ws):
            a = np.tanh(w @ a + b)
        return a

    def train(self, pairs, rate):
        for x, y in pairs:
            gb, gw = self.gradients(x, y)
            self.ws = [w - rate * g for w, g in zip(self.ws, gw)]
            self.bs = [b - rate * g for b, g in zip(self.bs, gb)]

    def gradients(self, x, y):
        gb, gw, acts = [None] * len(self.bs), [None] * len(self.ws), [x]
        for b, w in zip(self.bs, self.ws):
            acts.append(np.tanh(w @ acts[-1] + b))
        d = acts[-1] - y
        for l in range(1, len(self.ws) + 1):
            d = d * (1 - acts[-l] ** 2)
            gb[-l] = d
            gw[-l] = d @ acts[-l - 1].T
            d = self.ws[-l].T @ d
        return gb, gw
"""


def test_one_example_at_a_time_under_short_names():
    assert verdicts_of(SHORT_NAMES) == {"Net.gradients": "agrees"}


def test_a_missing_sum_is_not_hidden_by_a_single_example():
    adds = SHORT_NAMES.replace("for x, y in pairs:", "for _ in range(9):").replace(
        "(x, y)\n", "(*pairs)\n", 1
    )
    adds = adds.replace("gb[-l] = d", "gb[-l] = d.sum(axis=1, keepdims=True) if l == 1 else d")
    right = adds.replace("if l == 1 else d", "")

    assert verdicts_of(right) == {"Net.gradients": "agrees"}
    assert verdicts_of(adds) == {"Net.gradients": "wrong"}
