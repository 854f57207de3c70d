"""5.11 Into torch"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def to_torch(W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    def reorder(stacked: Array) -> Array:
        i, f, o, g = np.split(stacked, 4)
        return np.concatenate([i, f, g, o])

    return reorder(W_xh), reorder(W_hh), reorder(b_h), np.zeros_like(b_h)


def to_torch_by_index(W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    rows = np.arange(len(b_h)).reshape(4, -1)[[0, 1, 3, 2]].ravel()
    return W_xh[rows], W_hh[rows], b_h[rows], b_h * 0


def to_torch_by_slices(W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    H, new = W_hh.shape[1], (W_xh.copy(), W_hh.copy(), b_h.copy())
    for old, turned in zip((W_xh, W_hh, b_h), new, strict=True):
        turned[2 * H : 3 * H] = old[3 * H :]
        turned[3 * H :] = old[2 * H : 3 * H]
    return *new, np.zeros(4 * H)


def reordered(
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    *,
    order: tuple[int, ...] = (0, 1, 3, 2),
    bias_order: tuple[int, ...] | None = None,
    split: Callable[[Array], Arrays] = lambda b: (b, 0 * b),
) -> Arrays:
    def take(stacked: Array, which: tuple[int, ...]) -> Array:
        blocks = np.split(stacked, 4)
        return np.concatenate([blocks[k] for k in which])

    bias = take(b_h, bias_order or order)
    return take(W_xh, order), take(W_hh, order), *split(bias)


def _reordered(**options: Any) -> Callable[..., Arrays]:
    return lambda W_xh, W_hh, b_h: reordered(W_xh, W_hh, b_h, **options)


def _interleaved(W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    def mix(stacked: Array) -> Array:
        rows = np.arange(len(stacked)).reshape(4, -1)[[0, 1, 3, 2]].T.ravel()
        return stacked[rows]

    return mix(W_xh), mix(W_hh), mix(b_h), 0 * b_h


def draw_weights(rng: np.random.Generator, D: int, H: int) -> dict[str, Any]:
    return {
        "W_xh": rng.normal(size=(4 * H, D)),
        "W_hh": rng.normal(size=(4 * H, H)),
        "b_h": rng.normal(size=4 * H),
    }


EXERCISE = CodeExercise(
    "5.11",
    "Into torch",
    difficulty=2,
    minutes=8,
    task="Write `to_torch`, which turns our weights into the four arrays of torch's `nn.LSTM`.",
    hints=(
        "torch stacks i, f, g, o: which two of our four blocks change places? And what does "
        "torch do with its two bias vectors?",
        "Cut each array into four blocks of H rows with `np.split(W, 4)`, and join them as "
        "first, second, fourth, third. The bias goes into ONE of the two vectors.",
    ),
    reference=to_torch,
    also_right=(to_torch_by_index, to_torch_by_slices),
    cases=every_size(draw_weights),
    outputs={"weight_ih": "4H D", "weight_hh": "4H H", "bias_ih": "4H", "bias_hh": "4H"},
    mistakes=(
        Mistake(
            "The blocks are still in our order. torch stacks i, f, g, o: it would take your "
            "candidate for its output gate, without complaint.",
            _reordered(order=(0, 1, 2, 3)),
        ),
        Mistake(
            "The weights are in torch's order, the bias is still in ours.",
            _reordered(bias_order=(0, 1, 2, 3)),
        ),
        Mistake(
            "`weight_hh` is still in our order; the others are in torch's.",
            lambda W, U, b: (to_torch(W, U, b)[0], U, *to_torch(W, U, b)[2:]),
        ),
        Mistake(
            "`weight_ih` is still in our order; the others are in torch's.",
            lambda W, U, b: (W, *to_torch(W, U, b)[1:]),
        ),
        Mistake(
            "The bias stands in both vectors. torch adds them, so it would count twice.",
            _reordered(split=lambda b: (b, b)),
        ),
        Mistake(
            "Half of the bias in each vector: torch would compute the same. Here all of it is "
            "asked for in `bias_ih`, so that nothing is left to guess.",
            _reordered(split=lambda b: (b / 2, b / 2)),
        ),
        Mistake(
            "The bias is in `bias_hh`: torch would compute the same, since it adds the two. "
            "Here it is asked for in `bias_ih`.",
            _reordered(split=lambda b: (0 * b, b)),
        ),
        Mistake(
            "The blocks are f, i, g, o. The forget gate is the second block, here and in torch.",
            _reordered(order=(1, 0, 3, 2)),
        ),
        Mistake(
            "The blocks are moved round: g, i, f, o. In torch's order i, f, g, o only the last "
            "two differ from ours.",
            _reordered(order=(3, 0, 1, 2)),
        ),
        Mistake(
            "The blocks are i, g, f, o. Only the last two of ours change places.",
            _reordered(order=(0, 3, 1, 2)),
        ),
        Mistake(
            "The blocks are f, o, g, i: all of them moved. Only the last two change places.",
            _reordered(order=(1, 2, 3, 0)),
        ),
        Mistake(
            "The blocks are turned round, g, o, f, i. Only the last two change places.",
            _reordered(order=(3, 2, 1, 0)),
        ),
        Mistake(
            "`bias_hh` holds the bias too, and in our order. torch adds the two vectors.",
            lambda W, U, b: (*to_torch(W, U, b)[:3], b.copy()),
        ),
        Mistake(
            "The rows are interleaved, one of each gate in turn. torch keeps the blocks whole: "
            "H rows of i, then H rows of f.",
            _interleaved,
        ),
        Mistake(
            "The weights are transposed. torch stores (4H, D) and (4H, H), as this course does.",
            lambda W, U, b: (
                to_torch(W, U, b)[0].T,
                to_torch(W, U, b)[1].T,
                *to_torch(W, U, b)[2:],
            ),
        ),
    ),
)
