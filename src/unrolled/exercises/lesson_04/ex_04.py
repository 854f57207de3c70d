"""4.4 Longer, longer, gone"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, Property, PropertyExercise, real_array


def spectral_norm(W: Array) -> float:
    return float(np.linalg.norm(W, 2))


def matrix_form(answer: Any) -> Array:
    W = real_array(answer)
    if W.shape != (2, 2):
        raise ValueError(f"W has shape {W.shape}; a matrix of shape (2, 2) is asked for.")
    return W


def _power(W: Array, k: int) -> Array:
    with np.errstate(all="ignore"):
        return np.linalg.matrix_power(W, k)


def _vanishes(W: Array) -> bool:
    last = _power(W, 200)
    return bool(np.isfinite(last).all() and spectral_norm(last) < 1e-3)


def _grows(W: Array) -> bool:
    return max(spectral_norm(_power(W, k)) for k in range(2, 200)) > 2 * spectral_norm(W)


EXERCISE = PropertyExercise(
    "4.4",
    "Longer, longer, gone",
    difficulty=2,
    minutes=10,
    task="Find a 2 × 2 matrix W without zeros whose largest singular value is 1.5 or more, of "
    "which some power has more than twice the norm of W, and whose powers vanish all the same.",
    hints=(
        "The powers vanish if both eigenvalues are below 1 in size. That a matrix lengthens "
        "nevertheless is not possible for symmetric ones: shear it. Print ‖W^k‖ for k = 1, 2, "
        "3, ...",
        "Equal eigenvalues of 0.9 on the diagonal, a large number in one corner. Then fill "
        "the other corner: Q W Qᵀ with a rotation Q has the same norms and eigenvalues.",
    ),
    properties=(
        Property(
            "Its largest singular value is below 1.5: no vector is lengthened by that much. "
            "`np.linalg.norm(W, 2)` measures it.",
            lambda W: spectral_norm(W) >= 1.5,
            np.array([[0.9, 0.1], [-0.1, 0.9]]),
        ),
        Property(
            "Its powers do not vanish: `np.linalg.matrix_power(W, 200)` still has a norm of a "
            "thousandth or more. What do the eigenvalues decide, and what the singular values?",
            _vanishes,
            np.array([[2.0, 0.1], [0.1, 0.5]]),
        ),
        Property(
            "Its powers vanish, but none gets more than twice as long as W itself. How near to "
            "1 do the eigenvalues have to be, so that the shear can act several times?",
            _grows,
            np.array([[0.1, 2.0], [-0.02, 0.1]]),
        ),
        Property(
            "All this is right, but an entry is zero (or smaller than 0.001). A zero in the "
            "corner is not what does it: turn the whole matrix by a rotation.",
            lambda W: bool((np.abs(W) >= 1e-3).all()),
            np.array([[0.9, 10.0], [0.0, 0.9]]),
        ),
    ),
    right=np.array([[0.9, 10.0], [-0.001, 0.9]]),
    also_right=(
        [[2.9, 2.0], [-2.0, -1.1]],
        np.array([[0.8, 6.0], [0.002, 0.8]]),
    ),
    form=matrix_form,
)
