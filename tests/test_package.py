"""What is shipped (wheel, sdist, dependencies, command), and the word to who has too old a Python."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).parents[1]
PACKAGES = {"tinygraph", "viz"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DATA = ("css", "html", "js", "toml")
SOURCES = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the sdist and the wheel, made from this tree without a network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True)
    return folder


def test_wheel_holds_every_module_and_its_data_and_nothing_else(built):
    [wheel] = built.glob("*.whl")
    data = [path for package in PACKAGES for kind in DATA for path in (ROOT / package).rglob(f"*.{kind}")]
    files = {path.relative_to(ROOT).as_posix() for path in [*SOURCES, *data]}
    expected = files | {f"{package}/py.typed" for package in PACKAGES}

    actual = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert expected == actual


def files_in(*folders):
    """The names of the files in these folders, but for what tools leave behind."""
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()):
        name = path.relative_to(ROOT)
        if not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            yield name.as_posix()


def test_sdist_holds_the_whole_source_and_no_leftovers(built):
    [sdist] = built.glob("*.tar.gz")
    expected = {".ci/newcomer.py", "LICENSE", "Makefile", "README.md", "noxfile.py", "pyproject.toml"}
    expected |= set(files_in(*PACKAGES, "docs", "examples", "tests"))

    with tarfile.open(sdist) as archive:
        actual = {name.partition("/")[2] for name in archive.getnames()}

    assert expected <= actual
    leftovers = r"\.venv|\.nox|\.coverage|demo/|dist/|site/|.*__pycache__"
    assert not [name for name in actual if re.match(leftovers, name)]


def test_metadata_is_complete_and_by_the_standard(built):
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(name)

    metadata = Metadata.from_email(text)  # what is not by the standard is an error

    assert metadata.license_expression == "MIT"
    assert metadata.description == (ROOT / "README.md").read_text()
    assert metadata.description_content_type == "text/markdown"
    assert set(metadata.provides_extra) == set(PROJECT["optional-dependencies"])


def test_citation_says_what_the_metadata_says():
    lines = (ROOT / "CITATION.cff").read_text().splitlines()
    expected = [f"version: {PROJECT['version']}", f"license: {PROJECT['license']}", "keywords:"]
    expected += [f"  - {keyword}" for keyword in PROJECT["keywords"]]

    assert [line for line in expected if line not in lines] == []


def test_readme_tells_what_every_extra_is_for():
    table = re.findall(r"^\| (`[^|]*) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    expected = sorted(PROJECT["optional-dependencies"])

    assert expected == sorted(re.findall(r"`(\w+)`", " ".join(table)))


def imported(path):
    """The top-level packages that a file imports, inside its functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def distributions_imported():
    """The distributions behind what the packages import; a name that none provides stands for itself."""
    owners = packages_distributions()
    names = {name for path in SOURCES for name in imported(path)} - sys.stdlib_module_names - PACKAGES
    return {owner for name in names for owner in owners.get(name, [name])}


def distributions_declared(requirements):
    return {re.split(r"[>=<\[ ]", requirement)[0] for requirement in requirements}


def test_every_import_is_declared_and_every_dependency_imported():
    needed = distributions_declared(PROJECT["dependencies"])
    extras = [
        names
        for extra, names in PROJECT["optional-dependencies"].items()
        if extra not in ("dev", "docs", "peers")
    ]
    optional = distributions_declared(name for names in extras for name in names)

    actual = distributions_imported()

    assert needed <= actual <= needed | optional


def test_command_is_the_main_of_cli():
    [command] = entry_points(group="console_scripts", name="tinygraph")

    assert importlib.import_module("tinygraph.cli").main is command.load()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("command", ["demo", "test"])
def test_make_refuses_an_old_python_in_one_sentence(command, tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    python = tmp_path / "python3.10"
    python.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.10.4 || exit 1\n')
    python.chmod(0o755)
    oldest = PROJECT["requires-python"].removeprefix(">=")
    expected = (
        f'tinygraph needs Python {oldest} or newer, and ./python3.10 is "Python 3.10.4": '
        f"name a newer one, as in make PYTHON=python3.12 {command}"
    )

    run = subprocess.run(
        ["make", command, "PYTHON=./python3.10"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    assert expected == run.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()
