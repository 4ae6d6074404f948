"""Derivatives by central differences, for the drivers of this folder."""

import numpy as np


def numeric(f, x, step=1e-6):
    """The derivative of the scalar f(x) with respect to the array x, element by element, in the shape of x.

    f is called with changed copies of x; x itself stays as it is.
    """
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        values = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            values.append(float(np.squeeze(f(moved))))
        gradient[index] = (values[0] - values[1]) / (2 * step)
    return gradient
