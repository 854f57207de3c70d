"""4.10 The largest exponent"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.lesson_04.ex_04 import spectral_norm
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES


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


EXERCISE = CodeExercise(
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
            "The trajectory is walked from its end. A change of the first state travels forward.",
            _exponent(order=-1),
        ),
        Mistake(
            "That is the log of the spectral radius of `W_hh`: it knows nothing of the trajectory.",
            _of_the_matrix,
        ),
    ),
)
