"""A recorded graph in the ONNX format, which other programs run and Netron draws.

`FORMS` has what rows of the table are in ONNX's operators, written like a formula: `g.Add(x, y)` puts a node
into the graph and gives the name of its result. A row without a form is not exported, and says so.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.engine.sweep import ancestors_of, recorded_order
from tinygraph.engine.tensor import Tensor
from tinygraph.errors import GraphError, UnknownOperationError
from tinygraph.extras import needed_package
from tinygraph.files import save_bytes
from tinygraph.graph.naming import GraphNames, name_graph
from tinygraph.graph.why import tensors_alive
from tinygraph.guards.cuts import is_operand, known_cuts
from tinygraph.guards.faults import tell_briefly
from tinygraph.guards.stories import place_of, recorded_call
from tinygraph.notation.places import place_text
from tinygraph.rules import kernels as k
from tinygraph.rules.shapes import count, reduced_axes
from tinygraph.rules.subscripts import explicit_subscripts

__all__ = ["FORMS", "to_onnx"]

OPSET, IR = 18, 9  # of 2022 and 2023: what runs nearly everywhere
# Which some versions run on float32 alone.
ALSO_SINGLE = frozenset(
    "Acos Acosh Asin Asinh Atan Atanh Cos Cosh Det Elu LeakyRelu Sinh Tan".split()  # noqa: SIM905
)
FORMS: dict[Callable[..., Any], Callable[..., str]] = {}


@tell_briefly
def to_onnx(output: Tensor, path: str | Path, *, any_m: bool = False) -> None:
    """Write the graph of `output` (J, or A3 to predict with) as an ONNX model.

    Tensors of data, such as `tg.tensor(X, name="X")`, become the model's inputs, parameters its weights, and
        arrays constants. Results keep their names: Z1, A1, ..., and J for an output that has none.

    Args:
        output: a recorded Tensor.
        path: where to write, whole or not at all; commonly `.onnx`.
        any_m: let the last axis of the inputs, that of the examples, have any length.

    Raises:
        TypeError: the output is no Tensor.
        GraphError: nothing was recorded; an operand was computed from an input outside of the graph, as the
            mask Z > 0 is; or with `any_m`, an operation whose form depends on m.
        UnknownOperationError: an operation without a form in ONNX.
        UserFileError: the file cannot be written.
        MissingPackageError: onnx is not installed: `pip install "tinygraph[onnx]"`.

    >>> import tempfile
    >>> import tinygraph as tg
    >>> network = tg.nn.Network([3, 4, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(network(np.ones((3, 5))), f"{folder}/net.onnx", any_m=True)
    """
    model = OnnxGraph(any_m).model(output)
    package().checker.check_model(model, full_check=True)
    save_bytes(path, model.SerializeToString())


def package() -> Any:
    """The package onnx."""
    with needed_package("an ONNX model needs", "onnx"):
        import onnx
    return onnx


def refuse_frozen(order: Sequence[Tensor]) -> None:
    """GraphError for an operand that was computed from inputs of the model, outside of the graph."""
    able = [z for z in order if not all(isinstance(x, Tensor) for x in z.inputs)]
    cuts = known_cuts(tensors_alive(), data=True) if able else []
    for z in able:
        for cut in cuts:
            if is_operand(cut, z, deep=True) and (cut.tensor is None or is_from_data(cut.tensor)):
                raise GraphError(
                    f"{recorded_call(z)[0]} ({place_of(z)}) uses what {cut.how} "
                    f"({place_text(cut.file, cut.line)}) "
                    "took out of the graph: an array made for this X, which the model would use for "
                    "every other. "
                    "Write it with operations that are recorded: tg.relu, np.maximum, np.clip, np.abs"
                )


def is_from_data(x: Tensor) -> bool:
    """Whether a Tensor of data went into x, or is x: what becomes an input of the model."""
    return any(t.op is None and not t.wants for t in ancestors_of(x, wanted=False))


class Value(str):
    """The name of a value in the model, and the array that it had when it was recorded."""

    array: Any

    def __new__(cls, name: str, array: Any) -> Value:
        value = super().__new__(cls, name)
        value.array = array
        return value


class OnnxGraph:
    """An ONNX graph while it is built. `g.Add(x, y, **attributes)` adds a node of that operator."""

    def __init__(self, any_m: bool) -> None:
        self.any_m = any_m
        self.onnx = package()
        self.nodes: list[Any] = []
        self.inputs: list[Any] = []
        self.weights: list[Any] = []
        self.known: dict[Any, Value] = {}
        self.dtype: Any = None  # of the operation in hand, which its numbers take
        self.here = ""
        self.taken: set[str] = set()  # names in use

    def model(self, output: Tensor) -> Any:
        """The model that computes `output`."""
        if not isinstance(output, Tensor):
            raise TypeError(
                f"a recorded Tensor is exported, such as J or network(X), not a {type(output).__name__}"
            )
        order = recorded_order(output)
        if not order:
            raise GraphError("this tensor was not made by an operation, so there is no graph to export")
        refuse_frozen(order)
        names = name_graph(order, [output])
        self.taken = set(names.values())
        for t in order:
            self.known[t] = Value(self.put(t, names), t.value)
        helper = self.onnx.helper
        result = self.describe_array(self.known[output], output.value)
        result.type.tensor_type.ClearField("shape")  # which is inferred, as those between
        graph = helper.make_graph(self.nodes, "tinygraph", self.inputs, [result], self.weights)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, producer_name="tinygraph", opset_imports=opset, ir_version=IR)
        return self.onnx.shape_inference.infer_shapes(model, strict_mode=True)

    def put(self, t: Tensor, names: GraphNames) -> str:
        """The nodes of one recorded call; its result, by its name."""
        op: Any = t.op
        if op.function not in FORMS:
            raise UnknownOperationError(f"{op.name} has no form in ONNX, so this graph cannot be exported")
        self.dtype, self.here = t.dtype, op.name
        inputs = [self.value(x, names) for x in t.inputs]
        node: Any = t.node
        result = FORMS[op.function](self, *inputs, **node.settings)
        made = self.nodes[-1]
        if names.get(t) and made.output[0] == result:
            made.output[0] = made.name = result = names[t]
        made.doc_string = recorded_call(t)[0]
        return result

    def value(self, x: Any, names: GraphNames) -> Any:
        """What an operation was given: a result, an input of the model, a weight or a constant."""
        if x is None or isinstance(x, int | float):
            return x
        if not isinstance(x, Tensor):
            return self.constant(np.asarray(x))
        if x in self.known:
            return self.known[x]
        name = names.get(x) or self.fresh("x", len(self.inputs))
        if x.is_parameter:
            self.weights.append(self.onnx.numpy_helper.from_array(np.array(x.value, order="C"), name))
        else:
            self.inputs.append(self.describe_array(name, x.value))
        self.known[x] = Value(name, x.value)
        return self.known[x]

    def fresh(self, kind: str, number: int) -> str:
        """A name that nothing else has."""
        while f"{kind}{number}" in self.taken:
            number += 1
        self.taken.add(f"{kind}{number}")
        return f"{kind}{number}"

    def describe_array(self, name: str, array: Any) -> Any:
        """The type of an input or output."""
        shape: list[Any] = list(array.shape)
        if self.any_m and shape:
            shape[-1] = "m"
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(array.dtype.newbyteorder("="))
        return self.onnx.helper.make_tensor_value_info(name, kind, shape)

    # What forms are written with

    def __getattr__(self, kind: str) -> Callable[..., str]:
        return functools.partial(self.add, kind)

    def add(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        """A node; plain numbers among its inputs become constants of the dtype in hand."""
        double = kind in ALSO_SINGLE and self.dtype == np.float64
        if double:
            inputs = tuple(self.cast(x, np.float32) for x in inputs)
        given = [x if isinstance(x, str) else self.constant(np.asarray(x, self.dtype)) for x in inputs]
        result = self.fresh(f"{kind.lower()}_", len(self.nodes))
        self.nodes.append(self.onnx.helper.make_node(kind, given, [result], **attributes))
        return self.cast(result, np.float64) if double else result

    def constant(self, array: Any) -> Value:
        name = self.fresh("constant_", len(self.weights))
        self.weights.append(self.onnx.numpy_helper.from_array(np.array(array, order="C"), name))
        return Value(name, array)

    def integers(self, *numbers: Any) -> Value:
        """Positions or lengths, as an array."""
        return self.constant(np.array(numbers, np.int64).reshape(len(numbers)))

    def cast(self, x: str, dtype: Any) -> str:
        return self.add("Cast", x, to=self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def alike(self, x: Any) -> Any:
        """x in the dtype in hand: NumPy mixes dtypes, ONNX does not."""
        other = isinstance(x, Value) and x.array.dtype != self.dtype
        return self.cast(x, self.dtype) if other else x

    def shape(self, x: Any) -> tuple[int, ...]:
        """The shape of an input, on which the form then depends."""
        if self.any_m:
            raise GraphError(
                f"the form of {self.here} in ONNX depends on m, the number of examples, so it cannot be left "
                "open; export the output of the network rather than its cost, or leave any_m out"
            )
        return tuple(np.shape(x.array))

    def reduce(self, kind: str, x: Any, axis: Any, keepdims: bool, ndim: int) -> str:
        """A reduction over some axes, all if None; over none it leaves everything as it is."""
        axes = reduced_axes(axis, ndim) if ndim else ()
        if not axes:
            return self.Identity(x)
        return self.add(kind, x, self.integers(*axes), keepdims=int(keepdims))


def form(*functions: Callable[..., Any]) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Put a form into the table of them."""

    def put(write: Callable[..., str]) -> Callable[..., str]:
        for function in functions:
            FORMS[function] = write
        return write

    return put


def elementwise(function: Callable[..., Any], write: Callable[..., str]) -> None:
    """A form whose inputs all have the dtype of the result."""
    FORMS[function] = lambda g, *xs, **settings: write(g, *map(g.alike, xs), **settings)


# Arithmetic and functions of one variable


def softplus_of(g: OnnxGraph, x: Any) -> str:
    """log(1 + exp(x)), stable: max(x, 0) + log(1 + exp(-|x|))."""
    return g.Add(g.Max(x, 0), g.Log(g.Add(g.Exp(g.Neg(g.Abs(x))), 1)))


def gelu(g: OnnxGraph, x: Any) -> str:
    inner = g.Mul(g.Add(x, g.Mul(0.044715, g.Mul(x, g.Mul(x, x)))), k.GELU_SCALE)
    return g.Mul(g.Mul(0.5, x), g.Add(1, g.Tanh(inner)))


# fmt: off
elementwise(np.add,        lambda g, x, y: g.Add(x, y))
elementwise(np.subtract,   lambda g, x, y: g.Sub(x, y))
elementwise(np.multiply,   lambda g, x, y: g.Mul(x, y))
elementwise(np.divide,     lambda g, x, y: g.Div(x, y))
elementwise(np.power,      lambda g, x, y: g.Pow(x, y))
elementwise(np.negative,   lambda g, x: g.Neg(x))
elementwise(np.positive,   lambda g, x: g.Identity(x))
elementwise(np.square,     lambda g, x: g.Mul(x, x))
elementwise(np.reciprocal, lambda g, x: g.Reciprocal(x))
elementwise(np.absolute,   lambda g, x: g.Abs(x))
elementwise(np.exp,        lambda g, x: g.Exp(x))
elementwise(np.expm1,      lambda g, x: g.Sub(g.Exp(x), 1))
elementwise(np.log,        lambda g, x: g.Log(x))
elementwise(np.log1p,      lambda g, x: g.Log(g.Add(1, x)))
elementwise(np.sqrt,       lambda g, x: g.Sqrt(x))
elementwise(np.sin,        lambda g, x: g.Sin(x))
elementwise(np.cos,        lambda g, x: g.Cos(x))
elementwise(np.arctan,     lambda g, x: g.Atan(x))
elementwise(np.tanh,       lambda g, x: g.Tanh(x))
elementwise(k.sigmoid,     lambda g, x: g.Sigmoid(x))
elementwise(k.relu,        lambda g, x: g.Relu(x))
elementwise(k.leaky_relu,  lambda g, x, slope=0.01: g.LeakyRelu(x, alpha=float(slope)))
elementwise(k.elu,         lambda g, x, alpha=1.0: g.Elu(x, alpha=float(alpha)))
elementwise(k.softplus,    softplus_of)
elementwise(k.gelu,        gelu)
elementwise(k.softmax,     lambda g, x, axis=0: g.Softmax(x, axis=axis))
elementwise(k.log_softmax, lambda g, x, axis=0: g.LogSoftmax(x, axis=axis))
elementwise(np.maximum,    lambda g, x, y: g.Max(x, y))
elementwise(np.minimum,    lambda g, x, y: g.Min(x, y))
elementwise(np.logaddexp,  lambda g, x, y: g.Add(y, softplus_of(g, g.Sub(x, y))))
elementwise(np.matmul,     lambda g, x, y: g.MatMul(x, y))
elementwise(np.exp2,       lambda g, x: g.Exp(g.Mul(x, math.log(2))))
elementwise(np.log2,       lambda g, x: g.Div(g.Log(x), math.log(2)))
elementwise(np.log10,      lambda g, x: g.Div(g.Log(x), math.log(10)))
elementwise(np.degrees,    lambda g, x: g.Mul(x, 180 / math.pi))
elementwise(np.radians,    lambda g, x: g.Mul(x, math.pi / 180))
elementwise(np.hypot,      lambda g, x, y: g.Sqrt(g.Add(g.Mul(x, x), g.Mul(y, y))))
elementwise(np.fmod,       lambda g, x, y: g.Mod(x, y, fmod=1))
elementwise(np.mod,        lambda g, x, y: g.Sub(x, g.Mul(y, g.Floor(g.Div(x, y)))))
elementwise(np.tan,        lambda g, x: g.Tan(x))
elementwise(np.arcsin,     lambda g, x: g.Asin(x))
elementwise(np.arccos,     lambda g, x: g.Acos(x))
elementwise(np.sinh,       lambda g, x: g.Sinh(x))
elementwise(np.cosh,       lambda g, x: g.Cosh(x))
elementwise(np.arcsinh,    lambda g, x: g.Asinh(x))
elementwise(np.arccosh,    lambda g, x: g.Acosh(x))
elementwise(np.arctanh,    lambda g, x: g.Atanh(x))
elementwise(np.linalg.det, lambda g, x: g.Det(x))
# fmt: on


@form(k.cast_to)
def cast_to(g: OnnxGraph, x: Any, dtype: Any) -> str:
    return g.cast(x, dtype)


@form(np.where)
def where(g: OnnxGraph, c: Any, x: Any, y: Any) -> str:
    return g.Where(g.cast(c, bool), g.alike(x), g.alike(y))


@form(np.clip)
def clip(g: OnnxGraph, x: Any, low: Any, high: Any) -> str:
    x = g.alike(x) if low is None else g.Max(g.alike(x), g.alike(low))
    return g.Identity(x) if high is None else g.Min(x, g.alike(high))


# Reductions


def reduction(function: Callable[..., Any], kind: str) -> None:
    def write(g: OnnxGraph, x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> str:
        return g.reduce(kind, g.alike(x), axis, keepdims, x.array.ndim)

    FORMS[function] = write


reduction(np.sum, "ReduceSum")
reduction(np.mean, "ReduceMean")
reduction(np.max, "ReduceMax")
reduction(np.min, "ReduceMin")
reduction(np.prod, "ReduceProd")


@form(k.logsumexp)
def logsumexp(g: OnnxGraph, x: Any, axis: Any = None, keepdims: bool = False) -> str:
    return g.reduce("ReduceLogSumExp", g.alike(x), axis, keepdims, x.array.ndim)


@form(np.linalg.norm)
def norm(g: OnnxGraph, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> str:
    ndim, x = x.array.ndim, g.alike(x)
    return g.Sqrt(g.reduce("ReduceSum", g.Mul(x, x), axis, keepdims, ndim))


@form(np.var)
def var(
    g: OnnxGraph, x: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False
) -> str:
    ndim, x = x.array.ndim, Value(g.alike(x), x.array)
    centred = g.Sub(x, g.reduce("ReduceMean", x, axis, True, ndim))
    mean = g.reduce("ReduceMean", g.Mul(centred, centred), axis, keepdims, ndim)
    n = count(g.shape(x), axis) if ddof else 1
    return g.Mul(mean, n / (n - ddof)) if ddof else mean


@form(np.std)
def std(g: OnnxGraph, x: Any, **settings: Any) -> str:
    return g.Sqrt(var(g, x, **settings))


@form(np.cumsum)
def cumsum(g: OnnxGraph, x: Any, axis: int | None = None, dtype: Any = None) -> str:
    alone = axis is None or x.array.ndim == 0
    flat = g.Reshape(g.alike(x), g.integers(-1)) if alone else g.alike(x)
    return g.CumSum(flat, g.constant(np.array(axis or 0, np.int64)))


# Shapes


@form(np.reshape)
def reshape(g: OnnxGraph, x: Any, shape: Any) -> str:
    return g.Reshape(x, g.integers(*np.reshape(np.empty(g.shape(x)), shape).shape))


@form(np.ravel)
def ravel(g: OnnxGraph, x: Any) -> str:
    return g.Reshape(x, g.integers(-1))


@form(np.transpose)
def transpose(g: OnnxGraph, x: Any, axes: Any = None) -> str:
    ndim = x.array.ndim
    perm = [a % ndim for a in axes or range(ndim - 1, -1, -1)]
    return g.Transpose(x, perm=perm) if ndim else g.Identity(x)


@form(np.swapaxes)
def swapaxes(g: OnnxGraph, x: Any, axis1: int, axis2: int) -> str:
    axes = list(range(x.array.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return g.Transpose(x, perm=axes)


@form(np.flip)
def flip(g: OnnxGraph, x: Any, axis: Any = None) -> str:
    axes = reduced_axes(axis, x.array.ndim)
    n = len(axes)
    ends = g.integers(*[-1] * n), g.integers(*[np.iinfo(np.int64).min] * n)
    return g.Slice(x, *ends, g.integers(*axes), g.integers(*[-1] * n)) if n else g.Identity(x)


@form(np.expand_dims)
def expand_dims(g: OnnxGraph, x: Any, axis: Any) -> str:
    return g.Unsqueeze(x, g.integers(*np.ravel(axis)))


@form(np.squeeze)
def squeeze(g: OnnxGraph, x: Any, axis: Any = None) -> str:
    axes = [i for i, n in enumerate(g.shape(x)) if n == 1] if axis is None else np.ravel(axis)
    return g.Squeeze(x, g.integers(*axes)) if len(axes) else g.Identity(x)


@form(np.broadcast_to)
def broadcast_to(g: OnnxGraph, x: Any, shape: Any) -> str:
    g.shape(x)
    return g.Expand(x, g.integers(*np.ravel(shape)))


@form(np.concatenate)
def concatenate(g: OnnxGraph, *xs: Any, axis: int | None = 0) -> str:
    parts = [g.alike(x) if axis is not None else g.Reshape(g.alike(x), g.integers(-1)) for x in xs]
    return g.Concat(*parts, axis=axis or 0)


@form(np.stack)
def stack(g: OnnxGraph, *xs: Any, axis: int = 0) -> str:
    return g.Concat(*[g.Unsqueeze(g.alike(x), g.integers(axis)) for x in xs], axis=axis)


def number_entries(shape: tuple[int, ...]) -> Any:
    """The entries of an array of this shape, numbered in order."""
    return np.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def take_places(g: OnnxGraph, x: Any, places: Any) -> str:
    """The entries of x with these numbers."""
    return g.Gather(g.Reshape(x, g.integers(-1)), g.constant(np.asarray(places)))


@form(operator.getitem)
def getitem(g: OnnxGraph, x: Any, index: Any) -> str:
    return take_places(g, x, number_entries(g.shape(x))[index])


def rearrangement(function: Callable[..., Any]) -> None:
    """A form for what puts entries elsewhere: it takes them by their numbers."""

    def write(g: OnnxGraph, x: Any, **settings: Any) -> str:
        return take_places(g, x, function(number_entries(g.shape(x)), **settings))

    FORMS[function] = write


rearrangement(np.moveaxis)
rearrangement(np.roll)
rearrangement(np.rot90)
rearrangement(np.tile)


@form(k.scatter)
def scatter(g: OnnxGraph, x: Any, shape: Any, index: Any) -> str:
    g.shape(x)
    places = g.constant(np.ravel(number_entries(tuple(shape))[index]))
    zeros = g.constant(np.zeros(math.prod(shape), g.dtype))
    flat = g.ScatterElements(zeros, places, g.Reshape(x, g.integers(-1)), axis=0, reduction="add")
    return g.Reshape(flat, g.integers(*shape))


@form(np.take)
def take(g: OnnxGraph, x: Any, indices: Any, axis: int | None = None) -> str:
    flat = axis is None or x.array.ndim == 0
    source = g.Reshape(x, g.integers(-1)) if flat else x
    return g.Gather(source, g.constant(np.asarray(indices, np.int64)), axis=0 if flat else axis)


# Products


@form(np.dot)
def dot(g: OnnxGraph, x: Any, y: Any) -> str:
    a, b = (v.array if isinstance(v, Value) else np.asarray(v) for v in (x, y))
    if a.ndim == 0 or b.ndim == 0:
        return g.Mul(g.alike(x), g.alike(y))
    if a.ndim <= 2 and b.ndim <= 2:
        return g.MatMul(g.alike(x), g.alike(y))
    left, right = "abcdefgh"[: a.ndim - 1], "ijklmnop"[: b.ndim - 1]
    equation = f"{left}z,{right[:-1]}z{right[-1:]}->{left}{right}"
    return g.Einsum(g.alike(x), g.alike(y), equation=equation)


@form(np.outer)
def outer(g: OnnxGraph, x: Any, y: Any) -> str:
    column, row = g.Reshape(g.alike(x), g.integers(-1, 1)), g.Reshape(g.alike(y), g.integers(1, -1))
    return g.Mul(column, row)


@form(np.einsum)
def einsum(g: OnnxGraph, *xs: Any, subscripts: str, optimize: Any = False) -> str:
    terms, result = explicit_subscripts(subscripts, [x.array.ndim for x in xs])
    lengths = [dict(zip(term, np.shape(x.array), strict=True)) for term, x in zip(terms, xs, strict=True)]
    longest = {c: max(known.get(c, 1) for known in lengths) for known in lengths for c in known}
    parts = [
        g.alike(x)
        if all(known[c] == longest[c] for c in term)
        else g.Expand(g.alike(x), g.integers(*[longest[c] for c in term]))
        for term, x, known in zip(terms, xs, lengths, strict=True)
    ]
    return g.Einsum(*parts, equation=f"{','.join(terms)}->{result}")


# Costs


def mean_of_losses(g: OnnxGraph, losses: str, m: int) -> str:
    return g.Div(g.ReduceSum(losses, keepdims=0), m)


def xlogy(g: OnnxGraph, x: Any, y: Any) -> str:
    """x log y, and 0 where x is 0."""
    zero = g.Equal(x, 0)
    return g.Where(zero, 0, g.Mul(x, g.Log(g.Where(zero, 1, y))))


@form(k.probability_cross_entropy)
def probability_cross_entropy(g: OnnxGraph, a: Any, y: Any, axis: int = 0) -> str:
    m, a, y = k.examples_along(np.empty(g.shape(a)), axis), g.alike(a), g.alike(y)
    return g.Neg(mean_of_losses(g, g.Add(xlogy(g, y, a), xlogy(g, g.Sub(1, y), g.Sub(1, a))), m))


@form(k.sigmoid_cross_entropy)
def sigmoid_cross_entropy(g: OnnxGraph, a: Any, y: Any, z: Any, axis: int = 0) -> str:
    m, y, z = k.examples_along(np.empty(g.shape(a)), axis), g.alike(y), g.alike(z)
    return mean_of_losses(g, g.Sub(softplus_of(g, z), g.Mul(y, z)), m)


@form(k.softmax_cross_entropy)
def softmax_cross_entropy(g: OnnxGraph, a: Any, y: Any, z: Any, axis: int = 0) -> str:
    shape = g.shape(a)
    losses = g.Mul(g.alike(y), g.LogSoftmax(g.alike(z), axis=axis))
    return g.Neg(mean_of_losses(g, losses, math.prod(shape) // shape[axis]))


@form(k.mse)
def mse(g: OnnxGraph, a: Any, y: Any) -> str:
    difference = g.Sub(g.alike(a), g.alike(y))
    return g.ReduceMean(g.Mul(difference, difference), keepdims=0)
