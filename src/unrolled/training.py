"""Gradient descent: two optimizers, clipping, and one training loop.

Parameters are NamedTuples of arrays, or tuples of such NamedTuples; gradients come in the
same arrangement.  Nothing is updated in place: each step returns new parameters.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from unrolled.axes import check_floats, check_function

Tree = Any  # an array, or a (named) tuple of trees


def tree_map(function: Callable, tree: Tree, *others: Tree) -> Tree:
    """Apply ``function`` to the arrays of one or more trees of the same arrangement."""
    check_function("function", function)
    if isinstance(tree, tuple):
        branches = [tree_map(function, *branch) for branch in zip(tree, *others, strict=True)]
        return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)
    return function(tree, *others)


def leaves(tree: Tree) -> list[np.ndarray]:
    """The arrays of a tree, left to right."""
    return [a for branch in tree for a in leaves(branch)] if isinstance(tree, tuple) else [tree]


def global_norm(grads: Tree) -> float:
    """Euclidean norm of all gradients together, as one long vector, computed in float64.

    Squares that overflow do no harm: the norm is infinite only if a gradient is.
    """
    check_tree("grads", grads)
    wide = [g.astype(np.float64) for g in leaves(grads)]
    with np.errstate(over="ignore"):
        norm = float(np.sqrt(sum((g**2).sum() for g in wide)))
    if norm == np.inf and np.isfinite(largest := _largest(grads)):
        norm = largest * float(np.sqrt(sum(((g / largest) ** 2).sum() for g in wide)))
    return norm


def clip(grads: Tree, max_norm: float) -> tuple[Tree, float]:
    """Scale all gradients by one factor so that their norm is at most ``max_norm``.

    The direction stays.  Returns the gradients and the norm they had before.
    Clipping repairs no gradient: if one holds NaN or infinity, there is no direction to keep,
    all are returned as they are, and the norm is NaN or infinity.
    Source: Pascanu, Mikolov and Bengio (2013).
    """
    max_norm = _positive("max_norm", max_norm)
    norm = global_norm(grads)
    if not max_norm < norm < np.inf:
        return grads, norm
    return tree_map(lambda g: g * g.dtype.type(max_norm / norm), grads), norm


def clip_by_value(grads: Tree, limit: float) -> tuple[Tree, float]:
    """Move every number of all gradients into [-limit, limit], each for itself.

    Large numbers shrink and small ones stay, so the direction changes, unlike with :func:`clip`.
    Returns the gradients and the largest absolute value they had before.
    NaN stays NaN; infinity, of which at least the sign is known, becomes the limit.
    """
    check_tree("grads", grads)
    limit = _positive("limit", limit)
    clipped = tree_map(lambda g: g.clip(-g.dtype.type(limit), g.dtype.type(limit)), grads)
    return clipped, _largest(grads)


def _largest(grads: Tree) -> float:
    """The largest absolute value; NaN if there is one."""
    return float(np.max([np.abs(g).max(initial=0) for g in leaves(grads)]))


class SGD:
    """Plain gradient descent: p - learning_rate * g."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = _positive("learning_rate", learning_rate)

    def step(self, params: Tree, grads: Tree) -> Tree:
        """Parameters after one step."""
        _check_grads(params, grads)
        return tree_map(lambda p, g: p - p.dtype.type(self.learning_rate) * g, params, grads)


