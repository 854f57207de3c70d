"""5.1 How many numbers does it learn?"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

LAYER_1 = 4 * (64 * 8 + 64 * 64 + 2 * 64)
LAYER_2 = 4 * (64 * 64 + 64 * 64 + 2 * 64)


EXERCISE = NumberExercise(
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
)
