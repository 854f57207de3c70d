"""2.5 One matrix instead of two"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def stack_weights(W_xh: Array, W_hh: Array) -> Array:
    return np.concatenate([W_hh, W_xh], axis=1)


def stack_by_slices(W_xh: Array, W_hh: Array) -> Array:
    H, D = W_xh.shape
    W = np.empty((H, H + D))
    W[:, :H], W[:, H:] = W_hh, W_xh
    return W


def draw_weights(rng: np.random.Generator, D: int, H: int) -> dict[str, Any]:
    return {"W_xh": rng.normal(size=(H, D)), "W_hh": rng.normal(size=(H, H))}


EXERCISE = CodeExercise(
    "2.5",
    "One matrix instead of two",
    difficulty=2,
    minutes=8,
    task="Write `stack_weights`, which returns the single matrix `W` that acts on the state "
    "and the input side by side, state first.",
    hints=(
        "For one unit, z = Σ W_hh·h + Σ W_xh·x is one long sum over H + D numbers. What is the "
        "row of weights of that sum?",
        "Each row of `W` is a row of `W_hh` followed by the same row of `W_xh`: shape "
        "(H, H + D). `np.concatenate` along axis 1, or `np.hstack`.",
    ),
    reference=stack_weights,
    also_right=(stack_by_slices, lambda W_xh, W_hh: np.hstack((W_hh, W_xh))),
    cases=every_size(draw_weights),
    outputs={"W": "H H+D"},
    mistakes=(
        Mistake(
            "The blocks stand in the wrong order: here the first columns meet the input, but "
            "the state comes first.",
            lambda W_xh, W_hh: np.concatenate([W_xh, W_hh], axis=1),
        ),
        Mistake(
            "`W_hh` was transposed before stacking. Its rows are units already, like those of "
            "`W_xh`.",
            lambda W_xh, W_hh: np.concatenate([W_hh.T, W_xh], axis=1),
        ),
        Mistake(
            "This is the transpose: (H + D, H). Units are rows in this course.",
            lambda W_xh, W_hh: np.concatenate([W_hh, W_xh], axis=1).T,
        ),
        Mistake(
            "The blocks stand one above the other, which would make new units. They share "
            "their rows: put them side by side (axis 1).",
            lambda W_xh, W_hh: np.concatenate([W_hh, W_xh], axis=0),
        ),
    ),
)
