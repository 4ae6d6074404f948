"""The command `tinygraph`: demo, draw, check, code.

Errors are one sentence on standard error and exit status 2; --debug shows the traceback.
"""

from __future__ import annotations

import argparse
import io
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NoReturn

from tinygraph.errors import InternalError, TinygraphError, UserFileError

__all__ = ["main"]

COULD_NOT_RUN = 2
INTERRUPTED = 130
CHECKED_WITH = ("sizes", "activations", "seed", "timeout", "convention", "forward", "backward", "loss")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, those of the process if omitted; the exit status.

    >>> main(["--version"])  # doctest: +ELLIPSIS
    tinygraph ...
    0
    """
    write_whatever_comes()
    try:
        options = make_parser().parse_args(arguments, argparse.Namespace(debug=False))
    except SystemExit as end:  # argparse has said all there is to say
        return int(end.code or 0)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        return print_error(error)


def write_whatever_comes() -> None:
    """Let no letter that a terminal does not have stop the command: it is written as \\u2192."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_error(error: Exception) -> int:
    """Say what is wrong in one sentence. The errors of a user's file are told before, so others are ours."""
    expected = isinstance(error, TinygraphError | InternalError | ValueError | OSError | ImportError)
    if not expected:
        from tinygraph.guards.faults import fault

        error = fault("the command", error)
    said = str(error) or f"{type(error).__name__}: {error}"
    hint = "" if isinstance(error, TinygraphError) else " (--debug shows where)"
    print(f"tinygraph: {without_controls(' '.join(said.split()))}{hint}", file=sys.stderr)
    return COULD_NOT_RUN


def without_controls(text: str) -> str:
    """The text, or one that no terminal obeys: names of files and messages may be anybody's."""
    if text.isprintable():
        return text
    from tinygraph.debugger.worker import readable_text

    return readable_text(text)


# What can be asked


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(COULD_NOT_RUN, f"{self.prog}: {message}; see {self.prog} --help\n")


