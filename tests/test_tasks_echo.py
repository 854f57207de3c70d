"""The echo task: the answer is the input of a known number of steps ago."""

from __future__ import annotations

import numpy as np
import pytest

from unrolled import tasks


def test_echo_repeats_its_input():
    x, target = tasks.echo(T=50, N=3, lag=7, rng=np.random.default_rng(0))
    assert x.shape == target.shape == (50, 3, 1)
    assert x.dtype == target.dtype == np.float64
    assert set(np.unique(x)) == set(np.unique(target)) == {-1.0, 1.0}
    assert np.array_equal(target[7:], x[:-7])
    assert not np.array_equal(target[8:], x[:-8])


def test_echo_longer_than_the_sequence():
    x, target = tasks.echo(T=3, N=200, lag=5, rng=np.random.default_rng(0))
    assert x.shape == target.shape == (3, 200, 1)
    assert abs((x * target).mean()) < 0.2


def test_echo_repeats_with_its_generator():
    first, second = (tasks.echo(9, 2, 3, np.random.default_rng(4)).x for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ((0, 1, 1), ValueError, "T"),
        ((2, 1.5, 1), TypeError, "N"),
        ((2, 1, 0), ValueError, "lag"),
    ],
)
def test_bad_input_is_named(arguments, error, name):
    with pytest.raises(error, match=rf"^{name}\b"):
        tasks.echo(*arguments, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"^rng\b"):
        tasks.echo(1, 1, 1, 0)
