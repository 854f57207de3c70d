"""The data: digits that land where they should, split and shuffled by the seed alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from unrolled import tasks


def marked(N=3, height=8, width=8):
    """Images in which every pixel has a number of its own."""
    return np.arange(N * height * width, dtype=float).reshape(N, height, width)


@pytest.mark.parametrize("size", [(3, 8, 8), (2, 4, 6)])
def test_rows_hold_one_row_a_step(size):
    images = marked(*size)
    N, height, width = size
    x = tasks.rows(images)
    assert x.shape == (height, N, width) and x.flags.c_contiguous
    for t, n, d in np.ndindex(x.shape):
        assert x[t, n, d] == images[n, t, d]


@pytest.mark.parametrize("size", [(3, 8, 8), (2, 4, 6)])
def test_pixels_come_in_reading_order(size):
    images = marked(*size)
    N, height, width = size
    x = tasks.pixels(images)
    assert x.shape == (height * width, N, 1) and x.flags.c_contiguous
    for n, i, j in np.ndindex(images.shape):
        assert x[width * i + j, n, 0] == images[n, i, j]


@pytest.mark.parametrize("N", [1, 3])
def test_sequences_are_copies(N):
    images = marked(N)
    assert not np.shares_memory(tasks.rows(images), images)
    assert not np.shares_memory(tasks.pixels(images), images)


def test_digits_have_the_documented_shapes_and_range():
    data = tasks.digits(np.random.default_rng(0))
    assert data.train_images.shape == (1400, 8, 8) and data.train_labels.shape == (1400,)
    assert data.test_images.shape == (397, 8, 8) and data.test_labels.shape == (397,)
    images = np.concatenate([data.train_images, data.test_images])
    assert images.dtype == np.float64
    assert (images.min(), images.max()) == (0, 1)
    assert set(data.train_labels) == set(data.test_labels) == set(range(10))


def test_the_split_keeps_every_image_once_with_its_label():
    original = tasks.load_digits()
    data = tasks.digits(np.random.default_rng(3), test_size=100)
    images = np.concatenate([data.train_images, data.test_images]) * 16
    labels = np.concatenate([data.train_labels, data.test_labels])
    assert len(data.test_labels) == 100
    ours = sorted((image.tobytes(), label) for image, label in zip(images, labels, strict=True))
    theirs = zip(original.images, original.target, strict=True)
    assert ours == sorted((image.tobytes(), label) for image, label in theirs)


def test_the_split_is_decided_by_the_seed():
    one, same, other = (tasks.digits(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert_array_equal(one.train_images, same.train_images)
    assert_array_equal(one.test_labels, same.test_labels)
    assert not np.array_equal(one.test_labels, other.test_labels)
    assert not np.array_equal(one.train_labels, tasks.load_digits().target[:1400])


@pytest.mark.parametrize(("size", "batch_size", "lengths"), [(10, 4, [4, 4, 2]), (3, 5, [3])])
def test_batches_cover_every_index_once(size, batch_size, lengths):
    batches = tasks.batches(size, batch_size, np.random.default_rng(0))
    assert [len(b) for b in batches] == lengths
    assert sorted(np.concatenate(batches)) == list(range(size))


def test_batches_are_shuffled_by_the_seed():
    one, same, other = (
        np.concatenate(tasks.batches(50, 7, np.random.default_rng(seed))) for seed in (1, 1, 2)
    )
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, np.arange(50))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tasks.digits(0), TypeError, "rng is a int, expected a numpy.random.Generator"),
        (lambda: tasks.digits(RNG, 0), ValueError, "test_size is 0, expected a whole number of at"),
        (lambda: tasks.digits(RNG, 0.2), TypeError, "test_size is 0.2, expected a whole number"),
        (lambda: tasks.digits(RNG, 1797), ValueError, "test_size is 1797, expected fewer than"),
        (lambda: tasks.rows([[1.0]]), TypeError, "images is a list, expected a NumPy array"),
        (lambda: tasks.rows(np.zeros((8, 8))), ValueError, "images has shape (8, 8), expected"),
        (lambda: tasks.pixels(np.zeros((0, 8, 8))), ValueError, "images has shape (0, 8, 8),"),
        (lambda: tasks.pixels(np.zeros((2, 64))), ValueError, "images has shape (2, 64),"),
        (lambda: tasks.batches(0, 2, RNG), ValueError, "size is 0, expected a whole number of at"),
        (lambda: tasks.batches(9, True, RNG), TypeError, "batch_size is True, expected a whole"),
        (lambda: tasks.batches(9, 2, None), TypeError, "rng is a NoneType, expected a"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(message)
