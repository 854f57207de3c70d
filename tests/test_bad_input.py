"""Bad input: every public function gives the right result or a clear error, whatever it is handed.

`ROWS` has one row a public function: a valid call, and of each argument its kind.  The kind
knows the values that must be refused, those that mean the same and must give the same numbers,
and where NaN may go.  A function without a row fails, and so does an argument without a kind.
"""

import copy
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

from unrolled import (
    activations,
    axes,
    checkpointing,
    flow,
    gradients,
    losses,
    lstm,
    mlp,
    reader,
    readout,
    referee,
    rnn,
    sequences,
    tasks,
    training,
    truncation,
)

MODULES = (
    *(activations, axes, checkpointing, flow, gradients, losses, lstm, mlp, reader, readout),
    *(referee, rnn, sequences, tasks, training, truncation),
)
REFUSED = TypeError, ValueError
T, N, D, H, Q = 5, 3, 2, 4, 6  # all different, none is 1
Cases = Iterator[tuple[str, Any]]


# --- kinds of arguments ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """What an argument may be."""

    letters: str = ""  # its axes, of an array
    wrong: tuple = ()  # values that are refused
    arrays: str = ""  # "floats", "ints" or "bools": arrays have many more ways to be wrong
    parts: dict[str, "Kind"] = field(default_factory=dict)  # of a named tuple
    lists: bool = False  # a list in place of the array is right
    partners: tuple[str, ...] = ()  # arguments that an error may name instead: they do not fit
    half: bool = False  # of floats: 16 bits will do
    own_dtype: bool = False  # of floats: may differ from that of the other arrays
    hidden: tuple[str, ...] = ()  # parts whose value does not enter: NaN there changes nothing

    def every_letter(self) -> list[str]:
        return self.letters.split() + [
            a for kind in self.parts.values() for a in kind.every_letter()
        ]


def floats(letters, **options):
    return Kind(letters, (None, "text", 3, 1.5), "floats", **options)


def optional(kind):
    return replace(kind, wrong=tuple(w for w in kind.wrong if w is not None))


def ints(letters, wrong=(), **options):
    return Kind(letters, (None, "text", 1.5, *wrong), "ints", **options)


def bools(letters):
    return Kind(letters, (None, "text", 3), "bools")


def number(*wrong):
    return Kind(wrong=("1", None, 1j, [1.0], np.nan, True, *wrong))


def either(*wrong):
    return Kind(wrong=wrong)


SIZE = Kind(wrong=(0, -1, 1.5, 2.0, "3", None, True, np.nan, np.inf, [2], np.array([2])))
NO_SIZE = tuple(w for w in SIZE.wrong if w is not None)
CHOICE = Kind(wrong=("nonsense", "", None, 3, ["tanh"], np.zeros(2)))
RNG = Kind(wrong=(None, 0, np.random, "rng"))
DTYPE = Kind(wrong=(int, complex, np.float16, "nonsense", None, 3))
FUNCTION = Kind(wrong=(None, 3, "tanh"))
ABOVE_0 = number(0, -1.0)
ANY = Kind()  # whatever: its owner decides
Z = Kind("", (None, "text", True, np.int64(3)), "floats", half=True)


def named(**parts):
    return Kind("", (None, 3, "text", (), {}), "", parts)


RNN = named(W_xh=floats("H D"), W_hh=floats("H H"), b_h=floats("H"))
LSTM = named(W_xh=floats("4H D"), W_hh=floats("4H H"), b_h=floats("4H"))
OUT = named(W_hy=floats("Q H"), b_y=floats("Q"))
CELL = Kind("", (None, 3, "text", (), {}), "", {"cell": RNN, "out": OUT})
TAPE = Kind("T N H", (None, 3, "text", (), {}))


def resized(array: np.ndarray, axis: int, size: int) -> np.ndarray:
    return np.take(array, np.arange(size) % array.shape[axis], axis=axis)


def bad_values(kind: Kind, value: Any, bound: Callable[[str], bool]) -> Cases:
    """Values that must be refused in place of a good one."""
    yield from ((repr(wrong), wrong) for wrong in kind.wrong)
    for name, part in kind.parts.items():
        for label, bad in bad_values(part, getattr(value, name), bound):
            yield f"{name}: {label}", value._replace(**{name: bad})
    if kind.parts:
        yield "plain tuple", tuple(value)
        yield "dict", value._asdict()
    if not kind.arrays or not isinstance(value, np.ndarray):
        return
    others = {"floats": (int, bool), "ints": (float, bool), "bools": (float, int)}[kind.arrays]
    half = () if kind.half else (np.float16,)
    for dtype in (*others, *half, complex, object, "U8"):
        yield f"dtype {dtype}", value.astype(dtype)
    if not kind.lists:
        yield "list", value.tolist()
        yield "tuple", tuple(value.tolist())
    if len(kind.letters.split()) != value.ndim:
        return  # no letters, or letters that only say what others are bound by
    if kind.arrays == "floats" and not kind.own_dtype and any(map(bound, kind.letters.split())):
        yield "float32 among float64", value.astype(np.float32)
    yield "one axis more in front", value[None]
    yield "one axis more behind", value[..., None]
    yield "one axis less", value[0]
    yield "a number", value.flat[0]
    for axis, letter in enumerate(kind.letters.split()):
        yield f"axis {axis} empty", resized(value, axis, 0)
        if bound(letter):
            for size in (1, value.shape[axis] - 1, value.shape[axis] + 1):
                if size != value.shape[axis]:
                    yield f"axis {axis} of size {size}", resized(value, axis, size)


