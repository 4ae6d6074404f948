# style: CS231n linear classifier: softmax_loss_naive(W, X, y, reg) with explicit loops, and the vectorized one
# judged: softmax_loss_naive, softmax_loss_vectorized
import numpy as np
from random import shuffle  # noqa: F401  (left over)


def softmax_loss_naive(W, X, y, reg):
  """
  Softmax classifier, one example and one class after the other.

  Inputs:
  - W: weights, D x C
  - X: N examples as rows, N x D
  - y: N labels
  - reg: strength of the L2 penalty (no factor 1/2!)

  Returns the loss and dW
  """
  loss = 0.0
  dW = np.zeros_like(W)

  num_train = X.shape[0]
  num_classes = W.shape[1]
  for i in range(num_train):
    scores = X[i].dot(W)
    scores -= np.max(scores)          # numeric stability
    denom = 0.0
    for c in range(num_classes):
      denom += np.exp(scores[c])
    loss += -scores[y[i]] + np.log(denom)
    for c in range(num_classes):
      p = np.exp(scores[c]) / denom
      if c == y[i]:
        dW[:, c] += (p - 1) * X[i]
      else:
        dW[:, c] += p * X[i]

  loss /= num_train
  dW /= num_train
  loss += reg * np.sum(W * W)
  dW += 2 * reg * W

  return loss, dW


def softmax_loss_vectorized(W, X, y, reg):
  """As above but without loops."""
  N = X.shape[0]
  S = X.dot(W)
  S = S - S.max(axis=1).reshape(-1, 1)
  P = np.exp(S)
  P = P / P.sum(axis=1).reshape(-1, 1)

  loss = -np.log(P[np.arange(N), y]).sum() / N + reg * (W ** 2).sum()

  ind = np.zeros_like(P)
  ind[np.arange(N), y] = 1
  dW = X.T.dot(P - ind) / N + 2 * reg * W
  return loss, dW
