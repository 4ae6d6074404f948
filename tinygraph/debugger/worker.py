"""The other side of the runner: a process that imports somebody's file and calls its functions.

    main(FILE, CALLS, RESULTS)

CALLS holds the calls, pickled: a list of (i, function, arguments, spare, editions), i the number of the call
and the rest as in a `Step`. RESULTS gets a line of JSON as soon as something is known, so that a process that
hangs or dies still tells how far it came: {"begun": i}, null for the import; {"defined": {name: [file,
line]}, "notes": [...]}; for each call {"done": i, "value": ..., "changed": [...], "again": ..., "threads": n}
or {"failed": i, "error": {...}}; and after each, if the file printed something, {"printed": text}; at last
{"finished": true}.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import inspect
import io
import json
import os
import pickle
import random
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import numpy as np

from tinygraph.debugger.loading import load_homework
from tinygraph.guards.faults import fault, is_fault

if sys.platform != "win32":
    import resource

__all__ = [
    "MOST_PRINTED",
    "decode_value",
    "describe_error",
    "encode_value",
    "leave_process",
    "limit_memory",
    "run_worker",
]

MOST_PRINTED = 10_000
MOST_TOLD = 20_000_000  # characters of one result
StepCall = tuple[int, str, tuple[Any, ...], tuple[Any, ...], tuple[Mapping[str, Any], ...]]


def run_worker(file: str, calls: str, results: str) -> None:
    """Import `file`, call what is in `calls`, write `results`."""
    sys.stdout = sys.stderr = printed = Printed()
    with open(results, "w", encoding="utf-8") as out:
        log = Log(out, printed)
        run_all(file, pickle.loads(Path(calls).read_bytes()), log)
        log.tell(finished=True)


def leave_process() -> None:
    """End the process without waiting for threads that were left running."""
    if threading.active_count() > 1:
        os._exit(0)


def limit_memory(memory: int) -> None:
    """Let this process have no more memory, and leave no dump of it, where the system can see to that."""
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


class Printed(io.StringIO):
    """What the file prints, up to a length; nothing of it reaches our output."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


class Log:
    """The lines of results."""

    def __init__(self, out: TextIO, printed: Printed) -> None:
        self.out = out
        self.printed = printed
        self.told = 0

    def tell(self, **facts: Any) -> None:
        """Write one line at once, and one with what was printed meanwhile."""
        self.out.write(json.dumps(facts) + "\n")
        if new := self.printed.getvalue()[self.told :]:
            self.told += len(new)
            self.out.write(json.dumps({"printed": new}) + "\n")
        self.out.flush()


def run_all(file: str, calls: list[StepCall], log: Log) -> None:
    """Import the file, then make those calls whose function it has."""
    log.tell(begun=None)
    try:
        module, notes = load_homework(file)
    except BaseException as error:
        log.tell(failed=None, error=describe_error(error, file))
        return
    defined = {name: place_of_function(module, name) for _, name, *_ in calls if is_function(module, name)}
    log.tell(defined=defined, notes=notes)
    for i, name, *given in calls:
        if name not in defined:
            continue
        log.tell(begun=i)
        try:
            facts = observe_call(getattr(module, name), *given)
        except BaseException as error:
            log.tell(failed=i, error=describe_error(error, file))
            continue
        log.tell(done=i, **facts)
        if facts["again"] is not None:  # it remembers its calls, and is to forget them
            module, _ = load_homework(file)


def is_function(module: ModuleType, name: str) -> bool:
    """Whether the file has a function of this name; a module that stands in for a missing one is none."""
    found = getattr(module, name, None)
    return callable(found) and not isinstance(found, ModuleType)


