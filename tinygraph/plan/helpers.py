"""The text of functions that NumPy lacks and that printed code calls by name, such as `conv2d`."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable
from typing import Any

from tinygraph.rules.convolution import WRITTEN_OUT

__all__ = ["WRITTEN_NAMES", "helper_functions"]

ORDER = {function.__name__: function for function in WRITTEN_OUT}
WRITTEN_NAMES = frozenset(ORDER)


def helper_functions(called: Iterable[Callable[..., Any] | None]) -> list[str]:
    """The texts of those of the functions called that NumPy lacks, and of what they call, in their order."""
    needed = set(called).intersection(WRITTEN_OUT)
    for name, function in reversed(ORDER.items()):
        if function in needed:
            needed |= {ORDER[inner] for inner in names_called(name) if inner in ORDER}
    return [helper_text(name) for name, function in ORDER.items() if function in needed]


def names_called(name: str) -> tuple[str, ...]:
    """The global names that a function reads."""
    import inspect

    return tuple(inspect.unwrap(ORDER[name]).__code__.co_names)


@functools.cache
def helper_text(name: str) -> str:
    """A function as it stands in its module, without decorators, types and examples."""
    import inspect

    (node,) = ast.parse(inspect.getsource(inspect.unwrap(ORDER[name]))).body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list, node.returns = [], None
    for argument in node.args.args:
        argument.annotation = None
    about = (ast.get_docstring(node) or "").partition("\n")[0]
    node.body[0] = ast.Expr(ast.Constant(about))
    return ast.unparse(node)
