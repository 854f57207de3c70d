r"""The feed-forward network: layers with weights of their own, and the gradient through depth.

.. math::

    z_k = h_{k-1} W_k^\top + b_k, \qquad h_k = \varphi(z_k), \qquad h_0 = x

for the hidden layers k = 1..R; the last layer has no activation and gives y.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from unrolled import activations, losses
from unrolled.axes import Axes, check_float, check_generator, check_labels, check_size

Array = np.ndarray


class Layer(NamedTuple):
    """The weights of one layer."""

    W: Array  # (to, from)
    b: Array  # (to,)


Params = tuple[Layer, ...]  # the hidden layers in order, then the output layer


class Tape(NamedTuple):
    """What :func:`forward` keeps for :func:`backward`.  It shares memory: change nothing in it."""

    x: Array  # (N, D)
    params: Params
    z: tuple[Array, ...]  # R times (N, to): the preactivations of the hidden layers
    h: tuple[Array, ...]  # R times (N, to): their outputs
    activation: str


class Grads(NamedTuple):
    """Gradients of the loss, each with the shape of what it belongs to."""

    params: Params
    x: Array  # (N, D)
    h: tuple[Array, ...]  # R times (N, to): dL/dh of the hidden layers


SCHEMES = {
    "normal": lambda n_from, n_to: 1.0,
    "xavier": lambda n_from, n_to: np.sqrt(2 / (n_from + n_to)),
    "he": lambda n_from, n_to: np.sqrt(2 / n_from),
    "lecun": lambda n_from, n_to: np.sqrt(1 / n_from),
}


def init(
    sizes: Sequence[int], rng: np.random.Generator, *, scheme: str, dtype: type = np.float64
) -> Params:
    """Random weights from a normal distribution of mean 0; all biases 0.

    Parameters
    ----------
    sizes: numbers of inputs, of units of each hidden layer, and of outputs: two or more.
    rng: the source of randomness.
    scheme: the standard deviation of the weights of a layer with n inputs and m units.
        ``"normal"``: 1, whatever the size.
        ``"xavier"``: sqrt(2 / (n + m)).  Source: Glorot and Bengio (2010), equation 12.
        ``"he"``: sqrt(2 / n).  Source: He, Zhang, Ren and Sun (2015), equation 10.
        ``"lecun"``: sqrt(1 / n).  Source: LeCun, Bottou, Orr and Müller (1998), equation 16.
    dtype: ``numpy.float64`` or ``numpy.float32``.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    if not isinstance(sizes, Sequence) or isinstance(sizes, str):
        raise TypeError(f"sizes is a {type(sizes).__name__}, expected a list of whole numbers.")
    if len(sizes) < 2:
        raise ValueError(f"sizes has {len(sizes)} entries, expected inputs and outputs at least.")
    for place, size in enumerate(sizes):
        check_size(f"sizes[{place}]", size)
    check_generator("rng", rng)
    check_float("dtype", dtype)
    if not isinstance(scheme, str) or scheme not in SCHEMES:
        raise ValueError(f"scheme is {scheme!r}, expected one of {', '.join(SCHEMES)}.")
    layers = []
    for n_from, n_to in zip(sizes[:-1], sizes[1:], strict=True):
        deviation = SCHEMES[scheme](n_from, n_to)
        W = deviation * rng.standard_normal((n_to, n_from))
        layers.append(Layer(W.astype(dtype), np.zeros(n_to, dtype)))
    return tuple(layers)


def forward(x: Array, params: Params, activation: str) -> tuple[Array, Tape]:
    """Run the network over a batch.

    Parameters
    ----------
    x: (N, D) inputs.
    params: the weights; the last layer gives the outputs, without activation.
    activation: one of ``activations.ACTIVATIONS``, for the hidden layers.

    Returns
    -------
    y: (N, Q) the outputs.
    tape: what :func:`backward` needs.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    check_inputs(x, params)
    phi = activations.get(activation).function
    zs, hs, h = [], [], x
    for W, b in params[:-1]:
        z = h @ W.T + b
        h = phi(z)
        zs.append(z)
        hs.append(h)
    W, b = params[-1]
    return h @ W.T + b, Tape(x, params, tuple(zs), tuple(hs), activation)


def backward(dy: Array, tape: Tape) -> Grads:
    """Backpropagation through the layers.

    Parameters
    ----------
    dy: (N, Q) upstream gradient: how the loss changes with the outputs.
    tape: what :func:`forward` returned.

    Returns
    -------
    All gradients, summed over the batch for the weights.  No argument is changed.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    if not isinstance(tape, Tape):
        raise TypeError(f"tape is a {type(tape).__name__}, expected the mlp.Tape of forward.")
    x, params, zs, hs, activation = tape
    axes = Axes()
    axes.check("tape.x", x, "N D")
    axes.sizes["Q"] = len(params[-1].b)
    axes.check("dy", dy, "N Q")

    derivative = activations.get(activation).derivative
    layers, dhs, dz = [], [], dy
    for k in reversed(range(len(params))):
        below = hs[k - 1] if k > 0 else x
        layers.append(Layer(dz.T @ below, dz.sum(axis=0)))
        dbelow = dz @ params[k].W
        if k > 0:
            dhs.append(dbelow)
            dz = dbelow * derivative(zs[k - 1])
    return Grads(tuple(reversed(layers)), dbelow, tuple(reversed(dhs)))


def loss_and_grads(
    params: Params, batch: tuple[Array, Array], *, activation: str
) -> tuple[float, Params]:
    """Mean cross-entropy of a batch (x, labels) and its gradients, for ``training.train``."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise TypeError(f"batch is {batch!r}, expected a pair: inputs and labels.")
    x, labels = batch
    y, tape = forward(x, params, activation)
    loss = losses.softmax_cross_entropy(y, labels, reduction="mean")
    return loss.value, backward(loss.grad, tape).params


def accuracy(params: Params, x: Array, labels: Array, activation: str) -> float:
    """The fraction of inputs whose largest output belongs to their label; NaN if an output is."""
    y, _ = forward(x, params, activation)
    check_labels("labels", labels, *y.shape)
    right = y.argmax(axis=1) == labels
    return float(right.mean()) if not np.isnan(y).any() else float("nan")


def check_inputs(x: Array, params: Params) -> None:
    """Raise unless the inputs and the layers fit together."""
    if not isinstance(params, tuple) or isinstance(params, Layer) or not params:
        raise TypeError(f"params is a {type(params).__name__}, expected a tuple of mlp.Layer.")
    axes = Axes()
    axes.check("x", x, "N n0")
    for k, layer in enumerate(params):
        if not isinstance(layer, Layer):
            kind = type(layer).__name__
            raise TypeError(f"params[{k}] is a {kind}, expected mlp.Layer.")
        axes.check(f"params[{k}].W", layer.W, f"n{k + 1} n{k}")
        axes.check(f"params[{k}].b", layer.b, f"n{k + 1}")
