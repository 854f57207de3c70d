"""Activation functions and their derivatives, exact far from zero and true to the dtype.

Each function comes twice: as a function of the preactivation z, and as the slope written
with its own output h.  Backpropagation through time uses the second: it has h at hand and
need not keep z.

Everything holds at any z: nothing overflows, an infinite z gives the limit, and a NaN gives NaN,
in the derivatives as well.  A z holds floats, of 16 bits too; an array of whole numbers is
refused.  Where a derivative has two values, at the kink z = 0 of relu, leaky_relu and selu, it
takes the one from the left, as torch does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr  # the normal distribution function: NumPy has none

Array = np.ndarray


def _of_floats(function: Callable[..., Array]) -> Callable[..., Array]:
    """The same function, with an error for an array of anything else but floats."""

    @wraps(function)
    def checked(z: Array, *options: float, **named: float) -> Array:
        if isinstance(z, int | float) and not isinstance(z, bool):
            z = np.float64(z)  # a Python number is one of 64 bits
        if not isinstance(z, np.ndarray | np.generic) or z.dtype.kind != "f":
            kind = getattr(z, "dtype", type(z).__name__)
            raise TypeError(f"z is {kind}, expected a NumPy array of floats.")
        return function(z, *options, **named)

    return checked


@_of_floats
def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)), any shape.

    exp is only taken of numbers that are not positive, so nothing overflows, and small
    results keep their relative accuracy: sigmoid(-80) is 1.8e-35 in float32, not 0.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


@_of_floats
def d_sigmoid(z: Array) -> Array:
    """Derivative of :func:`sigmoid` at z.  Its largest value is 1/4, at z = 0."""
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


@_of_floats
def tanh(z: Array) -> Array:
    """Hyperbolic tangent of z, any shape."""
    return np.tanh(z)


@_of_floats
def d_tanh(z: Array) -> Array:
    """Derivative of tanh at z.  Its largest value is 1, at z = 0.

    Written as 4 sigmoid'(2z), which stays positive where 1 - tanh(z)**2 has rounded to 0.
    """
    return 4 * d_sigmoid(2 * z)


@_of_floats
def relu(z: Array) -> Array:
    """max(z, 0), any shape."""
    return np.maximum(z, 0)


@_of_floats
def d_relu(z: Array) -> Array:
    """Derivative of relu at z; 0 at the kink z = 0, as torch takes it."""
    return np.sign(np.maximum(z, 0))  # unlike (z > 0), it keeps a NaN


LEAKY_SLOPE = 0.01  # torch.nn.LeakyReLU's default, and that of its inventors


@_of_floats
def leaky_relu(z: Array, slope: float = LEAKY_SLOPE) -> Array:
    """z where z > 0, else slope * z; any shape.  Source: Maas, Hannun and Ng (2013)."""
    return np.where(z > 0, z, slope * z)


@_of_floats
def d_leaky_relu(z: Array, slope: float = LEAKY_SLOPE) -> Array:
    """Derivative of leaky_relu at z; ``slope`` at the kink z = 0, as torch takes it."""
    return _two_values(z, 1, slope)


@_of_floats
def elu(z: Array) -> Array:
    """z where z > 0, else exp(z) - 1; any shape.

    Source: Clevert, Unterthiner and Hochreiter (2016), with their alpha = 1, which leaves no kink.
    """
    return np.where(z >= 0, z, np.expm1(-np.abs(z)))


@_of_floats
def d_elu(z: Array) -> Array:
    """Derivative of elu at z: 1 where z > 0, else exp(z)."""
    return np.where(z >= 0, 1, np.exp(-np.abs(z)))


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


@_of_floats
def selu(z: Array) -> Array:
    """SELU_SCALE times (z where z > 0, else SELU_ALPHA * (exp(z) - 1)); any shape.

    The two constants make mean 0 and variance 1 a stable fixed point of a layer whose weights
    have mean 0 and variance 1/n (``"lecun"`` in :func:`unrolled.mlp.init`).
    Source: Klambauer, Unterthiner, Mayr and Hochreiter (2017), equation 2.
    """
    return SELU_SCALE * np.where(z >= 0, z, SELU_ALPHA * np.expm1(-np.abs(z)))


@_of_floats
def d_selu(z: Array) -> Array:
    """Derivative of selu at z; SELU_SCALE * SELU_ALPHA at the kink z = 0, as torch takes it."""
    return SELU_SCALE * np.where(z > 0, 1, SELU_ALPHA * np.exp(-np.abs(z)))


GELU_END = 40  # below -40 the normal distribution function has rounded to 0, in float64 too


@_of_floats
def gelu(z: Array) -> Array:
    """z times the probability that a standard normal number is below z; any shape.

    The exact function, not the approximation by tanh.  The probability of the tail is taken as
    such, not as 1 less almost 1, so gelu(-10) is -7.6e-23 where torch has 0.
    Source: Hendrycks and Gimpel (2016).
    """
    return np.maximum(z, -GELU_END) * ndtr(z)


@_of_floats
def d_gelu(z: Array) -> Array:
    """Derivative of gelu at z: the distribution function plus z times its density."""
    near = np.clip(z, -GELU_END, GELU_END)  # the density is 0 at both ends, and 0 * inf is not
    return ndtr(z) + near * np.exp(-near * near / 2) / np.sqrt(2 * np.pi).astype(z.dtype)


@_of_floats
def identity(z: Array) -> Array:
    """z itself (a copy): the activation of a linear network."""
    return z.copy()


@_of_floats
def d_identity(z: Array) -> Array:
    """1 everywhere."""
    return _two_values(z, 1, 1)


def _two_values(z: Array, above: float, below: float) -> Array:
    """``above`` where z > 0, ``below`` where z <= 0, and NaN where z is NaN."""
    values = np.where(z > 0, z.dtype.type(above), z.dtype.type(below))
    np.copyto(values, np.nan, where=np.isnan(z))
    return values


class Activation(NamedTuple):
    """One activation function and the two ways to write its derivative."""

    name: str
    function: Callable[[Array], Array]  # h = function(z)
    derivative: Callable[[Array], Array]  # dh/dz from z
    slope: Callable[[Array], Array] | None  # dh/dz from h; None where h does not determine it


ACTIVATIONS: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("sigmoid", sigmoid, d_sigmoid, lambda h: h * (1 - h)),
        Activation("tanh", tanh, d_tanh, lambda h: 1 - h * h),
        Activation("relu", relu, d_relu, d_relu),
        Activation("leaky_relu", leaky_relu, d_leaky_relu, d_leaky_relu),
        Activation("elu", elu, d_elu, lambda h: np.where(h > 0, 1, 1 + h)),
        Activation("gelu", gelu, d_gelu, None),  # falls, then rises: two z have the same h
        Activation(
            "selu",
            selu,
            d_selu,
            lambda h: np.where(h > 0, SELU_SCALE, h + SELU_SCALE * SELU_ALPHA).astype(h.dtype),
        ),
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


def get_with_slope(name: str) -> Activation:
    """The activation called ``name``, for a network that keeps its outputs and not its z.

    Raises
    ------
    ValueError: there is none of that name, or its output does not determine its derivative.
    """
    activation = get(name)
    if activation.slope is None:
        known = ", ".join(a.name for a in ACTIVATIONS.values() if a.slope is not None)
        raise ValueError(
            f"activation is {name!r}, whose output does not determine its derivative, "
            f"expected one of {known}."
        )
    return activation
