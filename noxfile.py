"""Other versions than those in .venv: every Python that is here, the oldest and the newest packages, and the
package itself where nothing else is. Needs a network; `make test` needs none of this.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import nox

ROOT = Path(__file__).parent
DIST = ROOT / "dist"
PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT, max_version="3.14")
EXTRAS = [
    extra for extra in PROJECT["project"]["optional-dependencies"] if extra not in ("dev", "docs", "peers")
]

nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"  # a Python that is not here is skipped, and nox says so
nox.options.error_on_missing_interpreters = False  # in CI as well


@nox.session(python=PYTHONS, reuse_venv=True)
@nox.parametrize("resolution", ["lowest-direct", "highest"], ids=["oldest", "newest"])
def tests(session: nox.Session, resolution: str) -> None:
    """Run the tests on the oldest versions that pyproject.toml allows, or on the newest.

    Oldest are the lower bounds themselves; on later Pythons, the first above them that have a wheel for it.
    """
    session.install("--resolution", resolution, "--only-binary", ":all:", "--upgrade", "--editable", ".[dev]")
    command = ["pytest", "--numprocesses=auto", "--ignore=tests/browser"]
    session.run(*command, *session.posargs, env={"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""})


@nox.session
def build(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it."""
    session.run("uv", "build", "--clear", "--quiet", "--out-dir", DIST)


@nox.session(requires=["build"])
@nox.parametrize(
    "suffix, extras",
    [(".whl", []), (".tar.gz", []), *((".whl", [extra]) for extra in EXTRAS)],
    ids=["wheel", "sdist", *EXTRAS],
)
def package(session: nox.Session, suffix: str, extras: list[str]) -> None:
    """Install what was built, and nothing else, into an empty environment, and use it as a newcomer does."""
    [file] = DIST.glob(f"*{suffix}")
    newcomer = ROOT / ".ci" / "newcomer.py"
    session.install(f"tinygraph[{','.join(extras)}] @ {file.as_uri()}")
    session.run("uv", "pip", "check")
    with TemporaryDirectory() as folder, session.chdir(folder):
        session.run("python", newcomer, *extras)
        if not extras:
            python = f"--python-executable={session.bin}/python"
            session.run("uvx", "--quiet", "mypy", "--strict", python, newcomer)
