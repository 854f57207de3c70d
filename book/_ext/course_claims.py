"""The claims of the sources, their verdicts, and the cells that measure them.

A source is a file ``book/_claims/SOURCE.yml`` with one entry a claim.  A cell of a notebook
measures claims when its metadata list them: ``"claims": ["1.30", "3.18"]``.  A finding holds
placeholders, ``{half_life}``; each is a regular expression that takes its text from what those
cells print.  So no measured number is typed, and a claim stands or falls with its cell.

Nothing here knows Sphinx: ``claims_court`` makes the page of it, the tests read it, and

    python book/_ext/course_claims.py [ID ...]

prints what is wrong with the entries, and the findings of the claims that are named.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ("cs231n", "vanished", "zhihu", "d2l")  # the files, in the order of the ids
VERDICTS = ("true", "true if", "misleading", "false")
OTHERS = ("definition", "exercise")  # what nobody can vote on
FIELDS = {"id", "says", "verdict", "finding", "measured", "cite", "see"}
NAME = re.compile(r"\{([A-Za-z_]\w*)\}(?!`)")
MATHS = re.compile(r"(\$\$.+?\$\$|\$[^$]+\$)", re.DOTALL)
ROLE = re.compile(r"\{[\w:.-]+\}`[^`]*`")
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,_]\d+)*(?:e[-+]?\d+)?(?![\w^])")


class BadClaims(ValueError):
    """Said of a file of claims that cannot be read at all."""


class Claim(NamedTuple):
    """One entry of a file."""

    id: str
    source: str  # key of the bibliography
    says: str
    verdict: str
    finding: str = ""
    measured: dict[str, str] = {}
    cite: tuple[str, ...] = ()
    see: str = ""

    @property
    def votable(self) -> bool:
        return self.verdict in VERDICTS


class Cell(NamedTuple):
    """A code cell of a notebook of the book."""

    page: str  # docname, "lessons/04_gradient_analysis"
    index: int  # of the cell in its notebook
    id: str
    claims: tuple[str, ...]
    section: str  # the heading above it
    prints: str  # its text outputs
    code: str  # the notebook's code up to and with this cell


# --- reading -----------------------------------------------------------------------------


def read_source(path: Path) -> list[Claim]:
    """The claims of one file.  Raises BadClaims when it has not the form of one."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadClaims(f"{path.name}: {error}") from error
    if not isinstance(told, dict) or set(told) != {"source", "claims"}:
        raise BadClaims(f"{path.name} must have the keys source and claims")
    claims = []
    for entry in told["claims"] or []:
        name = f"{path.name}, claim {entry.get('id')!r}" if isinstance(entry, dict) else path.name
        if not isinstance(entry, dict) or not {"id", "says", "verdict"} <= set(entry):
            raise BadClaims(f"{name}: an entry has at least id, says and verdict")
        if extra := set(entry) - FIELDS:
            raise BadClaims(f"{name} has unknown keys: {', '.join(sorted(extra))}")
        if isinstance(entry["verdict"], bool):  # YAML reads a bare true as one
            entry["verdict"] = str(entry["verdict"]).lower()
        texts = {key: entry[key] for key in FIELDS - {"measured", "cite"} if key in entry}
        for key, value in texts.items():
            if not isinstance(value, str):
                raise BadClaims(f"{name}: {key} must be text in quotes, not {value!r}")
        if not isinstance(entry.get("measured", {}), dict):
            raise BadClaims(f"{name}: measured must be names with regular expressions")
        measured = {str(key): str(value) for key, value in entry.get("measured", {}).items()}
        texts = {key: value.strip() for key, value in texts.items()}
        cite = tuple(entry.get("cite") or ())
        claims.append(Claim(source=told["source"], measured=measured, cite=cite, **texts))
    return claims


def source_files(root: Path = ROOT) -> list[Path]:
    return [root / "book" / "_claims" / f"{name}.yml" for name in SOURCES]


