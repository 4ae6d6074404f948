"""Costs as the lectures write them: summed over units or classes, mean over the m examples."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from tinygraph.engine.tensor import MADE, Tensor, apply, value_of
from tinygraph.errors import DtypeError, ShapeError, TinygraphError
from tinygraph.guards.faults import shorten
from tinygraph.guards.stories import describe
from tinygraph.notation.examples import UNCLEAR, units_axis
from tinygraph.rules import kernels as k
from tinygraph.rules.table import TABLE

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "softmax_cross_entropy"]

ADD, MATMUL = TABLE[np.add], TABLE[np.matmul]
SIGMOID, SIGMOID_CROSS_ENTROPY = TABLE[k.sigmoid], TABLE[k.sigmoid_cross_entropy]


def binary_cross_entropy(A: Any, Y: Any, axis: int | None = None) -> Any:
    """-(1/m) sum(Y log A + (1 - Y) log(1 - A)), the lectures' cost of a sigmoid output.

    Args:
        A: probabilities, (units, m) with axis=0, (m, units) with axis=1. Where A was made by `tg.sigmoid`,
            cost and derivative are computed from its input Z, so they are right even where A has
            rounded to 0 or 1; dA is still shown by the lectures' formula -(Y/A) + (1-Y)/(1-A), and dZ is
            A - Y (times 1/m).
        Y: labels between 0 and 1, of the shape of A.
        axis: the axis of units. If it is not given, the recording says it: 0 for W @ X, 1 for X @ W; and 0
            where nothing is recorded. A vector (m,) is m examples of one unit.

    Raises:
        ShapeError: A and Y have different shapes; probabilities, or labels that are whole numbers, do not lie
            between 0 and 1; or A is (m, 1), or a product of which no factor is known as the weight, and there
            is no `axis`.

    >>> import tinygraph as tg
    >>> Z = tg.parameter([[0.0, 1e4]], name="Z1")
    >>> d = tg.binary_cross_entropy(tg.sigmoid(Z), np.array([[1.0, 0.0]])).backward()
    >>> d["dZ1"] * 2
    array([[-0.5,  1. ]])
    """
    try:
        if isinstance(A, Tensor) and A._op is SIGMOID:
            known = _checked.get(id(Y))  # a loop goes on with its labels
            Y = labels_like(A, Y) if known is not None and known() is Y else shares_like(A, Y)
            if axis is None and not is_later_layer(A._x[0]):
                axis = axis_of_units(A)
            return apply(SIGMOID_CROSS_ENTROPY, (A, Y, *A._x), {"axis": axis} if axis else {})
        A = A if hasattr(A, "shape") else np.asarray(A)
        Y = shares_like(A, Y)
        check_range(A, "probabilities")
        return k.probability_cross_entropy(A, Y, axis=axis_of_units(A) if axis is None else axis)
    except TinygraphError as error:
        shorten(error)
        raise


def binary_cross_entropy_with_logits(Z: Any, Y: Any, axis: int | None = None) -> Any:
    """`binary_cross_entropy(sigmoid(Z), Y)`, from the logits Z.

    >>> float(binary_cross_entropy_with_logits(np.array([[1e4]]), np.array([[0.0]])))
    10000.0
    """
    try:
        Z = Z if hasattr(Z, "shape") else np.asarray(Z)
        Y = shares_like(Z, Y)
        axis = axis_of_units(Z) if axis is None else axis
        return k.sigmoid_cross_entropy(k.sigmoid(Z), Y, Z, axis=axis)
    except TinygraphError as error:
        shorten(error)
        raise


def softmax_cross_entropy(Z: Any, labels: Any, axis: int | None = None) -> Any:
    """-(1/m) sum(Y log softmax(Z)), from the logits Z; its dZ is A - Y (times 1/m).

    Args:
        Z: logits, (classes, m) with axis=0; A = softmax(Z) becomes part of the graph.
        labels: integers in [0, classes) of the shape of Z without `axis`, which become ones and zeros, or an
            array of the shape of Z with a column per example that sums to one.
        axis: the axis of classes. If it is not given, the recording says it: 0 for W @ X, 1 for X @ W; and 0
            where nothing is recorded.

    Raises:
        ShapeError: the labels have another shape, are out of range, or do not sum to one; or Z is a product
            of which no factor is known as the weight, and there is no `axis`.
        DtypeError: labels of the shape without `axis` that are no integers.

    >>> float(softmax_cross_entropy(np.array([[0.0], [1e4]]), np.array([0])))
    10000.0
    """
    try:
        Z = Z if hasattr(Z, "shape") else np.asarray(Z)
        if axis is None:
            columns = isinstance(Z, Tensor) and is_later_layer(Z)
            axis = 0 if columns else axis_of_units(Z, classes=True)
        return k.softmax_cross_entropy(k.softmax(Z, axis=axis), columns_of(Z, labels, axis), Z, axis=axis)
    except TinygraphError as error:
        shorten(error)
        raise


def is_later_layer(Z: Any) -> bool:
    """Whether Z is the lectures' W @ A + b of a later layer, which is told sooner than any layout."""
    if Z._op is not ADD or type(product := Z._x) is not Tensor or product._op is not MATMUL:
        return False
    W, A = product._x, product._y
    return type(W) is Tensor and W._kind > MADE and type(A) is Tensor and A._kind == MADE


