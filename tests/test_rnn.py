"""The recurrent network: forward is the equation, backward is its gradient, for any sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import readout, referee, rnn
from unrolled.activations import ACTIVATIONS as ALL

SIZE = st.integers(1, 6)
reproducible = settings(deadline=None, derandomize=True)
ACTIVATIONS = {name: phi for name, phi in ALL.items() if phi.slope is not None}
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def problem(T=5, N=2, D=3, H=4, dtype=np.float64, seed=0):
    """Random inputs, initial state, weights and upstream gradient; nothing in them is zero."""
    rng = np.random.default_rng(seed)
    params = rnn.init(D, H, rng, dtype)
    shapes = (T, N, D), (N, H), (T, N, H)
    x, h0, dh = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, h0, params, dh


def run(x, h0, params, dh, activation="tanh", carry=None):
    """States and gradients."""
    h, tape = rnn.forward(x, h0, params, activation)
    return h, rnn.backward(dh, tape, carry)


def flat(grads):
    """All gradients by name."""
    return grads.params._asdict() | {n: getattr(grads, n) for n in ("x", "h0", "h", "carried")}


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


@every_activation
@pytest.mark.parametrize("T", [1, 2, 10])
def test_forward_is_the_equation_step_by_step(T, activation):
    x, h0, params, _ = problem(T)
    W_xh, W_hh, b_h = params
    h, _ = rnn.forward(x, h0, params, activation)
    for n in range(len(h0)):
        state = h0[n]
        for t in range(T):
            state = ACTIVATIONS[activation].function(W_xh @ x[t, n] + W_hh @ state + b_h)
            assert_allclose(h[t, n], state, rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_forward_and_backward_equal_torch_nn_rnn(activation):
    x, h0, params, dh = problem(10)
    module = referee.to_torch(params, activation)
    x_, h0_ = (torch.from_numpy(a).requires_grad_() for a in (x, h0[None]))
    h_, _ = module(x_, h0_)
    h_.backward(torch.from_numpy(dh))
    h, grads = run(x, h0, params, dh, activation)
    assert_allclose(h, h_.detach().numpy(), rtol=0, atol=1e-12)
    theirs = (x_, h0_, *module.parameters())
    ours = (grads.x, grads.h0[None], *grads.params, grads.params.b_h)  # torch has two biases
    for ours_, theirs_ in zip(ours, theirs, strict=True):
        assert_allclose(ours_, theirs_.grad.numpy(), rtol=0, atol=1e-12)


def test_a_state_handed_over_continues_the_run():
    x, h0, params, _ = problem(20)
    h, _ = rnn.forward(x, h0, params)
    first, _ = rnn.forward(x[:10], h0, params)
    second, _ = rnn.forward(x[10:], first[-1], params)
    assert_allclose(np.concatenate([first, second]), h, rtol=0, atol=1e-14)


def test_time_translation():
    """With the state at step 3 as its start, the network gives from there what it gave before."""
    x, h0, params, dh = problem(8)
    dh[:3] = 0
    h, grads = run(x, h0, params, dh)
    later_h, later = run(x[3:], h[2], params, dh[3:])
    assert_allclose(later_h, h[3:], rtol=0, atol=1e-14)
    assert_allclose(later.x, grads.x[3:], rtol=0, atol=1e-14)
    assert_allclose(later.h0, grads.carried[2], rtol=0, atol=1e-14)


# --- backward against the referee and against finite differences ---------------------------------


@every_activation
@pytest.mark.parametrize("carry", CARRIES)
@pytest.mark.parametrize("T", [1, 2, 3, 10, 100])
def test_the_referee_agrees(T, carry, activation):
    x, h0, params, dh = problem(T)
    result = referee.verify(x, h0, params, dh, activation=activation, carry=CARRIES[carry](T))
    assert len(result.rows) == 8
    assert result.passed, f"\n{result}"


@every_activation
def test_central_finite_differences(activation):
    """A second referee, which knows no calculus: the loss sum(dh * h) a little to both sides."""
    x, h0, params, dh = problem(T=4)
    _, grads = run(x, h0, params, dh, activation)

    def loss():
        return np.sum(dh * rnn.forward(x, h0, params, activation)[0])

    step = 6e-6  # about the cube root of the rounding of float64
    for array, grad in zip((x, h0, *params), (grads.x, grads.h0, *grads.params), strict=True):
        numeric = np.empty_like(array)
        for index in np.ndindex(array.shape):
            value = array[index]
            array[index] = value + step
            above = loss()
            array[index] = value - step
            numeric[index] = (above - loss()) / (2 * step)
            array[index] = value
        assert np.linalg.norm(grad - numeric) < 1e-8 * np.linalg.norm(numeric)


# --- carry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_carry_of_ones_is_full_backpropagation_to_the_bit(dtype):
    x, h0, params, dh = problem(T=7, dtype=dtype)
    _, full = run(x, h0, params, dh)
    _, ones = run(x, h0, params, dh, carry=np.ones(7))
    for name, array in flat(full).items():
        assert array.tobytes() == flat(ones)[name].tobytes(), name


def test_zeros_make_independent_segments():
    """Cut before steps 1, 5 and 9: gradients are those of three runs that know no past."""
    x, h0, params, dh = problem(T=10)
    carry = np.ones(10)
    cuts = [0, 4, 8]
    carry[cuts] = 0
    h, grads = run(x, h0, params, dh, carry=carry)
    segments = []
    for start, end in zip(cuts, [*cuts[1:], 10], strict=True):
        state = h0 if start == 0 else h[start - 1]
        segments.append(run(x[start:end], state, params, dh[start:end])[1])
    for name in ("x", "h", "carried"):
        joined = np.concatenate([getattr(s, name) for s in segments])
        assert_allclose(getattr(grads, name), joined, rtol=0, atol=1e-14)
    for name in rnn.Params._fields:
        total = sum(getattr(s.params, name) for s in segments)
        assert_allclose(getattr(grads.params, name), total, rtol=0, atol=1e-13)
    assert not grads.h0.any()


def test_carry_weighs_what_each_step_hands_back():
    """carry[t] scales what reaches state t (state 0 is h0) and what lies before it, no more."""
    x, h0, params, dh = problem(T=5)
    dh[:4] = 0  # only the last step has a loss, so that everything earlier was handed back
    _, full = run(x, h0, params, dh)
    _, doubled = run(x, h0, params, dh, carry=np.array([1, 1, 1, 2.0, 1]))
    assert_array_equal(doubled.carried[3:], full.carried[3:])
    assert_array_equal(doubled.carried[:3], 2 * full.carried[:3])
    assert_array_equal(doubled.h0, 2 * full.h0)
    _, start = run(x, h0, params, dh, carry=np.array([3.0, 1, 1, 1, 1]))
    assert_array_equal(start.carried, full.carried)
    assert_array_equal(start.h0, 3 * full.h0)


# --- what must hold for any gradient -------------------------------------------------------------


@every_activation
def test_linear_in_the_upstream_gradient(activation):
    x, h0, params, dh1 = problem()
    dh2 = problem(seed=1)[-1]
    _, tape = rnn.forward(x, h0, params, activation)
    together = flat(rnn.backward(2 * dh1 - 3 * dh2, tape))
    one, two = flat(rnn.backward(dh1, tape)), flat(rnn.backward(dh2, tape))
    for name, array in together.items():
        assert_allclose(array, 2 * one[name] - 3 * two[name], rtol=0, atol=1e-12)


def test_the_total_is_upstream_plus_carried():
    x, h0, params, dh = problem()
    _, grads = run(x, h0, params, dh)
    assert_array_equal(grads.h, dh + grads.carried)
    assert not grads.carried[-1].any() and grads.carried[:-1].all()


def test_the_order_of_the_batch_does_not_matter():
    x, h0, params, dh = problem(N=6)
    order = np.random.default_rng(1).permutation(6)
    h, grads = run(x, h0, params, dh)
    h_other, other = run(x[:, order], h0[order], params, dh[:, order])
    assert_allclose(h_other, h[:, order], rtol=0, atol=1e-14)
    assert_allclose(other.x, grads.x[:, order], rtol=0, atol=1e-14)
    assert_allclose(other.h0, grads.h0[order], rtol=0, atol=1e-14)
    for ours, theirs in zip(other.params, grads.params, strict=True):
        assert_allclose(ours, theirs, rtol=0, atol=1e-13)


def test_later_steps_without_a_loss_change_no_gradient():
    x, h0, params, dh = problem(T=9)
    dh[6:] = 0
    _, longer = run(x, h0, params, dh)
    _, shorter = run(x[:6], h0, params, dh[:6])
    assert_allclose(longer.x[:6], shorter.x, rtol=0, atol=1e-14)
    assert not longer.x[6:].any()
    assert_allclose(longer.h0, shorter.h0, rtol=0, atol=1e-14)
    for ours, theirs in zip(longer.params, shorter.params, strict=True):
        assert_allclose(ours, theirs, rtol=0, atol=1e-13)


# --- any sizes, any layout -----------------------------------------------------------------------


@reproducible
@given(
    *(SIZE, SIZE, SIZE, SIZE),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(list(ACTIVATIONS)),
    st.booleans(),
)
def test_shapes_dtypes_and_untouched_arguments(T, N, D, H, dtype, activation, weighted):
    x, h0, params, dh = problem(T, N, D, H, dtype)
    carry = np.random.default_rng(1).uniform(size=T) if weighted else None
    arguments = [x, h0, *params, dh] + ([carry] if weighted else [])
    before = [a.copy() for a in arguments]
    h, grads = run(x, h0, params, dh, activation, carry)
    assert h.shape == grads.h.shape == grads.carried.shape == dh.shape
    assert grads.x.shape == x.shape and grads.h0.shape == h0.shape
    assert [g.shape for g in grads.params] == [p.shape for p in params]
    results = [h, *flat(grads).values()]
    assert {a.dtype for a in results} == {np.dtype(dtype)}
    assert all(np.isfinite(a).all() for a in results)
    assert not any(np.shares_memory(a, b) for a in results for b in arguments)
    for array, old in zip(arguments, before, strict=True):
        assert_array_equal(array, old)


LAYOUTS = {
    "columns first": np.asfortranarray,
    "every other": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "backwards": lambda a: np.ascontiguousarray(a[..., ::-1])[..., ::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read_only_and_strided_arrays_give_the_same(layout):
    x, h0, params, dh = problem()
    odd = [LAYOUTS[layout](a) for a in (x, h0, *params, dh)]
    for array in odd:
        array.flags.writeable = False
    x_, h0_, *weights, dh_ = odd
    h, grads = run(x, h0, params, dh)
    h_, grads_ = run(x_, h0_, rnn.Params(*weights), dh_)
    assert_allclose(h_, h, rtol=0, atol=1e-14)
    assert_same(grads_, grads, rtol=0, atol=1e-13)
    assert referee.verify(x_, h0_, rnn.Params(*weights), dh_).passed


def test_backward_may_be_called_again():
    x, h0, params, dh = problem()
    _, tape = rnn.forward(x, h0, params)
    first, second = rnn.backward(dh, tape), rnn.backward(dh, tape)
    assert_same(first, second, rtol=0, atol=0)


# --- to torch and back, and the weights one starts from ------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [rnn, readout])
def test_to_torch_and_back_is_exact(kind, dtype):
    params = kind.init(3, 4, np.random.default_rng(0), dtype)
    module = referee.to_torch(params)
    back = referee.from_torch(module)
    assert type(back) is kind.Params
    for ours, theirs in zip(params, back, strict=True):
        assert ours.dtype == theirs.dtype == dtype
        assert ours.tobytes() == theirs.tobytes()
    for parameter in module.parameters():  # a copy, not a window
        parameter.data.zero_()
    assert all(a.any() for a in (*params, *back))


def test_initial_weights():
    params = rnn.init(200, 25, np.random.default_rng(0))
    assert [a.shape for a in params] == [(25, 200), (25, 25), (25,)]
    for weights in params[:2]:  # uniform in [-1/5, 1/5]
        assert 0.19 < weights.max() <= 0.2 and -0.2 <= weights.min() < -0.19
        assert weights.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.1)
    assert 0 < np.abs(params.b_h).max() <= 0.2
    again = rnn.init(200, 25, np.random.default_rng(0), np.float32)
    for ours, theirs in zip(again, params, strict=True):
        assert ours.dtype == np.float32
        assert_array_equal(ours, theirs.astype(np.float32))


RECURRENT = ("uniform", "orthogonal", "gaussian", "identity")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_default_weights_are_three_uniform_draws_to_the_bit(dtype):
    rng = np.random.default_rng(5)
    drawn = [rng.uniform(-0.5, 0.5, shape).astype(dtype) for shape in ((4, 3), (4, 4), (4,))]
    options = ({}, {"recurrent": "uniform"}, {"gain": 1.0}, {"gain": 1})
    for chosen in options:
        params = rnn.init(3, 4, np.random.default_rng(5), dtype, **chosen)
        for ours, expected in zip(params, drawn, strict=True):
            assert ours.dtype == dtype and ours.tobytes() == expected.tobytes()


@pytest.mark.parametrize("recurrent", RECURRENT)
def test_gain_multiplies_the_recurrent_weights_alone(recurrent):
    plain, louder = (
        rnn.init(3, 4, np.random.default_rng(5), recurrent=recurrent, gain=gain)
        for gain in (1.0, 1.5)
    )
    assert_array_equal(louder.W_hh, 1.5 * plain.W_hh)
    assert_array_equal(louder.W_xh, plain.W_xh)
    assert_array_equal(louder.b_h, plain.b_h)
    assert plain.b_h.any() == (recurrent == "uniform")
    default = rnn.init(3, 4, np.random.default_rng(5))
    assert_array_equal(plain.W_xh, default.W_xh)  # whatever W_hh is, the input weights are these
    single = rnn.init(3, 4, np.random.default_rng(5), np.float32, recurrent=recurrent, gain=1.5)
    for ours, expected in zip(single, louder, strict=True):
        assert ours.dtype == np.float32
        assert_array_equal(ours, expected.astype(np.float32))


def test_orthogonal_weights_keep_lengths_and_prefer_no_direction():
    draws = np.stack(
        [
            rnn.init(1, 3, np.random.default_rng(seed), recurrent="orthogonal").W_hh
            for seed in range(2000)
        ]
    )
    assert_allclose(
        draws @ draws.transpose(0, 2, 1), np.broadcast_to(np.eye(3), draws.shape), atol=1e-14
    )
    assert abs(draws.mean(axis=0)).max() < 0.06  # 0 expected; without the signs of R up to 0.5
    assert_allclose((draws**2).mean(axis=0), 1 / 3, atol=0.03)
    assert abs((np.linalg.det(draws) > 0).mean() - 0.5) < 0.05  # as many turns as reflections


def test_gaussian_and_identity_weights():
    W = rnn.init(1, 300, np.random.default_rng(0), recurrent="gaussian").W_hh
    assert W.std() == pytest.approx(1 / np.sqrt(300), rel=0.02)
    assert (W**4).mean() / (W**2).mean() ** 2 == pytest.approx(3, rel=0.05)  # 1.8 if uniform
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1, abs=0.1)
    assert_array_equal(
        rnn.init(1, 3, np.random.default_rng(0), recurrent="identity", gain=2.0).W_hh, 2 * np.eye(3)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"recurrent": "glorot"}, "recurrent is 'glorot', expected one of uniform, orthogonal, "),
        ({"recurrent": None}, "recurrent is None, expected one of uniform"),
        ({"recurrent": ["identity"]}, "recurrent is ['identity'], expected one of uniform"),
        ({"gain": 0}, "gain is 0, expected a finite number above 0"),
        ({"gain": -1.0}, "gain is -1.0, expected a finite number above 0"),
        ({"gain": np.nan}, "gain is nan, expected a finite number above 0"),
        ({"gain": np.inf}, "gain is inf, expected a finite number above 0"),
        ({"gain": "1"}, "gain is '1', expected a finite number above 0"),
    ],
)
def test_bad_options_of_init_are_named(options, message):
    with pytest.raises(ValueError) as caught:
        rnn.init(3, 4, np.random.default_rng(0), **options)
    assert str(caught.value).startswith(message)


# --- bad input -----------------------------------------------------------------------------------

X, H0, P, DH = problem()
TAPE = rnn.forward(X, H0, P)[1]
RNG = np.random.default_rng(0)
SINGLE = np.float32

FORWARD = [  # x, h0, params, activation; error; how its message starts
    ((X[0], H0, P), ValueError, "x has shape (2, 3), expected (T, N, D): 2 axes instead of 3"),
    ((X[:0], H0, P), ValueError, "x has shape (0, 2, 3), expected (T, N, D): axis 0 (T) is empty"),
    ((X[:, :0], H0[:0], P), ValueError, "x has shape (5, 0, 3), expected (T, N, D): axis 1 (N)"),
    ((X[..., :0], H0, P), ValueError, "x has shape (5, 2, 0), expected (T, N, D): axis 2 (D)"),
    ((X[..., :2], H0, P), ValueError, "params.W_xh has shape (4, 3), expected (H, D) with D=2"),
    ((X.tolist(), H0, P), TypeError, "x is a list, expected a NumPy array"),
    ((X.astype(int), H0, P), TypeError, "x has dtype int64, expected float32 or float64"),
    ((X.astype(np.float16), H0, P), TypeError, "x has dtype float16, expected float32 or float64"),
    ((X.astype(SINGLE), H0, P), TypeError, "params.W_xh has dtype float64, but x has float32"),
    ((X, H0.astype(SINGLE), P), TypeError, "h0 has dtype float32, but x has float64"),
    ((X, H0[0], P), ValueError, "h0 has shape (4,), expected (N, H) with N=2, H=4"),
    ((X, H0[:1], P), ValueError, "h0 has shape (1, 4), expected (N, H) with N=2, H=4"),
    ((X, H0[:, :3], P), ValueError, "h0 has shape (2, 3), expected (N, H) with N=2, H=4"),
    ((X, None, P), TypeError, "h0 is a NoneType, expected a NumPy array"),
    ((X, H0, tuple(P)), TypeError, "params is a tuple, expected rnn.Params"),
    ((X, H0, None), TypeError, "params is a NoneType, expected rnn.Params"),
    ((X, H0, readout.init(4, 2, RNG)), TypeError, "params is a Params, expected rnn.Params"),
    (
        (X, H0, P._replace(W_hh=np.zeros((4, 5)))),
        ValueError,
        "params.W_hh has shape (4, 5), expected (H, H) with H=4, H=4: axis 1 is 5",
    ),
    ((X, H0, P._replace(W_xh=P.W_xh.T)), ValueError, "params.W_xh has shape (3, 4), expected (H,"),
    ((X, H0, P._replace(b_h=np.zeros((1, 4)))), ValueError, "params.b_h has shape (1, 4),"),
    ((X, H0, P._replace(b_h=np.zeros(1))), ValueError, "params.b_h has shape (1,), expected (H,)"),
    ((X, H0, P, "Tanh"), ValueError, "activation is 'Tanh', expected one of sigmoid, tanh, relu"),
    ((X, H0, P, np.tanh), ValueError, "activation is <ufunc 'tanh'>, expected one of sigmoid"),
]
BACKWARD = [  # dh, tape, carry
    ((DH[0], TAPE), ValueError, "dh has shape (2, 4), expected (T, N, H) with T=5, N=2, H=4"),
    ((DH[:4], TAPE), ValueError, "dh has shape (4, 2, 4), expected (T, N, H)"),
    ((DH[:, :1], TAPE), ValueError, "dh has shape (5, 1, 4), expected (T, N, H)"),
    ((DH[..., :1], TAPE), ValueError, "dh has shape (5, 2, 1), expected (T, N, H)"),
    ((DH.astype(SINGLE), TAPE), TypeError, "dh has dtype float32, but tape.h has float64"),
    ((DH.tolist(), TAPE), TypeError, "dh is a list, expected a NumPy array"),
    ((DH, None), TypeError, "tape is a NoneType, expected the rnn.Tape"),
    ((DH, tuple(TAPE)), TypeError, "tape is a tuple, expected the rnn.Tape"),
    ((DH, TAPE, np.ones(4)), ValueError, "carry has shape (4,), expected (T,) with T=5: axis 0"),
    ((DH, TAPE, np.ones((5, 1))), ValueError, "carry has shape (5, 1), expected (T,) with T=5"),
    ((DH, TAPE, 1.0), TypeError, "carry is a float, expected a NumPy array"),
    ((DH, TAPE, [1.0] * 5), TypeError, "carry is a list, expected a NumPy array"),
    ((DH, TAPE, np.ones(5, int)), TypeError, "carry has dtype int64, expected float32 or float64"),
    ((DH, TAPE, np.array([1, 1, np.nan, 1, 1])), ValueError, "carry holds NaN or infinity,"),
    ((DH, TAPE, np.array([1, 1, np.inf, 1, 1])), ValueError, "carry holds NaN or infinity,"),
]
INIT = [  # input_size, hidden_size, rng, dtype
    ((0, 4, RNG), ValueError, "input_size is 0, expected a whole number of at least 1"),
    ((3, -1, RNG), ValueError, "hidden_size is -1, expected a whole number of at least 1"),
    ((1.5, 4, RNG), TypeError, "input_size is 1.5, expected a whole number of at least 1"),
    ((3, True, RNG), TypeError, "hidden_size is True, expected a whole number of at least 1"),
    ((3, 4, 0), TypeError, "rng is a int, expected a numpy.random.Generator"),
    ((3, 4, np.random.RandomState(0)), TypeError, "rng is a RandomState, expected a numpy.random"),
    ((3, 4, RNG, int), TypeError, "dtype is <class 'int'>, expected numpy.float32 or"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [(rnn.forward, *row) for row in FORWARD]
    + [(rnn.backward, *row) for row in BACKWARD]
    + [(rnn.init, *row) for row in INIT],
)
def test_bad_input_is_named(function, arguments, error, message):
    with pytest.raises(error) as caught:
        function(*arguments)
    assert str(caught.value).startswith(message)
