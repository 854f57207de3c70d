"""6.3 Not between −1 and 1"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "6.3",
    "Not between −1 and 1",
    difficulty=1,
    minutes=5,
    task="A layer of 64 × 64 weights from N(0, 1): how many of them lie outside [-1, 1] on "
    "average, and how many outside [-2, 2]?",
    hints=(
        "How many weights are there, and which fraction of a normal distribution lies further "
        "than one standard deviation from its mean, on either side?",
        "P(|w| > a) = 2 (1 - Φ(a)) = erfc(a / √2); `math.erfc` has it.",
    ),
    right={"beyond_1": 1299.7038402, "beyond_2": 186.36908},
    tolerance=0.0,
    relative=0.003,
    mistakes=(
        Mistake(
            "Outside [-1, 1] there is none only if 1 is a bound. It is the standard deviation.",
            {"beyond_1": 0},
        ),
        Mistake(
            "beyond_1 is the number of those inside. Which ones are asked for?",
            {"beyond_1": 2796.3},
        ),
        Mistake(
            "beyond_1 counts one side only: weights can also lie below -1.",
            {"beyond_1": 649.85},
        ),
        Mistake(
            "beyond_1 is the number for 64 weights. The layer has 64 for each of its 64 units.",
            {"beyond_1": 20.308},
        ),
        Mistake("beyond_1 is a fraction. How many weights is it?", {"beyond_1": 0.31731}),
        Mistake("beyond_1 is a percentage. How many weights is it?", {"beyond_1": 31.731}),
        Mistake("beyond_2 is a fraction. How many weights is it?", {"beyond_2": 0.0455}),
        Mistake("beyond_2 is a percentage. How many weights is it?", {"beyond_2": 4.55}),
        Mistake("beyond_2 is the number for 64 weights only.", {"beyond_2": 2.912}),
        Mistake(
            "beyond_1 is half of all: that would be those outside ±0.67, the quartiles.",
            {"beyond_1": 2048},
        ),
        Mistake(
            "beyond_2 is half of the first number. The tails of a normal distribution fall "
            "much faster than that.",
            {"beyond_2": 649.85},
        ),
        Mistake(
            "beyond_2 is a quarter of the first number, as Chebyshev's inequality would have "
            "its bound fall. The tails of a normal distribution fall faster.",
            {"beyond_2": 324.93},
        ),
        Mistake(
            "beyond_2 counts one side only: weights can also lie below -2.",
            {"beyond_2": 93.1845},
        ),
        Mistake(
            "beyond_2 is the number of those inside [-2, 2].",
            {"beyond_2": 3909.63},
        ),
        Mistake(
            "beyond_2 is the number for standard deviation 2: those beyond half a deviation.",
            {"beyond_2": 2527.4},
        ),
        Mistake(
            "Outside [-2, 2] there is none only if 2 is a bound. A normal distribution has none.",
            {"beyond_2": 0},
        ),
    ),
)
