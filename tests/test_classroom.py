"""Notebooks of a class: broken and hostile ones spoil their own row and no other."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unrolled.classroom import Limits, Mark, mark_all, tables
from unrolled.classroom.handed_in import decode, encode, is_right, judge_again, recorded
from unrolled.classroom.marking import plain
from unrolled.classroom.notebooks import find
from unrolled.exercises import catalogue, judge
from unrolled.exercises.model import CodeExercise
from unrolled.exercises.selftest import right_answers, sample

IMPORT = "from unrolled.exercises import check"
RIGHT = 'check("2.4", 5322)'  # one of lesson 2's exercises asks for this number
LESSON = {id for id, exercise in catalogue().items() if exercise.lesson == 2}
STEP = """import numpy as np
def rnn_step(x, h_prev, W_xh, W_hh, b_h):
    return {}
check("2.2", rnn_step)"""
FORWARD = """import numpy as np
def forward(x, h0, W_xh, W_hh, b_h):
    return np.stack([np.tanh(x_t @ W_xh.T + h0 @ W_hh.T + b_h) for x_t in x])
check("2.3", forward)"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")


def notebook(*cells: str) -> str:
    kinds = [{"cell_type": "code", "source": text} for text in (IMPORT, *cells)]
    return json.dumps({"cells": kinds, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# --- answers leave the process as plain data ------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "a text",
        7,
        10**40,
        0.1,
        float("nan"),
        2 + 3j,
        np.float32(0.1),
        np.arange(6.0).reshape(2, 3),
        np.zeros((0, 3), np.float32),
        np.array(3.5),
        np.array([True, False]),
        ("a", [1, 2.5]),
        {"a", "b"},
        {"a": np.ones(2), 1: None},
    ],
    ids=repr,
)
def test_values_come_back_the_same(value):
    back = decode(json.loads(json.dumps(encode(value))))
    np.testing.assert_equal(back, value)
    assert isinstance(back, type(value))
    if isinstance(value, np.ndarray | np.generic):
        assert (back.dtype, back.shape) == (value.dtype, value.shape)


@pytest.mark.parametrize(
    "value", [object(), print, np.array([object()]), np.zeros(2_000_000), [[]]]
)
def test_what_cannot_be_carried_is_nothing(value):
    assert json.dumps(encode(value)) in ("null", '{"list": [{"list": []}]}')


@pytest.mark.parametrize(
    "data",
    [
        {"array": "AAAA", "dtype": "|O", "shape": [1], "bare": False},
        {"array": "AAAA", "dtype": "(1000,1000)f8", "shape": [1], "bare": False},
        {"array": "AAAA", "dtype": "<f8", "shape": [10**12], "bare": False},
        {"array": "AAAA", "dtype": "<f8", "shape": [-1], "bare": False},
        {"array": "!", "dtype": "<f8", "shape": [], "bare": True},
        {"pickle": "gASVBQ=="},
        {"list": 3},
        [1],
        3.5,
        {},
    ],
    ids=repr,
)
def test_forged_data_is_refused(data):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        decode(data)
    assert not is_right(catalogue()["2.4"], data)
    assert not is_right(catalogue()["2.3"], [data] * 8)


@pytest.mark.parametrize("exercise", catalogue().values(), ids=catalogue())
def test_every_right_answer_passes_again_outside_and_a_mistake_does_not(exercise):
    def data(answer):
        calls: list = []
        if not isinstance(exercise, CodeExercise):
            return encode(answer)
        judge(exercise, recorded(answer, calls))
        return json.loads(json.dumps(calls))

    for answer in right_answers(exercise):
        again = judge_again(exercise, data(answer))
        assert again == judge(exercise, answer) and again.passed
    for mistake in exercise.mistakes[:3]:
        assert not is_right(exercise, data(sample(exercise, mistake)))


# --- a class, with all sorts in it ----------------------------------------------------------------

FORGED = json.dumps({"check": "2.4", "status": "passed", "answer": {"whole": "1"}}).encode() + b"\n"
STUMBLES = (  # broken cells of all kinds, and some that are not
    "1 / 0",
    "def (",
    "%time 1 + 1",
    "%%bash\nls",
    "!echo hello",
    "import asyncio\nawait asyncio.sleep(0)",
    'input("name? ")',
    "import sys; sys.exit(3)",
    "b = bytearray(50_000_000_000)",
    'open("big", "wb").write(bytes(20_000_000))',
    r'raise ValueError("\x1b[2J \ud800" + "y" * 9999)',
)


def writes(content: bytes) -> str:
    """A cell that writes into the log of its own process."""
    return f'open("../log", "ab").write({content!r})'


