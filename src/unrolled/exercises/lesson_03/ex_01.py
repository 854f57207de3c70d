"""3.1 A recursion without recursion"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "3.1",
    "A recursion without recursion",
    difficulty=1,
    minutes=5,
    task="With a_0 = 0, every b_t = 1 and every c_t = 0.5: what is a_4, if "
    "a_t = b_t + c_t·a_{t-1}?",
    hints=(
        "Four terms: one for every step whose b can still be felt at step 4. How often has "
        "each of them been multiplied by c?",
        "b_4 has been multiplied 0 times, b_3 once, b_2 twice, b_1 three times. Add the four.",
    ),
    right=1.875,
    mistakes=(
        Mistake("One term too many: the sum begins at i = 1. There is no b_0.", 1.9375),
        Mistake(
            "Each product has one factor too many: it begins at j = i + 1, because b_i itself "
            "is not multiplied by c_i.",
            1.4375,
        ),
        Mistake("The term b_4 outside the sum is missing: step 4 acts too.", 0.875),
        Mistake("That is the value for a very long sequence. At step 4 it is not reached.", 2.0),
        Mistake("That is the effect of b_1 alone, after three steps.", 0.125),
        Mistake("You stopped one step early: that is a_3.", 1.75),
        Mistake("That is the sum of the four b. What does c do to the earlier ones?", 4.0),
    ),
)
