# style: activation objects called by __call__, with a method gradient(z) or derivative; a net that takes any of them
# judged: Logistic.gradient, Softmax.gradient, Tanh.gradient, Elu.gradient, SoftPlus.gradient, Swish.gradient, OneHidden.gradients
import numpy as np


class Activation:
    def __call__(self, z):
        raise NotImplementedError


class Logistic(Activation):
    def __call__(self, z):
        return 0.5 * (1 + np.tanh(0.5 * z))      # never overflows

    def gradient(self, z):
        s = self(z)
        return s * (1 - s)


class Tanh(Activation):
    def __call__(self, z):
        return np.tanh(z)

    def gradient(self, z):
        return 1 / np.cosh(z) ** 2


class Elu(Activation):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def __call__(self, z):
        return np.where(z > 0, z, self.alpha * np.expm1(z))

    def gradient(self, z):
        return np.where(z > 0, 1.0, self.alpha * np.exp(z))


class SoftPlus(Activation):
    def __call__(self, z):
        return np.logaddexp(0, z)

    def gradient(self, z):
        return Logistic()(z)


class Swish(Activation):
    sigma = Logistic()

    def __call__(self, z):
        return z * self.sigma(z)

    def gradient(self, z):
        return self.sigma(z) + z * self.sigma.gradient(z)


class Softmax(Activation):
    """Not elementwise: gradient takes the slope from above, and gives the slope below."""

    def __call__(self, z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def gradient(self, z, above):
        p = self(z)
        return p * (above - (above * p).sum(-1, keepdims=True))


class OneHidden:
    def __init__(self, sizes, act, out=Logistic(), seed=0):
        i, h, o = sizes
        r = np.random.RandomState(seed)
        self.act, self.out = act, out
        self.W, self.w0 = r.normal(0, .5, (i, h)), np.zeros(h)
        self.V, self.v0 = r.normal(0, .5, (h, o)), np.zeros(o)

    def predict(self, X):
        return self.out(self.act(X @ self.W + self.w0) @ self.V + self.v0)

    def loss(self, X, y):
        return 0.5 * np.square(self.predict(X) - y).sum()

    def gradients(self, X, y):
        a = X @ self.W + self.w0
        h = self.act(a)
        c = h @ self.V + self.v0
        dc = (self.out(c) - y) * self.out.gradient(c)
        da = dc @ self.V.T * self.act.gradient(a)
        return X.T @ da, da.sum(0), h.T @ dc, dc.sum(0)
