r"""The LSTM: one step, repeated, and its gradient through time.

.. math::

    \begin{pmatrix} i_t \\ f_t \\ o_t \\ g_t \end{pmatrix}
    = \begin{pmatrix} \sigma \\ \sigma \\ \sigma \\ \tanh \end{pmatrix}
      W \begin{pmatrix} h_{t-1} \\ x_t \end{pmatrix}, \qquad
    c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad
    h_t = o_t \odot \tanh(c_t)

W is ``W_hh`` and ``W_xh`` side by side, and a bias is added.  The rows of the weights are four
blocks of H: input gate, forget gate, output gate, candidate.  torch has the last two the other
way round.

Steps are numbered 1..T and state 0 is the initial state; arrays hold steps 1..T at
positions 0..T-1.  Sources: Hochreiter and Schmidhuber (1997) for the cell, Gers, Schmidhuber
and Cummins (2000) for the forget gate.
"""

from __future__ import annotations

from numbers import Real
from typing import NamedTuple

import numpy as np

from unrolled.activations import sigmoid, tanh
from unrolled.axes import Axes, check_float, check_floats, check_generator, check_size
from unrolled.rnn import check_carry

Array = np.ndarray


class Params(NamedTuple):
    """The weights of one LSTM layer; the same ones act at every step.

    The rows are four blocks of H, in the order i, f, o, g.
    """

    W_xh: Array  # (4H, D) from input to gates
    W_hh: Array  # (4H, H) from state to the gates of the next step
    b_h: Array  # (4H,)


class Gates(NamedTuple):
    """The four of one step or of all, in the order in which the weights are stacked."""

    i: Array  # (..., H) input gate: how much of the candidate is written
    f: Array  # (..., H) forget gate: how much of the old cell state is kept
    o: Array  # (..., H) output gate: how much of the cell state is shown
    g: Array  # (..., H) candidate: what is written, with its sign


class Tape(NamedTuple):
    """What :func:`forward` keeps for :func:`backward`.  It shares memory: change nothing in it."""

    x: Array  # (T, N, D)
    h0: Array  # (N, H)
    c0: Array  # (N, H)
    params: Params
    h: Array  # (T, N, H)
    c: Array  # (T, N, H)
    stacked: Array  # (T, N, 4H) the gates, side by side
    tanh_c: Array  # (T, N, H)


class Grads(NamedTuple):
    """Gradients of the loss, each with the shape of what it belongs to."""

    params: Params
    x: Array  # (T, N, D)
    h0: Array  # (N, H)
    c0: Array  # (N, H)
    h: Array  # (T, N, H) dL/dh_t in full: upstream + carried
    c: Array  # (T, N, H) dL/dc_t in full: by way of h_t, of c_{t+1} and of dc_T
    carried: Array  # (T, N, H) the part of dL/dh_t that came back through the gates of step t+1


def init(
    input_size: int,
    hidden_size: int,
    rng: np.random.Generator,
    dtype: type = np.float64,
    *,
    forget_bias: float | None = None,
) -> Params:
    """Random weights, each uniform in [-1/sqrt(H), 1/sqrt(H)], as torch draws them.

    torch has two biases; here stands their sum, of two draws.

    Parameters
    ----------
    input_size: D, the number of features of one input.
    hidden_size: H, the number of hidden units.
    rng: the source of randomness.
    dtype: ``numpy.float64`` or ``numpy.float32``.
    forget_bias: the bias of every forget gate; None leaves it at random like the others.
    """
    check_size("input_size", input_size)
    check_size("hidden_size", hidden_size)
    check_generator("rng", rng)
    check_float("dtype", dtype)
    if forget_bias is not None:
        _check_finite("forget_bias", forget_bias)
    D, H = input_size, hidden_size
    bound = 1 / np.sqrt(H)
    W_xh, W_hh = (rng.uniform(-bound, bound, shape) for shape in ((4 * H, D), (4 * H, H)))
    b_h = rng.uniform(-bound, bound, (2, 4 * H)).sum(axis=0)
    params = Params(W_xh.astype(dtype), W_hh.astype(dtype), b_h.astype(dtype))
    return params if forget_bias is None else with_forget_bias(params, forget_bias)


