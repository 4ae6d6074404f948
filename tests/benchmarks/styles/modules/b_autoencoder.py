# style: autoencoder class with tied weights, encode/decode, a grad method giving a dict, sparsity penalty
# judged: TiedAutoencoder.grad
import numpy as np


class TiedAutoencoder:
    """x -> tanh code -> sigmoid reconstruction; the decoder uses the transpose of the encoder's matrix"""

    def __init__(self, n_visible, n_code, l1=0.0, rng=None):
        rng = rng or np.random.RandomState()
        bound = np.sqrt(6.0 / (n_visible + n_code))
        self.W = rng.uniform(-bound, bound, size=(n_visible, n_code))
        self.b_enc = np.zeros(n_code)
        self.b_dec = np.zeros(n_visible)
        self.l1 = l1

    def encode(self, x):
        return np.tanh(x @ self.W + self.b_enc)

    def decode(self, code):
        return 1.0 / (1.0 + np.exp(-(code @ self.W.T + self.b_dec)))

    def reconstruction_error(self, x):
        """cross-entropy for x in [0, 1], plus the L1 norm of the code; mean over the batch"""
        code = self.encode(x)
        r = self.decode(code)
        ce = -np.sum(x * np.log(r) + (1 - x) * np.log(1 - r), axis=1)
        return np.mean(ce + self.l1 * np.abs(code).sum(axis=1))

    def grad(self, x):
        n = x.shape[0]
        code = self.encode(x)
        r = self.decode(code)

        d_dec = (r - x) / n                                    # before the sigmoid
        d_code = d_dec @ self.W + self.l1 / n * np.sign(code)
        d_enc = d_code * (1 - code ** 2)                       # before the tanh

        # W is used twice, so it collects two terms
        return {
            'W': d_dec.T @ code + x.T @ d_enc,
            'b_enc': d_enc.sum(axis=0),
            'b_dec': d_dec.sum(axis=0),
        }

    def fit(self, x, epochs=10, batch=32, lr=0.1):
        for epoch in range(epochs):
            order = np.random.permutation(len(x))
            for start in range(0, len(x), batch):
                g = self.grad(x[order[start:start + batch]])
                for name, value in g.items():
                    setattr(self, name, getattr(self, name) - lr * value)
            yield self.reconstruction_error(x)
