# style: CS231n pairs affine/relu with docstrings, examples as rows, any input shape
# judged: affine_backward, relu_backward, affine_relu_backward
import numpy as np


def affine_forward(x, w, b):
    """
    Fully connected layer, forwards.

    Inputs:
    - x: N examples of any shape; each is flattened into a row of D numbers
    - w: (D, M)
    - b: (M,)

    Returns:
    - out: (N, M)
    - cache: (x, w, b), for the way back
    """
    N = x.shape[0]
    x_rows = x.reshape(N, -1)
    out = x_rows.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """
    Fully connected layer, backwards.

    Inputs:
    - dout: gradient that arrives from above, (N, M)
    - cache: what affine_forward kept

    Returns dx (as x was given), dw (D, M), db (M,)
    """
    x, w, b = cache
    N = x.shape[0]
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    """ReLU. The cache is simply the input."""
    out = np.maximum(0, x)
    cache = x
    return out, cache


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def affine_relu_forward(x, w, b):
    """Both at once: affine, then ReLU."""
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Undo them in the opposite order."""
    fc_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db
