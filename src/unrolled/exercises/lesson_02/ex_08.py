"""2.8 Where the state comes to rest"""

from __future__ import annotations

import numpy as np

from unrolled.exercises.model import Mistake, NumberExercise

FIXED_POINT = 0.9575040240772687  # the positive solution of h = tanh(2 h)
SLOPE_THERE = 2 * (1 - FIXED_POINT**2)


EXERCISE = NumberExercise(
    "2.8",
    "Where the state comes to rest",
    difficulty=2,
    minutes=8,
    task="One unit with `W_hh` = 2 and no input: find the positive h with h = tanh(2h), and "
    "the factor ∂h_t/∂h_{t-1} there, to four decimals.",
    hints=(
        "Start from h = 1 and apply tanh(2h) again and again: the network finds its own fixed "
        "point.",
        "The derivative of tanh(2h) is 2·(1 - tanh(2h)²), and at the fixed point tanh(2h) is "
        "h itself.",
    ),
    right={"h": FIXED_POINT, "factor": SLOPE_THERE},
    tolerance=1e-4,
    mistakes=(
        Mistake(
            "The factor is not the weight: tanh flattens it. Multiply 2 by the slope of tanh "
            "at the fixed point.",
            {"factor": 2.0},
        ),
        Mistake(
            "That is the slope of tanh alone; the weight 2 is missing.",
            {"factor": 1 - FIXED_POINT**2},
        ),
        Mistake("h = 0 is a fixed point too, but the positive one is asked for.", {"h": 0.0}),
        Mistake(
            "That is tanh(2), the state after ONE step from 1. Go on until it stops moving.",
            {"h": np.tanh(2.0)},
        ),
        Mistake(
            "The slope was taken at h. The tanh is applied to 2h.",
            {"factor": 2 * (1 - np.tanh(FIXED_POINT) ** 2)},
        ),
        Mistake("The slope of tanh is 1 - h², not 1 - h.", {"factor": 2 * (1 - FIXED_POINT)}),
    ),
)
