"""How a wrong array relates to the right one, in words: shape, type, NaN, sign, factor, time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .model import Case, CodeExercise
from .observe import differs, same
from .report import Map

UNITS = {
    "T": "step",
    "T+1": "step",
    "N": "sequence",
    "D": "input",
    "H": "unit",
    "2H": "column",  # of two directions side by side
    "H+D": "column",  # of state and input side by side
    "4H": "row",  # of the stacked gates
    "Q": "output",
    "K": "class",
}


class Pair(NamedTuple):
    """One output on one case."""

    case: Case
    got: np.ndarray
    want: np.ndarray
    right: bool


def listed(names: Iterable[Any]) -> str:
    """In words: "a", "a and b", "a, b and c"."""
    *most, last = list(map(str, names)) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def telling(row: Sequence[Pair]) -> Pair:
    """The wrong pair of which most can be said: of wrong shape, not finite, or with most steps."""

    def rank(pair: Pair) -> tuple[bool, bool, int]:
        misshapen = pair.got.shape != pair.want.shape
        return misshapen, misshapen or lost(pair).any(), pair.case.sizes.get("T", 0)

    return max((pair for pair in row if not pair.right), key=rank)


def lost(pair: Pair) -> np.ndarray:
    """Where NaN or infinity stands in place of a number."""
    numbers = pair.got.dtype.kind in "fc"
    return ~np.isfinite(pair.got) & np.isfinite(pair.want) if numbers else np.zeros(1, bool)


def relate(
    exercise: CodeExercise, name: str, axes: list[str], row: Sequence[Pair], pair: Pair
) -> list[str]:
    """The most specific thing that is true of this output, and where it is wrong."""
    if text := shape(axes, pair) or dtype(exercise, pair):
        return [f"`{name}` {text}"]
    if lost(pair).any():
        what = "NaN (not a number)" if np.isnan(pair.got).any() else "infinity"
        return [f"`{name}` contains {what}.", *places(axes, lost(pair))]
    level = exercise.level(*(each.got for each in row))
    text = f'differs from what is asked for. Stuck? `hint("{exercise.id}")`.'
    if pair.want.dtype.kind != "b":
        text = relation(axes, row, lambda got, want: same(got, want, level)) or text
    return [f"`{name}` {text}", *places(axes, differs(pair.got, pair.want, level))]


def shape(axes: list[str], pair: Pair) -> str:
    got, want = pair.got, pair.want
    if got.shape == want.shape:
        return ""
    named = f"({', '.join(axes)}) = {want.shape}" if axes else "a single number"
    text = f"has shape {got.shape}; asked for is {named}."
    if sorted(got.shape) == sorted(want.shape):
        moved = any(
            same(got.transpose(order), want, 1e-4)
            for order in itertools.permutations(range(got.ndim))
        )
        return f"{text} The same sizes in another order: " + (
            "the values are right, a transpose swaps the axes."
            if moved
            else "use a transpose, which moves the values; `reshape` only relabels them."
        )
    for i, axis in enumerate(axes):
        rest = want.shape[:i] + want.shape[i + 1 :]
        if got.shape == rest:
            last = same(got, want.take(-1, axis=i), 1e-4)
            how = "is only its last entry returned" if last else "was it summed or squeezed away"
            return f"{text} Axis {axis} is missing: {how}?"
        if got.shape[:i] + got.shape[i + 1 :] == rest:
            more = got.shape[i] - want.shape[i]
            if axis == "T" and abs(more) == 1:
                which = "is the initial state counted" if more > 0 else "which step is left out"
                return f"{text} Axis T is off by one: {which}?"
            return f"{text} Only axis {axis} is wrong."
    same_size = " As many values: is an axis of size 1 too many, or are two axes merged?"
    return text + (same_size if got.size == want.size else "")


def dtype(exercise: CodeExercise, pair: Pair) -> str:
    got, want = pair.got.dtype, pair.want.dtype
    if got.kind not in "biufc":
        return f"holds {got.name} in place of numbers: are its rows of different lengths?"
    if exercise.same_dtype and got != want:
        return f"is {got.name}; {want.name} is asked for."
    if want.kind == "f" and got.kind in "biu":
        return f"holds {got.name}, which cuts off fractions: make it an array of floats."
    return "is complex." if got.kind == "c" != want.kind else ""


def relation(
    axes: list[str],
    row: Sequence[Pair],
    near: Callable[[np.ndarray, np.ndarray], bool],
) -> str:
    """What is true of all wrong pairs; they have the right shape and are finite."""
    wrong = [pair for pair in row if not pair.right]

    def always(change: Callable[[np.ndarray], np.ndarray]) -> bool:
        return all(near(pair.got, change(pair.want)) for pair in wrong)

    if not any(pair.got.any() for pair in wrong):
        return "is zero everywhere."
    if always(np.negative):
        return "has the wrong sign everywhere."
    if text := factor(row, near):
        return text
    if always(np.transpose):
        return "is the transpose of what is asked for."
    T = axes.index("T") if "T" in axes else -1
    if T >= 0 and max(pair.want.shape[T] for pair in wrong) > 2:
        steps = [(np.moveaxis(p.got, T, 0), np.moveaxis(p.want, T, 0)) for p in wrong]
        if all(near(got, want[::-1]) for got, want in steps):
            return "is in reversed order of time."
        if all(near(got[1:], want[:-1]) for got, want in steps):
            return "is a step late: step t holds what belongs to step t - 1."
        if all(near(got[:-1], want[1:]) for got, want in steps):
            return "is a step early: step t holds what belongs to step t + 1."
        if all(near(got, np.broadcast_to(got[-1], got.shape)) for got, _ in steps):
            if all(near(got[-1], want[-1]) for got, want in steps):
                return (
                    "holds its last step again and again: is one array appended every time, and "
                    "changed in place afterwards? Append a copy."
                )
            return "is the same at every step: is anything handed on from step to step?"
    if all(np.abs(p.got - p.want).max() < 1e-3 * np.abs(p.want).max() for p in wrong):
        return (
            "is within a thousandth of what is asked for: a rounded constant, float32 on the way, "
            "a small term too many or too few?"
        )
    return ""


def factor(row: Sequence[Pair], near: Callable[[np.ndarray, np.ndarray], bool]) -> str:
    """Whether the values are right up to a factor, and which size that is."""
    found = []
    for pair in row:
        square = np.vdot(pair.want, pair.want).real
        ratio = float(np.vdot(pair.want, pair.got).real / square) if square else 1.0
        if not near(pair.got, ratio * pair.want):
            return ""
        if square:
            found.append((pair.case.sizes, ratio))
    found = [each for each in found if each[0]] or found
    ratios = [ratio for _, ratio in found]
    for text, numbers in factors([sizes for sizes, _ in found]):
        if np.allclose(ratios, numbers, rtol=1e-4, atol=0):
            return f"is right up to the constant factor {text}."
    if all(pair.want.size == 1 for pair in row):
        return ""  # one number is always a multiple of another
    return f"is right up to a factor ({listed(dict.fromkeys(f'{r:.3g}' for r in ratios))})."


def factors(sizes: Sequence[dict[str, int]]) -> Iterator[tuple[str, np.ndarray]]:
    """Names of factors, with what they are in every case: 2, 1/N, -T·N and so on."""
    shared = [name for name in sizes[0] if all(name in each for each in sizes)]
    products = {number: [float(number)] * len(sizes) for number in "234"}
    for count in range(1, len(shared) + 1):
        for names in itertools.combinations(shared, count):
            products["·".join(names)] = [math.prod(each[n] for n in names) for each in sizes]
    for text, numbers in products.items():
        inverse = f"1/({text})" if "·" in text else f"1/{text}"
        for sign, minus in ((1, ""), (-1, "-")):
            yield f"{minus}{text}", sign * np.array(numbers)
            yield f"{minus}{inverse}", sign / np.array(numbers)


# --- where ---------------------------------------------------------------------------------------


def places(axes: list[str], wrong: np.ndarray) -> list[str]:
    """For each axis along which only a part is wrong: which part. Counted from 1."""
    lines = []
    for i, axis in enumerate(axes):
        unit, size = UNITS.get(axis, axis), wrong.shape[i]
        others = tuple(j for j in range(wrong.ndim) if j != i)
        bad = [k + 1 for k, is_bad in enumerate(wrong.any(axis=others)) if is_bad]
        if not 0 < len(bad) < size:
            continue
        if axis == "T" and bad == [*range(bad[0], size + 1)]:
            lines.append(f"Right up to {unit} {bad[0] - 1} of {size}, wrong after it.")
        elif axis == "T" and bad == [*range(1, len(bad) + 1)] and len(bad) > 1:
            lines.append(f"Wrong up to {unit} {bad[-1]} of {size}, right after it.")
        else:
            lines.append(f"Wrong only in {unit} {listed(bad)} of {size}.")
    return lines


def draw_map(
    exercise: CodeExercise, name: str, axes: list[str], pair: Pair, most: int = 20
) -> Map | None:
    """Rows: the steps if there are any; columns: the last other axis; the rest is merged."""
    if pair.got.shape != pair.want.shape:
        return None
    wrong = differs(pair.got, pair.want, exercise.level(pair.got, pair.want))
    if wrong.all() or not wrong.any():
        return None
    down = axes.index("T") if "T" in axes else 0
    across = max((i for i in range(len(axes)) if i != down), default=down)
    merged = tuple(i for i in range(len(axes)) if i not in (down, across))
    cells = wrong.any(axis=merged)
    cells = cells.T if across < down else cells.reshape(len(cells), -1)
    rows, columns = (UNITS.get(axes[i], axes[i]) for i in (down, across))
    labels = [f"{columns} {k + 1}" for k in range(cells.shape[1])] if across != down else [name]
    caption = f"Where `{name}` is wrong with {pair.case.where}"
    caption += f", in any {listed(UNITS.get(axes[i], axes[i]) for i in merged)}" if merged else ""
    lines = cells[:, :most].tolist()
    names = [f"{rows} {k + 1}" for k in range(len(lines))]
    if cells.any(axis=1).all():  # no row to find: say it shortly
        names, lines = alike(rows, lines)
    return Map(caption, names[:most], labels[:most], lines[:most])


def alike(unit: str, rows: list[list[bool]]) -> tuple[list[str], list[list[bool]]]:
    """Names of rows and the rows, where three or more equal neighbours become one."""
    names: list[str] = []
    kept: list[list[bool]] = []
    for row, group in itertools.groupby(enumerate(rows, 1), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        if len(numbers) >= 3:
            names.append(f"{unit} {numbers[0]} to {numbers[-1]}")
            kept.append(row)
        else:
            names += [f"{unit} {number}" for number in numbers]
            kept += [row] * len(numbers)
    return names, kept
