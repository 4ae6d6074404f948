"""Run the suites of peers on tinygraph: `python -m tests.peers [autograd] [mygrad] [torch]`, or all of them.

The tests of autograd are taken from where they are published, into a folder that is thrown away;
`--folder autograd=PATH` takes what is unpacked there instead. MyGrad publishes none with its package:
`--folder mygrad=CLONE` names a clone of its repository, without which its suite fails. Each needs its own
package (`pip install -e .[peers]`); what is not installed is passed over, and said.
The exit status is 0 if nothing is wrong that is not explained.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SUITES = {"autograd": "hips", "mygrad": "fixtures", "torch": "samples"}
OF_SDISTS = ("autograd",)


def fetch_sdist(package: str, folder: str) -> Path:
    """The sdist of the version that is installed, unpacked."""
    version = importlib.metadata.version(package)
    options = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", folder]
    subprocess.run([sys.executable, "-m", "pip", *options, f"{package}=={version}"], check=True)
    with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as packed:
        packed.extractall(folder, filter="data")
    return next(path for path in Path(folder).iterdir() if path.is_dir())


def run_suite(name: str, given: dict[str, str]) -> bool:
    """Whether a suite says nothing that is not explained."""
    if importlib.util.find_spec(name) is None:
        print(f"{name} is not installed")
        return True
    suite = importlib.import_module(f"tests.peers.{SUITES[name]}")
    if name == "torch":  # its samples are in the package itself
        return suite.run()
    if name in given:
        return suite.run(given[name])
    if name not in OF_SDISTS:
        print(
            f"{name} has no tests in what it publishes: clone its repository, and give --folder {name}=PATH"
        )
        return False
    with tempfile.TemporaryDirectory() as folder:
        return suite.run(fetch_sdist(name, folder))


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers", description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*", choices=[*SUITES, []], help="all of them unless named")
    parser.add_argument(
        "--folder", action="append", default=[], metavar="NAME=PATH", help="an unpacked sdist"
    )
    asked = parser.parse_args()
    given = dict(x.split("=", 1) for x in asked.folder)
    fine = [run_suite(name, given) for name in asked.suites or SUITES]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
