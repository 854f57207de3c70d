"""No wrong answer passes a check, and no right one fails it, however it is written.

Every exercise gets wrong answers by the dozen. Those of a function to write are mechanical: its
right answers with one small change in their source (see `mutants`), and the right answer with
arguments left out or exchanged, or results turned, shifted or touched in one place. What passes
all the same has to stand in `EQUIVALENT`, with the reason why it is no mistake.

`python tests/test_exercises_cannot_be_fooled.py` prints how many there are, lesson by lesson.
"""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mutants import Mutant, mutants

from unrolled import exercises
from unrolled.exercises import diagnosis, judge
from unrolled.exercises.diagnosis import cases_of
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Exercise,
    NumberExercise,
    PropertyExercise,
)
from unrolled.exercises.observe import alike
from unrolled.exercises.selftest import sample

CATALOGUE = exercises.catalogue()
CODE = {id: each for id, each in CATALOGUE.items() if isinstance(each, CodeExercise)}
OTHERS = {id: each for id, each in CATALOGUE.items() if id not in CODE}

# What a mutant's change must hold, and why it changes no result.
EQUIVALENT: dict[str, dict[str, str]] = {
    "1.5": {
        r"ones \(padded_by_arithmetic": "every step is written over",
        r"0 -> -1 \(padded_one_by_one": "an axis of one sequence: its first is its last",
        r"length: -> length - 1:": "writes the last real state over itself",
    },
    "1.6": {r"^output: ": "the last states say it all"},
    "1.7": {r"targets, inputs\) \(step": "two empty arrays of one shape"},
    "1.9": {r"@ h\.T": "a vector has no transpose"},
    "2.2": {r"W_\wh\[j\] @ ": "the product of two vectors, either way round"},
    "2.6": {r"0\.0 -> -0\.0": "the same number"},
    "2.7": {
        r"len\(x\) \+ 1, K\) \(in_chunks": "an inner loop without a step",
        r"min\(len": "of two numbers, in either order",
        r"^K: ": "the states do not depend on where a run is cut",
    },
    "3.3": {r"np\.diag.*\.T @": "a diagonal matrix is its own transpose"},
    "3.5": {r"ones \(backward\)": "the way back does not read the bias"},
    "3.6": {
        r"'ij,nk->nijk' -> 'ji": "the identity is its own transpose",
        r"range\(T \+ 1\) \(linear_by": "one power more, which is not used",
    },
    "4.2": {
        r"1 - .* -> .* - 1 ": "a length is the same for either sign",
        r"\(lengths_from_lag_matrix": "inputs, bias and first state only fill places here",
    },
    "4.3": {
        r"g\.T|diag.*\.T @": "vectors and diagonal matrices need no transpose",
        r"1 - .* -> .* - 1 ": "a length is the same for either sign",
        r"ones \(lag_matrix_in": "every column is written over",
    },
    "4.10": {
        r"swapaxes\(1, 0\)": "exchanges the same two axes",
        r"(v|tangent)\.T": "a vector has no transpose",
        r"\.min ": "any size will do that is measured and divided by",
        r"1 - .* -> .* - 1 ": "a length is the same for either sign",
        r"ones \(exponent_by_qr": "every row is written over",
        r"logs\[t - 1\]": "the mean does not depend on the order of the steps",
        r"^(1 -> 2|0 -> -1) \(exponent_by_qr": "of a matrix of one column, the only one",
    },
    "4.11": {
        r"\(d?W?_?\w*, .*db_h.*\) -> .*\(clip\)": "a sum of squares, in any order",
        r"ravel\(\)": "the length of a vector, its parts in any order",
        r">= max_norm": "at the limit the factor is 1 either way",
        r"(minimum|maximum)\(.* -> np": "the smaller or larger of two, in either order",
        r"-> -1e-300": "only guards gradients of zero, which stay zero",
    },
    "4.12": {
        r">= limit": "at the limit the factor is 1 either way",
        r"\.T \(project": "a diagonal matrix is its own transpose",
        r"(minimum|maximum)\(.* -> np": "the smaller or larger of two, in either order",
        r"svd\(W\) \(project_by|False -> True": "the matrix is square: nothing to cut off",
    },
    "5.3": {r"swapaxes\(1, 0\)": "exchanges the same two axes"},
    "5.4": {
        r"\[r\](\.T)? @ |@ W_[xh]h\[r\]": "vectors: no transpose, and no order",
        r"^\(h, c\) -> |^\(np\.empty.*\) -> ": "two empty arrays of one shape",
        r"^-1 -> 1 ": "of two axes, the last one",
    },
    "5.8": {
        r"dc0, dh0\)|c0\), np|empty_like\(h0\)\)": "two empty arrays of one shape",
        r"dz\.T \(backward_one": "a vector has no transpose",
        r"^1 -> 2 \(backward_all": "-2 for -1: NumPy finds the size for any negative number",
    },
    "5.11": {
        r"^1 -> 2 \(to_torch_by": "-2 for -1: NumPy finds the size for any negative number",
        r"^bias_hh: (the other sign|zeros|4H late|4H reversed)": "it is zero everywhere",
    },
    "5.12": {r"^1 -> [02] \(forget_bias_by": "only the shape of a block is read; all are equal"},
    "6.1": {r"\(1 - s\) / s": "the sigmoid's slope is the same at z and -z"},
    "6.2": {
        r"0 -> -?1 \(|z > 0": "near 0 both formulas are good",
        r"np\.(minimum|logaddexp)\(.* -> np": "of two numbers, in either order",
    },
    "6.4": {
        r"below -= ": "a length is the same for either sign",
        r" - 1 |- h\[k\] \(": "a length is the same for either sign",
        r"row(\.T)? @ ": "the product with a vector, which has no transpose",
        r"rows\[::-1\]": "a sum of squares, in any order",
        r"\(d, row\)|zip\(slope, rows": "names exchanged",
    },
    "6.7": {r"ones\.T": "a vector has no transpose"},
    "6.9": {
        r"\(1, 0\) \(silence\)": "the same two axes",
        r"np\.maximum\(0, z\)": "of two numbers, in either order",
        r"^0 -> 1 \(silence_by_maximum": "over the other of two axes first",
        r"\[::-1\]|^z: reversed": "does not depend on the order of the steps or sequences",
    },
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether an answer passes is asked here; which known mistake it looks like takes long.

    The cases are always the same, and each call gets copies: once drawn, they can be kept.
    """
    monkeypatch.setattr(diagnosis, "recognise", lambda trial: ([], set()))
    monkeypatch.setattr(diagnosis, "cases_of", kept_cases)


kept_cases = functools.cache(cases_of)


# --- functions: wrong answers --------------------------------------------------------------------


def written(exercise: CodeExercise) -> list[Callable[..., Any]]:
    """The right answers that have a source of their own."""
    known = dict.fromkeys((exercise.reference, *exercise.also_right))
    return [each for each in known if inspect.isfunction(each) and each.__name__ != "<lambda>"]


def wrong_functions(exercise: CodeExercise, every: int = 1) -> Iterator[Mutant]:
    """All of them, or of those with changed sources every second, or third."""
    done: set[str] = set()
    changed = (each for function in written(exercise) for each in mutants(function, done))
    yield from itertools.islice(changed, 0, None, every)
    yield from mistreated(exercise)
    yield from distorted(exercise)


def mistreated(exercise: CodeExercise) -> Iterator[Mutant]:
    """The reference with an argument left out, always the same, transposed or exchanged."""
    first = list(cases_of(exercise)[0].args.values())
    names = list(cases_of(exercise)[0].args)

    def with_argument(i: int, change: Callable[[Any], Any]) -> Callable[..., Any]:
        def wrong(*args: Any) -> Any:
            return exercise.reference(*args[:i], change(args[i]), *args[i + 1 :])

        return wrong

    def exchanged(i: int, k: int) -> Callable[..., Any]:
        def wrong(*args: Any) -> Any:
            new = list(args)
            new[i], new[k] = new[k], new[i]
            return exercise.reference(*new)

        return wrong

    for i, (name, value) in enumerate(zip(names, first, strict=True)):
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f":
                yield Mutant(f"{name}: zeros", with_argument(i, np.zeros_like))
            else:
                yield Mutant(f"{name}: another", with_argument(i, lambda a: np.roll(a, 1) * 0))
            yield Mutant(f"{name}: first row everywhere", with_argument(i, first_everywhere))
            yield Mutant(f"{name}: reversed", with_argument(i, lambda a: a[::-1].copy()))
            if value.ndim >= 2:
                yield Mutant(f"{name}: turned", with_argument(i, lambda a: a.swapaxes(0, -1)))
        elif isinstance(value, int | float):
            yield Mutant(f"{name}: one more", with_argument(i, lambda a: a + 1))
            for case in cases_of(exercise):
                fixed = list(case.args.values())[i]
                kept = with_argument(i, lambda a, fixed=fixed: fixed)
                yield Mutant(f"{name}: always {fixed:.3g}", kept)
    for i, k in itertools.combinations(range(len(names)), 2):
        yield Mutant(f"{names[i]} for {names[k]}", exchanged(i, k))


def first_everywhere(array: np.ndarray) -> np.ndarray:
    return np.broadcast_to(array[:1], array.shape).copy()


def distorted(exercise: CodeExercise) -> Iterator[Mutant]:
    """The reference with its results turned, shifted, or touched in one place or in one case."""

    def with_results(change: Callable[[list[Any]], Any]) -> Callable[..., Any]:
        def wrong(*args: Any) -> Any:
            results = exercise.reference(*args)
            single = len(exercise.outputs) == 1
            new = change([copy.deepcopy(results)] if single else list(results))
            return new[0] if single and isinstance(new, list) else new

        return wrong

    def one(i: int, change: Callable[[Any], Any]) -> Callable[..., Any]:
        return with_results(lambda r: [*r[:i], change(r[i]), *r[i + 1 :]])

    for i, (name, axes) in enumerate(exercise.outputs.items()):
        yield Mutant(f"{name}: the other sign", one(i, opposite))
        yield Mutant(f"{name}: a little more", one(i, lambda r: more(r, slice(None))))
        yield Mutant(f"{name}: zeros", one(i, lambda r: r * 0))
        yield Mutant(f"{name}: NaN", one(i, lambda r: r * np.nan))
        yield Mutant(f"{name}: text", one(i, str))
        yield Mutant(f"{name}: a list", one(i, lambda r: [r]))
        yield Mutant(f"{name}: one axis more", one(i, lambda r: np.asarray(r)[..., None]))
        for k, axis in enumerate(axes.split()):
            before = (slice(None),) * k
            yield Mutant(f"{name}: last {axis}", one(i, lambda r, b=before: more(r, (*b, -1))))
            yield Mutant(f"{name}: first {axis}", one(i, lambda r, b=before: more(r, (*b, 0))))
            yield Mutant(f"{name}: {axis} late", one(i, lambda r, k=k: np.roll(r, 1, k)))
            yield Mutant(f"{name}: {axis} reversed", one(i, lambda r, k=k: np.flip(r, k).copy()))
            yield Mutant(f"{name}: a {axis} fewer", one(i, lambda r, b=before: r[*b, 1:]))
            yield Mutant(f"{name}: {axis} summed", one(i, lambda r, k=k: r.sum(k)))
        if len(axes.split()) > 1:
            last = (-1,) * len(axes.split())
            yield Mutant(f"{name}: the last number", one(i, lambda r, at=last: more(r, at)))
            yield Mutant(f"{name}: turned", one(i, lambda r: r.swapaxes(0, -1)))
    if len(exercise.outputs) > 1:
        yield Mutant("results: backwards", with_results(lambda r: r[::-1]))
        yield Mutant("results: one fewer", with_results(lambda r: r[:-1]))
        yield Mutant("results: one more", with_results(lambda r: [*r, r[-1]]))
    for case in cases_of(exercise):
        yield Mutant(f"wrong with {case.where}", except_for(exercise, case))


def opposite(result: Any) -> Any:
    return ~result if np.asarray(result).dtype == bool else -result


def more(result: Any, where: Any) -> Any:
    """A thousandth of the largest number more there; at least something else, if no fractions."""
    array = np.array(result)
    where = where if array.ndim else ()
    if array.dtype == bool:
        array[where] = ~array[where]
    elif array.dtype.kind in "iu":
        array[where] += 1
    else:
        array[where] += array.dtype.type(np.abs(array).max(initial=0) / 1000 or 1)
    return array


def except_for(exercise: CodeExercise, case: Case) -> Callable[..., Any]:
    """Right unless the arguments have the sizes and single values of this case."""

    def key(args: Sequence[Any]) -> list[Any]:
        return [a.tobytes() if isinstance(a, np.ndarray) else str(a) for a in args]

    exception = key(list(case.args.values()))

    def wrong(*args: Any) -> Any:
        here = key(args) == exception
        results = exercise.reference(*args)
        if not here:
            return results
        if len(exercise.outputs) == 1:
            return more(results, -1)
        return *results[:-1], more(results[-1], -1)

    return wrong


def more_cases(exercise: CodeExercise) -> list[Case]:
    """Other numbers, and where the exercise can be drawn in any size, other and equal sizes."""
    cases = [case for seed in (1, 2) for case in exercise.cases(np.random.default_rng(seed))]
    for cell in getattr(exercise.cases, "__closure__", None) or ():
        draw = cell.cell_contents
        if callable(draw):
            names = list(inspect.signature(draw).parameters)[1:]
            for sizes in ((4, 5, 3, 2, 6, 7), (7, 2, 6, 5, 4, 3), (3,) * 6, (4,) * 6):
                chosen = {k: n for k, n in zip("TNDHQK", sizes, strict=True) if k in names}
                try:
                    cases.append(Case(draw(np.random.default_rng(sum(sizes)), **chosen), chosen))
                except (KeyError, IndexError):  # not any size will do
                    continue
    return cases


@functools.cache
def right_results(exercise: CodeExercise) -> list[Any]:
    return [exercise.reference(*copy.deepcopy(c.args).values()) for c in more_cases(exercise)]


def is_right(exercise: CodeExercise, function: Callable[..., Any]) -> bool:
    """Whether it agrees with the reference on inputs that the check does not try."""
    for case, right in zip(more_cases(exercise), right_results(exercise), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                given = function(*copy.deepcopy(case.args).values())
            except Exception:
                return False
        arrays = [np.asarray(a) for a in (right if isinstance(right, tuple) else [right])]
        if not alike(given, right, exercise.level(*arrays)):
            return False
    return True


def sieve(exercise: CodeExercise, every: int = 1) -> tuple[int, list[Mutant]]:
    """How many wrong answers there are, and which of them pass."""
    count, passed = 0, []
    for count, mutant in enumerate(wrong_functions(exercise, every), 1):  # noqa: B007
        if judge(exercise, mutant.function).passed:
            passed.append(mutant)
    return count, passed


EVERY = {"1.5": 2, "1.9": 2, "3.4": 2, "3.5": 2, "3.6": 3, "4.10": 4, "5.3": 3, "5.4": 4}
EVERY |= {"5.7": 3, "5.8": 5, "6.1": 2, "6.7": 2}  # long runs, or hundreds of mutants


@pytest.mark.parametrize("exercise", CODE.values(), ids=CODE)
def test_no_wrong_function_passes(exercise: CodeExercise) -> None:
    every = EVERY.get(exercise.id, 1)
    count, passed = sieve(exercise, every)
    reasons = EQUIVALENT.get(exercise.id, {})
    unexplained = [m.change for m in passed if not any(re.search(r, m.change) for r in reasons)]
    assert not unexplained, "\n".join(unexplained)
    assert [m.change for m in passed if not is_right(exercise, m.function)] == []
    unused = [r for r in reasons if not any(re.search(r, m.change) for m in passed)]
    assert every > 1 or not unused, "no mutant needs these reasons"
    assert count - len(passed) >= 6
    print(f"\n{exercise.id}: {count} wrong functions, {len(passed)} of them equivalent")


# --- functions: right answers --------------------------------------------------------------------


def right_functions(exercise: CodeExercise) -> Iterator[Mutant]:
    """The right answers that were written, and the reference's in other forms."""
    for i, function in enumerate(exercise.also_right):
        yield Mutant(f"written {i}", function)
    several = len(exercise.outputs) > 1

    def formed(form: Callable[[Any], Any]) -> Callable[..., Any]:
        def right(*args: Any) -> Any:
            results = exercise.reference(*args)
            return tuple(form(r) for r in results) if several else form(results)

        return right

    def on_copies(*args: Any) -> Any:
        copies = copy.deepcopy(args)
        results = copy.deepcopy(exercise.reference(*copies))
        for each in copies:
            if isinstance(each, np.ndarray):
                each[...] = 1
        return results

    def fortran(*args: Any) -> Any:
        turned = (np.asfortranarray(a) if isinstance(a, np.ndarray) else a for a in args)
        return exercise.reference(*turned)

    yield Mutant("Fortran order", formed(lambda r: np.asfortranarray(r) if np.ndim(r) else r))
    yield Mutant("a view", formed(as_view))
    yield Mutant("read only", formed(read_only))
    yield Mutant("arguments in Fortran order", fortran)
    yield Mutant("written over copies", on_copies)
    if several:
        yield Mutant("a list", lambda *args: list(exercise.reference(*args)))
    if not exercise.same_dtype:
        yield Mutant("float32", formed(rounded))
    if any(not axes for axes in exercise.outputs.values()):
        yield Mutant("NumPy's number", formed(lambda r: np.float64(r) if np.ndim(r) == 0 else r))
        yield Mutant("Python's number", formed(lambda r: float(r) if np.ndim(r) == 0 else r))
    if exercise.id not in WHOLE_BATCH and "N" in cases_of(exercise)[0].sizes:
        yield Mutant("one by one", one_by_one(exercise))


def as_view(result: Any) -> Any:
    """The numbers as every second of an array twice as large."""
    if np.ndim(result) == 0:
        return result
    large = np.zeros(tuple(2 * n for n in result.shape), result.dtype)
    view = large[(slice(None, None, 2),) * result.ndim]
    view[...] = result
    return view


def read_only(result: Any) -> np.ndarray:
    array = np.array(result)
    array.flags.writeable = False
    return array


def rounded(result: Any) -> Any:
    array = np.asarray(result)
    return array.astype(np.float32) if array.dtype == np.float64 and array.ndim else result


WHOLE_BATCH = {  # a result is neither the sum, nor the mean, nor the list of those of the sequences
    "1.4": "the mean is over all numbers that count, of all sequences together",
    "6.4": "the length is that of all sequences together",
    "6.9": "dead is who is silent in all sequences",
}
MEANS = {"loss", "lengths", "matrix"}


def one_by_one(exercise: CodeExercise) -> Callable[..., Any]:
    """Each sequence of the batch alone, through the reference, and the results joined."""
    cases = cases_of(exercise)

    def batch_axis(name: str) -> int | None:
        shapes = [(np.shape(case.args[name]), case.sizes["N"]) for case in cases]
        axes = range(len(shapes[0][0]))
        return next((k for k in axes if all(shape[k] == N for shape, N in shapes)), None)

    places = [batch_axis(name) for name in cases[0].args]

    def right(*args: Any) -> Any:
        N = next(a.shape[k] for a, k in zip(args, places, strict=True) if k is not None)
        parts = []
        for n in range(N):
            alone = (
                a if k is None else a.take([n], axis=k) for a, k in zip(args, places, strict=True)
            )
            results = exercise.reference(*alone)
            parts.append(results if len(exercise.outputs) > 1 else [results])
        joined = [
            join(name, axes.split(), each)
            for (name, axes), each in zip(
                exercise.outputs.items(), zip(*parts, strict=True), strict=True
            )
        ]
        return joined if len(joined) > 1 else joined[0]

    return right


def join(name: str, axes: list[str], parts: Sequence[Any]) -> Any:
    if "N" in axes:
        return np.concatenate(parts, axis=axes.index("N"))
    if name.startswith("d"):  # a gradient of weights that all sequences share
        return sum(parts)
    return sum(parts) / len(parts) if name in MEANS else parts[0]


@pytest.mark.parametrize("exercise", CODE.values(), ids=CODE)
def test_every_right_function_passes(exercise: CodeExercise) -> None:
    right = list(right_functions(exercise))
    failed = [(name, judge(exercise, function)) for name, function in right]
    assert [each for each in failed if not each[1].passed] == []
    assert len(exercise.also_right) >= 2, "two written by hand, beside the reference"
    assert len(right) >= 3


def test_a_place_that_is_never_filled_shows() -> None:
    """Else `np.empty` may hand out what was right a moment ago, as it did before this was seen."""
    exercise = CODE["2.5"]
    plain = np.empty, np.empty_like

    def never_filled(W_xh: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
        exercise.reference(W_xh, W_hh)
        return np.empty((len(W_hh), sum(W_xh.shape)))

    def last_row_missing(W_xh: np.ndarray, W_hh: np.ndarray) -> np.ndarray:
        W = np.empty_like(exercise.reference(W_xh, W_hh))
        W[:-1] = exercise.reference(W_xh, W_hh)[:-1]
        return W

    for function in (never_filled, last_row_missing):
        result = judge(exercise, function)
        assert not result.passed
        assert "`W` contains NaN (not a number)." in result.lines
    assert (np.empty, np.empty_like) == plain


def test_a_choice_after_the_overflow_is_too_late() -> None:
    """Both forms everywhere, and `where` keeps the good halves: right numbers, with warnings."""

    def by_where(z: np.ndarray) -> np.ndarray:
        return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))

    result = judge(CODE["6.2"], by_where)
    assert not result.passed
    assert result.lines[0] == CODE["6.2"].quiet
    with np.errstate(all="ignore"):
        for case in cases_of(CODE["6.2"]):
            np.testing.assert_allclose(by_where(**case.args), CODE["6.2"].reference(**case.args))


