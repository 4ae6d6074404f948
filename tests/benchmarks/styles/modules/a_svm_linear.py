# style: CS231n linear SVM svm_loss_naive(W, X, y, reg), gradient collected inside the loss loop; matrix version
# judged: svm_loss_naive, svm_loss_vectorized
import numpy as np

DELTA = 1.0  # margin


def svm_loss_naive(W, X, y, reg):
    """Multiclass hinge loss. W: (D, C), X: (N, D), y: (N,). Returns loss, dW."""
    dW = np.zeros(W.shape)
    loss = 0.0
    N, C = X.shape[0], W.shape[1]

    for i in range(N):
        s = X[i] @ W
        right = s[y[i]]
        for j in range(C):
            if j == y[i]:
                continue
            margin = s[j] - right + DELTA
            if margin > 0:
                loss += margin
                # each violated margin pushes class j down and y[i] up
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]

    loss = loss / N + 0.5 * reg * np.sum(W**2)
    dW = dW / N + reg * W
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    N = len(X)
    everyone = np.arange(N)

    scores = X @ W
    margins = scores - scores[everyone, y].reshape(N, 1) + DELTA
    margins[everyone, y] = 0
    margins = margins.clip(min=0)
    loss = margins.sum() / N + 0.5 * reg * (W * W).sum()

    dscores = np.sign(margins)
    dscores[everyone, y] = -dscores.sum(axis=1)
    dW = (X.T @ dscores) / N + reg * W
    return loss, dW


class LinearSVM(object):
    def __init__(self):
        self.W = None

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200):
        if self.W is None:
            self.W = 0.001 * np.random.randn(X.shape[1], np.max(y) + 1)
        history = []
        for it in range(num_iters):
            pick = np.random.choice(len(X), batch_size)
            loss, grad = svm_loss_vectorized(self.W, X[pick], y[pick], reg)
            self.W -= learning_rate * grad
            history.append(loss)
        return history

    def predict(self, X):
        return np.argmax(X @ self.W, axis=1)
