"""Exercises that check themselves.

>>> from unrolled.exercises import check, hint, progress
>>> check("2.1", my_function)  # passed, not attempted, not yet or raised, and why
>>> hint("2.1")  # a nudge; again for the next one
>>> progress()  # the exercises of the lessons begun in this session

A lesson's exercises are in `lesson_XX.py` as `EXERCISES`. With UNROLLED_STRICT=1 in the environment
an answer that does not pass raises `CheckFailed`.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
from typing import Any

from .diagnosis import check_code
from .model import CodeExercise, Exercise, PropertyExercise
from .questions import check_property, check_question
from .report import NOT_ATTEMPTED, Hint, Progress, Result

__all__ = ["CheckFailed", "Hint", "Progress", "Result", "check", "hint", "progress"]


class CheckFailed(AssertionError):
    """An answer did not pass although UNROLLED_STRICT=1 asks for it."""


record: dict[str, str] = {}  # exercise id -> last status
shown: dict[str, int] = {}  # exercise id -> number of the last hint


@functools.cache
def catalogue() -> dict[str, Exercise]:
    """All exercises by id, in order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name.startswith("lesson_"))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return {exercise.id: exercise for module in modules for exercise in module.EXERCISES}


def find(id: str) -> Exercise:
    if isinstance(id, str) and id in catalogue():
        return catalogue()[id]
    raise ValueError(f"id is {id!r}; expected one of {', '.join(catalogue()) or 'none yet'}")


def judge(exercise: Exercise, answer: Any) -> Result:
    """The outcome of an answer, without a trace in the record."""
    if isinstance(exercise, CodeExercise):
        return check_code(exercise, answer)
    if isinstance(exercise, PropertyExercise):
        return check_property(exercise, answer)
    return check_question(exercise, answer)


def check(id: str, answer: Any = ...) -> Result:
    """Check an answer: a function for code, a number, choice or array for a question."""
    result = judge(find(id), answer)
    record[id] = result.status
    if os.environ.get("UNROLLED_STRICT") == "1" and not result.passed:
        raise CheckFailed(repr(result))
    return result


def hint(id: str, number: int | None = None) -> Hint:
    """The next hint for an exercise, or the one with this number."""
    exercise = find(id)
    total = len(exercise.hints)
    if number is None:
        number = min(shown.get(id, 0) + 1, total)
    if number not in range(1, total + 1):
        raise ValueError(f"number is {number!r}; exercise {id} has hints 1 to {total}")
    shown[id] = number
    return Hint(exercise, number)


def progress() -> Progress:
    """The exercises of every lesson of which one was checked in this session."""
    begun = {find(id).lesson for id in record}
    rows = (each for each in catalogue().values() if each.lesson in begun)
    return Progress(tuple((each, record.get(each.id, NOT_ATTEMPTED)) for each in rows))
