"""The equations that are numbered, and the cells that check them.

A code cell checks equations when its metadata say so: ``"verifies": ["eq-backward"]`` compares
them with an independent referee, and ``"control": ["eq-backward"]``, on the same cell or another,
repeats the comparison with something deliberately wrong, which has to fail.  Both are seen in what
the cell prints, line by line:

- a *verdict* is ``True``, ``agrees`` or ``exact``, or on the other side ``False``, ``fails``,
  ``wrong in ...``, ``DIFFERS`` or ``off by`` a number that is not zero;
- what follows the word ``control`` or ``without`` in a line belongs to the control.

So a line reads ``W_hh: agrees: True   control, transposed: False``.  A verifying cell prints
a good verdict and no bad one, a control prints a bad one after its word.

In the build, pages may use the counts of this book as substitutions, ``{{ equations_verified }}``:
see `counts`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
LABEL = re.compile(
    r"\$\$[ \t]*\(([\w-]+)\)"  # $$ ... $$ (eq-name)
    r"|^:{3,}\{math\}[^:]*?^:label:[ \t]*([\w-]+)"  # the same as a directive
    r"|^`{3,}\{math\}[^`]*?^:label:[ \t]*([\w-]+)"
    r"|\\label\{([\w:-]+)\}",  # and in an environment of LaTeX
    re.MULTILINE,
)
MARK = re.compile(r"\b(controls?|without)\b", re.IGNORECASE)
GOOD = re.compile(r"\b(True|agrees?|exact)\b")
BAD = re.compile(
    r"\b(False|fails|DIFFERS)\b"
    r"|\bwrong\b(?! in\s*$|: 0\b)(?!.*:\s*$)"  # "wrong in" and nothing more: nothing is wrong
    r"|\boff by [\d.]*[1-9]"
)
MINUTES = re.compile(r"About (?:(\d+) minutes|(an hour)) for the text")


class Check(NamedTuple):
    """A code cell that says it checks equations."""

    where: str  # page and cell, "lessons/03_bptt c009"
    verifies: tuple[str, ...]
    control: tuple[str, ...]
    prints: str  # its text outputs


# --- reading -----------------------------------------------------------------------------


def text(lines: str | list[str]) -> str:
    """Text of the notebook format, which may be a string or a list of lines."""
    return "".join(lines)


def labels(source: str) -> list[str]:
    """The labels of the equations in Markdown, in order."""
    return [next(filter(None, found.groups())) for found in LABEL.finditer(source)]


def prose(notebook: dict) -> str:
    """The Markdown cells of a notebook."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return "\n\n".join(text(cell["source"]) for cell in cells)


def printed(cell: dict) -> str:
    """What a code cell prints or returns, as text."""
    outputs = cell.get("outputs", [])
    said = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
    return "\n".join(text(lines) for lines in said)


def checks(notebook: dict, page: str = "") -> list[Check]:
    """The cells of a notebook that check equations, in order."""
    found = []
    for cell in notebook["cells"]:
        named = tuple(tuple(cell["metadata"].get(key, ())) for key in ("verifies", "control"))
        if any(named):
            prints = printed(cell) if cell["cell_type"] == "code" else ""
            found.append(Check(f"{page} {cell['id']}", *named, prints))
    return found


def pages(root: Path = ROOT) -> Iterator[tuple[str, dict | str]]:
    """Every page of the book: a notebook as nested dicts, or Markdown."""
    for pattern in ("*.md", "book/*.md", "lessons/*.ipynb", "solutions/*.ipynb", "book/*.ipynb"):
        for path in sorted(root.glob(pattern)):
            if path.parent == root and path.stem != "index":
                continue  # not a page of the book
            source = path.read_text(encoding="utf-8")
            name = path.relative_to(root).with_suffix("").as_posix()
            yield name, json.loads(source) if path.suffix == ".ipynb" else source


# --- judging -----------------------------------------------------------------------------


def halves(prints: str) -> Iterator[tuple[str, str]]:
    """Each printed line as (what belongs to the check, what belongs to the control)."""
    for line in prints.splitlines():
        mark = MARK.search(line)
        at = mark.start() if mark else len(line)
        yield line[:at], line[at:]


def passes(prints: str) -> bool:
    """Does a verifying cell say, outside its controls, that the equation holds?"""
    own = [line for line, _ in halves(prints)]
    return any(map(GOOD.search, own)) and not any(map(BAD.search, own))


def control_fails(prints: str) -> bool:
    """Does a cell say that its control failed, as it must?"""
    return any(BAD.search(line) for _, line in halves(prints))


