"""4.9 What it means for gradients"""

from __future__ import annotations

from unrolled.exercises.model import ChoiceExercise, Mistake

EXERCISE = ChoiceExercise(
    "4.9",
    "What it means for gradients",
    difficulty=2,
    minutes=10,
    task="A gradient on its way back through a recurrent network is multiplied by a Jacobian "
    "at every step. Choose all that follow from the alignment of M^k x with v_1, in a linear "
    "network with |λ_1| > |λ_2| and, in the long run, with tanh.",
    hints=(
        "Separate two things: where the gradient points, and how long it is. The alignment is "
        "about one of them. And row vectors meet W from the left.",
        "g W^k = (Wᵀ)^k gᵀ: whose eigenvectors are those? With tanh every step has another "
        "Jacobian, and the product has its own leading direction at each state.",
    ),
    options={
        "a": "Gradients of different losses, many steps later, become parallel at one state.",
        "b": "In the long run the length changes at a steady rate (with tanh: on average).",
        "c": "The gradients vanish.",
        "d": "For a linear network with W not symmetric, the common direction is the "
        "eigenvector v_1 with W v_1 = λ_1 v_1.",
        "e": "From far away a state is told by one number, how much; no longer which of its "
        "units is to blame.",
        "f": "With tanh, the common direction is the same at every state.",
    },
    right=frozenset("abe"),
    mistakes=(
        Mistake(
            "Parallel gradients are the heart of it: send two different g back through the "
            "same 100 steps, and look at the cosine.",
            "a",
        ),
        Mistake(
            "Once the direction has settled, every step stretches the same direction: in a "
            "linear network by |λ_1|, with tanh by exp(λ) on average, the largest Lyapunov "
            "exponent.",
            "b",
        ),
        Mistake(
            "Only if |λ_1| is below 1. Direction and length are two statements, and they "
            "align while they explode as well.",
            "c",
        ),
        Mistake(
            "On the way back W acts on row vectors, g W: it is the LEFT eigenvector, that of "
            "Wᵀ. For symmetric matrices the two are the same.",
            "d",
        ),
        Mistake(
            "When all gradients are parallel, they differ by one number only. What else could "
            "a far loss say to a state?",
            "e",
        ),
        Mistake(
            "The Jacobians differ from step to step, and with them the leading direction of "
            "the product: gradients agree with one another at a state, not from state to "
            "state.",
            "f",
        ),
    ),
)
