"""3.2 How many terms?"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "3.2",
    "How many terms?",
    difficulty=1,
    minutes=5,
    task="T = 5 steps, a loss at every step: how many terms does dL/dW_hh have that are not "
    "bound to be zero, from a random h_0 and from h_0 = 0?",
    hints=(
        "Draw the table of the lesson: one row a loss, one column a step. Which corner is "
        "empty, and why?",
        "Loss τ has τ terms. With h_0 = 0 the whole column of step 1 vanishes: the immediate "
        "derivative there is proportional to h_0.",
    ),
    right={"random": 15, "zero": 10},
    tolerance=0.5,
    mistakes=(
        Mistake("Each loss has its own paths: it is not one term a step.", {"random": 5}),
        Mistake("A loss cannot blame a step that comes after it.", {"random": 25}),
        Mistake(
            "A loss may also blame its own step: the diagonal of the table counts.",
            {"random": 10},
        ),
        Mistake(
            "With h_0 = 0, what is the immediate derivative at step 1? `W_hh` multiplies h_0 "
            "there.",
            {"zero": 15},
        ),
        Mistake(
            "Every loss has a term of step 1, not only the first: a whole column vanishes.",
            {"zero": 14},
        ),
        Mistake(
            "How many losses have a term of step 1? The last one has, and the first one too.",
            {"zero": 11},
        ),
    ),
)
