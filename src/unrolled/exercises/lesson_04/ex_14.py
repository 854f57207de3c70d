"""4.14 Claim court"""

from __future__ import annotations

from unrolled.exercises.matching import of_the_wrong_kind
from unrolled.exercises.model import ChoiceExercise, Mistake

OBJECTIONS = {"radius": "a", "small": "b", "plot": "c", "clip": "d", "bug": "e"}


EXERCISE = ChoiceExercise(
    "4.14",
    "Claim court",
    difficulty=2,
    minutes=10,
    task="Five sentences that you will meet. Match each with the objection that hits it.",
    hints=(
        "For each sentence: which measurement of this lesson would you show? The length of "
        "dL/dW_hh, the lag matrix, the exponent along the trajectory, the norm before and "
        "after?",
        "radius: a tanh network is not its matrix. small: a sum has recent terms too. plot: "
        "with a loss at every step, each state is told something directly. clip: which way can "
        "it scale? bug: what else grows when two nearby trajectories part?",
    ),
    options={
        "a": "The slopes along the trajectory count too: measure the exponent, not the matrix.",
        "b": "The sum is made by the recent steps; only its old part is lost.",
        "c": "That is the total; the last loss alone, or the lag matrix, shows another picture.",
        "d": "It can only shorten, and by the same factor for old and recent parts.",
        "e": "Forward and backward grow at the same rate: where the states are chaotic, the "
        "gradient has to.",
        "f": "Only the slopes decide, the matrix has no part in it.",
        "g": "None: it is true as it stands.",
    },
    right=OBJECTIONS,
    mistakes=of_the_wrong_kind(
        OBJECTIONS,
        {
            claim: ("abcdefg", "that is true or false of something else. " + about)
            for claim, about in {
                "radius": "What, besides the matrix, makes a Jacobian?",
                "small": "Of what is dL/dW_hh the sum?",
                "plot": "What does each state hear, apart from the last loss?",
                "clip": "What does clipping do to a gradient that is short?",
                "bug": "What do nearby trajectories do where gradients grow?",
            }.items()
        },
        (
            Mistake(
                "radius: then every tanh network with weights would vanish. Both factors count.",
                {"radius": "f"},
            ),
            Mistake(
                "radius: the lesson trains networks whose radius is well above 1. What do "
                "their gradients do?",
                {"radius": "g"},
            ),
            Mistake(
                "radius: a growing gradient can be right, but does it grow here at all?",
                {"radius": "e"},
            ),
            Mistake(
                "small: measure ‖dL/dW_hh‖ in a network that forgets within two steps. It is "
                "not small.",
                {"small": "g"},
            ),
            Mistake(
                "small: nearly, but the sentence is about a weight, not about states. What is "
                "dL/dW_hh a sum of?",
                {"small": "c"},
            ),
            Mistake(
                "small: whether or not it vanishes is not in doubt here; what follows for the "
                "weights is.",
                {"small": "a"},
            ),
            Mistake(
                "plot: with a loss at every step each state hears its own loss directly, at "
                "full length. What does the curve show then?",
                {"plot": "g"},
            ),
            Mistake(
                "plot: that would be about dL/dW_hh. What is dL/dh_t the sum of?",
                {"plot": "b"},
            ),
            Mistake(
                "plot: the curve was measured along a trajectory. What does it add up?",
                {"plot": "a"},
            ),
            Mistake(
                "clip: try it on a gradient whose old part is 10^-9 of the recent one. What is "
                "their proportion afterwards?",
                {"clip": "g"},
            ),
            Mistake(
                "clip: that is why vanishing is hard to see in dL/dW_hh. But why does clipping "
                "not mend it?",
                {"clip": "b"},
            ),
            Mistake(
                "bug: a perfectly coded network in a chaotic regime has growing gradients too.",
                {"bug": "g"},
            ),
            Mistake(
                "bug: true, but how can a growing gradient be the RIGHT one?",
                {"bug": "a"},
            ),
            Mistake(
                "bug: clipping answers the growth; it does not say where it comes from.",
                {"bug": "d"},
            ),
        ),
    ),
)
