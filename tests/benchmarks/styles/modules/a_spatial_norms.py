# style: CS231n spatial batchnorm (delegates to rows by transpose and reshape) and spatial groupnorm with gn_param, NCHW
# judged: batchnorm_backward, spatial_batchnorm_backward, spatial_groupnorm_backward
import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    if bn_param["mode"] == "test":
        x_hat = (x - bn_param["running_mean"]) / np.sqrt(bn_param["running_var"] + eps)
        return x_hat * gamma + beta, None

    mean = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    x_hat = (x - mean) / np.sqrt(var + eps)
    out = x_hat * gamma + beta
    bn_param["running_mean"] = momentum * bn_param.get("running_mean", np.zeros(D)) + (1 - momentum) * mean
    bn_param["running_var"] = momentum * bn_param.get("running_var", np.zeros(D)) + (1 - momentum) * var
    return out, (x, x_hat, gamma, mean, var, eps)


def batchnorm_backward(dout, cache):
    x, x_hat, gamma, mean, var, eps = cache
    m = x.shape[0]
    # in the order of the original paper
    dx_hat = dout * gamma
    dvar = np.sum(dx_hat * (x - mean) * -0.5 * (var + eps) ** -1.5, axis=0)
    dmean = np.sum(-dx_hat / np.sqrt(var + eps), axis=0) + dvar * np.sum(-2 * (x - mean), axis=0) / m
    dx = dx_hat / np.sqrt(var + eps) + dvar * 2 * (x - mean) / m + dmean / m
    dgamma = np.sum(dout * x_hat, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """x: (N, C, H, W), gamma and beta: (C,). Each channel is one feature."""
    N, C, H, W = x.shape
    rows = np.transpose(x, (0, 2, 3, 1)).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    rows = np.transpose(dout, (0, 2, 3, 1)).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """gamma and beta: (1, C, 1, 1); G groups of C // G channels."""
    eps = gn_param.get("eps", 1e-5)
    N, C, H, W = x.shape
    g = x.reshape(N, G, -1)
    mu = g.mean(axis=2, keepdims=True)
    std = np.sqrt(g.var(axis=2, keepdims=True) + eps)
    ghat = (g - mu) / std
    out = gamma * ghat.reshape(x.shape) + beta
    return out, (G, ghat, std, gamma)


def spatial_groupnorm_backward(dout, cache):
    G, ghat, std, gamma = cache
    N, C, H, W = dout.shape
    dgamma = np.sum(dout * ghat.reshape(dout.shape), axis=(0, 2, 3), keepdims=True)
    dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    dghat = (dout * gamma).reshape(N, G, -1)
    M = dghat.shape[2]
    dg = (M * dghat - dghat.sum(2, keepdims=True) - ghat * (dghat * ghat).sum(2, keepdims=True)) / (M * std)
    return dg.reshape(N, C, H, W), dgamma, dbeta
