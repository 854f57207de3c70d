"""The command line: ``python -m unrolled progress`` and ``python -m unrolled check``."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

PROGRESS = """\
Print every exercise of every lesson, with what was passed.

`check` keeps what was passed if the environment variable UNROLLED_PROGRESS names
a file."""

CHECK = """\
Run a notebook and say of every exercise: passed, not yet, raised or not attempted.
For a folder, do so with every notebook in it and below, and print a table.

Each notebook runs in a process of its own, in an empty folder. A cell that raises
does not stop those after it. If an exercise is checked several times, the latest
attempt counts. Answers that pass are judged again outside that process. This is no
wall against an attacker: the notebook runs with your rights."""

CODES = """\
exit codes: 0 every exercise passed; 1 some did not, or a notebook could not be
run to its end; 2 an argument is wrong; 130 interrupted."""


def parser() -> argparse.ArgumentParser:
    main = argparse.ArgumentParser(
        prog="python -m unrolled", description="The exercises of the course, outside a notebook."
    )
    commands = main.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str, epilog: str | None = None) -> argparse.ArgumentParser:
        plain = argparse.RawDescriptionHelpFormatter
        brief = text.splitlines()[0]
        return commands.add_parser(
            name, help=brief, description=text, epilog=epilog, formatter_class=plain
        )

    show = command("progress", PROGRESS, "exit codes: 0; 2 the file cannot be used.")
    show.add_argument(
        "--file", type=Path, help="the file; without it UNROLLED_PROGRESS, or progress.json here"
    )
    show.set_defaults(run=progress)

    check = command("check", CHECK, CODES)
    check.add_argument("path", type=Path, help="a notebook, or a folder of notebooks")
    check.add_argument("--csv", type=Path, metavar="FILE", help="write a table to this file too")
    lesson = "count the exercises of this lesson alone"
    check.add_argument("--lesson", type=int, metavar="N", help=lesson)
    default = "(default: %(default)s)"
    check.add_argument(
        "--timeout",
        type=positive,
        default=300.0,
        metavar="S",
        help=f"seconds for a notebook {default}",
    )
    check.add_argument(
        "--memory",
        type=positive,
        default=8.0,
        metavar="GB",
        help=f"address space for a notebook {default}; not on Windows",
    )
    check.add_argument(
        "--jobs", type=count, default=1, metavar="N", help=f"notebooks at the same time {default}"
    )
    check.set_defaults(run=check_notebooks)
    return main


def positive(text: str) -> float:
    """A number above 0 for argparse."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def count(text: str) -> int:
    """A whole number above 0 for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def progress(given: argparse.Namespace, wrong: Callable[[str], NoReturn]) -> int:
    from unrolled.exercises import catalogue, logbook
    from unrolled.exercises.report import NOT_ATTEMPTED, Progress

    named = os.environ.get(logbook.VARIABLE) or logbook.NAME
    path = (given.file or Path(named)).expanduser().resolve()
    if given.file and not path.exists():
        wrong(f"argument --file: {path} does not exist")
    try:
        kept = logbook.statuses(path)
    except (OSError, logbook.Unreadable) as problem:
        wrong(f"argument --file: {problem}")
    note = f"Kept in {path}." if path.exists() else f"There is no {path} yet."
    rows = ((each, kept.get(id, NOT_ATTEMPTED)) for id, each in catalogue().items())
    print(table := Progress(tuple(rows), note))
    done = sum(status == "passed" for _, status in table.rows)
    print(f"{done} of {len(table.rows)} passed in all.")
    return 0


def check_notebooks(given: argparse.Namespace, wrong: Callable[[str], NoReturn]) -> int:
    from unrolled.classroom import Limits, mark_all, tables
    from unrolled.classroom.notebooks import find
    from unrolled.exercises import catalogue

    many = given.path.is_dir()
    if not many and not given.path.exists():
        wrong(f"argument path: {given.path} does not exist")
    paths = find(given.path) if many else [given.path]
    if not paths:
        wrong(f"argument path: there is no notebook in {given.path}")
    lessons = sorted({exercise.lesson for exercise in catalogue().values()})
    if given.lesson not in (None, *lessons):
        wrong(f"argument --lesson: {given.lesson} is none of {', '.join(map(str, lessons))}")
    if given.csv:
        try:
            open(given.csv, "a").close()  # say so now, not after an hour
        except OSError as problem:
            wrong(f"argument --csv: {given.csv} cannot be written: {problem.strerror}")
    if os.name == "nt":
        print("On Windows the memory of a notebook is not limited.", file=sys.stderr)

    limits = Limits(seconds=given.timeout, memory=int(given.memory * 1e9))
    marks = []
    for mark in mark_all(paths, limits, given.jobs, given.lesson, given.path if many else None):
        marks.append(mark)
        if many:
            line = f"[{len(marks)} of {len(paths)}] {mark.name}: {tables.count(mark)}"
            print(line, file=sys.stderr, flush=True)
    print(tables.table(marks) if many else tables.one(marks[0]))
    if common := tables.common(marks):
        print(f"\nWhat several answers have in common\n{common}")
    if given.csv:
        tables.write_csv(marks, given.csv)
    return 0 if all(mark.complete for mark in marks) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # no ✓ on old Windows
    reader = parser()
    given = reader.parse_args(arguments)
    try:
        return given.run(given, reader.error)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
