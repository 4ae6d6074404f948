# style: script with examples as columns, tanh then sigmoid, a training loop at top level, course notation
# judged: <module>
import numpy as np

np.random.seed(3)

m = 12
X = np.random.randn(2, m)
Y = (X[0:1]*X[1:2] > 0).astype(float)

n_x, n_h, n_y = 2, 4, 1
W1 = np.random.randn(n_h, n_x)
b1 = np.zeros((n_h, 1))
W2 = np.random.randn(n_y, n_h)
b2 = np.zeros((n_y, 1))

learning_rate = 0.5
iterations = 50
costs = []

for i in range(iterations):
    # forward propagation
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = 1/(1 + np.exp(-Z2))

    # cost
    cost = -1/m*np.sum(Y*np.log(A2) + (1 - Y)*np.log(1 - A2))
    costs.append(cost)

    # backward propagation
    dZ2 = A2 - Y
    dW2 = 1/m*np.dot(dZ2, A1.T)
    db2 = 1/m*np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = dA1*(1 - A1**2)
    dW1 = 1/m*np.dot(dZ1, X.T)
    db1 = 1/m*np.sum(dZ1, axis=1, keepdims=True)

    # update
    W1 = W1 - learning_rate*dW1
    b1 = b1 - learning_rate*db1
    W2 = W2 - learning_rate*dW2
    b2 = b2 - learning_rate*db2

print("cost: %.4f -> %.4f" % (costs[0], costs[-1]))
print("accuracy:", np.mean((A2 > 0.5) == Y))
