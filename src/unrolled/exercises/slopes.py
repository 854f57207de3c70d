"""The slope of tanh, and how it is miswritten: for the exercises of lessons 3 and 4."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled.exercises.model import Array

Slope = Callable[[Array], Array]


def tanh_slope(h: Array) -> Array:
    return 1 - h**2


# What to tell the learner, and the slope as they wrote it, of the outputs h.
WRONG_SLOPES: tuple[tuple[str, Slope], ...] = (
    (
        "The slope of tanh is written as (1 - h)². It is 1 - h²: square first, then subtract.",
        lambda h: (1 - h) ** 2,
    ),
    (
        "The slope of tanh is written as 1/(1 - h²), which is the slope of its inverse. It should "
        "never exceed 1.",
        lambda h: 1 / (1 - h**2),
    ),
    (
        "The slope of tanh is missing: this is the gradient of a linear network.",
        np.ones_like,
    ),
    (
        "The tanh is taken once more before the slope. `h` is a tanh already, so its slope is "
        "1 - h².",
        lambda h: 1 - np.tanh(h) ** 2,
    ),
)
