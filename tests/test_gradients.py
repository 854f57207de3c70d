"""Gradients taken apart: the parts add up, and each part is what its name says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from unrolled import gradients, rnn

ACTIVATIONS = ("tanh", "identity", "sigmoid")
PHI = {"tanh": torch.tanh, "identity": lambda z: z, "sigmoid": torch.sigmoid, "relu": torch.relu}
referee = pytest.mark.parametrize("activation", PHI)


def network(seed=0, T=6, N=2, D=3, H=4, activation="tanh", dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rnn.init(D, H, rng, dtype)
    x, h0, dh = (rng.normal(size=s).astype(dtype) for s in ((T, N, D), (N, H), (T, N, H)))
    _, tape = rnn.forward(x, h0, params, activation)
    return dh, tape


def test_finite_differences_of_a_polynomial():
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    found = gradients.finite_differences(lambda a: float((a**3).sum() + a[0, 0] * a[1, 1]), x)
    expected = 3 * x**2 + np.array([[3.0, 0], [0, 1.0]])
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert np.array_equal(x, before)


def test_finite_differences_protect_x_from_the_function():
    x = np.ones(3)

    def careless(a):
        a *= 2
        return float(a.sum())

    np.testing.assert_allclose(gradients.finite_differences(careless, x), 2 * np.ones(3))
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_finite_differences_confirm_backward(activation):
    dh, tape = network(activation=activation)
    x, h0, params, _, _ = tape

    def loss(W_hh):
        return float((dh * rnn.forward(x, h0, params._replace(W_hh=W_hh), activation)[0]).sum())

    found = gradients.finite_differences(loss, params.W_hh)
    np.testing.assert_allclose(found, rnn.backward(dh, tape).params.W_hh, atol=1e-8)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lag_terms_add_up_and_belong_to_one_loss_each(activation):
    dh, tape = network(activation=activation)
    terms = gradients.lag_terms(dh, tape, len(dh))
    np.testing.assert_allclose(terms.sum(axis=0), rnn.backward(dh, tape).h, atol=1e-12)
    for tau in range(len(dh)):  # the loss of one step alone
        alone = np.zeros_like(dh)
        alone[tau] = dh[tau]
        expected = rnn.backward(alone, tape).h
        for t in range(len(dh)):
            sent = terms[tau - t, t] if t <= tau else 0
            np.testing.assert_allclose(sent + 0 * dh[0], expected[t], atol=1e-12)


def test_fewer_lag_terms_are_the_first_ones():
    dh, tape = network()
    np.testing.assert_array_equal(
        gradients.lag_terms(dh, tape, 2), gradients.lag_terms(dh, tape, 5)[:2]
    )


@pytest.mark.parametrize("tau", [1, 2, 3, 5])
def test_sliding_sums_the_first_tau_lags(tau):
    dh, tape = network()
    terms = gradients.lag_terms(dh, tape, tau)
    found = gradients.sliding(dh, tape, tau)
    np.testing.assert_allclose(found.h, terms.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.carried, terms[1:].sum(axis=0), atol=1e-12)
    previous = np.concatenate([tape.h0[None], tape.h[:-1]])
    dz = found.h * (1 - tape.h**2)
    np.testing.assert_allclose(found.params.W_hh, np.einsum("tnh,tnk->hk", dz, previous))
    np.testing.assert_allclose(found.params.W_xh, np.einsum("tnh,tnd->hd", dz, tape.x))
    np.testing.assert_allclose(found.params.b_h, dz.sum(axis=(0, 1)))


@pytest.mark.parametrize("tau", [6, 99])
def test_a_long_sliding_window_is_the_full_gradient(tau):
    dh, tape = network()
    ours, full = gradients.sliding(dh, tape, tau), rnn.backward(dh, tape)
    for a, b in zip([*ours.params, *ours[1:]], [*full.params, *full[1:]], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_sliding_differs_from_segments():
    dh, tape = network()
    carry = np.array([1.0, 1, 0, 1, 0, 1])
    segments = rnn.backward(dh, tape, carry).params.W_hh
    assert abs(gradients.sliding(dh, tape, 2).params.W_hh - segments).max() > 1e-3


def test_weight_shares_add_up():
    dh, tape = network()
    grads = rnn.backward(dh, tape)
    shares = gradients.weight_shares(grads, tape)
    assert shares.shape == (6, 4, 4)
    np.testing.assert_allclose(shares.sum(axis=0), grads.params.W_hh, atol=1e-12)
    dz_1 = grads.h[0] * (1 - tape.h[0] ** 2)
    np.testing.assert_allclose(shares[0], dz_1.T @ tape.h0)


def test_one_step():
    dh, tape = network(T=1)
    assert gradients.lag_terms(dh, tape, 1).shape == (1, 1, 2, 4)
    ours, full = gradients.sliding(dh, tape, 1), rnn.backward(dh, tape)
    np.testing.assert_allclose(ours.params.W_hh, full.params.W_hh)
    np.testing.assert_allclose(ours.h0, full.h0)


def test_dtype_is_kept_and_arguments_are_not_changed():
    dh, tape = network(dtype=np.float32)
    before = dh.copy()
    assert gradients.lag_terms(dh, tape, 3).dtype == np.float32
    ours = gradients.sliding(dh, tape, 3)
    assert {a.dtype for a in [*ours.params, *ours[1:]]} == {np.dtype("float32")}
    assert gradients.weight_shares(ours, tape).dtype == np.float32
    assert np.array_equal(dh, before)


def test_step_norms_do_not_underflow():
    tiny = np.full((2, 3, 4), 1e-30, np.float32)
    np.testing.assert_allclose(gradients.step_norms(tiny), np.sqrt(12) * 1e-30, rtol=1e-6)
    assert gradients.step_norms(np.array([[3.0, 4.0]])).tolist() == [5.0]
    assert gradients.step_norms(np.array([3.0, -4.0])).tolist() == [3.0, 4.0]  # one number a step


# --- Jacobians, one step and many, against automatic differentiation of the equations ------------


def one_step(tape, t):
    """From the states before step t+1 to those after it, in torch: the equation of the network."""
    W_xh, W_hh, b_h = (torch.from_numpy(a) for a in tape.params)
    x = torch.from_numpy(tape.x[t])
    return lambda h: PHI[tape.activation](x @ W_xh.T + h @ W_hh.T + b_h)


def torch_jacobian(tape, first, last, n):
    """d state ``last`` / d state ``first`` of sequence n, where state 0 is h0."""
    before = torch.from_numpy(np.concatenate([tape.h0[None], tape.h])[first])

    def run(h):
        batch = torch.cat([before[:n], h[None], before[n + 1 :]])
        for t in range(first, last):
            batch = one_step(tape, t)(batch)
        return batch[n]

    return torch.autograd.functional.jacobian(run, before[n]).numpy()


@referee
def test_step_jacobians_against_torch(activation):
    _, tape = network(activation=activation)
    found = gradients.step_jacobians(tape)
    assert found.shape == (6, 2, 4, 4)
    for t in range(6):
        for n in range(2):
            expected = torch_jacobian(tape, t, t + 1, n)
            np.testing.assert_allclose(found[t, n], expected, rtol=0, atol=1e-14)
            if activation in ("tanh", "sigmoid"):  # without the slope, or turned over, it fails
                assert abs(tape.params.W_hh - expected).max() > 1e-3
                assert abs(found[t, n].T - expected).max() > 1e-3


@referee
def test_jacobian_products_against_torch(activation):
    _, tape = network(activation=activation)
    jacobians = gradients.step_jacobians(tape)
    found = gradients.jacobian_products(jacobians)
    assert found.shape == jacobians.shape
    for t in range(6):
        for n in range(2):
            expected = torch_jacobian(tape, t, 6, n)
            np.testing.assert_allclose(found[t, n], expected, rtol=0, atol=1e-14)
    if activation == "tanh":  # the other order is another matrix
        wrong = np.linalg.multi_dot(list(jacobians[:, 0]))
        assert abs(wrong - torch_jacobian(tape, 0, 6, 0)).max() > 1e-3


def test_jacobian_products_take_one_matrix_a_step_and_change_nothing():
    A, B, C = np.random.default_rng(0).normal(size=(3, 3, 3))
    given = np.stack([A, B, C])
    found = gradients.jacobian_products(given)
    np.testing.assert_allclose(found, np.stack([C @ B @ A, C @ B, C]))
    np.testing.assert_array_equal(given, np.stack([A, B, C]))
    assert gradients.jacobian_products(given.astype(np.float32)).dtype == np.float32


def test_a_gradient_is_carried_by_the_product():
    dh, tape = network()
    dh[:-1] = 0
    products = gradients.jacobian_products(gradients.step_jacobians(tape))
    grads = rnn.backward(dh, tape)
    for t, expected in enumerate([grads.h0, *grads.h[:-1]]):
        carried = np.einsum("ni,nij->nj", dh[-1], products[t])
        np.testing.assert_allclose(carried, expected, atol=1e-14)


# --- the lag matrix ------------------------------------------------------------------------------


@referee
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lag_matrix_against_torch(activation, dtype):
    dh, tape = network(activation=activation, dtype=dtype)
    found = gradients.lag_matrix(dh, tape)
    assert found.shape == (6, 6) and found.dtype == np.float64
    wide = tape._replace(
        x=tape.x.astype(float), params=rnn.Params(*(a.astype(float) for a in tape.params))
    )
    state = torch.from_numpy(tape.h0.astype(float)).requires_grad_()
    states = []
    for t in range(6):
        state = one_step(wide, t)(state)
        states.append(state)
    expected = np.zeros((6, 6))
    for tau in range(6):
        loss = (states[tau] * torch.from_numpy(dh[tau].astype(float))).sum()
        heard = torch.autograd.grad(loss, states[: tau + 1], retain_graph=True)
        expected[tau, : tau + 1] = [g.norm(dim=1).mean().item() for g in heard]
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == np.float64 else 1e-4)
    assert (found == np.tril(found)).all() and np.diag(found).all()
    assert not np.allclose(found[1:], expected[:-1])  # a row late it would fail


def test_lag_matrix_averages_lengths_over_sequences():
    """The mean of the lengths: opposite gradients of two sequences do not cancel."""
    dh, tape = network()
    parts = []
    for n in range(2):
        alone = tape._replace(x=tape.x[:, n : n + 1], h0=tape.h0[n : n + 1], h=tape.h[:, n : n + 1])
        parts.append(gradients.lag_matrix(dh[:, n : n + 1], alone))
    np.testing.assert_allclose(gradients.lag_matrix(dh, tape), np.mean(parts, axis=0))
    assert abs(parts[0] - parts[1]).max() > 0.1


def test_lag_matrix_sees_what_squares_and_float32_would_lose():
    dh, tape = network(T=70, dtype=np.float32, activation="sigmoid")
    found = gradients.lag_matrix(dh, tape)
    assert 0 < found[-1, 0] < 1e-46  # below the smallest number of float32
    dh, tape = network()
    shrunk = gradients.lag_matrix(1e-250 * dh, tape)
    np.testing.assert_allclose(1e250 * shrunk, gradients.lag_matrix(dh, tape), rtol=1e-10)
    assert not gradients.lag_matrix(0 * dh, tape).any()
    dh[:-1], dh[-1] = 1e-250 * dh[:-1], 1e250 * dh[-1]  # a loud loss does not drown the others
    mixed = gradients.lag_matrix(dh, tape)
    np.testing.assert_allclose(mixed[:-1], shrunk[:-1], rtol=1e-10)


# --- Lyapunov exponents --------------------------------------------------------------------------


def linear(W, N=2, T=200):
    """A network without input, bias and activation: what is left is W."""
    H = len(W)
    params = rnn.Params(np.zeros((H, 1)), W, np.zeros(H))
    h0 = np.random.default_rng(1).normal(size=(N, H))
    return np.zeros((T, N, 1)), h0, params


def test_exponents_of_a_diagonal_matrix_are_the_sorted_log_sizes_of_its_eigenvalues():
    run = linear(np.diag([0.5, -0.9, 0.2, 1.1]))
    found = gradients.lyapunov_exponents(*run, count=4, skip=150, activation="identity")
    assert found.shape == (2, 4)
    np.testing.assert_allclose(found, np.log([[1.1, 0.9, 0.5, 0.2]] * 2), atol=1e-8)
    early = gradients.lyapunov_exponents(*run, count=4, activation="identity")
    assert abs(early - found).max() > 1e-3  # the turning of the frame is counted without skip


def test_a_rotation_with_a_gain_has_the_log_of_the_gain_from_the_first_step_on():
    params = rnn.init(1, 5, np.random.default_rng(0), recurrent="orthogonal", gain=0.8)
    x, h0, _ = linear(params.W_hh, T=3)
    found = gradients.lyapunov_exponents(x, h0, params, count=5, activation="identity")
    np.testing.assert_allclose(found, np.log(0.8), atol=1e-14)


@pytest.mark.parametrize("skip", [0, 4])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_all_exponents_add_up_to_the_mean_log_determinant(activation, skip):
    _, tape = network(T=20, N=3, activation=activation)
    exponents = gradients.lyapunov_exponents(
        tape.x, tape.h0, tape.params, count=4, skip=skip, activation=activation
    )
    _, logs = np.linalg.slogdet(gradients.step_jacobians(tape)[skip:])
    np.testing.assert_allclose(exponents.sum(axis=-1), logs.mean(axis=0), atol=1e-12)
    if skip == 0:  # one step left out is noticed
        assert (abs(exponents.sum(axis=-1) - logs[1:].mean(axis=0)) > 1e-4).all()


def test_exponents_do_not_depend_on_how_many_or_with_whom():
    _, tape = network(T=30, N=3)
    x, h0, params = tape[:3]
    everything = gradients.lyapunov_exponents(x, h0, params, count=4)
    assert np.array_equal(everything, gradients.lyapunov_exponents(x, h0, params, count=4, skip=0))
    for count in (1, 2, 3):
        fewer = gradients.lyapunov_exponents(x, h0, params, count=count)
        np.testing.assert_allclose(fewer, everything[:, :count], atol=1e-12)
    for n in range(3):
        alone = gradients.lyapunov_exponents(x[:, n : n + 1], h0[n : n + 1], params, count=4)
        np.testing.assert_allclose(alone[0], everything[n], atol=1e-12)
    assert np.ptp(everything[:, 0]) > 1e-4


def test_the_largest_exponent_is_the_growth_of_a_small_difference():
    """A second way to it, by the states alone: two runs that start 1e-9 apart."""
    rng = np.random.default_rng(3)
    params = rnn.init(1, 40, rng, recurrent="gaussian", gain=2.0)
    x, h0 = np.zeros((300, 1, 1)), rng.normal(size=(1, 40))
    (start,) = rnn.forward(x[:100], h0, params)[0][-1:]
    near = start + 1e-9 * rng.normal(size=(1, 40))
    apart = gradients.step_norms(
        rnn.forward(x[:80], start, params)[0] - rnn.forward(x[:80], near, params)[0]
    )
    measured = math.log(apart[79] / apart[19]) / 60
    exponent = gradients.lyapunov_exponents(x[:80], start, params, skip=20).item()
    assert 0.02 < exponent < math.log(2)
    assert measured == pytest.approx(exponent, abs=0.03)


def test_a_direction_that_dies_has_minus_infinity(recwarn):
    _, tape = network(activation="relu")
    dead = tape.params._replace(b_h=np.array([9.0, 9, 9, -99]))
    found = gradients.lyapunov_exponents(tape.x, tape.h0, dead, count=4, activation="relu")
    assert np.isfinite(found[:, :3]).all()
    assert (found[:, 3] < -5).all()  # rounding may leave a little of what is exactly singular
    gone = gradients.lyapunov_exponents(
        tape.x, tape.h0, tape.params._replace(b_h=np.full(4, -99.0)), activation="relu"
    )
    assert (gone == -np.inf).all()
    assert not recwarn.list  # the logarithm of 0 is meant here


def test_states_that_overflow_are_named():
    x, h0, params = linear(1e200 * np.eye(3), T=5)
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match="^the state after step 2 is not finite"),
    ):
        gradients.lyapunov_exponents(x, h0, params, activation="identity")


def test_exponents_of_float32_are_measured_in_float64_and_arguments_stay():
    _, tape = network(T=20, dtype=np.float32)
    given = [tape.x, tape.h0, *tape.params]
    before = [a.copy() for a in given]
    found = gradients.lyapunov_exponents(tape.x, tape.h0, tape.params, count=2)
    assert found.dtype == np.float64
    _, tape = network(T=20)
    wide = gradients.lyapunov_exponents(tape.x, tape.h0, tape.params, count=2)
    np.testing.assert_allclose(found, wide, atol=1e-4)
    for array, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, old)


# --- rates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.1, 0.7, 1.0, 1.3])
def test_rate_of_a_geometric_sequence(factor):
    norms = 5 * factor ** np.arange(20.0)
    assert gradients.rate(norms) == pytest.approx(factor, rel=1e-12)
    assert gradients.rate(norms[::-1]) == pytest.approx(1 / factor, rel=1e-12)
    assert gradients.rate(norms[:2]) == pytest.approx(factor, rel=1e-12)
    assert gradients.rate(norms.astype(np.float32)) == pytest.approx(factor, rel=1e-5)


def test_rate_is_the_least_squares_line():
    norms = np.exp(np.random.default_rng(0).normal(size=30))
    slope = np.polyfit(np.arange(30), np.log(norms), 1)[0]
    assert gradients.rate(norms) == pytest.approx(math.exp(slope), rel=1e-12)
    ends = (norms[-1] / norms[0]) ** (1 / 29)
    assert abs(gradients.rate(norms) - ends) > 1e-3  # not only the first and the last


def test_half_life():
    assert gradients.half_life(0.5) == 1
    for rate in (0.01, 0.7, 0.999):
        assert rate ** gradients.half_life(rate) == pytest.approx(0.5)
    assert gradients.half_life(0) == 0
    assert gradients.half_life(1) == gradients.half_life(1.5) == math.inf


def test_the_rate_of_a_linear_network_is_its_gain():
    params = rnn.init(3, 8, np.random.default_rng(0), recurrent="orthogonal", gain=0.9)
    rng = np.random.default_rng(1)
    x, h0, dh = rng.normal(size=(40, 2, 3)), rng.normal(size=(2, 8)), np.zeros((40, 2, 8))
    dh[-1] = rng.normal(size=(2, 8))
    grads = rnn.backward(dh, rnn.forward(x, h0, params, "identity")[1])
    rate = gradients.rate(gradients.step_norms(grads.h)[::-1])
    assert rate == pytest.approx(0.9)
    assert gradients.half_life(rate) == pytest.approx(6.58, abs=0.01)


def exponents(dh, tape, **options):
    return gradients.lyapunov_exponents(tape.x, tape.h0, tape.params, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda dh, tape: gradients.rate([1.0, 2.0]), TypeError, "norms is list, expected a flo"),
        (lambda dh, tape: gradients.rate(np.arange(3)), TypeError, "norms is int64, expected a f"),
        (lambda dh, tape: gradients.rate(np.ones(1)), ValueError, r"norms has shape \(1,\), exp"),
        (lambda dh, tape: gradients.rate(dh), ValueError, r"norms has shape \(6, 2, 4\), expect"),
        (
            lambda dh, tape: gradients.rate(np.array([1.0, 0])),
            ValueError,
            "norms is 0.0 at place 1",
        ),
        (
            lambda dh, tape: gradients.rate(np.array([1.0, 2, -3])),
            ValueError,
            "norms is -3.0 at pl",
        ),
        (
            lambda dh, tape: gradients.rate(np.array([np.nan, 2])),
            ValueError,
            "norms is nan at place",
        ),
        (
            lambda dh, tape: gradients.rate(np.array([2, np.inf])),
            ValueError,
            "norms is inf at place",
        ),
        (lambda dh, tape: gradients.half_life(-0.1), ValueError, "rate is -0.1, expected a number"),
        (lambda dh, tape: gradients.half_life(math.nan), ValueError, "rate is nan, expected a num"),
        (lambda dh, tape: gradients.half_life("1"), ValueError, "rate is '1', expected a number"),
        (lambda dh, tape: gradients.step_jacobians(dh), TypeError, "tape is a ndarray, expected"),
        (lambda dh, tape: gradients.lag_matrix(dh[1:], tape), ValueError, "dh has shape"),
        (lambda dh, tape: gradients.lag_matrix(dh.astype("f4"), tape), TypeError, "dh has dtype"),
        (lambda dh, tape: gradients.jacobian_products(dh), ValueError, "jacobians has shape"),
        (
            lambda dh, tape: gradients.jacobian_products(np.ones((2, 2, 2), int)),
            TypeError,
            "jacobians is int64, expected a float array",
        ),
        (
            lambda dh, tape: gradients.step_norms(np.ones(3, int)),
            TypeError,
            "array is int64, expected a float array",
        ),
        (lambda dh, tape: gradients.step_norms([1.0]), TypeError, "array is list, expected a floa"),
        (
            lambda dh, tape: gradients.finite_differences(abs, [1.0]),
            TypeError,
            "x is list, expected a float64 array",
        ),
        (
            lambda dh, tape: gradients.finite_differences(abs, np.ones(1, "f4")),
            TypeError,
            "x is float32, expected a float64 array",
        ),
        (
            lambda dh, tape: gradients.finite_differences(3, np.ones(1)),
            TypeError,
            "function is 3, expected a function",
        ),
        (
            lambda dh, tape: gradients.weight_shares(dh, tape),
            TypeError,
            "grads is a ndarray, expected the rnn.Grads of backward",
        ),
        (
            lambda dh, tape: gradients.weight_shares(
                rnn.backward(dh, tape)._replace(h=dh[1:]), tape
            ),
            ValueError,
            "grads.h has shape",
        ),
        (lambda dh, tape: gradients.jacobian_products([1.0]), TypeError, "jacobians is list"),
        (
            lambda dh, tape: gradients.jacobian_products(np.ones((2, 2))),
            ValueError,
            "jacobians has shape",
        ),
        (
            lambda dh, tape: gradients.jacobian_products(np.ones((0, 2, 2))),
            ValueError,
            "jacobians has shape",
        ),
        (lambda dh, tape: exponents(dh, tape, count=5), ValueError, "count is 5, expected at most"),
        (lambda dh, tape: exponents(dh, tape, count=0), ValueError, "count is 0, expected a whole"),
        (lambda dh, tape: exponents(dh, tape, skip=6), ValueError, "skip is 6, expected 0 to 5"),
        (lambda dh, tape: exponents(dh, tape, skip=-1), ValueError, "skip is -1, expected 0 to 5"),
        (
            lambda dh, tape: exponents(dh, tape, skip=1.0),
            TypeError,
            "skip is 1.0, expected a whole number from 0 to 5",
        ),
        (lambda dh, tape: exponents(dh, tape, activation="no"), ValueError, "activation is 'no'"),
    ],
)
def test_bad_input_of_the_measures_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call(*network())


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda dh, tape: gradients.finite_differences(abs, np.ones(1), 0), ValueError, "step"),
        (lambda dh, tape: gradients.lag_terms(dh[1:], tape, 2), ValueError, "dh"),
        (lambda dh, tape: gradients.lag_terms(dh, tape, 7), ValueError, "count"),
        (lambda dh, tape: gradients.lag_terms(dh, tape, 0), ValueError, "count"),
        (lambda dh, tape: gradients.sliding(dh.astype("f4"), tape, 2), TypeError, "dh"),
        (lambda dh, tape: gradients.sliding(dh, tape, 1.5), TypeError, "tau"),
    ],
)
def test_bad_input_is_named(call, error, name):
    with pytest.raises(error, match=rf"^{name}\b"):
        call(*network())