def read_sources(paths: Iterable[Path]) -> list[Claim]:
    """All claims, in order."""
    return [claim for path in paths for claim in read_source(path)]


def notebook_files(root: Path = ROOT) -> list[Path]:
    """The notebooks of the book, lessons first."""
    folders = ("lessons", "solutions", "book")
    return [path for folder in folders for path in sorted((root / folder).glob("*.ipynb"))]


def printed(cell: dict) -> str:
    """What a cell prints, as text."""
    texts = []
    for output in cell["outputs"]:
        said = output.get("text") or output.get("data", {}).get("text/plain", "")
        texts.append("".join(said).rstrip("\n"))
    return "\n".join(texts)


@lru_cache(64)
def read_cells(path: Path, changed: float) -> tuple[Cell, ...]:
    """The code cells of a notebook; `changed` is the time of its last change."""
    page = f"{path.parent.name}/{path.stem}"
    section, code, cells = "", "", []
    for index, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for title in re.findall(r"^#{1,4} (.+)$", source, re.MULTILINE):
                section = title
        elif cell["cell_type"] == "code":
            code += source + "\n"
            claims = tuple(cell["metadata"].get("claims", ()))
            cells.append(Cell(page, index, cell["id"], claims, section, printed(cell), code))
    return tuple(cells)


