"""3.10 The second time"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "3.10",
    "The second time",
    difficulty=1,
    minutes=4,
    task="Training in chunks with torch stops at the second chunk: Trying to backward through "
    "the graph a second time. Which change makes it truncated backpropagation?",
    hints=(
        "What must cross the border, and what must not? Say it with the words value and graph.",
        "`detach` returns the same numbers without their history.",
    ),
    options={
        "a": "loss.backward(retain_graph=True)",
        "b": "h = torch.zeros_like(h) before each chunk",
        "c": "h = h.detach() before each chunk",
        "d": "run the forward pass inside torch.no_grad()",
        "e": "one loss.backward() after the last chunk",
    },
    right="c",
    mistakes=(
        Mistake(
            "The error goes away, and so does the truncation: every chunk walks back to the "
            "first step, over graphs that are all kept. Memory and time grow with each chunk.",
            "a",
        ),
        Mistake(
            "That cuts the gradient, and the memory with it: each chunk forgets the past. For "
            "an echo of lag 6 in chunks of 24, a quarter of the answers become guesses.",
            "b",
        ),
        Mistake("Without a graph there is no gradient at all.", "d"),
        Mistake("That is full backpropagation, and it holds the graph of the whole run.", "e"),
    ),
)