# name: statuses of 2.2 and 2.4, what the notes say, and the cells
CLASS = {
    "right": ("✓✓", "", STEP.format("np.tanh(x @ W_xh.T + h_prev @ W_hh.T + b_h)"), RIGHT),
    "wrong": ("✗✓", "", STEP.format("x @ W_xh.T + h_prev @ W_hh.T + b_h"), FORWARD, RIGHT),
    "raises": ("!✓", "", STEP.format("unknown"), RIGHT),
    "stumbles": (
        "○✓",
        "cell 2 raised ZeroDivisionError: division by zero; so did cells 3, 8, 9, 10, 11 and other",
        *STUMBLES,
        RIGHT,
    ),
    "strange": ("○✓", "cell 2 raised ValueError: �[2J ?yyy", STUMBLES[-1], RIGHT),
    "leaves": ("○✓", "ended in cell 3 (exit code 0)", RIGHT, "import os; os._exit(0)", "x"),
    "killed": (
        "○✓",
        "ended in cell 3 (killed by signal 9)",
        RIGHT,
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ),
    "closes": ("○○", "ended in cell 2", "import os; os.closerange(0, 99)", RIGHT),
    "forks": ("○✓", "", "import os, time\nif os.fork() == 0: time.sleep(600)", RIGHT),
    "prints": ("○✓", "", 'for _ in range(200_000): print("x" * 100)', RIGHT),
    "own check": ("○○", "", "def check(*_): print('✓ passed')", RIGHT),
    "replaced": (
        "○○",
        "",
        "import unrolled.exercises as e\ne.judge = lambda each, _: e.Result(each, 'passed')",
        RIGHT,
    ),
    "patched": (
        "○✗",
        "",
        "import unrolled.exercises.questions as q\nq.equal = lambda *_: True",
        'check("2.4", 1)',
    ),
    "numpy": (
        "✗✗",
        "",
        "import numpy as np\nnp.isclose = lambda a, *_, **__: np.ones_like(a, bool)",
        STEP.format("x @ W_xh.T"),
        'check("2.4", 1)',
    ),
    "forged": ("○✗", "", writes(FORGED)),
    "garbage": ("○✓", "", writes(b"\xff{[\n[]\n3\n" + b"[" * 9999 + b"\n"), RIGHT),
    "guesses": ("○✗", "2.4 answered 5 times", "for n in range(5): check('2.4', 5320 + n)"),
    "latest": ("○✓", "", RIGHT, 'check("2.4", 1)', RIGHT, 'check("2.4", ...)'),
    "peeks": (
        "✓○",
        "names the exercises' own answers in cell 2",
        "from unrolled.exercises import catalogue\ncheck('2.2', catalogue()['2.2'].reference)",
    ),
    "none": ("", "checks no exercise", "x = 1"),
}


@pytest.fixture(scope="module")
def marks(tmp_path_factory) -> dict[str, Mark]:
    """All of CLASS, run at once."""
    folder = tmp_path_factory.mktemp("class")
    for name, (_, _, *cells) in CLASS.items():
        (folder / f"{name}.ipynb").write_text(notebook(*cells), encoding="utf-8")
    limits = Limits(seconds=60, file=10_000_000)
    found = mark_all(find(folder), limits, jobs=4, root=folder)
    return {each.name.removesuffix(".ipynb"): each for each in found}


@linux
@pytest.mark.parametrize("name", CLASS)
def test_each_notebook_gets_its_own_row(marks, name):
    statuses, note, *_ = CLASS[name]
    found = marks[name]
    notes = "; ".join(found.notes)
    assert note in notes if note else found.notes == ()
    assert found.ran == ("ended in" not in note)
    assert all(c.isprintable() for c in notes) and len(notes) < 400
    assert set(found.results) == (LESSON if statuses else set())
    assert tables.symbol(found, "2.2") + tables.symbol(found, "2.4") == statuses


def test_the_lines_of_a_check_come_along(marks):
    assert marks["right"].results["2.2"] == judge(catalogue()["2.2"], catalogue()["2.2"].reference)
    raised = repr(marks["raises"].results["2.2"])
    assert "NameError: name 'unknown' is not defined" in raised
    assert "line 2 of `rnn_step`: `return unknown`" in raised
    assert "(. right, x wrong)" in repr(marks["wrong"].results["2.3"])
    assert "judged again outside" in repr(marks["patched"].results["2.4"])


ENDLESS = {
    "loop": "while True: pass",
    "stubborn": "while True:\n    try: time.sleep(9)\n    except BaseException: pass",
    "forks": "os.fork(); os.fork(); sign(); time.sleep(600)",
    "command": "print(subprocess.run('echo $$ >> PIDS; sleep 600', shell=True))",
    "stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
}


@linux
def test_what_does_not_end_is_ended_with_all_it_started(tmp_path):
    pids = tmp_path / "pids"
    start = f"""import os, signal, subprocess, time
def sign(): open({str(pids)!r}, "a").write(f"{{os.getpid()}}\\n")
sign()"""
    for name, cell in ENDLESS.items():
        content = notebook(RIGHT, start, cell.replace("PIDS", str(pids)), RIGHT)
        (tmp_path / f"{name}.ipynb").write_text(content)
    begin = time.monotonic()
    found = list(mark_all(find(tmp_path), Limits(seconds=12), jobs=5))
    assert time.monotonic() - begin < 60
    for each in found:
        assert each.notes == ("stopped after 12 s, in cell 4; no later cell ran",)
        assert each.results["2.4"].passed and not each.ran and not each.complete
    started = set(map(int, pids.read_text().split()))
    assert len(started) == 5 + 3 + 1
    assert [pid for pid in started if alive(pid)] == []


