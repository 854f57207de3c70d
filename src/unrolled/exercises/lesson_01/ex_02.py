"""1.2 Time first"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def time_first(batch: Array) -> Array:
    return batch.transpose(1, 0, 2)


def draw_batch(rng: np.random.Generator, T: int, N: int, D: int) -> dict[str, Any]:
    return {"batch": rng.normal(size=(N, T, D))}


EXERCISE = CodeExercise(
    "1.2",
    "Time first",
    difficulty=1,
    minutes=5,
    task="Write `time_first`, which turns a batch-first array (N, T, D) into a time-first one.",
    hints=(
        "Follow one element: what is at [n, t, d] must come to stand at [t, n, d].",
        "`batch.transpose(1, 0, 2)` lists which old axis comes first, second, third.",
    ),
    reference=time_first,
    also_right=(
        lambda batch: batch.swapaxes(0, 1),
        lambda batch: np.stack([batch[:, t] for t in range(batch.shape[1])]),
        lambda batch: np.einsum("ntd->tnd", batch),
    ),
    cases=every_size(draw_batch),
    outputs={"x": "T N D"},
    mistakes=(
        Mistake(
            "The shape is right, the content is scrambled: `reshape` leaves the numbers in "
            "their order and gives them new places. Move the axes with `transpose`.",
            lambda batch: batch.reshape(batch.shape[1], batch.shape[0], batch.shape[2]),
        ),
        Mistake(
            "This is still batch first: T must be axis 0.",
            lambda batch: batch.copy(),
        ),
        Mistake(
            "`.T` reverses all axes: the features came to the front. Only the first two change "
            "places.",
            lambda batch: batch.T,
        ),
        Mistake(
            "The wrong pair was swapped: T and D instead of N and T.",
            lambda batch: batch.swapaxes(1, 2),
        ),
        Mistake(
            "The features came to the front. The order of the old axes must be 1, 0, 2.",
            lambda batch: batch.transpose(2, 0, 1),
        ),
        Mistake(
            "The order is 1, 2, 0: features stand where the batch should. They belong at the end.",
            lambda batch: batch.transpose(1, 2, 0),
        ),
    ),
)
