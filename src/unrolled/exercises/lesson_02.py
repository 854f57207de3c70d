"""Exercises of lesson 2, Forward: what is right, and the mistakes people really make."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import losses, rnn
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Mistake,
    NumberExercise,
    every_size,
)

Array = np.ndarray


# 2.2 One step


def rnn_step(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b_h)


def step_by_einsum(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    z = np.einsum("nd,hd->nh", x, W_xh) + np.einsum("nk,hk->nh", h_prev, W_hh)
    return np.tanh(z + b_h)


def step_unit_by_unit(x: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = np.empty_like(h_prev)
    for n in range(len(x)):
        for j in range(len(b_h)):
            h[n, j] = np.tanh(W_xh[j] @ x[n] + W_hh[j] @ h_prev[n] + b_h[j])
    return h


def draw_step(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(N, D)),
        "h_prev": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(H, D)),
        "W_hh": rng.normal(size=(H, H)),
        "b_h": rng.normal(size=H),
    }


STEP_MISTAKES = (
    Mistake(
        "`W_hh` is used without its transpose. Row i of `W_hh` holds the weights INTO unit i, so "
        "for rows of states it must stand as `W_hh.T`. The shapes fit either way: that is why "
        "nothing warned you.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U + b),
    ),
    Mistake("The bias `b_h` is missing.", lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U.T)),
    Mistake(
        "The sum is there, the tanh is not: this is z_t, the preactivation.",
        lambda x, h, W, U, b: x @ W.T + h @ U.T + b,
    ),
    Mistake(
        "That is the sigmoid. The plain recurrent network squashes with tanh, to (-1, 1).",
        lambda x, h, W, U, b: 1 / (1 + np.exp(-(x @ W.T + h @ U.T + b))),
    ),
    Mistake(
        "The new state does not depend on `h_prev`: without it there is no memory.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + b),
    ),
    Mistake(
        "The tanh is taken of the two parts apart. Add first, then squash once.",
        lambda x, h, W, U, b: np.tanh(x @ W.T) + np.tanh(h @ U.T + b),
    ),
    Mistake(
        "The bias is added after the tanh; it belongs inside.",
        lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U.T) + b,
    ),
)


# 2.3 The forward pass


def forward(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return rnn.forward(x, h0, rnn.Params(W_xh, W_hh, b_h))[0]


def forward_with_a_list(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states, h = [], h0
    for x_t in x:
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def forward_in_place(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = x @ W_xh.T + b_h
    for t in range(len(x)):
        h[t] += (h0 if t == 0 else h[t - 1]) @ W_hh.T
        np.tanh(h[t], out=h[t])
    return h


def draw_sequence(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "h0": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
    }


def _wrong_step(step):
    """A forward pass whose single step is wrong."""

    def wrong(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
        states, h = [], h0
        for x_t in x:
            h = step(x_t, h, W_xh, W_hh, b_h)
            states.append(h)
        return np.stack(states)

    return wrong


def _same_array_every_step(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h, states = h0.copy(), []
    for x_t in x:
        h[:] = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states)


def _initial_state_counted(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.concatenate([h0[None], forward(x, h0, W_xh, W_hh, b_h)])


def _wraps_around(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    h = np.zeros((len(x), *h0.shape))
    for t in range(len(x)):
        h[t] = rnn_step(x[t], h[t - 1], W_xh, W_hh, b_h)
    return h


def _first_input_unread(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    later = forward(x[1:], h0, W_xh, W_hh, b_h) if len(x) > 1 else np.empty((0, *h0.shape))
    return np.concatenate([h0[None], later])


FORWARD_MISTAKES = (
    Mistake(
        "Every step starts from `h0` again. The state that step t makes is what step t+1 receives.",
        lambda x, h0, W, U, b: np.tanh(x @ W.T + h0 @ U.T + b),
    ),
    Mistake(
        "The run starts from zeros, or reads `h[t-1]` at t = 0, which is the LAST row of an array "
        "of zeros. The first step must use `h0`.",
        _wraps_around,
    ),
    Mistake(
        "`W_hh` stands without its transpose in the step.",
        _wrong_step(STEP_MISTAKES[0].answer),
    ),
    Mistake("The bias `b_h` is missing in the step.", _wrong_step(STEP_MISTAKES[1].answer)),
    Mistake(
        "The tanh is missing: you made a linear network.", _wrong_step(STEP_MISTAKES[2].answer)
    ),
    Mistake(
        "The same array was appended at every step and then overwritten: all entries of the list "
        "are one object. Make a new array a step.",
        _same_array_every_step,
    ),
    Mistake(
        "`h` has one entry too many: the initial state is counted. Return the states after steps "
        "1..T; `h0` stays outside.",
        _initial_state_counted,
    ),
    Mistake(
        "Only the last state is returned; all T states are asked for.",
        lambda x, h0, W, U, b: forward(x, h0, W, U, b)[-1],
    ),
    Mistake(
        "`h[0]` is `h0`, and the first input is never read. Return the states after steps 1..T: "
        "the first of them is what step 1 makes of `h0` and `x[0]`.",
        _first_input_unread,
    ),
    Mistake(
        "Every step reads the input of the step before. `x[t - 1]` is the LAST input at t = 0.",
        lambda x, h0, W, U, b: forward(np.roll(x, 1, axis=0), h0, W, U, b),
    ),
    Mistake(
        "Every step reads the first input. Which `x` belongs to step t?",
        lambda x, h0, W, U, b: forward(np.broadcast_to(x[:1], x.shape).copy(), h0, W, U, b),
    ),
    Mistake(
        "The sequence is read from its end to its beginning.",
        lambda x, h0, W, U, b: forward(x[::-1].copy(), h0, W, U, b)[::-1],
    ),
)


# 2.5 One matrix instead of two


def stack_weights(W_xh: Array, W_hh: Array) -> Array:
    return np.concatenate([W_hh, W_xh], axis=1)


def stack_by_slices(W_xh: Array, W_hh: Array) -> Array:
    H, D = W_xh.shape
    W = np.empty((H, H + D))
    W[:, :H], W[:, H:] = W_hh, W_xh
    return W


def draw_weights(rng: np.random.Generator, D: int, H: int) -> dict[str, Any]:
    return {"W_xh": rng.normal(size=(H, D)), "W_hh": rng.normal(size=(H, H))}


# 2.6 A loss that does not overflow


def cross_entropy(y: Array, targets: Array) -> float:
    return losses.softmax_cross_entropy(y, targets, reduction="mean").value


def cross_entropy_by_logaddexp(y: Array, targets: Array) -> float:
    return float(np.mean(np.logaddexp.reduce(y, axis=1) - y[np.arange(len(y)), targets]))


def cross_entropy_row_by_row(y: Array, targets: Array) -> float:
    total = 0.0
    for row, target in zip(y, targets, strict=True):
        odds = row - row[target]
        largest = odds.max()
        total += largest + np.log(np.exp(odds - largest).sum())
    return total / len(y)


def draw_logits(rng: np.random.Generator, N: int, Q: int) -> dict[str, Any]:
    return {"y": rng.normal(size=(N, Q)), "targets": rng.integers(0, Q, size=N)}


def logits_cases(rng: np.random.Generator) -> list[Case]:
    rows = [1000.0, 0, -1000], [0, 1000, 0], [-1000, -1001, -1002], [0.5, 0, 1]
    huge = {"y": np.array(rows), "targets": np.array([0, 2, 1, 0])}
    return [*every_size(draw_logits)(rng), Case(huge, {"N": 4, "Q": 3}, "logits of 1000")]


def _softmax(y: Array, axis: int = 1) -> Array:
    shifted = np.exp(y - y.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def _chosen(y: Array, targets: Array) -> Array:
    return y[np.arange(len(y)), targets]


def _overflows(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        p = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
        return float(-np.log(_chosen(p, targets)).mean())


def _log_of_zero(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        return float(-np.log(_chosen(_softmax(y), targets)).mean())


def _one_maximum_for_all(y: Array, targets: Array) -> float:
    with np.errstate(all="ignore"):
        shifted = y - y.max()
        return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - _chosen(shifted, targets)))


def _maximum_lost(y: Array, targets: Array) -> float:
    shifted = y - y.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - _chosen(y, targets)))


# 2.7 A long sequence in chunks


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


FIXED_POINT = 0.9575040240772687  # the positive solution of h = tanh(2 h)
SLOPE_THERE = 2 * (1 - FIXED_POINT**2)

EXERCISES = (
    NumberExercise(
        "2.1",
        "Two steps by hand",
        difficulty=1,
        minutes=5,
        task="One unit, one input: with `W_xh` = 1, `W_hh` = 0.5, no bias, h_0 = 0 and the inputs "
        "x_1 = 1, x_2 = 0, give h_1 and h_2 to four decimals.",
        hints=(
            "h_1 = tanh(1·x_1 + 0.5·h_0). Only then can you write h_2: it needs h_1, and its own "
            "input is 0.",
            "h_2 = tanh(0.5·h_1). Take the tanh again: the state is squashed at every step.",
        ),
        right={"h1": np.tanh(1.0), "h2": np.tanh(0.5 * np.tanh(1.0))},
        tolerance=1e-4,
        mistakes=(
            Mistake(
                "h_2 is half of h_1: the tanh is missing at step 2.", {"h2": 0.5 * np.tanh(1.0)}
            ),
            Mistake("There is no tanh anywhere.", {"h1": 1.0, "h2": 0.5}),
            Mistake(
                "h_2 is 0: step 2 started from h_0 instead of h_1. The input is 0 there, the "
                "memory is not.",
                {"h2": 0.0},
            ),
            Mistake("Step 2 read x_1 again; x_2 is 0.", {"h2": np.tanh(1 + 0.5 * np.tanh(1.0))}),
            Mistake(
                "h_1 was handed on whole. `W_hh` is 0.5: it halves the state before the tanh.",
                {"h2": np.tanh(np.tanh(1.0))},
            ),
        ),
    ),
    CodeExercise(
        "2.2",
        "One step",
        difficulty=1,
        minutes=8,
        task="Write `rnn_step`, which turns the states of a batch into the next ones.",
        hints=(
            "Three things are added before the tanh: what the input says, what the old state says, "
            "and the bias. Say the shapes aloud: (N, D) times what gives (N, H)?",
            "z = x @ W_xh.T + h_prev @ W_hh.T + b_h, then tanh. Rows of `x` are sequences, rows of "
            "`W_xh` are units: hence the transposes.",
        ),
        reference=rnn_step,
        also_right=(step_by_einsum, step_unit_by_unit),
        cases=every_size(draw_step),
        outputs={"h": "N H"},
        mistakes=STEP_MISTAKES,
    ),
    CodeExercise(
        "2.3",
        "The forward pass",
        difficulty=2,
        minutes=12,
        task="Write `forward`, which returns the states after every step.",
        hints=(
            "A loop over t. Inside it, one step; what it returns is both stored and carried into "
            "the next turn of the loop.",
            "Start with h = h0 and an array of shape (T, N, H) made by `np.empty`. In turn t: "
            "h = the step of x[t] and h, then store it at t.",
        ),
        reference=forward,
        also_right=(forward_with_a_list, forward_in_place),
        cases=every_size(draw_sequence),
        outputs={"h": "T N H"},
        mistakes=FORWARD_MISTAKES,
    ),
    NumberExercise(
        "2.4",
        "How many numbers does it learn?",
        difficulty=1,
        minutes=4,
        task="A network with D = 8 inputs, H = 64 units and a readout to Q = 10 classes, both with "
        "biases, reads sequences of T = 100 steps: how many parameters does it have?",
        hints=(
            "List the five arrays and their shapes: `W_xh`, `W_hh`, `b_h`, `W_hy`, `b_y`. Is T in "
            "any of them?",
            "H·D + H·H + H for the recurrent layer, Q·H + Q for the readout.",
        ),
        right=64 * 8 + 64 * 64 + 64 + 10 * 64 + 10,
        tolerance=0.5,
        mistakes=(
            Mistake(
                "You multiplied by T. Are there different weights at different times?",
                100 * (64 * 8 + 64 * 64 + 64) + 10 * 64 + 10,
            ),
            Mistake(
                "You multiplied everything by T. Are there different weights at different times?",
                100 * (64 * 8 + 64 * 64 + 64 + 10 * 64 + 10),
            ),
            Mistake(
                "The readout is missing: `W_hy` and `b_y` are learnt too.", 64 * 8 + 64 * 64 + 64
            ),
            Mistake("The biases are missing.", 64 * 8 + 64 * 64 + 10 * 64),
            Mistake("`W_hh` is missing: the state has weights too.", 64 * 8 + 64 + 10 * 64 + 10),
            Mistake(
                "`W_hh` joins every unit to every unit: it is H by H.",
                64 * 8 + 64 + 64 + 10 * 64 + 10,
            ),
            Mistake(
                "That counts two biases in the recurrent layer, as torch stores them; the equation "
                "has one.",
                64 * 8 + 64 * 64 + 2 * 64 + 10 * 64 + 10,
            ),
        ),
    ),
    CodeExercise(
        "2.5",
        "One matrix instead of two",
        difficulty=2,
        minutes=8,
        task="Write `stack_weights`, which returns the single matrix `W` that acts on the state "
        "and the input side by side, state first.",
        hints=(
            "For one unit, z = Σ W_hh·h + Σ W_xh·x is one long sum over H + D numbers. What is the "
            "row of weights of that sum?",
            "Each row of `W` is a row of `W_hh` followed by the same row of `W_xh`: shape "
            "(H, H + D). `np.concatenate` along axis 1, or `np.hstack`.",
        ),
        reference=stack_weights,
        also_right=(stack_by_slices, lambda W_xh, W_hh: np.hstack((W_hh, W_xh))),
        cases=every_size(draw_weights),
        outputs={"W": "H H+D"},
        mistakes=(
            Mistake(
                "The blocks stand in the wrong order: here the first columns meet the input, but "
                "the state comes first.",
                lambda W_xh, W_hh: np.concatenate([W_xh, W_hh], axis=1),
            ),
            Mistake(
                "`W_hh` was transposed before stacking. Its rows are units already, like those of "
                "`W_xh`.",
                lambda W_xh, W_hh: np.concatenate([W_hh.T, W_xh], axis=1),
            ),
            Mistake(
                "This is the transpose: (H + D, H). Units are rows in this course.",
                lambda W_xh, W_hh: np.concatenate([W_hh, W_xh], axis=1).T,
            ),
            Mistake(
                "The blocks stand one above the other, which would make new units. They share "
                "their rows: put them side by side (axis 1).",
                lambda W_xh, W_hh: np.concatenate([W_hh, W_xh], axis=0),
            ),
        ),
    ),
    CodeExercise(
        "2.6",
        "A loss that does not overflow",
        difficulty=2,
        minutes=12,
        task="Write `cross_entropy`, the mean over the batch of minus the log probability (in "
        "nats) of the right class, finite also for logits of 1000.",
        hints=(
            "exp(1000) is infinity in float64. Adding the same number to all logits of a row "
            "changes no probability: which number makes every exp harmless?",
            "log p = y - max - log Σ exp(y - max), over axis 1. Never take the log of a "
            "probability that may have rounded to 0.",
        ),
        reference=cross_entropy,
        also_right=(cross_entropy_by_logaddexp, cross_entropy_row_by_row),
        cases=logits_cases,
        outputs={"loss": ""},
        mistakes=(
            Mistake(
                "Right for small logits, but exp overflows for large ones. Subtract the largest "
                "logit of each row first.",
                _overflows,
            ),
            Mistake(
                "No exp overflows any more, but a probability rounds to 0 and its log is infinite. "
                "Work with log probabilities from the start.",
                _log_of_zero,
            ),
            Mistake(
                "One number is subtracted from all rows, the largest of the whole batch: for rows "
                "far below it every exp is 0. Subtract from each row its own largest logit.",
                _one_maximum_for_all,
            ),
            Mistake(
                "The largest logit was subtracted inside the sum only. What is taken off in one "
                "place must be taken off in the other, or put back.",
                _maximum_lost,
            ),
            Mistake(
                "`[:, targets]` picks for every row the classes of ALL rows. Pick one place a row: "
                "two index arrays.",
                lambda y, targets: float(
                    np.mean(np.logaddexp.reduce(y, axis=1)[:, None] - y[:, targets])
                ),
            ),
            Mistake(
                "The minus sign is missing: a loss is small when the right class is likely.",
                lambda y, targets: -cross_entropy(y, targets),
            ),
            Mistake(
                "This is the sum over the batch; the mean is asked for.",
                lambda y, targets: cross_entropy(y, targets) * len(y),
            ),
            Mistake(
                "The sum was divided by N·Q. Each sequence contributes one number, so divide by N.",
                lambda y, targets: cross_entropy(y, targets) / y.shape[1],
            ),
            Mistake(
                "The logarithm has base 2, so this is in bits. Use the natural logarithm: nats.",
                lambda y, targets: cross_entropy(y, targets) / np.log(2),
            ),
            Mistake(
                "The softmax runs over the batch (axis 0). Probabilities must add up to 1 over the "
                "classes: axis 1.",
                lambda y, targets: float(
                    np.mean(np.logaddexp.reduce(y, axis=0)[targets] - _chosen(y, targets))
                ),
            ),
            Mistake(
                "This is minus the mean logit of the right class; the other classes are ignored.",
                lambda y, targets: float(-_chosen(y, targets).mean()),
            ),
        ),
    ),
    CodeExercise(
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
                "The chunks after the first start from zeros: the past is forgotten at each "
                "border.",
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
    ),
    NumberExercise(
        "2.8",
        "Where the state comes to rest",
        difficulty=2,
        minutes=8,
        task="One unit with `W_hh` = 2 and no input: find the positive h with h = tanh(2h), and "
        "the factor ∂h_t/∂h_{t-1} there, to four decimals.",
        hints=(
            "Start from h = 1 and apply tanh(2h) again and again: the network finds its own fixed "
            "point.",
            "The derivative of tanh(2h) is 2·(1 - tanh(2h)²), and at the fixed point tanh(2h) is "
            "h itself.",
        ),
        right={"h": FIXED_POINT, "factor": SLOPE_THERE},
        tolerance=1e-4,
        mistakes=(
            Mistake(
                "The factor is not the weight: tanh flattens it. Multiply 2 by the slope of tanh "
                "at the fixed point.",
                {"factor": 2.0},
            ),
            Mistake(
                "That is the slope of tanh alone; the weight 2 is missing.",
                {"factor": 1 - FIXED_POINT**2},
            ),
            Mistake("h = 0 is a fixed point too, but the positive one is asked for.", {"h": 0.0}),
            Mistake(
                "That is tanh(2), the state after ONE step from 1. Go on until it stops moving.",
                {"h": np.tanh(2.0)},
            ),
            Mistake(
                "The slope was taken at h. The tanh is applied to 2h.",
                {"factor": 2 * (1 - np.tanh(FIXED_POINT) ** 2)},
            ),
            Mistake("The slope of tanh is 1 - h², not 1 - h.", {"factor": 2 * (1 - FIXED_POINT)}),
        ),
    ),
    ChoiceExercise(
        "2.9",
        "What grows with T?",
        difficulty=1,
        minutes=3,
        task="The same network reads sequences twice as long. Choose everything that doubles.",
        hints=(
            "Ask of each: is there one of it a step, or one in all?",
            "Look at the shapes: T stands in `h` (T, N, H). It stands neither in a weight nor in "
            "the last state.",
        ),
        options={
            "a": "the number of parameters",
            "b": "the time of the forward pass",
            "c": "the memory that all states h take",
            "d": "the size of the last state h[-1]",
            "e": "the length of the longest chain of operations that must wait for each other",
        },
        right=frozenset({"b", "c", "e"}),
        mistakes=(
            Mistake("Parameters are shared by all steps: their number does not depend on T.", "a"),
            Mistake("Something is missing: what do twice as many steps of equal work cost?", "b"),
            Mistake("Something is missing: of what is there one array a step?", "c"),
            Mistake(
                "`h[-1]` is (N, H) whatever T is: that is why long pasts must be squeezed.", "d"
            ),
            Mistake("Something is missing: can a step begin before the last one has ended?", "e"),
        ),
    ),
)
