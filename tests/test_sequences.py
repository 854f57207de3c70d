"""Padding, masks and the state that stops where its sequence ends."""

import numpy as np
import pytest
import torch

from unrolled import losses, referee, rnn, sequences


def some(rng, lengths, D=3):
    return [rng.normal(size=(T, D)) for T in lengths]


@pytest.fixture
def run():
    """Padded sequences with everything a run over them needs."""
    rng = np.random.default_rng(1)
    each = some(rng, (4, 1, 6, 3))
    x, lengths = sequences.pad(each)
    params, h0 = rnn.init(3, 5, rng), rng.normal(size=(4, 5))
    return each, x, lengths, sequences.mask(lengths, len(x)), h0, params


def test_pad_keeps_every_sequence_and_puts_zeros_after_it():
    each = some(np.random.default_rng(0), (4, 1, 6))
    x, lengths = sequences.pad(each)
    assert x.shape == (6, 3, 3) and lengths.tolist() == [4, 1, 6]
    for n, sequence in enumerate(each):
        np.testing.assert_array_equal(x[: len(sequence), n], sequence)
        assert not x[len(sequence) :, n].any()


def test_pad_keeps_the_dtype():
    assert sequences.pad([np.ones((2, 3), np.float32)])[0].dtype == np.float32


def test_mask_counts_the_real_steps():
    m = sequences.mask(np.array([1, 3, 2]), T=4)
    assert m.dtype == bool
    assert m.T.astype(int).tolist() == [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0]]


def test_padded_batch_equals_each_sequence_alone(run):
    each, x, lengths, mask, h0, params = run
    h = sequences.forward(x, h0, params, mask)
    for n, sequence in enumerate(each):
        alone, _ = rnn.forward(sequence[:, None], h0[[n]], params)
        np.testing.assert_allclose(h[: lengths[n], n], alone[:, 0], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(
            h[lengths[n] :, n], np.tile(h[lengths[n] - 1, n], (6 - lengths[n], 1))
        )
    np.testing.assert_array_equal(h[-1], sequences.last(h, lengths))


def test_what_stands_in_the_padding_does_not_matter(run):
    _, x, lengths, mask, h0, params = run
    junk = np.where(mask[:, :, None], x, 1e6)
    np.testing.assert_array_equal(
        sequences.forward(junk, h0, params, mask), sequences.forward(x, h0, params, mask)
    )


def test_torch_packing_gives_the_same_last_states(run):
    _, x, lengths, mask, h0, params = run
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), enforce_sorted=False
    )
    _, h_n = referee.to_torch(params)(packed, torch.tensor(h0)[None])
    h = sequences.forward(x, h0, params, mask)
    np.testing.assert_allclose(h[-1], h_n[0].detach().numpy(), rtol=0, atol=1e-12)
    plain, _ = rnn.forward(x, h0, params)
    assert abs(plain[-1] - h_n[0].detach().numpy()).max() > 1e-3  # the control


def test_the_mask_fits_the_losses():
    rng = np.random.default_rng(2)
    logits, targets = rng.normal(size=(4, 3, 5)), rng.integers(0, 5, size=(4, 3))
    m = sequences.mask(np.array([4, 1, 2]), T=4)
    loss = losses.softmax_cross_entropy(logits, targets, reduction="mean", mask=m)
    log_p = losses.log_softmax(logits)
    real = [-log_p[t, n, targets[t, n]] for n, T in enumerate((4, 1, 2)) for t in range(T)]
    assert loss.value == pytest.approx(np.mean(real), abs=1e-12)


def test_arguments_are_not_changed(run):
    _, x, lengths, mask, h0, params = run
    before = [a.copy() for a in (x, lengths, mask, h0, *params)]
    sequences.last(sequences.forward(x, h0, params, mask), lengths)
    for old, new in zip(before, (x, lengths, mask, h0, *params), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        (np.array([2, 0]), ValueError, r"lengths\[1\] is 0, expected at least 1 step"),
        (np.array([-1, 2]), ValueError, r"lengths\[0\] is -1, expected at least 1 step"),
        (np.array([2, 5]), ValueError, r"lengths\[1\] is 5, expected at most the 4 padded steps"),
        (np.array([[2], [3]]), ValueError, r"lengths has shape \(2, 1\), expected \(N,\)"),
        (np.array([], int), ValueError, r"lengths has shape \(0,\), expected \(N,\)"),
        (np.array([1.0, 2.0]), TypeError, "lengths is float64, expected a NumPy array of whole"),
        ([1, 2], TypeError, "lengths is list, expected a NumPy array of whole numbers"),
    ],
)
def test_wrong_lengths_are_named(lengths, error, message):
    with pytest.raises(error, match=message):
        sequences.mask(lengths, T=4)


def test_last_wants_one_length_a_sequence():
    with pytest.raises(ValueError, match=r"lengths has shape \(2,\), expected \(3,\)"):
        sequences.last(np.zeros((4, 3, 2)), np.array([1, 2]))
    with pytest.raises(ValueError, match=r"lengths\[2\] is 5, expected at most the 4"):
        sequences.last(np.zeros((4, 3, 2)), np.array([1, 2, 5]))
    with pytest.raises(ValueError, match=r"^h has shape \(4, 3\), expected \(T, N, H\)"):
        sequences.last(np.zeros((4, 3)), np.array([1, 2, 3]))
    with pytest.raises(ValueError, match="^T is 0, expected a whole number of at least 1"):
        sequences.mask(np.array([1]), T=0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda m: m.T.copy(), ValueError, r"mask has shape \(4, 6\), expected \(6, 4\): \(T, N\)"),
        (lambda m: m.astype(int), TypeError, "mask is int64, expected a NumPy array of booleans"),
        (lambda m: m.tolist(), TypeError, "mask is list, expected a NumPy array of booleans"),
        (lambda m: ~m, ValueError, r"mask\[:, 0\] is False at the first step"),
        (
            lambda m: m & (np.arange(4) != 2),
            ValueError,
            r"mask\[:, 2\] is False at the first step, expected at least 1 real step",
        ),
        (
            lambda m: np.concatenate([m[:-1], np.ones_like(m[:1])]),
            ValueError,
            r"mask\[:, 0\] is True after False, expected padding at the end only",
        ),
        (
            lambda m: (np.arange(6) != 1)[:, None] | (np.arange(4) != 2),
            ValueError,
            r"mask\[:, 2\] is True after False, expected padding at the end only",
        ),
    ],
)
def test_wrong_masks_are_named(run, change, error, message):
    _, x, _, mask, h0, params = run
    with pytest.raises(error, match=message):
        sequences.forward(x, h0, params, change(mask))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "sequences is empty, expected a list"),
        (3, ValueError, "^sequences is a int, expected a list"),
        (np.zeros((2, 3, 4)), ValueError, r"sequences is \(2, 3, 4\), expected a list"),
        ([np.zeros((2, 3)), np.zeros((0, 3))], ValueError, r"sequences\[1\] has shape \(0, 3\)"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], ValueError, r"sequences\[1\] has shape \(2, 4\)"),
        ([np.zeros((2, 3)), np.zeros(3)], ValueError, r"sequences\[1\] has shape \(3,\)"),
        (
            [np.zeros((2, 3)), np.zeros((2, 3), "f4")],
            TypeError,
            r"sequences\[1\] has dtype float32",
        ),
        ([[[1.0]]], TypeError, r"sequences\[0\] is a list"),
    ],
)
def test_wrong_sequences_are_named(given, error, message):
    with pytest.raises(error, match=message):
        sequences.pad(given)
