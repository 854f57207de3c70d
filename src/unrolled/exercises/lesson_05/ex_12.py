"""5.12 The forget bias, in one place"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def set_forget_bias(state: dict[str, Array], value: float) -> Arrays:
    H = len(state["bias_ih_l0"]) // 4
    bias_ih, bias_hh = state["bias_ih_l0"].copy(), state["bias_hh_l0"].copy()
    bias_ih[H : 2 * H] = value
    bias_hh[H : 2 * H] = 0
    return bias_ih, bias_hh


def forget_bias_by_blocks(state: dict[str, Array], value: float) -> Arrays:
    ih, hh = (np.split(state[f"bias_{name}_l0"], 4) for name in ("ih", "hh"))
    ih[1], hh[1] = np.full_like(ih[1], value), np.zeros_like(hh[1])
    return np.concatenate(ih), np.concatenate(hh)


def forget_bias_by_rows(state: dict[str, Array], value: float) -> Arrays:
    ih, hh = state["bias_ih_l0"], state["bias_hh_l0"]
    gate = np.arange(len(ih)) // (len(ih) // 4)
    return np.where(gate == 1, value, ih), hh * (gate != 1)


def _biased(
    change: Callable[[Array, Array, int, float], None], in_place: bool = False
) -> Callable[..., Arrays]:
    """Biases in which `change` has set what it takes for the forget bias."""

    def wrong(state: dict[str, Array], value: float) -> Arrays:
        ih, hh = state["bias_ih_l0"], state["bias_hh_l0"]
        ih, hh = (ih, hh) if in_place else (ih.copy(), hh.copy())
        change(ih, hh, len(ih) // 4, value)
        return ih, hh

    return wrong


def _at(place: Callable[[int], slice], *, second: float = 0.0) -> Callable[..., Arrays]:
    """The value at a block of `bias_ih`, and `second` times it at that block of `bias_hh`."""

    def change(ih: Array, hh: Array, H: int, value: float) -> None:
        ih[place(H)], hh[place(H)] = value, second * value

    return _biased(change)


def _left_in_hh(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H] = value


def _difference(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H] = value - hh[H : 2 * H]


def _added(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H] += value


def _half_each(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H] = hh[H : 2 * H] = value / 2


def _other_vector(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H], hh[H : 2 * H] = 0, value


def _cancelled(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H], hh[H : 2 * H] = value, -value


def _gate_value(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H], hh[H : 2 * H] = 1 / (1 + np.exp(-value)), 0


def _always_one(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H], hh[H : 2 * H] = 1, 0


def _vectors_exchanged(state: dict[str, Array], value: float) -> Arrays:
    return set_forget_bias(state, value)[::-1]


def _all_of_hh(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H] = value
    hh[:] = 0


def _merged(ih: Array, hh: Array, H: int, value: float) -> None:
    ih += hh
    hh[:] = 0
    ih[H : 2 * H] = value


def _rest_zeroed(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[:], hh[:] = 0, 0
    ih[H : 2 * H] = value


def _right_in_place(ih: Array, hh: Array, H: int, value: float) -> None:
    ih[H : 2 * H], hh[H : 2 * H] = value, 0


def draw_state(rng: np.random.Generator, D: int, H: int) -> dict[str, Any]:
    shapes = {
        "weight_ih_l0": (4 * H, D),
        "weight_hh_l0": (4 * H, H),
        "bias_ih_l0": (4 * H,),
        "bias_hh_l0": (4 * H,),
    }
    state = {name: rng.uniform(-1, 1, size=shape) for name, shape in shapes.items()}
    return {"state": state, "value": float(rng.uniform(1.5, 4))}


EXERCISE = CodeExercise(
    "5.12",
    "The forget bias, in one place",
    difficulty=1,
    minutes=6,
    task="Write `set_forget_bias`, which returns the two biases of a torch LSTM after its "
    "forget bias was set.",
    hints=(
        "torch's gate sees the sum of the two vectors, and both were drawn at random. What has "
        "to be done with the second, so that the sum is the value?",
        "H is a quarter of the length. In copies of both: `bias_ih[H:2*H] = value` and "
        "`bias_hh[H:2*H] = 0`. The other gates keep what they have.",
    ),
    reference=set_forget_bias,
    also_right=(forget_bias_by_blocks, forget_bias_by_rows),
    cases=every_size(draw_state),
    outputs={"bias_ih": "4H", "bias_hh": "4H"},
    mistakes=(
        Mistake(
            "The value stands in both vectors. The gate sees their sum: twice the bias that "
            "was asked for.",
            _at(lambda H: slice(H, 2 * H), second=1.0),
        ),
        Mistake(
            "`bias_hh` still has its random numbers at the forget gate: the sum is not the value.",
            _biased(_left_in_hh),
        ),
        Mistake(
            "The sum is right, so torch would do as asked. Here the forget block of `bias_hh` "
            "is to be zero, so that the value can be read off in one place.",
            _biased(_difference),
        ),
        Mistake(
            "Half of the value in each vector: the sum is right. Here all of it is asked for "
            "in `bias_ih`, and zero in `bias_hh`.",
            _biased(_half_each),
        ),
        Mistake(
            "The value stands in `bias_hh`: the sum is right. Here it is asked for in `bias_ih`.",
            _biased(_other_vector),
        ),
        Mistake("The value was added to what was there; it should replace it.", _biased(_added)),
        Mistake(
            "That is the block of the input gate. Counted from 0, the forget gate is block 1.",
            _at(lambda H: slice(0, H)),
        ),
        Mistake(
            "That is torch's candidate. The forget gate is the second block.",
            _at(lambda H: slice(2 * H, 3 * H)),
        ),
        Mistake(
            "That is torch's output gate. The forget gate is the second block.",
            _at(lambda H: slice(3 * H, None)),
        ),
        Mistake(
            "All gates got the value. Only the forget gate is meant: H of the 4H entries.",
            _at(lambda H: slice(None)),
        ),
        Mistake(
            "From H to the end: the candidate and the output gate were changed too. Stop at 2H.",
            _at(lambda H: slice(H, None)),
        ),
        Mistake(
            "Only one unit got the value. The forget block has H entries.",
            _at(lambda H: slice(H, H + 1)),
        ),
        Mistake(
            "Every fourth entry got the value. The four gates are blocks of H entries, one "
            "after the other.",
            _at(lambda H: slice(1, None, 4)),
        ),
        Mistake(
            "The two cancel: `bias_hh` holds minus the value, so the gate sees zero.",
            _biased(_cancelled),
        ),
        Mistake(
            "The sigmoid of the value was stored. The bias stands before the sigmoid.",
            _biased(_gate_value),
        ),
        Mistake("The bias is 1, whatever `value` says.", _biased(_always_one)),
        Mistake("Nothing was changed.", _biased(lambda ih, hh, H, value: None)),
        Mistake("The two results are exchanged: `bias_ih` first.", _vectors_exchanged),
        Mistake(
            "All of `bias_hh` is zero now: the other gates have lost their part of the sum.",
            _biased(_all_of_hh),
        ),
        Mistake(
            "Every sum is right, but the other biases have moved from `bias_hh` into "
            "`bias_ih`. Only the forget block should change.",
            _biased(_merged),
        ),
        Mistake(
            "The biases of the other gates are gone. They keep what they have.",
            _biased(_rest_zeroed),
        ),
        Mistake(
            "The arrays of `state` are changed in place. Work on copies.",
            _biased(_right_in_place, in_place=True),
        ),
    ),
)
