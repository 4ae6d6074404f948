"""Tensor and Node: the recording of calls, through operators and through NumPy's own dispatch protocol.

A Tensor is a value and, unless it is a leaf, the Node that made it. A Node is one call: the operation, its
inputs, and their values at the time, which are the cache. Tensor -> Node -> inputs has no cycle, so a graph
is freed by reference count as soon as its last result is dropped.
"""

from __future__ import annotations

import copy
import functools
import itertools
import operator
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from tinygraph.engine.calls import call_composition, read_call
from tinygraph.errors import (
    DtypeError,
    GraphError,
    InternalError,
    ShapeError,
    TinygraphError,
    UnknownOperationError,
)
from tinygraph.guards.changes import OWN, WHOLE, array_contents, is_view
from tinygraph.guards.cuts import array_refusal, note_cut, note_number, note_taken
from tinygraph.guards.faults import FAULTS, blame, blame_call, cause_of, shorten
from tinygraph.guards.habits import TENSOR_HABITS, answer_habits, missing_text
from tinygraph.guards.modes import NORMAL, current_mode, no_grad
from tinygraph.guards.nans import finite_forward
from tinygraph.guards.stories import (
    composed_error,
    describe,
    forward_error,
    qualified_name,
    unknown_operation,
)
from tinygraph.notation import names
from tinygraph.notation.examples import units_of_call
from tinygraph.notation.origins import words_behind
from tinygraph.notation.places import OURS, file_and_line, user_frame, user_place
from tinygraph.rules import kernels as k
from tinygraph.rules import table as ops
from tinygraph.rules.shapes import with_shape
from tinygraph.rules.table import COMPOSED, TABLE, Operation
from tinygraph.rules.types import (
    AnyFunction,
    AnyIndex,
    InputPositions,
    Numeric,
    Operand,
    Option,
    Options,
    Shape,
    Values,
)

if TYPE_CHECKING:
    from tinygraph.graph.derivatives import Derivatives

__all__ = [
    "MADE",
    "Node",
    "Tensor",
    "apply",
    "call_written",
    "distinct_parameters",
    "is_update",
    "mark_updated",
    "next_serial",
    "no_grad",
    "parameter",
    "tensor",
    "value_of",
]

next_serial = itertools.count().__next__
_new = object.__new__
_ndarray = np.ndarray
_ref = weakref.ref
_frame = sys._getframe
_NO_SETTINGS: Options = {}

# What a tensor is in the flow of derivatives: data (nothing made from parameters), made from parameters by a
# recorded call, a parameter that only the engine holds, or one that `.value` gave out; and a number, as an
# operand. By the kinds of a call's inputs follow the positions whose derivative is wanted, those whose
# contents are kept because the user can change them, and the kind of the result.
DATA, MADE, PARAMETER, SHARED, NUMBER = range(5)
Flow = tuple[InputPositions, InputPositions, int]


@functools.cache
def flow(kinds: tuple[int, ...], flowing: InputPositions = ()) -> Flow:
    """How derivatives flow through a call with inputs of these kinds; `flowing` says to which, () to all."""
    able = flowing or range(len(kinds))
    wanted = tuple([i for i in able if kinds[i] in (MADE, PARAMETER, SHARED)])
    watched = tuple(
        [i for i, kind in enumerate(kinds) if kind in (DATA, SHARED) or (kind == PARAMETER and i not in able)]
    )
    return wanted, watched if wanted else (), MADE if wanted else DATA


UNCHANGEABLE = (
    "{} cannot be changed in place: a recorded value may be in a cache; "
    "use np.where, or change .value before recording"
)
TOLD = (TinygraphError, InternalError)  # errors that say all there is to say
OF_SHAPES = frozenset({np.shape, np.ndim, np.size, np.result_type})  # which say nothing of the entries
_SECOND = (1,)
_TRUSTED = (MADE, PARAMETER)  # what nobody else can change before it is given out
_FLOW_OF_ONE = [flow((kind,)) for kind in range(5)]
_FLOW_OF_TWO = {kinds: flow(kinds) for kinds in itertools.product(range(5), repeat=2)}


class Node(NamedTuple):
    """One recorded call.

    `op` is its row of the table, `inputs` what it was called with (Tensors, arrays or numbers), `cache` the
    values of these at the time, `settings` the keyword arguments, `wanted` the positions of the inputs whose
    derivative is wanted, `serial` its place in the order of recording, `code` and `instruction` the place in
    the user's program.
    """

    op: Operation
    inputs: tuple[Operand, ...]
    cache: Values
    settings: Options
    wanted: InputPositions
    serial: int
    code: CodeType
    instruction: int

    @property
    def place(self) -> tuple[str, int]:
        """File and line of the user's code that recorded this node."""
        return file_and_line(self.code, self.instruction)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.serial == other.serial

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.serial)

    def __repr__(self) -> str:
        file, line = self.place
        return f"<Node {self.op.name} at {file}:{line}>"


