"""Activations: exact far from zero, true to the dtype, and both derivatives the same."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from unrolled import activations, rnn
from unrolled.activations import ACTIVATIONS, d_gelu, d_sigmoid, d_tanh, gelu, sigmoid, tanh
from unrolled.referee import ACTIVATIONS as TORCH

DTYPES = (np.float32, np.float64)
WIDER = {np.float32: np.float64, np.float64: np.longdouble}
every_activation = pytest.mark.parametrize("phi", ACTIVATIONS.values(), ids=ACTIVATIONS)
every_slope = pytest.mark.parametrize(
    "phi",
    [phi for phi in ACTIVATIONS.values() if phi.slope],
    ids=[name for name, phi in ACTIVATIONS.items() if phi.slope],
)
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
        h, dh = phi.function(z), phi.derivative(z)
        results = h, dh, *([phi.slope(phi.function(z[1:-1]))] if phi.slope else [])
    for result in results:
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
    assert activations.elu(ends).tolist() == [-1, -1, 1000, np.inf]
    assert gelu(ends).tolist() == [0, 0, 1000, np.inf]
    assert d_gelu(ends).tolist() == [0, 0, 1, 1]
    assert activations.d_elu(ends).tolist() == activations.d_relu(ends).tolist() == [0, 0, 1, 1]
    scale, floor = activations.SELU_SCALE, activations.SELU_SCALE * activations.SELU_ALPHA
    assert activations.selu(ends) == pytest.approx([-floor, -floor, 1000 * scale, np.inf])
    assert activations.d_selu(ends) == pytest.approx([0, 0, scale, scale])
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
    tiny = np.finfo(dtype).tiny
    small = [0.0, -0.0, tiny, -tiny, tiny / 8, -tiny / 8, 1e-30, -1e-30]
    z = np.array([*np.linspace(-8, 8, 161), *small, 40, -40, 1000, -1000], dtype)
    z_ = torch.from_numpy(z).requires_grad_()
    h_ = TORCH[phi.name](z_)
    h_.sum().backward()
    few = 8 * float(np.finfo(dtype).eps)  # torch's GELU in float32 is off by 5 under AVX-512
    assert phi.function(z) == pytest.approx(h_.detach().numpy(), rel=few, abs=few)
    assert phi.derivative(z) == pytest.approx(z_.grad.numpy(), rel=few, abs=few)


@every_slope
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
    for function in filter(None, (phi.function, phi.derivative, phi.slope)):
        result = function(z)
        assert result.shape == z.shape
        assert not np.shares_memory(result, z)
    assert np.array_equal(z, before)


def test_every_output_but_that_of_gelu_determines_its_slope():
    assert {name for name, phi in ACTIVATIONS.items() if phi.slope is None} == {"gelu"}


def test_a_python_number_is_one_of_64_bits():
    assert sigmoid(0) == 0.5 and tanh(0.5) == np.tanh(0.5)
    assert type(activations.relu(2)) is np.float64


@pytest.mark.parametrize(
    ("z", "kind"), [([1.0], "list"), (True, "bool"), (None, "NoneType"), (np.ones(1, int), "int64")]
)
def test_anything_but_floats_is_named(z, kind):
    with pytest.raises(TypeError, match=f"^z is {kind}, expected a NumPy array of floats"):
        sigmoid(z)


def test_leaky_relu_takes_another_slope():
    z = np.array([-2.0, 0.0, 2.0])
    assert activations.leaky_relu(z, 0.2).tolist() == [-0.4, 0.0, 2.0]
    assert activations.leaky_relu(z, slope=0.2).tolist() == [-0.4, 0.0, 2.0]
    assert activations.d_leaky_relu(z, slope=0.2).tolist() == [0.2, 0.2, 1.0]


def test_get_knows_all_names_and_lists_them_when_asked_for_another():
    assert [activations.get(name).name for name in ACTIVATIONS] == list(ACTIVATIONS)
    for wrong in ("Tanh", "swish", "", None, np.tanh, ["tanh"]):
        with pytest.raises(ValueError, match="^activation is .*, expected one of sigmoid, tanh"):
            activations.get(wrong)


def test_infinities_and_nan_against_torch():
    """torch gives the same limits, save for gelu, where it multiplies 0 by infinity."""
    z = torch.tensor([-np.inf, np.inf, np.nan], dtype=torch.float64)
    for phi in ACTIVATIONS.values():
        h, dh = phi.function(z.numpy()), phi.derivative(z.numpy())
        assert np.isnan(h[2]) and np.isnan(dh[2])  # torch: the branch that a comparison falls in
        assert not np.isnan([h[:2], dh[:2]]).any()
        z_ = z[:2].clone().requires_grad_()
        h_ = TORCH[phi.name](z_)
        h_.sum().backward()
        theirs = np.array([h_.detach().numpy(), z_.grad.numpy()])
        if phi.name == "gelu":
            assert np.isnan(theirs).tolist() == [[True, False], [True, True]]
        else:
            assert_allclose([h[:2], dh[:2]], theirs, rtol=1e-15)


@every_slope
def test_a_nan_state_has_a_nan_slope(phi):
    assert np.isnan(phi.slope(np.array([np.nan]))).all()


@every_dtype
def test_the_derivatives_at_the_kink_are_torchs(dtype):
    for phi, at_zero in (("relu", 0.0), ("leaky_relu", 0.01), ("selu", 1.7580993408473766)):
        z = torch.tensor([0.0, -0.0], dtype=getattr(torch, np.dtype(dtype).name))
        z_ = z.clone().requires_grad_()
        TORCH[phi](z_).sum().backward()
        ours = ACTIVATIONS[phi].derivative(z.numpy())
        assert ours.tolist() == z_.grad.tolist() == [dtype(at_zero)] * 2


def exact_gelu(z):
    """The tail from its continued fraction, which no cancellation can spoil."""
    fraction = 0.0
    for k in range(400, 0, -1):
        fraction = k / (-z + fraction)
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return z * density / (-z + fraction), density / (-z + fraction) + z * density


@every_dtype
def test_gelu_keeps_its_relative_accuracy_far_out_where_torch_has_zero(dtype):
    far = [-37, -20] if dtype == np.float64 else []  # 1e-298 and 1e-88: float32 ends at 1e-45
    z = np.array([-3, -6, -12, -10, *far], dtype)
    exact = np.array([exact_gelu(float(a)) for a in z])
    few = 1000 if far else 8  # scipy's tail loses digits with the square of z
    assert relative(gelu(z), exact[:, 0].astype(dtype)) < few
    assert relative(d_gelu(z), exact[:, 1].astype(dtype)) < few
    ours, theirs = gelu(z)[3], torch.nn.functional.gelu(torch.from_numpy(z))[3].item()
    assert theirs == 0 and ours == pytest.approx(-7.619853024160525e-23)


def test_elu_is_not_zero_where_exp_less_one_is():
    assert activations.elu(np.array([-1e-20])).tolist() == [-1e-20]


def test_the_constants_of_selu_keep_mean_0_and_variance_1():
    """A standard normal z goes in; a Gauss-Hermite rule on each side of the kink would be finer."""
    z = np.linspace(-12, 12, 200_001)
    weight = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    h = activations.selu(z)
    assert (weight * h).sum() == pytest.approx(0, abs=1e-7)
    assert (weight * h * h).sum() == pytest.approx(1, abs=1e-7)


def test_leaky_slopes_of_the_libraries():
    assert torch.nn.LeakyReLU().negative_slope == activations.LEAKY_SLOPE
    assert torch.nn.functional.leaky_relu(torch.tensor(-1.0)).item() == pytest.approx(-0.01)


def test_gelu_is_refused_where_the_slope_must_come_from_the_output():
    two = np.array([-0.4, -1.2021])  # on both sides of the minimum, at about -0.75
    assert np.ptp(gelu(two)) < 1e-3 and np.ptp(d_gelu(two)) > 0.3
    assert activations.get_with_slope("elu") is activations.get("elu")
    with pytest.raises(ValueError, match="^activation is 'gelu', whose output does not determine"):
        activations.get_with_slope("gelu")
    with pytest.raises(ValueError, match="^activation is 'swish', expected one of sigmoid"):
        activations.get_with_slope("swish")
    params = rnn.init(2, 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="^activation is 'gelu', whose .* tanh, relu"):
        rnn.forward(np.zeros((1, 1, 2)), np.zeros((1, 3)), params, "gelu")
