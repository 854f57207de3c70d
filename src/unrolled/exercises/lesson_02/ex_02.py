"""2.2 One step"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def rnn_step(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b_h)


def step_by_einsum(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    z = np.einsum("nd,hd->nh", x, W_xh) + np.einsum("nk,hk->nh", h_prev, W_hh)
    return np.tanh(z + b_h)


def step_unit_by_unit(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = np.empty_like(h_prev)
    for n in range(len(x)):
        for j in range(len(b_h)):
            h[n, j] = np.tanh(W_xh[j] @ x[n] + W_hh[j] @ h_prev[n] + b_h[j])
    return h


def draw_step(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(N, D)),
        "h_prev": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(H, D)),
        "W_hh": rng.normal(size=(H, H)),
        "b_h": rng.normal(size=H),
    }


STEP_MISTAKES = (
    Mistake(
        "`W_hh` is used without its transpose. Row i of `W_hh` holds the weights INTO unit i, so "
        "for rows of states it must stand as `W_hh.T`. The shapes fit either way: that is why "
        "nothing warned you.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U + b),
    ),
    Mistake("The bias `b_h` is missing.", lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U.T)),
    Mistake(
        "The sum is there, the tanh is not: this is z_t, the preactivation.",
        lambda x, h, W, U, b: x @ W.T + h @ U.T + b,
    ),
    Mistake(
        "That is the sigmoid. The plain recurrent network squashes with tanh, to (-1, 1).",
        lambda x, h, W, U, b: 1 / (1 + np.exp(-(x @ W.T + h @ U.T + b))),
    ),
    Mistake(
        "The new state does not depend on `h_prev`: without it there is no memory.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + b),
    ),
    Mistake(
        "The tanh is taken of the two parts apart. Add first, then squash once.",
        lambda x, h, W, U, b: np.tanh(x @ W.T) + np.tanh(h @ U.T + b),
    ),
    Mistake(
        "The bias is added after the tanh; it belongs inside.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U.T) + b,
    ),
)


EXERCISE = CodeExercise(
    "2.2",
    "One step",
    difficulty=1,
    minutes=8,
    task="Write `rnn_step`, which turns the states of a batch into the next ones.",
    hints=(
        "Three things are added before the tanh: what the input says, what the old state says, "
        "and the bias. Say the shapes aloud: (N, D) times what gives (N, H)?",
        "z = x @ W_xh.T + h_prev @ W_hh.T + b_h, then tanh. Rows of `x` are sequences, rows of "
        "`W_xh` are units: hence the transposes.",
    ),
    reference=rnn_step,
    also_right=(step_by_einsum, step_unit_by_unit),
    cases=every_size(draw_step),
    outputs={"h": "N H"},
    mistakes=STEP_MISTAKES,
)
