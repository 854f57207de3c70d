"""4.2 Lengths on the way back"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import gradients, rnn
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES


def gradient_lengths(dh_T: Array, h: Array, W_hh: Array) -> Array:
    T, g = len(h), dh_T
    lengths = np.empty(T)
    for t in reversed(range(T)):
        lengths[t] = np.linalg.norm(g, axis=1).mean()
        g = (g * (1 - h[t] ** 2)) @ W_hh
    return lengths


def lengths_from_lag_matrix(dh_T: Array, h: Array, W_hh: Array) -> Array:
    H, (T, N) = len(W_hh), h.shape[:2]
    params = rnn.Params(np.zeros((H, 1)), W_hh, np.zeros(H))
    tape = rnn.Tape(np.zeros((T, N, 1)), np.zeros((N, H)), params, h, "tanh")
    dh = np.zeros_like(h)
    dh[-1] = dh_T
    return gradients.lag_matrix(dh, tape)[-1]


def lengths_by_products(dh_T: Array, h: Array, W_hh: Array) -> Array:
    J = (1 - h**2)[..., None] * W_hh
    product, found = np.broadcast_to(np.eye(len(W_hh)), J.shape[1:]), []
    for t in range(len(h) - 1, -1, -1):
        found.append(np.sqrt((np.einsum("ni,nij->nj", dh_T, product) ** 2).sum(1)).mean())
        product = product @ J[t]
    return np.array(found[::-1])


def lengths_as(
    *,
    step: Callable[[Array, Array, Array], Array] = lambda g, slope, W: (g * slope) @ W,
    size: Callable[[Array], float] = lambda g: np.linalg.norm(g, axis=1).mean(),
    slope: Callable[[Array], Array] = lambda h: 1 - h**2,
    late: int = 0,
    finish: Callable[[Array], Array] = lambda lengths: lengths,
) -> Callable[[Array, Array, Array], Array]:
    """The lengths; each option is one thing that people get wrong."""

    def wrong(dh_T: Array, h: Array, W_hh: Array) -> Array:
        T, g = len(h), dh_T
        lengths = np.empty(T)
        for t in reversed(range(T)):
            lengths[t] = size(g)
            g = step(g, slope(h[max(t - late, 0)]), W_hh)
        return finish(lengths)

    return wrong


def one_step_too_far(dh_T: Array, h: Array, W_hh: Array) -> Array:
    T, g = len(h), dh_T
    lengths = np.empty(T)
    for t in reversed(range(T)):
        g = (g * (1 - h[t] ** 2)) @ W_hh
        lengths[t] = np.linalg.norm(g, axis=1).mean()
    return lengths


def _forward_in_time(dh_T: Array, h: Array, W_hh: Array) -> Array:
    g, lengths = dh_T, np.empty(len(h))
    for t, h_t in enumerate(h):
        lengths[t] = np.linalg.norm(g, axis=1).mean()
        g = (g * (1 - h_t**2)) @ W_hh
    return lengths


def draw_way_back(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {
        "dh_T": rng.normal(size=(N, H)),
        "h": np.tanh(rng.normal(size=(T, N, H))),
        "W_hh": 1.5 * rng.normal(size=(H, H)) / np.sqrt(H),
    }


EXERCISE = CodeExercise(
    "4.2",
    "Lengths on the way back",
    difficulty=2,
    minutes=12,
    task="Write `gradient_lengths`: how long is the gradient of one last loss at each state?",
    hints=(
        "Walk from the last state to the first. At each: note the length, then take one step "
        "back, through the slope of that state and `W_hh`.",
        "for t in reversed(range(T)): lengths[t] = np.linalg.norm(g, axis=1).mean(), then "
        "g = (g * (1 - h[t]**2)) @ W_hh; g starts as dh_T.",
    ),
    reference=gradient_lengths,
    also_right=(lengths_by_products, lengths_from_lag_matrix),
    cases=every_size(draw_way_back),
    outputs={"lengths": "T"},
    mistakes=(
        Mistake(
            "The gradients are averaged over the batch before they are measured. Gradients of "
            "different sequences point different ways and cancel: measure each, then average.",
            lengths_as(size=lambda g: np.linalg.norm(g.mean(axis=0))),
        ),
        Mistake(
            "One norm is taken over all sequences together, which grows with the batch. "
            "Measure each sequence, then average.",
            lengths_as(size=np.linalg.norm),
        ),
        Mistake(
            "One norm is taken over all sequences together and divided by their number. That "
            "is no mean of lengths: measure each sequence, then average.",
            lengths_as(size=lambda g: np.linalg.norm(g) / len(g)),
        ),
        Mistake(
            "The squares are averaged, and the root taken after that. Lengths are asked for, "
            "averaged.",
            lengths_as(size=lambda g: np.sqrt((g**2).sum(axis=1).mean())),
        ),
        Mistake(
            "These are squared lengths: where is the root?",
            lengths_as(size=lambda g: (g**2).sum(axis=1).mean()),
        ),
        Mistake(
            "The lengths are added over the sequences; their mean is asked for.",
            lengths_as(size=lambda g: np.linalg.norm(g, axis=1).sum()),
        ),
        Mistake(
            "The norm runs along the axis of the sequences. A gradient is a vector of H "
            "numbers: take the norm along axis 1.",
            lengths_as(size=lambda g: np.linalg.norm(g, axis=0).mean()),
        ),
        Mistake(
            "Absolute values are added: that is another length. The Euclidean one is the root "
            "of the sum of squares.",
            lengths_as(size=lambda g: np.abs(g).sum(axis=1).mean()),
        ),
        Mistake(
            "These are logs of lengths. Good for a plot; the lengths themselves are asked for.",
            lengths_as(finish=np.log),
        ),
        Mistake(
            "The loop runs forward. The gradient starts at the LAST state: walk from T - 1 "
            "down to 0.",
            _forward_in_time,
        ),
        *(Mistake(text, lengths_as(slope=slope)) for text, slope in WRONG_SLOPES),
        Mistake(
            "The gradient goes back through `W_hh.T`. With states as rows, forward is "
            "`h @ W_hh.T`; backward is the other one.",
            lengths_as(step=lambda g, slope, W: (g * slope) @ W.T),
        ),
        Mistake(
            "The slope comes after `W_hh`. On the way back the gradient meets the tanh of the "
            "later state first.",
            lengths_as(step=lambda g, slope, W: (g @ W) * slope),
        ),
        Mistake(
            "The slope is that of the state arrived at. The step from h[t] back to h[t-1] "
            "passes the tanh that made h[t].",
            lengths_as(late=1),
        ),
        Mistake(
            "Every length belongs to one state earlier: note the length BEFORE the step back. "
            "At the last state nothing has happened yet.",
            one_step_too_far,
        ),
        Mistake(
            "The lengths are divided by the last one. That is good for a plot; here the "
            "lengths themselves are asked for.",
            lengths_as(finish=lambda lengths: lengths / lengths[-1]),
        ),
        Mistake(
            "The order is that of the walk, from late to early; entry t belongs to h[t].",
            lengths_as(finish=lambda lengths: lengths[::-1]),
        ),
    ),
)
