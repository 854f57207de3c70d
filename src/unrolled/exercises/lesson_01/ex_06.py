"""1.6 A summary of both directions"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def summary(output: Array, h_n: Array) -> Array:
    return np.concatenate([h_n[-2], h_n[-1]], axis=1)


def summary_from_output(output: Array, h_n: Array) -> Array:
    H = output.shape[2] // 2
    return np.hstack([output[-1, :, :H], output[0, :, H:]])


def summary_by_places(output: Array, h_n: Array) -> Array:
    T, N, width = output.shape
    both = np.empty((N, width))
    for n in range(N):
        for k in range(width):
            both[n, k] = output[T - 1 if k < width // 2 else 0, n, k]
    return both


def draw_both_ways(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    """What one, two or three bidirectional layers, each on top of the last, return."""
    x, last = rng.normal(size=(T, N, D)), []
    for _ in range({1: 2, 2: 1, 3: 3}.get(T, 2)):
        layers = [rnn.init(x.shape[2], H, rng) for _ in range(2)]
        h0 = np.zeros((N, H))
        forwards = rnn.forward(x, h0, layers[0])[0]
        backwards = rnn.forward(x[::-1].copy(), h0, layers[1])[0][::-1]
        last += [forwards[-1], backwards[0]]
        x = np.concatenate([forwards, backwards], axis=2)
    return {"output": x, "h_n": np.stack(last)}


EXERCISE = CodeExercise(
    "1.6",
    "A summary of both directions",
    difficulty=2,
    minutes=8,
    task="Write `summary`, which returns the last states of the top layer, forwards and "
    "backwards side by side, from what a bidirectional stack of layers returns.",
    hints=(
        "Where has the backward direction read everything: at the last step or at the first? "
        "And which two rows of `h_n` belong to the top layer?",
        "`h_n` lists layer 0 forwards, layer 0 backwards, layer 1 forwards, layer 1 backwards, "
        "and so on: the top layer comes last. Put the two side by side along axis 1.",
    ),
    reference=summary,
    also_right=(summary_from_output, summary_by_places),
    cases=every_size(draw_both_ways),
    outputs={"summary": "N 2H"},
    mistakes=(
        Mistake(
            "`output[-1]`: its backward half has read one step only, the last. Backwards, "
            "everything has been read at step 0.",
            lambda output, h_n: output[-1],
        ),
        Mistake(
            "`output[0]`: its forward half has read one step only, the first.",
            lambda output, h_n: output[0],
        ),
        Mistake(
            "`h_n[0]` and `h_n[1]` belong to the bottom layer. The first axis of `h_n` counts "
            "layers and directions; the top layer stands at the end.",
            lambda output, h_n: np.concatenate([h_n[0], h_n[1]], axis=1),
        ),
        Mistake(
            "One direction stands there twice. Which two rows of `h_n` has the top layer?",
            lambda output, h_n: np.concatenate([h_n[-1], h_n[-1]], axis=1),
        ),
        Mistake(
            "This is the mean over the steps; the last state of each direction is asked for.",
            lambda output, h_n: output.mean(axis=0),
        ),
        Mistake(
            "This is one direction only: (N, H) instead of (N, 2H).",
            lambda output, h_n: h_n[-1],
        ),
        Mistake(
            "The two directions stand in the wrong order: forwards comes first.",
            lambda output, h_n: np.concatenate([h_n[-1], h_n[-2]], axis=1),
        ),
        Mistake(
            "The directions stand one above the other, (2N, H): that makes new sequences. Put "
            "them side by side, axis 1.",
            lambda output, h_n: np.concatenate([h_n[-2], h_n[-1]], axis=0),
        ),
        Mistake(
            "`reshape` mixes sequences here: (2, N, H) becomes (N, 2H) in the wrong order. "
            "Use `np.concatenate`.",
            lambda output, h_n: h_n[-2:].reshape(h_n.shape[1], -1),
        ),
    ),
)
