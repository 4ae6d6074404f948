"""Scripts and functions that go forward and back, each in another style, and slips in them.

A slip is a line as it is and as it is written wrongly; the wrong line is to be found, and no other.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A text whose derivatives are right, the name of what is judged, and slips by line."""

    name: str
    judged: str
    text: str
    slips: tuple[tuple[str, str], ...]


SOFTMAX_ROWS = Variant(
    "softmax rows",
    "<module>",
    """
import numpy as np
rng = np.random.default_rng(3)
X = rng.standard_normal((9, 4))
y = np.arange(9) % 3
W1 = 0.5 * rng.standard_normal((4, 6))
b1 = np.zeros(6)
W2 = 0.5 * rng.standard_normal((6, 3))
b2 = np.zeros((1, 3))
pre = X @ W1 + b1
act = np.maximum(0, pre)
scores = act @ W2 + b2
scores -= scores.max(axis=1, keepdims=True)
P = np.exp(scores)
P = P / P.sum(axis=1, keepdims=True)
loss = -np.log(P[np.arange(9), y]).sum() / 9
loss += 0.01 * np.sum(W1 * W1)
dscores = P.copy()
dscores[np.arange(9), y] -= 1
dscores /= 9
dW2 = act.T @ dscores
db2 = dscores.sum(axis=0, keepdims=True)
dact = dscores @ W2.T
dpre = dact * (pre > 0)
dW1 = X.T @ dpre
dW1 += 0.02 * W1
db1 = dpre.sum(axis=0)
print(loss)
""",
    (
        ("dscores[np.arange(9), y] -= 1", "dscores[np.arange(9), y] += 1"),
        ("dscores /= 9", "dscores /= 3"),
        ("dpre = dact * (pre > 0)", "dpre = dact * (pre < 0)"),
        ("dpre = dact * (pre > 0)", "dpre = dact * pre"),
        ("dW1 += 0.02 * W1", "dW1 += 0.01 * W1"),
        ("db1 = dpre.sum(axis=0)", "db1 = dpre.mean(axis=0)"),
        ("dW2 = act.T @ dscores", "dW2 = pre.T @ dscores"),
    ),
)

COURSE_COLUMNS = Variant(
    "course, columns, a loop of epochs",
    "<module>",
    """
import numpy as np
np.random.seed(1)
X = np.random.randn(3, 11)
Y = (X.sum(axis=0, keepdims=True) > 0) * 1.0
m = X.shape[1]
W1 = np.random.randn(5, 3) * 0.4
b1 = np.zeros((5, 1))
W2 = np.random.randn(1, 5) * 0.4
b2 = np.zeros((1, 1))
for epoch in range(1000):
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    W1 = W1 - 0.3 * dW1
    b1 = b1 - 0.3 * db1
    W2 = W2 - 0.3 * dW2
    b2 = b2 - 0.3 * db2
""",
    (
        ("dZ2 = A2 - Y", "dZ2 = Y - A2"),
        ("dZ2 = A2 - Y", "dZ2 = Z2 - Y"),
        ("dZ1 = (W2.T @ dZ2) * (1 - A1 ** 2)", "dZ1 = (W2.T @ dZ2) * (1 - A1)"),
        ("dW1 = dZ1 @ X.T / m", "dW1 = dZ1 @ X.T"),
        ("db1 = np.sum(dZ1, axis=1, keepdims=True) / m", "db1 = np.sum(dZ1) / m"),
        ("W2 = W2 - 0.3 * dW2", "W2 = W2 + 0.3 * dW2"),
    ),
)

