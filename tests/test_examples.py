"""Every example: short, runs by itself, prints what it should and writes the picture that it names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.py"))


def run_example(name, folder):
    """What an example prints when it runs in `folder`."""
    command = [sys.executable, "-W", "error", FOLDER / f"{name}.py"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def written(folder):
    return sorted(path.name for path in folder.iterdir())


def test_three_layers_prints_the_chain_and_draws_both_passes(tmp_path):
    expected = [f"d{kind}{layer}" for layer in (3, 2, 1) for kind in "AZWb"]

    printed = run_example("three_layers", tmp_path)
    drawing = (tmp_path / "three_layers.svg").read_text()

    assert expected == re.findall(r"^(d\w+) ", printed, re.MULTILINE)
    assert written(tmp_path) == ["three_layers.svg"]
    assert {"fwd", "bwd", "cache"} <= set(re.findall(r'class="edge (\w+)', drawing))


@pytest.mark.parametrize(("name", "least"), [("planar_flower", 0.9), ("digits_softmax", 0.95)])
def test_training_reaches_its_accuracy_and_plots(name, least, tmp_path):
    printed = run_example(name, tmp_path)

    assert least < float(re.search(r"ccuracy (\S+?):? ", printed)[1]) <= 1
    assert written(tmp_path) == [f"{name}.png"]
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_shapes_are_told_apart_and_the_network_is_drawn(tmp_path):
    printed = run_example("shapes_convolution", tmp_path)
    drawing = (tmp_path / "shapes_convolution.svg").read_text()

    assert 0.9 < float(re.search(r"accuracy (\S+?):? ", printed)[1]) <= 1
    assert written(tmp_path) == ["shapes_convolution.svg"]
    assert all(box in drawing for box in ("tg.conv2d", "12 filters 3 × 3", "tg.max_pool2d"))


def test_find_the_bug_names_the_line_with_the_slip(tmp_path):
    above, below = ["dZ3", "dW3", "db3", "dA2"], ["dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]

    printed = run_example("find_the_bug", tmp_path)
    rows = dict(re.findall(r"^\W*(d[AZWb]\d)\b(.*)$", printed, re.MULTILINE))

    assert "dZ2 is the first" in " ".join(printed.split())
    assert [*above, *below] == list(rows)
    assert above == [name for name, row in rows.items() if "agrees" in row]
    assert written(tmp_path) == ["find_the_bug.svg"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_short_listed_and_in_the_gallery(name):
    lines = (FOLDER / f"{name}.py").read_text().splitlines()
    [picture] = {word for line in lines for word in re.findall(rf"{name}\.(?:svg|png)", line)}

    assert len(lines) < 80
    assert f"[{name}.py]({name}.py)" in (FOLDER / "README.md").read_text()
    assert (FOLDER / "gallery" / picture).is_file()