def with_forget_bias(params: Params, value: float) -> Params:
    """The same weights with ``value`` as the bias of every forget gate.

    With 1 a gate starts near sigmoid(1) = 0.73 instead of 0.5, and the cell remembers longer.
    Source: Gers, Schmidhuber and Cummins (2000); Jozefowicz, Zaremba and Sutskever (2015).

    Parameters
    ----------
    params: the weights; they are not changed, and the result has a ``b_h`` of its own.
    value: a finite number.
    """
    check_params(params)
    _check_finite("value", value)
    b_h = params.b_h.copy()
    split(b_h).f[:] = value
    return params._replace(b_h=b_h)


def chrono(params: Params, T: int, rng: np.random.Generator) -> Params:
    """The same weights with gates that expect to remember for 1 to T steps.

    The biases of the forget gates are log u with u uniform in [1, T-1], so that the bias
    alone keeps u/(u+1) of a cell each step; those of the input gates are their negatives.  The
    others stay as they are.  Source: Tallec and Ollivier (2018).

    Parameters
    ----------
    params: the weights; they are not changed, and the result has a ``b_h`` of its own.
    T: the longest time to remember, at least 3.
    rng: draws one u for each hidden unit.
    """
    check_params(params)
    check_size("T", T)
    if T < 3:
        raise ValueError(f"T is {T}, expected at least 3.")
    check_generator("rng", rng)
    b_h = params.b_h.copy()
    i, f, _, _ = split(b_h)
    f[:] = np.log(rng.uniform(1, T - 1, f.shape))
    i[:] = -f
    return params._replace(b_h=b_h)


def step(x: Array, h: Array, c: Array, params: Params) -> tuple[Array, Array]:
    """One step, as the equations have it: from h_{t-1}, c_{t-1} and x_t to h_t, c_t.

    :func:`forward` gives the same in less time.

    Parameters
    ----------
    x: (N, D) the input of this step.
    h, c: (N, H) the state before it.
    params: the weights.
    """
    axes = Axes()
    axes.check("x", x, "N D")
    check_params(params, axes)
    axes.check("h", h, "N H")
    axes.check("c", c, "N H")
    i, f, o, g = split(x @ params.W_xh.T + h @ params.W_hh.T + params.b_h)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), tanh(g)
    c = f * c + i * g
    h = o * tanh(c)
    return h, c


