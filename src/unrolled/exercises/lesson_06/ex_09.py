"""6.9 Silent or dead"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unrolled.exercises.model import Array, CodeExercise, Mistake, every_size


def silence(z: Array) -> tuple[float, Array]:
    return (z <= 0).mean(), (z <= 0).all(axis=(0, 1))


def silence_by_maximum(z: Array) -> tuple[float, Array]:
    h = np.maximum(z, 0)
    return float(np.count_nonzero(h == 0)) / h.size, h.max(axis=0).max(axis=0) == 0


def silence_by_loops(z: Array) -> tuple[float, Array]:
    steps, dead = [], np.ones(z.shape[2], dtype=bool)
    for z_t in z:
        steps.append(np.mean([(row <= 0).mean() for row in z_t]))
        for row in z_t:
            dead &= ~(row > 0)
    return sum(steps) / len(steps), dead


def _dead_if(
    dead: Callable[[Array], Array], silent: Callable[[Array], Any] = lambda z: (z <= 0).mean()
) -> Callable[[Array], tuple[float, Array]]:
    return lambda z: (silent(z), dead(z))


def _dead(z: Array) -> Array:
    return (z <= 0).all(axis=(0, 1))


def draw_preactivations(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    z = rng.normal(size=(T, N, H)) - 0.4
    z[..., 0] = -np.abs(z[..., 0])  # dead
    z[..., 1] = -np.abs(z[..., 1])
    z[rng.integers(T), rng.integers(N), 1] = 0.3  # lives once
    z[..., 2] = np.minimum(z[..., 2], 0)  # dead, with zeros in it
    z[rng.integers(T), rng.integers(N), 2] = 0.0
    z[..., 3] = np.abs(z[..., 3]) * np.where(np.arange(N) == 0, -1, 1)  # silent in sequence 1
    if H > 4:
        z[..., 4] = np.abs(z[..., 4])  # never silent
    if H > 5:
        z[..., 5] = np.abs(z[..., 5])
        z[-1, :, 5] *= -1  # silent at the last step
    return {"z": z}


EXERCISE = CodeExercise(
    "6.9",
    "Silent or dead",
    difficulty=1,
    minutes=8,
    task="Write `silence` for a ReLU layer that was run over sequences: which fraction of its "
    "outputs is zero, and which of its units are dead.",
    hints=(
        "Silent is said of one output, dead of a unit. What must hold of all the outputs of a "
        "unit, over which axes, so that no example can reach its weights?",
        "quiet = z <= 0, zero included: the gradient is 0 there too. `quiet.mean()`, and "
        "`quiet.all(axis=(0, 1))`.",
    ),
    reference=silence,
    also_right=(silence_by_maximum, silence_by_loops),
    cases=every_size(draw_preactivations),
    outputs={"silent": "", "dead": "H"},
    mistakes=(
        Mistake(
            "`dead` marks every unit that is silent at least once. Dead is one that is silent "
            "for every example and at every step.",
            _dead_if(lambda z: (z <= 0).any(axis=(0, 1))),
        ),
        Mistake(
            "`dead` looks at the last step alone. A unit may be silent there and have spoken "
            "before, and the gradient goes through all steps.",
            _dead_if(lambda z: (z[-1] <= 0).all(axis=0)),
        ),
        Mistake(
            "`dead` looks at the first step alone.",
            _dead_if(lambda z: (z[0] <= 0).all(axis=0)),
        ),
        Mistake(
            "`dead` looks at the first sequence alone. Another one may wake the unit.",
            _dead_if(lambda z: (z[:, 0] <= 0).all(axis=0)),
        ),
        Mistake(
            "`dead` looks at the mean of z. A single positive z among many negative ones is "
            "enough to keep a unit alive.",
            _dead_if(lambda z: z.mean(axis=(0, 1)) <= 0),
        ),
        Mistake(
            "`dead` marks units that are silent more often than not.",
            _dead_if(lambda z: (z <= 0).mean(axis=(0, 1)) > 0.5),
        ),
        Mistake(
            "`dead` asks for z < 0. At z = 0 output and gradient are 0 as well: that unit is "
            "not alive.",
            _dead_if(lambda z: (z < 0).all(axis=(0, 1))),
        ),
        Mistake("`dead` marks the living ones. Turn it round.", _dead_if(lambda z: ~_dead(z))),
        Mistake(
            "`dead` marks units that are never silent.",
            _dead_if(lambda z: (z > 0).all(axis=(0, 1))),
        ),
        Mistake(
            "`dead` is about each sequence by itself: then any sequence that is silent "
            "throughout makes a unit dead.",
            _dead_if(lambda z: (z <= 0).all(axis=0).any(axis=0)),
        ),
        Mistake(
            "`dead` marks units that are silent throughout one step. All steps count.",
            _dead_if(lambda z: (z <= 0).all(axis=1).any(axis=0)),
        ),
        Mistake(
            "`dead` is the number of dead units. Asked for is a truth value for each unit.",
            _dead_if(lambda z: _dead(z).sum()),
        ),
        Mistake(
            "`dead` is the fraction of dead units. Asked for is a truth value for each unit.",
            _dead_if(lambda z: _dead(z).mean()),
        ),
        Mistake(
            "`dead` holds the places of the dead units. Asked for is a truth value for each unit.",
            _dead_if(lambda z: np.flatnonzero(_dead(z))),
        ),
        Mistake(
            "`dead` gives for every unit the fraction of the time that it is silent. Dead are "
            "those where it is all of the time.",
            _dead_if(lambda z: (z <= 0).mean(axis=(0, 1))),
        ),
        Mistake(
            "`dead` still has an axis for the sequences. A unit is dead or alive for the "
            "whole batch.",
            _dead_if(lambda z: (z <= 0).all(axis=0)),
        ),
        Mistake(
            "`dead` mixes up units and sequences: `reshape` to (H, ...) relabels the numbers "
            "and does not move them. `all(axis=(0, 1))` needs no reshape.",
            _dead_if(lambda z: (z <= 0).reshape(z.shape[2], -1).all(axis=1)),
        ),
        Mistake(
            "`silent` is the fraction of dead units. It is about outputs, one by one.",
            _dead_if(_dead, lambda z: _dead(z).mean()),
        ),
        Mistake(
            "`silent` is the fraction of outputs that are not zero.",
            _dead_if(_dead, lambda z: (z > 0).mean()),
        ),
        Mistake(
            "`silent` leaves out the dead units. All outputs count.",
            _dead_if(_dead, lambda z: (z[..., ~_dead(z)] <= 0).mean()),
        ),
        Mistake(
            "`silent` is a fraction for every unit. One number for all outputs is asked for.",
            _dead_if(_dead, lambda z: (z <= 0).mean(axis=(0, 1))),
        ),
        Mistake(
            "`silent` counts the outputs; divide by how many there are.",
            _dead_if(_dead, lambda z: float((z <= 0).sum())),
        ),
        Mistake(
            "`silent` asks for z < 0. At z = 0 the output is zero as well.",
            _dead_if(_dead, lambda z: (z < 0).mean()),
        ),
        Mistake(
            "`silent` is the fraction at the last step alone.",
            _dead_if(_dead, lambda z: (z[-1] <= 0).mean()),
        ),
        Mistake(
            "`silent` is a percentage; a fraction is asked for.",
            _dead_if(_dead, lambda z: 100 * (z <= 0).mean()),
        ),
        Mistake(
            "`silent` is the mean of the outputs. How many of them are zero?",
            _dead_if(_dead, lambda z: np.maximum(z, 0).mean()),
        ),
        Mistake(
            "`silent` is the fraction of units that are silent at least once.",
            _dead_if(_dead, lambda z: (z <= 0).any(axis=(0, 1)).mean()),
        ),
    ),
)
