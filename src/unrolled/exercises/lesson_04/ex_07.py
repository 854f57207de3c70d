"""4.7 Very likely aligned"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "4.7",
    "Very likely aligned",
    difficulty=2,
    minutes=10,
    task="M is symmetric, |λ_1| >= |λ_2| >= ..., x a vector of independent standard normal "
    "numbers, θ_k the angle between the lines through M^k x and v_1. Which statement is true, "
    "and says all of it?",
    hints=(
        "Write x = Σ c_i v_i, so that M^k x = Σ λ_i^k c_i v_i. Divide by λ_1^k. Try each "
        "statement on diag(1, -1), on diag(2, 1) with x = (0, 1), and on -M.",
        "tan² θ_k = Σ_{i>1} λ_i^2k c_i² / (λ_1^2k c_1²): how large can each quotient be, and "
        "what must c_1 not be?",
    ),
    options={
        "a": "For every x ≠ 0, θ_k goes to 0.",
        "b": "If |λ_1| > |λ_2|, then with probability 1 θ_k goes to 0, and "
        "tan θ_k ≤ |λ_2/λ_1|^k tan θ_0 for every k.",
        "c": "If |λ_1| > |λ_2|, then with probability 1 M^k x goes to v_1.",
        "d": "If λ_1 ≠ λ_2, then with probability 1 θ_k goes to 0.",
        "e": "If |λ_1| > |λ_2|, then with probability 0.95 tan θ_k ≤ 0.1 for k ≥ 50, for every n.",
        "f": "If |λ_1| > 1, then with probability 1 tan θ_k ≤ |λ_1|^-k tan θ_0 for every k.",
    },
    right="b",
    mistakes=(
        Mistake(
            "Take M = diag(2, 1) and x = (0, 1): nothing of v_1 is in x, and nothing comes in.",
            "a",
        ),
        Mistake(
            "The direction is right, the length is not: M^k x grows or shrinks with |λ_1|^k, "
            "and with λ_1 < 0 its sign alternates. Speak of the angle between lines.",
            "c",
        ),
        Mistake(
            "Take λ_1 = 1, λ_2 = -1: they are not equal, and the vector swaps between two "
            "directions for ever. What has to be compared?",
            "d",
        ),
        Mistake(
            "How many steps it takes depends on |λ_2/λ_1| and, through tan θ_0, on n. Try "
            "λ_2/λ_1 = 0.99.",
            "e",
        ),
        Mistake(
            "Multiply M by 10: the direction of M^k x does not change, the bound does. Only "
            "the quotient of two eigenvalues can matter.",
            "f",
        ),
    ),
)
