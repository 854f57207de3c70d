"""Training: the optimizers of torch, parameters that never change in place, a loop that learns."""

import copy
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import losses, readout, rnn
from unrolled.training import (
    SGD,
    Adam,
    History,
    clip,
    clip_by_value,
    global_norm,
    leaves,
    train,
    tree_map,
)

SIZE = st.integers(1, 6)
reproducible = settings(deadline=None, derandomize=True)


class Pair(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def trees(count, dtype=np.float64, D=3, H=4):
    """Network and readout weights and ``count`` different gradients for them."""
    rng = np.random.default_rng(0)
    params = rnn.init(D, H, rng, dtype), readout.init(H, 2, rng, dtype)

    def gradient(scale):
        return tree_map(lambda p: (scale * rng.standard_normal(p.shape)).astype(dtype), params)

    return params, [gradient(scale) for scale in 10 ** rng.uniform(-3, 2, count)]


# --- trees ---------------------------------------------------------------------------------------


def test_trees_keep_their_arrangement():
    params, (grads,) = trees(1)
    total = tree_map(np.add, params, grads)
    assert type(total) is tuple
    assert type(total[0]) is rnn.Params and type(total[1]) is readout.Params
    assert_array_equal(total[1].b_y, params[1].b_y + grads[1].b_y)
    assert [a.shape for a in leaves(params)] == [(4, 3), (4, 4), (4,), (2, 4), (2,)]
    with pytest.raises(ValueError):
        tree_map(np.add, params, grads[:1])


def test_the_global_norm_is_that_of_one_long_vector():
    params, _ = trees(0)
    everything = np.concatenate([a.ravel() for a in leaves(params)])
    assert global_norm(params) == pytest.approx(np.linalg.norm(everything), rel=1e-14)
    assert global_norm(Pair(np.array([3.0]), np.array([[4.0]]))) == 5
    assert global_norm(np.full(2, 1e30, np.float32)) == pytest.approx(2**0.5 * 1e30)  # no overflow


# --- against torch -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: SGD(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
        (lambda: Adam(), lambda p: torch.optim.Adam(p)),
        (
            lambda: Adam(0.05, beta1=0.7, beta2=0.9, epsilon=1e-2),
            lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.7, 0.9), eps=1e-2),
        ),
    ],
    ids=["SGD", "Adam", "Adam with other settings"],
)
def test_twenty_steps_against_torch(ours, theirs):
    params, grads = trees(20)
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in leaves(params)]
    optimizer, optimizer_ = ours(), theirs(tensors)
    for gradient in grads:
        params = optimizer.step(params, gradient)
        for tensor, g in zip(tensors, leaves(gradient), strict=True):
            tensor.grad = torch.from_numpy(g)
        optimizer_.step()
        for ours_, theirs_ in zip(leaves(params), tensors, strict=True):
            assert_allclose(ours_, theirs_.detach().numpy(), rtol=0, atol=1e-12)


def test_clip_against_torch():
    """torch divides by norm + 1e-6, the method by the norm: that factor is put back here."""
    _, grads = trees(5)
    for gradient in grads:
        norm = global_norm(gradient)
        max_norm = norm / 3
        clipped, before = clip(gradient, max_norm)
        tensors = [torch.zeros(g.shape, dtype=torch.float64) for g in leaves(gradient)]
        for tensor, g in zip(tensors, leaves(gradient), strict=True):
            tensor.grad = torch.from_numpy(g.copy())
        before_ = torch.nn.utils.clip_grad_norm_(tensors, max_norm).item()
        assert before == pytest.approx(before_, rel=1e-14) == norm
        assert global_norm(clipped) == pytest.approx(max_norm, rel=1e-14)
        for ours, tensor in zip(leaves(clipped), tensors, strict=True):
            theirs = tensor.grad.numpy() * ((norm + 1e-6) / norm)
            assert_allclose(ours, theirs, rtol=1e-12)


def test_clip_leaves_short_gradients_as_they_are():
    _, (grads,) = trees(1)
    norm = global_norm(grads)
    for max_norm in (norm, 2 * norm, np.inf):
        kept, before = clip(grads, max_norm)
        assert before == norm
        for ours, old in zip(leaves(kept), leaves(grads), strict=True):
            assert_array_equal(ours, old)


def flat(tree):
    return np.concatenate([a.ravel() for a in leaves(tree)])


