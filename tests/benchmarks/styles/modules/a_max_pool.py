# style: CS231n max_pool pairs: the naive one with pool_param and loops, the fast one by reshape with ties shared out
# judged: max_pool_backward_naive, max_pool_backward_tiles
import numpy as np

def max_pool_forward_naive(x, pool_param):
    """
    x: images, (N, C, H, W)
    pool_param: dict with pool_height, pool_width and stride
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

# Faster, when the windows are k x k tiles that cover the image without overlap:
# split both axes into (tile, place in the tile) and take the max over the places.

def max_pool_forward_tiles(x, pool_param):
    k = pool_param['stride']
    assert pool_param['pool_height'] == k and pool_param['pool_width'] == k
    N, C, H, W = x.shape
    assert H % k == 0 and W % k == 0
    tiles = x.reshape(N, C, H//k, k, W//k, k).swapaxes(3, 4)   # N C H/k W/k k k
    out = tiles.max(axis=(-1, -2))
    return out, (tiles, out, x.shape)

def max_pool_backward_tiles(dout, cache):
    tiles, out, shape = cache
    winners = (tiles == out[..., None, None]).astype(float)
    winners /= winners.sum(axis=(-1, -2), keepdims=True)      # ties: share
    dtiles = winners*dout[..., None, None]
    return dtiles.swapaxes(3, 4).reshape(shape)