def same_values(kind: Kind, value: Any) -> Cases:
    """Values that mean the same as a good one."""
    for name, part in kind.parts.items():
        for label, same in same_values(part, getattr(value, name)):
            yield f"{name}: {label}", value._replace(**{name: same})
    if not kind.arrays or not isinstance(value, np.ndarray):
        return
    if kind.lists:
        yield "list", value.tolist()
    yield "Fortran order", np.asfortranarray(value)
    yield "transposed view", np.ascontiguousarray(value.T).T
    yield "every second of more", np.repeat(value, 2, axis=-1)[..., ::2]
    yield "backwards view", np.ascontiguousarray(value[::-1])[::-1]
    locked = value.copy()
    locked.flags.writeable = False
    yield "read-only", locked


def strange_values(kind: Kind, value: Any) -> Cases:
    """Float arrays with a number in them that is none, or too large."""
    for name, part in kind.parts.items():
        for label, strange in strange_values(part, getattr(value, name)):
            yield f"{name}: {label}", value._replace(**{name: strange})
    if kind.arrays == "floats" and isinstance(value, np.ndarray):
        for strange in (np.nan, np.inf, -np.inf, 1e300):
            array = value.copy()
            array.flat[-1] = strange
            yield str(strange), array


# --- what may come out ----------------------------------------------------------------------------


def numbers(result: Any) -> list[np.ndarray]:
    """Every number in a result."""
    if isinstance(result, dict):
        return [a for part in result.values() for a in numbers(part)]
    if isinstance(result, tuple | list):
        return [a for part in result for a in numbers(part)]
    if isinstance(result, torch.nn.Module):
        return [p.detach().numpy() for p in result.parameters()]
    if isinstance(result, np.ndarray | int | float | np.generic):
        return [np.asarray(result)]
    return []


def finite(result: Any) -> bool:
    return all(np.isfinite(a).all() for a in numbers(result) if a.dtype.kind == "f")


def call(function: Callable, arguments: dict) -> tuple[Any, str]:
    """The result or the error, and what is wrong besides: a changed argument, a warning."""
    kept = {n: copy.deepcopy(numbers(a)) for n, a in arguments.items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            first, *_ = arguments.values() or [None]
            rest = dict(list(arguments.items())[1:])
            result = function(first, **rest) if arguments else function()  # singledispatch needs it
        except Exception as error:
            result = error
    for name, before in kept.items():
        for a, b in zip(numbers(arguments[name]), before, strict=True):
            if a.tobytes() != b.tobytes():
                return result, f"{name} was changed"
    # NumPy may warn of a number that is not finite, if it came in or goes out
    known = not finite(arguments) or not isinstance(result, Exception) and not finite(result)
    loud = [] if known else caught
    return result, f"warned: {loud[0].message}" if loud else ""


def complaint(names: list[str], error: Exception, allowed=REFUSED) -> str:
    """What is wrong with an error, or nothing."""
    text = str(error)
    if not isinstance(error, allowed):
        return f"{type(error).__name__}: {text}"
    if isinstance(error, REFUSED) and not (
        any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text) for n in names)
        and any(word in text for word in ("expected", "torch.nn", "same dtype"))
    ):
        return f"unclear {type(error).__name__}: {text}"
    return ""


@dataclass(frozen=True)
class Row:
    """A valid call of a function, made anew each time, and the kinds of its arguments."""

    function: Callable
    good: Callable[[], dict]
    kinds: dict[str, Kind]
    called: dict[str, str]  # arguments that errors call by another name
    may_raise: tuple = REFUSED  # of NaN and infinity


def sharers(kinds: dict[str, Kind], letter: str) -> list[str]:
    """Arguments and parts with an axis of this letter: of two that do not fit, either is named."""
    below = [name for kind in kinds.values() for name in sharers(kind.parts, letter)]
    return below + [name for name, kind in kinds.items() if letter in kind.letters.split()]