class Tensor(k.Recording):
    """An array together with the call that made it.

    Operators and NumPy functions on a Tensor give Tensors. `value` is the array, `node` the call (None for a
    leaf), `wants` whether a derivative with respect to it is wanted (it is a parameter, or made from one),
    `grad` the derivative that the last `backward()` left on a parameter. Make one with `parameter` or
    `tensor`.

    >>> x = parameter([1.0, 2.0], name="x")
    >>> y = np.tanh(x) * 3
    >>> y.shape, y.wants, y.node.op.name, x.node
    ((2,), True, 'multiply', None)
    """

    # What the node tells is kept flat in the slots that begin with an underscore: garbage collection visits
    # every container that is alive, and one object a call instead of four halves the time of deep graphs. A
    # call of two inputs has them in `_x` and `_y` and their values in `_a` and `_b`; another call has all its
    # inputs in `_x` and all values in `_a`. In a leaf `_op` is None; in a result that was not recorded `_y`
    # is its axis of units. `_watched` lists the arrays that one could change before `backward()`, and `_kept`
    # has their contents, as `changes` describes. In a parameter
    # `_changed` is the time, among serial numbers, of the last update, `_serial` that of the last update or
    # of giving out the array, and `_kept` its contents then. What a composition gives has the function that
    # the user called, the time when it began, and the arrays among its arguments.
    __slots__ = (
        "__weakref__", "_a", "_b", "_changed", "_code", "_composition", "_instruction", "_kept", "_kind",
        "_op", "_serial", "_settings", "_value", "_wanted", "_watched", "_x", "_y", "given_name", "grad",
    )  # fmt: skip
    __hash__ = object.__hash__
    # Operators of other arrays leave theirs to those of a Tensor.
    __array_priority__ = 1000.0
    __pandas_priority__ = 5000

    given_name: str | None
    grad: Numeric | None
    _value: Numeric
    _kind: int
    _changed: int
    _kept: Any
    _watched: InputPositions
    _op: Operation | None
    _x: Operand
    _y: Operand
    _a: Numeric
    _b: Numeric
    _settings: Options
    _wanted: InputPositions
    _serial: int
    _code: CodeType
    _instruction: int
    _composition: tuple[AnyFunction, int, tuple[Operand, ...]]

    def __init__(self, value: Numeric, name: str | None = None) -> None:
        self._value = value
        self._op = self._kept = None
        self.given_name = name
        self.grad = None
        self._kind = DATA
        self._serial = self._changed = -1

    # What is known of it

    @property
    def value(self) -> Numeric:
        """The array. `backward()` sees to it that what it needs stayed as it was."""
        value, kind = self._value, self._kind
        if not kind:
            note_taken(self, None)
        else:
            if not isinstance(value, _ndarray):  # a number, which nobody can change
                note_taken(self, None)
                return value
            note_taken(self, _ref(value))
            if kind in _TRUSTED:
                self._give_out()
        return value

    @value.setter
    def value(self, value: Numeric) -> None:
        if value is not self._value and self._kind in (PARAMETER, SHARED):
            value = fitting_value(self, value)
        self._value = value
        if self._kind == PARAMETER:
            self._give_out()

    def _give_out(self) -> None:
        """Keep the contents of the array, which may be changed from now on, and of what it is a view of."""
        if self._kind == PARAMETER:
            self._kind, self._serial, self._kept = SHARED, next_serial(), array_contents(self._value)
            return
        views = [self]
        while views:
            z = views.pop()
            if z._kind == MADE and isinstance(z._value, _ndarray) and OWN not in z._watched:
                earlier = () if not z._watched else (z._kept,) if len(z._watched) == 1 else z._kept
                own = array_contents(z._value)
                z._kept = (own, *earlier) if earlier else own
                z._watched = (OWN, *z._watched)
                views += viewed_inputs(z, z.inputs)
            elif z._kind == PARAMETER:
                z._give_out()

    @property
    def wants(self) -> bool:
        """Whether a derivative with respect to it is wanted."""
        return self._kind != DATA

    @wants.setter
    def wants(self, wants: bool) -> None:
        self._kind = (SHARED if self._op is None else MADE) if wants else DATA

    @property
    def shape(self) -> Shape:
        """The shape of the value."""
        return cast("Shape", self._value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(self._value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self._value.dtype  # type: ignore[no-any-return]

    @property
    def name(self) -> str | None:
        """The name it was given, or its variable's, or the one its structure implies (Z1, A1), or None."""
        return names.name_of(self)

    @property
    def node(self) -> Node | None:
        """The call that made it, None for a leaf."""
        op = self._op
        if op is None:
            return None
        cache = (self._a, self._b) if op.arity == 2 else self._a
        return Node(
            op, self.inputs, cache, self._settings, self._wanted, self._serial, self._code, self._instruction
        )

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """What the call that made it was given; nothing for a leaf."""
        if self._op is None:
            return ()
        return (self._x, self._y) if self._op.arity == 2 else cast("tuple[Operand, ...]", self._x)

    @property
    def op(self) -> Operation | None:
        """The operation that made it, None for a leaf."""
        return self._op

    @property
    def is_parameter(self) -> bool:
        """Whether it is a leaf that wants a derivative."""
        return self._kind in (PARAMETER, SHARED)

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        """What a copy or a pickle holds: a leaf keeps its name, and forgets the line where it was made."""
        state = {key: getattr(self, key) for key in self.__slots__ if key[:2] != "__" and hasattr(self, key)}
        if self._op is None:
            state["given_name"] = self.name
            state = {key: x for key, x in state.items() if key not in ("_code", "_instruction")}
        return None, state

    def __copy__(self) -> Tensor:
        """A tensor with the same array, which may be changed through it."""
        self._give_out()
        made = _new(Tensor)
        for key, x in self.__getstate__()[1].items():
            setattr(made, key, x)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A copy of the whole graph, first to last: without recursion, so that depth does not matter."""
        found, stack = {self}, [self]
        while stack:
            for x in stack.pop().inputs:
                if isinstance(x, Tensor) and x not in found:
                    found.add(x)
                    stack.append(x)
        for t in sorted(found, key=lambda t: -1 if t._op is None else t._serial):
            if id(t) not in memo:
                memo[id(t)] = made = _new(Tensor)
                for key, x in t.__getstate__()[1].items():
                    setattr(made, key, x if key == "_op" else copy.deepcopy(x, memo))
        return memo[id(self)]  # type: ignore[no-any-return]

    def named(self, name: str) -> Tensor:
        """Give this tensor a name and return it.

        >>> import tinygraph as tg
        >>> tg.tensor([1.0]).named("X").name
        'X'
        """
        self.given_name = name
        return self

    if TYPE_CHECKING:  # its result is a `Derivatives`, so the method is put here by the module that has them

        def backward(
            self, seed: Numeric = None, *, names: Mapping[str, Any] | None = None
        ) -> Derivatives: ...

    # NumPy's protocol

    def record(self, function: AnyFunction, args: tuple[Operand, ...], settings: Options) -> Numeric:
        """Record the call of a kernel; with a Tensor for a setting, such as a slope, its NumPy calls."""
        try:
            op = TABLE.get(function)
            if (settings or len(args) > 1) and op is not None and wanting_setting(op, args, settings):
                return function.__wrapped__(*args, **settings)  # type: ignore[attr-defined]
            if op is not None and len(args) == op.arity:
                if settings or op.arity > 1:
                    return apply(op, args, settings)
                wanted, watched, kind = _FLOW_OF_ONE[self._kind]
                return record_tensor(op, args, (self._value,), wanted, watched, kind, _NO_SETTINGS)
            return call_function(function, args, settings)
        except TOLD as error:
            shorten(error)
            raise

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Operand, **settings: Option) -> Numeric:
        try:
            if method == "__call__":
                if settings:
                    return call_ufunc(ufunc, args, settings)
                op = TABLE.get(ufunc)
                if op is None:
                    return call_function(ufunc, args, settings)
                return apply(op, args)
            if ufunc in ops.UFUNC_METHODS.get(method, ()):
                settings.setdefault("axis", 0)
                return call_function(ops.UFUNC_METHODS[method][ufunc], args, settings)
            if method == "outer" and not settings:
                return outer_call(ufunc, *args)
            raise unknown_operation(f"{qualified_name(ufunc)}.{method}")
        except TOLD as error:
            shorten(error)
            raise
        except (ValueError, IndexError, TypeError) as error:
            called = ufunc if method == "__call__" else getattr(ufunc, method)
            raise composed_error(called, args, settings, error) from cause_of(error)

    def __array_function__(
        self, function: AnyFunction, types: object, args: tuple[Operand, ...], settings: Options
    ) -> Numeric:
        try:
            return call_function(function, args, settings)
        except TOLD:
            raise
        except (ValueError, IndexError, TypeError) as error:
            raise composed_error(function, args, settings, error) from cause_of(error)

    def __array__(self, dtype: Option = None, copy: bool | None = None) -> Numeric:
        if self._kind:
            raise array_refusal(self)
        return np.array(self._value, dtype=dtype, copy=copy)

    # Operators

    if TYPE_CHECKING:  # made by `operator_methods` below

        def __add__(self, other: Operand) -> Tensor: ...
        def __radd__(self, other: Operand) -> Tensor: ...
        def __sub__(self, other: Operand) -> Tensor: ...
        def __rsub__(self, other: Operand) -> Tensor: ...
        def __mul__(self, other: Operand) -> Tensor: ...
        def __rmul__(self, other: Operand) -> Tensor: ...
        def __truediv__(self, other: Operand) -> Tensor: ...
        def __rtruediv__(self, other: Operand) -> Tensor: ...
        def __pow__(self, other: Operand) -> Tensor: ...
        def __rpow__(self, other: Operand) -> Tensor: ...
        def __matmul__(self, other: Operand) -> Tensor: ...
        def __rmatmul__(self, other: Operand) -> Tensor: ...

    def __mod__(self, other: Operand) -> Tensor:
        return apply(TABLE[np.mod], (self, other))

    def __rmod__(self, other: Operand) -> Tensor:
        return apply(TABLE[np.mod], (other, self))

    def __floordiv__(self, other: Operand) -> Numeric:
        return call_function(np.floor_divide, (self, other), {})

    def __rfloordiv__(self, other: Operand) -> Numeric:
        return call_function(np.floor_divide, (other, self), {})

    def __divmod__(self, other: Operand) -> tuple[Numeric, Tensor]:
        return self // other, self % other

    def __round__(self, decimals: int | None = None) -> Numeric:
        return call_function(np.round, (self, decimals or 0), {})

    def __iadd__(self, other: Operand) -> Tensor:
        return update_in_place(np.add, self, other)

    def __isub__(self, other: Operand) -> Tensor:
        return update_in_place(np.subtract, self, other)

    def __neg__(self) -> Tensor:
        return apply(TABLE[np.negative], (self,))

    def __pos__(self) -> Tensor:
        return apply(TABLE[np.positive], (self,))

    def __abs__(self) -> Tensor:
        return apply(TABLE[np.absolute], (self,))

    def __getitem__(self, index: AnyIndex) -> Tensor:
        return apply(_GETITEM, (self,), {"index": plain_index(index)})

    def __setitem__(self, index: AnyIndex, value: Numeric) -> None:
        raise GraphError(UNCHANGEABLE.format(describe(self)))

    def __gt__(self, other: Operand) -> Numeric:
        return compare_entries(operator.gt, self, other)

    def __ge__(self, other: Operand) -> Numeric:
        return compare_entries(operator.ge, self, other)

    def __lt__(self, other: Operand) -> Numeric:
        return compare_entries(operator.lt, self, other)

    def __le__(self, other: Operand) -> Numeric:
        return compare_entries(operator.le, self, other)

    def __eq__(self, other: Operand) -> Numeric:
        return compare_entries(operator.eq, self, other)

    def __ne__(self, other: Operand) -> Numeric:
        return compare_entries(operator.ne, self, other)

    # Conversions

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        note_cut("bool()", self)
        return bool(self._value)

    def __float__(self) -> float:
        number = float(self._item())
        return note_number("float()", self, number, next_serial())  # type: ignore[no-any-return]

    def __int__(self) -> int:
        number = int(self._item())
        return note_number("int()", self, number, next_serial())  # type: ignore[no-any-return]

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        shown = shown_value(self)
        return format(shown.item() if hasattr(shown, "item") else shown, spec)

    def item(self) -> Any:
        """The single entry as a Python number; ValueError if there is more than one."""
        number = self._item()
        return note_number(".item()", self, number, next_serial())

    def _item(self) -> Any:
        return self._value.item() if hasattr(self._value, "item") else self._value

    def __repr__(self) -> str:
        text = np.array2string(np.asarray(shown_value(self)), separator=", ", threshold=20, prefix="Tensor(")
        name = f", name={self.name!r}" if self.name is not None else ""
        return f"Tensor({text}{name})"

    def _repr_html_(self) -> str:
        from viz.notebook import tensor_html

        return tensor_html(self)

    # Methods as arrays have them

    @property
    def T(self) -> Tensor:  # NumPy's name
        """The transpose."""
        return apply(TABLE[np.transpose], (self,))

    def transpose(self, *axes: Option) -> Tensor:
        """`np.transpose`, the axes given as numbers or as one tuple."""
        flat = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return cast(Tensor, np.transpose(cast(Any, self), flat or None))

    @property
    def mT(self) -> Tensor:  # NumPy's name
        """The transpose of each matrix of a stack."""
        return apply(TABLE[np.swapaxes], (self,), {"axis1": -1, "axis2": -2})

    @property
    def real(self) -> Tensor:
        """The real part."""
        return call_function(np.real, (self,), {})  # type: ignore[no-any-return]

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return call_function(np.imag, (self,), {})  # type: ignore[no-any-return]

    def reshape(self, *shape: Option, order: str = "C") -> Tensor:
        """`np.reshape`, the shape given as numbers or as one tuple."""
        return cast(Tensor, np.reshape(cast(Any, self), shape[0] if len(shape) == 1 else shape, order=order))  # type: ignore[call-overload]

    def flatten(self, order: str = "C") -> Tensor:
        """`np.ravel` of this tensor."""
        return cast(Tensor, np.ravel(cast(Any, self), order=order))  # type: ignore[call-overload]

    def compress(self, condition: Operand, axis: int | None = None) -> Tensor:
        """`np.compress` of this tensor."""
        return cast(Tensor, np.compress(cast(Any, condition), cast(Any, self), axis=axis))

    def tolist(self) -> Any:
        """The value as nested lists of Python's numbers."""
        note_cut(".tolist()", self)
        return self._value.tolist()

    def sort(self, *args: Option, **settings: Option) -> None:
        """Refused, as it changes an array in place: `np.sort` gives a sorted Tensor."""
        raise GraphError(
            f"{describe(self)} cannot be sorted in place; write np.sort(...), which gives a new one"
        )

    def partition(self, *args: Option, **settings: Option) -> None:
        """Refused, as it changes an array in place: `np.partition` gives another Tensor."""
        raise GraphError(
            f"{describe(self)} cannot be partitioned in place; write np.partition(...), which gives a new one"
        )

    def astype(self, dtype: Option, order: str = "K", casting: str = "unsafe", **_: bool) -> Any:
        """The value in another dtype; only a floating dtype keeps the path of derivatives."""
        if np.dtype(dtype).kind != "f" or self.dtype.kind == "c":
            raise DtypeError(
                f"{describe(self)} cannot become {np.dtype(dtype).name} and keep its derivative; "
                "write .value.astype(...) where you want the plain array"
            )
        return apply(TABLE[k.cast_to], (self,), {"dtype": np.dtype(dtype)})

    if TYPE_CHECKING:  # made by `array_method`
        any: AnyFunction
        all: AnyFunction
        argmax: AnyFunction
        argmin: AnyFunction
        argpartition: AnyFunction
        argsort: AnyFunction
        choose: AnyFunction
        clip: AnyFunction
        conj: AnyFunction
        conjugate: AnyFunction
        copy: AnyFunction
        cumprod: AnyFunction
        cumsum: AnyFunction
        diagonal: AnyFunction
        dot: AnyFunction
        max: AnyFunction
        mean: AnyFunction
        min: AnyFunction
        nonzero: AnyFunction
        prod: AnyFunction
        ravel: AnyFunction
        repeat: AnyFunction
        round: AnyFunction
        searchsorted: AnyFunction
        squeeze: AnyFunction
        std: AnyFunction
        sum: AnyFunction
        swapaxes: AnyFunction
        take: AnyFunction
        trace: AnyFunction
        var: AnyFunction


def array_method(function: AnyFunction) -> Callable[..., Any]:
    """The method by which an array calls a function of NumPy on itself."""

    def method(self: Tensor, *args: Option, **settings: Option) -> Any:
        return call_function(function, (self, *args), settings)

    method.__doc__ = f"`np.{function.__name__}` of this tensor."
    return method


ARRAY_METHODS = (
    "any", "all", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "conj", "conjugate",
    "copy", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel",
    "repeat",    "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
)  # fmt: skip
for _name in ARRAY_METHODS:
    setattr(Tensor, _name, array_method(getattr(np, _name)))


answer_habits(Tensor, "a Tensor", TENSOR_HABITS)
_GETITEM = TABLE[operator.getitem]
# What is recorded as it is; an array of objects among them is refused by the reverse sweep.
_PLAIN = frozenset({Tensor, _ndarray, float, int, bool, np.float64, np.float32, type(None)})

# Recording ----------------------------------------------------------------


def apply(op: Operation, inputs: tuple[Operand, ...], settings: Options = _NO_SETTINGS) -> Tensor:
    """Compute `op` on `inputs` (Tensors, arrays or numbers) and record the call."""
    if len(inputs) == 1 and isinstance(x := inputs[0], Tensor):
        wanted, watched, kind = _FLOW_OF_ONE[x._kind]
        return record_tensor(op, inputs, (x._value,), wanted, watched, kind, settings)
    for x in inputs:
        if type(x) not in _PLAIN:
            inputs = tuple(map(plain_operand, inputs))
            break
    cache = tuple([x._value if isinstance(x, Tensor) else x for x in inputs])
    kinds = tuple(
        [x._kind if isinstance(x, Tensor) else DATA if isinstance(x, _ndarray) else NUMBER for x in inputs]
    )
    wanted, watched, kind = flow(kinds, op.flowing)
    return record_tensor(op, inputs, cache, wanted, watched, kind, settings)


def record_tensor(
    op: Operation,
    inputs: tuple[Operand, ...],
    cache: Values,
    wanted: InputPositions,
    watched: InputPositions,
    kind: int,
    settings: Options,
) -> Tensor:
    """The Tensor of a call. Attributes are set directly, for speed: nearly every call passes here."""
    z = _new(Tensor)
    mode = current_mode()
    unusual = mode is not NORMAL
    try:
        if unusual and mode.nan:
            z._value = finite_forward(op, inputs, cache, settings)
        else:
            z._value = op.forward(*cache, **settings) if settings else op.forward(*cache)
    except (ValueError, IndexError, TypeError) as error:
        raise forward_error(op, inputs, settings, error) from cause_of(error)
    except FAULTS as error:
        blame_call(error, op, inputs, settings)
        raise
    z.given_name = z.grad = None
    frame = _frame(3)
    if frame.f_globals.get("__package__") in OURS:
        frame = user_frame(frame)
    z._code = frame.f_code
    z._instruction = frame.f_lasti
    if unusual and not mode.recording:
        return as_leaf(z, op, inputs, settings)
    z._kind = kind
    z._op = op
    if op.arity == 2:
        z._x, z._y = inputs
        z._a, z._b = cache
    else:
        z._x = inputs
        z._a = cache
    z._settings = settings
    z._wanted = wanted
    if unusual and mode.changed == "ignore":
        watched = ()
    z._watched = watched
    if len(watched) == 1:
        z._kept = kept_of(inputs[watched[0]], cache[watched[0]])
    elif watched:
        z._kept = tuple([kept_of(inputs[i], cache[i]) for i in watched])
    z._serial = next_serial()
    return z


def as_leaf(z: Tensor, op: Operation, inputs: tuple[Operand, ...], settings: Options) -> Tensor:
    """`z` where nothing is recorded; through a view of its inputs anybody may change them."""
    z._op = z._kept = None
    z._kind, z._wanted, z._serial = DATA, (), -1  # `_wanted` a leaf that nothing computed has not
    z._y = units_of_call(op, inputs, settings, np.shape(z._value))
    for x in viewed_inputs(z, inputs):
        x._give_out()
    return z


def viewed_inputs(z: Tensor, inputs: tuple[Operand, ...]) -> list[Tensor]:
    """The inputs of which `z` is a view."""
    if not isinstance(z._value, _ndarray):
        return []
    return [x for x in inputs if isinstance(x, Tensor) and x._kind and is_view(z, x._value)]


def kept_of(x: Operand, array: Numeric) -> bytes | None:
    """What a node keeps of `array`, the value of its input x; while data stays, all share a copy."""
    now: bytes | None = (
        array.tobytes() if type(array) is _ndarray and array.nbytes <= WHOLE else array_contents(array)
    )
    if isinstance(x, Tensor) and x._kind == DATA and x._op is None:
        if now != x._kept:
            x._kept = now
        now = x._kept
    return now


def operator_methods(op: Operation) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """The methods behind an operator and its reflected form.

    The first is `record_tensor` and `apply` written into each other, since it is what networks are made of.
    """
    forward = op.forward

    def method(x: Tensor, y: Operand) -> Tensor:
        mode = current_mode()
        if mode is not NORMAL and (mode.nan or not mode.recording or mode.changed == "ignore"):
            return apply(op, (x, y if type(y) in _PLAIN else plain_operand(y)))
        a = x._value
        if isinstance(y, Tensor):
            b = y._value
            wanted, watched, kind = _FLOW_OF_TWO[x._kind, y._kind]
        else:
            b = y = y if type(y) in _PLAIN else plain_operand(y)
            wanted, watched, kind = _FLOW_OF_TWO[x._kind, DATA if isinstance(y, _ndarray) else NUMBER]
        z = _new(Tensor)
        try:
            z._value = forward(a, b)
        except (ValueError, TypeError) as error:
            raise forward_error(op, (x, y), _NO_SETTINGS, error) from cause_of(error)
        except FAULTS as error:
            blame_call(error, op, (x, y), _NO_SETTINGS)
            raise
        z.given_name = z.grad = None
        frame = _frame(1)
        if frame.f_globals.get("__package__") in OURS:
            frame = user_frame(frame)
        z._kind = kind
        z._op = op
        z._x = x
        z._y = y
        z._a = a
        z._b = b
        z._settings = _NO_SETTINGS
        z._wanted = wanted
        z._watched = watched
        if watched:
            if watched == _SECOND:
                z._kept = kept_of(y, b)
            else:
                z._kept = kept_of(x, a) if len(watched) == 1 else (kept_of(x, a), kept_of(y, b))
        z._serial = next_serial()
        z._code = frame.f_code
        z._instruction = frame.f_lasti
        return z

    def reflected(x: Tensor, y: Operand) -> Tensor:
        return apply(op, (y if type(y) in _PLAIN else plain_operand(y), x))

    return method, reflected


def plain_operand(y: Operand) -> Operand:
    """What stands beside a Tensor as a number or array of NumPy's: a list, a series, another package's array.

    Raises:
        DtypeError: something whose kind means more than its numbers, and that would be lost: a masked array,
            a matrix, an array of objects.
    """
    if isinstance(y, k.Recording | float | int | np.generic) or y is None:
        return y
    if isinstance(y, Fraction):
        return float(y)
    if isinstance(y, np.ma.MaskedArray | np.matrix):
        raise DtypeError(operand_text(y))
    foreign = hasattr(y, "__array__") and not hasattr(y, "__array_function__")
    if isinstance(y, list | tuple | np.ndarray) or foreign:
        y = np.asarray(y)
        if y.dtype.kind == "O":
            raise DtypeError(operand_text(y))
    return y


def operand_text(y: Numeric) -> str:
    """Why an array is refused beside a Tensor, and what to write."""
    where = f"{y.shape} meets a Tensor ({user_place()})"
    if isinstance(y, np.ma.MaskedArray):
        return f"a masked array {where}, which knows no mask: write M.filled(0), or np.where with the mask"
    if isinstance(y, np.matrix):
        return f"a np.matrix {where}, of which * goes by entry: write np.asarray(M), and @ for the product"
    return (
        f"an array of objects {where}, which holds floating point numbers: write X.astype(np.float64); "
        "np.stack([...]) for Tensors"
    )


for _name, _ufunc in [
    ("add", np.add),
    ("sub", np.subtract),
    ("mul", np.multiply),
    ("truediv", np.divide),
    ("pow", np.power),
    ("matmul", np.matmul),
]:
    _method_pair = operator_methods(TABLE[_ufunc])
    setattr(Tensor, f"__{_name}__", _method_pair[0])
    setattr(Tensor, f"__r{_name}__", _method_pair[1])


def call_function(function: AnyFunction, args: tuple[Operand, ...], settings: Options) -> Numeric:
    """A call of a NumPy function or kernel with a Tensor among its arguments; its errors are told."""
    try:
        return call_recorded(function, args, settings)
    except TOLD as error:
        shorten(error)
        raise
    except FAULTS as error:
        blame(error, f"{qualified_name(function)} ({user_place()})")
        raise


def call_recorded(function: AnyFunction, args: tuple[Operand, ...], settings: Options) -> Numeric:
    """The result of such a call."""
    function = ops.ALIASES.get(function, function)
    if function in COMPOSED:
        start = next_serial()
        if (z := call_composition(function, args, settings)) is not NotImplemented:
            note_composition(z, function, start, args)
            return z
    op = TABLE.get(function)
    if op is not None:
        inputs, settings = read_call(op, args, settings)
        refuse_wanting(function, settings)
        return apply(op, inputs, {key: plain_index(x) for key, x in settings.items()})
    if function in ops.LOCALLY_CONSTANT:
        result = function(*map(value_of, args), **{key: value_of(x) for key, x in settings.items()})
        for x in args:
            if isinstance(x, Tensor) and function not in OF_SHAPES:
                note_cut(qualified_name(function), x, result)
        return result
    if ops.load_rows(function):
        return call_recorded(function, args, settings)
    if function in ops.CHANGING and isinstance(args[0], Tensor):
        raise GraphError(f"{qualified_name(function)}: {UNCHANGEABLE.format(describe(args[0]))}")
    raise unknown_operation(qualified_name(function))


def note_composition(z: Operand, function: AnyFunction, start: int, args: tuple[Operand, ...]) -> None:
    """Say of what a composition gives which function made it, since when, and from which arrays."""
    args = tuple([x if hasattr(x, "shape") else None for x in args])
    for x in z if isinstance(z, list | tuple) else (z,):
        if isinstance(x, Tensor) and x._op is not None and x._serial > start:
            x._composition = function, start, args


def call_written(function: AnyFunction, write: AnyFunction, args: tuple[Any, ...], settings: Options) -> Any:
    """What `write` gives, as made by `function`: one of ours that is written with rows."""
    start = next_serial()
    z = write(*args, **settings)
    note_composition(z, function, start, args)
    return z


def outer_call(ufunc: np.ufunc, x: Operand, y: Operand) -> Numeric:
    """`ufunc.outer(x, y)`: each entry of x with each of y."""
    x, y = with_shape(x), with_shape(y)
    column = np.reshape(x, x.shape + (1,) * y.ndim)
    return ufunc(np.broadcast_to(column, x.shape + y.shape), y)


def wanting_setting(op: Operation, args: tuple[Operand, ...], settings: Options) -> bool:
    """Whether an argument that is no input of an operation is a Tensor that wants a derivative."""
    return any(isinstance(x, Tensor) and x._kind for x in (*args[op.arity :], *settings.values()))


def refuse_wanting(function: AnyFunction, settings: Options) -> None:
    """GraphError for a setting that is a Tensor that wants a derivative, since none comes back to it."""
    for key, x in settings.items():
        if isinstance(x, Tensor) and x._kind:
            raise GraphError(
                f"{key}= of {qualified_name(function)} ({user_place()}) has no derivative, and "
                f"{describe(x)} wants "
                f"one: write {key}=tg.stop_gradient(...) if none shall come back, or the formula with "
                "operators"
            )


def call_ufunc(ufunc: np.ufunc, args: tuple[Operand, ...], settings: Options) -> Numeric:
    """A ufunc with keyword arguments: `dtype` casts the inputs first, as NumPy does; others have no rule."""
    dtype = settings.pop("dtype", None)
    if settings and ufunc in COMPOSED:
        return call_function(ufunc, args, settings)
    if settings:
        raise UnknownOperationError(
            f"np.{ufunc.__name__}(..., {next(iter(settings))}=...) on a Tensor is not recorded: a Tensor is "
            "never written into; call it without and use the result"
        )
    if dtype is not None:
        args = tuple(x.astype(dtype) if isinstance(x, Tensor) else np.asarray(x, dtype=dtype) for x in args)
    return call_function(ufunc, args, {})


# Making tensors ----------------------------------------------------------------


def tensor(array: Operand, name: str | None = None, **habits: object) -> Tensor:
    """A leaf that wants no derivative: data, labels.

    Args:
        array: anything np.asarray takes; it is not copied. Integers are allowed.
        name: what pictures, errors and tables call it.

    Raises:
        TypeError: an argument of another package's, such as `requires_grad`; it says what to write.

    >>> import tinygraph as tg
    >>> X = tg.tensor([[1.0, 2.0]], name="X")
    >>> X.shape, X.wants
    ((1, 2), False)
    """
    if habits:
        told = missing_text("tg.tensor", next(iter(habits)), TENSOR_HABITS)
        raise TypeError(told.replace("attribute", "argument"))
    return leaf_at(_frame(1), array, name)


def leaf_at(frame: FrameType, array: Numeric, name: str | None) -> Tensor:
    """A leaf made in this frame; in one of ours, the line says nothing of its name."""
    if isinstance(array, Tensor):
        if array._kind:
            note_cut("tg.tensor()", array, array._value)
        array = array._value
    leaf = Tensor(array if hasattr(array, "__array_function__") else np.asarray(array), name)
    if frame.f_globals.get("__package__") not in OURS:
        leaf._code, leaf._instruction = frame.f_code, frame.f_lasti
    return leaf


def parameter(array: Operand, name: str | None = None) -> Tensor:
    """A leaf whose derivative is wanted. The array is copied, since an optimizer changes it in place.

    Args:
        array: floating point numbers in any shape; float32 stays float32.
        name: W1, b1, ... give the layers their names.

    Raises:
        DtypeError: the array holds something other than floating point numbers.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[1.0, 2.0]], name="W1")
    >>> float((W1 * W1).sum().backward()["dW1"].sum())
    6.0
    """
    leaf = leaf_at(_frame(1), array, name)
    if leaf.dtype.kind != "f":
        raise DtypeError(
            f"a parameter holds floating point numbers, but {name or 'this array'} has dtype {leaf.dtype}, "
            "which would round every update; write "
            f"tg.parameter({name or 'array'}.astype(np.float64)) or 1.0 for 1"
        )
    leaf._value = leaf._value.copy()
    leaf._kind = PARAMETER
    return leaf


def fitting_value(p: Tensor, value: Numeric) -> Numeric:
    """A new value for parameter p; ShapeError or DtypeError for one that does not fit."""
    value = value if hasattr(value, "dtype") else np.asarray(value)
    if tuple(value.shape) != p.shape:
        raise ShapeError(
            f"{describe(p)} cannot take a value of shape {tuple(value.shape)}: make another parameter, or "
            "reshape it"
        )
    if value.dtype.kind != "f":
        raise DtypeError(
            f"{describe(p)} holds floating point numbers, not {value.dtype}: write .astype(np.float64)"
        )
    return value


def distinct_parameters(parameters: Tensor | Iterable[Tensor] | Mapping[str, Tensor]) -> list[Tensor]:
    """One parameter, or each of several once: one in two places, or under two names, is updated once."""
    if isinstance(parameters, Tensor):
        return [parameters]
    by_id = {id(p): p for p in (parameters.values() if isinstance(parameters, Mapping) else parameters)}
    return list(by_id.values())


def mark_updated(parameters: Iterable[Tensor]) -> None:
    """Say that parameters were changed in place: derivatives of graphs recorded before are refused."""
    now = next_serial()
    for p in parameters:
        p._changed = p._serial = now


def update_in_place(ufunc: np.ufunc, x: Tensor, y: Operand) -> Tensor:
    """`x -= y`: x itself, updated, if x is a parameter and y was made from its derivative; else a new Tensor.

    The line says which it is: W1 -= rate * W1.grad, W1 -= rate * d["dW1"].
    """
    step = y if not isinstance(y, Tensor) else y._value if not y._kind else None
    if x._kind in (PARAMETER, SHARED) and step is not None and np.shape(step) == x.shape:
        frame = _frame(2)
        if not is_update(frame.f_code, frame.f_lasti, x):
            return NotImplemented  # type: ignore[no-any-return]
        ufunc(x._value, step, out=x._value)
        mark_updated([x])
        return x
    return NotImplemented  # type: ignore[no-any-return]


def is_update(code: CodeType, instruction: int, x: Tensor) -> bool:
    """Whether the expression at an instruction moves x by its derivative."""
    words = words_behind(code, instruction)
    return "grad" in words or "backward" in words or f"d{x.name}" in words


def compare_entries(relation: Callable[[Numeric, Numeric], Numeric], x: Tensor, y: Operand) -> Numeric:
    """A comparison by entry, as a plain array."""
    result = relation(x._value, y._value if isinstance(y, Tensor) else y)
    for operand in (x, y):
        if isinstance(operand, Tensor):
            note_cut(_SIGNS[relation], operand, result)
    return result


_SIGNS: dict[AnyFunction, str] = {
    operator.gt: "the comparison >", operator.ge: "the comparison >=", operator.lt: "the comparison <",
    operator.le: "the comparison <=", operator.eq: "the comparison ==", operator.ne: "the comparison !=",
}  # fmt: skip


def shown_value(x: Tensor) -> Numeric:
    """The array that is printed; while a step is compiled, that of the run that is recorded."""
    return getattr(x._value, "value", x._value)


def value_of(x: Operand) -> Numeric:
    """The array of a Tensor; anything else as it is."""
    return x._value if isinstance(x, Tensor) else x


def plain_index(index: AnyIndex) -> AnyIndex:
    """An index of its own: arrays in place of Tensors, and copies, since the user may change a mask."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    index = value_of(index)
    return (
        index.copy()
        if isinstance(index, _ndarray)
        else copy.deepcopy(index)
        if type(index) is list
        else index
    )
