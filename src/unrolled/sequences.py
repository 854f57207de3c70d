"""Sequences of different lengths in one array: padding, and the mask that says what counts.

Shorter sequences are filled up with zeros at their end.  The mask is True at the steps that
are real; losses take it as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unrolled import rnn
from unrolled.axes import Axes, check_size

Array = np.ndarray


def pad(sequences: Sequence[Array]) -> tuple[Array, Array]:
    """Put sequences of different lengths into one array, with zeros after their ends.

    Parameters
    ----------
    sequences: N arrays (T_n, D), all of the same D and dtype, each with T_n >= 1.

    Returns
    -------
    x: (T, N, D), time first; T is the largest T_n.
    lengths: (N,) the T_n.

    Raises
    ------
    TypeError, ValueError: naming the sequence, what it is and what was expected.
    """
    if not isinstance(sequences, Sequence) or not len(sequences):
        kind = "empty" if isinstance(sequences, Sequence) else f"a {type(sequences).__name__}"
        kind = getattr(sequences, "shape", kind)
        raise ValueError(f"sequences is {kind}, expected a list of at least one array (T_n, D).")
    axes = Axes()
    for n, sequence in enumerate(sequences):
        axes.check(f"sequences[{n}]", sequence, "T D")
        del axes.sizes["T"]  # every sequence has its own
    lengths = np.array([len(sequence) for sequence in sequences])
    x = np.zeros((lengths.max(), len(sequences), axes.sizes["D"]), sequences[0].dtype)
    for n, sequence in enumerate(sequences):
        x[: lengths[n], n] = sequence
    return x, lengths


def mask(lengths: Array, T: int) -> Array:
    """Which of T steps are real: (T, N) booleans, True at the first ``lengths[n]`` of column n.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.

    >>> mask(np.array([1, 3]), T=3).astype(int)
    array([[1, 1],
           [0, 1],
           [0, 1]])
    """
    check_size("T", T)
    check_lengths(lengths, T)
    return np.arange(T)[:, None] < lengths


def last(h: Array, lengths: Array) -> Array:
    """The last real state of every sequence: h (T, N, H) and lengths (N,) give (N, H)."""
    axes = Axes()
    axes.check("h", h, "T N H")
    check_lengths(lengths, axes.sizes["T"], axes.sizes["N"])
    return h[lengths - 1, np.arange(len(lengths))]


def forward(x: Array, h0: Array, params: rnn.Params, mask: Array) -> Array:
    """Run the tanh network and hold each state still where its sequence has ended.

    Parameters
    ----------
    x: (T, N, D) inputs, padded.
    h0: (N, H) state before the first step.
    params: the weights.
    mask: (T, N) booleans, True at real steps.

    Returns
    -------
    h: (T, N, H) states; h[-1] holds the last real state of every sequence.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    rnn.check_inputs(x, h0, params)
    check_mask(mask, x.shape[:2])
    states, h = [], h0
    for x_t, real in zip(x, mask, strict=True):
        h_new = rnn.forward(x_t[None], h, params)[0][0]
        h = np.where(real[:, None], h_new, h)
        states.append(h)
    return np.stack(states)


def check_lengths(lengths: Array, T: int, N: int | None = None) -> None:
    """Raise unless ``lengths`` holds whole numbers from 1 to T, N of them if N is given."""
    if not isinstance(lengths, np.ndarray) or not np.issubdtype(lengths.dtype, np.integer):
        kind = getattr(lengths, "dtype", type(lengths).__name__)
        raise TypeError(f"lengths is {kind}, expected a NumPy array of whole numbers.")
    if lengths.ndim != 1 or len(lengths) == 0 or len(lengths) != (N or len(lengths)):
        expected = "(N,)" if N is None else f"({N},)"
        raise ValueError(f"lengths has shape {lengths.shape}, expected {expected}.")
    for n, length in enumerate(lengths):
        if length < 1:
            raise ValueError(f"lengths[{n}] is {length}, expected at least 1 step.")
        if length > T:
            raise ValueError(f"lengths[{n}] is {length}, expected at most the {T} padded steps.")


def check_mask(mask: Array, shape: tuple[int, int]) -> None:
    """Raise unless ``mask`` holds booleans (T, N), each column True first and then False."""
    if not isinstance(mask, np.ndarray) or mask.dtype != bool:
        kind = getattr(mask, "dtype", type(mask).__name__)
        raise TypeError(f"mask is {kind}, expected a NumPy array of booleans.")
    if mask.shape != tuple(shape):
        raise ValueError(f"mask has shape {mask.shape}, expected {tuple(shape)}: (T, N).")
    if not mask[0].all():
        n = int(np.flatnonzero(~mask[0])[0])
        raise ValueError(f"mask[:, {n}] is False at the first step, expected at least 1 real step.")
    if (mask[1:] & ~mask[:-1]).any():
        n = int(np.flatnonzero((mask[1:] & ~mask[:-1]).any(axis=0))[0])
        raise ValueError(f"mask[:, {n}] is True after False, expected padding at the end only.")