# --- questions -----------------------------------------------------------------------------------


def wrong_answers(exercise: Exercise) -> Iterator[Any]:
    for mistake in exercise.mistakes:
        yield sample(exercise, mistake)
    kinds: dict[type, Callable[[Any], Iterator[Any]]] = {
        NumberExercise: wrong_numbers,
        ChoiceExercise: wrong_choices,
        PropertyExercise: wrong_objects,
    }
    yield from kinds[type(exercise)](exercise)
    yield from (None, ..., "", (), [], {}, set(), object(), NotImplemented, lambda: exercise.right)


def wrong_numbers(exercise: NumberExercise) -> Iterator[Any]:
    right = exercise.right
    if not isinstance(right, Mapping):
        for wrong in near_and_far(exercise, right):
            yield wrong
        yield from ([right, right], np.full((1, 2), right), {"value": right})
        return
    for name, value in right.items():
        for wrong in near_and_far(exercise, value):
            yield {**right, name: wrong}
        yield {k: v for k, v in right.items() if k != name}
        yield {**right, name: None}
    values = list(right.values())
    if len(set(values)) > 1:
        yield values[1:] + values[:1]
    yield from (values[:-1], [*values, values[0]], {**right, "more": 1.0}, values[0], str(right))


def near_and_far(exercise: NumberExercise, right: float) -> Iterator[Any]:
    """Neighbours just outside what is accepted, and answers of the wrong kind."""
    accepted = max(exercise.tolerance, exercise.relative * abs(right))
    beyond = max(1.01 * accepted, 1e-9 * abs(right))
    far = max(0.01 * abs(right), 2 * accepted)
    numbers = [right + beyond, right - beyond, right + far, right - far, -right, 10 * right]
    numbers += [1 / right] if right else []
    yield from (wrong for wrong in numbers if abs(wrong - right) > accepted)
    yield from (np.nan, np.inf, -np.inf, np.float32(np.nan), complex(right, 1), True)
    yield from (str(right), f" {right} ", [right, right], [], np.full(3, right), lambda: right)


