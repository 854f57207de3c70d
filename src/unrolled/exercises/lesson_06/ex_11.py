"""6.11 Which of the three is missing?"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "6.11",
    "Which of the three is missing?",
    difficulty=2,
    minutes=6,
    task="Three runs of a ReLU network on the adding problem, each lacking one of identity "
    "start, clipping and Adam: which one lacks what?",
    hints=(
        "Each ingredient has its own job: one opens the way back at the start, one keeps "
        "single gradients from being too long, one chooses the step of every weight.",
        "Run A is about the gradient before any step was taken. Run B is about one batch, and "
        "an optimiser that remembers it. Run C is about all the steps together.",
    ),
    options={
        "start": "the identity as start of `W_hh`",
        "clip": "clipping of the gradient's norm",
        "adam": "Adam in place of plain gradient descent",
        "leak": "a leaky slope on the left of 0",
    },
    right={"A": "start", "B": "clip", "C": "adam"},
    mistakes=(
        Mistake(
            "A: Clipping makes long gradients shorter. Here almost nothing arrives.",
            {"A": "clip"},
        ),
        Mistake(
            "A: The gradient is lost on its way through 50 steps, before any optimiser sees "
            "it. What multiplies it at every step?",
            {"A": "adam"},
        ),
        Mistake(
            "A: Silent units halve what passes, and He's scale could make up for it. What "
            "decides over 50 steps is the matrix that they all share.",
            {"A": "leak"},
        ),
        Mistake(
            "B: The start is fine: most of the gradient arrives. What went wrong began in a "
            "single batch.",
            {"B": "start"},
        ),
        Mistake(
            "B: Plain gradient descent forgets a batch as soon as it has stepped. These steps "
            "are tiny for a hundred batches: who remembers the long gradient, and divides by "
            "it? So what should have happened to it before?",
            {"B": "adam"},
        ),
        Mistake(
            "B: A leak lets more through, not less. What would have shortened this one gradient?",
            {"B": "leak"},
        ),
        Mistake(
            "C: Most of the gradient arrives, so the start is fine. How far do the "
            "weights go with it?",
            {"C": "start"},
        ),
        Mistake(
            "C: Every gradient was clipped already, says the description. What is left of a "
            "step then, times the rate?",
            {"C": "clip"},
        ),
        Mistake(
            "C: Most of the gradient arrives: nothing has died. What chooses the length of a step?",
            {"C": "leak"},
        ),
    ),
)
