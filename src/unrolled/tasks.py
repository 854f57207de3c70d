"""The data of the course: real handwritten digits, words, text, and tasks made to test memory.

The digits are 1,797 images of 8 x 8 pixels, collected by Alpaydin and Kaynak (1998) and shipped
with scikit-learn, so nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from numbers import Real
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits

from unrolled.axes import check_classes, check_generator, check_size

Array = np.ndarray

STOP = "."  # begins and ends every word, so that a writer can say that it is done
ALPHABET = STOP + "-abcdefghijklmnopqrstuvwxyz"
UNITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


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


def sequences_of_digits(
    images: Array, labels: Array, T: int, N: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """N sequences of T images, drawn with replacement.

    Parameters
    ----------
    images: (M, 8, 8) what to draw from.
    labels: (M,) their labels.
    T, N: steps and sequences, each at least 1.
    rng: decides which images are drawn.

    Returns
    -------
    x: (T, N, 64) the pixels of one image a step, in reading order.
    labels: (T, N) the label of each of them.
    """
    _check_images(images)
    labels = np.asarray(labels)
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels has shape {labels.shape}, expected ({len(images)},).")
    check_size("T", T)
    check_size("N", N)
    check_generator("rng", rng)
    chosen = rng.integers(len(images), size=(T, N))
    return images.reshape(len(images), -1)[chosen], labels[chosen]


def last_even(labels: Array) -> Array:
    """For every step, the last even digit so far: labels (T, N) give classes (T, N).

    The classes 0 to 4 stand for the digits 0, 2, 4, 6, 8 and class 5 for "none yet".  Digits
    that are odd change nothing, so that the answer has to be remembered past them.
    """
    labels = np.asarray(labels)
    if labels.ndim != 2 or 0 in labels.shape:
        raise ValueError(f"labels has shape {labels.shape}, expected (T, N).")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() > 9:
        raise ValueError("labels holds something else, expected the whole numbers 0 to 9.")
    classes, current = np.empty_like(labels), np.full(labels.shape[1], 5)
    for t, digit in enumerate(labels):
        current = np.where(digit % 2 == 0, digit // 2, current)
        classes[t] = current
    return classes


def number_name(number: int) -> str:
    """The English name of a whole number from 0 to 99: ``"forty-two"``."""
    if not isinstance(number, int | np.integer) or isinstance(number, bool):
        raise TypeError(f"number is {number!r}, expected a whole number from 0 to 99.")
    if not 0 <= number <= 99:
        raise ValueError(f"number is {number}, expected 0 to 99.")
    tens, units = divmod(int(number), 10)
    if tens == 0:
        return UNITS[units]
    if tens == 1:
        return TEENS[units]
    return TENS[tens - 2] + (f"-{UNITS[units]}" if units else "")


def spell(words: Sequence[str], L: int | None = None) -> tuple[Array, Array, Array]:
    """What a writer of words reads and what it should answer, letter by letter.

    Parameters
    ----------
    words: N words of small letters and hyphens.
    L: the number of steps, at least one more than the longest word; None is just that.

    Returns
    -------
    inputs: (L, N) places in ``ALPHABET``: the stop sign, then the letters of the word.
    targets: (L, N) the same, one step earlier: the letters, then the stop sign.
    mask: (L, N) True up to and including the step whose target is the stop sign.

    >>> inputs, targets, mask = spell(["two"], L=5)
    >>> "".join(ALPHABET[i] for i in inputs[:, 0]), "".join(ALPHABET[i] for i in targets[:, 0])
    ('.two.', 'two..')
    >>> mask[:, 0].tolist()
    [True, True, True, True, False]
    """
    if isinstance(words, str) or not isinstance(words, Sequence | np.ndarray) or len(words) == 0:
        raise ValueError(f"words is {words!r}, expected a list of at least one word.")
    for word in words:
        if not isinstance(word, str) or not word or not set(word) <= set(ALPHABET) - {STOP}:
            raise ValueError(f"words has {word!r}, expected small letters and hyphens.")
    lengths = np.array([len(word) + 1 for word in words])
    L = lengths.max() if L is None else L
    check_size("L", L)
    if L < lengths.max():
        raise ValueError(
            f"L is {L}, expected at least {lengths.max()} for {max(words, key=len)!r}."
        )
    padded = [(STOP + word).ljust(L + 1, STOP) for word in words]
    places = np.array([[ALPHABET.index(letter) for letter in word] for word in padded]).T
    return places[:-1], places[1:], np.arange(L)[:, None] < lengths


def words(places: Array) -> list[str]:
    """The words that (L, N) places in ``ALPHABET`` spell, each up to its first stop sign."""
    check_classes("places", places, len(ALPHABET))
    if places.ndim != 2 or 0 in places.shape:
        raise ValueError(f"places has shape {places.shape}, expected (L, N).")
    columns = ("".join(ALPHABET[place] for place in column) for column in places.T)
    return [column.split(STOP)[0] for column in columns]


def python_reference() -> str:
    """Real text, about 60,000 characters: two chapters of the Python language reference.

    English prose with headings, lists, brackets, quotation marks and code, in 88 different
    characters, all of them ASCII.  The chapters are "Execution model" and "Compound statements"
    of Python 3.11.7, copyright (c) 2001-2023 Python Software Foundation; the licence stands
    beside the text, in ``python_reference.LICENSE.txt``.  The text is a file of this package,
    so it is the same with every version of Python.
    """
    return resources.files("unrolled").joinpath("python_reference.txt").read_text("ascii")


def one_hot(places: Array, size: int) -> Array:
    """Whole numbers 0..size-1 of any shape as float64 vectors (..., size) with a single 1.

    Raises
    ------
    TypeError, ValueError: naming the argument, what it is and what was expected.
    """
    check_size("size", size)
    check_classes("places", places, size)
    return (np.arange(size) == places[..., None]).astype(np.float64)


def batches(size: int, batch_size: int, rng: np.random.Generator) -> list[Array]:
    """Indices 0..size-1 in random order, cut into batches; the last one may be smaller."""
    check_size("size", size)
    check_size("batch_size", batch_size)
    check_generator("rng", rng)
    order = rng.permutation(size)
    return [order[start : start + batch_size] for start in range(0, size, batch_size)]


class Echo(NamedTuple):
    """Random signs, and the same signs some steps later."""

    x: Array  # (T, N, 1) numbers -1 and 1, float64
    target: Array  # (T, N, 1): target[t] is x[t - lag]


def echo(T: int, N: int, lag: int, rng: np.random.Generator) -> Echo:
    """Repeat the input of ``lag`` steps ago: a task that needs memory of a known length.

    Who guesses 0 has a mean squared error of 1; nothing but x[t - lag] helps to know
    target[t].  The first ``lag`` targets are signs from before the sequence began, which
    nobody can know.

    Parameters
    ----------
    T: steps.
    N: sequences.
    lag: how many steps back the answer lies, at least 1.
    rng: draws the signs.
    """
    check_size("T", T)
    check_size("N", N)
    check_size("lag", lag)
    check_generator("rng", rng)
    signs = rng.choice([-1.0, 1.0], size=(lag + T, N, 1))
    return Echo(signs[lag:], signs[:T])


class Adding(NamedTuple):
    """Random numbers, two of them marked, and the sum of these two."""

    x: Array  # (T, N, 2) a number in [0, 1) and a mark, 0 or 1; float64
    target: Array  # (N, 1) the sum of the two marked numbers


def adding(T: int, N: int, rng: np.random.Generator) -> Adding:
    """Add two numbers that are far apart and ignore all others: one mark in each half.

    Who knows nothing answers 1, the mean, and has a mean squared error of 1/6; who remembers
    only the later number has 1/12.

    Source: Hochreiter and Schmidhuber (1997), experiment 4, in the form of Arjovsky, Shah and
    Bengio (2016).

    Parameters
    ----------
    T: steps, at least 2.
    N: sequences.
    rng: draws the numbers and the places of the marks.
    """
    _check_draw(T, N, rng, least=2)
    numbers, marks = rng.uniform(size=(T, N)), np.zeros((T, N))
    sequence = np.arange(N)
    marks[rng.integers(0, T // 2, N), sequence] = 1
    marks[rng.integers(T // 2, T, N), sequence] = 1
    return Adding(np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=0)[:, None])


class TemporalOrder(NamedTuple):
    """Symbols among which two count, and which pair these two are."""

    x: Array  # (T, N, 6) one-hot: four distractors, then X and Y; float64
    labels: Array  # (N,) 0 to 3 for the pairs XX, XY, YX, YY


def temporal_order(T: int, N: int, rng: np.random.Generator) -> TemporalOrder:
    """Tell which two of the symbols X and Y came, in their order, among distractors.

    The first of the two comes after a tenth to a fifth of the steps, the second after a half to
    three fifths.  Who knows nothing is right in 1 of 4 cases, with a cross-entropy of log 4; who
    remembers only the second symbol is right in 1 of 2.

    Source: Hochreiter and Schmidhuber (1997), experiment 6a, without the symbols that there mark
    the beginning and the end.

    Parameters
    ----------
    T: steps, at least 2.
    N: sequences.
    rng: draws symbols and places.
    """
    _check_draw(T, N, rng, least=2)
    symbols, sequence = rng.integers(0, 4, (T, N)), np.arange(N)
    first, second = rng.integers(0, 2, (2, N))
    symbols[rng.integers(T // 10, max(T // 5, T // 10 + 1), N), sequence] = 4 + first
    symbols[rng.integers(T // 2, max(3 * T // 5, T // 2 + 1), N), sequence] = 4 + second
    return TemporalOrder(one_hot(symbols, 6), 2 * first + second)


class Latch(NamedTuple):
    """A sign, then noise."""

    x: Array  # (T, N, 1) -1 or 1 at the first step, then noise; float64
    labels: Array  # (N,) 0 if the sign was -1, 1 if it was 1


def latch(T: int, N: int, rng: np.random.Generator, *, noise: float = 1.0) -> Latch:
    """Hold one bit: the first input is a sign, all later ones are noise in the same place.

    Nothing but the first input helps.  Who knows nothing is right in 1 of 2 cases, with a
    cross-entropy of log 2.

    Source: Bengio, Simard and Frasconi (1994), section II, with one informative step.

    Parameters
    ----------
    T: steps, at least 2.
    N: sequences.
    rng: draws the signs and the noise.
    noise: the standard deviation of the normal noise, at least 0.
    """
    _check_draw(T, N, rng, least=2)
    if not isinstance(noise, Real) or isinstance(noise, bool) or not 0 <= noise < np.inf:
        raise ValueError(f"noise is {noise!r}, expected a finite number of at least 0.")
    labels = rng.integers(0, 2, N)
    x = noise * rng.standard_normal((T, N, 1))
    x[0, :, 0] = 2 * labels - 1
    return Latch(x, labels)


class Copy(NamedTuple):
    """Symbols, a gap, a signal to speak; the answer is the symbols again, in their order."""

    x: Array  # (T + 2 symbols, N, alphabet + 2) one-hot: the alphabet, blank, signal; float64
    targets: Array  # (T + 2 symbols, N) whole numbers: blank until the signal, then the symbols
    mask: Array  # (T + 2 symbols, N) True at the last steps, whose targets are the symbols


def copy(T: int, N: int, symbols: int, rng: np.random.Generator, *, alphabet: int = 8) -> Copy:
    """Repeat some symbols after a gap.  Symbol and answer are T + symbols steps apart.

    The input shows the symbols, T - 1 blanks, the signal, and a blank for each answer.  Who
    knows nothing has a cross-entropy of log(alphabet) where the mask is True; averaged over all
    steps, with blanks before, this is symbols * log(alphabet) / (T + 2 symbols).

    Source: Hochreiter and Schmidhuber (1997) for the idea, in the form of Arjovsky, Shah and
    Bengio (2016); see also Henaff, Szlam and LeCun (2016).

    Parameters
    ----------
    T: steps between the last symbol and the first answer, the one with the signal included.
    N: sequences.
    symbols: how many to repeat.
    rng: draws the symbols.
    alphabet: how many different symbols there are, at least 2.
    """
    _check_draw(T, N, rng)
    check_size("symbols", symbols)
    check_size("alphabet", alphabet)
    if alphabet < 2:
        raise ValueError(f"alphabet is {alphabet}, expected at least 2 symbols to tell apart.")
    blank, signal = alphabet, alphabet + 1
    chosen = rng.integers(0, alphabet, (symbols, N))
    shown, targets = np.full((2, T + 2 * symbols, N), blank)
    shown[:symbols], shown[symbols + T - 1] = chosen, signal
    targets[symbols + T :] = chosen
    return Copy(one_hot(shown, alphabet + 2), targets, targets != blank)


def _check_draw(T: int, N: int, rng: np.random.Generator, least: int = 1) -> None:
    check_size("T", T)
    if T < least:
        raise ValueError(f"T is {T}, expected at least {least}.")
    check_size("N", N)
    check_generator("rng", rng)


def _check_images(images: Array) -> None:
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images is a {type(images).__name__}, expected a NumPy array.")
    if images.ndim != 3 or 0 in images.shape:
        raise ValueError(f"images has shape {images.shape}, expected (N, height, width).")