def test_clip_by_value_against_torch():
    _, grads = trees(5)
    for gradient in grads:
        limit = np.abs(flat(gradient)).max() / 3
        clipped, largest = clip_by_value(gradient, limit)
        assert type(largest) is float and largest == np.abs(flat(gradient)).max()
        tensors = [torch.zeros(g.shape, dtype=torch.float64) for g in leaves(gradient)]
        for tensor, g in zip(tensors, leaves(gradient), strict=True):
            tensor.grad = torch.from_numpy(g.copy())
        torch.nn.utils.clip_grad_value_(tensors, limit)
        for ours, tensor in zip(leaves(clipped), tensors, strict=True):
            assert_array_equal(ours, tensor.grad.numpy())


def test_by_value_turns_the_gradient_and_by_norm_does_not():
    _, (grads,) = trees(1)
    before = flat(grads)

    def cosine(clipped):
        after = flat(clipped)
        return before @ after / np.linalg.norm(before) / np.linalg.norm(after)

    limit = np.abs(before).max() / 10
    assert cosine(clip(grads, limit)[0]) == pytest.approx(1, abs=1e-12)
    assert cosine(clip_by_value(grads, limit)[0]) < 0.95
    clipped, _ = clip_by_value(Pair(np.array([30.0]), np.array([-4.0])), 5)
    assert flat(clipped).tolist() == [5, -4]  # each for itself, with its sign
    same, largest = clip_by_value(grads, np.inf)
    assert_array_equal(flat(same), before)
    assert largest == 10 * limit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_repairs_no_gradient(dtype):
    broken = Pair(np.array([np.nan, 8], dtype), np.array([-np.inf, 1], dtype))
    kept, norm = clip(broken, 2.0)
    assert np.isnan(norm)
    assert_array_equal(flat(kept), [np.nan, 8, -np.inf, 1])
    by_value, largest = clip_by_value(broken, 2.0)
    assert np.isnan(largest)
    assert_array_equal(flat(by_value), [np.nan, 2, -2, 1])
    endless = Pair(np.array([np.inf, 8], dtype), np.array([-3, 1], dtype))
    kept, norm = clip(endless, 2.0)
    assert norm == np.inf
    assert_array_equal(flat(kept), [np.inf, 8, -3, 1])
    by_value, largest = clip_by_value(endless, 2.0)
    assert largest == np.inf
    assert_array_equal(flat(by_value), [2, 2, -2, 1])
    assert flat(by_value).dtype == dtype


def test_an_empty_array_has_no_largest_value():
    assert clip_by_value((np.array([-2.0, 1.0]), np.empty(0)), 3)[1] == 2


def test_a_huge_gradient_is_clipped_though_its_square_overflows(recwarn):
    huge = Pair(np.array([3e200]), np.array([-4e200]))
    assert global_norm(huge) == pytest.approx(5e200)
    clipped, norm = clip(huge, 1.0)
    assert norm == pytest.approx(5e200)
    assert_allclose(flat(clipped), [0.6, -0.8])
    assert not recwarn.list


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_scale():
    params, grads = trees(3)
    for gradient in grads:
        moved = Adam(0.01, epsilon=1e-300).step(params, gradient)
        for p, q, g in zip(leaves(params), leaves(moved), leaves(gradient), strict=True):
            assert_allclose(q - p, -0.01 * np.sign(g), rtol=1e-10)


def test_adam_without_memory_takes_the_same_step_whatever_the_size_of_the_gradient():
    params, (grads,) = trees(1)
    moved = Adam(0.01, beta1=0, beta2=0, epsilon=1e-300).step(params, grads)
    for p, q, g in zip(leaves(params), leaves(moved), leaves(grads), strict=True):
        assert_allclose(q - p, -0.01 * np.sign(g), rtol=1e-10)


# --- dtypes, and nothing in place ----------------------------------------------------------------


@reproducible
@given(SIZE, SIZE, st.sampled_from([np.float32, np.float64]))
def test_dtypes_stay_and_nothing_changes_in_place(D, H, dtype):
    params, grads = trees(3, dtype, D, H)
    everything = [params, *grads]
    before = copy.deepcopy(everything)
    for rate in (0.1, np.float64(0.1)):
        for optimizer in (SGD(rate), Adam(rate, *np.array([0.9, 0.99, 1e-8]))):
            new = params
            for gradient in grads:
                clipped, norm = clip(gradient, np.float64(1e-2))
                clipped, _ = clip_by_value(clipped, np.float64(1e-3))
                new = optimizer.step(new, clipped)
                assert type(norm) is float
                assert {a.dtype for a in leaves((clipped, new))} == {np.dtype(dtype)}
                assert [a.shape for a in leaves(new)] == [a.shape for a in leaves(params)]
    for tree, old in zip(everything, before, strict=True):
        for array, kept in zip(leaves(tree), leaves(old), strict=True):
            assert_array_equal(array, kept)


