"""6.7 A sigmoid in place of the tanh"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def sigmoid_twin(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return (1 + h0) / 2, 2 * W_xh, 4 * W_hh, 2 * b_h - 2 * W_hh.sum(axis=1)


def twin_by_ones(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    ones = np.ones(len(b_h))
    return 0.5 + 0.5 * h0, W_xh + W_xh, 4.0 * W_hh, 2 * (b_h - W_hh @ ones)


def twin_in_two_moves(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    steeper = [2 * each for each in (W_xh, W_hh, b_h)]  # tanh(z) = 2 sigmoid(2z) - 1
    return (h0 + 1) / 2, steeper[0], 2 * steeper[1], steeper[2] - steeper[1].sum(axis=1)


def _twin(
    s0: Callable[[Array], Array] = lambda h0: (1 + h0) / 2,
    x: float = 2.0,
    h: float = 4.0,
    b: Callable[[Array, Array], Array] = lambda b, W: 2 * b - 2 * W.sum(axis=1),
) -> Callable[..., Arrays]:
    return lambda h0, W_xh, W_hh, b_h: (s0(h0), x * W_xh, h * W_hh, b(b_h, W_hh))


def _shift_of_inputs(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    *rest, b = sigmoid_twin(h0, W_xh, W_hh, b_h)
    return *rest, b - 2 * W_xh.sum(axis=1)


def _shift_through_inputs(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return (1 + h0) / 2, 2 * W_xh, 4 * W_hh, 2 * b_h - 2 * W_xh.sum(axis=1)


def _way_back(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return 2 * h0 - 1, W_xh / 2, W_hh / 4, b_h / 2 + W_hh.sum(axis=1) / 4


def _twin_in_place(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    twin = sigmoid_twin(h0, W_xh, W_hh, b_h)
    W_hh *= 4
    return twin


def draw_network(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "h0": np.tanh(rng.normal(size=(N, H))),
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H) / 2,
    }


EXERCISE = CodeExercise(
    "6.7",
    "A sigmoid in place of the tanh",
    difficulty=3,
    minutes=20,
    task="Write `sigmoid_twin`, which turns a recurrent tanh network into a sigmoid network "
    "whose states are s_t = (1 + h_t)/2 at every step.",
    hints=(
        "Write s_t = (1 + tanh(z_t))/2 as a sigmoid: of what? Then z_t still holds h_{t-1}, "
        "which the new network does not have. What is h_{t-1} in terms of s_{t-1}?",
        "s_t = σ(2 z_t), and h_{t-1} = 2 s_{t-1} - 1. Multiply out 2 (x_t W_xhᵀ + "
        "(2 s_{t-1} - 1) W_hhᵀ + b_h): what stands with x_t, what with s_{t-1}, and what "
        "alone?",
    ),
    reference=sigmoid_twin,
    also_right=(twin_by_ones, twin_in_two_moves),
    cases=every_size(draw_network),
    outputs={"s0": "N H", "W_xh_s": "H D", "W_hh_s": "H H", "b_s": "H"},
    mistakes=(
        Mistake(
            "`W_hh_s` is 2 `W_hh`. One 2 is from tanh(z) = 2σ(2z) - 1 outside, one from "
            "inside: the state that comes back is a sigmoid too, h = 2s - 1.",
            _twin(h=2.0),
        ),
        Mistake("`W_hh_s` is `W_hh` itself.", _twin(h=1.0)),
        Mistake(
            "`W_hh_s` is 8 `W_hh`. Count the twos: one from σ(2z), one from h = 2s - 1.",
            _twin(h=8.0),
        ),
        Mistake(
            "`W_xh_s` is 4 `W_xh`. The inputs are what they were: they are no states, so one "
            "of the two factors does not apply.",
            _twin(x=4.0),
        ),
        Mistake(
            "`W_xh_s` is `W_xh` itself. A sigmoid is less steep than tanh: which z does it need?",
            _twin(x=1.0),
        ),
        Mistake(
            "`b_s` is 2 `b_h`: the shift is missing. The states s are centred at 1/2, not at "
            "0, and the next step sees that through `W_hh`.",
            _twin(b=lambda b, W: 2 * b),
        ),
        Mistake(
            "`b_s` is 4 `b_h` with the shift. The bias is not multiplied by a state.",
            _twin(b=lambda b, W: 4 * b - 2 * W.sum(axis=1)),
        ),
        Mistake(
            "`b_s` has the shift, but `b_h` itself must be doubled with everything else in z.",
            _twin(b=lambda b, W: b - 2 * W.sum(axis=1)),
        ),
        Mistake(
            "`b_s` is `b_h` itself.",
            _twin(b=lambda b, W: b.copy()),
        ),
        Mistake(
            "The shift in `b_s` has the wrong sign: h = 2s - 1, with a minus.",
            _twin(b=lambda b, W: 2 * b + 2 * W.sum(axis=1)),
        ),
        Mistake(
            "The shift in `b_s` is half of what it should be: it stands inside z, which is "
            "doubled.",
            _twin(b=lambda b, W: 2 * b - W.sum(axis=1)),
        ),
        Mistake(
            "The shift in `b_s` is twice what it should be. In 2 (2s - 1) W_hhᵀ, what stands "
            "with the 1?",
            _twin(b=lambda b, W: 2 * b - 4 * W.sum(axis=1)),
        ),
        Mistake(
            "The shift in `b_s` adds up the columns of `W_hh`. All ones go in: a unit adds up "
            "the weights that lead to it, its row.",
            _twin(b=lambda b, W: 2 * b - 2 * W.sum(axis=0)),
        ),
        Mistake(
            "The shift in `b_s` adds up all of `W_hh`: every unit has its own, the sum of its row.",
            _twin(b=lambda b, W: 2 * b - 2 * W.sum()),
        ),
        Mistake(
            "The shift in `b_s` is the mean of each row; it is a sum.",
            _twin(b=lambda b, W: 2 * b - 2 * W.mean(axis=1)),
        ),
        Mistake(
            "`b_s` also subtracts the rows of `W_xh`. The inputs have not been shifted.",
            _shift_of_inputs,
        ),
        Mistake(
            "The shift in `b_s` is made of `W_xh`. It is the states that were shifted: which "
            "matrix do they meet?",
            _shift_through_inputs,
        ),
        Mistake(
            "`b_s` is half of `b_h`, with the shift. The bias stands inside z, which is doubled.",
            _twin(b=lambda b, W: b / 2 - 2 * W.sum(axis=1)),
        ),
        Mistake(
            "The shift in `b_s` is a quarter of what it should be. In 2 (2s - 1) W_hhᵀ, what "
            "stands with the 1?",
            _twin(b=lambda b, W: 2 * b - W.sum(axis=1) / 2),
        ),
        Mistake(
            "`b_s` is shifted by 1 for every unit. The shift of the states goes through `W_hh`.",
            _twin(b=lambda b, W: 2 * b - 1),
        ),
        Mistake(
            "`s0` is h_0 itself: then the first step starts from another state. Which s is h_0?",
            _twin(s0=lambda h0: h0.copy()),
        ),
        Mistake(
            "`s0` is σ(h_0). h_0 is a state already: no function is to be applied any more, "
            "only scale and shift.",
            _twin(s0=sigmoid),
        ),
        Mistake(
            "`s0` is σ(2 h_0). h_0 is a state already: no function is to be applied any more, "
            "only scale and shift.",
            _twin(s0=lambda h0: sigmoid(2 * h0)),
        ),
        Mistake("`s0` is 2 h_0 - 1. That is the way from s to h.", _twin(s0=lambda h0: 2 * h0 - 1)),
        Mistake(
            "`s0` is (1 - h_0)/2, which falls where h_0 grows.",
            _twin(s0=lambda h0: (1 - h0) / 2),
        ),
        Mistake(
            "`s0` is h_0/2: the states of a sigmoid are centred at 1/2.",
            _twin(s0=lambda h0: h0 / 2),
        ),
        Mistake(
            "The shift in `b_s` is twice the row sums of the NEW matrix, four times too much: "
            "it comes from `W_hh` itself.",
            _twin(b=lambda b, W: 2 * b - 8 * W.sum(axis=1)),
        ),
        Mistake(
            "`s0` is zero: that is h_0 = -1. The network starts from the h_0 that is given.",
            _twin(s0=np.zeros_like),
        ),
        Mistake(
            "`s0` is 1/2 everywhere: that is h_0 = 0. The network starts from the h_0 that is "
            "given.",
            _twin(s0=lambda h0: np.full_like(h0, 0.5)),
        ),
        Mistake(
            "This is the way back, from a sigmoid network to its tanh twin.",
            _way_back,
        ),
        Mistake(
            "`W_hh` is multiplied in place: the tanh network is broken now. Work on a copy.",
            _twin_in_place,
        ),
    ),
)
