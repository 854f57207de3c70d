"""The referee: right gradients pass, every wrong one is rejected and named."""

import numpy as np
import pytest
import torch

from unrolled import lstm, readout, referee, rnn
from unrolled.activations import ACTIVATIONS
from unrolled.referee import compare, verify, verify_lstm

ALL = ("dL/dW_xh", "dL/dW_hh", "dL/db_h", "dL/dx", "dL/dh0", "dL/dh", "carried")
WEIGHTS = ("dL/dW_xh", "dL/dW_hh", "dL/db_h")


def problem(T=4, N=2, D=3, H=5):
    rng = np.random.default_rng(0)
    params = rnn.init(D, H, rng)
    return (
        rng.standard_normal((T, N, D)),
        rng.standard_normal((N, H)),
        params,
        rng.standard_normal((T, N, H)),
    )


def backward_with(fault=""):
    """A backward pass written step by step from the equations, with one fault."""

    def backward(dh, tape, carry=None):
        x, h0, (W_xh, W_hh, b_h), h, activation = tape
        slope = ACTIVATIONS[activation].slope
        T = len(h)
        dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
        dx, carried, total = np.empty_like(x), np.zeros_like(h), np.empty_like(h)
        handed_back = np.zeros_like(h0)
        for t in reversed(range(T)):
            carried[t] = handed_back
            if fault == "dh changed in place":
                total[t] = np.add(dh[t], carried[t], out=dh[t])
            elif fault == "carried not added":
                total[t] = dh[t]
            else:
                total[t] = dh[t] + carried[t]
            dz = total[t] * (1 if fault == "slope dropped" else slope(h[t]))
            if fault == "last step only" and t < T - 1:
                pass
            else:
                h_prev = h[t - 1] if t > 0 else np.zeros_like(h0) if fault == "h0 dropped" else h0
                h_prev = h[t] if fault == "h_t for h_{t-1}" else h_prev
                dW_xh += dz.T @ x[t]
                dW_hh += dz.T @ h_prev
                db_h += dz.mean(axis=0) if fault == "batch averaged" else dz.sum(axis=0)
            dx[t] = dz @ W_xh
            handed_back = dz @ (W_hh.T if fault == "W_hh transposed" else W_hh)
            if fault == "right at T=1 only" and t > 0:
                handed_back[:] = 0
            if carry is not None and fault != "carry ignored":
                handed_back *= carry[t]
        if fault == "x changed in place":
            x *= 2
        if fault == "states changed in place":
            h += 1
        if fault == "NaN":
            dx[0, 0, 0] = np.nan
        h0_grad = handed_back[None] if fault == "wrong shape" else handed_back
        return rnn.Grads(rnn.Params(dW_xh, dW_hh, db_h), dx, h0_grad, total, carried)

    return backward


def test_a_right_backward_written_differently_passes():
    for activation in [phi.name for phi in ACTIVATIONS.values() if phi.slope is not None]:
        result = verify(*problem(), activation=activation, backward=backward_with())
        assert result.passed and result.wrong == ()
    assert [row.name for row in result.rows] == ["h", *ALL]


def test_the_referee_knows_every_activation():
    assert referee.ACTIVATIONS.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("W_hh transposed", ALL),
        ("slope dropped", ALL),
        ("carried not added", ALL),
        ("right at T=1 only", ALL),
        ("h_t for h_{t-1}", ("dL/dW_hh",)),
        ("h0 dropped", ("dL/dW_hh",)),
        ("last step only", WEIGHTS),
        ("batch averaged", ("dL/db_h",)),
        ("NaN", ("dL/dx",)),
        ("wrong shape", ("dL/dh0",)),
        ("dh changed in place", ("dh after",)),
        ("x changed in place", ("x after",)),
        ("states changed in place", ("h",)),
    ],
)
def test_a_wrong_backward_is_rejected_and_named(fault, wrong):
    result = verify(*problem(), backward=backward_with(fault))
    assert not result.passed
    assert result.wrong == wrong


@pytest.mark.parametrize("T", [1, 3])
def test_one_step_hides_what_three_show(T):
    result = verify(*problem(T), backward=backward_with("right at T=1 only"))
    assert result.passed == (T == 1)