def test_steps_take_read_only_and_strided_arrays():
    params, (grads,) = trees(1)
    odd = tree_map(lambda a: np.repeat(a, 2, axis=-1)[..., ::2], (params, grads))
    for array in leaves(odd):
        array.flags.writeable = False
    for make in (lambda: SGD(0.1), lambda: Adam(0.1)):
        plain, other = make().step(params, grads), make().step(*odd)
        for a, b in zip(leaves(plain), leaves(other), strict=True):
            assert_array_equal(a, b)


# --- the loop ------------------------------------------------------------------------------------


def regression(params, batch):
    x, y = batch
    loss = losses.squared_error(readout.forward(x, params), y, reduction="mean")
    return loss.value, readout.backward(loss.grad, x, params).params


def data(steps):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((steps, 16, 3))
    return [(a, a @ np.array([[1.0], [-2.0], [0.5]]) + 0.3) for a in x]


@pytest.mark.parametrize(("kind", "rate"), [(SGD, 0.2), (Adam, 0.05)])
def test_a_regression_is_learnt(kind, rate):
    start = readout.init(3, 1, np.random.default_rng(1))
    kept = copy.deepcopy(start)
    params, history = train(start, regression, data(300), kind(rate))
    assert_allclose(params.W_hy, [[1, -2, 0.5]], atol=1e-3)
    assert_allclose(params.b_y, [0.3], atol=1e-3)
    assert type(history) is History
    assert history.loss.shape == history.grad_norm.shape == (300,)
    assert history.loss[-1] < 1e-6 < history.loss[0]
    for array, old in zip(start, kept, strict=True):
        assert_array_equal(array, old)


@pytest.mark.parametrize("max_norm", [None, 0.1])
def test_the_loop_is_its_steps_in_order(max_norm):
    params = start = readout.init(3, 1, np.random.default_rng(1))
    optimizer, expected, norms = Adam(0.05), [], []
    for batch in data(6):
        loss, grads = regression(params, batch)
        expected.append(loss)
        norms.append(global_norm(grads))
        if max_norm is not None:
            grads, _ = clip(grads, max_norm)
        params = optimizer.step(params, grads)
    found, history = train(start, regression, iter(data(6)), Adam(0.05), max_norm=max_norm)
    assert history.loss.tolist() == expected
    assert history.grad_norm.tolist() == norms  # before clipping
    assert min(norms) > 0.1
    for ours, theirs in zip(found, params, strict=True):
        assert_array_equal(ours, theirs)


def test_transform_comes_before_clipping_and_project_after_the_step():
    params = start = readout.init(3, 1, np.random.default_rng(1))
    norms, seen = [], []

    def triple(grads):
        return tree_map(lambda g: 3 * g, grads)

    def shrink(params):
        seen.append(params)
        return tree_map(lambda p: 0.9 * p, params)

    for batch in data(6):
        _, grads = regression(params, batch)
        norms.append(global_norm(grads))
        grads, _ = clip(triple(grads), 2.0)
        params = shrink(SGD(0.1).step(params, grads))
    options = {"max_norm": 2.0, "transform": triple, "project": shrink}
    expected, seen = seen, []
    found, history = train(start, regression, data(6), SGD(0.1), **options)
    for ours, theirs in zip(leaves((found, *seen)), leaves((params, *expected)), strict=True):
        assert_array_equal(ours, theirs)
    assert history.grad_norm.tolist() == norms  # before transform and clipping
    assert min(norms) > 2 / 3  # so clipping acts, and the order of the two matters


def test_a_transform_can_skip_steps_and_a_projection_can_hold_a_bound():
    start = readout.init(3, 1, np.random.default_rng(1))

    def skip_large(grads):
        return grads if global_norm(grads) <= 1.0 else tree_map(np.zeros_like, grads)

    kept, history = train(start, regression, data(3), SGD(0.1), transform=skip_large)
    assert history.grad_norm.min() > 1
    for ours, theirs in zip(kept, start, strict=True):
        assert_array_equal(ours, theirs)

    def unit_ball(params):
        return clip(params, 1.0)[0]

    held, _ = train(start, regression, data(100), SGD(0.1), project=unit_ball)
    free, _ = train(start, regression, data(100), SGD(0.1))
    assert global_norm(held) == pytest.approx(1) and global_norm(free) > 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_step(value):
    def fails_at_two(params, batch):
        loss, grads = regression(params, batch[1])
        return (value if batch[0] == 2 else loss), grads

    params = readout.init(3, 1, np.random.default_rng(1))
    with pytest.raises(FloatingPointError, match=f"^the loss is {value} at step 2"):
        train(params, fails_at_two, list(enumerate(data(5))), SGD(0.1))


