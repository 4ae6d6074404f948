"""Make the pictures of the gallery: each view on a real graph, and the page that steps through one.

    python examples/gallery/make.py [FOLDER]

FOLDER is this one if omitted. The notebook beside this folder is run too, so that it keeps what its cells
show. Pictures of the page need Chromium and playwright; without, they are left out.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import nbformat
import numpy as np
from matplotlib.figure import Figure
from nbclient import NotebookClient
from sklearn.datasets import load_digits

import tinygraph as tg
import viz

GALLERY = Path(__file__).parent
NOTEBOOK = GALLERY.parent / "backpropagation.ipynb"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def layer(A, i, units, activation, random):
    """A layer of so many units on top of A, whose parameters end with i."""
    W = tg.parameter(random.standard_normal((units, A.shape[0])) / 2, name=f"W{i}")
    b = tg.parameter(random.standard_normal((units, 1)) / 8, name=f"b{i}")
    Z = W @ A + b
    return activation(Z)


def data(random, inputs=3, examples=5):
    X = tg.tensor(random.standard_normal((inputs, examples)), name="X")
    return X, tg.tensor(random.integers(0, 2, (1, examples)).astype(float), name="Y")


def network(sizes=(4, 3, 1)):
    """The lectures' network, tanh below and a sigmoid on top."""
    random = np.random.default_rng(1)
    A, Y = data(random)
    for i, units in enumerate(sizes[:-1], 1):
        A = layer(A, i, units, np.tanh, random)
    return tg.binary_cross_entropy(layer(A, len(sizes), sizes[-1], tg.sigmoid, random), Y)


def skip():
    """A1 goes through layer 2, and past it."""
    random = np.random.default_rng(1)
    X, Y = data(random)
    A1 = layer(X, 1, 4, tg.relu, random)
    A2 = layer(A1, 2, 4, tg.relu, random)
    return tg.binary_cross_entropy(layer(A1 + A2, 3, 1, tg.sigmoid, random), Y)


def shared():
    """The same weights in both steps of a small recurrent network."""
    random = np.random.default_rng(1)
    W, U = (tg.parameter(random.standard_normal((3, 3)) / 2, name=name) for name in ("W", "U"))
    H = tg.tensor(np.zeros((3, 5)), name="h_0")
    for t in (1, 2):
        X = tg.tensor(random.standard_normal((3, 5)), name=f"x_{t}")
        H = np.tanh(W @ H + U @ X).named(f"h_{t}")
    return np.mean(H**2)


def digits():
    """Ten classes of handwritten digits."""
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(1)
    A1 = layer(tg.tensor(images.T / 16, name="X"), 1, 32, tg.relu, random)
    A2 = layer(A1, 2, 16, tg.relu, random)
    Z3 = layer(A2, 3, 10, lambda Z: Z, random)
    return tg.softmax_cross_entropy(Z3, tg.tensor(labels, name="Y"))


def slip(J):
    """A comparison with derivatives in which dZ2, and so all that follows from it, is wrong."""
    d = J.backward()
    wrong = {"dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"}
    return tg.compare(J, {name: value * (0.7 if name in wrong else 1) for name, value in d.items()})


def draw(folder):
    """The pictures of all views."""
    J = network()
    drawings = {
        "layers": viz.draw(J, view="layers"),
        "ops": viz.draw(J, view="ops", group=True),
        "compact": viz.draw(
            network((1,)), view="compact", values=True, derivatives="sweep", direction="down"
        ),
        "skip": viz.draw(skip(), view="ops"),
        "shared": viz.draw(shared(), view="ops"),
        "digits": viz.draw(digits(), view="layers"),
        "deep": viz.draw(network((4, *[4] * 50, 1)), view="auto"),
        "diagnosis": viz.draw(J, view="ops", highlight=slip(J)),
        "colorblind": viz.draw(J, view="layers", palette="colorblind", highlight=slip(J)),
    }
    for name, drawing in drawings.items():
        yield drawing.save(folder / f"{name}.svg")


def quadrants(m=600):
    """Points of the plane, and whether both coordinates have the same sign."""
    X = np.random.default_rng(1).standard_normal((2, m))
    return X, (X[:1] * X[1:] > 0).astype(float)


def vanishing():
    """The history of a network of nine layers of sigmoids, in which derivatives vanish."""
    network = tg.nn.Network([2, *[8] * 8, 1], hidden="sigmoid")
    settings = {"epochs": 400, "norms": True, "progress": False, "backend": "numpy"}
    return tg.fit(network, *quadrants(), optimizer=tg.optim.Adam(0.005), **settings)


def readers():
    """The first weights of a network that has learned to read digits."""
    images, labels = load_digits(return_X_y=True)
    network = tg.nn.Network([64, 16, 10], output="softmax", l2=1.0)
    settings = {"epochs": 30, "batch_size": 64, "progress": False, "backend": "numpy"}
    tg.fit(network, images.T / 16, labels, optimizer=tg.optim.Adam(0.01), **settings)
    return network.parameters["W1"]


def plot(folder):
    """The four plots of training."""
    X, Y = quadrants()
    held_out = X[:, 450:], Y[:, 450:]
    network = tg.nn.Network([2, 16, 8, 1], hidden="tanh", l2=0.05)
    settings = {"epochs": 60, "batch_size": 50, "validation": held_out, "progress": False, "backend": "numpy"}
    history = tg.fit(network, X[:, :450], Y[:, :450], optimizer=tg.optim.Adam(0.02), **settings)
    plots = {
        "history": lambda ax: tg.plots.history(history, ax),
        "boundary": lambda ax: tg.plots.boundary(network, *held_out, ax=ax),
        "norms": lambda ax: tg.plots.norms(vanishing(), ax),
        "weights": lambda ax: tg.plots.weights(readers(), ax=ax),
    }
    for name, draw_into in plots.items():
        ax = Figure(figsize=(6.4, 4.2), layout="constrained").subplots()
        draw_into(ax).figure.savefig(folder / f"plot_{name}.png", dpi=150)
        yield folder / f"plot_{name}.png"


def photograph(page, steps):
    """The page at some steps, in the light and in the dark."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (where, scheme) in steps.items():
            tab = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800})
            tab.goto(page.as_uri() + where)
            tab.wait_for_timeout(400)
            tab.screenshot(path=page.with_name(f"{name}.png"))
            yield page.with_name(f"{name}.png")
        browser.close()


def run_notebook(source, target):
    """The notebook with what its cells show; without the page, which only runs where the notebook does."""
    notebook = nbformat.read(source, as_version=4)
    metadata = dict(notebook.metadata)
    client = NotebookClient(notebook, timeout=120, record_timing=False)
    asyncio.run(client.async_execute(cwd=str(source.parent)))
    notebook.metadata = metadata
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "<iframe" in output.data.get("text/html", ""):
                del output.data["text/html"]
    nbformat.write(notebook, target)
    return target


def make(folder):
    """All of the gallery; gives the paths."""
    yield run_notebook(NOTEBOOK, NOTEBOOK if folder == GALLERY else folder / NOTEBOOK.name)
    yield from draw(folder)
    yield from plot(folder)
    page = viz.page(skip(), view="ops").save(folder / "page.html")
    yield page
    if CHROMIUM:
        steps = {"page_forward": ("#ops/7", "light"), "page_backward": ("#ops/24", "dark")}
        yield from photograph(page, steps | {"page_layers": ("#layers.2/21", "light")})


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GALLERY
    for path in make(folder):
        print(path)
