"""Arrays with named axes: one place that says what is wrong with an argument.

The letters are those of the equations: T steps, N sequences in a batch, D input features,
H hidden units, Q outputs.  A letter takes the size of the axis it first meets; every later
axis with the same letter must agree.
"""

from __future__ import annotations

import numpy as np

FLOATS = (np.dtype("float32"), np.dtype("float64"))


class Axes:
    """The sizes of the named axes met so far, and the one dtype all arrays share.

    >>> axes = Axes()
    >>> axes.check("x", np.zeros((3, 2, 4)), "T N D")
    >>> axes.check("h0", np.zeros((5, 6)), "N H")
    Traceback (most recent call last):
    ...
    ValueError: h0 has shape (5, 6), expected (N, H) with N=2: axis 0 is 5.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._first: tuple[str, np.dtype] | None = None  # the first array, and its dtype

    def check(self, name: str, array: object, letters: str) -> None:
        """Raise unless ``array`` is a float array whose axes are ``letters``.

        Parameters
        ----------
        name: what the caller calls the array; the error message starts with it.
        array: what the caller passed.
        letters: the axes in order, separated by spaces, such as ``"T N D"``.

        Raises
        ------
        TypeError: not a NumPy array, not float32 or float64, or another dtype than the
            first array that was checked.
        ValueError: the number of axes or a size differs, or an axis is empty.
        """
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} is a {type(array).__name__}, expected a NumPy array.")
        self._check_shape(name, array, letters.split())
        self._check_dtype(name, array.dtype)

    def _check_shape(self, name: str, array: np.ndarray, letters: list[str]) -> None:
        expected = f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"
        known = [f"{a}={self.sizes[a]}" for a in letters if a in self.sizes]
        expected += f" with {', '.join(known)}" if known else ""
        problem = f"{name} has shape {array.shape}, expected {expected}"
        if array.ndim != len(letters):
            raise ValueError(f"{problem}: {array.ndim} axes instead of {len(letters)}.")
        for axis, (letter, size) in enumerate(zip(letters, array.shape, strict=True)):
            if size == 0:
                raise ValueError(f"{problem}: axis {axis} ({letter}) is empty.")
            if self.sizes.setdefault(letter, size) != size:
                raise ValueError(f"{problem}: axis {axis} is {size}.")

    def _check_dtype(self, name: str, dtype: np.dtype) -> None:
        if dtype not in FLOATS:
            raise TypeError(f"{name} has dtype {dtype}, expected float32 or float64.")
        if self._first is None:
            self._first = name, dtype
        first, expected = self._first
        if dtype != expected:
            raise TypeError(
                f"{name} has dtype {dtype}, but {first} has {expected}: "
                "give all arrays the same dtype."
            )


def check_size(name: str, value: object) -> None:
    """Raise unless ``value`` is a whole number of at least 1."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}, expected a whole number of at least 1.")
    if value < 1:
        raise ValueError(f"{name} is {value}, expected a whole number of at least 1.")


def check_float(name: str, dtype: object) -> None:
    """Raise unless ``dtype`` names one of the two dtypes the package computes with."""
    try:
        known = np.dtype(dtype) in FLOATS
    except TypeError:
        known = False
    if not known or dtype is None:
        raise TypeError(f"{name} is {dtype!r}, expected numpy.float32 or numpy.float64.")


def check_floats(name: str, value: object) -> None:
    """Raise unless ``value`` is a float32 or float64 array, or a NumPy number, of any shape."""
    if not isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"{name} is a {type(value).__name__}, expected a float NumPy array.")
    if value.dtype not in FLOATS:
        raise TypeError(f"{name} has dtype {value.dtype}, expected float32 or float64.")


def check_classes(name: str, labels: object, classes: int) -> None:
    """Raise unless ``labels`` is an array of whole numbers from 0 to classes - 1, of any shape."""
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"{name} is {kind}, expected a NumPy array of whole numbers.")
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        low, high = labels.min(), labels.max()
        raise ValueError(f"{name} goes from {low} to {high}, expected 0 to {classes - 1}.")


def check_labels(name: str, labels: object, count: int, classes: int) -> None:
    """Raise unless ``labels`` is an array of ``count`` whole numbers from 0 to classes - 1."""
    check_classes(name, labels, classes)
    if labels.shape != (count,):
        raise ValueError(f"{name} has shape {labels.shape}, expected ({count},).")


def check_function(name: str, value: object) -> None:
    """Raise unless ``value`` can be called."""
    if not callable(value):
        raise TypeError(f"{name} is {value!r}, expected a function.")


def check_generator(name: str, value: object) -> None:
    """Raise unless ``value`` is a ``numpy.random.Generator``."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"{name} is a {type(value).__name__}, expected a numpy.random.Generator "
            "such as numpy.random.default_rng(0)."
        )
