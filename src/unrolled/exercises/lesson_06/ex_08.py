"""6.8 The window of float16"""

from __future__ import annotations

from unrolled.exercises.model import Mistake, NumberExercise

EXERCISE = NumberExercise(
    "6.8",
    "The window of float16",
    difficulty=2,
    minutes=8,
    task="float16 has no positive number below 2⁻²⁴ and none above 65504. How many factors "
    "1/2 make a 1 exactly 0? How many factors 1/4, if the loss was multiplied by 2¹⁰ before? "
    "And which is the largest k for which 2ᵏ times a gradient of 3 is finite?",
    hints=(
        "Count in powers of two: each number here is a single one, except the 3. What does "
        "rounding do with exactly half of the smallest number?",
        "Half of the smallest number lies between 0 and it and is rounded to 0 (to the even "
        "one). Begin at 10 instead of 0 for the second; a 1/4 takes two. Or let "
        "`np.float16` do it in a loop.",
    ),
    right={"half": 25, "scaled": 18, "largest": 14},
    tolerance=0.4,
    mistakes=(
        Mistake(
            "half: after that many factors the smallest number itself is left. It is not yet 0.",
            {"half": 24},
        ),
        Mistake(
            "half: that is where the normal numbers end. Below them there are subnormal ones, "
            "with fewer digits.",
            {"half": 15},
        ),
        Mistake(
            "half: after that many factors the smallest NORMAL number is left. Below it there "
            "are subnormal ones, with fewer digits.",
            {"half": 14},
        ),
        Mistake(
            "half: that is how many binary digits a float16 has. The question is how small it "
            "can get.",
            {"half": 11},
        ),
        Mistake(
            "scaled: one too few. What is 2¹⁰ times (1/4) to that power, as a power of 2?",
            {"scaled": 16},
        ),
        Mistake("scaled: that is float32.", {"scaled": 80}),
        Mistake(
            "scaled: that is where the normal numbers end. Below them there are subnormal "
            "ones, with fewer digits.",
            {"scaled": 12},
        ),
        Mistake("half: that is the number of factors 1/4.", {"half": 13}),
        Mistake("half: that is float32.", {"half": 150}),
        Mistake("half: one too many. Is half of the smallest number kept?", {"half": 26}),
        Mistake(
            "scaled: that is without the scale. Where does the product begin now?",
            {"scaled": 13},
        ),
        Mistake(
            "scaled: after that many factors the smallest number itself is left.",
            {"scaled": 17},
        ),
        Mistake(
            "scaled: 10 more than without the scale. How many factors 1/4 undo 2¹⁰?",
            {"scaled": 23},
        ),
        Mistake(
            "scaled: the scale makes the product larger, so it lasts longer, not shorter.",
            {"scaled": 8},
        ),
        Mistake(
            "scaled: that is with factors 1/2.",
            {"scaled": 35},
        ),
        Mistake(
            "largest: 3 times that power is above 65504, and becomes infinite. Loss scaling "
            "is a window with two sides.",
            {"largest": 15},
        ),
        Mistake(
            "largest: that power alone is above 65504 already.",
            {"largest": 16},
        ),
        Mistake("largest: one more fits. Compare 3 · 2ᵏ with the largest number.", {"largest": 13}),
        Mistake(
            "largest: that is the power itself. k is its exponent.",
            {"largest": 16384},
        ),
        Mistake(
            "largest: that is how many times 3 fits into 65504. Which power of 2 is below it?",
            {"largest": 21834.4},
        ),
        Mistake(
            "largest: that many would be needed at the other end, against underflow. Here the "
            "question is about overflow.",
            {"largest": 24},
        ),
    ),
)
