"""Gradients taken apart: the parts add up, and each part is what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled import gradients, rnn

ACTIVATIONS = ("tanh", "identity", "sigmoid")


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


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda dh, tape: gradients.finite_differences(abs, [1.0]), TypeError, "x"),
        (lambda dh, tape: gradients.finite_differences(abs, np.ones(1, "f4")), TypeError, "x"),
        (lambda dh, tape: gradients.finite_differences(abs, np.ones(1), 0), ValueError, "step"),
        (lambda dh, tape: gradients.lag_terms(dh[1:], tape, 2), ValueError, "dh"),
        (lambda dh, tape: gradients.lag_terms(dh, tape, 7), ValueError, "count"),
        (lambda dh, tape: gradients.lag_terms(dh, tape, 0), ValueError, "count"),
        (lambda dh, tape: gradients.sliding(dh.astype("f4"), tape, 2), TypeError, "dh"),
        (lambda dh, tape: gradients.sliding(dh, tape, 1.5), TypeError, "tau"),
        (lambda dh, tape: gradients.step_norms(np.ones(3, int)), TypeError, "array"),
    ],
)
def test_bad_input_is_named(call, error, name):
    with pytest.raises(error, match=rf"^{name}\b"):
        call(*network())
