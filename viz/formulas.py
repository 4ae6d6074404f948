"""The formulas of layers and costs, both ways, in the lectures' notation and this graph's names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.graph.layers import Layer, carries_m, examples_of
from tinygraph.graph.naming import COSTS
from tinygraph.graph.reading import Call, Graph, Quantity
from tinygraph.notation.names import function_of, untransposed
from tinygraph.notation.text import clean_text, name_text
from tinygraph.rules import kernels as k

__all__ = ["Formula", "Writer"]

JACOBIANS = frozenset({k.softmax, k.log_softmax})
PRODUCTS_OF_MATRICES = frozenset({np.matmul, np.dot})


@dataclass(frozen=True, slots=True)
class Formula:
    """One line of the backward row: the derivative with respect to `of`, and what it reads."""

    of: Quantity
    text: str
    reads: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """`=`, or `+=` where other contributions are added."""
        return "+=" if self.of.arriving > 1 else "="


class Writer:
    """Writes the formulas of one graph; `course` leaves 1/m out of dA and dZ, as the lectures do.

    `aliases` are names used in formulas instead of a tensor's own: A0 for X.
    """

    def __init__(self, graph: Graph, course: bool) -> None:
        self.quantities = {id(q.tensor): q for q in graph.quantities}
        self.course, self.m = course, examples_of(graph.order)
        self.aliases: dict[int, str] = {}

    @contextmanager
    def calling(self, aliases: dict[int, str]) -> Iterator[None]:
        """Use these names for a while."""
        before, self.aliases = self.aliases, self.aliases | aliases
        yield
        self.aliases = before

    def name(self, x: Any) -> str:
        """What formulas call a tensor, an array or a number."""
        q = self.quantities.get(id(x))
        if q is None:
            return clean_text(f"{x:.4g}" if isinstance(x, int | float) else str(x))
        return self.aliases.get(id(x)) or (name_text(q.name) if q.name else "·")

    def derivative(self, x: Any) -> str:
        """What formulas call the derivative with respect to `x`."""
        return f"d{self.name(x)}"

    def average(self, x: Any, text: str) -> str:
        """`text` over m, if the lectures average this derivative over the examples."""
        q = self.quantities[id(x)]
        return f"{text} / m" if self.course and not carries_m(x, q.name or "") else text

    # Forward

    def linear(self, layer: Layer) -> str:
        """Z₁ = W₁A₀ + b₁"""
        if layer.b is None:
            return f"{self.name(layer.Z)} = {Product(self, layer).forward}"
        parts = [self.name(x) if x is layer.b else Product(self, layer).forward for x in layer.Z.inputs]
        sign = "−" if function_of(layer.Z) is np.subtract else "+"
        return f"{self.name(layer.Z)} = {f' {sign} '.join(parts)}"

    def activation(self, layer: Layer) -> str:
        """A₁ = relu(Z₁)"""
        return (
            f"{self.name(layer.A)} = {layer.activation}({self.name(layer.Z)})" if layer.A is not None else ""
        )

    def cost(self, call: Call) -> str:
        """J = cross-entropy(A₃, Y)"""
        inputs = ", ".join(self.name(x.quantity.tensor) for x in call.inputs)
        return f"{self.name(call.result.tensor)} = {call.node.op.symbol}({inputs})"

    # Backward

    def layer_rules(self, layer: Layer) -> list[Formula]:
        """The derivatives of a layer, in the order of the sweep: dZ, dW, db, dA_prev."""
        product = Product(self, layer)
        rules = [] if layer.A is None else [self.activation_rule(layer)]
        return [
            *rules,
            product.rule(layer.W),
            *self.bias_rule(layer, product),
            *self.input_rule(layer, product),
        ]

    def activation_rule(self, layer: Layer) -> Formula:
        """dZ₁ = dA₁ ∗ relu′(Z₁); where g mixes entries, its matrix of derivatives is applied."""
        z, da = self.name(layer.Z), self.derivative(layer.A)
        slope = f"{layer.activation}′({z})"
        mixes = function_of(layer.A) in JACOBIANS
        return Formula(self.quantities[id(layer.Z)], f"{slope} · {da}" if mixes else f"{da} ∗ {slope}", (z,))

    def bias_rule(self, layer: Layer, product: Product) -> list[Formula]:
        """db₁ = Σ dZ₁ / m"""
        b = layer.b
        if not isinstance(b, Tensor) or not b.wants:
            return []
        minus = "−" if function_of(layer.Z) is np.subtract and layer.Z.inputs[1] is b else ""
        total = "Σ " if b.shape != layer.Z.shape else ""
        return [Formula(self.quantities[id(b)], self.average(b, f"{minus}{total}{product.dz}"))]

    def input_rule(self, layer: Layer, product: Product) -> list[Formula]:
        """dA₀ = W₁ᵀdZ₁, where it is wanted."""
        x = layer.A_prev
        return [product.rule(x)] if isinstance(x, Tensor) and x.wants and x is not layer.W else []

    def writes_cost(self, call: Call) -> bool:
        """Whether `call` is a cost whose dA has a formula here."""
        return call.node.op.function in COSTS and [x.position for x in call.inputs if x.wanted] == [0]

    def cost_rule(self, call: Call) -> Formula:
        """dA₃ = −Y/A₃ + (1−Y)/(1−A₃)"""
        a, y = (self.name(x) for x in call.node.inputs[:2])
        goes_on = bool(call.result.uses) or not call.result.is_output
        text = self.cost_slope(call, a, y, averaged=goes_on or not self.course)
        if goes_on:  # m is in its derivative already, if the lectures leave it out of dA
            text = f"{self.derivative(call.result.tensor)} ∗ {bracket_text(text)}"
        return Formula(call.inputs[0].quantity, text, (a, y))

    def cost_slope(self, call: Call, a: str, y: str, averaged: bool) -> str:
        """The derivative of a cost with respect to its first input, with the 1/m of its mean or without."""
        function, cache = call.node.op.function, call.node.cache
        if function is k.mse:
            return scale_text(
                f"{a} − {y}", np.subtract(cache[0], cache[1]).size / (1 if averaged else self.m)
            )
        text = f"−{y}/{a}"
        if function is not k.softmax_cross_entropy:
            text += f" + (1−{y})/(1−{a})"
        return f"{bracket_text(text)} / m" if averaged else text


def bracket_text(text: str) -> str:
    """Text in brackets, unless it begins with one.

    >>> bracket_text("A − Y"), bracket_text("2(A − Y)"), bracket_text("−Y/A")
    ('(A − Y)', '2(A − Y)', '(−Y/A)')
    """
    return text if text.startswith(("(", "2(")) else f"({text})"


def scale_text(text: str, units: float) -> str:
    """2(text) / units, as short as it can be written.

    >>> scale_text("A − Y", 1), scale_text("A − Y", 2), scale_text("A − Y", 40)
    ('2(A − Y)', 'A − Y', '(A − Y) / 20')
    """
    if units == 2:
        return text
    return f"2({text})" if units == 1 else f"({text}) / {units / 2:g}"


class Product:
    """The product of a layer's weight and input: its text, and its derivative by either factor."""

    def __init__(self, writer: Writer, layer: Layer) -> None:
        product: Any = layer.Z
        minus = False
        if layer.b is not None:
            minus = function_of(layer.Z) is np.subtract and layer.Z.inputs[0] is layer.b
            product = next(x for x in layer.Z.inputs if x is not layer.b)
        self.writer, self.layer, self.node, self.minus = writer, layer, product.node, "−" if minus else ""
        self.dz = writer.derivative(layer.Z)
        self.flipped = [x is not layer.W and untransposed(x) is layer.W for x in product.inputs]
        self.factors = [
            transpose_name(writer.name(layer.W)) if flip else writer.name(x)
            for x, flip in zip(product.inputs, self.flipped, strict=True)
        ]

    @property
    def is_matrix(self) -> bool:
        """Whether it is a product of two matrices."""
        return self.node.op.function in PRODUCTS_OF_MATRICES and all(np.ndim(x) == 2 for x in self.node.cache)

    @property
    def forward(self) -> str:
        """W₁A₀"""
        if self.is_matrix:
            return join_factors(*self.factors)
        symbol = self.node.op.symbol
        if symbol in ("@", "*"):
            return f" {symbol} ".join(self.factors).replace("*", "∗")
        return f"{symbol}({', '.join(self.factors)})"

    def rule(self, x: Tensor) -> Formula:
        """The derivative with respect to one factor: dW₁ = dZ₁A₀ᵀ / m, dA₀ = W₁ᵀdZ₁."""
        i = next(
            i for i, y in enumerate(self.node.inputs) if y is x or (x is self.layer.W and self.flipped[i])
        )
        other = self.layer.A_prev if x is self.layer.W else self.layer.W
        reads = (self.writer.name(other),) if other is not None else ()
        text = self.minus + self.writer.average(x, self.slope(i, x))
        return Formula(self.writer.quantities[id(x)], text, reads)

    def slope(self, i: int, x: Tensor) -> str:
        """The derivative with respect to factor i, without a minus and before averaging."""
        if self.is_matrix:
            other = transpose_name(self.factors[1 - i])
            pair = (other, self.dz) if i else (self.dz, other)
            return (
                join_factors(*(transpose_name(f) for f in reversed(pair)))
                if self.flipped[i]
                else join_factors(*pair)
            )
        if self.node.op.function is np.multiply:
            return f"{'Σ ' if x.shape != self.layer.Z.shape else ''}{self.dz} ∗ {self.factors[1 - i]}"
        return f"(∂{self.writer.name(self.layer.Z)}/∂{self.writer.name(x)})ᵀ {self.dz}"


def transpose_name(name: str) -> str:
    """A name transposed; twice is nothing.

    >>> transpose_name("W₁"), transpose_name("W₁ᵀ")
    ('W₁ᵀ', 'W₁')
    """
    return name.removesuffix("ᵀ") if name.endswith("ᵀ") else name + "ᵀ"


def join_factors(x: str, y: str) -> str:
    """A matrix product: side by side for one-letter names, with @ for longer ones.

    >>> join_factors("W₁", "A₀"), join_factors("weights", "X")
    ('W₁A₀', 'weights @ X')
    """
    short = all(re.fullmatch(r"d?[^\W\d_][₀-₉₍₎ₗ₋]*ᵀ?", name) for name in (x, y))
    return x + y if short else f"{x} @ {y}"
