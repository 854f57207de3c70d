"""Losses: a value and the gradient it sends upstream.

Whether a loss is a sum or a mean is never a default: the gradient depends on it, and so do
the learning rate and the clipping threshold that fit.  A mask leaves out padded steps: they
add nothing to the value, get no gradient and are not counted in a mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unrolled.axes import Axes

Array = np.ndarray
LEADING = {1: "Q", 2: "N Q", 3: "T N Q"}


class Loss(NamedTuple):
    """A loss and its gradient with respect to the prediction."""

    value: float
    grad: Array  # the shape of the prediction


def softmax(logits: Array) -> Array:
    """Probabilities from logits over the last axis; any finite logits, none overflows."""
    _check_prediction("logits", logits)
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """Logarithms of :func:`softmax`, exact where the probability itself rounds to 0."""
    _check_prediction("logits", logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax_cross_entropy(
    logits: Array, targets: Array, *, reduction: str, mask: Array | None = None
) -> Loss:
    """Minus the log probability of the right class, in nats.

    Parameters
    ----------
    logits: (Q,), (N, Q) or (T, N, Q).
    targets: whole numbers in 0..Q-1, the shape of logits without the last axis.
    reduction: ``"sum"`` over all positions, or ``"mean"``: the sum divided by their number.
    mask: booleans with the shape of targets, True where the position counts; None is all.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    _check_prediction("logits", logits)
    Q = logits.shape[-1]
    mask = _check_mask(mask, logits.shape[:-1])
    targets = _check_targets(targets, mask, Q)
    scale = _scale(reduction, mask.sum())

    log_p = log_softmax(np.where(mask[..., None], logits, 0))  # padding may hold anything
    chosen = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    one_hot = np.arange(Q) == targets[..., None]
    grad = np.where(mask[..., None], np.exp(log_p) - one_hot, 0)
    return Loss((0.0 - float(chosen[mask].sum())) * scale, (grad * scale).astype(logits.dtype))


def squared_error(
    prediction: Array, target: Array, *, reduction: str, mask: Array | None = None
) -> Loss:
    """(prediction - target)**2, added over all numbers or averaged over them as torch does.

    Parameters
    ----------
    prediction: (Q,), (N, Q) or (T, N, Q).
    target: the same shape and dtype.
    reduction: ``"sum"``, or ``"mean"``: the sum divided by the number of numbers that count.
    mask: booleans, the shape of prediction without the last axis; None is all True.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    axes = _check_prediction("prediction", prediction)
    axes.check("target", target, LEADING[prediction.ndim])
    mask = _check_mask(mask, prediction.shape[:-1])
    scale = _scale(reduction, mask.sum() * prediction.shape[-1])

    error = np.zeros_like(prediction)
    np.subtract(prediction, target, out=error, where=mask[..., None])
    return Loss(float((error**2).sum()) * scale, (2 * scale * error).astype(prediction.dtype))


def _check_prediction(name: str, prediction: Array) -> Axes:
    axes = Axes()
    axes.check(name, prediction, LEADING.get(getattr(prediction, "ndim", 0), "T N Q"))
    return axes


def _check_mask(mask: Array | None, shape: tuple[int, ...]) -> Array:
    if mask is None:
        return np.ones(shape, bool)
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        kind = f"array of {mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"mask is a {kind}, expected a NumPy array of booleans.")
    if mask.shape != shape:
        raise ValueError(f"mask has shape {mask.shape}, expected {shape}.")
    if not mask.any():
        raise ValueError("mask is False everywhere, expected at least one position that counts.")
    return mask


def _check_targets(targets: Array, mask: Array, Q: int) -> Array:
    """The targets, with class 0 put where the mask says that they do not count."""
    targets = np.asarray(targets)
    if not np.issubdtype(targets.dtype, np.integer):
        raise TypeError(f"targets has dtype {targets.dtype}, expected whole numbers.")
    if targets.shape != mask.shape:
        raise ValueError(f"targets has shape {targets.shape}, expected {mask.shape}.")
    low, high = targets[mask].min(), targets[mask].max()
    if low < 0 or high >= Q:
        raise ValueError(f"targets goes from {low} to {high}, expected 0 to {Q - 1}.")
    return np.where(mask, targets, 0)


def _scale(reduction: str, count: int) -> float:
    """What a sum is multiplied by: 1, or 1 over the count for a mean."""
    if not isinstance(reduction, str) or reduction not in ("sum", "mean"):
        raise ValueError(f"reduction is {reduction!r}, expected 'sum' or 'mean'.")
    return 1.0 if reduction == "sum" else 1.0 / float(count)
