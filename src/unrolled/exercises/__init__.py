"""Exercises that check themselves.

>>> from unrolled.exercises import check, hint, progress
>>> check("2.1", my_function)  # passed, not attempted, not yet or raised, and why
>>> hint("2.1")  # a nudge; again for the next one
>>> progress()  # the exercises of the lessons begun in this session

Every exercise has a module of its own: 2.1 is `EXERCISE` in `lesson_02/ex_01.py`. With
UNROLLED_STRICT=1 in the environment an answer that does not pass raises `CheckFailed`. With
UNROLLED_PROGRESS=FILE what was passed is kept in that file, from session to session and for all
notebooks together.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
from typing import Any

from . import logbook
from .diagnosis import check_code
from .model import CodeExercise, Exercise, PropertyExercise
from .questions import check_property, check_question
from .report import NOT_ATTEMPTED, Hint, Progress, Result

__all__ = ["CheckFailed", "Hint", "Progress", "Result", "check", "hint", "progress"]


class CheckFailed(AssertionError):
    """An answer did not pass although UNROLLED_STRICT=1 asks for it."""


record: dict[str, str] = {}  # exercise id -> status in this session
shown: dict[str, int] = {}  # exercise id -> number of the last hint
told: set[str] = set()  # what was said about the reader's file: each thing once


@functools.cache
def catalogue() -> dict[str, Exercise]:
    """All exercises by id, in order."""
    names = sorted(m.name for m in pkgutil.walk_packages(__path__, f"{__name__}."))
    modules = [importlib.import_module(name) for name in names if ".ex_" in name]
    return {module.EXERCISE.id: module.EXERCISE for module in modules}


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
    record[id] = logbook.better(record.get(id), result.status)
    result = result._replace(lines=(*result.lines, *kept(id, result.status)))
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


def progress(all: bool = False) -> Progress:
    """The exercises of every lesson of which one was checked in this session, or of all lessons.

    Passed once counts as passed: in this session or, with UNROLLED_PROGRESS=FILE, in one before.
    """
    earlier, note = remembered()
    begun = {find(id).lesson for id in record}
    rows = (each for each in catalogue().values() if all or each.lesson in begun)

    def status(id: str) -> str:
        return logbook.better(earlier.get(id), record.get(id, NOT_ATTEMPTED))

    return Progress(tuple((each, status(each.id)) for each in rows), note)


# --- the reader's file ---------------------------------------------------------------------------


def kept(id: str, status: str) -> tuple[str, ...]:
    """Keep a status in the reader's file, if there is one; what is to be said about that, once."""
    try:
        path = logbook.place()
        if path is None or not logbook.keep(path, id, status):
            return ()
        return (f"From now on your progress is kept in `{path}`.",)
    except (OSError, ValueError, RuntimeError) as problem:
        said = (f"Your progress is not kept: {reason(problem)}.",)
        new = told.isdisjoint(said)
        told.update(said)
        return said if new else ()


def remembered() -> tuple[dict[str, str], str]:
    """What the reader's file says, and a sentence about it; both empty if there is none."""
    try:
        path = logbook.place()
        return (logbook.statuses(path), f"Kept in {path}.") if path else ({}, "")
    except (OSError, ValueError, RuntimeError) as problem:
        return {}, f"This session alone: {reason(problem)}."


def reason(problem: Exception) -> str:
    """Why the file cannot be used, with its name."""
    if isinstance(problem, logbook.Unreadable):
        return f"{problem}, and was left as it is"
    why = getattr(problem, "strerror", None) or problem
    return f"{os.environ.get(logbook.VARIABLE)}: {why}"
