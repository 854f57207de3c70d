"""The LSTM: forward is the equations, backward is their gradient, for any sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import gradients, lstm, referee, rnn

SIZE = st.integers(1, 6)
reproducible = settings(deadline=None, derandomize=True)


def problem(T=5, N=2, D=3, H=4, dtype=np.float64, seed=0):
    """Random inputs, states, weights and upstream gradients; nothing in them is zero."""
    rng = np.random.default_rng(seed)
    params = lstm.init(D, H, rng, dtype)
    shapes = (T, N, D), (N, H), (N, H), (T, N, H), (N, H)
    x, h0, c0, dh, dc_T = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, h0, c0, params, dh, dc_T


def run(x, h0, c0, params, dh, dc_T, carry=None):
    """States and gradients."""
    h, c, tape = lstm.forward(x, h0, c0, params)
    return h, c, lstm.backward(dh, dc_T, tape, carry)


def flat(grads):
    """All gradients by name."""
    others = ("x", "h0", "c0", "h", "c", "carried")
    return grads.params._asdict() | {name: getattr(grads, name) for name in others}


def assert_same(ours, other, **tolerance):
    for name, array in flat(ours).items():
        assert_allclose(array, flat(other)[name], **tolerance, err_msg=name)


CARRIES = {
    "none": lambda T: None,
    "ones": np.ones,
    "segments": lambda T: (np.arange(T) % 3 > 0).astype(float),  # zeros at 0, 3, 6, ...
    "random": lambda T: np.random.default_rng(1).exponential(size=T),
}


# --- forward -------------------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("T", [1, 2, 10])
def test_forward_is_the_equations_with_the_stacked_matrix(T):
    """(i f o g) = (sigmoid sigmoid sigmoid tanh) W (h; x), one sequence and one step at a time."""
    x, h0, c0, (W_xh, W_hh, b_h), *_ = problem(T)
    W = np.hstack([W_hh, W_xh])
    h, c, tape = lstm.forward(x, h0, c0, lstm.Params(W_xh, W_hh, b_h))
    for n in range(len(h0)):
        h_t, c_t = h0[n], c0[n]
        for t in range(T):
            z = (W @ np.concatenate([h_t, x[t, n]]) + b_h).reshape(4, -1)
            i, f, o, g = sigmoid(z[0]), sigmoid(z[1]), sigmoid(z[2]), np.tanh(z[3])
            c_t = f * c_t + i * g
            h_t = o * np.tanh(c_t)
            assert_allclose(h[t, n], h_t, rtol=0, atol=1e-12)
            assert_allclose(c[t, n], c_t, rtol=0, atol=1e-12)
            for ours, theirs in zip(lstm.gates(tape), (i, f, o, g), strict=True):
                assert_allclose(ours[t, n], theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("N", [1, 5])
def test_forward_is_step_after_step(N):
    x, h, c, params, *_ = problem(T=30, N=N)
    hs, cs, _ = lstm.forward(x, h, c, params)
    for t, x_t in enumerate(x):
        h, c = lstm.step(x_t, h, c, params)
        assert_allclose(hs[t], h, rtol=0, atol=1e-12)
        assert_allclose(cs[t], c, rtol=0, atol=1e-12)


@pytest.mark.parametrize("T", [1, 10])
def test_forward_and_backward_equal_torch_nn_lstm(T):
    x, h0, c0, params, dh, dc_T = problem(T)
    module = referee.to_torch(params)
    x_, h0_, c0_ = (torch.from_numpy(a).requires_grad_() for a in (x, h0[None], c0[None]))
    h_, (_, c_T) = module(x_, (h0_, c0_))
    torch.autograd.backward([h_, c_T], [torch.from_numpy(dh), torch.from_numpy(dc_T[None])])
    h, c, grads = run(x, h0, c0, params, dh, dc_T)
    assert_allclose(h, h_.detach().numpy(), rtol=0, atol=1e-12)
    assert_allclose(c[-1:], c_T.detach().numpy(), rtol=0, atol=1e-12)
    for ours, theirs in zip((grads.x, grads.h0[None], grads.c0[None]), (x_, h0_, c0_), strict=True):
        assert_allclose(ours, theirs.grad.numpy(), rtol=0, atol=1e-12)
    # The gradients in torch's own arrangement; both of its biases get the gradient of ours.
    theirs = [p.grad.numpy() for p in module.parameters()]
    ours = [p.detach().numpy() for p in referee.to_torch(grads.params).parameters()]
    for ours_, theirs_ in zip((*ours[:3], ours[2]), theirs, strict=True):
        assert_allclose(ours_, theirs_, rtol=0, atol=1e-12)


def test_states_handed_over_continue_the_run():
    x, h0, c0, params, *_ = problem(20)
    h, c, _ = lstm.forward(x, h0, c0, params)
    h_first, c_first, _ = lstm.forward(x[:10], h0, c0, params)
    h_second, c_second, _ = lstm.forward(x[10:], h_first[-1], c_first[-1], params)
    assert_allclose(np.concatenate([h_first, h_second]), h, rtol=0, atol=1e-14)
    assert_allclose(np.concatenate([c_first, c_second]), c, rtol=0, atol=1e-14)


# --- backward against the referee and against finite differences ---------------------------------


@pytest.mark.parametrize("carry", CARRIES)
@pytest.mark.parametrize("T", [1, 2, 3, 10, 100])
def test_the_referee_agrees(T, carry):
    result = referee.verify_lstm(*problem(T), carry=CARRIES[carry](T))
    assert len(result.rows) == 11
    assert result.passed, f"\n{result}"


def test_central_finite_differences():
    """A second referee, which knows no calculus: the loss a little to both sides."""
    x, h0, c0, params, dh, dc_T = problem(T=4)
    arguments = [x, h0, c0, *params]
    _, _, grads = run(x, h0, c0, params, dh, dc_T)

    for place, grad in enumerate((grads.x, grads.h0, grads.c0, *grads.params)):

        def loss(moved, place=place):
            x, h0, c0, *weights = [*arguments[:place], moved, *arguments[place + 1 :]]
            h, c, _ = lstm.forward(x, h0, c0, lstm.Params(*weights))
            return np.sum(dh * h) + np.sum(dc_T * c[-1])

        numeric = gradients.finite_differences(loss, arguments[place])
        assert np.linalg.norm(grad - numeric) < 1e-8 * np.linalg.norm(numeric)


# --- carry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_carry_of_ones_is_full_backpropagation_to_the_bit(dtype):
    arguments = problem(T=7, dtype=dtype)
    full, ones = run(*arguments)[-1], run(*arguments, carry=np.ones(7))[-1]
    for name, array in flat(full).items():
        assert array.tobytes() == flat(ones)[name].tobytes(), name


def test_zeros_make_independent_segments():
    """Cut before steps 1, 5 and 9: gradients are those of three runs that know no past."""
    x, h0, c0, params, dh, dc_T = problem(T=10)
    carry = np.ones(10)
    cuts = [0, 4, 8]
    carry[cuts] = 0
    h, c, grads = run(x, h0, c0, params, dh, dc_T, carry)
    segments = []
    for start, end in zip(cuts, [*cuts[1:], 10], strict=True):
        states = (h0, c0) if start == 0 else (h[start - 1], c[start - 1])
        last = dc_T if end == 10 else np.zeros_like(dc_T)
        segments.append(run(x[start:end], *states, params, dh[start:end], last)[-1])
    for name in ("x", "h", "c", "carried"):
        joined = np.concatenate([getattr(s, name) for s in segments])
        assert_allclose(getattr(grads, name), joined, rtol=0, atol=1e-14)
    for name in lstm.Params._fields:
        total = sum(getattr(s.params, name) for s in segments)
        assert_allclose(getattr(grads.params, name), total, rtol=0, atol=1e-13)
    assert not grads.h0.any() and not grads.c0.any()


def test_carry_weighs_what_each_step_hands_back():
    """carry[t] scales what reaches state t (state 0 is h0, c0) and what lies before, no more."""
    x, h0, c0, params, dh, dc_T = problem(T=5)
    dh[:4] = 0  # only the last step has a loss, so that everything earlier was handed back
    *_, full = run(x, h0, c0, params, dh, dc_T)
    for t in range(5):
        carry = np.ones(5)
        carry[t] = 3
        *_, weighed = run(x, h0, c0, params, dh, dc_T, carry)
        factor = np.where(np.arange(5) < t, 3, 1)[:, None, None]  # positions 0..t-1: states 1..t
        for name in ("h", "c", "x"):
            ours, theirs = getattr(weighed, name), factor * getattr(full, name)
            assert_allclose(ours, theirs, rtol=1e-12, atol=0, err_msg=name)
        assert_allclose(weighed.h0, 3 * full.h0, rtol=1e-12, atol=0)
        assert_allclose(weighed.c0, 3 * full.c0, rtol=1e-12, atol=0)


# --- what the gradients are made of --------------------------------------------------------------


def test_the_total_is_what_comes_directly_and_what_is_carried():
    x, h0, c0, params, dh, dc_T = problem()
    carry = CARRIES["random"](5)
    _, _, tape = lstm.forward(x, h0, c0, params)
    grads = lstm.backward(dh, dc_T, tape, carry)
    assert_array_equal(grads.h, dh + grads.carried)
    assert not grads.carried[-1].any() and grads.carried[:-1].all()
    # dL/dc_t: by way of h_t, and by way of c_{t+1} with the carry weight on that arrow.
    gates = lstm.gates(tape)
    by_h = grads.h * gates.o * (1 - tape.tanh_c**2)
    by_c = np.concatenate([carry[1:, None, None] * gates.f[1:] * grads.c[1:], dc_T[None]])
    assert_allclose(grads.c, by_h + by_c, rtol=0, atol=1e-14)
    assert_allclose(grads.c0, carry[0] * gates.f[0] * grads.c[0], rtol=0, atol=1e-14)


def test_time_translation():
    """With the states at step 3 as its start, the network gives from there what it gave before."""
    x, h0, c0, params, dh, dc_T = problem(8)
    dh[:3] = 0
    h, c, grads = run(x, h0, c0, params, dh, dc_T)
    later_h, later_c, later = run(x[3:], h[2], c[2], params, dh[3:], dc_T)
    assert_allclose(later_h, h[3:], rtol=0, atol=1e-14)
    assert_allclose(later_c, c[3:], rtol=0, atol=1e-14)
    assert_allclose(later.x, grads.x[3:], rtol=0, atol=1e-14)
    assert_allclose(later.h0, grads.carried[2], rtol=0, atol=1e-14)


def test_the_order_of_the_batch_does_not_matter():
    x, h0, c0, params, dh, dc_T = problem(N=6)
    order = np.random.default_rng(1).permutation(6)
    h, _, grads = run(x, h0, c0, params, dh, dc_T)
    other_arguments = x[:, order], h0[order], c0[order], params, dh[:, order], dc_T[order]
    h_other, _, other = run(*other_arguments)
    assert_allclose(h_other, h[:, order], rtol=0, atol=1e-14)
    assert_allclose(other.c0, grads.c0[order], rtol=0, atol=1e-14)
    for ours, theirs in zip(other.params, grads.params, strict=True):
        assert_allclose(ours, theirs, rtol=0, atol=1e-13)


def step_in_torch(x, states, params):
    """(h, c) after one step from (h, c) before it, side by side in one vector."""
    W_xh, W_hh, b_h = map(torch.from_numpy, params)
    h, c = states.chunk(2)
    i, f, o, g = (W_xh @ torch.from_numpy(x) + W_hh @ h + b_h).chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return torch.cat([o.sigmoid() * c.tanh(), c])


@pytest.mark.parametrize("T", [1, 2, 10])
def test_step_jacobians_are_those_of_torch(T):
    x, h0, c0, params, *_ = problem(T)
    h, c, tape = lstm.forward(x, h0, c0, params)
    ours = lstm.step_jacobians(tape)
    assert ours.shape == (T, 2, 8, 8)
    for t, n in np.ndindex(T, 2):
        before = (h0[n], c0[n]) if t == 0 else (h[t - 1, n], c[t - 1, n])
        theirs = torch.autograd.functional.jacobian(
            lambda states, t=t, n=n: step_in_torch(x[t, n], states, params),
            torch.from_numpy(np.concatenate(before)),
        )
        assert_allclose(ours[t, n], theirs.numpy(), rtol=0, atol=1e-12)


def test_step_jacobians_carry_the_gradient_back():
    """A row times a Jacobian is one step back: what backward does, in one product."""
    x, h0, c0, params, dh, dc_T = problem(T=6)
    _, _, tape = lstm.forward(x, h0, c0, params)
    grads = lstm.backward(dh, dc_T, tape)
    jacobians = lstm.step_jacobians(tape)
    row = np.concatenate([dh[-1], dc_T], axis=1)
    for t in reversed(range(6)):
        row = np.einsum("nj,njk->nk", row, jacobians[t])
        if t > 0:
            row[:, :4] += dh[t - 1]
    assert_allclose(row, np.concatenate([grads.h0, grads.c0], axis=1), rtol=0, atol=1e-14)


# --- gates that are open or shut -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saturated_gates_stay_finite_and_silent(dtype, recwarn):
    x, h0, c0, params, dh, dc_T = problem(T=20, H=16, dtype=dtype)
    large = lstm.Params(*(dtype(1000) * a for a in params))
    h, c, tape = lstm.forward(x, h0, c0, large)
    grads = lstm.backward(dh, dc_T, tape)
    gates = lstm.gates(tape)
    assert any((gate == 0).any() and (gate == 1).any() for gate in gates[:3])
    assert all(np.isfinite(a).all() for a in (h, c, *flat(grads).values()))
    assert not recwarn.list


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bias", [-80.0, -20.0, 20.0, 80.0, -800.0, 800.0])
def test_a_gate_is_accurate_far_from_zero(bias, dtype):
    """exp(-80) is 1.8e-35, which float32 can hold: a shut gate is not rounded to 0 too early."""
    x, h0, c0, params, *_ = problem(T=1, dtype=dtype)
    params = lstm.Params(*(np.zeros_like(a) for a in params))
    _, c, tape = lstm.forward(x, h0, c0, lstm.with_forget_bias(params, bias))
    expected = np.exp(-np.logaddexp(0, -bias))
    assert_allclose(lstm.gates(tape).f, expected, rtol=8 * np.finfo(dtype).eps, atol=0)
    assert_allclose(c[0], expected * c0, rtol=1e-5, atol=0)


# --- any sizes, any layout -----------------------------------------------------------------------


@reproducible
@given(*(SIZE, SIZE, SIZE, SIZE), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_shapes_dtypes_and_untouched_arguments(T, N, D, H, dtype, weighted):
    x, h0, c0, params, dh, dc_T = problem(T, N, D, H, dtype)
    carry = np.random.default_rng(1).uniform(size=T) if weighted else None
    arguments = [x, h0, c0, *params, dh, dc_T] + ([carry] if weighted else [])
    before = [a.copy() for a in arguments]
    h, c, grads = run(x, h0, c0, params, dh, dc_T, carry)
    assert h.shape == c.shape == grads.h.shape == grads.c.shape == grads.carried.shape == dh.shape
    assert grads.x.shape == x.shape and grads.h0.shape == grads.c0.shape == h0.shape
    assert [g.shape for g in grads.params] == [p.shape for p in params]
    results = [h, c, *flat(grads).values()]
    assert {a.dtype for a in results} == {np.dtype(dtype)}
    assert {a.dtype for a in lstm.step(x[0], h0, c0, params)} == {np.dtype(dtype)}
    assert lstm.step_jacobians(lstm.forward(x, h0, c0, params)[-1]).dtype == dtype
    assert all(np.isfinite(a).all() for a in results)
    assert not any(np.shares_memory(a, b) for a in results for b in arguments)
    for array, old in zip(arguments, before, strict=True):
        assert_array_equal(array, old)


@pytest.mark.parametrize("layout", ["columns first", "every other", "backwards"])
def test_read_only_and_strided_arrays_give_the_same(layout):
    arrange = {
        "columns first": np.asfortranarray,
        "every other": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        "backwards": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
    }[layout]
    x, h0, c0, params, dh, dc_T = problem()
    odd = [arrange(a) for a in (x, h0, c0, *params, dh, dc_T)]
    for array in odd:
        array.flags.writeable = False
    x_, h0_, c0_, *weights, dh_, dc_T_ = odd
    arguments = x_, h0_, c0_, lstm.Params(*weights), dh_, dc_T_
    assert_same(run(*arguments)[-1], run(x, h0, c0, params, dh, dc_T)[-1], rtol=0, atol=1e-13)
    assert referee.verify_lstm(*arguments).passed


def test_backward_may_be_called_again():
    x, h0, c0, params, dh, dc_T = problem()
    _, _, tape = lstm.forward(x, h0, c0, params)
    first, second = lstm.backward(dh, dc_T, tape), lstm.backward(dh, dc_T, tape)
    assert_same(first, second, rtol=0, atol=0)


# --- the weights one starts from -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_to_torch_and_back_is_exact(dtype):
    params = lstm.init(3, 4, np.random.default_rng(0), dtype)
    module = referee.to_torch(params)
    back = referee.from_torch(module)
    assert type(back) is lstm.Params
    for ours, theirs in zip(params, back, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        assert ours.tobytes() == theirs.tobytes()
    for parameter in module.parameters():  # a copy, not a window
        parameter.data.zero_()
    assert all(a.any() for a in (*params, *back))


def test_initial_weights():
    params = lstm.init(200, 25, np.random.default_rng(0))
    assert [a.shape for a in params] == [(100, 200), (100, 25), (100,)]
    for weights in params[:2]:  # uniform in [-1/5, 1/5]
        assert 0.19 < weights.max() <= 0.2 and -0.2 <= weights.min() < -0.19
        assert weights.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.05)
    # The sum of two such draws lies in [-2/5, 2/5], with twice the variance.
    assert 0.2 < np.abs(params.b_h).max() <= 0.4
    assert params.b_h.std() == pytest.approx(0.2 * np.sqrt(2 / 3), rel=0.15)
    again = lstm.init(200, 25, np.random.default_rng(0), np.float32)
    for ours, theirs in zip(again, params, strict=True):
        assert ours.dtype == np.float32
        assert_array_equal(ours, theirs.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forget_bias(dtype):
    plain = lstm.init(3, 4, np.random.default_rng(0), dtype)
    before = plain.b_h.copy()
    at_once = lstm.init(3, 4, np.random.default_rng(0), dtype, forget_bias=2)
    later = lstm.with_forget_bias(plain, 2)
    for ours, theirs in zip(at_once, later, strict=True):
        assert ours.dtype == dtype
        assert_array_equal(ours, theirs)
    assert_array_equal(later.b_h[4:8], 2)
    assert_array_equal(np.delete(later.b_h, range(4, 8)), np.delete(before, range(4, 8)))
    assert_array_equal(plain.b_h, before)


def test_the_forget_bias_is_the_one_that_torch_forgets_with():
    """A large negative bias in the f block erases the cell, in torch as here."""
    x, h0, c0, params, *_ = problem(T=1)
    module = referee.to_torch(lstm.with_forget_bias(params, -1000))
    one, other = (
        module(torch.from_numpy(x), (torch.from_numpy(h0)[None], torch.from_numpy(c)[None]))
        for c in (c0, 10 * c0)
    )
    assert torch.equal(one[1][1], other[1][1])


def test_chrono():
    plain = lstm.init(3, 2000, np.random.default_rng(0), np.float32)
    before = plain.b_h.copy()
    params = lstm.chrono(plain, 101, np.random.default_rng(1))
    i, f, o, g = lstm.split(params.b_h)
    assert params.b_h.dtype == np.float32
    assert_array_equal(i, -f)
    assert_array_equal(np.concatenate([o, g]), before[4000:])
    time_constants = np.exp(f.astype(float))  # uniform in [1, 100]
    assert 1 <= time_constants.min() < 1.5 and 99.5 < time_constants.max() <= 100.001
    assert time_constants.mean() == pytest.approx(50.5, abs=2)
    assert_array_equal(plain.b_h, before)
    shortest = lstm.split(lstm.chrono(plain, 3, np.random.default_rng(1)).b_h).f  # log of [1, 2]
    assert 0 <= shortest.min() < 0.01 and 0.68 < shortest.max() <= np.log(2)


# --- bad input -----------------------------------------------------------------------------------

X, H0, C0, P, DH, DC = problem()
TAPE = lstm.forward(X, H0, C0, P)[-1]
RNG = np.random.default_rng(0)
SINGLE = np.float32

FORWARD = [  # x, h0, c0, params; error; how its message starts
    ((X[0], H0, C0, P), ValueError, "x has shape (2, 3), expected (T, N, D): 2 axes instead of 3"),
    ((X[:0], H0, C0, P), ValueError, "x has shape (0, 2, 3), expected (T, N, D): axis 0 (T) is"),
    ((X.tolist(), H0, C0, P), TypeError, "x is a list, expected a NumPy array"),
    ((X.astype(int), H0, C0, P), TypeError, "x has dtype int64, expected float32 or float64"),
    ((X.astype(SINGLE), H0, C0, P), TypeError, "params.W_hh has dtype float64, but x has float32"),
    ((X[..., :2], H0, C0, P), ValueError, "params.W_xh has shape (16, 3), expected (4H, D) with"),
    ((X, H0[0], C0, P), ValueError, "h0 has shape (4,), expected (N, H) with N=2, H=4"),
    ((X, H0[:1], C0, P), ValueError, "h0 has shape (1, 4), expected (N, H) with N=2, H=4"),
    ((X, H0, C0[:, :3], P), ValueError, "c0 has shape (2, 3), expected (N, H) with N=2, H=4"),
    ((X, H0, C0.astype(SINGLE), P), TypeError, "c0 has dtype float32, but x has float64"),
    ((X, H0, None, P), TypeError, "c0 is a NoneType, expected a NumPy array"),
    ((X, H0, C0, tuple(P)), TypeError, "params is a tuple, expected lstm.Params"),
    ((X, H0, C0, rnn.init(3, 4, RNG)), TypeError, "params is a Params, expected lstm.Params"),
    (
        (X, H0, C0, P._replace(W_hh=np.zeros((12, 4)))),
        ValueError,
        "params.W_hh has shape (12, 4), expected (4H, H): 12 is not 4 times 4",
    ),
    ((X, H0, C0, P._replace(W_xh=P.W_xh.T)), ValueError, "params.W_xh has shape (3, 16), expected"),
    ((X, H0, C0, P._replace(b_h=np.zeros(4))), ValueError, "params.b_h has shape (4,), expected ("),
]
STEP = [
    ((X, H0, C0, P), ValueError, "x has shape (5, 2, 3), expected (N, D): 3 axes instead of 2"),
    ((X[0], H0[:1], C0, P), ValueError, "h has shape (1, 4), expected (N, H) with N=2, H=4"),
    ((X[0], H0, C0[:1], P), ValueError, "c has shape (1, 4), expected (N, H) with N=2, H=4"),
    ((X[0], H0, C0, tuple(P)), TypeError, "params is a tuple, expected lstm.Params"),
]
BACKWARD = [  # dh, dc_T, tape, carry
    ((DH[0], DC, TAPE), ValueError, "dh has shape (2, 4), expected (T, N, H) with T=5, N=2, H=4"),
    ((DH[:4], DC, TAPE), ValueError, "dh has shape (4, 2, 4), expected (T, N, H)"),
    ((DH.astype(SINGLE), DC, TAPE), TypeError, "dh has dtype float32, but tape.h has float64"),
    ((DH, DC[0], TAPE), ValueError, "dc_T has shape (4,), expected (N, H) with N=2, H=4"),
    ((DH, DC[:1], TAPE), ValueError, "dc_T has shape (1, 4), expected (N, H) with N=2, H=4"),
    ((DH, DH, TAPE), ValueError, "dc_T has shape (5, 2, 4), expected (N, H) with N=2, H=4"),
    ((DH, 0.0, TAPE), TypeError, "dc_T is a float, expected a NumPy array"),
    ((DH, None, TAPE), TypeError, "dc_T is a NoneType, expected a NumPy array"),
    ((DH, DC, None), TypeError, "tape is a NoneType, expected the lstm.Tape of forward"),
    ((DH, DC, tuple(TAPE)), TypeError, "tape is a tuple, expected the lstm.Tape of forward"),
    ((DH, DC, TAPE, np.ones(4)), ValueError, "carry has shape (4,), expected (T,) with T=5"),
    ((DH, DC, TAPE, 1.0), TypeError, "carry is a float, expected a NumPy array"),
    ((DH, DC, TAPE, np.array([1, 1, np.nan, 1, 1])), ValueError, "carry holds NaN or infinity,"),
]
WEIGHTS = [  # function, arguments
    (lstm.init, (0, 4, RNG), ValueError, "input_size is 0, expected a whole number of at least 1"),
    (lstm.init, (3, True, RNG), TypeError, "hidden_size is True, expected a whole number"),
    (lstm.init, (3, 4, 0), TypeError, "rng is a int, expected a numpy.random.Generator"),
    (lstm.init, (3, 4, RNG, int), TypeError, "dtype is <class 'int'>, expected numpy.float32 or"),
    (lstm.with_forget_bias, (P, "1"), ValueError, "value is '1', expected a finite number"),
    (lstm.with_forget_bias, (P, np.inf), ValueError, "value is inf, expected a finite number"),
    (lstm.with_forget_bias, (P, True), ValueError, "value is True, expected a finite number"),
    (lstm.with_forget_bias, (P, np.ones(4)), ValueError, "value is array([1., 1., 1., 1.]), expec"),
    (lstm.with_forget_bias, (tuple(P), 1), TypeError, "params is a tuple, expected lstm.Params"),
    (lstm.chrono, (P, 2, RNG), ValueError, "T is 2, expected at least 3"),
    (lstm.chrono, (P, 9.0, RNG), TypeError, "T is 9.0, expected a whole number"),
    (lstm.chrono, (P, 9, 0), TypeError, "rng is a int, expected a numpy.random.Generator"),
    (lstm.chrono, (None, 9, RNG), TypeError, "params is a NoneType, expected lstm.Params"),
    (lstm.split, ([1.0] * 4,), TypeError, "stacked is a list, expected a float NumPy array"),
    (lstm.split, (np.ones((2, 6)),), ValueError, "stacked has shape (2, 6), expected (..., 4H)"),
    (lstm.gates, (None,), TypeError, "tape is a NoneType, expected the lstm.Tape of forward"),
    (lstm.step_jacobians, (P,), TypeError, "tape is a Params, expected the lstm.Tape of forward"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [(lstm.forward, *row) for row in FORWARD]
    + [(lstm.step, *row) for row in STEP]
    + [(lstm.backward, *row) for row in BACKWARD]
    + WEIGHTS,
)
def test_bad_input_is_named(function, arguments, error, message):
    with pytest.raises(error) as caught:
        function(*arguments)
    assert str(caught.value).startswith(message)


def test_a_bad_forget_bias_is_named():
    with pytest.raises(ValueError, match="^forget_bias is nan, expected a finite number"):
        lstm.init(3, 4, RNG, forget_bias=np.nan)
