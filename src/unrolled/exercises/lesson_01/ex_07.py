"""1.7 What a writer reads"""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled.exercises.model import Array, Case, CodeExercise, Mistake, every_size


def inputs_and_targets(letters: Array, stop: int) -> tuple[Array, Array]:
    end = np.full_like(letters[:1], stop)
    return np.concatenate([end, letters]), np.concatenate([letters, end])


def by_slices_of_one(letters: Array, stop: int) -> tuple[Array, Array]:
    framed = np.pad(letters, ((1, 1), (0, 0)), constant_values=stop)
    return framed[:-1], framed[1:]


def step_by_step(letters: Array, stop: int) -> tuple[Array, Array]:
    T, N = letters.shape
    inputs, targets = np.empty((T + 1, N), dtype=int), np.empty((T + 1, N), dtype=int)
    for t in range(T + 1):
        inputs[t] = stop if t == 0 else letters[t - 1]
        targets[t] = stop if t == T else letters[t]
    return inputs, targets


def draw_letters(rng: np.random.Generator, T: int, N: int) -> dict[str, Any]:
    return {"letters": rng.integers(1, 27, size=(T, N)), "stop": 0}


def letters_cases(rng: np.random.Generator) -> list[Case]:
    other = {"letters": rng.integers(0, 26, size=(4, 3)), "stop": 26}
    return [*every_size(draw_letters)(rng), Case(other, {"T": 4, "N": 3}, "stop = 26")]


def _framed(inputs, targets):
    """Inputs and targets made from the letters and a row of stop signs."""

    def wrong(letters: Array, stop: int) -> tuple[Array, Array]:
        end = np.full_like(letters[:1], stop)
        return inputs(letters, end), targets(letters, end)

    return wrong


def _then(*parts: Array) -> Array:
    return np.concatenate(parts)


EXERCISE = CodeExercise(
    "1.7",
    "What a writer reads",
    difficulty=2,
    minutes=8,
    task="Write `inputs_and_targets`, which makes from T letters the T + 1 inputs and the "
    "T + 1 targets of teacher forcing.",
    hints=(
        'Write the two rows for "two" on paper: what does the writer read first? What should '
        "it answer when it has read the o?",
        "Inputs: stop, then all letters. Targets: all letters, then stop. Each target is the "
        "input of the next step.",
    ),
    reference=inputs_and_targets,
    also_right=(by_slices_of_one, step_by_step),
    cases=letters_cases,
    outputs={"inputs": "T+1 N", "targets": "T+1 N"},
    mistakes=(
        Mistake(
            "The first letter stands twice among the inputs, and the stop sign that starts the "
            "writing is missing. When it writes alone, nobody will give it the first letter.",
            _framed(lambda w, e: _then(w[:1], w), lambda w, e: _then(w, e)),
        ),
        Mistake(
            "Inputs and targets are the same: the writer would learn to copy what it reads. "
            "The targets are one step ahead.",
            _framed(lambda w, e: _then(w, e), lambda w, e: _then(w, e)),
        ),
        Mistake(
            "Inputs and targets are exchanged: this writer would have to answer with what it "
            "read a step ago.",
            _framed(lambda w, e: _then(w, e), lambda w, e: _then(e, w)),
        ),
        Mistake(
            "The stop sign is missing at the end of the targets: how would the writer learn to "
            "stop?",
            _framed(lambda w, e: _then(e, w[:-1]), lambda w, e: w),
        ),
        Mistake(
            "There is one step too many: the stop sign is also fed in at the end. After it has "
            "been answered, nothing is left to read.",
            _framed(lambda w, e: _then(e, w, e), lambda w, e: _then(w, e, e)),
        ),
        Mistake(
            "The stop sign is taken to be 0; it is the argument `stop`.",
            _framed(lambda w, e: _then(0 * e, w), lambda w, e: _then(w, 0 * e)),
        ),
    ),
)
