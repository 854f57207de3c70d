"""4.1 Half-life"""

from __future__ import annotations

import numpy as np

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "4.1",
    "Half-life",
    difficulty=1,
    minutes=5,
    task="A gradient keeps 0.57 of its length at every step back: after how many steps is half "
    "of it left, and after how many a thousandth?",
    hints=(
        "After k steps 0.57^k is left. Which k makes it 0.5? It need not be a whole number.",
        "k = log(what is left) / log(0.57), twice.",
    ),
    right={"half": np.log(0.5) / np.log(0.57), "thousandth": np.log(1e-3) / np.log(0.57)},
    tolerance=0.05,
    mistakes=(
        Mistake(
            "This takes 0.43 of the ORIGINAL length away at every step. It is 0.43 of what is "
            "left: multiply.",
            {"half": 0.5 / 0.43},
        ),
        Mistake(
            "The quotient is upside down: the log of what is left stands on top.",
            {"half": np.log(0.57) / np.log(0.5)},
        ),
        Mistake("That is the time until 1/e, about 0.37, is left.", {"half": -1 / np.log(0.57)}),
        Mistake(
            "That is half of one step's factor. Half of the gradient is asked for, after k "
            "factors.",
            {"half": 0.285},
        ),
        Mistake("Rounded up to whole steps; give at least two decimals.", {"half": 2}),
        Mistake("After one step 0.57 is left, which is more than half.", {"half": 1}),
        Mistake(
            "0.5 is divided by 0.57. Steps multiply: which POWER of 0.57 is 0.5?",
            {"half": 0.5 / 0.57},
        ),
        Mistake(
            "Ten halvings make a thousandth, but at 0.57 a step is not quite a halving.",
            {"thousandth": 10},
        ),
        Mistake(
            "500 half-lives would leave 2^-500. Halving ten times already makes a thousandth.",
            {"thousandth": 500 * np.log(0.5) / np.log(0.57)},
        ),
        Mistake(
            "A thousandth of 0.57 is left here: that is one step too many. Start from 1.",
            {"thousandth": 1 + np.log(1e-3) / np.log(0.57)},
        ),
        Mistake("Rounded up to whole steps; give the decimals.", {"thousandth": 13}),
        Mistake(
            "At that step a little more than a thousandth is left; give the decimals.",
            {"thousandth": 12},
        ),
        Mistake(
            "The sign: the logs of 0.5 and of 0.57 are both below 0, so their quotient is not.",
            {"half": -np.log(0.5) / np.log(0.57)},
        ),
        Mistake(
            "Upside down, and not a number of steps: the log of what is left stands on top.",
            {"half": np.log2(0.57)},
        ),
        Mistake(
            "That is the log of 2. How much of it does one step take away?",
            {"half": np.log(2)},
        ),
        Mistake(
            "That is the log of 1,000. How much of it does one step take away?",
            {"thousandth": np.log(1000)},
        ),
        Mistake(
            "The two logs have different bases: take the same one above and below.",
            {"half": np.log10(0.5) / np.log(0.57)},
        ),
    ),
)
