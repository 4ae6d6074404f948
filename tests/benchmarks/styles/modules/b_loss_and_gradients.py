# style: one function loss_and_gradients(params, X, y) giving the loss and a dictionary of gradients, with weight decay
# judged: loss_and_gradients
"""Two hidden layers (relu, then tanh), softmax, L2 on the weight matrices."""
import numpy as np


def make_params(dims, seed=0):
    g = np.random.default_rng(seed)
    p = {}
    for i, (a, b) in enumerate(zip(dims, dims[1:]), start=1):
        p[f"W{i}"] = g.standard_normal((a, b)) * np.sqrt(2 / a)
        p[f"b{i}"] = np.zeros(b)
    return p


def loss_and_gradients(params, X, y, reg=1e-3):
    """
    X : (N, D), y : (N,) integers.
    Returns (loss, grads); grads has the keys of params.
    """
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    W3, b3 = params["W3"], params["b3"]
    N = X.shape[0]

    # ---- forward ----
    h1 = np.maximum(0, X @ W1 + b1)
    h2 = np.tanh(h1 @ W2 + b2)
    scores = h2 @ W3 + b3

    scores -= scores.max(1, keepdims=True)
    probs = np.exp(scores)
    probs /= probs.sum(1, keepdims=True)
    loss = -np.log(probs[np.arange(N), y]).mean()
    for k in ("W1", "W2", "W3"):
        loss += 0.5 * reg * np.sum(params[k] ** 2)

    # ---- backward ----
    grads = {}
    d = probs
    d[np.arange(N), y] -= 1
    d /= N

    grads["W3"] = h2.T @ d + reg * W3
    grads["b3"] = d.sum(0)
    d = d @ W3.T
    d = d * (1 - h2 ** 2)
    grads["W2"] = h1.T @ d + reg * W2
    grads["b2"] = d.sum(0)
    d = d @ W2.T
    d[h1 <= 0] = 0
    grads["W1"] = X.T @ d + reg * W1
    grads["b1"] = d.sum(0)
    return loss, grads
