"""The page of claims, and the ties between its claims and the cells that measure them.

``{claims} d2l``          the claims of a source, grouped by lesson, each with its verdict folded
                          away, and a list of what nobody can vote on
``{claims-summary}``      a table: how many verdicts of each kind, by source
``{claim-count}`false```  one of these numbers in a sentence: a verdict, ``all``, ``not true``
                          (misleading or false), ``cells``
``{measured}`name```      a number of ``book/_claims/textbook.yml``, or ``{measured}`1.30 scalar```
                          that of a claim; it is a link to the cell that printed it

Every code cell of a notebook gets the anchor ``cell-ID``, and a cell that measures claims a line
below it that leads back to them.  What ``course_claims`` finds wrong is a warning of the build.
The votes, the search and the filters are ``_static/claims.js``; without it the page is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import course_claims as cc
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

PAGE = "book/claims"
NUMBERS = cc.ROOT / "book" / "_claims" / "textbook.yml"
ELSEWHERE = "Measured on a page of its own"
LEGEND = {"true": "True", "true if": "True if", "misleading": "Misleading", "false": "False"}


class Book(NamedTuple):
    """Claims and cells as they are at this build."""

    claims: list[cc.Claim]
    cells: list[cc.Cell]
    problems: list[str]
    titles: dict[str, str]  # of the notebooks, by docname


@cache
def read_book(stamp: tuple[tuple[Path, float], ...]) -> Book:
    """Read once for every state of the files."""
    files = [path for path, _ in stamp]
    sources = [path for path in files if path.stem in cc.SOURCES]
    notebooks = [path for path in files if path.suffix == ".ipynb"]
    claims, told = [], []
    for path in sources:
        try:
            claims += cc.read_source(path)
        except cc.BadClaims as error:
            told.append(str(error))
    cells = cc.all_cells(notebooks)
    titles = {f"{p.parent.name}/{p.stem}": cc.page_title(p) for p in notebooks}
    return Book(claims, cells, told or cc.problems(claims, cells, cc.labels_of()), titles)


def files_of_book() -> list[Path]:
    return [p for p in (*cc.source_files(), *cc.notebook_files(), NUMBERS) if p.is_file()]


def book_now() -> Book:
    return read_book(tuple((path, path.stat().st_mtime) for path in files_of_book()))


def note_files(env: BuildEnvironment) -> None:
    """Read the page again when a claim or a cell has changed."""
    for path in files_of_book():
        env.note_dependency(str(path))


def anchor(claim_id: str) -> str:
    """``claim-1-30``."""
    return "claim-" + claim_id.replace(".", "-")


def cell_uri(app: Sphinx, docname: str, cell: cc.Cell) -> str:
    return f"{app.builder.get_relative_uri(docname, cell.page)}#cell-{cell.id}"


# --- nodes -------------------------------------------------------------------------------


class claim_card(nodes.General, nodes.Element):  # noqa: N801 (docutils writes nodes so)
    """A claim with its verdict."""


class folded(nodes.General, nodes.Element):  # noqa: N801
    """``<details>`` with a summary."""


class slot(nodes.General, nodes.Element):  # noqa: N801
    """An empty place that the script fills; its room is kept while it loads."""


def visit_card(self: HTML5Translator, node: claim_card) -> None:
    data = {f"data-{key}": node[key] for key in ("verdict", "lesson", "source")}
    self.body.append(self.starttag(node, "div", CLASS="claim", **data))
    self.body.append(
        f'<p class="claim-name"><a href="#{node["ids"][0]}">'
        f'<span class="visually-hidden">Claim </span>{node["name"]}</a></p>'
    )


def visit_folded(self: HTML5Translator, node: folded) -> None:
    self.body.append(self.starttag(node, "details"))
    about = f'<span class="visually-hidden"> {node["about"]}</span>' if node.get("about") else ""
    self.body.append(f"<summary>{node['summary']}{about}</summary>")


def visit_slot(self: HTML5Translator, node: slot) -> None:
    self.body.append(self.starttag(node, "div", "") + "</div>\n")
    raise nodes.SkipNode


# --- directives --------------------------------------------------------------------------


class CourtDirective(SphinxDirective):
    """What the directives share."""

    def read(self) -> Book:
        note_files(self.env)
        return book_now()

    def myst(self, text: str) -> list[nodes.Node]:
        """Nodes of a MyST text."""
        node = nodes.Element()
        self.state.nested_parse(StringList(text.split("\n"), self.env.docname), 0, node)
        return node.children

    def link(self, text: str, uri: str) -> nodes.reference:
        return nodes.reference("", text, refuri=uri, internal=True)


class ClaimsDirective(CourtDirective):
    """The claims of one source: a section for each lesson that measures some."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        book = self.read()
        name = self.arguments[0]
        if name not in cc.SOURCES:
            raise self.error(f"the sources are {', '.join(cc.SOURCES)}, not {name!r}")
        number = cc.SOURCES.index(name) + 1
        claims = [c for c in book.claims if c.id.startswith(f"{number}.")]
        groups: dict[str, list[cc.Claim]] = {}
        for claim in (c for c in claims if c.votable):
            groups.setdefault(self.group(claim, book), []).append(claim)
        made: list[nodes.Node] = []
        for title in sorted(groups, key=lambda title: (title == ELSEWHERE, title)):
            section = nodes.section(ids=[nodes.make_id(f"{name} {title}")], classes=["claims"])
            section += nodes.title("", title)
            section += [self.card(claim, number, book) for claim in groups[title]]
            made.append(section)
        if rest := [c for c in claims if not c.votable]:
            title = "Not on trial: definitions, pictures and exercises"
            section = nodes.section(ids=[nodes.make_id(f"{name} rest")])
            section += nodes.title("", title)
            section += self.rest(rest, book)
            made.append(section)
        return made

    def group(self, claim: cc.Claim, book: Book) -> str:
        """The lesson that measures a claim; of several the first."""
        for cell in cc.cells_of(claim, book.cells):
            if lesson := cc.lesson_of(cell.page):
                page = next(page for page in book.titles if page.startswith(f"lessons/0{lesson}"))
                return f"Lesson {lesson}: {book.titles[page].partition(':')[0]}"
        return ELSEWHERE

    def card(self, claim: cc.Claim, number: int, book: Book) -> claim_card:
        cells = cc.cells_of(claim, book.cells)
        lesson = next((n for cell in cells if (n := cc.lesson_of(cell.page))), 0)
        card = claim_card(ids=[anchor(claim.id)], name=claim.id, verdict=claim.verdict)
        card["lesson"], card["source"] = str(lesson), str(number)
        card += nodes.container("", *self.myst(claim.says), classes=["claim-says"])
        card += slot(classes=["claim-vote"])
        details = folded(summary="Verdict", about=f"on claim {claim.id}")
        details += nodes.paragraph("", LEGEND.get(claim.verdict, claim.verdict), classes=["ruling"])
        try:
            finding = cc.fill(claim, book.cells)
        except (cc.BadClaims, cc.re.error):  # told as a problem of the build
            finding = claim.finding
        if claim.cite:
            finding += f" See {{cite:t}}`{','.join(claim.cite)}`."
        details += self.myst(finding)
        details += self.where(cells, book)
        card += details
        return card

    def where(self, cells: list[cc.Cell], book: Book) -> nodes.paragraph:
        """Links to the cells, by page and section."""
        line = nodes.paragraph("", "Measured in ", classes=["claim-where"])
        before = ""
        for n, cell in enumerate(cells):
            lesson = cc.lesson_of(cell.page)
            place = f"lesson {lesson}" if cell.page.startswith("lessons/") else ""
            place = place or (f"solutions {lesson}" if lesson else book.titles[cell.page])
            text = f"{place}: {cell.section.lstrip('◆ ').replace('`', '')}"
            line += nodes.Text(", " if n else "")
            uri = cell_uri(self.env.app, self.env.docname, cell)
            line += self.link("another cell there" if text == before else text, uri)
            before = text
        return line

    def rest(self, claims: list[cc.Claim], book: Book) -> folded:
        entries = f"{len(claims)} entries" if len(claims) > 1 else "One entry"
        details = folded(summary=f"{entries}, and where the book has them")
        details["classes"].append("claims-rest")
        listed = nodes.bullet_list()
        for claim in claims:
            item = nodes.list_item(ids=[anchor(claim.id)])
            item += self.myst(f"**{claim.id}** {claim.says} → {self.place(claim)}")
            if exercise := self.exercise(claim.see, book):
                item[-1] += exercise
            listed += item
        details += listed
        return details

    def place(self, claim: cc.Claim) -> str:
        """Where the book has what the source shows, in MyST; an exercise is told by its link."""
        see = claim.see
        if see.startswith("eq-"):
            return f"{{eq}}`{see}`"
        if see.startswith("fig-"):
            return f"{{numref}}`{see}`"
        if see[:1].isdigit():
            return ""
        return f"{{doc}}`/{see}`" if "/" in see else f"{{ref}}`{see}`"

    def exercise(self, number: str, book: Book) -> nodes.reference | None:
        """A link to an exercise, to the first of its cells."""
        for cell in book.cells:
            if cell.page.startswith("lessons/") and cell.section.startswith(f"{number} "):
                return self.link(
                    f" exercise {number}", cell_uri(self.env.app, self.env.docname, cell)
                )
        return None


