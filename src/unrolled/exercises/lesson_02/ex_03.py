"""2.3 The forward pass"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.lesson_02.ex_02 import STEP_MISTAKES, rnn_step
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn.forward(x, h0, rnn.Params(W_xh, W_hh, b_h))[0]


def forward_with_a_list(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states, h = [], h0
    for x_t in x:
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def forward_in_place(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = x @ W_xh.T + b_h
    for t in range(len(x)):
        h[t] += (h0 if t == 0 else h[t - 1]) @ W_hh.T
        np.tanh(h[t], out=h[t])
    return h


def draw_sequence(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "h0": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
    }


def _wrong_step(step):
    """A forward pass whose single step is wrong."""

    def wrong(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
        states, h = [], h0
        for x_t in x:
            h = step(x_t, h, W_xh, W_hh, b_h)
            states.append(h)
        return np.stack(states)

    return wrong


def _same_array_every_step(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, states = h0.copy(), []
    for x_t in x:
        h[:] = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def _initial_state_counted(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.concatenate([h0[None], forward(x, h0, W_xh, W_hh, b_h)])


def _wraps_around(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = np.zeros((len(x), *h0.shape))
    for t in range(len(x)):
        h[t] = rnn_step(x[t], h[t - 1], W_xh, W_hh, b_h)
    return h


def _first_input_unread(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    later = forward(x[1:], h0, W_xh, W_hh, b_h) if len(x) > 1 else np.empty((0, *h0.shape))
    return np.concatenate([h0[None], later])


FORWARD_MISTAKES = (
    Mistake(
        "Every step starts from `h0` again. The state that step t makes is what step t+1 receives.",
        lambda x, h0, W, U, b: np.tanh(x @ W.T + h0 @ U.T + b),
    ),
    Mistake(
        "The run starts from zeros, or reads `h[t-1]` at t = 0, which is the LAST row of an array "
        "of zeros. The first step must use `h0`.",
        _wraps_around,
    ),
    Mistake(
        "`W_hh` stands without its transpose in the step.",
        _wrong_step(STEP_MISTAKES[0].answer),
    ),
    Mistake("The bias `b_h` is missing in the step.", _wrong_step(STEP_MISTAKES[1].answer)),
    Mistake(
        "The tanh is missing: you made a linear network.", _wrong_step(STEP_MISTAKES[2].answer)
    ),
    Mistake(
        "The same array was appended at every step and then overwritten: all entries of the list "
        "are one object. Make a new array a step.",
        _same_array_every_step,
    ),
    Mistake(
        "`h` has one entry too many: the initial state is counted. Return the states after steps "
        "1..T; `h0` stays outside.",
        _initial_state_counted,
    ),
    Mistake(
        "Only the last state is returned; all T states are asked for.",
        lambda x, h0, W, U, b: forward(x, h0, W, U, b)[-1],
    ),
    Mistake(
        "`h[0]` is `h0`, and the first input is never read. Return the states after steps 1..T: "
        "the first of them is what step 1 makes of `h0` and `x[0]`.",
        _first_input_unread,
    ),
    Mistake(
        "Every step reads the input of the step before. `x[t - 1]` is the LAST input at t = 0.",
        lambda x, h0, W, U, b: forward(np.roll(x, 1, axis=0), h0, W, U, b),
    ),
    Mistake(
        "Every step reads the first input. Which `x` belongs to step t?",
        lambda x, h0, W, U, b: forward(np.broadcast_to(x[:1], x.shape).copy(), h0, W, U, b),
    ),
    Mistake(
        "The sequence is read from its end to its beginning.",
        lambda x, h0, W, U, b: forward(x[::-1].copy(), h0, W, U, b)[::-1],
    ),
)


EXERCISE = CodeExercise(
    "2.3",
    "The forward pass",
    difficulty=2,
    minutes=12,
    task="Write `forward`, which returns the states after every step.",
    hints=(
        "A loop over t. Inside it, one step; what it returns is both stored and carried into "
        "the next turn of the loop.",
        "Start with h = h0 and an array of shape (T, N, H) made by `np.empty`. In turn t: "
        "h = the step of x[t] and h, then store it at t.",
    ),
    reference=forward,
    also_right=(forward_with_a_list, forward_in_place),
    cases=every_size(draw_sequence),
    outputs={"h": "T N H"},
    mistakes=FORWARD_MISTAKES,
)
