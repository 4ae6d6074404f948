"""Fourier transforms against what is known of them."""

import numpy as np
import pytest

import tinygraph as tg

X = np.random.default_rng(1).standard_normal((4, 6))


@pytest.mark.parametrize(
    ("there", "share"),
    [(np.fft.fft, 1 / 6), (np.fft.fft2, 1 / 24), (np.fft.fftn, 1 / 24), (np.fft.ifft, 6)],
)
def test_energy_is_kept(there, share):
    """Parseval: the sum of |z|^2 is that of x^2, but for a factor; so its derivative is 2 x."""
    dx = tg.grad(lambda x: np.sum(np.abs(there(x)) ** 2) * share)(X)

    np.testing.assert_allclose(dx, 2 * X, atol=1e-12)


@pytest.mark.parametrize(
    "both",
    [
        lambda x: np.real(np.fft.ifft(np.fft.fft(x))),
        lambda x: np.fft.irfft(np.fft.rfft(x)),
        lambda x: np.fft.irfft2(np.fft.rfft2(x)),
        lambda x: np.fft.irfftn(np.fft.rfftn(x), s=X.shape, axes=(0, 1)),
        lambda x: np.real(np.fft.ifft2(np.fft.fft2(x, norm="ortho"), norm="ortho")),
        lambda x: np.fft.ifftshift(np.fft.fftshift(x)),
    ],
)
def test_there_and_back_is_the_identity(both):
    x = tg.parameter(X)
    z = both(x)

    np.testing.assert_allclose(z.value, X, atol=1e-14)
    np.testing.assert_allclose(z.backward(X**2)[x], X**2, atol=1e-13)


def test_a_product_of_transforms_is_a_convolution():
    kernel = np.array([0.5, -1.0, 2.0])

    def by_transform(x):
        return np.fft.irfft(np.fft.rfft(x, 8) * np.fft.rfft(kernel, 8), 8)

    x, weights = X[0], np.arange(8.0)
    np.testing.assert_allclose(by_transform(x), np.convolve(x, kernel))
    np.testing.assert_allclose(
        tg.grad(lambda x: by_transform(x) @ weights)(x),
        tg.grad(lambda x: np.convolve(x, kernel) @ weights)(x),
        rtol=1e-12,
    )


def test_float32_stays_in_single_precision():
    x = tg.parameter(X.astype(np.float32))
    z = np.fft.rfft(x)

    assert z.dtype == np.complex64
    assert np.sum(np.abs(z)).backward()[x].dtype == np.float32
