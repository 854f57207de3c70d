"""4.11 Clip by norm"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import training
from unrolled.exercises.model import Array, Arrays, Case, CodeExercise, Mistake


def clip(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    norm = np.sqrt(sum((g**2).sum() for g in (dW_xh, dW_hh, db_h)))
    factor = max_norm / norm if norm > max_norm else 1.0
    return factor * dW_xh, factor * dW_hh, factor * db_h, norm


def clip_one_vector(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    norm = np.linalg.norm(np.concatenate([dW_xh.ravel(), dW_hh.ravel(), db_h]))
    small = np.minimum(1, max_norm / np.maximum(norm, 1e-300))
    return dW_xh * small, dW_hh * small, db_h * small, norm


def clip_by_package(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    clipped, norm = training.clip((dW_xh, dW_hh, db_h), max_norm)
    return *clipped, norm


def _clip(
    size: Callable[[Arrays], float],
    factor: Callable[[float, float], float] = lambda norm, most: most / norm if norm > most else 1,
) -> Callable[..., tuple[Any, ...]]:
    """One factor for all, from a wrong size or by a wrong rule."""

    def wrong(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
        grads = dW_xh, dW_hh, db_h
        norm = size(grads)
        return *(factor(norm, max_norm) * g for g in grads), norm

    return wrong


def _global(grads: Arrays) -> float:
    return np.sqrt(sum((g**2).sum() for g in grads))


def _each_alone(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    grads = dW_xh, dW_hh, db_h
    sizes = [np.linalg.norm(g) for g in grads]
    alone = (g * (max_norm / n if n > max_norm else 1) for g, n in zip(grads, sizes, strict=True))
    return *alone, _global(grads)


def _by_value(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    grads = dW_xh, dW_hh, db_h
    return *(np.clip(g, -max_norm, max_norm) for g in grads), _global(grads)


def _norm_afterwards(dW_xh: Array, dW_hh: Array, db_h: Array, max_norm: float) -> tuple[Any, ...]:
    *clipped, _ = clip(dW_xh, dW_hh, db_h, max_norm)
    return *clipped, _global(tuple(clipped))


def _zeroed(norm: float, most: float) -> float:
    return 0.0 if norm > most else 1.0


def _always(norm: float, most: float) -> float:
    with np.errstate(all="ignore"):
        return np.float64(most) / norm


def _unit(norm: float, most: float) -> float:
    return 1 / norm if norm > most else 1.0


def draw_grads(rng: np.random.Generator, D: int, H: int, size: float = 1.0) -> dict[str, Any]:
    shapes = {"dW_xh": (H, D), "dW_hh": (H, H), "db_h": (H,)}
    return {name: size * rng.normal(size=shape) for name, shape in shapes.items()}


def clip_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for D, H, size, max_norm, note in (
        (2, 3, 1.0, 2.0, "long gradients"),
        (5, 4, 100.0, 0.5, "very long gradients"),
        (4, 7, 0.01, 0.3, "short gradients"),
        (3, 5, 0.0, 1.0, "gradients of zero"),
        (3, 2, 1.0, 1.5, "one long and two short"),
    ):
        grads = draw_grads(rng, D, H, size)
        if note == "one long and two short":
            grads["dW_xh"], grads["db_h"] = 0.1 * grads["dW_xh"], 0.1 * grads["db_h"]
        cases.append(Case({**grads, "max_norm": max_norm}, {"D": D, "H": H}, note))
    return cases


EXERCISE = CodeExercise(
    "4.11",
    "Clip by norm",
    difficulty=2,
    minutes=10,
    task="Write `clip`: scale three gradients by one factor so that their common norm is at "
    "most `max_norm`, and return the norm they had.",
    hints=(
        "Think of all numbers as one long vector: one norm, one factor for all three. When is "
        "the factor 1?",
        "norm = sqrt of the sum of all squares; factor = max_norm / norm if norm > max_norm "
        "else 1.",
    ),
    reference=clip,
    also_right=(clip_one_vector, clip_by_package),
    cases=clip_cases,
    outputs={"dW_xh": "H D", "dW_hh": "H H", "db_h": "H", "norm": ""},
    mistakes=(
        Mistake(
            "Each gradient is clipped for itself. That changes their proportions, and so the "
            "direction of the step: one factor for all three.",
            _each_alone,
        ),
        Mistake(
            "Each number is clipped for itself. Large ones shrink, small ones stay: the "
            "direction turns.",
            _by_value,
        ),
        Mistake(
            "Short gradients are made longer: near a minimum each step would be as long as on "
            "a cliff. And a gradient of zero becomes NaN.",
            _clip(_global, _always),
        ),
        Mistake(
            "The norms of the three are added. The norm of the long vector is the root of the "
            "sum of squares.",
            _clip(lambda grads: sum(np.linalg.norm(g) for g in grads)),
        ),
        Mistake(
            "The largest of the three norms is compared. All three together can be longer than "
            "each.",
            _clip(lambda grads: max(np.linalg.norm(g) for g in grads)),
        ),
        Mistake(
            "The largest single number is compared, not the norm.",
            _clip(lambda grads: max(np.abs(g).max() for g in grads)),
        ),
        Mistake(
            "The SQUARED norm is compared with `max_norm`: where is the root?",
            _clip(lambda grads: sum((g**2).sum() for g in grads)),
        ),
        Mistake(
            "Only the norm of `dW_hh` is looked at.",
            _clip(lambda grads: np.linalg.norm(grads[1])),
        ),
        Mistake(
            "The norm is divided by the number of numbers: that is a root mean square.",
            _clip(lambda grads: np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads]) ** 2))),
        ),
        Mistake(
            "`max` stands where `min` should: short gradients are made longer, long ones stay.",
            _clip(_global, lambda norm, most: max(1.0, _always(norm, most))),
        ),
        Mistake(
            "The factor is upside down: long gradients get even longer.",
            _clip(_global, lambda norm, most: norm / most if norm > most else 1.0),
        ),
        Mistake(
            "The bias is left out of the norm. The step is as long as all three together.",
            _clip(lambda grads: _global(grads[:2])),
        ),
        Mistake(
            "The spectral norms of the matrices are used. The length of a step is that of all "
            "its numbers as one vector.",
            _clip(lambda grads: np.sqrt(sum(np.linalg.norm(g, 2) ** 2 for g in grads))),
        ),
        *(
            Mistake(
                f"Nearly: {small:g} is added to the norm, as libraries do against a division "
                "by zero. With the question whether norm > max_norm it is not needed.",
                _clip(_global, lambda norm, most, small=small: min(1, most / (norm + small))),
            )
            for small in (1e-6, 1e-8)
        ),
        Mistake("Long gradients get the length 1, whatever `max_norm` is.", _clip(_global, _unit)),
        Mistake(
            "Long gradients are set to zero: that skips the step. Clipping shortens it.",
            _clip(_global, _zeroed),
        ),
        Mistake(
            "The norm returned is the one AFTER clipping. It never exceeds `max_norm`, so it "
            "cannot tell you whether clipping acted.",
            _norm_afterwards,
        ),
    ),
)
