"""The demo: the lectures' three-layer network on real data, drawn, and proved equal to the version by hand.

Examples are columns, as everywhere: X is (30, m), Y is (1, m), and A3 holds the probability of Y = 1.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from tinygraph import layerwise as lw
from tinygraph.checks import Report, compare
from tinygraph.engine.tensor import Tensor, parameter, tensor
from tinygraph.errors import UserFileError
from tinygraph.extras import needed_package
from tinygraph.files import load, save_bytes
from tinygraph.guards.modes import no_grad
from tinygraph.losses import binary_cross_entropy
from tinygraph.nn import Model
from tinygraph.optim import SGD
from tinygraph.rules.kernels import relu, sigmoid
from tinygraph.training import fit

__all__ = ["run"]

LAYER_DIMS = [30, 16, 8, 1]
LEARNING_RATE = 0.1
TEST_SHARE = 0.2

FloatArray = np.ndarray[Any, np.dtype[Any]]


def run(
    seed: int = 1,
    out: str | Path = "demo",
    steps: int = 400,
    console: Console | None = None,
    resume: bool = False,
) -> Report:
    """Train the network, print its derivatives and the proof that they are right, and write the pictures.

    Args:
        seed: chooses the split of the data and the first weights; the same seed gives the same files.
        out: the folder to write into, made where it does not exist.
        steps: how many steps of gradient descent to take.
        console: where to print; the terminal if omitted.
        resume: go on from the last run in the folder, which may have been stopped, to the last bit as if it
            had not been; `steps` counts from its start.

    Returns:
        The comparison of the engine's derivatives with those derived by hand.

    Raises:
        MissingPackageError: scikit-learn or matplotlib is not installed.
        UserFileError: the folder cannot be written into, or there is nothing to resume there.
        ValueError: the seed is not from 0 to 2**32 - 1, or there are no steps to take.
    """
    check_settings(seed, steps)
    console = console or Console(highlight=False)
    with needed_package("the demo needs", "demo"):
        import matplotlib.figure  # noqa: F401  # before the work, not after it
        from sklearn.datasets import load_breast_cancer
    folder = make_folder(out)
    rows, labels = load_breast_cancer(return_X_y=True)
    examples = split_examples(rows, labels, seed)
    kept = folder / "training.npz"
    if resume:
        load(kept)  # whose errors say that there is nothing to resume
    parameters = make_parameters(seed)
    print_introduction(examples, console)
    costs = train_network(parameters, examples, steps, seed, kept, resume, console)
    print_accuracy(parameters, examples, console)

    J = network_cost(parameters, examples.X, examples.Y)
    show_chain(J.backward().chain(convention="course"), console)
    report = compare(J, derive_by_hand(parameters, examples.X, examples.Y))
    show_proof(report, console)

    draw_pictures(J, folder)
    plot_costs(costs, folder / "cost.png")
    save_bytes(folder / "comparison.txt", f"{report}\n".encode())
    show_files(folder, console)
    return report


def check_settings(seed: int, steps: int) -> None:
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; expected a number from 0 to {2**32 - 1}")
    if steps < 1:
        raise ValueError(f"steps is {steps}; expected 1 or more")


# The data


@dataclass(frozen=True)
class Examples:
    """Columns to train on, and columns to test with."""

    X: FloatArray
    Y: FloatArray
    X_test: FloatArray
    Y_test: FloatArray


def split_examples(rows: FloatArray, labels: FloatArray, seed: int) -> Examples:
    """A random fifth of the rows to test with, all standardised by the mean and deviation of the others."""
    order = np.random.default_rng(seed).permutation(len(rows))
    test, train = np.split(order, [round(TEST_SHARE * len(rows))])
    X, Y = rows.T, labels[np.newaxis].astype(float)
    mean = X[:, train].mean(axis=1, keepdims=True)
    deviation = X[:, train].std(axis=1, keepdims=True)
    X = (X - mean) / deviation
    return Examples(X[:, train], Y[:, train], X[:, test], Y[:, test])


# The network


def make_parameters(seed: int) -> dict[str, Tensor]:
    initial = lw.initialize_parameters_deep(LAYER_DIMS, seed)
    return {name: parameter(value, name=name) for name, value in initial.items()}


def predict(parameters: Mapping[str, Tensor], X: Any) -> Tensor:
    """A3, the output of the network: the lectures' three layers, as they are written on paper."""
    W1, b1, W2, b2, W3, b3 = parameters.values()
    Z1 = W1 @ X + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = relu(Z2)
    Z3 = W3 @ A2 + b3
    A3: Tensor = sigmoid(Z3)
    return A3


def network_cost(parameters: Mapping[str, Tensor], X: FloatArray, Y: FloatArray) -> Tensor:
    A3 = predict(parameters, tensor(X, name="X"))
    J: Tensor = binary_cross_entropy(A3, tensor(Y, name="Y"))
    return J


