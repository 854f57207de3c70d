"""Exact gradients from few stored states: keep every K-th state and recompute the rest.

Backpropagation needs the states in reverse order.  Storing all of them takes memory in
proportion to T.  Storing every K-th, and running each segment forward once more when its turn
comes, takes T/K stored states and K recomputed ones at a time: about 2 sqrt(T) with the best
K, for one more forward pass.  Nothing is approximated.

Source: Griewank and Walther (2008), chapter 12.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, isqrt
from typing import NamedTuple

import numpy as np

from unrolled import rnn
from unrolled.axes import Axes, check_size

Array = np.ndarray
Upstream = Callable[[Array, int], Array]


class Grads(NamedTuple):
    """The gradients of ``rnn.backward`` that do not take memory for every state."""

    params: rnn.Params
    x: Array  # (T, N, D)
    h0: Array  # (N, H)


def segment_length(T: int) -> int:
    """The K that stores the fewest states: about the square root of T."""
    check_size("T", T)
    return isqrt(T - 1) + 1


def stored_states(T: int, K: int) -> int:
    """How many states are held at the same time at most: one a segment, and those of one."""
    check_size("T", T)
    check_size("K", K)
    return ceil(T / K) + min(K, T)


def backward(
    x: Array,
    h0: Array,
    params: rnn.Params,
    dh: Array | Upstream,
    activation: str = "tanh",
    K: int | None = None,
) -> Grads:
    """The gradients of ``rnn.backward``, without keeping all states.

    Parameters
    ----------
    x, h0, params, activation: as for ``rnn.forward``.
    dh: (T, N, H) upstream gradient; or a function that is called, last segment first, with the
        states of one segment, (k, N, H), and the position of the first, and returns the
        upstream gradient on them, (k, N, H).  The loss may be added up on the way.
    K: keep every K-th state; None is about the square root of T.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    rnn.check_inputs(x, h0, params)
    T, N, _ = x.shape
    K = segment_length(T) if K is None else K
    check_size("K", K)
    starts = range(0, T, K)
    kept = [h0]
    for start in starts[:-1]:
        h, _ = rnn.forward(x[start : start + K], kept[-1], params, activation)
        kept.append(h[-1].copy())  # a view would keep the whole segment alive

    sizes = Axes()
    sizes.check("h0", h0, "N H")
    if not callable(dh):
        sizes.sizes["T"] = T
        sizes.check("dh", dh, "T N H")
    dx, handed_back = np.empty_like(x), np.zeros_like(h0)
    total = rnn.Params(*map(np.zeros_like, params))
    for start, h_start in zip(reversed(starts), reversed(kept), strict=True):
        part = slice(start, min(start + K, T))
        h, tape = rnn.forward(x[part], h_start, params, activation)
        upstream = (dh(h, start) if callable(dh) else dh[part]).copy()
        sizes.sizes["k"] = len(h)
        sizes.check("dh", upstream, "k N H")
        upstream[-1] += handed_back
        grads = rnn.backward(upstream, tape)
        handed_back, dx[part] = grads.h0, grads.x
        total = rnn.Params(*map(np.add, total, grads.params))
    return Grads(total, dx, handed_back)