def problems(row: Row) -> list[str]:
    """Everything that a function does wrong."""
    good, clutter = call(row.function, row.good())
    if clutter or isinstance(good, Exception):
        return [f"valid call: {clutter or repr(good)}"]
    letters = [a for kind in row.kinds.values() for a in kind.every_letter()]
    called = {row.called.get(name, name): kind for name, kind in row.kinds.items()}
    found = []

    def note(what: str, *sayings: str) -> None:
        found.extend(f"{what}: {saying}" for saying in sayings if saying)

    for name, kind in row.kinds.items():
        value = row.good()[name]
        shown = [*kind.parts, *kind.partners, row.called.get(name, name)]
        for label, bad in bad_values(kind, value, lambda a: letters.count(a) > 1):
            result, clutter = call(row.function, row.good() | {name: bad})
            axis = re.match(r"axis (\d+) of size", label)
            also = sharers(called, kind.letters.split()[int(axis[1])]) if axis else []
            if isinstance(result, Exception):
                note(f"{name}, {label}", clutter, complaint([*shown, *also], result))
            else:
                note(f"{name}, {label}", clutter, "accepted")
        for label, same in same_values(kind, value):
            result, clutter = call(row.function, row.good() | {name: same})
            agrees = not isinstance(result, Exception) and all(
                np.allclose(a, b, rtol=1e-11, atol=1e-13)
                for a, b in zip(numbers(result), numbers(good), strict=True)
            )
            note(f"{name}, {label}", clutter, "" if agrees else f"not the same: {result!r:.90}")
        for label, strange in strange_values(kind, value):
            result, clutter = call(row.function, row.good() | {name: strange})
            note(f"{name}, {label}", clutter)
            if isinstance(result, Exception):
                note(f"{name}, {label}", complaint(shown, result, row.may_raise))
            elif (
                label.endswith("nan")
                and label.split(":")[0] not in kind.hidden
                and numbers(result)
                and finite(result)
            ):
                note(f"{name}, {label}", "a finite result hides it")
    return found


# --- the table ------------------------------------------------------------------------------------

ROWS: dict[str, Row] = {}


def row(function, good, /, *, called=None, may_raise=REFUSED, **kinds):
    place = f"{function.__module__.removeprefix('unrolled.')}.{function.__name__}"
    ROWS[place] = Row(function, good, kinds, called or {}, may_raise)


def rng():
    return np.random.default_rng(0)


def draw(*shape):
    return rng().standard_normal(shape)


def x():
    return draw(T, N, D)


def h0():
    return draw(N, H)


def dh():
    return draw(T, N, H)


def labels():
    return np.array([1, 0, 5])


def weights():
    return rnn.init(D, H, rng())


def tape():
    return rnn.forward(x(), h0(), weights())[1]


def lstm_weights():
    return lstm.init(D, H, rng())


def lstm_tape():
    return lstm.forward(x(), h0(), h0(), lstm_weights())[2]


def layers():
    return mlp.init((D, H, Q), rng(), scheme="xavier")


def both():
    return reader.init(D, H, Q, rng())


X, STATE, DH, CARRY = floats("T N D"), floats("N H"), floats("T N H"), floats("T", own_dtype=True)

# activations
for _a in activations.ACTIVATIONS.values():
    for _f in (_a.function, _a.derivative):
        row(_f, lambda f=_f: {"z": draw(T, N, D)}, z=Z)
row(activations.get, lambda: {"name": "tanh"}, called={"name": "activation"}, name=CHOICE)
row(
    activations.get_with_slope,
    lambda: {"name": "tanh"},
    called={"name": "activation"},
    name=Kind(wrong=(*CHOICE.wrong, "gelu")),
)

# axes: their argument `value` is called by the name that they are given
row(axes.check_size, lambda: {"name": "value", "value": 3}, name=ANY, value=SIZE)
row(axes.check_float, lambda: {"name": "dtype", "dtype": float}, name=ANY, dtype=DTYPE)
row(
    axes.check_floats,
    lambda: {"name": "value", "value": draw(3)},
    name=ANY,
    value=Kind("", (None, "text", 3), "floats"),
)
row(axes.check_function, lambda: {"name": "value", "value": abs}, name=ANY, value=FUNCTION)
row(
    axes.check_labels,
    lambda: {"name": "labels", "labels": labels(), "count": N, "classes": Q},
    name=ANY,
    count=Kind("N"),
    classes=ANY,
    labels=ints("N", (np.full(N, Q), np.full(N, -1))),
)
row(
    axes.check_classes,
    lambda: {"name": "labels", "labels": labels(), "classes": Q},
    name=ANY,
    classes=ANY,
    labels=ints("", (np.full(N, Q), np.full(N, -1))),
)
row(axes.check_generator, lambda: {"name": "value", "value": rng()}, name=ANY, value=RNG)

# rnn
row(
    rnn.init,
    lambda: {
        "input_size": D,
        "hidden_size": H,
        "rng": rng(),
        "dtype": float,
        "recurrent": "uniform",
        "gain": 1.0,
    },
    input_size=SIZE,
    hidden_size=SIZE,
    rng=RNG,
    dtype=DTYPE,
    recurrent=CHOICE,
    gain=number(0, -1.0, np.inf),
)
_forward = {"x": X, "h0": STATE, "params": RNN}
row(
    rnn.forward,
    lambda: {"x": x(), "h0": h0(), "params": weights(), "activation": "tanh"},
    **_forward,
    activation=Kind(wrong=(*CHOICE.wrong, "gelu")),
)
row(
    rnn.backward,
    lambda: {"dh": dh(), "tape": tape(), "carry": np.ones(T)},
    dh=DH,
    tape=TAPE,
    carry=optional(CARRY),
)
row(rnn.check_inputs, lambda: {"x": x(), "h0": h0(), "params": weights()}, **_forward)
row(rnn.check_params, lambda: {"params": weights(), "axes": None}, params=RNN, axes=ANY)
row(rnn.check_tape, lambda: {"tape": tape()}, tape=TAPE)
row(
    rnn.check_upstream,
    lambda: {"dh": dh(), "tape": tape(), "name": "dh"},
    dh=DH,
    tape=TAPE,
    name=ANY,
)
row(rnn.check_carry, lambda: {"carry": np.ones(T), "T": T}, carry=optional(CARRY), T=Kind("T"))

