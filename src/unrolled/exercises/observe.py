"""Run a learner's function where it can do no harm, and note what it did.

It gets copies of the arguments, in a worker thread with a time limit; what it prints is swallowed,
what it raises is noted with the line it came from, and its arguments are compared afterwards.
"""

from __future__ import annotations

import contextlib
import contextvars
import copy
import ctypes
import functools
import io
import linecache
import re
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .model import Case


class Fault(NamedTuple):
    """An exception, in words that are the same on every run."""

    kind: str
    text: str
    place: str  # the learner's own line, or ""


class Seen(NamedTuple):
    """What a function did on one case."""

    value: Any = None
    fault: Fault | None = None
    changed: tuple[str, ...] = ()  # arguments it changed in place
    steady: bool = True  # the same when called again


class Observation(NamedTuple):
    """What a function did on all cases; fewer than there are if it did not end in time."""

    seen: tuple[Seen, ...]
    ended: bool
    printed: bool
    warned: tuple[str, ...]


def observe(
    function: Callable[..., Any], cases: Sequence[Case], seconds: float = 0, owner: Any = None
) -> Observation:
    """Call `function` twice on every case. No limit of time if `seconds` is 0.

    `owner` is the learner's object whose lines an error is traced to, if it is not `function`.
    """
    seen: list[Seen] = []
    author = function if owner is None else owner

    def work() -> None:
        for case in cases:
            first, again = (call(function, case, author) for _ in range(2))
            seen.append(first._replace(steady=behaves_like(first, again)))

    with (
        contextlib.redirect_stdout(Silence()) as silence,
        contextlib.redirect_stderr(silence),
        gaps_marked(),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        ended = within(seconds, work)
    texts = {str(each.message) for each in caught if each.category is RuntimeWarning}
    texts = {text for text in texts if "matmul" not in text}  # some BLAS warn there for nothing
    return Observation(tuple(seen), ended, silence.broken, tuple(sorted(texts)))


def call(function: Callable[..., Any], case: Case, owner: Any) -> Seen:
    """One call with fresh copies of the case's arguments."""
    args = copy.deepcopy(case.args)
    value = fault = None
    try:
        value = function(*args.values())
    except BaseException as error:
        on_main = threading.current_thread() is threading.main_thread()
        if isinstance(error, OutOfTime) or (isinstance(error, KeyboardInterrupt) and on_main):
            raise
        fault = describe(error, getattr(owner, "__module__", None))
    before, after = (dict(leaves("", each)) for each in (case.args, args))
    names = [*before, *(name for name in after if name not in before)]
    changed = (name for name in names if not unchanged(before.get(name), after.get(name)))
    return Seen(value, fault, tuple(changed))


def describe(error: BaseException, module: str | None) -> Fault:
    """The error with the last line that was executed in `module`, counted from its `def`."""
    steps = traceback.walk_tb(error.__traceback__)
    own = [(f.f_code, number) for f, number in steps if f.f_globals.get("__name__") == module]
    place = ""
    if own:
        code, number = own[-1]
        line = linecache.getline(code.co_filename, number).strip()
        place = f"line {number - code.co_firstlineno + 1} of `{code.co_name}`: `{line}`"
    text = re.sub(r"0x[0-9a-fA-F]+", "0x...", str(error))  # addresses change from run to run
    return Fault(type(error).__name__, text if len(text) <= 300 else text[:300] + " ...", place)


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The arrays and other single values inside an argument, by name: `params.W_hh`."""
    if isinstance(value, Mapping):
        parts = {f"{name}[{key!r}]" if name else str(key): part for key, part in value.items()}
    elif hasattr(value, "_fields"):
        parts = {f"{name}.{field}": getattr(value, field) for field in value._fields}
    elif isinstance(value, list | tuple):
        parts = {f"{name}[{i}]": part for i, part in enumerate(value)}
    else:
        parts = {}
        yield name, value
    for each, part in parts.items():
        yield from leaves(each, part)


def unchanged(before: Any, after: Any) -> bool:
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and before.tobytes() == after.tobytes()
    return not isinstance(before, int | float | str) or before == after


def behaves_like(one: Seen, other: Seen, tolerance: float = 1e-9) -> bool:
    """Same error, same changed arguments, same values."""
    same_error = (one.fault or ())[:2] == (other.fault or ())[:2]  # wherever it was raised
    return same_error and one.changed == other.changed and alike(one.value, other.value, tolerance)


LARGEST = 10**7  # elements; of larger results only the shape is compared


def alike(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(alike(a, b, tolerance) for a, b in pairs)
    numbers = (np.ndarray, np.generic, int, float, complex)
    if isinstance(one, numbers) and isinstance(other, numbers):
        if np.size(one) > LARGEST:
            return np.shape(one) == np.shape(other)
        return same(np.asarray(one), np.asarray(other), tolerance)
    return type(one) is type(other)


def same(got: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    return got.shape == want.shape and not differs(got, want, tolerance).any()


def differs(got: np.ndarray, want: np.ndarray, tolerance: float) -> np.ndarray:
    """Where two arrays of one shape differ by more than rounding; the scale is `want`'s largest."""
    if not {got.dtype.kind, want.dtype.kind} <= set("biufc"):
        return np.full(want.shape, got.dtype != want.dtype)
    if want.dtype.kind in "bi":
        return np.asarray(got != want)
    scale = np.abs(want[np.isfinite(want)]).max(initial=0) or 1.0
    return ~np.isclose(got, want, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


@contextlib.contextmanager
def gaps_marked() -> Iterator[None]:
    """`np.empty` and `np.empty_like` give NaN, or the smallest integer, for as long as this lasts.

    Else an array that a function forgot to fill may hold what was right a moment ago.
    """
    plain = np.empty, np.empty_like

    def marked(make: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
        @functools.wraps(make)
        def made(*args: Any, **options: Any) -> np.ndarray:
            array = make(*args, **options)
            if array.dtype.kind in "fc":
                array.fill(np.nan)
            elif array.dtype.kind in "iu":
                array.fill(np.iinfo(array.dtype).min)
            return array

        return made

    np.empty, np.empty_like = map(marked, plain)
    try:
        yield
    finally:
        np.empty, np.empty_like = plain


class Silence(io.TextIOBase):
    """A stream that keeps nothing, but knows that it was written to."""

    broken = False

    def write(self, text: str) -> int:
        self.broken = True
        return len(text)


class OutOfTime(BaseException):
    """Raised inside a learner's function to end it."""


def within(seconds: float, work: Callable[[], None]) -> bool:
    """Whether `work` ended within the time; it is stopped if not, or if the reader interrupts."""
    if not seconds:
        work()
        return True

    errors: list[BaseException] = []
    finished = threading.Event()  # not `join`: after Ctrl-C, Python takes the thread for ended

    def worker() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(worker,), daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no threads here (a browser): then no limit either
        return within(0, work)
    end = time.monotonic() + seconds
    try:
        while not finished.wait(0.1) and time.monotonic() < end:
            pass  # short waits, so that Ctrl-C is heard on every system
        ended = finished.is_set()
    finally:
        stop(thread, finished)
    if ended and errors:
        raise errors[0]
    return ended


def stop(thread: threading.Thread, finished: threading.Event) -> None:
    """End a thread that runs Python code; one that waits inside a C function ends after that."""
    for _ in range(50):  # again and again, in case it catches everything
        if finished.is_set():
            return
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(OutOfTime))
        finished.wait(0.02)
