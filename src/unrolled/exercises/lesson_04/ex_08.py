"""4.8 How likely, how soon"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "4.8",
    "How likely, how soon",
    difficulty=3,
    minutes=15,
    task="n = 100 dimensions, |λ_2/λ_1| = 0.9, x random: the smallest k for which "
    "0.9^k tan θ_0 ≤ 0.1 holds with probability 0.99, and the one with probability 0.5.",
    hints=(
        "How large is tan θ_0 for a random x in 100 dimensions? Draw many, with v_1 the first "
        "axis. Which tan θ_0 is exceeded by 1 in 100 of them, and which by half of them?",
        "|cos θ_0| is about |z|/√n with z standard normal, and |z| < 0.01253 with probability "
        "0.01, |z| < 0.6745 with probability 0.5. Then k = log(0.1 / tan θ_0) / log 0.9, "
        "rounded up.",
    ),
    right={"likely": 86, "median": 48},
    tolerance=0.9,
    mistakes=(
        Mistake(
            "tan θ_0 = 1, an angle of 45 degrees, was assumed. In 100 dimensions a random "
            "vector is almost at a right angle to v_1.",
            {"likely": 22},
        ),
        Mistake(
            "tan θ_0 = 1 was assumed. In 100 dimensions the typical |cos θ_0| is about 0.1.",
            {"median": 22},
        ),
        Mistake(
            "That is enough for half of the vectors. The unlucky ones, which hold little of "
            "v_1, decide what is needed.",
            {"likely": 48},
        ),
        Mistake(
            "That holds with probability 0.95. It takes more to make it 0.99: the quantile "
            "moves to a smaller |cos θ_0|.",
            {"likely": 70},
        ),
        Mistake(
            "The wrong end: 1 of 100 vectors, not 99, is this close to v_1 at the start. How "
            "large is the tan θ_0 that only 1 of 100 exceeds?",
            {"likely": 36},
        ),
        Mistake(
            "The typical size 1/√n was taken for |cos θ_0|. Its median is smaller, 0.67/√n.",
            {"median": 44},
        ),
        Mistake(
            "The density of cos θ_0 was taken as constant. That is good for rare small values, "
            "not up to the median.",
            {"median": 49},
        ),
        Mistake(
            "Rounded down: at that k the bound does not hold yet.",
            {"likely": 85},
        ),
        Mistake("Rounded down; at this k fewer than half are there.", {"median": 47}),
    ),
)
