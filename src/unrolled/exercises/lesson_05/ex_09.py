"""5.9 The direct path"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def direct_path(f: Array) -> Array:
    return np.stack([np.prod(f[t:], axis=0) for t in range(len(f))])


def path_from_the_end(f: Array) -> Array:
    path, product = np.empty_like(f), 1.0
    for t in reversed(range(len(f))):
        product = product * f[t]
        path[t] = product
    return path


def path_by_logarithms(f: Array) -> Array:
    return np.exp(np.cumsum(np.log(f)[::-1], axis=0)[::-1])


def draw_forget(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {"f": sigmoid(1 + rng.normal(size=(T, N, H)))}


def _later(f: Array) -> Array:
    return np.concatenate([direct_path(f)[1:], np.ones_like(f[:1])])


def _mean_power(f: Array) -> Array:
    steps = np.arange(len(f), 0, -1)[:, None, None]
    return f.mean(axis=0) ** steps


EXERCISE = CodeExercise(
    "5.9",
    "The direct path",
    difficulty=1,
    minutes=6,
    task="Write `direct_path`, which returns how much of each earlier cell state is left in "
    "c_T along the cell alone.",
    hints=(
        "State t passes through the forget gates of the steps t + 1, ..., T. Which of them "
        "stand at `f[t:]`, when `f[0]` is the gate of step 1?",
        "path[t] is the product of f[t:] over time: `np.prod(f[t:], axis=0)`, or walk from the "
        "end and multiply as you go.",
    ),
    reference=direct_path,
    also_right=(path_from_the_end, path_by_logarithms),
    cases=every_size(draw_forget),
    outputs={"path": "T N H"},
    mistakes=(
        Mistake(
            "One gate is missing: state t also passes through the gate of step t + 1, which "
            "is `f[t]`. Even the shortest path, from c_{T-1} to c_T, has one gate.",
            _later,
        ),
        Mistake(
            "The product runs from the first step up to t: that is how much of c_0 is left in "
            "c_t. Here the end is fixed, and the beginning varies.",
            lambda f: np.cumprod(f, axis=0),
        ),
        Mistake(
            "The values stand in reversed order: entry 0 belongs to c_0, which has the longest "
            "way to go.",
            lambda f: direct_path(f)[::-1],
        ),
        Mistake(
            "This is the product from the first step on, read backwards. Entry t must start at "
            "the gate of step t + 1, not end at one: reverse, multiply up, reverse back.",
            lambda f: np.cumprod(f, axis=0)[::-1],
        ),
        Mistake(
            "Every entry is the whole product, which is right for c_0 alone. c_t has only the "
            "gates of the steps after it.",
            lambda f: np.broadcast_to(np.prod(f, axis=0), f.shape).copy(),
        ),
        Mistake(
            "The gates of different units are multiplied. Along the cell each unit stays by "
            "itself: multiply over time, axis 0.",
            lambda f: np.cumprod(f[..., ::-1], axis=-1)[..., ::-1],
        ),
        Mistake(
            "The gates are added up. Each multiplies what the one before it let through.",
            lambda f: np.cumsum(f[::-1], axis=0)[::-1],
        ),
        Mistake(
            "The gates of a path are averaged; they multiply.",
            lambda f: np.stack([f[t:].mean(axis=0) for t in range(len(f))]),
        ),
        Mistake(
            "This is the mean gate to the power of the distance. A mean over time hides the "
            "one closed gate that cuts the path.",
            _mean_power,
        ),
        Mistake(
            "This is one gate to the power of the distance. Every step has a gate of its own.",
            lambda f: f ** np.arange(len(f), 0, -1)[:, None, None],
        ),
        Mistake(
            "The factors are 1 - f. Along the cell the old value is multiplied by f.",
            lambda f: direct_path(1 - f),
        ),
        Mistake(
            "This is the logarithm: take exp at the end.",
            lambda f: np.cumsum(np.log(f)[::-1], axis=0)[::-1],
        ),
        Mistake(
            "Each step counts its own gate alone: nothing is multiplied over time.",
            lambda f: f.copy(),
        ),
    ),
)
