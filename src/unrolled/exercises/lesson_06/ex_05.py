"""6.5 A scale for the leaky ReLU"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled.exercises.model import Case, CodeExercise, Mistake


def leaky_std(n_in: int, n_out: int, leak: float) -> tuple[float, float]:
    kept = (1 + leak**2) / 2
    return (kept * n_in) ** -0.5, (kept * n_out) ** -0.5


def std_from_gain(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    gain = np.sqrt(2 / (1 + a * a))
    return gain / np.sqrt(n_in), gain / np.sqrt(n_out)


def std_by_adding(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    def solve(n: int) -> float:
        return 1 / np.sqrt(n / 2 + n * a**2 / 2)

    return solve(n_in), solve(n_out)


def _scaled(std: Callable[[float, float], float]) -> Callable[..., tuple[float, float]]:
    return lambda n_in, n_out, a: (std(n_in, a), std(n_out, a))


def _exchanged_fans(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    return leaky_std(n_out, n_in, a)


def _forward_twice(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    return leaky_std(n_in, n_in, a)


def _backward_twice(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    return leaky_std(n_out, n_out, a)


def _xavier(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    both = np.sqrt(2 / (n_in + n_out))
    return both, both


def _mean_fan(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    both = leaky_std((n_in + n_out) / 2, 1, a)[0]
    return both, both


def _centred(n_in: int, n_out: int, a: float) -> tuple[float, float]:
    variance = (1 + a**2) / 2 - (1 - a) ** 2 / (2 * np.pi)
    return 1 / np.sqrt(n_in * variance), leaky_std(n_in, n_out, a)[1]


def scale_cases(rng: np.random.Generator) -> list[Case]:
    sizes = ((50, 80, 0.0), (64, 10, 0.25), (30, 300, 0.01), (7, 12, 1.0), (200, 90, 0.6))
    return [
        Case({"n_in": n, "n_out": m, "leak": a}, {"n_in": n, "n_out": m}, f"leak = {a:g}")
        for n, m, a in sizes
    ]


EXERCISE = CodeExercise(
    "6.5",
    "A scale for the leaky ReLU",
    difficulty=2,
    minutes=12,
    task="Write `leaky_std`, which returns the two standard deviations of the weights that "
    "keep the signal, forwards and backwards, when the layers are leaky ReLUs.",
    hints=(
        "z is as often positive as negative. Which part of its mean square survives the leaky "
        "ReLU, if half is kept and half is multiplied by ε²? And how many terms does a sum "
        "have, forwards and backwards?",
        "std² · n · (1 + ε²)/2 = 1, with n = n_in forwards, n_out backwards. Check: ε = 0 is "
        "He's scale, ε = 1 a linear layer.",
    ),
    reference=leaky_std,
    also_right=(std_from_gain, std_by_adding),
    cases=scale_cases,
    outputs={"forward": "", "backward": ""},
    mistakes=(
        Mistake(
            "This is Xavier's scale, made for layers that are linear near 0. On the left, a "
            "leaky ReLU loses something at every layer: how much?",
            _xavier,
        ),
        Mistake(
            "This is He's scale, for ε = 0, whatever ε is. What does the negative side let "
            "through?",
            _scaled(lambda n, a: np.sqrt(2 / n)),
        ),
        Mistake(
            "This is 1/√n, the scale of a linear layer. Half of the inputs arrive multiplied by ε.",
            _scaled(lambda n, a: np.sqrt(1 / n)),
        ),
        Mistake(
            "These are variances. The standard deviation is the root.",
            _scaled(lambda n, a: 2 / ((1 + a**2) * n)),
        ),
        Mistake(
            "1 + ε stands in place of 1 + ε²: mean squares are kept here, and the slope counts "
            "squared in them.",
            _scaled(lambda n, a: np.sqrt(2 / ((1 + a) * n))),
        ),
        Mistake(
            "The gain is 2/(1 + ε), one over the mean slope. The mean SQUARE of the slope is "
            "what decides.",
            _scaled(lambda n, a: 2 / ((1 + a) * np.sqrt(n))),
        ),
        Mistake(
            "The gain is √2/(1 + ε). Half of the numbers have slope 1 and half have slope ε: "
            "add their squares, then take the root.",
            _scaled(lambda n, a: np.sqrt(2) / ((1 + a) * np.sqrt(n))),
        ),
        Mistake(
            "1 - ε stands in place of 1 + ε²: the leaky side adds to what passes.",
            _scaled(lambda n, a: np.sqrt(2 / ((1 - a) * n)) if a < 1 else np.inf),
        ),
        Mistake(
            "1 - ε² stands in place of 1 + ε²: the leaky side adds to what passes.",
            _scaled(lambda n, a: np.sqrt(2 / ((1 - a**2) * n)) if a < 1 else np.inf),
        ),
        Mistake(
            "The gain is turned upside down: weights must make up for what the activation "
            "loses, so they get larger, not smaller.",
            _scaled(lambda n, a: np.sqrt((1 + a**2) / (2 * n))),
        ),
        Mistake(
            "This is the gain alone. A sum of n terms has n times the variance of one.",
            _scaled(lambda n, a: np.sqrt(2 / (1 + a**2))),
        ),
        Mistake(
            "The gain is divided by n instead of √n: variances add, standard deviations do not.",
            _scaled(lambda n, a: np.sqrt(2 / (1 + a**2)) / n),
        ),
        Mistake(
            "The 2 is missing: each side of 0 gets only half of the numbers.",
            _scaled(lambda n, a: np.sqrt(1 / ((1 + a**2) * n))),
        ),
        Mistake(
            "The gain grows with ε. The more the left side lets "
            "through, the less there is to make up for.",
            _scaled(lambda n, a: np.sqrt(2 * (1 + a**2) / n)),
        ),
        Mistake(
            "ε is added to He's scale. The more passes on the left, the smaller the weights "
            "may be; and ε counts squared, beside the 1 of the right side.",
            _scaled(lambda n, a: np.sqrt(2 / n) + a),
        ),
        Mistake(
            "The slope is 0.01, whatever ε is.",
            _scaled(lambda n, a: np.sqrt(2 / ((1 + 0.01**2) * n))),
        ),
        Mistake(
            "n_in and n_out are added. A sum has n_in terms forwards and n_out backwards, "
            "never both.",
            lambda n_in, n_out, a: leaky_std(n_in + n_out, n_in + n_out, a),
        ),
        Mistake(
            "`forward` keeps the spread of h around its mean. The next z sees the mean square "
            "of h, its mean included, because the weights have mean 0.",
            _centred,
        ),
        Mistake(
            "The gain is 2/(1 + ε²), without a root: that is the gain of mean squares.",
            _scaled(lambda n, a: 2 / ((1 + a**2) * np.sqrt(n))),
        ),
        Mistake(
            "These are what a layer of weights N(0, 1) multiplies the signal by. The weights "
            "must undo it.",
            _scaled(lambda n, a: np.sqrt((1 + a**2) * n / 2)),
        ),
        Mistake(
            "Both are the mean of the two scales. Asked for are the two themselves.",
            lambda n_in, n_out, a: (sum(leaky_std(n_in, n_out, a)) / 2,) * 2,
        ),
        Mistake(
            "`backward` is 1/√n_out. The gradient goes through the slopes too: half of them are ε.",
            lambda n_in, n_out, a: (leaky_std(n_in, n_out, a)[0], n_out**-0.5),
        ),
        Mistake(
            "`backward` is He's scale for ε = 0, whatever ε is. The gradient goes through the "
            "slopes too: half of them are ε.",
            lambda n_in, n_out, a: (leaky_std(n_in, n_out, a)[0], (2 / n_out) ** 0.5),
        ),
        Mistake(
            "This is the limit of a uniform distribution, √3 times its standard deviation. The "
            "latter is asked for.",
            _scaled(lambda n, a: np.sqrt(6 / ((1 + a**2) * n))),
        ),
        Mistake(
            "The two are exchanged. Forwards each unit adds up n_in numbers; backwards each "
            "input hears from n_out.",
            _exchanged_fans,
        ),
        Mistake(
            "`backward` uses n_in. On the way back, how many units does one input hear from?",
            _forward_twice,
        ),
        Mistake(
            "`forward` uses n_out. On the way forward, how many inputs does one unit add up?",
            _backward_twice,
        ),
        Mistake(
            "Both use the mean of n_in and n_out, Xavier's compromise. Asked for are the two "
            "scales between which it compromises.",
            _mean_fan,
        ),
    ),
)
