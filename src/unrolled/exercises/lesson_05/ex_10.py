"""5.10 What holds on the highway"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "5.10",
    "What holds on the highway",
    difficulty=2,
    minutes=6,
    task="Choose everything that is true of the gradient of a standard LSTM.",
    hints=(
        "c_{t-1} acts on c_t directly, times f_t, and on the four gates by way of h_{t-1}. "
        "Which of the sentences forgets one of the two?",
        "The direct part is a product of numbers below 1. The other part has `W_hh` in it, "
        "which can be as large as it likes.",
    ),
    options={
        "a": "the cell is additive, so its gradient does not shrink exponentially",
        "b": "with every f at the value that b_f = 1 gives, less than a millionth is left of "
        "the direct path after 50 steps",
        "c": "at f < 1 the full gradient can still grow from step to step",
        "d": "a change of c_{t-1} reaches c_t in no other way than multiplied by f_t",
        "e": "right after torch's default initialisation a forget gate is near 1/2",
        "f": "with `W_hh` = 0 the full gradient of the cell is exactly the direct path",
    },
    right=frozenset({"b", "c", "e", "f"}),
    mistakes=(
        Mistake("a: What multiplies the old cell in that sum, once a step?", "a"),
        Mistake("b: Compute it: exercise 5.6 asked for this number.", "b"),
        Mistake(
            "c: The bound f < 1 is on the direct path alone. The way round through h and "
            "`W_hh` has no such bound.",
            "c",
        ),
        Mistake(
            "d: That is the direct path. c_{t-1} is also shown in h_{t-1}: who reads that, in "
            "the step from t-1 to t?",
            "d",
        ),
        Mistake(
            "e: Its two biases are drawn around 0, and its weights are small. What is sigmoid(0)?",
            "e",
        ),
        Mistake(
            "f: With `W_hh` = 0 no gate hears h_{t-1}. Which way round is left then?",
            "f",
        ),
    ),
)
