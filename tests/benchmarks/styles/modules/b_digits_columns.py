# style: plain functions forward_prop / back_prop, examples are columns, one_hot labels, relu then softmax
# judged: back_prop
import numpy as np

CLASSES = 3

def init(n, h, k = CLASSES, scale = 0.1):
    rs = np.random.RandomState(7)
    return scale * rs.randn(h, n), np.zeros((h, 1)), scale * rs.randn(k, h), np.zeros((k, 1))

def relu(Z):
    return Z * (Z > 0)

def softmax(Z):
    E = np.exp(Z - np.max(Z, axis = 0))
    return E / np.sum(E, axis = 0)

def one_hot(Y):
    return (np.arange(CLASSES)[:, None] == Y).astype(int)

def forward_prop(W1, b1, W2, b2, X):
    Z1 = W1.dot(X) + b1
    A1 = relu(Z1)
    Z2 = W2.dot(A1) + b2
    A2 = softmax(Z2)
    return Z1, A1, Z2, A2

def cost(A2, Y):
    return -np.mean(np.log(np.sum(A2 * one_hot(Y), axis = 0)))

def back_prop(Z1, A1, Z2, A2, W1, W2, X, Y):
    m = Y.size
    dZ2 = A2 - one_hot(Y)
    dW2 = 1 / m * dZ2.dot(A1.T)
    db2 = 1 / m * np.sum(dZ2, axis = 1, keepdims = True)
    dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
    dW1 = 1 / m * dZ1.dot(X.T)
    db1 = 1 / m * np.sum(dZ1, axis = 1, keepdims = True)
    return dW1, db1, dW2, db2

def fit(X, Y, h = 10, alpha = 0.1, rounds = 200):
    W1, b1, W2, b2 = init(X.shape[0], h)
    for _ in range(rounds):
        Z1, A1, Z2, A2 = forward_prop(W1, b1, W2, b2, X)
        dW1, db1, dW2, db2 = back_prop(Z1, A1, Z2, A2, W1, W2, X, Y)
        W1 = W1 - alpha * dW1
        b1 = b1 - alpha * db1
        W2 = W2 - alpha * dW2
        b2 = b2 - alpha * db2
    hits = np.argmax(forward_prop(W1, b1, W2, b2, X)[-1], axis = 0) == Y
    return W1, b1, W2, b2, hits.mean()