# lstm
row(
    lstm.init,
    lambda: {"input_size": D, "hidden_size": H, "rng": rng(), "dtype": float, "forget_bias": 1.0},
    input_size=SIZE,
    hidden_size=SIZE,
    rng=RNG,
    dtype=DTYPE,
    forget_bias=either("1", 1j, [1.0], np.nan, np.inf, True),
)
row(
    lstm.with_forget_bias,
    lambda: {"params": lstm_weights(), "value": 1.0},
    params=LSTM,
    value=number(np.inf),
)
row(
    lstm.chrono,
    lambda: {"params": lstm_weights(), "T": 9, "rng": rng()},
    params=LSTM,
    T=Kind(wrong=(*SIZE.wrong, 1, 2)),
    rng=RNG,
)
row(
    lstm.step,
    lambda: {"x": draw(N, D), "h": h0(), "c": h0(), "params": lstm_weights()},
    x=floats("N D"),
    h=STATE,
    c=STATE,
    params=LSTM,
)
row(
    lstm.forward,
    lambda: {"x": x(), "h0": h0(), "c0": h0(), "params": lstm_weights()},
    x=X,
    h0=STATE,
    c0=STATE,
    params=LSTM,
)
row(
    lstm.backward,
    lambda: {"dh": dh(), "dc_T": h0(), "tape": lstm_tape(), "carry": np.ones(T)},
    dh=DH,
    dc_T=STATE,
    tape=TAPE,
    carry=optional(CARRY),
)
row(lstm.gates, lambda: {"tape": lstm_tape()}, tape=TAPE)
row(lstm.step_jacobians, lambda: {"tape": lstm_tape()}, tape=TAPE)
row(
    lstm.split,
    lambda: {"stacked": draw(T, N, 4 * H)},
    stacked=Kind("", (None, "text", 3, draw(N, 6), np.zeros((N, 0)), np.float64(1)), "floats"),
)
row(lstm.check_params, lambda: {"params": lstm_weights(), "axes": None}, params=LSTM, axes=ANY)

# mlp
_layers = Kind("D Q", (None, 3, "text", (), [], (None,), {}))
_mlp = {"activation": CHOICE}
_bad_batches = (None, 3, (), (np.zeros((N, D)),), "ab", [1, 2, 3])
row(
    mlp.init,
    lambda: {"sizes": (D, H, Q), "rng": rng(), "scheme": "he", "dtype": float},
    sizes=Kind(wrong=(None, 3, "34", (), (3,), (3, 0), (3, -1), (3, 1.5), (3, None), {3, 4})),
    rng=RNG,
    scheme=CHOICE,
    dtype=DTYPE,
)
row(
    mlp.forward,
    lambda: {"x": draw(N, D), "params": layers(), "activation": "tanh"},
    x=floats("N D"),
    params=_layers,
    **_mlp,
)
row(
    mlp.backward,
    lambda: {"dy": draw(N, Q), "tape": mlp.forward(draw(N, D), layers(), "relu")[1]},
    dy=floats("N Q"),
    tape=Kind("N Q", TAPE.wrong),
)
row(
    mlp.loss_and_grads,
    lambda: {"params": layers(), "batch": (draw(N, D), labels()), "activation": "tanh"},
    params=_layers,
    batch=Kind(wrong=_bad_batches),
    **_mlp,
)
_labels = ints("N", (np.full(N, Q), np.full(N, -1)))
row(
    mlp.accuracy,
    lambda: {"params": layers(), "x": draw(N, D), "labels": labels(), "activation": "tanh"},
    params=_layers,
    x=floats("N D"),
    labels=_labels,
    **_mlp,
)
row(
    mlp.check_inputs, lambda: {"x": draw(N, D), "params": layers()}, x=floats("N D"), params=_layers
)

# readout
row(
    readout.init,
    lambda: {"hidden_size": H, "output_size": Q, "rng": rng(), "dtype": float},
    hidden_size=SIZE,
    output_size=SIZE,
    rng=RNG,
    dtype=DTYPE,
)


def out():
    return readout.init(H, Q, rng())


_h = Kind(
    "",
    (None, 3, "text", draw(H), draw(N, 1), draw(N, Q), draw(0, H), draw(1, T, N, H)),
    "floats",
    partners=("W_hy",),
)
row(
    readout.forward,
    lambda: {"h": dh(), "params": out()},
    h=_h,
    params=Kind("H", OUT.wrong, "", OUT.parts),
)
row(
    readout.backward,
    lambda: {"dy": draw(T, N, Q), "h": dh(), "params": out()},
    dy=Kind("T N Q", (None,), "floats"),
    h=_h,
    params=Kind("T N H", OUT.wrong, "", OUT.parts, hidden=("b_y",)),
)
row(readout.check_params, lambda: {"params": out(), "axes": None}, params=OUT, axes=ANY)
row(
    readout.check_inputs,
    lambda: {"h": dh(), "params": out()},
    h=_h,
    params=Kind("H", OUT.wrong, "", OUT.parts),
)