def test_quiet_mode_shows_no_progress_bar(monkeypatch, capsys):
    params = readout.init(3, 1, np.random.default_rng(1))
    monkeypatch.setenv("UNROLLED_QUIET", "1")
    train(params, regression, data(3), SGD(0.1), label="a label")
    assert capsys.readouterr() == ("", "")
    monkeypatch.delenv("UNROLLED_QUIET")
    train(params, regression, data(3), SGD(0.1), label="a label")
    shown = capsys.readouterr().err
    assert "a label" in shown and not shown.endswith("\n")  # the bar goes when it is done
    train(params, regression, data(3), SGD(0.1))
    assert "\rtraining:" in capsys.readouterr().err


# --- bad input -----------------------------------------------------------------------------------

P, (G,) = trees(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SGD(0), "learning_rate is 0, expected a number above 0"),
        (lambda: SGD(-0.1), "learning_rate is -0.1, expected a number above 0"),
        (lambda: SGD("0.1"), "learning_rate is '0.1', expected a number above 0"),
        (lambda: Adam(np.nan), "learning_rate is nan, expected a number above 0"),
        (lambda: Adam(beta1=1), "beta1 is 1, expected a number from 0 up to, not with, 1"),
        (lambda: Adam(beta2=-0.1), "beta2 is -0.1, expected a number from 0 up to, not with, 1"),
        (lambda: Adam(epsilon=0), "epsilon is 0, expected a number above 0"),
        (lambda: Adam(beta1="0.9"), "beta1 is '0.9', expected a number from 0 up to"),
        (lambda: Adam(beta1=False), "beta1 is False, expected a number from 0 up to"),
        (
            lambda: train(P, regression, [], SGD(0.1), max_norm=0),
            "max_norm is 0, expected a number above 0",
        ),
        (lambda: clip(G, 0), "max_norm is 0, expected a number above 0"),
        (lambda: clip(G, None), "max_norm is None, expected a number above 0"),
        (lambda: clip_by_value(G, 0), "limit is 0, expected a number above 0"),
        (lambda: clip_by_value(G, -1.0), "limit is -1.0, expected a number above 0"),
        (lambda: clip_by_value(G, np.nan), "limit is nan, expected a number above 0"),
        (lambda: SGD(0.1).step(P, G[:1]), "grads has 3 arrays, expected 5 as params has"),
        (lambda: Adam().step(P, (G[0], G[1].W_hy)), "grads has 4 arrays, expected 5 as params has"),
        (
            lambda: SGD(0.1).step(P[1], G[1]._replace(b_y=np.ones(1))),
            "grads has an array of shape (1,) and dtype float64 at place 1, expected (2,) and",
        ),
        (
            lambda: Adam().step(P[1], G[1]._replace(W_hy=G[1].W_hy.astype("f4"))),
            "grads has an array of shape (2, 4) and dtype float32 at place 0, expected (2, 4) and",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tree_map(None, P), "function is None, expected a function"),
        (lambda: global_norm((G, 3.0)), "grads, array 5, is a float, expected a float NumPy array"),
        (lambda: global_norm([1.0]), "grads is a list, expected a float NumPy array"),
        (lambda: clip_by_value([1.0], 1), "grads is a list, expected a float NumPy array"),
        (lambda: train([1.0], regression, [], SGD(0.1)), "params is a list, expected a float"),
        (lambda: train(P, 3, [], SGD(0.1)), "loss_and_grads is 3, expected a function"),
        (lambda: train(P, regression, 3, SGD(0.1)), "batches is a int, expected a list of batch"),
        (lambda: train(P, regression, [], SGD), "optimizer is <class"),
        (lambda: train(P, regression, [], 0.1), "optimizer is 0.1, expected an SGD(...) or Adam"),
        (
            lambda: train(P, regression, [], SGD(0.1), transform=3),
            "transform is 3, expected a function",
        ),
        (lambda: train(P, regression, [], SGD(0.1), project=3), "project is 3, expected a functi"),
    ],
)
def test_a_wrong_type_is_named(call, message):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value).startswith(message)
