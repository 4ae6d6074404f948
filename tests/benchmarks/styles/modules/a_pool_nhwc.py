# style: Andrew Ng course 4: pool_forward/pool_backward, mode "max" or "average", mask and distributed value; NHWC loops
# judged: pool_backward
import numpy as np

def pool_forward(A_prev, hparameters, mode = "max"):
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    f = hparameters["f"]
    stride = hparameters["stride"]

    n_H = int(1 + (n_H_prev - f) / stride)
    n_W = int(1 + (n_W_prev - f) / stride)
    n_C = n_C_prev
    A = np.zeros((m, n_H, n_W, n_C))

    for i in range(m):
        for h in range(n_H):
            v0 = h * stride
            for w in range(n_W):
                h0 = w * stride
                for c in range(n_C):
                    patch = A_prev[i, v0:v0+f, h0:h0+f, c]
                    if mode == "max":
                        A[i, h, w, c] = np.max(patch)
                    elif mode == "average":
                        A[i, h, w, c] = np.mean(patch)

    return A, (A_prev, hparameters)

def create_mask_from_window(x):
    """True where x has its maximum"""
    return x == np.max(x)

def distribute_value(dz, shape):
    """Spread dz evenly over a matrix"""
    n_H, n_W = shape
    return np.ones(shape) * (dz / (n_H * n_W))

def pool_backward(dA, cache, mode = "max"):
    A_prev, hparameters = cache
    stride = hparameters["stride"]
    f = hparameters["f"]
    m, n_H, n_W, n_C = dA.shape

    dA_prev = np.zeros_like(A_prev)

    for i in range(m):
        a_prev = A_prev[i]
        for h in range(n_H):
            v0 = h * stride
            for w in range(n_W):
                h0 = w * stride
                for c in range(n_C):
                    if mode == "max":
                        mask = create_mask_from_window(a_prev[v0:v0+f, h0:h0+f, c])
                        dA_prev[i, v0:v0+f, h0:h0+f, c] += mask * dA[i, h, w, c]
                    elif mode == "average":
                        da = dA[i, h, w, c]
                        dA_prev[i, v0:v0+f, h0:h0+f, c] += distribute_value(da, (f, f))

    assert(dA_prev.shape == A_prev.shape)
    return dA_prev
