"""From a learner's function to the most helpful true sentence about it.

In this order: not attempted, never ends, passed, raises, behaves like a known mistake, answers
differently each time, changes an argument, returns the wrong kind of thing; then what `relations`
can say about the values.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .model import Case, CodeExercise, Exercise
from .observe import Fault, Observation, Seen, alike, behaves_like, observe, same
from .relations import Pair, draw_map, listed, relate, telling
from .report import NOT_ATTEMPTED, NOT_YET, PASSED, RAISED, Result


class Trial(NamedTuple):
    """A learner's function and the reference, tried on the same cases."""

    exercise: CodeExercise
    cases: Sequence[Case]
    done: Observation
    truth: Observation


def cases_of(exercise: CodeExercise) -> Sequence[Case]:
    """Always the same cases, whatever was drawn before."""
    return exercise.cases(np.random.default_rng(zlib.crc32(exercise.id.encode())))


def check_code(exercise: CodeExercise, function: Any) -> Result:
    if function is None or function is ...:
        return not_attempted(exercise)
    if not callable(function):
        text = f"The function itself is asked for, without calling it, not this {kind(function)}."
        return Result(exercise, NOT_YET, (text,))
    cases = cases_of(exercise)
    done = observe(function, cases, exercise.seconds)
    notes = remarks(done)
    faults = [each.fault for each in done.seen if each.fault]
    if any(fault.kind == "NotImplementedError" for fault in faults):
        return not_attempted(exercise)
    if not done.ended:
        where = cases[min(len(done.seen), len(cases) - 1)].where
        return Result(exercise, NOT_YET, (endless(exercise.seconds), seen_with(where), *notes))

    trial = Trial(exercise, cases, done, right_answer(exercise))
    texts = [manners(each) or form(each.value, exercise.outputs) for each in done.seen]
    problems = [(case, text) for case, text in zip(cases, texts, strict=True) if text]
    table = {} if problems else pairs(trial)
    if table and all(pair.right for row in table.values() for pair in row):
        if exercise.quiet and done.warned:
            return Result(exercise, NOT_YET, (exercise.quiet, *notes))
        steps = [case.sizes["T"] for case in cases if "T" in case.sizes]
        text = f"Right with T = {listed(steps)}." if steps else f"Right in {len(cases)} cases."
        return Result(exercise, PASSED, (text, *notes))

    known, explained = recognise(trial)
    if faults:
        case = next(case for case, each in zip(cases, done.seen, strict=True) if each.fault)
        called = f"It is called with ({', '.join(case.args)})."
        lines = (raised(faults[0], called), seen_with(case.where), *known)
        return Result(exercise, RAISED, (*lines, *notes))
    if table:
        return compare(trial, table, known, explained, notes)
    case, text = problems[-1]  # the largest case says most
    return Result(exercise, NOT_YET, (*(known or [text]), seen_with(case.where), *notes))


@np.errstate(all="ignore")
def compare(
    trial: Trial,
    table: dict[str, list[Pair]],
    known: Sequence[str],
    explained: set[str],
    notes: Sequence[str],
) -> Result:
    """Output by output: what is right, and what can be said about the first wrong one."""
    wrong = [name for name, row in table.items() if not all(pair.right for pair in row)]
    first = next((name for name in wrong if name in explained), wrong[0])
    fine = [name for name in table if name not in wrong]
    others = [name for name in wrong if name not in explained and name != first]
    axes, row = trial.exercise.outputs[first].split(), table[first]
    pair = telling(row)
    lines = list(known) or relate(trial.exercise, first, axes, row, pair)
    lines += [f"Also wrong: {listed(others)}."] if others else []
    lines += [f"Already right: {listed(fine)}."] if fine else []
    bad = [any(not each[i].right for each in table.values()) for i in range(len(trial.cases))]
    lines.append(seen_with(pair.case.where, trial.cases, bad))
    picture = draw_map(trial.exercise, first, axes, pair)
    return Result(trial.exercise, NOT_YET, (*lines, *notes), picture)


# --- sentences that code and questions share -----------------------------------------------------


def not_attempted(exercise: Exercise) -> Result:
    return Result(exercise, NOT_ATTEMPTED, (f'Stuck? `hint("{exercise.id}")`.',))


def endless(seconds: float) -> str:
    return f"It did not end within {seconds:g} s and was stopped: what ends its loop?"


def raised(fault: Fault, otherwise: str = "") -> str:
    text = f"{fault.kind}: {fault.text}" if fault.text else fault.kind
    return f"{text}\n{f'In {fault.place}' if fault.place else otherwise}".rstrip()


def remarks(done: Observation) -> tuple[str, ...]:
    printed = ["What it printed is not shown here."] if done.printed else []
    return (*printed, *(f"NumPy warned: {text}." for text in done.warned))


def kind(value: Any) -> str:
    """The type of a learner's value in words."""
    from_torch = type(value).__module__.startswith("torch")
    return "torch tensor" if from_torch else type(value).__name__


