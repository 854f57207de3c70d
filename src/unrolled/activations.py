"""Activation functions and their derivatives, exact far from zero and true to the dtype.

Each function comes twice: as a function of the preactivation z, and as the slope written
with its own output h.  Backpropagation uses the second: it has h at hand and need not keep z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), any shape.

    exp is only taken of numbers that are not positive, so nothing overflows, and small
    results keep their relative accuracy: sigmoid(-80) is 1.8e-35 in float32, not 0.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def d_sigmoid(z: Array) -> Array:
    """Derivative of :func:`sigmoid` at z.  Its largest value is 1/4, at z = 0."""
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def tanh(z: Array) -> Array:
    """Hyperbolic tangent of z, any shape."""
    return np.tanh(z)


def d_tanh(z: Array) -> Array:
    """Derivative of tanh at z.  Its largest value is 1, at z = 0.

    Written as 4 sigmoid'(2z), which stays positive where 1 - tanh(z)**2 has rounded to 0.
    """
    return 4 * d_sigmoid(2 * z)


def relu(z: Array) -> Array:
    """max(z, 0), any shape."""
    return np.maximum(z, 0)


def d_relu(z: Array) -> Array:
    """Derivative of relu at z; 0 at the kink z = 0, as torch takes it."""
    return (z > 0).astype(z.dtype)


LEAKY_SLOPE = 0.01  # torch.nn.LeakyReLU's default


def leaky_relu(z: Array, slope: float = LEAKY_SLOPE) -> Array:
    """z where z > 0, else slope * z; any shape.  Source: Maas, Hannun and Ng (2013)."""
    return np.where(z > 0, z, slope * z)


def d_leaky_relu(z: Array, slope: float = LEAKY_SLOPE) -> Array:
    """Derivative of leaky_relu at z; ``slope`` at the kink z = 0, as torch takes it."""
    return np.where(z > 0, 1, slope).astype(z.dtype)


def identity(z: Array) -> Array:
    """z itself (a copy): the activation of a linear network."""
    return z.copy()


def d_identity(z: Array) -> Array:
    """1 everywhere."""
    return np.ones_like(z)


class Activation(NamedTuple):
    """One activation function and the two ways to write its derivative."""

    name: str
    function: Callable[[Array], Array]  # h = function(z)
    derivative: Callable[[Array], Array]  # dh/dz from z
    slope: Callable[[Array], Array]  # dh/dz from h


ACTIVATIONS: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("sigmoid", sigmoid, d_sigmoid, lambda h: h * (1 - h)),
        Activation("tanh", tanh, d_tanh, lambda h: 1 - h * h),
        Activation("relu", relu, d_relu, d_relu),
        Activation("leaky_relu", leaky_relu, d_leaky_relu, d_leaky_relu),
        Activation("identity", identity, d_identity, d_identity),
    )
}


def get(name: str) -> Activation:
    """The activation called ``name``.

    Raises
    ------
    ValueError: there is none of that name; the message lists those there are.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"activation is {name!r}, expected one of {', '.join(ACTIVATIONS)}.")
    return ACTIVATIONS[name]
