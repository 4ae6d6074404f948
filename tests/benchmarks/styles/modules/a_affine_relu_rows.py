# style: CS231n pairs affine/relu with docstrings, examples as rows, any input shape
# judged: affine_backward, relu_backward, affine_relu_backward
import numpy as np


def affine_forward(x, w, b):
    """
    Computes the forward pass for a fully-connected layer.

    Inputs:
    - x: input data, shape (N, d_1, ..., d_k)
    - w: weights, shape (D, M) where D = d_1 * ... * d_k
    - b: biases, shape (M,)

    Returns a tuple of:
    - out: shape (N, M)
    - cache: (x, w, b)
    """
    N = x.shape[0]
    x_rows = x.reshape(N, -1)
    out = x_rows.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    """
    Computes the backward pass for a fully-connected layer.

    Inputs:
    - dout: upstream derivative, shape (N, M)
    - cache: what affine_forward kept

    Returns a tuple of dx (shape of x), dw (D, M), db (M,)
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
    """Convenience layer: an affine transform followed by a ReLU"""
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Backward pass for the affine-relu convenience layer"""
    fc_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    dx, dw, db = affine_backward(da, fc_cache)
    return dx, dw, db
