# style: Embedding object with sparse use of np.add.at, bag-of-words mean, tied output scores, keyword-only arguments
# judged: Embedding.backward, MeanBag.backward, CbowModel.backward
import numpy as np


class Embedding:
    def __init__(self, *, vocab, dim, padding_idx=None, rng):
        self.weight = rng.standard_normal((vocab, dim))
        self.grad_weight = np.zeros((vocab, dim))
        self.padding_idx = padding_idx
        if padding_idx is not None:
            self.weight[padding_idx] = 0.0

    def forward(self, idx):
        self.idx = np.asarray(idx)
        return self.weight[self.idx]

    def backward(self, grad_out):
        # a word may occur several times, so plain fancy-index += would lose some
        np.add.at(self.grad_weight, self.idx, grad_out)
        if self.padding_idx is not None:
            self.grad_weight[self.padding_idx] = 0.0
        # no gradient with respect to integers
        return None


class MeanBag:
    """(B, T, D) -> (B, D)"""

    def forward(self, x):
        self.steps = x.shape[1]
        return x.mean(axis=1)

    def backward(self, grad_out):
        return np.repeat(grad_out[:, None, :], self.steps, axis=1) / self.steps


class CbowModel:
    def __init__(self, *, vocab, dim, seed=0):
        rng = np.random.default_rng(seed)
        self.emb = Embedding(vocab=vocab, dim=dim, rng=rng)
        self.bag = MeanBag()
        self.out = rng.standard_normal((dim, vocab)) * 0.5
        self.grad_out = np.zeros_like(self.out)

    def loss(self, context, word):
        self.h = self.bag.forward(self.emb.forward(context))
        s = self.h @ self.out
        s = s - s.max(axis=-1, keepdims=True)
        self.p = np.exp(s) / np.exp(s).sum(axis=-1, keepdims=True)
        self.word = np.asarray(word)
        return -np.mean(np.log(self.p[np.arange(len(self.word)), self.word]))

    def backward(self):
        n = len(self.word)
        ds = self.p.copy()
        ds[np.arange(n), self.word] -= 1
        ds /= n
        self.grad_out += self.h.T @ ds
        self.emb.backward(self.bag.backward(ds @ self.out.T))

    def zero_grad(self):
        self.grad_out[:] = 0
        self.emb.grad_weight[:] = 0
