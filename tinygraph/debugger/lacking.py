"""Why nobody could call a backward pass: a module that is not there, or a way forward that Python refuses."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import traceback
from collections.abc import Iterator

from tinygraph.checks.report import join_names
from tinygraph.debugger.loading import Missing
from tinygraph.debugger.outline import BodyOutline
from tinygraph.debugger.program import Function, Program
from tinygraph.debugger.protocols.names import FORTH, forward_partners, says_backward
from tinygraph.debugger.readings import words_of
from tinygraph.debugger.statements import script_machine
from tinygraph.debugger.uses import free_names

__all__ = ["lacks_backward", "what_is_lacking", "what_stops_script"]

# What is no matter of the arguments that were made: another Python or NumPy, a name, a file.
REFUSED = re.compile(
    r"^(NameError|ImportError|ModuleNotFoundError|FileNotFoundError|UnboundLocalError|AttributeError: module|"
    r"TypeError: ('\w+' object cannot be interpreted as an integer|slice indices must|.*argument))"
)


def what_is_lacking(program: Program, function: Function) -> str:
    """Why no forward pass could be run for a function, in a few words; empty if nothing is known."""
    if own := lacking_names(program, function):
        return f"it needs {names_with_modules(own)}"
    forward = [
        (name, module)
        for caller in program.functions.values()
        if caller is not function and function.name.rpartition(".")[2] in caller.names
        for name, module in lacking_names(program, caller).items()
        if FORTH & set(words_of(name))
    ]
    if forward:
        return f"its forward pass is {names_with_modules(dict(forward))}"
    stopped = [
        program.stopped[f.name] for f in forward_partners(program, function) if f.name in program.stopped
    ]
    return next((text for _, text in stopped if REFUSED.match(text.partition(" raised ")[2])), "")


def what_stops_script(program: Program, script: Function) -> str:
    """What a file's own statements raised before they came to their derivatives, where data are not there."""
    if not script.file.endswith(".py") or not BodyOutline(script.node.body).derivatives:
        return ""
    run = script_machine(program, script).run()
    if not isinstance(run.error, OSError | ImportError) or run.at_seed:
        return ""
    text = f"{type(run.error).__name__}: {run.error}"
    lines = [
        n
        for frame, n in traceback.walk_tb(run.error.__traceback__)
        if frame.f_code.co_filename == script.file
    ]
    return f"line {lines[-1]} raised {text}" if lines else ""


def lacks_backward(program: Program, function: Function) -> bool:
    """Whether a function calls backward passes of a module that is not there."""
    return any(says_backward(name) for name in lacking_names(program, function))


def lacking_names(program: Program, function: Function) -> dict[str, str]:
    """The functions that a function calls and that are not there, each with the module it should be in."""
    called = {
        n.func.id for n in ast.walk(function.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    stars = ", ".join(m for m in starred_modules(program) if isinstance(sys.modules.get(m), Missing))
    found = {}
    for name in free_names(program, function):
        held = program.namespace.get(name)
        if isinstance(held, Missing) and name in called:
            found[name] = held.__name__
        elif stars and name in called and held is None and not hasattr(builtins, name):
            found[name] = stars
    return dict(sorted(found.items(), key=lambda x: not (says_backward(x[0]) or FORTH & set(words_of(x[0])))))


def starred_modules(program: Program) -> Iterator[str]:
    """The modules of which a file imports everything."""
    for tree in program.trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*":
                yield node.module


def names_with_modules(found: dict[str, str]) -> str:
    names = join_names(list(found)[:3]) if len(found) <= 3 else f"{join_names(list(found)[:2])} and more"
    return f"{names} of {join_names(sorted(set(found.values())))}, which was not found"