def alive(pid: int) -> bool:
    """Whether it runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- files that are no notebooks ------------------------------------------------------------------

BROKEN = {
    "not json": (b"# A script", "is not JSON"),
    "cut": (notebook(RIGHT).encode()[:-20], "is not JSON"),
    "deep": (b"[" * 100_000, "is not JSON"),
    "latin": ('{"cells": ["é"]}'.encode("latin-1"), "is not text in UTF-8"),
    "list": (b"[]", "is not a notebook: it has no cells"),
    "no cells": (b'{"nbformat": 4}', "is not a notebook: it has no cells"),
    "cells": (b'{"cells": [1]}', "is not a notebook: it has no cells"),
    "source": (b'{"cells": [{"cell_type": "code", "source": 3}]}', "is not text"),
    "old": (b'{"worksheets": [], "nbformat": 3}', "old format 3"),
    "empty": (b"", "is not JSON"),
}


def test_files_that_cannot_be_run_are_named(tmp_path):
    for name, (content, _) in BROKEN.items():
        (tmp_path / f"{name}.ipynb").write_bytes(content)
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    with open(tmp_path / "huge.ipynb", "wb") as file:
        file.truncate(10**9)  # takes no room
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "hidden.ipynb").write_bytes(b"")
    found = {each.name: each for each in mark_all(find(tmp_path), root=tmp_path)}
    expected = {f"{name}.ipynb": note for name, (_, note) in BROKEN.items()}
    expected |= {"folder.ipynb": "is not a file", "huge.ipynb": "is larger than 50 MB"}
    expected |= {"link.ipynb": "is a link, which is not followed"}
    expected |= {"pipe.ipynb": "is not a file"} if hasattr(os, "mkfifo") else {}
    assert set(found) == set(expected)
    for name, note in expected.items():
        assert note in found[name].notes[0], name
        assert not found[name].ran and found[name].results == {}


# --- tables ---------------------------------------------------------------------------------------


def some_marks() -> list[Mark]:
    exercises = [each for each in catalogue().values() if each.lesson == 2]
    wrong = next(iter(catalogue()["2.3"].mistakes)).answer
    poor = {e.id: judge(e, wrong if e.id == "2.3" else ...) for e in exercises}
    good = {e.id: judge(e, right_answers(e)[0]) for e in exercises}
    return [
        Mark("ada/02.ipynb", good),
        Mark("=1+1.ipynb", poor, ("cell 3 raised X",)),
        Mark("bob.ipynb", poor),
        Mark("eve.ipynb", {}, ("is not JSON",), ran=False),
    ]


def test_the_table_has_a_row_for_each_notebook():
    lines = tables.table(some_marks()).splitlines()
    assert lines[0].split() == ["notebook", *sorted(LESSON), "passed"]
    assert lines[1].split() == ["ada/02.ipynb", *"✓" * 9, "9", "of", "9"]
    assert lines[2].split() == ["=1+1.ipynb", *"○○✗○○○○○○", "0", "of", "9"]
    assert lines[4].split() == ["eve.ipynb", "not", "judged"]
    assert lines[5].split() == ["passed,", "of", "4", *"1" * 9]
    assert lines[-3:] == ["Notes", "=1+1.ipynb: cell 3 raised X", "eve.ipynb: is not JSON"]


def test_what_several_got_wrong_is_counted():
    message = catalogue()["2.3"].mistakes[0].message
    assert tables.common(some_marks()) == f"2 x 2.3  {message}"
    assert tables.common(some_marks()[:2]) == ""


def test_csv(tmp_path):
    tables.write_csv(some_marks(), tmp_path / "marks.csv")
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["passed"] for row in rows] == ["9", "0", "0", ""]
    assert [row["total"] for row in rows] == ["9", "9", "9", ""]
    assert rows[1]["notebook"] == "'=1+1.ipynb"  # no formula for a spreadsheet
    assert rows[1]["2.3"] == "not yet" and rows[0]["2.3"] == "passed" and rows[3]["2.3"] == ""
    assert rows[3]["note"] == "is not JSON"


@pytest.mark.parametrize(
    "text, shown",
    [("a\x1b[1mb", "a�[1mb"), ("a\nb", "a\nb"), ("\ud800", "?"), ("y" * 3000, "y" * 2000)],
)
def test_plain(text, shown):
    assert plain(text) == shown


def test_the_page_for_teachers_adds_up():
    page = Path(__file__).parents[1] / "book" / "teachers.md"
    rows = re.findall(r"^\| \d \|.*$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for number, row in enumerate(rows, 1):
        lesson = [each for each in catalogue().values() if each.lesson == number]
        dots = [sum(each.difficulty == d for each in lesson) for d in (1, 2, 3)]
        cells = [number, len(lesson), *dots, sum(each.minutes for each in lesson)]
        assert row == f"| {' | '.join(map(str, cells))} |"
    assert len(rows) == max(each.lesson for each in catalogue().values())
