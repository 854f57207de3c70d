"""The reader: loss and gradients against torch, for both cells and both losses."""

from __future__ import annotations

import copy
import doctest
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import gradients, lstm, reader, readout, rnn, tasks, training

CELLS = {"rnn": rnn.init, "lstm": lstm.init}
LOSSES = ("cross_entropy", "squared_error")
every_cell = pytest.mark.parametrize("cell", CELLS)
every_loss = pytest.mark.parametrize("loss", LOSSES)


def problem(cell="rnn", loss="cross_entropy", T=6, N=3, D=2, H=4, Q=3, dtype=np.float64):
    rng = np.random.default_rng(0)
    params = reader.init(D, H, Q, rng, cell=partial(CELLS[cell], dtype=dtype))
    x = rng.normal(size=(T, N, D)).astype(dtype)
    target = rng.normal(size=(N, Q)).astype(dtype)
    return params, (x, rng.integers(0, Q, N) if loss == "cross_entropy" else target)


# --- the equations in torch ----------------------------------------------------------------------


def torch_states(weights, x, kind, phi=torch.tanh):
    W_xh, W_hh, b_h = weights
    h = c = torch.zeros(x.shape[1], W_hh.shape[1], dtype=x.dtype)
    states = []
    for x_t in x:
        z = x_t @ W_xh.T + h @ W_hh.T + b_h
        if kind == "rnn":
            h = phi(z)
        else:
            i, f, o, g = z.chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        h.retain_grad()
        states.append(h)
    return states


def torch_loss(y, target, loss):
    if loss == "cross_entropy":
        return torch.nn.functional.cross_entropy(y, torch.from_numpy(target))
    return ((y - torch.from_numpy(target)) ** 2).sum(dim=1).mean()


def referee(params, batch, kind, loss, phi=torch.tanh):
    """The loss, the gradients of the five arrays and those of the states, by autograd."""
    arrays = [torch.from_numpy(a.copy()).requires_grad_() for a in training.leaves(params)]
    states = torch_states(arrays[:3], torch.from_numpy(batch[0]), kind, phi)
    value = torch_loss(states[-1] @ arrays[3].T + arrays[4], batch[1], loss)
    value.backward()
    return (
        value.item(),
        [a.grad.numpy() for a in arrays],
        np.stack([h.detach().numpy() for h in states]),
        np.stack([h.grad.numpy() for h in states]),
    )


@every_cell
@every_loss
def test_loss_and_gradients_against_torch(cell, loss):
    params, batch = problem(cell, loss)
    value, grads = reader.loss_and_grads(params, batch, loss=loss)
    expected, theirs, states, heard = referee(params, batch, cell, loss)
    assert type(value) is float and value == pytest.approx(expected, rel=1e-13)
    assert type(grads) is reader.Params and type(grads.cell) is type(params.cell)
    for ours, other in zip(training.leaves(grads), theirs, strict=True):
        assert np.abs(other).max() > 1e-3
        assert_allclose(ours, other, rtol=0, atol=1e-14)
    assert_allclose(reader.states(params, batch[0]), states, rtol=0, atol=1e-14)
    again, parts = reader.backward(params, batch, loss=loss)
    assert again == value
    assert_allclose(parts.cell.h, heard, rtol=0, atol=1e-14)


