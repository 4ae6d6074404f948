"""Names: each stands for one thing, says what it is about, and hides nothing."""

import ast
import importlib
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATHS = [path for package in ("viz", "tinygraph") for path in sorted((ROOT / package).rglob("*.py"))]

ONNX = "onnx names each form after the function that it writes"
COURSE = "layerwise writes the lectures' functions, the table those of arrays"
# Names that two modules may share, and why.
SHARED = {
    "cast_to": ONNX,
    "conv2d": "tg's takes numbers and adds a bias, the kernel is the row of the table",
    "fit": "distributed.fit is tg.fit over a cluster",
    "gelu": ONNX,
    "logsumexp": ONNX,
    "mse": ONNX,
    "probability_cross_entropy": ONNX,
    "Program": "plan has one of steps, the debugger somebody's file",
    "relu": COURSE,
    "scatter": ONNX,
    "sigmoid": COURSE,
    "sigmoid_cross_entropy": ONNX,
    "softmax": COURSE,
    "softmax_cross_entropy": f"tg's takes any labels, the kernel a column for each; {ONNX}",
    "xlogy": ONNX,
}
# What was done, but not to what.
PARTICIPLE = re.compile(
    "[a-z]*[^e]ed|bound|broken|built|cut|done|drawn|found|given|held|hidden|kept|known|left|lost|made|met|read|said|"
    "sent|set|shown|split|spread|taken|told|written"
)
# Verbs that look like it, split (NumPy's) and spread; and words of viz, and of what it imports.
PERMITTED = re.compile("split|spread|untransposed|added|circled|listed|read")


@cache
def trees():
    """The syntax tree of each module."""
    return {path: ast.parse(path.read_text()) for path in PATHS}


def names_of(tree):
    """The names of a module's functions, classes and constants, but for private ones."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [x for target in targets for x in ast.walk(target) if isinstance(x, ast.Name)]
            yield from (x.id for x in names if isinstance(x.ctx, ast.Store))


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_a_name_stands_for_one_thing():
    modules = defaultdict(set)
    for path, tree in trees().items():
        for name in names_of(tree):
            modules[name].add(module_name(path))
    again = {name: sorted(where) for name, where in modules.items() if len(where) > 1 and name[0] != "_"}
    assert {name: where for name, where in again.items() if name not in SHARED} == {}


def test_a_function_says_of_what():
    names = [
        node.name for tree in trees().values() for node in tree.body if isinstance(node, ast.FunctionDef)
    ]
    assert [x for x in names if PARTICIPLE.fullmatch(x) and not PERMITTED.fullmatch(x)] == []


@pytest.mark.parametrize("path", [path for path in PATHS if path.stem != "__main__"], ids=module_name)
def test_no_module_is_hidden_by_what_its_package_exports(path):
    name = module_name(path)
    module = importlib.import_module(name)
    package, _, last = name.rpartition(".")
    assert not package or getattr(importlib.import_module(package), last) is module
