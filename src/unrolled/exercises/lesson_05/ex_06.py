"""5.6 How long does it remember?"""

from __future__ import annotations

import numpy as np

from unrolled.exercises.model import Mistake, NumberExercise

HALF_AFTER_100 = 0.5 ** (1 / 100)
B_HALF = float(np.log(HALF_AFTER_100 / (1 - HALF_AFTER_100)))
F_1 = float(1 / (1 + np.exp(-1)))


EXERCISE = NumberExercise(
    "5.6",
    "How long does it remember?",
    difficulty=2,
    minutes=8,
    task="A forget gate whose preactivation is its bias alone: give f for b_f = 1, the factor "
    "f^50 that is left after 50 steps, and the b_f at which half of c is left after 100 steps.",
    hints=(
        "The bias goes through the sigmoid before it multiplies anything. For the last one, "
        "which f gives f^100 = 1/2?",
        "f = 1/(1 + e^-1). For the last, f = 2^(-1/100), and the bias is the inverse of the "
        "sigmoid: log(f / (1 - f)).",
    ),
    right={"f": F_1, "f^50": F_1**50, "b_f": B_HALF},
    tolerance=0.0,
    relative=0.005,
    mistakes=(
        Mistake("A bias of 1 is not a gate of 1: it goes through the sigmoid first.", {"f": 1}),
        Mistake("That is the gate at b_f = 0.", {"f": 0.5}),
        Mistake("That is tanh(1). A gate is a sigmoid.", {"f": float(np.tanh(1))}),
        Mistake(
            "That is 1 - f, what is lost in a step. Look at the sign in the sigmoid.",
            {"f": 1 - F_1},
        ),
        Mistake("That is 1 - 1/e. The sigmoid is 1/(1 + e^-b).", {"f": 1 - np.exp(-1.0)}),
        Mistake("With a gate below 1, each step takes its share. Take f to the 50.", {"f^50": 1}),
        Mistake("Each step multiplies: it is a power, not a multiple.", {"f^50": 50 * F_1}),
        Mistake("That is 0.5^50: the gate at b_f = 0, not at 1.", {"f^50": 0.5**50}),
        Mistake("That is tanh(1)^50. A gate is a sigmoid.", {"f^50": float(np.tanh(1) ** 50)}),
        Mistake("Very small, but not zero: give it with its power of ten.", {"f^50": 0}),
        Mistake(
            "With that bias the time constant 1/(1 - f) is 100 steps, after which 1/e is left, "
            "not a half.",
            {"b_f": float(np.log(99.25))},
        ),
        Mistake(
            "That is the gate f itself. Which bias makes a sigmoid of it?",
            {"b_f": HALF_AFTER_100},
        ),
        Mistake(
            "That bias loses 1/200 a step, as if a hundred such losses made a half. Each is "
            "taken from what is left, so they may be larger.",
            {"b_f": float(np.log(199))},
        ),
        Mistake("At b_f = 0 half is left after ONE step.", {"b_f": 0}),
        Mistake(
            "That is log(100 · log 2): a time constant of about 69 steps. But the cell is "
            "down to a half before the time constant is over: it has to exceed 100 steps.",
            {"b_f": float(np.log(100 * np.log(2)))},
        ),
        Mistake("A negative bias closes the gate. Look at the sign.", {"b_f": -B_HALF}),
        Mistake(
            "That is near, and keeps a little more than half. Give two decimals.", {"b_f": 5.02}
        ),
        Mistake(
            "That is f/(1 - f): its logarithm is the bias.",
            {"b_f": HALF_AFTER_100 / (1 - HALF_AFTER_100)},
        ),
        Mistake("That is f^49: 50 steps have 50 gates.", {"f^50": F_1**49}),
        Mistake("That is f^51: 50 steps have 50 gates.", {"f^50": F_1**51}),
        Mistake(
            "That is the bias for half after 50 steps. Here it is 100.",
            {"b_f": float(-np.log(2 ** (1 / 50) - 1))},
        ),
        Mistake(
            "That is how much is lost in a step. First f, then its bias.",
            {"b_f": 1 - HALF_AFTER_100},
        ),
    ),
)
