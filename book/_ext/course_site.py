"""What templates, options and style sheets of the site cannot do.

- A lesson keeps the number of its file: ``lessons/02_forward`` is 2, its first figure 2.1.
- Sections get classes from their titles, so that notebooks stay plain Markdown.
- Two nodes whose HTML fails an accessibility rule get their own visitors.
- What a cell prints in pieces, with ``end=""``, stands on the page as it was printed.
- After the build, the theme's icon font is taken out, and the parts that rest on the theme are
  checked: if it changes, the build warns instead of passing in silence.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core import render as myst_nb_render
from myst_nb.core.utils import coalesce_streams
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def lesson_number(docname: str) -> int | None:
    """2 for ``lessons/02_forward``; None for a page that is not a lesson."""
    match = re.fullmatch(r"lessons/(\d+)_\w+", docname)
    return int(match.group(1)) if match else None


def number_by_file(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number lessons, their sections, figures and equations by the file, not by the position.

    Sphinx counts the chapters that exist; the number of a lesson must not change when an
    earlier one is still to come.
    """
    changed = []
    for docname in env.found_docs:
        number = lesson_number(docname)
        if number is None or docname not in env.toc_secnumbers:
            continue
        sections = env.toc_secnumbers[docname]
        sections.update({anchor: (number, *old[1:]) for anchor, old in sections.items() if old})
        for figures in env.toc_fignumbers.get(docname, {}).values():
            figures.update({key: (number, *old[1:]) for key, old in figures.items()})
        titled = [
            env.titles[docname],
            env.longtitles[docname],
            *env.tocs[docname].findall(nodes.reference),
        ]
        for node in titled:
            if old := node.get("secnumber"):
                node["secnumber"] = (number, *old[1:])
        changed.append(docname)
    return changed


def join_pieces(outputs: list[Any]) -> list[Any]:
    """Cell outputs in which a stream that was printed in pieces is whole.

    myst-nb joins the pieces too, but each gets an end of line of its own.
    """
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(output.copy())
    return coalesce_streams(joined)


def mark_sections(app: Sphinx, doctree: nodes.document) -> None:
    """Give sections the class that their title announces: "◆ ..." deeper, "2.1 ..." exercise."""
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is None or title.parent is not section:
            continue
        words = title.astext()
        if "◆" in words:
            section["classes"].append("deeper")
        if re.match(r"(Exercise )?\d+\.\d+\b", words):
            section["classes"].append("exercise")


def visit_hidden_cell(self: HTML5Translator, node: HideCodeCellNode) -> None:
    """MyST-NB labels every summary "Toggle hidden content" and so hides its visible text."""
    start = len(self.body)
    visit_HideCellInput(self, node)
    self.body[start:] = [re.sub(r"<summary[^>]*>", "<summary>", part) for part in self.body[start:]]


def visit_citation(self: HTML5Translator, node: nodes.citation) -> None:
    """docutils gives each entry a role that ARIA has retired; a list holds list items."""
    start = len(self.body)
    HTML5Translator.visit_citation(self, node)
    self.body[start:] = [
        part.replace('role="doc-biblioentry"', 'role="listitem"') for part in self.body[start:]
    ]


def depart_citation(self: HTML5Translator, node: nodes.citation) -> None:
    HTML5Translator.depart_citation(self, node)


def flatten_module_list(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """viewcode nests a list in a list without an item between them: give it one plain list."""
    if page == "_modules/index":
        title, _, items = context["body"].partition("<ul>")
        plain = re.sub(r"</?ul>", "", items)
        context["body"] = f"{title}<ul>{plain}</ul>"


# --- after the build ---------------------------------------------------------------------

ICON_RULE = re.compile(r'(?:\.fa-[\w-]+:before,?)+\{content:"[^"]*"\}')
ICON_FONT = re.compile(r"@font-face\{[^}]*Font ?Awesome[^}]*\}")
THEME_SHEET = "styles/pydata-sphinx-theme.css"
UNUSED = ["scripts/fontawesome.js", "scripts/fontawesome.js.LICENSE.txt", "vendor/fontawesome"]


def icons_of(text: str) -> set[str]:
    """Names of the icons that a page (or style sheet) mentions."""
    styles = {"solid", "brands", "regular", "lg", "sm", "fw", "2x"}
    return set(re.findall(r"\bfa-([a-z0-9-]+)", text)) - styles


def drop_icon_font(static: Path) -> None:
    """Take Font Awesome out of the theme: 1,900 rules of its style sheet, its fonts, its script."""
    sheet = static / THEME_SHEET
    text, rules = ICON_RULE.subn("", sheet.read_text(encoding="utf-8"))
    text, fonts = ICON_FONT.subn("", text)
    if rules < 1000 or not fonts:
        logger.warning(
            "%s: %d icon rules, %d icon fonts; did the theme change?", THEME_SHEET, rules, fonts
        )
    sheet.write_text(text, encoding="utf-8")
    for name in UNUSED:
        path = static / name
        if not path.exists():
            logger.warning("the theme no longer brings %s", name)
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def drop_source_maps(static: Path) -> None:
    """Take out the maps for debugging the theme, and the lines that ask for them."""
    for path in [*static.rglob("*.js"), *static.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        slim = re.sub(r"(//# sourceMappingURL=\S+|/\*# sourceMappingURL=\S+ \*/)\s*$", "", text)
        if slim != text:
            path.write_text(slim, encoding="utf-8")
    for path in static.rglob("*.map"):
        path.unlink()


def check_site(app: Sphinx, exception: Exception | None) -> None:
    """Lighten the built site; warn when an assumption about the theme no longer holds."""
    if exception or app.builder.name not in {"html", "dirhtml"}:
        return
    out = Path(app.outdir)
    static = out / "_static"
    for template in static.glob("*webpack-macros.html"):  # the theme copies these by mistake
        template.unlink()
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(out.rglob("*.html"))}
    drop_icon_font(static)
    drop_source_maps(static)

    drawn = icons_of((static / "icons.css").read_text(encoding="utf-8"))
    asked: set[str] = set()
    for page, text in pages.items():
        where = page.relative_to(out)
        icons = icons_of(re.sub(r"<(pre|code)\b.*?</\1>", "", text, flags=re.S))
        asked |= icons
        for icon in sorted(icons - drawn):
            logger.warning("%s: book/_static/icons.css does not draw fa-%s", where, icon)
        for script in re.findall(r'<script[^>]*src="([^"]*)"', text):
            if re.search("fontawesome|thebe|mathjax", script, flags=re.I):
                logger.warning("%s loads %s, which the templates leave out", where, script)
    if "bars" not in asked:
        logger.warning("no page shows the icon fa-bars: the theme draws its icons in another way")


def setup(app: Sphinx) -> dict:
    myst_nb_render.coalesce_streams = join_pieces
    app.connect("doctree-read", mark_sections)
    app.connect("html-page-context", flatten_module_list)
    app.connect("env-get-updated", number_by_file, priority=900)  # after Sphinx has numbered
    app.connect("build-finished", check_site)
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_cell, depart_HideCellInput))
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
