"""3.12 The price of chance"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "3.12",
    "The price of chance",
    difficulty=3,
    minutes=12,
    task="Randomized truncation: the variance of the weight of a path of 20 links at π = 0.9, "
    "and the value that π must exceed to keep the variance bounded when the gradient keeps "
    "0.98 of its length a step.",
    hints=(
        "The weight is a product of 20 independent ξ: it is either 0 or one other value. Which "
        "value, and how likely? For the second question: the variance of a term is the "
        "variance of its weight times its length squared.",
        "Var = E[w²] - 1 with E[w²] = π^20 · (π^-20)². The sum of π^-k · ρ^(2k) over k "
        "converges when ρ²/π < 1.",
    ),
    right={"variance": 0.9**-20 - 1, "pi": 0.98**2},
    tolerance=1e-3,
    mistakes=(
        Mistake(
            "That is the variance of one ξ. Second moments multiply along the path.",
            {"variance": 1 / 0.9 - 1},
        ),
        Mistake(
            "You added the variances of 20 links. The weights are multiplied, so the second "
            "moments are.",
            {"variance": 20 * (1 / 0.9 - 1)},
        ),
        Mistake("That is E[w²]; subtract the square of the mean.", {"variance": 0.9**-20}),
        Mistake(
            "That is the probability that a path survives. Its weight is then enlarged.",
            {"variance": 0.9**20},
        ),
        Mistake("The variance of 0.98 lengths is wanted: lengths enter it squared.", {"pi": 0.98}),
        Mistake(
            "You took the root of 0.98; the gradient's length is squared in a variance.",
            {"pi": 0.98**0.5},
        ),
        Mistake(
            "That is the mean length 1/(1 - π) of the segments; π itself is asked for.",
            {"pi": 1 / (1 - 0.98**2)},
        ),
    ),
)
