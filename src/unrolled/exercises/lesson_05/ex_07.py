"""5.7 One cell, backwards"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.activations import sigmoid
from unrolled.exercises.model import Array, Arrays, CodeExercise, Mistake, every_size


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


EXERCISE = CodeExercise(
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
        Mistake("`dc_prev` comes last here; it is asked for first.", _cell_in_order(1, 2, 3, 4, 0)),
        Mistake(
            "`dc` is changed in place: `+=` adds the way through h to the caller's own array.",
            _cell_dc_in_place,
        ),
    ),
)
