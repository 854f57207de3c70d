"""The data of the course: real handwritten digits, read as sequences.

1,797 images of 8 x 8 pixels, collected by Alpaydin and Kaynak (1998) and shipped with
scikit-learn, so nothing is downloaded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits

from unrolled.axes import check_generator, check_size

Array = np.ndarray


class Digits(NamedTuple):
    """Images and their labels, split into what is learnt from and what is tested on."""

    train_images: Array  # (N, 8, 8) grey levels in [0, 1], float64
    train_labels: Array  # (N,) whole numbers 0..9
    test_images: Array
    test_labels: Array


def digits(rng: np.random.Generator, test_size: int = 397) -> Digits:
    """The digits in a random order, the last ``test_size`` of them kept for testing.

    Parameters
    ----------
    rng: decides the order, and so the split.
    test_size: number of test images, at least 1 and fewer than 1,797.
    """
    check_generator("rng", rng)
    check_size("test_size", test_size)
    data = load_digits()
    if test_size >= len(data.target):
        raise ValueError(f"test_size is {test_size}, expected fewer than {len(data.target)}.")
    order = rng.permutation(len(data.target))
    train, test = order[:-test_size], order[-test_size:]
    images, labels = data.images / 16, data.target
    return Digits(images[train], labels[train], images[test], labels[test])


def rows(images: Array) -> Array:
    """Images (N, 8, 8) as sequences of rows, top to bottom: (T=8, N, D=8)."""
    _check_images(images)
    return images.transpose(1, 0, 2).copy()


def pixels(images: Array) -> Array:
    """Images (N, 8, 8) as sequences of pixels in reading order: (T=64, N, D=1)."""
    _check_images(images)
    return images.reshape(len(images), -1).T[:, :, None].copy()


def batches(size: int, batch_size: int, rng: np.random.Generator) -> list[Array]:
    """Indices 0..size-1 in random order, cut into batches; the last one may be smaller."""
    check_size("size", size)
    check_size("batch_size", batch_size)
    check_generator("rng", rng)
    order = rng.permutation(size)
    return [order[start : start + batch_size] for start in range(0, size, batch_size)]


def _check_images(images: Array) -> None:
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images is a {type(images).__name__}, expected a NumPy array.")
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(f"images has shape {images.shape}, expected (N, height, width).")