def forward(x: Array, h0: Array, c0: Array, params: Params) -> tuple[Array, Array, Tape]:
    """Run the network over a batch of sequences.

    Parameters
    ----------
    x: (T, N, D) inputs, time first, T >= 1.
    h0, c0: (N, H) hidden state and cell state before the first step.
    params: the weights.

    Returns
    -------
    h: (T, N, H) the hidden states after steps 1..T.
    c: (T, N, H) the cell states after steps 1..T.
    tape: what :func:`backward` needs.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    axes = Axes()
    axes.check("x", x, "T N D")
    check_params(params, axes)
    axes.check("h0", h0, "N H")
    axes.check("c0", c0, "N H")
    W_xh, W_hh, b_h = params
    T, N, D = x.shape
    H = W_hh.shape[1]

    # The inputs of all steps meet W_xh in one product; only the recurrence must wait its turn.
    z = np.empty((T, N, 4 * H), x.dtype)
    np.matmul(x.reshape(T * N, D), W_xh.T, out=z.reshape(T * N, -1))
    z += b_h
    h, c, tanh_c = np.empty((3, T, N, H), x.dtype)
    i, f, o, g = split(z)  # windows: step by step, the gates take the place of z
    h_prev, c_prev = h0, c0
    for t in range(T):
        z[t] += h_prev @ W_hh.T
        _sigmoid_in_place(z[t, :, : 3 * H])
        np.tanh(g[t], out=g[t])
        np.add(f[t] * c_prev, i[t] * g[t], out=c[t])
        np.tanh(c[t], out=tanh_c[t])
        np.multiply(o[t], tanh_c[t], out=h[t])
        h_prev, c_prev = h[t], c[t]
    return h, c, Tape(x, h0, c0, params, h, c, z, tanh_c)


def backward(dh: Array, dc_T: Array, tape: Tape, carry: Array | None = None) -> Grads:
    """Backpropagation through time.

    Parameters
    ----------
    dh: (T, N, H) upstream gradient: how the loss changes with each h_t directly, not by way
        of later states.
    dc_T: (N, H) upstream gradient of the last cell state, not by way of h_T.
    tape: what :func:`forward` returned.
    carry: (T,) weights on what each step hands back: the gradients that step t+1 hands to
        h_t and c_t are both multiplied by ``carry[t]``, t = 0..T-1 (state 0 is h0, c0).
        None is all ones, full backpropagation; see :func:`unrolled.rnn.backward`.

    Returns
    -------
    All gradients, summed over steps and sequences for the weights.  No argument is changed.
    ``carried`` is what step t+1 hands back to h_t, carry weight included; at the last step
    it is zero.  Step t+1 hands ``carry[t] * f * grads.c`` of its own back to c_t.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    _check_tape(tape)
    x, h0, c0, params, h, c, stacked, tanh_c = tape
    T, N, H = h.shape
    axes = Axes()
    axes.check("tape.h", h, "T N H")
    axes.check("dh", dh, "T N H")
    axes.check("dc_T", dc_T, "N H")
    check_carry(carry, T)

    dh_total, dc_total = np.empty((2, T, N, H), h.dtype)
    to_h, to_c = np.empty((2, T + 1, N, H), h.dtype)  # [t]: what step t+1 hands back to state t
    to_h[T], to_c[T] = 0, dc_T
    dz = np.empty_like(stacked)
    dz_i, dz_f, dz_o, dz_g = split(dz)
    for t in reversed(range(T)):
        i, f, o, g = split(stacked[t])
        c_prev = c[t - 1] if t > 0 else c0
        slopes = _slopes(i, f, o, g, c_prev, tanh_c[t])
        np.add(dh[t], to_h[t + 1], out=dh_total[t])
        np.add(dh_total[t] * slopes.h_c, to_c[t + 1], out=dc_total[t])
        np.multiply(dc_total[t], slopes.c_i, out=dz_i[t])
        np.multiply(dc_total[t], slopes.c_f, out=dz_f[t])
        np.multiply(dh_total[t], slopes.h_o, out=dz_o[t])
        np.multiply(dc_total[t], slopes.c_g, out=dz_g[t])
        np.matmul(dz[t], params.W_hh, out=to_h[t])
        np.multiply(dc_total[t], f, out=to_c[t])
        if carry is not None:
            to_h[t] *= carry[t]
            to_c[t] *= carry[t]

    dz_rows, x_rows = dz.reshape(T * N, 4 * H), x.reshape(T * N, -1)
    dW_xh = dz_rows.T @ x_rows
    dW_hh = dz_rows[N:].T @ h[:-1].reshape(-1, H) + dz[0].T @ h0
    db_h = dz_rows.sum(axis=0)
    dx = (dz_rows @ params.W_xh).reshape(x.shape)
    dparams = Params(dW_xh, dW_hh, db_h)
    return Grads(dparams, dx, to_h[0], to_c[0], dh_total, dc_total, to_h[1:])


def gates(tape: Tape) -> Gates:
    """What the gates were at every step, each (T, N, H).  They share memory with the tape."""
    _check_tape(tape)
    return split(tape.stacked)


