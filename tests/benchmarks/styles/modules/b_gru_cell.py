# style: GRU cell as step_forward / step_backward on a params dict, and a sequence that accumulates through time
# judged: gru_step_backward, gru_backward
import numpy as np


def _sig(a):
    return 1 / (1 + np.exp(-a))


def gru_step_forward(x, h_prev, p):
    """x (N, D), h_prev (N, H); p has Wz Wr Wn (D, H), Uz Ur Un (H, H), bz br bn (H,)"""
    z = _sig(x @ p['Wz'] + h_prev @ p['Uz'] + p['bz'])      # update gate
    r = _sig(x @ p['Wr'] + h_prev @ p['Ur'] + p['br'])      # reset gate
    rh = r * h_prev
    n = np.tanh(x @ p['Wn'] + rh @ p['Un'] + p['bn'])       # candidate
    h = (1 - z) * n + z * h_prev
    return h, (x, h_prev, z, r, rh, n)


def gru_step_backward(dh, cache, p):
    x, h_prev, z, r, rh, n = cache
    g = {}

    dn = dh * (1 - z)
    dz = dh * (h_prev - n)
    dh_prev = dh * z

    dn_a = dn * (1 - n * n)
    drh = dn_a @ p['Un'].T
    dr = drh * h_prev
    dh_prev += drh * r

    dz_a = dz * z * (1 - z)
    dr_a = dr * r * (1 - r)
    dh_prev += dz_a @ p['Uz'].T + dr_a @ p['Ur'].T
    dx = dz_a @ p['Wz'].T + dr_a @ p['Wr'].T + dn_a @ p['Wn'].T

    for gate, da, state in (('z', dz_a, h_prev), ('r', dr_a, h_prev), ('n', dn_a, rh)):
        g['W' + gate] = x.T @ da
        g['U' + gate] = state.T @ da
        g['b' + gate] = da.sum(axis=0)
    return dx, dh_prev, g


def gru_forward(x, h0, p):
    """x (N, T, D) -> all states (N, T, H)"""
    h, hs, caches = h0, [], []
    for t in range(x.shape[1]):
        h, cache = gru_step_forward(x[:, t], h, p)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def gru_backward(dhs, caches, p):
    N, T, H = dhs.shape
    grads = {k: np.zeros_like(v) for k, v in p.items()}
    dx = [None] * T
    dh = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[t], dh, g = gru_step_backward(dhs[:, t] + dh, caches[t], p)
        for k in grads:
            grads[k] += g[k]
    return np.stack(dx, axis=1), dh, grads
