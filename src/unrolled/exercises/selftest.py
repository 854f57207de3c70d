"""Checks of the checks: what every exercise of a catalogue must satisfy."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from . import judge
from .diagnosis import cases_of
from .model import ChoiceExercise, CodeExercise, Exercise, Mistake, PropertyExercise
from .questions import parts
from .report import NOT_ATTEMPTED, PASSED


def problems(exercise: Exercise) -> list[str]:
    """Everything that is wrong with an exercise, in sentences; empty when all is well."""
    return [f"{exercise.id}: {text}" for text in found(exercise)]


def found(exercise: Exercise) -> Iterator[str]:
    if exercise.difficulty not in (1, 2, 3):
        yield f"difficulty is {exercise.difficulty}, expected 1, 2 or 3"
    if exercise.minutes <= 0 or not exercise.task or not exercise.title:
        yield "minutes, task and title are needed"
    if len(exercise.hints) < 2:
        yield "fewer than two hints"
    if isinstance(exercise, ChoiceExercise):
        yield from choices(exercise)
    elif len(exercise.mistakes) < 4:
        yield "fewer than four mistakes"
    if isinstance(exercise, CodeExercise):
        yield from code(exercise)

    for stub in unattempted(exercise):
        if (result := judge(exercise, stub)).status != NOT_ATTEMPTED:
            yield f"a stub is not 'not attempted': {result}"
    for answer in right_answers(exercise):
        if (result := judge(exercise, answer)).status != PASSED:
            yield f"a right answer does not pass: {result}"
    messages = [mistake.message for mistake in exercise.mistakes]
    if len(set(messages)) < len(messages):
        yield "two mistakes have the same message"
    for mistake in exercise.mistakes:
        result = judge(exercise, sample(exercise, mistake))
        if result.passed:
            yield f"a mistake passes: {mistake.message}"
        elif [text for text in messages if text in result.lines] != [mistake.message]:
            yield f"the mistake {mistake.message!r} is answered by: {result}"


def code(exercise: CodeExercise) -> Iterator[str]:
    if not exercise.also_right:
        yield "no right answer written differently"
    cases = cases_of(exercise)
    names = list(inspect.signature(exercise.reference).parameters)
    for case in cases:
        if len(set(case.sizes.values())) < len(case.sizes):
            yield f"two sizes are equal: {case.where}"
        if list(case.args) != names[: len(case.args)]:
            yield f"arguments {list(case.args)} but the reference has {names}"
    steps = {case.sizes["T"] for case in cases if "T" in case.sizes}
    if steps and not steps >= {1, 2, 3, 10}:
        yield f"T is {sorted(steps)}, expected at least 1, 2, 3 and 10"


def choices(exercise: ChoiceExercise) -> Iterator[str]:
    """Every option that can be wrongly chosen needs its message."""
    if isinstance(exercise.right, Mapping):
        return
    right = exercise.right if isinstance(exercise.right, str) else None
    answered = {mistake.answer for mistake in exercise.mistakes}
    for key in exercise.options:
        if key != right and key not in answered:
            yield f"no message for the option {key!r}"


def unattempted(exercise: Exercise) -> Iterator[Any]:
    yield ...
    yield None
    if isinstance(exercise, CodeExercise):

        def stub(*args: Any) -> Any:
            raise NotImplementedError

        yield stub


def right_answers(exercise: Exercise) -> list[Any]:
    first = exercise.reference if isinstance(exercise, CodeExercise) else exercise.right
    return [first, *exercise.also_right]


def sample(exercise: Exercise, mistake: Mistake) -> Any:
    """The wrong answer itself: what a mistake leaves out is answered rightly."""
    if isinstance(exercise, CodeExercise | PropertyExercise):
        return mistake.answer
    answer = parts(exercise, exercise.right) | parts(exercise, mistake.answer)
    if isinstance(exercise.right, frozenset):
        return {key for key, chosen in answer.items() if chosen}
    return answer if isinstance(exercise.right, Mapping) else answer[""]