def make_parser() -> Parser:
    """All commands and their options."""
    debug = argparse.ArgumentParser(add_help=False)
    text = "show tracebacks, and what a checked file prints"
    debug.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=text)
    parser = Parser("tinygraph", description="Backpropagation as a graph one can read.", parents=[debug])
    parser.add_argument("--version", action="version", version=f"tinygraph {installed_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for add in (add_demo, add_draw, add_check, add_code):
        add(commands, [debug])
    return parser


def installed_version() -> str:
    """The version that is installed."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("tinygraph")
    except PackageNotFoundError:
        return "(not installed)"


def add_command(
    commands: Any, parents: list[Any], run: Callable[[Any], int], help: str
) -> argparse.ArgumentParser:
    name = run.__name__.removeprefix("run_")
    parser: argparse.ArgumentParser = commands.add_parser(
        name, parents=parents, help=help, description=f"{help}."
    )
    parser.set_defaults(run=run)
    return parser


def add_demo(commands: Any, parents: list[Any]) -> None:
    text = "Train the lectures' network on real data, draw it, and prove its derivatives"
    parser = add_command(commands, parents, run_demo, text)
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("demo"), metavar="FOLDER", help="where to write (demo)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the split and the first weights (1)")
    parser.add_argument("--steps", type=int, default=400, help="of gradient descent (400)")
    parser.add_argument("--resume", action="store_true", help="go on from the last run in the folder")


def add_draw(commands: Any, parents: list[Any]) -> None:
    parser = add_command(commands, parents, run_draw, "Draw a network, forward in black and backward in red")
    parser.add_argument(
        "source", metavar="FILE.py:NAME", help="a function that returns a Tensor, or a Tensor"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="PICTURE", help=".svg, .png, .pdf, .dot or .html"
    )
    parser.add_argument("--view", help="layers, ops, compact or auto (layers, where there are any)")


def add_check(commands: Any, parents: list[Any]) -> None:
    text = "Find what is wrong in a backward pass that was derived by hand"
    parser = add_command(commands, parents, run_check, text)
    parser.epilog = (
        "Exit status: 0 agrees, 1 something is wrong, 2 nothing could be judged. "
        "The file runs with your rights, unless --sandbox takes them."
    )
    text = "or a notebook, with functions, classes or statements that go forward and back"
    parser.add_argument("file", metavar="FILE.py", nargs="?", help=text)
    add_telling(parser)
    add_names(parser)
    add_grading(parser)
    add_network(parser)


def add_telling(parser: argparse.ArgumentParser) -> None:
    """How it is told."""
    group = parser.add_argument_group("what is shown")
    text = "how much: 1 which function, 2 which derivative, 3 which line, 4 what was computed, 5 the fix (5)"
    group.add_argument("--hint", type=int, choices=range(1, 6), default=5, metavar="1..5", help=text)
    group.add_argument("--verbose", action="store_true", help="also tables of all differences")
    group.add_argument("--json", action="store_true", help="the report for machines, version 2")
    text = "for those who grade: gradescope, prairielearn, junit or github"
    group.add_argument("--format", choices=("gradescope", "prairielearn", "junit", "github"), help=text)
    text = "draw the lectures' network with the first wrong step marked"
    group.add_argument("--picture", type=Path, metavar="PICTURE", help=text)


def add_names(parser: argparse.ArgumentParser) -> None:
    """What is what, where names do not say it."""
    group = parser.add_argument_group("where the names do not say what is what")
    group.add_argument("--forward", metavar="NAME", help="the function that goes forward")
    group.add_argument("--backward", metavar="NAME", help="the function that goes back")
    group.add_argument("--loss", metavar="NAME", help="the function of the loss")
    group.add_argument("--template", action="store_true", help="print a few lines to adapt, and stop")


def add_grading(parser: argparse.ArgumentParser) -> None:
    """Many files, and what each may take."""
    group = parser.add_argument_group("grading")
    text = "grade every .py and .ipynb in a folder, several at a time"
    group.add_argument("--many", type=Path, metavar="DIR", help=text)
    group.add_argument("--csv", type=Path, metavar="out.csv", help="where to write the grades of --many")
    group.add_argument("--jobs", type=int, metavar="N", help="how many at a time (as many as cores)")
    group.add_argument("--timeout", type=parse_positive, default=20.0, help="seconds the file may take (20)")
    group.add_argument("--memory", type=parse_positive, default=2.0, help="GiB the file may take (2)")
    text = "run it without a network, with its own folder alone (bubblewrap or namespaces of Linux)"
    group.add_argument("--sandbox", action="store_true", help=text)


def add_network(parser: argparse.ArgumentParser) -> None:
    """The network on which functions of the lectures' names are tried."""
    group = parser.add_argument_group("functions with the lectures' names")
    group.add_argument("--seed", type=int, default=0, help="of the network they are tried on (0)")
    group.add_argument("--sizes", type=parse_sizes, help="its units, the inputs first (5,4,3,1)")
    text = "of its layers: relu, tanh or sigmoid, at the end sigmoid or softmax (relu,relu,sigmoid)"
    group.add_argument("--activations", type=lambda names: names.split(","), help=text)
    group.add_argument(
        "--convention",
        choices=("auto", "course", "true"),
        default="auto",
        help="whether dA and dZ are m times the true derivatives, as in the lectures (auto: either)",
    )


def add_code(commands: Any, parents: list[Any]) -> None:
    parser = add_command(commands, parents, run_code, "Print the backward pass of a network as NumPy")
    text = "a function that returns a Tensor, or a Tensor"
    parser.add_argument("source", metavar="FILE.py:NAME", help=text)
    text = "as on paper, in the lectures' convention, rather than into arrays made once"
    parser.add_argument("--plain", action="store_true", help=text)


def parse_sizes(text: str) -> tuple[int, ...]:
    """The sizes of layers from a text like 5,4,3,1."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of sizes like 5,4,3,1") from None


def parse_positive(text: str) -> float:
    """A positive number."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


# What is done


def run_demo(options: Any) -> int:
    from tinygraph import demo

    report = demo.run(seed=options.seed, out=options.out, steps=options.steps, resume=options.resume)
    return 0 if report.ok else 1


def run_draw(options: Any) -> int:
    import viz

    drawing = viz.draw(load_tensor(options.source), view=options.view)
    drawing.save(options.out)
    print(options.out)
    return 0


def run_check(options: Any) -> int:
    from tinygraph.debugger.runner import check_file
    from tinygraph.debugger.sandbox import confined_by, find_sandbox

    if options.template:
        from tinygraph.debugger.telling import TEMPLATE

        print(TEMPLATE, end="")
        return 0
    if (options.file is None) == (options.many is None):
        raise UserFileError("give one file to check, or a folder of them with --many DIR")
    settings = {name: getattr(options, name) for name in CHECKED_WITH}
    settings["memory"] = int(options.memory * 2**30)
    sandbox = find_sandbox() if options.sandbox else None
    if options.many is not None:
        return check_many(options, settings | {"sandbox": sandbox})
    with confined_by(sandbox):
        report = check_file(options.file, **settings)
    if options.debug:
        sys.stderr.write(report.printed + report.traceback)
    if options.picture:
        from tinygraph.debugger.picture import save_picture
        from tinygraph.debugger.probe import make_probe

        save_picture(report, make_probe(options.sizes, options.seed, options.activations), options.picture)
    print_report(report, options)
    return int(report.status)


def print_report(report: Any, options: Any) -> None:
    """A report in the form that was asked for, all of it on one stream."""
    if options.json:
        print(report.to_json())
    elif options.format:
        from tinygraph.debugger.formats import format_report

        print(format_report(report, options.format, options.hint))
    else:
        from rich.console import Console

        from tinygraph.debugger.telling import rich_lines, tell_report

        console = Console(highlight=False, markup=False, soft_wrap=True)
        if options.verbose:
            console.print(*report.tables(), sep="\n")
        width = min(console.width, 100) if console.is_terminal else 100
        for line in rich_lines(tell_report(report, options.hint, width)):
            console.print(line)


def check_many(options: Any, settings: dict[str, Any]) -> int:
    """Grade a folder: a table on the terminal, and as a file if asked for."""
    from rich.console import Console
    from rich.table import Table

    from tinygraph.debugger.grading import grade_folder

    bar = Console(stderr=True)
    shown = bar if bar.is_terminal else None
    grades = grade_folder(options.many, out=options.csv, jobs=options.jobs, console=shown, **settings)
    table = Table("file", "verdict", "right", "first wrong", "cause", box=None, padding=(0, 2, 0, 0))
    for g in grades:
        table.add_row(g.file, g.verdict, f"{g.right}/{g.functions}", g.first, g.cause)
    Console(highlight=False, markup=False).print(table)
    if settings["sandbox"]:
        print(f"tinygraph: {settings['sandbox'].note}", file=sys.stderr)
    return 0


def run_code(options: Any) -> int:
    from tinygraph.plan import code_of, plain_code_of

    J = load_tensor(options.source)
    print(plain_code_of(J) if options.plain else code_of(J), end="")
    return 0


def load_tensor(source: str) -> Any:
    """The Tensor that FILE.py:NAME stands for; a function is called."""
    from tinygraph.engine.tensor import Tensor

    file, colon, name = source.rpartition(":")
    if not colon or not name.isidentifier():
        raise UserFileError(
            f"{source} is not of the form FILE.py:NAME, a file and a function in it that returns a Tensor"
        )
    module = load_module(file)
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        raise UserFileError(f"{file} has no {name}; it has {', '.join(public) or 'nothing'}")
    value = getattr(module, name)
    if callable(value):
        value = call_in_file(file, f"{name}()", value)
    if not isinstance(value, Tensor):
        raise UserFileError(f"{source} gives a {type(value).__name__}; expected a Tensor, such as the cost J")
    return value


def load_module(file: str) -> Any:
    """A Python file as a module."""
    from tinygraph.debugger.loading import code_file, load_file

    path = code_file(file, ".py")
    before = list(sys.path)
    try:
        return call_in_file(file, "its import", lambda: load_file(path))
    finally:
        sys.path[:] = before


def call_in_file(file: str, what: str, call: Callable[[], Any]) -> Any:
    """The result of something in a user's file; its exceptions become one sentence with the line.

    What the file prints goes to standard error: `tinygraph code FILE.py:J > step.py` holds code alone.
    """
    from tinygraph.debugger.worker import describe_error

    try:
        with redirect_stdout(sys.stderr):
            return call()
    except (Exception, SystemExit) as error:
        told = describe_error(error, file)
        line = f":{told['line']}" if told["line"] else ""
        raise UserFileError(f"{file}{line}: {what} raised {told['type']}: {told['message']}") from error
