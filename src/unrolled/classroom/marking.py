"""Start a process for each notebook, stop it at its limits, and judge what it handed in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.exercises import catalogue
from unrolled.exercises.model import Exercise
from unrolled.exercises.report import NOT_ATTEMPTED, NOT_YET, PASSED, SYMBOLS, Result

from .handed_in import is_right
from .notebooks import Cells, Unreadable, checked, code_cells, peeks

OFTEN = 3  # answers to one exercise; more of them are worth a note
Event = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What one notebook may use."""

    seconds: float = 300.0  # from start to end, the imports included
    memory: int = 8_000_000_000  # bytes of address space; torch alone reserves some
    file: int = 50_000_000  # bytes of any one file it writes


class Attempt(NamedTuple):
    """What happened while a notebook ran."""

    events: Sequence[Event]
    ending: str = ""  # why it did not come to its end, or ""


class Mark(NamedTuple):
    """What one notebook is worth."""

    name: str
    results: Mapping[str, Result]  # of every exercise of its lessons, in order
    notes: tuple[str, ...] = ()
    ran: bool = True  # whether it could be read and came to its end

    @property
    def passed(self) -> int:
        return sum(result.passed for result in self.results.values())

    @property
    def complete(self) -> bool:
        """Whether all is well: it ran, and every exercise passed."""
        return self.ran and 0 < len(self.results) == self.passed


def mark(path: Path, limits: Limits = Limits(), lesson: int | None = None) -> Mark:
    """Run one notebook and judge its exercises, or those of one lesson."""
    return next(mark_all([path], limits, lesson=lesson))


def mark_all(
    paths: Sequence[Path],
    limits: Limits = Limits(),
    jobs: int = 1,
    lesson: int | None = None,
    root: Path | None = None,
) -> Iterator[Mark]:
    """The marks in the order of the paths, each as soon as it is known.

    Parameters
    ----------
    paths: the notebooks.
    limits: what each of them may use.
    jobs: how many run at the same time.
    lesson: only exercises of this lesson count; None: those of the lessons that are checked.
    root: the names of the notebooks are relative to this folder.
    """
    running: set[subprocess.Popen] = set()
    pool = ThreadPoolExecutor(jobs)
    try:
        read = [cells_or_reason(path) for path in paths]
        waiting = [
            pool.submit(attempt_or_reason, cells, limits, running)
            if isinstance(cells, list)
            else None
            for cells in read
        ]
        for path, cells, future in zip(paths, read, waiting, strict=True):
            name = str(path.relative_to(root) if root else path)
            if future is None:
                yield Mark(plain(name), {}, (cells,), ran=False)
            else:
                yield judged(plain(name), cells, future.result(), lesson)
    finally:  # after Ctrl-C too
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(running):
            end(process)


def cells_or_reason(path: Path) -> Cells | str:
    try:
        return code_cells(path)
    except Unreadable as reason:
        return str(reason)


# --- the process of one notebook -----------------------------------------------------------------


def attempt_or_reason(cells: Cells, limits: Limits, running: set[subprocess.Popen]) -> Attempt:
    try:
        return attempt(cells, limits, running)
    except OSError as problem:  # no more processes, a full disk
        return Attempt((), f"could not be run: {problem.strerror or problem}")


def attempt(cells: Cells, limits: Limits, running: set[subprocess.Popen]) -> Attempt:
    """Run the cells in a process of their own, in an empty folder that is removed afterwards."""
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="unrolled-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        work, orders = folder / "work", folder / "orders.json"
        work.mkdir()
        log = stack.enter_context(open(folder / "log", "w+b"))  # ours, whatever becomes of its name
        most = {"memory": limits.memory, "size": limits.file}
        content = {"cells": cells, "limits": most, "log": log.name}
        orders.write_text(json.dumps(content), encoding="utf-8")

        process = start(orders, work)
        running.add(process)
        try:
            code = process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end(process)
            running.discard(process)
        events = list(events_of(log.read(limits.file)))
    return Attempt(events, ending(events, code, limits))


