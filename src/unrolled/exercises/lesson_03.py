"""Exercises of lesson 3, Backpropagation through time: the right way back and the wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import gradients, rnn, truncation
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Mistake,
    NumberExercise,
    every_size,
)

Array = np.ndarray
Slope = Callable[[Array], Array]


def tanh_slope(h: Array) -> Array:
    return 1 - h**2


# The three ways in which the slope of tanh is miswritten, with what to tell the learner.
WRONG_SLOPES: tuple[tuple[str, Slope], ...] = (
    (
        "The slope of tanh is written as (1 - h)². It is 1 - h²: square first, then subtract.",
        lambda h: (1 - h) ** 2,
    ),
    (
        "The slope of tanh is written as 1/(1 - h²), which is the slope of its inverse. It should "
        "never exceed 1.",
        lambda h: 1 / (1 - h**2),
    ),
    (
        "The slope of tanh is missing: this is the gradient of a linear network.",
        np.ones_like,
    ),
    (
        "The tanh is taken once more before the slope. `h` is a tanh already, so its slope is "
        "1 - h².",
        lambda h: 1 - np.tanh(h) ** 2,
    ),
)


# 3.3 The way back through many steps


def jacobian_product(h: Array, W_hh: Array) -> Array:
    product = np.eye(len(W_hh))
    for h_t in h:
        product = (1 - h_t**2)[:, None] * W_hh @ product
    return product


def product_of_diagonals(h: Array, W_hh: Array) -> Array:
    steps = [np.diag(1 - h_t**2) @ W_hh for h_t in h[::-1]]
    product = steps[0]
    for step in steps[1:]:
        product = product @ step
    return product


def product_by_rows(h: Array, W_hh: Array) -> Array:
    rows = np.eye(len(W_hh))
    for h_t in h[::-1]:
        rows = (rows * (1 - h_t**2)) @ W_hh
    return rows


def draw_states(rng: np.random.Generator, T: int, H: int) -> dict[str, Any]:
    return {"h": np.tanh(rng.normal(size=(T, H))), "W_hh": rng.normal(size=(H, H))}


def _product(step: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """The product, latest step leftmost, of a wrong Jacobian."""

    def wrong(h: Array, W_hh: Array) -> Array:
        product = np.eye(len(W_hh))
        for h_t in h:
            product = step(h_t, W_hh) @ product
        return product

    return wrong


def _ascending(h: Array, W_hh: Array) -> Array:
    return jacobian_product(h[::-1], W_hh)


def _elementwise(h: Array, W_hh: Array) -> Array:
    return np.prod((1 - h**2)[:, :, None] * W_hh, axis=0)


# 3.4 One step back


def step_backward(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dz = dh * (1 - h**2)
    return dz @ W_xh, dz @ W_hh, dz.T @ x, dz.T @ h_prev, dz.sum(axis=0)


def step_by_einsum(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dz = dh - dh * h * h
    dx, dh_prev = np.einsum("nh,hd->nd", dz, W_xh), np.einsum("nh,hk->nk", dz, W_hh)
    return dx, dh_prev, np.einsum("nh,nd->hd", dz, x), np.einsum("nh,nk->hk", dz, h_prev), dz.sum(0)


def step_unit_by_unit(
    dh: Array, x: Array, h_prev: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    dx, dh_prev, db_h = np.zeros_like(x), np.zeros_like(h), np.zeros(len(W_hh))
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    for n in range(len(h)):
        for j in range(len(W_hh)):
            dz = dh[n, j] * (1 + h[n, j]) * (1 - h[n, j])
            dx[n] += dz * W_xh[j]
            dh_prev[n] += dz * W_hh[j]
            dW_xh[j] += dz * x[n]
            dW_hh[j] += dz * h_prev[n]
            db_h[j] += dz
    return dx, dh_prev, dW_xh, dW_hh, db_h


def draw_step(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "dh": rng.normal(size=(N, H)),
        "x": rng.normal(size=(N, D)),
        "h_prev": np.tanh(rng.normal(size=(N, H))),
        "h": np.tanh(rng.normal(size=(N, H))),
        "W_xh": rng.normal(size=(H, D)),
        "W_hh": rng.normal(size=(H, H)),
    }


def _step_with_slope(slope: Slope) -> Callable[..., tuple[Array, ...]]:
    def wrong(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
        dz = dh * slope(h)
        return dz @ W, dz @ U, dz.T @ x, dz.T @ h_prev, dz.sum(axis=0)

    return wrong


def _step_changed(change: Callable[..., tuple[Array, ...]]) -> Callable[..., tuple[Array, ...]]:
    """A step back whose five results are right but for what `change` makes of them."""

    def wrong(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
        return change(dh * (1 - h**2), x, h_prev, h, W, U)

    return wrong


def _step_in_place(dh: Array, x: Array, h_prev: Array, h: Array, W: Array, U: Array):
    dh *= 1 - h**2
    return dh @ W, dh @ U, dh.T @ x, dh.T @ h_prev, dh.sum(axis=0)


# 3.5 Backpropagation through time


def backward(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    tape = rnn.Tape(x, h0, rnn.Params(W_xh, W_hh, np.zeros(len(W_hh))), h, "tanh")
    grads = rnn.backward(dh, tape)
    return *grads.params, grads.x, grads.h0


def backward_step_by_step(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    T, N, H = h.shape
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(H)
    dx, carried = np.empty_like(x), np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dz = (dh[t] + carried) * (1 - h[t] ** 2)
        dW_xh += dz.T @ x[t]
        dW_hh += dz.T @ (h[t - 1] if t else h0)
        db_h += dz.sum(axis=0)
        dx[t], carried = dz @ W_xh, dz @ W_hh
    return dW_xh, dW_hh, db_h, dx, carried


def backward_path_by_path(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    parts = []
    for t in range(len(dh)):
        alone = np.zeros_like(dh)
        alone[t] = dh[t]
        parts.append(backward_step_by_step(alone, x, h0, h, W_xh, W_hh))
    return tuple(sum(each) for each in zip(*parts, strict=True))


def swept(
    dh: Array,
    x: Array,
    h0: Array,
    h: Array,
    W_xh: Array,
    W_hh: Array,
    *,
    slope: Slope = tanh_slope,
    before: Callable[[Array, Array], Array] = lambda h, h0: np.concatenate([h0[None], h[:-1]]),
    back: Slope = lambda W: W,
    keep: float = 1.0,
    direct: Callable[[Array, int], Array] = lambda dh, t: dh[t],
    add: Callable[[Array, Array], Array] = lambda total, new: total + new,
) -> tuple[Array, ...]:
    """The sweep as a plain loop; each option is one thing that people get wrong."""
    T = len(h)
    received = before(h, h0)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(len(W_hh))
    dx, carried = np.empty_like(x), np.zeros_like(h0)
    for t in reversed(range(T)):
        dz = (direct(dh, t) + carried) * slope(h[t])
        dW_xh = add(dW_xh, dz.T @ x[t])
        dW_hh = add(dW_hh, dz.T @ received[t])
        db_h = add(db_h, dz.sum(axis=0))
        dx[t] = dz @ W_xh
        handed_back = dz @ back(W_hh)
        carried = keep * handed_back
    return dW_xh, dW_hh, db_h, dx, handed_back


def _swept(**options: Any) -> Callable[..., tuple[Array, ...]]:
    def wrong(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
        return swept(dh, x, h0, h, W_xh, W_hh, **options)

    return wrong


def _in_place(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    right = swept(dh, x, h0, h, W_xh, W_hh)
    for t in range(len(h) - 1, 0, -1):
        dh[t - 1] += (dh[t] * (1 - h[t] ** 2)) @ W_hh
    return right


def _forgot_dh0(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    return *swept(dh, x, h0, h, W_xh, W_hh)[:4], np.zeros_like(h0)


def _dh0_is_total_of_first(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    tape = rnn.Tape(x, h0, rnn.Params(W_xh, W_hh, np.zeros(len(W_hh))), h, "tanh")
    grads = rnn.backward(dh, tape)
    return *grads.params, grads.x, grads.h[0]


def _dh0_is_dz(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    *others, total = _dh0_is_total_of_first(dh, x, h0, h, W_xh, W_hh)
    return *others, total * tanh_slope(h[0])


def _forwards(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    dz, carried = np.empty_like(dh), np.zeros_like(h0)
    for t in range(len(h)):
        dz[t] = (dh[t] + carried) * tanh_slope(h[t])
        carried = dz[t] @ W_hh
    return _from_dz(dz, x, h0, h, W_xh, carried)


def _past_the_tanh(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    dz, carried = np.empty_like(dh), np.zeros_like(h0)
    for t in reversed(range(len(h))):
        total = dh[t] + carried
        dz[t], carried = total * tanh_slope(h[t]), total @ W_hh
    return _from_dz(dz, x, h0, h, W_xh, carried)


def _from_dz(dz: Array, x: Array, h0: Array, h: Array, W_xh: Array, dh0: Array):
    before = np.concatenate([h0[None], h[:-1]])
    dW_xh, dW_hh = (np.einsum("tni,tnj->ij", dz, each) for each in (x, before))
    return dW_xh, dW_hh, dz.sum(axis=(0, 1)), dz @ W_xh, dh0


def _batch_mean(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array):
    *weights, dx, dh0 = swept(dh, x, h0, h, W_xh, W_hh)
    return *(each / len(h0) for each in weights), dx, dh0


def draw_run(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    x, h0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H))
    params = rnn.Params(
        rng.normal(size=(H, D)) / np.sqrt(D),
        rng.normal(size=(H, H)) / np.sqrt(H),
        rng.normal(size=H) / 2,
    )
    h, _ = rnn.forward(x, h0, params)
    dh = rng.normal(size=(T, N, H))
    return {"dh": dh, "x": x, "h0": h0, "h": h, "W_xh": params.W_xh, "W_hh": params.W_hh}


# 3.6 The linear network


def linear_gradients(
    x: Array, target: Array, h0: Array, W_xh: Array, W_hh: Array, W_hy: Array
) -> tuple[Array, ...]:
    T, states = len(x), [h0]
    for x_t in x:
        states.append(x_t @ W_xh.T + states[-1] @ W_hh.T)
    h = np.stack(states)
    dy = 2 / T * (h[1:] @ W_hy.T - target)
    dW_xh, dW_hh, dW_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)
    carried = np.zeros_like(h0)
    for t in reversed(range(T)):
        dh_t = dy[t] @ W_hy + carried
        dW_xh += dh_t.T @ x[t]
        dW_hh += dh_t.T @ h[t]
        dW_hy += dy[t].T @ h[t + 1]
        carried = dh_t @ W_hh
    return dW_xh, dW_hh, dW_hy


def linear_by_powers(
    x: Array, target: Array, h0: Array, W_xh: Array, W_hh: Array, W_hy: Array
) -> tuple[Array, ...]:
    T, h = len(x), [h0]
    for x_t in x:
        h.append(x_t @ W_xh.T + h[-1] @ W_hh.T)
    g = 2 / T * (np.stack(h[1:]) @ W_hy.T - target)
    power = [np.linalg.matrix_power(W_hh, k) for k in range(T)]
    dh = [sum(g[t + k] @ W_hy @ power[k] for k in range(T - t)) for t in range(T)]
    dW_xh = sum(dh[t].T @ x[t] for t in range(T))
    dW_hh = sum(dh[t].T @ h[t] for t in range(T))
    return dW_xh, dW_hh, sum(g[t].T @ h[t + 1] for t in range(T))


def linear_forwards_in_time(
    x: Array, target: Array, h0: Array, W_xh: Array, W_hh: Array, W_hy: Array
) -> tuple[Array, ...]:
    (T, N, D), H = x.shape, len(W_hh)
    h, unit = h0, np.eye(H)
    by_xh, by_hh = np.zeros((N, H, H, D)), np.zeros((N, H, H, H))  # dh_i / dW_jk
    dW_xh, dW_hh, dW_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)
    for t in range(T):
        by_xh = np.einsum("il,nljk->nijk", W_hh, by_xh) + np.einsum("ij,nk->nijk", unit, x[t])
        by_hh = np.einsum("il,nljk->nijk", W_hh, by_hh) + np.einsum("ij,nk->nijk", unit, h)
        h = x[t] @ W_xh.T + h @ W_hh.T
        dy = (h @ W_hy.T - target[t]) / (T / 2)
        dW_xh += np.einsum("nq,qi,nijk->jk", dy, W_hy, by_xh)
        dW_hh += np.einsum("nq,qi,nijk->jk", dy, W_hy, by_hh)
        dW_hy += np.einsum("nq,ni->qi", dy, h)
    return dW_xh, dW_hh, dW_hy


def _linear(
    x: Array,
    target: Array,
    h0: Array,
    W_xh: Array,
    W_hh: Array,
    W_hy: Array,
    *,
    scale: Callable[[Array], float] = lambda target: 2 / len(target),
    keep: float = 1.0,
    back: Slope = lambda W: W,
    late: bool = False,
    early: bool = False,
) -> tuple[Array, ...]:
    """The gradients of the linear network; each option is one thing that people get wrong."""
    h = np.empty((len(x) + 1, *h0.shape))
    h[0] = h0
    for t, x_t in enumerate(x):
        h[t + 1] = x_t @ W_xh.T + h[t] @ W_hh.T
    g = scale(target) * (h[1:] @ W_hy.T - target)
    dh, carried = g @ W_hy, np.zeros_like(h0)
    for t in reversed(range(len(x))):
        dh[t] += keep * carried
        carried = dh[t] @ back(W_hh)
    received, read = h[1:] if late else h[:-1], h[:-1] if early else h[1:]
    pairs = (dh, x), (dh, received), (g, read)
    return tuple(np.einsum("tni,tnj->ij", a, b) for a, b in pairs)


def _with_tanh(x: Array, target: Array, h0: Array, W_xh: Array, W_hh: Array, W_hy: Array):
    h, tape = rnn.forward(x, h0, rnn.Params(W_xh, W_hh, np.zeros(len(W_hh))))
    g = 2 / len(x) * (h @ W_hy.T - target)
    grads = rnn.backward(g @ W_hy, tape)
    return grads.params.W_xh, grads.params.W_hh, np.einsum("tni,tnj->ij", g, h)


def _linear_with(**options: Any) -> Callable[..., tuple[Array, ...]]:
    def wrong(x: Array, target: Array, h0: Array, W_xh: Array, W_hh: Array, W_hy: Array):
        return _linear(x, target, h0, W_xh, W_hh, W_hy, **options)

    return wrong


def draw_linear(rng: np.random.Generator, T: int, N: int, D: int, H: int, Q: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "target": rng.normal(size=(T, N, Q)),
        "h0": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(H, D)),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "W_hy": rng.normal(size=(Q, H)),
    }


# 3.8 The carry weights of segments


def segment_carry(T: int, tau: int) -> Array:
    return truncation.every(T, tau)


def carry_by_remainder(T: int, tau: int) -> Array:
    t = np.arange(T)
    return 1.0 - ((t % tau == 0) & (t > 0))


def carry_by_slices(T: int, tau: int) -> Array:
    carry = np.ones(T)
    carry[tau::tau] = 0
    return carry


def draw_cut(rng: np.random.Generator, T: int) -> dict[str, Any]:
    return {"T": T, "tau": 3}


def cut_cases(rng: np.random.Generator) -> list[Case]:
    more = [Case({"T": T, "tau": tau}, {"T": T}) for T, tau in ((9, 3), (7, 2), (4, 1))]
    return [*every_size(draw_cut)(rng), *more]


def _zeros_at(places: Callable[[int, int], Any], length: int = 0) -> Callable[[int, int], Array]:
    def wrong(T: int, tau: int) -> Array:
        carry = np.ones(T + length)
        carry[places(T, tau)] = 0
        return carry

    return wrong


# 3.9 Training in chunks


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


CHUNKS = {1: 4, 2: 1, 3: 3, 10: 4}  # T -> K: longer than T, single steps, just T, a shorter rest


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


EXERCISES = (
    NumberExercise(
        "3.1",
        "A recursion without recursion",
        difficulty=1,
        minutes=5,
        task="With a_0 = 0, every b_t = 1 and every c_t = 0.5: what is a_4, if "
        "a_t = b_t + c_t·a_{t-1}?",
        hints=(
            "Four terms: one for every step whose b can still be felt at step 4. How often has "
            "each of them been multiplied by c?",
            "b_4 has been multiplied 0 times, b_3 once, b_2 twice, b_1 three times. Add the four.",
        ),
        right=1.875,
        mistakes=(
            Mistake("One term too many: the sum begins at i = 1. There is no b_0.", 1.9375),
            Mistake(
                "Each product has one factor too many: it begins at j = i + 1, because b_i itself "
                "is not multiplied by c_i.",
                1.4375,
            ),
            Mistake("The term b_4 outside the sum is missing: step 4 acts too.", 0.875),
            Mistake(
                "That is the value for a very long sequence. At step 4 it is not reached.", 2.0
            ),
            Mistake("That is the effect of b_1 alone, after three steps.", 0.125),
            Mistake("You stopped one step early: that is a_3.", 1.75),
            Mistake("That is the sum of the four b. What does c do to the earlier ones?", 4.0),
        ),
    ),
    NumberExercise(
        "3.2",
        "How many terms?",
        difficulty=1,
        minutes=5,
        task="T = 5 steps, a loss at every step: how many terms does dL/dW_hh have that are not "
        "bound to be zero, from a random h_0 and from h_0 = 0?",
        hints=(
            "Draw the table of the lesson: one row a loss, one column a step. Which corner is "
            "empty, and why?",
            "Loss τ has τ terms. With h_0 = 0 the whole column of step 1 vanishes: the immediate "
            "derivative there is proportional to h_0.",
        ),
        right={"random": 15, "zero": 10},
        tolerance=0.5,
        mistakes=(
            Mistake("Each loss has its own paths: it is not one term a step.", {"random": 5}),
            Mistake("A loss cannot blame a step that comes after it.", {"random": 25}),
            Mistake(
                "A loss may also blame its own step: the diagonal of the table counts.",
                {"random": 10},
            ),
            Mistake(
                "With h_0 = 0, what is the immediate derivative at step 1? `W_hh` multiplies h_0 "
                "there.",
                {"zero": 15},
            ),
            Mistake(
                "Every loss has a term of step 1, not only the first: a whole column vanishes.",
                {"zero": 14},
            ),
            Mistake(
                "How many losses have a term of step 1? The last one has, and the first one too.",
                {"zero": 11},
            ),
        ),
    ),
    CodeExercise(
        "3.3",
        "The way through many steps",
        difficulty=2,
        minutes=12,
        task="Write `jacobian_product`, which returns ∂h_T/∂h_0 of one sequence, from its states.",
        hints=(
            "For one step: which unit's slope multiplies which row of `W_hh`? Unit i of the new "
            "state has one slope, and row i holds the weights into it.",
            "J_t = (1 - h[t]**2)[:, None] * W_hh. The change of h_0 meets J_1 first, so J_1 stands "
            "rightmost: J_T ··· J_2 J_1.",
        ),
        reference=jacobian_product,
        also_right=(product_of_diagonals, product_by_rows),
        cases=every_size(draw_states),
        outputs={"product": "H H"},
        mistakes=(
            Mistake(
                "The product stands in the wrong order. What is done first must stand rightmost: "
                "the latest step comes first when you read from the left.",
                _ascending,
            ),
            Mistake(
                "The slopes scale the columns of `W_hh`: `d * W` does that. They belong to the "
                "outputs of the step, which are the rows: `d[:, None] * W`.",
                _product(lambda h, W: (1 - h**2) * W),
            ),
            Mistake(
                "The arrays were multiplied number by number. Jacobians follow each other as "
                "matrices: `@`.",
                _elementwise,
            ),
            Mistake(
                "`W_hh` is transposed. Row i of ∂h_t/∂h_{t-1} belongs to unit i of h_t.",
                _product(lambda h, W: (1 - h**2)[:, None] * W.T),
            ),
            Mistake(
                "This is the transpose of what is asked for: rows belong to h_T, columns to h_0.",
                lambda h, W: jacobian_product(h, W).T,
            ),
            Mistake(
                "One factor is missing: there are T steps from h_0 to h_T.",
                lambda h, W: jacobian_product(h[1:], W),
            ),
            Mistake(
                "Only the last step is left: what came before was overwritten.",
                lambda h, W: (1 - h[-1] ** 2)[:, None] * W,
            ),
            Mistake(
                "The Jacobians were added. One step after another is a product.",
                lambda h, W: ((1 - h**2)[:, :, None] * W).sum(axis=0),
            ),
            *(
                Mistake(text, _product(lambda h, W, slope=slope: slope(h)[:, None] * W))
                for text, slope in WRONG_SLOPES
            ),
        ),
    ),
    CodeExercise(
        "3.4",
        "One step back",
        difficulty=2,
        minutes=15,
        task="Write `step_backward`, which takes the gradient of one step's states back to its "
        "input, its old state and its weights.",
        hints=(
            "First back through the tanh: dz = dh times its slope, number by number. All five "
            "results are made from dz.",
            "A gradient has the shape of what it belongs to: dx is (N, D), so it is dz @ W_xh; "
            "dW_xh is (H, D), so it is dz.T @ x, which also adds over the sequences.",
        ),
        reference=step_backward,
        also_right=(step_by_einsum, step_unit_by_unit),
        cases=every_size(draw_step),
        outputs={"dx": "N D", "dh_prev": "N H", "dW_xh": "H D", "dW_hh": "H H", "db_h": "H"},
        mistakes=(
            *(Mistake(text, _step_with_slope(slope)) for text, slope in WRONG_SLOPES),
            Mistake(
                "The slope was taken at `h_prev`. The tanh of this step produced `h`.",
                lambda dh, x, h_prev, h, W, U: step_backward(dh, x, h_prev, h_prev, W, U),
            ),
            Mistake(
                "`dW_xh` is transposed: it must have the shape of `W_xh`, (H, D).",
                _step_changed(
                    lambda dz, x, p, h, W, U: (dz @ W, dz @ U, x.T @ dz, dz.T @ p, dz.sum(0))
                ),
            ),
            Mistake(
                "`dW_hh` is transposed. It is square, so no shape warns you: rows belong to the "
                "units that receive.",
                _step_changed(
                    lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, p.T @ dz, dz.sum(0))
                ),
            ),
            Mistake(
                "`dW_hh` uses `h`, the state that the step made. The step multiplied `W_hh` by "
                "`h_prev`.",
                _step_changed(
                    lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, dz.T @ h, dz.sum(0))
                ),
            ),
            Mistake(
                "On the way back `W_hh` stands without a transpose: forward it was `h @ W_hh.T`, "
                "and the gradient goes the other way through the same matrix.",
                _step_changed(
                    lambda dz, x, p, h, W, U: (dz @ W, dz @ U.T, dz.T @ x, dz.T @ p, dz.sum(0))
                ),
            ),
            Mistake(
                "`db_h` still has a row for every sequence. All of them share the bias: add.",
                _step_changed(lambda dz, x, p, h, W, U: (dz @ W, dz @ U, dz.T @ x, dz.T @ p, dz)),
            ),
            Mistake(
                "The gradients of the weights are averaged over the batch. Whoever made `dh` has "
                "decided on sum or mean already; here they are added.",
                _step_changed(
                    lambda dz, x, p, h, W, U: (
                        dz @ W,
                        dz @ U,
                        dz.T @ x / len(x),
                        dz.T @ p / len(x),
                        dz.mean(0),
                    )
                ),
            ),
            Mistake(
                "`dh` is changed in place. It belongs to the caller, who may still need it, for "
                "example to check your result.",
                _step_in_place,
            ),
        ),
    ),
    CodeExercise(
        "3.5",
        "Backpropagation through time",
        difficulty=3,
        minutes=25,
        task="Write `backward`, which takes the upstream gradient of all states back to the "
        "weights, the inputs and the initial state.",
        hints=(
            "Go from the last step to the first with your step of 3.4. What a step hands back is "
            "added to the upstream gradient of the step before. Weights: add up over steps.",
            "carried = zeros. For t = T-1 ... 0: dz = (dh[t] + carried) * (1 - h[t]**2); the state "
            "before is h[t-1], but h0 at t = 0; carried = dz @ W_hh. The last carried is dh0.",
        ),
        reference=backward,
        also_right=(backward_step_by_step, backward_path_by_path),
        cases=every_size(draw_run),
        outputs={"dW_xh": "H D", "dW_hh": "H H", "db_h": "H", "dx": "T N D", "dh0": "N H"},
        mistakes=(
            Mistake(
                "Nothing is carried back from step to step: each state hears only its own loss. "
                "For T = 1 this is right, which is why a check with one step proves nothing.",
                _swept(keep=0.0),
            ),
            Mistake(
                "At t = 0 the state before is `h[-1]`, which Python takes as the LAST state. It "
                "must be `h0`.",
                _swept(before=lambda h, h0: np.roll(h, 1, axis=0)),
            ),
            Mistake(
                "`dW_hh` leaves out `h0`: the first step multiplied `W_hh` by it.",
                _swept(before=lambda h, h0: np.concatenate([0 * h0[None], h[:-1]])),
            ),
            Mistake(
                "`dW_hh` pairs dz with the state of the SAME step. The step multiplied `W_hh` by "
                "the state before.",
                _swept(before=lambda h, h0: h),
            ),
            Mistake(
                "The carried gradient goes back through `W_hh.T`. Forward it was `h @ W_hh.T`, so "
                "backward it is `dz @ W_hh`.",
                _swept(back=lambda W: W.T),
            ),
            Mistake(
                "The weight gradients are assigned at every step, so only the first step is left. "
                "The same weights acted at every step: add.",
                _swept(add=lambda total, new: new),
            ),
            Mistake(
                "Only the last loss is used: the upstream gradient of the earlier steps is "
                "ignored. Each state hears its own loss too.",
                _swept(direct=lambda dh, t: dh[t] if t == len(dh) - 1 else 0 * dh[t]),
            ),
            *(Mistake(text, _swept(slope=slope)) for text, slope in WRONG_SLOPES),
            Mistake(
                "The sweep runs from the first step to the last. A state must have heard of all "
                "later losses before it hands anything back: which step can go first?",
                _forwards,
            ),
            Mistake(
                "What is handed back has not passed the tanh: it is made of dL/dh, not of dL/dz.",
                _past_the_tanh,
            ),
            Mistake(
                "`dh0` is dL/dz of the first step. Between z_1 and h_0 stands `W_hh`.",
                _dh0_is_dz,
            ),
            Mistake(
                "`dh` is changed in place. The result is right, and the numerical check that uses "
                "`dh` afterwards will call it wrong.",
                _in_place,
            ),
            Mistake(
                "`dh0` is zero. What the first step hands back is the gradient of the initial "
                "state.",
                _forgot_dh0,
            ),
            Mistake(
                "`dh0` is the gradient of the FIRST state, h_1. One more step back is needed: "
                "through the tanh and `W_hh`.",
                _dh0_is_total_of_first,
            ),
            Mistake(
                "The gradients of the weights are averaged over the batch; they are added.",
                _batch_mean,
            ),
        ),
    ),
    CodeExercise(
        "3.6",
        "The linear network",
        difficulty=2,
        minutes=15,
        task="Write `linear_gradients`: for the linear network and L = (1/T) Σ_t of the summed "
        "squared errors, the gradients of its three matrices.",
        hints=(
            "Three stages: the states; the gradient at each output, with its 2 and its 1/T; then "
            "the sweep of 3.5 without any slope.",
            "g_t = 2 (y_t - target_t) / T; dL/dh_t = g_t W_hy + dL/dh_{t+1} W_hh; the weights "
            "meet dL/dh_t with x_t and h_{t-1}, and `W_hy` meets g_t with h_t.",
        ),
        reference=linear_gradients,
        also_right=(linear_by_powers, linear_forwards_in_time),
        cases=every_size(draw_linear),
        outputs={"dW_xh": "H D", "dW_hh": "H H", "dW_hy": "Q H"},
        mistakes=(
            Mistake(
                "The 1/T of the mean is missing: all gradients are T times too large.",
                _linear_with(scale=lambda target: 2.0),
            ),
            Mistake(
                "The 2 from differentiating the square is missing.",
                _linear_with(scale=lambda target: 1 / len(target)),
            ),
            Mistake(
                "The loss was also divided by N. It is a mean over steps and a sum over sequences.",
                _linear_with(scale=lambda target: 2 / (len(target) * target.shape[1])),
            ),
            Mistake(
                "The loss was divided by T, N and Q, as a library's mean would do. Here it is a "
                "mean over steps only.",
                _linear_with(scale=lambda target: 2 / target.size),
            ),
            Mistake(
                "That is the gradient of a network with a tanh. This one has none.",
                _with_tanh,
            ),
            Mistake(
                "These are immediate derivatives: nothing comes back through h_{t+1}.",
                _linear_with(keep=0.0),
            ),
            Mistake(
                "The gradient goes back through `W_hh.T`. Who feeds whom, backwards?",
                _linear_with(back=lambda W: W.T),
            ),
            Mistake(
                "`dW_hh` uses the state of the same step; it must be the one before.",
                _linear_with(late=True),
            ),
            Mistake(
                "`dW_hy` uses the state before. The readout of step t reads h_t: it does not look "
                "back.",
                _linear_with(early=True),
            ),
        ),
    ),
    ChoiceExercise(
        "3.7",
        "How far to move",
        difficulty=1,
        minutes=5,
        task="Central differences in float64 of a smooth function of numbers around 1: which step "
        "gives the smallest error?",
        hints=(
            "Two errors pull in opposite directions: the curve bends, and the values are rounded "
            "to about 16 digits. Try the five with `gradients.finite_differences`.",
            "The bend costs about step², rounding about 1e-16 / step. Where are the two equal?",
        ),
        options={"a": "1e-1", "b": "1e-3", "c": "1e-5", "d": "1e-9", "e": "1e-12"},
        right="c",
        mistakes=(
            Mistake("Over that distance the curve bends: the error is about step².", "a"),
            Mistake("Good to six digits, but the bend still costs more than the rounding.", "b"),
            Mistake("Rounding, 1e-16 of each value, is divided by 2e-9: half the digits go.", "d"),
            Mistake("The two values agree in 12 of 16 digits: what is left is mostly noise.", "e"),
        ),
    ),
    CodeExercise(
        "3.8",
        "Where to cut",
        difficulty=1,
        minutes=6,
        task="Write `segment_carry`, which returns the carry weights of segments of `tau` steps, "
        "with the way to h_0 left open.",
        hints=(
            "`carry[t]` sits between state t and step t + 1. The first segment is steps 1 ... tau: "
            "between which state and which step does it end?",
            "Ones everywhere; zeros at t = tau, 2·tau, ... below T, and not at 0.",
        ),
        reference=segment_carry,
        also_right=(carry_by_remainder, carry_by_slices),
        cases=cut_cases,
        outputs={"carry": "T"},
        mistakes=(
            Mistake(
                "The way to the initial state is cut too: `carry[0]` belongs to h_0 and stays 1.",
                _zeros_at(lambda T, tau: slice(0, None, tau)),
            ),
            Mistake(
                "The cuts are one step early: they make a first segment of tau - 1 steps.",
                _zeros_at(lambda T, tau: slice(tau - 1, None, tau)),
            ),
            Mistake(
                "The cuts are one step late: they make a first segment of tau + 1 steps.",
                _zeros_at(lambda T, tau: slice(tau + 1, None, tau)),
            ),
            Mistake(
                "Only the first border is cut. There is one after every tau steps.",
                _zeros_at(lambda T, tau: slice(tau, tau + 1)),
            ),
            Mistake(
                "Ones and zeros are exchanged: 1 lets the gradient through.",
                lambda T, tau: 1 - segment_carry(T, tau),
            ),
            Mistake(
                "Everything after the first segment is zero. Inside every segment the gradient "
                "travels freely.",
                _zeros_at(lambda T, tau: slice(tau, None)),
            ),
            Mistake(
                "Everything before the last segment is zero. Inside every segment the gradient "
                "travels freely.",
                _zeros_at(lambda T, tau: slice(1, (T - 1) // tau * tau + 1)),
            ),
            Mistake(
                "There is one weight too many: T of them, for states 0 to T - 1.",
                _zeros_at(lambda T, tau: slice(tau, None, tau), length=1),
            ),
        ),
    ),
    CodeExercise(
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
                "Every chunk meets the upstream gradient of the first one. Cut `dh` where you cut "
                "`x`.",
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
    ),
    ChoiceExercise(
        "3.10",
        "The second time",
        difficulty=1,
        minutes=4,
        task="Training in chunks with torch stops at the second chunk: Trying to backward through "
        "the graph a second time. Which change makes it truncated backpropagation?",
        hints=(
            "What must cross the border, and what must not? Say it with the words value and graph.",
            "`detach` returns the same numbers without their history.",
        ),
        options={
            "a": "loss.backward(retain_graph=True)",
            "b": "h = torch.zeros_like(h) before each chunk",
            "c": "h = h.detach() before each chunk",
            "d": "run the forward pass inside torch.no_grad()",
            "e": "one loss.backward() after the last chunk",
        },
        right="c",
        mistakes=(
            Mistake(
                "The error goes away, and so does the truncation: every chunk walks back to the "
                "first step, over graphs that are all kept. Memory and time grow with each chunk.",
                "a",
            ),
            Mistake(
                "That cuts the gradient, and the memory with it: each chunk forgets the past. For "
                "an echo of lag 6 in chunks of 24, a quarter of the answers become guesses.",
                "b",
            ),
            Mistake("Without a graph there is no gradient at all.", "d"),
            Mistake("That is full backpropagation, and it holds the graph of the whole run.", "e"),
        ),
    ),
    NumberExercise(
        "3.11",
        "The smallest chunk",
        difficulty=2,
        minutes=6,
        task="An echo of lag 9 is trained in chunks of `K` steps, the state handed on: which "
        "is the smallest K at which some loss can reach the input that it needs?",
        hints=(
            "The last loss of a chunk has the best view. Which steps of the chunk must it see?",
            "It needs the input of 9 steps earlier in the same chunk: count both ends.",
        ),
        right=10,
        tolerance=0.4,
        mistakes=(
            Mistake(
                "Within K steps the longest lag is K - 1. With K = 9 some runs still succeed, by "
                "luck: the state handed on can hold the input just before the border. No gradient "
                "asked for it.",
                9,
            ),
            Mistake(
                "That lets half of the losses see their input. Is one loss a chunk not enough?", 18
            ),
            Mistake("With 19 steps half of the losses see it. One a chunk is enough.", 19),
            Mistake(
                "Who then tells `W_xh` about the input of 9 steps ago? Count the links between the "
                "first and the last step of a chunk.",
                8,
            ),
            Mistake(
                "The state carries the value, but nothing taught it to: with K = 1 no gradient "
                "crosses any step.",
                1,
            ),
        ),
    ),
    NumberExercise(
        "3.12",
        "The price of chance",
        difficulty=3,
        minutes=12,
        task="Randomized truncation: the variance of the weight of a path of 20 links at π = 0.9, "
        "and the value that π must exceed to keep the variance bounded when the gradient keeps "
        "0.98 of its length a step.",
        hints=(
            "The weight is a product of 20 independent ξ: it is either 0 or one other value. Which "
            "value, and how likely? For the second question: the variance of a term is the "
            "variance of its weight times its length squared.",
            "Var = E[w²] - 1 with E[w²] = π^20 · (π^-20)². The sum of π^-k · ρ^(2k) over k "
            "converges when ρ²/π < 1.",
        ),
        right={"variance": 0.9**-20 - 1, "pi": 0.98**2},
        tolerance=1e-3,
        mistakes=(
            Mistake(
                "That is the variance of one ξ. Second moments multiply along the path.",
                {"variance": 1 / 0.9 - 1},
            ),
            Mistake(
                "You added the variances of 20 links. The weights are multiplied, so the second "
                "moments are.",
                {"variance": 20 * (1 / 0.9 - 1)},
            ),
            Mistake("That is E[w²]; subtract the square of the mean.", {"variance": 0.9**-20}),
            Mistake(
                "That is the probability that a path survives. Its weight is then enlarged.",
                {"variance": 0.9**20},
            ),
            Mistake(
                "The variance of 0.98 lengths is wanted: lengths enter it squared.", {"pi": 0.98}
            ),
            Mistake(
                "You took the root of 0.98; the gradient's length is squared in a variance.",
                {"pi": 0.98**0.5},
            ),
            Mistake(
                "That is the mean length 1/(1 - π) of the segments; π itself is asked for.",
                {"pi": 1 / (1 - 0.98**2)},
            ),
        ),
    ),
    NumberExercise(
        "3.13",
        "Keep a few",
        difficulty=2,
        minutes=6,
        task="Checkpointing of T = 2,500 steps: which K holds the fewest states, and how many "
        "states are held at the most?",
        hints=(
            "Two kinds of states are held: one for every segment, and all of the segment that is "
            "being replayed.",
            "T/K + K is smallest where T/K = K.",
        ),
        right={"K": 50, "states": 100},
        tolerance=0.5,
        mistakes=(
            Mistake("Add the states inside the segment that is being replayed.", {"states": 50}),
            Mistake("That is full backpropagation: every state is held.", {"states": 2500}),
            Mistake("The product of the two is T. They are added.", {"K": 2500}),
            Mistake("A K of 1 keeps every state: nothing is saved.", {"K": 1}),
            Mistake(
                "Keeping 2 states makes two long segments, and one of them is replayed whole.",
                {"K": 1250},
            ),
        ),
    ),
)
