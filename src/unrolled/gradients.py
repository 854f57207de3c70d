r"""Gradients taken apart: which loss, which step, how far back.

``unrolled.rnn.backward`` adds everything up.  The functions here keep the parts, for those who
want to see where a gradient comes from, and check it against differences of the loss itself.

Sources: Dive into Deep Learning, section 9.7 (equation 9.7.7 for the sum over lags); Cashman et
al. (2019) for looking at the parts; Bengio, Simard and Frasconi (1994) for products of Jacobians;
Engelken, Wolf and Abbott (2023) for Lyapunov exponents of recurrent networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real

import numpy as np

from unrolled import activations, rnn
from unrolled.axes import FLOATS, check_function, check_size

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
    check_function("function", function)
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        kind = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"x is {kind}, expected a float64 array: differences need its precision.")
    if not isinstance(step, Real) or isinstance(step, bool) or not 0 < step < math.inf:
        raise ValueError(f"step is {step!r}, expected a finite number above 0.")
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
    rnn.check_upstream(dh, tape)
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
    rnn.check_upstream(dh, tape)
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
    if not isinstance(grads, rnn.Grads):
        raise TypeError(f"grads is a {type(grads).__name__}, expected the rnn.Grads of backward.")
    rnn.check_upstream(grads.h, tape, "grads.h")
    dz = grads.h * activations.get(tape.activation).slope(tape.h)
    return np.einsum("tnh,tnk->thk", dz, _previous(tape))


def step_jacobians(tape: rnn.Tape) -> Array:
    """How the state after each step depends on the state before it: (T, N, H, H).

    ``[t, n]`` belongs to step t+1 of sequence n: it is diag(slope at that step) W_hh, with a row
    for each unit after the step and a column for each unit before it.  Position t leads from
    state t to state t+1, so that ``[0]`` is the derivative of the first state by ``h0``.
    """
    rnn.check_tape(tape)
    slope = activations.get(tape.activation).slope(tape.h)
    return slope[..., None] * tape.params.W_hh


def jacobian_products(jacobians: Array) -> Array:
    r"""How the last state depends on each earlier one: :math:`J_T J_{T-1} \cdots J_{t+1}`.

    Parameters
    ----------
    jacobians: (T, ..., H, H), one or more square matrices a step, in the order of the steps,
        such as :func:`step_jacobians` or :func:`unrolled.lstm.step_jacobians` returns.

    Returns
    -------
    products: the same shape; ``products[t]`` is the derivative of the last state by state t,
        t = 0..T-1, where state 0 is the initial state.  The latest step stands leftmost.
    """
    if not isinstance(jacobians, np.ndarray) or jacobians.dtype not in FLOATS:
        kind = getattr(jacobians, "dtype", type(jacobians).__name__)
        raise TypeError(f"jacobians is {kind}, expected a float array (T, ..., H, H).")
    if jacobians.ndim < 3 or 0 in jacobians.shape or jacobians.shape[-2] != jacobians.shape[-1]:
        raise ValueError(f"jacobians has shape {jacobians.shape}, expected (T, ..., H, H).")
    products = jacobians.copy()
    for t in reversed(range(len(products) - 1)):
        products[t] = products[t + 1] @ jacobians[t]
    return products


def lag_matrix(dh: Array, tape: rnn.Tape) -> Array:
    """How loudly each loss speaks to each state: (T, T), a loss a row, a state a column.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient; ``dh[tau]`` is what the loss at position tau says to the
        state at the same position.
    tape: what ``rnn.forward`` returned.

    Returns
    -------
    matrix: float64.  ``matrix[tau, t]`` is the Euclidean norm of the gradient that the loss at
        position tau alone sends to the state at position t, averaged over the sequences.  It is
        0 above the diagonal: no loss hears a later state.  Everything is computed in float64,
        where small numbers last longer.
    """
    rnn.check_upstream(dh, tape)
    slope = activations.get(tape.activation).slope(tape.h).astype(np.float64)
    W_hh = tape.params.W_hh.astype(np.float64)
    signals = dh.astype(np.float64)  # of all losses, one a row; each sets out at its own step
    matrix = np.zeros((len(dh), len(dh)))
    for t in reversed(range(len(dh))):
        matrix[t:, t] = _lengths(signals[t:]).mean(axis=-1)
        signals[t:] = (signals[t:] * slope[t]) @ W_hh
    return matrix


def lyapunov_exponents(
    x: Array,
    h0: Array,
    params: rnn.Params,
    *,
    count: int = 1,
    skip: int = 0,
    activation: str = "tanh",
) -> Array:
    """The mean growth per step, in nats, of small differences between states: (N, count).

    A frame of ``count`` orthogonal directions is carried along each trajectory.  Every step
    multiplies it by the Jacobian of that step; QR makes it orthogonal again, and the diagonal of
    R says by how much the directions grew.  The frame starts in fixed directions without a
    meaning; after some steps it has turned to those that grow most, the fastest first.

    Parameters
    ----------
    x: (T, N, D) inputs; each of the N sequences is a trajectory of its own.
    h0: (N, H) state before the first step.
    params: the weights.
    count: how many exponents, 1 to H.
    skip: the first steps, 0 to T-1 of them, move state and frame but are not counted.
    activation: one of ``activations.ACTIVATIONS``.

    Returns
    -------
    exponents: float64, the largest first, up to what so many steps can tell apart.  Minus
        infinity where a Jacobian has mapped a direction to exactly 0, as dead units do.

    Raises
    ------
    FloatingPointError: a state is not finite, as in a linear network that explodes.
    TypeError, ValueError: naming the argument, what it is and what was expected.

    Source: Engelken, Wolf and Abbott (2023), after Benettin et al. (1980).
    """
    h, tape = rnn.forward(x, h0, params, activation)
    T, N, H = h.shape
    check_size("count", count)
    if count > H:
        raise ValueError(f"count is {count}, expected at most H={H}: there are no more exponents.")
    if not isinstance(skip, int | np.integer) or isinstance(skip, bool):
        raise TypeError(f"skip is {skip!r}, expected a whole number from 0 to {T - 1}.")
    if not 0 <= skip < T:
        raise ValueError(f"skip is {skip}, expected 0 to {T - 1}: some step has to count.")
    if not np.isfinite(h).all():
        step = int(np.argmin(np.isfinite(h).all(axis=(1, 2)))) + 1
        raise FloatingPointError(f"the state after step {step} is not finite.")

    slope = activations.get(activation).slope(h).astype(np.float64)
    W_hh = params.W_hh.astype(np.float64)
    start = np.random.default_rng(0).standard_normal((H, H))[:, :count]
    frame = np.broadcast_to(np.linalg.qr(start)[0], (N, H, count))
    growth = np.zeros((N, count))
    for t in range(T):
        frame, R = np.linalg.qr(slope[t][..., None] * (W_hh @ frame))
        if t >= skip:
            with np.errstate(divide="ignore"):  # log 0 is minus infinity, as promised
                growth += np.log(np.abs(np.diagonal(R, axis1=-2, axis2=-1)))
    return growth / (T - skip)


def rate(norms: Array) -> float:
    """The factor by which norms change a step: exp of the least-squares slope of their logs.

    Parameters
    ----------
    norms: (lags,) at least two, ordered from late to early, each one step further back than the
        one before.  All have to be finite and above 0: a straight line cannot be laid through
        the logarithm of 0, so cut the norms where they vanish entirely.
    """
    if not isinstance(norms, np.ndarray) or norms.dtype not in FLOATS:
        kind = getattr(norms, "dtype", type(norms).__name__)
        raise TypeError(f"norms is {kind}, expected a float array (lags,).")
    if norms.ndim != 1 or len(norms) < 2:
        raise ValueError(f"norms has shape {norms.shape}, expected (lags,) with at least 2 lags.")
    good = np.isfinite(norms) & (norms > 0)
    if not good.all():
        place = int(np.argmin(good))
        raise ValueError(
            f"norms is {norms[place]} at place {place}, expected finite numbers above 0."
        )
    lags = np.arange(len(norms)) - (len(norms) - 1) / 2
    return math.exp(lags @ np.log(norms.astype(np.float64)) / (lags @ lags))


def half_life(rate: float) -> float:
    """The number of steps after which half is left, when each step multiplies by ``rate``.

    Infinite if ``rate`` is 1 or more, since nothing is lost then; 0 if it is 0.
    """
    if not isinstance(rate, Real) or isinstance(rate, bool) or not rate >= 0:
        raise ValueError(f"rate is {rate!r}, expected a number of at least 0.")
    if rate >= 1:
        return math.inf
    return math.log(1 / 2) / math.log(rate) if rate > 0 else 0.0


def step_norms(array: Array) -> Array:
    """Euclidean norm of every entry along the first axis, in float64: (T, ...) gives (T,).

    In float64 because the squares of small float32 numbers underflow, and a gradient of 1e-30
    would be measured as exactly 0.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in FLOATS:
        kind = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"array is {kind}, expected a float array (T, ...).")
    if array.ndim < 1 or array.size == 0:
        raise ValueError(f"array has shape {array.shape}, expected (T, ...), no axis empty.")
    return np.linalg.norm(array.reshape(len(array), -1).astype(np.float64), axis=1)


def _lengths(vectors: Array) -> Array:
    """Euclidean norms along the last axis, also where the squares would leave the range."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    scale = np.where(largest > 0, largest, 1)
    return np.linalg.norm(vectors / scale, axis=-1) * scale[..., 0]


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
