"""3.8 Where to cut"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import truncation
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake, every_size


def segment_carry(T: int, tau: int) -> Array:
    return truncation.every(T, tau)


def carry_by_remainder(T: int, tau: int) -> Array:
    t = np.arange(T)
    return 1.0 - ((t % tau == 0) & (t > 0))


def carry_by_slices(T: int, tau: int) -> Array:
    carry = np.ones(T)
    carry[tau::tau] = 0
    return carry


def draw_cut(rng: np.random.Generator, T: int) -> dict[str, Any]:
    return {"T": T, "tau": 3}


def cut_cases(rng: np.random.Generator) -> list[Case]:
    more = [Case({"T": T, "tau": tau}, {"T": T}) for T, tau in ((9, 3), (7, 2), (4, 1))]
    return [*every_size(draw_cut)(rng), *more]


def _zeros_at(places: Callable[[int, int], Any], length: int = 0) -> Callable[[int, int], Array]:
    def wrong(T: int, tau: int) -> Array:
        carry = np.ones(T + length)
        carry[places(T, tau)] = 0
        return carry

    return wrong


EXERCISE = CodeExercise(
    "3.8",
    "Where to cut",
    difficulty=1,
    minutes=6,
    task="Write `segment_carry`, which returns the carry weights of segments of `tau` steps, "
    "with the way to h_0 left open.",
    hints=(
        "`carry[t]` sits between state t and step t + 1. The first segment is steps 1 ... tau: "
        "between which state and which step does it end?",
        "Ones everywhere; zeros at t = tau, 2·tau, ... below T, and not at 0.",
    ),
    reference=segment_carry,
    also_right=(carry_by_remainder, carry_by_slices),
    cases=cut_cases,
    outputs={"carry": "T"},
    mistakes=(
        Mistake(
            "The way to the initial state is cut too: `carry[0]` belongs to h_0 and stays 1.",
            _zeros_at(lambda T, tau: slice(0, None, tau)),
        ),
        Mistake(
            "The cuts are one step early: they make a first segment of tau - 1 steps.",
            _zeros_at(lambda T, tau: slice(tau - 1, None, tau)),
        ),
        Mistake(
            "The cuts are one step late: they make a first segment of tau + 1 steps.",
            _zeros_at(lambda T, tau: slice(tau + 1, None, tau)),
        ),
        Mistake(
            "Only the first border is cut. There is one after every tau steps.",
            _zeros_at(lambda T, tau: slice(tau, tau + 1)),
        ),
        Mistake(
            "Ones and zeros are exchanged: 1 lets the gradient through.",
            lambda T, tau: 1 - segment_carry(T, tau),
        ),
        Mistake(
            "Everything after the first segment is zero. Inside every segment the gradient "
            "travels freely.",
            _zeros_at(lambda T, tau: slice(tau, None)),
        ),
        Mistake(
            "Everything before the last segment is zero. Inside every segment the gradient "
            "travels freely.",
            _zeros_at(lambda T, tau: slice(1, (T - 1) // tau * tau + 1)),
        ),
        Mistake(
            "There is one weight too many: T of them, for states 0 to T - 1.",
            _zeros_at(lambda T, tau: slice(tau, None, tau), length=1),
        ),
    ),
)
