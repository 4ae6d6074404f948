# style: CS231n LSTM step and sequence pairs, one wide matrix of four gates split by columns
# judged: lstm_step_backward, lstm_backward
import numpy as np


def sigmoid(x):
    """Stable for large |x|."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    a = x @ Wx + prev_h @ Wh + b                  # (N, 4H)
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o = sigmoid(ai), sigmoid(af), sigmoid(ao)
    g = np.tanh(ag)
    next_c = f * prev_c + i * g
    tc = np.tanh(next_c)
    next_h = o * tc
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc = cache

    do = dnext_h * tc
    dc = dnext_c + dnext_h * o * (1 - tc * tc)    # c feeds h as well

    df = dc * prev_c
    dprev_c = dc * f
    di = dc * g
    dg = dc * i

    da = np.hstack([
        di * i * (1 - i),
        df * f * (1 - f),
        do * o * (1 - o),
        dg * (1 - g * g),
    ])

    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dWx = x.T @ da
    dWh = prev_h.T @ da
    db = da.sum(0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    T = x.shape[1]
    h, c = h0, np.zeros_like(h0)
    hs, caches = [], []
    for t in range(T):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def lstm_backward(dh, caches):
    N, T, H = dh.shape
    dxs = [None] * T
    dh_t, dc_t = np.zeros((N, H)), np.zeros((N, H))
    dWx = dWh = db = 0
    for t in range(T - 1, -1, -1):
        dxs[t], dh_t, dc_t, dwx, dwh, db_t = lstm_step_backward(dh[:, t] + dh_t, dc_t, caches[t])
        dWx = dWx + dwx
        dWh = dWh + dwh
        db = db + db_t
    return np.stack(dxs, axis=1), dh_t, dWx, dWh, db