# losses
_y = Kind("", (None, 3, "text", draw(0, Q), draw(N, 0), draw(1, T, N, Q)), "floats")
row(losses.softmax, lambda: {"logits": draw(T, N, Q)}, logits=_y)
row(losses.log_softmax, lambda: {"logits": draw(T, N, Q)}, logits=_y)
row(
    losses.softmax_cross_entropy,
    lambda: {
        "logits": draw(N, Q),
        "targets": labels(),
        "reduction": "mean",
        "mask": np.array([True, True, True]),
    },
    logits=floats("N Q", partners=("mask",), own_dtype=True),
    targets=ints("N", (np.full(N, Q), np.full(N, -1)), lists=True),
    reduction=CHOICE,
    mask=Kind("N", ("text", 3, np.zeros(N, bool)), "bools"),
)
row(
    losses.squared_error,
    lambda: {
        "prediction": draw(N, Q),
        "target": draw(Q, N).T,
        "reduction": "sum",
        "mask": np.array([True] * N),
    },
    prediction=floats("N Q", partners=("target",)),
    target=floats("N Q"),
    reduction=CHOICE,
    mask=Kind("N", ("text", 3, np.zeros(N, bool)), "bools"),
)

# truncation
row(truncation.full, lambda: {"T": T}, T=SIZE)
row(truncation.every, lambda: {"T": T, "tau": 2}, T=SIZE, tau=SIZE)
row(
    truncation.randomized,
    lambda: {"T": T, "pi": 0.5, "rng": rng()},
    T=SIZE,
    pi=number(0, -1, 1.5, np.inf),
    rng=RNG,
)
row(truncation.segments, lambda: {"carry": np.array([1.0, 1, 0, 1, 1])}, carry=CARRY)
row(
    truncation.estimates,
    lambda: {"dh": dh(), "tape": tape(), "carries": np.ones((7, T))},
    dh=DH,
    tape=TAPE,
    carries=floats("S T", own_dtype=True),
)

# gradients
row(
    gradients.finite_differences,
    lambda: {"function": lambda a: float((a**2).sum()), "x": draw(N, D), "step": 1e-6},
    function=FUNCTION,
    x=Kind("", (None, 3, [1.0], draw(3).astype(np.float32)), "floats"),
    step=number(0, -1.0, np.inf),
)
row(
    gradients.lag_terms,
    lambda: {"dh": dh(), "tape": tape(), "count": 3},
    dh=DH,
    tape=TAPE,
    count=Kind(wrong=(*SIZE.wrong, T + 1)),
)
row(gradients.sliding, lambda: {"dh": dh(), "tape": tape(), "tau": 3}, dh=DH, tape=TAPE, tau=SIZE)
row(
    gradients.weight_shares,
    lambda: {"grads": rnn.backward(dh(), tape()), "tape": tape()},
    grads=Kind(wrong=TAPE.wrong),
    tape=TAPE,
)
row(gradients.step_jacobians, lambda: {"tape": tape()}, tape=TAPE)
row(
    gradients.jacobian_products,
    lambda: {"jacobians": draw(T, N, H, H)},
    jacobians=Kind("", (None, draw(H, H), draw(T, H, Q), draw(0, H, H), draw(T, 0, 0)), "floats"),
)
row(gradients.lag_matrix, lambda: {"dh": dh(), "tape": tape()}, dh=DH, tape=TAPE)
row(
    gradients.lyapunov_exponents,
    lambda: {
        "x": x(),
        "h0": h0(),
        "params": weights(),
        "count": 2,
        "skip": 1,
        "activation": "tanh",
    },
    **_forward,
    count=Kind(wrong=(*SIZE.wrong, H + 1)),
    skip=Kind(wrong=(-1, T, 1.5, "1", None, True)),
    activation=Kind(wrong=(*CHOICE.wrong, "gelu")),
    may_raise=(*REFUSED, FloatingPointError),
)
row(
    gradients.rate,
    lambda: {"norms": np.array([4.0, 2, 1])},
    norms=Kind("", (None, 3, np.ones(1), np.ones((3, 2)), np.zeros(3), -np.ones(3)), "floats"),
)
row(gradients.half_life, lambda: {"rate": 0.5}, rate=number(-1.0))
row(
    gradients.step_norms,
    lambda: {"array": draw(T, N, H)},
    array=Kind("", (None, 3, np.float64(1), draw(0, N), draw(T, 0)), "floats"),
)

# checkpointing
row(checkpointing.segment_length, lambda: {"T": T}, T=SIZE)
row(checkpointing.stored_states, lambda: {"T": T, "K": 2}, T=SIZE, K=SIZE)
row(
    checkpointing.backward,
    lambda: {"x": x(), "h0": h0(), "params": weights(), "dh": dh(), "activation": "tanh", "K": 2},
    **_forward,
    dh=DH,
    activation=Kind(wrong=(*CHOICE.wrong, "gelu")),
    K=Kind(wrong=NO_SIZE),
)

