"""1.1 Which shape?"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "1.1",
    "Which shape?",
    difficulty=1,
    minutes=4,
    task="Give the shape of each of the five tasks.",
    hints=(
        "Ask of each task: how many inputs are there, and when does the first answer have to "
        "be ready?",
        "Answers that are wanted while inputs still arrive are in step. If the first answer "
        "may depend on the last input, all must be read before.",
    ),
    options={
        "1-1": "one to one",
        "1-n": "one to many",
        "n-1": "many to one",
        "in step": "many to many, in step",
        "after": "many to many, after reading",
    },
    right={
        "photo": "1-1",
        "tune": "1-n",
        "mail": "n-1",
        "camera": "in step",
        "translation": "after",
    },
    mistakes=(
        Mistake(
            "The camera's warnings are wanted while the film runs, not once at its end.",
            {"camera": "n-1"},
        ),
        Mistake(
            "If the camera waits until the film is over, its warnings come too late.",
            {"camera": "after"},
        ),
        Mistake(
            "May the first word of a translation depend on the last word of the sentence?",
            {"translation": "in step"},
        ),
        Mistake("A translation has many words, not one.", {"translation": "n-1"}),
        Mistake("One verdict is wanted for the whole mail, not one a word.", {"mail": "in step"}),
        Mistake("The mail is read; nothing is written.", {"mail": "after"}),
        Mistake(
            "The tune is what comes out. What goes in is one number for the style.",
            {"tune": "n-1"},
        ),
        Mistake(
            "A photo is an array of pixels, but it arrives at once: one step.",
            {"photo": "n-1"},
        ),
        Mistake("One name is wanted for the photo, not several.", {"photo": "1-n"}),
        Mistake(
            "A tune is many notes, one after the other: is one answer enough?", {"tune": "1-1"}
        ),
        Mistake(
            "What is there to read while the tune is written? The style is given once.",
            {"tune": "in step"},
        ),
        Mistake(
            "All is read before the tune begins, that is true. But how much is there to read?",
            {"tune": "after"},
        ),
        Mistake("The mail is read word by word: how many steps read?", {"mail": "1-1"}),
        Mistake("A film brings a new frame at every step.", {"camera": "1-n"}),
        Mistake("A sentence is read word by word: it is not one input.", {"translation": "1-n"}),
    ),
)
