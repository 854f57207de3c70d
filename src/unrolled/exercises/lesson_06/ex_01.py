"""6.1 Slopes from outputs"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import d_sigmoid, sigmoid
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def slopes(s: Array, h: Array, r: Array, leak: float) -> Arrays:
    return s * (1 - s), 1 - h**2, np.where(r > 0, 1.0, leak)


def slopes_from_z(s: Array, h: Array, r: Array, a: float) -> Arrays:
    z, w = np.log(s / (1 - s)), np.arctanh(h)
    return d_sigmoid(z), 1 / np.cosh(w) ** 2, (r > 0) + a * (r <= 0)


def slopes_with_masks(s: Array, h: Array, r: Array, a: float) -> Arrays:
    leaky = np.full_like(r, a)
    leaky[r > 0] = 1
    return s - s * s, (1 - h) * (1 + h), leaky


WRONG_SIGMOID_SLOPES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    (
        "`d_sigmoid` is the slope at `s`, as if `s` were a preactivation: the sigmoid is taken a "
        "second time. `s` has been through it already.",
        d_sigmoid,
    ),
    (
        "`d_sigmoid` is 1 - s. One factor of the product is missing: what happens far left, where "
        "s is near 0?",
        lambda s: 1 - s,
    ),
    (
        "`d_sigmoid` is s itself, which keeps growing. Far right the sigmoid is flat: which factor "
        "is 0 there?",
        lambda s: s.copy(),
    ),
    (
        "`d_sigmoid` is 1 - s². That is tanh's slope; where does it say that the sigmoid is flat "
        "far left?",
        lambda s: 1 - s**2,
    ),
    (
        "`d_sigmoid` is (1 - s)²: both factors are the distance to 1. One of them should be the "
        "distance to 0.",
        lambda s: (1 - s) ** 2,
    ),
    (
        "`d_sigmoid` is s (1 + s), which is more than 1 far right. Check a sign.",
        lambda s: s * (1 + s),
    ),
    (
        "`d_sigmoid` is 1/4 everywhere. That is the largest slope, at s = 1/2; which is it "
        "elsewhere?",
        lambda s: np.full_like(s, 0.25),
    ),
    (
        "`d_sigmoid` is 1 / (s (1 - s)). That is dz/ds, the slope of the inverse function.",
        lambda s: 1 / (s * (1 - s)),
    ),
)


WRONG_TANH_SLOPES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    (
        "`d_tanh` is the slope at `h`, as if `h` were a preactivation: the tanh is taken a second "
        "time. `h` has been through it already.",
        lambda h: 1 - np.tanh(h) ** 2,
    ),
    (
        "`d_tanh` is (1 - h)², the square of a difference. At h = -0.9 it is above 3, and tanh is "
        "nowhere steeper than 1. Which of the two is to be squared?",
        lambda h: (1 - h) ** 2,
    ),
    (
        "`d_tanh` is 1 / (1 - h²). That is dz/dh, the slope of the inverse function: it grows "
        "where tanh is flat.",
        lambda h: 1 / (1 - h**2),
    ),
    (
        "`d_tanh` is h (1 - h), the sigmoid's formula. It is 0 at h = 0, where tanh is steepest.",
        lambda h: h * (1 - h),
    ),
    (
        "`d_tanh` is 4 h (1 - h). 4σ'(2z) is right, but s is not h there: what is σ(2z) in terms "
        "of h = 2σ(2z) - 1?",
        lambda h: 4 * h * (1 - h),
    ),
    ("`d_tanh` is 1 - h: the square is missing.", lambda h: 1 - h),
    ("`d_tanh` is 1 + h², never below 1. Tanh flattens: check a sign.", lambda h: 1 + h**2),
    (
        "`d_tanh` is -2h. That differentiates 1 - h² once more: 1 - h² is the slope already.",
        lambda h: -2 * h,
    ),
    (
        "`d_tanh` is 1 - |h|. It agrees at the middle and at both ends, and is too small in "
        "between.",
        lambda h: 1 - np.abs(h),
    ),
    (
        "`d_tanh` is sqrt(1 - h²), the cosine of the angle whose sine is h. tanh is the other "
        "kind of tangent: no root.",
        lambda h: np.sqrt(1 - h**2),
    ),
)


WRONG_LEAKY_SLOPES: tuple[tuple[str, Callable[[Array, float], Array]], ...] = (
    (
        "At exactly 0 `d_leaky` is 1. Both 1 and ε would do, but torch takes the slope from the "
        "left; with ε = 0 this decides about every silent unit, since its output is 0.",
        lambda r, a: np.where(r >= 0, 1.0, a),
    ),
    (
        "At exactly 0 `d_leaky` is 1/2. torch takes the slope from the left there; and with ε = 0 "
        "all silent units have r = 0, so that half of the gradient would pass through them.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, 0.5)),
    ),
    (
        "At exactly 0 `d_leaky` is halfway between 1 and ε. torch takes the slope from the left.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, (1 + a) / 2)),
    ),
    (
        "At exactly 0 `d_leaky` is 0, for any ε. The slope from the left is ε.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, 0.0)),
    ),
    (
        "`d_leaky` is 0 on the left, whatever `leak` is: that is the plain ReLU.",
        lambda r, a: np.where(r > 0, 1.0, 0.0),
    ),
    (
        "`d_leaky` is negative on the left. The function falls to the left, but from left to "
        "right it still rises.",
        lambda r, a: np.where(r > 0, 1.0, -a),
    ),
    (
        "`d_leaky` is the sign of r. Which way does the function go left of 0, and how steeply?",
        lambda r, a: np.sign(r),
    ),
    (
        "`d_leaky` is 1 wherever r is not 0, so left of 0 as well. On which side is it ε?",
        lambda r, a: np.where(r != 0, 1.0, a),
    ),
    ("The two slopes of `d_leaky` are exchanged.", lambda r, a: np.where(r > 0, a, 1.0)),
    (
        "`d_leaky` applies the function again. What is its slope on the right, where it is "
        "the identity?",
        lambda r, a: np.where(r > 0, r, a * r),
    ),
    (
        "`d_leaky` is ε times r on the left: that is a value, not a slope. How steep is a line?",
        lambda r, a: np.where(r > 0, 1.0, a * r),
    ),
    (
        "`d_leaky` is 0.01 on the left, whatever `leak` is.",
        lambda r, a: np.where(r > 0, 1.0, 0.01),
    ),
    ("`d_leaky` is 1 + ε on the right: the two are added.", lambda r, a: (r > 0) + a),
    (
        "`d_leaky` is 1 everywhere. What lets the negative side through?",
        lambda r, a: np.ones_like(r),
    ),
    (
        "`d_leaky` is r divided by ε on the left, on the way back to z. The slope does not depend "
        "on how far left z lies.",
        lambda r, a: np.where(r > 0, 1.0, r / a if a else 0.0),
    ),
)


def _sigmoid_slope(slope: Callable[[Array], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (slope(s), *slopes(s, h, r, a)[1:])


def _tanh_slope(slope: Callable[[Array], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (s * (1 - s), slope(h), np.where(r > 0, 1.0, a))


def _leaky_slope(slope: Callable[[Array, float], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (*slopes(s, h, r, a)[:2], slope(r, a))


def _twice_activated(s: Array, h: Array, r: Array, a: float) -> Arrays:
    return d_sigmoid(s), 1 - np.tanh(h) ** 2, np.where(r > 0, 1.0, a)


def _slopes_in_place(s: Array, h: Array, r: Array, a: float) -> Arrays:
    result = slopes(s, h, r, a)
    r[r > 0], r[r <= 0] = 1, a
    return result


def draw_outputs(rng: np.random.Generator, N: int, H: int) -> dict[str, Any]:
    a = {3: 0.0, 4: 0.25, 5: 0.01, 2: 0.5}[N]
    z = rng.normal(size=(N, H))
    z[0, 1] = 0.0
    return {
        "s": sigmoid(2 * rng.normal(size=(N, H))),
        "h": np.tanh(rng.normal(size=(N, H))),
        "r": np.where(z > 0, z, a * z),
        "leak": a,
    }


EXERCISE = CodeExercise(
    "6.1",
    "Slopes from outputs",
    difficulty=1,
    minutes=8,
    task="Write `slopes`, which returns the derivatives of sigmoid, tanh and leaky ReLU with "
    "respect to z, from their outputs alone.",
    hints=(
        "The arguments have been through their functions already: no exp and no tanh is "
        "needed any more. For the third: on which side of 0 is z, if r is on the right?",
        "s (1 - s); 1 - h²; and `np.where(r > 0, 1.0, leak)`. Where r is 0, the slope from the "
        "left counts.",
    ),
    reference=slopes,
    also_right=(slopes_from_z, slopes_with_masks),
    cases=every_size(draw_outputs),
    outputs={"d_sigmoid": "N H", "d_tanh": "N H", "d_leaky": "N H"},
    mistakes=(
        Mistake(
            "`d_sigmoid` and `d_tanh` are the slopes at `s` and `h`, as if these were "
            "preactivations: each function is taken a second time. The outputs have been "
            "through it already.",
            _twice_activated,
        ),
        *(Mistake(text, _sigmoid_slope(slope)) for text, slope in WRONG_SIGMOID_SLOPES),
        *(Mistake(text, _tanh_slope(slope)) for text, slope in WRONG_TANH_SLOPES),
        *(Mistake(text, _leaky_slope(slope)) for text, slope in WRONG_LEAKY_SLOPES),
        Mistake(
            "`d_sigmoid` and `d_tanh` stand in the wrong order, or have each other's formula.",
            lambda s, h, r, a: (1 - h**2, s * (1 - s), np.where(r > 0, 1.0, a)),
        ),
        Mistake(
            "`d_sigmoid` has tanh's formula and `d_tanh` the sigmoid's. Which of the two is "
            "flat at 0 and 1, which at -1 and 1?",
            lambda s, h, r, a: (1 - s**2, h * (1 - h), np.where(r > 0, 1.0, a)),
        ),
        Mistake(
            "`r` is overwritten with the slopes. It belongs to the caller, who still needs the "
            "outputs for the gradients of the weights.",
            _slopes_in_place,
        ),
    ),
)
