"""6.6 The width law of tanh"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "6.6",
    "The width law of tanh",
    difficulty=3,
    minutes=15,
    task="A wide tanh network with all weights from N(0, 1): by the argument of the width law, "
    "the factor a layer at width 256, and what it is multiplied by when the width is made four "
    "times larger.",
    hints=(
        "The three lines again: how large are the outputs of such a layer, so how wide is z "
        "spread; what is the mean square of the slope over that spread; and how many paths add "
        "up? For wide layers nearly all tanh units sit near -1 or 1.",
        "z is N(0, H). Its density near 0 is 1/√(2πH), and ∫ (1 - tanh²)² dz = 4/3, so the "
        "mean square of the slope is about 4 / (3 √(2πH)). Times H, then the root.",
    ),
    right={"factor": 2.9173, "growth": 1.41421},
    tolerance=0.0,
    relative=0.005,
    mistakes=(
        Mistake(
            "factor is the square of what is asked for: mean squares were multiplied, the "
            "length is their root.",
            {"factor": 8.5107},
        ),
        Mistake(
            "factor is that of the sigmoid. Two things change: how large the outputs are, and "
            "the area under the squared slope.",
            {"factor": 1.22661},
        ),
        Mistake(
            "factor has every slope at 1. In a wide layer most units are saturated.",
            {"factor": 16.0},
        ),
        Mistake(
            "factor has outputs of mean square 1/2, as the sigmoid's are. Those of a saturated "
            "tanh are -1 or 1.",
            {"factor": 3.46927},
        ),
        Mistake(
            "factor has the area under the slope, which is 2. The mean SQUARE of the slope is "
            "needed: the area under the squared slope.",
            {"factor": 3.57296},
        ),
        Mistake(
            "factor has the sigmoid's area, 1/6, under the squared slope. tanh'(z) = 4 σ'(2z): "
            "sixteen times as high once squared, and half as wide.",
            {"factor": 1.03143},
        ),
        Mistake(
            "factor is below 1, as if the slopes alone decided. How many paths lead through a "
            "layer of 256?",
            {"factor": 0.18233},
        ),
        Mistake("factor is that of width 64; 256 is asked for.", {"factor": 2.06286}),
        Mistake(
            "factor is the fourth root of the width: the number in front of it is missing.",
            {"factor": 4.0},
        ),
        Mistake(
            "growth is the power of the width. What does four times the width make of it?",
            {"growth": 0.25},
        ),
        Mistake(
            "growth is the factor at width 1024. By what was the one at 256 multiplied?",
            {"growth": 4.12571},
        ),
        Mistake(
            "growth is that of the square: the factor itself is its root.",
            {"growth": 2.0},
        ),
        Mistake(
            "growth counts the paths only. When the layer gets wider, the slopes get smaller: "
            "z is spread over more of the flat ends.",
            {"growth": 4.0},
        ),
        Mistake(
            "growth is that of a doubled width; here it is four times larger.",
            {"growth": 1.18921},
        ),
        Mistake(
            "growth is 1: that is the promise of a scale that goes with 1/√H. Here the weights "
            "stay N(0, 1).",
            {"growth": 1.0},
        ),
    ),
)
