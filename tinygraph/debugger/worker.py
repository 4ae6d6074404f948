"""The other side of the runner: a process that imports somebody's file and calls its functions.

By standard input come, pickled, a secret with the names of the functions that are looked for, and then one
call after another, each when the one before is answered: (i, function, arguments, spare, editions), i the
number of the call and the rest as in a `Step`; None ends them. By standard output goes a line of JSON as soon
as something is known, so that a process that hangs or dies still tells how far it came: {"begun": i}, null
for the import; {"defined": {name: [file, line]}, "outside": {name: where}, "notes": [...]}; for each call
{"done": i, "value": ..., "changed": [...], "again": ..., "threads": n, "borrowed": [...]} or {"failed": i,
"error": {...}}; and after each, if the file printed something, {"printed": text}; at last {"finished": true}.

The file is not shown either stream, and each line bears a mark made with the secret. What the file imports as
tinygraph is another copy than this one. So it gives no answers but those of its functions, unless it goes
through the memory of its own process, which nothing can guard; and the right answers are not there, for they
never leave the other process.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import ctypes
import functools
import inspect
import io
import json
import os
import pickle
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from types import CodeType, FrameType, ModuleType
from typing import Any, BinaryIO

import numpy as np

from tinygraph.debugger.examine import Examined
from tinygraph.debugger.loading import HELPER_NAMES, load_homework, read_program
from tinygraph.debugger.program import Program, demanded_arguments
from tinygraph.debugger.replies import reply_at_once
from tinygraph.guards.faults import fault, is_fault

if sys.platform != "win32":
    import resource

__all__ = [
    "MOST_PRINTED",
    "MOST_TOLD",
    "decode_value",
    "describe_error",
    "encode_value",
    "end_with_parent",
    "is_function",
    "observe_call",
    "place_of_function",
    "readable_text",
    "set_process",
    "sign_line",
    "start_worker",
]

ALIVE = 0.1  # seconds between two signs of life
MOST_PRINTED = 10_000
MOST_TOLD = 20_000_000  # characters of one result
MOST_SAID = 2_000  # characters of a message or a name
MOST_WRAPPERS = 20  # wrappers around a function
PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
OUR_SIDE = os.path.join(PACKAGE, "debugger", "")
INSTALLED = {"site-packages", "dist-packages"}
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
StepCall = tuple[int, str, tuple[Any, ...], tuple[Any, ...], tuple[Mapping[str, Any], ...]]


def start_worker(file: str, memory: str, seconds: str) -> None:
    """All that the process does."""
    end_with_parent()
    limit_process(int(memory), int(seconds))
    run_worker(file)
    leave_process()


def run_worker(file: str) -> None:
    """Import `file` and make the calls that come; tell what comes of them."""
    sys.stdout = sys.stderr = printed = Printed()
    calls, out = take_streams()
    secret, names = pickle.load(calls)
    hide_package()
    with out:
        log = Log(out, printed, secret)
        run_all(file, names, iter(functools.partial(pickle.load, calls), None), log)
        log.tell(finished=True)


def take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for us alone; in their places there is nothing to read or to write to."""
    calls, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.close(nothing)
    return calls, out


def hide_package() -> None:
    """Let the file import a tinygraph of its own: what it does to that does not reach this one."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "tinygraph"]:
        del sys.modules[name]


def leave_process() -> None:
    """End the process without waiting for threads that were left running."""
    if threading.active_count() > 1:
        os._exit(0)


def limit_process(memory: int, seconds: int) -> None:
    """Let this process have no more memory and time, and leave no dump, where the system can see to that.

    The time is that of all cores together, for what outlives who watches the clock.
    """
    if sys.platform != "win32":
        for what, most in (("CORE", 0), ("AS", memory), ("CPU", seconds)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


def end_with_parent() -> None:
    """End this process when the one that began it ends, in whatever way."""
    if not set_process(DEATH_SIGNAL, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL):
        threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()


def watch_parent(parent: int) -> None:
    """End this process when it has another parent; on Windows it keeps the number of the first."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def set_process(option: int, value: int) -> bool:
    """Set something about this process, by Linux' prctl; whether it could be done."""
    return sys.platform == "linux" and not ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def sign_line(secret: bytes, number: int, text: bytes) -> bytes:
    """The mark of a line of results: that of this text in this place, for those who know the secret."""
    return blake2b(text, key=secret, salt=number.to_bytes(16, "big"), digest_size=16).hexdigest().encode()


