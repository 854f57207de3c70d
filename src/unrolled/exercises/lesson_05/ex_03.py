"""5.3 One step"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


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


EXERCISE = CodeExercise(
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
            "The blocks are read with the candidate in front. It is the last block: i, f, o, g.",
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
            "The old cell is multiplied by 1 - f. A forget gate of 1 keeps, in spite of its name.",
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
)
