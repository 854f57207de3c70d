"""Read a sequence, then answer once: a recurrent cell and a readout of its last state.

The cell is a plain recurrent network or an LSTM and starts from zero states.  The loss is that
of the one answer, so the upstream gradient is zero at every step but the last: whatever an
earlier step hears of the loss has come back through time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from unrolled import losses, lstm, readout, rnn
from unrolled.axes import Axes, check_labels

Array = np.ndarray
Batch = tuple[Array, Array]  # x (T, N, D), and labels (N,) or a target (N, Q)


class Params(NamedTuple):
    """The weights of a cell and of the readout after it."""

    cell: rnn.Params | lstm.Params
    out: readout.Params


class Grads(NamedTuple):
    """The gradients of both parts; ``grads.cell.h[t]`` is what state t+1 hears of the loss."""

    cell: rnn.Grads | lstm.Grads
    out: readout.Grads


def init(
    input_size: int,
    hidden_size: int,
    output_size: int,
    rng: np.random.Generator,
    *,
    cell: Callable[..., rnn.Params | lstm.Params] = rnn.init,
) -> Params:
    """Random weights.

    Parameters
    ----------
    input_size: D, the number of features of one input.
    hidden_size: H, the number of hidden units.
    output_size: Q, the number of outputs, such as one a class.
    rng: the source of randomness, first for the cell, then for the readout.
    cell: makes the weights of the cell from (D, H, rng): ``rnn.init``, ``lstm.init``, or one of
        them with options, such as ``functools.partial(lstm.init, forget_bias=1.0)``.  The
        readout gets the dtype of the cell.

    >>> from functools import partial
    >>> orthogonal = partial(rnn.init, recurrent="orthogonal")
    >>> params = init(2, 3, 1, np.random.default_rng(0), cell=orthogonal)
    >>> params.cell.W_hh.shape, params.out.W_hy.shape
    ((3, 3), (1, 3))
    """
    if not callable(cell):
        raise TypeError(f"cell is {cell!r}, expected a function such as rnn.init or lstm.init.")
    weights = cell(input_size, hidden_size, rng)
    _check_cell("what cell returns", weights)
    return Params(weights, readout.init(hidden_size, output_size, rng, weights.W_hh.dtype))


def states(params: Params, x: Array, activation: str = "tanh") -> Array:
    """The hidden states (T, N, H) after each step of x (T, N, D), from a zero state."""
    return _forward(params, x, activation)[0]


def answer(params: Params, x: Array, activation: str = "tanh") -> Array:
    """The answers (N, Q) to the sequences x (T, N, D), given after the last step."""
    return readout.forward(states(params, x, activation)[-1], params.out)


def accuracy(params: Params, x: Array, labels: Array, activation: str = "tanh") -> float:
    """The share of sequences whose largest output is that of the right class, labels (N,).

    NaN if an output is: then no class has the largest.
    """
    y = answer(params, x, activation)
    check_labels("labels", labels, *y.shape)
    right = y.argmax(axis=-1) == labels
    return float(right.mean()) if not np.isnan(y).any() else float("nan")


def backward(
    params: Params, batch: Batch, *, activation: str = "tanh", loss: str = "cross_entropy"
) -> tuple[float, Grads]:
    """The loss, and everything that :func:`unrolled.rnn.backward` or that of the LSTM tells.

    Parameters
    ----------
    params: the weights; they are not changed.
    batch: the inputs x (T, N, D), and what the answers should be: labels (N,) for
        ``"cross_entropy"``, a target (N, Q) for ``"squared_error"``.
    activation: that of a plain recurrent network; an LSTM has ``"tanh"`` alone.
    loss: ``"cross_entropy"`` of the softmax, or ``"squared_error"``, added over the outputs.
        Either is a mean over the N sequences.
    """
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise TypeError(f"batch is {batch!r}, expected a pair: inputs and what to answer.")
    x, target = batch
    h, tape = _forward(params, x, activation)
    y = readout.forward(h[-1], params.out)
    value, dy = _loss(y, target, loss)
    out = readout.backward(dy, h[-1], params.out)
    dh = np.zeros_like(h)
    dh[-1] = out.h
    if isinstance(tape, lstm.Tape):
        return value, Grads(lstm.backward(dh, np.zeros_like(tape.c0), tape), out)
    return value, Grads(rnn.backward(dh, tape), out)


def loss_and_grads(
    params: Params, batch: Batch, *, activation: str = "tanh", loss: str = "cross_entropy"
) -> tuple[float, Params]:
    """The loss and the gradients of the weights, as :func:`unrolled.training.train` wants them.

    The arguments are those of :func:`backward`.  For other options than the default ones, hand
    ``functools.partial(loss_and_grads, loss="squared_error")`` to ``train``.
    """
    value, grads = backward(params, batch, activation=activation, loss=loss)
    return value, Params(grads.cell.params, grads.out.params)


def _forward(params: Params, x: Array, activation: str) -> tuple[Array, rnn.Tape | lstm.Tape]:
    if not isinstance(params, Params):
        raise TypeError(f"params is a {type(params).__name__}, expected reader.Params.")
    cell = params.cell
    _check_cell("params.cell", cell)
    axes = Axes()
    axes.check("x", x, "T N D")
    (rnn if isinstance(cell, rnn.Params) else lstm).check_params(cell, axes)
    readout.check_params(params.out, axes)
    start = np.zeros((x.shape[1], cell.W_hh.shape[1]), cell.W_hh.dtype)
    if isinstance(cell, rnn.Params):
        return rnn.forward(x, start, cell, activation)
    if activation != "tanh":
        raise ValueError(f"activation is {activation!r}, expected 'tanh' with an LSTM.")
    h, _, tape = lstm.forward(x, start, start, cell)
    return h, tape


def _loss(y: Array, target: Array, loss: str) -> losses.Loss:
    """The loss of the answers, a mean over sequences, and its gradient."""
    if not isinstance(loss, str) or loss not in ("cross_entropy", "squared_error"):
        raise ValueError(f"loss is {loss!r}, expected 'cross_entropy' or 'squared_error'.")
    if loss == "cross_entropy":
        return losses.softmax_cross_entropy(y, target, reduction="mean")
    value, grad = losses.squared_error(y, target, reduction="sum")
    return losses.Loss(value / len(y), grad / y.dtype.type(len(y)))


def _check_cell(name: str, cell: object) -> None:
    if not isinstance(cell, rnn.Params | lstm.Params):
        raise TypeError(f"{name} is a {type(cell).__name__}, expected rnn.Params or lstm.Params.")
