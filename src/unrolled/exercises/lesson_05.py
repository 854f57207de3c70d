"""Exercises of lesson 5, LSTM: the cell, its way back, its highway, and torch's order of gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.model import (
    ChoiceExercise,
    CodeExercise,
    Mistake,
    NumberExercise,
    Property,
    PropertyExercise,
    every_size,
)

Array = np.ndarray
Arrays = tuple[Array, ...]


# 5.3 One step


def lstm_step(
    x: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    H = h_prev.shape[1]
    z = x @ W_xh.T + h_prev @ W_hh.T + b_h
    i, f, o = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H]), sigmoid(z[:, 2 * H : 3 * H])
    g = np.tanh(z[:, 3 * H :])
    c = f * c_prev + i * g
    return o * np.tanh(c), c


def step_gate_by_gate(
    x: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    blocks = zip(*(np.split(each, 4) for each in (W_xh, W_hh, b_h)), strict=True)
    i, f, o, g = (x @ W.T + h_prev @ U.T + b for W, U, b in blocks)
    i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
    c = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c), c


def step_by_einsum(
    x: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    N, H = h_prev.shape
    both, W = np.concatenate([h_prev, x], axis=1), np.concatenate([W_hh, W_xh], axis=1)
    i, f, o, g = (np.einsum("nk,ak->na", both, W) + b_h).reshape(N, 4, H).swapaxes(0, 1)
    half = [0.5 * (1 + np.tanh(gate / 2)) for gate in (i, f, o)]
    c = half[1] * c_prev + half[0] * np.tanh(g)
    return half[2] * np.tanh(c), c


def stepped(
    x: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    *,
    order: str = "ifog",
    gate: Callable[[Array], Array] = sigmoid,
    squash: Callable[[Array], Array] = np.tanh,
    cell: Callable[..., Array] = lambda i, f, g, c: f * c + i * g,
    show: Callable[..., Array] = lambda o, c, old: o * np.tanh(c),
) -> Arrays:
    """One step; each option is one thing that people get wrong."""
    z = np.split(x @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    named = dict(zip(order, z, strict=True))
    i, f, o, g = (gate(named[k]) if k != "g" else squash(named[k]) for k in "ifog")
    c = cell(i, f, g, c_prev)
    return show(o, c, c_prev), c


def _stepped(**options: Any) -> Callable[..., Arrays]:
    def wrong(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
        return stepped(x, h_prev, c_prev, W, U, b, **options)

    return wrong


def _no_bias(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(x, h_prev, c_prev, W, U, 0 * b)


def _bias_twice(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(x, h_prev, c_prev, W, U, 2 * b)


def _reads_cell(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(x, c_prev, c_prev, W, U, b)


def _inputs_only(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(x, 0 * h_prev, c_prev, W, U, b)


def _state_only(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(0 * x, h_prev, c_prev, W, U, b)


def _keeps_h(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return stepped(x, h_prev, c_prev, W, U, b, cell=lambda i, f, g, c: f * h_prev + i * g)


def _by_units(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    rows = np.arange(len(b)).reshape(-1, 4).T.ravel()
    return stepped(x, h_prev, c_prev, W[rows], U[rows], b[rows])


def _squashed_result(
    x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array
) -> Arrays:
    h, c = stepped(x, h_prev, c_prev, W, U, b)
    return h, np.tanh(c)


def _tanh_output_gate(
    x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array
) -> Arrays:
    _, c = stepped(x, h_prev, c_prev, W, U, b)
    z = np.split(x @ W.T + h_prev @ U.T + b, 4, axis=1)
    return np.tanh(z[2]) * np.tanh(c), c


def _cell_first(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    return lstm_step(x, h_prev, c_prev, W, U, b)[::-1]


def _cell_in_place(x: Array, h_prev: Array, c_prev: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = lstm_step(x, h_prev, c_prev, W, U, b)
    c_prev[:] = c
    return h, c


def draw_step(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(N, D)),
        "h_prev": np.tanh(rng.normal(size=(N, H))),
        "c_prev": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(4 * H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(4 * H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=4 * H) / 2,
    }


# 5.4 The forward pass


def forward(x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    h, c = np.empty((len(x), *h0.shape)), np.empty((len(x), *c0.shape))
    h_t, c_t = h0, c0
    for t, x_t in enumerate(x):
        h_t, c_t = lstm_step(x_t, h_t, c_t, W_xh, W_hh, b_h)
        h[t], c[t] = h_t, c_t
    return h, c


def forward_with_lists(
    x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    from_input, h, c = x @ W_xh.T + b_h, [h0], [c0]
    for z in from_input:
        i, f, o, g = np.split(z + h[-1] @ W_hh.T, 4, axis=-1)
        c.append(sigmoid(f) * c[-1] + sigmoid(i) * np.tanh(g))
        h.append(sigmoid(o) * np.tanh(c[-1]))
    return np.stack(h[1:]), np.stack(c[1:])


def forward_unit_by_unit(
    x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Arrays:
    (N, H), T = h0.shape, len(x)
    h, c = np.empty((T, N, H)), np.empty((T, N, H))
    for t in range(T):
        for n in range(N):
            h_prev, c_prev = (h[t - 1, n], c[t - 1, n]) if t else (h0[n], c0[n])
            for j in range(H):
                rows = [j, H + j, 2 * H + j, 3 * H + j]
                z = [W_xh[r] @ x[t, n] + W_hh[r] @ h_prev + b_h[r] for r in rows]
                i, f, o = (1 / (1 + np.exp(-each)) for each in z[:3])
                c[t, n, j] = f * c_prev[j] + i * np.tanh(z[3])
                h[t, n, j] = o * np.tanh(c[t, n, j])
    return h, c


def _run(
    hand_on: Callable[..., Arrays] = lambda h, c, h0, c0: (h, c),
    begin: Callable[..., Arrays] = lambda h0, c0: (h0, c0),
    read: Callable[[Array, int], Array] = lambda x, t: x[t],
    **options: Any,
) -> Callable[..., Arrays]:
    """A forward pass that hands on, begins or reads in a wrong way, or steps in a wrong way."""

    def wrong(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
        hs, cs, (h, c) = [], [], begin(h0, c0)
        for t in range(len(x)):
            h, c = stepped(read(x, t), h, c, W, U, b, **options)
            hs.append(h)
            cs.append(c)
            h, c = hand_on(h, c, h0, c0)
        return np.stack(hs), np.stack(cs)

    return wrong


def _states_before(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return np.concatenate([h0[None], h[:-1]]), np.concatenate([c0[None], c[:-1]])


def _backwards(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x[::-1], h0, c0, W, U, b)
    return h[::-1], c[::-1]


def _exchanged(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    return forward(x, h0, c0, W, U, b)[::-1]


def _one_array(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    _, c = forward(x, h0, c0, W, U, b)
    return c, c


def _first_left_out(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x[1:], 0 * h0, 0 * c0, W, U, b)
    return np.concatenate([0 * h0[None], h]), np.concatenate([0 * c0[None], c])


def _last_only(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return h[-1], c[-1]


def _last_cell(x: Array, h0: Array, c0: Array, W: Array, U: Array, b: Array) -> Arrays:
    h, c = forward(x, h0, c0, W, U, b)
    return h, c[-1]


def draw_sequence(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, D)),
        "h0": np.tanh(rng.normal(size=(N, H))),
        "c0": rng.normal(size=(N, H)),
        "W_xh": rng.normal(size=(4 * H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(4 * H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=4 * H) / 2,
    }


# 5.7 One cell, backwards


def cell_backward(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    shown = np.tanh(c)
    total = dc + dh * o * (1 - shown**2)
    dz_i = total * g * i * (1 - i)
    dz_f = total * c_prev * f * (1 - f)
    dz_o = dh * shown * o * (1 - o)
    dz_g = total * i * (1 - g**2)
    return total * f, dz_i, dz_f, dz_o, dz_g


def cell_with_h(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    h = o * np.tanh(c)
    total = dc + dh * (o - h * h / o)
    gate = [total * g * i, total * c_prev * f, dh * h]
    written, kept, seen = (each - each * s for each, s in zip(gate, (i, f, o), strict=True))
    return f * total, written, kept, seen, total * i - total * i * g * g


def cell_number_by_number(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    results = np.empty((5, *c.shape))
    for at in np.ndindex(*c.shape):
        total = dc[at] + dh[at] * o[at] / np.cosh(c[at]) ** 2
        results[(0, *at)] = f[at] * total
        results[(1, *at)] = (i[at] - i[at] ** 2) * g[at] * total
        results[(2, *at)] = (f[at] - f[at] ** 2) * c_prev[at] * total
        results[(3, *at)] = (o[at] - o[at] ** 2) * np.tanh(c[at]) * dh[at]
        results[(4, *at)] = (1 - g[at]) * (1 + g[at]) * i[at] * total
    return tuple(results)


def celled(
    dh: Array,
    dc: Array,
    i: Array,
    f: Array,
    o: Array,
    g: Array,
    c_prev: Array,
    c: Array,
    *,
    total: Callable[..., Array] = lambda dh, dc, o, c: dc + dh * o * (1 - np.tanh(c) ** 2),
    shown: Callable[[Array], Array] = np.tanh,
    gate: Callable[[Array], Array] = lambda s: s * (1 - s),
    candidate: Callable[[Array], Array] = lambda g: 1 - g**2,
    old: Callable[..., Array] = lambda c_prev, c: c_prev,
    back: Callable[..., Array] = lambda total, dc, f, i: total * f,
    writes: Callable[..., Array] = lambda i, g: i,
    written: Callable[..., Array] = lambda i, g: g,
    bare: str = "",
) -> Arrays:
    """The way back through one cell; each option is one thing that people get wrong."""
    all_ways = total(dh, dc, o, c)
    return (
        back(all_ways, dc, f, i),
        all_ways * written(i, g) * (1 if "i" in bare else gate(i)),
        all_ways * old(c_prev, c) * (1 if "f" in bare else gate(f)),
        dh * shown(c) * (1 if "o" in bare else gate(o)),
        all_ways * writes(i, g) * candidate(g),
    )


def _celled(**options: Any) -> Callable[..., Arrays]:
    def wrong(
        dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
    ) -> Arrays:
        return celled(dh, dc, i, f, o, g, c_prev, c, **options)

    return wrong


def _cell_in_order(*order: int) -> Callable[..., Arrays]:
    def wrong(
        dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
    ) -> Arrays:
        right = cell_backward(dh, dc, i, f, o, g, c_prev, c)
        return tuple(right[k] for k in order)

    return wrong


def _shown_from_total(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    back, dz_i, dz_f, _, dz_g = cell_backward(dh, dc, i, f, o, g, c_prev, c)
    total = dc + dh * o * (1 - np.tanh(c) ** 2)
    return back, dz_i, dz_f, total * np.tanh(c) * o * (1 - o), dz_g


def _shown_from_h(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    back, dz_i, dz_f, dz_o, dz_g = cell_backward(dh, dc, i, f, o, g, c_prev, c)
    return back, dz_i, dz_f, dz_o * o, dz_g


def _old_cell_shown(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    total = dc + dh * o * (1 - np.tanh(c_prev) ** 2)
    return celled(dh, dc, i, f, o, g, c_prev, c, total=lambda *_: total)


def _old_cell_in_o(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    return celled(dh, dc, i, f, o, g, c_prev, c, shown=lambda c: np.tanh(c_prev))


def _cell_dc_times_f(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    return celled(dh, dc * f, i, f, o, g, c_prev, c)


def _cell_dc_in_place(
    dh: Array, dc: Array, i: Array, f: Array, o: Array, g: Array, c_prev: Array, c: Array
) -> Arrays:
    right = cell_backward(dh, dc, i, f, o, g, c_prev, c)
    dc += dh * o * (1 - np.tanh(c) ** 2)
    return right


def draw_cell(rng: np.random.Generator, N: int, H: int) -> dict[str, Any]:
    i, f, o = (sigmoid(rng.normal(size=(N, H))) for _ in "ifo")
    g, c_prev = np.tanh(rng.normal(size=(N, H))), rng.normal(size=(N, H))
    dh, dc = rng.normal(size=(N, H)), rng.normal(size=(N, H))
    c = f * c_prev + i * g
    return {"dh": dh, "dc": dc, "i": i, "f": f, "o": o, "g": g, "c_prev": c_prev, "c": c}


# 5.8 Backpropagation through time


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
    before: Callable[[Array, Array], Array] = lambda s, s0: np.concatenate([s0[None], s[:-1]]),
    cells: Callable[[Array, Array], Array] = lambda s, s0: np.concatenate([s0[None], s[:-1]]),
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
    def wrong(
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
        out = swept(dh, dc_T, x, h0, c0, h, c, gates, W_xh, W_hh, **options)
        return finish(out, dh, dc_T, h0)

    return wrong


def _added_in_place(out: Arrays, dh: Array, dc_T: Array, h0: Array) -> Arrays:
    dh[:-1] += 1.0  # with one step there is nothing to add
    return out


def _gates_squashed_again(
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
    *three, g = np.split(gates, 4, axis=2)
    again = np.concatenate([*map(sigmoid, three), np.tanh(g)], axis=2)
    return backward(dh, dc_T, x, h0, c0, h, c, again, W_xh, W_hh)


def draw_run(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    given = draw_sequence(rng, T, N, D, H)
    x, h0, c0, W_xh, W_hh, b_h = given.values()
    h, c = forward(**given)
    z = x @ W_xh.T + np.concatenate([h0[None], h[:-1]]) @ W_hh.T + b_h
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


# 5.9 The direct path


def direct_path(f: Array) -> Array:
    return np.stack([np.prod(f[t:], axis=0) for t in range(len(f))])


def path_from_the_end(f: Array) -> Array:
    path, product = np.empty_like(f), 1.0
    for t in reversed(range(len(f))):
        product = product * f[t]
        path[t] = product
    return path


def path_by_logarithms(f: Array) -> Array:
    return np.exp(np.cumsum(np.log(f)[::-1], axis=0)[::-1])


def draw_forget(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {"f": sigmoid(1 + rng.normal(size=(T, N, H)))}


def _later(f: Array) -> Array:
    return np.concatenate([direct_path(f)[1:], np.ones_like(f[:1])])


def _mean_power(f: Array) -> Array:
    steps = np.arange(len(f), 0, -1)[:, None, None]
    return f.mean(axis=0) ** steps


# 5.11 torch's order of gates


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


# 5.12 The forget bias in torch


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


# 5.13 Odd or even

SHAPES = {"W_xh": (4, 1), "W_hh": (4, 1), "b_h": (4,)}


def lstm_of_one_unit(answer: Any) -> Arrays:
    """The three arrays of an LSTM with one input and one unit."""
    try:
        if any(np.asarray(part).dtype.kind in "cSU" for part in answer):
            raise TypeError
        parts = tuple(np.asarray(part, dtype=float) for part in answer)
    except (TypeError, ValueError):
        raise ValueError("Three arrays of numbers are expected: W_xh, W_hh, b_h.") from None
    if len(parts) != len(SHAPES):
        raise ValueError(f"Three arrays are expected, W_xh, W_hh and b_h, not {len(parts)}.")
    for (name, shape), part in zip(SHAPES.items(), parts, strict=True):
        if part.shape != shape:
            raise ValueError(f"`{name}` has shape {part.shape}; asked for is {shape}.")
        if not np.isfinite(part).all():
            raise ValueError(f"`{name}` contains NaN or infinity.")
    return parts


def shown(params: Arrays, ones: str) -> Array:
    """h after every step of a sequence such as "1001", from a state of zero."""
    x = np.array(list(ones), dtype=float)[:, None, None]
    return forward(x, np.zeros((1, 1)), np.zeros((1, 1)), *params)[0][:, 0, 0]


def tells(params: Arrays, ones: str) -> bool:
    """Whether h is above 0.5 while the number of ones is odd, and below -0.5 while it is even."""
    counts = np.cumsum(np.array(list(ones), dtype=int))
    h = shown(params, ones)[counts > 0]
    odd = counts[counts > 0] % 2 == 1
    return bool(np.where(odd, h > 0.5, h < -0.5).all())


def _moves_on_zero(params: Arrays) -> bool:
    return bool(np.abs(shown(params, "0" * 20)).max() > 0.1)


def random_ones() -> str:
    rng = np.random.default_rng(5)
    return "".join(rng.choice(["1", "0", "1" * 5, "0" * 100], size=60))


def parity(
    write: tuple[float, float] = (20, -10),
    keep: tuple[float, float] = (-20, 10),
    show: tuple[float, float] = (0, 10),
    candidate: tuple[float, float] = (-10, 3),
    keep_hears: float = 0,
) -> Arrays:
    """Gates that answer to the input, as (weight, bias); a candidate that opposes h."""
    W_xh = np.array([write[0], keep[0], show[0], 0], dtype=float)
    W_hh = np.array([0, keep_hears, 0, candidate[0]], dtype=float)
    b_h = np.array([write[1], keep[1], show[1], candidate[1]], dtype=float)
    return W_xh[:, None], W_hh[:, None], b_h


LAYER_1 = 4 * (64 * 8 + 64 * 64 + 2 * 64)
LAYER_2 = 4 * (64 * 64 + 64 * 64 + 2 * 64)
HALF_AFTER_100 = 0.5 ** (1 / 100)
B_HALF = float(np.log(HALF_AFTER_100 / (1 - HALF_AFTER_100)))
F_1 = float(1 / (1 + np.exp(-1)))


EXERCISES = (
    NumberExercise(
        "5.1",
        "How many numbers does it learn?",
        difficulty=1,
        minutes=5,
        task="How many parameters does torch's `nn.LSTM(8, 64, num_layers=2)` have?",
        hints=(
            "One gate is a small recurrent layer of its own: what does it read, and how many units "
            "does it have? Count the gates, and the bias vectors that torch gives each. Then: what "
            "does the second layer read?",
            "A layer has 4·(H·D + H·H + 2·H) parameters. For the second one D is 64: it reads the "
            "hidden states of the first.",
        ),
        right=LAYER_1 + LAYER_2,
        tolerance=0.5,
        mistakes=(
            Mistake("That is the first layer alone.", LAYER_1),
            Mistake(
                "The second layer was counted like the first. It does not read the 8 inputs: what "
                "arrives there?",
                2 * LAYER_1,
            ),
            Mistake("That is the second layer alone.", LAYER_2),
            Mistake(
                "That is one of four blocks. How many different things does a cell compute from "
                "x_t and h_{t-1}?",
                (LAYER_1 + LAYER_2) // 4,
            ),
            Mistake(
                "The equations have one bias vector. torch keeps two of them and adds them up.",
                LAYER_1 + LAYER_2 - 2 * 4 * 64,
            ),
            Mistake("The biases are missing.", LAYER_1 + LAYER_2 - 4 * 4 * 64),
            Mistake(
                "Three blocks a layer: that is a GRU, or the candidate was not counted. It has "
                "weights of its own, like each gate.",
                (LAYER_1 + LAYER_2) // 4 * 3,
            ),
            Mistake(
                "Five blocks a layer. i, f, o and g are computed from x_t and h_{t-1}; c is made "
                "of them, and has no weights.",
                (LAYER_1 + LAYER_2) // 4 * 5,
            ),
            Mistake(
                "The second layer was given no weights from below: it reads the first layer's "
                "states as its inputs.",
                LAYER_1 + LAYER_2 - 4 * 64 * 64,
            ),
            Mistake(
                "The second layer was made to read the inputs too. It sees the first layer alone.",
                LAYER_1 + LAYER_2 + 4 * 64 * 8,
            ),
        ),
    ),
    ChoiceExercise(
        "5.2",
        "Four settings of two gates",
        difficulty=1,
        minutes=4,
        task="Which setting of f and i, the same in all units, keeps the cell as it was, replaces "
        "it by the candidate, empties it, adds the candidate to it?",
        hints=(
            "Put the numbers into the equation of c_t, one setting after the other. Do not reason "
            "from the names of the gates.",
            "c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t: f decides about the old cell, i about the candidate; "
            "1 takes it, 0 leaves it out.",
        ),
        options={
            "a": "f = 0, i = 0",
            "b": "f = 0, i = 1",
            "c": "f = 1, i = 0",
            "d": "f = 1, i = 1",
        },
        right={"keep": "c", "replace": "b", "empty": "a", "add": "d"},
        mistakes=(
            Mistake("keep: f is read as whether to erase. What is 0 times c_{t-1}?", {"keep": "a"}),
            Mistake(
                "keep: that writes the candidate, over a cell that is multiplied by 0.",
                {"keep": "b"},
            ),
            Mistake("keep: the candidate comes in as well.", {"keep": "d"}),
            Mistake(
                "replace: f is read as whether to erase. With f = 1 the old cell stays, and the "
                "candidate is added to it.",
                {"replace": "d"},
            ),
            Mistake("replace: with i = 0 nothing is written.", {"replace": "c"}),
            Mistake("replace: the old cell goes, and nothing takes its place.", {"replace": "a"}),
            Mistake("empty: c_{t-1} is multiplied by 1. That keeps it.", {"empty": "c"}),
            Mistake("empty: the old cell goes, but the candidate comes.", {"empty": "b"}),
            Mistake("empty: nothing goes, and the candidate comes too.", {"empty": "d"}),
            Mistake("add: f = 0 throws away what there was to add to.", {"add": "b"}),
            Mistake("add: with i = 0 nothing comes in.", {"add": "c"}),
            Mistake("add: neither the old cell nor the candidate is taken.", {"add": "a"}),
        ),
    ),
    CodeExercise(
        "5.3",
        "One step",
        difficulty=2,
        minutes=10,
        task="Write `lstm_step`, which turns h_{t-1} and c_{t-1} of a batch into h_t and c_t.",
        hints=(
            "One product makes the preactivations of all four: z is (N, 4H). Cut it into four "
            "blocks of H columns, in the order i, f, o, g. Which of them are sigmoids?",
            "i, f, o = sigmoid of the first three blocks, g = tanh of the last; "
            "c = f * c_prev + i * g; h = o * tanh(c).",
        ),
        reference=lstm_step,
        also_right=(step_gate_by_gate, step_by_einsum),
        cases=every_size(draw_step),
        outputs={"h": "N H", "c": "N H"},
        mistakes=(
            Mistake(
                "The blocks are read in torch's order, i, f, g, o. Here they are stacked "
                "i, f, o, g: the candidate comes last.",
                _stepped(order="ifgo"),
            ),
            Mistake(
                "i and f have changed places: f multiplies the candidate, and i the old cell. Are "
                "the first two blocks read as i, f, and which gate decides about what is already "
                "there?",
                _stepped(order="fiog"),
            ),
            Mistake(
                "The blocks are read in the order i, o, f, g. The forget gate is the second block "
                "here.",
                _stepped(order="iofg"),
            ),
            Mistake(
                "The blocks are read with the candidate in front. It is the last block: i, f, o, "
                "g.",
                _stepped(order="gifo"),
            ),
            Mistake(
                "f multiplies the candidate too: c is f times a sum. What is written is up to i.",
                _stepped(cell=lambda i, f, g, c: f * (c + i * g)),
            ),
            Mistake(
                "The input gate is not used: the candidate is written whole at every step.",
                _stepped(cell=lambda i, f, g, c: f * c + g),
            ),
            Mistake(
                "The forget gate is not used: the old cell is kept whole. That is the LSTM of "
                "1997; today's has f.",
                _stepped(cell=lambda i, f, g, c: c + i * g),
            ),
            Mistake(
                "The old cell is multiplied by 1 - f. A forget gate of 1 keeps, in spite of its "
                "name.",
                _stepped(cell=lambda i, f, g, c: (1 - f) * c + i * g),
            ),
            Mistake(
                "What is written is 1 - f of the candidate, as in a GRU. Here writing has a gate "
                "of its own.",
                _stepped(cell=lambda i, f, g, c: f * c + (1 - f) * g),
            ),
            Mistake(
                "The old cell is missing from the new one: nothing is remembered.",
                _stepped(cell=lambda i, f, g, c: i * g),
            ),
            Mistake(
                "The new cell is squashed before it is kept. tanh belongs to what is shown, "
                "o ⊙ tanh(c); on the highway itself there is none.",
                _stepped(cell=lambda i, f, g, c: np.tanh(f * c + i * g)),
            ),
            Mistake(
                "The tanh at the output is missing: h is o times c. How large may h become then?",
                _stepped(show=lambda o, c, old: o * c),
            ),
            Mistake(
                "The tanh at the output was put around the gate as well: o stands outside it.",
                _stepped(show=lambda o, c, old: np.tanh(o * c)),
            ),
            Mistake(
                "The output gate is not used: h is tanh of the whole cell.",
                _stepped(show=lambda o, c, old: np.tanh(c)),
            ),
            Mistake(
                "h shows the OLD cell. The cell is renewed first, and then shown.",
                _stepped(show=lambda o, c, old: o * np.tanh(old)),
            ),
            Mistake(
                "At the output stands a sigmoid in place of the tanh: h could never be negative.",
                _stepped(show=lambda o, c, old: o * sigmoid(c)),
            ),
            Mistake(
                "The candidate went through a sigmoid like the gates. Then the cell could only "
                "ever be added to: which function has both signs?",
                _stepped(squash=sigmoid),
            ),
            Mistake(
                "The candidate has no tanh: it is the bare preactivation.",
                _stepped(squash=lambda z: z),
            ),
            Mistake(
                "The gates went through tanh. A gate is a fraction between 0 and 1: a sigmoid.",
                _stepped(gate=np.tanh),
            ),
            Mistake(
                "The gates are bare preactivations: their sigmoid is missing.",
                _stepped(gate=lambda z: z),
            ),
            Mistake(
                "The candidate went through a sigmoid and then through tanh. One function is "
                "enough, and it must be able to give a negative number.",
                _stepped(squash=lambda z: np.tanh(sigmoid(z))),
            ),
            Mistake(
                "The output gate went through tanh. It is a gate like i and f: a sigmoid.",
                _tanh_output_gate,
            ),
            Mistake(
                "The four blocks were cut as if each unit had its four rows side by side. The "
                "first H rows are i of all units, the next H rows f.",
                _by_units,
            ),
            Mistake("The gates read the input alone: `h_prev` is not used.", _inputs_only),
            Mistake("The gates read the old state alone: `x` is not used.", _state_only),
            Mistake(
                "f multiplies `h_prev`. What is kept is the cell, `c_prev`; h is only its reading.",
                _keeps_h,
            ),
            Mistake(
                "h is right, and c is returned after the tanh. What the next step needs is the "
                "cell itself.",
                _squashed_result,
            ),
            Mistake("`b_h` is not added.", _no_bias),
            Mistake(
                "`b_h` is added twice. torch has two bias vectors; here there is one.", _bias_twice
            ),
            Mistake(
                "The gates read `c_prev` where they should read `h_prev`: the cell is seen by them "
                "only through the output gate.",
                _reads_cell,
            ),
            Mistake("The two results are exchanged: h comes first, then c.", _cell_first),
            Mistake(
                "`c_prev` is changed in place. The caller may still need the old cell: the way "
                "back does.",
                _cell_in_place,
            ),
        ),
    ),
    CodeExercise(
        "5.4",
        "The forward pass",
        difficulty=2,
        minutes=8,
        task="Write `forward`, which returns the states h and the cell states c after every step.",
        hints=(
            "A loop over t with your step of 5.3. Two things travel from turn to turn now, and "
            "both are stored.",
            "h_t, c_t = h0, c0; in turn t: h_t, c_t = lstm_step(x[t], h_t, c_t, ...), then store "
            "them at h[t] and c[t].",
        ),
        reference=forward,
        also_right=(forward_with_lists, forward_unit_by_unit),
        cases=every_size(draw_sequence),
        outputs={"h": "T N H", "c": "T N H"},
        mistakes=(
            Mistake(
                "The cell is not handed on: every step starts from `c0`. Only h travels.",
                _run(hand_on=lambda h, c, h0, c0: (h, c0)),
            ),
            Mistake(
                "h is not handed on: the gates of every step read `h0`. Only c travels.",
                _run(hand_on=lambda h, c, h0, c0: (h0, c)),
            ),
            Mistake(
                "Nothing is handed on: every step starts from `h0` and `c0` again.",
                _run(hand_on=lambda h, c, h0, c0: (h0, c0)),
            ),
            Mistake(
                "h is handed on as the cell too. What is shown is not what is kept.",
                _run(hand_on=lambda h, c, h0, c0: (h, h)),
            ),
            Mistake(
                "The cell is handed on as h too: the next gates read c, which they must not see.",
                _run(hand_on=lambda h, c, h0, c0: (c, c)),
            ),
            Mistake(
                "h and c change places on the way to the next step. In which order does your step "
                "return them?",
                _run(hand_on=lambda h, c, h0, c0: (c, h)),
            ),
            Mistake(
                "The cell is squashed by tanh before it is handed on. The tanh is for h alone.",
                _run(hand_on=lambda h, c, h0, c0: (h, np.tanh(c))),
            ),
            Mistake(
                "`c0` is not used: the cell starts from zero.",
                _run(begin=lambda h0, c0: (h0, 0 * c0)),
            ),
            Mistake(
                "`h0` is not used: the first gates read zeros.",
                _run(begin=lambda h0, c0: (0 * h0, c0)),
            ),
            Mistake(
                "Neither `h0` nor `c0` is used: it starts from zeros.",
                _run(begin=lambda h0, c0: (0 * h0, 0 * c0)),
            ),
            Mistake(
                "`h0` and `c0` are exchanged at the start.", _run(begin=lambda h0, c0: (c0, h0))
            ),
            Mistake("Every step reads the first input.", _run(read=lambda x, t: x[0])),
            Mistake("The sequence is read from its end.", _backwards),
            Mistake("The two results are exchanged: h comes first, then c.", _exchanged),
            Mistake(
                "c is right, and `h` holds c as well. Are both names for one array, as after "
                "`h = c = np.empty(...)`?",
                _one_array,
            ),
            Mistake(
                "Step 1 is not computed: entry 0 stays zero, and the loop begins at the second "
                "input. Entry 0 is the state AFTER step 1; the one before it is `h0`, `c0`.",
                _first_left_out,
            ),
            Mistake(
                "These are the states BEFORE each step: `h0` and `c0` are counted, the last step "
                "is not.",
                _states_before,
            ),
            Mistake("Only the last step is returned; all T of them are asked for.", _last_only),
            Mistake(
                "h is there for every step, c only for the last, as torch returns them. Here all "
                "cells are kept: the way back needs them.",
                _last_cell,
            ),
            Mistake(
                "The blocks are read in torch's order, i, f, g, o. Here: i, f, o, g.",
                _run(order="ifgo"),
            ),
            Mistake(
                "The tanh at the output is missing: h is o times c.",
                _run(show=lambda o, c, old: o * c),
            ),
        ),
    ),
    ChoiceExercise(
        "5.5",
        "How large can they become?",
        difficulty=1,
        minutes=5,
        task="Any weights, any inputs, h_0 = c_0 = 0: which is the smallest number that no entry "
        "can exceed, for |h_T|, for |c_T|, and for |c_T| when every i_t is 1 - f_t?",
        hints=(
            "Gates lie between 0 and 1, tanh between -1 and 1. For the cell, drive everything to "
            "its limit: f = 1, i = 1, g = 1. Is that still allowed in the third case?",
            "h_T = o ⊙ tanh(c_T) is a product of two numbers below 1. Each step adds at most 1 to "
            "|c|. With i = 1 - f the new cell is a weighted mean of the old one and g.",
        ),
        options={"a": "1/2", "b": "1", "c": "2", "d": "T", "e": "there is none"},
        right={"h": "b", "c": "d", "coupled": "b"},
        mistakes=(
            Mistake(
                "c has no tanh around it: let f = i = 1 and g = 1 at every step and count.",
                {"c": "b"},
            ),
            Mistake(
                "One step adds at most 1 to |c|, since i and |g| stay below 1. How many steps are "
                "there?",
                {"c": "e"},
            ),
            Mistake(
                "That holds for two steps. With f = 1 the third adds as much again.", {"c": "c"}
            ),
            Mistake("One step with i = 1 and g = 1 already exceeds that.", {"c": "a"}),
            Mistake("That is the cell. What is shown went through a tanh.", {"h": "d"}),
            Mistake(
                "A sigmoid starts at 1/2, but it can come as near to 1 as you like: o and tanh(c) "
                "both can.",
                {"h": "a"},
            ),
            Mistake("h is o times a tanh. Can either factor exceed 1?", {"h": "e"}),
            Mistake("It is true, but not the smallest: neither o nor tanh exceeds 1.", {"h": "c"}),
            Mistake(
                "With i = 1 - f the gates cannot both be 1: what is kept makes room for less that "
                "is new. Between which two numbers does the new cell lie?",
                {"coupled": "d"},
            ),
            Mistake(
                "The new cell is a mean of the old one and g, with weights f and 1 - f. Can a mean "
                "leave the two?",
                {"coupled": "e"},
            ),
            Mistake(
                "It is true, but not the smallest: a mean of two numbers below 1 is below 1.",
                {"coupled": "c"},
            ),
            Mistake("Let f = 0 once and g be near 1: the cell is near 1.", {"coupled": "a"}),
        ),
    ),
    NumberExercise(
        "5.6",
        "How long does it remember?",
        difficulty=2,
        minutes=8,
        task="A forget gate whose preactivation is its bias alone: give f for b_f = 1, the factor "
        "f^50 that is left after 50 steps, and the b_f at which half of c is left after 100 steps.",
        hints=(
            "The bias goes through the sigmoid before it multiplies anything. For the last one, "
            "which f gives f^100 = 1/2?",
            "f = 1/(1 + e^-1). For the last, f = 2^(-1/100), and the bias is the inverse of the "
            "sigmoid: log(f / (1 - f)).",
        ),
        right={"f": F_1, "f^50": F_1**50, "b_f": B_HALF},
        tolerance=0.0,
        relative=0.005,
        mistakes=(
            Mistake("A bias of 1 is not a gate of 1: it goes through the sigmoid first.", {"f": 1}),
            Mistake("That is the gate at b_f = 0.", {"f": 0.5}),
            Mistake("That is tanh(1). A gate is a sigmoid.", {"f": float(np.tanh(1))}),
            Mistake(
                "That is 1 - f, what is lost in a step. Look at the sign in the sigmoid.",
                {"f": 1 - F_1},
            ),
            Mistake("That is 1 - 1/e. The sigmoid is 1/(1 + e^-b).", {"f": 1 - np.exp(-1.0)}),
            Mistake(
                "With a gate below 1, each step takes its share. Take f to the 50.", {"f^50": 1}
            ),
            Mistake("Each step multiplies: it is a power, not a multiple.", {"f^50": 50 * F_1}),
            Mistake("That is 0.5^50: the gate at b_f = 0, not at 1.", {"f^50": 0.5**50}),
            Mistake("That is tanh(1)^50. A gate is a sigmoid.", {"f^50": float(np.tanh(1) ** 50)}),
            Mistake("Very small, but not zero: give it with its power of ten.", {"f^50": 0}),
            Mistake(
                "With that bias the time constant 1/(1 - f) is 100 steps, after which 1/e is left, "
                "not a half.",
                {"b_f": float(np.log(99.25))},
            ),
            Mistake(
                "That is the gate f itself. Which bias makes a sigmoid of it?",
                {"b_f": HALF_AFTER_100},
            ),
            Mistake(
                "That bias loses 1/200 a step, as if a hundred such losses made a half. Each is "
                "taken from what is left, so they may be larger.",
                {"b_f": float(np.log(199))},
            ),
            Mistake("At b_f = 0 half is left after ONE step.", {"b_f": 0}),
            Mistake(
                "That is log(100 · log 2): a time constant of about 69 steps. But the cell is "
                "down to a half before the time constant is over: it has to exceed 100 steps.",
                {"b_f": float(np.log(100 * np.log(2)))},
            ),
            Mistake("A negative bias closes the gate. Look at the sign.", {"b_f": -B_HALF}),
            Mistake(
                "That is near, and keeps a little more than half. Give two decimals.", {"b_f": 5.02}
            ),
            Mistake(
                "That is f/(1 - f): its logarithm is the bias.",
                {"b_f": HALF_AFTER_100 / (1 - HALF_AFTER_100)},
            ),
            Mistake("That is f^49: 50 steps have 50 gates.", {"f^50": F_1**49}),
            Mistake("That is f^51: 50 steps have 50 gates.", {"f^50": F_1**51}),
            Mistake(
                "That is the bias for half after 50 steps. Here it is 100.",
                {"b_f": float(-np.log(2 ** (1 / 50) - 1))},
            ),
            Mistake(
                "That is how much is lost in a step. First f, then its bias.",
                {"b_f": 1 - HALF_AFTER_100},
            ),
        ),
    ),
    CodeExercise(
        "5.7",
        "One cell, backwards",
        difficulty=2,
        minutes=15,
        task="Write `cell_backward`, which takes dL/dh_t and what reaches c_t from the next step "
        "back to c_{t-1} and to the four preactivations.",
        hints=(
            "First the total gradient of c_t: it hears from two sides, from c_{t+1} (that is `dc`) "
            "and from h_t, which is o ⊙ tanh(c_t). Everything but dz_o is made of this total.",
            "total = dc + dh * o * (1 - tanh(c)**2); dc_prev = total * f; dz_i = total * g * "
            "i * (1 - i); dz_f = total * c_prev * f * (1 - f); dz_g = total * i * (1 - g**2); "
            "dz_o = dh * tanh(c) * o * (1 - o).",
        ),
        reference=cell_backward,
        also_right=(cell_with_h, cell_number_by_number),
        cases=every_size(draw_cell),
        outputs={"dc_prev": "N H", "dz_i": "N H", "dz_f": "N H", "dz_o": "N H", "dz_g": "N H"},
        mistakes=(
            Mistake(
                "c is told only what comes from c_{t+1}: the way from h_t back to c_t is missing. "
                "Where does c_t appear in the equations?",
                _celled(total=lambda dh, dc, o, c: dc),
            ),
            Mistake(
                "`dc` is not used: what comes back along the highway from c_{t+1} is lost.",
                _celled(total=lambda dh, dc, o, c: dh * o * (1 - np.tanh(c) ** 2)),
            ),
            Mistake(
                "`dc_prev` is not multiplied by f: that is the gradient of c_t, not yet of "
                "c_{t-1}. What multiplies c_{t-1} in the forward pass?",
                _celled(back=lambda total, dc, f, i: total),
            ),
            Mistake(
                "`dc_prev` is f times the `dc` that came in. What reached c_t by way of h_t goes "
                "on to c_{t-1} too.",
                _celled(back=lambda total, dc, f, i: dc * f),
            ),
            Mistake(
                "`dc_prev` is multiplied by i. The input gate stands before the candidate; which "
                "gate stands before c_{t-1}?",
                _celled(back=lambda total, dc, f, i: total * i),
            ),
            Mistake(
                "On the way from h to c the slope of tanh is missing: h shows tanh(c), not c.",
                _celled(total=lambda dh, dc, o, c: dc + dh * o),
            ),
            Mistake(
                "On the way from h to c the output gate is missing: h is o times tanh(c).",
                _celled(total=lambda dh, dc, o, c: dc + dh * (1 - np.tanh(c) ** 2)),
            ),
            Mistake(
                "The slope of tanh at the output is written as 1 - c². c is what goes INTO that "
                "tanh: square what comes out.",
                _celled(total=lambda dh, dc, o, c: dc + dh * o * (1 - c**2)),
            ),
            Mistake(
                "The slope of tanh at the output takes the tanh twice. 1 - tanh(c)² is enough.",
                _celled(total=lambda dh, dc, o, c: dc + dh * o * (1 - np.tanh(np.tanh(c)) ** 2)),
            ),
            Mistake(
                "The slope of tanh at the output is written with h. The tanh made tanh(c); h is "
                "that times o.",
                _celled(total=lambda dh, dc, o, c: dc + dh * o * (1 - (o * np.tanh(c)) ** 2)),
            ),
            Mistake(
                "At the way from h to c, `dh` was multiplied by tanh(c). That product belongs to "
                "the output gate.",
                _celled(total=lambda dh, dc, o, c: dc + dh * np.tanh(c)),
            ),
            Mistake(
                "In `dz_o` the tanh is missing: the gate multiplies tanh(c), not c.",
                _celled(shown=lambda c: c),
            ),
            Mistake(
                "The slope of the sigmoid is missing in all three gates: these are the gradients "
                "after the sigmoid; before it they are asked for.",
                _celled(gate=np.ones_like),
            ),
            Mistake(
                "The slope of the sigmoid is taken at the gate itself, so the sigmoid is applied "
                "twice. Written with its output s it is s(1 - s).",
                _celled(gate=lambda s: sigmoid(s) * (1 - sigmoid(s))),
            ),
            Mistake(
                "The gates got the slope of tanh, 1 - s². They are sigmoids: s(1 - s).",
                _celled(gate=lambda s: 1 - s**2),
            ),
            Mistake(
                "The slope of the sigmoid is written as 1 - s; it is s(1 - s).",
                _celled(gate=lambda s: 1 - s),
            ),
            Mistake(
                "The candidate got the slope of a sigmoid. It is a tanh: 1 - g².",
                _celled(candidate=lambda g: g * (1 - g)),
            ),
            Mistake(
                "The slope of the candidate takes the tanh again. `g` is the output of its tanh "
                "already: 1 - g².",
                _celled(candidate=lambda g: 1 - np.tanh(g) ** 2),
            ),
            Mistake(
                "The slope of the candidate is missing in `dz_g`.", _celled(candidate=np.ones_like)
            ),
            Mistake(
                "`dz_f` uses the new cell. The forget gate multiplied the old one.",
                _celled(old=lambda c_prev, c: c),
            ),
            Mistake(
                "i and g each got their own value in place of the other's: in the product i ⊙ g "
                "the gradient of one contains the other.",
                _celled(writes=lambda i, g: g, written=lambda i, g: i),
            ),
            *(
                Mistake(f"The slope of the sigmoid is missing in `dz_{k}`.", _celled(bare=k))
                for k in "ifo"
            ),
            Mistake(
                "`dz_i` lacks g: the candidate is what i multiplies.",
                _celled(written=lambda i, g: 1),
            ),
            Mistake(
                "`dz_g` lacks i: the input gate is what g is multiplied by.",
                _celled(writes=lambda i, g: 1),
            ),
            Mistake(
                "`dz_o` is made from the total gradient of c. The output gate acts after the cell: "
                "it hears `dh` alone.",
                _shown_from_total,
            ),
            Mistake(
                "`dz_o` is made with h where tanh(c) belongs: o is in it once too often.",
                _shown_from_h,
            ),
            Mistake(
                "`dz_o` uses the old cell. What this step showed is tanh of the new one.",
                _old_cell_in_o,
            ),
            Mistake(
                "The slope of tanh at the output is taken at the old cell. This step showed the "
                "new one.",
                _old_cell_shown,
            ),
            Mistake(
                "`dc` went through the output gate and the slope of tanh as well. It arrives at "
                "c_t itself: those two belong to `dh` alone.",
                _celled(total=lambda dh, dc, o, c: (dc + dh) * o * (1 - np.tanh(c) ** 2)),
            ),
            Mistake(
                "`dc` is multiplied by f before it reaches c_t. It is what arrives there, so the "
                "step after has multiplied it by its own f already.",
                _cell_dc_times_f,
            ),
            Mistake(
                "The two ways into c_t, from h_t and from c_{t+1}, are multiplied. Ways are added.",
                _celled(total=lambda dh, dc, o, c: dc * dh * o * (1 - np.tanh(c) ** 2)),
            ),
            Mistake(
                "Two things at once: the way from h_t to c_t is missing, and `dc_prev` is not "
                "multiplied by f.",
                _celled(total=lambda dh, dc, o, c: dc, back=lambda total, dc, f, i: total),
            ),
            Mistake(
                "`dc` is counted twice in `dc_prev`: it is in the total already.",
                _celled(back=lambda total, dc, f, i: total * f + dc),
            ),
            Mistake(
                "The results for f and i have changed places: dc_prev, then i, f, o, g.",
                _cell_in_order(0, 2, 1, 3, 4),
            ),
            Mistake(
                "The results stand in torch's order: dc_prev, then i, f, o, g is asked for.",
                _cell_in_order(0, 1, 2, 4, 3),
            ),
            Mistake(
                "`dc_prev` comes last here; it is asked for first.", _cell_in_order(1, 2, 3, 4, 0)
            ),
            Mistake(
                "`dc` is changed in place: `+=` adds the way through h to the caller's own array.",
                _cell_dc_in_place,
            ),
        ),
    ),
    CodeExercise(
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
                "At t = 0 the cell before is `c[-1]`, which Python takes as the LAST. It must be "
                "`c0`.",
                _swept(cells=lambda s, s0: np.roll(s, 1, axis=0)),
            ),
            Mistake(
                "`dW_hh` pairs dz with the h of the SAME step. The gates read the h before.",
                _swept(before=lambda s, s0: s),
            ),
            Mistake(
                "The forget gate is given the cell of the SAME step. It multiplied the cell "
                "before.",
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
                "`dc0` is zero. What the first step hands back along the cell is the gradient of "
                "c_0.",
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
    ),
    CodeExercise(
        "5.9",
        "The direct path",
        difficulty=1,
        minutes=6,
        task="Write `direct_path`, which returns how much of each earlier cell state is left in "
        "c_T along the cell alone.",
        hints=(
            "State t passes through the forget gates of the steps t + 1, ..., T. Which of them "
            "stand at `f[t:]`, when `f[0]` is the gate of step 1?",
            "path[t] is the product of f[t:] over time: `np.prod(f[t:], axis=0)`, or walk from the "
            "end and multiply as you go.",
        ),
        reference=direct_path,
        also_right=(path_from_the_end, path_by_logarithms),
        cases=every_size(draw_forget),
        outputs={"path": "T N H"},
        mistakes=(
            Mistake(
                "One gate is missing: state t also passes through the gate of step t + 1, which "
                "is `f[t]`. Even the shortest path, from c_{T-1} to c_T, has one gate.",
                _later,
            ),
            Mistake(
                "The product runs from the first step up to t: that is how much of c_0 is left in "
                "c_t. Here the end is fixed, and the beginning varies.",
                lambda f: np.cumprod(f, axis=0),
            ),
            Mistake(
                "The values stand in reversed order: entry 0 belongs to c_0, which has the longest "
                "way to go.",
                lambda f: direct_path(f)[::-1],
            ),
            Mistake(
                "This is the product from the first step on, read backwards. Entry t must start at "
                "the gate of step t + 1, not end at one: reverse, multiply up, reverse back.",
                lambda f: np.cumprod(f, axis=0)[::-1],
            ),
            Mistake(
                "Every entry is the whole product, which is right for c_0 alone. c_t has only the "
                "gates of the steps after it.",
                lambda f: np.broadcast_to(np.prod(f, axis=0), f.shape).copy(),
            ),
            Mistake(
                "The gates of different units are multiplied. Along the cell each unit stays by "
                "itself: multiply over time, axis 0.",
                lambda f: np.cumprod(f[..., ::-1], axis=-1)[..., ::-1],
            ),
            Mistake(
                "The gates are added up. Each multiplies what the one before it let through.",
                lambda f: np.cumsum(f[::-1], axis=0)[::-1],
            ),
            Mistake(
                "The gates of a path are averaged; they multiply.",
                lambda f: np.stack([f[t:].mean(axis=0) for t in range(len(f))]),
            ),
            Mistake(
                "This is the mean gate to the power of the distance. A mean over time hides the "
                "one closed gate that cuts the path.",
                _mean_power,
            ),
            Mistake(
                "This is one gate to the power of the distance. Every step has a gate of its own.",
                lambda f: f ** np.arange(len(f), 0, -1)[:, None, None],
            ),
            Mistake(
                "The factors are 1 - f. Along the cell the old value is multiplied by f.",
                lambda f: direct_path(1 - f),
            ),
            Mistake(
                "This is the logarithm: take exp at the end.",
                lambda f: np.cumsum(np.log(f)[::-1], axis=0)[::-1],
            ),
            Mistake(
                "Each step counts its own gate alone: nothing is multiplied over time.",
                lambda f: f.copy(),
            ),
        ),
    ),
    ChoiceExercise(
        "5.10",
        "What holds on the highway",
        difficulty=2,
        minutes=6,
        task="Choose everything that is true of the gradient of a standard LSTM.",
        hints=(
            "c_{t-1} acts on c_t directly, times f_t, and on the four gates by way of h_{t-1}. "
            "Which of the sentences forgets one of the two?",
            "The direct part is a product of numbers below 1. The other part has `W_hh` in it, "
            "which can be as large as it likes.",
        ),
        options={
            "a": "the cell is additive, so its gradient does not shrink exponentially",
            "b": "with every f at the value that b_f = 1 gives, less than a millionth is left of "
            "the direct path after 50 steps",
            "c": "at f < 1 the full gradient can still grow from step to step",
            "d": "a change of c_{t-1} reaches c_t in no other way than multiplied by f_t",
            "e": "right after torch's default initialisation a forget gate is near 1/2",
            "f": "with `W_hh` = 0 the full gradient of the cell is exactly the direct path",
        },
        right=frozenset({"b", "c", "e", "f"}),
        mistakes=(
            Mistake("a: What multiplies the old cell in that sum, once a step?", "a"),
            Mistake("b: Compute it: exercise 5.6 asked for this number.", "b"),
            Mistake(
                "c: The bound f < 1 is on the direct path alone. The way round through h and "
                "`W_hh` has no such bound.",
                "c",
            ),
            Mistake(
                "d: That is the direct path. c_{t-1} is also shown in h_{t-1}: who reads that, in "
                "the step from t-1 to t?",
                "d",
            ),
            Mistake(
                "e: Its two biases are drawn around 0, and its weights are small. What is "
                "sigmoid(0)?",
                "e",
            ),
            Mistake(
                "f: With `W_hh` = 0 no gate hears h_{t-1}. Which way round is left then?",
                "f",
            ),
        ),
    ),
    CodeExercise(
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
                "The blocks are f, i, g, o. The forget gate is the second block, here and in "
                "torch.",
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
                "The weights are transposed. torch stores (4H, D) and (4H, H), as this course "
                "does.",
                lambda W, U, b: (
                    to_torch(W, U, b)[0].T,
                    to_torch(W, U, b)[1].T,
                    *to_torch(W, U, b)[2:],
                ),
            ),
        ),
    ),
    CodeExercise(
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
                "`bias_hh` still has its random numbers at the forget gate: the sum is not the "
                "value.",
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
                "The value stands in `bias_hh`: the sum is right. Here it is asked for in "
                "`bias_ih`.",
                _biased(_other_vector),
            ),
            Mistake(
                "The value was added to what was there; it should replace it.", _biased(_added)
            ),
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
                "From H to the end: the candidate and the output gate were changed too. Stop at "
                "2H.",
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
    ),
    PropertyExercise(
        "5.13",
        "Odd or even",
        difficulty=3,
        minutes=20,
        task="Find weights of an LSTM with one input and one unit whose h tells whether the number "
        "of ones so far is odd (above 0.5) or even (below -0.5), with pauses of zeros.",
        hints=(
            "At 0 nothing may happen: say which gates are open then. At 1 the cell is replaced by "
            "the opposite of what it is. Which of the four can know what it is, and from where?",
            "x with weight 20 and a bias of -10 open a gate at 1 and shut it at 0; which gate "
            "needs that, and which the opposite? g hears h with a large negative weight, and needs "
            "a smaller bias to leave the start, where h = 0. o never shuts.",
        ),
        properties=(
            Property(
                "With zeros alone the state should stay where it is, at 0, and it moves. Which "
                "gate must be shut while x is 0? The rows are i, f, o, g.",
                lambda params: not _moves_on_zero(params),
                parity(write=(0, 10)),
            ),
            Property(
                "After the first 1, h is not above 0.5. Is i open then, is g near 1 though h is "
                "still 0, and is o open?",
                lambda params: tells(params, "1"),
                parity(candidate=(-10, 0)),
            ),
            Property(
                "After the first 1 h is right, and at the next step, with x = 0, it is not above "
                "0.5 any more. Which gate forgets then, or which one hides what is there?",
                lambda params: tells(params, "10"),
                parity(show=(20, -10)),
            ),
            Property(
                "The first 1 is seen, and forgotten: after 100 zeros h is not above 0.5 any more. "
                "How near to 1 must f be while x is 0? Exercise 5.6 has the number.",
                lambda params: tells(params, "1" + "0" * 100),
                parity(keep=(-6, 3)),
            ),
            Property(
                "The second 1 changes nothing: h is still above 0.5. The candidate has to be the "
                "opposite of the state. Which of its weights knows the state? Has it the right "
                "sign, and does it outweigh the bias?",
                lambda params: shown(params, "11")[-1] < 0.5,
                parity(candidate=(0, 3)),
            ),
            Property(
                "The second 1 takes h away from the first state, but not below -0.5: the old cell "
                "and the candidate are added, and cancel. What should f do when x is 1?",
                lambda params: tells(params, "11"),
                parity(keep=(0, 10)),
            ),
            Property(
                "It counts to two, and later goes wrong: try 111, ten ones, ones with pauses of "
                "100 or 200 zeros in either state. Print the gates at the first wrong step: which "
                "of them stands where it should not?",
                lambda params: tells(params, "1" * 25) and tells(params, random_ones()),
                parity(keep=(-40, 30), keep_hears=-20),
            ),
        ),
        right=parity(),
        also_right=(
            parity(write=(30, -15), keep=(-16, 8), show=(0, 6), candidate=(-6, 2)),
            parity(write=(20, -10), keep=(-25, 10), candidate=(-4, 1)),
        ),
        form=lstm_of_one_unit,
    ),
)
