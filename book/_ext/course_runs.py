"""What the page "The same numbers everywhere" says of the runs that are stored, as it holds today.

``{same-numbers} table`` and so on: a piece of the page, see `PIECES`.  Each is made at the build
from what ``benchmarks/reproducibility.py`` stored and from the notebooks as they are now.  A run
counts only for a notebook whose code and stored outputs are those that it saw; of any other the
page says that it has changed since.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from course_equations import text
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "book" / "_reproducibility" / "runs.json"
FOLDERS = ("lessons", "solutions", "book")  # as in do.py
EXTREMES = ("oldest", "newest")  # runs with other versions of the packages
NUMBER = re.compile(r"\d+(?:\.\d+)?")
Notebook = dict[str, Any]
Record = dict[str, Any]
Run = dict[str, Any]


# --- what a run has seen -----------------------------------------------------------------


def notebooks() -> dict[str, Path]:
    """Every notebook of the book by its name, ``lessons/02_forward``."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]
    return {f"{path.parent.name}/{path.stem}": path for path in paths}


def read(path: Path) -> Notebook:
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook: Notebook) -> list[dict]:
    """The cells that are run, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def said(output: dict) -> dict[str, str]:
    """What is compared of an output: its texts by kind."""
    if "text" in output:
        return {output["name"]: text(output["text"])}
    return {kind: text(lines) for kind, lines in output.get("data", {}).items()}


def digest(notebook: Notebook) -> str:
    """Fingerprint of what is run and compared: prose, titles and metadata do not change it."""
    cells = [
        (text(cell["source"]), [said(output) for output in cell["outputs"]])
        for cell in code_cells(notebook)
    ]
    canonical = json.dumps(cells, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def sizes(notebook: Notebook) -> dict[str, int]:
    """How much there is to compare."""
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    shown = [said(output) for output in outputs]
    readable = " ".join(next(iter(texts[k] for k in texts if k != "text/html")) for texts in shown)
    return {
        "cells": len(code_cells(notebook)),
        "outputs": len(outputs),
        "numbers": len(NUMBER.findall(readable)),
    }


def package(folder: Path = ROOT / "src" / "unrolled") -> dict[str, str]:
    """Fingerprint of each module's code: comments and docstrings do not change it."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        code = "\n".join(bare(path.read_text(encoding="utf-8")))
        name = path.relative_to(folder).with_suffix("").as_posix()
        found[name] = hashlib.sha256(code.encode()).hexdigest()[:8]
    return found


