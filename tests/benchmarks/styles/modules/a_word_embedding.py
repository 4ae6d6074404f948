# style: CS231n word embedding pair with np.add.at, temporal affine, masked temporal softmax that returns (loss, dx)
# judged: word_embedding_backward, temporal_affine_backward, temporal_softmax_loss
import numpy as np


def word_embedding_forward(x, W):
    """
    Look words up in a table.
    - x: indices of words, (N, T), each below V
    - W: vectors of the V words, (V, D)
    Returns out (N, T, D) and the cache
    """
    out = W[x]
    return out, (x, W.shape)


def word_embedding_backward(dout, cache):
    """Words can't be differentiated, so only dW is returned."""
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)   # a word may occur twice: dW[x] += dout would lose one
    return dW


def temporal_affine_forward(x, w, b):
    N, T, D = x.shape
    M = b.shape[0]
    out = x.reshape(N * T, D).dot(w).reshape(N, T, M) + b
    cache = x, w, b, out
    return out, cache


def temporal_affine_backward(dout, cache):
    x, w, b, out = cache
    N, T, D = x.shape
    M = b.shape[0]

    flat = dout.reshape(N * T, M)
    dx = flat.dot(w.T).reshape(N, T, D)
    dw = x.reshape(N * T, D).T.dot(flat)
    db = dout.sum(axis=(0, 1))
    return dx, dw, db


def temporal_softmax_loss(x, y, mask, verbose=False):
    """
    Sum over time, mean over the minibatch.
    x: (N, T, V) scores; y: (N, T) words; mask: (N, T), False where y is padding
    """
    N, T, V = x.shape
    s = x.reshape(-1, V)
    y = y.reshape(-1)
    m = mask.reshape(-1)

    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(m * np.log(p[np.arange(N * T), y])) / N

    ds = p
    ds[np.arange(N * T), y] -= 1
    ds = ds / N * m[:, None]

    if verbose:
        print("ds: ", ds.shape)
    return loss, ds.reshape(N, T, V)
