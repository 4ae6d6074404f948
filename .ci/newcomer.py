"""What a newcomer does with tinygraph installed and nothing of its source at hand, in an empty folder.

Names of extras may follow: those must then work; where none is named, each must say how to be installed.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import metadata
from pathlib import Path

import numpy as np

import tinygraph as tg
import viz
from tinygraph import demo, layerwise

COMMAND = Path(sysconfig.get_path("scripts")) / "tinygraph"
X, Y = np.linspace(-1.0, 1.0, 12).reshape(3, 4), np.array([[1.0, 0.0, 1.0, 0.0]])
NETWORK = tg.nn.Network([3, 2, 1])


def output(*command: str | Path, status: int = 0) -> str:
    """What a command prints, or complains of; it must exit with that status."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == status, f"{command} exits with {run.returncode}:\n{run.stdout}{run.stderr}"
    return run.stderr if status else run.stdout


def follow_the_readme() -> None:
    """The Python of the page that the package brings along is run, drawn, and made code, which is checked."""
    page = str(metadata("tinygraph").json["description"])
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    Path("first.py").write_text("".join(blocks))
    assert "dZ1 = dA1 * (1 - A1) instead of dA1 * (1 - A1 ** 2)" in output(sys.executable, "first.py")
    assert "<svg" in Path("net.svg").read_text()
    output(COMMAND, "draw", "first.py:J", "-o", "net.png")
    Path("backward.py").write_text(output(COMMAND, "code", "first.py:J", "--plain"))
    output(COMMAND, "check", "backward.py", "--sizes", "3,4,1", "--activations", "tanh,sigmoid")
    output(COMMAND, "check", layerwise.__file__)


# What each extra is for


def train_on_workers() -> None:
    np.save("X.npy", X)
    np.save("Y.npy", Y)
    parts = [tg.distributed.from_npy(name, examples=2) for name in ("X.npy", "Y.npy")]
    from distributed import Client  # type: ignore

    with Client(processes=False, dashboard_address=":0") as client:
        tg.distributed.fit(NETWORK, *parts, client=client, epochs=1)


def make_loops() -> None:
    step = tg.compile(NETWORK.cost, NETWORK.parameters, optimizer=tg.optim.SGD(0.1), backend="numba")
    assert step(X, Y) > 0


EXTRAS: dict[str, Callable[[], object]] = {
    "demo": lambda: demo.run(steps=2),
    "distributed": train_on_workers,
    "fast": make_loops,
    "files": lambda: tg.save("net.safetensors", NETWORK.parameters),
    "onnx": lambda: tg.to_onnx(NETWORK(X), "net.onnx"),
    "plots": lambda: tg.plots.weights(NETWORK.parameters["W1"], shape=(1, 3)).figure.savefig("weights.png"),
}


def be_told(extra: str) -> None:
    """An extra that is not there says how to get it."""
    told = ""
    try:
        EXTRAS[extra]()
    except ImportError as error:
        told = str(error)
    assert re.search(rf"pip install ['\"]tinygraph\[{extra}\]", told), f"{extra} is not there: {told!r}"


def main(extras: list[str]) -> None:
    for package in (tg, viz):
        assert Path(str(package.__file__)).is_relative_to(sys.prefix), f"{package} is not the installed one"
    for extra in extras:
        EXTRAS[extra]()
    if not extras:
        follow_the_readme()
        for extra in EXTRAS:
            be_told(extra)
        assert "pip install 'tinygraph[demo]'" in output(COMMAND, "demo", status=2)


if __name__ == "__main__":
    main(sys.argv[1:])
