"""The other side of the runner: a process that imports somebody's file and calls its functions.

    python worker.py FILE CALLS RESULTS

CALLS holds the calls, pickled: a list of (function, arguments). RESULTS gets a line of JSON as soon as
something is known, so that a process which hangs or dies still tells how far it came: {"defined": {name:
line}}, {"begun": i}, {"done": i, "value": ...}, {"failed": i, "error": {...}}, and at last {"printed": text}.
i is the number of a call, or null for the import. Only the standard library and NumPy are imported here.
"""

from __future__ import annotations

import base64
import copy
import importlib.util
import io
import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import numpy as np

__all__ = ["decode", "describe", "encode", "load", "main"]

MOST_PRINTED = 10_000


def main(file: str, calls: str, results: str) -> None:
    """Import `file`, call what is in `calls`, write `results`."""
    sys.stdout = sys.stderr = printed = Printed()
    with open(results, "w", encoding="utf-8") as out:
        try:
            run_all(file, pickle.loads(Path(calls).read_bytes()), out)
        finally:
            tell(out, printed=printed.getvalue())


def run_all(file: str, calls: list[tuple[str, tuple[Any, ...]]], out: TextIO) -> None:
    """Import the file, then make those calls whose function it has."""
    tell(out, begun=None)
    try:
        module = load(file)
    except BaseException as error:
        tell(out, failed=None, error=describe(error, file))
        return
    functions = {name: getattr(module, name, None) for name, _ in calls}
    defined = {name: function for name, function in functions.items() if callable(function)}
    tell(out, defined={name: line_of(function) for name, function in defined.items()})
    for i, (name, arguments) in enumerate(calls):
        if name in defined:
            tell(out, begun=i)
            try:
                tell(out, done=i, value=encode(defined[name](*copy.deepcopy(arguments))))
            except BaseException as error:
                tell(out, failed=i, error=describe(error, file))


def load(file: str) -> ModuleType:
    """The file as a module; files beside it can be imported from it."""
    path = Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


class Printed(io.StringIO):
    """What the file prints, up to a length; nothing of it reaches our output."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


def tell(out: TextIO, **facts: Any) -> None:
    """Write one line at once."""
    out.write(json.dumps(facts) + "\n")
    out.flush()


def line_of(function: Any) -> int | None:
    """The line where a function is defined."""
    code = getattr(function, "__code__", None)
    return code.co_firstlineno if code is not None else None


def describe(error: BaseException, file: str) -> dict[str, Any]:
    """An exception in JSON's terms, with the last line of the user's own files that it passed."""
    folder = os.path.dirname(os.path.realpath(file))
    frames = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    own = [(name, line) for name, line in frames if os.path.realpath(name).startswith(folder + os.sep)]
    text = "".join(traceback.format_exception(error))
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return {
        "type": type(error).__name__,
        "message": message,
        "file": own[-1][0] if own else None,
        "line": own[-1][1] if own else None,
        "traceback": text,
    }


# Values in JSON's terms: {"array": [dtype, shape, bytes]}, {"tuple": [...]}, {"dict": {...}}, {"none": null},
# {"text": ...}, and {"other": its type} for what cannot be told.


def encode(value: Any) -> dict[str, Any]:
    """A function's result."""
    if value is None:
        return {"none": None}
    if isinstance(value, str):
        return {"text": value[:100]}
    if isinstance(value, dict):
        return {"dict": {str(key): encode(x) for key, x in value.items()}}
    if isinstance(value, tuple | list):
        return {type(value).__name__ if type(value) in (tuple, list) else "tuple": [encode(x) for x in value]}
    return encode_array(value)


def encode_array(value: Any) -> dict[str, Any]:
    """An array or a number."""
    try:
        array = np.asarray(value)
    except Exception:  # whatever somebody's __array__ raises
        return {"other": type(value).__name__}
    if array.dtype.kind not in "biufc":
        return {"other": type(value).__name__}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"array": [array.dtype.str, list(array.shape), data]}


def decode(facts: dict[str, Any]) -> Any:
    """The value that `encode` was given; something of a type of the same name where it could not be told."""
    [(kind, value)] = facts.items()
    if kind == "array":
        dtype, shape, data = value
        return np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape)
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(map(decode, value))
    if kind == "dict":
        return {key: decode(x) for key, x in value.items()}
    return type(value, (), {})() if kind == "other" else value


if __name__ == "__main__":
    main(*sys.argv[1:])
