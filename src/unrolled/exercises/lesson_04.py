"""Exercises of lesson 4, Gradient analysis: what grows, what shrinks, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import gradients, rnn, training
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Mistake,
    NumberExercise,
    Property,
    PropertyExercise,
    every_size,
    real_array,
)

Array = np.ndarray
Arrays = tuple[Array, ...]


# The three ways in which the slope of tanh is miswritten, with what to tell the learner.
WRONG_SLOPES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    (
        "The slope of tanh is written as (1 - h)². It is 1 - h²: square first, then subtract.",
        lambda h: (1 - h) ** 2,
    ),
    (
        "tanh is taken of h, which is a tanh already: the slope is 1 - h².",
        lambda h: 1 - np.tanh(h) ** 2,
    ),
    (
        "The slope of tanh is missing: this is what happens in a linear network.",
        np.ones_like,
    ),
)


# 4.2 Lengths on the way back


def gradient_lengths(dh_T: Array, h: Array, W_hh: Array) -> Array:
    T, g = len(h), dh_T
    lengths = np.empty(T)
    for t in reversed(range(T)):
        lengths[t] = np.linalg.norm(g, axis=1).mean()
        g = (g * (1 - h[t] ** 2)) @ W_hh
    return lengths


def lengths_from_lag_matrix(dh_T: Array, h: Array, W_hh: Array) -> Array:
    H, (T, N) = len(W_hh), h.shape[:2]
    params = rnn.Params(np.zeros((H, 1)), W_hh, np.zeros(H))
    tape = rnn.Tape(np.zeros((T, N, 1)), np.zeros((N, H)), params, h, "tanh")
    dh = np.zeros_like(h)
    dh[-1] = dh_T
    return gradients.lag_matrix(dh, tape)[-1]


def lengths_by_products(dh_T: Array, h: Array, W_hh: Array) -> Array:
    J = (1 - h**2)[..., None] * W_hh
    product, found = np.broadcast_to(np.eye(len(W_hh)), J.shape[1:]), []
    for t in range(len(h) - 1, -1, -1):
        found.append(np.sqrt((np.einsum("ni,nij->nj", dh_T, product) ** 2).sum(1)).mean())
        product = product @ J[t]
    return np.array(found[::-1])


def _lengths(
    *,
    step: Callable[[Array, Array, Array], Array] = lambda g, slope, W: (g * slope) @ W,
    size: Callable[[Array], float] = lambda g: np.linalg.norm(g, axis=1).mean(),
    slope: Callable[[Array], Array] = lambda h: 1 - h**2,
    late: int = 0,
    finish: Callable[[Array], Array] = lambda lengths: lengths,
) -> Callable[[Array, Array, Array], Array]:
    """The lengths; each option is one thing that people get wrong."""

    def wrong(dh_T: Array, h: Array, W_hh: Array) -> Array:
        T, g = len(h), dh_T
        lengths = np.empty(T)
        for t in reversed(range(T)):
            lengths[t] = size(g)
            g = step(g, slope(h[max(t - late, 0)]), W_hh)
        return finish(lengths)

    return wrong


def _one_step_too_far(dh_T: Array, h: Array, W_hh: Array) -> Array:
    T, g = len(h), dh_T
    lengths = np.empty(T)
    for t in reversed(range(T)):
        g = (g * (1 - h[t] ** 2)) @ W_hh
        lengths[t] = np.linalg.norm(g, axis=1).mean()
    return lengths


def _forward_in_time(dh_T: Array, h: Array, W_hh: Array) -> Array:
    g, lengths = dh_T, np.empty(len(h))
    for t, h_t in enumerate(h):
        lengths[t] = np.linalg.norm(g, axis=1).mean()
        g = (g * (1 - h_t**2)) @ W_hh
    return lengths


def draw_way_back(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {
        "dh_T": rng.normal(size=(N, H)),
        "h": np.tanh(rng.normal(size=(T, N, H))),
        "W_hh": 1.5 * rng.normal(size=(H, H)) / np.sqrt(H),
    }


# 4.3 Who is heard


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


# 4.4 Longer, longer, gone


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


# 4.5 Up, then down

SHEARED = np.array([[0.8, 4.0], [0.0, 0.8]])
POWERS = [spectral_norm(np.linalg.matrix_power(SHEARED, k)) for k in range(60)]
JORDAN = spectral_norm(np.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 100))


# 4.10 The largest exponent


def largest_exponent(h: Array, W_hh: Array, v: Array) -> Array:
    T, N, H = h.shape
    direction = np.broadcast_to(v / np.linalg.norm(v), (N, H))
    total = np.zeros(N)
    for h_t in h:
        moved = (1 - h_t**2) * (direction @ W_hh.T)
        length = np.linalg.norm(moved, axis=1)
        total += np.log(length)
        direction = moved / length[:, None]
    return total / T


def exponent_by_qr(h: Array, W_hh: Array, v: Array) -> Array:
    T, N, H = h.shape
    Q = np.broadcast_to(np.linalg.qr(v[:, None])[0], (N, H, 1))
    logs = np.zeros((T, N))
    for t in range(T):
        Q, R = np.linalg.qr((1 - h[t] ** 2)[:, :, None] * (W_hh @ Q))
        logs[t] = np.log(np.abs(R[:, 0, 0]))
    return logs.mean(axis=0)


def exponent_one_by_one(h: Array, W_hh: Array, v: Array) -> Array:
    found = []
    for states in h.swapaxes(0, 1):
        tangent, logs = v, -np.log(np.sqrt(v @ v))
        for h_t in states:
            tangent = (1 - h_t) * (1 + h_t) * (W_hh @ tangent)
            size = np.abs(tangent).max()  # any size will do, if its log is kept
            tangent, logs = tangent / size, logs + np.log(size)
        found.append((logs + np.log(np.sqrt(tangent @ tangent))) / len(states))
    return np.array(found)


def _exponent(
    *,
    step: Callable[[Array, Array, Array], Array] = lambda d, slope, W: slope * (d @ W.T),
    slope: Callable[[Array], Array] = lambda h: 1 - h**2,
    order: int = 1,
    finish: Callable[[Array], Array] = lambda growth: np.log(growth).mean(axis=0),
    turn: bool = True,
    length: Callable[[Array], Array] = lambda moved: np.linalg.norm(moved, axis=1),
    start: Callable[[Array], Array] = lambda v: v / np.linalg.norm(v),
) -> Callable[[Array, Array, Array], Array]:
    """The exponent; each option is one thing that people get wrong."""

    def wrong(h: Array, W_hh: Array, v: Array) -> Array:
        direction = np.broadcast_to(start(v), h.shape[1:])
        growth = []
        for h_t in h[::order]:
            moved = step(direction, slope(h_t), W_hh)
            growth.append(length(moved))
            if turn:
                direction = moved / growth[-1][:, None]
        return finish(np.array(growth))

    return wrong


def _not_normalised(h: Array, W_hh: Array, v: Array) -> Array:
    moved = np.broadcast_to(v, h.shape[1:])
    with np.errstate(all="ignore"):
        for h_t in h:
            moved = (1 - h_t**2) * (moved @ W_hh.T)
        return np.log(np.linalg.norm(moved, axis=1) / np.linalg.norm(v)) / len(h)


def _norm_of_product(h: Array, W_hh: Array, v: Array) -> Array:
    J, growth = (1 - h**2)[..., None] * W_hh, []
    with np.errstate(all="ignore"):
        for n in range(h.shape[1]):
            product = np.eye(len(W_hh))
            for step in J[:, n]:
                product = step @ product
            growth.append(np.log(np.linalg.norm(product, 2)) / len(h))
    return np.array(growth)


def _one_norm(h: Array, W_hh: Array, v: Array) -> Array:
    T, N, H = h.shape
    direction, total = np.broadcast_to(v / np.linalg.norm(v), (N, H)), np.zeros(N)
    for h_t in h:
        moved = (1 - h_t**2) * (direction @ W_hh.T)
        total += np.log(np.linalg.norm(moved))
        direction = moved / np.linalg.norm(moved)
    return total / T


def _first_step_missing(h: Array, W_hh: Array, v: Array) -> Array:
    if len(h) == 1:
        return np.zeros(h.shape[1])
    return largest_exponent(h[1:], W_hh, v) * (len(h) - 1) / len(h)


def _of_the_matrix(h: Array, W_hh: Array, v: Array) -> Array:
    return np.full(h.shape[1], np.log(np.abs(np.linalg.eigvals(W_hh)).max()))


def draw_trajectory(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {
        "h": np.tanh(rng.normal(size=(T, N, H))),
        "W_hh": 1.5 * rng.normal(size=(H, H)) / np.sqrt(H),
        "v": 3 * rng.normal(size=H),
    }


def trajectory_cases(rng: np.random.Generator) -> list[Case]:
    long = []
    for T, N, H, gain, note in (
        (450, 2, 5, 0.1, "a long way down"),
        (350, 3, 4, 40.0, "a long way up"),
    ):
        args = draw_trajectory(rng, T, N, H)
        args["W_hh"] *= gain
        long.append(Case(args, {"T": T, "N": N, "H": H}, note))
    return [*every_size(draw_trajectory)(rng), *long]


# 4.11 Clip by norm


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


# 4.12 Hold the singular values down


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


GAPS = {"gap 1": "a", "gap 2": "c", "symmetry": "f", "eigenvectors": "i"}
OBJECTIONS = {"radius": "a", "small": "b", "plot": "c", "clip": "d", "bug": "e"}
REMEDIES = {
    "clip by value": "b",
    "smaller rate": "f",
    "Adam": "g",
    "orthogonal start": "d",
    "hold singular values at 1": "c",
    "truncate to 5 steps": "e",
}
# What fits no better message in the matching exercises: answers of the wrong kind.


def _of_the_wrong_kind(
    right: dict[str, str], kinds: dict[str, tuple[str, str]], known: tuple[Mistake, ...]
) -> tuple[Mistake, ...]:
    """A message for every wrong option of a question that `known` says nothing of."""
    taken = {pair for mistake in known for pair in mistake.answer.items()} | {*right.items()}
    return known + tuple(
        Mistake(f"{question}, {key}: {text}", {question: key})
        for question, (keys, text) in kinds.items()
        for key in keys
        if (question, key) not in taken
    )


EXERCISES = (
    NumberExercise(
        "4.1",
        "Half-life",
        difficulty=1,
        minutes=5,
        task="A gradient keeps 0.57 of its length at every step back: after how many steps is half "
        "of it left, and after how many a thousandth?",
        hints=(
            "After k steps 0.57^k is left. Which k makes it 0.5? It need not be a whole number.",
            "k = log(what is left) / log(0.57), twice.",
        ),
        right={"half": np.log(0.5) / np.log(0.57), "thousandth": np.log(1e-3) / np.log(0.57)},
        tolerance=0.05,
        mistakes=(
            Mistake(
                "This takes 0.43 of the ORIGINAL length away at every step. It is 0.43 of what is "
                "left: multiply.",
                {"half": 0.5 / 0.43},
            ),
            Mistake(
                "The quotient is upside down: the log of what is left stands on top.",
                {"half": np.log(0.57) / np.log(0.5)},
            ),
            Mistake(
                "That is the time until 1/e, about 0.37, is left.", {"half": -1 / np.log(0.57)}
            ),
            Mistake(
                "That is half of one step's factor. Half of the gradient is asked for, after k "
                "factors.",
                {"half": 0.285},
            ),
            Mistake("Rounded up to whole steps; give at least two decimals.", {"half": 2}),
            Mistake("After one step 0.57 is left, which is more than half.", {"half": 1}),
            Mistake(
                "0.5 is divided by 0.57. Steps multiply: which POWER of 0.57 is 0.5?",
                {"half": 0.5 / 0.57},
            ),
            Mistake(
                "Ten halvings make a thousandth, but at 0.57 a step is not quite a halving.",
                {"thousandth": 10},
            ),
            Mistake(
                "500 half-lives would leave 2^-500. Halving ten times already makes a thousandth.",
                {"thousandth": 500 * np.log(0.5) / np.log(0.57)},
            ),
            Mistake(
                "A thousandth of 0.57 is left here: that is one step too many. Start from 1.",
                {"thousandth": 1 + np.log(1e-3) / np.log(0.57)},
            ),
            Mistake("Rounded up to whole steps; give the decimals.", {"thousandth": 13}),
            Mistake(
                "At that step a little more than a thousandth is left; give the decimals.",
                {"thousandth": 12},
            ),
            Mistake(
                "The sign: the logs of 0.5 and of 0.57 are both below 0, so their quotient is not.",
                {"half": -np.log(0.5) / np.log(0.57)},
            ),
            Mistake(
                "Upside down, and not a number of steps: the log of what is left stands on top.",
                {"half": np.log2(0.57)},
            ),
            Mistake(
                "That is the log of 2. How much of it does one step take away?",
                {"half": np.log(2)},
            ),
            Mistake(
                "That is the log of 1,000. How much of it does one step take away?",
                {"thousandth": np.log(1000)},
            ),
            Mistake(
                "The two logs have different bases: take the same one above and below.",
                {"half": np.log10(0.5) / np.log(0.57)},
            ),
        ),
    ),
    CodeExercise(
        "4.2",
        "Lengths on the way back",
        difficulty=2,
        minutes=12,
        task="Write `gradient_lengths`: how long is the gradient of one last loss at each state?",
        hints=(
            "Walk from the last state to the first. At each: note the length, then take one step "
            "back, through the slope of that state and `W_hh`.",
            "for t in reversed(range(T)): lengths[t] = np.linalg.norm(g, axis=1).mean(), then "
            "g = (g * (1 - h[t]**2)) @ W_hh; g starts as dh_T.",
        ),
        reference=gradient_lengths,
        also_right=(lengths_by_products, lengths_from_lag_matrix),
        cases=every_size(draw_way_back),
        outputs={"lengths": "T"},
        mistakes=(
            Mistake(
                "The gradients are averaged over the batch before they are measured. Gradients of "
                "different sequences point different ways and cancel: measure each, then average.",
                _lengths(size=lambda g: np.linalg.norm(g.mean(axis=0))),
            ),
            Mistake(
                "One norm is taken over all sequences together, which grows with the batch. "
                "Measure each sequence, then average.",
                _lengths(size=np.linalg.norm),
            ),
            Mistake(
                "One norm is taken over all sequences together and divided by their number. That "
                "is no mean of lengths: measure each sequence, then average.",
                _lengths(size=lambda g: np.linalg.norm(g) / len(g)),
            ),
            Mistake(
                "The squares are averaged, and the root taken after that. Lengths are asked for, "
                "averaged.",
                _lengths(size=lambda g: np.sqrt((g**2).sum(axis=1).mean())),
            ),
            Mistake(
                "These are squared lengths: where is the root?",
                _lengths(size=lambda g: (g**2).sum(axis=1).mean()),
            ),
            Mistake(
                "The lengths are added over the sequences; their mean is asked for.",
                _lengths(size=lambda g: np.linalg.norm(g, axis=1).sum()),
            ),
            Mistake(
                "The norm runs along the axis of the sequences. A gradient is a vector of H "
                "numbers: take the norm along axis 1.",
                _lengths(size=lambda g: np.linalg.norm(g, axis=0).mean()),
            ),
            Mistake(
                "Absolute values are added: that is another length. The Euclidean one is the root "
                "of the sum of squares.",
                _lengths(size=lambda g: np.abs(g).sum(axis=1).mean()),
            ),
            Mistake(
                "These are logs of lengths. Good for a plot; the lengths themselves are asked for.",
                _lengths(finish=np.log),
            ),
            Mistake(
                "The loop runs forward. The gradient starts at the LAST state: walk from T - 1 "
                "down to 0.",
                _forward_in_time,
            ),
            *(Mistake(text, _lengths(slope=slope)) for text, slope in WRONG_SLOPES),
            Mistake(
                "The gradient goes back through `W_hh.T`. With states as rows, forward is "
                "`h @ W_hh.T`; backward is the other one.",
                _lengths(step=lambda g, slope, W: (g * slope) @ W.T),
            ),
            Mistake(
                "The slope comes after `W_hh`. On the way back the gradient meets the tanh of the "
                "later state first.",
                _lengths(step=lambda g, slope, W: (g @ W) * slope),
            ),
            Mistake(
                "The slope is that of the state arrived at. The step from h[t] back to h[t-1] "
                "passes the tanh that made h[t].",
                _lengths(late=1),
            ),
            Mistake(
                "Every length belongs to one state earlier: note the length BEFORE the step back. "
                "At the last state nothing has happened yet.",
                _one_step_too_far,
            ),
            Mistake(
                "The lengths are divided by the last one. That is good for a plot; here the "
                "lengths themselves are asked for.",
                _lengths(finish=lambda lengths: lengths / lengths[-1]),
            ),
            Mistake(
                "The order is that of the walk, from late to early; entry t belongs to h[t].",
                _lengths(finish=lambda lengths: lengths[::-1]),
            ),
        ),
    ),
    CodeExercise(
        "4.3",
        "Who is heard",
        difficulty=2,
        minutes=10,
        task="Write `lag_matrix`: the length of the gradient that each loss alone sends to each "
        "state.",
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
                "Every row is sent back from the last loss. Row tau starts with `dh[tau]` at step "
                "tau.",
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
                _lags(_lengths(size=lambda g: np.linalg.norm(g.mean(axis=0)))),
            ),
            Mistake(
                "One norm is taken over all sequences together. Measure each, then average.",
                _lags(_lengths(size=np.linalg.norm)),
            ),
            Mistake(
                "The gradient goes back through `W_hh.T`. Forward is `h @ W_hh.T`; backward is the "
                "other one.",
                _lags(_lengths(step=lambda g, slope, W: (g * slope) @ W.T)),
            ),
            *(Mistake(text, _lags(_lengths(slope=slope))) for text, slope in WRONG_SLOPES),
            Mistake(
                "The slope is that of the state arrived at. A step back passes the tanh of the "
                "later state.",
                _lags(_lengths(late=1)),
            ),
            Mistake(
                "Every length is taken one step too late: note it, THEN go back.",
                _lags(_one_step_too_far),
            ),
            Mistake(
                "Every row is divided by its diagonal. That is good for a plot; here the lengths "
                "themselves are asked for.",
                _lags(_lengths(finish=lambda lengths: lengths / lengths[-1])),
            ),
        ),
    ),
    PropertyExercise(
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
    ),
    NumberExercise(
        "4.5",
        "Up, then down",
        difficulty=2,
        minutes=8,
        task="W = [[0.8, 4], [0, 0.8]]: the largest spectral norm of all its powers, and the first "
        "k >= 1 with ‖W^k‖ below 1. And ‖J^100‖ of J = [[1, 1], [0, 1]].",
        hints=(
            "Do not reason with eigenvalues: both matrices have only one. Multiply and print.",
            "np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k = 1 ... 30.",
        ),
        right={
            "largest": max(POWERS[1:]),
            "first": next(k for k in range(1, 60) if POWERS[k] < 1),
            "J": JORDAN,
        },
        tolerance=0.005,
        mistakes=(
            Mistake(
                "That is the norm of W itself. The next powers are longer.", {"largest": POWERS[1]}
            ),
            Mistake(
                "That is the spectral RADIUS. Nothing grows by it, and still the powers do: take "
                "the singular value.",
                {"largest": 0.8},
            ),
            Mistake(
                "That is the largest entry of the powers. The spectral norm is the largest "
                "singular value: `np.linalg.norm(..., 2)`.",
                {"largest": 4 * 4 * 0.8**3},
            ),
            Mistake(
                "The radius is below 1 from the start; the norm is not. Print the norms.",
                {"first": 1},
            ),
            Mistake(
                "That is the power at which the norm is largest.",
                {"first": int(np.argmax(POWERS))},
            ),
            Mistake(
                "The last one above 1. Below 1 is asked for.",
                {"first": next(k for k in range(1, 60) if POWERS[k] < 1) - 1},
            ),
            Mistake(
                "From there on it is shorter than 1 by far: is an earlier one below 1? Or did you "
                "count from the identity as number 1?",
                {"first": next(k for k in range(1, 60) if POWERS[k] < 1) + 1},
            ),
            Mistake(
                "A radius of 1 does not mean that the powers are bounded: compute J² and J³ by "
                "hand.",
                {"J": 1.0},
            ),
            Mistake(
                "That is ‖J‖^100, an upper bound that is far too high. First the power, then the "
                "norm.",
                {"J": spectral_norm(np.array([[1.0, 1.0], [0.0, 1.0]])) ** 100},
            ),
            Mistake(
                "That is the corner of J^100. The norm is a little more than its largest entry.",
                {"J": 100.0},
            ),
            Mistake(
                "`J**100` takes the power of every NUMBER. A matrix power is "
                "`np.linalg.matrix_power(J, 100)`.",
                {"J": spectral_norm(np.array([[1.0, 1.0], [0.0, 1.0]]))},
            ),
        ),
    ),
    ChoiceExercise(
        "4.6",
        "The eigenvalues of a power",
        difficulty=2,
        minutes=8,
        task="M v = λ v. Prove by induction that M^k v = λ^k v: fill the two gaps in "
        "M^(k+1) v = M (M^k v) = gap 1 = gap 2. What is the symmetry of M needed for? And which M "
        "shows that M^k may have eigenvectors that M does not have?",
        hints=(
            "Gap 1 uses what is known for k, gap 2 what is known for 1. Numbers may change places "
            "with matrices; look where you used that M is symmetric.",
            "In gap 1 replace M^k v by λ^k v. For the last question look for eigenvalues that "
            "become equal by taking the power, although they were different.",
        ),
        options={
            "a": "M (λ^k v)",
            "b": "(M λ)^k v",
            "c": "λ^k λ v = λ^(k+1) v",
            "d": "λ^k v = λ^(k+1) v",
            "e": "for M (M^k v) = M^k (M v)",
            "f": "not in the induction, only to know that n orthogonal v_i, and so all eigenvalues "
            "of M^k, are found",
            "g": "nowhere: every matrix has n independent eigenvectors",
            "h": "M = diag(2, 1) with k = 2",
            "i": "M = diag(1, -1) with k = 2",
            "j": "M = diag(1, -1) with k = 3",
            "k": "none: M^k and M have the same eigenvectors",
        },
        right=GAPS,
        mistakes=_of_the_wrong_kind(
            GAPS,
            {
                "gap 1": (
                    "efghijk",
                    "an expression is asked for, the first of a to d that follows.",
                ),
                "gap 2": ("efghijk", "an expression is asked for, made of gap 1."),
                "symmetry": ("abcdhijk", "one of e, f and g says what symmetry is for."),
                "eigenvectors": ("abcdefg", "an example is asked for, or that there is none."),
            },
            (
                Mistake(
                    "Gap 1: M λ is a matrix times a number; its k-th power holds M k times. What "
                    "is known is M^k v = λ^k v: put that in.",
                    {"gap 1": "b"},
                ),
                Mistake(
                    "Gap 1: that is already the result. First say what became of M^k v.",
                    {"gap 1": "c"},
                ),
                Mistake(
                    "Gap 1: the outer M is gone before it has acted on v.",
                    {"gap 1": "d"},
                ),
                Mistake(
                    "Gap 2: that equation is true for λ = 1 only. M v still gives one more λ.",
                    {"gap 2": "d"},
                ),
                Mistake("Gap 2: go on, M still stands in front of v.", {"gap 2": "a"}),
                Mistake(
                    "Gap 2: a power of M λ holds powers of M; λ^k M v has one M.", {"gap 2": "b"}
                ),
                Mistake(
                    "Symmetry: powers of one matrix change places whether or not it is symmetric.",
                    {"symmetry": "e"},
                ),
                Mistake(
                    "Symmetry: count the independent eigenvectors of [[1, 1], [0, 1]].",
                    {"symmetry": "g"},
                ),
                Mistake(
                    "Eigenvectors: 4 and 1 are still different, so only the axes are eigenvectors "
                    "of diag(4, 1).",
                    {"eigenvectors": "h"},
                ),
                Mistake(
                    "Eigenvectors: an odd power gives diag(1, -1) back, and nothing new.",
                    {"eigenvectors": "j"},
                ),
                Mistake(
                    "Eigenvectors: those of M stay, but others can join them: take diag(1, -1), "
                    "and apply its square to (1, 1).",
                    {"eigenvectors": "k"},
                ),
            ),
        ),
    ),
    ChoiceExercise(
        "4.7",
        "Very likely aligned",
        difficulty=2,
        minutes=10,
        task="M is symmetric, |λ_1| >= |λ_2| >= ..., x a vector of independent standard normal "
        "numbers, θ_k the angle between the lines through M^k x and v_1. Which statement is true, "
        "and says all of it?",
        hints=(
            "Write x = Σ c_i v_i, so that M^k x = Σ λ_i^k c_i v_i. Divide by λ_1^k. Try each "
            "statement on diag(1, -1), on diag(2, 1) with x = (0, 1), and on -M.",
            "tan² θ_k = Σ_{i>1} λ_i^2k c_i² / (λ_1^2k c_1²): how large can each quotient be, and "
            "what must c_1 not be?",
        ),
        options={
            "a": "For every x ≠ 0, θ_k goes to 0.",
            "b": "If |λ_1| > |λ_2|, then with probability 1 θ_k goes to 0, and "
            "tan θ_k ≤ |λ_2/λ_1|^k tan θ_0 for every k.",
            "c": "If |λ_1| > |λ_2|, then with probability 1 M^k x goes to v_1.",
            "d": "If λ_1 ≠ λ_2, then with probability 1 θ_k goes to 0.",
            "e": "If |λ_1| > |λ_2|, then with probability 0.95 tan θ_k ≤ 0.1 for k ≥ 50, for "
            "every n.",
            "f": "If |λ_1| > 1, then with probability 1 tan θ_k ≤ |λ_1|^-k tan θ_0 for every k.",
        },
        right="b",
        mistakes=(
            Mistake(
                "Take M = diag(2, 1) and x = (0, 1): nothing of v_1 is in x, and nothing comes in.",
                "a",
            ),
            Mistake(
                "The direction is right, the length is not: M^k x grows or shrinks with |λ_1|^k, "
                "and with λ_1 < 0 its sign alternates. Speak of the angle between lines.",
                "c",
            ),
            Mistake(
                "Take λ_1 = 1, λ_2 = -1: they are not equal, and the vector swaps between two "
                "directions for ever. What has to be compared?",
                "d",
            ),
            Mistake(
                "How many steps it takes depends on |λ_2/λ_1| and, through tan θ_0, on n. Try "
                "λ_2/λ_1 = 0.99.",
                "e",
            ),
            Mistake(
                "Multiply M by 10: the direction of M^k x does not change, the bound does. Only "
                "the quotient of two eigenvalues can matter.",
                "f",
            ),
        ),
    ),
    NumberExercise(
        "4.8",
        "How likely, how soon",
        difficulty=3,
        minutes=15,
        task="n = 100 dimensions, |λ_2/λ_1| = 0.9, x random: the smallest k for which "
        "0.9^k tan θ_0 ≤ 0.1 holds with probability 0.99, and the one with probability 0.5.",
        hints=(
            "How large is tan θ_0 for a random x in 100 dimensions? Draw many, with v_1 the first "
            "axis. Which tan θ_0 is exceeded by 1 in 100 of them, and which by half of them?",
            "|cos θ_0| is about |z|/√n with z standard normal, and |z| < 0.01253 with probability "
            "0.01, |z| < 0.6745 with probability 0.5. Then k = log(0.1 / tan θ_0) / log 0.9, "
            "rounded up.",
        ),
        right={"likely": 86, "median": 48},
        tolerance=0.9,
        mistakes=(
            Mistake(
                "tan θ_0 = 1, an angle of 45 degrees, was assumed. In 100 dimensions a random "
                "vector is almost at a right angle to v_1.",
                {"likely": 22},
            ),
            Mistake(
                "tan θ_0 = 1 was assumed. In 100 dimensions the typical |cos θ_0| is about 0.1.",
                {"median": 22},
            ),
            Mistake(
                "That is enough for half of the vectors. The unlucky ones, which hold little of "
                "v_1, decide what is needed.",
                {"likely": 48},
            ),
            Mistake(
                "That holds with probability 0.95. It takes more to make it 0.99: the quantile "
                "moves to a smaller |cos θ_0|.",
                {"likely": 70},
            ),
            Mistake(
                "The wrong end: 1 of 100 vectors, not 99, is this close to v_1 at the start. How "
                "large is the tan θ_0 that only 1 of 100 exceeds?",
                {"likely": 36},
            ),
            Mistake(
                "The typical size 1/√n was taken for |cos θ_0|. Its median is smaller, 0.67/√n.",
                {"median": 44},
            ),
            Mistake(
                "The density of cos θ_0 was taken as constant. That is good for rare small values, "
                "not up to the median.",
                {"median": 49},
            ),
            Mistake(
                "Rounded down: at that k the bound does not hold yet.",
                {"likely": 85},
            ),
            Mistake("Rounded down; at this k fewer than half are there.", {"median": 47}),
        ),
    ),
    ChoiceExercise(
        "4.9",
        "What it means for gradients",
        difficulty=2,
        minutes=10,
        task="A gradient on its way back through a recurrent network is multiplied by a Jacobian "
        "at every step. Choose all that follow from the alignment of M^k x with v_1, in a linear "
        "network with |λ_1| > |λ_2| and, in the long run, with tanh.",
        hints=(
            "Separate two things: where the gradient points, and how long it is. The alignment is "
            "about one of them. And row vectors meet W from the left.",
            "g W^k = (Wᵀ)^k gᵀ: whose eigenvectors are those? With tanh every step has another "
            "Jacobian, and the product has its own leading direction at each state.",
        ),
        options={
            "a": "Gradients of different losses, many steps later, become parallel at one state.",
            "b": "In the long run the length changes at a steady rate (with tanh: on average).",
            "c": "The gradients vanish.",
            "d": "For a linear network with W not symmetric, the common direction is the "
            "eigenvector v_1 with W v_1 = λ_1 v_1.",
            "e": "From far away a state is told by one number, how much; no longer which of its "
            "units is to blame.",
            "f": "With tanh, the common direction is the same at every state.",
        },
        right=frozenset("abe"),
        mistakes=(
            Mistake(
                "Parallel gradients are the heart of it: send two different g back through the "
                "same 100 steps, and look at the cosine.",
                "a",
            ),
            Mistake(
                "Once the direction has settled, every step stretches the same direction: in a "
                "linear network by |λ_1|, with tanh by exp(λ) on average, the largest Lyapunov "
                "exponent.",
                "b",
            ),
            Mistake(
                "Only if |λ_1| is below 1. Direction and length are two statements, and they "
                "align while they explode as well.",
                "c",
            ),
            Mistake(
                "On the way back W acts on row vectors, g W: it is the LEFT eigenvector, that of "
                "Wᵀ. For symmetric matrices the two are the same.",
                "d",
            ),
            Mistake(
                "When all gradients are parallel, they differ by one number only. What else could "
                "a far loss say to a state?",
                "e",
            ),
            Mistake(
                "The Jacobians differ from step to step, and with them the leading direction of "
                "the product: gradients agree with one another at a state, not from state to "
                "state.",
                "f",
            ),
        ),
    ),
    CodeExercise(
        "4.10",
        "The largest exponent",
        difficulty=3,
        minutes=15,
        task="Write `largest_exponent`: the mean growth per step (a natural logarithm) of a small "
        "change that travels forward along each trajectory.",
        hints=(
            "A change d of the state becomes J d after one step, with J = diag(slope) W_hh. Note "
            "the log of its length, make it a unit vector again, go on. Why not only at the end?",
            "With rows: moved = (1 - h_t**2) * (direction @ W_hh.T); add the log of its length; "
            "direction = moved / length. Divide by T at the end.",
        ),
        reference=largest_exponent,
        also_right=(exponent_by_qr, exponent_one_by_one),
        cases=trajectory_cases,
        outputs={"exponent": "N"},
        mistakes=(
            Mistake(
                "The change is never shortened to a unit vector: over many steps it over- or "
                "underflows, and the log of that is not a finite number. Normalise at every step.",
                _not_normalised,
            ),
            Mistake(
                "All Jacobians are multiplied first: over many steps the product over- or "
                "underflows. And its norm is the growth of the BEST direction, not that of `v`. "
                "Carry one direction, and normalise it at every step.",
                _norm_of_product,
            ),
            Mistake(
                "One norm is taken for all trajectories together. Each has its own: "
                "`np.linalg.norm(moved, axis=1)`.",
                _one_norm,
            ),
            Mistake(
                "The largest number is taken for the length of a vector. Take its Euclidean norm.",
                _exponent(length=lambda moved: np.abs(moved).max(axis=1)),
            ),
            Mistake(
                "The Jacobian of the first step is left out: `h[0]` is the state AFTER step 1, and "
                "its slope belongs to step 1.",
                _first_step_missing,
            ),
            Mistake(
                "The last step is left out: T states come from T steps, and T Jacobians.",
                _exponent(finish=lambda growth: np.log(growth[:-1]).sum(axis=0) / len(growth)),
            ),
            Mistake(
                "That is the log of the largest singular value of `W_hh`: what it could do at "
                "most in one step, without any slope.",
                lambda h, W, v: np.full(h.shape[1], np.log(spectral_norm(W))),
            ),
            Mistake(
                "The lengths of each step are noted, but the direction stays the one of the "
                "start: hand the turned and normalised one on.",
                _exponent(turn=False),
            ),
            Mistake(
                "The start `v` is not made a unit vector: its length counts as growth.",
                _exponent(start=lambda v: v),
            ),
            Mistake(
                "The logs are added up over the steps; the mean per step is asked for.",
                _exponent(finish=lambda growth: np.log(growth).sum(axis=0)),
            ),
            Mistake(
                "The mean is taken before the log. Growth multiplies, so the logs are averaged.",
                _exponent(finish=lambda growth: np.log(growth.mean(axis=0))),
            ),
            Mistake(
                "This is the factor per step. Its logarithm is asked for.",
                _exponent(finish=lambda growth: np.exp(np.log(growth).mean(axis=0))),
            ),
            Mistake(
                "These are powers of ten per step. A natural logarithm is asked for.",
                _exponent(finish=lambda growth: np.log10(growth).mean(axis=0)),
            ),
            Mistake(
                "These are logarithms to base 2. A natural one is asked for.",
                _exponent(finish=lambda growth: np.log2(growth).mean(axis=0)),
            ),
            Mistake(
                "Only the growth of the last step is returned.",
                _exponent(finish=lambda growth: np.log(growth[-1])),
            ),
            *(Mistake(text, _exponent(slope=slope)) for text, slope in WRONG_SLOPES),
            Mistake(
                "The slope acts before `W_hh`, on the old state's side: that is W diag(slope). J "
                "scales the units that come out.",
                _exponent(step=lambda d, slope, W: (slope * d) @ W.T),
            ),
            Mistake(
                "The change is sent through `d @ W_hh`, which is the way back of a gradient. A "
                "change of the state travels as the state does: `d @ W_hh.T`.",
                _exponent(step=lambda d, slope, W: slope * (d @ W)),
            ),
            Mistake(
                "This is one step back for a gradient, `(d * slope) @ W_hh`, in the order of the "
                "way forward. A change goes forward: d becomes J d.",
                _exponent(step=lambda d, slope, W: (slope * d) @ W),
            ),
            Mistake(
                "The trajectory is walked from its end. A change of the first state travels "
                "forward.",
                _exponent(order=-1),
            ),
            Mistake(
                "That is the log of the spectral radius of `W_hh`: it knows nothing of the "
                "trajectory.",
                _of_the_matrix,
            ),
        ),
    ),
    CodeExercise(
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
                _clip(
                    lambda grads: np.sqrt(np.mean(np.concatenate([g.ravel() for g in grads]) ** 2))
                ),
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
            Mistake(
                "Long gradients get the length 1, whatever `max_norm` is.", _clip(_global, _unit)
            ),
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
    ),
    CodeExercise(
        "4.12",
        "Hold the singular values down",
        difficulty=2,
        minutes=8,
        task="Write `project`: the matrix nearest to W that lengthens no vector by more than "
        "`limit`.",
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
                lambda W, limit: (
                    W * np.minimum(1, limit / np.linalg.norm(W, axis=1, keepdims=True))
                ),
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
                "U and Vᵀ have changed places: this is another matrix with the same singular "
                "values.",
                _singular(np.minimum, lambda U, S, Vt: Vt @ S @ U),
            ),
        ),
    ),
    ChoiceExercise(
        "4.13",
        "Other ways than clipping",
        difficulty=2,
        minutes=10,
        task="A tanh network explodes in training: it starts with an orthogonal matrix times 1.5, "
        "and plain gradient descent takes large steps. Match each remedy with what it does.",
        hints=(
            "Three places to act: the gradient before the step, the step itself, and the weights "
            "that make the Jacobians. Which of them does the remedy touch, once or at every step?",
            "What is done at the start only, training may undo. What cuts old paths leaves the "
            "large step. What limits W acts before anything has grown.",
        ),
        options={
            "a": "long steps get shorter and keep their direction, short ones stay as they are",
            "b": "long steps get shorter and turn, short ones stay as they are",
            "c": "no Jacobian can lengthen anything, at any time of the training",
            "d": "no Jacobian can lengthen anything, until the first update",
            "e": "paths end after a few steps; one update can still throw the weights far, and "
            "long memories are not taught",
            "f": "every step gets shorter, also those that were short enough",
            "g": "the size of the gradient drops out of the step, number by number",
            "h": "steps that are too long are left out altogether",
        },
        right=REMEDIES,
        mistakes=_of_the_wrong_kind(
            REMEDIES,
            {
                **dict.fromkeys(
                    ("clip by value", "smaller rate", "Adam"),
                    (
                        "abcdefgh",
                        "it changes what a gradient is turned into. Jacobians and paths stay as "
                        "they are, and no step is left out.",
                    ),
                ),
                **dict.fromkeys(
                    ("orthogonal start", "hold singular values at 1"),
                    ("abcdefgh", "it changes the weights. What is done with gradients stays."),
                ),
                "truncate to 5 steps": (
                    "abcdefgh",
                    "it changes how far back a loss is followed. Weights, rate and limits stay.",
                ),
            },
            (
                Mistake(
                    "Clip by value: compare (10, 0.1) with what is left of it at a limit of 1. Is "
                    "it the same direction?",
                    {"clip by value": "a"},
                ),
                Mistake(
                    "Clip by value: numbers below the limit stay as they are, so their proportion "
                    "to the large ones changes.",
                    {"clip by value": "f"},
                ),
                Mistake(
                    "Clip by value: it has no memory of earlier gradients; Adam has.",
                    {"clip by value": "g"},
                ),
                Mistake(
                    "Smaller rate: it does not ask how long the gradient is. What becomes of the "
                    "steps that were fine?",
                    {"smaller rate": "a"},
                ),
                Mistake(
                    "Smaller rate: one factor for all numbers does not turn a step.",
                    {"smaller rate": "b"},
                ),
                Mistake(
                    "Smaller rate: a rate divided by ten still multiplies the size.",
                    {"smaller rate": "g"},
                ),
                Mistake(
                    "Adam: each number is divided by its own recent size, so the direction does "
                    "not stay.",
                    {"Adam": "a"},
                ),
                Mistake(
                    "Adam: multiply all gradients by 1000. Does the step get longer?",
                    {"Adam": "f"},
                ),
                Mistake(
                    "Adam: close, but no limit is involved. What happens to gradients that are far "
                    "too SMALL?",
                    {"Adam": "b"},
                ),
                Mistake(
                    "Orthogonal start: who keeps the matrix orthogonal after the first update?",
                    {"orthogonal start": "c"},
                ),
                Mistake(
                    "Orthogonal start: it touches the weights, and no step.",
                    {"orthogonal start": "f"},
                ),
                Mistake(
                    "Hold at 1: this is done after EVERY update, not only at the start.",
                    {"hold singular values at 1": "d"},
                ),
                Mistake(
                    "Hold at 1: it acts on the weights, before any gradient has grown.",
                    {"hold singular values at 1": "a"},
                ),
                Mistake(
                    "Truncate: five Jacobians can still lengthen, and the loss itself can throw "
                    "the weights far.",
                    {"truncate to 5 steps": "c"},
                ),
                Mistake(
                    "Truncate: it takes terms away from the gradient; its direction changes, and "
                    "it is not bounded.",
                    {"truncate to 5 steps": "a"},
                ),
                Mistake(
                    "Truncate: the rate stays. What is missing in the gradient?",
                    {"truncate to 5 steps": "f"},
                ),
            ),
        ),
    ),
    ChoiceExercise(
        "4.14",
        "Claim court",
        difficulty=2,
        minutes=10,
        task="Five sentences that you will meet. Match each with the objection that hits it.",
        hints=(
            "For each sentence: which measurement of this lesson would you show? The length of "
            "dL/dW_hh, the lag matrix, the exponent along the trajectory, the norm before and "
            "after?",
            "radius: a tanh network is not its matrix. small: a sum has recent terms too. plot: "
            "with a loss at every step, each state is told something directly. clip: which way can "
            "it scale? bug: what else grows when two nearby trajectories part?",
        ),
        options={
            "a": "The slopes along the trajectory count too: measure the exponent, not the matrix.",
            "b": "The sum is made by the recent steps; only its old part is lost.",
            "c": "That is the total; the last loss alone, or the lag matrix, shows another "
            "picture.",
            "d": "It can only shorten, and by the same factor for old and recent parts.",
            "e": "Forward and backward grow at the same rate: where the states are chaotic, the "
            "gradient has to.",
            "f": "Only the slopes decide, the matrix has no part in it.",
            "g": "None: it is true as it stands.",
        },
        right=OBJECTIONS,
        mistakes=_of_the_wrong_kind(
            OBJECTIONS,
            {
                claim: ("abcdefg", "that is true or false of something else. " + about)
                for claim, about in {
                    "radius": "What, besides the matrix, makes a Jacobian?",
                    "small": "Of what is dL/dW_hh the sum?",
                    "plot": "What does each state hear, apart from the last loss?",
                    "clip": "What does clipping do to a gradient that is short?",
                    "bug": "What do nearby trajectories do where gradients grow?",
                }.items()
            },
            (
                Mistake(
                    "radius: then every tanh network with weights would vanish. "
                    "Both factors count.",
                    {"radius": "f"},
                ),
                Mistake(
                    "radius: the lesson trains networks whose radius is well above 1. What do "
                    "their gradients do?",
                    {"radius": "g"},
                ),
                Mistake(
                    "radius: a growing gradient can be right, but does it grow here at all?",
                    {"radius": "e"},
                ),
                Mistake(
                    "small: measure ‖dL/dW_hh‖ in a network that forgets within two steps. It is "
                    "not small.",
                    {"small": "g"},
                ),
                Mistake(
                    "small: nearly, but the sentence is about a weight, not about states. What is "
                    "dL/dW_hh a sum of?",
                    {"small": "c"},
                ),
                Mistake(
                    "small: whether or not it vanishes is not in doubt here; what follows for the "
                    "weights is.",
                    {"small": "a"},
                ),
                Mistake(
                    "plot: with a loss at every step each state hears its own loss directly, at "
                    "full length. What does the curve show then?",
                    {"plot": "g"},
                ),
                Mistake(
                    "plot: that would be about dL/dW_hh. What is dL/dh_t the sum of?",
                    {"plot": "b"},
                ),
                Mistake(
                    "plot: the curve was measured along a trajectory. What does it add up?",
                    {"plot": "a"},
                ),
                Mistake(
                    "clip: try it on a gradient whose old part is 10^-9 of the recent one. What is "
                    "their proportion afterwards?",
                    {"clip": "g"},
                ),
                Mistake(
                    "clip: that is why vanishing is hard to see in dL/dW_hh. But why does clipping "
                    "not mend it?",
                    {"clip": "b"},
                ),
                Mistake(
                    "bug: a perfectly coded network in a chaotic regime has growing gradients too.",
                    {"bug": "g"},
                ),
                Mistake(
                    "bug: true, but how can a growing gradient be the RIGHT one?",
                    {"bug": "a"},
                ),
                Mistake(
                    "bug: clipping answers the growth; it does not say where it comes from.",
                    {"bug": "d"},
                ),
            ),
        ),
    ),
)
