"""Which axis of a recorded matrix holds the units, and which the examples: W @ X has columns, X @ W rows.

The recording says it: of the two factors of the last linear step one is a weight, a parameter by itself, and
the other was made from data. This module knows tensors by their attributes alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygraph.notation.names import function_of, own_name

__all__ = ["UNCLEAR", "units_axis", "units_of_call"]

UNCLEAR = -1  # a linear step of which nothing says which factor is the weight
BARE_WEIGHT = -2  # a weight that was transposed without being recorded
MATRIX = frozenset({np.matmul, np.dot})
LINEAR = MATRIX | {np.einsum}
OF_WEIGHTS = frozenset({np.transpose, np.positive})
NEW_AXIS = frozenset({"reshape", "expand_dims", "getitem"})


def units_axis(z: Any) -> int | None:
    """The axis of units of a recorded result; UNCLEAR, or None where there is no linear step.

    >>> import tinygraph as tg
    >>> W, X = tg.parameter(np.ones((2, 3))), np.ones((3, 5))
    >>> units_axis(np.tanh(W @ X)), units_axis(np.tanh(X.T @ W.T)), units_axis((W @ X).T)
    (0, 1, 1)
    """
    flipped = False
    while (op := z._op) is not None:
        function = op.function
        if op.elementwise or op.activation:  # the most frequent, so by the shortest way
            giver = z._x if op.arity == 2 else z._x[0]
            if not is_laid_out_as(giver, z._value.shape):
                giver = giver_of_layout(op, z.inputs, z._value.shape)
                if giver is None:
                    return None
            z = giver
        elif function in LINEAR or op.name in NEW_AXIS:
            return flip_axis(axis_of_step(op, z.inputs, z._settings, z._value.shape), flipped)
        elif function is np.transpose and z.ndim == 2:
            flipped = not flipped
            z = z._x[0]
        else:
            return None
    return flip_axis(unrecorded_units(z), flipped)


def units_of_call(op: Any, inputs: Any, settings: Any, shape: tuple[int, ...]) -> int | None:
    """The same of a call that is not recorded, for its result of a shape; None too where it is unclear."""
    if op.function in OF_WEIGHTS and is_weight_itself(inputs[0]):
        return BARE_WEIGHT
    if op.function is np.transpose:
        return flip_axis(units_axis(inputs[0]), len(shape) == 2)
    if op.function in LINEAR or op.name in NEW_AXIS:
        return axis_of_step(op, inputs, settings, shape)
    source = giver_of_layout(op, inputs, shape)
    return None if source is None else units_axis(source)


def unrecorded_units(z: Any) -> int | None:
    """What `units_of_call` said of a result that was not recorded, where its second input would be."""
    return getattr(z, "_y", None) if getattr(z, "_op", None) is None else None


def flip_axis(axis: int | None, flipped: bool) -> int | None:
    """The axis of the transpose of a matrix."""
    return 1 - axis if flipped and axis in (0, 1) else axis


def giver_of_layout(op: Any, inputs: Any, shape: tuple[int, ...]) -> Any:
    """The Tensor from which an operation by entry, or an activation, took its layout."""
    if not (op.elementwise or op.activation):
        return None
    return next((x for x in inputs if is_laid_out_as(x, shape)), None)


def is_laid_out_as(x: Any, shape: tuple[int, ...]) -> bool:
    """Whether x is a result, recorded or not, of a shape."""
    return hasattr(x, "_op") and x._value.shape == shape and (x._op is not None or hasattr(x, "_y"))


def axis_of_step(op: Any, inputs: Any, settings: Any, shape: tuple[int, ...]) -> int | None:
    """The axis of units of what a linear step, or a new axis of a vector of examples, gives."""
    if op.name in NEW_AXIS:
        return new_axis(inputs[0], shape)
    if op.function in MATRIX:
        if len(shape) < 2 or inputs[0].ndim < 2 or inputs[1].ndim < 2:
            return None
        weight = position_of_weight(*inputs)
        return UNCLEAR if weight is None else len(shape) - 2 + weight
    return axis_of_letter(inputs, settings["subscripts"])


def new_axis(x: Any, shape: tuple[int, ...]) -> int | None:
    """The axis of units where a vector, m examples of one unit, became a matrix."""
    if x.ndim != 1 or len(shape) != 2 or shape[0] == shape[1] or 1 not in shape:
        return None
    return shape.index(1)


def axis_of_letter(inputs: Any, subscripts: str) -> int | None:
    """The axis of units in an einsum of two operands: the letter that the weight alone hands on."""
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    letters = terms.split(",")
    if not arrow or len(out) != 2 or len(letters) != 2:
        return None
    weight = position_of_weight(*inputs)
    if weight is None:
        return UNCLEAR
    own = [
        i for i, letter in enumerate(out) if letter in letters[weight] and letter not in letters[1 - weight]
    ]
    return own[0] if len(own) == 1 else None


def position_of_weight(x: Any, y: Any) -> int | None:
    """Which of two factors is the weight; None if nothing says so."""
    leaves = [is_weight_itself(x), is_weight_itself(y)]
    if leaves[0] != leaves[1]:
        weight = 0 if leaves[0] else 1
        # The one parameter may be an X whose derivative is asked for, beside weights that are data.
        strange = is_underived((y, x)[weight]) and is_called_data((x, y)[weight])
        return 1 - weight if strange else weight
    plain = [is_underived(factor) for factor in (x, y)]
    if plain[0] != plain[1]:
        return 1 if plain[0] else 0
    called = [leaf and is_called_data(factor) for leaf, factor in zip(leaves, (x, y), strict=True)]
    return None if called[0] == called[1] else 1 if called[0] else 0


def is_weight_itself(x: Any) -> bool:
    """Whether x is a parameter, perhaps transposed."""
    op = getattr(x, "_op", None)
    leaf = x if op is None else leaf_behind(x)
    return getattr(leaf, "is_parameter", False) or unrecorded_units(leaf) == BARE_WEIGHT


def leaf_behind(x: Any) -> Any:
    """What was transposed, or lifted by `tg.grad`, to be x; otherwise x."""
    while function_of(x) in OF_WEIGHTS:
        x = x.inputs[0]
    return x


def is_underived(x: Any) -> bool:
    """Whether x is data: an array, or a Tensor that wants no derivative."""
    return not getattr(x, "wants", False)


def is_called_data(x: Any) -> bool:
    """Whether the name of x is one of data: X, A0."""
    return (own_name(leaf_behind(x)) or "")[:1] in ("X", "x", "A")