class SummaryDirective(CourtDirective):
    """How many verdicts of each kind each source got."""

    def run(self) -> list[nodes.Node]:
        claims = self.read().claims
        rows = ["| source | " + " | ".join(LEGEND.values()) + " | claims |"]
        rows.append("| --- |" + " ---: |" * (len(LEGEND) + 1))
        for number in range(1, len(cc.SOURCES) + 1):
            own = [c for c in claims if c.id.startswith(f"{number}.")]
            if own:
                rows.append(f"| {{cite:t}}`{own[0].source}` | {self.counts(own)} |")
        rows.append(f"| all four | {self.counts(claims)} |")
        return self.myst("\n".join(rows))

    def counts(self, claims: list[cc.Claim]) -> str:
        votable = [c for c in claims if c.votable]
        each = [sum(c.verdict == verdict for c in votable) for verdict in LEGEND]
        return " | ".join(map(str, [*each, len(votable)]))


class CourtroomDirective(CourtDirective):
    """The place of the search and the filters."""

    def run(self) -> list[nodes.Node]:
        return [slot(classes=["claims-bar"])]


# --- roles -------------------------------------------------------------------------------


def counted(what: str, book: Book) -> int:
    """How many claims, verdicts of a kind, or cells."""
    verdicts = [claim.verdict for claim in book.claims if claim.votable]
    counts: dict[str, int] = {verdict: verdicts.count(verdict) for verdict in cc.VERDICTS}
    counts["all"] = len(verdicts)
    counts["not true"] = counts["misleading"] + counts["false"]
    counts["cells"] = sum(bool(cell.claims) for cell in book.cells)
    return counts[what]


