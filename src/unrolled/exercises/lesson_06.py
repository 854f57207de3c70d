"""Exercises of lesson 6, Activations: slopes, scales, widths, underflow and dead units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unrolled.activations import d_sigmoid, sigmoid
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Mistake,
    NumberExercise,
    every_size,
)

Array = np.ndarray
Arrays = tuple[Array, ...]


# 6.1 Slopes from outputs


def slopes(s: Array, h: Array, r: Array, leak: float) -> Arrays:
    return s * (1 - s), 1 - h**2, np.where(r > 0, 1.0, leak)


def slopes_from_z(s: Array, h: Array, r: Array, a: float) -> Arrays:
    z, w = np.log(s / (1 - s)), np.arctanh(h)
    return d_sigmoid(z), 1 / np.cosh(w) ** 2, (r > 0) + a * (r <= 0)


def slopes_with_masks(s: Array, h: Array, r: Array, a: float) -> Arrays:
    leaky = np.full_like(r, a)
    leaky[r > 0] = 1
    return s - s * s, (1 - h) * (1 + h), leaky


WRONG_SIGMOID_SLOPES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    (
        "`d_sigmoid` is the slope at `s`, as if `s` were a preactivation: the sigmoid is taken a "
        "second time. `s` has been through it already.",
        d_sigmoid,
    ),
    (
        "`d_sigmoid` is 1 - s. One factor of the product is missing: what happens far left, where "
        "s is near 0?",
        lambda s: 1 - s,
    ),
    (
        "`d_sigmoid` is s itself, which keeps growing. Far right the sigmoid is flat: which factor "
        "is 0 there?",
        lambda s: s.copy(),
    ),
    (
        "`d_sigmoid` is 1 - s². That is tanh's slope; where does it say that the sigmoid is flat "
        "far left?",
        lambda s: 1 - s**2,
    ),
    (
        "`d_sigmoid` is (1 - s)²: both factors are the distance to 1. One of them should be the "
        "distance to 0.",
        lambda s: (1 - s) ** 2,
    ),
    (
        "`d_sigmoid` is s (1 + s), which is more than 1 far right. Check a sign.",
        lambda s: s * (1 + s),
    ),
    (
        "`d_sigmoid` is 1/4 everywhere. That is the largest slope, at s = 1/2; which is it "
        "elsewhere?",
        lambda s: np.full_like(s, 0.25),
    ),
    (
        "`d_sigmoid` is 1 / (s (1 - s)). That is dz/ds, the slope of the inverse function.",
        lambda s: 1 / (s * (1 - s)),
    ),
)

WRONG_TANH_SLOPES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    (
        "`d_tanh` is the slope at `h`, as if `h` were a preactivation: the tanh is taken a second "
        "time. `h` has been through it already.",
        lambda h: 1 - np.tanh(h) ** 2,
    ),
    (
        "`d_tanh` is (1 - h)², the square of a difference. At h = -0.9 it is above 3, and tanh is "
        "nowhere steeper than 1. Which of the two is to be squared?",
        lambda h: (1 - h) ** 2,
    ),
    (
        "`d_tanh` is 1 / (1 - h²). That is dz/dh, the slope of the inverse function: it grows "
        "where tanh is flat.",
        lambda h: 1 / (1 - h**2),
    ),
    (
        "`d_tanh` is h (1 - h), the sigmoid's formula. It is 0 at h = 0, where tanh is steepest.",
        lambda h: h * (1 - h),
    ),
    (
        "`d_tanh` is 4 h (1 - h). 4σ'(2z) is right, but s is not h there: what is σ(2z) in terms "
        "of h = 2σ(2z) - 1?",
        lambda h: 4 * h * (1 - h),
    ),
    ("`d_tanh` is 1 - h: the square is missing.", lambda h: 1 - h),
    ("`d_tanh` is 1 + h², never below 1. Tanh flattens: check a sign.", lambda h: 1 + h**2),
    (
        "`d_tanh` is -2h. That differentiates 1 - h² once more: 1 - h² is the slope already.",
        lambda h: -2 * h,
    ),
    (
        "`d_tanh` is 1 - |h|. It agrees at the middle and at both ends, and is too small in "
        "between.",
        lambda h: 1 - np.abs(h),
    ),
    (
        "`d_tanh` is sqrt(1 - h²), the cosine of the angle whose sine is h. tanh is the other "
        "kind of tangent: no root.",
        lambda h: np.sqrt(1 - h**2),
    ),
)

WRONG_LEAKY_SLOPES: tuple[tuple[str, Callable[[Array, float], Array]], ...] = (
    (
        "At exactly 0 `d_leaky` is 1. Both 1 and ε would do, but torch takes the slope from the "
        "left; with ε = 0 this decides about every silent unit, since its output is 0.",
        lambda r, a: np.where(r >= 0, 1.0, a),
    ),
    (
        "At exactly 0 `d_leaky` is 1/2. torch takes the slope from the left there; and with ε = 0 "
        "all silent units have r = 0, so that half of the gradient would pass through them.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, 0.5)),
    ),
    (
        "At exactly 0 `d_leaky` is halfway between 1 and ε. torch takes the slope from the left.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, (1 + a) / 2)),
    ),
    (
        "At exactly 0 `d_leaky` is 0, for any ε. The slope from the left is ε.",
        lambda r, a: np.where(r > 0, 1.0, np.where(r < 0, a, 0.0)),
    ),
    (
        "`d_leaky` is 0 on the left, whatever `leak` is: that is the plain ReLU.",
        lambda r, a: np.where(r > 0, 1.0, 0.0),
    ),
    (
        "`d_leaky` is negative on the left. The function falls to the left, but from left to "
        "right it still rises.",
        lambda r, a: np.where(r > 0, 1.0, -a),
    ),
    (
        "`d_leaky` is the sign of r. Which way does the function go left of 0, and how steeply?",
        lambda r, a: np.sign(r),
    ),
    (
        "`d_leaky` is 1 wherever r is not 0, so left of 0 as well. On which side is it ε?",
        lambda r, a: np.where(r != 0, 1.0, a),
    ),
    ("The two slopes of `d_leaky` are exchanged.", lambda r, a: np.where(r > 0, a, 1.0)),
    (
        "`d_leaky` applies the function again. What is its slope on the right, where it is "
        "the identity?",
        lambda r, a: np.where(r > 0, r, a * r),
    ),
    (
        "`d_leaky` is ε times r on the left: that is a value, not a slope. How steep is a line?",
        lambda r, a: np.where(r > 0, 1.0, a * r),
    ),
    (
        "`d_leaky` is 0.01 on the left, whatever `leak` is.",
        lambda r, a: np.where(r > 0, 1.0, 0.01),
    ),
    ("`d_leaky` is 1 + ε on the right: the two are added.", lambda r, a: (r > 0) + a),
    (
        "`d_leaky` is 1 everywhere. What lets the negative side through?",
        lambda r, a: np.ones_like(r),
    ),
    (
        "`d_leaky` is r divided by ε on the left, on the way back to z. The slope does not depend "
        "on how far left z lies.",
        lambda r, a: np.where(r > 0, 1.0, r / a if a else 0.0),
    ),
)


def _sigmoid_slope(slope: Callable[[Array], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (slope(s), *slopes(s, h, r, a)[1:])


def _tanh_slope(slope: Callable[[Array], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (s * (1 - s), slope(h), np.where(r > 0, 1.0, a))


def _leaky_slope(slope: Callable[[Array, float], Array]) -> Callable[..., Arrays]:
    return lambda s, h, r, a: (*slopes(s, h, r, a)[:2], slope(r, a))


def _twice_activated(s: Array, h: Array, r: Array, a: float) -> Arrays:
    return d_sigmoid(s), 1 - np.tanh(h) ** 2, np.where(r > 0, 1.0, a)


def _slopes_in_place(s: Array, h: Array, r: Array, a: float) -> Arrays:
    result = slopes(s, h, r, a)
    r[r > 0], r[r <= 0] = 1, a
    return result


def draw_outputs(rng: np.random.Generator, N: int, H: int) -> dict[str, Any]:
    a = {3: 0.0, 4: 0.25, 5: 0.01, 2: 0.5}[N]
    z = rng.normal(size=(N, H))
    z[0, 1] = 0.0
    return {
        "s": sigmoid(2 * rng.normal(size=(N, H))),
        "h": np.tanh(rng.normal(size=(N, H))),
        "r": np.where(z > 0, z, a * z),
        "leak": a,
    }


# 6.2 A sigmoid for every number


def sigmoid_by_masks(z: Array) -> Array:
    s, right = np.empty_like(z), z >= 0
    s[right] = 1 / (1 + np.exp(-z[right]))
    s[~right] = np.exp(z[~right]) / (1 + np.exp(z[~right]))
    return s


def sigmoid_by_logs(z: Array) -> Array:
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_by_minimum(z: Array) -> Array:
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def _naive(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _growing(z: Array) -> Array:
    return np.exp(z) / (1 + np.exp(z))


def _clipped(limit: float) -> Callable[[Array], Array]:
    return lambda z: 1 / (1 + np.exp(-np.clip(z, -limit, limit)))


def _cut_off(limit: float) -> Callable[[Array], Array]:
    return lambda z: np.where(z < -limit, np.zeros_like(z), sigmoid(z))


def _like_softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    return e / (1 + e)


def _branches_exchanged(z: Array) -> Array:
    return np.where(z >= 0, _growing(z), _naive(z))


def _in_single(z: Array) -> Array:
    return sigmoid(z.astype(np.float32)).astype(z.dtype)


def _absolute_in_place(z: Array) -> Array:
    s, e = sigmoid(z), np.abs(z)
    z[...] = e
    return s


CLIPS = (20, 30, 50, 60, 80, 88, 100, 500, 700, 709)


def sigmoid_cases(rng: np.random.Generator) -> list[Case]:
    """Both types, near zero, at ±1000, and down the tail to the last numbers there are.

    An array of the tail holds nothing else, since errors are judged by its largest number. Its
    first row lies where the shorter formulas still have a few digits.
    """
    far = np.array([[-1000.0, -90.0, -17.5], [0.0, -0.0, 1000.0]])
    ranges = (
        (-6, -6, 6, np.float64, "near 0, float64"),
        (-6, -6, 6, np.float32, "near 0, float32"),
        (-36, -45, -36, np.float64, "z from -45 to -33, float64"),
        (-19.5, -35, -21, np.float32, "z from -35 to -15, float32"),
        (-709.7, -716, -711, np.float64, "z from -716 to -709, float64"),
        (-88.7, -95, -90, np.float32, "z from -95 to -88, float32"),
    )
    cases = []
    for N, (edge, low, high, dtype, note) in enumerate(ranges, start=2):
        z = rng.uniform(low, high, size=(N, N + 2))
        z[0] = edge + rng.uniform(0, 0.6, size=N + 2) * (5 if edge in (-36, -19.5) else 1)
        if edge == -6:
            z[-1] = np.linspace(-1.5, 1.5, N + 2)  # close to 0 on both sides
        cases.append(Case({"z": z.astype(dtype)}, {"N": N, "H": N + 2}, note))
    return cases + [
        Case({"z": far.astype(dtype)}, {"N": 2, "H": 3}, f"as far as ±1000, {dtype.__name__}")
        for dtype in (np.float64, np.float32)
    ]


# 6.4 Back through the layers


def gradient_norms(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for h_k, W_k in zip(h[:0:-1], W[::-1], strict=True):
        dh = (dh * h_k * (1 - h_k)) @ W_k
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])


def norms_by_jacobians(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    rows, norms = list(dh), np.empty(len(h))
    for k in reversed(range(len(h))):
        norms[k] = np.sqrt(sum(row @ row for row in rows))
        if k:
            slope = h[k] - h[k] ** 2
            rows = [row @ (d[:, None] * W[k - 1]) for row, d in zip(rows, slope, strict=True)]
    return norms


def norms_unit_by_unit(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    squares = [(dh * dh).sum()]
    for k in range(len(W) - 1, -1, -1):
        below = np.zeros_like(h[k])
        for j, row in enumerate(W[k]):
            out = h[k + 1][:, j]
            below += np.outer(dh[:, j] * out * (1 - out), row)
        dh = below
        squares.insert(0, (dh * dh).sum())
    return np.sqrt(squares)


def travelled(
    dh: Array,
    h: Sequence[Array],
    W: Sequence[Array],
    *,
    slope: Callable[[Array], Array] = lambda h: h * (1 - h),
    back: Callable[[Array], Array] = lambda W: W,
    measure: Callable[[Array], float] = np.linalg.norm,
    after: Callable[[Array], Array] = lambda dh: dh,
) -> Array:
    """The way back; each option is one thing that people get wrong."""
    norms = [measure(dh)]
    for h_k, W_k in zip(h[:0:-1], W[::-1], strict=True):
        dh = after((dh * slope(h_k)) @ back(W_k))
        norms.append(measure(dh))
    return np.array(norms[::-1])


def _travelled(**options: Any) -> Callable[..., Array]:
    return lambda dh, h, W: travelled(dh, h, W, **options)


def _slope_below(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for h_k, W_k in zip(h[-2::-1], W[::-1], strict=True):
        dh = (dh @ W_k) * h_k * (1 - h_k)
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])


def _slope_late(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for h_k, W_k in zip(h[-2::-1], W[::-1], strict=True):
        dh = dh @ W_k
        norms.append(np.linalg.norm(dh))
        dh = dh * h_k * (1 - h_k)
    return np.array(norms[::-1])


def _norm_for_each(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh, axis=1)]
    for h_k, W_k in zip(h[:0:-1], W[::-1], strict=True):
        dh = (dh * h_k * (1 - h_k)) @ W_k
        norms.append(np.linalg.norm(dh, axis=1))
    return np.array(norms[::-1])


def _before_the_activation(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = []
    for k in reversed(range(len(h))):
        dz = dh * h[k] * (1 - h[k])
        norms.append(np.linalg.norm(dz))
        dh = dz @ W[k - 1] if k else dh
    return np.array(norms[::-1])


def _one_layer_each(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for h_k, W_k in zip(h[:0:-1], W[::-1], strict=True):
        norms.append(np.linalg.norm((h_k * (1 - h_k)) @ W_k))
    return np.array(norms[::-1])


def _bound(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for W_k in W[::-1]:
        norms.append(norms[-1] * np.linalg.norm(W_k, 2) / 4)
    return np.array(norms[::-1])


def _dh_in_place(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = gradient_norms(dh, h, W)
    if W:
        dh *= h[-1] * (1 - h[-1])
    return norms


def _weight_norms(dh: Array, h: Sequence[Array], W: Sequence[Array]) -> Array:
    norms = [np.linalg.norm(dh)]
    for k in reversed(range(1, len(h))):
        dz = dh * h[k] * (1 - h[k])
        norms.append(np.linalg.norm(dz.T @ h[k - 1]))
        dh = dz @ W[k - 1]
    return np.array(norms[::-1])


def layer_cases(rng: np.random.Generator) -> list[Case]:
    """Networks of 1, 2, 3 and 8 layers, all of different widths."""
    cases = []
    for R, N in ((1, 4), (2, 5), (3, 6), (8, 3)):
        widths = list(rng.permutation(np.arange(N + 1, N + 1 + R)))
        W = [
            2 * rng.normal(size=(n, m)) / np.sqrt(m)
            for m, n in zip(widths[:-1], widths[1:], strict=True)
        ]
        h = [sigmoid(2 * rng.normal(size=(N, widths[0])))]
        for W_k in W:
            h.append(sigmoid(h[-1] @ W_k.T + rng.normal(size=len(W_k)) / 2))
        args = {"dh": rng.normal(size=(N, widths[-1])), "h": h, "W": W}
        cases.append(Case(args, {"layers": R, "N": N}))
    return cases


# 6.5 A scale for the leaky ReLU


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


# 6.7 A sigmoid in place of the tanh


def sigmoid_twin(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return (1 + h0) / 2, 2 * W_xh, 4 * W_hh, 2 * b_h - 2 * W_hh.sum(axis=1)


def twin_by_ones(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    ones = np.ones(len(b_h))
    return 0.5 + 0.5 * h0, W_xh + W_xh, 4.0 * W_hh, 2 * (b_h - W_hh @ ones)


def twin_in_two_moves(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    steeper = [2 * each for each in (W_xh, W_hh, b_h)]  # tanh(z) = 2 sigmoid(2z) - 1
    return (h0 + 1) / 2, steeper[0], 2 * steeper[1], steeper[2] - steeper[1].sum(axis=1)


def _twin(
    s0: Callable[[Array], Array] = lambda h0: (1 + h0) / 2,
    x: float = 2.0,
    h: float = 4.0,
    b: Callable[[Array, Array], Array] = lambda b, W: 2 * b - 2 * W.sum(axis=1),
) -> Callable[..., Arrays]:
    return lambda h0, W_xh, W_hh, b_h: (s0(h0), x * W_xh, h * W_hh, b(b_h, W_hh))


def _shift_of_inputs(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    *rest, b = sigmoid_twin(h0, W_xh, W_hh, b_h)
    return *rest, b - 2 * W_xh.sum(axis=1)


def _shift_through_inputs(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return (1 + h0) / 2, 2 * W_xh, 4 * W_hh, 2 * b_h - 2 * W_xh.sum(axis=1)


def _way_back(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    return 2 * h0 - 1, W_xh / 2, W_hh / 4, b_h / 2 + W_hh.sum(axis=1) / 4


def _twin_in_place(h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Arrays:
    twin = sigmoid_twin(h0, W_xh, W_hh, b_h)
    W_hh *= 4
    return twin


def draw_network(rng: np.random.Generator, N: int, D: int, H: int) -> dict[str, Any]:
    return {
        "h0": np.tanh(rng.normal(size=(N, H))),
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H) / 2,
    }


# 6.9 Silent or dead


def silence(z: Array) -> tuple[float, Array]:
    return (z <= 0).mean(), (z <= 0).all(axis=(0, 1))


def silence_by_maximum(z: Array) -> tuple[float, Array]:
    h = np.maximum(z, 0)
    return float(np.count_nonzero(h == 0)) / h.size, h.max(axis=0).max(axis=0) == 0


def silence_by_loops(z: Array) -> tuple[float, Array]:
    steps, dead = [], np.ones(z.shape[2], dtype=bool)
    for z_t in z:
        steps.append(np.mean([(row <= 0).mean() for row in z_t]))
        for row in z_t:
            dead &= ~(row > 0)
    return sum(steps) / len(steps), dead


def _dead_if(
    dead: Callable[[Array], Array], silent: Callable[[Array], Any] = lambda z: (z <= 0).mean()
) -> Callable[[Array], tuple[float, Array]]:
    return lambda z: (silent(z), dead(z))


def _dead(z: Array) -> Array:
    return (z <= 0).all(axis=(0, 1))


def draw_preactivations(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    z = rng.normal(size=(T, N, H)) - 0.4
    z[..., 0] = -np.abs(z[..., 0])  # dead
    z[..., 1] = -np.abs(z[..., 1])
    z[rng.integers(T), rng.integers(N), 1] = 0.3  # lives once
    z[..., 2] = np.minimum(z[..., 2], 0)  # dead, with zeros in it
    z[rng.integers(T), rng.integers(N), 2] = 0.0
    z[..., 3] = np.abs(z[..., 3]) * np.where(np.arange(N) == 0, -1, 1)  # silent in sequence 1
    if H > 4:
        z[..., 4] = np.abs(z[..., 4])  # never silent
    if H > 5:
        z[..., 5] = np.abs(z[..., 5])
        z[-1, :, 5] *= -1  # silent at the last step
    return {"z": z}


EXERCISES = (
    CodeExercise(
        "6.1",
        "Slopes from outputs",
        difficulty=1,
        minutes=8,
        task="Write `slopes`, which returns the derivatives of sigmoid, tanh and leaky ReLU with "
        "respect to z, from their outputs alone.",
        hints=(
            "The arguments have been through their functions already: no exp and no tanh is "
            "needed any more. For the third: on which side of 0 is z, if r is on the right?",
            "s (1 - s); 1 - h²; and `np.where(r > 0, 1.0, leak)`. Where r is 0, the slope from the "
            "left counts.",
        ),
        reference=slopes,
        also_right=(slopes_from_z, slopes_with_masks),
        cases=every_size(draw_outputs),
        outputs={"d_sigmoid": "N H", "d_tanh": "N H", "d_leaky": "N H"},
        mistakes=(
            Mistake(
                "`d_sigmoid` and `d_tanh` are the slopes at `s` and `h`, as if these were "
                "preactivations: each function is taken a second time. The outputs have been "
                "through it already.",
                _twice_activated,
            ),
            *(Mistake(text, _sigmoid_slope(slope)) for text, slope in WRONG_SIGMOID_SLOPES),
            *(Mistake(text, _tanh_slope(slope)) for text, slope in WRONG_TANH_SLOPES),
            *(Mistake(text, _leaky_slope(slope)) for text, slope in WRONG_LEAKY_SLOPES),
            Mistake(
                "`d_sigmoid` and `d_tanh` stand in the wrong order, or have each other's formula.",
                lambda s, h, r, a: (1 - h**2, s * (1 - s), np.where(r > 0, 1.0, a)),
            ),
            Mistake(
                "`d_sigmoid` has tanh's formula and `d_tanh` the sigmoid's. Which of the two is "
                "flat at 0 and 1, which at -1 and 1?",
                lambda s, h, r, a: (1 - s**2, h * (1 - h), np.where(r > 0, 1.0, a)),
            ),
            Mistake(
                "`r` is overwritten with the slopes. It belongs to the caller, who still needs the "
                "outputs for the gradients of the weights.",
                _slopes_in_place,
            ),
        ),
    ),
    CodeExercise(
        "6.2",
        "A sigmoid for every number",
        difficulty=2,
        minutes=12,
        task="Write `stable_sigmoid` so that nothing overflows at ±1000, small results keep "
        "their digits, and float32 gives float32.",
        hints=(
            "exp of a number that is not positive never overflows. Which of the two forms, "
            "1 / (1 + exp(-z)) and exp(z) / (1 + exp(z)), fits which side of 0?",
            "With e = exp(-|z|): right of 0 the sigmoid is 1 / (1 + e), left of it e / (1 + e). "
            "`np.where(z >= 0, 1, e)` has the dtype of e.",
        ),
        reference=sigmoid,
        also_right=(sigmoid_by_masks, sigmoid_by_logs, sigmoid_by_minimum),
        cases=sigmoid_cases,
        outputs={"s": "N H"},
        same_dtype=True,
        quiet="The numbers are right, but something overflows on the way. `np.where` computes both "
        "of its forms everywhere and only then chooses. How can each be given safe numbers alone?",
        mistakes=(
            Mistake(
                "exp(-z) overflows far left: the result is 0 there, in float32 from z = -89 on, "
                "though smaller numbers can be represented (torch's own sigmoid does the same). "
                "Of which numbers can exp be taken without fear?",
                _naive,
            ),
            Mistake(
                "exp(z) / (1 + exp(z)) is infinity over infinity far right, which is not a number. "
                "It is the right form for one side of 0 only.",
                _growing,
            ),
            Mistake(
                "Far right the result is 0, where the sigmoid should be 1: exp(z) overflows there, "
                "and what came of it ended up as 0. Better: let nothing overflow.",
                lambda z: np.nan_to_num(_growing(z)),
            ),
            *(
                Mistake(
                    f"The input is clipped at ±{limit}. Beyond that all z get the same value: the "
                    "tail is flat where it should go on falling. Which form needs no clipping?",
                    _clipped(limit),
                )
                for limit in CLIPS
            ),
            Mistake(
                "1 + tanh(z/2) adds 1 to almost -1: far left all digits cancel, and 0 is left. The "
                "identity holds for real numbers, not for rounded ones.",
                lambda z: (1 + np.tanh(z / 2)) / 2,
            ),
            Mistake(
                "1 minus almost 1: far left all digits cancel, and 0 is left. Compute the small "
                "number itself, not its distance to 1.",
                lambda z: 1 - sigmoid(-z),
            ),
            Mistake(
                "float32 comes in and float64 goes out: twice the memory for all that follows. "
                "Is z made float64 on the way?",
                lambda z: sigmoid(z.astype(np.float64)),
            ),
            Mistake(
                "float32 comes in and float64 goes out: an array was made without saying its "
                "dtype. `np.zeros_like` and `np.empty_like` keep it.",
                lambda z: sigmoid(z).astype(np.float64),
            ),
            Mistake(
                "exp(-z) is taken in float64. There it overflows too, only later: the last of the "
                "tail is 0. And which dtype does the result have?",
                lambda z: _naive(z.astype(np.float64)),
            ),
            Mistake(
                "float32 is right. In float64 the far tail is lost, and perhaps half of the digits "
                "everywhere: does exp(-z) still overflow there, or is anything computed in float32 "
                "or cut off?",
                _in_single,
            ),
            Mistake(
                "The largest input was subtracted first. That works in a softmax, which does not "
                "notice; the sigmoid of a number must not depend on its neighbours.",
                _like_softmax,
            ),
            Mistake(
                "The two branches are exchanged: each form is used on the side where it overflows.",
                _branches_exchanged,
            ),
            Mistake(
                "Left and right give the same: it is the sigmoid of |z|. exp(-|z|) alone has "
                "forgotten the sign of z.",
                lambda z: 1 / (1 + np.exp(-np.abs(z))),
            ),
            Mistake(
                "Both sides are e / (1 + e) with e = exp(-|z|): right only left of 0. What is it "
                "to be divided by, or multiplied with, on the right?",
                lambda z: sigmoid(-np.abs(z)),
            ),
            Mistake(
                "Left of 0 the result is exp(z) alone, up to 1 at z = 0. What is it to be divided "
                "by?",
                lambda z: np.where(z >= 0, sigmoid(z), np.exp(-np.abs(z))),
            ),
            Mistake("It falls from 1 to 0: the sign of z is wrong.", lambda z: sigmoid(-z)),
            Mistake("This is the derivative of the sigmoid.", d_sigmoid),
            Mistake(
                "This is tanh: it lies between -1 and 1. The sigmoid lies between 0 and 1.",
                np.tanh,
            ),
            Mistake(
                "`z` is overwritten. A derivative that is computed from z afterwards would be "
                "wrong.",
                _absolute_in_place,
            ),
            Mistake(
                "Far left the result is cut off: it is 0, or goes on unchanged, where it should "
                "still fall. There the sigmoid is almost exp(z), and that has numbers to spare.",
                _cut_off(12),
            ),
        ),
    ),
    NumberExercise(
        "6.3",
        "Not between −1 and 1",
        difficulty=1,
        minutes=5,
        task="A layer of 64 × 64 weights from N(0, 1): how many of them lie outside [-1, 1] on "
        "average, and how many outside [-2, 2]?",
        hints=(
            "How many weights are there, and which fraction of a normal distribution lies further "
            "than one standard deviation from its mean, on either side?",
            "P(|w| > a) = 2 (1 - Φ(a)) = erfc(a / √2); `math.erfc` has it.",
        ),
        right={"beyond_1": 1299.7038402, "beyond_2": 186.36908},
        tolerance=0.0,
        relative=0.003,
        mistakes=(
            Mistake(
                "Outside [-1, 1] there is none only if 1 is a bound. It is the standard deviation.",
                {"beyond_1": 0},
            ),
            Mistake(
                "beyond_1 is the number of those inside. Which ones are asked for?",
                {"beyond_1": 2796.3},
            ),
            Mistake(
                "beyond_1 counts one side only: weights can also lie below -1.",
                {"beyond_1": 649.85},
            ),
            Mistake(
                "beyond_1 is the number for 64 weights. The layer has 64 for each of its 64 units.",
                {"beyond_1": 20.308},
            ),
            Mistake("beyond_1 is a fraction. How many weights is it?", {"beyond_1": 0.31731}),
            Mistake("beyond_1 is a percentage. How many weights is it?", {"beyond_1": 31.731}),
            Mistake("beyond_2 is a fraction. How many weights is it?", {"beyond_2": 0.0455}),
            Mistake("beyond_2 is a percentage. How many weights is it?", {"beyond_2": 4.55}),
            Mistake("beyond_2 is the number for 64 weights only.", {"beyond_2": 2.912}),
            Mistake(
                "beyond_1 is half of all: that would be those outside ±0.67, the quartiles.",
                {"beyond_1": 2048},
            ),
            Mistake(
                "beyond_2 is half of the first number. The tails of a normal distribution fall "
                "much faster than that.",
                {"beyond_2": 649.85},
            ),
            Mistake(
                "beyond_2 is a quarter of the first number, as Chebyshev's inequality would have "
                "its bound fall. The tails of a normal distribution fall faster.",
                {"beyond_2": 324.93},
            ),
            Mistake(
                "beyond_2 counts one side only: weights can also lie below -2.",
                {"beyond_2": 93.1845},
            ),
            Mistake(
                "beyond_2 is the number of those inside [-2, 2].",
                {"beyond_2": 3909.63},
            ),
            Mistake(
                "beyond_2 is the number for standard deviation 2: those beyond half a deviation.",
                {"beyond_2": 2527.4},
            ),
            Mistake(
                "Outside [-2, 2] there is none only if 2 is a bound. A normal distribution has "
                "none.",
                {"beyond_2": 0},
            ),
        ),
    ),
    CodeExercise(
        "6.4",
        "Back through the layers",
        difficulty=2,
        minutes=15,
        task="Write `gradient_norms`, which takes the gradient of the last layer's outputs back "
        "through a sigmoid network and returns its norm at every layer.",
        hints=(
            "Two things happen on the way from one layer's outputs to those below: the slope of "
            "this layer, number by number, then its matrix. Note the norm before each of them.",
            "From the last layer down: norm of dh; then dh = (dh * h_k * (1 - h_k)) @ W, where W "
            "leads into layer k. R layers have R norms and R - 1 matrices between them.",
        ),
        reference=gradient_norms,
        also_right=(norms_by_jacobians, norms_unit_by_unit),
        cases=layer_cases,
        outputs={"norms": "layer"},
        mistakes=(
            Mistake(
                "The slopes are missing: only the matrices act. Between z and h stands a sigmoid.",
                _travelled(slope=np.ones_like),
            ),
            Mistake(
                "The slope is taken at h, as if h were a preactivation: the sigmoid is applied a "
                "second time. `h` holds outputs.",
                _travelled(slope=d_sigmoid),
            ),
            Mistake(
                "The slope is 1 - h², that of tanh. These layers are sigmoids.",
                _travelled(slope=lambda h: 1 - h**2),
            ),
            Mistake(
                "The slope is 1 - h: the factor h is missing.", _travelled(slope=lambda h: 1 - h)
            ),
            Mistake(
                "The slope is (1 - h)²: one factor should be h.",
                _travelled(slope=lambda h: (1 - h) ** 2),
            ),
            Mistake(
                "Every slope is 1/4, its largest value. What is it at the outputs of these layers?",
                _travelled(slope=lambda h: np.full_like(h, 0.25)),
            ),
            Mistake(
                "These are upper bounds, with every slope at 1/4 and every matrix at its largest "
                "stretch. The gradient that was given goes one particular way.",
                _bound,
            ),
            Mistake(
                "The gradient meets the matrix first, then the slope of the layer below. It comes "
                "down through the sigmoid of its own layer before it meets W.",
                _slope_below,
            ),
            Mistake(
                "The slopes come one layer too late: the gradient went through the last matrix "
                "without the slopes of the last layer. First the slope, then the matrix that leads "
                "into that layer.",
                _slope_late,
            ),
            Mistake(
                "These are norms of the outputs, the forward signal. The gradient goes the other "
                "way.",
                lambda dh, h, W: np.array([np.linalg.norm(each) for each in h]),
            ),
            Mistake(
                "There is one norm for every example. Take it over the whole batch.",
                _norm_for_each,
            ),
            Mistake(
                "Every norm is divided by √N. Asked for is the root of the sum of squares, over "
                "the batch too.",
                _travelled(measure=lambda dh: np.linalg.norm(dh) / np.sqrt(len(dh))),
            ),
            Mistake(
                "On the way back W stands as it is: forward it was `h @ W.T`. Here it is "
                "transposed, and only square matrices let that pass.",
                _travelled(back=np.transpose),
            ),
            Mistake(
                "The norms are those before the activation, of dL/dz. Asked for are those of "
                "dL/dh, one multiplication earlier.",
                _before_the_activation,
            ),
            Mistake(
                "The norms stand from the last layer to the first. Turn them round.",
                lambda dh, h, W: gradient_norms(dh, h, W)[::-1],
            ),
            Mistake(
                "These are squares of norms: the root is missing.",
                _travelled(measure=lambda dh: (dh**2).sum()),
            ),
            Mistake(
                "These are root mean squares: the norm adds up the squares, over the batch and the "
                "units, and does not divide.",
                _travelled(measure=lambda dh: np.sqrt((dh**2).mean())),
            ),
            Mistake(
                "These are mean absolute values. A norm is the root of the sum of squares.",
                _travelled(measure=lambda dh: np.abs(dh).mean()),
            ),
            Mistake(
                "These are the largest entries. A norm is the root of the sum of squares.",
                _travelled(measure=lambda dh: np.abs(dh).max()),
            ),
            Mistake(
                "The slopes count twice: (h (1 - h))². Squares belong to mean squares, and the "
                "norm squares by itself.",
                _travelled(slope=lambda h: (h * (1 - h)) ** 2),
            ),
            Mistake(
                "The norms are added up from the last layer down. Each layer has its own.",
                lambda dh, h, W: np.cumsum(gradient_norms(dh, h, W)[::-1])[::-1],
            ),
            Mistake(
                "These are logarithms of the norms.",
                lambda dh, h, W: np.log10(gradient_norms(dh, h, W)),
            ),
            Mistake(
                "All norms are that of the last layer. Is `dh` made anew at each layer?",
                lambda dh, h, W: np.full(len(h), np.linalg.norm(dh)),
            ),
            Mistake(
                "These are sums of absolute values. A norm is the root of the sum of squares.",
                _travelled(measure=lambda dh: np.abs(dh).sum()),
            ),
            Mistake(
                "This is the largest singular value of each gradient: `np.linalg.norm(dh, 2)` of a "
                "matrix. Without the 2 it is the root of the sum of squares.",
                _travelled(measure=lambda dh: np.linalg.norm(dh, 2)),
            ),
            Mistake(
                "These are norms of the gradient added over the batch. Gradients of different "
                "inputs cancel there: square first, then add.",
                _travelled(measure=lambda dh: np.linalg.norm(dh.sum(axis=0))),
            ),
            Mistake(
                "These are the mean norms over the batch. The norm of the whole array is asked "
                "for.",
                _travelled(measure=lambda dh: np.linalg.norm(dh, axis=1).mean()),
            ),
            Mistake(
                "Each layer starts anew: what came down from above is lost. The gradients of the "
                "layers multiply.",
                _one_layer_each,
            ),
            Mistake(
                "These are norms of the gradients of the weights. The gradient of the outputs is "
                "asked for.",
                _weight_norms,
            ),
            Mistake(
                "The gradient is scaled to length 1 after every layer. Its length is what the "
                "question is about.",
                _travelled(after=lambda dh: dh / np.linalg.norm(dh)),
            ),
            Mistake(
                "The last layer is missing: its norm is that of the `dh` that was given.",
                lambda dh, h, W: gradient_norms(dh, h, W)[:-1],
            ),
            Mistake(
                "The first layer is missing: R layers have R norms.",
                lambda dh, h, W: gradient_norms(dh, h, W)[1:],
            ),
            Mistake(
                "Every norm is divided by that of the last layer. Asked for are the norms.",
                lambda dh, h, W: gradient_norms(dh, h, W) / np.linalg.norm(dh),
            ),
            Mistake(
                "`dh` is changed in place. It belongs to the caller: write `dh = dh * ...`.",
                _dh_in_place,
            ),
        ),
    ),
    CodeExercise(
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
                "This is 1/√n, the scale of a linear layer. Half of the inputs arrive multiplied "
                "by ε.",
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
                "The gain is divided by n instead of √n: variances add, standard deviations do "
                "not.",
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
                "`backward` is 1/√n_out. The gradient goes through the slopes too: half of them "
                "are ε.",
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
    ),
    NumberExercise(
        "6.6",
        "The width law of tanh",
        difficulty=3,
        minutes=15,
        task="A wide tanh network with all weights from N(0, 1): by the argument of the width law, "
        "the factor a layer at width 256, and what it is multiplied by when the width is made four "
        "times larger.",
        hints=(
            "The three lines again: how large are the outputs of such a layer, so how wide is z "
            "spread; what is the mean square of the slope over that spread; and how many paths add "
            "up? For wide layers nearly all tanh units sit near -1 or 1.",
            "z is N(0, H). Its density near 0 is 1/√(2πH), and ∫ (1 - tanh²)² dz = 4/3, so the "
            "mean square of the slope is about 4 / (3 √(2πH)). Times H, then the root.",
        ),
        right={"factor": 2.9173, "growth": 1.41421},
        tolerance=0.0,
        relative=0.005,
        mistakes=(
            Mistake(
                "factor is the square of what is asked for: mean squares were multiplied, the "
                "length is their root.",
                {"factor": 8.5107},
            ),
            Mistake(
                "factor is that of the sigmoid. Two things change: how large the outputs are, and "
                "the area under the squared slope.",
                {"factor": 1.22661},
            ),
            Mistake(
                "factor has every slope at 1. In a wide layer most units are saturated.",
                {"factor": 16.0},
            ),
            Mistake(
                "factor has outputs of mean square 1/2, as the sigmoid's are. Those of a saturated "
                "tanh are -1 or 1.",
                {"factor": 3.46927},
            ),
            Mistake(
                "factor has the area under the slope, which is 2. The mean SQUARE of the slope is "
                "needed: the area under the squared slope.",
                {"factor": 3.57296},
            ),
            Mistake(
                "factor has the sigmoid's area, 1/6, under the squared slope. tanh'(z) = 4 σ'(2z): "
                "sixteen times as high once squared, and half as wide.",
                {"factor": 1.03143},
            ),
            Mistake(
                "factor is below 1, as if the slopes alone decided. How many paths lead through a "
                "layer of 256?",
                {"factor": 0.18233},
            ),
            Mistake("factor is that of width 64; 256 is asked for.", {"factor": 2.06286}),
            Mistake(
                "factor is the fourth root of the width: the number in front of it is missing.",
                {"factor": 4.0},
            ),
            Mistake(
                "growth is the power of the width. What does four times the width make of it?",
                {"growth": 0.25},
            ),
            Mistake(
                "growth is the factor at width 1024. By what was the one at 256 multiplied?",
                {"growth": 4.12571},
            ),
            Mistake(
                "growth is that of the square: the factor itself is its root.",
                {"growth": 2.0},
            ),
            Mistake(
                "growth counts the paths only. When the layer gets wider, the slopes get smaller: "
                "z is spread over more of the flat ends.",
                {"growth": 4.0},
            ),
            Mistake(
                "growth is that of a doubled width; here it is four times larger.",
                {"growth": 1.18921},
            ),
            Mistake(
                "growth is 1: that is the promise of a scale that goes with 1/√H. Here the weights "
                "stay N(0, 1).",
                {"growth": 1.0},
            ),
        ),
    ),
    CodeExercise(
        "6.7",
        "A sigmoid in place of the tanh",
        difficulty=3,
        minutes=20,
        task="Write `sigmoid_twin`, which turns a recurrent tanh network into a sigmoid network "
        "whose states are s_t = (1 + h_t)/2 at every step.",
        hints=(
            "Write s_t = (1 + tanh(z_t))/2 as a sigmoid: of what? Then z_t still holds h_{t-1}, "
            "which the new network does not have. What is h_{t-1} in terms of s_{t-1}?",
            "s_t = σ(2 z_t), and h_{t-1} = 2 s_{t-1} - 1. Multiply out 2 (x_t W_xhᵀ + "
            "(2 s_{t-1} - 1) W_hhᵀ + b_h): what stands with x_t, what with s_{t-1}, and what "
            "alone?",
        ),
        reference=sigmoid_twin,
        also_right=(twin_by_ones, twin_in_two_moves),
        cases=every_size(draw_network),
        outputs={"s0": "N H", "W_xh_s": "H D", "W_hh_s": "H H", "b_s": "H"},
        mistakes=(
            Mistake(
                "`W_hh_s` is 2 `W_hh`. One 2 is from tanh(z) = 2σ(2z) - 1 outside, one from "
                "inside: the state that comes back is a sigmoid too, h = 2s - 1.",
                _twin(h=2.0),
            ),
            Mistake("`W_hh_s` is `W_hh` itself.", _twin(h=1.0)),
            Mistake(
                "`W_hh_s` is 8 `W_hh`. Count the twos: one from σ(2z), one from h = 2s - 1.",
                _twin(h=8.0),
            ),
            Mistake(
                "`W_xh_s` is 4 `W_xh`. The inputs are what they were: they are no states, so one "
                "of the two factors does not apply.",
                _twin(x=4.0),
            ),
            Mistake(
                "`W_xh_s` is `W_xh` itself. A sigmoid is less steep than tanh: which z does it "
                "need?",
                _twin(x=1.0),
            ),
            Mistake(
                "`b_s` is 2 `b_h`: the shift is missing. The states s are centred at 1/2, not at "
                "0, and the next step sees that through `W_hh`.",
                _twin(b=lambda b, W: 2 * b),
            ),
            Mistake(
                "`b_s` is 4 `b_h` with the shift. The bias is not multiplied by a state.",
                _twin(b=lambda b, W: 4 * b - 2 * W.sum(axis=1)),
            ),
            Mistake(
                "`b_s` has the shift, but `b_h` itself must be doubled with everything else in z.",
                _twin(b=lambda b, W: b - 2 * W.sum(axis=1)),
            ),
            Mistake(
                "`b_s` is `b_h` itself.",
                _twin(b=lambda b, W: b.copy()),
            ),
            Mistake(
                "The shift in `b_s` has the wrong sign: h = 2s - 1, with a minus.",
                _twin(b=lambda b, W: 2 * b + 2 * W.sum(axis=1)),
            ),
            Mistake(
                "The shift in `b_s` is half of what it should be: it stands inside z, which is "
                "doubled.",
                _twin(b=lambda b, W: 2 * b - W.sum(axis=1)),
            ),
            Mistake(
                "The shift in `b_s` is twice what it should be. In 2 (2s - 1) W_hhᵀ, what stands "
                "with the 1?",
                _twin(b=lambda b, W: 2 * b - 4 * W.sum(axis=1)),
            ),
            Mistake(
                "The shift in `b_s` adds up the columns of `W_hh`. All ones go in: a unit adds up "
                "the weights that lead to it, its row.",
                _twin(b=lambda b, W: 2 * b - 2 * W.sum(axis=0)),
            ),
            Mistake(
                "The shift in `b_s` adds up all of `W_hh`: every unit has its own, the sum of its "
                "row.",
                _twin(b=lambda b, W: 2 * b - 2 * W.sum()),
            ),
            Mistake(
                "The shift in `b_s` is the mean of each row; it is a sum.",
                _twin(b=lambda b, W: 2 * b - 2 * W.mean(axis=1)),
            ),
            Mistake(
                "`b_s` also subtracts the rows of `W_xh`. The inputs have not been shifted.",
                _shift_of_inputs,
            ),
            Mistake(
                "The shift in `b_s` is made of `W_xh`. It is the states that were shifted: which "
                "matrix do they meet?",
                _shift_through_inputs,
            ),
            Mistake(
                "`b_s` is half of `b_h`, with the shift. The bias stands inside z, which is "
                "doubled.",
                _twin(b=lambda b, W: b / 2 - 2 * W.sum(axis=1)),
            ),
            Mistake(
                "The shift in `b_s` is a quarter of what it should be. In 2 (2s - 1) W_hhᵀ, what "
                "stands with the 1?",
                _twin(b=lambda b, W: 2 * b - W.sum(axis=1) / 2),
            ),
            Mistake(
                "`b_s` is shifted by 1 for every unit. The shift of the states goes through "
                "`W_hh`.",
                _twin(b=lambda b, W: 2 * b - 1),
            ),
            Mistake(
                "`s0` is h_0 itself: then the first step starts from another state. Which s is "
                "h_0?",
                _twin(s0=lambda h0: h0.copy()),
            ),
            Mistake(
                "`s0` is σ(h_0). h_0 is a state already: no function is to be applied any more, "
                "only scale and shift.",
                _twin(s0=sigmoid),
            ),
            Mistake(
                "`s0` is σ(2 h_0). h_0 is a state already: no function is to be applied any more, "
                "only scale and shift.",
                _twin(s0=lambda h0: sigmoid(2 * h0)),
            ),
            Mistake(
                "`s0` is 2 h_0 - 1. That is the way from s to h.", _twin(s0=lambda h0: 2 * h0 - 1)
            ),
            Mistake(
                "`s0` is (1 - h_0)/2, which falls where h_0 grows.",
                _twin(s0=lambda h0: (1 - h0) / 2),
            ),
            Mistake(
                "`s0` is h_0/2: the states of a sigmoid are centred at 1/2.",
                _twin(s0=lambda h0: h0 / 2),
            ),
            Mistake(
                "The shift in `b_s` is twice the row sums of the NEW matrix, four times too much: "
                "it comes from `W_hh` itself.",
                _twin(b=lambda b, W: 2 * b - 8 * W.sum(axis=1)),
            ),
            Mistake(
                "`s0` is zero: that is h_0 = -1. The network starts from the h_0 that is given.",
                _twin(s0=np.zeros_like),
            ),
            Mistake(
                "`s0` is 1/2 everywhere: that is h_0 = 0. The network starts from the h_0 that is "
                "given.",
                _twin(s0=lambda h0: np.full_like(h0, 0.5)),
            ),
            Mistake(
                "This is the way back, from a sigmoid network to its tanh twin.",
                _way_back,
            ),
            Mistake(
                "`W_hh` is multiplied in place: the tanh network is broken now. Work on a copy.",
                _twin_in_place,
            ),
        ),
    ),
    NumberExercise(
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
                "half: after that many factors the smallest number itself is left. It is not yet "
                "0.",
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
            Mistake(
                "largest: one more fits. Compare 3 · 2ᵏ with the largest number.", {"largest": 13}
            ),
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
    ),
    CodeExercise(
        "6.9",
        "Silent or dead",
        difficulty=1,
        minutes=8,
        task="Write `silence` for a ReLU layer that was run over sequences: which fraction of its "
        "outputs is zero, and which of its units are dead.",
        hints=(
            "Silent is said of one output, dead of a unit. What must hold of all the outputs of a "
            "unit, over which axes, so that no example can reach its weights?",
            "quiet = z <= 0, zero included: the gradient is 0 there too. `quiet.mean()`, and "
            "`quiet.all(axis=(0, 1))`.",
        ),
        reference=silence,
        also_right=(silence_by_maximum, silence_by_loops),
        cases=every_size(draw_preactivations),
        outputs={"silent": "", "dead": "H"},
        mistakes=(
            Mistake(
                "`dead` marks every unit that is silent at least once. Dead is one that is silent "
                "for every example and at every step.",
                _dead_if(lambda z: (z <= 0).any(axis=(0, 1))),
            ),
            Mistake(
                "`dead` looks at the last step alone. A unit may be silent there and have spoken "
                "before, and the gradient goes through all steps.",
                _dead_if(lambda z: (z[-1] <= 0).all(axis=0)),
            ),
            Mistake(
                "`dead` looks at the first step alone.",
                _dead_if(lambda z: (z[0] <= 0).all(axis=0)),
            ),
            Mistake(
                "`dead` looks at the first sequence alone. Another one may wake the unit.",
                _dead_if(lambda z: (z[:, 0] <= 0).all(axis=0)),
            ),
            Mistake(
                "`dead` looks at the mean of z. A single positive z among many negative ones is "
                "enough to keep a unit alive.",
                _dead_if(lambda z: z.mean(axis=(0, 1)) <= 0),
            ),
            Mistake(
                "`dead` marks units that are silent more often than not.",
                _dead_if(lambda z: (z <= 0).mean(axis=(0, 1)) > 0.5),
            ),
            Mistake(
                "`dead` asks for z < 0. At z = 0 output and gradient are 0 as well: that unit is "
                "not alive.",
                _dead_if(lambda z: (z < 0).all(axis=(0, 1))),
            ),
            Mistake("`dead` marks the living ones. Turn it round.", _dead_if(lambda z: ~_dead(z))),
            Mistake(
                "`dead` marks units that are never silent.",
                _dead_if(lambda z: (z > 0).all(axis=(0, 1))),
            ),
            Mistake(
                "`dead` is about each sequence by itself: then any sequence that is silent "
                "throughout makes a unit dead.",
                _dead_if(lambda z: (z <= 0).all(axis=0).any(axis=0)),
            ),
            Mistake(
                "`dead` marks units that are silent throughout one step. All steps count.",
                _dead_if(lambda z: (z <= 0).all(axis=1).any(axis=0)),
            ),
            Mistake(
                "`dead` is the number of dead units. Asked for is a truth value for each unit.",
                _dead_if(lambda z: _dead(z).sum()),
            ),
            Mistake(
                "`dead` is the fraction of dead units. Asked for is a truth value for each unit.",
                _dead_if(lambda z: _dead(z).mean()),
            ),
            Mistake(
                "`dead` holds the places of the dead units. Asked for is a truth value for each "
                "unit.",
                _dead_if(lambda z: np.flatnonzero(_dead(z))),
            ),
            Mistake(
                "`dead` gives for every unit the fraction of the time that it is silent. Dead are "
                "those where it is all of the time.",
                _dead_if(lambda z: (z <= 0).mean(axis=(0, 1))),
            ),
            Mistake(
                "`dead` still has an axis for the sequences. A unit is dead or alive for the "
                "whole batch.",
                _dead_if(lambda z: (z <= 0).all(axis=0)),
            ),
            Mistake(
                "`dead` mixes up units and sequences: `reshape` to (H, ...) relabels the numbers "
                "and does not move them. `all(axis=(0, 1))` needs no reshape.",
                _dead_if(lambda z: (z <= 0).reshape(z.shape[2], -1).all(axis=1)),
            ),
            Mistake(
                "`silent` is the fraction of dead units. It is about outputs, one by one.",
                _dead_if(_dead, lambda z: _dead(z).mean()),
            ),
            Mistake(
                "`silent` is the fraction of outputs that are not zero.",
                _dead_if(_dead, lambda z: (z > 0).mean()),
            ),
            Mistake(
                "`silent` leaves out the dead units. All outputs count.",
                _dead_if(_dead, lambda z: (z[..., ~_dead(z)] <= 0).mean()),
            ),
            Mistake(
                "`silent` is a fraction for every unit. One number for all outputs is asked for.",
                _dead_if(_dead, lambda z: (z <= 0).mean(axis=(0, 1))),
            ),
            Mistake(
                "`silent` counts the outputs; divide by how many there are.",
                _dead_if(_dead, lambda z: float((z <= 0).sum())),
            ),
            Mistake(
                "`silent` asks for z < 0. At z = 0 the output is zero as well.",
                _dead_if(_dead, lambda z: (z < 0).mean()),
            ),
            Mistake(
                "`silent` is the fraction at the last step alone.",
                _dead_if(_dead, lambda z: (z[-1] <= 0).mean()),
            ),
            Mistake(
                "`silent` is a percentage; a fraction is asked for.",
                _dead_if(_dead, lambda z: 100 * (z <= 0).mean()),
            ),
            Mistake(
                "`silent` is the mean of the outputs. How many of them are zero?",
                _dead_if(_dead, lambda z: np.maximum(z, 0).mean()),
            ),
            Mistake(
                "`silent` is the fraction of units that are silent at least once.",
                _dead_if(_dead, lambda z: (z <= 0).any(axis=(0, 1)).mean()),
            ),
        ),
    ),
    ChoiceExercise(
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
            "d": "a ReLU unit above another ReLU layer, with all weights negative and bias 0, is "
            "dead",
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
    ),
    ChoiceExercise(
        "6.11",
        "Which of the three is missing?",
        difficulty=2,
        minutes=6,
        task="Three runs of a ReLU network on the adding problem, each lacking one of identity "
        "start, clipping and Adam: which one lacks what?",
        hints=(
            "Each ingredient has its own job: one opens the way back at the start, one keeps "
            "single gradients from being too long, one chooses the step of every weight.",
            "Run A is about the gradient before any step was taken. Run B is about one batch, and "
            "an optimiser that remembers it. Run C is about all the steps together.",
        ),
        options={
            "start": "the identity as start of `W_hh`",
            "clip": "clipping of the gradient's norm",
            "adam": "Adam in place of plain gradient descent",
            "leak": "a leaky slope on the left of 0",
        },
        right={"A": "start", "B": "clip", "C": "adam"},
        mistakes=(
            Mistake(
                "A: Clipping makes long gradients shorter. Here almost nothing arrives.",
                {"A": "clip"},
            ),
            Mistake(
                "A: The gradient is lost on its way through 50 steps, before any optimiser sees "
                "it. What multiplies it at every step?",
                {"A": "adam"},
            ),
            Mistake(
                "A: Silent units halve what passes, and He's scale could make up for it. What "
                "decides over 50 steps is the matrix that they all share.",
                {"A": "leak"},
            ),
            Mistake(
                "B: The start is fine: most of the gradient arrives. What went wrong began in a "
                "single batch.",
                {"B": "start"},
            ),
            Mistake(
                "B: Plain gradient descent forgets a batch as soon as it has stepped. These steps "
                "are tiny for a hundred batches: who remembers the long gradient, and divides by "
                "it? So what should have happened to it before?",
                {"B": "adam"},
            ),
            Mistake(
                "B: A leak lets more through, not less. What would have shortened this one "
                "gradient?",
                {"B": "leak"},
            ),
            Mistake(
                "C: Most of the gradient arrives, so the start is fine. How far do the "
                "weights go with it?",
                {"C": "start"},
            ),
            Mistake(
                "C: Every gradient was clipped already, says the description. What is left of a "
                "step then, times the rate?",
                {"C": "clip"},
            ),
            Mistake(
                "C: Most of the gradient arrives: nothing has died. What chooses the length "
                "of a step?",
                {"C": "leak"},
            ),
        ),
    ),
)
