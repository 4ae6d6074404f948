"""Files: what is read is what was written, whole or not at all, and nothing in a file is run."""

import json
import os
import pickle
import struct
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.errors import DtypeError, MissingPackageError, ShapeError, UserFileError

ROOT = Path(__file__).parents[1]
SUFFIXES = ["npz", "safetensors"]
pytest.importorskip("safetensors", reason="the format of half of these tests is an extra")

ARRAYS = {
    "W1": np.arange(6.0).reshape(2, 3).T,  # not in C order
    "b1": np.zeros((0, 3), np.float32),
    "steps": np.array(3),
    "mask": np.array([True, False]),
    "file": np.array([1.5, -0.0, np.inf, np.nan], np.float16),
    "big": np.array([1.0, 2.0], ">f8"),
}


FEW = {name: ARRAYS[name] for name in ("W1", "b1", "mask")}


def same(first, second):
    """Whether these are the same arrays, to the last bit."""
    return first.keys() == second.keys() and all(
        x.dtype == second[name].dtype
        and x.shape == second[name].shape
        and x.tobytes() == second[name].tobytes()
        for name, x in first.items()
    )


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    return tmp_path / f"net.{request.param}"


def test_what_is_read_is_what_was_written(path):
    expected = {name: np.array(x, x.dtype.newbyteorder("=")) for name, x in ARRAYS.items()}

    tg.save(path, ARRAYS)
    actual = tg.load(path)

    assert same(expected, actual)
    assert all(x.flags.writeable for x in actual.values())


def test_the_same_arrays_are_the_same_bytes(path):
    tg.save(path, ARRAYS)
    first = path.read_bytes()
    tg.save(path, ARRAYS)

    assert first == path.read_bytes()


def test_each_format_is_read_by_its_own_package(tmp_path):
    from safetensors.numpy import load_file, save_file

    tg.save(tmp_path / "net.npz", ARRAYS)
    tg.save(tmp_path / "net.safetensors", ARRAYS)
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        assert same(tg.load(tmp_path / "net.npz"), dict(archive))
    assert same(tg.load(tmp_path / "net.safetensors"), load_file(tmp_path / "net.safetensors"))

    mine = {"a": np.ones(2), "b": np.ones((1, 2), np.float32)}
    np.savez_compressed(tmp_path / "net.npz", **mine)
    save_file(mine, tmp_path / "net.safetensors")
    for suffix in SUFFIXES:
        assert same(mine, tg.load(tmp_path / f"net.{suffix}"))


def test_parameters_are_set_in_place_from_a_file_that_may_hold_more(path):
    W1 = tg.parameter(np.ones((2, 2)), name="W1")
    array = W1.value
    tg.save(path, {"W1": np.full((2, 2), 7.0), "other": np.ones(1)})

    tg.load(path, into=[W1])

    assert W1.value is array
    np.testing.assert_array_equal(array, 7)


