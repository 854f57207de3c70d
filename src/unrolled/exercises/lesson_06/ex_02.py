"""6.2 A sigmoid for every number"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled.activations import d_sigmoid, sigmoid
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake


def sigmoid_by_masks(z: Array) -> Array:
    s, right = np.empty_like(z), z >= 0
    s[right] = 1 / (1 + np.exp(-z[right]))
    s[~right] = np.exp(z[~right]) / (1 + np.exp(z[~right]))
    return s


def sigmoid_by_logs(z: Array) -> Array:
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_by_minimum(z: Array) -> Array:
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def _naive(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _growing(z: Array) -> Array:
    return np.exp(z) / (1 + np.exp(z))


def _clipped(limit: float) -> Callable[[Array], Array]:
    return lambda z: 1 / (1 + np.exp(-np.clip(z, -limit, limit)))


def _cut_off(limit: float) -> Callable[[Array], Array]:
    return lambda z: np.where(z < -limit, np.zeros_like(z), sigmoid(z))


def _like_softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    return e / (1 + e)


def _branches_exchanged(z: Array) -> Array:
    return np.where(z >= 0, _growing(z), _naive(z))


def _in_single(z: Array) -> Array:
    return sigmoid(z.astype(np.float32)).astype(z.dtype)


def _absolute_in_place(z: Array) -> Array:
    s, e = sigmoid(z), np.abs(z)
    z[...] = e
    return s


CLIPS = (20, 30, 50, 60, 80, 88, 100, 500, 700, 709)


def sigmoid_cases(rng: np.random.Generator) -> list[Case]:
    """Both types, near zero, at ±1000, and down the tail to the last numbers there are.

    An array of the tail holds nothing else, since errors are judged by its largest number. Its
    first row lies where the shorter formulas still have a few digits.
    """
    far = np.array([[-1000.0, -90.0, -17.5], [0.0, -0.0, 1000.0]])
    ranges = (
        (-6, -6, 6, np.float64, "near 0, float64"),
        (-6, -6, 6, np.float32, "near 0, float32"),
        (-36, -45, -36, np.float64, "z from -45 to -33, float64"),
        (-19.5, -35, -21, np.float32, "z from -35 to -15, float32"),
        (-709.7, -716, -711, np.float64, "z from -716 to -709, float64"),
        (-88.7, -95, -90, np.float32, "z from -95 to -88, float32"),
    )
    cases = []
    for N, (edge, low, high, dtype, note) in enumerate(ranges, start=2):
        z = rng.uniform(low, high, size=(N, N + 2))
        z[0] = edge + rng.uniform(0, 0.6, size=N + 2) * (5 if edge in (-36, -19.5) else 1)
        if edge == -6:
            z[-1] = np.linspace(-1.5, 1.5, N + 2)  # close to 0 on both sides
        cases.append(Case({"z": z.astype(dtype)}, {"N": N, "H": N + 2}, note))
    return cases + [
        Case({"z": far.astype(dtype)}, {"N": 2, "H": 3}, f"as far as ±1000, {dtype.__name__}")
        for dtype in (np.float64, np.float32)
    ]


EXERCISE = CodeExercise(
    "6.2",
    "A sigmoid for every number",
    difficulty=2,
    minutes=12,
    task="Write `stable_sigmoid` so that nothing overflows at ±1000, small results keep "
    "their digits, and float32 gives float32.",
    hints=(
        "exp of a number that is not positive never overflows. Which of the two forms, "
        "1 / (1 + exp(-z)) and exp(z) / (1 + exp(z)), fits which side of 0?",
        "With e = exp(-|z|): right of 0 the sigmoid is 1 / (1 + e), left of it e / (1 + e). "
        "`np.where(z >= 0, 1, e)` has the dtype of e.",
    ),
    reference=sigmoid,
    also_right=(sigmoid_by_masks, sigmoid_by_logs, sigmoid_by_minimum),
    cases=sigmoid_cases,
    outputs={"s": "N H"},
    same_dtype=True,
    quiet="The numbers are right, but something overflows on the way. `np.where` computes both "
    "of its forms everywhere and only then chooses. How can each be given safe numbers alone?",
    mistakes=(
        Mistake(
            "exp(-z) overflows far left: the result is 0 there, in float32 from z = -89 on, "
            "though smaller numbers can be represented (torch's own sigmoid does the same). "
            "Of which numbers can exp be taken without fear?",
            _naive,
        ),
        Mistake(
            "exp(z) / (1 + exp(z)) is infinity over infinity far right, which is not a number. "
            "It is the right form for one side of 0 only.",
            _growing,
        ),
        Mistake(
            "Far right the result is 0, where the sigmoid should be 1: exp(z) overflows there, "
            "and what came of it ended up as 0. Better: let nothing overflow.",
            lambda z: np.nan_to_num(_growing(z)),
        ),
        *(
            Mistake(
                f"The input is clipped at ±{limit}. Beyond that all z get the same value: the "
                "tail is flat where it should go on falling. Which form needs no clipping?",
                _clipped(limit),
            )
            for limit in CLIPS
        ),
        Mistake(
            "1 + tanh(z/2) adds 1 to almost -1: far left all digits cancel, and 0 is left. The "
            "identity holds for real numbers, not for rounded ones.",
            lambda z: (1 + np.tanh(z / 2)) / 2,
        ),
        Mistake(
            "1 minus almost 1: far left all digits cancel, and 0 is left. Compute the small "
            "number itself, not its distance to 1.",
            lambda z: 1 - sigmoid(-z),
        ),
        Mistake(
            "float32 comes in and float64 goes out: twice the memory for all that follows. "
            "Is z made float64 on the way?",
            lambda z: sigmoid(z.astype(np.float64)),
        ),
        Mistake(
            "float32 comes in and float64 goes out: an array was made without saying its "
            "dtype. `np.zeros_like` and `np.empty_like` keep it.",
            lambda z: sigmoid(z).astype(np.float64),
        ),
        Mistake(
            "exp(-z) is taken in float64. There it overflows too, only later: the last of the "
            "tail is 0. And which dtype does the result have?",
            lambda z: _naive(z.astype(np.float64)),
        ),
        Mistake(
            "float32 is right. In float64 the far tail is lost, and perhaps half of the digits "
            "everywhere: does exp(-z) still overflow there, or is anything computed in float32 "
            "or cut off?",
            _in_single,
        ),
        Mistake(
            "The largest input was subtracted first. That works in a softmax, which does not "
            "notice; the sigmoid of a number must not depend on its neighbours.",
            _like_softmax,
        ),
        Mistake(
            "The two branches are exchanged: each form is used on the side where it overflows.",
            _branches_exchanged,
        ),
        Mistake(
            "Left and right give the same: it is the sigmoid of |z|. exp(-|z|) alone has "
            "forgotten the sign of z.",
            lambda z: 1 / (1 + np.exp(-np.abs(z))),
        ),
        Mistake(
            "Both sides are e / (1 + e) with e = exp(-|z|): right only left of 0. What is it "
            "to be divided by, or multiplied with, on the right?",
            lambda z: sigmoid(-np.abs(z)),
        ),
        Mistake(
            "Left of 0 the result is exp(z) alone, up to 1 at z = 0. What is it to be divided by?",
            lambda z: np.where(z >= 0, sigmoid(z), np.exp(-np.abs(z))),
        ),
        Mistake("It falls from 1 to 0: the sign of z is wrong.", lambda z: sigmoid(-z)),
        Mistake("This is the derivative of the sigmoid.", d_sigmoid),
        Mistake(
            "This is tanh: it lies between -1 and 1. The sigmoid lies between 0 and 1.",
            np.tanh,
        ),
        Mistake(
            "`z` is overwritten. A derivative that is computed from z afterwards would be wrong.",
            _absolute_in_place,
        ),
        Mistake(
            "Far left the result is cut off: it is 0, or goes on unchanged, where it should "
            "still fall. There the sigmoid is almost exp(z), and that has numbers to spare.",
            _cut_off(12),
        ),
    ),
)
