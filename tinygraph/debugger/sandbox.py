"""A place without a network, where somebody's file sees its own folder and the Python installation alone.

Bubblewrap makes one, and so does unshare with some commands of every Linux. Whether either works depends on
the system, which may have it and forbid it; so each is tried on a small program before it is used.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from tinygraph.errors import UserFileError

__all__ = ["Sandbox", "confined_by", "confined_variables", "confinement", "find_sandbox"]

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
TRIAL_TIME = 30.0  # seconds for the small program
# What programs are linked with and find each other by, wherever Python itself may be.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
LINKING = ("/etc/alternatives", "/etc/ld.so.cache")
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")
# The small program, and what it must not find: a file beside its folder, a network, who began it.
TRIAL = """
import os, socket, sys
root, secret, parent = sys.argv[1:]
sys.path.append(root)
import tinygraph.debugger.worker
open("written", "w").close()
def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
networks = {name for _, name in socket.if_nameindex()} - {"lo"}
seen = [what for what, found in [("the disk", os.path.exists(secret)), ("the network", networks),
        ("other processes", is_there(int(parent)))] if found]
sys.exit("it shows " + ", ".join(seen) if seen else 0)
"""
# In namespaces of its own, a shell builds a small tree in memory, makes it the root, and gives up all rights.
BUILD = """
set -e
folder=$1 new=/sys
shift
mount -t tmpfs -o size=64m,mode=755 none $new
mkdir $new/proc $new/dev $new/tmp $new/old
mount -t proc none $new/proc || true
show() {
    if [ -d "$1" ]; then mkdir -p "$new$1"; else mkdir -p "$new${1%/*}"; : > "$new$1"; fi
    mount --rbind "$1" "$new$1"
    [ "$2" = writable ] || mount -o remount,bind,ro "$new$1"
}
while [ "$1" != -- ]; do
    if [ "$1" = "$folder" ]; then show "$1" writable; else show "$1" readable; fi
    shift
done
shift
for device in null zero random urandom; do show /dev/$device writable; done
cd $new
pivot_root . old
umount -l /old
rmdir /old
cd "$folder"
setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
exit $?
"""


class Sandbox(NamedTuple):
    """A way to confine a command to a folder: its name, its program, and the whole command."""

    name: str
    program: str
    wrap: Callable[[str, Sequence[str], Path], list[str]]

    def command(self, command: Sequence[str], folder: Path) -> list[str]:
        """The command, confined to the folder, in which it begins."""
        return self.wrap(self.program, command, folder)

    @property
    def note(self) -> str:
        """What a report says of it."""
        return f"Run in a sandbox ({self.name}): no network, and no files but its own folder and Python's."


# The ways


def wrap_bubblewrap(program: str, command: Sequence[str], folder: Path) -> list[str]:
    """The command in bubblewrap."""
    shown = [
        part
        for path in shown_paths(folder)
        for part in ("--bind" if path == folder else "--ro-bind", str(path), str(path))
    ]
    alone = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    system = ["--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]
    return [program, *alone, *system, *shown, "--chdir", str(folder), "--", *command]


def wrap_unshare(program: str, command: Sequence[str], folder: Path) -> list[str]:
    """The command in namespaces of its own."""
    spaces = ("user", "map-root-user", "mount", "net", "ipc", "uts", "pid", "fork", "kill-child")
    build = ["sh", "-c", BUILD, "sh", str(folder), *map(str, shown_paths(folder)), "--"]
    options = [*(f"--{space}" for space in spaces), "--propagation", "private"]
    return ["setpriv", "--pdeathsig", "KILL", "--", program, *options, *build, *command]


WAYS = (("bubblewrap", "bwrap", wrap_bubblewrap), ("namespaces", "unshare", wrap_unshare))


def shown_paths(folder: Path) -> list[Path]:
    """The folder and the Python installation, what holds others first, and each path once."""
    python = [sys.prefix, sys.base_prefix, *site.getsitepackages(), site.getusersitepackages()]
    python += [os.path.dirname(sys.executable), str(PACKAGE_FOLDER)]
    found: list[Path] = []
    for path in sorted({folder, *map(Path, (*SYSTEM, *LINKING, *python))}):
        inside = any(path.is_relative_to(other) and other != folder for other in found)
        if path.exists() and (path == folder or not inside):
            found.append(path)
    return found


# The choice


def find_sandbox() -> Sandbox:
    """The first way that works here.

    Raises:
        UserFileError: none does.
    """
    reasons = []
    for name, program, wrap in WAYS:
        path = shutil.which(program)
        reason = f"there is no {program}" if path is None else reason_against(Sandbox(name, path, wrap))
        if path is not None and not reason:
            return Sandbox(name, path, wrap)
        reasons.append(f"{name}: {reason}")
    raise UserFileError(
        f"--sandbox is not possible here ({'; '.join(reasons)}); install bubblewrap, or run what you do not "
        "trust on a machine that you can lose"
    )


def reason_against(sandbox: Sandbox) -> str:
    """Why a way does not work here; nothing if it does: Python runs in it and finds nothing else."""
    with tempfile.TemporaryDirectory(prefix="tinygraph-") as place:
        folder = Path(place, "own").resolve()
        folder.mkdir()
        secret = Path(place, "secret")
        secret.touch()
        arguments = (str(PACKAGE_FOLDER.parent), str(secret), str(os.getpid()))
        trial = [sys.executable, "-P", "-c", TRIAL, *arguments]
        try:
            ran = subprocess.run(
                sandbox.command(trial, folder),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=confined_variables(folder),
                timeout=TRIAL_TIME,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return f"{type(error).__name__}: {error}"
        if ran.returncode == 0 and not (folder / "written").exists():
            return "it hides the file's own folder"
        said = ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"]
        return said[-1] if ran.returncode else ""


def confined_variables(folder: Path) -> dict[str, str]:
    """The environment in a sandbox: what else there is may be secret."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return kept | {"HOME": str(folder)}


# The use


CURRENT: ContextVar[Sandbox | None] = ContextVar("CURRENT", default=None)


def confinement() -> Sandbox | None:
    """The sandbox in which files are run now; None if they run with their user's rights."""
    return CURRENT.get()


@contextmanager
def confined_by(sandbox: Sandbox | None) -> Iterator[None]:
    """Let the files that are checked meanwhile run in a sandbox."""
    before = CURRENT.set(sandbox)
    try:
        yield
    finally:
        CURRENT.reset(before)