class CountRole(SphinxRole):
    """A number of claims in a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        note_files(self.env)
        try:
            return [nodes.Text(str(counted(self.text, book_now())))], []
        except KeyError:
            logger.warning(
                "claim-count: %r cannot be counted", self.text, location=self.get_location()
            )
            return [], []


class MeasuredRole(SphinxRole):
    """A number from a run, with a link to the cell that printed it."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        note_files(self.env)
        book = book_now()
        found = look_up(self.text, book)
        if found is None:
            logger.warning("no cell prints %r", self.text, location=self.get_location())
            return [nodes.Text(self.text)], []
        value, cell = found
        uri = cell_uri(self.env.app, self.env.docname, cell)
        link = nodes.reference("", "", refuri=uri, internal=True, classes=["measured-number"])
        link += list(typeset(value))
        return [link], []


@cache
def numbers_of(path: Path, changed: float) -> dict[str, dict[str, str]]:
    """The named numbers of the page on the textbook's stories."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def look_up(name: str, book: Book) -> tuple[str, cc.Cell] | None:
    """The value of ``name`` (of textbook.yml) or ``1.30 scalar`` (of a claim), and its cell."""
    claim_id, _, placeholder = name.partition(" ")
    if placeholder:
        for claim in book.claims:
            if claim.id == claim_id and placeholder in claim.measured:
                cells = cc.cells_of(claim, book.cells)
                return cc.find(claim.measured[placeholder], cells)
        return None
    named = numbers_of(NUMBERS, NUMBERS.stat().st_mtime).get(name)
    return cc.find_named(named, book.cells) if named else None


def typeset(value: str) -> Iterator[nodes.Node]:
    """The value as text nodes, with its exponent raised."""
    for n, part in enumerate(cc.re.split(r"\{sup\}`(.*?)`", cc.written(value))):
        text = cc.re.sub(r"\\([\\*_`<\[$])", r"\1", part)
        if n % 2:
            yield nodes.superscript("", text.replace("-", "−"))
        elif text:
            yield nodes.Text(text)


# --- lessons -----------------------------------------------------------------------------


def name_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Give every code cell an anchor, and those that measure a claim a line that leads to it."""
    docname = app.env.docname
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    by_index = {cell.index: cell for cell in cc.read_cells(path, path.stat().st_mtime)}
    known = {claim.id for claim in book_now().claims}
    for node in list(doctree.findall(nodes.container)):
        cell = by_index.get(node.get("cell_index", -1))
        if node.get("nb_element") != "cell_code" or cell is None:
            continue
        node["ids"].append(f"cell-{cell.id}")
        if claims := [name for name in cell.claims if name in known]:
            words = "Measures claim " if len(claims) == 1 else "Measures claims "
            line = nodes.paragraph("", words, classes=["claim-back"])
            for n, name in enumerate(claims):
                uri = app.builder.get_relative_uri(docname, PAGE) + "#" + anchor(name)
                line += nodes.Text(", " if n else "")
                line += nodes.reference("", name, refuri=uri, internal=True)
            node.parent.insert(node.parent.index(node) + 1, line)


def add_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The script, where there are claims to vote on."""
    if doctree is not None and any(True for _ in doctree.findall(claim_card)):
        app.add_js_file("claims.js", loading_method="defer")


def tell_problems(app: Sphinx, env: BuildEnvironment) -> None:
    for problem in book_now().problems:
        logger.warning("%s", problem)


def setup(app: Sphinx) -> dict:
    leave = lambda tag: lambda self, node: self.body.append(f"</{tag}>\n")  # noqa: E731
    app.add_node(claim_card, html=(visit_card, leave("div")))
    app.add_node(folded, html=(visit_folded, leave("details")))
    app.add_node(slot, html=(visit_slot, None))
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("claims-summary", SummaryDirective)
    app.add_directive("claims-bar", CourtroomDirective)
    app.add_role("claim-count", CountRole())
    app.add_role("measured", MeasuredRole())
    app.connect("doctree-read", name_cells)
    app.connect("env-updated", tell_problems)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