@every_cell
def test_a_step_cut_from_the_way_back_is_noticed(cell):
    """The negative control: without what step 3 hands back, the comparison fails."""
    params, batch = problem(cell)
    x, labels = batch
    _, theirs, _, _ = referee(params, batch, cell, "cross_entropy")
    _, parts = reader.backward(params, batch)
    dh, carry, zero = np.zeros((6, 3, 4)), np.ones(6), np.zeros((3, 4))
    dh[-1] = parts.out.h
    carry[3] = 0
    if cell == "rnn":
        cut = rnn.backward(dh, rnn.forward(x, zero, params.cell)[1], carry)
    else:
        cut = lstm.backward(dh, zero, lstm.forward(x, zero, zero, params.cell)[2], carry)
    assert abs(cut.params.W_hh - theirs[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("activation", "phi"),
    [("relu", torch.relu), ("sigmoid", torch.sigmoid), ("identity", lambda z: 1.0 * z)],
)
def test_other_activations_against_torch(activation, phi):
    params, batch = problem()
    value, grads = reader.loss_and_grads(params, batch, activation=activation)
    expected, theirs, states, _ = referee(params, batch, "rnn", "cross_entropy", phi)
    assert value == pytest.approx(expected, rel=1e-13)
    for ours, other in zip(training.leaves(grads), theirs, strict=True):
        assert_allclose(ours, other, rtol=0, atol=1e-13)
    assert_allclose(reader.states(params, batch[0], activation), states, rtol=0, atol=1e-14)
    y = reader.answer(params, batch[0], activation)
    assert_allclose(y, states[-1] @ params.out.W_hy.T + params.out.b_y, rtol=0, atol=1e-14)


@every_cell
@every_loss
def test_finite_differences(cell, loss):
    params, batch = problem(cell, loss)
    _, grads = reader.loss_and_grads(params, batch, loss=loss)

    def value(W_hh):
        changed = params._replace(cell=params.cell._replace(W_hh=W_hh))
        return reader.loss_and_grads(changed, batch, loss=loss)[0]

    found = gradients.finite_differences(value, params.cell.W_hh)
    assert_allclose(found, grads.cell.W_hh, rtol=0, atol=1e-9)


# --- what holds of it ----------------------------------------------------------------------------


@every_cell
@every_loss
def test_the_loss_is_a_mean_over_sequences(cell, loss):
    params, (x, target) = problem(cell, loss)
    alone = [
        reader.loss_and_grads(params, (x[:, n : n + 1], target[n : n + 1]), loss=loss)
        for n in range(3)
    ]
    value, grads = reader.loss_and_grads(params, (x, target), loss=loss)
    assert value == pytest.approx(np.mean([v for v, _ in alone]))
    for ours, *parts in zip(
        training.leaves(grads), *(training.leaves(g) for _, g in alone), strict=True
    ):
        assert_allclose(ours, np.mean(parts, axis=0), rtol=0, atol=1e-14)


@every_cell
@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_and_arguments_too(cell, loss, dtype):
    params, batch = problem(cell, loss, dtype=dtype)
    before = copy.deepcopy((params, batch))
    _, grads = reader.loss_and_grads(params, batch, loss=loss)
    assert {a.dtype for a in training.leaves((params, grads))} == {np.dtype(dtype)}
    assert [a.shape for a in training.leaves(grads)] == [a.shape for a in training.leaves(params)]
    assert reader.answer(params, batch[0]).dtype == dtype
    for array, old in zip(training.leaves((params, batch)), training.leaves(before), strict=True):
        assert_array_equal(array, old)


def test_accuracy_counts():
    params, (x, _) = problem(N=5)
    best = reader.answer(params, x).argmax(axis=-1)
    assert reader.accuracy(params, x, best) == 1
    assert reader.accuracy(params, x, (best + np.array([0, 1, 0, 2, 0])) % 3) == 0.6
    other = reader.answer(params, x, "identity").argmax(axis=-1)
    assert reader.accuracy(params, x, other, "identity") == 1


@every_cell
def test_init_draws_the_cell_and_then_the_readout(cell):
    params = reader.init(2, 4, 3, np.random.default_rng(7), cell=CELLS[cell])
    rng = np.random.default_rng(7)
    expected = CELLS[cell](2, 4, rng), readout.init(4, 3, rng)
    for ours, theirs in zip(training.leaves(params), training.leaves(expected), strict=True):
        assert_array_equal(ours, theirs)
    assert type(params.cell) is type(expected[0]) and type(params.out) is readout.Params


def test_init_takes_cells_with_options():
    orthogonal = partial(rnn.init, recurrent="orthogonal", gain=2.0)
    W = reader.init(2, 4, 3, np.random.default_rng(7), cell=orthogonal).cell.W_hh
    assert_allclose(W @ W.T, 4 * np.eye(4), atol=1e-14)
    remembering = partial(lstm.init, forget_bias=3.0)
    cell = reader.init(2, 4, 3, np.random.default_rng(7), cell=remembering).cell
    assert_array_equal(lstm.split(cell.b_h).f, 3.0)


def test_the_example_of_the_docstring_holds():
    assert doctest.testmod(reader) == (0, 4)


@pytest.mark.parametrize("cell", [partial(rnn.init, recurrent="orthogonal"), lstm.init])
def test_the_order_of_two_symbols_is_learnt(cell):
    """With training.train and a task, as the lessons use it."""
    rng = np.random.default_rng(0)
    params = reader.init(6, 16, 4, rng, cell=cell)
    batches = [tasks.temporal_order(10, 32, rng) for _ in range(200)]
    x, labels = tasks.temporal_order(10, 500, rng)
    assert reader.accuracy(params, x, labels) < 0.5
    trained, history = training.train(
        params, reader.loss_and_grads, batches, training.Adam(0.01), max_norm=1.0
    )
    assert reader.accuracy(trained, x, labels) > 0.95
    assert history.loss[-1] < 0.3 < 1.2 < history.loss[0]


def test_a_sum_is_learnt_with_the_squared_error():
    rng = np.random.default_rng(0)
    params = reader.init(2, 16, 1, rng)
    batches = [tasks.adding(4, 32, rng) for _ in range(300)]
    squared = partial(reader.loss_and_grads, loss="squared_error")
    _, history = training.train(params, squared, batches, training.Adam(0.01))
    assert history.loss[-20:].mean() < 0.04  # 1/6 without knowledge


# --- bad input -----------------------------------------------------------------------------------

P, (X, Y) = problem()
L, _ = problem("lstm")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reader.states(P.cell, X), TypeError, "params is a Params, expected reader.Params"),
        (lambda: reader.states(None, X), TypeError, "params is a NoneType, expected reader.Params"),
        (
            lambda: reader.states(P._replace(cell=P.out), X),
            TypeError,
            "params.cell is a Params, expected rnn.Params or lstm.Params",
        ),
        (
            lambda: reader.answer(P._replace(out=P.cell), X),
            TypeError,
            "params is a Params, expected readout.Params",
        ),
        (lambda: reader.answer(P, X[0]), ValueError, "x has shape (3, 2), expected (T, N, D)"),
        (lambda: reader.answer(P, [1]), TypeError, "x is a list, expected a NumPy array"),
        (lambda: reader.answer(P, X[:0]), ValueError, "x has shape (0, 3, 2), expected (T, N, D)"),
        (lambda: reader.answer(P, X.astype("f4")), TypeError, "params.W_xh has dtype float64, but"),
        (lambda: reader.answer(P, X, "no"), ValueError, "activation is 'no', expected one of"),
        (
            lambda: reader.answer(L, X, "relu"),
            ValueError,
            "activation is 'relu', expected 'tanh' w",
        ),
        (lambda: reader.accuracy(P, X, Y[:2]), ValueError, "labels has shape (2,), expected (3,)"),
        (lambda: reader.accuracy(P, X, Y + 0.5), TypeError, "labels is float64, expected a NumPy"),
        (lambda: reader.accuracy(P, X, [0, 1, 2]), TypeError, "labels is list, expected a NumPy"),
        (
            lambda: reader.loss_and_grads(P, (X, Y), loss="mean"),
            ValueError,
            "loss is 'mean', expected 'cross_entropy' or 'squared_error'",
        ),
        (lambda: reader.loss_and_grads(P, (X, Y[:2])), ValueError, "targets has shape (2,), expe"),
        (
            lambda: reader.loss_and_grads(P, (X, Y), loss="squared_error"),
            ValueError,
            "target has shape (3,), expected (N, Q) with N=3, Q=3",
        ),
        (lambda: reader.init(2, 4, 3, RNG, cell="lstm"), TypeError, "cell is 'lstm', expected a f"),
        (
            lambda: reader.init(2, 4, 3, RNG, cell=readout.init),
            TypeError,
            "what cell returns is a Params, expected rnn.Params or lstm.Params",
        ),
        (lambda: reader.init(2, 4, 0, RNG), ValueError, "output_size is 0, expected a whole"),
        (lambda: reader.init(0, 4, 3, RNG), ValueError, "input_size is 0, expected a whole"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)
