"""4.3 Who is heard"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.lesson_04.ex_02 import (
    draw_way_back,
    gradient_lengths,
    lengths_as,
    one_step_too_far,
)
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES


def lag_matrix(dh: Array, h: Array, W_hh: Array) -> Array:
    T = len(h)
    matrix = np.zeros((T, T))
    for tau in range(T):
        matrix[tau, : tau + 1] = gradient_lengths(dh[tau], h[: tau + 1], W_hh)
    return matrix


def lag_matrix_in_one_sweep(dh: Array, h: Array, W_hh: Array) -> Array:
    T = len(h)
    g, matrix = np.zeros_like(dh), np.zeros((T, T))
    for t in range(T - 1, -1, -1):
        g[t] = dh[t]
        matrix[:, t] = np.sqrt((g**2).sum(axis=2)).mean(axis=1)
        g = np.einsum("kni,ij->knj", g * (1 - h[t] ** 2), W_hh)
    return matrix


def lag_matrix_by_jacobians(dh: Array, h: Array, W_hh: Array) -> Array:
    T, N, H = h.shape
    matrix = np.zeros((T, T))
    for tau in range(T):
        for t in range(tau + 1):
            for n in range(N):
                g = dh[tau, n]
                for s in range(tau, t, -1):
                    g = g @ (np.diag(1 - h[s, n] ** 2) @ W_hh)
                matrix[tau, t] += np.sqrt(g @ g) / N
    return matrix


def _lags(lengths: Callable[[Array, Array, Array], Array]) -> Callable[..., Array]:
    """The lag matrix from wrong lengths."""

    def wrong(dh: Array, h: Array, W_hh: Array) -> Array:
        matrix = np.zeros((len(h), len(h)))
        for tau in range(len(h)):
            matrix[tau, : tau + 1] = lengths(dh[tau], h[: tau + 1], W_hh)
        return matrix

    return wrong


def _totals(dh: Array, h: Array, W_hh: Array) -> Array:
    """Row tau holds what all losses up to tau send together."""
    matrix = np.zeros((len(h), len(h)))
    for tau in range(len(h)):
        carried = np.zeros_like(dh[0])
        for t in range(tau, -1, -1):
            g = dh[t] + carried
            matrix[tau, t] = np.linalg.norm(g, axis=1).mean()
            carried = (g * (1 - h[t] ** 2)) @ W_hh
    return matrix


def _by_lag(dh: Array, h: Array, W_hh: Array) -> Array:
    matrix = lag_matrix(dh, h, W_hh)
    return np.stack([np.roll(row[::-1], tau + 1 - len(h)) for tau, row in enumerate(matrix)])


def _without_diagonal(dh: Array, h: Array, W_hh: Array) -> Array:
    return np.tril(lag_matrix(dh, h, W_hh), -1)


def _one_state_early(dh: Array, h: Array, W_hh: Array) -> Array:
    matrix = np.zeros((len(h), len(h)))
    for tau in range(1, len(h)):
        matrix[tau, :tau] = gradient_lengths(dh[tau], h[:tau], W_hh)
    return matrix


def _nan_above(dh: Array, h: Array, W_hh: Array) -> Array:
    above = np.triu(np.ones((len(h), len(h)), dtype=bool), 1)
    return np.where(above, np.nan, lag_matrix(dh, h, W_hh))


def _last_loss_only(dh: Array, h: Array, W_hh: Array) -> Array:
    T = len(h)
    return np.tril(np.broadcast_to(gradient_lengths(dh[-1], h, W_hh), (T, T)))


def _from_the_end(dh: Array, h: Array, W_hh: Array) -> Array:
    return np.stack([gradient_lengths(dh_tau, h, W_hh) for dh_tau in dh])


def _same_start(dh: Array, h: Array, W_hh: Array) -> Array:
    return lag_matrix(np.broadcast_to(dh[-1], dh.shape), h, W_hh)


def _first_column_missing(dh: Array, h: Array, W_hh: Array) -> Array:
    matrix = lag_matrix(dh, h, W_hh)
    matrix[:, 0] = 0
    return matrix


def draw_losses(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    args = draw_way_back(rng, T, N, H)
    return {"dh": rng.normal(size=(T, N, H)), "h": args["h"], "W_hh": args["W_hh"]}


EXERCISE = CodeExercise(
    "4.3",
    "Who is heard",
    difficulty=2,
    minutes=10,
    task="Write `lag_matrix`: the length of the gradient that each loss alone sends to each state.",
    hints=(
        "Row tau is exercise 4.2 for a sequence that ends with the loss of step tau. What "
        "stands above the diagonal, where the state is later than the loss?",
        "matrix = zeros; for each tau: "
        "matrix[tau, :tau + 1] = gradient_lengths(dh[tau], h[:tau + 1], W_hh).",
    ),
    reference=lag_matrix,
    also_right=(lag_matrix_in_one_sweep, lag_matrix_by_jacobians),
    cases=every_size(draw_losses),
    outputs={"matrix": "T T"},
    mistakes=(
        Mistake(
            "A row holds what ALL losses up to tau send together: `dh` of the earlier steps is "
            "added on the way. Each loss alone is asked for.",
            _totals,
        ),
        Mistake(
            "Rows and columns are exchanged: a row belongs to a loss, a column to a state.",
            lambda dh, h, W: lag_matrix(dh, h, W).T,
        ),
        Mistake(
            "Column k holds the lag k. Column t should hold the STATE t, so that the diagonal "
            "is where loss and state meet.",
            _by_lag,
        ),
        Mistake(
            "The diagonal is zero. A loss speaks to its own state too: that is `dh[tau]`, "
            "before any step back.",
            _without_diagonal,
        ),
        Mistake(
            "Row tau starts from the state before its loss. The loss of step tau speaks to "
            "h[tau] first: how far has the slice to reach?",
            _one_state_early,
        ),
        Mistake(
            "Above the diagonal stands NaN. A loss is not changed by a later state: the "
            "gradient is 0 there.",
            _nan_above,
        ),
        Mistake(
            "Every row is sent back from the last loss. Row tau starts with `dh[tau]` at step tau.",
            _last_loss_only,
        ),
        Mistake(
            "Every loss is sent back from the end of the whole sequence. Loss tau does not "
            "know the later states: start at step tau.",
            _from_the_end,
        ),
        Mistake(
            "Every row starts with `dh[-1]`, the gradient of the last loss. Row tau starts "
            "with `dh[tau]`.",
            _same_start,
        ),
        Mistake(
            "The first state is left out: does the loop end one step too soon?",
            _first_column_missing,
        ),
        Mistake(
            "The gradients are averaged over the batch before they are measured, and cancel: "
            "measure each, then average.",
            _lags(lengths_as(size=lambda g: np.linalg.norm(g.mean(axis=0)))),
        ),
        Mistake(
            "One norm is taken over all sequences together. Measure each, then average.",
            _lags(lengths_as(size=np.linalg.norm)),
        ),
        Mistake(
            "The gradient goes back through `W_hh.T`. Forward is `h @ W_hh.T`; backward is the "
            "other one.",
            _lags(lengths_as(step=lambda g, slope, W: (g * slope) @ W.T)),
        ),
        *(Mistake(text, _lags(lengths_as(slope=slope))) for text, slope in WRONG_SLOPES),
        Mistake(
            "The slope is that of the state arrived at. A step back passes the tanh of the "
            "later state.",
            _lags(lengths_as(late=1)),
        ),
        Mistake(
            "Every length is taken one step too late: note it, THEN go back.",
            _lags(one_step_too_far),
        ),
        Mistake(
            "Every row is divided by its diagonal. That is good for a plot; here the lengths "
            "themselves are asked for.",
            _lags(lengths_as(finish=lambda lengths: lengths / lengths[-1])),
        ),
    ),
)