def step_jacobians(tape: Tape) -> Array:
    """How the state after each step depends on the state before it: (T, N, 2H, 2H).

    ``[t, n]`` belongs to step t+1 of sequence n.  Rows are h and then c after the step,
    columns h and then c before it, so that the four (H, H) blocks are::

        dh/dh_prev   dh/dc_prev
        dc/dh_prev   dc/dc_prev = diag(f)

    with everything counted that happens within the step.
    """
    _check_tape(tape)
    i, f, o, g = split(tape.stacked)
    slopes = _slopes(i, f, o, g, np.concatenate([tape.c0[None], tape.c[:-1]]), tape.tanh_c)
    T, N, H = tape.h.shape
    W_i, W_f, W_o, W_g = tape.params.W_hh.reshape(4, H, H)

    def rows(slope: Array, W: Array) -> Array:
        return slope[..., None] * W  # diag(slope) W

    jacobians = np.zeros((T, N, 2 * H, 2 * H), tape.h.dtype)
    dh_dh, dh_dc = jacobians[..., :H, :H], jacobians[..., :H, H:]
    dc_dh, dc_dc = jacobians[..., H:, :H], jacobians[..., H:, H:]
    dc_dh[:] = rows(slopes.c_i, W_i) + rows(slopes.c_f, W_f) + rows(slopes.c_g, W_g)
    dc_dc[:] = rows(f, np.eye(H, dtype=f.dtype))
    dh_dh[:] = rows(slopes.h_o, W_o) + rows(slopes.h_c, dc_dh)
    dh_dc[:] = rows(slopes.h_c, dc_dc)
    return jacobians


def split(stacked: Array) -> Gates:
    """The four blocks along the last axis, (..., 4H) to four of (..., H); windows, not copies."""
    check_floats("stacked", stacked)
    if stacked.ndim == 0 or stacked.shape[-1] == 0 or stacked.shape[-1] % 4:
        raise ValueError(f"stacked has shape {stacked.shape}, expected (..., 4H).")
    H = stacked.shape[-1] // 4
    return Gates(*(stacked[..., k * H : (k + 1) * H] for k in range(4)))


def check_params(params: Params, axes: Axes | None = None) -> None:
    """Raise unless the weights fit together, and fit what ``axes`` has met."""
    if not isinstance(params, Params):
        raise TypeError(f"params is a {type(params).__name__}, expected lstm.Params.")
    axes = Axes() if axes is None else axes
    axes.check("params.W_hh", params.W_hh, "4H H")
    rows, H = params.W_hh.shape
    if rows != 4 * H:
        raise ValueError(
            f"params.W_hh has shape ({rows}, {H}), expected (4H, H): {rows} is not 4 times {H}."
        )
    axes.check("params.W_xh", params.W_xh, "4H D")
    axes.check("params.b_h", params.b_h, "4H")


class _Slopes(NamedTuple):
    """How one step's c and h change with each preactivation, and h with c."""

    c_i: Array
    c_f: Array
    c_g: Array
    h_o: Array
    h_c: Array


def _slopes(i: Array, f: Array, o: Array, g: Array, c_prev: Array, tanh_c: Array) -> _Slopes:
    return _Slopes(
        c_i=g * i * (1 - i),
        c_f=c_prev * f * (1 - f),
        c_g=i * (1 - g * g),
        h_o=tanh_c * o * (1 - o),
        h_c=o * (1 - tanh_c * tanh_c),
    )


def _sigmoid_in_place(z: Array) -> None:
    """z becomes 1 / (1 + exp(-z)).  Where exp overflows to infinity, 0 is the right answer."""
    np.negative(z, out=z)
    with np.errstate(over="ignore"):
        np.exp(z, out=z)
    z += 1
    np.divide(1, z, out=z)


def _check_finite(name: str, value: object) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(value):
        raise ValueError(f"{name} is {value!r}, expected a finite number.")


def _check_tape(tape: Tape) -> None:
    if not isinstance(tape, Tape):
        raise TypeError(f"tape is a {type(tape).__name__}, expected the lstm.Tape of forward.")
