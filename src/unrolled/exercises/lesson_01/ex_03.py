"""1.3 The last real state"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def last_states(h: Array, lengths: Array) -> Array:
    return h[lengths - 1, np.arange(len(lengths))]


def last_states_one_by_one(h: Array, lengths: Array) -> Array:
    return np.stack([h[length - 1, n] for n, length in enumerate(lengths)])


def draw_lengths(rng: np.random.Generator, T: int, N: int) -> Array:
    """Lengths from 1 to T: T itself, one in the middle, and 1 if there are more than two."""
    lengths = rng.integers(1, T + 1, size=N)
    lengths[:3] = (T, (T + 1) // 2, 1)[:N]
    return lengths


def draw_states(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {"h": rng.normal(size=(T, N, H)), "lengths": draw_lengths(rng, T, N)}


def _mean_of_real_states(h: Array, lengths: Array) -> Array:
    real = (np.arange(len(h))[:, None] < lengths)[:, :, None]
    return (h * real).sum(axis=0) / lengths[:, None]


EXERCISE = CodeExercise(
    "1.3",
    "The last real state",
    difficulty=2,
    minutes=6,
    task="Write `last_states`, which picks from padded states the one after the last real step "
    "of each sequence.",
    hints=(
        "A sequence of length 1 has its last real state at position 0. Where is that of a "
        "sequence of length 4?",
        "Two index arrays of length N pick N places at once: the steps `lengths - 1` and the "
        "sequences `np.arange(N)`.",
    ),
    reference=last_states,
    also_right=(
        last_states_one_by_one,
        lambda h, lengths: np.take_along_axis(h, (lengths - 1)[None, :, None], axis=0)[0],
    ),
    cases=every_size(draw_states),
    outputs={"h_last": "N H"},
    mistakes=(
        Mistake(
            "`h[-1]` is the state after the padding: for short sequences it has read blank steps.",
            lambda h, lengths: h[-1],
        ),
        Mistake(
            "One index array alone picks whole steps, (N, N, H). Say for each step which "
            "sequence: a second index.",
            lambda h, lengths: h[lengths - 1],
        ),
        Mistake(
            "One step too late: position `lengths` is the first pad. Positions count from 0.",
            lambda h, lengths: h[lengths, np.arange(len(lengths))],
        ),
        Mistake(
            "One step too late, clipped at the end: positions count from 0, so step `lengths` "
            "stands at `lengths - 1`.",
            lambda h, lengths: h[np.minimum(lengths, len(h) - 1), np.arange(len(lengths))],
        ),
        Mistake(
            "All sequences were cut to the shortest. Each has its own end.",
            lambda h, lengths: h[lengths.min() - 1],
        ),
        Mistake(
            "This is the mean over the real states; the last of them is asked for.",
            _mean_of_real_states,
        ),
        Mistake(
            "The two indices stand in the wrong order: time is axis 0 of `h`.",
            lambda h, lengths: h[np.arange(len(lengths)), lengths - 1],
        ),
    ),
)
