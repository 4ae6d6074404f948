"""The sandbox: what is tried before it is used, and what a file in it can do."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.debugger.homework import RIGHT, at_import
from tinygraph.debugger import sandbox
from tinygraph.debugger.grading import grade_folder
from tinygraph.debugger.runner import check_file
from tinygraph.debugger.sandbox import Sandbox, confined_by, confinement, find_sandbox
from tinygraph.errors import UserFileError


def works(name, program, wrap):
    path = sandbox.shutil.which(program)
    return (
        Sandbox(name, path, wrap) if path and not sandbox.reason_against(Sandbox(name, path, wrap)) else None
    )


WORKING = [works(*way) for way in sandbox.WAYS]


@pytest.fixture(params=WORKING, ids=[name for name, *_ in sandbox.WAYS])
def place(request):
    """Each sandbox that there is here."""
    if request.param is None:
        pytest.skip("this system has none of that kind, or forbids it")
    return request.param


# The trial, by programs that only look like sandboxes


def fake(folder, name, script):
    """A program of this name, first on the path."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


ALL_RIGHTS = 'while [ "$1" != -- ]; do shift; done; shift\n'  # takes no right away
FAKES = {
    "forbidden": (
        "echo 'bwrap: No permissions to create new namespace' >&2; exit 1",
        "bwrap: No permissions",
    ),
    "silent": ("exit 7", "exit status 7"),
    "killed": ("kill -9 $$", "exit status -9"),
    "does nothing": ("exit 0", "it hides the file's own folder"),
    "confines nothing": (ALL_RIGHTS + 'cd "$HOME"; exec "$@"', "it shows the disk"),
    "no program": ("/nowhere/at/all", "exit status 127|not found"),
    "hangs": ("exec sleep 60", "TimeoutExpired"),
}


@pytest.mark.skipif(os.name != "posix", reason="programs as there")
@pytest.mark.parametrize(("script", "reason"), FAKES.values(), ids=FAKES)
def test_what_does_not_confine_is_not_used(tmp_path, monkeypatch, script, reason):
    monkeypatch.setattr(sandbox, "TRIAL_TIME", 5 if script == FAKES["confines nothing"][0] else 1)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("bwrap", "unshare"):
        fake(tmp_path, name, script)

    with pytest.raises(UserFileError, match=reason) as told:
        find_sandbox()

    assert "bubblewrap: " in str(told.value)
    assert "namespaces: " in str(told.value)


@pytest.mark.skipif(os.name != "posix", reason="programs as there")
def test_a_program_that_cannot_be_begun_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    fake(tmp_path, "bwrap", "").write_text("#!/nowhere/at/all\n")

    with pytest.raises(UserFileError, match=r"FileNotFoundError.*; namespaces: there is no unshare"):
        find_sandbox()


def test_the_first_that_works_is_taken(monkeypatch):
    reasons = {"a": "no", "b": "", "c": ""}
    monkeypatch.setattr(sandbox, "WAYS", [(name, "sh", None) for name in reasons])
    monkeypatch.setattr(sandbox.shutil, "which", lambda program: f"/bin/{program}")
    monkeypatch.setattr(sandbox, "reason_against", lambda tried: reasons[tried.name])

    assert find_sandbox().name == "b"


def test_the_current_one_is_that_of_the_innermost():
    one, other = (Sandbox(name, name, None) for name in "ab")

    assert confinement() is None
    with confined_by(one):
        with confined_by(other):
            assert confinement() is other
        assert confinement() is one
        with confined_by(None):
            assert confinement() is None
    assert confinement() is None


# What is shown in it


def test_what_holds_others_comes_first_and_the_folder_always(tmp_path):
    shown = sandbox.shown_paths(tmp_path)

    assert tmp_path in shown
    assert len(shown) == len(set(shown))
    assert all(not b.is_relative_to(a) or tmp_path in (a, b) for i, b in enumerate(shown) for a in shown[:i])
    assert any(Path(sys.executable).is_relative_to(path) for path in shown)
    assert any(Path(np_file()).is_relative_to(path) for path in shown)
    inside = Path(sys.prefix, "lib")
    assert inside in sandbox.shown_paths(inside)


def np_file():
    import numpy as np

    return np.__file__


