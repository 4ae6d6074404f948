"""Parameters in files: whole or not at all, checked when they are read, and never code.

The suffix chooses the format: `.safetensors`, which PyTorch and others read too, or NumPy's `.npz`, without
pickle. A file is written beside its place, brought to the disk and then renamed, so whoever looks finds the
old file or the new one, whenever the writer was stopped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.errors import DtypeError, MissingPackageError, ShapeError, UserFileError
from tinygraph.extras import needed_package
from tinygraph.guards.faults import blame

__all__ = [
    "arrays_of_parameters",
    "assign",
    "check_fit",
    "check_place",
    "load",
    "save",
    "save_bytes",
    "write_whole",
]

ParameterArrays = Mapping[str, Any] | Iterable[Tensor]
Arrays = dict[str, Any]
CHECKSUM = "sha256"
METADATA = "__metadata__"  # what .safetensors calls its own
KINDS = "biuf"  # the dtypes that both formats hold


class Format(NamedTuple):
    """How one format turns arrays into bytes, and a file into arrays."""

    dump: Callable[[Arrays], bytes]
    read: Callable[[Path], Arrays]


def save(path: str | Path, parameters: ParameterArrays) -> None:
    """Write parameters into a file, whole or not at all.

    Args:
        path: ends in `.safetensors` or `.npz`. A file of this name is replaced at once by the new one.
        parameters: Tensors or arrays by name, or Tensors that have names; of integers, booleans or floating
            point numbers.

    Raises:
        UserFileError: another suffix, no name for a parameter, or a folder that cannot be written into.
        DtypeError: an array of something that the formats do not hold, such as objects.
        TypeError: no parameters, such as a network itself.
        MissingPackageError: `.safetensors` without the package safetensors.

    >>> import tempfile
    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[1.0, 2.0]], name="W1")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tg.save(f"{folder}/net.npz", [W1])
    ...     tg.load(f"{folder}/net.npz")
    {'W1': array([[1., 2.]])}
    """
    save_bytes(path, format_of(Path(path)).dump(arrays_of_parameters(parameters)))


def save_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, whole or not at all; UserFileError where that cannot be done."""
    try:
        write_whole(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise UserFileError(f"cannot write {path}: {error.strerror or error}") from error


def check_place(path: str | Path) -> None:
    """Raise what `save` would raise at this place, but for a full disk; what is there stays as it is.

    >>> check_place("nowhere/net.npz")
    Traceback (most recent call last):
    ...
    tinygraph.errors.UserFileError: cannot write nowhere/net.npz: No such file or directory
    """
    format_of(Path(path)).dump({})
    place = Path(os.path.realpath(path))
    try:
        if place.is_dir():
            raise IsADirectoryError("it is a folder")
        part_file(place).touch()
        part_file(place).unlink()
    except OSError as error:
        raise UserFileError(f"cannot write {path}: {error.strerror or error}") from error


def load(path: str | Path, into: ParameterArrays | None = None) -> Arrays:
    """The arrays in a file that `save` or another program wrote, by name. No code in it is run.

    Args:
        path: ends in `.safetensors` or `.npz`.
        into: parameters to set as well, in place and all or none; the file may hold more than these.

    Raises:
        UserFileError: the file is missing, truncated, altered or no such file, or holds pickled objects.
        ShapeError, DtypeError: an array of `into` has another shape or dtype in the file.
        MissingPackageError: `.safetensors` without the package safetensors.

    >>> load("net.h5")
    Traceback (most recent call last):
    ...
    tinygraph.errors.UserFileError: net.h5 ends in '.h5'; expected .safetensors or .npz
    """
    path = Path(path)
    read = format_of(path).read
    try:
        arrays = read(path)
    except (MissingPackageError, UserFileError):
        raise
    except OSError as error:
        raise UserFileError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # whatever the readers say of bytes that are not theirs
        blame(error, f"reading {path}")
        raise UserFileError(
            f"{path} is no whole {path.suffix} file: {error or type(error).__name__}; "
            "it may be truncated or altered"
        ) from error
    if into is not None:
        assign(into, arrays, str(path))
    return arrays


def assign(parameters: ParameterArrays, arrays: Mapping[str, Any], source: str = "the mapping") -> None:
    """Set the values of parameters in place from arrays by their names, all or none.

    Raises:
        UserFileError: one is missing.
        ShapeError, DtypeError: one has another shape or dtype.

    >>> import tinygraph as tg
    >>> W1 = tg.parameter([[1.0, 2.0]], name="W1")
    >>> assign([W1], {"W1": np.ones((2, 1))}, "net.npz")
    Traceback (most recent call last):
    ...
    tinygraph.errors.ShapeError: W1 in net.npz has shape (2, 1), but is (1, 2) here
    """
    places = arrays_of_parameters(parameters)
    check_fit(places, arrays, source)
    for name, place in places.items():
        place[...] = arrays[name]


def check_fit(places: Mapping[str, Any], arrays: Mapping[str, Any], source: str) -> None:
    """Raise what `assign` raises; nothing is set."""
    missing = [name for name in places if name not in arrays]
    if missing:
        raise UserFileError(
            f"{source} has no {', '.join(missing)}; it has {', '.join(arrays) or 'nothing'}: "
            "was it written for another network?"
        )
    for name, place in places.items():
        if arrays[name].shape != place.shape:
            raise ShapeError(f"{name} in {source} has shape {arrays[name].shape}, but is {place.shape} here")
        if not place.flags.writeable:
            raise ValueError(f"{name} cannot be set: its array is read-only")
        if arrays[name].dtype != place.dtype:
            raise DtypeError(f"{name} in {source} is {arrays[name].dtype}, but {place.dtype} here")


def arrays_of_parameters(parameters: ParameterArrays) -> Arrays:
    """The arrays of parameters by name.

    >>> import tinygraph as tg
    >>> arrays_of_parameters([tg.parameter([1.0])])
    Traceback (most recent call last):
    ...
    tinygraph.errors.UserFileError: a parameter of shape (1,) has no name: give a mapping from names to them
    """
    if isinstance(parameters, Mapping):
        return {str(name): np.asanyarray(value_of(x)) for name, x in parameters.items()}
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        kind = type(parameters).__name__
        raise TypeError(
            f"give parameters by name, such as network.parameters, or a list of them, not a {kind}"
        )
    found: Arrays = {}
    for p in parameters:
        if not isinstance(p, Tensor):
            raise TypeError(
                f"a list of parameters holds Tensors, not a {type(p).__name__}; or give them by name"
            )
        if p.name is None:
            raise UserFileError(
                f"a parameter of shape {p.shape} has no name: give a mapping from names to them"
            )
        if p.name in found:
            raise UserFileError(f"two parameters are called {p.name}: give a mapping from names to them")
        found[p.name] = p.value
    return found


def format_of(path: Path) -> Format:
    """The format that a suffix stands for."""
    if path.suffix not in FILE_FORMATS:
        raise UserFileError(f"{path} ends in {path.suffix!r}; expected .safetensors or .npz")
    return FILE_FORMATS[path.suffix]


def write_whole(path: Path, content: bytes) -> None:
    """Write beside `path`, bring it to the disk, and rename: the old file or the new one is always there."""
    part = part_file(path)
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name as well
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def part_file(path: Path) -> Path:
    """The file beside `path` that this thread writes first."""
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")


def order_bytes(arrays: Arrays) -> Arrays:
    """Plain arrays as they lie in a file: row by row, the lowest byte of each number first."""
    for name, x in arrays.items():
        if x.dtype.kind not in KINDS:
            raise DtypeError(f"{name} has dtype {x.dtype}; files hold booleans, integers and floats")
    return {name: np.array(x, x.dtype.newbyteorder("<"), order="C") for name, x in arrays.items()}


# .npz: a zip archive of .npy files, here with a checksum as the comment


def dump_npz(arrays: Arrays) -> bytes:
    import io
    import zipfile

    arrays = order_bytes(arrays)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.comment = arrays_digest(arrays).encode()
        for name, x in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: the same arrays are the same bytes
            with archive.open(member, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, x, allow_pickle=False)
    return content.getvalue()


def read_npz(path: Path) -> Arrays:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        arrays = {name.removesuffix(".npy"): read_member(archive, name) for name in archive.namelist()}
        check_end(path, archive.comment)
        check_digest(path, arrays, archive.comment.decode(errors="replace"))
    return arrays


def check_end(path: Path, comment: bytes) -> None:
    """Compare the length that the comment at the end of an archive has and should have: zipfile does not."""
    with path.open("rb") as file:
        file.seek(-22 - len(comment), 2)
        record = file.read()
    if record[:4] != b"PK\x05\x06" or int.from_bytes(record[20:22], "little") != len(comment):
        raise UserFileError(f"{path} is cut short at its end")


def read_member(archive: Any, name: str) -> Any:
    with archive.open(name) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        file.read()  # to the end, where the archive's own checksum is compared
    return array


# .safetensors: a header in JSON and the numbers, here with a checksum in the header


def dump_safetensors(arrays: Arrays) -> bytes:
    arrays = order_bytes(arrays)
    if METADATA in arrays:
        raise UserFileError(f"a .safetensors file has no place for an array called {METADATA}")
    return bytes(safetensors_package().numpy.save(arrays, metadata={CHECKSUM: arrays_digest(arrays)}))


def read_safetensors(path: Path) -> Arrays:
    path.open("rb").close()  # whose errors name the cause
    with safetensors_package().safe_open(path, framework="numpy") as file:
        arrays = {name: tensor_in(file, name, path) for name in sorted(file.keys())}
        check_digest(path, arrays, (file.metadata() or {}).get(CHECKSUM, ""))
    return arrays


def tensor_in(file: Any, name: str, path: Path) -> Any:
    """One array of an open file; of what only other packages add to NumPy, bfloat16, there is none."""
    kind = file.get_slice(name).get_dtype()
    with suppress(TypeError):
        found = np.array(file.get_tensor(name))
        if found.dtype.kind in "biufc":
            return found
    raise UserFileError(
        f"{name} in {path} holds {kind} numbers, which NumPy lacks: write it as float32 where it was made"
    )


def safetensors_package() -> Any:
    """The package, or a word on how to get it."""
    with needed_package("a .safetensors file needs", "files", ", or write .npz"):
        import safetensors.numpy
    return safetensors


def arrays_digest(arrays: Arrays) -> str:
    """A checksum of names, dtypes, shapes and numbers."""
    import hashlib

    sum = hashlib.new(CHECKSUM)
    for name, x in sorted(arrays.items()):
        sum.update(f"{name} {x.dtype.str} {x.shape} ".encode())
        sum.update(np.ascontiguousarray(x).data)
    return sum.hexdigest()


def check_digest(path: Path, arrays: Arrays, stated: str) -> None:
    """Compare with the checksum that the file states; the files of other programs may have none."""
    if stated not in ("", arrays_digest(arrays)):
        raise UserFileError(f"{path} was altered after it was written: its checksum is another")


FILE_FORMATS = {
    ".npz": Format(dump_npz, read_npz),
    ".safetensors": Format(dump_safetensors, read_safetensors),
}
