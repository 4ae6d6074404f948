"""Says of each module in modules/ whether its gradients agree with central differences of its forward.

python -m tests.benchmarks.styles.verify [beginning of the names]
"""

import importlib.util
import sys
import traceback
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TOLERANCE = 1e-6


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verify(path):
    """The largest disagreement, and how many gradients were compared."""
    driver = load(HERE / "drivers" / path.name)
    answers = driver.answers(load(path))
    truth = driver.truth(load(path))
    assert answers, "no answers"
    assert answers.keys() == truth.keys(), f"keys differ: {set(answers) ^ set(truth)}"
    worst = 0.0
    for key, answer in answers.items():
        answer, expected = np.asarray(answer), np.asarray(truth[key])
        assert answer.shape == expected.shape, f"{key}: shape {answer.shape}, not {expected.shape}"
        assert np.any(expected), f"{key}: the derivative is zero everywhere"
        difference = np.max(np.abs(answer - expected) / np.maximum(1, np.abs(expected)))
        assert difference <= TOLERANCE, f"{key}: off by {difference:.1e}"
        worst = max(worst, difference)
    return worst, len(answers)


def main(beginning=""):
    paths = sorted((HERE / "modules").glob(f"{beginning}*.py"))
    failed = 0
    for path in paths:
        lines = path.read_text().splitlines()
        try:
            assert lines[0].startswith("# style: "), "the first line"
            assert lines[1].startswith("# judged: "), "the second line"
            worst, count = verify(path)
            print(f"ok    {path.stem}: {count} gradients, {worst:.0e}")
        except Exception as problem:
            failed += 1
            print(f"WRONG {path.stem}: {problem!r}")
            if not isinstance(problem, AssertionError):
                traceback.print_exc()
    print(f"{len(paths) - failed} of {len(paths)} verify")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
