# style: layers with dictionaries self.params['W'] and self.grads['W'], filled by backward; an SGD that reads both
# judged: FullyConnected.backward, Scale.backward, Tanh.backward, Net.backward, squared_error_grad
import numpy as np


class Module:
    def __init__(self, **params):
        self.params = dict(params)
        self.grads = {k: None for k in params}


class FullyConnected(Module):
    def __init__(self, d_in, d_out, rng=np.random.default_rng()):
        super().__init__(W=rng.normal(0, d_in ** -0.5, (d_in, d_out)), b=np.zeros(d_out))

    def forward(self, x):
        self.cache = x
        return x @ self.params['W'] + self.params['b']

    def backward(self, dy):
        x = self.cache
        self.grads['W'] = np.einsum('ni,nj->ij', x, dy)
        self.grads['b'] = np.einsum('nj->j', dy)
        return np.einsum('nj,ij->ni', dy, self.params['W'])


class Scale(Module):
    """y = gain * x, one gain per feature"""

    def __init__(self, d):
        super().__init__(gain=np.ones(d))

    def forward(self, x):
        self.cache = x
        return self.params['gain'] * x

    def backward(self, dy):
        self.grads['gain'] = (dy * self.cache).sum(axis=0)
        return dy * self.params['gain']


class Tanh(Module):
    def forward(self, x):
        self.cache = np.tanh(x)
        return self.cache

    def backward(self, dy):
        return dy - dy * self.cache * self.cache


class Net:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def backward(self, dy):
        for i in range(len(self.layers) - 1, -1, -1):
            dy = self.layers[i].backward(dy)
        return dy


def squared_error(pred, want):
    return ((pred - want) ** 2).sum()


def squared_error_grad(pred, want):
    return 2.0 * (pred - want)


class SGD:
    def __init__(self, net, lr=1e-2):
        self.net, self.lr = net, lr

    def step(self):
        for l in self.net.layers:
            for k in l.params:
                l.params[k] = l.params[k] - self.lr * l.grads[k]
