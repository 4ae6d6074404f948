"""Functions of one variable where a formula changes, and complex numbers inside a graph."""

import math

import numpy as np
import pytest

import tinygraph as tg
import viz
from tinygraph.errors import DtypeError


def test_sinc_and_its_derivatives_at_0_are_those_of_its_series():
    """sin(x) / x is 1 - x^2 / 6 + x^4 / 120."""
    first = tg.grad(lambda x: np.sum(np.sinc(x)))
    x = np.array([0.0, 1e-9, 0.0019, 0.0021, 1.0])

    np.testing.assert_allclose(first(x)[:2], -(math.pi**2) / 3 * x[:2])
    np.testing.assert_allclose(first(x)[2:4], -(math.pi**2) / 3 * x[2:4], rtol=1e-5)
    np.testing.assert_allclose(first(x)[4], -1)
    np.testing.assert_allclose(tg.grad(lambda x: np.sum(first(x)))(x)[0], -(math.pi**2) / 3)


def test_whole_turns_change_no_derivative():
    x = tg.parameter([0.0, 2.0, 4.5, 7.0, 0.3])

    z = np.unwrap(x)

    np.testing.assert_array_equal(z.value, np.unwrap(x.value))
    np.testing.assert_allclose(z.backward(np.arange(5.0))[x], np.arange(5.0))


# Complex numbers ----------------------------------------------------------------------------------


def test_the_absolute_value_of_complex_numbers():
    """|3 + 4i| is 5; at 0 the derivative is taken as 0."""
    x = tg.parameter([1.0, -2.0, 0.0])

    z = np.abs(x * (3 + 4j))

    np.testing.assert_allclose(z.value, [5, 10, 0])
    np.testing.assert_allclose(z.backward(np.ones(3))[x], [5, -5, 0])


def test_real_numbers_have_real_derivatives_beside_complex_ones():
    x = tg.parameter(np.arange(3.0), name="x")
    y = (2 * x).named("y")
    J = np.sum(np.real((y + 1j) * (y - 2j)) + y)  # y^2 + 2 + y

    d = J.backward()

    assert d["dy"].dtype == d["dx"].dtype == np.float64
    np.testing.assert_allclose(d["dy"], 2 * y.value + 1)
    np.testing.assert_allclose(d["dx"], 2 * d["dy"])


def test_what_reads_sizes_of_complex_numbers_reads_both_parts():
    """As central differences of the same with both parts written out."""
    x, direction = np.linspace(0.5, 2, 4), np.array([1.0, -2.0, 0.5, 1.0])

    def made(x):
        return x * x + 1j * x

    for f in (np.var, np.std, np.linalg.norm, lambda z: np.real(np.vdot(z, 2 * z))):
        slope = tg.grad(lambda x, f=f: f(made(x)))(x) @ direction
        expected = (f(made(x + 1e-6 * direction)) - f(made(x - 1e-6 * direction))) / 2e-6
        np.testing.assert_allclose(slope, expected, rtol=1e-8)


def test_a_complex_cost_is_refused():
    with pytest.raises(DtypeError, match=r"take np.real, np.imag or np.abs"):
        np.sum(tg.parameter([1.0, 2.0]) * 1j).backward()


def test_formulas_and_pictures_of_complex_numbers():
    x = tg.parameter(np.arange(1.0, 5.0), name="x")
    F = np.fft.fft(x).named("F")
    J = np.sum(np.abs(F) ** 2)
    d = J.backward()

    assert d.to_latex().splitlines()[-2] == (
        r"dx &= \operatorname{real}(\operatorname{fft.fft}(dF, axis=-1)) && \in \mathbb{R}^{4}"
    )
    assert r"\in \mathbb{C}^{4}" in d.to_latex()
    [diagnosis] = tg.compare(J, {"dF": d["dF"], "dx": 2 * d["dx"]}).diagnoses
    assert diagnosis.formula == "np.real(np.fft.fft(dF, axis=-1)) * 2"
    assert "−2.0 + 2.0i" in viz.draw(J, view="compact", values=True).source.replace("\u00a0", " ")


def test_the_real_part_where_the_imaginary_one_is_rounding():
    x = np.array([0.5, -1.0, 2.0])
    f = lambda x: np.sum(np.real_if_close(np.fft.ifft(np.fft.fft(x))) ** 3)  # noqa: E731

    assert tg.grad(f)(x) == pytest.approx(3 * x**2)
    assert np.real_if_close(tg.tensor([1.0 + 1e-6j])).dtype.kind == "c"


@pytest.mark.parametrize("large", [0.0, 1e12, 1e17, -1e17])
def test_shares_of_large_numbers(large):
    """The result rounds off what two numbers differ by; their shares do not know it."""
    x = np.array([large, large])

    for f in (np.logaddexp, np.logaddexp2):
        assert tg.grad(lambda x, f=f: f(x[0], x[1]))(x).tolist() == [0.5, 0.5]
    assert tg.grad(tg.logsumexp)(x).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("function", [np.linspace, np.logspace, np.geomspace])
def test_ranges_have_the_dtype_that_is_asked_for(function):
    found = function(tg.parameter([1.0, 2.0]), tg.parameter([2.0, 3.0]), 3, dtype=np.float32)
    expected = function([1.0, 2.0], [2.0, 3.0], 3, dtype=np.float32)
    assert found.dtype == expected.dtype
    assert found.value == pytest.approx(expected)


def test_indices_that_record():
    x, i = tg.parameter(np.array([1.0, 2.0, 3.0])), tg.tensor(np.array([1, 0, 1]))

    assert np.choose(i, [x, 2 * x]).sum().backward()[x].tolist() == [2, 1, 2]
    assert np.delete(x, i).sum().backward()[x].tolist() == [0, 0, 1]
    assert np.insert(x, i, 5.0).sum().backward()[x].tolist() == [1, 1, 1]
    assert np.ldexp(x, i).sum().backward()[x].tolist() == [2, 1, 2]
