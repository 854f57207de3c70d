"""4.5 Up, then down"""

from __future__ import annotations

import numpy as np

from unrolled.exercises.lesson_04.ex_04 import spectral_norm
from unrolled.exercises.model import Mistake, NumberExercise

SHEARED = np.array([[0.8, 4.0], [0.0, 0.8]])
POWERS = [spectral_norm(np.linalg.matrix_power(SHEARED, k)) for k in range(60)]
JORDAN = spectral_norm(np.linalg.matrix_power(np.array([[1.0, 1.0], [0.0, 1.0]]), 100))


EXERCISE = NumberExercise(
    "4.5",
    "Up, then down",
    difficulty=2,
    minutes=8,
    task="W = [[0.8, 4], [0, 0.8]]: the largest spectral norm of all its powers, and the first "
    "k >= 1 with ‖W^k‖ below 1. And ‖J^100‖ of J = [[1, 1], [0, 1]].",
    hints=(
        "Do not reason with eigenvalues: both matrices have only one. Multiply and print.",
        "np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k = 1 ... 30.",
    ),
    right={
        "largest": max(POWERS[1:]),
        "first": next(k for k in range(1, 60) if POWERS[k] < 1),
        "J": JORDAN,
    },
    tolerance=0.005,
    mistakes=(
        Mistake(
            "That is the norm of W itself. The next powers are longer.", {"largest": POWERS[1]}
        ),
        Mistake(
            "That is the spectral RADIUS. Nothing grows by it, and still the powers do: take "
            "the singular value.",
            {"largest": 0.8},
        ),
        Mistake(
            "That is the largest entry of the powers. The spectral norm is the largest "
            "singular value: `np.linalg.norm(..., 2)`.",
            {"largest": 4 * 4 * 0.8**3},
        ),
        Mistake(
            "The radius is below 1 from the start; the norm is not. Print the norms.",
            {"first": 1},
        ),
        Mistake(
            "That is the power at which the norm is largest.",
            {"first": int(np.argmax(POWERS))},
        ),
        Mistake(
            "The last one above 1. Below 1 is asked for.",
            {"first": next(k for k in range(1, 60) if POWERS[k] < 1) - 1},
        ),
        Mistake(
            "From there on it is shorter than 1 by far: is an earlier one below 1? Or did you "
            "count from the identity as number 1?",
            {"first": next(k for k in range(1, 60) if POWERS[k] < 1) + 1},
        ),
        Mistake(
            "A radius of 1 does not mean that the powers are bounded: compute J² and J³ by hand.",
            {"J": 1.0},
        ),
        Mistake(
            "That is ‖J‖^100, an upper bound that is far too high. First the power, then the norm.",
            {"J": spectral_norm(np.array([[1.0, 1.0], [0.0, 1.0]])) ** 100},
        ),
        Mistake(
            "That is the corner of J^100. The norm is a little more than its largest entry.",
            {"J": 100.0},
        ),
        Mistake(
            "`J**100` takes the power of every NUMBER. A matrix power is "
            "`np.linalg.matrix_power(J, 100)`.",
            {"J": spectral_norm(np.array([[1.0, 1.0], [0.0, 1.0]]))},
        ),
    ),
)
