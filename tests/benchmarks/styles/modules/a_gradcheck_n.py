# style: Andrew Ng course 2, gradient checking: forward_propagation_n -> cost, cache; backward_propagation_n; theta vector
# judged: backward_propagation, backward_propagation_n
import numpy as np


# ---------- one dimension ----------

def forward_propagation(x, theta):
    return theta * x


def backward_propagation(x, theta):
    dtheta = x
    return dtheta


# ---------- n dimensions ----------

def forward_propagation_n(X, Y, parameters):
    m = X.shape[1]
    W1, b1 = parameters['W1'], parameters['b1']
    W2, b2 = parameters['W2'], parameters['b2']
    W3, b3 = parameters['W3'], parameters['b3']

    Z1 = np.dot(W1, X) + b1
    A1 = np.where(Z1 > 0, Z1, 0.0)
    Z2 = np.dot(W2, A1) + b2
    A2 = np.where(Z2 > 0, Z2, 0.0)
    Z3 = np.dot(W3, A2) + b3
    A3 = 1.0 / (1.0 + np.exp(-Z3))

    log_probs = -(Y * np.log(A3) + (1 - Y) * np.log(1 - A3))
    cost = 1.0 / m * np.sum(log_probs)

    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return cost, cache


def backward_propagation_n(X, Y, cache):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache

    dZ3 = 1.0 / m * (A3 - Y)          # 1/m once, here
    dW3 = np.dot(dZ3, A2.T)
    db3 = np.sum(dZ3, axis=1, keepdims=True)

    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = np.dot(dZ2, A1.T)
    db2 = np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)

    gradients = {}
    for name in ("dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"):
        gradients[name] = locals()[name]
    return gradients


def dictionary_to_vector(d, keys):
    return np.concatenate([d[k].reshape(-1, 1) for k in keys])


def gradient_check_n(parameters, gradients, X, Y, epsilon=1e-7):
    keys = sorted(parameters)
    grad = dictionary_to_vector(gradients, ["d" + k for k in keys])
    gradapprox = []
    for k in keys:
        for at in np.ndindex(parameters[k].shape):
            J = []
            for step in (epsilon, -epsilon):
                theta = {name: value.copy() for name, value in parameters.items()}
                theta[k][at] += step
                J.append(forward_propagation_n(X, Y, theta)[0])
            gradapprox.append((J[0] - J[1]) / (2 * epsilon))
    gradapprox = np.array(gradapprox).reshape(-1, 1)
    return np.linalg.norm(grad - gradapprox) / (np.linalg.norm(grad) + np.linalg.norm(gradapprox))
