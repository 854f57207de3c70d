"""Carry weights: where they are zero, what they are on average, what they do to a gradient."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled import referee, rnn, truncation

T, N, D, H = 7, 2, 3, 4


def network(seed=0, T=T, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = rnn.init(D, H, rng, dtype)
    x, h0, dh = (rng.normal(size=s).astype(dtype) for s in ((T, N, D), (N, H), (T, N, H)))
    return x, h0, params, dh


def test_full_is_ones():
    assert truncation.full(3).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("T", "tau", "expected"),
    [
        (5, 2, [1, 1, 0, 1, 0]),
        (6, 2, [1, 1, 0, 1, 0, 1]),
        (4, 1, [1, 0, 0, 0]),
        (3, 3, [1, 1, 1]),
        (3, 9, [1, 1, 1]),
        (1, 1, [1]),
    ],
)
def test_every_cuts_at_segment_ends(T, tau, expected):
    assert truncation.every(T, tau).tolist() == expected


def test_segments_are_independent_runs_that_hand_on_the_state():
    x, h0, params, dh = network()
    carry = truncation.every(T, 3)
    _, tape = rnn.forward(x, h0, params)
    whole = rnn.backward(dh, tape, carry).params
    total = rnn.Params(*map(np.zeros_like, params))
    for part in truncation.segments(carry):
        h, tape = rnn.forward(x[part], h0, params)
        total = rnn.Params(*map(np.add, total, rnn.backward(dh[part], tape).params))
        h0 = h[-1]
    for ours, theirs in zip(whole, total, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("carry", [truncation.full(T), truncation.every(T, 3)])
def test_referee_confirms_carry(carry):
    x, h0, params, dh = network()
    assert referee.verify(x, h0, params, dh, carry=carry).passed


@pytest.mark.parametrize(
    ("carry", "expected"),
    [
        ([1.0, 1, 0, 1, 0], [(0, 2), (2, 4), (4, 5)]),
        ([0.0, 2, 2], [(0, 3)]),
        ([1.0], [(0, 1)]),
        ([0.0, 0, 0], [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_segments(carry, expected):
    found = truncation.segments(np.array(carry))
    assert [(part.start, part.stop) for part in found] == expected


@pytest.mark.parametrize("pi", [0.3, 0.7, np.float32(0.5), 1])
def test_randomized_has_two_values_and_mean_one(pi):
    draws = 200_000
    carry = truncation.randomized(draws, pi, np.random.default_rng(0))
    assert set(np.unique(carry)) <= {0.0, 1 / pi}
    standard_error = np.sqrt((1 / pi - 1) / draws)
    assert abs(carry.mean() - 1) <= 4 * standard_error
    if pi < 1:
        assert abs((carry[1:] * carry[:-1]).mean() - 1) < 12 * standard_error  # independent


def test_randomized_repeats_with_its_generator():
    first, second = (truncation.randomized(50, 0.5, np.random.default_rng(1)) for _ in range(2))
    assert first.tolist() == second.tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_estimates_are_backward_draw_by_draw(dtype):
    x, h0, params, dh = network(dtype=dtype)
    rng = np.random.default_rng(2)
    carries = np.stack([truncation.randomized(T, 0.6, rng) for _ in range(5)])
    before = dh.copy()
    _, tape = rnn.forward(x, h0, params)
    many = truncation.estimates(dh, tape, carries)
    assert many.dtype == dtype and np.array_equal(dh, before)
    for one, carry in zip(many, carries, strict=True):
        expected = rnn.backward(dh, tape, carry).params.W_hh
        np.testing.assert_allclose(one, expected, atol=1e-4 if dtype == np.float32 else 1e-12)


def test_randomized_gradient_is_right_on_average():
    x, h0, params, dh = network()
    _, tape = rnn.forward(x, h0, params)
    rng = np.random.default_rng(3)
    draws = truncation.estimates(
        dh, tape, np.stack([truncation.randomized(T, 0.7, rng) for _ in range(4000)])
    )
    full = rnn.backward(dh, tape).params.W_hh
    error = np.sqrt(draws.var(axis=0) / len(draws))
    assert (abs(draws.mean(axis=0) - full) < 4.5 * error).all()
    cut = rnn.backward(dh, tape, truncation.every(T, 2)).params.W_hh
    assert (abs(cut - full) > 4.5 * error).any()


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda rng: truncation.full(0), ValueError, "T"),
        (lambda rng: truncation.full(2.0), TypeError, "T"),
        (lambda rng: truncation.every(0, 1), ValueError, "T"),
        (lambda rng: truncation.every(5, 0), ValueError, "tau"),
        (lambda rng: truncation.every(5, 2.5), TypeError, "tau"),
        (lambda rng: truncation.randomized(0, 0.5, rng), ValueError, "T"),
        (lambda rng: truncation.randomized(5, 0.0, rng), ValueError, "pi"),
        (lambda rng: truncation.randomized(5, 1.01, rng), ValueError, "pi"),
        (lambda rng: truncation.randomized(5, float("nan"), rng), ValueError, "pi"),
        (lambda rng: truncation.randomized(5, "0.5", rng), TypeError, "pi"),
        (lambda rng: truncation.randomized(5, 0.5, 0), TypeError, "rng"),
        (lambda rng: truncation.segments([1.0, 0.0]), TypeError, "carry"),
        (lambda rng: truncation.segments(np.ones((2, 2))), ValueError, r"carry.*\(T"),
        (lambda rng: truncation.segments(np.array([1, np.nan])), ValueError, "carry"),
    ],
)
def test_bad_input_is_named(call, error, name):
    with pytest.raises(error, match=rf"^{name}\b"):
        call(np.random.default_rng(0))


def test_estimates_name_bad_input():
    x, h0, params, dh = network()
    _, tape = rnn.forward(x, h0, params)
    with pytest.raises(ValueError, match=r"^dh\b"):
        truncation.estimates(dh[1:], tape, np.ones((2, T)))
    with pytest.raises(ValueError, match=r"^carries\b"):
        truncation.estimates(dh, tape, np.ones((2, T + 1)))
