# No NumPy at all: lists of lists.
from math import exp


def matmul(A, B):
    return [[sum(a * b for a, b in zip(row, column)) for column in zip(*B)] for row in A]


def transpose(A):
    return [list(column) for column in zip(*A)]


def backward(parameters, X, Y):
    p = {name: value.tolist() for name, value in parameters.items()}
    L = len(p) // 2
    A = [X.tolist()]
    for l in range(1, L + 1):
        Z = [[z + b[0] for z in row] for row, b in zip(matmul(p[f"W{l}"], A[-1]), p[f"b{l}"])]
        if l < L:
            A.append([[max(z, 0.0) for z in row] for row in Z])
        else:
            A.append([[1 / (1 + exp(-z)) for z in row] for row in Z])

    m = len(A[0][0])
    grads = {}
    dZ = [[a - y for a, y in zip(row, labels)] for row, labels in zip(A[L], Y.tolist())]
    for l in range(L, 0, -1):
        grads[f"dW{l}"] = [[g / m for g in row] for row in matmul(dZ, transpose(A[l - 1]))]
        grads[f"db{l}"] = [[sum(row) / m] for row in dZ]
        dA = matmul(transpose(p[f"W{l}"]), dZ)
        dZ = [[d if a > 0 else 0.0 for d, a in zip(*rows)] for rows in zip(dA, A[l - 1])]
    return grads
