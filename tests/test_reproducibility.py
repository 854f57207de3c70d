"""The page "The same numbers everywhere" says what was run, and nothing of what changed since."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import v4

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "book" / "_ext")]

import course_runs as book  # noqa: E402
import reproducibility as program  # noqa: E402

PAGE = (ROOT / "book" / "reproducibility.md").read_text(encoding="utf-8")
STORED = json.loads(book.RUNS.read_text(encoding="utf-8"))
SEEN = {
    "blas": "Haswell",
    "numpy": "X86_V3",
    "torch": "AVX2",
    "threads": [1, 1],
    "bits": ["aa", "bb"],
    "processor": "a processor",
    "python": "3.11.7",
    "versions": {"numpy": "2.4.6", "torch": "2.13.0"},
}


def notebook(*sources, prose="words"):
    """A notebook whose every cell prints its own source."""
    cells = [v4.new_markdown_cell(prose)]
    for number, source in enumerate(sources):
        said = [v4.new_output("stream", name="stdout", text=source + "\n")]
        cell = v4.new_code_cell(source, id=f"c{number}", outputs=said, execution_count=number + 1)
        cells.append(cell)
    return json.loads(json.dumps(v4.new_notebook(cells=cells)))


def a_run(notebooks, package="p", **differs):
    records = {
        name: {
            "package": package,
            "digest": book.digest(one),
            "outputs": 2,
            "seconds": 3.0,
            "differs": differs.get(name.split("/")[0], []),
            "breaks": [],
        }
        for name, one in notebooks.items()
    }
    return {"seen": copy.deepcopy(SEEN), "order": 7, "notebooks": records}


@pytest.fixture
def now():
    return {"lessons/01_a": notebook("x = 1", "2.5 + 1"), "solutions/01_a": notebook("y = 2")}


@pytest.fixture
def stored(now):
    runs = {"own, 1 thread": a_run(now), "own, 2 threads": a_run(now)}
    runs["own, 2 threads"]["seen"].update(threads=[2, 2], bits=["cc", "bb"])
    return {"runs": runs, "absent": {"AVX-512": "no kernel"}, "packages": {"p": {"rnn": "r"}}}


def page(stored, now, modules=None):
    there = book.Book(stored, now, modules or {"rnn": "r"})
    return {name: piece(there) for name, piece in book.PIECES.items()}


def rows(text):
    """The cells of a table's body."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.split("\n")[2:]]


# --- what a record is of -----------------------------------------------------------------


def test_prose_titles_and_metadata_do_not_change_what_was_run():
    one, other = notebook("x = 1"), notebook("x = 1", prose="other words")
    other["cells"][1].update(id="other", execution_count=9, metadata={"claims": ["1.1"]})
    other["cells"].insert(0, v4.new_markdown_cell("a title"))
    assert book.digest(one) == book.digest(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells[1].update(source="x = 2"),
        lambda cells: cells[1]["outputs"][0].update(text="x = 1.0\n"),
        lambda cells: cells[1]["outputs"][0].update(name="stderr"),
        lambda cells: cells[1].update(outputs=[]),
        lambda cells: cells.append(copy.deepcopy(cells[1])),
        lambda cells: cells.reverse(),
    ],
)
def test_code_and_outputs_do(change):
    one = notebook("x = 1", "y = 2")
    other = copy.deepcopy(one)
    change(other["cells"])
    assert book.digest(one) != book.digest(other)


CODE = '"""Title."""\n\n\ndef f(x):\n    """What it does."""\n    return x + 1  # why\n'


