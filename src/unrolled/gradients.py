r"""Gradients taken apart: which loss, which step, how far back.

``unrolled.rnn.backward`` adds everything up.  The functions here keep the parts, for those who
want to see where a gradient comes from, and check it against differences of the loss itself.

Sources: Dive into Deep Learning, section 9.7 (equation 9.7.7 for the sum over lags); Cashman et
al. (2019) for looking at the parts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled import activations, rnn
from unrolled.axes import FLOATS, Axes, check_size

Array = np.ndarray


def finite_differences(function: Callable[[Array], float], x: Array, step: float = 6e-6) -> Array:
    """The gradient of a function, from its values alone: central differences.

    Each number of ``x`` in turn is moved up and down by ``step``.  The error has two sources:
    the curve bends (it grows as step squared) and the values are rounded (it grows as 1/step);
    the default balances them for numbers of size 1.

    Parameters
    ----------
    function: takes an array of the shape of ``x``, returns one number.
    x: float64, any shape; it is not changed, ``function`` gets copies.
    step: how far to move, above 0.

    Returns
    -------
    The gradient, with the shape of ``x``.
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        kind = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"x is {kind}, expected a float64 array: differences need its precision.")
    if not step > 0:
        raise ValueError(f"step is {step!r}, expected a number above 0.")
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        width = up[index] - down[index]  # what rounding made of 2 * step
        gradient[index] = (function(up) - function(down)) / width
    return gradient


def lag_terms(dh: Array, tape: rnn.Tape, count: int) -> Array:
    """What each state hears from the losses 0, 1, ..., count - 1 steps ahead of it.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient.
    tape: what ``rnn.forward`` returned.
    count: how many lags, 1 to T.

    Returns
    -------
    terms: (count, T, N, H), where ``terms[k, t]`` is what the loss at position t + k sends to the
        state at position t, zero where there is no such loss.  With count = T the sum over lags
        is ``rnn.backward(dh, tape).h``.
    """
    _check_upstream(dh, tape)
    check_size("count", count)
    T = len(dh)
    if count > T:
        raise ValueError(f"count is {count}, expected at most T={T}: there are no longer lags.")
    slope = activations.get(tape.activation).slope(tape.h)
    terms = np.zeros((count, *dh.shape), dh.dtype)
    terms[0] = dh
    for k in range(1, count):
        later = terms[k - 1, 1 : T - k + 1] * slope[1 : T - k + 1]
        np.matmul(later, tape.params.W_hh, out=terms[k, : T - k])
    return terms


def sliding(dh: Array, tape: rnn.Tape, tau: int) -> rnn.Grads:
    """The gradient when every loss looks at most ``tau`` steps back, its own step included.

    This is equation 9.7.7 of Dive into Deep Learning with the sum stopped after tau terms.  It
    is not truncation in segments: there only the last loss of a segment sees tau steps, the
    first sees one.  It costs min(tau, T) backward passes in place of one.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient.
    tape: what ``rnn.forward`` returned.
    tau: how many steps a loss may look at, at least 1; from T on the gradient is the full one.
    """
    _check_upstream(dh, tape)
    check_size("tau", tau)
    T = len(dh)
    slope = activations.get(tape.activation).slope(tape.h)
    carried, window = np.zeros_like(dh), dh
    for k in range(1, min(tau, T)):
        window = (window[1:] * slope[1 : T - k + 1]) @ tape.params.W_hh
        carried[: T - k] += window
    return _gradients(dh + carried, carried, tape)


def weight_shares(grads: rnn.Grads, tape: rnn.Tape) -> Array:
    """Each step's share of dL/dW_hh, (T, H, H); their sum over steps is ``grads.params.W_hh``.

    Share t is what the gradient would be if ``W_hh`` could be changed at step t alone.
    """
    _check_upstream(grads.h, tape, "grads.h")
    dz = grads.h * activations.get(tape.activation).slope(tape.h)
    return np.einsum("tnh,tnk->thk", dz, _previous(tape))


def step_norms(array: Array) -> Array:
    """Euclidean norm of every entry along the first axis, in float64: (T, ...) gives (T,).

    In float64 because the squares of small float32 numbers underflow, and a gradient of 1e-30
    would be measured as exactly 0.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in FLOATS or array.ndim < 1:
        raise TypeError("array is not what can be measured, expected a float array (T, ...).")
    return np.linalg.norm(array.reshape(len(array), -1).astype(np.float64), axis=1)


def _check_upstream(dh: Array, tape: rnn.Tape, name: str = "dh") -> None:
    axes = Axes()
    axes.check("tape.h", tape.h, "T N H")
    axes.check(name, dh, "T N H")


def _previous(tape: rnn.Tape) -> Array:
    """(T, N, H): the state before each step."""
    return np.concatenate([tape.h0[None], tape.h[:-1]])


def _gradients(dh_total: Array, carried: Array, tape: rnn.Tape) -> rnn.Grads:
    """All gradients of one layer, from the total gradients of its states."""
    W_xh, W_hh, _ = tape.params
    dz = dh_total * activations.get(tape.activation).slope(tape.h)
    params = rnn.Params(
        np.einsum("tnh,tnd->hd", dz, tape.x),
        np.einsum("tnh,tnk->hk", dz, _previous(tape)),
        dz.sum(axis=(0, 1)),
    )
    return rnn.Grads(params, dz @ W_xh, dz[0] @ W_hh, dh_total, carried)