def bare(source: str) -> Iterator[str]:
    """The lines of a program without comments, docstrings and empty lines."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            lines[first.lineno - 1 : first.end_lineno] = [""] * (
                first.end_lineno - first.lineno + 1
            )
    yield from filter(None, map(str.rstrip, lines))


# --- what the page says ------------------------------------------------------------------


class Book:
    """The stored runs beside the notebooks and the package of today."""

    def __init__(self, stored: dict[str, Any], now: dict[str, Notebook], modules: dict[str, str]):
        self.runs: dict[str, Run] = stored["runs"]
        self.absent: dict[str, str] = stored["absent"]
        self.packages: dict[str, dict[str, str]] = stored["packages"]
        self.now, self.modules = now, modules
        self.digests = {name: digest(notebook) for name, notebook in now.items()}

    def valid(self, run: Run) -> dict[str, Record]:
        """The records of a run that are of notebooks as they are now."""
        return {
            name: run["notebooks"][name]
            for name in self.now
            if run["notebooks"].get(name, {}).get("digest") == self.digests[name]
        }

    def changed(self, run: Run) -> list[str]:
        """Notebooks that a run saw otherwise than they are now."""
        return [
            name for name in self.now if name in run["notebooks"] and name not in self.valid(run)
        ]

    def all_valid(self) -> list[Record]:
        return [record for run in self.runs.values() for record in self.valid(run).values()]


def same(record: Record) -> bool:
    """Whether every output of a notebook was the stored one, to the letter."""
    return not record["differs"] and not record["breaks"]


def name_of(notebook: str) -> str:
    """``lesson 3``, ``solutions 3``, or the name of a page: a link."""
    folder, stem = notebook.split("/")
    words = {"lessons": f"lesson {stem[:2].lstrip('0')}", "solutions": f"solutions {stem[1:2]}"}
    return f"[{words.get(folder, stem.replace('_', ' '))}](../{notebook}.ipynb)"


def cell_link(notebook: str, cell: str) -> str:
    """A link to the place of a cell, which gets its name only when the pages are written."""
    return f'<a class="reference internal" href="../{notebook}.html#cell-{cell}">{cell}</a>'


def letters(runs: dict[str, Run], which: int) -> dict[str, str]:
    """A letter for every pattern of last bits, in the order in which they first appear."""
    patterns = dict.fromkeys(run["seen"]["bits"][which] for run in runs.values())
    return {bits: chr(ord("A") + number) for number, bits in enumerate(patterns)}


def table(book: Book) -> str:
    """One row for runs that compute with the same, on one thread and on two."""
    rows = [
        "| run | passed | bits, one thread | bits, two threads | BLAS | NumPy | torch |",
        "| --- | --- | :-: | :-: | --- | --- | --- |",
    ]
    bits = [letters(book.runs, which) for which in (0, 1)]
    level: dict[tuple[str, ...], dict[int, Run]] = {}
    for name, run in book.runs.items():
        seen = run["seen"]
        row = name.partition(",")[0], seen["blas"], seen["numpy"], seen["torch"]
        level.setdefault(row, {})[max(seen["threads"])] = run
    for (name, *libraries), runs in level.items():
        marks = {
            threads: " ".join(bits[which][run["seen"]["bits"][which]] for which in (0, 1))
            for threads, run in runs.items()
        }
        cells = [name, passed(book, runs.values()), marks.get(1, ""), marks.get(2, ""), *libraries]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def passed(book: Book, runs: Iterable[Run]) -> str:
    """In how many executions that count every output was the stored one."""
    records = [record for run in runs for record in book.valid(run).values()]
    return f"{sum(map(same, records))} of {len(records)}" if records else "none yet"


def summary(book: Book) -> str:
    """What was compared, in all runs together."""
    records = book.all_valid()
    differing = sum(len(record["differs"]) for record in records)
    broken = sum(len(record["breaks"]) for record in records)
    once = [sizes(notebook) for notebook in book.now.values()]
    each = {key: sum(size[key] for size in once) for key in ("cells", "outputs", "numbers")}
    compared = sum(record["outputs"] for record in records)
    told = (
        f"{len(book.now)} notebooks with {each['cells']:,} cells store {each['outputs']:,} "
        f"outputs, and in them {each['numbers']:,} numbers. {compared:,} times an output was "
        f"compared with the stored one. "
    )
    planned = len(book.now) * len(book.runs)
    if len(records) < planned:
        told += (
            f"That is not everything: of the {planned} executions ({len(book.now)} notebooks in "
            f"{len(book.runs)} runs) {len(records)} are done with the notebooks as they are. "
        )
    if differing or broken:
        told += f"Cells whose text differed: {differing}. Cells that failed: {broken}."
    else:
        told += "Not one letter differed."
    return f":::{{admonition}} Measured\n:class: measured\n{told}\n:::"


def differences(book: Book) -> str:
    """Which cells printed something else, and in which runs."""
    told = []
    for run_name, run in book.runs.items():
        for notebook, record in book.valid(run).items():
            for what, verb in (("differs", "prints another text in"), ("breaks", "fails in")):
                if cells := record[what]:
                    where = ", ".join(cell_link(notebook, cell) for cell in cells)
                    told.append(f"- {run_name}: {name_of(notebook)} {verb} {where}.")
    return "\n".join(told) or "There is none: every cell printed the stored text in every run."


def since(book: Book) -> str:
    """What was edited after it was run."""
    told = []
    changed = sorted({name for run in book.runs.values() for name in book.changed(run)})
    for name in changed:
        runs = sum(name in book.changed(run) for run in book.runs.values())
        told.append(f"- {name_of(name)} has changed since {runs} of the {len(book.runs)} runs.")
    edited = set()
    for record in book.all_valid():
        then = book.packages[record["package"]]
        edited |= {name for name, code in book.modules.items() if then.get(name) != code}
    if edited:
        names = ", ".join(f"`{name}`" for name in sorted(edited))
        told.append(f"- In the package these modules have changed since one run or more: {names}.")
    return "\n".join(told) or "Nothing: notebooks and package are those that were run."


def absent(book: Book) -> str:
    """Levels that were asked for and not run, and why."""
    return "\n".join(f"- {name}: {why}." for name, why in book.absent.items()) or "None."


def versions(book: Book) -> str:
    """The packages of each run, where they differ from those of the first."""
    runs = list(book.runs.items())
    columns = {name: run["seen"]["versions"] for name, run in runs}
    distinct = {}
    for name, found in columns.items():
        if found not in distinct.values():
            distinct[name if name in EXTREMES else "tested"] = found
    head = ["package", *distinct]
    rows = [f"| {' | '.join(head)} |", "| --- |" + " --- |" * len(distinct)]
    for package_name in next(iter(distinct.values())):
        cells = [package_name, *(found.get(package_name, "") for found in distinct.values())]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def machine(book: Book) -> str:
    """The computer, its Python, and what the libraries take there if nothing holds them back."""
    free: dict[str, dict[str, Any]] = {}
    for name, run in book.runs.items():
        if name.partition(",")[0] in ("own", *EXTREMES):
            free.setdefault(run["seen"]["processor"], run["seen"])
    return "\n".join(
        f"- {processor}, Python {seen['python']}. Left alone, the libraries take {seen['blas']} "
        f"(BLAS), {seen['numpy']} (NumPy) and {seen['torch']} (torch) there."
        for processor, seen in free.items()
    )


PIECES = {
    "table": table,
    "summary": summary,
    "differences": differences,
    "since": since,
    "absent": absent,
    "versions": versions,
    "machine": machine,
}


class SameNumbersDirective(SphinxDirective):
    """One piece of the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in PIECES:
            raise self.error(f"the pieces are {', '.join(PIECES)}, not {name!r}")
        for path in (RUNS, *notebooks().values(), *(ROOT / "src" / "unrolled").rglob("*.py")):
            self.env.note_dependency(str(path))
        node = nodes.Element()
        lines = PIECES[name](today()).split("\n")
        self.state.nested_parse(StringList(lines, self.env.docname), 0, node)
        return node.children


@functools.cache  # all pieces of a build tell of the same book
def today() -> Book:
    """The stored runs and the notebooks as they are."""
    stored = json.loads(RUNS.read_text(encoding="utf-8"))
    return Book(stored, {name: read(path) for name, path in notebooks().items()}, package())


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("same-numbers", SameNumbersDirective)
    return {"parallel_read_safe": True}
