"""5.2 Four settings of two gates"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "5.2",
    "Four settings of two gates",
    difficulty=1,
    minutes=4,
    task="Which setting of f and i, the same in all units, keeps the cell as it was, replaces "
    "it by the candidate, empties it, adds the candidate to it?",
    hints=(
        "Put the numbers into the equation of c_t, one setting after the other. Do not reason "
        "from the names of the gates.",
        "c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t: f decides about the old cell, i about the candidate; "
        "1 takes it, 0 leaves it out.",
    ),
    options={
        "a": "f = 0, i = 0",
        "b": "f = 0, i = 1",
        "c": "f = 1, i = 0",
        "d": "f = 1, i = 1",
    },
    right={"keep": "c", "replace": "b", "empty": "a", "add": "d"},
    mistakes=(
        Mistake("keep: f is read as whether to erase. What is 0 times c_{t-1}?", {"keep": "a"}),
        Mistake(
            "keep: that writes the candidate, over a cell that is multiplied by 0.",
            {"keep": "b"},
        ),
        Mistake("keep: the candidate comes in as well.", {"keep": "d"}),
        Mistake(
            "replace: f is read as whether to erase. With f = 1 the old cell stays, and the "
            "candidate is added to it.",
            {"replace": "d"},
        ),
        Mistake("replace: with i = 0 nothing is written.", {"replace": "c"}),
        Mistake("replace: the old cell goes, and nothing takes its place.", {"replace": "a"}),
        Mistake("empty: c_{t-1} is multiplied by 1. That keeps it.", {"empty": "c"}),
        Mistake("empty: the old cell goes, but the candidate comes.", {"empty": "b"}),
        Mistake("empty: nothing goes, and the candidate comes too.", {"empty": "d"}),
        Mistake("add: f = 0 throws away what there was to add to.", {"add": "b"}),
        Mistake("add: with i = 0 nothing comes in.", {"add": "c"}),
        Mistake("add: neither the old cell nor the candidate is taken.", {"add": "a"}),
    ),
)
