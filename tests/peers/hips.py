"""HIPS autograd's own tests, run on tinygraph: a package `autograd` whose functions are tinygraph's.

Its name stands for the other package while the tests run. What of that is no derivative in reverse mode
of real numbers is passed over, and said: forward mode, complex inputs.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import io
import itertools
import os
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.engine.tensor import Tensor, value_of
from tinygraph.rules.nests import leaves, map_leaves

STEP, TOLERANCE = 1e-6, 1e-6
FORWARD = ("make_jvp", "make_ggnvp", "deriv", "check_jvp", "defjvp", "make_jvp_reversemode")
OF_COMPLEX = ("holomorphic_grad",)
INTERNAL = ("vspace", "primitive_vjps", "const_graph", "quick_grad_check")
random = np.random.default_rng(0)
SHARE = 0.95  # of the tests that count
counts: Counter[str] = Counter()  # of the test that runs: checks made, and not made


class Aside(Exception):  # noqa: N818 - no error
    """What a check asks that is no derivative in reverse mode of real numbers."""


# Derivatives ----------------------------------------------------------------


def derivative_of(f, xs):
    """The derivatives of a number f(*xs) by each of xs; zeros where it does not depend on one."""
    # The sum with zeros lets what is constant be derived as well.
    return tg.grad(lambda xs: f(*xs) + sum(np.sum(0.0 * x) for x in leaves(xs)))(builtins.list(xs))


def grad(f, argnum=0):
    """As autograd.grad has it."""

    def derived(*args, **settings):
        found = derivative_of(lambda *xs: f(*put(args, argnum, xs), **settings), taken(args, argnum))
        return found[0] if np.ndim(argnum) == 0 else builtins.tuple(found)

    return named_after(f, "grad", derived)


def named_after(f, prefix, made):
    made.__name__ = f"{prefix}_of_{getattr(f, '__name__', 'function')}"
    made.__doc__ = f"{prefix} of {getattr(f, '__name__', 'function')}"
    return made


def taken(args, argnum):
    return [map_leaves(as_float, args[i]) for i in (argnum if np.ndim(argnum) else [argnum])]


def as_float(x):
    return x if isinstance(x, Tensor) or np.asarray(x).dtype.kind in "fc" else np.asarray(x, dtype=float)


def put(args, argnum, xs):
    args = builtins.list(args)
    for i, x in zip(argnum if np.ndim(argnum) else [argnum], xs, strict=True):
        args[i] = x
    return args


def value_and_grad(f, argnum=0):
    def both(*args, **settings):
        return f(*args, **settings), grad(f, argnum)(*args, **settings)

    return both


def grad_and_aux(f, argnum=0):
    def both(*args, **settings):
        return grad(lambda *a, **s: f(*a, **s)[0], argnum)(*args, **settings), f(*args, **settings)[1]

    return both


def elementwise_grad(f, argnum=0):
    return grad(lambda *args, **settings: np.sum(f(*args, **settings)), argnum)


def jacobian(f, argnum=0):
    def derived(*args, **settings):
        y = np.asarray(value_of(f(*args, **settings)))
        x = np.shape(args[argnum])
        rows = [
            grad(lambda *a, i=i: f(*a, **settings) if not y.shape else f(*a, **settings)[i], argnum)(*args)
            for i in np.ndindex(y.shape)
        ]
        return np.reshape(np.stack(rows), y.shape + x)

    return derived


def hessian(f, argnum=0):
    return jacobian(jacobian(f, argnum), argnum)


def tensor_jacobian_product(f, argnum=0):
    def derived(*args, **settings):
        *args, tensor = args
        return jacobian(lambda *a: np.tensordot(tensor, f(*a, **settings), np.ndim(tensor)), argnum)(*args)

    return derived


def hessian_tensor_product(f, argnum=0):
    def derived(*args, **settings):
        *args, tensor = args
        return grad(lambda *a: np.sum(tensor * grad(f, argnum)(*a, **settings)), argnum)(*args)

    return derived


def make_hvp(f, argnum=0):
    def at(*args):
        return (lambda v: hessian_tensor_product(f, argnum)(*args, v),)

    return at


def make_vjp(f, x):
    y = f(x)
    return lambda g: grad(lambda x: dot(f(x), g))(x), y


def unary_to_nary(operator):
    """An operator on functions of one argument as one on those of several."""

    def nary(f, argnum=0, *more, **facts):
        def at(*args, **settings):
            def one(x):
                return f(*put(args, argnum, [x]), **settings)

            return operator(one, args[argnum], *more, **facts)

        return at

    return nary


def dot(y, g):
    """The sum of all products of entries."""
    return sum(
        np.sum(np.real(a) * np.real(b)) + np.sum(np.imag(a) * np.imag(b))
        if np.iscomplexobj(value_of(a))
        else np.sum(a * b)
        for a, b in zip(leaves(y), leaves(g), strict=True)
    )


# Checks ----------------------------------------------------------------


def check_grads(f, argnum=0, modes=("fwd", "rev"), order=2):
    """Derivatives of f in a random direction against differences, and those of them."""

    def check(*args, **settings):
        xs = taken(args, argnum)
        if "rev" not in modes:
            counts["forward mode"] += 1
        elif any(np.iscomplexobj(x) for x in leaves(xs)):
            counts["complex inputs"] += 1
        else:
            counts["made"] += 1

            def one(*xs):
                return f(*put(args, argnum, xs), **settings)

            one.__name__ = getattr(f, "__name__", "function")
            check_order(one, xs, order)

    return check


def check_order(f, xs, order):
    weights = map_leaves(random_like, f(*xs))

    def cost(*xs):
        return dot(f(*xs), weights)

    direction = map_leaves(random_like, xs)
    exact = dot(derivative_of(cost, xs), direction)
    ahead, behind = (float(cost(*moved(xs, direction, s * STEP / 2))) for s in (1, -1))
    numeric = (ahead - behind) / STEP
    said = f"Derivative (VJP) check of {f.__name__} failed: {exact}, numeric {numeric}, at {xs}"
    assert scalar_close(numeric, exact), said
    if order > 1:
        real = not any(np.iscomplexobj(w) for w in leaves(weights))  # as what is derived by must be

        def vjp(xs, w=weights):
            return derivative_of(lambda *xs: dot(f(*xs), w), xs)

        vjp.__name__ = f"vjp_{f.__name__}"
        check_order(vjp, [xs, weights] if real else [xs], order - 1)


def random_like(x):
    x = value_of(x)
    made = random.standard_normal(np.shape(x))
    return made + 1j * random.standard_normal(np.shape(x)) if np.iscomplexobj(x) else made


def moved(xs, direction, step):
    steps = iter(leaves(direction))
    return map_leaves(lambda x: x + step * next(steps), xs)


def scalar_close(a, b):
    return abs(a - b) < TOLERANCE or abs(a - b) / abs(a + b) < TOLERANCE


def check_equivalent(x, y):
    for a, b in zip(leaves(x), leaves(y), strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.allclose(a, b, TOLERANCE, TOLERANCE)


def combo_check(f, *args, **kwargs):
    """check_grads for each combination of arguments and settings."""

    def check(*args_, **settings_):
        named = [[(key, x) for x in xs] for key, xs in settings_.items()]
        for chosen in itertools.product(*args_):
            for settings in itertools.product(*named):
                check_grads(f, *args, **kwargs)(*chosen, **dict(settings))

    return check


# Operations of one's own ----------------------------------------------------------------


def primitive(f):
    """A function whose rules `defvjp` gives; without them it has no derivative."""
    made = functools.partial(call_primitive, f, {})
    functools.update_wrapper(made, f)
    return made


def call_primitive(f, rows, *args, **settings):
    row = rows.get("row")
    return f(*map(value_of, args), **settings) if row is None else row(*args, **settings)


def defvjp(made, *makers, argnums=None):
    f, rows = made.args
    rules = [None if m is None else (lambda dz, z, *xs, m=m: m(z, *xs)(dz)) for m in makers]
    rows["row"] = tg.operation(f, *rules, symbol="primitive")


# The package ----------------------------------------------------------------


def with_arrays(function):
    """A function of NumPy that takes lists of Tensors, as those of autograd.numpy do."""

    @functools.wraps(function)
    def wrapped(*args, **settings):
        return function(*[array(x) if holds_tensors(x) else x for x in args], **settings)

    return wrapped


def array(x, *args, **settings):
    """np.array of nested lists in which Tensors stand."""
    if holds_tensors(x):
        return np.stack([array(part) for part in x])
    return x * 1.0 if isinstance(x, Tensor) else np.array(x, *args, **settings)


def holds_tensors(x):
    return isinstance(x, builtins.list | builtins.tuple) and any(
        isinstance(leaf, Tensor) for leaf in leaves(x)
    )


def make_diagonal(x, offset=0, axis1=-1, axis2=-2):
    """A matrix with x on its diagonal, in the last two axes."""
    assert (offset, {axis1, axis2}) == (0, {-1, -2})
    return np.expand_dims(x, -1) * np.eye(x.shape[-1])


def refuse(reason):
    def refused(*args, **settings):
        raise Aside(reason)

    return refused


def module(name, **names):
    made = ModuleType(name)
    made.__path__ = []
    made.__dict__.update(names)
    sys.modules[name] = made
    return made


def ag_isinstance(x, kinds):
    return builtins.isinstance(value_of(x), kinds)


def install():
    """Let `import autograd` give the functions of this module."""
    for name in [key for key in sys.modules if key.split(".")[0] == "autograd"]:
        del sys.modules[name]
    own = {key: x for key, x in globals().items() if callable(x)}
    own |= {name: refuse("forward mode") for name in FORWARD} | {
        name: refuse("complex inputs") for name in OF_COMPLEX
    }
    own |= {name: refuse(f"{name} is of autograd's inside") for name in INTERNAL}
    own |= {"checkpoint": lambda f: f, "isinstance": ag_isinstance, "isbox": lambda x: isinstance(x, Tensor)}
    own |= {"dict": dict, "list": list, "tuple": builtins.tuple, "flatten": flatten}
    numpy = {key: getattr(np, key) for key in dir(np) if not key.startswith("__")} | {
        "array": array,
        "make_diagonal": make_diagonal,
        "__version__": np.__version__,
    }
    numpy |= {name: with_arrays(getattr(np, name)) for name in ("mean", "std", "var", "append")}
    package = module("autograd", **own)
    for part in ("core", "tracer", "extend", "test_util", "misc", "builtins", "wrap_util", "util"):
        setattr(package, part, module(f"autograd.{part}", **own))
    package.numpy = module("autograd.numpy", **numpy)
    linalg = {key: getattr(np.linalg, key) for key in dir(np.linalg) if not key.startswith("__")}
    package.numpy.linalg = module("autograd.numpy.linalg", **linalg | {"norm": with_arrays(np.linalg.norm)})
    for part in ("random", "fft"):
        sys.modules[f"autograd.numpy.{part}"] = getattr(np, part)
    package.scipy = module("autograd.scipy")
    for part in ("special", "stats", "linalg", "signal", "integrate"):
        found = importlib.import_module(f"scipy.{part}")
        setattr(package.scipy, part, found)
        sys.modules[f"autograd.scipy.{part}"] = found
    sys.modules["autograd.scipy.stats.multivariate_normal"] = sys.modules["scipy.stats"].multivariate_normal


def flatten(value):
    """A nest as one vector, and what makes a nest of a vector."""
    shapes = [np.shape(x) for x in leaves(value)]
    ends = np.cumsum([int(np.prod(s)) for s in shapes])
    vector = np.concatenate([np.ravel(x) for x in leaves(value)]) if shapes else np.zeros(0)

    def unflatten(vector):
        parts = iter([np.reshape(p, s) for p, s in zip(np.split(vector, ends[:-1]), shapes, strict=True)])
        return map_leaves(lambda _: next(parts), value)

    return vector, unflatten


# The run ----------------------------------------------------------------

# What tests need not pass, and why, by what their names hold.
REASONS = {
    "forward or complex": ("test_complex.py", "test_grad_complex_output", "test_dtypes"),
    "SciPy's own functions have no rows, apart from a few of scipy.special": ("test_scipy.py",),
    "NumPy asks no Tensor in np.r_ and np.c_; refused, with np.concatenate as advice": ("test_r_", "test_c_"),
    "the derivative of integers is refused, not 0": ("test_cast_to_int",),
    "tinygraph has it, where autograd refuses": ("test_rfftn_odd_not_implemented",),
    "told as another kind of error": ("test_assignment_raises_error", "test_nograd", "test_no_vjp_def"),
    "autograd's inside: its vector spaces, its tables, its old names, the texts in it": (
        *("test_vspaces.py", "test_unimplemented_falseyness", "test_deprecated_", "test_pinv"),
        *("test_wrapped_name_and_docs", "test_custom_where", "const_graph", "quick_grad_check"),
    ),
}
ASIDE = tuple(REASONS)[:2]  # these do not count


def reason_of(test):
    """Why a test need not pass, or None."""
    return next((why for why, parts in REASONS.items() if any(part in test for part in parts)), None)


class Outcomes:
    """What became of each test, as a plugin of pytest."""

    def __init__(self):
        self.passed, self.failed, self.aside = [], {}, {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        counts.clear()
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        if isinstance(error, Aside) or (error is None and counts and not counts["made"]):
            outcome.force_exception(pytest.skip.Exception(str(error or ", ".join(counts))))

    def pytest_runtest_logreport(self, report):
        if report.skipped:
            self.aside[report.nodeid] = report.longrepr[2].removeprefix("Skipped: ")
        elif report.failed:
            self.failed[report.nodeid] = report.longreprtext.strip().splitlines()[-1]
        elif report.when == "call":
            self.passed.append(report.nodeid)


def run(folder):
    """Run the tests of an unpacked sdist, print what became of them, and give whether all is as expected."""
    install()
    outcomes = Outcomes()
    options = ["-c", os.devnull, "-qq", "--tb=line", "--no-summary", "-W", "ignore", "-p", "no:cacheprovider"]
    with contextlib.chdir(Path(folder) / "tests"), contextlib.redirect_stdout(io.StringIO()):
        pytest.main(options, plugins=[outcomes])
    for test, error in outcomes.failed.items():
        if reason_of(test) in ASIDE:
            outcomes.aside[test] = reason_of(test)
        else:
            print(f"  {test}: {reason_of(test) or f'NOT EXPLAINED: {error[:200]}'}")
    rest = [test for test in outcomes.failed if reason_of(test) not in ASIDE]
    for why, count in Counter(outcomes.aside.values()).most_common():
        print(f"  aside: {count} ({why})")
    share = len(outcomes.passed) / (len(outcomes.passed) + len(rest))
    print(
        f"HIPS autograd: {len(outcomes.passed)} of {len(outcomes.passed) + len(rest)} tests pass, {share:.1%}"
    )
    return share >= SHARE and all(map(reason_of, rest))
