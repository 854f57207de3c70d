"""What a teacher sees: a table of the class, what goes wrong most often, and a CSV file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from unrolled.exercises import catalogue
from unrolled.exercises.report import NOT_ATTEMPTED, SYMBOLS

from .marking import Mark


def one(mark: Mark) -> str:
    """Every exercise of one notebook, with the lines of its check."""
    lines = [repr(result) for result in mark.results.values()]
    total = f"{mark.name}: {mark.passed} of {len(mark.results)} passed"
    return "\n".join([*lines, total, *(f"  {note}" for note in mark.notes)])


def columns(marks: Sequence[Mark]) -> list[str]:
    """The exercises that occur, in the order of the course."""
    return [id for id in catalogue() if any(id in mark.results for mark in marks)]


def table(marks: Sequence[Mark]) -> str:
    """One row a notebook, one column an exercise; then how many passed each; then the notes."""
    ids = columns(marks)
    head = ["notebook", *ids, "passed"]
    rows = [[mark.name, *(symbol(mark, id) for id in ids), count(mark)] for mark in marks]
    sums = [sum(mark.results[id].passed for mark in marks if id in mark.results) for id in ids]
    grid = [head, *rows, [f"passed, of {len(marks)}", *map(str, sums), ""]]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in grid]
    lines += ["", "   ".join(f"{sign} {word}" for word, sign in SYMBOLS.items())]
    notes = [f"{mark.name}: {note}" for mark in marks for note in mark.notes]
    lines += ["", "Notes", *notes] if notes else []
    return "\n".join(lines)


def symbol(mark: Mark, id: str) -> str:
    return SYMBOLS[mark.results[id].status] if id in mark.results else ""


def count(mark: Mark) -> str:
    return f"{mark.passed} of {len(mark.results)}" if mark.results else "not judged"


def common(marks: Sequence[Mark], most: int = 10) -> str:
    """The first lines of wrong answers that stand in two notebooks or more, the commonest first."""
    tried = [r for mark in marks for r in mark.results.values() if r.status != NOT_ATTEMPTED]
    wrong = [result for result in tried if not result.passed and result.lines]
    counts = Counter((result.exercise.id, result.lines[0]) for result in wrong)
    often = [(pair, n) for pair, n in counts.most_common() if n > 1][:most]
    return "\n".join(f"{n} x {id}  {line.splitlines()[0]}" for (id, line), n in often)


def write_csv(marks: Sequence[Mark], path: Path) -> None:
    """One row a notebook: its name, passed, total, each exercise's status in words, the note."""
    ids = columns(marks)
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["notebook", "passed", "total", *ids, "note"])
        for mark in marks:
            words = [mark.results[id].status if id in mark.results else "" for id in ids]
            totals = [mark.passed, len(mark.results)] if mark.results else ["", ""]
            note = "; ".join(mark.notes).replace("\n", " ")
            rows.writerow([harmless(mark.name), *totals, *words, harmless(note)])


def harmless(text: str) -> str:
    """A spreadsheet takes a text that begins like this for a formula: an apostrophe prevents it."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
