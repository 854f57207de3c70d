"""The exercise engine, on a small catalogue of its own: every diagnosis it can make."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from unrolled import exercises
from unrolled.exercises import CheckFailed, check, hint, judge, progress
from unrolled.exercises.model import (
    Case,
    ChoiceExercise,
    CodeExercise,
    Exercise,
    Mistake,
    NumberExercise,
    Property,
    PropertyExercise,
    every_size,
)
from unrolled.exercises.selftest import problems

# --- a small catalogue ---------------------------------------------------------------------------


def scan(x: Any, h0: Any, a: Any) -> Any:
    """h_t = tanh(x_t + a * h_{t-1}), all steps."""
    h, states = h0, []
    for x_t in x:
        h = np.tanh(x_t + a * h)
        states.append(h)
    return np.stack(states)


def draw_scan(rng: np.random.Generator, T: int, N: int, H: int) -> dict[str, Any]:
    return {
        "x": rng.normal(size=(T, N, H)),
        "h0": rng.normal(size=(N, H)),
        "a": rng.normal(size=H),
    }


def scan_preallocated(x: Any, h0: Any, a: Any) -> Any:
    states = np.empty(x.shape)
    for t in range(len(x)):
        states[t] = np.tanh(x[t] + a * (states[t - 1] if t else h0))
    return states


SCAN = CodeExercise(
    "91.1",
    "Scan",
    difficulty=2,
    minutes=5,
    task="Write `scan(x, h0, a)`.",
    hints=("Who hands the state on?", "Loop over t."),
    reference=scan,
    also_right=(scan_preallocated, lambda x, h0, a: scan(x, h0, a).astype(np.float32)),
    cases=every_size(draw_scan),
    outputs={"h": "T N H"},
    mistakes=(
        Mistake("Every step starts from h0.", lambda x, h0, a: np.tanh(x + a * h0)),
        Mistake("The initial state is not used.", lambda x, h0, a: scan(x, 0 * h0, a)),
        Mistake("The weight is not used.", lambda x, h0, a: scan(x, h0, 0 * a + 1)),
        Mistake("This calls `a @ h0`, which does not fit.", lambda x, h0, a: x + h0.T @ a),
    ),
)


def mean_squares(x: Any, W: Any) -> Any:
    """L = sum over (x W)^2 / N, with dL/dx and dL/dW."""
    y = x @ W
    return (y * y).sum() / len(x), 2 * y @ W.T / len(x), 2 * x.T @ y / len(x)


def draw_squares(rng: np.random.Generator, N: int, H: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(N, H)), "W": rng.normal(size=(H, H))}


def squares_with(loss: float = 1, dx: float = 1, dW: float = 1) -> Callable[..., Any]:
    """A wrong answer: each output times a factor."""

    def wrong(x: Any, W: Any) -> Any:
        right = mean_squares(x, W)
        return tuple(f * each for f, each in zip((loss, dx, dW), right, strict=True))

    return wrong


SQUARES = CodeExercise(
    "91.2",
    "Squares",
    difficulty=1,
    minutes=5,
    task="Write `squares(x, W)`, which returns `(loss, dx, dW)`.",
    hints=("a", "b"),
    reference=mean_squares,
    also_right=(lambda x, W: list(mean_squares(x, W)),),
    cases=every_size(draw_squares),
    outputs={"loss": "", "dx": "N H", "dW": "H H"},
    mistakes=(
        Mistake("dx forgets the square's 2.", squares_with(dx=0.5)),
        Mistake("dW has the square's 2 twice.", squares_with(dW=2)),
        Mistake("dx and dW forget the square's 2.", squares_with(dx=0.5, dW=0.5)),
        Mistake("Loss is halved.", squares_with(loss=0.5)),
    ),
)
NUMBER = NumberExercise(
    "91.3",
    "One number",
    difficulty=1,
    minutes=1,
    task="Which?",
    hints=("a", "b"),
    right=2.302585,
    also_right=(2.3026, np.float32(2.3026), np.array([2.302585])),
    mistakes=(Mistake("m1", 1), Mistake("m2", 0.1), Mistake("m3", 3.3219), Mistake("m4", -0.1)),
)
NUMBERS = NumberExercise(
    "91.4",
    "Two numbers",
    difficulty=1,
    minutes=1,
    task="Which?",
    hints=("a", "b"),
    right={"h1": 0.76159, "h2": 0.36340},
    also_right=((0.7616, 0.3634), np.array([0.76159, 0.3634])),
    mistakes=(
        Mistake("no tanh at step 2", {"h2": 0.38080}),
        Mistake("no tanh at step 1", {"h1": 1}),
        Mistake("the sigmoid", (0.7311, 0.5904)),
        Mistake("the start", (0, 0)),
    ),
)
CHOICE = ChoiceExercise(
    "91.5",
    "One choice",
    difficulty=1,
    minutes=1,
    task="Which?",
    hints=("a", "b"),
    options={"a": "A", "b": "B", "c": "C"},
    right="b",
    mistakes=(Mistake("not a", "a"), Mistake("not c", "c")),
)
SEVERAL = ChoiceExercise(
    "91.6",
    "Several choices",
    difficulty=1,
    minutes=1,
    task="Which?",
    hints=("a", "b"),
    options={"a": "A", "b": "B", "c": "C"},
    right=frozenset({"a", "c"}),
    also_right=(["c", "a"],),
    mistakes=(Mistake("a holds", "a"), Mistake("b does not", "b"), Mistake("c holds", "c")),
)
MATCH = ChoiceExercise(
    "91.7",
    "Match",
    difficulty=1,
    minutes=1,
    task="Match.",
    hints=("a", "b"),
    options={"1-n": "", "n-1": "", "n-n": ""},
    right={"caption": "1-n", "label": "n-1"},
    mistakes=(Mistake("one picture", {"caption": "n-n"}), Mistake("one label", {"label": "n-n"})),
)
MATRIX = PropertyExercise(
    "91.8",
    "A matrix",
    difficulty=3,
    minutes=9,
    task="Find one.",
    hints=("a", "b"),
    right=np.array([[0, 2], [0, 0]]),
    also_right=([[0.5, 3], [0, 0.5]],),
    seconds=1,
    properties=(
        Property("two axes", lambda W: W.ndim == 2, np.ones(3)),
        Property("square", lambda W: W.shape[0] == W.shape[1], np.ones((2, 3))),
        Property("sigma > 1", lambda W: np.linalg.norm(W, 2) > 1, np.eye(2)),
        Property("powers vanish", lambda W: np.abs(np.linalg.eigvals(W)).max() < 1, 2 * np.eye(2)),
    ),
)
FUNCTION = PropertyExercise(
    "91.9",
    "A function",
    difficulty=3,
    minutes=9,
    task="Find an odd function.",
    hints=("a", "b"),
    right=np.sin,
    form=lambda f: f,
    seconds=1,
    properties=(
        Property("at 0", lambda f: f(0) == 0, np.cos),
        Property("odd at 1", lambda f: f(-1) == -f(1), np.square),
        Property("odd at 2", lambda f: f(-2) == -f(2), lambda x: x if x > -2 else -x),
        Property("odd at 3", lambda f: f(-3) == -f(3), lambda x: x if x > -3 else -x),
    ),
)
TOYS = {e.id: e for e in (SCAN, SQUARES, NUMBER, NUMBERS, CHOICE, SEVERAL, MATCH, MATRIX, FUNCTION)}


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exercises, "catalogue", lambda: TOYS)
    monkeypatch.setattr(exercises, "record", {})
    monkeypatch.setattr(exercises, "shown", {})
    monkeypatch.delenv("UNROLLED_STRICT", raising=False)


# --- the checks of the checks --------------------------------------------------------------------


@pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS)
def test_toys_are_well_made(toy: Exercise) -> None:
    assert problems(toy) == []


def twins(rng: np.random.Generator) -> list[Case]:
    return [Case(draw_scan(rng, T, 4, 4), {"T": T, "N": 4, "H": 4}) for T in (1, 2, 3, 10)]


def renamed(x: Any, start: Any, a: Any) -> Any:
    return scan(x, start, a)


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"hints": ("a",)}, "fewer than two hints"),
        ({"difficulty": 4}, "difficulty is 4"),
        ({"minutes": 0}, "minutes, task and title"),
        ({"task": ""}, "minutes, task and title"),
        ({"title": ""}, "minutes, task and title"),
        ({"mistakes": SCAN.mistakes[:3]}, "fewer than four mistakes"),
        ({"mistakes": (*SCAN.mistakes, Mistake("right", scan))}, "a mistake passes: right"),
        (
            {"mistakes": (*SCAN.mistakes, Mistake("twin", SCAN.mistakes[0].answer))},
            "the mistake 'twin' is answered by",
        ),
        (
            {
                "mistakes": (
                    *SCAN.mistakes[:3],
                    SCAN.mistakes[3]._replace(message="Every step starts from h0."),
                )
            },
            "two mistakes have the same message",
        ),
        ({"also_right": ()}, "no right answer written differently"),
        ({"also_right": (lambda x, h0, a: 2 * scan(x, h0, a),)}, "a right answer does not pass"),
        ({"cases": twins}, "two sizes are equal"),
        ({"cases": lambda rng: every_size(draw_scan)(rng)[:3]}, "T is [1, 2, 3]"),
        ({"reference": renamed}, "but the reference has ['x', 'start', 'a']"),
    ],
)
def test_selftest_finds_what_is_badly_made(change: dict[str, Any], complaint: str) -> None:
    assert any(complaint in text for text in problems(replace(SCAN, **change)))


def test_selftest_wants_a_message_for_every_wrong_option() -> None:
    assert problems(replace(CHOICE, mistakes=CHOICE.mistakes[:1])) == [
        "91.5: no message for the option 'c'"
    ]


# --- code: one wrong answer for every diagnosis ---------------------------------------------------


def stub(x: Any, h0: Any, a: Any) -> Any:
    raise NotImplementedError


def no_return(x: Any, h0: Any, a: Any) -> Any:
    scan(x, h0, a)


def raises(x: Any, h0: Any, a: Any) -> Any:
    if len(x) > 2:
        return x @ x
    return scan(x, h0, a)


def raises_deeper(x: Any, h0: Any, a: Any) -> Any:
    return np.apply_along_axis(lambda row: 1 // 0, 0, x)


def recursion(x: Any, h0: Any, a: Any) -> Any:
    return recursion(x, h0, a)


def leaves(x: Any, h0: Any, a: Any) -> Any:
    sys.exit(3)


def interrupts(x: Any, h0: Any, a: Any) -> Any:
    raise KeyboardInterrupt


def changes_x(x: Any, h0: Any, a: Any) -> Any:
    right = scan(x, h0, a)
    x[0] += 1
    return right


calls: list[int] = []


def counts_calls(x: Any, h0: Any, a: Any) -> Any:
    calls.append(1)
    return scan(x, h0, a) + len(calls)


def one_array(x: Any, h0: Any, a: Any) -> Any:
    h, states = h0.copy(), []
    for x_t in x:
        h[:] = np.tanh(x_t + a * h)
        states.append(h)
    return states


def after(T: int, unit: int | None = None, value: float = 9.0) -> Callable[..., Any]:
    """Right before step T (from 0), `value` from there on, in one unit or all."""

    def wrong(x: Any, h0: Any, a: Any) -> Any:
        h = scan(x, h0, a)
        h[T:, :, slice(None) if unit is None else unit] = value
        return h

    return wrong


def with_scan(change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x, h0, a: change(scan(x, h0, a))


def shifted(x: Any, h0: Any, a: Any) -> Any:
    return np.concatenate([h0[None], scan(x, h0, a)])[:-1]


WRONG: dict[str, tuple[Any, str, str]] = {
    "ellipsis": (..., "not attempted", 'Stuck? `hint("91.1")`'),
    "stub": (stub, "not attempted", 'Stuck? `hint("91.1")`'),
    "not a function": (np.ones(3), "not yet", "The function itself is asked for, without calling"),
    "raises": (raises, "raised", "line 3 of `raises`: `return x @ x`"),
    "raises when": (raises, "raised", "Seen with T=3, N=5, H=7."),
    "own line": (raises_deeper, "raised", "of `<lambda>`: `return np.apply_along_axis(lambda row"),
    "signature": (lambda x: x, "raised", "It is called with (x, h0, a)."),
    "recursion": (recursion, "raised", "RecursionError: maximum recursion depth exceeded"),
    "exit": (leaves, "raised", "SystemExit: 3"),
    "interrupts": (interrupts, "raised", "KeyboardInterrupt"),
    "None": (no_return, "not yet", "returns None: did you forget `return`?"),
    "list": (with_scan(list), "not yet", "`h` is a list; an array with axes (T, N, H)"),
    "aliased list": (one_array, "not yet", "holds the same array 10 times: append a copy"),
    "tuple": (with_scan(lambda h: (h, 1)), "not yet", "`h` is a tuple"),
    "torch": (with_scan(torch.from_numpy), "not yet", "`h` is a torch tensor; an array"),
    "scalar": (with_scan(lambda h: 1.5), "not yet", "`h` is a float; an array with axes"),
    "generator": (with_scan(lambda h: (h_t for h_t in h)), "not yet", "`h` is a generator"),
    "in place": (changes_x, "not yet", "changes its argument `x` in place"),
    "random": (lambda x, h0, a: np.random.normal(size=x.shape), "not yet", "different answers"),
    "state": (counts_calls, "not yet", "different answers for the same input"),
    "known": (SCAN.mistakes[0].answer, "not yet", "Every step starts from h0."),
    "known, shown": (SCAN.mistakes[0].answer, "not yet", "step 1   . . . .\n    step 2   x x x x"),
    "known and T": (SCAN.mistakes[0].answer, "not yet", "right at T = 1, wrong from T = 2 on."),
    "known and raised": (SCAN.mistakes[3].answer, "raised", "This calls `a @ h0`"),
    "swapped": (with_scan(lambda h: h.swapaxes(0, 1)), "not yet", "right, a transpose swaps"),
    "reshaped": (
        with_scan(lambda h: h.reshape(h.shape[1], h.shape[0], -1)),
        "not yet",
        "asked for is (T, N, H) = (10, 2, 4). The same sizes in another order: use a transpose",
    ),
    "one step more": (
        lambda x, h0, a: np.concatenate([h0[None], scan(x, h0, a)]),
        "not yet",
        "Axis T is off by one: is the initial state counted?",
    ),
    "one step fewer": (with_scan(lambda h: h[1:]), "not yet", "off by one: which step is left out"),
    "last only": (with_scan(lambda h: h[-1]), "not yet", "Axis T is missing: is only its last"),
    "squeezed": (with_scan(lambda h: h.sum(1)), "not yet", "Axis N is missing: was it summed"),
    "other size": (with_scan(lambda h: h[..., :2]), "not yet", "Only axis H is wrong."),
    "extra axis": (with_scan(lambda h: h[..., None]), "not yet", "is an axis of size 1 too many"),
    "flattened": (with_scan(np.ravel), "not yet", "or are two axes merged?"),
    "wrong at T = 1": (
        lambda x, h0, a: scan(x, h0, a) + (len(x) == 1) * h0,
        "not yet",
        "`h` differs from what is asked for. Stuck?",
    ),
    "object": (with_scan(lambda h: h.astype(object)), "not yet", "holds object in place of number"),
    "text": (with_scan(lambda h: h.astype(str)), "not yet", "in place of numbers"),
    "integer": (with_scan(lambda h: h.astype(int)), "not yet", "holds int64, which cuts off"),
    "complex": (with_scan(lambda h: h + 1j), "not yet", "`h` is complex."),
    "NaN": (after(2, None, np.nan), "not yet", "NaN (not a number).\n  Right up to step 2 of 10,"),
    "infinity": (
        after(2, 1, np.inf),
        "not yet",
        "infinity.\n  Right up to step 2 of 10, wrong after",
    ),
    "NaN in one case": (
        lambda x, h0, a: scan(x, h0, a) + (np.nan if len(x) == 2 else 1),
        "not yet",
        "contains NaN (not a number).\n  Seen with T=2",
    ),
    "two steps fewer": (with_scan(lambda h: h[2:]), "not yet", "Only axis T is wrong."),
    "one unit fewer": (with_scan(lambda h: h[..., 1:]), "not yet", "Only axis H is wrong."),
    "first units": (
        with_scan(lambda h: np.concatenate([h[..., :2] ** 2, h[..., 2:]], -1)),
        "not yet",
        "Wrong only in unit 1 and 2 of 4.",
    ),
    "first step": (
        with_scan(lambda h: np.concatenate([h[:1] ** 2, h[1:]])),
        "not yet",
        "Wrong only in step 1 of 10.",
    ),
    "some steps": (
        with_scan(lambda h: h + 0.1 * np.isin(np.arange(len(h)), [0, 4])[:, None, None]),
        "not yet",
        "Wrong only in step 1 and 5 of 10.",
    ),
    "zero": (with_scan(np.zeros_like), "not yet", "`h` is zero everywhere."),
    "sign": (with_scan(np.negative), "not yet", "`h` has the wrong sign everywhere."),
    "sign if T > 1": (
        lambda x, h0, a: scan(x, h0, a) * (1 if len(x) == 1 else -1),
        "not yet",
        "`h` has the wrong sign everywhere.",
    ),
    "1/T": (lambda x, h0, a: scan(x, h0, a) / len(x), "not yet", "constant factor 1/T."),
    "-N·H": (lambda x, h0, a: scan(x, h0, a) * -h0.size, "not yet", "constant factor -N·H."),
    "1/(T·N)": (
        lambda x, h0, a: scan(x, h0, a) / x[..., 0].size,
        "not yet",
        "constant factor 1/(T·N).",
    ),
    "half": (with_scan(lambda h: h / 2), "not yet", "right up to the constant factor 1/2."),
    "factor": (with_scan(lambda h: h * 0.7), "not yet", "`h` is right up to a factor (0.7)."),
    "reversed": (with_scan(lambda h: h[::-1]), "not yet", "`h` is in reversed order of time."),
    "late": (shifted, "not yet", "a step late: step t holds what belongs to step t - 1"),
    "early": (with_scan(lambda h: np.roll(h, -1, 0)), "not yet", "a step early: step t holds"),
    "repeated": (
        lambda *args: np.stack(one_array(*args)),
        "not yet",
        "holds its last step again and again",
    ),
    "same": (with_scan(lambda h: 0 * h + h[0]), "not yet", "the same at every step: is anything"),
    "nearly": (with_scan(lambda h: h + 1e-6), "not yet", "within a thousandth of what"),
    "unknown": (
        with_scan(lambda h: h**2),
        "not yet",
        "`h` differs from what is asked for. Stuck? `h",
    ),
    "from a step on": (after(2), "not yet", "Right up to step 2 of 10, wrong after it."),
    "from T on": (after(2), "not yet", "right at T = 1 and 2, wrong from T = 3 on."),
    "in a unit": (after(0, 1), "not yet", "Wrong only in unit 2 of 4."),
    "map": (after(9, 1), "not yet", "    step 9   . . . .\n    step 10  . x . ."),
    "before a step": (
        lambda x, h0, a: np.r_[0 * x[:-1] + 0.3, scan(x, h0, a)[-1:]],
        "not yet",
        "Wrong up to step 9 of 10, right after it.",
    ),
}


@pytest.mark.parametrize("answer, status, text", WRONG.values(), ids=WRONG)
def test_diagnosis(answer: Any, status: str, text: str) -> None:
    result = judge(SCAN, answer)
    assert result.status == status
    assert text in repr(result)


@pytest.mark.parametrize("answer, status, text", WRONG.values(), ids=WRONG)
def test_right_values_are_never_shown(answer: Any, status: str, text: str) -> None:
    from unrolled.exercises.diagnosis import cases_of

    said = repr(judge(SCAN, answer))
    for case in cases_of(SCAN):
        for value in scan(**case.args).flat:
            assert f"{abs(value):.3f}"[:5] not in said


@pytest.mark.parametrize(
    "answer, texts",
    [
        (
            lambda x, W: mean_squares(x, W)[1],
            ["returns one ndarray; 3 are asked for: `loss`, `dx`"],
        ),
        (
            lambda x, W: mean_squares(x, W)[:2],
            ["It returns 2 things; 3 are asked for: `loss`, `dx`"],
        ),
        (lambda x, W: (None, *mean_squares(x, W)[1:]), ["`loss` is a NoneType; a number is asked"]),
        (
            squares_with(dW=0.25),
            ["`dW` is right up to the constant factor 1/4.", "right: loss and dx"],
        ),
        (squares_with(loss=-1), ["`loss` has the wrong sign", "Already right: dx and dW."]),
        (squares_with(loss=0.3), ["`loss` differs from what is asked"]),  # no factor of one number
        (squares_with(dx=0.5), ["dx forgets the square's 2."]),
        (squares_with(dx=0.5, dW=0.5), ["dx and dW forget the square's 2."]),
        (squares_with(dx=0.5, dW=7), ["dx forgets the square's 2.", "Also wrong: dW."]),
        (squares_with(loss=7, dx=0.5), ["dx forgets the square's 2.", "Also wrong: loss."]),
        (squares_with(loss=7, dW=7), ["`loss` differs", "Also wrong: dW.", "Already right: dx."]),
        (
            lambda x, W: (*mean_squares(x, W)[:2], mean_squares(x, W)[2].T),
            ["`dW` is the transpose of what is asked for."],
        ),
        (
            lambda x, W: (np.atleast_1d(mean_squares(x, W)[0]), *mean_squares(x, W)[1:]),
            ["`loss` has shape (1,); asked for is a single number."],
        ),
    ],
)
def test_several_outputs(answer: Any, texts: list[str]) -> None:
    result = judge(SQUARES, answer)
    assert result.status == "not yet"
    assert all(text in repr(result) for text in texts)


def test_a_map_is_drawn_only_where_it_says_something() -> None:
    assert judge(SCAN, after(9, 1)).map
    for nothing in ("sign", "swapped", "raises", "unknown"):
        assert judge(SCAN, WRONG[nothing][0]).map is None


def test_maps_show_where_and_merge_the_other_axes() -> None:
    assert str(judge(SCAN, after(9, 1)).map).splitlines()[::5] == [
        "Where `h` is wrong with T=10, N=2, H=4, in any sequence (. right, x wrong)",
        "  step 5   . . . .",
        "  step 10  . x . .",
    ]
    matrix = judge(
        SQUARES, lambda x, W: (*mean_squares(x, W)[:2], mean_squares(x, W)[2] + np.eye(len(W)))
    )
    assert str(matrix.map).splitlines()[:2] == [
        "Where `dW` is wrong with N=3, H=5 (. right, x wrong)",
        "  unit 1  x . . . .",
    ]
    vector = judge(constant(np.arange(2.0)), lambda x: np.zeros(2) + 5 * np.arange(2))
    assert str(vector.map).splitlines()[1:] == ["  unit 1  .", "  unit 2  x"]
    assert vector.map and vector.map.columns == ["y"]
    time_last = replace(
        SCAN,
        reference=lambda x: x,
        cases=lambda rng: [Case({"x": np.ones((2, 3))}, {"N": 2, "T": 3})],
        outputs={"y": "N T"},
        mistakes=(),
    )
    turned = judge(time_last, lambda x: x + [[0, 0, 0], [0, 0, 1]])
    assert str(turned.map).splitlines()[1:] == ["  step 1  . .", "  step 2  . .", "  step 3  . x"]


def test_a_map_is_short_where_every_row_is_wrong() -> None:
    def in_all_steps(x: Any, h0: Any, a: Any) -> Any:
        h = scan(x, h0, a)
        h[:, :, 1] = 9.0
        h[7:, :, 2] = 9.0
        h[8:, :, 2] = scan(x, h0, a)[8:, :, 2]
        return h

    long = replace(SCAN, cases=lambda rng: [Case(draw_scan(rng, 10, 3, 4), {"T": 10})])
    assert str(judge(long, in_all_steps).map).splitlines()[1:] == [
        "  step 1 to 7  . x . .",
        "  step 8       . x x .",
        "  step 9       . x . .",
        "  step 10      . x . .",
    ]


def test_a_dtype_may_be_asked_for() -> None:
    strict = replace(SCAN, same_dtype=True)
    assert judge(strict, scan).passed
    result = judge(strict, SCAN.also_right[1])
    assert "`h` is float32; float64 is asked for." in repr(result)
    assert result.map is None  # every value is right
    assert "`h` is float64" not in repr(judge(strict, with_scan(np.square)))


class Weights(NamedTuple):
    W: np.ndarray
    b: np.ndarray


@pytest.mark.parametrize(
    "change, name",
    [
        ("weights.b[0] = 0", "`weights.b`"),
        ("weights.W[0] = weights.b[1] = 0", "`weights.W` and `weights.b`"),
        ("weights.W.shape = (3, 2)", "`weights.W`"),
        ("options['rate'] = 2", "`options['rate']`"),
        ("options['rate'] = np.ones(1)", "`options['rate']`"),
        ("options['more'] = 2", "`options['more']`"),
        ("del options['rate']", "`options['rate']`"),
        ("sizes.append(3)", "`sizes[2]`"),
        ("sizes[0] = 7", "`sizes[0]`"),
        ("sizes.clear()", "`sizes[0]` and `sizes[1]`"),
        ("x += 1", "`x`"),
        ("x = x + 1", ""),
        ("rng.normal()", ""),
    ],
)
def test_the_argument_that_is_changed_is_named(change: str, name: str) -> None:
    arguments = {
        "x": np.ones(2),
        "weights": Weights(np.ones((2, 3)), np.ones(3)),
        "options": {"rate": 1},
        "sizes": [4, 5],
        "function": np.tanh,
        "rng": np.random.default_rng(0),
    }

    def answer(x: Any, weights: Any, options: Any, sizes: Any, function: Any, rng: Any) -> float:
        exec(change, {"np": np}, locals())
        return 1.0

    exercise = replace(
        SCAN,
        reference=lambda *args: 1.0,
        cases=lambda rng: [Case(arguments, {"H": 2})],
        outputs={"loss": ""},
        mistakes=(),
    )
    result = judge(exercise, answer)
    assert result.passed != bool(name)
    assert not name or f"It changes its argument {name} in place" in repr(result)


def test_a_mistake_may_be_to_change_an_argument() -> None:
    exercise = replace(SCAN, mistakes=(Mistake("x is the caller's.", changes_x),))
    assert judge(exercise, changes_x).lines[0] == "x is the caller's."
    assert judge(exercise, scan).passed


def test_a_mistake_is_not_recognised_by_its_values_alone() -> None:
    def changes_and_mistakes(x: Any, h0: Any, a: Any) -> Any:
        h = np.tanh(x + a * h0)
        x[0] += 1
        return h

    said = repr(judge(SCAN, changes_and_mistakes))
    assert "changes its argument `x`" in said and "Every step starts from h0." not in said
    said = repr(judge(SCAN, lambda x, h0, a: list(np.tanh(x + a * h0))))
    assert "`h` is a list" in said and "Every step starts from h0." not in said
    as_list = Mistake("a list", lambda x, h0, a: list(np.tanh(x + a * h0)))
    said = repr(judge(replace(SCAN, mistakes=(as_list,)), SCAN.mistakes[0].answer))
    assert "a list" not in said


def constant(value: Any) -> CodeExercise:
    """An exercise whose right answer is always this array."""
    return replace(
        SCAN,
        reference=lambda x: value,
        cases=lambda rng: [Case({"x": np.ones(2)}, {"H": 2})],
        outputs={"y": "H"},
        mistakes=(),
    )


def test_the_tolerance_is_relative_to_the_largest_value() -> None:
    for scale in (1e-12, 1.0, 1e12):
        want = scale * np.array([1.0, 0.0])
        assert judge(constant(want), lambda x: want + scale * 1e-10).passed  # noqa: B023
        assert not judge(constant(want), lambda x: want + scale * 1e-8).passed  # noqa: B023
    assert judge(constant(np.zeros(2)), lambda x: np.full(2, 1e-17)).passed
    assert not judge(constant(np.zeros(2)), lambda x: np.full(2, 1e-3)).passed


def test_a_factor_is_named_with_and_without_sizes() -> None:
    plain = Case({"x": np.arange(1.0, 4.0)})
    sized = [Case({"x": np.arange(1.0, N + 1)}, {"N": N}) for N in (2, 3, 5)]
    for cases, answer, factor in (
        ([plain], lambda x: x / 2, "constant factor 1/2."),
        ([plain], lambda x: x / 7, "a factor (0.143)."),
        (sized, lambda x: x * len(x), "constant factor N."),
        ([*sized, plain], lambda x: x * len(x), "constant factor N."),
        ([*sized, Case({"x": np.ones(4)}, {"K": 4})], lambda x: x / 2, "factor 1/2."),
        ([Case({"x": np.zeros(2)}), plain], lambda x: x / 2, "constant factor 1/2."),
        ([Case({"x": np.zeros(2)})], lambda x: x + 1, "differs from what is asked for."),
    ):
        exercise = replace(
            SCAN,
            reference=lambda x: x,
            cases=lambda rng, cases=cases: cases,
            outputs={"y": "N"},
            mistakes=(),
        )
        assert factor in repr(judge(exercise, answer))


def test_truth_values_and_counts_are_compared_exactly() -> None:
    mask = constant(np.array([True, False]))
    assert judge(mask, lambda x: np.array([1, 0])).passed
    assert "Wrong only in unit 2 of 2." in repr(judge(mask, lambda x: np.array([True, True])))
    big = constant(np.array([10**12, 1]))
    assert not judge(big, lambda x: np.array([10**12 + 1, 1])).passed


def test_a_case_has_its_own_note() -> None:
    def cases(rng: np.random.Generator) -> list[Case]:
        special = {"x": np.full((2, 3, 1), 1000.0), "h0": np.ones((3, 1)), "a": np.ones(1)}
        return [*every_size(draw_scan)(rng), Case(special, {"T": 2, "N": 3, "H": 1}, "huge")]

    wrong = with_scan(lambda h: np.where(abs(h) == 1, 0, h))
    said = repr(judge(replace(SCAN, cases=cases), wrong))
    assert "Seen with T=2, N=3, H=1 (huge); right in 4 of 5 cases." in said
    plain = replace(SCAN, cases=lambda rng: [case._replace(sizes={}) for case in cases(rng)])
    assert "Seen with huge; right in 4 of 5 cases." in repr(judge(plain, wrong))
    last = lambda rng: [*cases(rng)[:4], cases(rng)[4]._replace(sizes={"N": 3})]  # noqa: E731
    assert "N=3 (huge); right in 4" in repr(judge(replace(SCAN, cases=last), wrong))


# --- a learner's function does no harm -----------------------------------------------------------


def forever(x: Any, h0: Any, a: Any) -> Any:
    while True:
        pass


def sleeps(x: Any, h0: Any, a: Any) -> Any:
    time.sleep(30)


def stubborn(x: Any, h0: Any, a: Any) -> Any:
    for _ in range(3):
        try:
            forever(x, h0, a)
        except BaseException:
            pass


def endless_from_T_3(x: Any, h0: Any, a: Any) -> Any:
    return forever(x, h0, a) if len(x) > 2 else scan(x, h0, a)


def threads_fall_to(count: int) -> bool:
    """Whether no more threads than that are left; a stopped one needs a moment to go."""
    end = time.monotonic() + 2
    while threading.active_count() > count and time.monotonic() < end:
        time.sleep(0.01)
    return threading.active_count() <= count


@pytest.mark.parametrize("answer", [forever, sleeps, stubborn])
def test_what_never_ends_is_stopped(answer: Any) -> None:
    before = threading.active_count()
    start = time.monotonic()
    result = judge(replace(SCAN, seconds=0.3), answer)
    assert time.monotonic() - start < 10
    assert result.status == "not yet"
    assert "It did not end within 0.3 s and was stopped" in repr(result)
    assert answer is sleeps or threads_fall_to(before)


def test_where_it_never_ends_is_said() -> None:
    said = repr(judge(replace(SCAN, seconds=0.3), endless_from_T_3))
    assert "Seen with T=3, N=5, H=7." in said


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_reader_can_interrupt(ctrl_c: None) -> None:
    before = threading.active_count()
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judge(replace(SCAN, seconds=30), forever)
    timer.join()
    assert time.monotonic() - start < 15
    assert threads_fall_to(before)


def test_output_and_warnings_are_kept_back(capsys: Any) -> None:
    def loud(x: Any, h0: Any, a: Any) -> Any:
        print("LOUD" * 1000)
        print("LOUD", file=sys.stderr)
        np.exp(np.array([1e9]))
        warnings.warn("divide by zero encountered in matmul", RuntimeWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return scan(x, h0, a)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        said = repr(judge(SCAN, loud))
    assert not caught
    assert capsys.readouterr() == ("", "")
    assert "LOUD" not in said
    assert "passed" in said
    assert said.count("What it printed is not shown here.") == 1
    assert said.count("NumPy warned: overflow encountered in exp.") == 1
    assert said.count("NumPy warned") == 1  # matmul warns for nothing on some machines


def test_right_numbers_by_way_of_a_warning_where_none_is_allowed() -> None:
    def loud(x: Any, h0: Any, a: Any) -> Any:
        np.exp(np.array([1e9]))
        return scan(x, h0, a)

    strict = replace(SCAN, quiet="Something overflows.")
    result = judge(strict, loud)
    assert result.status == "not yet"
    assert result.lines == ("Something overflows.", "NumPy warned: overflow encountered in exp.")
    assert judge(strict, scan).passed
    assert judge(SCAN, loud).passed


def test_a_silent_function_gets_no_remarks() -> None:
    assert judge(SCAN, scan).lines == ("Right with T = 1, 2, 3 and 10.",)


def test_nothing_is_said_that_is_not_so() -> None:
    said = repr(judge(SCAN, with_scan(list)))
    assert "np.stack" in said and "the same array" not in said
    said = repr(judge(SQUARES, lambda x, W: ([1.0], *mean_squares(x, W)[1:])))
    assert "`loss` is a list; a number is asked for." in said and "np.stack" not in said
    assert "Also wrong" not in repr(judge(SQUARES, squares_with(dx=0.5, dW=0.5)))
    never_wrong = replace(SQUARES, mistakes=(Mistake("nothing is wrong", mean_squares),))
    assert "nothing is wrong" not in repr(judge(never_wrong, squares_with(dx=7)))


def test_a_shape_of_other_size_is_not_called_reshaped() -> None:
    said = repr(judge(SCAN, with_scan(lambda h: h[..., :2, None])))
    assert "has shape" in said and "As many values" not in said


def test_huge_results_cost_nothing() -> None:
    huge = with_scan(lambda h: np.broadcast_to(np.float64(0), (10**6, 10**6)))
    assert "has shape (1000000, 1000000)" in repr(judge(SCAN, huge))

    def long_text(x: Any, h0: Any, a: Any) -> Any:
        raise ValueError("long " * 10**6)

    assert len(repr(judge(SCAN, long_text))) < 1000


def test_the_learner_gets_fresh_copies() -> None:
    given: list[int] = []

    def spy(x: Any, h0: Any, a: Any) -> Any:
        given.append(x)
        return scan(x, h0, a)

    assert judge(SCAN, spy).passed
    assert len(given) == 8  # four cases, twice each
    assert not any(np.shares_memory(a, b) for a, b in zip(given[::2], given[1::2], strict=True))


def test_the_state_of_the_reader_is_left_alone() -> None:
    np.random.seed(1)
    state = np.random.get_state()[1].copy()
    streams = sys.stdout, sys.stderr
    for answer in (scan, after(2), raises):
        judge(SCAN, answer)
    assert (sys.stdout, sys.stderr) == streams
    assert (np.random.get_state()[1] == state).all()


@pytest.mark.parametrize("name", ["raises", "known", "NaN", "random", "factor", "signature"])
def test_reports_are_the_same_every_time(name: str) -> None:
    answer = WRONG[name][0]
    assert repr(judge(SCAN, answer)) == repr(judge(SCAN, answer))


def test_addresses_are_not_shown() -> None:
    def address(x: Any, h0: Any, a: Any) -> Any:
        raise ValueError(f"{object()}")

    assert "<object object at 0x...>" in repr(judge(SCAN, address))


# --- questions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exercise, answer, status, text",
    [
        (NUMBER, None, "not attempted", "Stuck?"),
        (NUMBER, ..., "not attempted", "Stuck?"),
        (NUMBER, 2.3026, "passed", "✓ 91.3 One number: passed"),
        (NUMBER, 3.3219, "not yet", "m3"),
        (NUMBER, -2.302585, "not yet", "Look at the sign."),
        (NUMBER, 1 / 2.302585, "not yet", "reciprocal"),
        (NUMBER, 230.2585, "not yet", "percentage"),
        (NUMBER, 2.3, "not yet", "Close: compute it with more digits."),
        (NUMBER, 17, "not yet", "Not this one. Stuck?"),
        (NUMBER, float("nan"), "not yet", "not a finite number"),
        (NUMBER, 10**400, "not yet", "A number is asked for, not this int."),
        (NUMBER, "2.3", "not yet", "leave the quotes away"),
        (NUMBER, True, "not yet", "A number is asked for, not this bool."),
        (NUMBER, len, "not yet", "A number is asked for, not this builtin_function_or_method."),
        (NUMBER, [1, 2], "not yet", "A number is asked for, not this list."),
        (NUMBERS, (0.76159, 0.3634), "passed", "passed"),
        (NUMBERS, {"h1": 0.76159, "h2": 0.3634}, "passed", "passed"),
        (NUMBERS, (..., ...), "not attempted", "Stuck?"),
        (NUMBERS, (0.76159, ...), "not yet", "Still to answer: h2."),
        (NUMBERS, (0.76159, 0.3808), "not yet", "no tanh at step 2\n  Already right: h1."),
        (NUMBERS, (1, 0.3808), "not yet", "no tanh at step 2\n  no tanh at step 1"),
        (NUMBERS, (1, 5), "not yet", "no tanh at step 1\n  h2: not yet."),
        (NUMBERS, {"h3": 1}, "not yet", "There is nothing called h3 here, only h1 and h2."),
        (NUMBERS, 0.76159, "not yet", "2 values are asked for, in this order: h1 and h2."),
        (NUMBERS, (0.76159,), "not yet", "2 values are asked for"),
        (SEVERAL, ["a", ...], "not yet", "c holds"),
        (NUMBERS, np.array(0.76159), "not yet", "2 values are asked for"),
        (CHOICE, " b ", "passed", "passed"),
        (CHOICE, "a", "not yet", "not a"),
        (CHOICE, "d", "not yet", 'The options are "a", "b", "c".'),
        (CHOICE, ["a", "b"], "not yet", "The options are"),
        (SEVERAL, {"a", "c"}, "passed", "passed"),
        (SEVERAL, "a", "not yet", "c holds"),
        (SEVERAL, {"a", "b"}, "not yet", "b does not\n  c holds"),
        (SEVERAL, 3, "not yet", 'A set of options is asked for, such as {"a", "b"}.'),
        (SEVERAL, {"a": True, "c": True}, "not yet", "A set of options is asked for, such as"),
        (SEVERAL, "ac", "not yet", 'A set of them is asked for, such as {"a", "b"}.'),
        (SEVERAL, [1, 3], "not yet", 'The options are "a", "b", "c". A set of them is asked for'),
        (MATCH, {"caption": "1-n", "label": "n-1"}, "passed", "passed"),
        (
            MATCH,
            {"caption": "n-n", "label": "n-1"},
            "not yet",
            "one picture\n  Already right: label",
        ),
        (MATCH, {"caption": "n-1", "label": "n-1"}, "not yet", "caption: not yet. Stuck?"),
        (replace(NUMBER, right=0, mistakes=()), 5, "not yet", "Not this one. Stuck?"),
        (MATCH, {"caption": "1-n"}, "not yet", "Still to answer: label."),
        (MATRIX, ..., "not attempted", "Stuck?"),
        (MATRIX, [[0, 2], [0, 0]], "passed", "passed"),
        (MATRIX, np.eye(2), "not yet", "sigma > 1"),
        (MATRIX, "text", "not yet", "A NumPy array of numbers is expected, not this str."),
        (MATRIX, [[np.nan]], "not yet", "The array contains NaN or infinity."),
        (FUNCTION, np.tanh, "passed", "passed"),
        (FUNCTION, stub, "raised", "TypeError"),
        (FUNCTION, lambda x: 1 / x, "raised", "of `<lambda>`: `(FUNCTION, lambda x: 1 / x"),
        (FUNCTION, lambda x: forever(x, x, x), "not yet", "did not end within 1 s"),
    ],
)
def test_question(exercise: Exercise, answer: Any, status: str, text: str) -> None:
    result = judge(exercise, answer)
    assert result.status == status
    assert text in repr(result)


def test_right_answers_to_questions_are_never_shown() -> None:
    for exercise, answer in ((NUMBER, 17), (NUMBER, 2.3), (NUMBERS, (1, 5)), (NUMBERS, (0.7, 0.3))):
        said = repr(judge(exercise, answer))
        assert not any(value in said for value in ("2.30", "0.76", "0.36"))


def test_nothing_else_is_said_of_questions() -> None:
    assert judge(SEVERAL, {"a", "b"}).lines == ("b does not", "c holds")
    assert judge(NUMBERS, (1, 0.3808)).lines == ("no tanh at step 2", "no tanh at step 1")
    assert judge(NUMBERS, (0, 0)).lines == ("the start",)
    twice = (Mistake("both", (1, 0.5)), Mistake("one", {"h1": 1}))
    assert judge(replace(NUMBERS, mistakes=twice), (1, 0.5)).lines == ("both",)
    assert judge(CHOICE, "a").lines == ("not a",)


def test_tolerance_may_be_relative() -> None:
    small = replace(NUMBER, right=1.58e-7, tolerance=0, relative=0.02, mistakes=())
    assert judge(small, 1.6e-7).passed
    assert not judge(small, 1.7e-7).passed


# --- check, hint and progress --------------------------------------------------------------------


def test_an_unknown_id_names_those_there_are(toys: None) -> None:
    for wrong in ("2.99", 91.1, scan):
        with pytest.raises(ValueError, match="expected one of 91.1, 91.2, 91.3"):
            check(wrong, 1)  # type: ignore[arg-type]


def test_strict(toys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check("91.3", 17).status == "not yet"
    monkeypatch.setenv("UNROLLED_STRICT", "1")
    assert check("91.3", 2.302585).passed
    for answer in (17, ...):
        with pytest.raises(CheckFailed, match="91.3 One number: not"):
            check("91.3", answer)


def test_hints_are_staged(toys: None) -> None:
    first = hint("91.1")
    assert "Hint 1 of 2" in repr(first) and "Who hands" in repr(first)
    assert 'hint("91.1", 2)' in repr(first) and "solutions" in repr(first)
    assert "Loop over t." in repr(hint("91.1"))
    assert "Hint 2 of 2" in repr(hint("91.1"))  # there is no third
    assert "Hint 1 of 2" in repr(hint("91.1", 1))
    assert "Hint 1 of 2" in repr(hint("91.2"))  # each exercise counts for itself
    with pytest.raises(ValueError, match="91.1 has hints 1 to 2"):
        hint("91.1", 3)


def test_progress(toys: None) -> None:
    assert repr(progress()) == "No exercise has been checked yet."
    check("91.1", stub)
    check("91.3", 17)
    check("91.3", 2.302585)
    check("91.4", (1, 5))
    lines = repr(progress()).splitlines()
    assert lines[:5] == [
        "Lesson 91: 1 of 9 passed",
        "  ○ 91.1 Scan: not attempted",
        "  ○ 91.2 Squares: not attempted",
        "  ✓ 91.3 One number: passed",
        "  ✗ 91.4 Two numbers: not yet",
    ]
    assert len(lines) == 10


def pages() -> Iterator[str]:
    yield progress()._repr_html_()
    for answer in (scan, stub, raises, after(2, 1), SCAN.mistakes[0].answer):
        yield judge(SCAN, answer)._repr_html_()
    yield judge(SQUARES, squares_with(dW=0.25))._repr_html_()
    yield hint("91.1")._repr_html_()
    yield progress()._repr_html_()
    check("91.1", scan)
    yield progress()._repr_html_()


def test_html_is_well_formed_and_accessible(toys: None) -> None:
    for page in pages():
        root = ElementTree.fromstring(page)
        assert root.get("role") == "group" and root.get("aria-label")
        for element in root.iter():
            assert element.tag not in ("h1", "h2", "h3", "h4", "h5", "h6")
            assert "id" not in element.attrib and "style" not in element.attrib
            assert all(c.startswith("unrolled-") for c in element.get("class", "").split())
            if element.tag == "table":
                assert element.find("caption") is not None
            if element.tag == "th":
                assert element.get("scope") in ("row", "col")


def test_progress_in_html_is_a_table_once_there_is_something(toys: None) -> None:
    assert "<p>No exercise has been checked yet.</p>" in progress()._repr_html_()
    check("91.3", 2.302585)
    page = progress()._repr_html_()
    assert "<caption>Lesson 91: 1 of 9 passed</caption>" in page
    assert "<td>✓ passed</td>" in page and "<td>○ not attempted</td>" in page


def test_html_says_what_the_text_says(toys: None) -> None:
    result = judge(SCAN, after(2, 1))
    text = "".join(ElementTree.fromstring(result._repr_html_()).itertext())
    assert result.head in text
    assert all(line.replace("`", "") in text for line in result.lines)
    cells = (
        result._repr_html_().count("<td>right</td>"),
        result._repr_html_().count("<td>wrong</td>"),
    )
    assert cells == (32, 8)  # a word in every cell of the map, not only a colour
    assert "unrolled-result unrolled-not-yet" in result._repr_html_()


def test_html_escapes_what_the_learner_wrote() -> None:
    def evil(x: Any, h0: Any, a: Any) -> Any:
        raise ValueError("<script>alert('1')</script> `<b>` &")

    page = judge(SCAN, evil)._repr_html_()
    assert "<script" not in page and "<b>" not in page
    assert "&lt;script&gt;" in page and "<code>&lt;b&gt;</code>" in page
    ElementTree.fromstring(page)


# --- the registry --------------------------------------------------------------------------------


def test_exercises_are_found_by_their_file_name(tmp_path: Any) -> None:
    lesson = tmp_path / "lesson_98"
    lesson.mkdir()
    (lesson / "__init__.py").touch()
    (lesson / "ex_01.py").write_text(
        "from unrolled.exercises.model import NumberExercise\n"
        "EXERCISE = NumberExercise('98.1', 'Found', difficulty=1, minutes=1, task='t',"
        " hints=('a', 'b'), right=3)\n"
    )
    program = (
        "import sys\n"
        "from unrolled import exercises\n"
        "assert not any('lesson_' in name for name in sys.modules), 'lessons load lazily'\n"
        f"exercises.__path__.append({str(tmp_path)!r})\n"
        "print(exercises.check('98.1', 3))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, timeout=60
    )
    assert done.stdout == "✓ 98.1 Found: passed\n", done.stderr


def test_engine_and_catalogues_do_without_torch() -> None:
    program = (
        "import sys\n"
        "from unrolled import exercises\n"
        "exercises.catalogue()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