def test_comments_and_docstrings_do_not_change_the_package(tmp_path):
    file = tmp_path / "f.py"
    found = []
    for text in (
        CODE,
        CODE.replace("What it does.", "Other words,\n    in two lines.").replace("why", "because"),
        CODE.replace("x + 1", "x + 2"),
        CODE.replace("return x", 'return "#" * x'),
    ):
        file.write_text(text, encoding="utf-8")
        found.append(book.package(tmp_path)["f"])
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_numbers_are_counted_as_a_reader_does():
    one = notebook("2.5 and 10")
    html = {"text/plain": "3", "text/html": "<b style='width: 90%'>3</b>"}
    one["cells"][1]["outputs"].append(v4.new_output("display_data", data=html))
    assert book.sizes(one) == {"cells": 1, "outputs": 2, "numbers": 3}


# --- what the page says ------------------------------------------------------------------


def test_when_nothing_changed_every_notebook_counts(stored, now):
    said = page(stored, now)
    assert rows(said["table"]) == [
        ["own", "4 of 4", "A A", "B A", "Haswell", "X86_V3", "AVX2"],
    ]
    assert "Not one letter differed" in said["summary"] and "8 times an output" in said["summary"]
    assert "not everything" not in said["summary"]
    assert said["since"].startswith("Nothing") and said["differences"].startswith("There is none")
    assert "AVX-512" in said["absent"]


def test_a_changed_cell_takes_its_notebook_out_of_what_is_claimed(stored, now):
    stored["runs"]["own, 2 threads"]["notebooks"]["lessons/01_a"]["differs"] = ["c1"]
    now["lessons/01_a"]["cells"][1]["source"] = "x = 3"
    said = page(stored, now)
    assert [row[1] for row in rows(said["table"])] == ["2 of 2"]
    assert "lesson 1" in said["since"] and "2 of the 2 runs" in said["since"]
    assert "4 times an output" in said["summary"]
    assert "of the 4 executions" in said["summary"] and "2 are done" in said["summary"]
    assert "c1" not in said["differences"]


def test_a_new_notebook_is_said_not_to_have_been_run(stored, now):
    now["lessons/02_b"] = notebook("z = 1")
    said = page(stored, now)
    assert [row[1] for row in rows(said["table"])] == ["4 of 4"]
    assert "of the 6 executions" in said["summary"] and "4 are done" in said["summary"]


def test_runs_that_compute_otherwise_have_rows_of_their_own(stored, now):
    stored["runs"]["own, 2 threads"]["seen"]["blas"] = "SkylakeX"
    stored["runs"]["oldest"] = a_run({})
    assert rows(page(stored, now)["table"]) == [
        ["own", "2 of 2", "A A", "", "Haswell", "X86_V3", "AVX2"],
        ["own", "2 of 2", "", "B A", "SkylakeX", "X86_V3", "AVX2"],
        ["oldest", "none yet", "A A", "", "Haswell", "X86_V3", "AVX2"],
    ]


def test_every_machine_is_named_with_what_its_libraries_take(stored, now):
    stored["runs"]["AVX, 1 thread"] = a_run(now)
    stored["runs"]["AVX, 1 thread"]["seen"].update(torch="DEFAULT", processor="one held back")
    stored["runs"]["newest"] = a_run(now)
    stored["runs"]["newest"]["seen"].update(torch="AVX512", processor="another")
    first, second = page(stored, now)["machine"].split("\n")
    assert first.startswith("- a processor, Python 3.11.7.") and "AVX2 (torch)" in first
    assert second.startswith("- another, Python 3.11.7.") and "AVX512 (torch)" in second


def test_an_edited_module_is_named(stored, now):
    said = page(stored, now, {"rnn": "other", "lstm": "new"})
    assert "`lstm`, `rnn`" in said["since"]


def test_another_text_and_a_failing_cell_are_told_and_not_counted(stored, now):
    record = stored["runs"]["own, 2 threads"]["notebooks"]["lessons/01_a"]
    record.update(differs=["c0"], breaks=["c1"])
    said = page(stored, now)
    assert [row[1] for row in rows(said["table"])] == ["3 of 4"]
    link = '<a class="reference internal" href="../lessons/01_a.html#cell-{0}">{0}</a>'
    assert f"prints another text in {link.format('c0')}" in said["differences"]
    assert f"fails in {link.format('c1')}" in said["differences"]
    assert "Not one letter" not in said["summary"]
    assert "text differed: 1" in said["summary"] and "failed: 1" in said["summary"]


