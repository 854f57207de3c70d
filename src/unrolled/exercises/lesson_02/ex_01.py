"""2.1 Two steps by hand"""

from __future__ import annotations

import numpy as np

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "2.1",
    "Two steps by hand",
    difficulty=1,
    minutes=5,
    task="One unit, one input: with `W_xh` = 1, `W_hh` = 0.5, no bias, h_0 = 0 and the inputs "
    "x_1 = 1, x_2 = 0, give h_1 and h_2 to four decimals.",
    hints=(
        "h_1 = tanh(1·x_1 + 0.5·h_0). Only then can you write h_2: it needs h_1, and its own "
        "input is 0.",
        "h_2 = tanh(0.5·h_1). Take the tanh again: the state is squashed at every step.",
    ),
    right={"h1": np.tanh(1.0), "h2": np.tanh(0.5 * np.tanh(1.0))},
    tolerance=1e-4,
    mistakes=(
        Mistake("h_2 is half of h_1: the tanh is missing at step 2.", {"h2": 0.5 * np.tanh(1.0)}),
        Mistake("There is no tanh anywhere.", {"h1": 1.0, "h2": 0.5}),
        Mistake(
            "h_2 is 0: step 2 started from h_0 instead of h_1. The input is 0 there, the "
            "memory is not.",
            {"h2": 0.0},
        ),
        Mistake("Step 2 read x_1 again; x_2 is 0.", {"h2": np.tanh(1 + 0.5 * np.tanh(1.0))}),
        Mistake(
            "h_1 was handed on whole. `W_hh` is 0.5: it halves the state before the tanh.",
            {"h2": np.tanh(np.tanh(1.0))},
        ),
    ),
)
