"""Activations: exact far from zero, true to the dtype, and both derivatives the same."""

import numpy as np
import pytest
import torch

from unrolled import activations
from unrolled.activations import ACTIVATIONS, d_sigmoid, d_tanh, sigmoid, tanh
from unrolled.referee import ACTIVATIONS as TORCH

DTYPES = (np.float32, np.float64)
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
every_activation = pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=ACTIVATIONS)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
FAR = [-np.inf, -1000, -100, -80, -30, -1, -1e-30, -0.0, 0.0, 1e-30, 1, 30, 80, 100, 1000, np.inf]


def relative(ours, exact):
    """Largest relative difference, in units of the rounding of ours."""
    return np.max(np.abs(ours - exact) / np.abs(exact)) / np.finfo(ours.dtype).eps


@every_activation
@every_dtype
def test_nothing_overflows_and_the_dtype_stays(phi, dtype):
    z = np.array(FAR, dtype)
    with np.errstate(all="raise", under="ignore"):
        h, dh, slope = phi.function(z), phi.derivative(z), phi.slope(phi.function(z[1:-1]))
    for result in (h, dh, slope):
        assert result.dtype == dtype
        assert not np.isnan(result).any()
    assert np.isfinite(dh).all()
    assert h.shape == z.shape


@every_dtype
def test_the_ends_are_exact(dtype):
    ends = np.array([-np.inf, -1000, 1000, np.inf], dtype)
    assert sigmoid(ends).tolist() == [0, 0, 1, 1]
    assert tanh(ends).tolist() == [-1, -1, 1, 1]
    assert activations.relu(ends).tolist() == [0, 0, 1000, np.inf]
    assert activations.leaky_relu(ends) == pytest.approx([-np.inf, -10, 1000, np.inf])
    assert d_sigmoid(ends).tolist() == d_tanh(ends).tolist() == [0, 0, 0, 0]


@every_dtype
def test_relative_accuracy_against_a_wider_dtype(dtype):
    z = np.linspace(-80, 80, 4001).astype(dtype)
    wide = z.astype(WIDER[dtype])
    assert relative(sigmoid(z), 1 / (1 + np.exp(-wide))) < 8
    assert relative(d_sigmoid(z), np.exp(-np.abs(wide)) / (1 + np.exp(-np.abs(wide))) ** 2) < 16
    z, wide = z[z != 0] / 2, wide[z != 0] / 2
    assert relative(tanh(z), np.tanh(wide)) < 8
    assert relative(d_tanh(z), np.cosh(wide) ** -2) < 16
    assert relative(tanh(z / dtype(1e10)), wide / 1e10) < 4  # near 0, tanh(z) is z


def test_a_small_float32_sigmoid_is_not_zero():
    assert sigmoid(np.float32([-80]))[0] == pytest.approx(1.8048513878454153e-35, rel=1e-6)


def test_identities():
    z = np.linspace(-20, 20, 401)
    assert sigmoid(z) + sigmoid(-z) == pytest.approx(1, abs=1e-15)
    assert 2 * sigmoid(2 * z) - 1 == pytest.approx(tanh(z), abs=1e-15)
    assert np.array_equal(d_sigmoid(z), d_sigmoid(-z))
    assert np.array_equal(tanh(-z), -tanh(z))


@every_dtype
def test_the_largest_derivatives(dtype):
    z = np.linspace(-5, 5, 1001).astype(dtype)
    assert d_sigmoid(z).max() == 0.25 == d_sigmoid(np.zeros(1, dtype))[0]
    assert d_tanh(z).max() == 1 == d_tanh(np.zeros(1, dtype))[0]


@every_activation
def test_derivative_against_central_differences(phi):
    z, step = np.linspace(-4, 4, 98), 6e-6  # 98 points: none within a step of the kink at 0
    difference = (phi.function(z + step) - phi.function(z - step)) / (2 * step)
    assert phi.derivative(z) == pytest.approx(difference, abs=1e-9)


@every_activation
@every_dtype
def test_function_and_derivative_against_torch(phi, dtype):
    z = np.array([*np.linspace(-8, 8, 161), 0.0, -0.0], dtype)
    z_ = torch.from_numpy(z).requires_grad_()
    h_ = TORCH[phi.name](z_)
    h_.sum().backward()
    few = 4 * float(np.finfo(dtype).eps)
    assert phi.function(z) == pytest.approx(h_.detach().numpy(), rel=few, abs=few)
    assert phi.derivative(z) == pytest.approx(z_.grad.numpy(), rel=few, abs=few)


@every_activation
@every_dtype
def test_slope_of_the_output_is_the_derivative(phi, dtype):
    z = np.array([*np.linspace(-8, 8, 161), 0.0, -0.0], dtype)
    few = 4 * float(np.finfo(dtype).eps)
    assert phi.slope(phi.function(z)) == pytest.approx(phi.derivative(z), abs=few)


@every_activation
def test_any_shape_and_no_argument_is_changed_or_handed_back(phi):
    z = np.random.default_rng(0).standard_normal((2, 3, 4))[:, ::-1]
    before = z.copy()
    z.flags.writeable = False
    for function in (phi.function, phi.derivative, phi.slope):
        result = function(z)
        assert result.shape == z.shape
        assert not np.shares_memory(result, z)
    assert np.array_equal(z, before)


def test_leaky_relu_takes_another_slope():
    z = np.array([-2.0, 0.0, 2.0])
    assert activations.leaky_relu(z, slope=0.2).tolist() == [-0.4, 0.0, 2.0]
    assert activations.d_leaky_relu(z, slope=0.2).tolist() == [0.2, 0.2, 1.0]


def test_get_knows_all_names_and_lists_them_when_asked_for_another():
    assert [activations.get(name).name for name in ACTIVATIONS] == list(ACTIVATIONS)
    for wrong in ("Tanh", "gelu", "", None, np.tanh, ["tanh"]):
        with pytest.raises(ValueError, match="^activation is .*, expected one of sigmoid, tanh"):
            activations.get(wrong)
