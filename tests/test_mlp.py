"""The feed-forward network: torch gets the equation and finds the same gradients."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from unrolled import losses, mlp, referee, training
from unrolled.activations import ACTIVATIONS
from unrolled.mlp import Layer

SIZES = (3, 5, 4, 6, 2)  # all different
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def problem(sizes=SIZES, N=7, dtype=np.float64, seed=0):
    """Random inputs, weights, biases and upstream gradient; nothing in them is zero."""
    rng = np.random.default_rng(seed)
    params = mlp.init(sizes, rng, scheme="he", dtype=dtype)
    params = tuple(Layer(W, rng.normal(size=b.shape).astype(dtype)) for W, b in params)
    x, dy = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    return x.astype(dtype), params, dy.astype(dtype)


def named(grads):
    """All gradients by name."""
    weights = {f"{f}[{k}]": a for k, layer in enumerate(grads.params)
               for f, a in zip("Wb", layer, strict=True)}  # fmt: skip
    return {"x": grads.x, **{f"h[{k}]": a for k, a in enumerate(grads.h)}, **weights}


def by_torch(x, params, dy, activation):
    """The outputs and the same names, from autograd."""
    leaf = lambda a: torch.from_numpy(a.copy()).requires_grad_()  # noqa: E731
    x_, weights, hs = leaf(x), [Layer(leaf(W), leaf(b)) for W, b in params], []
    h = x_
    for W, b in weights[:-1]:
        h = referee.ACTIVATIONS[activation](torch.nn.functional.linear(h, W, b))
        h.retain_grad()
        hs.append(h)
    y = torch.nn.functional.linear(h, *weights[-1])
    y.backward(torch.from_numpy(dy))
    grads = mlp.Grads(
        tuple(Layer(W.grad.numpy(), b.grad.numpy()) for W, b in weights),
        x_.grad.numpy(),
        tuple(h.grad.numpy() for h in hs),
    )
    return y.detach().numpy(), named(grads)


@every_activation
@pytest.mark.parametrize("sizes", [(3, 2), (1, 1, 1, 1), SIZES])
def test_forward_and_backward_against_torch(activation, sizes):
    x, params, dy = problem(sizes)
    y, tape = mlp.forward(x, params, activation)
    theirs_y, theirs = by_torch(x, params, dy, activation)
    assert_allclose(y, theirs_y, rtol=1e-12)
    ours = named(mlp.backward(dy, tape))
    result = referee.compare(ours, theirs)
    assert result.passed, result
    assert len(ours) == 1 + 3 * len(sizes) - 4  # x, every h, and W and b of every layer


def backward_with(fault, dy, tape):
    """A backward pass with one fault."""
    x, params, zs, hs, activation = tape
    phi, layers, dhs, dz = ACTIVATIONS[activation], [], [], dy
    for k in reversed(range(len(params))):
        below = hs[k - 1] if k > 0 else x
        if fault == "z for h" and k > 0:
            below = zs[k - 1]
        db = dz.mean(axis=0) if fault == "batch averaged" else dz.sum(axis=0)
        layers.append(Layer(dz.T @ below, db))
        dbelow = dz @ params[k].W
        if k > 0:
            dhs.append(dbelow)
            at = hs[k - 1] if fault == "derivative at h" else zs[k - 1]
            dz = dbelow * (1 if fault == "derivative dropped" else phi.derivative(at))
    return named(mlp.Grads(tuple(reversed(layers)), dbelow, tuple(reversed(dhs))))


def test_every_fault_is_found():
    x, params, dy = problem()
    _, tape = mlp.forward(x, params, "tanh")
    _, theirs = by_torch(x, params, dy, "tanh")
    biases = {f"b[{k}]" for k in range(4)}
    below = {"x", "h[0]", "h[1]"} | {f"{f}[{k}]" for f in "Wb" for k in range(3)}
    for fault, wrong in {
        "": set(),
        "z for h": {"W[1]", "W[2]", "W[3]"},
        "batch averaged": biases,
        "derivative at h": below,
        "derivative dropped": below,
    }.items():
        assert set(referee.compare(backward_with(fault, dy, tape), theirs).wrong) == wrong, fault


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_activation
def test_dtypes_shapes_and_untouched_arguments(activation, dtype):
    x, params, dy = problem(dtype=dtype)
    arguments = [x, dy, *training.leaves(params)]
    before = [a.copy() for a in arguments]
    y, tape = mlp.forward(x, params, activation)
    grads = mlp.backward(dy, tape)
    assert y.shape == dy.shape and y.dtype == dtype
    assert [z.shape for z in tape.z] == [h.shape for h in tape.h] == [h.shape for h in grads.h]
    for ours, theirs in zip(training.leaves(grads.params), training.leaves(params), strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, dtype)
    assert grads.x.shape == x.shape and grads.x.dtype == dtype
    for argument, copy in zip(arguments, before, strict=True):
        assert_array_equal(argument, copy)


@pytest.mark.parametrize(
    ("scheme", "deviation"),
    [("normal", 1), ("xavier", (2 / 700) ** 0.5), ("he", 0.1), ("lecun", (1 / 200) ** 0.5)],
)
def test_schemes(scheme, deviation):
    """200 inputs, 500 units: 100,000 weights give their deviation to half a per cent."""
    (W, b), _ = mlp.init([200, 500, 2], np.random.default_rng(0), scheme=scheme)
    assert W.shape == (500, 200) and not b.any()
    assert W.std() == pytest.approx(deviation, rel=0.01)
    assert abs(W.mean()) < 0.02 * deviation
    kurtosis = ((W / W.std()) ** 4).mean()
    assert kurtosis == pytest.approx(3, abs=0.1)  # a uniform distribution has 1.8


def test_init_follows_the_generator_and_the_dtype():
    draw = lambda seed, dtype=np.float64: mlp.init(  # noqa: E731
        [2, 3, 1], np.random.default_rng(seed), scheme="he", dtype=dtype
    )
    assert_array_equal(draw(0)[0].W, draw(0)[0].W)
    assert not np.array_equal(draw(0)[0].W, draw(1)[0].W)
    assert all(a.dtype == np.float32 for a in training.leaves(draw(0, np.float32)))
    assert_array_equal(draw(0, np.float32)[1].W, draw(0)[1].W.astype(np.float32))


def test_loss_and_grads_train_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)  # no straight line divides these
    params = mlp.init([2, 16, 2], rng, scheme="he")
    loss = lambda p, batch: mlp.loss_and_grads(p, batch, activation="relu")  # noqa: E731
    first, _ = loss(params, (x, labels))
    y, _ = mlp.forward(x, params, "relu")
    assert first == losses.softmax_cross_entropy(y, labels, reduction="mean").value
    untrained = mlp.accuracy(params, x, labels, "relu")
    assert untrained == (y.argmax(axis=1) == labels).mean()
    params, history = training.train(params, loss, [(x, labels)] * 300, training.SGD(0.5))
    assert history.loss[0] == first and mlp.accuracy(params, x, labels, "relu") > 0.95


X, P, DY = problem()
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mlp.init(5, RNG, scheme="he"), TypeError, "sizes is a int, expected a list"),
        (lambda: mlp.init("23", RNG, scheme="he"), TypeError, "sizes is a str,"),
        (lambda: mlp.init([5], RNG, scheme="he"), ValueError, "sizes has 1 entries,"),
        (lambda: mlp.init([5, 0], RNG, scheme="he"), ValueError, r"sizes\[1\] is 0,"),
        (lambda: mlp.init([5, 2.0], RNG, scheme="he"), TypeError, r"sizes\[1\] is 2.0,"),
        (lambda: mlp.init([5, 2], 0, scheme="he"), TypeError, "rng is a int,"),
        (
            lambda: mlp.init([5, 2], RNG, scheme="He"),
            ValueError,
            "scheme is 'He', expected one of n.*, xa",
        ),
        (lambda: mlp.init([5, 2], RNG, scheme="he", dtype=int), TypeError, "dtype is"),
        (lambda: mlp.forward(X, P, "swish"), ValueError, "activation is 'swish',"),
        (lambda: mlp.forward(X[0], P, "tanh"), ValueError, r"x has shape .*\(N, n0\): 1 axes"),
        (
            lambda: mlp.forward(X, (P[0]._replace(b=P[0].b[1:]), *P[1:]), "tanh"),
            ValueError,
            r"params\[0\].b has shape",
        ),
        (
            lambda: mlp.backward(DY, mlp.forward(X, P, "tanh")[1]._replace(x=X[0])),
            ValueError,
            "tape.x has shape",
        ),
        (
            lambda: mlp.accuracy(P, X, np.zeros(3, int), "tanh"),
            ValueError,
            "labels has shape",
        ),
        (lambda: mlp.forward(X.tolist(), P, "tanh"), TypeError, "x is a list,"),
        (lambda: mlp.forward(X, P[1:], "tanh"), ValueError, r"params\[0\].W has shape"),
        (lambda: mlp.forward(X, P[0], "tanh"), TypeError, "params is a Layer,"),
        (lambda: mlp.forward(X, [*P], "tanh"), TypeError, "params is a list,"),
        (lambda: mlp.forward(X, (), "tanh"), TypeError, "params is a tuple,"),
        (lambda: mlp.forward(X, ((1, 2),), "tanh"), TypeError, r"params\[0\] is a tuple,"),
        (lambda: mlp.forward(X.astype(np.float32), P, "tanh"), TypeError, r"params\[0\].W has dt"),
        (lambda: mlp.backward(DY, X), TypeError, "tape is a ndarray,"),
        (lambda: mlp.backward(DY[:3], mlp.forward(X, P, "tanh")[1]), ValueError, "dy has shape"),
        (lambda: mlp.backward(DY[:, :1], mlp.forward(X, P, "tanh")[1]), ValueError, "dy has sh"),
    ],
)
def test_what_does_not_fit_is_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
