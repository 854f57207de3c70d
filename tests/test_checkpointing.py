"""Checkpointing: the same gradients as with all states stored, and few states held."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled import checkpointing, rnn


def network(T=11, N=2, D=3, H=4, dtype=np.float64):
    rng = np.random.default_rng(T)
    params = rnn.init(D, H, rng, dtype)
    x, h0, dh = (rng.normal(size=s).astype(dtype) for s in ((T, N, D), (N, H), (T, N, H)))
    return x, h0, params, dh


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(("T", "K"), [(11, None), (11, 1), (11, 4), (11, 11), (11, 50), (1, None)])
def test_the_gradients_are_those_of_backward(T, K, activation):
    x, h0, params, dh = network(T)
    before = [a.copy() for a in (x, h0, dh, *params)]
    ours = checkpointing.backward(x, h0, params, dh, activation, K)
    theirs = rnn.backward(dh, rnn.forward(x, h0, params, activation)[1])
    for a, b in zip(ours.params, theirs.params, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    np.testing.assert_allclose(ours.x, theirs.x, atol=1e-12)
    np.testing.assert_allclose(ours.h0, theirs.h0, atol=1e-12)
    for a, b in zip(before, (x, h0, dh, *params), strict=True):
        np.testing.assert_array_equal(a, b)


def test_upstream_may_be_a_function_of_a_segments_states():
    x, h0, params, target = network()
    h, tape = rnn.forward(x, h0, params)
    theirs = rnn.backward(2 * (h - target), tape)
    seen = []

    def upstream(states, start):
        seen.append((start, len(states)))
        return 2 * (states - target[start : start + len(states)])

    ours = checkpointing.backward(x, h0, params, upstream, K=4)
    np.testing.assert_allclose(ours.params.W_hh, theirs.params.W_hh, atol=1e-12)
    assert seen == [(8, 3), (4, 4), (0, 4)]


def test_no_more_than_a_segment_is_run_at_a_time(monkeypatch):
    x, h0, params, dh = network(100)
    lengths, forward = [], rnn.forward
    monkeypatch.setattr(
        rnn, "forward", lambda x, *rest: lengths.append(len(x)) or forward(x, *rest)
    )
    checkpointing.backward(x, h0, params, dh)
    assert max(lengths) == 10
    assert sum(lengths) == 90 + 100  # one more forward pass, but for the last segment


@pytest.mark.parametrize("T", [1, 2, 3, 10, 99, 100, 1600])
def test_the_default_holds_the_fewest_states(T):
    K = checkpointing.segment_length(T)
    fewest = min(checkpointing.stored_states(T, other) for other in range(1, T + 1))
    assert checkpointing.stored_states(T, K) == fewest


def test_stored_states():
    assert checkpointing.stored_states(1600, 40) == 80
    assert checkpointing.stored_states(10, 4) == 7


def test_dtype_is_kept():
    x, h0, params, dh = network(dtype=np.float32)
    ours = checkpointing.backward(x, h0, params, dh)
    assert {a.dtype for a in [*ours.params, ours.x, ours.h0]} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("change", "error", "name"),
    [
        ({"K": 0}, ValueError, "K"),
        ({"K": 2.0}, TypeError, "K"),
        ({"dh": np.ones((10, 2, 4))}, ValueError, r"dh .*\(T, N, H\) with T=11, N=2, H=4: axis 0"),
        ({"dh": np.ones((11, 2, 4), "f4")}, TypeError, "dh"),
        (
            {"dh": lambda h, start: np.ones((1, 2, 4))},
            ValueError,
            r"dh .*\(k, N, H\) with k=3, N=2, H=4: axis 0",
        ),
        ({"x": np.ones((11, 3))}, ValueError, "x"),
    ],
)
def test_bad_input_is_named(change, error, name):
    x, h0, params, dh = network()
    arguments = {"x": x, "h0": h0, "params": params, "dh": dh} | change
    with pytest.raises(error, match=rf"^{name}\b"):
        checkpointing.backward(**arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: checkpointing.segment_length(0), "T is 0, expected a whole number"),
        (lambda: checkpointing.stored_states(0, 1), "T is 0, expected a whole number"),
        (lambda: checkpointing.stored_states(1, 0), "K is 0, expected a whole number"),
    ],
)
def test_a_bad_length_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
