"""Networks by the lectures' formulas (course 2): first weights, L2, dropout, mini-batches, and the layers.

A `Network` is nothing but operators, written once: its graph, names and pictures are those of the same lines
written out, and everything here takes a model of your own lines as well (`Model`).

Examples are columns: X is (n_0, m), Y is (n_L, m), or (m,) for class numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor, parameter, tensor, value_of
from tinygraph.errors import DtypeError, ShapeError
from tinygraph.guards.habits import NETWORK_HABITS, missing_text
from tinygraph.guards.modes import no_grad
from tinygraph.losses import binary_cross_entropy, softmax_cross_entropy
from tinygraph.rules import kernels as k

__all__ = ["Model", "Network", "batches", "count_examples", "dropout", "initialize", "l2_penalty"]

Parameters = Mapping[str, Tensor]
HIDDEN: dict[str, Callable[[Any], Any]] = {
    "relu": k.relu,
    "tanh": np.tanh,
    "sigmoid": k.sigmoid,
    "leaky_relu": k.leaky_relu,
    "elu": k.elu,
    "gelu": k.gelu,
    "softplus": k.softplus,
}
OUTPUTS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": k.sigmoid,
    "softmax": k.softmax,
    "linear": lambda Z: Z,
}


# First weights


def initialize(
    layer_dims: Sequence[int],
    method: str = "xavier",
    seed: int = 1,
    scale: float = 0.01,
    dtype: Any = np.float64,
) -> dict[str, Tensor]:
    """The parameters W1, b1, W2, ... of a network with `layer_dims` = [n_0, n_1, ..., n_L] units.

    b_l is 0, of shape (n_l, 1); W_l, of shape (n_l, n_(l-1)), is standard normal times

        "he"      sqrt(2 / n_(l-1))     for relu (He et al. 2015)
        "xavier"  sqrt(1 / n_(l-1))     for tanh and sigmoid, as the lectures give it (Glorot and Bengio 2010)
        "scaled"  scale                 the same for all layers
        "zeros"   0                     which never breaks the symmetry between units

    The generator is the course's, so a seed gives the course's own weights.

    Raises:
        ValueError: another method, or fewer than two layers, or a layer without units.

    >>> {name: p.shape for name, p in initialize([3, 2, 1], "he").items()}
    {'W1': (2, 3), 'b1': (2, 1), 'W2': (1, 2), 'b2': (1, 1)}
    """
    if not are_units(layer_dims):
        raise ValueError(f"layer_dims is {layer_dims}; expected units of two layers or more: [n_0, ..., n_L]")
    factor = choose_named(
        {
            "he": lambda n: np.sqrt(2 / n),
            "xavier": lambda n: np.sqrt(1 / n),
            "scaled": lambda n: scale,
            "zeros": lambda n: 0.0,
        },
        "method",
        method,
    )
    random, parameters = np.random.RandomState(seed), {}
    for layer, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        W = random.randn(n, n_prev) * factor(n_prev)
        parameters[f"W{layer}"] = parameter(W.astype(dtype), name=f"W{layer}")
        parameters[f"b{layer}"] = parameter(np.zeros((n, 1), dtype), name=f"b{layer}")
    return parameters


def are_units(layer_dims: Any) -> bool:
    """Whether these are the units of two layers or more."""
    try:
        return len(layer_dims) > 1 and all(operator.index(n) > 0 for n in layer_dims)
    except TypeError:
        return False


def choose_named(choices: Mapping[str, Any], what: str, name: str) -> Any:
    """What a name stands for, or a ValueError that lists the names there are."""
    if not isinstance(name, str) or name not in choices:
        raise ValueError(f"{what} is {name!r}; expected {', '.join(map(repr, choices))}")
    return choices[name]


# Regularisation


def l2_penalty(parameters: Parameters, l2: float, m: int) -> Any:
    """l2 / (2 m) times the sum of the squares of all weights, the lectures' penalty; biases are left out.

    Weights are the parameters whose names begin with W.

    Raises:
        ValueError: there are none.

    >>> float(l2_penalty(initialize([2, 2], "scaled"), 0.0, 5).value)
    0.0
    """
    squares = [np.sum(np.square(W)) for name, W in parameters.items() if name.startswith("W")]
    if not squares:
        raise ValueError(
            f"L2 is of weights, whose names begin with W; here is {', '.join(parameters) or 'none'}"
        )
    return l2 / (2 * m) * sum(squares[1:], squares[0])


def dropout(A: Any, D: Any, keep_prob: float) -> Any:
    """A * D / keep_prob: the units that the mask D drops are 0, the others larger, so that the mean stays.

    Inverted dropout, as the lectures give it. D has the shape of A and is True where a unit is kept; draw it
    outside of a step that is compiled, and give it to the step as an argument: `random.random(A.shape) <
    keep_prob`.

    >>> dropout(np.array([[1.0, 2.0]]), np.array([[True, False]]), 0.5)
    array([[2., 0.]])
    """
    return A * D / keep_prob


# Mini-batches


def batches(X: Any, Y: Any, size: int, random: np.random.Generator) -> Iterator[tuple[Any, Any]]:
    """All examples once, in random order, `size` at a time; the last batch holds those that are left.

    Args:
        X, Y: arrays whose last axis is that of the examples.
        size: how many examples make a batch, 1 or more.
        random: decides the order; the same generator, freshly seeded, gives the same batches.

    Raises:
        ShapeError: X and Y have different numbers of examples, or none.
        ValueError: the size is below 1.

    >>> X, Y = np.arange(5)[np.newaxis], np.arange(5)
    >>> [y.size for x, y in batches(X, Y, 2, np.random.default_rng(1))]
    [2, 2, 1]
    """
    m = count_examples(X, Y)
    if size < 1:
        raise ValueError(f"a batch holds 1 example or more, not {size}")
    order = random.permutation(m)
    for start in range(0, m, size):
        some = order[start : start + size]
        yield np.take(X, some, axis=-1), np.take(Y, some, axis=-1)


def count_examples(X: Any, Y: Any) -> int:
    """m, once X and Y agree on it and there is an example."""
    if not X.shape or not Y.shape or X.shape[-1] == 0:
        raise ShapeError(f"examples are columns, one or more; X is {X.shape} and Y {Y.shape}")
    if X.shape[-1] != Y.shape[-1]:
        raise ShapeError(
            f"examples are columns: X {X.shape} has {X.shape[-1]} of them, but Y {Y.shape} has {Y.shape[-1]}"
        )
    return int(X.shape[-1])


def check_finite(name: str, x: Any) -> None:
    """Raise a DtypeError for what is no number, a ValueError for nan and inf."""
    if x.dtype.kind not in "biuf":
        raise DtypeError(f"{name} is {x.dtype}; examples are booleans, integers or floats")
    finite = np.isfinite(x)
    if not np.all(finite):
        where = np.unravel_index(int(np.argmin(finite)), x.shape)
        raise ValueError(f"{name} has {x[where]} at [{', '.join(map(str, where))}]; fill such entries in")


def name_leaf(array: Any, name: str) -> Tensor:
    """The array as a leaf that pictures call by this name, unless it is one."""
    return array if isinstance(array, Tensor) else tensor(array, name=name)


# Models


class Model:
    """What `tg.fit` trains: parameters, a cost written with them, and the output that is graded.

    Args:
        parameters: by name; they are changed in place.
        cost: `cost(X, Y)` -> J.
        output: `output(X)` -> A, probabilities of (1, m) or (classes, m); without it there is no accuracy.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[2.0]], name="W1")
    >>> model = Model({"W1": W1}, lambda X, Y: tg.mse(W1 @ X, Y), lambda X: tg.sigmoid(W1 @ X))
    >>> model.accuracy(np.array([[3.0, -3.0]]), np.array([[1, 1]]))
    0.5
    """

    keep_prob = 1.0

    def __init__(
        self,
        parameters: Parameters,
        cost: Callable[..., Any] | None = None,
        output: Callable[[Any], Any] | None = None,
    ) -> None:
        self.parameters = dict(parameters)
        self._cost = cost
        self._output = output

    def cost(self, X: Any, Y: Any, *masks: Any) -> Any:
        """J of these examples, to be derived by; `masks` are what `draw_masks` gave."""
        if self._cost is None:
            raise NotImplementedError("a model needs a cost: Model(parameters, cost)")
        return self._cost(X, Y, *masks)

    def __call__(self, X: Any) -> Any:
        """The output for these examples."""
        if self._output is None:
            raise ValueError("this model has a cost and no output: Model(parameters, cost, output)")
        return self._output(X)

    @property
    def classifies(self) -> bool:
        """Whether accuracy can be measured."""
        return self._output is not None

    def check(self, X: Any, Y: Any) -> None:
        """Refuse examples that cannot be learned from, before anything is changed.

        Raises:
            ShapeError: X and Y have different numbers of examples, or none.
        """
        count_examples(X, Y)

    def predict(self, X: Any) -> Any:
        """The classes of these examples: (m,) numbers for several output units, else (1, m) of 0 and 1."""
        with no_grad():
            A = value_of(self(X))
        return np.argmax(A, axis=0) if len(A) > 1 else (A > 0.5).astype(int)

    def accuracy(self, X: Any, Y: Any) -> float:
        """The share of the examples whose class is predicted.

        Raises:
            ShapeError: the labels are none of (1, m) for one output unit, (classes, m) for several, and (m,).
        """
        found, Y = self.predict(X), np.asanyarray(value_of(Y))
        columns = found.ndim == 1 and Y.ndim == 2 and len(Y) > 1
        if Y.shape not in (found.shape, found.shape[-1:]) and not (columns and Y.shape[1:] == found.shape):
            raise ShapeError(f"labels {Y.shape} are not of the predictions, which are {found.shape}")
        return float(np.mean(found == (np.argmax(Y, axis=0) if columns else Y)))

    def draw_masks(self, m: int, random: np.random.Generator) -> tuple[Any, ...]:
        """The random arrays of a step over m examples: none, unless there is dropout."""
        return ()

    def __repr__(self) -> str:
        return f"Model({', '.join(f'{name} {p.shape}' for name, p in self.parameters.items())})"


class Network(Model):
    """The lectures' network: Z = W @ A + b and A = g(Z), layer by layer, and the cost that suits its output.

        sigmoid   cross-entropy of labels 0 and 1, Y of (n_L, m)
        softmax   cross-entropy of classes, Y of (m,) numbers or (n_L, m) of ones and zeros
        linear    half the squared error, summed over units, mean over examples

    Args:
        layer_dims: units by layer, the inputs first.
        hidden: relu, tanh, sigmoid, leaky_relu, elu, gelu or softplus.
        output: sigmoid, softmax or linear.
        method, seed, scale, dtype: of the first weights, see `initialize`; "he" for relu and its kind,
            "xavier" for others, if omitted.
        l2: the lectures' lambda.
        keep_prob: the share of hidden units that dropout keeps at each step.

    Raises:
        ValueError: one of these is not what is expected.

    >>> network = Network([3, 4, 1], hidden="tanh")
    >>> network
    Network(3 → 4 → 1, tanh, sigmoid)
    >>> J = network.cost(np.ones((3, 5)), np.ones((1, 5)))
    >>> list(J.backward().chain())
    ['dA2', 'dZ2', 'dW2', 'db2', 'dA1', 'dZ1', 'dW1', 'db1']
    """

    def __init__(
        self,
        layer_dims: Sequence[int],
        hidden: str = "relu",
        output: str = "sigmoid",
        *,
        method: str | None = None,
        seed: int = 1,
        scale: float = 0.01,
        dtype: Any = np.float64,
        l2: float = 0.0,
        keep_prob: float = 1.0,
    ) -> None:
        self.hidden, self.output = hidden, output
        self.activation = choose_named(HIDDEN, "hidden", hidden)
        self.last = choose_named(OUTPUTS, "output", output)
        if not (0 < keep_prob <= 1 and 0 <= l2 < float("inf")):
            raise ValueError(f"keep_prob lies in (0, 1] and l2 is not negative; got {keep_prob} and {l2}")
        self.l2, self.keep_prob = l2, keep_prob
        method = method or ("xavier" if hidden in ("tanh", "sigmoid") else "he")
        super().__init__(initialize(layer_dims, method, seed, scale, dtype))
        self.layer_dims = [int(n) for n in layer_dims]

    def logits(self, X: Any, *masks: Any) -> Any:
        """Z of the last layer."""
        A, L = name_leaf(X, "X"), len(self.layer_dims) - 1
        for layer in range(1, L):
            A = self.activation(self.linear(layer, A))
            if masks:
                A = dropout(A, name_leaf(masks[layer - 1], f"D{layer}"), self.keep_prob)
        return self.linear(L, A)

    def linear(self, layer: int, A: Any) -> Any:
        """Z = W @ A + b."""
        return self.parameters[f"W{layer}"] @ A + self.parameters[f"b{layer}"]

    def __call__(self, X: Any) -> Any:
        return self.last(self.logits(X))

    def loss(self, X: Any, Y: Any, *masks: Any) -> Any:
        """The cost without the penalty: a mean over the examples."""
        Z = self.logits(X, *masks)
        if self.output == "softmax":
            return softmax_cross_entropy(Z, Y, axis=0)
        Y = name_leaf(Y, "Y")
        if self.output == "sigmoid":
            return binary_cross_entropy(self.last(Z), Y, axis=0)
        return np.sum(np.square(Z - Y)) / (2 * X.shape[-1])

    def penalty(self, m: int) -> Any:
        """What L2 adds to the cost of m examples."""
        return l2_penalty(self.parameters, self.l2, m) if self.l2 else 0.0

    def cost(self, X: Any, Y: Any, *masks: Any) -> Any:
        """J, with the penalty of L2, and with dropout where masks are given."""
        loss = self.loss(X, Y, *masks)
        return loss + self.penalty(X.shape[-1]) if self.l2 else loss

    def check(self, X: Any, Y: Any) -> None:
        """Refuse examples that cannot be learned from, before anything is changed.

        Raises:
            ShapeError: X and Y have different numbers of examples, or none; or X is not (n_0, m).
            DtypeError: they are not numbers.
            ValueError: nan or inf among them, or labels of a sigmoid that are not between 0 and 1.
        """
        super().check(X, Y)
        check_finite("X", X)
        check_finite("Y", Y)
        if X.shape[:-1] != (self.layer_dims[0],):
            raise ShapeError(f"X is {X.shape}; {self} takes ({self.layer_dims[0]}, m), examples are columns")
        if self.output == "sigmoid" and (np.min(Y) < 0 or np.max(Y) > 1):
            raise ValueError(
                f"labels of a sigmoid lie between 0 and 1, but Y reaches from {np.min(Y)} to {np.max(Y)}"
            )

    @property
    def classifies(self) -> bool:
        """Whether the output is probabilities of classes."""
        return self.output != "linear"

    def draw_masks(self, m: int, random: np.random.Generator) -> tuple[Any, ...]:
        """A mask of (n_l, m) for each hidden layer: True where a unit is kept."""
        if self.keep_prob == 1:
            return ()
        return tuple(random.random((n, m)) < self.keep_prob for n in self.layer_dims[1:-1])

    def __repr__(self) -> str:
        l2 = f", l2={self.l2}" if self.l2 else ""
        dropout = f", keep_prob={self.keep_prob}" if self.keep_prob < 1 else ""
        return f"Network({' → '.join(map(str, self.layer_dims))}, {self.hidden}, {self.output}{l2}{dropout})"


def __getattr__(name: str) -> Any:
    raise AttributeError(missing_text("module 'tinygraph.nn'", name, NETWORK_HABITS))