def test_an_ignored_carry_is_rejected():
    carry = np.array([1, 0.5, 2, 1])
    assert verify(*problem(), carry=carry, backward=backward_with()).passed
    assert verify(*problem(), carry=carry, backward=backward_with("carry ignored")).wrong == ALL


def test_a_wrong_forward_is_rejected():
    def without_bias(x, h0, params, activation):
        return rnn.forward(x, h0, params._replace(b_h=0 * params.b_h), activation)

    def changes_x(x, h0, params, activation):
        h, tape = rnn.forward(x, h0, params, activation)
        tape = tape._replace(x=x.copy())
        x += 1
        return h, tape

    assert verify(*problem(), forward=without_bias).wrong[0] == "h"
    assert verify(*problem(), forward=changes_x).wrong == ("x after",)


def test_the_referee_is_blind_to_no_difference_above_its_tolerance():
    x, h0, params, dh = problem()

    def slightly_off(dh, tape, carry=None):
        grads = rnn.backward(dh, tape, carry)
        return grads._replace(h0=grads.h0 * (1 + 1e-6))

    assert verify(x, h0, params, dh, backward=slightly_off).wrong == ("dL/dh0",)
    assert verify(x, h0, params, dh, backward=slightly_off, tolerance=1e-5).passed


def test_autograd_of_one_step_by_hand():
    """One unit, one step: h = tanh(w x + u h0 + b); each gradient is a product of three numbers."""
    x, h0, w, u, b, dh = 0.5, -0.3, 0.7, 1.1, 0.2, 2.0
    params = rnn.Params(np.array([[w]]), np.array([[u]]), np.array([b]))
    found = referee.autograd(
        *(np.array([[[x]]]), np.array([[h0]]), params, np.array([[[dh]]])), "tanh", np.array([3.0])
    )
    h = np.tanh(w * x + u * h0 + b)
    dz = dh * (1 - h**2)
    expected = {"h": h, "dL/dW_xh": dz * x, "dL/dW_hh": dz * h0, "dL/db_h": dz, "dL/dx": dz * w}
    expected |= {"dL/dh0": 3 * dz * u, "dL/dh": dh, "carried": 0}
    assert {name: a.item() for name, a in found.items()} == pytest.approx(expected, rel=1e-14)


# --- the LSTM -------------------------------------------------------------------------------------

EVERY = (*WEIGHTS, "dL/dx", "dL/dh0", "dL/dc0", "dL/dh", "dL/dc", "carried")


def lstm_problem(T=4, N=2, D=3, H=5):
    rng = np.random.default_rng(0)
    params = lstm.init(D, H, rng)
    shapes = (T, N, D), (N, H), (N, H), (T, N, H), (N, H)
    x, h0, c0, dh, dc_T = (rng.standard_normal(shape) for shape in shapes)
    return x, h0, c0, params, dh, dc_T


def lstm_backward_with(fault=""):
    """A backward pass written step by step from the equations, with one fault."""

    def backward(dh, dc_T, tape, carry=None):
        x, h0, c0, (W_xh, W_hh, b_h), h, c, *_ = tape
        T = len(h)
        dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
        dx, carried, dh_total, dc_total = (np.zeros_like(a) for a in (x, h, h, h))
        to_h, to_c = np.zeros_like(h0), 0 * dc_T if fault == "dc_T ignored" else dc_T
        for t in reversed(range(T)):
            h_prev, c_prev = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
            if fault == "c0 dropped" and t == 0:
                c_prev = np.zeros_like(c0)
            i, f, o, g = (gate[t] for gate in lstm.gates(tape))
            tanh_c = np.tanh(c[t])
            carried[t] = to_h
            dh_total[t] = to_h if fault == "overwritten dh" and t < T - 1 else dh[t] + to_h
            by_h = dh_total[t] * o * (1 if fault == "slope of tanh(c) missing" else 1 - tanh_c**2)
            if fault == "c_t for tanh(c_t)":
                tanh_c = c[t]
            dc_total[t] = to_c if fault == "h path dropped" else to_c + by_h
            di, df, dg = dc_total[t] * g, dc_total[t] * c_prev, dc_total[t] * i
            do = dh_total[t] * tanh_c
            dz_o, dz_g = do * o * (1 - o), dg * (1 if fault == "slope of g missing" else 1 - g**2)
            last = [dz_g, dz_o] if fault == "gate order swapped" else [dz_o, dz_g]
            dz = np.concatenate([di * i * (1 - i), df * f * (1 - f), *last], axis=1)
            dW_xh += dz.T @ x[t]
            dW_hh += dz.T @ h_prev
            db_h += dz.sum(axis=0)
            dx[t] = dz @ W_xh
            to_h = dz @ W_hh
            factor = {"f path dropped": 0, "f missing": 1, "i for f": i}.get(fault, f)
            to_c = dc_total[t] * factor
            if carry is not None:
                to_h = to_h * carry[t]
                to_c = to_c if fault == "carry on h alone" else to_c * carry[t]
        if fault == "dc_T changed in place":
            dc_T += 1
        dparams = lstm.Params(dW_xh, dW_hh, db_h)
        return lstm.Grads(dparams, dx, to_h, to_c, dh_total, dc_total, carried)

    return backward


