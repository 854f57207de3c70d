"""3.3 The way through many steps"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES


def jacobian_product(h: Array, W_hh: Array) -> Array:
    product = np.eye(len(W_hh))
    for h_t in h:
        product = (1 - h_t**2)[:, None] * W_hh @ product
    return product


def product_of_diagonals(h: Array, W_hh: Array) -> Array:
    steps = [np.diag(1 - h_t**2) @ W_hh for h_t in h[::-1]]
    product = steps[0]
    for step in steps[1:]:
        product = product @ step
    return product


def product_by_rows(h: Array, W_hh: Array) -> Array:
    rows = np.eye(len(W_hh))
    for h_t in h[::-1]:
        rows = (rows * (1 - h_t**2)) @ W_hh
    return rows


def draw_states(rng: np.random.Generator, T: int, H: int) -> dict[str, Any]:
    return {"h": np.tanh(rng.normal(size=(T, H))), "W_hh": rng.normal(size=(H, H))}


def _product(step: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """The product, latest step leftmost, of a wrong Jacobian."""

    def wrong(h: Array, W_hh: Array) -> Array:
        product = np.eye(len(W_hh))
        for h_t in h:
            product = step(h_t, W_hh) @ product
        return product

    return wrong


def _ascending(h: Array, W_hh: Array) -> Array:
    return jacobian_product(h[::-1], W_hh)


def _elementwise(h: Array, W_hh: Array) -> Array:
    return np.prod((1 - h**2)[:, :, None] * W_hh, axis=0)


EXERCISE = CodeExercise(
    "3.3",
    "The way through many steps",
    difficulty=2,
    minutes=12,
    task="Write `jacobian_product`, which returns ∂h_T/∂h_0 of one sequence, from its states.",
    hints=(
        "For one step: which unit's slope multiplies which row of `W_hh`? Unit i of the new "
        "state has one slope, and row i holds the weights into it.",
        "J_t = (1 - h[t]**2)[:, None] * W_hh. The change of h_0 meets J_1 first, so J_1 stands "
        "rightmost: J_T ··· J_2 J_1.",
    ),
    reference=jacobian_product,
    also_right=(product_of_diagonals, product_by_rows),
    cases=every_size(draw_states),
    outputs={"product": "H H"},
    mistakes=(
        Mistake(
            "The product stands in the wrong order. What is done first must stand rightmost: "
            "the latest step comes first when you read from the left.",
            _ascending,
        ),
        Mistake(
            "The slopes scale the columns of `W_hh`: `d * W` does that. They belong to the "
            "outputs of the step, which are the rows: `d[:, None] * W`.",
            _product(lambda h, W: (1 - h**2) * W),
        ),
        Mistake(
            "The arrays were multiplied number by number. Jacobians follow each other as "
            "matrices: `@`.",
            _elementwise,
        ),
        Mistake(
            "`W_hh` is transposed. Row i of ∂h_t/∂h_{t-1} belongs to unit i of h_t.",
            _product(lambda h, W: (1 - h**2)[:, None] * W.T),
        ),
        Mistake(
            "This is the transpose of what is asked for: rows belong to h_T, columns to h_0.",
            lambda h, W: jacobian_product(h, W).T,
        ),
        Mistake(
            "One factor is missing: there are T steps from h_0 to h_T.",
            lambda h, W: jacobian_product(h[1:], W),
        ),
        Mistake(
            "Only the last step is left: what came before was overwritten.",
            lambda h, W: (1 - h[-1] ** 2)[:, None] * W,
        ),
        Mistake(
            "The Jacobians were added. One step after another is a product.",
            lambda h, W: ((1 - h**2)[:, :, None] * W).sum(axis=0),
        ),
        *(
            Mistake(text, _product(lambda h, W, slope=slope: slope(h)[:, None] * W))
            for text, slope in WRONG_SLOPES
        ),
    ),
)
