"""Answers that are not functions to write: numbers, choices, and objects with properties."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from .diagnosis import endless, kind, not_attempted, raised, remarks
from .model import Case, ChoiceExercise, NumberExercise, PropertyExercise
from .observe import observe
from .relations import listed
from .report import NOT_YET, PASSED, RAISED, Result

CLOSE = "Close: compute it with more digits."
Question = NumberExercise | ChoiceExercise


def unanswered(value: Any) -> bool:
    return value is None or value is ...


def check_question(exercise: Question, answer: Any) -> Result:
    right = parts(exercise, exercise.right)
    try:
        given = read(exercise, answer, right)
    except ValueError as error:
        return Result(exercise, NOT_YET, (str(error),))
    if all(map(unanswered, given.values())):
        return not_attempted(exercise)
    wrong = [name for name in right if not equal(exercise, given[name], right[name])]
    if not wrong:
        return Result(exercise, PASSED)
    lines, unexplained = [], [name for name in wrong if not unanswered(given[name])]
    for mistake in exercise.mistakes:
        about = parts(exercise, mistake.answer)
        fits = all(equal(exercise, given[name], value) for name, value in about.items())
        if fits and any(name in unexplained for name in about):
            lines.append(mistake.message)
            unexplained = [name for name in unexplained if name not in about]
    if unexplained:
        near = nearly(given[unexplained[0]], right[unexplained[0]])
        what = f"{listed(unexplained)}: not yet." if unexplained[0] else "Not this one."
        lines.append(f'{what} {near or f"""Stuck? `hint("{exercise.id}")`."""}')
    waiting = [name for name in wrong if unanswered(given[name])]
    lines += [f"Still to answer: {listed(waiting)}."] if waiting else []
    if not isinstance(exercise.right, frozenset) and len(wrong) < len(right):
        lines.append(f"Already right: {listed(name for name in right if name not in wrong)}.")
    return Result(exercise, NOT_YET, tuple(lines))


def parts(exercise: Question, answer: Any) -> dict[str, Any]:
    """An answer as name -> value; a set of options as option -> whether it is chosen."""
    if isinstance(exercise.right, frozenset):
        if isinstance(answer, str):  # of a mistake: this option is wrongly chosen or left out
            return {answer: answer not in exercise.right}
        return {key: key in answer for key in exercise.options}
    if isinstance(exercise.right, Mapping):
        if isinstance(answer, Mapping):
            return dict(answer)
        return dict(zip(exercise.right, answer, strict=True))
    return {"": answer}


def read(exercise: Question, answer: Any, right: Mapping[str, Any]) -> dict[str, Any]:
    """The learner's answer as name -> value, or ValueError with a sentence about it."""
    convert = number if isinstance(exercise, NumberExercise) else key_of(exercise)
    if unanswered(answer):
        return dict.fromkeys(right, answer)
    if isinstance(exercise.right, frozenset):
        chosen = [answer] if isinstance(answer, str) else answer
        if not isinstance(chosen, list | tuple | set | frozenset):
            raise ValueError(f"A set of options is asked for, such as {form_of_set(exercise)}.")
        return parts(exercise, {convert(each) for each in chosen if not unanswered(each)})
    names = listed(right)
    if isinstance(answer, Mapping):
        if unknown := [str(name) for name in answer if name not in right]:
            raise ValueError(f"There is nothing called {listed(unknown)} here, only {names}.")
        answer = {name: answer.get(name) for name in right}
    elif isinstance(exercise.right, Mapping):
        answer = answer.tolist() if isinstance(answer, np.ndarray) else answer
        if not isinstance(answer, list | tuple) or len(answer) != len(right):
            raise ValueError(f"{len(right)} values are asked for, in this order: {names}.")
        answer = dict(zip(right, answer, strict=True))
    else:
        answer = {"": answer}
    return {name: value if unanswered(value) else convert(value) for name, value in answer.items()}


def number(value: Any) -> float:
    if isinstance(value, str):
        raise ValueError("A number is asked for, not text: leave the quotes away.")
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return float(value if np.ndim(value) == 0 else np.asarray(value).item())
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"A number is asked for, not this {kind(value)}.") from None


def key_of(exercise: ChoiceExercise) -> Any:
    def convert(value: Any) -> str:
        if isinstance(value, str) and value.strip() in exercise.options:
            return value.strip()
        keys = ", ".join(f'"{key}"' for key in exercise.options)
        told = f"The options are {keys}."
        if isinstance(exercise.right, frozenset):
            told += f" A set of them is asked for, such as {form_of_set(exercise)}."
        raise ValueError(told)

    return convert


def form_of_set(exercise: ChoiceExercise) -> str:
    """A set of options as one writes it: any but the right one."""
    first, *others = exercise.options
    pairs = ([first, other] for other in reversed(others))
    shown = next(pair for pair in pairs if exercise.right != frozenset(pair))
    return "{" + ", ".join(f'"{key}"' for key in shown) + "}"


def equal(exercise: Question, given: Any, value: Any) -> bool:
    if isinstance(exercise, ChoiceExercise) or unanswered(given):
        return given == value
    if not np.isfinite(value):
        return given == value
    return abs(given - value) <= max(exercise.tolerance, exercise.relative * abs(value))


def nearly(given: Any, right: Any) -> str:
    """Simple relations of two numbers."""
    if isinstance(right, str) or not right or not np.isfinite([given, right]).all():
        return "That is not a finite number." if isinstance(given, float) and given - given else ""
    for text, value in (
        ("Look at the sign.", -right),
        ("That is its reciprocal.", 1 / right),
        ("Is it a fraction or a percentage?", 100 * right),
        ("Is it a fraction or a percentage?", right / 100),
    ):
        if np.isclose(given, value, rtol=1e-3, atol=0):
            return text
    if not np.isclose(given, right, rtol=0.02):
        return ""
    whole = float(right).is_integer() and abs(right) >= 100  # counted, not measured
    return "Close: what is left out, or counted twice?" if whole else CLOSE


def check_property(exercise: PropertyExercise, answer: Any) -> Result:
    if unanswered(answer):
        return not_attempted(exercise)
    try:
        found = exercise.form(answer)
    except ValueError as error:
        return Result(exercise, NOT_YET, (str(error),))

    def lacking() -> int:
        tests = (each.holds(copy.deepcopy(found)) for each in exercise.properties)
        return next((i for i, holds in enumerate(tests) if not holds), len(exercise.properties))

    done = observe(lacking, [Case({})], exercise.seconds, owner=answer)
    notes = remarks(done)
    if not done.ended:
        return Result(exercise, NOT_YET, (endless(exercise.seconds), *notes))
    fault = done.seen[0].fault
    if fault:
        if fault.kind == "NotImplementedError":
            return not_attempted(exercise)
        return Result(exercise, RAISED, (raised(fault), *notes))
    missing = exercise.properties[done.seen[0].value :]  # from the first that does not hold
    if not missing:
        return Result(exercise, PASSED, notes)
    return Result(exercise, NOT_YET, (missing[0].message, *notes))
