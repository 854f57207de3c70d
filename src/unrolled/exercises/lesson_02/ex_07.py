"""2.7 A long sequence in chunks"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.lesson_02.ex_03 import draw_sequence, forward
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def forward_in_chunks(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    pieces, h = [], h0
    for start in range(0, len(x), K):
        states = forward(x[start : start + K], h, W_xh, W_hh, b_h)
        pieces.append(states)
        h = states[-1]
    return np.concatenate(pieces)


def in_one_go(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    return forward(x, h0, W_xh, W_hh, b_h)


def in_chunks_step_by_step(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int
) -> Array:
    h, last = np.empty((len(x), *h0.shape)), h0
    for start in range(0, len(x), K):
        for t in range(start, min(start + K, len(x))):
            z = np.einsum("nd,hd->nh", x[t], W_xh) + np.einsum("nk,hk->nh", last, W_hh)
            last = np.tanh(z + b_h)
            h[t] = last
    return h


CHUNKS = {1: 4, 2: 1, 3: 3, 10: 4}  # T -> K: longer than T, single steps, just T, a shorter rest


def draw_chunks(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {**draw_sequence(rng, T, N, D, H), "K": CHUNKS.get(T, 4)}


def _state_reset(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    starts = range(0, len(x), K)
    chunks = [forward(x[s : s + K], h0, W_xh, W_hh, b_h) for s in starts]
    return np.concatenate(chunks)


def _zeros_between(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    starts = range(0, len(x), K)
    states = [h0 if s == 0 else np.zeros_like(h0) for s in starts]
    chunks = [
        forward(x[s : s + K], h, W_xh, W_hh, b_h) for s, h in zip(starts, states, strict=True)
    ]
    return np.concatenate(chunks)


def _first_state_handed_on(
    x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int
) -> Array:
    pieces, h = [], h0
    for start in range(0, len(x), K):
        states = forward(x[start : start + K], h, W_xh, W_hh, b_h)
        pieces.append(states)
        h = states[0]
    return np.concatenate(pieces)


def _tail_dropped(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    whole = len(x) // K * K
    return forward(x, h0, W_xh, W_hh, b_h)[:whole] if whole else np.zeros((0, *h0.shape))


def _whole_chunks_only(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    h = forward(x, h0, W_xh, W_hh, b_h)
    return np.concatenate([h[k * K : (k + 1) * K] for k in range(len(x) // K)])


def _only_chunk_ends(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int) -> Array:
    h = forward(x, h0, W_xh, W_hh, b_h)
    return h[[min(start + K, len(x)) - 1 for start in range(0, len(x), K)]]


EXERCISE = CodeExercise(
    "2.7",
    "A long sequence in chunks",
    difficulty=2,
    minutes=10,
    task="Write `forward_in_chunks`, which runs a sequence in chunks of `K` steps (the last "
    "may be shorter) and returns exactly what one run over the whole would.",
    hints=(
        "What does the second chunk need from the first? One thing only, of shape (N, H).",
        "for start in range(0, T, K): run x[start:start + K] from h, keep the states, and let "
        "h be the last of them.",
    ),
    reference=forward_in_chunks,
    also_right=(in_one_go, in_chunks_step_by_step),
    cases=every_size(draw_chunks),
    outputs={"h": "T N H"},
    mistakes=(
        Mistake(
            "Every chunk starts from `h0` again: the state is not handed over, so the past is "
            "forgotten at each border.",
            _state_reset,
        ),
        Mistake(
            "The chunks after the first start from zeros: the past is forgotten at each border.",
            _zeros_between,
        ),
        Mistake(
            "The FIRST state of a chunk was handed to the next one. It must be the last.",
            _first_state_handed_on,
        ),
        Mistake(
            "The steps after the last full chunk are missing: the last chunk may be shorter "
            "than `K`.",
            _tail_dropped,
        ),
        Mistake(
            "Only whole chunks are run. With fewer than `K` steps there is none at all; the "
            "last chunk may be shorter.",
            _whole_chunks_only,
        ),
        Mistake(
            "Only the last state of each chunk is returned; all T states are asked for.",
            _only_chunk_ends,
        ),
    ),
)
