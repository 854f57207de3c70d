"""3.7 How far to move"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "3.7",
    "How far to move",
    difficulty=1,
    minutes=5,
    task="Central differences in float64 of a smooth function of numbers around 1: which step "
    "gives the smallest error?",
    hints=(
        "Two errors pull in opposite directions: the curve bends, and the values are rounded "
        "to about 16 digits. Try the five with `gradients.finite_differences`.",
        "The bend costs about step², rounding about 1e-16 / step. Where are the two equal?",
    ),
    options={"a": "1e-1", "b": "1e-3", "c": "1e-5", "d": "1e-9", "e": "1e-12"},
    right="c",
    mistakes=(
        Mistake("Over that distance the curve bends: the error is about step².", "a"),
        Mistake("Good to six digits, but the bend still costs more than the rounding.", "b"),
        Mistake("Rounding, 1e-16 of each value, is divided by 2e-9: half the digits go.", "d"),
        Mistake("The two values agree in 12 of 16 digits: what is left is mostly noise.", "e"),
    ),
)
