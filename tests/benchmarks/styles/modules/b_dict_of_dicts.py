# style: functional, forward(params, x) -> (y, cache) and backward(params, cache, dy), params a dict of dicts
# judged: backward, vjp_elementwise, mean_squared_error_vjp
import numpy as np

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "sin": np.sin,
    "none": lambda z: z,
}


def init(key, widths, activations):
    rng = np.random.default_rng(key)
    params = {}
    for i, (fan_in, fan_out, act) in enumerate(zip(widths[:-1], widths[1:], activations)):
        params[f"layer{i}"] = {
            "kernel": rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in),
            "bias": np.zeros((fan_out,)),
        }
    return params, tuple(activations)


def vjp_elementwise(name, z, dy):
    if name == "relu":
        return np.where(z > 0, dy, 0.0)
    if name == "tanh":
        return dy * (1.0 - np.tanh(z) ** 2)
    if name == "sin":
        return dy * np.cos(z)
    return dy


def forward(params, x, activations):
    cache = []
    for (name, p), act in zip(params.items(), activations):
        z = x @ p["kernel"] + p["bias"]
        cache.append({"name": name, "x": x, "z": z, "act": act})
        x = ACTIVATIONS[act](z)
    return x, cache


def backward(params, cache, dy):
    """returns (grads, dx), grads nested like params"""
    grads = {}
    for entry in cache[::-1]:
        dz = vjp_elementwise(entry["act"], entry["z"], dy)
        grads[entry["name"]] = {"kernel": entry["x"].T @ dz, "bias": dz.sum(axis=0)}
        dy = dz @ params[entry["name"]]["kernel"].T
    return grads, dy


def mean_squared_error(y, target):
    return np.mean((y - target) ** 2)


def mean_squared_error_vjp(y, target):
    return 2.0 * (y - target) / y.size


def update(params, grads, lr):
    return {
        layer: {k: v - lr * grads[layer][k] for k, v in leaves.items()}
        for layer, leaves in params.items()
    }
