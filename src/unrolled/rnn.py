r"""The plain recurrent network: one step, repeated, and its gradient through time.

.. math::

    z_t = x_t W_{xh}^\top + h_{t-1} W_{hh}^\top + b_h, \qquad h_t = \varphi(z_t)

Steps are numbered 1..T and state 0 is the initial state; arrays hold steps 1..T at
positions 0..T-1.  Sources: Elman (1990) for the network, Werbos (1990) for the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import NamedTuple

import numpy as np

from unrolled import activations
from unrolled.axes import Axes, check_float, check_generator, check_size

Array = np.ndarray


class Params(NamedTuple):
    """The weights of one recurrent layer; the same ones act at every step."""

    W_xh: Array  # (H, D) from input to state
    W_hh: Array  # (H, H) from state to next state
    b_h: Array  # (H,)


class Tape(NamedTuple):
    """What :func:`forward` keeps for :func:`backward`.  It shares memory: change nothing in it."""

    x: Array  # (T, N, D)
    h0: Array  # (N, H)
    params: Params
    h: Array  # (T, N, H)
    activation: str


class Grads(NamedTuple):
    """Gradients of the loss, each with the shape of what it belongs to."""

    params: Params
    x: Array  # (T, N, D)
    h0: Array  # (N, H)
    h: Array  # (T, N, H) dL/dh_t in full: upstream + carried
    carried: Array  # (T, N, H) the part of dL/dh_t that came back through h_{t+1}


def init(
    input_size: int,
    hidden_size: int,
    rng: np.random.Generator,
    dtype: type = np.float64,
    *,
    recurrent: str = "uniform",
    gain: float = 1.0,
) -> Params:
    """Random weights, each uniform in [-1/sqrt(H), 1/sqrt(H)], as torch draws them.

    The weights from state to state can be drawn in another way; then the bias is zero.

    Parameters
    ----------
    input_size: D, the number of features of one input.
    hidden_size: H, the number of hidden units.
    rng: the source of randomness.
    dtype: ``numpy.float64`` or ``numpy.float32``.
    recurrent: how ``W_hh`` is drawn: ``"uniform"`` like the others; ``"orthogonal"``, any
        orthogonal matrix as likely as any other (Saxe, McClelland and Ganguli, 2014);
        ``"gaussian"``, each number normal with variance 1/H, which makes the spectral radius
        about 1; ``"identity"`` (Le, Jaitly and Hinton, 2015).
    gain: a number above 0 that multiplies ``W_hh``.
    """
    check_size("input_size", input_size)
    check_size("hidden_size", hidden_size)
    check_generator("rng", rng)
    check_float("dtype", dtype)
    if not isinstance(recurrent, str) or recurrent not in RECURRENT:
        raise ValueError(f"recurrent is {recurrent!r}, expected one of {', '.join(RECURRENT)}.")
    if not isinstance(gain, Real) or isinstance(gain, bool) or not 0 < gain < np.inf:
        raise ValueError(f"gain is {gain!r}, expected a finite number above 0.")
    H = hidden_size
    W_xh = _uniform(H, rng, (H, input_size))
    W_hh = gain * RECURRENT[recurrent](H, rng)
    b_h = _uniform(H, rng, (H,)) if recurrent == "uniform" else np.zeros(H)
    return Params(W_xh.astype(dtype), W_hh.astype(dtype), b_h.astype(dtype))


def _uniform(H: int, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-1 / np.sqrt(H), 1 / np.sqrt(H), shape)


def _orthogonal(H: int, rng: np.random.Generator) -> Array:
    """QR leaves the signs of R open; with all of them positive no direction is preferred."""
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.sign(np.diag(R))


RECURRENT: dict[str, Callable[[int, np.random.Generator], Array]] = {
    "uniform": lambda H, rng: _uniform(H, rng, (H, H)),
    "orthogonal": _orthogonal,
    "gaussian": lambda H, rng: rng.standard_normal((H, H)) / np.sqrt(H),
    "identity": lambda H, rng: np.eye(H),
}


def forward(x: Array, h0: Array, params: Params, activation: str = "tanh") -> tuple[Array, Tape]:
    """Run the network over a batch of sequences.

    Parameters
    ----------
    x: (T, N, D) inputs, time first, T >= 1.
    h0: (N, H) state before the first step.
    params: the weights.
    activation: one of ``activations.ACTIVATIONS`` whose slope is known from its output: not gelu.

    Returns
    -------
    h: (T, N, H) the states after steps 1..T.
    tape: what :func:`backward` needs.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    check_inputs(x, h0, params)
    W_xh, W_hh, b_h = params
    phi = activations.get_with_slope(activation).function
    T, N, D = x.shape

    # The inputs of all steps meet W_xh in one product; only the recurrence must wait its turn.
    h = np.empty((T, N, len(b_h)), x.dtype)
    np.matmul(x.reshape(T * N, D), W_xh.T, out=h.reshape(T * N, -1))
    h += b_h
    h_prev = h0
    for t in range(T):
        h[t] = phi(h[t] + h_prev @ W_hh.T)
        h_prev = h[t]
    return h, Tape(x, h0, params, h, activation)


