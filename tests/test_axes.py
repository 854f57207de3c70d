"""Named axes: arguments that fit pass in silence, all others are called by their name."""

import doctest

import numpy as np
import pytest

from unrolled import axes
from unrolled.axes import (
    Axes,
    check_classes,
    check_float,
    check_floats,
    check_generator,
    check_size,
)


def test_a_letter_takes_the_size_it_first_meets():
    sizes = Axes()
    sizes.check("x", np.zeros((3, 2, 4)), "T N D")
    sizes.check("h0", np.zeros((2, 5)), "N H")
    sizes.check("W_hh", np.zeros((5, 5)), "H H")
    assert sizes.sizes == {"T": 3, "N": 2, "D": 4, "H": 5}


@pytest.mark.parametrize(
    ("array", "letters", "error", "message"),
    [
        ([[1.0]], "N H", TypeError, "a is a list, expected a NumPy array."),
        (None, "N H", TypeError, "a is a NoneType, expected a NumPy array."),
        (np.float64(1), "H", TypeError, "a is a float64, expected a NumPy array."),
        (np.zeros(3), "N H", ValueError, "a has shape (3,), expected (N, H) with N=2: 1 axes"),
        (np.zeros((2, 3, 1)), "N H", ValueError, "expected (N, H) with N=2: 3 axes instead of 2."),
        (np.zeros((2, 0)), "N H", ValueError, "expected (N, H) with N=2: axis 1 (H) is empty."),
        (np.zeros((7, 3)), "N H", ValueError, "expected (N, H) with N=2: axis 0 is 7."),
        (np.zeros((4, 2)), "T N", ValueError, "expected (T, N) with T=5, N=2: axis 0 is 4."),
        (np.zeros((3, 4)), "H H", ValueError, "a has shape (3, 4), expected (H, H): axis 1 is 4."),
        (np.zeros((2, 2)), "H", ValueError, "a has shape (2, 2), expected (H,): 2 axes"),
        (np.zeros((2, 3), int), "N H", TypeError, "a has dtype int64, expected float32 or"),
        (np.zeros((2, 3), bool), "N H", TypeError, "a has dtype bool, expected float32"),
        (np.zeros((2, 3), np.float16), "N H", TypeError, "a has dtype float16, expected float32"),
        (np.zeros((2, 3), complex), "N H", TypeError, "a has dtype complex128, expected float32"),
        (
            np.zeros((2, 3), np.float32),
            "N H",
            TypeError,
            "a has dtype float32, but x has float64: give all arrays the same dtype.",
        ),
    ],
)
def test_what_does_not_fit_is_named(array, letters, error, message):
    sizes = Axes()
    sizes.check("x", np.zeros((5, 2)), "T N")
    with pytest.raises(error) as caught:
        sizes.check("a", array, letters)
    assert str(caught.value).startswith("a ")
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [1, 7, np.int32(3)])
def test_sizes_are_whole_numbers_from_one(value):
    check_size("H", value)


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (2.0, TypeError), (True, TypeError)]
    + [(None, TypeError), ("3", TypeError), (np.array([2]), TypeError)],
)
def test_other_sizes_are_refused(value, error):
    with pytest.raises(error, match="^H is .*, expected a whole number of at least 1"):
        check_size("H", value)


@pytest.mark.parametrize("value", [None, 0, np.random, np.random.RandomState(0)])
def test_only_a_generator_is_a_generator(value):
    check_generator("rng", np.random.default_rng(0))
    with pytest.raises(TypeError) as caught:
        check_generator("rng", value)
    assert str(caught.value) == (
        f"rng is a {type(value).__name__}, expected a numpy.random.Generator "
        "such as numpy.random.default_rng(0)."
    )


@pytest.mark.parametrize("value", [int, np.float16, np.complex128, None, "nonsense", 3])
def test_only_two_dtypes_are_computed_with(value):
    for good in (float, np.float32, np.float64, "float32", np.dtype("float64")):
        check_float("dtype", good)
    with pytest.raises(TypeError, match="^dtype is .*, expected numpy.float32 or numpy.float64"):
        check_float("dtype", value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1.0], "z is a list, expected a float NumPy array."),
        (1.0, "z is a float, expected a float NumPy array."),
        (np.ones(2, int), "z has dtype int64, expected float32 or float64."),
    ],
)
def test_floats_of_any_shape(value, message):
    for good in (np.ones(()), np.ones((2, 3), np.float32), np.float64(1)):
        check_floats("z", good)
    with pytest.raises(TypeError) as caught:
        check_floats("z", value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1], TypeError, "labels is list, expected a NumPy array of whole numbers."),
        (np.ones(2), TypeError, "labels is float64, expected a NumPy array of whole numbers."),
        (np.array([0, 3]), ValueError, "labels goes from 0 to 3, expected 0 to 2."),
        (np.array([-1, 2]), ValueError, "labels goes from -1 to 2, expected 0 to 2."),
    ],
)
def test_classes_are_whole_numbers_below_their_number(labels, error, message):
    check_classes("labels", np.array([[0, 2]]), 3)
    with pytest.raises(error) as caught:
        check_classes("labels", labels, 3)
    assert str(caught.value) == message


def test_the_example_in_the_docstring():
    assert doctest.testmod(axes) == (0, 3)
