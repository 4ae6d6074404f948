# style: CS231n max_pool pairs: the naive one with pool_param and loops, the fast one by reshape with ties shared out
# judged: max_pool_backward_naive, max_pool_backward_reshape
import numpy as np

def max_pool_forward_naive(x, pool_param):
    """
    Inputs:
    - x: Input data, of shape (N, C, H, W)
    - pool_param: dictionary with the keys pool_height, pool_width, stride
    """
    N, C, H, W = x.shape
    ph = pool_param['pool_height']
    pw = pool_param['pool_width']
    s = pool_param['stride']
    Hp = (H - ph) // s + 1
    Wp = (W - pw) // s + 1
    out = np.empty((N, C, Hp, Wp), dtype=x.dtype)
    for r in range(Hp):
        for c in range(Wp):
            out[:, :, r, c] = x[:, :, r*s:r*s+ph, c*s:c*s+pw].max(axis=(2, 3))
    return out, (x, pool_param)

def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    ph = pool_param['pool_height']
    pw = pool_param['pool_width']
    s = pool_param['stride']
    dx = np.zeros_like(x)
    N, C, Hp, Wp = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(Hp):
                for j in range(Wp):
                    region = x[n, c, i*s:i*s+ph, j*s:j*s+pw]
                    # position of the winner inside the region
                    a, b = np.unravel_index(region.argmax(), region.shape)
                    dx[n, c, i*s + a, j*s + b] += dout[n, c, i, j]
    return dx

def max_pool_forward_reshape(x, pool_param):
    """Only for non-overlapping square regions that tile the image exactly"""
    N, C, H, W = x.shape
    k = pool_param['pool_height']
    assert k == pool_param['pool_width'] == pool_param['stride'], 'Invalid pool params'
    assert H % k == 0 and W % k == 0
    x_reshaped = x.reshape(N, C, H // k, k, W // k, k)
    out = x_reshaped.max(axis=3).max(axis=4)
    cache = (x, x_reshaped, out)
    return out, cache

def max_pool_backward_reshape(dout, cache):
    x, x_reshaped, out = cache
    dx_reshaped = np.zeros_like(x_reshaped)
    out_newaxis = out[:, :, :, np.newaxis, :, np.newaxis]
    mask = (x_reshaped == out_newaxis)
    dout_newaxis = dout[:, :, :, np.newaxis, :, np.newaxis]
    dout_broadcast, _ = np.broadcast_arrays(dout_newaxis, dx_reshaped)
    dx_reshaped[mask] = dout_broadcast[mask]
    dx_reshaped /= np.sum(mask, axis=(3, 5), keepdims=True)
    dx = dx_reshaped.reshape(x.shape)
    return dx