UPHILL_ROWS = Variant(
    "error, delta, weights +=, no loss",
    "<module>",
    """
import numpy as np
np.random.seed(4)
inputs = np.random.rand(6, 3)
targets = np.random.rand(6, 2)
w0 = 2 * np.random.random((3, 4)) - 1
w1 = 2 * np.random.random((4, 2)) - 1

def squash(x):
    return 1 / (1 + np.exp(-x))

for step in range(5000):
    hidden = squash(np.dot(inputs, w0))
    output = squash(np.dot(hidden, w1))
    output_error = targets - output
    output_delta = output_error * output * (1 - output)
    hidden_error = output_delta.dot(w1.T)
    hidden_delta = hidden_error * (hidden * (1 - hidden))
    w1 += hidden.T.dot(output_delta)
    w0 += inputs.T.dot(hidden_delta)
""",
    (
        ("output_error = targets - output", "output_error = output - targets"),
        ("output_delta = output_error * output * (1 - output)", "output_delta = output_error * output"),
        ("hidden_error = output_delta.dot(w1.T)", "hidden_error = output_error.dot(w1.T)"),
        ("hidden_delta = hidden_error * (hidden * (1 - hidden))", "hidden_delta = hidden_error * hidden"),
        ("w0 += inputs.T.dot(hidden_delta)", "w0 -= inputs.T.dot(hidden_delta)"),
        ("w1 += hidden.T.dot(output_delta)", "w1 += hidden.T.dot(output_error)"),
    ),
)

RATE_IN_DELTA = Variant(
    "one record, the rate in the deltas",
    "<module>",
    """
import numpy as np
x = np.array([0.4, -0.3, 0.9])
target = np.array([0.2, 0.7])
learnrate = 0.5
lr = learnrate
weights_ih = np.array([[0.1, 0.4, -0.2, 0.3], [0.5, -0.1, 0.2, 0.1], [-0.3, 0.2, 0.6, -0.5]])
weights_ho = np.array([[0.3, -0.2], [0.1, 0.5], [-0.4, 0.2], [0.2, 0.1]])
hidden_in = x @ weights_ih
hidden_out = np.tanh(hidden_in)
out = hidden_out @ weights_ho
err = target - out
err_hidden = weights_ho @ err
term_hidden = err_hidden * (1 - hidden_out ** 2)
delta_weights_ho = lr * np.outer(hidden_out, err)
delta_weights_ih = lr * np.outer(x, term_hidden)
""",
    (
        (
            "term_hidden = err_hidden * (1 - hidden_out ** 2)",
            "term_hidden = err_hidden * (1 - hidden_in ** 2)",
        ),
        (
            "delta_weights_ho = lr * np.outer(hidden_out, err)",
            "delta_weights_ho = lr * np.outer(hidden_in, err)",
        ),
        ("err_hidden = weights_ho @ err", "err_hidden = weights_ho @ target"),
    ),
)

GUARDED_REGRESSION = Variant(
    "linear regression behind a main guard",
    "<module>",
    """
import numpy as np

def mse(y, p):
    return np.mean((y - p) ** 2)

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 12)
    y = 3 * x + 0.5 + 0.1 * rng.standard_normal(12)
    w = 0.0
    b = 0.0
    eta = 0.1
    while True:
        p = w * x + b
        cost = mse(y, p)
        grad_w = -2 * np.mean((y - p) * x)
        grad_b = -2 * np.mean(y - p)
        w -= eta * grad_w
        b -= eta * grad_b
""",
    (
        ("grad_w = -2 * np.mean((y - p) * x)", "grad_w = -2 * np.sum((y - p) * x)"),
        ("grad_b = -2 * np.mean(y - p)", "grad_b = 2 * np.mean(y - p)"),
        ("grad_b = -2 * np.mean(y - p)", "grad_b = -np.mean(y - p)"),
    ),
)

