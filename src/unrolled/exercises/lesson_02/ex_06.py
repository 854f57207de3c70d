"""2.6 A loss that does not overflow"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import losses
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake, every_size


def cross_entropy(y: Array, targets: Array) -> float:
    return losses.softmax_cross_entropy(y, targets, reduction="mean").value


def cross_entropy_by_logaddexp(y: Array, targets: Array) -> float:
    return float(np.mean(np.logaddexp.reduce(y, axis=1) - y[np.arange(len(y)), targets]))


def cross_entropy_row_by_row(y: Array, targets: Array) -> float:
    total = 0.0
    for row, target in zip(y, targets, strict=True):
        odds = row - row[target]
        largest = odds.max()
        total += largest + np.log(np.exp(odds - largest).sum())
    return total / len(y)


def draw_logits(rng: np.random.Generator, N: int, Q: int) -> dict[str, Any]:
    return {"y": rng.normal(size=(N, Q)), "targets": rng.integers(0, Q, size=N)}


def logits_cases(rng: np.random.Generator) -> list[Case]:
    rows = [1000.0, 0, -1000], [0, 1000, 0], [-1000, -1001, -1002], [0.5, 0, 1]
    huge = {"y": np.array(rows), "targets": np.array([0, 2, 1, 0])}
    return [*every_size(draw_logits)(rng), Case(huge, {"N": 4, "Q": 3}, "logits of 1000")]


def _softmax(y: Array, axis: int = 1) -> Array:
    shifted = np.exp(y - y.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def _chosen(y: Array, targets: Array) -> Array:
    return y[np.arange(len(y)), targets]


def _overflows(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
        return float(-np.log(_chosen(p, targets)).mean())


def _log_of_zero(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        return float(-np.log(_chosen(_softmax(y), targets)).mean())


def _one_maximum_for_all(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        shifted = y - y.max()
        return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - _chosen(shifted, targets)))


def _maximum_lost(y: Array, targets: Array) -> float:
    shifted = y - y.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - _chosen(y, targets)))


EXERCISE = CodeExercise(
    "2.6",
    "A loss that does not overflow",
    difficulty=2,
    minutes=12,
    task="Write `cross_entropy`, the mean over the batch of minus the log probability (in "
    "nats) of the right class, finite also for logits of 1000.",
    hints=(
        "exp(1000) is infinity in float64. Adding the same number to all logits of a row "
        "changes no probability: which number makes every exp harmless?",
        "log p = y - max - log Σ exp(y - max), over axis 1. Never take the log of a "
        "probability that may have rounded to 0.",
    ),
    reference=cross_entropy,
    also_right=(cross_entropy_by_logaddexp, cross_entropy_row_by_row),
    cases=logits_cases,
    outputs={"loss": ""},
    mistakes=(
        Mistake(
            "Right for small logits, but exp overflows for large ones. Subtract the largest "
            "logit of each row first.",
            _overflows,
        ),
        Mistake(
            "No exp overflows any more, but a probability rounds to 0 and its log is infinite. "
            "Work with log probabilities from the start.",
            _log_of_zero,
        ),
        Mistake(
            "One number is subtracted from all rows, the largest of the whole batch: for rows "
            "far below it every exp is 0. Subtract from each row its own largest logit.",
            _one_maximum_for_all,
        ),
        Mistake(
            "The largest logit was subtracted inside the sum only. What is taken off in one "
            "place must be taken off in the other, or put back.",
            _maximum_lost,
        ),
        Mistake(
            "`[:, targets]` picks for every row the classes of ALL rows. Pick one place a row: "
            "two index arrays.",
            lambda y, targets: float(
                np.mean(np.logaddexp.reduce(y, axis=1)[:, None] - y[:, targets])
            ),
        ),
        Mistake(
            "The minus sign is missing: a loss is small when the right class is likely.",
            lambda y, targets: -cross_entropy(y, targets),
        ),
        Mistake(
            "This is the sum over the batch; the mean is asked for.",
            lambda y, targets: cross_entropy(y, targets) * len(y),
        ),
        Mistake(
            "The sum was divided by N·Q. Each sequence contributes one number, so divide by N.",
            lambda y, targets: cross_entropy(y, targets) / y.shape[1],
        ),
        Mistake(
            "The logarithm has base 2, so this is in bits. Use the natural logarithm: nats.",
            lambda y, targets: cross_entropy(y, targets) / np.log(2),
        ),
        Mistake(
            "The softmax runs over the batch (axis 0). Probabilities must add up to 1 over the "
            "classes: axis 1.",
            lambda y, targets: float(
                np.mean(np.logaddexp.reduce(y, axis=0)[targets] - _chosen(y, targets))
            ),
        ),
        Mistake(
            "This is minus the mean logit of the right class; the other classes are ignored.",
            lambda y, targets: float(-_chosen(y, targets).mean()),
        ),
    ),
)
