"""What a rule reads: the values of z and of which inputs, found by running it on arrays that have none."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.notation.symbols import Outline, sample_result
from tinygraph.rules.nests import leaves
from tinygraph.rules.table import Operation

__all__ = ["Shadow", "values_read"]

READ_BY_SHAPE = frozenset({np.zeros_like, np.ones_like, np.empty_like, np.full_like})
Kind = tuple[tuple[int, ...], np.dtype[Any]]


def values_read(
    op: Operation, i: int, z: Any, inputs: Sequence[Any], settings: Mapping[str, Any]
) -> tuple[bool, ...]:
    """Whether the rule for input i reads the values, not just the shape, of z and of each input, in order.

    `z` and `inputs` are arrays, or anything else that has a shape and a dtype; Python's numbers among the
    inputs are taken as they are, and are never read.

    >>> from tinygraph.rules.table import TABLE
    >>> W, X = np.ones((2, 3)), np.ones((3, 4))
    >>> values_read(TABLE[np.dot], 0, W @ X, [W, X], {})
    (False, False, True)
    """
    kinds = kind_of(z), *map(kind_of, inputs)
    try:
        return read_by(op, i, kinds, tuple(settings.items()))
    except TypeError:  # a setting that is no key, such as an index with a list in it
        return read_by.__wrapped__(op, i, kinds, tuple(settings.items()))


def kind_of(x: Any) -> Any:
    """The shape and dtype of an array; a number or None as it is."""
    return (tuple(x.shape), x.dtype) if hasattr(x, "shape") else x


@functools.lru_cache(maxsize=4096)
def read_by(op: Operation, i: int, kinds: tuple[Any, ...], settings: Any) -> tuple[bool, ...]:
    rule = op.rules[i]
    if rule is None:
        return (False,) * len(kinds)
    dz, *given = (Shadow(x, {j}) if isinstance(x, tuple) else x for j, x in enumerate((kinds[0], *kinds)))
    try:
        read = rule(dz, *given, **dict(settings)).read
    except Exception:  # of a rule that asks for numbers: it may read them all
        return tuple(isinstance(x, tuple) for x in kinds)
    return tuple(j in read for j in range(1, len(kinds) + 1))


class Shadow(Outline):
    """An array without values; `read` says of which arrays these would come.

    Its shape and dtype are found when they are asked for, which is seldom, by calling the function on arrays
    that hold one number: of a product of matrices that takes as long as the product.
    """

    __slots__ = ("_kind", "read")
    __hash__ = object.__hash__

    def __init__(self, kind: Kind | None, read: set[int]) -> None:
        super().__init__()
        self._kind = kind
        self.read = read

    @property
    def kind(self) -> Kind:
        """Shape and dtype."""
        if self._kind is None:
            sample = sample_result(self.function, self.args, self.settings)  # type: ignore[arg-type]
            self._kind = np.shape(sample), np.asarray(sample).dtype
        return self._kind

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.kind[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""
        return self.kind[1]

    def __bool__(self) -> bool:
        raise TypeError("an array without values is neither true nor false")

    __iter__ = None  # nor has it entries to go through

    def record(self, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
        """The shadow of a result."""
        given = [x for x in leaves((args, list(settings.values()))) if isinstance(x, Shadow)]
        made = Shadow(None, set() if function in READ_BY_SHAPE else set().union(*(x.read for x in given)))
        made.function, made.args, made.settings = function, args, settings
        return made
