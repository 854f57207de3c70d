"""4.12 Hold the singular values down"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled.exercises.model import Array, Case, CodeExercise, Mistake


def project(W: Array, limit: float) -> Array:
    U, s, Vt = np.linalg.svd(W)
    return U @ np.diag(np.minimum(s, limit)) @ Vt


def project_by_subtracting(W: Array, limit: float) -> Array:
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    return W - (U * np.maximum(s - limit, 0)) @ Vt


def project_by_squares(W: Array, limit: float) -> Array:
    squares, V = np.linalg.eigh(W.T @ W)
    new = W.copy()
    for square, v in zip(squares, V.T, strict=True):
        if square > limit**2:
            new += (limit / np.sqrt(square) - 1) * np.outer(W @ v, v)
    return new


def _singular(
    change: Callable[[Array, float], Array], join: Callable[..., Array] | None = None
) -> Callable[[Array, float], Array]:
    def wrong(W: Array, limit: float) -> Array:
        U, s, Vt = np.linalg.svd(W)
        new = np.diag(change(s, limit))
        return join(U, new, Vt) if join else U @ new @ Vt

    return wrong


def _columns_of_Vt(W: Array, limit: float) -> Array:
    U, s, Vt = np.linalg.svd(W)
    return U @ (np.minimum(s, limit) * Vt)


def _by_radius(W: Array, limit: float) -> Array:
    radius = np.abs(np.linalg.eigvals(W)).max()
    return W * (limit / radius if radius > limit else 1)


def _by_eigenvalues(W: Array, limit: float) -> Array:
    values, vectors = np.linalg.eig(W)
    sizes = np.abs(values)
    values = values * np.minimum(1, limit / np.where(sizes > 0, sizes, 1))
    return (vectors @ np.diag(values) @ np.linalg.inv(vectors)).real


def _by_frobenius(W: Array, limit: float) -> Array:
    return W * min(1, limit / np.linalg.norm(W))


def matrix_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for H, gain, limit, note in (
        (2, 2.0, 1.0, ""),
        (5, 1.0, 1.0, ""),
        (7, 1.0, 0.8, ""),
        (4, 0.1, 1.0, "short enough already"),
        (6, 3.0, 1.5, ""),
    ):
        W = gain * rng.normal(size=(H, H)) / np.sqrt(H)
        cases.append(Case({"W": W, "limit": limit}, {"H": H}, note))
    return cases


EXERCISE = CodeExercise(
    "4.12",
    "Hold the singular values down",
    difficulty=2,
    minutes=8,
    task="Write `project`: the matrix nearest to W that lengthens no vector by more than `limit`.",
    hints=(
        "Take W apart: `U, s, Vt = np.linalg.svd(W)`. How much it lengthens, and only that, "
        "stands in `s`. Which of its entries need to change?",
        "U @ np.diag(np.minimum(s, limit)) @ Vt.",
    ),
    reference=project,
    also_right=(project_by_subtracting, project_by_squares),
    cases=matrix_cases,
    outputs={"W": "H H"},
    mistakes=(
        Mistake(
            "The whole matrix is scaled until its norm is `limit`. That lengthens nothing too "
            "much, but it is not the nearest such matrix: directions that were fine are "
            "shortened too.",
            lambda W, limit: W * min(1, limit / np.linalg.norm(W, 2)),
        ),
        Mistake(
            "The whole matrix is scaled, also upwards. Short directions need no change.",
            lambda W, limit: W * (limit / np.linalg.norm(W, 2)),
        ),
        Mistake(
            "Every singular value becomes `limit`: that is `limit` times an orthogonal matrix. "
            "Small ones may stay.",
            _singular(lambda s, limit: np.full_like(s, limit)),
        ),
        Mistake(
            "The singular values are held UP: those below `limit` were raised.",
            _singular(lambda s, limit: np.maximum(s, limit)),
        ),
        Mistake(
            "Singular values above `limit` become zero: their directions are lost. Lower them "
            "to `limit`.",
            _singular(lambda s, limit: np.where(s > limit, 0, s)),
        ),
        Mistake(
            "The whole matrix is scaled by its spectral RADIUS. Eigenvalues do not bound what "
            "one step does to a vector.",
            _by_radius,
        ),
        Mistake(
            "The eigenvalues are limited. A matrix with eigenvalues below 1 can still lengthen "
            "vectors, see exercise 4.4.",
            _by_eigenvalues,
        ),
        Mistake(
            "`s * Vt` scales COLUMNS of Vᵀ. Each singular value belongs to a row of Vᵀ, or a "
            "column of U: `U * s`, or `np.diag(s)` between the two.",
            _columns_of_Vt,
        ),
        Mistake(
            "Every row of W is limited to a norm. A matrix of short rows that point the same "
            "way still lengthens.",
            lambda W, limit: W * np.minimum(1, limit / np.linalg.norm(W, axis=1, keepdims=True)),
        ),
        Mistake(
            "Only the largest singular value is lowered; the second can be too large as well.",
            _singular(lambda s, limit: np.append(min(s[0], limit), s[1:])),
        ),
        Mistake(
            "Every number of W is limited. That bounds no singular value: a matrix full of "
            "ones lengthens (1, ..., 1) by H.",
            lambda W, limit: np.clip(W, -limit, limit),
        ),
        Mistake(
            "Every number of W is limited, and only from above. Not the numbers of W say how "
            "much it lengthens, but its singular values.",
            lambda W, limit: np.minimum(W, limit),
        ),
        Mistake(
            "`*` multiplies number by number. U, s and Vᵀ are put together by products of "
            "matrices, `@`.",
            _singular(np.minimum, lambda U, S, Vt: U * np.diag(S) * Vt),
        ),
        Mistake(
            "W is scaled by its Frobenius norm, the root of the sum of ALL squared singular "
            "values. Only the largest lengthens most.",
            _by_frobenius,
        ),
        Mistake(
            "`np.linalg.svd` returns Vᵀ already: it was transposed once too often.",
            _singular(np.minimum, lambda U, S, Vt: U @ S @ Vt.T),
        ),
        Mistake(
            "U and Vᵀ have changed places: this is another matrix with the same singular values.",
            _singular(np.minimum, lambda U, S, Vt: Vt @ S @ U),
        ),
    ),
)
