"""Messages for the wrong options of a question whose answers are matched to options."""

from __future__ import annotations

from unrolled.exercises.model import Mistake


def of_the_wrong_kind(
    right: dict[str, str], kinds: dict[str, tuple[str, str]], known: tuple[Mistake, ...]
) -> tuple[Mistake, ...]:
    """A message for every wrong option of a question that `known` says nothing of."""
    taken = {pair for mistake in known for pair in mistake.answer.items()} | {*right.items()}
    return known + tuple(
        Mistake(f"{question}, {key}: {text}", {question: key})
        for question, (keys, text) in kinds.items()
        for key in keys
        if (question, key) not in taken
    )