# sequences
row(
    sequences.pad, lambda: {"sequences": [draw(3, D), draw(T, D)]},
    sequences=Kind(
        wrong=(None, 3, "ab", [], draw(N, T, D), [draw(3, D), draw(3, 1)], [draw(3)], [[1.0]],
               [draw(3, D), draw(3, D).astype(np.float32)], [draw(0, D)], {"a": draw(3, D)})
    ),
)  # fmt: skip
LENGTHS = ints("N", (np.full(N, T + 1), np.zeros(N, int), -np.ones(N, int)))
MASK = Kind("T N", (None, "text", 3, np.zeros((T, N), bool), ~np.tri(T, N, dtype=bool)), "bools")
row(sequences.mask, lambda: {"lengths": np.array([5, 2, 3]), "T": T}, lengths=LENGTHS, T=SIZE)
row(
    sequences.last,
    lambda: {"h": dh(), "lengths": np.array([5, 2, 5])},
    h=floats("T N H", partners=("lengths",), own_dtype=True),
    lengths=LENGTHS,
)
row(
    sequences.forward,
    lambda: {"x": x(), "h0": h0(), "params": weights(), "mask": np.ones((T, N), bool)},
    **_forward,
    mask=MASK,
)
row(
    sequences.check_lengths,
    lambda: {"lengths": np.array([5, 2, 3]), "T": T, "N": N},
    lengths=LENGTHS,
    T=ANY,
    N=Kind("N"),
)
row(
    sequences.check_mask,
    lambda: {"mask": np.ones((T, N), bool), "shape": (T, N)},
    mask=MASK,
    shape=Kind("T N"),
)

# tasks
# what only rearranges images and labels leaves their dtype as it is
IMAGES = Kind("", (None, 3, "text", draw(8, 8), draw(0, 8, 8), draw(N, 8, 0), draw(N, 8).tolist()))
_draw = {"T": Kind(wrong=(*SIZE.wrong, 1)), "N": SIZE, "rng": RNG}
row(tasks.digits, lambda: {"rng": rng(), "test_size": 9}, rng=RNG,
    test_size=Kind(wrong=(*SIZE.wrong, 1797)))  # fmt: skip
row(tasks.rows, lambda: {"images": draw(N, 8, 8)}, images=IMAGES)
row(tasks.pixels, lambda: {"images": draw(N, 8, 8)}, images=IMAGES)
row(
    tasks.sequences_of_digits,
    lambda: {"images": draw(N, 8, 8), "labels": labels(), "T": T, "N": 4, "rng": rng()},
    images=Kind("", (*IMAGES.wrong, draw(4, 8, 8)), partners=("labels",)),
    labels=Kind("", (None, 3, "text", draw(1), draw(N, 1), draw(N + 1), draw(0))),
    T=SIZE, N=SIZE, rng=RNG,
)  # fmt: skip
row(
    tasks.last_even,
    lambda: {"labels": np.arange(6).reshape(3, 2)},
    labels=Kind(
        "T N", (None, "text", 3, np.full((2, 2), 10), np.full((2, 2), -1)), "ints", lists=True
    ),
)
row(tasks.number_name, lambda: {"number": 42},
    number=Kind(wrong=(-1, 100, 1.5, "3", None, True, [3])))  # fmt: skip
row(
    tasks.spell,
    lambda: {"words": ["two", "six"], "L": 6},
    words=Kind(wrong=(None, 3, "two", [], [""], ["A"], [3], [None], ["a."], [["a"]])),
    L=Kind(wrong=(*NO_SIZE, 3)),
)
row(
    tasks.words,
    lambda: {"places": np.array([[3, 4], [0, 5]])},
    places=Kind("L N", (None, "text", 3, np.full((2, 2), 99), np.full((2, 2), -1)), "ints"),
)
row(tasks.python_reference, dict)
row(
    tasks.one_hot,
    lambda: {"places": labels(), "size": 6},
    places=Kind("", (None, "text", 3, np.full(2, 6), np.full(2, -1)), "ints"),
    size=SIZE,
)
row(
    tasks.batches,
    lambda: {"size": 7, "batch_size": 3, "rng": rng()},
    size=SIZE,
    batch_size=SIZE,
    rng=RNG,
)
row(tasks.echo, lambda: {"T": T, "N": N, "lag": 2, "rng": rng()}, T=SIZE, N=SIZE, lag=SIZE, rng=RNG)
row(tasks.adding, lambda: {"T": T, "N": N, "rng": rng()}, **_draw)
row(tasks.temporal_order, lambda: {"T": T, "N": N, "rng": rng()}, **_draw)
row(
    tasks.latch,
    lambda: {"T": T, "N": N, "rng": rng(), "noise": 1.0},
    **_draw,
    noise=number(-1.0, np.inf),
)
row(
    tasks.copy,
    lambda: {"T": T, "N": N, "symbols": 2, "rng": rng(), "alphabet": 4},
    T=SIZE,
    N=SIZE,
    symbols=SIZE,
    rng=RNG,
    alphabet=Kind(wrong=(*SIZE.wrong, 1)),
)

