"""3.11 The smallest chunk"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "3.11",
    "The smallest chunk",
    difficulty=2,
    minutes=6,
    task="An echo of lag 9 is trained in chunks of `K` steps, the state handed on: which "
    "is the smallest K at which some loss can reach the input that it needs?",
    hints=(
        "The last loss of a chunk has the best view. Which steps of the chunk must it see?",
        "It needs the input of 9 steps earlier in the same chunk: count both ends.",
    ),
    right=10,
    tolerance=0.4,
    mistakes=(
        Mistake(
            "Within K steps the longest lag is K - 1. With K = 9 some runs still succeed, by "
            "luck: the state handed on can hold the input just before the border. No gradient "
            "asked for it.",
            9,
        ),
        Mistake(
            "That lets half of the losses see their input. Is one loss a chunk not enough?", 18
        ),
        Mistake("With 19 steps half of the losses see it. One a chunk is enough.", 19),
        Mistake(
            "Who then tells `W_xh` about the input of 9 steps ago? Count the links between the "
            "first and the last step of a chunk.",
            8,
        ),
        Mistake(
            "The state carries the value, but nothing taught it to: with K = 1 no gradient "
            "crosses any step.",
            1,
        ),
    ),
)
