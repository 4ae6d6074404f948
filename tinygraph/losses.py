"""Costs as the lectures write them: summed over units or classes, mean over the m examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor, apply, value_of
from tinygraph.errors import DtypeError, ShapeError
from tinygraph.guards.stories import describe
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "softmax_cross_entropy"]

SIGMOID, SIGMOID_CROSS_ENTROPY = TABLE[k.sigmoid], TABLE[k.sigmoid_cross_entropy]


def binary_cross_entropy(A: Any, Y: Any, axis: int = 0) -> Any:
    """-(1/m) sum(Y log A + (1 - Y) log(1 - A)), the lectures' cost of a sigmoid output.

    Args:
        A: probabilities, (units, m) with axis=0. Where A was made by `tg.sigmoid`, cost and derivative are
            computed from its input Z, so they are right even where A has rounded to 0 or 1; dA is still shown
            by the lectures' formula -(Y/A) + (1-Y)/(1-A), and dZ is A - Y (times 1/m).
        Y: labels between 0 and 1, of the shape of A.
        axis: the axis of units. A vector (m,) is m examples of one unit.

    Raises:
        ShapeError: A and Y have different shapes.

    >>> import tinygraph as tg
    >>> Z = tg.parameter([[0.0, 1e4]], name="Z1")
    >>> d = tg.binary_cross_entropy(tg.sigmoid(Z), np.array([[1.0, 0.0]])).backward()
    >>> d["dZ1"] * 2
    array([[-0.5,  1. ]])
    """
    if not isinstance(A, Tensor):
        A = A if hasattr(A, "shape") else np.asarray(A)
    elif A._op is SIGMOID:
        settings = {"axis": axis} if axis else {}
        return apply(SIGMOID_CROSS_ENTROPY, (A, labels_like(A, Y), *A._x), settings)
    return k.probability_cross_entropy(A, labels_like(A, Y), axis=axis)


def binary_cross_entropy_with_logits(Z: Any, Y: Any, axis: int = 0) -> Any:
    """`binary_cross_entropy(sigmoid(Z), Y)`, from the logits Z.

    >>> float(binary_cross_entropy_with_logits(np.array([[1e4]]), np.array([[0.0]])))
    10000.0
    """
    Z = Z if hasattr(Z, "shape") else np.asarray(Z)
    return k.sigmoid_cross_entropy(k.sigmoid(Z), labels_like(Z, Y), Z, axis=axis)


def softmax_cross_entropy(Z: Any, labels: Any, axis: int = 0) -> Any:
    """-(1/m) sum(Y log softmax(Z)), from the logits Z; its dZ is A - Y (times 1/m).

    Args:
        Z: logits, (classes, m) with axis=0; A = softmax(Z) becomes part of the graph.
        labels: integers in [0, classes) of the shape of Z without `axis`, which become ones and zeros, or an
            array of the shape of Z with a column per example that sums to one.
        axis: the axis of classes.

    Raises:
        ShapeError: the labels have another shape, are out of range, or do not sum to one.
        DtypeError: labels of the shape without `axis` that are no integers.

    >>> float(softmax_cross_entropy(np.array([[0.0], [1e4]]), np.array([0])))
    10000.0
    """
    Z = Z if hasattr(Z, "shape") else np.asarray(Z)
    Y = columns_of(Z, labels, axis)
    return k.softmax_cross_entropy(k.softmax(Z, axis=axis), Y, Z, axis=axis)


def labels_like(A: Any, Y: Any) -> Any:
    """Y as an array of the shape and precision of A: integer labels would turn float32 into float64."""
    Y = Y if hasattr(Y, "shape") else np.asarray(Y)
    a = A._value if isinstance(A, Tensor) else A
    if Y.shape != a.shape:
        raise ShapeError(
            f"the labels must have the shape of the outputs, one column per example: {describe(A)} is "
            f"{A.shape}, the labels are {Y.shape}; reshape the labels"
        )
    fits = Y.dtype is a.dtype or not np.can_cast(Y.dtype, a.dtype, "same_kind")  # complex stays complex
    return Y if fits else Y.astype(a.dtype)


def columns_of(Z: Any, labels: Any, axis: int) -> Any:
    """The labels as columns of the shape of Z that sum to one."""
    labels = labels if hasattr(labels, "shape") else np.asarray(labels)
    shape = Z.shape
    if labels.shape == shape:
        if not np.abs(np.add.reduce(value_of(labels), axis=axis) - 1).max(initial=0) < 1e-4:
            raise ShapeError(
                f"labels of the shape of Z, {shape}, must sum to one along axis {axis}, the axis of classes"
            )
        return labels_like(Z, labels)
    axis = axis % len(shape)
    y, examples = value_of(labels), shape[:axis] + shape[axis + 1 :]
    if y.shape != examples:
        raise ShapeError(
            f"labels are integers of shape {examples} or columns of shape {shape} for Z {shape}; "
            f"got {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise DtypeError(f"labels of shape {y.shape} are class numbers and must be integers, not {y.dtype}")
    Y = k.one_hot(y, shape[axis], bool, axis)
    if np.count_nonzero(Y) != y.size:
        raise ShapeError(
            f"labels lie between {y.min()} and {y.max()}, but Z has the classes 0 to {shape[axis] - 1}"
        )
    return Y.astype(Z.dtype)
