"""3.13 Keep a few"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "3.13",
    "Keep a few",
    difficulty=2,
    minutes=6,
    task="Checkpointing of T = 2,500 steps: which K holds the fewest states, and how many "
    "states are held at the most?",
    hints=(
        "Two kinds of states are held: one for every segment, and all of the segment that is "
        "being replayed.",
        "T/K + K is smallest where T/K = K.",
    ),
    right={"K": 50, "states": 100},
    tolerance=0.5,
    mistakes=(
        Mistake("Add the states inside the segment that is being replayed.", {"states": 50}),
        Mistake("That is full backpropagation: every state is held.", {"states": 2500}),
        Mistake("The product of the two is T. They are added.", {"K": 2500}),
        Mistake("A K of 1 keeps every state: nothing is saved.", {"K": 1}),
        Mistake(
            "Keeping 2 states makes two long segments, and one of them is replayed whole.",
            {"K": 1250},
        ),
    ),
)
