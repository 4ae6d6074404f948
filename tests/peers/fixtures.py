"""MyGrad's fixtures for operations: the arrays that they draw, and the derivatives that they expect.

Each fixture names NumPy's own function for an operation of MyGrad's. That function is run on Tensors
here, and its derivatives are held against the ones by differences that the fixture computes. The tests
stand in MyGrad's repository, and are not in its sdist.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np

import tinygraph as tg
from tinygraph.engine.tensor import Tensor
from tinygraph.errors import TinygraphError

AT_LEAST, EXAMPLES = 15_000, 220
TOLERANCES = {"numerical_gradient": 1e-6, "numerical_gradient_full": 1e-6, "finite_difference": 1e-4}
OWN = {  # in place of functions that turn their arrays into plain ones
    "test_softmax_bkwd": tg.softmax,
    "test_logsoftmax_bkwd": tg.log_softmax,
    "test_std_bkwd": np.std,
    "test_var_bkwd_with_keepdims": np.var,
    "test_var_bkwd_without_keepdims": np.var,
}
REASONS = {
    "test_clip_bkwd": "where both bounds are one number there is a kink, and all goes to the lower one"
}
agree: Counter[str] = Counter()
refused: dict[str, str] = {}
wrong: dict[str, str] = {}


def compare_with(differences, tolerance, function, *arrays, back_grad, kwargs=None, **settings):
    """What the fixture computes by differences, after a look at what tinygraph gives for the same."""
    expected = differences(function, *arrays, back_grad=back_grad, kwargs=kwargs, **settings)
    name = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0]
    try:
        found = derivatives_of(OWN.get(name.rpartition("::")[2], function), arrays, back_grad, kwargs or {})
    except TinygraphError as error:
        refused[name] = f"{type(error).__name__}: {error}"
        return expected
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        if not np.allclose(a, b, tolerance, tolerance, equal_nan=True):
            wrong[name] = f"input {i}: {a.tolist()} instead of {np.asarray(b).tolist()}, at {arrays}"
            return expected
    agree[name] += 1
    return expected


def derivatives_of(function, arrays, dz, settings):
    """Those of a function of NumPy by each array, from dz."""
    xs = [tg.parameter(x) for x in arrays]
    with np.errstate(all="ignore"):
        z = function(*xs, **settings)
        d = np.sum(z * dz).backward() if isinstance(z, Tensor) else {}
    return [d[x] if x in d else np.zeros(x.shape) for x in xs]


def run(folder):
    """Run the fixtures in a clone of MyGrad's repository, and say whether nothing is wrong."""
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "peers", max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    ours = {key: sys.modules.pop(key) for key in list(sys.modules) if key.split(".")[0] == "tests"}
    with contextlib.chdir(folder):
        sys.path.insert(0, os.getcwd())
        import tests.wrappers.uber as uber  # theirs

        for name, tolerance in TOLERANCES.items():
            setattr(uber, name, functools.partial(compare_with, getattr(uber, name), tolerance))
        files = [str(p) for p in Path("tests").rglob("test_*.py") if "backprop_test_factory" in p.read_text()]
        options = [
            "-c",
            os.devnull,
            "-qq",
            "--no-summary",
            "--tb=no",
            "-W",
            "ignore",
            "-p",
            "no:cacheprovider",
        ]
        os.environ["HYPOTHESIS_PROFILE"] = "peers"  # which their conftest.py loads
        with contextlib.redirect_stdout(io.StringIO()):
            pytest.main([*options, "-k", "not fwd", *files])
        sys.path.pop(0)
    sys.modules.update(ours)
    return report()


def report():
    """Say what was refused and what is wrong; whether all of that is explained, and enough agrees."""
    for name, error in sorted(refused.items()):
        print(f"  refused: {name}: {' '.join(error.split())[:150]}")
    unexplained = 0
    for name, error in sorted(wrong.items()):
        why = next((why for part, why in REASONS.items() if part in name), None)
        unexplained += why is None
        print(f"  differs: {name}: {why or f'NOT EXPLAINED: {error[:300]}'}")
    print(f"MyGrad: {sum(agree.values())} examples of {len(agree)} fixtures agree, {unexplained} are wrong")
    return not unexplained and sum(agree.values()) >= AT_LEAST
