"""3.9 Chunk by chunk"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import gradients, rnn, truncation
from unrolled.exercises.lesson_02.ex_07 import CHUNKS
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def chunked_gradient(
    x: Array, h0: Array, dh: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int
) -> Array:
    return sum(_chunks(x, h0, dh, rnn.Params(W_xh, W_hh, b_h), K))


def with_carry_weights(
    x: Array, h0: Array, dh: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int
) -> Array:
    _, tape = rnn.forward(x, h0, rnn.Params(W_xh, W_hh, b_h))
    return rnn.backward(dh, tape, truncation.every(len(x), K)).params.W_hh


def chunks_by_hand(
    x: Array, h0: Array, dh: Array, W_xh: Array, W_hh: Array, b_h: Array, K: int
) -> Array:
    h = [h0]
    for x_t in x:
        h.append(np.tanh(x_t @ W_xh.T + h[-1] @ W_hh.T + b_h))
    dW_hh, carried = np.zeros_like(W_hh), np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        if (t + 1) % K == 0:  # the last step of a chunk hears nothing of the next one
            carried = np.zeros_like(h0)
        dz = (dh[t] + carried) * (1 - h[t + 1] ** 2)
        dW_hh += dz.T @ h[t]
        carried = dz @ W_hh
    return dW_hh


def _chunks(
    x: Array,
    h0: Array,
    dh: Array,
    params: rnn.Params,
    K: int,
    hand_on: Callable[[Array, Array], Array] = lambda h, h0: h[-1],
) -> list[Array]:
    """The gradient of each chunk alone; `hand_on` makes the state that the next one gets."""
    parts, state = [], h0
    for start in range(0, len(x), K):
        h, tape = rnn.forward(x[start : start + K], state, params)
        parts.append(rnn.backward(dh[start : start + K], tape).params.W_hh)
        state = hand_on(h, h0)
    return parts


def _of_chunks(
    combine: Callable[[list[Array]], Array] = sum, **options: Any
) -> Callable[..., Array]:
    def wrong(x: Array, h0: Array, dh: Array, W: Array, U: Array, b: Array, K: int) -> Array:
        return combine(_chunks(x, h0, dh, rnn.Params(W, U, b), K, **options))

    return wrong


def _uncut(x: Array, h0: Array, dh: Array, W: Array, U: Array, b: Array, K: int) -> Array:
    _, tape = rnn.forward(x, h0, rnn.Params(W, U, b))
    return rnn.backward(dh, tape).params.W_hh


def _first_dh_everywhere(
    x: Array, h0: Array, dh: Array, W: Array, U: Array, b: Array, K: int
) -> Array:
    again = np.concatenate([dh[:K]] * -(-len(x) // K))[: len(x)]
    return chunked_gradient(x, h0, again, W, U, b, K)


def _window(x: Array, h0: Array, dh: Array, W: Array, U: Array, b: Array, K: int) -> Array:
    _, tape = rnn.forward(x, h0, rnn.Params(W, U, b))
    return gradients.sliding(dh, tape, K).params.W_hh


def _tail_dropped(x: Array, h0: Array, dh: Array, W: Array, U: Array, b: Array, K: int) -> Array:
    whole = len(x) // K * K
    if not whole:
        return np.zeros_like(U)
    return chunked_gradient(x[:whole], h0, dh[:whole], W, U, b, K)


def draw_chunks(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "h0": rng.normal(size=(N, H)),
        "dh": rng.normal(size=(T, N, H)),
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H) / 2,
        "K": CHUNKS.get(T, 4),
    }


EXERCISE = CodeExercise(
    "3.9",
    "Chunk by chunk",
    difficulty=2,
    minutes=12,
    task="Write `chunked_gradient`, which returns dL/dW_hh of truncated training: chunks of "
    "`K` steps, the state handed on, the gradient not.",
    hints=(
        "Exercise 2.7 hands the state from chunk to chunk. Do a backward pass in each chunk "
        "before you go on. The weights are the same in all chunks: add.",
        "for start in range(0, T, K): h, tape = rnn.forward(x[start:start + K], state, "
        "params); add rnn.backward(dh[start:start + K], tape).params.W_hh; state = h[-1].",
    ),
    reference=chunked_gradient,
    also_right=(with_carry_weights, chunks_by_hand),
    cases=every_size(draw_chunks),
    outputs={"dW_hh": "H H"},
    mistakes=(
        Mistake(
            "Every chunk starts from `h0` again. Only the gradient is cut: the state must "
            "cross the border.",
            _of_chunks(hand_on=lambda h, h0: h0),
        ),
        Mistake(
            "The chunks after the first start from zeros: the memory is thrown away with the "
            "gradient.",
            _of_chunks(hand_on=lambda h, h0: np.zeros_like(h0)),
        ),
        Mistake("Nothing is cut: this is the full gradient.", _uncut),
        Mistake(
            "Every loss looks back K steps. That is a sliding window; in chunks the first loss "
            "of a chunk sees one step.",
            _window,
        ),
        Mistake(
            "Only the last chunk is left: the gradients of the others were overwritten. Add.",
            _of_chunks(combine=lambda parts: parts[-1]),
        ),
        Mistake(
            "Every chunk meets the upstream gradient of the first one. Cut `dh` where you cut `x`.",
            _first_dh_everywhere,
        ),
        Mistake(
            "The chunks are averaged; they are added.",
            _of_chunks(combine=lambda parts: sum(parts) / len(parts)),
        ),
        Mistake(
            "The FIRST state of a chunk was handed on. It must be the last.",
            _of_chunks(hand_on=lambda h, h0: h[0]),
        ),
        Mistake(
            "The steps after the last full chunk are missing: it may be shorter than `K`.",
            _tail_dropped,
        ),
    ),
)
