"""5.13 Odd or even"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.lesson_05.ex_04 import forward
from unrolled.exercises.model import Array, Arrays, Property, PropertyExercise

SHAPES = {"W_xh": (4, 1), "W_hh": (4, 1), "b_h": (4,)}


def lstm_of_one_unit(answer: Any) -> Arrays:
    """The three arrays of an LSTM with one input and one unit."""
    try:
        if any(np.asarray(part).dtype.kind in "cSU" for part in answer):
            raise TypeError
        parts = tuple(np.asarray(part, dtype=float) for part in answer)
    except (TypeError, ValueError):
        raise ValueError("Three arrays of numbers are expected: W_xh, W_hh, b_h.") from None
    if len(parts) != len(SHAPES):
        raise ValueError(f"Three arrays are expected, W_xh, W_hh and b_h, not {len(parts)}.")
    for (name, shape), part in zip(SHAPES.items(), parts, strict=True):
        if part.shape != shape:
            raise ValueError(f"`{name}` has shape {part.shape}; asked for is {shape}.")
        if not np.isfinite(part).all():
            raise ValueError(f"`{name}` contains NaN or infinity.")
    return parts


def shown(params: Arrays, ones: str) -> Array:
    """h after every step of a sequence such as "1001", from a state of zero."""
    x = np.array(list(ones), dtype=float)[:, None, None]
    return forward(x, np.zeros((1, 1)), np.zeros((1, 1)), *params)[0][:, 0, 0]


def tells(params: Arrays, ones: str) -> bool:
    """Whether h is above 0.5 while the number of ones is odd, and below -0.5 while it is even."""
    counts = np.cumsum(np.array(list(ones), dtype=int))
    h = shown(params, ones)[counts > 0]
    odd = counts[counts > 0] % 2 == 1
    return bool(np.where(odd, h > 0.5, h < -0.5).all())


def _moves_on_zero(params: Arrays) -> bool:
    return bool(np.abs(shown(params, "0" * 20)).max() > 0.1)


def random_ones() -> str:
    rng = np.random.default_rng(5)
    return "".join(rng.choice(["1", "0", "1" * 5, "0" * 100], size=60))


def parity(
    write: tuple[float, float] = (20, -10),
    keep: tuple[float, float] = (-20, 10),
    show: tuple[float, float] = (0, 10),
    candidate: tuple[float, float] = (-10, 3),
    keep_hears: float = 0,
) -> Arrays:
    """Gates that answer to the input, as (weight, bias); a candidate that opposes h."""
    W_xh = np.array([write[0], keep[0], show[0], 0], dtype=float)
    W_hh = np.array([0, keep_hears, 0, candidate[0]], dtype=float)
    b_h = np.array([write[1], keep[1], show[1], candidate[1]], dtype=float)
    return W_xh[:, None], W_hh[:, None], b_h


EXERCISE = PropertyExercise(
    "5.13",
    "Odd or even",
    difficulty=3,
    minutes=20,
    task="Find weights of an LSTM with one input and one unit whose h tells whether the number "
    "of ones so far is odd (above 0.5) or even (below -0.5), with pauses of zeros.",
    hints=(
        "At 0 nothing may happen: say which gates are open then. At 1 the cell is replaced by "
        "the opposite of what it is. Which of the four can know what it is, and from where?",
        "x with weight 20 and a bias of -10 open a gate at 1 and shut it at 0; which gate "
        "needs that, and which the opposite? g hears h with a large negative weight, and needs "
        "a smaller bias to leave the start, where h = 0. o never shuts.",
    ),
    properties=(
        Property(
            "With zeros alone the state should stay where it is, at 0, and it moves. Which "
            "gate must be shut while x is 0? The rows are i, f, o, g.",
            lambda params: not _moves_on_zero(params),
            parity(write=(0, 10)),
        ),
        Property(
            "After the first 1, h is not above 0.5. Is i open then, is g near 1 though h is "
            "still 0, and is o open?",
            lambda params: tells(params, "1"),
            parity(candidate=(-10, 0)),
        ),
        Property(
            "After the first 1 h is right, and at the next step, with x = 0, it is not above "
            "0.5 any more. Which gate forgets then, or which one hides what is there?",
            lambda params: tells(params, "10"),
            parity(show=(20, -10)),
        ),
        Property(
            "The first 1 is seen, and forgotten: after 100 zeros h is not above 0.5 any more. "
            "How near to 1 must f be while x is 0? Exercise 5.6 has the number.",
            lambda params: tells(params, "1" + "0" * 100),
            parity(keep=(-6, 3)),
        ),
        Property(
            "The second 1 changes nothing: h is still above 0.5. The candidate has to be the "
            "opposite of the state. Which of its weights knows the state? Has it the right "
            "sign, and does it outweigh the bias?",
            lambda params: shown(params, "11")[-1] < 0.5,
            parity(candidate=(0, 3)),
        ),
        Property(
            "The second 1 takes h away from the first state, but not below -0.5: the old cell "
            "and the candidate are added, and cancel. What should f do when x is 1?",
            lambda params: tells(params, "11"),
            parity(keep=(0, 10)),
        ),
        Property(
            "It counts to two, and later goes wrong: try 111, ten ones, ones with pauses of "
            "100 or 200 zeros in either state. Print the gates at the first wrong step: which "
            "of them stands where it should not?",
            lambda params: tells(params, "1" * 25) and tells(params, random_ones()),
            parity(keep=(-40, 30), keep_hears=-20),
        ),
    ),
    right=parity(),
    also_right=(
        parity(write=(30, -15), keep=(-16, 8), show=(0, 6), candidate=(-6, 2)),
        parity(write=(20, -10), keep=(-25, 10), candidate=(-4, 1)),
    ),
    form=lstm_of_one_unit,
)
