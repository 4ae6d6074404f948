# style: loss objects, forward(pred, target) caches and backward() gives the gradient; reduction as an option
# judged: MSELoss.backward, CrossEntropyLoss.backward, BCEWithLogitsLoss.backward, HuberLoss.backward
import numpy as np


class _Loss(object):
    def __init__(self, reduction='mean'):
        assert reduction in ('mean', 'sum')
        self.reduction = reduction

    def __call__(self, pred, target):
        return self.forward(pred, target)


class MSELoss(_Loss):

    def forward(self, pred, target):
        self.diff = pred - target
        sq = self.diff ** 2
        return sq.mean() if self.reduction == 'mean' else sq.sum()

    def backward(self):
        grad = 2 * self.diff
        if self.reduction == 'mean':
            grad /= self.diff.size
        return grad


class HuberLoss(_Loss):

    def __init__(self, delta=1.0, reduction='mean'):
        super(HuberLoss, self).__init__(reduction)
        self.delta = delta

    def forward(self, pred, target):
        self.r = pred - target
        absr = np.abs(self.r)
        small = absr <= self.delta
        l = np.where(small, 0.5 * self.r**2, self.delta * (absr - 0.5 * self.delta))
        return l.mean() if self.reduction == 'mean' else l.sum()

    def backward(self):
        # clipping the residual gives both branches at once
        g = np.clip(self.r, -self.delta, self.delta)
        return g / self.r.size if self.reduction == 'mean' else g


class CrossEntropyLoss(_Loss):
    """logits: (N, C), target: (N,) class indices"""

    def forward(self, pred, target):
        z = pred - pred.max(axis=1, keepdims=True)
        self.log_probs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.target = target
        nll = -self.log_probs[np.arange(len(target)), target]
        return nll.mean() if self.reduction == 'mean' else nll.sum()

    def backward(self):
        grad = np.exp(self.log_probs)
        grad[np.arange(len(self.target)), self.target] -= 1
        if self.reduction == 'mean':
            grad /= len(self.target)
        return grad


class BCEWithLogitsLoss(_Loss):

    def forward(self, pred, target):
        self.pred, self.target = pred, target
        # stable: max(x, 0) - x * t + log(1 + exp(-|x|))
        l = np.maximum(pred, 0) - pred * target + np.log1p(np.exp(-np.abs(pred)))
        return l.mean() if self.reduction == 'mean' else l.sum()

    def backward(self):
        s = 1. / (1. + np.exp(-self.pred))
        g = s - self.target
        return g / g.size if self.reduction == 'mean' else g
