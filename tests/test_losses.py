"""Losses: the value and the gradient that torch finds, with padded steps left out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional

from unrolled.losses import log_softmax, softmax, softmax_cross_entropy, squared_error

SIZE = st.integers(1, 6)
reproducible = settings(deadline=None, derandomize=True)
both_reductions = pytest.mark.parametrize("reduction", ["sum", "mean"])
every_rank = pytest.mark.parametrize("leading", [(), (3,), (4, 3)], ids=["Q", "N Q", "T N Q"])


def problem(leading=(4, 3), Q=5, dtype=np.float64):
    """Logits, classes, numbers to hit, and a mask that is neither all True nor all False."""
    rng = np.random.default_rng(0)
    logits = 3 * rng.standard_normal((*leading, Q)).astype(dtype)
    classes = np.asarray(rng.integers(Q, size=leading))
    target = rng.standard_normal((*leading, Q)).astype(dtype)
    mask = np.asarray(rng.random(leading) < 0.6)
    mask[(0,) * len(leading)] = True
    return logits, classes, target, mask


def torch_cross_entropy(logits, classes, reduction):
    logits_ = torch.from_numpy(logits).requires_grad_()
    rows, labels = logits_.reshape(-1, logits.shape[-1]), torch.from_numpy(classes).reshape(-1)
    value = functional.cross_entropy(rows, labels, reduction=reduction)
    value.backward()
    return value.item(), logits_.grad.numpy()


def torch_squared_error(prediction, target, reduction):
    prediction_ = torch.from_numpy(prediction).requires_grad_()
    value = functional.mse_loss(prediction_, torch.from_numpy(target), reduction=reduction)
    value.backward()
    return value.item(), prediction_.grad.numpy()


# --- cross-entropy -------------------------------------------------------------------------------


@both_reductions
@every_rank
def test_cross_entropy_against_torch(leading, reduction):
    logits, classes, _, _ = problem(leading)
    value, grad = softmax_cross_entropy(logits, classes, reduction=reduction)
    value_, grad_ = torch_cross_entropy(logits, classes, reduction)
    assert type(value) is float
    assert value == pytest.approx(value_, rel=1e-13)
    assert_allclose(grad, grad_, rtol=0, atol=1e-14)


@both_reductions
def test_cross_entropy_is_what_the_unmasked_rows_alone_give(reduction):
    logits, classes, _, mask = problem()
    value, grad = softmax_cross_entropy(logits, classes, reduction=reduction, mask=mask)
    value_, grad_ = torch_cross_entropy(logits[mask], classes[mask], reduction)
    assert value == pytest.approx(value_, rel=1e-13)
    assert_allclose(grad[mask], grad_, rtol=0, atol=1e-14)
    assert not grad[~mask].any()


@both_reductions
@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 1e300])
def test_padding_may_hold_anything(rubbish, reduction):
    logits, classes, target, mask = problem()
    clean_ce = softmax_cross_entropy(logits, classes, reduction=reduction, mask=mask)
    clean_se = squared_error(logits, target, reduction=reduction, mask=mask)
    logits[~mask], classes[~mask], target[~mask] = rubbish, -100, rubbish
    with np.errstate(all="raise"):
        dirty_ce = softmax_cross_entropy(logits, classes, reduction=reduction, mask=mask)
        dirty_se = squared_error(logits, target, reduction=reduction, mask=mask)
    for dirty, clean in ((dirty_ce, clean_ce), (dirty_se, clean_se)):
        assert dirty.value == clean.value
        assert_array_equal(dirty.grad, clean.grad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits(dtype):
    logits = np.array([[1000, 0, -1000], [1000, 0, -1000]], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, grad = softmax_cross_entropy(logits, np.array([0, 2]), reduction="sum")
    assert value == 2000
    assert grad.tolist() == [[0, 0, 0], [1, 0, -1]]


def test_a_sure_and_right_answer_keeps_its_small_loss():
    """The gradient p - 1 rounds; the loss of 2e-9 must not become 0 or lose its digits."""
    value, _ = softmax_cross_entropy(np.array([20.0, 0.0]), np.array(0), reduction="sum")
    assert value == pytest.approx(np.log1p(np.exp(-20.0)), rel=1e-6)


@both_reductions
def test_both_losses_against_central_differences(reduction):
    logits, classes, target, mask = problem()
    losses = (
        lambda a: softmax_cross_entropy(a, classes, reduction=reduction, mask=mask),
        lambda a: squared_error(a, target, reduction=reduction, mask=mask),
    )
    for loss in losses:
        numeric, step = np.empty_like(logits), 6e-6
        for index in np.ndindex(logits.shape):
            shift = np.zeros_like(logits)
            shift[index] = step
            numeric[index] = (loss(logits + shift).value - loss(logits - shift).value) / (2 * step)
        grad = loss(logits).grad
        assert np.linalg.norm(grad - numeric) < 1e-8 * np.linalg.norm(numeric)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_classes_of_any_whole_dtype(dtype):
    logits, classes, _, _ = problem()
    expected = softmax_cross_entropy(logits, classes, reduction="mean")
    given_ = softmax_cross_entropy(logits, classes.astype(dtype), reduction="mean")
    assert given_.value == expected.value


# --- squared error -------------------------------------------------------------------------------


@both_reductions
@every_rank
def test_squared_error_against_torch(leading, reduction):
    prediction, _, target, _ = problem(leading)
    value, grad = squared_error(prediction, target, reduction=reduction)
    value_, grad_ = torch_squared_error(prediction, target, reduction)
    assert type(value) is float
    assert value == pytest.approx(value_, rel=1e-13)
    assert_allclose(grad, grad_, rtol=0, atol=1e-14)


@both_reductions
def test_squared_error_is_what_the_unmasked_rows_alone_give(reduction):
    prediction, _, target, mask = problem()
    value, grad = squared_error(prediction, target, reduction=reduction, mask=mask)
    value_, grad_ = torch_squared_error(prediction[mask], target[mask], reduction)
    assert value == pytest.approx(value_, rel=1e-13)
    assert_allclose(grad[mask], grad_, rtol=0, atol=1e-14)
    assert not grad[~mask].any()


# --- softmax -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_against_torch(dtype):
    logits = problem(dtype=dtype)[0]
    logits[0] *= 300
    few = 8 * np.finfo(dtype).eps
    for ours, theirs in ((softmax, torch.softmax), (log_softmax, torch.log_softmax)):
        with np.errstate(all="raise", under="ignore"):
            result = ours(logits)
        assert result.dtype == dtype
        assert_allclose(result, theirs(torch.from_numpy(logits), -1), rtol=few, atol=few)
    assert_allclose(softmax(logits).sum(axis=-1), 1, rtol=few)


# --- any sizes, any layout, bad input ------------------------------------------------------------


@reproducible
@given(*(SIZE, SIZE, SIZE), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_shapes_dtypes_and_untouched_arguments(T, N, Q, dtype, masked):
    logits, classes, target, mask = problem((T, N), Q, dtype)
    before = [a.copy() for a in (logits, classes, target, mask)]
    mask_ = mask if masked else None
    for reduction in ("sum", "mean"):
        for loss in (
            softmax_cross_entropy(logits, classes, reduction=reduction, mask=mask_),
            squared_error(logits, target, reduction=reduction, mask=mask_),
        ):
            assert type(loss.value) is float and loss.value >= 0
            assert (loss.grad.shape, loss.grad.dtype) == (logits.shape, dtype)
    for array, old in zip((logits, classes, target, mask), before, strict=True):
        assert_array_equal(array, old)


@both_reductions
def test_float32_is_close_to_float64(reduction):
    logits, classes, target, mask = problem()
    for loss, other in ((softmax_cross_entropy, classes), (squared_error, target)):
        wide = loss(logits, other, reduction=reduction, mask=mask)
        other = other.astype(np.float32) if other.dtype == float else other
        narrow = loss(logits.astype(np.float32), other, reduction=reduction, mask=mask)
        assert narrow.value == pytest.approx(wide.value, rel=1e-6)
        assert_allclose(narrow.grad, wide.grad, rtol=1e-5, atol=1e-6)


def test_read_only_and_strided_arrays_give_the_same():
    arrays = problem()
    odd = [np.repeat(a, 2, axis=0)[::2] for a in arrays]
    for array in odd:
        array.flags.writeable = False
    (logits, classes, target, mask), (logits_, classes_, target_, mask_) = arrays, odd
    pairs = (
        (softmax_cross_entropy(logits, classes, reduction="sum", mask=mask),)
        + (softmax_cross_entropy(logits_, classes_, reduction="sum", mask=mask_),),
        (squared_error(logits, target, reduction="sum", mask=mask),)
        + (squared_error(logits_, target_, reduction="sum", mask=mask_),),
    )
    for one, two in pairs:
        assert one.value == pytest.approx(two.value, rel=1e-14)
        assert_allclose(one.grad, two.grad, rtol=0, atol=1e-15)


Y, C, TARGET, MASK = problem()
CE, SE = softmax_cross_entropy, squared_error
SINGLE = np.float32
BAD_MASKS = [
    (MASK[0], ValueError, "mask has shape (3,), expected (4, 3)"),
    (MASK[:, :1], ValueError, "mask has shape (4, 1), expected (4, 3)"),
    (MASK[..., None], ValueError, "mask has shape (4, 3, 1), expected (4, 3)"),
    (MASK.astype(int), TypeError, "mask is a array of int64, expected a NumPy array of booleans"),
    (MASK.astype(float), TypeError, "mask is a array of float64, expected a NumPy array of"),
    (MASK.tolist(), TypeError, "mask is a list, expected a NumPy array of booleans"),
    (~MASK & MASK, ValueError, "mask is False everywhere, expected at least one position"),
]
BAD_REDUCTIONS = ["Sum", "none", "average", "", None, 1]


@pytest.mark.parametrize(
    ("loss", "arguments", "options", "error", "message"),
    [(CE, (Y, C), {"mask": m}, e, text) for m, e, text in BAD_MASKS]
    + [(SE, (Y, TARGET), {"mask": m}, e, text) for m, e, text in BAD_MASKS]
    + [
        (loss, arguments, {"reduction": r}, ValueError, f"reduction is {r!r}, expected 'sum' or")
        for r in BAD_REDUCTIONS
        for loss, arguments in ((CE, (Y, C)), (SE, (Y, TARGET)))
    ]
    + [
        (CE, (Y.tolist(), C), {}, TypeError, "logits is a list, expected a NumPy array"),
        (CE, (Y[None], C[None]), {}, ValueError, "logits has shape (1, 4, 3, 5), expected (T, N,"),
        (CE, (Y[:0], C[:0]), {}, ValueError, "logits has shape (0, 3, 5), expected (T, N, Q):"),
        (CE, (Y[..., :0], C), {}, ValueError, "logits has shape (4, 3, 0), expected (T, N, Q):"),
        (CE, (Y.astype(int), C), {}, TypeError, "logits has dtype int64, expected float32 or"),
        (CE, (Y.astype("f2"), C), {}, TypeError, "logits has dtype float16, expected float32"),
        (CE, (Y, C.astype(float)), {}, TypeError, "targets has dtype float64, expected whole"),
        (CE, (Y, C > 2), {}, TypeError, "targets has dtype bool, expected whole numbers"),
        (CE, (Y, C[0]), {}, ValueError, "targets has shape (3,), expected (4, 3)"),
        (CE, (Y, C[..., None]), {}, ValueError, "targets has shape (4, 3, 1), expected (4, 3)"),
        (CE, (Y, C + 5), {}, ValueError, "targets goes from 5 to "),
        (CE, (Y, C - 1), {}, ValueError, "targets goes from -1 to "),
        (CE, (Y[..., :4], C), {}, ValueError, "targets goes from 0 to 4, expected 0 to 3"),
        (SE, (Y.tolist(), TARGET), {}, TypeError, "prediction is a list, expected a NumPy array"),
        (SE, (Y.astype(int), TARGET), {}, TypeError, "prediction has dtype int64, expected"),
        (SE, (Y[None], TARGET[None]), {}, ValueError, "prediction has shape (1, 4, 3, 5),"),
        (SE, (Y, TARGET[0]), {}, ValueError, "target has shape (3, 5), expected (T, N, Q)"),
        (SE, (Y, TARGET[..., :1]), {}, ValueError, "target has shape (4, 3, 1), expected (T, N,"),
        (
            SE,
            (Y[0], TARGET),
            {},
            ValueError,
            "target has shape (4, 3, 5), expected (N, Q) with N=3",
        ),
        (SE, (Y[0], TARGET[0, :2]), {}, ValueError, "target has shape (2, 5), expected (N, Q)"),
        (SE, (Y[0, 0], TARGET), {}, ValueError, "target has shape (4, 3, 5), expected (Q,) with Q"),
        (SE, (Y[0, 0], TARGET[0, 0, :2]), {}, ValueError, "target has shape (2,), expected (Q,)"),
        (SE, (Y, TARGET.tolist()), {}, TypeError, "target is a list, expected a NumPy array"),
        (SE, (Y, TARGET.astype(SINGLE)), {}, TypeError, "target has dtype float32, but"),
    ],
)
def test_bad_input_is_named(loss, arguments, options, error, message):
    with pytest.raises(error) as caught:
        loss(*arguments, **{"reduction": "mean"} | options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("loss", [softmax_cross_entropy, squared_error])
def test_the_reduction_has_no_default(loss):
    with pytest.raises(TypeError, match="reduction"):
        loss(Y, C if loss is softmax_cross_entropy else TARGET)
    with pytest.raises(TypeError, match="positional"):
        loss(Y, C if loss is softmax_cross_entropy else TARGET, "sum")


@pytest.mark.parametrize("function", [softmax, log_softmax])
def test_softmax_names_bad_input(function):
    with pytest.raises(TypeError, match="^logits is a list, expected a NumPy array"):
        function([1.0, 2.0])
    with pytest.raises(TypeError, match="^logits has dtype int64, expected float32 or float64"):
        function(np.array([1, 2]))
    with pytest.raises(ValueError, match="^logits has shape .* is empty"):
        function(np.zeros((2, 0)))
