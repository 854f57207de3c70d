"""2.4 How many numbers does it learn?"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "2.4",
    "How many numbers does it learn?",
    difficulty=1,
    minutes=4,
    task="A network with D = 8 inputs, H = 64 units and a readout to Q = 10 classes, both with "
    "biases, reads sequences of T = 100 steps: how many parameters does it have?",
    hints=(
        "List the five arrays and their shapes: `W_xh`, `W_hh`, `b_h`, `W_hy`, `b_y`. Is T in "
        "any of them?",
        "H·D + H·H + H for the recurrent layer, Q·H + Q for the readout.",
    ),
    right=64 * 8 + 64 * 64 + 64 + 10 * 64 + 10,
    tolerance=0.5,
    mistakes=(
        Mistake(
            "You multiplied by T. Are there different weights at different times?",
            100 * (64 * 8 + 64 * 64 + 64) + 10 * 64 + 10,
        ),
        Mistake(
            "You multiplied everything by T. Are there different weights at different times?",
            100 * (64 * 8 + 64 * 64 + 64 + 10 * 64 + 10),
        ),
        Mistake("The readout is missing: `W_hy` and `b_y` are learnt too.", 64 * 8 + 64 * 64 + 64),
        Mistake("The biases are missing.", 64 * 8 + 64 * 64 + 10 * 64),
        Mistake("`W_hh` is missing: the state has weights too.", 64 * 8 + 64 + 10 * 64 + 10),
        Mistake(
            "`W_hh` joins every unit to every unit: it is H by H.",
            64 * 8 + 64 + 64 + 10 * 64 + 10,
        ),
        Mistake(
            "That counts two biases in the recurrent layer, as torch stores them; the equation "
            "has one.",
            64 * 8 + 64 * 64 + 2 * 64 + 10 * 64 + 10,
        ),
    ),
)