def place_of_function(module: ModuleType, name: str) -> tuple[str | None, int | None]:
    """The file and the line where a function is defined."""
    code = getattr(inspect.unwrap(getattr(module, name)), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else (None, None)


# A call, and what it does besides


def observe_call(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    spare: tuple[Any, ...] = (),
    editions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Call a function twice: its result, which arguments it changed, the second result if that is another."""
    arguments = demanded_arguments(function, arguments, spare, editions)
    given, threads = copy.deepcopy(arguments), threading.active_count()
    value = result_of(function, given)
    again = result_of(function, copy.deepcopy(arguments))
    return {
        "value": value,
        "changed": changed_arguments(function, arguments, given),
        "again": None if again == value else again,
        "threads": max(0, threading.active_count() - threads),
    }


def result_of(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The encoded result of a call, in which random numbers start anew."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the generator that homework uses
    return encode_within(function(*arguments))


def demanded_arguments(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    spare: tuple[Any, ...],
    editions: Sequence[Mapping[str, Any]],
) -> tuple[Any, ...]:
    """The edition with the names a function asks for; or the arguments, and the spare ones it demands."""
    with contextlib.suppress(TypeError, ValueError):  # without a signature, or none that fits
        signature = inspect.signature(function)
        asked = [name for name, p in signature.parameters.items() if p.default is p.empty]
        for edition in editions:
            if edition.keys() == set(asked):
                return tuple(edition[name] for name in asked)
        for n in range(len(spare) + 1):
            with contextlib.suppress(TypeError):
                signature.bind(*arguments, *spare[:n])
                return *arguments, *spare[:n]
    return arguments


def changed_arguments(
    function: Callable[..., Any], before: tuple[Any, ...], after: tuple[Any, ...]
) -> list[str]:
    """The arguments, or the entries of them, that are not what they were: dA, cache[0][1], grads['dW1']."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    names += [f"argument {i + 1}" for i in range(len(names), len(before))]
    return [x for args in zip(names, before, after, strict=False) for x in changed_parts(*args)]


def changed_parts(name: str, before: Any, after: Any) -> Iterator[str]:
    """The name of an argument that is not what it was, or the names of those entries of it that are not."""
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for key in before:
            yield from changed_parts(f"{name}[{key!r}]", before[key], after[key])
    elif isinstance(before, tuple | list) and isinstance(after, type(before)) and len(before) == len(after):
        for i, (x, y) in enumerate(zip(before, after, strict=True)):
            yield from changed_parts(f"{name}[{i}]", x, y)
    elif encode_value(before) != encode_value(after):
        yield name


def describe_error(error: BaseException, file: str) -> dict[str, Any]:
    """An exception in JSON's terms, with the last line of the user's own files that it passed.

    One of this package's own is told as the fault that it is; but a result may be a list within itself.
    """
    told = error
    if is_fault(error) and not isinstance(error, RecursionError):
        told = fault("the check", error)
    if isinstance(error, MemoryError | RecursionError):
        traceback.clear_frames(error.__traceback__)  # what they hold is what there was too much of
    folder = os.path.dirname(os.path.realpath(file))
    frames = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    own = [(name, line) for name, line in frames if os.path.realpath(name).startswith(folder + os.sep)]
    text = "".join(traceback.format_exception(error))
    message = error.msg if isinstance(error, SyntaxError) else str(told)
    return {
        "type": type(told).__name__,
        "message": message,
        "file": own[-1][0] if own else None,
        "line": own[-1][1] if own else None,
        "traceback": text,
    }


# Values in JSON's terms: {"array": [dtype, shape, bytes]}, {"tuple": [...]}, {"dict": {...}}, {"none": null},
# {"text": ...}, and {"other": its type} for what cannot be told.


def encode_within(value: Any) -> dict[str, Any]:
    """A function's result, if it is not too large to be told."""
    told = encode_value(value)
    return (
        told
        if len(json.dumps(told)) < MOST_TOLD
        else {"other": f"{type(value).__name__} too large to compare"}
    )


def encode_value(value: Any) -> dict[str, Any]:
    """A value."""
    if value is None:
        return {"none": None}
    if isinstance(value, str):
        return {"text": value[:100]}
    if isinstance(value, dict):
        return {"dict": {str(key): encode_value(x) for key, x in value.items()}}
    if isinstance(value, tuple | list):
        return {
            type(value).__name__ if type(value) in (tuple, list) else "tuple": [
                encode_value(x) for x in value
            ]
        }
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


def decode_value(facts: dict[str, Any]) -> Any:
    """The value that `encode_value` was given, or something of a type of the same name."""
    [(kind, value)] = facts.items()
    if kind == "array":
        dtype, shape, data = value
        return np.frombuffer(base64.b64decode(data), dtype=dtype).reshape(shape)
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(map(decode_value, value))
    if kind == "dict":
        return {key: decode_value(x) for key, x in value.items()}
    return type(value, (), {})() if kind == "other" else value
