"""3.6 The linear network"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import Slope


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


EXERCISE = CodeExercise(
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
)