def page_title(path: Path) -> str:
    """The first heading of a notebook."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if found := re.search(r"^# (.+)$", "".join(cell["source"]), re.MULTILINE):
            return found[1]
    return path.stem


def all_cells(paths: Iterable[Path]) -> list[Cell]:
    return [cell for path in paths for cell in read_cells(path, path.stat().st_mtime)]


def cells_of(claim: Claim, cells: Iterable[Cell]) -> list[Cell]:
    """The cells that measure a claim, in the order of the book."""
    return [cell for cell in cells if claim.id in cell.claims]


def lesson_of(page: str) -> int | None:
    """4 for ``lessons/04_gradient_analysis`` and its solutions; None for other pages."""
    match = re.fullmatch(r"(?:lessons|solutions)/(\d+)_\w+", page)
    return int(match.group(1)) if match else None


# --- a number from its cell --------------------------------------------------------------


def find(pattern: str, cells: Iterable[Cell]) -> tuple[str, Cell] | None:
    """What the group of a pattern finds in the outputs, and the cell that printed it."""
    for cell in cells:
        if match := re.search(pattern, cell.prints, re.MULTILINE):
            return (match.group(1) or "").strip(), cell
    return None


def find_named(number: dict[str, str], cells: Iterable[Cell]) -> tuple[str, Cell] | None:
    """The same for ``{cell: lessons/04_gradient_analysis c008, match: ...}``."""
    page, _, name = number["cell"].partition(" ")
    return find(number["match"], (c for c in cells if (c.page, c.id) == (page, name)))


def written(value: str, maths: bool = False) -> str:
    """A printed value as a book writes it, for MyST: a minus sign, powers of ten."""

    def power(match: re.Match) -> str:
        if match["e"] and abs(int(match["e"])) <= 3:  # 2.2e-01 is 0.22
            return f"{Decimal(match[0]):f}"
        factor = (match["factor"] or "").rstrip(".")
        exponent = match["p"] or str(int(match["e"]))
        if not float(factor or 1):
            return "0"
        lone = factor in ("", "1")
        if maths:
            return rf"10^{{{exponent}}}" if lone else rf"{factor}\times 10^{{{exponent}}}"
        factor = "" if lone else f"{factor} × "
        return f"{factor}10{{sup}}`{exponent}`".replace("`-", "`−")

    if not maths:
        value = re.sub(r"([\\*_`<\[$])", r"\\\1", value)
    pattern = (
        r"(?<![\w.])(?:(?P<factor>\d+(?:\.\d*)?)e(?P<e>[-+]?\d+)"
        r"|10\^(?P<p>[-+]?\d+(?:\.\d+)?))(?!\w)"
    )
    value = re.sub(pattern, power, value)
    return value if maths else re.sub(r"(?<!\w)-(?=\d)", "−", value)


def fill(claim: Claim, cells: Iterable[Cell]) -> str:
    """The finding with its numbers, in MyST.  Raises BadClaims when one is not printed."""
    cells = cells_of(claim, cells)
    found = {name: find(pattern, cells) for name, pattern in claim.measured.items()}
    if lost := sorted(name for name, value in found.items() if value is None):
        raise BadClaims(f"claim {claim.id}: no cell prints {', '.join(lost)}")

    def put(text: str, maths: bool) -> str:
        known = lambda m: written(found[m[1]][0], maths) if m[1] in found else m[0]  # noqa: E731
        return NAME.sub(known, text)

    parts = MATHS.split(claim.finding)
    return "".join(put(part, part.startswith("$") and len(part) > 1) for part in parts)


# --- what can be wrong -------------------------------------------------------------------


def problems(claims: list[Claim], cells: list[Cell], labels: set[str]) -> list[str]:
    """One sentence for everything that is wrong; none when claims and cells hold together."""
    told = [*repeated_or_unordered(claims), *cells_without_claims(claims, cells)]
    for claim in claims:
        for check in (words, places, patterns, placeholders, typed_numbers):
            told += [f"claim {claim.id}: {problem}" for problem in check(claim, cells, labels)]
    return told


def order(name: str) -> tuple[int, int, str]:
    """Where an id stands: 3.9 before 3.10, 3.27a before 3.27b."""
    match = re.fullmatch(r"(\d+)\.(\d+)([a-z]?)", name)
    return (int(match[1]), int(match[2]), match[3]) if match else (0, 0, name)


def repeated_or_unordered(claims: list[Claim]) -> Iterator[str]:
    names = [claim.id for claim in claims]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"claim {name} is there twice"
    for before, after in zip(names, names[1:], strict=False):
        if order(after) < order(before):
            yield f"claim {after} stands after {before}"


def cells_without_claims(claims: list[Claim], cells: list[Cell]) -> Iterator[str]:
    known = {claim.id for claim in claims}
    for cell in cells:
        for name in cell.claims:
            if name not in known:
                yield f"{cell.page}, cell {cell.id} measures claim {name}, which is in no file"


def words(claim: Claim, cells: list[Cell], labels: set[str]) -> Iterator[str]:
    """The texts and the verdict are there, each where it belongs."""
    if not re.fullmatch(r"\d\.\d+[a-z]?", claim.id):
        yield f"{claim.id!r} is not an id such as 3.27a"
    if claim.verdict not in VERDICTS + OTHERS:
        yield f"the verdict {claim.verdict!r} is none of {', '.join(VERDICTS + OTHERS)}"
    if not claim.says:
        yield "it does not say what the source says"
    if claim.votable and not claim.finding:
        yield "there is a verdict without a finding"
    if not claim.votable and (claim.finding or claim.measured):
        yield f"a {claim.verdict} has neither finding nor measured"


def places(claim: Claim, cells: list[Cell], labels: set[str]) -> Iterator[str]:
    """A claim that can be voted on has a cell; the others have a place in the book."""
    if claim.votable and not cells_of(claim, cells):
        yield "no cell measures it"
    if claim.votable and not claim.measured:
        yield "nothing is measured"
    if not claim.votable and claim.see not in labels:
        yield f"see: {claim.see!r} is no label, exercise or page of the book"


def patterns(claim: Claim, cells: list[Cell], labels: set[str]) -> Iterator[str]:
    """Every pattern has one group and finds something in what the cells print."""
    tagged = cells_of(claim, cells)
    for name, pattern in claim.measured.items():
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            yield f"{name} is no regular expression: {error}"
            continue
        if groups != 1:
            yield f"{name} has {groups} groups, not one"
        elif tagged and not (found := find(pattern, tagged)):
            yield f"{name} is not printed by {', '.join(f'{c.page} {c.id}' for c in tagged)}"
        elif tagged and not found[0]:
            yield f"{name} finds nothing"


def placeholders(claim: Claim, cells: list[Cell], labels: set[str]) -> Iterator[str]:
    """Every measured name occurs in the finding, and every placeholder is measured."""
    in_prose = "".join(MATHS.split(claim.finding)[::2])
    for name in claim.measured:
        if name not in NAME.findall(claim.finding):
            yield f"{name} is measured and does not occur in the finding"
    for name in NAME.findall(in_prose):
        if name not in claim.measured:
            yield f"the finding has {{{name}}}, which is not measured"
    if claim.says and NAME.search("".join(MATHS.split(claim.says)[::2])):
        yield "what the source says holds a placeholder"


def numbers(text: str) -> list[str]:
    """The numbers in a text, as they stand there."""
    return NUMBER.findall(text)


def size(number: str) -> float:
    return float(number.replace(",", "").replace("_", ""))


def is_size(number: str) -> bool:
    try:
        size(number)
    except ValueError:
        return False
    return True


def typed_numbers(claim: Claim, cells: list[Cell], labels: set[str]) -> Iterator[str]:
    """A number typed in a finding is a setting: in the code, in what the source says, or tiny."""
    code = "".join(cell.code for cell in cells_of(claim, cells))
    yield from unmeasured(claim.finding, code + " " + claim.says)


def unmeasured(text: str, known: str) -> Iterator[str]:
    """Numbers of a text that stand neither in `known` nor are small enough to be words."""
    settings = {size(n) for n in re.findall(r"\d+(?:[._]\d+)*(?:e-?\d+)?", known) if is_size(n)}
    settings |= {size(n) for n in re.findall(r"(?<!\d)\.\d+", known)}
    for part in MATHS.split(ROLE.sub("", text)):
        maths = part.startswith("$")
        small = 9 if maths else 2  # exponents and indices; "one of 2"
        for number in numbers(part):
            known_size = is_size(number) and size(number) in settings
            if not known_size and not (number.isdigit() and int(number) <= small):
                yield f"{number} is typed: if it was measured, take it from the cell"


def labels_of(root: Path = ROOT) -> set[str]:
    """What `see` may name: equations, figures, exercises, pages, and places with a label."""
    labels = set()
    files = [*notebook_files(root), *(root / "book").glob("*.md")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        page = f"{path.parent.name}/{path.stem}"
        labels.add(page)
        labels |= set(re.findall(r"\$\$ \(([\w-]+)\)", text))
        labels |= set(re.findall(r'name=\\?"(fig-[\w-]+)', text))
        labels |= set(re.findall(r"(?:^|\")\(([\w-]+)\)=", text, re.MULTILINE))
        if page.startswith("lessons/"):
            labels |= set(re.findall(r"\"### (\d+\.\d+) ", text))
    return labels


# --- the command -------------------------------------------------------------------------


def main(names: list[str]) -> int:
    claims, told = [], []
    for path in source_files():
        try:
            found = read_source(path)
            claims += found
            print(f"{path.name}: {len(found)} entries")
        except BadClaims as error:
            told.append(str(error))
    cells = all_cells(notebook_files())
    told += problems(claims, cells, labels_of())
    print("\n".join(told) or "no problems")
    for claim in claims:
        if claim.id in names:
            tagged = [f"{cell.page} {cell.id}" for cell in cells_of(claim, cells)]
            print(f"\n{claim.id} [{claim.verdict}] {claim.says}\n  {', '.join(tagged)}")
            try:
                print(f"  {fill(claim, cells)}")
            except (BadClaims, re.error) as error:
                print(f"  {error}")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
