"""1.8 Words that need a memory"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

ONCE = {
    name: f"In {name} no letter comes twice, so the last letter says how far the writer has come."
    for name in ("zero", "one", "two", "four", "five", "six", "eight")
}


EXERCISE = ChoiceExercise(
    "1.8",
    "Words that need a memory",
    difficulty=2,
    minutes=6,
    task="A writer without memory knows the picture and its last letter, nothing else: choose "
    "every name that it cannot spell, however well it is trained.",
    hints=(
        "Walk through a name letter by letter and note what must follow what. Is it ever asked "
        "for two different letters in the same situation?",
        "Look for names in which a letter comes twice. What follows it the first time, and the "
        "second time? The end of the word counts as a letter too.",
    ),
    options={name: name for name in "zero one two three four five six seven eight nine".split()},
    right=frozenset({"three", "seven", "nine"}),
    mistakes=(
        *(Mistake(message, name) for name, message in ONCE.items()),
        Mistake(
            "A name is missing whose last letter it has written before: after the first one, "
            "it must not stop yet.",
            "three",
        ),
        Mistake(
            "A name is missing in which one letter is followed once by this letter, once by that.",
            "seven",
        ),
        Mistake(
            "A name is missing that comes back to the letter it began with, and must then go "
            "on otherwise.",
            "nine",
        ),
    ),
)