def test_a_right_lstm_backward_written_differently_passes():
    for carry in (None, np.array([0.5, 0, 2, 1])):
        result = verify_lstm(*lstm_problem(), carry=carry, backward=lstm_backward_with())
        assert result.passed and result.wrong == ()
    assert [row.name for row in result.rows] == ["h", "c", *EVERY]


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("f path dropped", EVERY),
        ("f missing", EVERY),
        ("i for f", EVERY),
        ("h path dropped", EVERY),
        ("overwritten dh", EVERY),
        ("slope of tanh(c) missing", EVERY),
        ("slope of g missing", EVERY),
        ("c_t for tanh(c_t)", EVERY),
        ("gate order swapped", EVERY),
        ("dc_T ignored", EVERY),
        ("c0 dropped", ("dL/dW_xh", "dL/dW_hh", "dL/db_h", "dL/dx", "dL/dh0")),
        ("dc_T changed in place", ("dc_T after",)),
    ],
)
def test_a_wrong_lstm_backward_is_rejected_and_named(fault, wrong):
    result = verify_lstm(*lstm_problem(), backward=lstm_backward_with(fault))
    assert not result.passed
    assert result.wrong == wrong


@pytest.mark.parametrize("fault", ["f path dropped", "overwritten dh", "f missing", "i for f"])
def test_what_one_step_hides_two_steps_show(fault):
    one, two = (
        verify_lstm(*lstm_problem(T), backward=lstm_backward_with(fault)).wrong for T in (1, 2)
    )
    assert set(one) <= {"dL/dc0"} < set(two)


def test_a_carry_must_scale_both_ways_back():
    carry = np.array([1, 0.5, 2, 1])
    wrong = lstm_backward_with("carry on h alone")
    assert verify_lstm(*lstm_problem(), backward=wrong).passed
    assert "dL/dc" in verify_lstm(*lstm_problem(), carry=carry, backward=wrong).wrong


def test_a_wrong_lstm_forward_is_rejected():
    def in_torch_order(x, h0, c0, params):
        rows = np.arange(20).reshape(4, 5)[[0, 1, 3, 2]].ravel()
        return lstm.forward(x, h0, c0, lstm.Params(*(a[rows] for a in params)))

    def changes_c0(x, h0, c0, params):
        h, c, tape = lstm.forward(x, h0, c0, params)
        tape = tape._replace(c0=c0.copy())
        c0 += 1
        return h, c, tape

    assert verify_lstm(*lstm_problem(), forward=in_torch_order).wrong[:2] == ("h", "c")
    assert verify_lstm(*lstm_problem(), forward=changes_c0).wrong == ("c0 after",)


