# style: one function train_step(X, y, W1, b1, W2, b2, lr) with both passes and the update, returns new weights
# judged: train_step
from typing import Tuple
import numpy as np


def init_weights(d: int, h: int, seed: int = 0) -> Tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.3, (d, h)), np.zeros(h), rng.normal(0, 0.3, (h, 1)), np.zeros(1)


def predict(X, W1, b1, W2, b2):
    return np.log1p(np.exp(X @ W1 + b1)) @ W2 + b2


def train_step(X, y, W1, b1, W2, b2, lr):
    """One step of gradient descent on the mean squared error. Returns (loss, W1, b1, W2, b2)."""
    n = X.shape[0]

    # forward pass
    z = X @ W1 + b1
    s = np.log1p(np.exp(z))              # softplus
    y_hat = s @ W2 + b2
    residual = y_hat - y.reshape(-1, 1)
    loss = (residual ** 2).sum() / n

    # backward pass
    g_out = (2 / n) * residual
    g_W2 = s.T @ g_out
    g_b2 = np.sum(g_out, axis=0)
    g_z = g_out @ W2.T / (1 + np.exp(-z))   # softplus' is the sigmoid
    g_W1 = X.T @ g_z
    g_b1 = np.sum(g_z, axis=0)

    return loss, W1 - lr * g_W1, b1 - lr * g_b1, W2 - lr * g_W2, b2 - lr * g_b2


def main():
    x = np.linspace(-2, 2, 40)[:, None]
    y = np.sin(2 * x[:, 0])
    weights = init_weights(1, 16)
    for step in range(300):
        loss, *weights = train_step(x, y, *weights, lr=0.05)
        if step % 100 == 0:
            print(step, loss)


if __name__ == "__main__":
    main()
