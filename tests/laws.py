"""What a case is checked for: each check yields, per input of the case, what is wrong with its derivative."""

from functools import cache

import autograd.numpy as anp
import numpy as np

import tinygraph as tg
from tests.cases import KINKS
from tests.oracles import HIPS, central_difference, complex_step, disagreement, hips_applies, hips_derivative
from tinygraph.rules.table import TABLE

__all__ = [
    "CHECKS",
    "applies",
    "check_first",
    "check_kinks",
    "derivatives",
    "failures",
    "lifted",
    "replaced",
    "weights",
]


def weights(shape):
    """The derivative to start from: numbers of no symmetry."""
    return 1 + np.sin(1 + np.arange(np.prod(shape, dtype=int))).reshape(shape) / 2


def scalar(case, i, function=None, sum=np.sum):
    """The weighted sum of the case's result as a function of input i alone."""
    seed = weights(np.shape(case()))
    return lambda x: sum(seed * case(*replaced(case.inputs, i, x), function=function))


def replaced(inputs, i, x):
    return (*inputs[:i], x, *inputs[i + 1 :])


def lifted(case, dtype=np.float64):
    """The inputs as the engine takes them, in `dtype` and locked: writing into one would raise."""
    inputs = [x.astype(dtype) if getattr(x, "dtype", None) == np.float64 else x for x in case.inputs]
    for i in case.wanted:
        inputs[i] = tg.parameter(inputs[i])
        inputs[i].value.setflags(write=False)
    return inputs


def derivatives(case, dtype=np.float64, prepare=lambda leaf: leaf):
    """What the engine says, by position of the input; `prepare` is applied to each leaf first."""
    inputs = lifted(case, dtype)
    for i in case.wanted:
        inputs[i] = prepare(inputs[i])
    z = case(*inputs)
    d = z.backward(weights(z.shape))
    return {i: d[inputs[i]] for i in case.wanted}


# One check is one input of one case under one of these --------------------------------------------


def check_first(case):
    """Against complex step, or central differences where the function is not analytic."""
    actual = derivatives(case)
    for i in case.wanted:
        yield i, disagreement(actual[i], numeric(case, i), **tolerance(case))


@cache
def numeric(case, i):
    if analytic(case):
        return complex_step(scalar(case, i), case.inputs[i])
    return central_difference(scalar(case, i), case.inputs[i], h=2**-5 if in_single(case) else 1e-6)


def analytic(case):
    return TABLE[case.function].analytic and "dtype" not in case.settings


def in_single(case):
    return case.settings.get("dtype") is np.float32


def tolerance(case):
    if analytic(case):
        return {"rtol": 1e-9, "atol": 1e-11}
    return {"rtol": 1e-2, "atol": 1e-3} if in_single(case) else {"rtol": 1e-7, "atol": 1e-8}


def check_single(case):
    """In float32, the derivative is float32 and close to that in float64."""
    expected = derivatives(case)
    actual = derivatives(case, np.float32, prepare=lambda leaf: leaf if promoted(case) else as_result(leaf))
    for i in case.wanted:
        if actual[i].dtype != np.float32:
            yield i, f"dtype {actual[i].dtype} instead of float32"
        else:
            yield i, disagreement(actual[i], expected[i], rtol=1e-3, atol=1e-3)


def as_result(leaf):
    """A result equal to the leaf: its derivative keeps the dtype that a rule gives it."""
    return (+leaf).named("x")


def promoted(case):
    """Whether NumPy itself gives float64 for float32: for integers, for a number in np.dot, when asked to."""
    number = case.function in (np.dot, np.outer) and any(isinstance(x, float) for x in case.inputs)
    integers = case.function is np.power and any(getattr(x, "dtype", None) == np.int64 for x in case.inputs)
    return number or integers or case.settings.get("dtype") is np.float64


def check_hips(case):
    """Against HIPS autograd."""
    actual = derivatives(case)
    for i in case.wanted:
        expected = hips_derivative(scalar(case, i, HIPS[case.function], sum=anp.sum), case.inputs[i])
        yield i, disagreement(actual[i], expected, rtol=1e-9, atol=1e-11)


def check_second(case):
    """The derivative of the derivatives against central differences of the derivatives."""
    wanted = case.wanted
    positions = tuple(range(len(wanted)))
    seed = weights(np.shape(case()))

    def first(*xs):
        return np.sum(seed * case(*placed(case.inputs, wanted, xs)))

    def second(*xs):
        """One number made of all first derivatives."""
        return sum(
            np.sum(weights(x.shape) * dx) for x, dx in zip(xs, tg.grad(first, positions)(*xs), strict=True)
        )

    xs = tuple(case.inputs[i] for i in wanted)
    actual = tg.grad(second, positions)(*xs)
    for j, i in enumerate(wanted):
        h = 2**-5 if in_single(case) else 1e-5
        expected = central_difference(lambda x, j=j: second(*replaced(xs, j, x)), xs[j], h)
        tolerance = {"rtol": 1e-1, "atol": 1e-2} if in_single(case) else {"rtol": 1e-5, "atol": 1e-6}
        yield i, disagreement(actual[j], expected, **tolerance)


def placed(inputs, positions, xs):
    inputs = list(inputs)
    for i, x in zip(positions, xs, strict=True):
        inputs[i] = x
    return inputs


CHECKS = [check_first, check_single, check_hips, check_second]


def applies(check, case):
    return check is not check_hips or hips_applies(case)


def failures(check, cases):
    """The inputs that fail `check`, each with its case and what is wrong."""
    for case in cases:
        try:
            yield from (f"{case!r}, input {i}: {wrong}" for i, wrong in check(case) if wrong)
        except Exception as error:
            error.add_note(f"in {case!r}")
            raise


def check_kinks(function):
    """The derivatives at kinks are those stated."""
    for inputs, settings, expected in KINKS.get(function, ()):
        leaves = [tg.parameter(x) if isinstance(x, np.ndarray) else x for x in inputs]
        with np.errstate(divide="ignore"):
            d = function(*leaves, **settings).backward()
        actual = [d[x] for x in leaves if isinstance(x, tg.Tensor)]
        if not all(np.array_equal(a, e, equal_nan=True) for a, e in zip(actual, expected, strict=True)):
            yield f"{function.__name__}{inputs}: {actual} instead of {expected}"