def test_autograd_of_one_lstm_step_by_hand():
    """One unit, one step, every gradient written out."""
    x, h0, c0, dh, dc_T, weight = 0.5, -0.3, 0.8, 2.0, -1.5, 3.0
    W, U, b = np.array([0.7, -0.4, 0.9, 1.2]), np.array([1.1, 0.3, -0.6, 0.5]), np.full(4, 0.2)
    found = referee.autograd_lstm(
        *(np.array([[[x]]]), np.array([[h0]]), np.array([[c0]])),
        lstm.Params(W[:, None], U[:, None], b),
        *(np.array([[[dh]]]), np.array([[dc_T]]), np.array([weight])),
    )
    i, f, o = 1 / (1 + np.exp(-(W * x + U * h0 + b)[:3]))
    g = np.tanh((W * x + U * h0 + b)[3])
    c = f * c0 + i * g
    h = o * np.tanh(c)
    dc = dc_T + dh * o * (1 - np.tanh(c) ** 2)
    dz = np.array([dc * g * i * (1 - i), dc * c0 * f * (1 - f), dh * np.tanh(c) * o * (1 - o)])
    dz = np.append(dz, dc * i * (1 - g**2))
    expected = {"h": h, "c": c, "dL/dW_xh": dz * x, "dL/dW_hh": dz * h0, "dL/db_h": dz}
    expected |= {"dL/dx": dz @ W, "dL/dh0": weight * dz @ U, "dL/dc0": weight * dc * f}
    expected |= {"dL/dh": dh, "dL/dc": dc, "carried": 0}
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.ravel() == pytest.approx(expected[name], rel=1e-14), name


# --- the report ----------------------------------------------------------------------------------


def test_the_report_says_which_and_how_far():
    ours = {"right": np.array([1.0, 4.0]), "wrong": np.array([1.0, 5.0])}
    result = compare(ours, {"right": np.array([1.0, 4.0]), "wrong": np.array([1.0, 4.0])})
    assert (
        str(result)
        == repr(result)
        == (
            "right  agrees   relative difference below 1e-10\n"
            "wrong  DIFFERS  relative difference 0.25"
        )
    )
    assert result.rows[1] == ("wrong", 1.0, 0.25)


def test_a_difference_as_large_as_the_tolerance_is_wrong():
    result = compare({"a": np.array([1.5])}, {"a": np.ones(1)}, tolerance=0.5)
    assert not result.passed and result.wrong == ("a",) and "DIFFERS" in str(result)
    assert compare({"a": np.array([1.5])}, {"a": np.ones(1)}, tolerance=0.51).passed


@pytest.mark.parametrize(
    ("ours", "theirs", "agrees"),
    [
        (np.zeros(2), np.zeros(2), True),
        (np.array([0, 1e-300]), np.zeros(2), False),
        (np.array([np.nan, 1]), np.ones(2), False),
        (np.ones(2), np.array([np.nan, 1]), False),
        (np.ones((1, 2)), np.ones(2), False),
        (None, np.ones(2), False),
        (np.array([1e9, 1.0]), np.array([1e9, 1.05]), True),  # 0.05 beside 1e9 is below 1e-10
        (np.array([1e-9, 1e-12]), np.array([1e-9, 2e-12]), False),  # small numbers count as well
    ],
)
def test_what_agrees(ours, theirs, agrees):
    assert compare({"a": ours}, {"a": theirs}).passed is agrees


def test_rows_say_how_far_where_a_quotient_cannot():
    ours = {"shape": np.ones((1, 2)), "zero": np.zeros(2), "small": np.array([0, 1e-300])}
    theirs = {"shape": np.ones(2), "zero": np.zeros(2), "small": np.zeros(2)}
    expected = ("shape", np.inf, np.inf), ("zero", 0.0, 0.0), ("small", 1e-300, np.inf)
    assert compare(ours, theirs).rows == expected


def test_compare_wants_the_same_names():
    with pytest.raises(ValueError, match="^ours has a, expected b"):
        compare({"a": np.ones(1)}, {"b": np.ones(1)})


# --- to and from torch ---------------------------------------------------------------------------


def test_what_torch_calls_the_weights():
    params = rnn.init(3, 4, np.random.default_rng(0))
    module = referee.to_torch(params)
    assert np.array_equal(module.weight_ih_l0.detach().numpy(), params.W_xh)
    assert np.array_equal(module.weight_hh_l0.detach().numpy(), params.W_hh)
    assert np.array_equal(module.bias_ih_l0.detach().numpy(), params.b_h)
    assert not module.bias_hh_l0.any()
    assert module.nonlinearity == "tanh"
    assert referee.to_torch(params, "relu").nonlinearity == "relu"