# training
_no_tree = (None, 3, "text", [draw(3)], {"a": draw(3)}, (), (None,), draw(3).astype(int), 1j)
TREE = Kind(wrong=_no_tree)
row(
    training.tree_map,
    lambda: {"function": np.square, "tree": weights()},
    function=FUNCTION,
    tree=ANY,
)
row(training.check_tree, lambda: {"name": "tree", "tree": weights()}, name=ANY, tree=TREE)
row(training.leaves, lambda: {"tree": weights()}, tree=ANY)
row(training.global_norm, lambda: {"grads": (draw(3), (draw(2),))}, grads=TREE)
row(
    training.clip,
    lambda: {"grads": (draw(3), (draw(2),)), "max_norm": 1.0},
    grads=TREE,
    max_norm=ABOVE_0,
)
row(
    training.clip_by_value,
    lambda: {"grads": (draw(3), (draw(2),)), "limit": 1.0},
    grads=TREE,
    limit=ABOVE_0,
)
row(
    training.train,
    lambda: {
        "params": (draw(3),),
        "loss_and_grads": lambda p, b: (1.0, p),
        "batches": [1, 2],
        "optimizer": training.SGD(0.1),
        "max_norm": 1.0,
        "transform": None,
        "project": None,
        "label": "fuzz",
    },
    params=TREE,
    loss_and_grads=FUNCTION,
    batches=Kind(wrong=(None, 3)),
    optimizer=Kind(wrong=(None, 3, training.SGD)),
    max_norm=either("1", 0, -1.0, np.nan, True),
    transform=either(3, "text"),
    project=either(3, "text"),
    label=ANY,
)

# referee
row(
    referee.verify,
    lambda: {
        "x": x(),
        "h0": h0(),
        "params": weights(),
        "dh": dh(),
        "activation": "tanh",
        "carry": np.ones(T),
        "forward": rnn.forward,
        "backward": rnn.backward,
        "tolerance": 1e-10,
    },
    **_forward,
    dh=DH,
    activation=Kind(wrong=(*CHOICE.wrong, "gelu")),
    carry=optional(CARRY),
    forward=FUNCTION,
    backward=FUNCTION,
    tolerance=ABOVE_0,
)
row(
    referee.verify_lstm,
    lambda: {
        "x": x(),
        "h0": h0(),
        "c0": h0(),
        "params": lstm_weights(),
        "dh": dh(),
        "dc_T": h0(),
        "carry": np.ones(T),
        "forward": lstm.forward,
        "backward": lstm.backward,
        "tolerance": 1e-10,
    },
    x=X,
    h0=STATE,
    c0=STATE,
    params=LSTM,
    dh=DH,
    dc_T=STATE,
    carry=optional(CARRY),
    forward=FUNCTION,
    backward=FUNCTION,
    tolerance=ABOVE_0,
)
row(
    referee.autograd,
    lambda: {
        "x": x(),
        "h0": h0(),
        "params": weights(),
        "dh": dh(),
        "activation": "tanh",
        "carry": np.ones(T),
    },
    **_forward,
    dh=DH,
    activation=CHOICE,
    carry=optional(CARRY),
)
row(
    referee.autograd_lstm,
    lambda: {
        "x": x(),
        "h0": h0(),
        "c0": h0(),
        "params": lstm_weights(),
        "dh": dh(),
        "dc_T": h0(),
        "carry": np.ones(T),
    },
    x=X,
    h0=STATE,
    c0=STATE,
    params=LSTM,
    dh=DH,
    dc_T=STATE,
    carry=optional(CARRY),
)
row(
    referee.compare,
    lambda: {"ours": {"a": draw(3)}, "theirs": {"a": draw(3)}, "tolerance": 1e-10},
    ours=Kind(wrong=(None, 3, {}, {"b": draw(3)})),
    theirs=Kind(wrong=(None, 3, {}, {"b": draw(3)})),
    tolerance=ABOVE_0,
)
row(
    referee.to_torch,
    lambda: {"params": weights(), "activation": "tanh"},
    params=Kind("", RNN.wrong, "", RNN.parts),
    activation=Kind(wrong=CHOICE.wrong),
)
row(
    referee.from_torch,
    lambda: {"module": torch.nn.RNN(D, H, dtype=torch.float64)},
    module=Kind(
        wrong=(None, 3, torch.nn.GRU(D, H), torch.nn.RNN(D, H, num_layers=2), torch.nn.RNN)
    ),
)

# reader
row(
    reader.init,
    lambda: {"input_size": D, "hidden_size": H, "output_size": Q, "rng": rng(), "cell": rnn.init},
    input_size=SIZE,
    hidden_size=SIZE,
    output_size=SIZE,
    rng=RNG,
    cell=Kind(wrong=(None, 3, "rnn", lambda d, h, r: None)),
)
_reader = {"params": CELL, "activation": Kind(wrong=(*CHOICE.wrong, "gelu"))}
row(
    reader.states,
    lambda: {"params": both(), "x": x(), "activation": "tanh"},
    x=X,
    params=replace(CELL, hidden=("out",)),
    activation=_reader["activation"],
)
row(reader.answer, lambda: {"params": both(), "x": x(), "activation": "tanh"}, x=X, **_reader)
row(
    reader.accuracy,
    lambda: {"params": both(), "x": x(), "labels": labels(), "activation": "tanh"},
    x=X,
    labels=_labels,
    **_reader,
)
for _f in (reader.backward, reader.loss_and_grads):
    row(
        _f,
        lambda: {
            "params": both(),
            "batch": (x(), labels()),
            "activation": "tanh",
            "loss": "cross_entropy",
        },
        batch=Kind(wrong=_bad_batches),
        loss=CHOICE,
        **_reader,
    )