def train_network(
    parameters: dict[str, Tensor],
    examples: Examples,
    steps: int,
    seed: int,
    path: Path,
    resume: bool,
    console: Console,
) -> list[float]:
    """Steps of gradient descent on all examples, kept in a file; the cost before each, from the start."""
    model = Model(parameters, lambda X, Y: network_cost(parameters, X, Y))
    history = fit(
        model,
        examples.X,
        examples.Y,
        epochs=steps,
        optimizer=SGD(LEARNING_RATE),
        checkpoint=path,
        resume=resume,
        seed=seed,
        console=console,
    )
    if history.stopped == "interrupted":
        raise KeyboardInterrupt
    return history.cost


def count_classified_right(parameters: Mapping[str, Tensor], X: FloatArray, Y: FloatArray) -> tuple[int, int]:
    """How many of how many examples are classified right."""
    with no_grad():
        A3 = predict(parameters, X).value
    return int(np.sum((A3 > 0.5) == Y)), Y.size


def derive_by_hand(parameters: Mapping[str, Tensor], X: FloatArray, Y: FloatArray) -> dict[str, FloatArray]:
    """The same derivatives from `tinygraph.layerwise`, which knows no graph: a formula a line."""
    A3, caches = lw.L_model_forward(X, {name: p.value for name, p in parameters.items()})
    dA: FloatArray = -(Y / A3) + (1 - Y) / (1 - A3)
    derivatives: dict[str, FloatArray] = {}
    for layer, (linear_cache, Z) in reversed(list(enumerate(caches, start=1))):
        dZ = lw.sigmoid_backward(dA, Z) if layer == len(caches) else lw.relu_backward(dA, Z)
        dA_prev, dW, db = lw.linear_backward(dZ, linear_cache)
        derivatives |= {f"dA{layer}": dA, f"dZ{layer}": dZ, f"dW{layer}": dW, f"db{layer}": db}
        dA = dA_prev
    return derivatives


# What is printed


def print_introduction(examples: Examples, console: Console) -> None:
    network = " → ".join(map(str, LAYER_DIMS))
    console.print("[bold]Breast cancer: malignant or benign?[/]")
    console.print(f"{examples.Y.size} tumours to learn from, {examples.Y_test.size} others to test with.")
    console.print(f"The lectures' network {network}, relu, relu, sigmoid:\n")


def print_accuracy(parameters: Mapping[str, Tensor], examples: Examples, console: Console) -> None:
    right, m = count_classified_right(parameters, examples.X_test, examples.Y_test)
    console.print(f"\nTest accuracy [bold]{right / m:.3f}[/] ({right} of {m} tumours).\n")


def show_chain(chain: Mapping[str, FloatArray], console: Console) -> None:
    console.print("Its derivatives, in the order of the sweep and as the lectures write them:\n")
    norm = Column("norm", justify="right")
    table = Table(
        "name", "shape", norm, box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
    for name, derivative in chain.items():
        table.add_row(name, str(derivative.shape), f"{np.linalg.norm(derivative):.6f}")
    console.print(table)


def show_proof(report: Report, console: Console) -> None:
    console.print("\nCompared with the same by hand, layer by layer and without a graph:\n")
    console.print(report)


# What is written

FILES = {
    "layers.svg, layers.png": "the layers, forward in black and backward in red",
    "ops.svg, ops.png": "every operation and its red twin",
    "cost.png": "the cost, step by step",
    "comparison.txt": "the comparison above",
    "training.npz": "what was learned, from where --resume goes on",
}


def make_folder(out: str | Path) -> Path:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserFileError(
            f"cannot write into the folder {folder}: {error.strerror or error}; name another one"
        ) from error
    return folder


def draw_pictures(J: Tensor, folder: Path) -> None:
    import viz

    for view in ("layers", "ops"):
        drawing = viz.draw(J, view=view)
        for suffix in ("svg", "png"):
            drawing.save(folder / f"{view}.{suffix}")


def plot_costs(costs: list[float], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=160, layout="constrained")
    axes = figure.subplots()
    axes.plot(costs, color="black", linewidth=1.6)
    axes.annotate(
        f"{costs[-1]:.3f}", (len(costs) - 1, costs[-1]), (0, 6), textcoords="offset points", ha="right"
    )
    axes.set(xlabel="step", ylabel="cost J", xlim=(0, None), ylim=(0, None))
    axes.set_title("Cross-entropy of the training examples", loc="left", size="medium")
    axes.spines[["top", "right"]].set_visible(False)
    content = io.BytesIO()
    figure.savefig(content)
    save_bytes(path, content.getvalue())


def show_files(folder: Path, console: Console) -> None:
    console.print(f"\nWritten into the folder {folder}:\n", markup=False)
    table = Table.grid(padding=(0, 2))
    for names, meaning in FILES.items():
        table.add_row(names, meaning)
    console.print(table)
