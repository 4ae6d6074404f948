# style: CS231n modular FullyConnectedNet, any number of layers, optional batchnorm and dropout, params dict, loss()
# judged: affine_backward, relu_backward, batchnorm_backward, dropout_backward, softmax_loss, FullyConnectedNet.loss
import numpy as np

def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, x):
    return np.where(x > 0, dout, 0)

def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = x.mean(axis=0), x.var(axis=0)
    for key, now in ("mean", mean), ("var", var):
        bn_param[key] = 0.9 * bn_param.get(key, 0) + 0.1 * now
    inv = 1 / np.sqrt(var + 1e-5)
    xhat = (x - mean) * inv
    return gamma * xhat + beta, (xhat, inv, gamma)

def batchnorm_backward(dout, cache):
    xhat, inv, gamma = cache
    dxhat = dout * gamma
    dx = inv * (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0))
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)

def dropout_forward(x, p, seed):
    mask = (np.random.RandomState(seed).rand(*x.shape) < p) / p
    return x * mask, mask

def dropout_backward(dout, mask):
    return dout * mask

def softmax_loss(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(x)), y]).mean()
    p[np.arange(len(x)), y] -= 1
    return loss, p / len(x)

class FullyConnectedNet:
    """{affine - [batchnorm] - relu - [dropout]} x (L - 1) - affine - softmax"""

    def __init__(self, hidden_dims, input_dim, num_classes, reg=0.0, use_bn=False, keep=1.0, scale=1e-2, seed=None):
        self.use_bn, self.keep, self.reg, self.seed = use_bn, keep, reg, seed
        self.L = 1 + len(hidden_dims)
        self.params = {}
        dims = [input_dim, *hidden_dims, num_classes]
        for l in range(1, self.L + 1):
            self.params[f"W{l}"] = np.random.normal(0, scale, (dims[l - 1], dims[l]))
            self.params[f"b{l}"] = np.zeros(dims[l])
            if use_bn and l < self.L:
                self.params[f"gamma{l}"] = np.ones(dims[l])
                self.params[f"beta{l}"] = np.zeros(dims[l])
        self.bn_params = [{} for _ in hidden_dims]

    def loss(self, X, y):
        p = self.params
        caches = {}
        h = X
        for l in range(1, self.L):
            h, caches["fc", l] = affine_forward(h, p[f"W{l}"], p[f"b{l}"])
            if self.use_bn:
                h, caches["bn", l] = batchnorm_forward(h, p[f"gamma{l}"], p[f"beta{l}"], self.bn_params[l - 1])
            h, caches["relu", l] = relu_forward(h)
            if self.keep < 1:
                h, caches["drop", l] = dropout_forward(h, self.keep, self.seed)
        scores, caches["fc", self.L] = affine_forward(h, p[f"W{self.L}"], p[f"b{self.L}"])
        loss, d = softmax_loss(scores, y)
        grads = {}
        for l in range(self.L, 0, -1):
            if l < self.L:
                d = dropout_backward(d, caches["drop", l]) if self.keep < 1 else d
                d = relu_backward(d, caches["relu", l])
                if self.use_bn:
                    d, grads[f"gamma{l}"], grads[f"beta{l}"] = batchnorm_backward(d, caches["bn", l])
            d, grads[f"W{l}"], grads[f"b{l}"] = affine_backward(d, caches["fc", l])
            grads[f"W{l}"] += self.reg * p[f"W{l}"]
            loss += 0.5 * self.reg * np.sum(p[f"W{l}"] ** 2)
        return loss, grads
