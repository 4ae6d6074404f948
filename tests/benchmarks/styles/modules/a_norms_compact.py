# style: CS231n batchnorm_backward_alt in one simplified line, and layernorm with ln_param
# judged: batchnorm_backward_alt, layernorm_backward
import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    mode, eps = bn_param['mode'], bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    N, D = x.shape
    rm = bn_param.setdefault('running_mean', np.zeros(D))
    rv = bn_param.setdefault('running_var', np.zeros(D))
    if mode == 'train':
        mean, var = x.mean(axis=0), x.var(axis=0)
        std = np.sqrt(var + eps)
        x_norm = (x - mean) / std
        out = x_norm * gamma + beta
        bn_param['running_mean'] = momentum*rm + (1 - momentum)*mean
        bn_param['running_var'] = momentum*rv + (1 - momentum)*var
        return out, {'x_norm': x_norm, 'std': std, 'gamma': gamma}
    if mode == 'test':
        return (x - rm)/np.sqrt(rv + eps)*gamma + beta, None
    raise ValueError(mode)


def batchnorm_backward_alt(dout, cache):
    """Simplified on paper: mean and variance are both folded in."""
    x_norm, std, gamma = cache['x_norm'], cache['std'], cache['gamma']
    N = dout.shape[0]
    dbeta = dout.sum(axis=0)
    dgamma = (dout*x_norm).sum(axis=0)
    dx = gamma/(N*std) * (N*dout - dbeta - x_norm*dgamma)
    return dx, dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    # the same computation on the transpose: each *row* is normalised
    eps = ln_param.get('eps', 1e-5)
    xT = x.T
    mu = np.mean(xT, axis=0)
    var = np.var(xT, axis=0)
    sigma = np.sqrt(var + eps)
    xhat = ((xT - mu)/sigma).T
    out = gamma*xhat + beta
    return out, (xhat, sigma, gamma)


def layernorm_backward(dout, cache):
    xhat, sigma, gamma = cache
    D = dout.shape[1]
    dgamma = np.sum(dout*xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout*gamma
    mean_d = dxhat.mean(axis=1, keepdims=True)
    mean_dx = (dxhat*xhat).sum(axis=1, keepdims=True)/D
    dx = (dxhat - mean_d - xhat*mean_dx)/sigma[:, None]
    return dx, dgamma, dbeta
