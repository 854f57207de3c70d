r"""Truncated backpropagation through time: one knob, the carry weights.

A carry weight multiplies the gradient that one step hands back to the state before it, and
leaves every value as it is.  ``carry[t]``, t = 0..T-1, sits on the way from step t+1 back to
state t, where state 0 is the initial state:

.. math:: \text{carried}_t = \xi_t \, \frac{dL}{dz_{t+1}} W_{hh}

All ones: full backpropagation through time.  Zeros at segment ends: truncated.  Random with
mean one: randomized truncation, whose gradient is right on average.  All three go into
``unrolled.rnn.backward(dh, tape, carry)``.

Sources: Williams and Peng (1990) and Jaeger (2002) for truncation, Tallec and Ollivier (2017)
for its randomization; the latter choose their probabilities as they go, here they are constant.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from unrolled import activations
from unrolled.axes import Axes, check_generator, check_size
from unrolled.rnn import Tape, check_carry, check_upstream

Array = np.ndarray


def full(T: int) -> Array:
    """Carry weights of full backpropagation: ones, (T,)."""
    check_size("T", T)
    return np.ones(T)


def every(T: int, tau: int) -> Array:
    """Carry weights of segments of ``tau`` steps, (T,): nothing is handed back across a border.

    Zeros stand at the ends of segments, t = tau, 2 tau, ... < T, and ones elsewhere.  State 0
    is no border: the first segment may still send its gradient to the initial state.
    """
    check_size("T", T)
    check_size("tau", tau)
    carry = np.ones(T)
    carry[tau::tau] = 0
    return carry


def randomized(T: int, pi: float, rng: np.random.Generator) -> Array:
    """Random carry weights, (T,): 1/pi with probability ``pi``, else 0, drawn independently.

    Their mean is one, so the gradient that they give is right on average over draws; its
    spread grows as ``pi`` shrinks.  A segment ends with probability 1 - pi at each step: its
    mean length is 1 / (1 - pi).

    Parameters
    ----------
    T: the number of steps.
    pi: the probability of keeping a link, 0 < pi <= 1; at 0 no weight could have mean one.
    rng: the source of randomness.
    """
    check_size("T", T)
    if not isinstance(pi, int | float | np.floating) or isinstance(pi, bool):
        raise TypeError(f"pi is {pi!r}, expected a number above 0 and at most 1.")
    if not 0 < pi <= 1:
        raise ValueError(f"pi is {pi}, expected a number above 0 and at most 1.")
    check_generator("rng", rng)
    return np.where(rng.random(T) < pi, 1 / pi, 0.0)


def segments(carry: Array) -> list[slice]:
    """The stretches of steps between which nothing is handed back.

    Each slice picks the steps of one segment from arrays of shape (T, ...).  A zero at t cuts
    between position t-1 and position t; one at t = 0 cuts off the initial state and no step.
    """
    Axes().check("carry", carry, "T")
    check_carry(carry, len(carry))
    borders = [0, *(np.flatnonzero(carry[1:] == 0) + 1).tolist(), len(carry)]
    return [slice(start, stop) for start, stop in pairwise(borders)]


def estimates(dh: Array, tape: Tape, carries: Array) -> Array:
    """dL/dW_hh for many draws of the carry weights at once.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient, as for ``rnn.backward``.
    tape: what ``rnn.forward`` returned.
    carries: (S, T) carry weights, one draw a row.

    Returns
    -------
    (S, H, H): row s is ``rnn.backward(dh, tape, carries[s]).params.W_hh``.
    """
    check_upstream(dh, tape)
    weights = Axes()
    weights.sizes["T"] = len(dh)
    weights.check("carries", carries, "S T")
    T, N, H = dh.shape
    slope = activations.get(tape.activation).slope
    handed_back = np.zeros((len(carries), N, H), dh.dtype)
    dW_hh = np.zeros((len(carries), H, H), dh.dtype)
    for t in reversed(range(T)):
        h_prev = tape.h[t - 1] if t > 0 else tape.h0
        dz = (handed_back + dh[t]) * slope(tape.h[t])
        dW_hh += np.einsum("snh,nk->shk", dz, h_prev)
        handed_back = carries[:, t, None, None] * (dz @ tape.params.W_hh)
    return dW_hh