class Adam:
    """Adam: steps of about the learning rate, whatever the scale of the gradient.

    Source: Kingma and Ba (2015), algorithm 1.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.learning_rate = _positive("learning_rate", learning_rate)
        self.beta1, self.beta2 = _fraction("beta1", beta1), _fraction("beta2", beta2)
        self.epsilon = _positive("epsilon", epsilon)
        self.t = 0
        self.m: Tree = None  # running mean of the gradients
        self.v: Tree = None  # running mean of their squares

    def step(self, params: Tree, grads: Tree) -> Tree:
        """Parameters after one step."""
        _check_grads(params, grads)
        if self.t == 0:
            self.m = self.v = tree_map(np.zeros_like, params)
        self.t += 1
        b1, b2 = self.beta1, self.beta2
        self.m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, self.m, grads)
        self.v = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, self.v, grads)
        rate = self.learning_rate * float(np.sqrt(1 - b2**self.t)) / (1 - b1**self.t)
        epsilon = self.epsilon * float(np.sqrt(1 - b2**self.t))
        return tree_map(
            lambda p, m, v: p - rate * m / (np.sqrt(v) + epsilon), params, self.m, self.v
        )


class History(NamedTuple):
    """What training looked like, one entry a step."""

    loss: np.ndarray  # (steps,)
    grad_norm: np.ndarray  # (steps,) before transform and clipping


def train(
    params: Tree,
    loss_and_grads: Callable[[Tree, Any], tuple[float, Tree]],
    batches: Iterable[Any],
    optimizer: SGD | Adam,
    *,
    max_norm: float | None = None,
    transform: Callable[[Tree], Tree] | None = None,
    project: Callable[[Tree], Tree] | None = None,
    label: str = "training",
) -> tuple[Tree, History]:
    """Take one optimizer step a batch.

    Parameters
    ----------
    params: where to start.
    loss_and_grads: from (params, batch) to the loss and its gradients.
    batches: what to learn from, in order; its length is the number of steps.
    optimizer: an :class:`SGD` or :class:`Adam`; Adam carries state, so make a new one a run.
    max_norm: clip gradients to this norm; None leaves them as they are.
    transform: from the gradients to those that the optimizer gets, before ``max_norm`` acts.
        With zeros in their place SGD skips a step; Adam goes on with what it remembers.
    project: from the parameters after each step to those that training goes on with, such as
        the nearest ones that obey a constraint.
    label: the name of the progress bar.  Set UNROLLED_QUIET=1 to have no bar.

    Raises
    ------
    FloatingPointError: the loss stopped being finite; the message says at which step.
    """
    check_tree("params", params)
    check_function("loss_and_grads", loss_and_grads)
    if not isinstance(batches, Iterable):
        raise TypeError(f"batches is a {type(batches).__name__}, expected a list of batches.")
    if not callable(getattr(optimizer, "step", None)) or isinstance(optimizer, type):
        raise TypeError(f"optimizer is {optimizer!r}, expected an SGD(...) or Adam(...).")
    if max_norm is not None:
        _positive("max_norm", max_norm)
    for name, function in (("transform", transform), ("project", project)):
        if function is not None:
            check_function(name, function)
    losses, norms = [], []
    quiet = os.environ.get("UNROLLED_QUIET") == "1"
    for step, batch in enumerate(tqdm(batches, desc=label, leave=False, disable=quiet)):
        loss, grads = loss_and_grads(params, batch)
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {step}.")
        norm = global_norm(grads)
        if transform is not None:
            grads = transform(grads)
        if max_norm is not None:
            grads, _ = clip(grads, max_norm)
        params = optimizer.step(params, grads)
        if project is not None:
            params = project(params)
        losses.append(loss)
        norms.append(norm)
    return params, History(np.array(losses), np.array(norms))


def check_tree(name: str, tree: Tree) -> None:
    """Raise unless ``tree`` holds at least one array and all it holds are float arrays."""
    arrays = leaves(tree)
    if not arrays:
        raise ValueError(f"{name} is {tree!r}, expected arrays, or tuples of them.")
    for number, array in enumerate(arrays):
        check_floats(f"{name}, array {number}," if isinstance(tree, tuple) else name, array)


def _check_grads(params: Tree, grads: Tree) -> None:
    """Raise unless every gradient has the shape and dtype of its parameter."""
    ours, theirs = leaves(params), leaves(grads)
    if len(ours) != len(theirs):
        raise ValueError(f"grads has {len(theirs)} arrays, expected {len(ours)} as params has.")
    for number, (p, g) in enumerate(zip(ours, theirs, strict=True)):
        if (np.shape(g), np.result_type(g)) != (p.shape, p.dtype):
            raise ValueError(
                f"grads has an array of shape {np.shape(g)} and dtype {np.result_type(g)} at "
                f"place {number}, expected {p.shape} and {p.dtype} as params has there."
            )


def _positive(name: str, value: float) -> float:
    if not isinstance(value, Real) or isinstance(value, bool) or not value > 0:
        raise ValueError(f"{name} is {value!r}, expected a number above 0.")
    return float(value)


def _fraction(name: str, value: float) -> float:
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(f"{name} is {value!r}, expected a number from 0 up to, not with, 1.")
    return float(value)
