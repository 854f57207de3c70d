"""The memory tasks: what they show, what they ask, and what a guesser scores."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from unrolled import losses, tasks


def generator(seed=0):
    return np.random.default_rng(seed)


# --- adding --------------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [2, 3, 10, 51])
def test_adding_marks_one_number_in_each_half(T):
    x, target = tasks.adding(T, 400, generator())
    assert x.shape == (T, 400, 2) and target.shape == (400, 1)
    assert x.dtype == target.dtype == np.float64
    numbers, marks = x[..., 0], x[..., 1]
    assert (0 <= numbers).all() and (numbers < 1).all()
    assert set(np.unique(marks)) <= {0.0, 1.0}
    assert (marks[: T // 2].sum(axis=0) == 1).all() and (marks[T // 2 :].sum(axis=0) == 1).all()
    for n in range(400):
        first, second = np.flatnonzero(marks[:, n])
        assert target[n, 0] == numbers[first, n] + numbers[second, n]
    assert (marks.sum(axis=1) > 0).all()  # every step may be the one


def test_who_guesses_adding():
    x, target = tasks.adding(20, 40_000, generator())
    assert ((target - 1) ** 2).mean() == pytest.approx(1 / 6, rel=0.03)
    numbers, marks = x[10:, :, 0], x[10:, :, 1]
    later = (numbers * marks).sum(axis=0)[:, None]
    assert ((target - later - 0.5) ** 2).mean() == pytest.approx(1 / 12, rel=0.03)
    rest = x[:, :, 0].mean(axis=0)[:, None]  # numbers without their marks help hardly
    slope = np.cov(rest[:, 0], target[:, 0])[0, 1] / rest.var()
    assert ((target - 1 - slope * (rest - 0.5)) ** 2).mean() > 0.14


# --- temporal order ------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [2, 3, 5, 10, 50, 100])
def test_temporal_order_shows_two_symbols_that_count(T):
    x, labels = tasks.temporal_order(T, 600, generator())
    assert x.shape == (T, 600, 6) and x.dtype == np.float64
    assert labels.shape == (600,) and set(labels) == {0, 1, 2, 3}
    symbols = x.argmax(axis=-1)
    assert_array_equal(x, np.eye(6)[symbols])
    assert ((symbols >= 4).sum(axis=0) == 2).all()
    for n in range(600):
        first, second = np.flatnonzero(symbols[:, n] >= 4)
        assert labels[n] == 2 * (symbols[first, n] - 4) + symbols[second, n] - 4
    if T >= 10:
        places = np.sort(np.argsort(symbols < 4, axis=0, kind="stable")[:2], axis=0)
        assert set(places[0]) == set(range(T // 10, T // 5))
        assert set(places[1]) == set(range(T // 2, 3 * T // 5))
        assert set(symbols[0]) == ({0, 1, 2, 3} if T >= 20 else set(symbols[0]))


def test_who_guesses_temporal_order():
    x, labels = tasks.temporal_order(50, 20_000, generator())
    assert_array_equal(np.abs(np.bincount(labels) / 20_000 - 1 / 4) < 0.015, True)
    logits = np.zeros((20_000, 4))
    loss = losses.softmax_cross_entropy(logits, labels, reduction="mean")
    assert loss.value == pytest.approx(np.log(4))
    second = x[25:, :, 5].sum(axis=0).astype(int)  # 1 if the second symbol is Y
    assert (second == labels).mean() == pytest.approx(0.5, abs=0.02)  # and the first one guessed X
    counts = np.bincount(x.argmax(axis=-1)[:, labels == 3].ravel(), minlength=6)
    assert np.ptp(counts[:4]) < 0.05 * counts[0]  # the distractors say nothing


# --- latch ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0, 0.2, 1.0])
def test_latch_shows_a_sign_and_then_noise(noise):
    x, labels = tasks.latch(30, 2000, generator(), noise=noise)
    assert x.shape == (30, 2000, 1) and x.dtype == np.float64
    assert labels.shape == (2000,)
    assert_array_equal(x[0, :, 0], np.where(labels == 1, 1.0, -1.0))
    assert x[1:].std() == pytest.approx(noise, rel=0.02)
    assert abs(x[1:].mean()) < 0.02
    if noise == 1.0:
        assert_array_equal(x, tasks.latch(30, 2000, generator()).x)


def test_who_guesses_latch():
    x, labels = tasks.latch(30, 20_000, generator())
    assert labels.mean() == pytest.approx(0.5, abs=0.02)
    assert abs(np.corrcoef(x[:, :, 0], labels)[-1, 1:-1]).max() < 0.04  # later steps say nothing
    loss = losses.softmax_cross_entropy(np.zeros((20_000, 2)), labels, reduction="mean")
    assert loss.value == pytest.approx(np.log(2))


# --- copy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("T", "symbols", "alphabet"), [(1, 1, 2), (1, 3, 8), (10, 3, 4), (7, 10, 8)]
)
def test_copy_asks_for_the_symbols_after_the_gap(T, symbols, alphabet):
    x, targets, mask = tasks.copy(T, 50, symbols, generator(), alphabet=alphabet)
    steps = T + 2 * symbols
    assert x.shape == (steps, 50, alphabet + 2) and x.dtype == np.float64
    assert targets.shape == mask.shape == (steps, 50) and mask.dtype == bool
    shown = x.argmax(axis=-1)
    assert_array_equal(x, np.eye(alphabet + 2)[shown])
    assert set(np.unique(shown[:symbols])) == set(range(alphabet)) or 50 * symbols < 20 * alphabet
    assert (shown[:symbols] < alphabet).all()
    assert (shown[symbols : symbols + T - 1] == alphabet).all()  # blanks
    assert (shown[symbols + T - 1] == alphabet + 1).all()  # the signal
    assert (shown[symbols + T :] == alphabet).all()
    assert_array_equal(targets[T + symbols :], shown[:symbols])  # T + symbols steps apart
    assert (targets[: T + symbols] == alphabet).all()
    assert mask[T + symbols :].all() and not mask[: T + symbols].any()


def test_who_guesses_copy():
    T, symbols, alphabet = 20, 10, 8
    x, targets, mask = tasks.copy(T, 100, symbols, generator())
    assert x.shape == (40, 100, 10)
    sure = 100.0  # blanks until the signal, then any symbol
    logits = np.zeros((40, 100, alphabet + 2))
    logits[: T + symbols, :, alphabet] = sure
    logits[T + symbols :, :, :alphabet] = sure
    everywhere = losses.softmax_cross_entropy(logits, targets, reduction="mean").value
    assert everywhere == pytest.approx(symbols * np.log(alphabet) / (T + 2 * symbols))
    counted = losses.softmax_cross_entropy(logits, targets, reduction="mean", mask=mask).value
    assert counted == pytest.approx(np.log(alphabet))


# --- all of them ---------------------------------------------------------------------------------

DRAWS = {
    "adding": tasks.adding,
    "temporal_order": tasks.temporal_order,
    "latch": tasks.latch,
    "copy": lambda T, N, rng: tasks.copy(T, N, 3, rng),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_depends_on_the_generator_alone(name):
    draw = DRAWS[name]
    first, again, other = (draw(10, 30, generator(seed)) for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        assert_array_equal(a, b)
    assert not np.array_equal(first.x, other.x) and not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("name", DRAWS)
def test_bad_input_is_named(name):
    draw = DRAWS[name]
    with pytest.raises(ValueError, match=r"^T is 0, expected"):
        draw(0, 2, generator())
    with pytest.raises(TypeError, match=r"^T is 2.0, expected a whole number"):
        draw(2.0, 2, generator())
    with pytest.raises(ValueError, match=r"^N is 0, expected a whole number"):
        draw(5, 0, generator())
    with pytest.raises(TypeError, match=r"^rng is a int, expected a numpy.random.Generator"):
        draw(5, 2, 0)
    if name != "copy":
        with pytest.raises(ValueError, match=r"^T is 1, expected at least 2"):
            draw(1, 2, generator())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tasks.latch(5, 2, generator(), noise=-1), ValueError, "noise is -1, expected"),
        (lambda: tasks.latch(5, 2, generator(), noise=np.nan), ValueError, "noise is nan, expect"),
        (lambda: tasks.latch(5, 2, generator(), noise="1"), ValueError, "noise is '1', expected"),
        (lambda: tasks.copy(5, 2, 0, generator()), ValueError, "symbols is 0, expected a whole"),
        (lambda: tasks.copy(5, 2, 1.5, generator()), TypeError, "symbols is 1.5, expected a wh"),
        (
            lambda: tasks.copy(5, 2, 3, generator(), alphabet=1),
            ValueError,
            "alphabet is 1, expected at least 2",
        ),
        (
            lambda: tasks.copy(5, 2, 3, generator(), alphabet=0),
            ValueError,
            "alphabet is 0, expected a whole number",
        ),
    ],
)
def test_bad_options_are_named(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
