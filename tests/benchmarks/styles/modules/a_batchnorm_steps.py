# style: CS231n batchnorm in small steps (x, gamma, beta, bn_param), the graph walked back node by node
# judged: batchnorm_backward
import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    """
    x is (N, D), gamma and beta are (D,). bn_param carries 'mode' and, if you
    like, 'eps' and 'momentum'; the running statistics are stored in it too.
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)

    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))

    if mode == "train":
        m = x.sum(axis=0) / N               # (1)  D
        c = x - m                           # (2)  N x D
        s = c * c                           # (3)  N x D
        v = s.sum(axis=0) / N               # (4)  D
        r = np.sqrt(v + eps)                # (5)  D
        q = 1.0 / r                         # (6)  D
        z = c * q                           # (7)  N x D
        g = gamma * z                       # (8)  N x D
        out = g + beta                      # (9)  N x D

        running_mean = momentum * running_mean + (1 - momentum) * m
        running_var = momentum * running_var + (1 - momentum) * v
        cache = (c, r, q, z, gamma)
    elif mode == "test":
        out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
        cache = None
    else:
        raise ValueError("unknown mode for batchnorm: %s" % mode)

    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    c, r, q, z, gamma = cache
    N = dout.shape[0]

    # (9) out = g + beta
    dg = dout
    dbeta = dout.sum(axis=0)
    # (8) g = gamma * z
    dgamma = (dg * z).sum(axis=0)
    dz = dg * gamma
    # (7) z = c * q, q is broadcast over the rows => sum
    dq = (dz * c).sum(axis=0)
    dc = dz * q
    # (6) q = 1 / r
    dr = -dq / r**2
    # (5) r = sqrt(v + eps)
    dv = dr / (2 * r)
    # (4) v = mean of s
    ds = np.tile(dv / N, (N, 1))
    # (3) s = c * c  (second use of c: add)
    dc = dc + 2 * c * ds
    # (2) c = x - m
    dm = -dc.sum(axis=0)
    dx = dc.copy()
    # (1) m = mean of x  (second use of x: add)
    dx += dm / N
    return dx, dgamma, dbeta
