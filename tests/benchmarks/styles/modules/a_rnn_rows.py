# style: CS231n vanilla RNN: rnn_step_forward/backward and rnn_forward/backward over time, (N, T, D) with rows
# judged: rnn_step_backward, rnn_backward
"""Vanilla RNN layers with tanh. N = minibatch, T = time, D = input, H = hidden."""
import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One step. x (N, D), prev_h (N, H), Wx (D, H), Wh (H, H), b (H,)"""
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = x, prev_h, Wx, Wh, next_h
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    """Returns dx, dprev_h, dWx, dWh, db"""
    x, prev_h, Wx, Wh, next_h = cache
    da = (1 - next_h ** 2) * dnext_h     # through the tanh
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    _, H = h0.shape
    h = np.zeros((N, T, H))
    cache = []
    prev = h0
    for t in range(T):
        prev, step_cache = rnn_step_forward(x[:, t, :], prev, Wx, Wh, b)
        h[:, t, :] = prev
        cache.append(step_cache)
    return h, cache


def rnn_backward(dh, cache):
    """
    dh: (N, T, H), what the loss says about EVERY hidden state. What comes
    through the later states is added here, so do not add it before.
    """
    N, T, H = dh.shape
    D = cache[0][0].shape[1]

    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros(H)
    dprev = np.zeros((N, H))

    for t in reversed(range(T)):
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t, :] + dprev, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t

    dh0 = dprev
    return dx, dh0, dWx, dWh, db
