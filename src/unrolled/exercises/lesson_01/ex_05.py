"""1.5 The clock that stops"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.lesson_01.ex_03 import draw_lengths
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def forward_padded(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states, h = [], h0
    for x_t, real in zip(x, mask, strict=True):
        h_new = np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        h = np.where(real[:, None], h_new, h)
        states.append(h)
    return np.stack(states)


def padded_one_by_one(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    h, params = np.empty((*mask.shape, len(b_h))), rnn.Params(W_xh, W_hh, b_h)
    for n, length in enumerate(mask.sum(axis=0)):
        h[:length, n] = rnn.forward(x[:length, [n]], h0[[n]], params)[0][:, 0]
        h[length:, n] = h[length - 1, n]
    return h


def padded_by_arithmetic(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    h, states = h0.copy(), np.zeros((*mask.shape, len(b_h)))
    for t in range(len(x)):
        m = mask[t].astype(float)[:, None]
        h = m * np.tanh(x[t] @ W_xh.T + h @ W_hh.T + b_h) + (1 - m) * h
        states[t] = h
    return states


def draw_padded(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    mask = np.arange(T)[:, None] < draw_lengths(rng, T, N)
    return {
        "x": rng.normal(size=(T, N, D)) * mask[:, :, None],
        "h0": rng.normal(size=(N, H)),
        "mask": mask,
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
    }


def _held(choose):
    """A padded run in which `choose(real, h_new, h, h0)` decides what the next state is."""

    def wrong(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
        states, h = [], h0
        for x_t, real in zip(x, mask, strict=True):
            h = choose(real[:, None], np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h), h, h0)
            states.append(h)
        return np.stack(states)

    return wrong


def _moves_behind_the_scenes(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    states, h = [], h0
    for x_t, real in zip(x, mask, strict=True):
        h_new = np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        states.append(np.where(real[:, None], h_new, h))
        h = h_new
    return np.stack(states)


def _one_step_late(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    late = np.concatenate([mask[:1], mask[:-1]])
    return forward_padded(x, h0, late, W_xh, W_hh, b_h)


EXERCISE = CodeExercise(
    "1.5",
    "The clock that stops",
    difficulty=2,
    minutes=12,
    task="Write `forward_padded`, the forward pass that holds a state still where its sequence "
    "has ended.",
    hints=(
        "Make the new state of all sequences as usual. Then decide for each sequence which "
        "state it goes on with.",
        "`np.where(mask[t][:, None], h_new, h)`: the new axis lets one decision count for all "
        "H units of a sequence. What is stored is also what is carried on.",
    ),
    reference=forward_padded,
    also_right=(padded_one_by_one, padded_by_arithmetic),
    cases=every_size(draw_padded),
    outputs={"h": "T N H"},
    mistakes=(
        Mistake(
            "The mask has no effect: the states move on through the padding.",
            _held(lambda real, h_new, h, h0: h_new),
        ),
        Mistake(
            "At pads the state becomes 0. It must stay what it was, or `h[-1]` is lost.",
            _held(lambda real, h_new, h, h0: h_new * real),
        ),
        Mistake(
            "At pads the state jumps back to `h0`. It must stay what it was one step before.",
            _held(lambda real, h_new, h, h0: np.where(real, h_new, h0)),
        ),
        Mistake(
            "The two choices of `np.where` are exchanged: you hold the state at real steps and "
            "move it at pads.",
            _held(lambda real, h_new, h, h0: np.where(real, h, h_new)),
        ),
        Mistake(
            "At the pads stands a state that has moved one step too far. Does step t use "
            "`mask[t]`? And is what you store what you carry on?",
            _one_step_late,
        ),
        Mistake(
            "What you store is held, but what you carry on has moved: the clock goes on "
            "behind the scenes.",
            _moves_behind_the_scenes,
        ),
        Mistake(
            "The first step must use `h0`; yours starts from zeros, or reads `h[t - 1]` at "
            "t = 0, which is the LAST row.",
            lambda x, h0, mask, W, U, b: forward_padded(x, 0 * h0, mask, W, U, b),
        ),
        Mistake(
            "`W_hh` stands without its transpose. The shapes fit either way.",
            lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U.T, b),
        ),
        Mistake(
            "The bias `b_h` is missing in the step.",
            lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U, 0 * b),
        ),
        Mistake(
            "Only the last state is returned; all T states are asked for.",
            lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U, b)[-1],
        ),
    ),
)
