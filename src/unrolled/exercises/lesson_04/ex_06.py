"""4.6 The eigenvalues of a power"""

from __future__ import annotations

from unrolled.exercises.matching import of_the_wrong_kind
from unrolled.exercises.model import ChoiceExercise, Mistake

GAPS = {"gap 1": "a", "gap 2": "c", "symmetry": "f", "eigenvectors": "i"}

EXERCISE = ChoiceExercise(
    "4.6",
    "The eigenvalues of a power",
    difficulty=2,
    minutes=8,
    task="M v = λ v. Prove by induction that M^k v = λ^k v: fill the two gaps in "
    "M^(k+1) v = M (M^k v) = gap 1 = gap 2. What is the symmetry of M needed for? And which M "
    "shows that M^k may have eigenvectors that M does not have?",
    hints=(
        "Gap 1 uses what is known for k, gap 2 what is known for 1. Numbers may change places "
        "with matrices; look where you used that M is symmetric.",
        "In gap 1 replace M^k v by λ^k v. For the last question look for eigenvalues that "
        "become equal by taking the power, although they were different.",
    ),
    options={
        "a": "M (λ^k v)",
        "b": "(M λ)^k v",
        "c": "λ^k λ v = λ^(k+1) v",
        "d": "λ^k v = λ^(k+1) v",
        "e": "for M (M^k v) = M^k (M v)",
        "f": "not in the induction, only to know that n orthogonal v_i, and so all eigenvalues "
        "of M^k, are found",
        "g": "nowhere: every matrix has n independent eigenvectors",
        "h": "M = diag(2, 1) with k = 2",
        "i": "M = diag(1, -1) with k = 2",
        "j": "M = diag(1, -1) with k = 3",
        "k": "none: M^k and M have the same eigenvectors",
    },
    right=GAPS,
    mistakes=of_the_wrong_kind(
        GAPS,
        {
            "gap 1": (
                "efghijk",
                "an expression is asked for, the first of a to d that follows.",
            ),
            "gap 2": ("efghijk", "an expression is asked for, made of gap 1."),
            "symmetry": ("abcdhijk", "one of e, f and g says what symmetry is for."),
            "eigenvectors": ("abcdefg", "an example is asked for, or that there is none."),
        },
        (
            Mistake(
                "Gap 1: M λ is a matrix times a number; its k-th power holds M k times. What "
                "is known is M^k v = λ^k v: put that in.",
                {"gap 1": "b"},
            ),
            Mistake(
                "Gap 1: that is already the result. First say what became of M^k v.",
                {"gap 1": "c"},
            ),
            Mistake(
                "Gap 1: the outer M is gone before it has acted on v.",
                {"gap 1": "d"},
            ),
            Mistake(
                "Gap 2: that equation is true for λ = 1 only. M v still gives one more λ.",
                {"gap 2": "d"},
            ),
            Mistake("Gap 2: go on, M still stands in front of v.", {"gap 2": "a"}),
            Mistake("Gap 2: a power of M λ holds powers of M; λ^k M v has one M.", {"gap 2": "b"}),
            Mistake(
                "Symmetry: powers of one matrix change places whether or not it is symmetric.",
                {"symmetry": "e"},
            ),
            Mistake(
                "Symmetry: count the independent eigenvectors of [[1, 1], [0, 1]].",
                {"symmetry": "g"},
            ),
            Mistake(
                "Eigenvectors: 4 and 1 are still different, so only the axes are eigenvectors "
                "of diag(4, 1).",
                {"eigenvectors": "h"},
            ),
            Mistake(
                "Eigenvectors: an odd power gives diag(1, -1) back, and nothing new.",
                {"eigenvectors": "j"},
            ),
            Mistake(
                "Eigenvectors: those of M stay, but others can join them: take diag(1, -1), "
                "and apply its square to (1, 1).",
                {"eigenvectors": "k"},
            ),
        ),
    ),
)
