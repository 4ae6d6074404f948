# style: Andrew Ng course 4: zero_pad, conv_single_step, conv_forward(A_prev, W, b, hparameters), conv_backward; NHWC loops
# judged: conv_backward
import numpy as np


def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode='constant')


def conv_single_step(a_slice_prev, W, b):
    """One position of one filter: a number."""
    s = np.sum(np.multiply(a_slice_prev, W))
    return s + b.item()


def conv_forward(A_prev, W, b, hparameters):
    """
    A_prev -- (m, n_H_prev, n_W_prev, n_C_prev)
    W      -- (f, f, n_C_prev, n_C)
    b      -- (1, 1, 1, n_C)
    hparameters -- dict with "stride" and "pad"
    """
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    stride = hparameters['stride']
    pad = hparameters['pad']

    n_H = int((n_H_prev - f + 2 * pad) / stride) + 1
    n_W = int((n_W_prev - f + 2 * pad) / stride) + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = zero_pad(A_prev, pad)

    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert, horiz = h * stride, w * stride
                    a_slice_prev = a_prev_pad[vert:vert + f, horiz:horiz + f, :]
                    Z[i, h, w, c] = conv_single_step(a_slice_prev, W[..., c], b[..., c])

    cache = (A_prev, W, b, hparameters)
    return Z, cache


def conv_backward(dZ, cache):
    (A_prev, W, b, hparameters) = cache
    (m, n_H, n_W, n_C) = dZ.shape
    f = W.shape[0]
    stride, pad = hparameters['stride'], hparameters['pad']

    dA_prev = np.zeros(A_prev.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)

    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = zero_pad(dA_prev, pad)

    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        da_prev_pad = dA_prev_pad[i]      # a view, written to below

        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert, horiz = h * stride, w * stride
                    a_slice = a_prev_pad[vert:vert + f, horiz:horiz + f, :]

                    da_prev_pad[vert:vert + f, horiz:horiz + f, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[:, :, :, c] += dZ[i, h, w, c]

        if pad:
            dA_prev[i] = da_prev_pad[pad:-pad, pad:-pad, :]
        else:
            dA_prev[i] = da_prev_pad

    assert dA_prev.shape == A_prev.shape
    return dA_prev, dW, db