def test_from_torch_adds_the_two_biases():
    module = torch.nn.RNN(3, 4)
    params = referee.from_torch(module)
    total = module.bias_ih_l0 + module.bias_hh_l0
    assert np.array_equal(params.b_h, total.detach().numpy())
    x = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(0))
    h, _ = rnn.forward(x.numpy(), np.zeros((2, 4), np.float32), params)
    assert np.abs(h - module(x)[0].detach().numpy()).max() < 1e-6


def test_what_torch_calls_the_weights_of_an_lstm():
    params = lstm.init(3, 2, np.random.default_rng(0))
    module = referee.to_torch(params)
    rows = [0, 1, 2, 3, 6, 7, 4, 5]  # torch has i, f, g, o
    assert np.array_equal(module.weight_ih_l0.detach().numpy(), params.W_xh[rows])
    assert np.array_equal(module.weight_hh_l0.detach().numpy(), params.W_hh[rows])
    assert np.array_equal(module.bias_ih_l0.detach().numpy(), params.b_h[rows])
    assert not module.bias_hh_l0.any()


def test_from_torch_reads_an_lstm():
    module = torch.nn.LSTM(3, 4)
    params = referee.from_torch(module)
    assert type(params) is lstm.Params
    generator = torch.Generator().manual_seed(0)
    x, h0, c0 = (torch.randn(shape, generator=generator) for shape in ((5, 2, 3), (2, 4), (2, 4)))
    h_, (_, c_T) = module(x, (h0[None], c0[None]))
    h, c, _ = lstm.forward(x.numpy(), h0.numpy(), c0.numpy(), params)
    assert np.abs(h - h_.detach().numpy()).max() < 1e-6
    assert np.abs(c[-1] - c_T[0].detach().numpy()).max() < 1e-6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_torch_calls_the_weights_of_a_readout(dtype):
    params = readout.init(3, 2, np.random.default_rng(0), dtype)
    for module in (referee.to_torch(params), referee.to_torch(params, "identity")):
        assert type(module) is torch.nn.Linear
        assert module.weight.detach().numpy().tobytes() == params.W_hy.tobytes()
        assert module.bias.detach().numpy().tobytes() == params.b_y.tobytes()
        for ours, back in zip(params, referee.from_torch(module), strict=True):
            assert np.array_equal(ours, back) and ours.dtype == back.dtype


@pytest.mark.parametrize("outputs", [1, 2])
def test_from_torch_reads_a_linear_layer(outputs):
    module = torch.nn.Linear(3, outputs)
    torch.nn.init.zeros_(module.bias)
    params = referee.from_torch(module)
    assert type(params) is readout.Params
    assert np.array_equal(params.W_hy, module.weight.detach().numpy())
    assert np.array_equal(params.b_y, np.zeros(outputs, np.float32))


def test_read_only_weights_reach_torch_without_a_warning(recwarn):
    params = rnn.Params(*(a[::-1] for a in rnn.init(3, 4, np.random.default_rng(0))))
    for array in params:
        array.flags.writeable = False
    assert np.array_equal(referee.to_torch(params).bias_ih_l0.detach().numpy(), params.b_h)
    assert not recwarn.list


