"""Imports go one way, downwards; what is exported is listed; importing is light."""

import ast
import functools
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tinygraph"

# Each room may import from those on the floors before it; those on one floor know nothing of one another.
FLOORS = [
    {"errors", "layerwise", "rules"},
    {"extras", "notation"},
    {"guards"},
    {"engine"},
    {"blocks", "files", "graph", "losses"},
    {"checks", "nn", "onnx", "optim", "plan", "viz"},
    {"debugger", "operations", "testing", "training"},
    {"demo", "distributed", "plots"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}

# What is imported inside functions only, and why it waits.
WAITS = {
    "dask": "an extra",
    "dis": "to look at a call that takes a number out of a Tensor, slow to load",
    "distributed": "an extra",
    "hashlib": "to read and write files, slow to load",
    "importlib.metadata": "for --version alone, slow to load",
    "inspect": "for the first call with settings, slow to load",
    "io": "to render a table as text, or an archive",
    "json": "to write a report",
    "matplotlib": "an extra",
    "onnx": "an extra",
    "pygraphviz": "a system without it can still write DOT",
    "rich": "to print, slow to load",
    "safetensors": "an extra",
    "sklearn": "an extra",
    "tinygraph.checks": "one command of several",
    "tinygraph.debugger": "one command of several",
    "tinygraph.demo": "one command of several",
    "tinygraph.debugger.grading": "one command of several",
    "tinygraph.guards.faults": "where a command failed alone",
    "tinygraph.plan": "one command of several",
    "tinygraph.rules.fourier": "numpy.fft is slow to load",
    "tinygraph.rules.special": "for those who have imported SciPy",
    "tinygraph.engine.tensor": "NumPy need not load for --help",
    "viz": "the engine works without pictures",
    "zipfile": "to read and write files, slow to load",
}
FEW_NEED = {"tinygraph.rules.fourier", "tinygraph.rules.special"}

CORE = sorted(
    path for path in PACKAGE.glob("*.py") if path.stem not in ("__init__", "demo", "cli", "__main__")
)
ALLOWED_IN_CORE = {"numpy", "tinygraph"} | set(sys.stdlib_module_names)


@functools.cache
def imports_of(path):
    """Whether at the top of the module, and what: full names, without those for type checkers."""
    return list(imports_in(path))


def imports_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop):
                child.parent = node  # those are one object for all trees: a copy of any would drag this along
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and not for_type_checkers(node):
            yield from ((is_at_top(node), name) for name in names_of(node))


def names_of(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module == "tinygraph":
        return [f"tinygraph.{alias.name}" for alias in node.names]
    return [node.module]


def parents(node):
    while hasattr(node, "parent"):
        node = node.parent
        yield node


def is_at_top(node):
    return not any(isinstance(p, ast.FunctionDef | ast.AsyncFunctionDef) for p in parents(node))


def for_type_checkers(node):
    return any(isinstance(p, ast.If) and ast.unparse(p.test) == "TYPE_CHECKING" for p in parents(node))


def room(path):
    """The module, or the folder of the package, that a file belongs to; viz is one room."""
    package, *inside = path.relative_to(ROOT).parts
    return package if package == "viz" else inside[0].removesuffix(".py")


def own_imports(path, at_top):
    """The rooms that a file imports from, besides its own."""
    found = set()
    for top, name in imports_of(path):
        package, *inside = name.split(".")
        if top == at_top and package in ("tinygraph", "viz"):
            found |= {package} if package == "viz" else set(inside[:1])
    return found & LEVEL.keys() - {room(path)}


FILES = sorted(
    path
    for folder in (PACKAGE, ROOT / "viz")
    for path in folder.rglob("*.py")
    if path.parent != PACKAGE or path.stem not in ("__init__", "__main__")
)


def test_every_module_has_its_place():
    assert {room(path) for path in FILES} == LEVEL.keys()
    assert len(FLOORS) <= 11


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def module_graph(lazy):
    """The modules that each module imports, with those inside of functions if `lazy`."""
    known = {module_of(path) for path in FILES}
    found = {}
    for path in FILES:
        names = {name for top, name in imports_of(path) if top or lazy}
        taken = {f"{node.module}.{alias.name}" for node in nodes_of(path) if isinstance(node, ast.ImportFrom)
                 for alias in node.names if node.module in names}  # fmt: skip
        found[module_of(path)] = (names | taken) & known - {module_of(path)}
    return found


def circles_in(graph):
    """Sets of modules that reach one another."""
    reached = {}
    for start in graph:
        stack, seen = [start], set()
        while stack:
            fresh = graph[stack.pop()] - seen
            seen |= fresh
            stack += fresh
        reached[start] = seen
    return {frozenset(y for y in reached[x] if x in reached[y]) for x in graph if x in reached[x]}


def test_no_module_imports_itself_by_others():
    assert circles_in(module_graph(lazy=False)) == set()


def test_the_only_circle_is_lazy_and_shows_derivatives():
    """Derivatives write themselves in LaTeX once they are asked to, and pictures know derivatives."""
    circles = circles_in(module_graph(lazy=True))

    assert len(circles) <= 1
    assert all("tinygraph.graph.derivatives" in circle for circle in circles)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_downwards(path):
    upwards = {name for name in own_imports(path, at_top=True) if LEVEL[name] >= LEVEL[room(path)]}

    assert upwards == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_imported_inside_a_function_has_a_reason(path):
    later = [name for top, name in imports_of(path) if not top]

    assert [name for name in later if not any(f"{name}.".startswith(f"{known}.") for known in WAITS)] == []
    assert room(path) in ("checks", "cli", "demo") or not [
        name for name in later if name.startswith("tinygraph.") and name not in FEW_NEED
    ]


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_needs_numpy_alone(path):
    assert {name.split(".")[0] for top, name in imports_of(path) if top} <= ALLOWED_IN_CORE


def test_importing_loads_nothing_optional():
    command = "import sys, tinygraph; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, cwd=ROOT
    )

    heavy = {"viz", "rich", "graphviz", "pygraphviz", "matplotlib", "sklearn", "scipy", "autograd", "pytest"}
    assert heavy.isdisjoint(run.stdout.split())
    assert "tinygraph" in run.stdout.split()


MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in FILES]


@pytest.mark.parametrize("module", MODULES)
def test_all_is_sorted_and_exists(module):
    """CONSTANTS, then Classes, then the rest, as ruff sorts them."""
    module = importlib.import_module(module)
    expected = sorted(module.__all__, key=lambda name: (2 - name[0].isupper() - name.isupper(), name))

    assert list(module.__all__) == expected
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("module", MODULES)
def test_all_is_complete(module):
    """What any other module takes from one is in its __all__."""
    taken = {name for path in USERS if mentions(path, module) for name in names_taken(path, module)}

    assert taken - set(importlib.import_module(module).__all__) == set()


USERS = [*PACKAGE.rglob("*.py"), *(ROOT / "viz").rglob("*.py")]


@functools.cache
def nodes_of(path):
    """What a file consists of, of the kinds that are looked at."""
    kinds = ast.ImportFrom | ast.Attribute
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)]


@functools.cache
def text_of(path):
    return path.read_text(encoding="utf-8")


def mentions(path, module):
    """Whether a file may take something from a module: its last name stands there."""
    return module.rpartition(".")[2] in text_of(path)


def names_taken(path, module):
    """The names that a file takes from a module: by import, or as attributes of it."""
    parent, _, own = module.rpartition(".")
    aliases = set()
    nodes = nodes_of(path)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == module:
            yield from (alias.name for alias in node.names if f"{module}.{alias.name}" not in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module == parent:
            aliases |= {alias.asname or alias.name for alias in node.names if alias.name == own}
    attributes = [
        node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    yield from (node.attr for node in attributes if node.value.id in aliases and node.attr[:2] != "__")


def test_the_package_exports_what_it_lists():
    package = importlib.import_module("tinygraph")

    for name in package.__all__:
        assert hasattr(package, name)
    for name in (
        "parameter",
        "tensor",
        "grad",
        "value_and_grad",
        "no_grad",
        "relu",
        "sigmoid",
        "einsum",
        "optim",
    ):
        assert name in package.__all__


def test_dir_shows_what_is_public_and_no_room():
    shown = {name for name in dir(importlib.import_module("tinygraph")) if name[:2] != "__"}

    assert shown == set(importlib.import_module("tinygraph").__all__)


def test_python_m_tinygraph_is_the_command():
    run = subprocess.run(
        [sys.executable, "-m", "tinygraph", "--version"], capture_output=True, text=True, cwd=ROOT
    )

    assert (run.returncode, run.stdout.split()[0]) == (0, "tinygraph")
