# style: CS231n inverted dropout with dropout_param (mode, p = chance to keep, seed), beside an affine layer
# judged: dropout_backward, affine_relu_dropout_backward
import numpy as np


def dropout_forward(x, dropout_param):
    """
    Inverted dropout.

    dropout_param:
      - p: probability of KEEPING a unit
      - mode: 'train' or 'test'; at test time nothing is dropped
      - seed: optional, makes the mask repeatable (for gradient checks)
    """
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])

    mask = None
    out = None

    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    elif mode == "test":
        out = x

    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    mode = dropout_param["mode"]

    dx = None
    if mode == "train":
        dx = dout * mask
    elif mode == "test":
        dx = dout
    return dx


def affine_relu_dropout_forward(x, w, b, dropout_param):
    a = x @ w + b
    h = a.clip(0)
    out, drop_cache = dropout_forward(h, dropout_param)
    return out, (x, w, a, drop_cache)


def affine_relu_dropout_backward(dout, cache):
    x, w, a, drop_cache = cache
    dh = dropout_backward(dout, drop_cache)
    da = np.where(a > 0, dh, 0)
    return da @ w.T, x.T @ da, da.sum(axis=0)
