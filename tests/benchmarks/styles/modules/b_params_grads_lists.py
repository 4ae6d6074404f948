# style: every layer has lists self.params and self.grads, the net collects them for the optimizer
# judged: Affine.backward, Sigmoid.backward, SoftmaxLoss.backward, Classifier.backward
import numpy as np

class Affine:
    def __init__(self, w, b):
        self.params = [w, b]
        self.grads = [np.zeros(w.shape), np.zeros(b.shape)]

    def forward(self, x):
        self.x = x
        w, b = self.params
        return x.dot(w) + b

    def backward(self, dout):
        # write into the arrays: the optimizer holds references to them
        np.dot(self.x.T, dout, out=self.grads[0])
        self.grads[1][:] = dout.sum(axis=0)
        return dout.dot(self.params[0].T)

class Sigmoid:
    params, grads = [], []

    def forward(self, x):
        self.out = 1/(1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return self.out*(1 - self.out)*dout

class SoftmaxLoss:
    params, grads = [], []

    def forward(self, x, t):
        if t.ndim == 1:                     # labels -> one-hot
            t = np.eye(x.shape[1])[t]
        x = x - x.max(axis=1, keepdims=True)
        self.logp = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
        self.t = t
        return -(t*self.logp).sum()/len(t)

    def backward(self, dout=1):
        return dout*(np.exp(self.logp) - self.t)/len(self.t)

class Classifier:
    def __init__(self, *sizes, seed=None):
        rs = np.random.RandomState(seed)
        self.layers = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            if self.layers:
                self.layers.append(Sigmoid())
            self.layers.append(Affine(rs.randn(a, b)/np.sqrt(a), np.zeros(b)))
        self.loss = SoftmaxLoss()

        self.params = [p for l in self.layers for p in l.params]
        self.grads = [g for l in self.layers for g in l.grads]

    def scores(self, x):
        for l in self.layers:
            x = l.forward(x)
        return x

    def forward(self, x, t):
        return self.loss.forward(self.scores(x), t)

    def backward(self, dout=1):
        dout = self.loss.backward(dout)
        for l in reversed(self.layers):
            dout = l.backward(dout)
        return dout

def sgd(net, lr):
    for p, g in zip(net.params, net.grads):
        p -= lr*g
