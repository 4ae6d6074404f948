"""Backward alone, where the second part of the cache is taken to be A."""

import numpy as np


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, A = cache
    slope = {"relu": A > 0, "sigmoid": A * (1 - A), "tanh": 1 - A**2}[activation]
    return linear_backward(dA * slope, linear_cache)
