# style: residual block built of affine/gelu function pairs whose forward returns (out, cache), backward unpacks it
# judged: affine_backward, gelu_backward, block_backward
from math import pi, sqrt

import numpy as np

C = sqrt(2 / pi)


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)


def gelu_forward(x):
    """tanh approximation"""
    t = np.tanh(C * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + t), (x, t)

def gelu_backward(dout, cache):
    x, t = cache
    inner = C * (1 + 3 * 0.044715 * x**2)
    return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner)


def block_forward(x, w1, b1, w2, b2, skip=None):
    """
    out = gelu(x w1 + b1) w2 + b2 + shortcut, where the shortcut is x itself,
    or x.dot(skip) if the width changes
    """
    a, fc1_cache = affine_forward(x, w1, b1)
    h, gelu_cache = gelu_forward(a)
    out, fc2_cache = affine_forward(h, w2, b2)
    out += x if skip is None else x.dot(skip)
    return out, (fc1_cache, gelu_cache, fc2_cache, skip)

def block_backward(dout, cache):
    fc1_cache, gelu_cache, fc2_cache, skip = cache
    # main branch
    dh, dw2, db2 = affine_backward(dout, fc2_cache)
    da = gelu_backward(dh, gelu_cache)
    dx, dw1, db1 = affine_backward(da, fc1_cache)
    # shortcut
    x = fc1_cache[0]
    if skip is None:
        return dx + dout, dw1, db1, dw2, db2
    dskip = x.T.dot(dout)
    dx += dout.dot(skip.T)
    return dx, dw1, db1, dw2, db2, dskip
