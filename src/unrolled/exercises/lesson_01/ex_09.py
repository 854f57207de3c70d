"""1.9 Writing alone"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def write_alone(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    letter, h, letters = np.full(len(h0), stop), h0, []
    for _ in range(L):
        x = (np.arange(len(b_y)) == letter[:, None]).astype(float)
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        letter = (h @ W_hy.T + b_y).argmax(axis=1)
        letters.append(letter)
    return np.stack(letters)


def write_by_columns(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    places, h = np.full((L + 1, len(h0)), stop), h0
    for t in range(L):
        h = np.tanh(W_xh[:, places[t]].T + h @ W_hh.T + b_h)
        places[t + 1] = np.argmax(h @ W_hy.T + b_y, axis=1)
    return places[1:]


def write_word_by_word(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    words = []
    for h in h0:
        word = [stop]
        for _ in range(L):
            h = np.tanh(W_xh[:, word[-1]] + W_hh @ h + b_h)
            y = list(W_hy @ h + b_y)
            word.append(y.index(max(y)))
        words.append(word[1:])
    return np.array(words).T


def draw_writer(rng: np.random.Generator, T: int, N: int, H: int, Q: int) -> dict[str, Any]:
    return {
        "h0": rng.normal(size=(N, H)),
        "W_xh": 2 * rng.normal(size=(H, Q)),
        "W_hh": 1.5 * rng.normal(size=(H, H)),
        "b_h": rng.normal(size=H),
        "W_hy": rng.normal(size=(Q, H)),
        "b_y": rng.normal(size=Q) / 2,
        "stop": int(rng.integers(1, Q)),
        "L": T,
    }


def _writer(
    given=lambda letter, stop: letter,
    state=lambda h, h0: h,
    read=lambda y: y.argmax(axis=1),
    feed=lambda letter, y: letter,
    first=lambda stop: stop,
):
    """A writer that goes wrong in one place."""

    def wrong(
        h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
    ) -> Array:
        x, h, letters = np.eye(len(b_y))[np.full(len(h0), first(stop))], h0, []
        for _ in range(L):
            h = np.tanh(x @ W_xh.T + state(h, h0) @ W_hh.T + b_h)
            y = h @ W_hy.T + b_y
            letter = read(y)
            letters.append(letter)
            fed = feed(given(letter, stop), y)
            x = np.eye(len(b_y))[fed] if fed.ndim == 1 else fed
        return np.stack(letters)

    return wrong


def _start_counted(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    places = write_alone(h0, W_xh, W_hh, b_h, W_hy, b_y, stop, L)
    return np.concatenate([np.full((1, len(h0)), stop), places])


EXERCISE = CodeExercise(
    "1.9",
    "Writing alone",
    difficulty=3,
    minutes=15,
    task="Write `write_alone`, which writes L letters for each sequence of a batch, each "
    "letter chosen as the most likely one and read at the next step.",
    hints=(
        "Two things travel from step to step: the state and the letter. The first letter it "
        "reads is `stop`.",
        "In each step: make the one-hot rows of the last letters (N, Q), one step of the "
        "network, the readout, `argmax(axis=1)`. Keep the new state and the new letters.",
    ),
    reference=write_alone,
    also_right=(write_by_columns, write_word_by_word),
    cases=every_size(draw_writer),
    outputs={"letters": "T N"},
    mistakes=(
        Mistake(
            "Every step reads the stop sign again. From the second step on it must read the "
            "letter it wrote last.",
            _writer(given=lambda letter, stop: np.full_like(letter, stop)),
        ),
        Mistake(
            "Every step begins from `h0` again: the state is not handed on, so the writer does "
            "not know how far it has come.",
            _writer(state=lambda h, h0: h0),
        ),
        Mistake(
            "The logits are fed back. The writer has been trained on single letters: feed the "
            "one-hot row of the chosen one.",
            _writer(feed=lambda letter, y: y),
        ),
        Mistake("The first input is letter 0; it must be `stop`.", _writer(first=lambda stop: 0)),
        Mistake(
            "The bias `b_y` of the readout is missing.",
            lambda h0, W, U, b, V, b_y, stop, L: write_alone(h0, W, U, b, V, 0 * b_y, stop, L),
        ),
        Mistake(
            "The least likely letter is chosen: `argmin`.",
            _writer(read=lambda y: y.argmin(axis=1)),
        ),
        Mistake(
            "The stop sign that starts the writing is returned too. Return the L letters that "
            "were written.",
            _start_counted,
        ),
    ),
)