def test_the_page_shows_every_piece_and_types_no_result():
    for name in book.PIECES:
        assert f"{{same-numbers}} {name}\n" in PAGE
    words = PAGE.split()
    units = {"outputs", "numbers", "cells", "runs", "seconds", "s", "of", "letters"}
    assert [a for a, b in zip(words, words[1:], strict=False) if b in units and a.isdigit()] == []


# --- what is stored ----------------------------------------------------------------------


def test_the_stored_runs_are_what_their_names_say():
    asked = {condition.name: condition.threads for condition in program.grid()}
    for name, run in STORED["runs"].items():
        assert set(run["seen"]["threads"]) == {asked.get(name, 1)}, name
        assert program.twin(name, run["seen"], STORED["runs"]) is None, name
        for record in run["notebooks"].values():
            assert record["package"] in STORED["packages"]


def test_every_level_was_run_or_is_said_not_to_have_been():
    run = {name.partition(",")[0] for name in STORED["runs"]}
    assert run.isdisjoint(STORED["absent"])
    assert run | set(STORED["absent"]) == {*program.LEVELS, *book.EXTREMES}
    for name in run - set(book.EXTREMES):
        assert f"{name}, 1 thread" in STORED["runs"] and f"{name}, 2 threads" in STORED["runs"]


# --- how it is run -----------------------------------------------------------------------


