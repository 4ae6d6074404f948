# style: CS231n TwoLayerNet of assignment 1: everything inline in loss(X, y, reg), which returns (loss, grads)
# judged: TwoLayerNet.loss
from __future__ import print_function

import numpy as np


class TwoLayerNet(object):
  """
  input - fully connected layer - ReLU - fully connected layer - softmax

  L2 penalty on both weight matrices, none on the biases.
  """

  def __init__(self, input_size, hidden_size, output_size, std=1e-4):
    self.params = {}
    self.params['W1'] = std * np.random.randn(input_size, hidden_size)
    self.params['b1'] = np.zeros(hidden_size)
    self.params['W2'] = std * np.random.randn(hidden_size, output_size)
    self.params['b2'] = np.zeros(output_size)

  def loss(self, X, y=None, reg=0.0):
    # without y: scores only
    W1, b1 = self.params['W1'], self.params['b1']
    W2, b2 = self.params['W2'], self.params['b2']
    N, D = X.shape

    # ---- forward ----
    hidden = np.maximum(X.dot(W1) + b1, 0)
    scores = hidden.dot(W2) + b2
    if y is None:
      return scores

    # ---- loss ----
    scores = scores - scores.max(axis=1)[:, None]
    exp_scores = np.exp(scores)
    probs = exp_scores / exp_scores.sum(axis=1)[:, None]
    data_loss = np.mean(-np.log(probs[np.arange(N), y]))
    loss = data_loss + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))

    # ---- backward ----
    grads = {}
    dscores = probs
    dscores[np.arange(N), y] -= 1
    dscores /= N

    grads['W2'] = hidden.T.dot(dscores) + 2 * reg * W2
    grads['b2'] = np.sum(dscores, axis=0)

    dhidden = dscores.dot(W2.T)
    dhidden[hidden <= 0] = 0

    grads['W1'] = X.T.dot(dhidden) + 2 * reg * W1
    grads['b1'] = np.sum(dhidden, axis=0)

    return loss, grads

  def train(self, X, y, learning_rate=1e-3, decay=0.95, reg=5e-6, num_iters=100, batch_size=200):
    for it in range(num_iters):
      idx = np.random.choice(X.shape[0], batch_size, replace=True)
      loss, grads = self.loss(X[idx], y[idx], reg)
      for name in self.params:
        self.params[name] -= learning_rate * grads[name]
      if it % 100 == 0:
        print('iteration %d / %d: loss %f' % (it, num_iters, loss))
        learning_rate *= decay

  def predict(self, X):
    return self.loss(X).argmax(axis=1)
