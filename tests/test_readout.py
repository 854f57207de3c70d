"""The readout: one linear map at every step, and its gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import readout, referee, rnn

SIZE = st.integers(1, 6)
reproducible = settings(deadline=None, derandomize=True)


def problem(T=3, N=2, H=4, Q=5, dtype=np.float64):
    rng = np.random.default_rng(0)
    params = readout.init(H, Q, rng, dtype)
    h, dy = (rng.standard_normal(shape).astype(dtype) for shape in ((T, N, H), (T, N, Q)))
    return h, params, dy


def test_forward_is_the_equation_at_every_step():
    h, (W_hy, b_y), _ = problem()
    y = readout.forward(h, readout.Params(W_hy, b_y))
    for t, n in np.ndindex(h.shape[:2]):
        assert y[t, n] == pytest.approx(W_hy @ h[t, n] + b_y, abs=1e-14)


@pytest.mark.parametrize("one_step", [False, True], ids=["T N H", "N H"])
def test_backward_against_torch(one_step):
    h, params, dy = problem()
    h, dy = (h[0], dy[0]) if one_step else (h, dy)
    module = referee.to_torch(params)
    h_ = torch.from_numpy(h).requires_grad_()
    module(h_).backward(torch.from_numpy(dy))
    grads = readout.backward(dy, h, params)
    theirs = (h_.grad, module.weight.grad, module.bias.grad)
    for ours, other in zip((grads.h, *grads.params), theirs, strict=True):
        assert ours == pytest.approx(other.numpy(), abs=1e-13)


@reproducible
@given(SIZE, SIZE, SIZE, SIZE, st.sampled_from([np.float32, np.float64]))
def test_shapes_dtypes_and_untouched_arguments(T, N, H, Q, dtype):
    h, params, dy = problem(T, N, H, Q, dtype)
    before = [a.copy() for a in (h, *params, dy)]
    y, grads = readout.forward(h, params), readout.backward(dy, h, params)
    wanted = (dy.shape, h.shape, *(a.shape for a in params))
    results = (y, grads.h, *grads.params)
    assert tuple(a.shape for a in results) == wanted
    assert {a.dtype for a in results} == {np.dtype(dtype)}
    assert all(np.array_equal(a, b) for a, b in zip((h, *params, dy), before, strict=True))


def test_read_only_and_strided_arrays_give_the_same():
    h, params, dy = problem()
    odd = [np.repeat(a, 2, axis=-1)[..., ::2] for a in (h, *params, dy)]
    for array in odd:
        array.flags.writeable = False
    h_odd, W_hy, b_y, dy_odd = odd
    params_odd = readout.Params(W_hy, b_y)
    y, y_odd = readout.forward(h, params), readout.forward(h_odd, params_odd)
    assert y_odd == pytest.approx(y, abs=1e-14)
    ours, other = readout.backward(dy_odd, h_odd, params_odd), readout.backward(dy, h, params)
    for a, b in zip((ours.h, *ours.params), (other.h, *other.params), strict=True):
        assert a == pytest.approx(b, abs=1e-13)


def test_initial_weights():
    rng = np.random.default_rng(0)
    W_hy, b_y = readout.init(16, 500, rng)
    assert (W_hy.shape, b_y.shape) == ((500, 16), (500,))
    for weights in (W_hy, b_y):  # uniform in [-1/4, 1/4]
        assert 0.24 < weights.max() <= 0.25 and -0.25 <= weights.min() < -0.24
        assert weights.std() == pytest.approx(0.25 / np.sqrt(3), rel=0.1)
    again = readout.init(16, 500, np.random.default_rng(0), np.float32)
    assert again.W_hy.dtype == again.b_y.dtype == np.float32
    assert np.array_equal(again.W_hy, W_hy.astype(np.float32))


H_, PARAMS, DY = problem()
RNN_PARAMS = rnn.init(3, 4, np.random.default_rng(0))
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: readout.forward(H_, tuple(PARAMS)), TypeError, "params is a tuple, expected"),
        (lambda: readout.forward(H_, RNN_PARAMS), TypeError, "params is a Params, expected"),
        (lambda: readout.forward(H_.tolist(), PARAMS), TypeError, "h is a list, expected a NumPy"),
        (lambda: readout.forward(H_[0, 0], PARAMS), ValueError, "h has shape (4,), expected (N,"),
        (lambda: readout.forward(H_[..., :3], PARAMS), ValueError, "params.W_hy has shape (5,"),
        (lambda: readout.forward(H_[:0], PARAMS), ValueError, "h has shape (0, 2, 4), expected (T"),
        (lambda: readout.forward(H_.astype(np.float32), PARAMS), TypeError, "params.W_hy has"),
        (lambda: readout.forward(H_.astype(int), PARAMS), TypeError, "h has dtype int64, expected"),
        (
            lambda: readout.forward(H_, PARAMS._replace(b_y=np.zeros(4))),
            ValueError,
            "params.b_y has shape (4,), expected (Q,) with Q=5",
        ),
        (lambda: readout.backward(DY[:2], H_, PARAMS), ValueError, "dy has shape (2, 2, 5),"),
        (lambda: readout.backward(DY[0], H_, PARAMS), ValueError, "dy has shape (2, 5), expected"),
        (lambda: readout.backward(DY, H_[0], PARAMS), ValueError, "dy has shape (3, 2, 5),"),
        (
            lambda: readout.backward(DY[0, :1], H_[0], PARAMS),
            ValueError,
            "dy has shape (1, 5), expected (N, Q) with N=2, Q=5: axis 0 is 1",
        ),
        (
            lambda: readout.backward(DY[0, :, :1], H_[0], PARAMS),
            ValueError,
            "dy has shape (2, 1), expected (N, Q) with N=2, Q=5: axis 1 is 1",
        ),
        (lambda: readout.backward(DY.astype("f4"), H_, PARAMS), TypeError, "dy has dtype"),
        (lambda: readout.init(0, 2, RNG), ValueError, "hidden_size is 0, expected a whole number"),
        (lambda: readout.init(2, 1.5, RNG), TypeError, "output_size is 1.5, expected a whole"),
        (lambda: readout.init(2, 2, 0), TypeError, "rng is a int, expected a"),
        (lambda: readout.init(2, 2, RNG, int), TypeError, "dtype is <class 'int'>, expected numpy"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)