SAMPLES = Variant(
    "accumulated over a loop of samples",
    "<module>",
    """
import numpy as np
rng = np.random.RandomState(2)
data = rng.randn(5, 3)
labels = rng.randint(0, 4, size=5)
W = rng.randn(4, 3)
V = rng.randn(3, 3)
lr = 0.1
for it in range(20):
    total_loss = 0.0
    grad_W = np.zeros_like(W)
    grad_V = np.zeros_like(V)
    for i in range(len(data)):
        x = data[i]
        u = V @ x
        s = np.tanh(u)
        z = W @ s
        q = np.exp(z) / np.sum(np.exp(z))
        total_loss += -np.log(q[labels[i]])
        dz = q.copy()
        dz[labels[i]] -= 1.0
        grad_W += np.outer(dz, s)
        du = (W.T @ dz) * (1 - s ** 2)
        grad_V += np.outer(du, x)
    W -= lr * grad_W
    V -= lr * grad_V
""",
    (
        ("grad_W += np.outer(dz, s)", "grad_W += np.outer(dz, u)"),
        ("grad_V += np.outer(du, x)", "grad_V = np.outer(du, x)"),
        ("du = (W.T @ dz) * (1 - s ** 2)", "du = (W.T @ dz) * (1 - u ** 2)"),
        ("dz[labels[i]] -= 1.0", "dz[labels[i]] -= 2.0"),
    ),
)

MOMENTUM = Variant(
    "a function that trains, with momentum",
    "fit",
    """
import numpy as np

def fit(X, y, epochs=50, lr=0.05, mom=0.9):
    rng = np.random.default_rng(1)
    W1 = rng.normal(size=(X.shape[1], 5)); b1 = np.zeros(5)
    w2 = rng.normal(size=(5, 1)); b2 = 0.0
    v1 = np.zeros_like(W1)
    history = []
    for epoch in range(epochs):
        a = X @ W1 + b1
        h = a / (1 + np.exp(-a))
        pred = h @ w2 + b2
        diff = pred - y
        loss = 0.5 * np.mean(diff ** 2)
        history.append(loss)
        dpred = diff / len(X)
        dw2 = h.T @ dpred
        db2 = dpred.sum()
        dh = dpred @ w2.T
        sig = 1 / (1 + np.exp(-a))
        da = dh * (sig + a * sig * (1 - sig))
        dW1 = X.T @ da
        db1 = da.sum(0)
        v1 = mom * v1 - lr * dW1
        W1 += v1
        b1 -= lr * db1
        w2 -= lr * dw2
        b2 -= lr * db2
    return W1, b1, w2, b2, history
""",
    (
        ("dpred = diff / len(X)", "dpred = diff"),
        ("da = dh * (sig + a * sig * (1 - sig))", "da = dh * sig * (1 - sig)"),
        ("db2 = dpred.sum()", "db2 = dpred.mean()"),
        ("dh = dpred @ w2.T", "dh = diff @ w2.T"),
    ),
)

CLASS = Variant(
    "a class that trains",
    "Net.train",
    """
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out, lr=0.1):
        self.w_in = np.random.randn(n_in, n_hidden)
        self.w_out = np.random.randn(n_hidden, n_out)
        self.lr = lr

    def forward(self, X):
        self.z = X @ self.w_in
        self.h = np.maximum(self.z, 0.1 * self.z)
        return self.h @ self.w_out

    def train(self, X, y, epochs=10):
        for e in range(epochs):
            y_hat = self.forward(X)
            loss = ((y_hat - y) ** 2).sum() / len(X)
            d_out = 2 * (y_hat - y) / len(X)
            d_w_out = self.h.T @ d_out
            d_h = d_out @ self.w_out.T
            d_z = d_h * np.where(self.z > 0, 1.0, 0.1)
            d_w_in = X.T @ d_z
            self.w_in -= self.lr * d_w_in
            self.w_out -= self.lr * d_w_out
""",
    (
        ("d_out = 2 * (y_hat - y) / len(X)", "d_out = (y_hat - y) / len(X)"),
        ("d_z = d_h * np.where(self.z > 0, 1.0, 0.1)", "d_z = d_h * np.where(self.z > 0, 1.0, 0.0)"),
        ("d_w_in = X.T @ d_z", "d_w_in = X.T @ d_h"),
        ("self.w_out -= self.lr * d_w_out", "self.w_out += self.lr * d_w_out"),
    ),
)