def axis_of_units(A: Any, classes: bool = False) -> int:
    """The axis of units, or of classes, as the recording has it; ShapeError where it has to be said."""
    axis = units_axis(A) if isinstance(A, Tensor) else None
    if axis is not None and axis != UNCLEAR:
        return axis
    shape = A.shape
    column = len(shape) == 2 and shape[0] > shape[1] == 1 and not classes  # nobody has a single class
    if column or (axis == UNCLEAR and shape[0] > 1):
        raise ShapeError(
            f"{describe(A)} may hold examples in rows or in columns, and nothing that is recorded says "
            "which: "
            "write axis=1, the axis of units, if each row is an example, axis=0 if each column is"
        )
    return 0


def check_range(x: Any, what: str) -> None:
    """ShapeError unless all entries lie between 0 and 1; a NaN shows in the cost.

    Labels that are no whole numbers pass: the course has a cost of random ones among its published figures.
    """
    x = value_of(x)
    if isinstance(x, np.ndarray) and x.size and x.dtype.kind != "c":
        low, high = np.minimum.reduce(x, axis=None), np.maximum.reduce(x, axis=None)
        if (low < 0 or high > 1) and (what != "labels" or np.array_equal(x, np.rint(x))):
            hint = "; use binary_cross_entropy_with_logits for Z, or tg.sigmoid(Z)" * (what != "labels")
            raise ShapeError(f"{what} lie between 0 and 1, but these reach from {low} to {high}{hint}")


MOST_CHECKED = 256
_checked: dict[Any, Any] = {}  # weak references to arrays of labels that fit


def shares_like(A: Any, Y: Any) -> Any:
    """Labels of a sigmoid as `labels_like` has them; ShapeError unless they lie between 0 and 1."""
    Y = Y if hasattr(Y, "shape") else np.asarray(Y)
    fitting = labels_like(A, Y)
    check_range(Y, "labels")
    remember_labels(id(Y), Y)
    return fitting


def remember_labels(key: Any, labels: Any) -> None:
    """Note that labels fit, if they can be told apart from later ones."""
    if len(_checked) >= MOST_CHECKED:
        _checked.clear()
    if isinstance(labels, np.ndarray | Tensor):
        _checked[key] = weakref.ref(labels)


def check_columns(labels: Any, axis: int) -> None:
    """ShapeError unless labels of the shape of Z are shares of the classes, for each example."""
    if not np.abs(np.add.reduce(labels, axis=axis) - 1).max(initial=0) < 1e-4:
        raise ShapeError(
            f"labels of the shape of Z, {labels.shape}, must sum to one along axis {axis}, the axis of "
            "classes"
        )
    if np.minimum.reduce(labels, axis=None, initial=0) < 0:
        raise ShapeError(
            f"labels of the shape of Z, {labels.shape}, are shares of the classes, none negative"
        )


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
        known = _checked.get((id(labels), axis))
        if known is None or known() is not labels:
            check_columns(value_of(labels), axis)
            remember_labels((id(labels), axis), labels)
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