# flow: the model and what it is called with are the reader's own
def model():
    torch.manual_seed(0)
    return torch.nn.RNN(D, H)


for _f, _loss, _more in (
    (flow.gradient_flow, {"loss_fn": lambda y: (y[0] ** 2).sum()}, {}),
    (flow.lag_matrix, {"losses_fn": lambda y: (y[0] ** 2).sum(dim=(1, 2))}, {"rows": 2}),
):
    row(
        _f,
        lambda loss=_loss, more=_more: dict(
            model=model(), inputs=torch.ones(T, N, D), **loss, **more
        ),
        model=Kind(wrong=(None, 3, torch.nn.RNN, torch.nn.Linear(2, 2))),
        inputs=ANY,
        **{n: Kind(wrong=(None, 3, lambda y: None, lambda y: torch.ones(2, 2))) for n in _loss},
        **dict.fromkeys(_more, SIZE),
    )


# --- tests ----------------------------------------------------------------------------------------


def public_functions() -> dict[str, Callable]:
    """Every public function that a module of the package defines itself."""
    return {
        f"{module.__name__.removeprefix('unrolled.')}.{name}": function
        for module in MODULES
        for name, function in vars(module).items()
        if inspect.isfunction(inspect.unwrap(function))
        and function.__module__ == module.__name__
        and not name.startswith("_")
    }


def test_every_public_function_has_a_row():
    assert set(public_functions()) == set(ROWS)


@pytest.mark.parametrize("place", ROWS)
def test_every_argument_has_a_kind(place):
    wanted = {
        name
        for name, parameter in inspect.signature(ROWS[place].function).parameters.items()
        if parameter.kind is not parameter.VAR_POSITIONAL
    }
    optional_slope = {"slope"} if place.endswith("leaky_relu") else set()
    assert wanted - optional_slope == set(ROWS[place].kinds)


def strict(x, h0, scale):
    """As it should be."""
    axes_ = axes.Axes()
    axes_.check("x", x, "T N D")
    axes_.check("h0", h0, "N D")
    axes.check_size("scale", scale)
    return (x + h0) * scale


def stretches(x, h0, scale):
    axes.Axes().check("x", x, "T N D")
    axes.Axes().check("h0", h0, "N D")
    axes.check_size("scale", scale)
    return (x + resized(h0, 0, x.shape[1])) * scale


def adds_in_place(x, h0, scale):
    result = strict(x, h0, scale)
    if x.flags.writeable:
        x += 1
    return result


def warns(x, h0, scale):
    warnings.warn("old", stacklevel=1)
    return strict(x, h0, scale)


def hides_nan(x, h0, scale):
    return np.nan_to_num(strict(x, h0, scale), posinf=np.inf, neginf=-np.inf)


def trusts_the_memory(x, h0, scale):
    result = strict(x, h0, scale)
    return result if x.flags.c_contiguous else -result


def writes_to_its_input(x, h0, scale):
    result = strict(x, h0, scale)
    x[0] = x[0]
    return result


def takes_any_size(x, h0, scale):
    return strict(x, h0, 1) * (scale if isinstance(scale, int) else 1)


def converts(x, h0, scale):
    return strict(np.asarray(x, dtype=float) if isinstance(x, list) else x, h0, scale)


def says_little(x, h0, scale):
    try:
        return strict(x, h0, scale)
    except REFUSED:
        raise ValueError("bad input") from None


def names_none(x, h0, scale):
    try:
        return strict(x, h0, scale)
    except REFUSED:
        raise ValueError("an array was expected") from None  # no x stands alone in it


def falls_over(x, h0, scale):
    try:
        return strict(x, h0, scale)
    except REFUSED:
        raise IndexError("x: expected h0 scale") from None


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (stretches, "h0, axis 0 of size 1: accepted"),
        (adds_in_place, "x was changed"),
        (warns, "warned: old"),
        (hides_nan, "x, nan: a finite result hides it"),
        (trusts_the_memory, "x, Fortran order: not the same"),
        (writes_to_its_input, "x, read-only: not the same"),
        (takes_any_size, "scale, -1: accepted"),
        (takes_any_size, "scale, '3': accepted"),
        (converts, "x, list: accepted"),
        (says_little, "scale, 0: unclear ValueError"),
        (names_none, "x, None: unclear ValueError"),
        (falls_over, "x, None: IndexError"),
    ],
)
def test_a_lenient_function_is_caught(function, says):
    def good():
        return {"x": draw(T, N, D), "h0": draw(N, D), "scale": 2}

    kinds = {"x": X, "h0": floats("N D"), "scale": SIZE}
    assert problems(Row(strict, good, kinds, {})) == []
    assert says in "\n".join(problems(Row(function, good, kinds, {})))


@pytest.mark.parametrize("place", ROWS)
def test_bad_input_is_refused_and_good_input_counts_the_same(place):
    found = problems(ROWS[place])
    assert not found, "\n" + "\n".join(found)
