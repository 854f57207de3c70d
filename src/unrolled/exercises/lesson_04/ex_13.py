"""4.13 Other ways than clipping"""

from __future__ import annotations

from unrolled.exercises.matching import of_the_wrong_kind
from unrolled.exercises.model import ChoiceExercise, Mistake

REMEDIES = {
    "clip by value": "b",
    "smaller rate": "f",
    "Adam": "g",
    "orthogonal start": "d",
    "hold singular values at 1": "c",
    "truncate to 5 steps": "e",
}


EXERCISE = ChoiceExercise(
    "4.13",
    "Other ways than clipping",
    difficulty=2,
    minutes=10,
    task="A tanh network explodes in training: it starts with an orthogonal matrix times 1.5, "
    "and plain gradient descent takes large steps. Match each remedy with what it does.",
    hints=(
        "Three places to act: the gradient before the step, the step itself, and the weights "
        "that make the Jacobians. Which of them does the remedy touch, once or at every step?",
        "What is done at the start only, training may undo. What cuts old paths leaves the "
        "large step. What limits W acts before anything has grown.",
    ),
    options={
        "a": "long steps get shorter and keep their direction, short ones stay as they are",
        "b": "long steps get shorter and turn, short ones stay as they are",
        "c": "no Jacobian can lengthen anything, at any time of the training",
        "d": "no Jacobian can lengthen anything, until the first update",
        "e": "paths end after a few steps; one update can still throw the weights far, and "
        "long memories are not taught",
        "f": "every step gets shorter, also those that were short enough",
        "g": "the size of the gradient drops out of the step, number by number",
        "h": "steps that are too long are left out altogether",
    },
    right=REMEDIES,
    mistakes=of_the_wrong_kind(
        REMEDIES,
        {
            **dict.fromkeys(
                ("clip by value", "smaller rate", "Adam"),
                (
                    "abcdefgh",
                    "it changes what a gradient is turned into. Jacobians and paths stay as "
                    "they are, and no step is left out.",
                ),
            ),
            **dict.fromkeys(
                ("orthogonal start", "hold singular values at 1"),
                ("abcdefgh", "it changes the weights. What is done with gradients stays."),
            ),
            "truncate to 5 steps": (
                "abcdefgh",
                "it changes how far back a loss is followed. Weights, rate and limits stay.",
            ),
        },
        (
            Mistake(
                "Clip by value: compare (10, 0.1) with what is left of it at a limit of 1. Is "
                "it the same direction?",
                {"clip by value": "a"},
            ),
            Mistake(
                "Clip by value: numbers below the limit stay as they are, so their proportion "
                "to the large ones changes.",
                {"clip by value": "f"},
            ),
            Mistake(
                "Clip by value: it has no memory of earlier gradients; Adam has.",
                {"clip by value": "g"},
            ),
            Mistake(
                "Smaller rate: it does not ask how long the gradient is. What becomes of the "
                "steps that were fine?",
                {"smaller rate": "a"},
            ),
            Mistake(
                "Smaller rate: one factor for all numbers does not turn a step.",
                {"smaller rate": "b"},
            ),
            Mistake(
                "Smaller rate: a rate divided by ten still multiplies the size.",
                {"smaller rate": "g"},
            ),
            Mistake(
                "Adam: each number is divided by its own recent size, so the direction does "
                "not stay.",
                {"Adam": "a"},
            ),
            Mistake(
                "Adam: multiply all gradients by 1000. Does the step get longer?",
                {"Adam": "f"},
            ),
            Mistake(
                "Adam: close, but no limit is involved. What happens to gradients that are far "
                "too SMALL?",
                {"Adam": "b"},
            ),
            Mistake(
                "Orthogonal start: who keeps the matrix orthogonal after the first update?",
                {"orthogonal start": "c"},
            ),
            Mistake(
                "Orthogonal start: it touches the weights, and no step.",
                {"orthogonal start": "f"},
            ),
            Mistake(
                "Hold at 1: this is done after EVERY update, not only at the start.",
                {"hold singular values at 1": "d"},
            ),
            Mistake(
                "Hold at 1: it acts on the weights, before any gradient has grown.",
                {"hold singular values at 1": "a"},
            ),
            Mistake(
                "Truncate: five Jacobians can still lengthen, and the loss itself can throw "
                "the weights far.",
                {"truncate to 5 steps": "c"},
            ),
            Mistake(
                "Truncate: it takes terms away from the gradient; its direction changes, and "
                "it is not bounded.",
                {"truncate to 5 steps": "a"},
            ),
            Mistake(
                "Truncate: the rate stays. What is missing in the gradient?",
                {"truncate to 5 steps": "f"},
            ),
        ),
    ),
)
