"""5.5 How large can they become?"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
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
        Mistake("That holds for two steps. With f = 1 the third adds as much again.", {"c": "c"}),
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
)
