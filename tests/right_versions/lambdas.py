import numpy as np

sigma = lambda z: 1 / (1 + np.exp(-z))
slopes = {"relu": lambda z: z > 0, "sigmoid": lambda z: sigma(z) * (1 - sigma(z))}

linear_backward = lambda dZ, cache: (
    cache[1].T @ dZ,
    dZ @ cache[0].T / dZ.shape[1],
    dZ.sum(axis=1, keepdims=True) / dZ.shape[1],
)
linear_activation_backward = lambda dA, cache, activation: linear_backward(
    dA * slopes[activation](cache[1]), cache[0]
)
update_parameters = lambda parameters, grads, learning_rate: {
    name: parameters[name] - learning_rate * grads["d" + name] for name in parameters
}
compute_cost = lambda AL, Y: np.sum(-Y * np.log(AL) - (1 - Y) * np.log(1 - AL)) / Y.shape[1]
