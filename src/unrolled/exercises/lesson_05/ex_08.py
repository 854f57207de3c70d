"""5.8 Back through time"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.lesson_05.ex_04 import draw_sequence, forward
from unrolled.exercises.lesson_05.ex_07 import cell_backward, celled
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


def backward(
    dh: Array,
    dc_T: Array,
    x: Array,
    h0: Array,
    c0: Array,
    h: Array,
    c: Array,
    gates: Array,
    W_xh: Array,
    W_hh: Array,
) -> Arrays:
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(len(W_hh))
    dx, carried, dc = np.empty_like(x), np.zeros_like(h0), dc_T
    for t in reversed(range(len(x))):
        h_prev, c_prev = (h[t - 1], c[t - 1]) if t > 0 else (h0, c0)
        i, f, o, g = np.split(gates[t], 4, axis=1)
        dc, *blocks = cell_backward(dh[t] + carried, dc, i, f, o, g, c_prev, c[t])
        dz = np.concatenate(blocks, axis=1)
        dW_xh += dz.T @ x[t]
        dW_hh += dz.T @ h_prev
        db_h += dz.sum(axis=0)
        dx[t] = dz @ W_xh
        carried = dz @ W_hh
    return dW_xh, dW_hh, db_h, dx, carried, dc


def backward_all_products_last(
    dh: Array,
    dc_T: Array,
    x: Array,
    h0: Array,
    c0: Array,
    h: Array,
    c: Array,
    gates: Array,
    W_xh: Array,
    W_hh: Array,
) -> Arrays:
    T, N, H = h.shape
    states, cells = np.concatenate([h0[None], h]), np.concatenate([c0[None], c])
    i, f, o, g = gates.reshape(T, N, 4, H).transpose(2, 0, 1, 3)
    dz, dh_t, dc_t = np.empty((T, N, 4, H)), np.zeros((N, H)), dc_T
    for t in range(T - 1, -1, -1):
        dh_t = dh_t + dh[t]
        dc_t = dc_t + dh_t * o[t] / np.cosh(c[t]) ** 2
        dz[t, :, 0], dz[t, :, 1] = dc_t * g[t], dc_t * cells[t]
        dz[t, :, 2], dz[t, :, 3] = dh_t * np.tanh(c[t]), dc_t * i[t]
        dz[t, :, :3] *= (gates[t] * (1 - gates[t])).reshape(N, 4, H)[:, :3]
        dz[t, :, 3] *= 1 - g[t] ** 2
        dh_t, dc_t = dz[t].reshape(N, -1) @ W_hh, dc_t * f[t]
    dz = dz.reshape(T * N, 4 * H)
    dW_xh, dW_hh = dz.T @ x.reshape(T * N, -1), dz.T @ states[:-1].reshape(T * N, H)
    return dW_xh, dW_hh, dz.sum(axis=0), (dz @ W_xh).reshape(x.shape), dh_t, dc_t


def backward_one_by_one(
    dh: Array,
    dc_T: Array,
    x: Array,
    h0: Array,
    c0: Array,
    h: Array,
    c: Array,
    gates: Array,
    W_xh: Array,
    W_hh: Array,
) -> Arrays:
    T, N, H = h.shape
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H)
    dx, dh0, dc0 = np.empty_like(x), np.empty_like(h0), np.empty_like(c0)
    for n in range(N):
        carried, dc = np.zeros(H), dc_T[n]
        for t in range(T, 0, -1):
            i, f, o, g = gates[t - 1, n].reshape(4, H)
            h_prev, c_prev = (h0[n], c0[n]) if t == 1 else (h[t - 2, n], c[t - 2, n])
            tanh_c, dh_t = np.tanh(c[t - 1, n]), dh[t - 1, n] + carried
            dc = dc + dh_t * o * (1 - tanh_c**2)
            into = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f)]
            dz = np.hstack([*into, dh_t * tanh_c * o * (1 - o), dc * i * (1 - g**2)])
            dW_xh, dW_hh, db_h = (
                dW_xh + np.outer(dz, x[t - 1, n]),
                dW_hh + np.outer(dz, h_prev),
                db_h + dz,
            )
            dx[t - 1, n], carried, dc = W_xh.T @ dz, W_hh.T @ dz, dc * f
        dh0[n], dc0[n] = carried, dc
    return dW_xh, dW_hh, db_h, dx, dh0, dc0


def earlier(s: Array, s0: Array) -> Array:
    """What each step received of a state."""
    return np.concatenate([s0[None], s[:-1]])


def swept(
    dh: Array,
    dc_T: Array,
    x: Array,
    h0: Array,
    c0: Array,
    h: Array,
    c: Array,
    gates: Array,
    W_xh: Array,
    W_hh: Array,
    *,
    keep_h: float = 1.0,
    keep_c: float = 1.0,
    start: Callable[[Array], Array] = lambda dc_T: dc_T,
    more: Callable[[Array, int], Array | float] = lambda dc_T, t: 0.0,
    direct: Callable[[Array, int], Array] = lambda dh, t: dh[t],
    before: Callable[[Array, Array], Array] = earlier,
    cells: Callable[[Array, Array], Array] = earlier,
    add: Callable[[Array, Array], Array] = lambda total, new: total + new,
    order: str = "ifog",
    read: str = "ifog",
    overwritten: bool = False,
    late_f: bool = False,
    pile_h: float = 0.0,
    pile_c: float = 0.0,
    backwards: bool = True,
    dc0_is_total: bool = False,
    **options: Any,
) -> Arrays:
    """The sweep as a plain loop; each option is one thing that people get wrong."""
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(len(W_hh))
    dx, h_before, c_before = np.empty_like(x), before(h, h0), cells(c, c0)
    carried, dc = np.zeros_like(h0), start(dc_T)
    for t in range(len(x))[:: -1 if backwards else 1]:
        named = dict(zip(read, gates[t].reshape(len(h0), 4, -1).swapaxes(0, 1), strict=True))
        i, f, o, g = (named[k] for k in "ifog")
        came = dc + more(dc_T, t)
        came = came * f if late_f else came
        dh_t = direct(dh, t) + keep_h * carried
        handed, *blocks = celled(dh_t, came, i, f, o, g, c_before[t], c[t], **options)
        blocks = dict(zip("ifog", blocks, strict=True))
        dz = np.concatenate([blocks[k] for k in order], axis=1)
        dW_xh = add(dW_xh, dz.T @ x[t])
        dW_hh = add(dW_hh, dz.T @ h_before[t])
        db_h = add(db_h, dz.sum(axis=0))
        dx[t] = dz @ W_xh
        carried = dz @ W_hh + pile_h * carried
        if overwritten:
            handed = f * (came + carried * o * (1 - np.tanh(c[t]) ** 2))
        if late_f:
            handed = came + dh_t * o * (1 - np.tanh(c[t]) ** 2)
        handed = handed + pile_c * came
        dc = keep_c * handed
    first = handed / f if dc0_is_total else handed
    return dW_xh, dW_hh, db_h, dx, carried, first


def _swept(
    finish: Callable[..., Arrays] = lambda out, dh, dc_T, h0: out, **options: Any
) -> Callable[..., Arrays]:
    def wrong(*given: Array) -> Arrays:
        dh, dc_T, _, h0, *_ = given
        return finish(swept(*given, **options), dh, dc_T, h0)

    return wrong


def _added_in_place(out: Arrays, dh: Array, dc_T: Array, h0: Array) -> Arrays:
    dh[:-1] += 1.0  # with one step there is nothing to add
    return out


def _gates_squashed_again(*given: Array) -> Arrays:
    *before, gates, W_xh, W_hh = given
    *three, g = np.split(gates, 4, axis=2)
    again = np.concatenate([*map(sigmoid, three), np.tanh(g)], axis=2)
    return backward(*before, again, W_xh, W_hh)


def draw_run(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    given = draw_sequence(rng, T, N, D, H)
    x, h0, c0, W_xh, W_hh, b_h = given.values()
    h, c = forward(**given)
    z = x @ W_xh.T + earlier(h, h0) @ W_hh.T + b_h
    gates = np.concatenate([sigmoid(z[..., : 3 * H]), np.tanh(z[..., 3 * H :])], axis=-1)
    return {
        "dh": rng.normal(size=(T, N, H)),
        "dc_T": rng.normal(size=(N, H)),
        "x": x,
        "h0": h0,
        "c0": c0,
        "h": h,
        "c": c,
        "gates": gates,
        "W_xh": W_xh,
        "W_hh": W_hh,
    }


EXERCISE = CodeExercise(
    "5.8",
    "Back through time",
    difficulty=3,
    minutes=25,
    task="Write `backward`, which takes the upstream gradient of all h_t and of c_T back to "
    "the weights, the inputs and both initial states.",
    hints=(
        "The sweep of exercise 3.5 with two things carried instead of one: what h_{t-1} hears "
        "through the four gates, and what c_{t-1} hears along the cell. `dc_T` enters once.",
        "carried, dc = zeros, dc_T. For t = T-1 ... 0: dc, *blocks = cell_backward(dh[t] + "
        "carried, dc, ...); dz = the four blocks side by side, i, f, o, g; dW_hh += dz.T @ "
        "h_prev; carried = dz @ W_hh. What is carried at the end is dh0, and dc is dc0.",
    ),
    reference=backward,
    also_right=(backward_all_products_last, backward_one_by_one),
    cases=every_size(draw_run),
    outputs={
        "dW_xh": "4H D",
        "dW_hh": "4H H",
        "db_h": "4H",
        "dx": "T N D",
        "dh0": "N H",
        "dc0": "N H",
    },
    mistakes=(
        Mistake(
            "The gradient of h is overwritten before the cell has used it: `dc` of the step "
            "before is made with the gradient of h_{t-1} in place of h_t. A published tutorial "
            "had this for years. Compute `dc` first, or give the two different names.",
            _swept(overwritten=True),
        ),
        Mistake(
            "`dc` is not multiplied by f on its way to the step before.",
            _swept(back=lambda total, dc, f, i: total),
        ),
        Mistake(
            "`dc` is multiplied by the forget gate of the wrong step: c_t is multiplied by "
            "f_{t+1}, on its way into c_{t+1}.",
            _swept(late_f=True),
        ),
        Mistake(
            "`dc` lacks the way through h: at every step, what h_t hears must be passed on to "
            "c_t too.",
            _swept(total=lambda dh, dc, o, c: dc),
        ),
        Mistake(
            "Only the incoming `dc` times f is handed on. What reached c_t by way of h_t goes "
            "on to c_{t-1} too.",
            _swept(back=lambda total, dc, f, i: dc * f),
        ),
        Mistake(
            "Nothing is carried along the cell: each step starts with `dc` of zero.",
            _swept(keep_c=0.0),
        ),
        Mistake(
            "Nothing is carried through h: only the cell hands back. The four gates of step "
            "t + 1 read h_t.",
            _swept(keep_h=0.0),
        ),
        Mistake(
            "Nothing is carried from step to step, neither by h nor by c. For T = 1 this is "
            "right, which is why a check with one step proves nothing.",
            _swept(keep_h=0.0, keep_c=0.0),
        ),
        Mistake(
            "`dc_T` is not used: the last cell has a gradient of its own.",
            _swept(start=lambda dc_T: 0 * dc_T),
        ),
        Mistake(
            "`dc_T` is added at every step. It belongs to the last cell alone.",
            _swept(start=lambda dc_T: 0 * dc_T, more=lambda dc_T, t: dc_T),
        ),
        Mistake(
            "At t = 0 the states before are `h[-1]` and `c[-1]`, which Python takes as the "
            "LAST ones. They must be `h0` and `c0`.",
            _swept(
                before=lambda s, s0: np.roll(s, 1, axis=0),
                cells=lambda s, s0: np.roll(s, 1, axis=0),
            ),
        ),
        Mistake(
            "At t = 0 the state before is `h[-1]`, which Python takes as the LAST. It must be "
            "`h0`.",
            _swept(before=lambda s, s0: np.roll(s, 1, axis=0)),
        ),
        Mistake(
            "At t = 0 the cell before is `c[-1]`, which Python takes as the LAST. It must be `c0`.",
            _swept(cells=lambda s, s0: np.roll(s, 1, axis=0)),
        ),
        Mistake(
            "`dW_hh` pairs dz with the h of the SAME step. The gates read the h before.",
            _swept(before=lambda s, s0: s),
        ),
        Mistake(
            "The forget gate is given the cell of the SAME step. It multiplied the cell before.",
            _swept(cells=lambda s, s0: s),
        ),
        Mistake(
            "`dW_hh` leaves out `h0`: the first gates read it.",
            _swept(before=lambda s, s0: np.concatenate([0 * s0[None], s[:-1]])),
        ),
        Mistake(
            "The forget gate of step 1 is told nothing: `c0` is left out.",
            _swept(cells=lambda s, s0: np.concatenate([0 * s0[None], s[:-1]])),
        ),
        Mistake(
            "The gradients of the weights are overwritten at each step, so only those of step "
            "1 are left. The same weights acted at every step: add.",
            _swept(add=lambda total, new: new),
        ),
        Mistake(
            "The loop walks from the first step to the last. The gradient of a step needs what "
            "the steps AFTER it hand back.",
            _swept(backwards=False),
        ),
        Mistake(
            "What is carried through h piles up: at each step it should be replaced by what "
            "this step hands back, not added to.",
            _swept(pile_h=1.0),
        ),
        Mistake(
            "`dc` piles up: what came in is in the total already. At each step it is replaced "
            "by the total times f.",
            _swept(pile_c=1.0),
        ),
        Mistake(
            "`dh` is not used: each h_t also has the upstream gradient of its own loss.",
            _swept(direct=lambda dh, t: 0 * dh[t]),
        ),
        Mistake(
            "Only the last upstream gradient is used. Each h_t hears its own loss too.",
            _swept(direct=lambda dh, t: dh[t] if t == len(dh) - 1 else 0 * dh[t]),
        ),
        Mistake(
            "dz is put together in torch's order, i, f, g, o. The rows of `W_xh` and `W_hh` "
            "are i, f, o, g.",
            _swept(order="ifgo"),
        ),
        Mistake(
            "`gates` is read in torch's order, i, f, g, o. Here its blocks are i, f, o, g.",
            _swept(read="ifgo", order="ifgo"),
        ),
        Mistake(
            "The tanh at the output is missing on the way back: h shows tanh(c).",
            _swept(total=lambda dh, dc, o, c: dc + dh * o, shown=lambda c: c),
        ),
        Mistake(
            "The slope of the sigmoid is missing in the three gates.",
            _swept(gate=np.ones_like),
        ),
        Mistake(
            "The blocks of `gates` went through sigmoid and tanh once more. They stand there "
            "after theirs.",
            _gates_squashed_again,
        ),
        Mistake(
            "The slope of the candidate takes the tanh again; `gates` holds g after its tanh.",
            _swept(candidate=lambda g: 1 - np.tanh(g) ** 2),
        ),
        Mistake(
            "`dh` is changed in place. The result is right, and the numerical check that uses "
            "`dh` afterwards will call it wrong.",
            _swept(_added_in_place),
        ),
        Mistake(
            "`dh0` is zero. What the first step hands back through its gates is the gradient "
            "of h_0.",
            _swept(lambda out, dh, dc_T, h0: (*out[:4], 0 * h0, out[5])),
        ),
        Mistake(
            "`dc0` is zero. What the first step hands back along the cell is the gradient of c_0.",
            _swept(lambda out, dh, dc_T, h0: (*out[:5], 0 * h0)),
        ),
        Mistake(
            "`dh0` has the upstream gradient of h_1 added to it. h_0 has no loss of its own: "
            "the carried part is all of it.",
            _swept(lambda out, dh, dc_T, h0: (*out[:4], out[4] + dh[0], out[5])),
        ),
        Mistake(
            "The gradients of `W_xh` and `W_hh` are exchanged.",
            _swept(lambda out, dh, dc_T, h0: (out[1], out[0], *out[2:])),
        ),
        Mistake(
            "`dc0` is the gradient of the FIRST cell, c_1. One more step back is needed: "
            "through f_1.",
            _swept(dc0_is_total=True),
        ),
        Mistake(
            "`dh0` and `dc0` are exchanged.",
            _swept(lambda out, dh, dc_T, h0: (*out[:4], out[5], out[4])),
        ),
        Mistake(
            "The gradients of the weights are averaged over the batch; they are added.",
            _swept(lambda out, dh, dc_T, h0: (*(e / len(h0) for e in out[:3]), *out[3:])),
        ),
    ),
)
