"""python -m unrolled: what it prints, what it returns, and whom it blames."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from unrolled.__main__ import main
from unrolled.exercises import catalogue, logbook

IMPORT = "from unrolled.exercises import check"
LESSON = [each for each in catalogue().values() if each.lesson == 2]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(logbook.VARIABLE, raising=False)


def write(path: str, *cells: str) -> None:
    kinds = [{"cell_type": "code", "source": [text]} for text in (IMPORT, *cells)]
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(json.dumps({"cells": kinds, "nbformat": 4}))


def lesson_2(*, passed: bool) -> list[str]:
    """Cells that check every exercise of lesson 2 with its reference, or leave it."""
    answer = "getattr(each, 'reference', None) or each.right" if passed else "..."
    return [
        "from unrolled.exercises import catalogue",
        f"for id, each in catalogue().items():\n    if id[0] == '2': check(id, {answer})",
    ]


# --- progress ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["--file", "variable", "here"])
def test_progress_prints_the_table_of_all_lessons(where, monkeypatch, capsys):
    path = Path("progress.json" if where == "here" else "mine.json").resolve()
    logbook.keep(path, "2.4", "passed")
    logbook.keep(path, "3.11", "raised")
    if where == "variable":
        monkeypatch.setenv(logbook.VARIABLE, str(path))
    assert main(["progress", *(["--file", str(path)] if where == "--file" else [])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("Lesson 2")] == ["Lesson 2: 1 of 9 passed"]
    assert "  ✓ 2.4 How many numbers does it learn?: passed" in lines
    assert "  ! 3.11 The smallest chunk: raised" in lines
    assert lines[-2:] == [f"Kept in {path}.", f"1 of {len(catalogue())} passed in all."]


def test_progress_before_anything_was_kept(capsys):
    assert main(["progress"]) == 0
    out = capsys.readouterr().out
    assert f"There is no {Path('progress.json').resolve()} yet." in out
    assert not list(Path().iterdir())


# --- one notebook --------------------------------------------------------------------------------


def test_one_notebook_is_reported_exercise_by_exercise(capsys):
    write("one.ipynb", 'check("2.4", 5322)', 'check("2.9", {"a"})', "1 / 0")
    assert main(["check", "one.ipynb"]) == 1
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if line[0] in "✓○✗!"]
    assert len(heads) == len(LESSON) == 9
    assert "✓ 2.4 How many numbers does it learn?: passed" in heads
    assert "✗ 2.9 What grows with T?: not yet" in heads
    assert lines[lines.index("✗ 2.9 What grows with T?: not yet") + 1].startswith("  ")
    assert "○ 2.1 Two steps by hand: not attempted" in heads
    assert lines[-2:] == [
        "one.ipynb: 1 of 9 passed",
        "  cell 4 raised ZeroDivisionError: division by zero",
    ]


# --- a class -------------------------------------------------------------------------------------


def test_a_class_gets_a_table_and_a_file(capsys):
    write("class/ada.ipynb", *lesson_2(passed=True))
    write("class/bob.ipynb", 'check("2.4", 1)', 'check("3.11", 10)')
    Path("class/eve.ipynb").write_text("{")
    command = ["check", "class", "--csv", "marks.csv", "--jobs", "2", "--lesson", "2"]
    assert main(command) == 1
    out, err = capsys.readouterr()
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if ".ipynb " in line}
    assert rows["ada.ipynb"] == [*"✓" * 9, "9", "of", "9"]
    assert rows["bob.ipynb"] == [*"○○○✗○○○○○", "0", "of", "9"]  # lesson 3 does not count
    assert rows["eve.ipynb"] == ["not", "judged"]
    assert "[3 of 3] eve.ipynb: not judged" in err
    with open("marks.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["notebook"], row["passed"], row["total"]) for row in table] == [
        ("ada.ipynb", "9", "9"),
        ("bob.ipynb", "0", "9"),
        ("eve.ipynb", "", ""),
    ]
    assert [each for each in table[0] if each[0].isdigit()] == [each.id for each in LESSON]


def test_all_passed_is_zero_and_the_command_works_as_a_module():
    write("class/ada.ipynb", *lesson_2(passed=True))
    command = [sys.executable, "-m", "unrolled", "check", "class"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (done.returncode, "9 of 9" in done.stdout) == (0, True)


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, blamed",
    [
        ([], "required: COMMAND"),
        (["chek"], "argument COMMAND: invalid choice: 'chek'"),
        (["check"], "required: path"),
        (["check", "nowhere"], "argument path: nowhere does not exist"),
        (["check", "empty"], "argument path: there is no notebook in empty"),
        (["check", "a.ipynb", "--timeout", "0"], "argument --timeout: 0 is not above 0"),
        (["check", "a.ipynb", "--timeout", "nan"], "argument --timeout: nan is not above 0"),
        (["check", "a.ipynb", "--timeout", "soon"], "argument --timeout: invalid"),
        (["check", "a.ipynb", "--memory", "-1"], "argument --memory: -1 is not above 0"),
        (["check", "a.ipynb", "--jobs", "0"], "argument --jobs: 0 is not above 0"),
        (["check", "a.ipynb", "--lesson", "7"], "argument --lesson: 7 is none of 1, 2, 3, 4, 5, 6"),
        (["check", "a.ipynb", "--csv", "no/where.csv"], "argument --csv: no/where.csv cannot"),
        (["check", "a.ipynb", "--csv", "empty"], "argument --csv: empty cannot be written"),
        (["progress", "--file", "none.json"], "argument --file: "),
        (["progress", "--file", "a.ipynb"], "is not a record of progress"),
        (["progress", "--file", "empty"], "is not a file"),
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_named(words, blamed, capsys):
    Path("empty").mkdir()
    write("a.ipynb", "1")
    with pytest.raises(SystemExit) as stopped:
        main(words)
    out, err = capsys.readouterr()
    assert stopped.value.code == 2 and blamed in err and not out


@pytest.mark.parametrize("words", [[], ["check"], ["progress"]], ids=str)
def test_help(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    out = capsys.readouterr().out
    assert stopped.value.code == 0
    assert ("exit codes: 0" in out) == bool(words)
    assert max(map(len, out.splitlines())) < 90
