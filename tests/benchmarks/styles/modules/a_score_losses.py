# style: CS231n layer losses svm_loss(x, y), softmax_loss(x, y) that return (loss, dx)
# judged: svm_loss, softmax_loss
import numpy as np


def svm_loss(x, y):
    """
    Hinge loss over classes, margin 1, averaged over the examples.

    Inputs:
    - x: a row of C scores per example, (N, C)
    - y: the right class of each, (N,) integers

    Returns:
    - loss: a number
    - dx: its gradient, (N, C)
    """
    N = x.shape[0]
    rows = np.arange(N)
    correct = x[rows, y][:, np.newaxis]
    margins = np.maximum(0, x - correct + 1.0)
    margins[rows, y] = 0
    loss = np.sum(margins) / N

    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[rows, y] -= num_pos
    dx /= N
    return loss, dx


def softmax_loss(x, y):
    """Same signature as svm_loss, for softmax + cross-entropy."""
    N = x.shape[0]
    logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(logits), axis=1, keepdims=True)
    log_probs = logits - np.log(Z)
    p = np.exp(log_probs)
    loss = -np.sum(log_probs[np.arange(N), y]) / N

    dx = p.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
