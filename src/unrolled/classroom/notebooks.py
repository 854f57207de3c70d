"""Find the notebooks of a class and read them, whatever they are."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

LARGEST = 50_000_000  # bytes of a notebook
CHECKED = re.compile(r"\bcheck\(\s*[\"'](\d+\.\d+)[\"']")
ANSWERS = re.compile(r"\blesson_0\d\b|\.reference\b|\bcatalogue\(|\balso_right\b")

Cells = list[tuple[int, str]]  # number in the notebook, from 1, and source


class Unreadable(ValueError):
    """This file cannot be run as a notebook, and why."""


def find(folder: Path) -> list[Path]:
    """All notebooks in a folder and below, in order; hidden folders are left out."""
    return sorted(notebooks_in(folder))


def notebooks_in(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):  # does not follow links
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = (*files, *folders)  # a folder with such a name is not passed over in silence
        yield from (Path(place, n) for n in names if n.endswith(".ipynb") and n[0] != ".")


def code_cells(path: Path) -> Cells:
    """The code cells of a notebook."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise Unreadable("is a link, which is not followed")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("is not a file")
        if status.st_size > LARGEST:
            raise Unreadable(f"is larger than {LARGEST // 10**6} MB")
        content = json.loads(path.read_bytes().decode("utf-8"))
    except Unreadable:
        raise
    except OSError as problem:
        raise Unreadable(f"cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable("is not text in UTF-8") from None
    except (ValueError, RecursionError):
        raise Unreadable("is not JSON") from None
    if isinstance(content, dict) and "worksheets" in content:
        raise Unreadable("is a notebook of the old format 3: open it in Jupyter and save it")
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("is not a notebook: it has no cells")
    numbered = enumerate(cells, 1)
    return [(n, source(cell)) for n, cell in numbered if cell.get("cell_type") == "code"]


def source(cell: dict) -> str:
    """The text of a cell, which may be a list of lines."""
    text = cell.get("source", "")
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        text = "".join(text)
    if not isinstance(text, str):
        raise Unreadable("is not a notebook: the source of a cell is not text")
    return text


def checked(cells: Cells) -> set[str]:
    """The exercises that the cells name in calls of `check`."""
    return {id for _, text in cells for id in CHECKED.findall(text)}


def peeks(cells: Cells) -> list[int]:
    """Numbers of the cells that name the exercises' own answers."""
    return [number for number, text in cells if ANSWERS.search(text)]