@pytest.mark.parametrize(
    ("there", "error", "message"),
    [
        (
            {"W1": np.ones((2, 2)), "b1": np.ones((2,))},
            ShapeError,
            r"b1 in .*net\.\w+ has shape \(2,\), but is \(2, 1\)",
        ),
        (
            {"W1": np.ones((2, 2)), "b1": np.ones((2, 1), np.float32)},
            DtypeError,
            "b1 in .* float32, but float64",
        ),
        ({"W1": np.ones((2, 2))}, UserFileError, "has no b1; it has W1: was it written for another network"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(path, there, error, message):
    parameters = [tg.parameter(np.zeros((2, 2)), name="W1"), tg.parameter(np.zeros((2, 1)), name="b1")]
    tg.save(path, there)

    with pytest.raises(error, match=message):
        tg.load(path, into=parameters)

    assert not any(p.value.any() for p in parameters)


def load_quietly(path):
    """The arrays, or None where the file is refused."""
    try:
        return tg.load(path)
    except UserFileError:
        return None


def test_no_truncated_file_is_read(path):
    tg.save(path, FEW)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])

        assert load_quietly(path) is None


def test_no_altered_byte_changes_what_is_read(path):
    """Each byte in turn: refused, or read as it was written (a date in the archive, say)."""
    tg.save(path, FEW)
    content, expected = path.read_bytes(), tg.load(path)
    refused = 0
    for i in range(len(content)):
        path.write_bytes(content[:i] + bytes([content[i] ^ 1 << i % 8]) + content[i + 1 :])
        actual = load_quietly(path)

        assert actual is None or same(expected, actual)
        refused += actual is None

    assert refused > len(content) / 2


class Hostile:
    """Unpickling this would leave a trace."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def test_loading_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = np.array([Hostile()], object)
    np.savez("member.npz", hostile)
    Path("whole.npz").write_bytes(pickle.dumps(hostile))
    Path("whole.safetensors").write_bytes(pickle.dumps(hostile))
    with zipfile.ZipFile("header.npz", "w") as archive:
        text = b"{'descr': '<f8', 'fortran_order': False, 'shape': __import__('os').mkdir('unpickled'), }"
        archive.writestr("W1.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)

    for file in ("member.npz", "whole.npz", "whole.safetensors", "header.npz"):
        with pytest.raises(UserFileError, match="is no whole"):
            tg.load(file)

    assert not Path("unpickled").exists()


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"W1": np.array([object()])}, DtypeError, "W1 has dtype object; files hold booleans, integers"),
        ({"W1": np.array([1j])}, DtypeError, "W1 has dtype complex128"),
        ([tg.parameter([1.0])], UserFileError, r"a parameter of shape \(1,\) has no name"),
        ([tg.parameter([1.0], name="W")] * 2, UserFileError, "two parameters are called W"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named_and_no_file_is_made(path, parameters, error, message):
    with pytest.raises(error, match=message):
        tg.save(path, parameters)

    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    "parameters", [tg.nn.Network([2, 1]), tg.parameter([1.0], name="W1"), [np.ones(2)], 3]
)
def test_what_is_no_parameters_is_refused(path, parameters):
    with pytest.raises(TypeError, match="by name"):
        tg.save(path, parameters)

    assert not path.exists()


def test_a_name_that_the_format_needs_itself_is_refused(tmp_path):
    with pytest.raises(UserFileError, match="no place for an array called __metadata__"):
        tg.save(tmp_path / "net.safetensors", {"__metadata__": np.ones(2)})


def test_nothing_is_set_where_one_array_is_read_only(path):
    first, second = np.zeros(2), np.zeros(2)
    second.flags.writeable = False
    tg.save(path, {"a": np.ones(2), "b": np.ones(2)})

    with pytest.raises(ValueError, match="b cannot be set: its array is read-only"):
        tg.load(path, into={"a": first, "b": second})

    assert not first.any()


def test_a_suffix_a_folder_and_a_file_that_are_not_there(tmp_path):
    with pytest.raises(UserFileError, match=r"net.pt ends in '.pt'; expected .safetensors or .npz"):
        tg.save("net.pt", {})
    with pytest.raises(UserFileError, match=r"cannot write .*/net.npz: No such file"):
        tg.save(tmp_path / "nowhere" / "net.npz", {})
    for suffix in SUFFIXES:
        with pytest.raises(UserFileError, match=rf"cannot read .*/net.{suffix}: No such file"):
            tg.load(tmp_path / f"net.{suffix}")


def test_without_safetensors_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)

    with pytest.raises(MissingPackageError, match=r"pip install 'tinygraph\[files\]', or write .npz"):
        tg.save(tmp_path / "net.safetensors", {})


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    tg.save(path, {"W1": np.ones(1)})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserFileError, match="No space left on device"):
        tg.save(path, {"W1": np.zeros(1)})

    assert list(path.parent.iterdir()) == [path]
    assert tg.load(path)["W1"] == 1


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.npz").symlink_to("file.npz")

    tg.save(tmp_path / "link.npz", {"W1": np.ones(1)})

    assert (tmp_path / "link.npz").is_symlink()
    assert tg.load(tmp_path / "file.npz")["W1"] == 1


KILLS = """
import os, random, signal, sys, time
import numpy as np
import tinygraph as tg

path, delays = sys.argv[1], random.Random(1)
tg.save(path, {"n": np.zeros(5000)})
began = time.perf_counter()
for _ in range(5):
    tg.save(path, {"n": np.zeros(5000)})
span = (time.perf_counter() - began) * 3 / 5
seen = set()
saved, tell = os.pipe()
for kill in range(200):
    child = os.fork()
    if child == 0:
        for n in range(10**9):  # until it is killed
            tg.save(path, {"n": np.full(5000, 1000.0 * kill + n % 1000)})
            os.write(tell, b".") if n == 0 else None
    os.read(saved, 1)
    time.sleep(delays.uniform(0, span))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    n = tg.load(path)["n"]
    assert n.shape == (5000,) and (n == n[0]).all()
    seen.add(n[0])
parts = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".part")]
print(len(seen), len(parts))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to kill 200 processes in little time")
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(path):
    command = [sys.executable, "-c", textwrap.dedent(KILLS), path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    files, interrupted = map(int, run.stdout.split())
    assert files > 2  # there were new files to find,
    assert interrupted > 2  # and kills in the middle of writing


def test_numbers_that_numpy_lacks_are_named(tmp_path):
    pytest.importorskip("safetensors", reason="the format is an extra")
    header = json.dumps({"W": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")

    with pytest.raises(
        UserFileError, match=r"W in .* holds BF16 numbers, which NumPy lacks: write it as float32"
    ):
        tg.load(path)