def test_a_child_sees_what_the_gate_lets_it_see(tmp_path, monkeypatch):
    """Nothing but threads, the settings of IPython and the level are different."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    monkeypatch.setenv("UNROLLED_NOISE", "1")
    file = tmp_path / "seen.json"
    dump = f"import json, os; json.dump(dict(os.environ), open({str(file)!r}, 'w'))"
    program.do.call(sys.executable, "-c", dump, UNROLLED_GATE="1", **program.do.EXECUTION)
    gate = json.loads(file.read_text(encoding="utf-8"))
    del gate["OPENBLAS_CORETYPE"]
    subprocess.run(
        [sys.executable, "-c", dump],
        env=program.environment(program.Condition("own", {}), "lessons"),
        check=True,
    )
    ours = json.loads(file.read_text(encoding="utf-8"))
    assert ours.pop("OPENBLAS_NUM_THREADS") == ours.pop("MKL_NUM_THREADS") == "1"
    for passing in ("_", "SHLVL", "PWD", "OLDPWD"):
        ours.pop(passing, None), gate.pop(passing, None)
    assert ours == gate
    strict = program.environment(program.Condition("own", {}), "solutions")
    assert strict["UNROLLED_STRICT"] == "1" and "UNROLLED_STRICT" not in ours


def test_the_level_reaches_the_child_and_wins():
    level = program.Condition("SSE3, 2 threads", program.LEVELS["SSE3"], 2)
    variables = program.environment(level, profile="/settings")
    assert variables["OPENBLAS_CORETYPE"] == "Prescott" and variables["OMP_NUM_THREADS"] == "2"
    assert variables["IPYTHONDIR"] == "/settings"
    assert "OPENBLAS_CORETYPE" not in program.LEVELS["mixed"]


def test_the_extremes_are_those_that_the_project_admits():
    oldest, newest = program.requirements("oldest"), program.requirements("newest")
    assert "numpy==2" in oldest and "numpy>=2" in newest
    assert any(one.startswith("torch==") for one in oldest)
    assert all("==" in one for one in oldest) and all(">=" in one for one in newest)


def test_same_other_text_and_failure_are_told_apart(tmp_path):
    one = notebook("print('same')", "print('other text')", "1 / 0", "print('still alive')")
    for cell, text in zip(one["cells"][1:], ("same", "stored", "2", "still alive"), strict=True):
        cell["outputs"][0]["text"] = text + "\n"
    path = tmp_path / "lessons" / "a.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(one), encoding="utf-8")
    profile = program.make_profile(str(tmp_path), 1)
    found = program.record(path, program.Condition("own", {}), profile)
    assert (found["differs"], found["breaks"]) == (["c1"], ["c2"])
    assert found["digest"] == book.digest(one) and found["outputs"] == 4


@pytest.fixture
def no_kernels(tmp_path, monkeypatch):
    """The program with made-up kernels, notebooks and its own file."""
    monkeypatch.setattr(book, "RUNS", tmp_path / "runs.json")
    monkeypatch.setattr(program, "look", lambda condition, profile: copy.deepcopy(SEEN))
    file = tmp_path / "01_a.ipynb"
    file.write_text(json.dumps(notebook("x = 1")), encoding="utf-8")
    monkeypatch.setattr(book, "notebooks", lambda: {"lessons/01_a": file})
    executed = []

    def execute(path, condition, profile, compare):
        executed.append(condition.name)
        return program.Outcome(1, [], 1.0)

    monkeypatch.setattr(program, "execute", execute)
    return file, executed


def test_only_what_changed_is_run_again(no_kernels, monkeypatch):
    file, executed = no_kernels
    condition = program.Condition("own, 1 thread", {})
    for _ in range(2):
        assert program.run(condition, "", [], False, 1)
    assert len(executed) == 1
    file.write_text(json.dumps(notebook("x = 1", prose="other words")), encoding="utf-8")
    program.run(condition, "", [], False, 1)
    assert len(executed) == 1
    file.write_text(json.dumps(notebook("x = 2")), encoding="utf-8")
    program.run(condition, "", [], False, 1)
    assert len(executed) == 2
    program.run(condition, "", [], True, 1)  # --fresh
    assert len(executed) == 3
    monkeypatch.setattr(program, "look", lambda *_: SEEN | {"blas": "Zen"})  # another machine
    program.run(condition, "", [], False, 1)
    assert len(executed) == 4


def test_a_level_that_is_not_there_or_adds_nothing_is_not_counted(no_kernels, monkeypatch):
    _, executed = no_kernels
    program.run(program.Condition("own, 1 thread", {}), "", [], False, 1)
    program.run(program.Condition("AVX2, 1 thread", {}), "", [], False, 1)
    program.run(program.Condition("AVX2, 2 threads", {}, 2), "", [], False, 1)
    monkeypatch.setattr(program, "look", lambda *_: "Kernel died")
    program.run(program.Condition("AVX-512, 1 thread", {}), "", [], False, 1)
    now = program.stored()
    assert list(now["runs"]) == ["own, 1 thread"] and executed == ["own, 1 thread"]
    assert "“own, 1 thread”" in now["absent"]["AVX2"] and "died" in now["absent"]["AVX-512"]


def test_a_notebook_that_changes_while_it_runs_is_not_counted(no_kernels, monkeypatch):
    file, _ = no_kernels

    def execute(path, condition, profile, compare):
        file.write_text(json.dumps(notebook("x = 5")), encoding="utf-8")
        return program.Outcome(1, [], 1.0)

    monkeypatch.setattr(program, "execute", execute)
    program.run(program.Condition("own, 1 thread", {}), "", [], False, 1)
    assert program.stored()["runs"]["own, 1 thread"]["notebooks"] == {}


def test_a_kernel_on_two_threads_does_not_listen(tmp_path):
    """The notebooks ask torch for one thread; the run's settings overrule it."""
    for threads in (1, 2):
        profile = Path(program.make_profile(str(tmp_path), threads))
        startup = [file.read_text("utf-8") for file in profile.rglob("*.py")]
        assert startup == ([program.TWO_THREADS] if threads == 2 else [])
    assert os.path.isdir(tmp_path / "1")