def verified(found: Iterable[Check]) -> set[str]:
    """The equations that a cell confirms."""
    return {name for check in found if passes(check.prints) for name in check.verifies}


def controlled(found: Iterable[Check]) -> set[str]:
    """The equations with a negative control that failed."""
    return {name for check in found if control_fails(check.prints) for name in check.control}


def complaints(book: Iterable[tuple[str, dict | str]]) -> list[str]:
    """What is wrong with the checks of a book's equations; nothing if all is well."""
    numbered, found = Counter(), []
    for page, content in book:
        numbered.update(labels(content if isinstance(content, str) else prose(content)))
        found += [] if isinstance(content, str) else checks(content, page)
    said = [f"{name} is the label of {n} equations" for name, n in numbered.items() if n > 1]
    for check in found:
        for name in sorted({*check.verifies, *check.control} - numbered.keys()):
            said.append(f"{check.where} names {name}, which is no equation")
        if check.verifies and not passes(check.prints):
            said.append(f"{check.where} prints no verdict, or one against its equation")
        if check.control and not control_fails(check.prints):
            said.append(f"{check.where} prints no control that failed")
    for which, names in (("verifies", verified(found)), ("is a control of", controlled(found))):
        said += [f"no cell {which} {name}" for name in numbered if name not in names]
    return said


# --- counting ----------------------------------------------------------------------------


def equations(book: Iterable[tuple[str, dict | str]]) -> dict[str, int]:
    """How many equations are numbered, verified, and guarded by a control that failed."""
    numbered: set[str] = set()
    found: list[Check] = []
    for page, content in book:
        numbered.update(labels(content if isinstance(content, str) else prose(content)))
        found += [] if isinstance(content, str) else checks(content, page)
    return {
        "equations": len(numbered),
        "equations_verified": len(numbered & verified(found)),
        "equations_controlled": len(numbered & controlled(found)),
    }


def minutes(introduction: str) -> int:
    """What a lesson's first cell says about the time for its text.  Raises ValueError."""
    found = MINUTES.search(introduction)
    if found is None:
        raise ValueError("a lesson does not say how long it takes: 'About 50 minutes for the text'")
    return int(found.group(1) or 60)


def times(introductions: Iterable[str]) -> dict[str, int]:
    """Minutes for the text of each lesson, the least, the most, and all of them.

    >>> times(["About 50 minutes for the text", "About an hour for the text"])["minutes_2"]
    60
    """
    each = [minutes(introduction) for introduction in introductions]
    return {
        **{f"minutes_{number}": spent for number, spent in enumerate(each, 1)},
        "minutes_least": min(each, default=0),
        "minutes_most": max(each, default=0),
        "lessons_minutes": sum(each),
    }


def spelled(number: int) -> str:
    """A small number as a word, a large one in digits."""
    from unrolled.tasks import number_name  # not at the top: it takes a second

    if number > 20:
        return f"{number:,}"
    return number_name(number) if number else "none"


def stories(page: Path) -> int:
    """How many numbered stories a page tells; none if there is no such page."""
    told = page.read_text(encoding="utf-8") if page.exists() else ""
    return len(re.findall(r"^### \d+\. ", told, flags=re.MULTILINE))


def exercises() -> dict[str, int]:
    """How many exercises there are, the wrong answers known to them, and the time they take."""
    from unrolled.exercises import catalogue  # not at the top: it takes a second

    known = catalogue().values()
    return {
        "exercises": len(known),
        "mistakes_known": sum(len(each.mistakes) for each in known),
        "exercises_minutes": sum(each.minutes for each in known),
    }


def counts(root: Path = ROOT) -> dict[str, int | str]:
    """The numbers that pages of the book may show, by name.

    equations, equations_verified, equations_controlled: numbered equations.
    lessons, lessons_minutes: the lessons, and the time to read them without the exercises;
        minutes_1, minutes_2, ... for each, minutes_least and minutes_most over all of them.
    stories: those of the page on the textbook story, as a word.
    exercises, exercises_minutes, mistakes_known: from the catalogues of exercises.
    """
    book = list(pages(root))
    lessons = [content for page, content in book if page.startswith("lessons/")]
    return {
        **equations(book),
        "lessons": len(lessons),
        **times(text(lesson["cells"][0]["source"]) for lesson in lessons),
        "stories": spelled(stories(root / "book" / "textbook.md")),
        **exercises(),
    }


def offer_counts(app: Any, config: Any) -> None:
    """Let Markdown use the counts: ``{{ equations_verified }}``."""
    config.myst_substitutions = {**config.myst_substitutions, **counts(Path(app.srcdir))}


def setup(app: Any) -> dict[str, Any]:
    app.connect("config-inited", offer_counts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
