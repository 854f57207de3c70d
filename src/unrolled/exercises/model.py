"""What an exercise is: a task, its hints, its right answers and the mistakes people make.

Every mistake is stored beside the right answer as a small wrong answer of the same kind. A
learner's answer that behaves like one gets that mistake's message, and the same list tests the
checks themselves (see `selftest`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
Arrays = tuple[Array, ...]


class Mistake(NamedTuple):
    """A wrong answer people really give, and what to tell them."""

    message: str  # one or two sentences: what the answer does and a question that leads on
    answer: Any  # a function with the exercise's signature, or a wrong value


class Property(NamedTuple):
    """Something a free answer must have."""

    message: str  # shown when `holds` is false
    holds: Callable[[Any], bool]
    wrong: Any  # a sample answer without it, and with all the properties listed before it


class Case(NamedTuple):
    """One set of arguments on which a learner's function is tried."""

    args: dict[str, Any]  # in the order in which they are passed
    sizes: dict[str, int] = {}  # the named axes, e.g. {"T": 3, "N": 5}; all different
    note: str = ""  # what is special, e.g. "very large logits"

    @property
    def where(self) -> str:
        """For messages: "T=3, N=5 (very large logits)"."""
        sizes = ", ".join(f"{name}={size}" for name, size in self.sizes.items())
        return f"{sizes} ({self.note})" if sizes and self.note else sizes or self.note


SIZES = tuple(
    dict(zip("TNDHQK", (T, *range(N, N + 5)), strict=True))
    for T, N in ((1, 3), (2, 4), (3, 5), (10, 2))
)  # time, batch, inputs, hidden, outputs, classes: all different, for T = 1, 2, 3 and 10


def every_size(draw: Callable[..., dict[str, Any]]) -> Callable[..., list[Case]]:
    """The usual `cases`: `draw(rng, T, N, H)` gives the arguments for sizes of those names."""
    names = list(inspect.signature(draw).parameters)[1:]

    def cases(rng: np.random.Generator) -> list[Case]:
        chosen = [{name: sizes[name] for name in names} for sizes in SIZES]
        return [Case(draw(rng, **sizes), sizes) for sizes in chosen]

    return cases


@dataclass(frozen=True, eq=False)
class Exercise:
    """What all exercises share."""

    id: str  # "2.1": lesson and number
    title: str
    _: KW_ONLY
    difficulty: int  # 1, 2 or 3, shown as ●, ●●, ●●●
    minutes: int
    task: str  # one sentence: what to write, or the question
    hints: tuple[str, ...]  # from a nudge to the formula
    mistakes: tuple[Mistake, ...] = ()
    also_right: tuple[Any, ...] = ()  # right answers written differently

    @property
    def lesson(self) -> int:
        return int(self.id.split(".")[0])

    @property
    def dots(self) -> str:
        return "●" * self.difficulty


@dataclass(frozen=True, eq=False)
class CodeExercise(Exercise):
    """Write a function. It is compared with `reference` on every case."""

    _: KW_ONLY
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Sequence[Case]]
    outputs: dict[str, str]  # what is returned, in order, and its axes: {"h": "T N H", "loss": ""}
    tolerance: float = 1e-9  # relative, for float64; float32 results get `tolerance32`
    tolerance32: float = 1e-4
    same_dtype: bool = False  # must the result have the reference's dtype?
    quiet: str = ""  # what to say to right numbers on the way to which NumPy warned; "" lets it be
    seconds: float = 10.0  # for all cases together

    def level(self, *arrays: np.ndarray) -> float:
        """The tolerance when arrays of these types are compared."""
        single = any(array.dtype in (np.float32, np.float16) for array in arrays)
        return self.tolerance32 if single else self.tolerance


@dataclass(frozen=True, eq=False)
class NumberExercise(Exercise):
    """Find a number, or several named ones: `right` is 2.5 or {"h1": 0.76159, "h2": 0.3634}.

    A mistake about several numbers may name only those it is about.
    """

    _: KW_ONLY
    right: float | Mapping[str, float]
    tolerance: float = 1e-4  # absolute
    relative: float = 0.0  # or relative to the right value: the larger of the two counts


@dataclass(frozen=True, eq=False)
class ChoiceExercise(Exercise):
    """Choose among `options`, key -> text.

    `right` is one key, a set of keys (choose all that hold), or {question: key} (match them).
    The answer of a mistake is a wrong key; for a set, a key that is wrongly chosen or left out;
    for a match, {question: wrong key}.
    """

    _: KW_ONLY
    options: Mapping[str, str]
    right: str | frozenset[str] | Mapping[str, str]


def real_array(answer: Any) -> np.ndarray:
    """A float array of the answer; ValueError with a sentence for the learner if it is none."""
    try:
        if np.asarray(answer).dtype.kind in "cSU":  # what NumPy would cut off, or read as a number
            raise TypeError
        array = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        kind = type(answer).__name__
        raise ValueError(f"A NumPy array of numbers is expected, not this {kind}.") from None
    if not np.isfinite(array).all():
        raise ValueError("The array contains NaN or infinity.")
    return array


@dataclass(frozen=True, eq=False)
class PropertyExercise(Exercise):
    """Find an object with certain properties. Its mistakes are its properties' wrong samples."""

    _: KW_ONLY
    properties: tuple[Property, ...]
    right: Any  # a sample; more of them in `also_right`
    form: Callable[[Any], Any] = real_array  # what the properties see of the learner's answer
    seconds: float = 10.0

    def __post_init__(self) -> None:
        known = tuple(Mistake(each.message, each.wrong) for each in self.properties)
        object.__setattr__(self, "mistakes", known)
