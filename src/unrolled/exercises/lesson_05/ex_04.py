"""5.4 The forward pass"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.lesson_05.ex_03 import lstm_step, stepped
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def forward(x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    h, c = np.empty((len(x), *h0.shape)), np.empty((len(x), *c0.shape))
    h_t, c_t = h0, c0
    for t, x_t in enumerate(x):
        h_t, c_t = lstm_step(x_t, h_t, c_t, W_xh, W_hh, b_h)
        h[t], c[t] = h_t, c_t
    return h, c


def forward_with_lists(
    x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    from_input, h, c = x @ W_xh.T + b_h, [h0], [c0]
    for z in from_input:
        i, f, o, g = np.split(z + h[-1] @ W_hh.T, 4, axis=-1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h[1:]), np.stack(c[1:])


def forward_unit_by_unit(
    x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    (N, H), T = h0.shape, len(x)
    h, c = np.empty((T, N, H)), np.empty((T, N, H))
    for t in range(T):
        for n in range(N):
            h_prev, c_prev = (h[t - 1, n], c[t - 1, n]) if t else (h0[n], c0[n])
            for j in range(H):
                rows = [j, H + j, 2 * H + j, 3 * H + j]
                z = [W_xh[r] @ x[t, n] + W_hh[r] @ h_prev + b_h[r] for r in rows]
                i, f, o = (1 / (1 + np.exp(-each)) for each in z[:3])
                c[t, n, j] = f * c_prev[j] + i * np.tanh(z[3])
                h[t, n, j] = o * np.tanh(c[t, n, j])
    return h, c


def _run(
    hand_on: Callable[..., Arrays] = lambda h, c, h0, c0: (h, c),
    begin: Callable[..., Arrays] = lambda h0, c0: (h0, c0),
    read: Callable[[Array, int], Array] = lambda x, t: x[t],
    **options: Any,
) -> Callable[..., Arrays]:
    """A forward pass that hands on, begins or reads in a wrong way, or steps in a wrong way."""

    def wrong(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
        hs, cs, (h, c) = [], [], begin(h0, c0)
        for t in range(len(x)):
            h, c = stepped(read(x, t), h, c, W, U, b, **options)
            hs.append(h)
            cs.append(c)
            h, c = hand_on(h, c, h0, c0)
        return np.stack(hs), np.stack(cs)

    return wrong


def _states_before(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return np.concatenate([h0[None], h[:-1]]), np.concatenate([c0[None], c[:-1]])


def _backwards(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x[::-1], h0, c0, W, U, b)
    return h[::-1], c[::-1]


def _exchanged(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    return forward(x, h0, c0, W, U, b)[::-1]


def _one_array(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    _, c = forward(x, h0, c0, W, U, b)
    return c, c


def _first_left_out(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x[1:], 0 * h0, 0 * c0, W, U, b)
    return np.concatenate([0 * h0[None], h]), np.concatenate([0 * c0[None], c])


def _last_only(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return h[-1], c[-1]


def _last_cell(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return h, c[-1]


def draw_sequence(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "h0": np.tanh(rng.normal(size=(N, H))),
        "c0": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(4 * H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(4 * H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=4 * H) / 2,
    }


EXERCISE = CodeExercise(
    "5.4",
    "The forward pass",
    difficulty=2,
    minutes=8,
    task="Write `forward`, which returns the states h and the cell states c after every step.",
    hints=(
        "A loop over t with your step of 5.3. Two things travel from turn to turn now, and "
        "both are stored.",
        "h_t, c_t = h0, c0; in turn t: h_t, c_t = lstm_step(x[t], h_t, c_t, ...), then store "
        "them at h[t] and c[t].",
    ),
    reference=forward,
    also_right=(forward_with_lists, forward_unit_by_unit),
    cases=every_size(draw_sequence),
    outputs={"h": "T N H", "c": "T N H"},
    mistakes=(
        Mistake(
            "The cell is not handed on: every step starts from `c0`. Only h travels.",
            _run(hand_on=lambda h, c, h0, c0: (h, c0)),
        ),
        Mistake(
            "h is not handed on: the gates of every step read `h0`. Only c travels.",
            _run(hand_on=lambda h, c, h0, c0: (h0, c)),
        ),
        Mistake(
            "Nothing is handed on: every step starts from `h0` and `c0` again.",
            _run(hand_on=lambda h, c, h0, c0: (h0, c0)),
        ),
        Mistake(
            "h is handed on as the cell too. What is shown is not what is kept.",
            _run(hand_on=lambda h, c, h0, c0: (h, h)),
        ),
        Mistake(
            "The cell is handed on as h too: the next gates read c, which they must not see.",
            _run(hand_on=lambda h, c, h0, c0: (c, c)),
        ),
        Mistake(
            "h and c change places on the way to the next step. In which order does your step "
            "return them?",
            _run(hand_on=lambda h, c, h0, c0: (c, h)),
        ),
        Mistake(
            "The cell is squashed by tanh before it is handed on. The tanh is for h alone.",
            _run(hand_on=lambda h, c, h0, c0: (h, np.tanh(c))),
        ),
        Mistake(
            "`c0` is not used: the cell starts from zero.",
            _run(begin=lambda h0, c0: (h0, 0 * c0)),
        ),
        Mistake(
            "`h0` is not used: the first gates read zeros.",
            _run(begin=lambda h0, c0: (0 * h0, c0)),
        ),
        Mistake(
            "Neither `h0` nor `c0` is used: it starts from zeros.",
            _run(begin=lambda h0, c0: (0 * h0, 0 * c0)),
        ),
        Mistake("`h0` and `c0` are exchanged at the start.", _run(begin=lambda h0, c0: (c0, h0))),
        Mistake("Every step reads the first input.", _run(read=lambda x, t: x[0])),
        Mistake("The sequence is read from its end.", _backwards),
        Mistake("The two results are exchanged: h comes first, then c.", _exchanged),
        Mistake(
            "c is right, and `h` holds c as well. Are both names for one array, as after "
            "`h = c = np.empty(...)`?",
            _one_array,
        ),
        Mistake(
            "Step 1 is not computed: entry 0 stays zero, and the loop begins at the second "
            "input. Entry 0 is the state AFTER step 1; the one before it is `h0`, `c0`.",
            _first_left_out,
        ),
        Mistake(
            "These are the states BEFORE each step: `h0` and `c0` are counted, the last step "
            "is not.",
            _states_before,
        ),
        Mistake("Only the last step is returned; all T of them are asked for.", _last_only),
        Mistake(
            "h is there for every step, c only for the last, as torch returns them. Here all "
            "cells are kept: the way back needs them.",
            _last_cell,
        ),
        Mistake(
            "The blocks are read in torch's order, i, f, g, o. Here: i, f, o, g.",
            _run(order="ifgo"),
        ),
        Mistake(
            "The tanh at the output is missing: h is o times c.",
            _run(show=lambda o, c, old: o * c),
        ),
    ),
)