class Printed(io.StringIO):
    """What the file prints, up to a length; nothing of it reaches our output."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MOST_PRINTED - self.tell())])
        return len(text)


class Log:
    """The lines of results, each with its mark."""

    def __init__(self, out: BinaryIO, printed: Printed, secret: bytes) -> None:
        self.out = out
        self.printed = printed
        self.secret = secret
        self.told = 0
        self.lines = 0
        self.process = os.getpid()
        self.alive = 0.0

    def tell(self, **facts: Any) -> None:
        """Write one line at once, and one with what was printed meanwhile."""
        if os.getpid() != self.process:  # a copy that the file made of this process, and did not end
            os._exit(0)
        self.write(facts)
        if new := self.printed.getvalue()[self.told :]:
            self.told += len(new)
            self.write({"printed": new})

    def tell_of_life(self) -> None:
        """Say that work goes on, but not more often than somebody who waits can use."""
        now = time.monotonic()
        if now > self.alive + ALIVE:
            self.alive = now
            self.tell(alive=True)

    def write(self, facts: dict[str, Any]) -> None:
        """Write a line; it begins as one even where the file has found the stream and left a piece there."""
        text = json.dumps(facts).encode()
        line = memoryview(b"\n" + sign_line(self.secret, self.lines, text) + b" " + text + b"\n")
        self.lines += 1
        while line:
            line = line[self.out.write(line) :]


def run_all(file: str, names: Sequence[str], calls: Iterable[StepCall], log: Log) -> None:
    """Import the file, then make those calls whose function it has."""
    log.tell(begun=None)
    try:
        module, notes = load_homework(file)
    except BaseException as error:
        log.tell(failed=None, error=describe_error(error, file))
        return
    defined = {name: place_of_function(module, name) for name in names if is_function(module, name)}
    outside = {
        name: origin_of(getattr(module, name), place)
        for name, (place, _) in defined.items()
        if not is_own(place, file)
    }
    log.tell(defined=defined, outside=outside, notes=[cut_middle(note) for note in notes])
    program: Program | None = None
    kept: list[Examined] = []
    given: Any
    for i, name, *given in calls:
        if i >= 0 and name not in defined:
            continue
        log.tell(begun=i)
        try:
            if i < 0:
                program = program or read_program(module, file)
                facts = {"reply": reply_at_once(program, given[0], log.tell_of_life, kept)}
            else:
                facts = observe_call(getattr(module, name), *given)
        except BaseException as error:
            log.tell(failed=i, error=describe_error(error, file))
            continue
        log.tell(done=i, **facts)
        if facts.get("again") is not None:  # it remembers its calls, and is to forget them
            module, _ = load_homework(file)


def is_function(module: ModuleType, name: str) -> bool:
    """Whether the file has a function of this name; a module that stands in for a missing one is none."""
    found = getattr(module, name, None)
    return callable(found) and not isinstance(found, ModuleType)


# Where functions come from


def place_of_function(module: ModuleType, name: str) -> tuple[str | None, int | None]:
    """The file and the line where a function is defined."""
    code = code_inside(getattr(module, name))
    return (cut_middle(code.co_filename), code.co_firstlineno) if code is not None else (None, None)


def code_inside(function: Any) -> CodeType | None:
    """The code of a function, whatever is wrapped around it; None if it has none in Python."""
    for _ in range(MOST_WRAPPERS):
        inner = getattr(function, "__wrapped__", None)
        inner = function.func if inner is None and isinstance(function, functools.partial) else inner
        if inner is None:
            break
        function = inner
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def is_own(place: str | None, file: str) -> bool:
    """Whether code stands in the file or in its folder, and is no package installed there.

    >>> is_own("/home/me/helpers.py", "/home/me/layers.py"), is_own("<string>", "/home/me/layers.py")
    (True, False)
    """
    path, folder = os.path.realpath(place or ""), os.path.dirname(os.path.realpath(file))
    if place is None or place.startswith("<") or is_inside(path, PACKAGE) > is_inside(folder, PACKAGE):
        return False
    return is_inside(path, folder) and INSTALLED.isdisjoint(os.path.relpath(path, folder).split(os.sep))


def is_inside(path: str, folder: str) -> bool:
    return f"{path}{os.sep}".startswith(folder + os.sep)


def origin_of(function: Any, place: str | None) -> str:
    """What a sentence calls the place where a function comes from, other than the file."""
    if place is None or place.startswith("<"):
        return "text that it runs" if place else cut_middle(str(getattr(function, "__module__", "elsewhere")))
    return os.path.join(*place.split(os.sep)[-2:])


class Borrowing:
    """What a call takes from tinygraph, which knows the right answers: the names of its functions.

    Those that stand in for the course's own helpers are free. Only a file that imports tinygraph is watched.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def __enter__(self) -> None:
        if "tinygraph" in sys.modules:
            sys.setprofile(self.watch)

    def __exit__(self, *_: object) -> None:
        if "tinygraph" in sys.modules:
            sys.setprofile(None)

    def watch(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a step from other code into tinygraph's."""
        name = frame.f_code.co_name
        if event == "call" and is_ours(frame) and not is_ours(frame.f_back) and name not in HELPER_NAMES:
            self.names[name] = None


def is_ours(frame: FrameType | None) -> bool:
    """Whether tinygraph's code runs here, other than what checks the file."""
    name = frame.f_code.co_filename if frame else ""
    return name.startswith(PACKAGE + os.sep) and not name.startswith(OUR_SIDE)


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
    borrowing = Borrowing()
    value = result_of(function, given, borrowing)
    again = result_of(function, copy.deepcopy(arguments), borrowing)
    return {
        "value": value,
        "changed": changed_arguments(function, arguments, given),
        "again": None if again == value else again,
        "threads": max(0, threading.active_count() - threads),
        "borrowed": list(borrowing.names),
    }


def result_of(
    function: Callable[..., Any], arguments: tuple[Any, ...], borrowing: Borrowing
) -> dict[str, Any]:
    """The encoded result of a call, in which random numbers start anew."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the generator that homework uses
    with borrowing:
        value = function(*arguments)
    return encode_within(value)


def changed_arguments(
    function: Callable[..., Any], before: tuple[Any, ...], after: tuple[Any, ...]
) -> list[str]:
    """The arguments, or the entries of them, that are not what they were: dA, cache[0][1], grads['dW1']."""
    try:
        names = list(map(cut_middle, inspect.signature(function).parameters))
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
    """An exception in JSON's terms; of one that cannot even be told, its type."""
    try:
        return facts_of_error(error, file)
    except BaseException:
        told = {"message": "and it could not be told", "file": None, "line": None, "traceback": ""}
        return {"type": cut_middle(type(error).__name__)} | told


def facts_of_error(error: BaseException, file: str) -> dict[str, Any]:
    """An exception, with the last line of the user's own files that it passed.

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
    return {
        "type": cut_middle(type(told).__name__),
        "message": cut_middle(str(error.msg if isinstance(error, SyntaxError) else told)),
        "file": own[-1][0] if own else None,
        "line": own[-1][1] if own else None,
        "traceback": cut_middle("".join(traceback.format_exception(error)), MOST_PRINTED),
    }


def cut_middle(text: str, most: int = MOST_SAID) -> str:
    """A text of bearable length, without its middle if it is longer.

    >>> cut_middle("a" * 9 + "z" * 9, 6)
    'aaa ... zzz'
    """
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"


def readable_text(text: str, kept: str = "") -> str:
    """The text without anything that a terminal would obey, or that no file can hold.

    >>> readable_text("a\\nb\\x1b[31m\\ud800")
    'a\\\\nb\\\\x1b[31m\\\\ud800'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else c.encode("unicode_escape").decode() for c in text)


# Values in JSON's terms: {"array": [dtype, shape, bytes]}, {"tuple": [...]}, {"dict": {...}}, {"none": null},
# {"text": ...}, and {"other": its type} for what cannot be told.


def encode_within(value: Any) -> dict[str, Any]:
    """A function's result, if it is not too large to be told."""
    told = encode_value(value)
    return (
        told
        if len(json.dumps(told)) < MOST_TOLD
        else {"other": f"{cut_middle(type(value).__name__)} too large to compare"}
    )


def encode_value(value: Any) -> dict[str, Any]:
    """A value."""
    if value is None:
        return {"none": None}
    if isinstance(value, str):
        return {"text": str(value[:100])}
    if isinstance(value, dict):
        return {"dict": {cut_middle(str(key)): encode_value(x) for key, x in value.items()}}
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
        return {"other": cut_middle(type(value).__name__)}
    if array.dtype.kind not in "biufc":
        return {"other": cut_middle(type(value).__name__)}
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
        return {readable_text(key): decode_value(x) for key, x in value.items()}
    if kind == "other":
        return type(value, (), {})()
    return value if value is None else readable_text(value)
