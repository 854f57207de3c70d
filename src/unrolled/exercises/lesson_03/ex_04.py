"""3.4 One step back"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES, Slope


def step_backward(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dz = dh * (1 - h**2)
    return dz @ W_xh, dz @ W_hh, dz.T @ x, dz.T @ h_prev, dz.sum(axis=0)


def step_by_einsum(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dz = dh - dh * h * h
    dx, dh_prev = np.einsum("nh,hd->nd", dz, W_xh), np.einsum("nh,hk->nk", dz, W_hh)
    return dx, dh_prev, np.einsum("nh,nd->hd", dz, x), np.einsum("nh,nk->hk", dz, h_prev), dz.sum(0)


def step_unit_by_unit(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dx, dh_prev, db_h = np.zeros_like(x), np.zeros_like(h), np.zeros(len(W_hh))
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    for n in range(len(h)):
        for j in range(len(W_hh)):
            dz = dh[n, j] * (1 + h[n, j]) * (1 - h[n, j])
            dx[n] += dz * W_xh[j]
            dh_prev[n] += dz * W_hh[j]
            dW_xh[j] += dz * x[n]
            dW_hh[j] += dz * h_prev[n]
            db_h[j] += dz
    return dx, dh_prev, dW_xh, dW_hh, db_h


def draw_step(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "dh": rng.normal(size=(N, H)),
        "x": rng.normal(size=(N, D)),
        "h_prev": np.tanh(rng.normal(size=(N, H))),
        "h": np.tanh(rng.normal(size=(N, H))),
        "W_xh": rng.normal(size=(H, D)),
        "W_hh": rng.normal(size=(H, H)),
    }


def _step_with_slope(slope: Slope) -> Callable[..., tuple[Array, ...]]:
    def wrong(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
        dz = dh * slope(h)
        return dz @ W, dz @ U, dz.T @ x, dz.T @ h_prev, dz.sum(axis=0)

    return wrong


def _step_changed(change: Callable[..., tuple[Array, ...]]) -> Callable[..., tuple[Array, ...]]:
    """A step back whose five results are right but for what `change` makes of them."""

    def wrong(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
        return change(dh * (1 - h**2), x, h_prev, h, W, U)

    return wrong


def _step_in_place(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
    dh *= 1 - h**2
    return dh @ W, dh @ U, dh.T @ x, dh.T @ h_prev, dh.sum(axis=0)


EXERCISE = CodeExercise(
    "3.4",
    "One step back",
    difficulty=2,
    minutes=15,
    task="Write `step_backward`, which takes the gradient of one step's states back to its "
    "input, its old state and its weights.",
    hints=(
        "First back through the tanh: dz = dh times its slope, number by number. All five "
        "results are made from dz.",
        "A gradient has the shape of what it belongs to: dx is (N, D), so it is dz @ W_xh; "
        "dW_xh is (H, D), so it is dz.T @ x, which also adds over the sequences.",
    ),
    reference=step_backward,
    also_right=(step_by_einsum, step_unit_by_unit),
    cases=every_size(draw_step),
    outputs={"dx": "N D", "dh_prev": "N H", "dW_xh": "H D", "dW_hh": "H H", "db_h": "H"},
    mistakes=(
        *(Mistake(text, _step_with_slope(slope)) for text, slope in WRONG_SLOPES),
        Mistake(
            "The slope was taken at `h_prev`. The tanh of this step produced `h`.",
            lambda dh, x, h_prev, h, W, U: step_backward(dh, x, h_prev, h_prev, W, U),
        ),
        Mistake(
            "`dW_xh` is transposed: it must have the shape of `W_xh`, (H, D).",
            _step_changed(
                lambda dz, x, p, h, W, U: (dz @ W, dz @ U, x.T @ dz, dz.T @ p, dz.sum(0))
            ),
        ),
        Mistake(
            "`dW_hh` is transposed. It is square, so no shape warns you: rows belong to the "
            "units that receive.",
            _step_changed(
                lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, p.T @ dz, dz.sum(0))
            ),
        ),
        Mistake(
            "`dW_hh` uses `h`, the state that the step made. The step multiplied `W_hh` by "
            "`h_prev`.",
            _step_changed(
                lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, dz.T @ h, dz.sum(0))
            ),
        ),
        Mistake(
            "On the way back `W_hh` stands without a transpose: forward it was `h @ W_hh.T`, "
            "and the gradient goes the other way through the same matrix.",
            _step_changed(
                lambda dz, x, p, h, W, U: (dz @ W, dz @ U.T, dz.T @ x, dz.T @ p, dz.sum(0))
            ),
        ),
        Mistake(
            "`db_h` still has a row for every sequence. All of them share the bias: add.",
            _step_changed(lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, dz.T @ p, dz)),
        ),
        Mistake(
            "The gradients of the weights are averaged over the batch. Whoever made `dh` has "
            "decided on sum or mean already; here they are added.",
            _step_changed(
                lambda dz, x, p, h, W, U: (
                    dz @ W,
                    dz @ U,
                    dz.T @ x / len(x),
                    dz.T @ p / len(x),
                    dz.mean(0),
                )
            ),
        ),
        Mistake(
            "`dh` is changed in place. It belongs to the caller, who may still need it, for "
            "example to check your result.",
            _step_in_place,
        ),
    ),
)