X, H0, P, DH = problem()
R = readout.init(4, 2, np.random.default_rng(0))
L = lstm_problem()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: verify(X.astype("f4"), H0, P, DH), TypeError, "x is float32, expected a float64"),
        (lambda: verify(X, H0.tolist(), P, DH), TypeError, "h0 is list, expected a float64 array"),
        (lambda: verify(X, H0, P, DH.astype(int)), TypeError, "dh is int64, expected a float64"),
        (lambda: verify(X, H0, tuple(P), DH), TypeError, "params is a tuple, expected rnn.Params"),
        (
            lambda: verify(X, H0, P._replace(b_h=P.b_h.astype("f4")), DH),
            TypeError,
            "b_h is float32, expected a float64 array",
        ),
        (lambda: verify(X[0], H0, P, DH), ValueError, "x has shape (2, 3), expected (T, N, D):"),
        (lambda: verify(X, H0[0], P, DH), ValueError, "h0 has shape (5,), expected (N, H) with N"),
        (
            lambda: verify(X, H0, P, DH[:2]),
            ValueError,
            "dh has shape (2, 2, 5), expected (T, N, H) with T=4, N=2, H=5",
        ),
        (
            lambda: verify_lstm(L[0][0], *L[1:]),
            ValueError,
            "x has shape (2, 3), expected (T, N, D):",
        ),
        (
            lambda: verify_lstm(L[0], L[1][0], *L[2:]),
            ValueError,
            "h0 has shape (5,), expected (N, H) with N=2, H=5",
        ),
        (
            lambda: verify_lstm(*L[:4], L[4][:2], L[5]),
            ValueError,
            "dh has shape (2, 2, 5), expected (T, N, H) with T=4, N=2, H=5",
        ),
        (
            lambda: verify_lstm(*L[:5], L[5][0]),
            ValueError,
            "dc_T has shape (5,), expected (N, H) with N=2, H=5",
        ),
        (lambda: verify(X, H0, P, DH, carry=np.ones(3)), ValueError, "carry has shape (3,),"),
        (lambda: verify(X, H0, P, DH, forward=3), TypeError, "forward is 3, expected a function"),
        (lambda: verify(X, H0, P, DH, backward=3), TypeError, "backward is 3, expected a functio"),
        (lambda: verify(X, H0, P, DH, tolerance=0), ValueError, "tolerance is 0, expected a numb"),
        (lambda: compare([1.0], {}), TypeError, "ours is a list, expected arrays by name"),
        (lambda: compare({}, None), TypeError, "theirs is a NoneType, expected arrays by name"),
        (
            lambda: compare({"a": X, "b": X}, {"c": X, "d": X}),
            ValueError,
            "ours has a, b, expected c, d as theirs has.",
        ),
        (lambda: verify(X, H0, P, DH, activation="gelu"), ValueError, "activation is 'gelu',"),
        (lambda: verify_lstm(*L[:3], P, *L[4:]), TypeError, "params is a Params, expected lstm.P"),
        (lambda: verify_lstm(*L[:5], 0.0), TypeError, "dc_T is float, expected a float64 array"),
        (lambda: verify_lstm(*L[:2], L[2][0], *L[3:]), ValueError, "c0 has shape (5,), expected"),
        (lambda: verify_lstm(*L, carry=np.ones(3)), ValueError, "carry has shape (3,), expected"),
        (lambda: referee.to_torch(L[3], "relu"), ValueError, "activation is 'relu', torch.nn.LSTM"),
        (lambda: referee.to_torch(tuple(P)), TypeError, "params is a tuple, expected rnn.Params"),
        (lambda: referee.to_torch(P, "sigmoid"), ValueError, "activation is 'sigmoid',"),
        (lambda: referee.to_torch(R, "tanh"), ValueError, "activation is 'tanh', a readout has"),
        (lambda: referee.from_torch(P), TypeError, "module is a Params, expected nn.RNN, n"),
        (lambda: referee.from_torch(torch.nn.GRU(2, 3)), TypeError, "module is a GRU, expected"),
        (
            lambda: referee.from_torch(torch.nn.RNN(2, 3, num_layers=2)),
            ValueError,
            "module has num_layers=2 and bidirectional=False, expected one layer",
        ),
        (
            lambda: referee.from_torch(torch.nn.RNN(2, 3, bidirectional=True)),
            ValueError,
            "module has num_layers=1 and bidirectional=True, expected one layer",
        ),
        (
            lambda: referee.from_torch(torch.nn.LSTM(2, 3, num_layers=2)),
            ValueError,
            "module has num_layers=2 and bidirectional=False, expected one layer",
        ),
        (
            lambda: referee.from_torch(torch.nn.LSTM(2, 3, bidirectional=True)),
            ValueError,
            "module has num_layers=1 and bidirectional=True, expected one layer",
        ),
        (
            lambda: referee.from_torch(torch.nn.LSTM(2, 3, proj_size=1)),
            ValueError,
            "module has proj_size=1, expected no projection",
        ),
        (
            lambda: referee.from_torch(torch.nn.LSTM(2, 3, bias=False)),
            ValueError,
            "module has no bias, expected bias=True",
        ),
        (
            lambda: referee.from_torch(torch.nn.RNN(2, 3, bias=False)),
            ValueError,
            "module has no bias, expected bias=True",
        ),
        (
            lambda: referee.from_torch(torch.nn.Linear(2, 3, bias=False)),
            ValueError,
            "module has no bias, expected bias=True",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)