def backward(dh: Array, tape: Tape, carry: Array | None = None) -> Grads:
    """Backpropagation through time.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient: how the loss changes with each h_t directly, not by way
        of later states.
    tape: what :func:`forward` returned.
    carry: (T,) weights on what each step hands back: the gradient that step t+1 hands to
        state t is multiplied by ``carry[t]``, t = 0..T-1 (state 0 is h0).  None is all ones,
        full backpropagation; zeros cut it; random numbers of mean one make it randomized
        truncation (Tallec and Ollivier, 2017).

    Returns
    -------
    All gradients, summed over steps and sequences for the weights.  No argument is changed.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    check_upstream(dh, tape)
    x, h0, params, h, activation = tape
    T, N, H = h.shape
    check_carry(carry, T)

    slope = activations.get_with_slope(activation).slope
    dh_total, carried, dz = np.empty((3, T, N, H), h.dtype)
    handed_back = np.zeros_like(h0)  # nothing comes back to the last step
    for t in reversed(range(T)):
        carried[t] = handed_back
        np.add(dh[t], carried[t], out=dh_total[t])
        np.multiply(dh_total[t], slope(h[t]), out=dz[t])
        np.matmul(dz[t], params.W_hh, out=handed_back)
        if carry is not None:
            handed_back *= carry[t]

    dz_rows, x_rows = dz.reshape(T * N, H), x.reshape(T * N, -1)
    dW_xh = dz_rows.T @ x_rows
    dW_hh = dz_rows[N:].T @ h[:-1].reshape(-1, H) + dz[0].T @ h0
    db_h = dz_rows.sum(axis=0)
    dx = (dz_rows @ params.W_xh).reshape(x.shape)
    return Grads(Params(dW_xh, dW_hh, db_h), dx, handed_back, dh_total, carried)


def check_inputs(x: Array, h0: Array, params: Params) -> None:
    """Raise unless inputs, initial state and weights fit together."""
    axes = Axes()
    if isinstance(params, Params):  # else the error is about params
        axes.check("x", x, "T N D")
    check_params(params, axes)
    axes.check("h0", h0, "N H")


def check_params(params: Params, axes: Axes | None = None) -> None:
    """Raise unless the weights fit together, and fit what ``axes`` has met."""
    if not isinstance(params, Params):
        raise TypeError(f"params is a {type(params).__name__}, expected rnn.Params.")
    axes = Axes() if axes is None else axes
    axes.check("params.W_xh", params.W_xh, "H D")
    axes.check("params.W_hh", params.W_hh, "H H")
    axes.check("params.b_h", params.b_h, "H")


def check_tape(tape: Tape) -> None:
    """Raise unless ``tape`` is what :func:`forward` returns."""
    if not isinstance(tape, Tape):
        raise TypeError(f"tape is a {type(tape).__name__}, expected the rnn.Tape of forward.")


def check_upstream(dh: Array, tape: Tape, name: str = "dh") -> None:
    """Raise unless ``dh`` holds a gradient for every state of the tape."""
    check_tape(tape)
    axes = Axes()
    axes.check("tape.h", tape.h, "T N H")
    axes.check(name, dh, "T N H")


def check_carry(carry: Array | None, T: int) -> None:
    """Raise unless ``carry`` is None or holds T finite numbers."""
    if carry is None:
        return
    axes = Axes()
    axes.sizes["T"] = T
    axes.check("carry", carry, "T")
    if not np.isfinite(carry).all():
        raise ValueError("carry holds NaN or infinity, expected finite weights.")