DICT = Variant(
    "dicts of parameters and gradients, with a penalty",
    "loss_and_grads",
    """
import numpy as np

def loss_and_grads(params, X, y, reg):
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N = len(X)
    h = np.tanh(X @ W1 + b1)
    s = h @ W2 + b2
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(N), y])) + reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
    delta = p
    delta[np.arange(N), y] -= 1
    delta = delta / N
    grads = {}
    grads["W2"] = h.T @ delta + 2 * reg * W2
    grads["b2"] = delta.sum(axis=0)
    delta = delta @ W2.T
    delta = delta * (1 - h * h)
    grads["W1"] = X.T @ delta + 2 * reg * W1
    grads["b1"] = delta.sum(axis=0)
    return loss, grads
""",
    (
        ("delta = delta * (1 - h * h)", "delta = delta * (1 - h)"),
        ('grads["W2"] = h.T @ delta + 2 * reg * W2', 'grads["W2"] = h.T @ delta + reg * W2'),
        ('grads["b1"] = delta.sum(axis=0)', 'grads["b1"] = delta.sum(axis=0) / N'),
        ("delta = delta / N", "delta = delta / 2"),
    ),
)

RECURRENT = Variant(
    "a recurrent network through time",
    "<module>",
    """
import numpy as np
np.random.seed(0)
H, V = 5, 4
inputs, targets = [0, 2, 1, 3], [2, 1, 3, 0]
Wxh = np.random.randn(H, V) * 0.5
Whh = np.random.randn(H, H) * 0.5
Why = np.random.randn(V, H) * 0.5
bh = np.zeros((H, 1))
by = np.zeros((V, 1))
xs, hs, ps = {}, {}, {}
hs[-1] = np.zeros((H, 1))
loss = 0
for t in range(len(inputs)):
    xs[t] = np.zeros((V, 1))
    xs[t][inputs[t]] = 1
    hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
    ys = Why @ hs[t] + by
    ps[t] = np.exp(ys) / np.sum(np.exp(ys))
    loss += -np.log(ps[t][targets[t], 0])
dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
dbh, dby = np.zeros_like(bh), np.zeros_like(by)
dhnext = np.zeros_like(hs[0])
for t in reversed(range(len(inputs))):
    dy = np.copy(ps[t])
    dy[targets[t]] -= 1
    dWhy += dy @ hs[t].T
    dby += dy
    dh = Why.T @ dy + dhnext
    dhraw = (1 - hs[t] * hs[t]) * dh
    dbh += dhraw
    dWxh += dhraw @ xs[t].T
    dWhh += dhraw @ hs[t - 1].T
    dhnext = Whh.T @ dhraw
""",
    (
        ("dWhh += dhraw @ hs[t - 1].T", "dWhh += dhraw @ hs[t].T"),
        ("dWhy += dy @ hs[t].T", "dWhy += 2 * dy @ hs[t].T"),
        ("dbh += dhraw", "dbh += dh"),
    ),
)

STEP = Variant(
    "parameters given back moved",
    "step",
    """
import numpy as np
def step(X, y, W1, b1, W2, b2, lr=0.1):
    n = X.shape[0]
    z = X @ W1 + b1
    h = np.tanh(z)
    r = h @ W2 + b2 - y
    loss = np.sum(r ** 2) / n
    g = 2 * r / n
    gz = g @ W2.T * (1 - h ** 2)
    return (
        loss,
        W1 - lr * X.T @ gz,
        b1 - lr * gz.sum(axis=0),
        W2 - lr * h.T @ g,
        b2 - lr * g.sum(axis=0),
    )
""",
    (
        ("W1 - lr * X.T @ gz,", "W1 + lr * X.T @ gz,"),
        ("b1 - lr * gz.sum(axis=0),", "b1 - gz.sum(axis=0),"),
        ("b1 - lr * gz.sum(axis=0),", "b1 - lr * gz.mean(axis=0),"),
        ("W2 - lr * h.T @ g,", "lr * h.T @ g - W2,"),
    ),
)

VARIANTS = (
    SOFTMAX_ROWS, COURSE_COLUMNS, UPHILL_ROWS, RATE_IN_DELTA, GUARDED_REGRESSION, SAMPLES, MOMENTUM, CLASS,
    DICT, RECURRENT, STEP,
)  # fmt: skip
