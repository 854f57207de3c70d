"""6.10 What can be said"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "6.10",
    "What can be said",
    difficulty=2,
    minutes=8,
    task="Choose everything that is true.",
    hints=(
        "A slope is only one of the factors: weights and the number of paths are the others. "
        "And a ReLU looks at z, which is made of weights AND inputs.",
        "The outputs of ReLUs are never negative: what is z, then, if all weights are "
        "negative and the bias is 0? And what does a learning rate multiply in a dead unit?",
    ),
    options={
        "a": "with all weights from N(0, 1), a sigmoid layer of width 512 makes the gradient "
        "longer",
        "b": "an activation whose slope never exceeds 1 cannot make gradients explode, "
        "whatever the weights",
        "c": "a ReLU unit of the first layer with all weights negative is dead, also if inputs "
        "have both signs",
        "d": "a ReLU unit above another ReLU layer, with all weights negative and bias 0, is dead",
        "e": "the layer with the smallest gradient moves least, whatever the optimiser",
        "f": "from tanh(z) = 2σ(2z) - 1 it follows that tanh is four times as steep as σ at 0",
        "g": "with a smaller learning rate the weights of a dead unit begin to move again",
    },
    right=frozenset({"a", "d", "f"}),
    mistakes=(
        Mistake(
            "a: The slope is 1/4 at most, on each path. How many paths add up, and where does "
            "the width law cross 1?",
            "a",
        ),
        Mistake(
            "b: ReLU's slope is 1 at most. What did the lesson measure for ReLU with weights "
            "from N(0, 1)?",
            "b",
        ),
        Mistake("c: What is z, if an input is negative too?", "c"),
        Mistake("d: Which sign do the inputs of this unit have, and so its z?", "d"),
        Mistake(
            "e: For plain gradient descent. What does Adam do with a gradient before it steps?",
            "e",
        ),
        Mistake(
            "f: Differentiate both sides. How often does a 2 appear?",
            "f",
        ),
        Mistake("g: Which gradient do the weights of a dead unit get, times any rate?", "g"),
    ),
)
