"""The reader's file of progress: what is kept, what is left alone, and who may write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from unrolled import exercises
from unrolled.exercises import check, logbook, progress

RIGHT = {"2.4": 5322, "3.11": 10, "5.1": 52224}  # exercises that ask for one number


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch):
    """Call it to begin a new session."""

    def begin() -> None:
        for name, empty in (("record", {}), ("shown", {}), ("told", set())):
            monkeypatch.setattr(exercises, name, empty)

    monkeypatch.delenv("UNROLLED_STRICT", raising=False)
    monkeypatch.delenv(logbook.VARIABLE, raising=False)
    begin()
    return begin


@pytest.fixture
def file(session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv(logbook.VARIABLE, str(path))
    return path


def entries(file: Path) -> dict[str, str]:
    content = json.loads(file.read_text(encoding="utf-8"))
    return {id: entry["status"] for id, entry in content["exercises"].items()}


# --- nothing is kept unasked ---------------------------------------------------------------------


def test_without_the_variable_a_file_is_neither_read_nor_written(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fresh = repr(check("2.4", ...)), repr(progress()), progress()._repr_html_()
    assert not list(tmp_path.iterdir())
    passed = {"unrolled progress": 1, "exercises": {"2.4": {"status": "passed"}}}
    Path(logbook.NAME).write_text(json.dumps(passed))
    session()
    assert (repr(check("2.4", ...)), repr(progress()), progress()._repr_html_()) == fresh
    assert "2.4 How many numbers does it learn?: not attempted" in fresh[1]
    assert json.loads(Path(logbook.NAME).read_text()) == passed


@pytest.mark.parametrize("folder, kept", [("solutions", False), ("lessons", True)])
def test_solutions_are_not_the_readers_own(file, tmp_path, monkeypatch, folder, kept):
    (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / folder)
    assert check("2.4", RIGHT["2.4"]).passed
    assert file.exists() == kept
    assert (str(file) in repr(progress())) == kept


def test_an_empty_variable_keeps_nothing(session, tmp_path, monkeypatch):
    monkeypatch.setenv(logbook.VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    assert "kept" not in repr(check("2.4", RIGHT["2.4"])) + repr(progress())
    assert not list(tmp_path.iterdir())


# --- from session to session ---------------------------------------------------------------------


def test_another_session_sees_what_was_passed(file, session):
    first = check("2.4", RIGHT["2.4"])
    assert first.lines[-1] == f"From now on your progress is kept in `{file}`."
    assert check("5.1", RIGHT["5.1"]).lines == ()  # said once
    session()
    assert repr(progress()) == f"No exercise has been checked yet.\nKept in {file}."
    check("2.1", ...)
    lines = repr(progress()).splitlines()
    assert lines[0] == "Lesson 2: 1 of 9 passed" and lines[-1] == f"Kept in {file}."
    assert "  ✓ 2.4 How many numbers does it learn?: passed" in lines
    assert not any(line.startswith("Lesson 5") for line in lines)  # not begun in this session
    everything = repr(progress(all=True)).splitlines()
    heads = [line.split(":")[0] for line in everything if line.startswith("Lesson")]
    assert heads == [f"Lesson {n}" for n in range(1, 7)]
    assert "  ✓ 5.1 How many numbers does it learn?: passed" in everything


def test_the_place_is_told_in_html_too(file):
    empty = ElementTree.fromstring(progress()._repr_html_())
    assert f"Kept in {file}." in "".join(empty.itertext())
    check("2.4", 1)
    assert f"<p>Kept in {file}.</p>" in progress()._repr_html_()


@pytest.mark.parametrize(
    "answers, status",
    [
        ([5322, 1], "passed"),  # once passed stays passed
        ([1, 5322], "passed"),
        ([1, "x"], "not yet"),
        ([1, ...], "not yet"),  # an unfinished cell that is run again takes nothing back
        ([...], None),
    ],
    ids=str,
)
def test_the_status_that_counts(file, session, answers, status):
    for answer in answers:
        session()
        last = check("2.4", answer)
    assert (entries(file) if file.exists() else {}).get("2.4") == status
    assert {e.id: s for e, s in progress().rows}["2.4"] == (status or "not attempted")
    assert last.passed == (answers[-1] == 5322)  # the check itself is about this answer alone


def test_in_one_session_too_passed_stays_passed(session):
    for answer in (5322, 1, ...):
        check("2.4", answer)
    assert "✓ 2.4" in repr(progress())


def test_the_file_can_be_read_by_people(file):
    check("2.4", RIGHT["2.4"])
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "{",
        ' "unrolled progress": 1,',
        ' "exercises": {',
        '  "2.4": {',
    ]
    assert '   "status": "passed",' in lines


def test_what_a_newer_course_wrote_stays(file):
    newer = {
        "unrolled progress": 1,
        "name": "Ada",
        "exercises": {
            "9.1": {"status": "passed", "on": "2031-01-01"},
            "2.4": {"status": "raised", "tries": 3},
        },
    }
    file.write_text(json.dumps(newer))
    check("2.4", RIGHT["2.4"])
    now = json.loads(file.read_text())
    assert now["exercises"]["2.4"].pop("on")
    newer["exercises"]["2.4"]["status"] = "passed"
    assert now == newer
    assert "9.1" not in repr(progress(all=True))


def test_a_link_to_the_file_stays_a_link(file, tmp_path):
    real = tmp_path / "elsewhere.json"
    file.symlink_to(real)
    check("2.4", RIGHT["2.4"])
    check("3.11", RIGHT["3.11"])
    assert file.is_symlink() and set(entries(real)) == {"2.4", "3.11"}


# --- files that are not ours, places that cannot be written ---------------------------------------


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"", "is damaged: it is not JSON"),
        (b'{"unrolled progress": 1, "exer', "is damaged: it is not JSON"),
        (b"\xff\xfe\x00", "is damaged: it is not JSON"),
        (b"[" * 100_000, "is damaged: it is not JSON"),
        (b"[1, 2]", "is not a record of progress"),
        (b'{"cells": [], "nbformat": 4}', "is not a record of progress"),
        (b'{"unrolled progress": 2, "exercises": {}}', "has version 2; this course knows 1"),
        (b'{"unrolled progress": 1}', "'exercises' is missing"),
        (b'{"unrolled progress": 1, "exercises": {"2.4": "passed"}}', "the status of '2.4'"),
        (b'{"unrolled progress": 1, "exercises": {"2.4": {"status": "ok"}}}', "status of '2.4'"),
    ],
    ids=range(10),
)
def test_a_file_that_is_not_understood_is_named_and_left(file, content, complaint):
    file.write_bytes(content)
    first, second = check("2.4", RIGHT["2.4"]), check("2.1", (1, 2))
    assert first.passed and second.status == "not yet"
    assert len(first.lines) == 1
    assert first.lines[0].startswith(f"Your progress is not kept: {file}")
    assert complaint in first.lines[0] and "was left as it is" in first.lines[0]
    assert not any("kept" in line for line in second.lines)  # said once
    shown = repr(progress())
    assert "Lesson 2: 1 of 9 passed" in shown
    assert shown.splitlines()[-1].startswith(f"This session alone: {file}")
    assert file.read_bytes() == content


def a_folder(file: Path) -> None:
    file.mkdir()


def no_folder(file: Path) -> None:
    os.environ[logbook.VARIABLE] = str(file.parent / "missing" / "progress.json")


def below_a_file(file: Path) -> None:
    (file.parent / "text").write_text("")
    os.environ[logbook.VARIABLE] = str(file.parent / "text" / "progress.json")


@pytest.mark.parametrize("spoil", [a_folder, no_folder, below_a_file])
def test_a_place_that_cannot_be_used_costs_one_sentence(file, spoil):
    spoil(file)
    said = check("2.4", RIGHT["2.4"])
    assert said.passed and len(said.lines) == 1
    assert said.lines[0].startswith("Your progress is not kept: ")
    assert check("2.4", RIGHT["2.4"]).lines == ()
    assert "Lesson 2: 1 of 9 passed" in repr(progress())


def test_a_failing_write_leaves_the_old_file_whole(file, monkeypatch):
    check("2.4", RIGHT["2.4"])
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert check("3.11", RIGHT["3.11"]).lines == (
        f"Your progress is not kept: {file}: No space left on device.",
    )
    assert file.read_bytes() == before
    assert sorted(p.name for p in file.parent.iterdir()) == [".progress.json.lock", file.name]


def test_a_notebook_that_waits_too_long_says_so(file, monkeypatch):
    monkeypatch.setattr(logbook, "PATIENCE", 0.05)
    with logbook.alone(file):
        assert "another program has been writing" in check("2.4", RIGHT["2.4"]).lines[-1]
    assert not file.exists()
    check("2.4", RIGHT["2.4"])
    assert entries(file) == {"2.4": "passed"}  # the lock is free again


def test_notebooks_at_once_do_not_lose_entries(file):
    program = (
        "import sys; from pathlib import Path; from unrolled.exercises import logbook\n"
        "for n in range(40): logbook.keep(Path(sys.argv[1]), f'{sys.argv[2]}.{n}', 'passed')"
    )
    command = [sys.executable, "-c", program, str(file)]
    running = [subprocess.Popen([*command, str(number)]) for number in range(1, 4)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert set(entries(file)) == {f"{a}.{b}" for a in range(1, 4) for b in range(40)}
