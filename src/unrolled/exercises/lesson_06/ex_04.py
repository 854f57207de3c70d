"""6.4 Back through the layers"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unrolled.activations import d_sigmoid, sigmoid
from unrolled.exercises.model import Array, Case, CodeExercise, Mistake


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


EXERCISE = CodeExercise(
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
        Mistake("The slope is 1 - h: the factor h is missing.", _travelled(slope=lambda h: 1 - h)),
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
            "These are norms of the outputs, the forward signal. The gradient goes the other way.",
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
            "These are the mean norms over the batch. The norm of the whole array is asked for.",
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
)