def wrong_choices(exercise: ChoiceExercise) -> Iterator[Any]:
    options, right = list(exercise.options), exercise.right
    if isinstance(right, str):
        yield from (each for each in options if each != right)
        yield from (set(options), [right, right], {right: True}, right * 2, options.index(right))
    elif isinstance(right, frozenset):
        for size in range(len(options) + 1):
            for chosen in itertools.combinations(options, size):
                if frozenset(chosen) != right:
                    yield set(chosen)
        yield from ("".join(sorted(right)), ", ".join(sorted(right)), dict.fromkeys(right, True))
        yield from ([*right, "no such option"], len(right), exercise.options.values())
    else:
        for question, key in right.items():
            yield from ({**right, question: each} for each in options if each != key)
            yield {k: v for k, v in right.items() if k != question}
        yield from (list(right), dict(zip(right.values(), right, strict=False)), {**right, "?": 1})
        yield from (list(right.values())[:-1], set(right.values()), "".join(right.values()))


def wrong_objects(exercise: PropertyExercise) -> Iterator[Any]:
    """Nothing of the shape that is asked for, or nothing but zeros, NaN or infinity."""

    def every_part(change: Callable[[np.ndarray], Any]) -> Any:
        if isinstance(exercise.right, np.ndarray):
            return change(exercise.right)
        return tuple(change(np.asarray(part)) for part in exercise.right)

    for change in (
        np.zeros_like,
        np.ones_like,
        lambda a: a * np.nan,
        lambda a: a * 0 + np.inf,
        lambda a: a * 0 + 1e200,
        lambda a: a[None],
        lambda a: a[:1],
        lambda a: np.concatenate([a, a]),
        lambda a: a.tolist()[0],
        lambda a: str(a.tolist()),
        lambda a: a * 1e-6,
        lambda a: a + 1j,
        lambda a: a.astype(str),
    ):
        with np.errstate(all="ignore"):
            yield every_part(change)
    yield from (0.0, 1.0, "a matrix", [[1, 2], [3]])


