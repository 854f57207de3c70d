"""What the reader sees: text first, and the same as accessible HTML. No times, no addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from .model import Exercise

PASSED, NOT_ATTEMPTED, NOT_YET, RAISED = "passed", "not attempted", "not yet", "raised"
SYMBOLS = {PASSED: "✓", NOT_ATTEMPTED: "○", NOT_YET: "✗", RAISED: "!"}


def rich(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)).replace("\n", "<br/>")


def block(kind: str, label: str, inside: str) -> str:
    return f'<div class="unrolled-{kind}" role="group" aria-label="{escape(label)}">{inside}</div>'


class Map(NamedTuple):
    """Where an array is wrong: one row per step, one column per unit; never what is right."""

    caption: str
    rows: Sequence[str]
    columns: Sequence[str]
    wrong: Sequence[Sequence[bool]]

    def __str__(self) -> str:
        width = max(map(len, self.rows))
        lines = (
            f"  {row:<{width}}  " + " ".join(".x"[cell] for cell in cells)
            for row, cells in zip(self.rows, self.wrong, strict=True)
        )
        return "\n".join([f"{self.caption} (. right, x wrong)", *lines])

    def html(self) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(row)}</th>'
            + "".join("<td>wrong</td>" if cell else "<td>right</td>" for cell in cells)
            + "</tr>"
            for row, cells in zip(self.rows, self.wrong, strict=True)
        )
        return (
            f'<table class="unrolled-map"><caption>{rich(self.caption)}</caption>'
            f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


class Result(NamedTuple):
    """The outcome of a check: `status` is passed, not attempted, not yet or raised."""

    exercise: Exercise
    status: str
    lines: tuple[str, ...] = ()
    map: Map | None = None

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    @property
    def head(self) -> str:
        return f"{SYMBOLS[self.status]} {self.exercise.id} {self.exercise.title}: {self.status}"

    def __repr__(self) -> str:
        parts = [*self.lines, *([str(self.map)] if self.map else [])]
        return "\n".join([self.head, *("  " + part.replace("\n", "\n  ") for part in parts)])

    def _repr_html_(self) -> str:
        inside = f"<p><strong>{rich(self.head)}</strong></p>"
        inside += "".join(f"<p>{rich(line)}</p>" for line in self.lines)
        inside += self.map.html() if self.map else ""
        kind = "result unrolled-" + self.status.replace(" ", "-")
        return block(kind, f"Check of exercise {self.exercise.id}: {self.status}", inside)


class Hint(NamedTuple):
    """One of an exercise's hints."""

    exercise: Exercise
    number: int

    @property
    def lines(self) -> tuple[str, str, str]:
        exercise, number, total = self.exercise, self.number, len(self.exercise.hints)
        more = f'`hint("{exercise.id}", {number + 1})` says more' if number < total else "The last"
        return (
            f"Hint {number} of {total} for {exercise.id} {exercise.title}",
            exercise.hints[number - 1],
            f"{more}; the page of solutions explains it all.",
        )

    def __repr__(self) -> str:
        return "\n  ".join(self.lines)

    def _repr_html_(self) -> str:
        head, *rest = map(rich, self.lines)
        paragraphs = "".join(f"<p>{line}</p>" for line in rest)
        inside = f"<p><strong>{head}</strong></p>{paragraphs}"
        return block("hint", f"Hint {self.number} for exercise {self.exercise.id}", inside)


class Progress(NamedTuple):
    """The exercises of the lessons that were begun, each with its status; where that is kept."""

    rows: tuple[tuple[Exercise, str], ...]
    note: str = ""

    def lessons(self) -> dict[str, list[tuple[Exercise, str]]]:
        """The rows of each lesson, under a heading with the count."""
        table: dict[int, list[tuple[Exercise, str]]] = {}
        for exercise, status in self.rows:
            table.setdefault(exercise.lesson, []).append((exercise, status))
        done = {n: sum(status == PASSED for _, status in rows) for n, rows in table.items()}
        return {f"Lesson {n}: {done[n]} of {len(rows)} passed": rows for n, rows in table.items()}

    def __repr__(self) -> str:
        lines = []
        for head, rows in self.lessons().items():
            lines.append(head)
            lines += [f"  {SYMBOLS[s]} {each.id} {each.title}: {s}" for each, s in rows]
        lines = lines or ["No exercise has been checked yet."]
        return "\n".join([*lines, self.note] if self.note else lines)

    def _repr_html_(self) -> str:
        if not self.rows:
            return block("progress", "Progress", f"<p>{rich(repr(self))}</p>")
        columns = ("Exercise", "Difficulty, 1 to 3", "Minutes", "Status")
        head = "".join(f'<th scope="col">{name}</th>' for name in columns)
        tables = ""
        for caption, rows in self.lessons().items():
            body = "".join(
                f'<tr><th scope="row">{rich(f"{each.id} {each.title}")}</th>'
                f"<td>{each.difficulty}</td><td>{each.minutes}</td>"
                f"<td>{SYMBOLS[status]} {status}</td></tr>"
                for each, status in rows
            )
            tables += (
                f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
                f"<tbody>{body}</tbody></table>"
            )
        note = f"<p>{rich(self.note)}</p>" if self.note else ""
        return block("progress", "Progress", tables + note)
