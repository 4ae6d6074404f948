# style: scaled dot-product attention as a forward/backward pair of functions with a cache tuple, causal mask, einsum
# judged: softmax_backward, attention_backward, multi_head_backward
import numpy as np


def softmax_forward(s):
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


def softmax_backward(dw, w):
    return w * (dw - (dw * w).sum(axis=-1, keepdims=True))


def attention_forward(q, k, v, causal=True):
    """q, k, v: (batch, heads, time, dim)"""
    t, dim = q.shape[-2:]
    scale = 1.0 / np.sqrt(dim)
    s = np.einsum("bhtd,bhsd->bhts", q, k) * scale
    if causal:
        s = np.where(np.tril(np.ones((t, t), dtype=bool)), s, -1e9)
    w = softmax_forward(s)
    out = np.einsum("bhts,bhsd->bhtd", w, v)
    return out, (q, k, v, w, scale)


def attention_backward(dout, cache):
    q, k, v, w, scale = cache
    dw = np.einsum("bhtd,bhsd->bhts", dout, v)
    dv = np.einsum("bhts,bhtd->bhsd", w, dout)
    # masked places have w = 0, so nothing flows there
    ds = softmax_backward(dw, w) * scale
    dq = np.einsum("bhts,bhsd->bhtd", ds, k)
    dk = np.einsum("bhts,bhtd->bhsd", ds, q)
    return dq, dk, dv


def split(x, heads):
    b, t, c = x.shape
    return x.reshape(b, t, heads, c // heads).transpose(0, 2, 1, 3)


def merge(x):
    b, h, t, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, t, h * d)


def multi_head_forward(x, Wqkv, Wo, heads):
    qkv = x @ Wqkv
    q, k, v = (split(part, heads) for part in np.split(qkv, 3, axis=-1))
    y, inner = attention_forward(q, k, v)
    y = merge(y)
    return y @ Wo, (x, Wqkv, Wo, heads, y, inner)


def multi_head_backward(dout, cache):
    x, Wqkv, Wo, heads, y, inner = cache
    dWo = np.einsum("btc,bto->co", y, dout)
    dy = dout @ Wo.T
    parts = attention_backward(split(dy, heads), inner)
    dqkv = np.concatenate([merge(part) for part in parts], axis=-1)
    dWqkv = np.einsum("btc,bto->co", x, dqkv)
    dx = dqkv @ Wqkv.T
    return dx, dWqkv, dWo