def right_answers(exercise: Exercise) -> Iterator[Any]:
    right = exercise.right
    yield from (right, *exercise.also_right)
    if isinstance(exercise, PropertyExercise):
        forms = (np.asfortranarray, as_view, read_only, lambda a: np.asarray(a).tolist())
        for form in forms:
            single = isinstance(right, np.ndarray)
            yield form(right) if single else [form(part) for part in right]
    elif isinstance(exercise, NumberExercise):
        forms = [float, np.float64, np.array, lambda v: np.array([v]), Fraction]
        for form in forms:
            if isinstance(right, Mapping):
                yield {k: form(float(v)) for k, v in right.items()}
            else:
                yield form(float(right))
        if isinstance(right, Mapping):
            values = list(right.values())
            yield from (values, tuple(values), np.array(values), dict(reversed(right.items())))
        for value in right.values() if isinstance(right, Mapping) else [right]:
            accepted = 0.99 * max(exercise.tolerance, exercise.relative * abs(value))
            for other in (value + accepted, value - accepted):
                name = (
                    next(k for k, v in right.items() if v == value)
                    if isinstance(right, Mapping)
                    else ""
                )
                yield {**right, name: other} if name else other
            if not isinstance(right, Mapping) and float(value).is_integer():
                yield from (int(value), np.int64(value))
    elif isinstance(right, str):
        yield from (f" {right} ", str(np.str_(right)), np.str_(right))
    elif isinstance(right, frozenset):
        yield from (set(right), sorted(right), tuple(sorted(right, reverse=True)))
        yield [*right, *right]
    else:
        yield from (dict(reversed(right.items())), list(right.values()), tuple(right.values()))
        yield {question: f" {key}" for question, key in right.items()}