def test_no_secret_of_the_environment_is_passed_on(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_TOKEN", "secret")

    assert "secret" not in sandbox.confined_variables(tmp_path).values()
    assert sandbox.confined_variables(tmp_path)["HOME"] == str(tmp_path)


# What a file can do in it


def told(place, file, **options):
    with confined_by(place):
        return check_file(file, **options)


@pytest.mark.parametrize("name", ["layers.py", "a b;$(x)'\".py", "-- x.py"])
def test_a_right_file_is_right_in_it(place, tmp_path, name):
    (tmp_path / name).write_text(RIGHT + "\nfrom beside import np\n" + at_import("open('kept', 'w').close()"))
    (tmp_path / "beside.py").write_text("import numpy as np\n")

    report = told(place, tmp_path / name)

    assert (report.status, report.notes) == (0, [place.note])
    assert place.name in place.note
    assert (tmp_path / "kept").exists()


def test_a_relative_path_and_another_current_folder(place, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "layers.py").write_text(RIGHT)
    monkeypatch.chdir(tmp_path)

    assert told(place, Path("inner", "layers.py")).status == 0


OUTSIDE = {
    "a file beside its folder": "open({secret!r}).read()",
    "the folder beside": "os.listdir(os.path.dirname({secret!r}))[2]",
    "what is in /home": "os.listdir('/home')[0]",
    "this process": "os.kill({pid}, 0)",
    "its memory": "open('/proc/{pid}/mem')",
    "the network": "socket.create_connection(('127.0.0.1', {port}), 3)",
    "a name on the network": "socket.getaddrinfo('example.org', 80)",
    "Python itself": "open(os.path.join(os.path.dirname(os.__file__), 'written'), 'w')",
    "tinygraph": "open({package!r} + '/written', 'w')",
    "the environment": "os.environ['SOME_TOKEN']",
    "a mount": "subprocess.run(['mount', '-t', 'tmpfs', 'none', '/usr'], check=True)",
    "a mount made writable": "subprocess.run(['mount', '-o', 'remount,bind,rw', '/usr'], check=True)",
    "a device": "os.mknod('device', 0o600 | stat.S_IFBLK, os.makedev(8, 0))",
    "the root before": "os.chroot('.')",
}


@pytest.mark.parametrize("reach", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_outside_is_within_reach(place, tmp_path, monkeypatch, reach):
    monkeypatch.setenv("SOME_TOKEN", "secret")
    folder, secret = tmp_path / "own", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("secret")
    package = str(Path(sandbox.__file__).parents[1])
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {
            "secret": str(secret),
            "pid": os.getpid(),
            "port": server.getsockname()[1],
            "package": package,
        }
        text = f"import os, socket, stat, subprocess\n{reach.format(**names)}\nopen('reached', 'w').close()\n"
        (folder / "layers.py").write_text(at_import("open('begun', 'w').close()\n" + text))
        told(place, folder / "layers.py")

    assert (folder / "begun").exists()
    assert not (folder / "reached").exists()


ENDINGS = {
    "segfault": ("import ctypes\n    ctypes.string_at(0)", "ended the process by SIGSEGV"),
    "kill": ("import os\n    os.kill(os.getpid(), 9)", "ended the process by SIGKILL"),
    "exit": ("import os\n    os._exit(3)", "ended the process with status 3"),
    "loop": ("while True:\n        pass", "was still running after 1 s"),
    "memory": ("return np.ones(10 * 2**27)", "asked for more memory than --memory allows"),
}


@pytest.mark.parametrize(("body", "said"), ENDINGS.values(), ids=ENDINGS)
def test_a_function_ends_badly_in_it_as_elsewhere(place, tmp_path, body, said):
    text = f"{RIGHT}\n\ndef update_parameters(*_):\n    {body}\n"
    (tmp_path / "layers.py").write_text(text)

    report = told(place, tmp_path / "layers.py", timeout=5, memory=1 << 29)

    [failed] = [f for f in report.functions if not f.ok]
    assert (failed.name, failed.verdict) == ("update_parameters", "could not run")
    assert failed.reason.startswith(f"update_parameters {said}")
    assert sum(f.verdict == "agrees" for f in report.functions) == 3


def test_nothing_lives_on_that_began_in_it(place, tmp_path):
    """Whatever session it is in: it goes on counting, or not."""
    counting = (
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    n = 0\n    while True:\n        n += 1\n"
        "        open('count', 'w').write(str(n))\n        time.sleep(0.01)\n"
        "while not os.path.exists('count'):\n    time.sleep(0.01)\n"
    )
    (tmp_path / "layers.py").write_text(at_import(counting) + RIGHT)

    assert told(place, tmp_path / "layers.py").status == 0
    before = (tmp_path / "count").read_text()
    time.sleep(0.3)
    assert (tmp_path / "count").read_text() == before


def test_its_checker_is_out_of_reach_and_grades_are_as_elsewhere(place, tmp_path):
    stop = "import os, signal\nfor pid in {{*range(2, 99999)}} - {{os.getpid()}}:\n"
    stop += "    try:\n        os.kill(pid, {})\n    except OSError:\n        pass\n"
    (tmp_path / "a.py").write_text(at_import(stop.format(int(signal.SIGSTOP))) + RIGHT)
    (tmp_path / "b.py").write_text(at_import(stop.format(int(signal.SIGKILL))) + RIGHT)
    (tmp_path / "c.py").write_text(RIGHT)

    grades = grade_folder(tmp_path, sandbox=place, timeout=10)

    assert grades[2].verdict == "right"
    assert all(place.note not in grade.told for grade in grades)
    assert os.kill(os.getpid(), 0) is None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_checker(place, tmp_path, end):
    folder = tmp_path / "own"
    folder.mkdir()
    text = (
        "import time\nn = 0\nwhile True:\n    n += 1\n"
        "    open('count', 'w').write(str(n))\n    time.sleep(0.01)\n"
    )
    (folder / "layers.py").write_text(at_import(text))
    check = (
        "from tinygraph.debugger.runner import check_file\nfrom tinygraph.debugger import sandbox as s\n"
        f"[way] = [w for n, p, w in s.WAYS if n == {place.name!r}]\n"
        f"with s.confined_by(s.Sandbox({place.name!r}, {place.program!r}, way)):\n"
        f"    check_file({str(folder / 'layers.py')!r}, timeout=60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", check]) as run:
        while not (folder / "count").exists():
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(end)
    time.sleep(0.3)
    before = (folder / "count").read_text()
    time.sleep(0.3)

    assert (folder / "count").read_text() == before