def seen_with(where: str, cases: Sequence[Case] = (), bad: Sequence[bool] = ()) -> str:
    """On which case it was seen, and which are right all the same."""
    text = f"Seen with {where}" if where else "Seen in one case"
    good = [case for case, is_bad in zip(cases, bad, strict=True) if not is_bad]
    steps = [(case.sizes.get("T"), is_bad) for case, is_bad in zip(cases, bad, strict=True)]
    right, wrong = ({T for T, is_bad in steps if T and is_bad == which} for which in (False, True))
    if right and wrong and max(right) < min(wrong):
        return f"{text}; right at T = {listed(sorted(right))}, wrong from T = {min(wrong)} on."
    return f"{text}; right in {len(good)} of {len(cases)} cases." if good else f"{text}."


# --- how it behaved, and what kind of thing came back --------------------------------------------


def manners(seen: Seen) -> str:
    if not seen.steady:
        return (
            "It gives different answers for the same input: does it draw random numbers, or keep "
            "something from call to call (a global, a mutable default)?"
        )
    names = listed(f"`{name}`" for name in seen.changed)
    return names and (
        f"It changes its argument {names} in place, so the caller's own is changed too: "
        "work on a copy, or write `a = a + b` instead of `a += b`."
    )


def form(value: Any, outputs: dict[str, str]) -> str:
    """What is wrong with the kind of thing returned, or ""."""
    asked = f"{len(outputs)} are asked for: {listed(f'`{name}`' for name in outputs)}."
    if value is None:
        return "It returns None: did you forget `return`?"
    if len(outputs) == 1:
        value = [value]
    elif not isinstance(value, tuple | list):
        return f"It returns one {kind(value)}; {asked}"
    elif len(value) != len(outputs):
        return f"It returns {len(value)} things; {asked}"
    parts = zip(outputs.items(), value, strict=True)
    return next((text for (name, axes), part in parts if (text := form_of(name, axes, part))), "")


def form_of(name: str, axes: str, value: Any) -> str:
    number = isinstance(value, int | float | complex) and not axes
    if number or isinstance(value, np.ndarray | np.generic):
        return ""
    wanted = f"an array with axes ({', '.join(axes.split())})" if axes else "a number"
    text = f"`{name}` is a {kind(value)}; {wanted} is asked for."
    if isinstance(value, list | tuple) and axes:
        text += " `np.stack` makes one of a list of arrays."
        if len(value) > 1 and all(part is value[0] for part in value):
            text += f" And it holds the same array {len(value)} times: append a copy."
    return text


# --- known mistakes ------------------------------------------------------------------------------


def recognise(trial: Trial) -> tuple[Sequence[str], set[str]]:
    """The message of the mistake it behaves like, and the outputs which that explains.

    First a mistake that agrees in everything, else one that agrees in every output it gets wrong.
    """
    exercise, _, done, truth = trial
    if not all(each.steady for each in done.seen):
        return [], set()
    others = known_mistakes(exercise)
    for message, other in others:
        level = exercise.level(*arrays(done), *arrays(other))
        if all(behaves_like(a, b, level) for a, b in zip(done.seen, other.seen, strict=True)):
            return [message], set(exercise.outputs)
    for message, other in others:
        if not all(comparable(exercise, run) for run in (done, other)):
            continue
        level = exercise.level(*arrays(done), *arrays(other))
        ours, theirs, right = (by_output(exercise, run) for run in (done, other, truth))
        about = {name for name in ours if not alike(theirs[name], right[name], level)}
        if about and all(alike(ours[name], theirs[name], level) for name in about):
            return [message], about
    return [], set()


@functools.cache
def right_answer(exercise: CodeExercise) -> Observation:
    """What the reference does on the exercise's cases, which never changes either."""
    return observe(exercise.reference, cases_of(exercise))


@functools.cache
def known_mistakes(exercise: CodeExercise) -> list[tuple[str, Observation]]:
    """What each catalogued mistake does on the exercise's cases; both never change."""
    cases = cases_of(exercise)
    return [(each.message, observe(each.answer, cases)) for each in exercise.mistakes]


def comparable(exercise: CodeExercise, run: Observation) -> bool:
    return not any(manners(each) or form(each.value, exercise.outputs) for each in run.seen)


def by_output(exercise: CodeExercise, run: Observation) -> dict[str, list[np.ndarray]]:
    """What was returned, output by output, each with one array per case."""
    single = len(exercise.outputs) == 1
    rows = [[each.value] if single else each.value for each in run.seen]
    columns = ([np.asarray(part) for part in column] for column in zip(*rows, strict=True))
    return dict(zip(exercise.outputs, columns, strict=True))


def arrays(run: Observation) -> list[np.ndarray]:
    """All arrays that were returned."""
    values = (s.value if isinstance(s.value, list | tuple) else [s.value] for s in run.seen)
    return [np.asarray(p) for v in values for p in v if isinstance(p, np.ndarray | np.generic)]


def pairs(trial: Trial) -> dict[str, list[Pair]]:
    """For every output, case by case: what was returned and what is right."""
    exercise, cases, done, truth = trial
    ours, right = by_output(exercise, done), by_output(exercise, truth)

    def pair(case: Case, got: np.ndarray, want: np.ndarray) -> Pair:
        fine = same(got, want, exercise.level(got, want))
        return Pair(case, got, want, fine and (got.dtype == want.dtype or not exercise.same_dtype))

    return {name: list(map(pair, cases, ours[name], right[name])) for name in exercise.outputs}