@pytest.mark.parametrize("exercise", OTHERS.values(), ids=OTHERS)
def test_no_wrong_answer_passes(exercise: Exercise) -> None:
    wrong = list(wrong_answers(exercise))
    assert [each for each in wrong if judge(exercise, each).passed] == []
    assert len(wrong) >= 6


@pytest.mark.parametrize("exercise", OTHERS.values(), ids=OTHERS)
def test_every_right_answer_passes(exercise: Exercise) -> None:
    right = list(right_answers(exercise))
    failed = [(each, result) for each in right if not (result := judge(exercise, each)).passed]
    assert failed == []
    assert len(right) >= 3


def tally() -> None:
    """Print how many wrong answers there are, how many fail, and how many are no mistakes."""
    total = Counter[str]()
    for lesson, group in itertools.groupby(CATALOGUE.values(), lambda exercise: exercise.lesson):
        row = Counter[str]()
        for exercise in group:
            if isinstance(exercise, CodeExercise):
                count, passed = sieve(exercise)
                reasons = "|".join(EQUIVALENT.get(exercise.id, {"^$": ""}))
                for each in passed:
                    if not re.search(reasons, each.change) or not is_right(exercise, each.function):
                        print(f"{exercise.id} passes: {each.change}")
                row.update(functions=count, equivalent=len(passed), failed=count - len(passed))
                row["right"] += 1 + len(list(right_functions(exercise)))
            else:
                wrong = list(wrong_answers(exercise))
                row["answers"] += len(wrong)
                row["failed"] += sum(not judge(exercise, each).passed for each in wrong)
                row["right"] += len(list(right_answers(exercise)))
        print(f"lesson {lesson}:", *(f"{row[name]} {name}," for name in COLUMNS), flush=True)
        total.update(row)
    print("all:     ", *(f"{total[name]} {name}," for name in COLUMNS))


COLUMNS = ("functions", "equivalent", "answers", "failed", "right")

if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        quick.__wrapped__(patch)
        tally()
