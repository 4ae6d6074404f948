"""The chain of derivatives as aligned equations in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygraph.engine.tensor import Tensor
from tinygraph.errors import GraphError
from tinygraph.graph.derivation import Derivation, Statement
from tinygraph.graph.stand_ins import name_inner, name_rest
from tinygraph.guards.stories import describe
from tinygraph.notation.paper import Latex
from viz.choices import check_choices
from viz.compose import read_scene

__all__ = ["chain_latex"]


def chain_latex(output: Tensor, names: Mapping[str, Any] | None, convention: str) -> str:
    """The derivatives of `output` in the order of the sweep, an equation with the shape for each."""
    check_choices(convention=convention)
    scene = read_scene([output], names, convention=convention)
    name_inner(scene.graph, scene.graph.layers)
    name_rest(scene.graph)
    try:
        rows = " \\\\\n".join(map(equation, Derivation(scene.graph, scene.course).statements()))
    except RecursionError:
        raise GraphError(
            f"a formula of the {len(scene.graph.calls)} calls behind {describe(output)} is nested too deep "
            "to be written; d.chain() has the derivatives themselves"
        ) from None
    return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"


def equation(s: Statement) -> str:
    """The equation of a derivative, by the lectures' form where there are two, and its shape."""
    notation = Latex()
    shape = r" \times ".join(map(str, s.of.shape))
    numbers = "C" if np.iscomplexobj(s.of.value) else "R"
    space = rf" && \in \mathbb{{{numbers}}}^{{{shape}}}" if shape else ""
    return f"{notation.name(s.name)} &= {notation.text(s.right[-1])}{space}"
