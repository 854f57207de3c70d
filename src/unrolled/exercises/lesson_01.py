"""Exercises of lesson 1, Sequence shapes: what is right, and the mistakes people really make."""

from __future__ import annotations

from typing import Any

import numpy as np

from unrolled import rnn
from unrolled.exercises.model import Case, ChoiceExercise, CodeExercise, Mistake, every_size

Array = np.ndarray


# 1.2 Time first


def time_first(batch: Array) -> Array:
    return batch.transpose(1, 0, 2)


def draw_batch(rng: np.random.Generator, T: int, N: int, D: int) -> dict[str, Any]:
    return {"batch": rng.normal(size=(N, T, D))}


# 1.3 The last real state


def last_states(h: Array, lengths: Array) -> Array:
    return h[lengths - 1, np.arange(len(lengths))]


def last_states_one_by_one(h: Array, lengths: Array) -> Array:
    return np.stack([h[length - 1, n] for n, length in enumerate(lengths)])


def draw_lengths(rng: np.random.Generator, T: int, N: int) -> Array:
    """Lengths from 1 to T: T itself, one in the middle, and 1 if there are more than two."""
    lengths = rng.integers(1, T + 1, size=N)
    lengths[:3] = (T, (T + 1) // 2, 1)[:N]
    return lengths


def draw_states(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {"h": rng.normal(size=(T, N, H)), "lengths": draw_lengths(rng, T, N)}


def _mean_of_real_states(h: Array, lengths: Array) -> Array:
    real = (np.arange(len(h))[:, None] < lengths)[:, :, None]
    return (h * real).sum(axis=0) / lengths[:, None]


# 1.4 A mean that ignores padding


def masked_mean(values: Array, mask: Array) -> float:
    return float(values[mask].mean())


def masked_mean_by_where(values: Array, mask: Array) -> float:
    return np.where(mask, values, 0).sum() / mask.sum()


def draw_values(rng: np.random.Generator, T: int, N: int) -> dict[str, Any]:
    mask = np.arange(T)[:, None] < draw_lengths(rng, T, N)
    return {"values": rng.uniform(1, 2, size=(T, N)), "mask": mask}


def values_cases(rng: np.random.Generator) -> list[Case]:
    odd = draw_values(rng, T=4, N=3)
    odd["values"][~odd["mask"]] = np.nan
    return [*every_size(draw_values)(rng), Case(odd, {"T": 4, "N": 3}, "NaN in the padding")]


# 1.5 The clock that stops


def forward_padded(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    states, h = [], h0
    for x_t, real in zip(x, mask, strict=True):
        h_new = np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        h = np.where(real[:, None], h_new, h)
        states.append(h)
    return np.stack(states)


def padded_one_by_one(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    h, params = np.empty((*mask.shape, len(b_h))), rnn.Params(W_xh, W_hh, b_h)
    for n, length in enumerate(mask.sum(axis=0)):
        h[:length, n] = rnn.forward(x[:length, [n]], h0[[n]], params)[0][:, 0]
        h[length:, n] = h[length - 1, n]
    return h


def padded_by_arithmetic(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    h, states = h0.copy(), np.zeros((*mask.shape, len(b_h)))
    for t in range(len(x)):
        m = mask[t].astype(float)[:, None]
        h = m * np.tanh(x[t] @ W_xh.T + h @ W_hh.T + b_h) + (1 - m) * h
        states[t] = h
    return states


def draw_padded(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    mask = np.arange(T)[:, None] < draw_lengths(rng, T, N)
    return {
        "x": rng.normal(size=(T, N, D)) * mask[:, :, None],
        "h0": rng.normal(size=(N, H)),
        "mask": mask,
        "W_xh": rng.normal(size=(H, D)) / np.sqrt(D),
        "W_hh": rng.normal(size=(H, H)) / np.sqrt(H),
        "b_h": rng.normal(size=H),
    }


def _held(choose):
    """A padded run in which `choose(real, h_new, h, h0)` decides what the next state is."""

    def wrong(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
        states, h = [], h0
        for x_t, real in zip(x, mask, strict=True):
            h = choose(real[:, None], np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h), h, h0)
            states.append(h)
        return np.stack(states)

    return wrong


def _moves_behind_the_scenes(
    x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Array:
    states, h = [], h0
    for x_t, real in zip(x, mask, strict=True):
        h_new = np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        states.append(np.where(real[:, None], h_new, h))
        h = h_new
    return np.stack(states)


def _one_step_late(x: Array, h0: Array, mask: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    late = np.concatenate([mask[:1], mask[:-1]])
    return forward_padded(x, h0, late, W_xh, W_hh, b_h)


# 1.6 A summary of both directions


def summary(output: Array, h_n: Array) -> Array:
    return np.concatenate([h_n[-2], h_n[-1]], axis=1)


def summary_from_output(output: Array, h_n: Array) -> Array:
    H = output.shape[2] // 2
    return np.hstack([output[-1, :, :H], output[0, :, H:]])


def summary_by_places(output: Array, h_n: Array) -> Array:
    T, N, width = output.shape
    both = np.empty((N, width))
    for n in range(N):
        for k in range(width):
            both[n, k] = output[T - 1 if k < width // 2 else 0, n, k]
    return both


def draw_both_ways(rng: np.random.Generator, T: int, N: int, D: int, H: int) -> dict[str, Any]:
    """What one, two or three bidirectional layers, each on top of the last, return."""
    x, last = rng.normal(size=(T, N, D)), []
    for _ in range({1: 2, 2: 1, 3: 3}.get(T, 2)):
        layers = [rnn.init(x.shape[2], H, rng) for _ in range(2)]
        h0 = np.zeros((N, H))
        forwards = rnn.forward(x, h0, layers[0])[0]
        backwards = rnn.forward(x[::-1].copy(), h0, layers[1])[0][::-1]
        last += [forwards[-1], backwards[0]]
        x = np.concatenate([forwards, backwards], axis=2)
    return {"output": x, "h_n": np.stack(last)}


# 1.7 What a writer reads


def inputs_and_targets(letters: Array, stop: int) -> tuple[Array, Array]:
    end = np.full_like(letters[:1], stop)
    return np.concatenate([end, letters]), np.concatenate([letters, end])


def by_slices_of_one(letters: Array, stop: int) -> tuple[Array, Array]:
    framed = np.pad(letters, ((1, 1), (0, 0)), constant_values=stop)
    return framed[:-1], framed[1:]


def step_by_step(letters: Array, stop: int) -> tuple[Array, Array]:
    T, N = letters.shape
    inputs, targets = np.empty((T + 1, N), dtype=int), np.empty((T + 1, N), dtype=int)
    for t in range(T + 1):
        inputs[t] = stop if t == 0 else letters[t - 1]
        targets[t] = stop if t == T else letters[t]
    return inputs, targets


def draw_letters(rng: np.random.Generator, T: int, N: int) -> dict[str, Any]:
    return {"letters": rng.integers(1, 27, size=(T, N)), "stop": 0}


def letters_cases(rng: np.random.Generator) -> list[Case]:
    other = {"letters": rng.integers(0, 26, size=(4, 3)), "stop": 26}
    return [*every_size(draw_letters)(rng), Case(other, {"T": 4, "N": 3}, "stop = 26")]


def _framed(inputs, targets):
    """Inputs and targets made from the letters and a row of stop signs."""

    def wrong(letters: Array, stop: int) -> tuple[Array, Array]:
        end = np.full_like(letters[:1], stop)
        return inputs(letters, end), targets(letters, end)

    return wrong


def _then(*parts: Array) -> Array:
    return np.concatenate(parts)


# 1.9 Writing alone


def write_alone(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    letter, h, letters = np.full(len(h0), stop), h0, []
    for _ in range(L):
        x = (np.arange(len(b_y)) == letter[:, None]).astype(float)
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        letter = (h @ W_hy.T + b_y).argmax(axis=1)
        letters.append(letter)
    return np.stack(letters)


def write_by_columns(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    places, h = np.full((L + 1, len(h0)), stop), h0
    for t in range(L):
        h = np.tanh(W_xh[:, places[t]].T + h @ W_hh.T + b_h)
        places[t + 1] = np.argmax(h @ W_hy.T + b_y, axis=1)
    return places[1:]


def write_word_by_word(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    words = []
    for h in h0:
        word = [stop]
        for _ in range(L):
            h = np.tanh(W_xh[:, word[-1]] + W_hh @ h + b_h)
            y = list(W_hy @ h + b_y)
            word.append(y.index(max(y)))
        words.append(word[1:])
    return np.array(words).T


def draw_writer(rng: np.random.Generator, T: int, N: int, H: int, Q: int) -> dict[str, Any]:
    return {
        "h0": rng.normal(size=(N, H)),
        "W_xh": 2 * rng.normal(size=(H, Q)),
        "W_hh": 1.5 * rng.normal(size=(H, H)),
        "b_h": rng.normal(size=H),
        "W_hy": rng.normal(size=(Q, H)),
        "b_y": rng.normal(size=Q) / 2,
        "stop": int(rng.integers(1, Q)),
        "L": T,
    }


def _writer(
    given=lambda letter, stop: letter,
    state=lambda h, h0: h,
    read=lambda y: y.argmax(axis=1),
    feed=lambda letter, y: letter,
    first=lambda stop: stop,
):
    """A writer that goes wrong in one place."""

    def wrong(
        h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
    ) -> Array:
        x, h, letters = np.eye(len(b_y))[np.full(len(h0), first(stop))], h0, []
        for _ in range(L):
            h = np.tanh(x @ W_xh.T + state(h, h0) @ W_hh.T + b_h)
            y = h @ W_hy.T + b_y
            letter = read(y)
            letters.append(letter)
            fed = feed(given(letter, stop), y)
            x = np.eye(len(b_y))[fed] if fed.ndim == 1 else fed
        return np.stack(letters)

    return wrong


def _start_counted(
    h0: Array, W_xh: Array, W_hh: Array, b_h: Array, W_hy: Array, b_y: Array, stop: int, L: int
) -> Array:
    places = write_alone(h0, W_xh, W_hh, b_h, W_hy, b_y, stop, L)
    return np.concatenate([np.full((1, len(h0)), stop), places])


ONCE = {
    name: f"In {name} no letter comes twice, so the last letter says how far the writer has come."
    for name in ("zero", "one", "two", "four", "five", "six", "eight")
}

EXERCISES = (
    ChoiceExercise(
        "1.1",
        "Which shape?",
        difficulty=1,
        minutes=4,
        task="Give the shape of each of the five tasks.",
        hints=(
            "Ask of each task: how many inputs are there, and when does the first answer have to "
            "be ready?",
            "Answers that are wanted while inputs still arrive are in step. If the first answer "
            "may depend on the last input, all must be read before.",
        ),
        options={
            "1-1": "one to one",
            "1-n": "one to many",
            "n-1": "many to one",
            "in step": "many to many, in step",
            "after": "many to many, after reading",
        },
        right={
            "photo": "1-1",
            "tune": "1-n",
            "mail": "n-1",
            "camera": "in step",
            "translation": "after",
        },
        mistakes=(
            Mistake(
                "The camera's warnings are wanted while the film runs, not once at its end.",
                {"camera": "n-1"},
            ),
            Mistake(
                "If the camera waits until the film is over, its warnings come too late.",
                {"camera": "after"},
            ),
            Mistake(
                "May the first word of a translation depend on the last word of the sentence?",
                {"translation": "in step"},
            ),
            Mistake("A translation has many words, not one.", {"translation": "n-1"}),
            Mistake(
                "One verdict is wanted for the whole mail, not one a word.", {"mail": "in step"}
            ),
            Mistake("The mail is read; nothing is written.", {"mail": "after"}),
            Mistake(
                "The tune is what comes out. What goes in is one number for the style.",
                {"tune": "n-1"},
            ),
            Mistake(
                "A photo is an array of pixels, but it arrives at once: one step.",
                {"photo": "n-1"},
            ),
            Mistake("One name is wanted for the photo, not several.", {"photo": "1-n"}),
            Mistake(
                "A tune is many notes, one after the other: is one answer enough?", {"tune": "1-1"}
            ),
            Mistake(
                "What is there to read while the tune is written? The style is given once.",
                {"tune": "in step"},
            ),
            Mistake(
                "All is read before the tune begins, that is true. But how much is there to read?",
                {"tune": "after"},
            ),
            Mistake("The mail is read word by word: how many steps read?", {"mail": "1-1"}),
            Mistake("A film brings a new frame at every step.", {"camera": "1-n"}),
            Mistake(
                "A sentence is read word by word: it is not one input.", {"translation": "1-n"}
            ),
        ),
    ),
    CodeExercise(
        "1.2",
        "Time first",
        difficulty=1,
        minutes=5,
        task="Write `time_first`, which turns a batch-first array (N, T, D) into a time-first one.",
        hints=(
            "Follow one element: what is at [n, t, d] must come to stand at [t, n, d].",
            "`batch.transpose(1, 0, 2)` lists which old axis comes first, second, third.",
        ),
        reference=time_first,
        also_right=(
            lambda batch: batch.swapaxes(0, 1),
            lambda batch: np.stack([batch[:, t] for t in range(batch.shape[1])]),
            lambda batch: np.einsum("ntd->tnd", batch),
        ),
        cases=every_size(draw_batch),
        outputs={"x": "T N D"},
        mistakes=(
            Mistake(
                "The shape is right, the content is scrambled: `reshape` leaves the numbers in "
                "their order and gives them new places. Move the axes with `transpose`.",
                lambda batch: batch.reshape(batch.shape[1], batch.shape[0], batch.shape[2]),
            ),
            Mistake(
                "This is still batch first: T must be axis 0.",
                lambda batch: batch.copy(),
            ),
            Mistake(
                "`.T` reverses all axes: the features came to the front. Only the first two change "
                "places.",
                lambda batch: batch.T,
            ),
            Mistake(
                "The wrong pair was swapped: T and D instead of N and T.",
                lambda batch: batch.swapaxes(1, 2),
            ),
            Mistake(
                "The features came to the front. The order of the old axes must be 1, 0, 2.",
                lambda batch: batch.transpose(2, 0, 1),
            ),
            Mistake(
                "The order is 1, 2, 0: features stand where the batch should. They belong at the "
                "end.",
                lambda batch: batch.transpose(1, 2, 0),
            ),
        ),
    ),
    CodeExercise(
        "1.3",
        "The last real state",
        difficulty=2,
        minutes=6,
        task="Write `last_states`, which picks from padded states the one after the last real step "
        "of each sequence.",
        hints=(
            "A sequence of length 1 has its last real state at position 0. Where is that of a "
            "sequence of length 4?",
            "Two index arrays of length N pick N places at once: the steps `lengths - 1` and the "
            "sequences `np.arange(N)`.",
        ),
        reference=last_states,
        also_right=(
            last_states_one_by_one,
            lambda h, lengths: np.take_along_axis(h, (lengths - 1)[None, :, None], axis=0)[0],
        ),
        cases=every_size(draw_states),
        outputs={"h_last": "N H"},
        mistakes=(
            Mistake(
                "`h[-1]` is the state after the padding: for short sequences it has read blank "
                "steps.",
                lambda h, lengths: h[-1],
            ),
            Mistake(
                "One index array alone picks whole steps, (N, N, H). Say for each step which "
                "sequence: a second index.",
                lambda h, lengths: h[lengths - 1],
            ),
            Mistake(
                "One step too late: position `lengths` is the first pad. Positions count from 0.",
                lambda h, lengths: h[lengths, np.arange(len(lengths))],
            ),
            Mistake(
                "One step too late, clipped at the end: positions count from 0, so step `lengths` "
                "stands at `lengths - 1`.",
                lambda h, lengths: h[np.minimum(lengths, len(h) - 1), np.arange(len(lengths))],
            ),
            Mistake(
                "All sequences were cut to the shortest. Each has its own end.",
                lambda h, lengths: h[lengths.min() - 1],
            ),
            Mistake(
                "This is the mean over the real states; the last of them is asked for.",
                _mean_of_real_states,
            ),
            Mistake(
                "The two indices stand in the wrong order: time is axis 0 of `h`.",
                lambda h, lengths: h[np.arange(len(lengths)), lengths - 1],
            ),
        ),
    ),
    CodeExercise(
        "1.4",
        "A mean that ignores padding",
        difficulty=1,
        minutes=6,
        task="Write `masked_mean`, the mean of the values at real steps, all of the same weight.",
        hints=(
            "How many numbers are added up? Divide by that many. And what if a pad holds NaN?",
            "`values[mask]` is a flat array of the real values only.",
        ),
        reference=masked_mean,
        also_right=(masked_mean_by_where, lambda values, mask: np.average(values[mask])),
        cases=values_cases,
        outputs={"mean": ""},
        mistakes=(
            Mistake(
                "The mask is not used: this is the mean over padding and all.",
                lambda values, mask: values.mean(),
            ),
            Mistake(
                "The pads add 0, but they are counted: you divide by T·N. Divide by the number of "
                "real steps.",
                lambda values, mask: (values * mask).mean(),
            ),
            Mistake(
                "The pads add 0, but they are counted in the mean. Divide by the number of real "
                "steps.",
                lambda values, mask: np.where(mask, values, 0).mean(),
            ),
            Mistake(
                "Right as long as the padding holds numbers, but 0 times NaN is NaN. Choose the "
                "real values, do not multiply the others away.",
                lambda values, mask: (values * mask).sum() / mask.sum(),
            ),
            Mistake(
                "This is the mean of the sequences' means: a step of a short sequence weighs more "
                "than one of a long sequence. All real steps weigh the same here.",
                lambda values, mask: np.mean(
                    np.where(mask, values, 0).sum(axis=0) / mask.sum(axis=0)
                ),
            ),
            Mistake("This is the sum.", lambda values, mask: values[mask].sum()),
            Mistake(
                "The sum is divided by the number of sequences. Divide by the number of real "
                "steps.",
                lambda values, mask: values[mask].sum() / values.shape[1],
            ),
            Mistake(
                "The sum is divided by T. Divide by the number of real steps.",
                lambda values, mask: values[mask].sum() / len(values),
            ),
            Mistake(
                "NaN is left out, but the other pads are still added up. Choose by the mask.",
                lambda values, mask: np.nansum(values) / mask.sum(),
            ),
            Mistake(
                "NaN is left out, but the other pads are still counted, as zeros. Choose by the "
                "mask.",
                lambda values, mask: np.nanmean(values * mask),
            ),
            Mistake(
                "This is the mean of the steps' means: a step at which few sequences are left "
                "weighs as much as a full one. All real values weigh the same here.",
                lambda values, mask: np.mean(
                    np.where(mask, values, 0).sum(axis=1) / mask.sum(axis=1)
                ),
            ),
            Mistake(
                "This is the mean over the pads: the mask is True at REAL steps.",
                lambda values, mask: values[~mask].sum() / max(1, (~mask).sum()),
            ),
        ),
    ),
    CodeExercise(
        "1.5",
        "The clock that stops",
        difficulty=2,
        minutes=12,
        task="Write `forward_padded`, the forward pass that holds a state still where its sequence "
        "has ended.",
        hints=(
            "Make the new state of all sequences as usual. Then decide for each sequence which "
            "state it goes on with.",
            "`np.where(mask[t][:, None], h_new, h)`: the new axis lets one decision count for all "
            "H units of a sequence. What is stored is also what is carried on.",
        ),
        reference=forward_padded,
        also_right=(padded_one_by_one, padded_by_arithmetic),
        cases=every_size(draw_padded),
        outputs={"h": "T N H"},
        mistakes=(
            Mistake(
                "The mask has no effect: the states move on through the padding.",
                _held(lambda real, h_new, h, h0: h_new),
            ),
            Mistake(
                "At pads the state becomes 0. It must stay what it was, or `h[-1]` is lost.",
                _held(lambda real, h_new, h, h0: h_new * real),
            ),
            Mistake(
                "At pads the state jumps back to `h0`. It must stay what it was one step before.",
                _held(lambda real, h_new, h, h0: np.where(real, h_new, h0)),
            ),
            Mistake(
                "The two choices of `np.where` are exchanged: you hold the state at real steps and "
                "move it at pads.",
                _held(lambda real, h_new, h, h0: np.where(real, h, h_new)),
            ),
            Mistake(
                "At the pads stands a state that has moved one step too far. Does step t use "
                "`mask[t]`? And is what you store what you carry on?",
                _one_step_late,
            ),
            Mistake(
                "What you store is held, but what you carry on has moved: the clock goes on "
                "behind the scenes.",
                _moves_behind_the_scenes,
            ),
            Mistake(
                "The first step must use `h0`; yours starts from zeros, or reads `h[t - 1]` at "
                "t = 0, which is the LAST row.",
                lambda x, h0, mask, W, U, b: forward_padded(x, 0 * h0, mask, W, U, b),
            ),
            Mistake(
                "`W_hh` stands without its transpose. The shapes fit either way.",
                lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U.T, b),
            ),
            Mistake(
                "The bias `b_h` is missing in the step.",
                lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U, 0 * b),
            ),
            Mistake(
                "Only the last state is returned; all T states are asked for.",
                lambda x, h0, mask, W, U, b: forward_padded(x, h0, mask, W, U, b)[-1],
            ),
        ),
    ),
    CodeExercise(
        "1.6",
        "A summary of both directions",
        difficulty=2,
        minutes=8,
        task="Write `summary`, which returns the last states of the top layer, forwards and "
        "backwards side by side, from what a bidirectional stack of layers returns.",
        hints=(
            "Where has the backward direction read everything: at the last step or at the first? "
            "And which two rows of `h_n` belong to the top layer?",
            "`h_n` lists layer 0 forwards, layer 0 backwards, layer 1 forwards, layer 1 backwards, "
            "and so on: the top layer comes last. Put the two side by side along axis 1.",
        ),
        reference=summary,
        also_right=(summary_from_output, summary_by_places),
        cases=every_size(draw_both_ways),
        outputs={"summary": "N 2H"},
        mistakes=(
            Mistake(
                "`output[-1]`: its backward half has read one step only, the last. Backwards, "
                "everything has been read at step 0.",
                lambda output, h_n: output[-1],
            ),
            Mistake(
                "`output[0]`: its forward half has read one step only, the first.",
                lambda output, h_n: output[0],
            ),
            Mistake(
                "`h_n[0]` and `h_n[1]` belong to the bottom layer. The first axis of `h_n` counts "
                "layers and directions; the top layer stands at the end.",
                lambda output, h_n: np.concatenate([h_n[0], h_n[1]], axis=1),
            ),
            Mistake(
                "One direction stands there twice. Which two rows of `h_n` has the top layer?",
                lambda output, h_n: np.concatenate([h_n[-1], h_n[-1]], axis=1),
            ),
            Mistake(
                "This is the mean over the steps; the last state of each direction is asked for.",
                lambda output, h_n: output.mean(axis=0),
            ),
            Mistake(
                "This is one direction only: (N, H) instead of (N, 2H).",
                lambda output, h_n: h_n[-1],
            ),
            Mistake(
                "The two directions stand in the wrong order: forwards comes first.",
                lambda output, h_n: np.concatenate([h_n[-1], h_n[-2]], axis=1),
            ),
            Mistake(
                "The directions stand one above the other, (2N, H): that makes new sequences. Put "
                "them side by side, axis 1.",
                lambda output, h_n: np.concatenate([h_n[-2], h_n[-1]], axis=0),
            ),
            Mistake(
                "`reshape` mixes sequences here: (2, N, H) becomes (N, 2H) in the wrong order. "
                "Use `np.concatenate`.",
                lambda output, h_n: h_n[-2:].reshape(h_n.shape[1], -1),
            ),
        ),
    ),
    CodeExercise(
        "1.7",
        "What a writer reads",
        difficulty=2,
        minutes=8,
        task="Write `inputs_and_targets`, which makes from T letters the T + 1 inputs and the "
        "T + 1 targets of teacher forcing.",
        hints=(
            'Write the two rows for "two" on paper: what does the writer read first? What should '
            "it answer when it has read the o?",
            "Inputs: stop, then all letters. Targets: all letters, then stop. Each target is the "
            "input of the next step.",
        ),
        reference=inputs_and_targets,
        also_right=(by_slices_of_one, step_by_step),
        cases=letters_cases,
        outputs={"inputs": "T+1 N", "targets": "T+1 N"},
        mistakes=(
            Mistake(
                "The first letter stands twice among the inputs, and the stop sign that starts the "
                "writing is missing. When it writes alone, nobody will give it the first letter.",
                _framed(lambda w, e: _then(w[:1], w), lambda w, e: _then(w, e)),
            ),
            Mistake(
                "Inputs and targets are the same: the writer would learn to copy what it reads. "
                "The targets are one step ahead.",
                _framed(lambda w, e: _then(w, e), lambda w, e: _then(w, e)),
            ),
            Mistake(
                "Inputs and targets are exchanged: this writer would have to answer with what it "
                "read a step ago.",
                _framed(lambda w, e: _then(w, e), lambda w, e: _then(e, w)),
            ),
            Mistake(
                "The stop sign is missing at the end of the targets: how would the writer learn to "
                "stop?",
                _framed(lambda w, e: _then(e, w[:-1]), lambda w, e: w),
            ),
            Mistake(
                "There is one step too many: the stop sign is also fed in at the end. After it has "
                "been answered, nothing is left to read.",
                _framed(lambda w, e: _then(e, w, e), lambda w, e: _then(w, e, e)),
            ),
            Mistake(
                "The stop sign is taken to be 0; it is the argument `stop`.",
                _framed(lambda w, e: _then(0 * e, w), lambda w, e: _then(w, 0 * e)),
            ),
        ),
    ),
    ChoiceExercise(
        "1.8",
        "Words that need a memory",
        difficulty=2,
        minutes=6,
        task="A writer without memory knows the picture and its last letter, nothing else: choose "
        "every name that it cannot spell, however well it is trained.",
        hints=(
            "Walk through a name letter by letter and note what must follow what. Is it ever asked "
            "for two different letters in the same situation?",
            "Look for names in which a letter comes twice. What follows it the first time, and the "
            "second time? The end of the word counts as a letter too.",
        ),
        options={
            name: name for name in "zero one two three four five six seven eight nine".split()
        },
        right=frozenset({"three", "seven", "nine"}),
        mistakes=(
            *(Mistake(message, name) for name, message in ONCE.items()),
            Mistake(
                "A name is missing whose last letter it has written before: after the first one, "
                "it must not stop yet.",
                "three",
            ),
            Mistake(
                "A name is missing in which one letter is followed once by this letter, once by "
                "that.",
                "seven",
            ),
            Mistake(
                "A name is missing that comes back to the letter it began with, and must then go "
                "on otherwise.",
                "nine",
            ),
        ),
    ),
    CodeExercise(
        "1.9",
        "Writing alone",
        difficulty=3,
        minutes=15,
        task="Write `write_alone`, which writes L letters for each sequence of a batch, each "
        "letter chosen as the most likely one and read at the next step.",
        hints=(
            "Two things travel from step to step: the state and the letter. The first letter it "
            "reads is `stop`.",
            "In each step: make the one-hot rows of the last letters (N, Q), one step of the "
            "network, the readout, `argmax(axis=1)`. Keep the new state and the new letters.",
        ),
        reference=write_alone,
        also_right=(write_by_columns, write_word_by_word),
        cases=every_size(draw_writer),
        outputs={"letters": "T N"},
        mistakes=(
            Mistake(
                "Every step reads the stop sign again. From the second step on it must read the "
                "letter it wrote last.",
                _writer(given=lambda letter, stop: np.full_like(letter, stop)),
            ),
            Mistake(
                "Every step begins from `h0` again: the state is not handed on, so the writer does "
                "not know how far it has come.",
                _writer(state=lambda h, h0: h0),
            ),
            Mistake(
                "The logits are fed back. The writer has been trained on single letters: feed the "
                "one-hot row of the chosen one.",
                _writer(feed=lambda letter, y: y),
            ),
            Mistake(
                "The first input is letter 0; it must be `stop`.", _writer(first=lambda stop: 0)
            ),
            Mistake(
                "The bias `b_y` of the readout is missing.",
                lambda h0, W, U, b, V, b_y, stop, L: write_alone(h0, W, U, b, V, 0 * b_y, stop, L),
            ),
            Mistake(
                "The least likely letter is chosen: `argmin`.",
                _writer(read=lambda y: y.argmin(axis=1)),
            ),
            Mistake(
                "The stop sign that starts the writing is returned too. Return the L letters that "
                "were written.",
                _start_counted,
            ),
        ),
    ),
)
