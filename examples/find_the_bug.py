"""A backward pass by hand with a slip in it, and how the check finds the line.

Everything computed from a wrong derivative is wrong as well: look at the first in the order of the sweep.
Writes find_the_bug.svg.
"""

import numpy as np

import tinygraph as tg
import viz


def backward(parameters, X, Y):
    """The derivatives as somebody wrote them for two tanh layers and a sigmoid. Where is the slip?"""
    W1, b1, W2, b2, W3, b3 = parameters.values()
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = np.tanh(Z2)
    Z3 = W3 @ A2 + b3
    A3 = tg.layerwise.sigmoid(Z3)

    dZ3 = A3 - Y
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * (1 - Z2**2)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {name: value for name, value in locals().items() if name.startswith("d")}


random = np.random.default_rng(1)
X, Y = random.standard_normal((4, 7)), np.round(random.random((1, 7)))
parameters = tg.layerwise.initialize_parameters_deep([4, 5, 3, 1])

# The same network with operators
W1, b1, W2, b2, W3, b3 = (tg.parameter(value, name=name) for name, value in parameters.items())
A1 = np.tanh(W1 @ X + b1)
A2 = np.tanh(W2 @ A1 + b2)
A3 = tg.sigmoid(W3 @ A2 + b3)
J = tg.binary_cross_entropy(A3, Y)

report = tg.compare(J, backward(parameters, X, Y))
print(report)

viz.draw(J, view="layers", names=locals(), highlight=report).save("find_the_bug.svg")
print("\nThe picture, with that step in amber: find_the_bug.svg")