def start(orders: Path, work: Path) -> subprocess.Popen:
    """A process in a group of its own, which hears nothing and whose output goes nowhere."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("UNROLLED_")}
    env.update(UNROLLED_QUIET="1", MPLBACKEND="agg", OMP_NUM_THREADS="1", PYTHONUTF8="1")
    env.update(IPYTHONDIR=str(work), TMPDIR=str(work))
    nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    command = [sys.executable, "-m", "unrolled.classroom.run", str(orders)]
    return subprocess.Popen(command, cwd=work, env=env, start_new_session=True, **nowhere)


def end(process: subprocess.Popen) -> None:
    """End the process and all that it started in its group."""
    if os.name == "nt":
        words = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(words, capture_output=True, check=False)
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def events_of(log: bytes) -> Iterator[Event]:
    """What the process wrote down, as far as it can be understood."""
    for line in log.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def ending(events: Sequence[Event], code: int | None, limits: Limits) -> str:
    """Why the notebook did not come to its end, or ""."""
    if code is not None and any(event.get("end") is True for event in events):
        return ""
    cells = [each["cell"] for each in events if isinstance(each.get("cell"), int)]
    where = f"in cell {cells[-1]}" if cells else "before its first cell"
    if code is None:
        return f"stopped after {limits.seconds:g} s, {where}; no later cell ran"
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"its process ended {where} ({how}); no later cell ran"


# --- the marks -----------------------------------------------------------------------------------


def judged(name: str, cells: Cells, attempt: Attempt, lesson: int | None) -> Mark:
    """For each exercise the latest attempt counts; an unfinished one takes nothing back."""
    exercises, events = catalogue(), attempt.events
    tries = [e for e in events if isinstance(e.get("check"), str) and e["check"] in exercises]
    tries = [e for e in tries if e.get("status") in SYMBOLS and e["status"] != NOT_ATTEMPTED]
    latest = {event["check"]: event for event in tries}
    begun = {exercises[id].lesson for id in {*checked(cells), *latest} if id in exercises}
    lessons = begun if lesson is None else {lesson}
    results = {
        id: outcome(exercise, latest.get(id))
        for id, exercise in exercises.items()
        if exercise.lesson in lessons
    }
    counts = Counter(event["check"] for event in tries if event["check"] in results)
    notes = [
        attempt.ending,
        "" if lesson is None or lesson in begun else f"checks no exercise of lesson {lesson}",
        "" if results else "checks no exercise",
        trouble(events),
        *(f"{id} answered {n} times" for id, n in counts.items() if n > OFTEN),
        named("names the exercises' own answers in", peeks(cells)),
    ]
    return Mark(name, results, tuple(filter(None, notes)), ran=not attempt.ending)


def outcome(exercise: Exercise, event: Event | None) -> Result:
    """What an answer is worth: a wrong one as its process says, a right one judged again here."""
    if event is None:
        return Result(exercise, NOT_ATTEMPTED)
    lines = event.get("lines")
    lines = tuple(plain(str(line)) for line in lines[:20]) if isinstance(lines, list) else ()
    if event["status"] == PASSED and not is_right(exercise, event.get("answer")):
        lines = ("It passed inside the notebook, but not when judged again outside it.",)
        return Result(exercise, NOT_YET, lines)
    return Result(exercise, event["status"], lines)


def trouble(events: Sequence[Event]) -> str:
    """Which cells raised."""
    cell, raised = 0, []
    for event in events:
        cell = event["cell"] if isinstance(event.get("cell"), int) else cell
        if isinstance(event.get("raised"), str):
            raised.append((cell, event["raised"]))
    if not raised:
        return ""
    more = named("; so did", [number for number, _ in raised[1:]])
    return plain(f"cell {raised[0][0]} raised {raised[0][1]}".replace("\n", " "), 200) + more


def named(text: str, cells: Sequence[int]) -> str:
    """The text with numbers of cells, or "" if there are none."""
    shown = ", ".join(map(str, cells[:5])) + (" and others" if len(cells) > 5 else "")
    return f"{text} cell{'s' * (len(cells) > 1)} {shown}" if cells else ""


def plain(text: str, most: int = 2000) -> str:
    """Text of a notebook for a terminal: without control characters, and not too long."""
    text = text[:most].encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
