"""2.9 What grows with T?"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "2.9",
    "What grows with T?",
    difficulty=1,
    minutes=3,
    task="The same network reads sequences twice as long. Choose everything that doubles.",
    hints=(
        "Ask of each: is there one of it a step, or one in all?",
        "Look at the shapes: T stands in `h` (T, N, H). It stands neither in a weight nor in "
        "the last state.",
    ),
    options={
        "a": "the number of parameters",
        "b": "the time of the forward pass",
        "c": "the memory that all states h take",
        "d": "the size of the last state h[-1]",
        "e": "the length of the longest chain of operations that must wait for each other",
    },
    right=frozenset({"b", "c", "e"}),
    mistakes=(
        Mistake("Parameters are shared by all steps: their number does not depend on T.", "a"),
        Mistake("Something is missing: what do twice as many steps of equal work cost?", "b"),
        Mistake("Something is missing: of what is there one array a step?", "c"),
        Mistake("`h[-1]` is (N, H) whatever T is: that is why long pasts must be squeezed.", "d"),
        Mistake("Something is missing: can a step begin before the last one has ended?", "e"),
    ),
)
