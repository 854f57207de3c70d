r"""The linear readout: from a state to an output, the same at every step.

.. math:: y_t = h_t W_{hy}^\top + b_y
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unrolled.axes import Axes, check_float, check_generator, check_size

Array = np.ndarray


class Params(NamedTuple):
    """The weights of a readout."""

    W_hy: Array  # (Q, H) from state to output
    b_y: Array  # (Q,)


class Grads(NamedTuple):
    """Gradients of the loss, each with the shape of what it belongs to."""

    params: Params
    h: Array  # (..., H)


def init(
    hidden_size: int, output_size: int, rng: np.random.Generator, dtype: type = np.float64
) -> Params:
    """Random weights, each uniform in [-1/sqrt(H), 1/sqrt(H)], as torch draws them."""
    check_size("hidden_size", hidden_size)
    check_size("output_size", output_size)
    check_generator("rng", rng)
    check_float("dtype", dtype)
    bound = 1 / np.sqrt(hidden_size)
    shapes = (output_size, hidden_size), (output_size,)
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def forward(h: Array, params: Params) -> Array:
    """Outputs for states: h (N, H) gives (N, Q), h (T, N, H) gives (T, N, Q)."""
    check_inputs(h, params)
    return h @ params.W_hy.T + params.b_y


def backward(dy: Array, h: Array, params: Params) -> Grads:
    """Gradients from dy, the upstream gradient with the shape of the output.

    The gradient of the weights needs only the states of the same steps: a readout looks
    neither back nor ahead.
    """
    axes = check_inputs(h, params)
    axes.check("dy", dy, "T N Q" if h.ndim == 3 else "N Q")
    H, Q = axes.sizes["H"], axes.sizes["Q"]
    dy_rows, h_rows = dy.reshape(-1, Q), h.reshape(-1, H)
    return Grads(Params(dy_rows.T @ h_rows, dy_rows.sum(axis=0)), dy @ params.W_hy)


def check_inputs(h: Array, params: Params) -> Axes:
    """Raise unless states and weights fit together; return the sizes met."""
    axes = Axes()
    if isinstance(params, Params):  # else the error is about params
        axes.check("h", h, "T N H" if getattr(h, "ndim", 0) == 3 else "N H")
    check_params(params, axes)
    return axes


def check_params(params: Params, axes: Axes | None = None) -> None:
    """Raise unless the weights fit together, and fit what ``axes`` has met."""
    if not isinstance(params, Params):
        raise TypeError(f"params is a {type(params).__name__}, expected readout.Params.")
    axes = Axes() if axes is None else axes
    axes.check("params.W_hy", params.W_hy, "Q H")
    axes.check("params.b_y", params.b_y, "Q")
