"""3.5 Backpropagation through time"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size
from unrolled.exercises.slopes import WRONG_SLOPES, Slope, tanh_slope


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


EXERCISE = CodeExercise(
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
            "`dh0` is zero. What the first step hands back is the gradient of the initial state.",
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
)
