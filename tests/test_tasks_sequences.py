"""The data of lesson 1: films of digits, names of numbers, and what a writer reads."""

import numpy as np
import pytest

from unrolled import tasks


@pytest.fixture(scope="module")
def digits():
    return tasks.digits(np.random.default_rng(0))


def test_sequences_of_digits_are_pictures_with_their_labels(digits):
    images, labels = digits.test_images, digits.test_labels
    x, drawn = tasks.sequences_of_digits(images, labels, 5, 7, np.random.default_rng(1))
    assert x.shape == (5, 7, 64) and drawn.shape == (5, 7)
    flat = images.reshape(len(images), 64)
    for t in range(5):
        for n in range(7):
            (found,) = np.nonzero((flat == x[t, n]).all(axis=1))
            assert drawn[t, n] in labels[found]
    assert len(np.unique(drawn)) > 5


def test_sequences_of_digits_depend_on_the_generator_alone(digits):
    draw = [
        tasks.sequences_of_digits(*digits[2:], 3, 4, np.random.default_rng(seed))[0]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(draw[0], draw[1]) and not np.array_equal(draw[0], draw[2])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"labels": np.zeros(3, int)}, ValueError, r"labels has shape \(3,\), expected \(397,\)"),
        ({"images": np.zeros((4, 4))}, ValueError, r"images has shape \(4, 4\), expected"),
        ({"T": 0}, ValueError, "T is 0, expected"),
        ({"N": 2.0}, TypeError, "N is 2.0, expected"),
        ({"rng": 1}, TypeError, "rng is a int, expected"),
    ],
)
def test_sequences_of_digits_name_the_wrong_argument(digits, arguments, error, message):
    good = {"images": digits.test_images, "labels": digits.test_labels, "T": 2, "N": 3}
    with pytest.raises(error, match=message):
        tasks.sequences_of_digits(**good | {"rng": np.random.default_rng(0)} | arguments)


def test_last_even_by_hand():
    shown = np.array([[4, 1], [7, 3], [0, 8], [5, 9], [6, 2]])
    assert tasks.last_even(shown).T.tolist() == [[2, 2, 0, 0, 3], [5, 5, 4, 4, 1]]


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros((0, 2), int)])
def test_last_even_wants_two_axes(labels):
    with pytest.raises(ValueError, match="labels has shape"):
        tasks.last_even(labels)


@pytest.mark.parametrize("labels", [np.full((2, 2), 10), np.full((2, 2), -1), np.ones((2, 2))])
def test_last_even_wants_digits(labels):
    with pytest.raises(ValueError, match="^labels holds .*, expected the whole numbers 0 to 9.$"):
        tasks.last_even(labels)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "zero"),
        (9, "nine"),
        (10, "ten"),
        (14, "fourteen"),
        (19, "nineteen"),
        (20, "twenty"),
        (40, "forty"),
        (42, "forty-two"),
        (99, "ninety-nine"),
    ],
)
def test_number_name(number, name):
    assert tasks.number_name(np.int64(number)) == name


def test_number_names_all_differ():
    assert len({tasks.number_name(n) for n in range(100)}) == 100


@pytest.mark.parametrize(
    ("number", "error"), [(-1, ValueError), (100, ValueError), (4.0, TypeError)]
)
def test_number_name_says_what_is_wrong(number, error):
    with pytest.raises(error, match="number is"):
        tasks.number_name(number)


def test_spell_shifts_by_one_and_stops():
    inputs, targets, mask = tasks.spell(["ten", "eleven"])
    read = ["".join(tasks.ALPHABET[i] for i in column) for column in inputs.T]
    answer = ["".join(tasks.ALPHABET[i] for i in column) for column in targets.T]
    assert read == [".ten...", ".eleven"] and answer == ["ten....", "eleven."]
    assert mask.sum(axis=0).tolist() == [4, 7] and mask[:4, 0].all()
    np.testing.assert_array_equal(inputs[1:], targets[:-1])


def test_spell_takes_an_array_of_words():
    by_list, by_array = tasks.spell(["six", "two"]), tasks.spell(np.array(["six", "two"]))
    assert all(map(np.array_equal, by_list, by_array))


def test_every_letter_has_one_place_in_the_alphabet():
    assert tasks.ALPHABET == ".-abcdefghijklmnopqrstuvwxyz"
    everything = tasks.ALPHABET[1:]
    inputs, targets, _ = tasks.spell([everything])
    assert inputs[:, 0].tolist() == list(range(28)) and tasks.words(targets) == [everything]
    with pytest.raises(ValueError, match="^places goes from 0 to 28, expected 0 to 27"):
        tasks.words(np.array([[0], [28]]))


def test_words_undoes_spell():
    names = [tasks.number_name(n) for n in range(100)]
    assert tasks.words(tasks.spell(names, L=20)[1]) == names


@pytest.mark.parametrize(
    ("words", "L", "message"),
    [
        ([], None, "words is"),
        ("ten", None, "words is 'ten'"),
        (["ten", ""], None, "words has ''"),
        (["Ten"], None, "words has 'Ten'"),
        (["t.n"], None, "words has 't.n'"),
        (["ten"], 0, "^L is 0, expected a whole number"),
        (["ten", "eleven"], 6, "L is 6, expected at least 7 for 'eleven'"),
    ],
)
def test_spell_says_what_is_wrong(words, L, message):
    with pytest.raises(ValueError, match=message):
        tasks.spell(words, L)


def test_one_hot():
    np.testing.assert_array_equal(tasks.one_hot(np.array([[2, 0]]), 3), [[[0, 0, 1], [1, 0, 0]]])


@pytest.mark.parametrize(
    ("places", "error", "message"),
    [
        (np.array([0, 3]), ValueError, "places goes from 0 to 3, expected 0 to 2"),
        (np.array([-1, 2]), ValueError, "places goes from -1 to 2, expected 0 to 2"),
        (np.array([0.0]), TypeError, "places is float64"),
        ([0], TypeError, "places is list"),
    ],
)
def test_one_hot_says_what_is_wrong(places, error, message):
    with pytest.raises(error, match=message):
        tasks.one_hot(places, 3)


def test_one_hot_wants_a_size():
    with pytest.raises(ValueError, match="^size is 0, expected a whole number"):
        tasks.one_hot(np.array([0]), 0)
