import numpy as np


def backward(parameters, X, Y):
    Ws = [parameters[k] for k in sorted(parameters) if k.startswith("W")]
    bs = [parameters[k] for k in sorted(parameters) if k.startswith("b")]
    As, Zs = [X], []
    for W, b in zip(Ws, bs):
        Zs.append(W @ As[-1] + b)
        As.append(np.maximum(Zs[-1], 0))
    As[-1] = 1 / (1 + np.exp(-Zs[-1]))

    m = X.shape[1]
    dZs = [As[-1] - Y]
    for W, Z in zip(reversed(Ws[1:]), reversed(Zs[:-1])):
        dZs.append(np.where(Z > 0, W.T @ dZs[-1], 0))
    dZs = dZs[::-1]

    dWs = [dZ @ A.T / m for dZ, A in zip(dZs, As)]
    dbs = [dZ.sum(axis=1)[:, None] / m for dZ in dZs]
    grads = {}
    for i, (dW, db) in enumerate(zip(dWs, dbs), start=1):
        grads[f"dW{i}"] = dW
        grads[f"db{i}"] = db
    return grads
