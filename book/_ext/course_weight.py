"""Keep a page light: what no page uses is not sent, and what stands far below is not drawn yet.

- Code is highlighted with few spans: names and operators take the colour of the text.
- A page loads the scripts of the explorers that stand on it, and no others.
- One style sheet alone holds up the first drawing of a page: all are joined in it, for all pages,
  and no script stands before it.
- A short script for the header's menus takes the place of Bootstrap, and the course's own script
  the place of the theme's that measures every box of a page before the page is drawn.
- After the build, style sheets lose the rules of classes that no page and no script names, fonts
  the characters that the site does not show, and the course's own files their comments.

Each of these rests on something that a theme may change; then the build warns.
"""

from __future__ import annotations

import functools
import posixpath
import re
import zlib
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import tinycss2
from docutils import nodes
from fontTools import subset
from fontTools.varLib import instancer
from pygments.formatters import HtmlFormatter
from pygments.token import Token
from sphinx.application import Sphinx
from sphinx.highlighting import PygmentsBridge
from sphinx.util import logging

logger = logging.getLogger(__name__)

PLAIN = (
    Token.Name,
    Token.Name.Namespace,
    Token.Operator,
    Token.Punctuation,
    Token.Text,
    Token.Text.Whitespace,
)
ALIKE = {Token.Literal.String: "s", Token.Literal.Number: "m", Token.Comment: "c"}
FIRST = ("styles/theme.css", "styles/pydata-sphinx-theme.css")  # our template leaves them to us
SHEETS = (  # those of the theme and its extensions; the course's own hold nothing in vain
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "basic.css",
    "mystnb.*.css",
)
OWN = ("explorers/*.js", "explorers/*.css", "course.js", "course.css", "claims.css")
STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`")  # of a script: it may hold a class
WORD = re.compile(r"[A-Za-z][\w-]*")
FOR_SEARCH = {"_static/doctools.js", "_static/sphinx_highlight.js"}  # marks what was searched for
EARLY = "_static/documentation_options.js"  # what stands in the page writes into it
BOOTSTRAP = "scripts/bootstrap.js"
THEME = "scripts/pydata-sphinx-theme.js"
MEASURING = re.compile(  # of the theme: which boxes scroll?  It would lay out the whole page
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)
LIST = "/*\n{}\n*/\n"  # head of a joined style sheet: its parts
ADDRESS = re.compile(r"url\(([\"']?)(?!data:|#|[\w+]+:|/)([^)\"']+)")
NAMED = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
NEGATED = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")


class LeanFormatter(HtmlFormatter):
    """Leaves names and operators bare and has one class for all parts of a string."""

    def _get_css_class(self, ttype: Any) -> str:
        alike = next((name for kind, name in ALIKE.items() if ttype in kind), None)
        return alike or ("" if ttype in PLAIN else super()._get_css_class(ttype))


# --- scripts -----------------------------------------------------------------------------


@functools.cache
def explorer_tags(folder: Path) -> dict[str, set[str]]:
    """Names of the elements that each explorer's script defines; none where all share a script."""
    define = re.compile(r"customElements\.define\(\s*[\"']([\w-]+)")
    return {
        f"explorers/{path.name}": set(define.findall(path.read_text(encoding="utf-8")))
        for path in folder.glob("explorers/*.js")
    }


def only_needed_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Leave out the scripts that a page has no use for."""
    body = context.get("body", "")
    tags = explorer_tags(Path(app.srcdir) / "book" / "_static")
    present = {name for names in tags.values() for name in names if f"<{name}" in body}

    def wanted(file: Any) -> bool:
        path = str(getattr(file, "filename", ""))
        name = path.removeprefix("_static/")
        if not name.startswith("explorers/"):
            return path not in FOR_SEARCH or page == "search"
        own = tags.get(name)
        return bool(own & present if own else present)

    files = [file for file in context["script_files"] if wanted(file)]
    for number, file in enumerate(files):
        path = str(getattr(file, "filename", "") or "")
        if path == EARLY:
            files[number] = written_out(app, path)
        elif path.startswith("_static/") and path not in FOR_SEARCH:
            file.attributes.setdefault("defer", "defer")
    context["script_files"] = files
    context["css_files"] = [join_sheets(app, context["css_files"])]


def written_out(app: Sphinx, name: str) -> Any:
    """A short script as part of the page: a file of its own would have to be waited for."""
    text = (Path(app.outdir) / name).read_text(encoding="utf-8")
    app.add_js_file(None, body=bare(text).strip())
    return app.builder._js_files[-1]


def replace_bootstrap(static: Path) -> None:
    """Put the script of the menus where the theme's pages look for Bootstrap."""
    place = static / BOOTSTRAP
    if not place.exists():
        logger.warning("no %s: how does the theme open its menus?", BOOTSTRAP)
    script = (Path(__file__).parent / "menus.js").read_text(encoding="utf-8")
    place.write_text(bare(script), encoding="utf-8")
    for note in static.glob(f"{BOOTSTRAP}.LICENSE.txt"):
        note.unlink()


def drop_measuring(static: Path) -> None:
    """Let the course's own script find the boxes that scroll, each when it is drawn."""
    place = static / THEME
    text, count = MEASURING.subn("0", place.read_text(encoding="utf-8"))
    if count != 1:
        logger.warning("%s does not measure boxes as it did: see %s", THEME, MEASURING.pattern)
    place.write_text(text, encoding="utf-8")


# --- style sheets ------------------------------------------------------------------------


class Names(HTMLParser):
    """Collects the classes and ids of pages."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("class", "id") and value:
                self.found.update(value.split())


def names_used(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Every class and id that a page has or a script may set."""
    names = Names()
    for page in pages:
        names.feed(page)
    for script in scripts:
        names.found.update(*map(WORD.findall, STRING.findall(script)))
    return names.found


def matches(selector: str, used: set[str]) -> bool:
    """Whether a selector can match: all the classes and ids it asks for exist somewhere."""
    return set(NAMED.findall(NEGATED.sub("", selector))) <= used


def selectors(prelude: list[Any]) -> Iterator[str]:
    """The selectors of a rule, cut at its outermost commas."""
    part: list[Any] = []
    for token in [*prelude, None]:
        if token is None or (token.type == "literal" and token.value == ","):
            yield tinycss2.serialize(part).strip()
            part = []
        else:
            part.append(token)


def slim(rules: list[Any], used: set[str]) -> str:
    """The text of those rules of a style sheet that can match something."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            alive = [s for s in selectors(rule.prelude) if matches(s, used)]
            if alive:
                kept.append(f"{','.join(alive)}{{{tinycss2.serialize(rule.content).strip()}}}")
        elif rule.type == "at-rule" and rule.at_keyword in ("media", "supports"):
            inside = tinycss2.parse_rule_list(rule.content, True, True)
            if text := slim(inside, used):
                head = tinycss2.serialize(rule.prelude).strip()
                kept.append(f"@{rule.at_keyword} {head}{{{text}}}")
        elif rule.type != "error":
            kept.append(rule.serialize())
    return "\n".join(kept)


def join_sheets(app: Sphinx, files: list[Any]) -> Any:
    """One style sheet for all pages, which a browser loads once, in place of many.

    It begins as a list of its parts, of which extensions write some late; the end of the build
    puts them in their place.
    """
    names = [*FIRST, *(str(file.filename).removeprefix("_static/") for file in files)]
    parts = [Path(app.outdir) / "_static" / name for name in names]
    sums = [f"{zlib.crc32(part.read_bytes()):08x}" for part in parts if part.exists()]
    name = f"joined-{zlib.crc32(chr(10).join([*names, *sums]).encode()):08x}.css"
    listed = LIST.format("\n".join(names))
    (Path(app.outdir) / "_static" / name).write_text(listed, encoding="utf-8")
    app.add_css_file(name)
    return app.builder._css_files[-1]


def with_parts(sheet: Path) -> str:
    """The text of a joined style sheet, its parts read and their addresses seen from it."""
    text = sheet.read_text(encoding="utf-8")
    head = text[: text.find("*/") + 2]
    parts = head.removeprefix("/*").removesuffix("*/").split()
    pieces = [head]
    for part in parts:
        folder = posixpath.dirname(part)

        def moved(match: re.Match[str], folder: str = folder) -> str:
            return f"url({match[1]}{posixpath.normpath(posixpath.join(folder, match[2]))}"

        if not (sheet.parent / part).exists():
            logger.warning("no style sheet %s, which pages ask for", part)
            continue
        piece = (sheet.parent / part).read_text(encoding="utf-8")
        piece = piece.replace('@charset "UTF-8";', "")
        if "@import" in piece or "@charset" in piece:
            logger.warning("%s: @import or @charset must stand at the head of a file", part)
        pieces.append(ADDRESS.sub(moved, piece))
    return "\n".join(pieces)


def fill_joined_sheets(static: Path) -> None:
    """Put the parts into the joined style sheets, and what the theme imports in its place."""
    theme, imported = static / "styles" / "theme.css", '@import "../basic.css";'
    text = theme.read_text(encoding="utf-8")
    basic = ADDRESS.sub(r"url(\1../\2", (static / "basic.css").read_text(encoding="utf-8"))
    if imported in text:
        theme.write_text(text.replace(imported, basic), encoding="utf-8")
    elif "@import" in text:
        logger.warning("%s imports in another way than it did", theme)
    for sheet in static.glob("joined-*.css"):
        sheet.write_text(with_parts(sheet), encoding="utf-8")


def drop_unused_rules(static: Path, pages: list[str]) -> None:
    """Take out of the theme's style sheets what cannot match on any page."""
    scripts = (path.read_text(encoding="utf-8") for path in static.rglob("*.js"))
    used = names_used(pages, scripts)
    for pattern in SHEETS:
        found = list(static.glob(pattern))
        if not found:
            logger.warning("no style sheet %s: did the theme change?", pattern)
        for sheet in found:
            before = sheet.read_text(encoding="utf-8")
            rules = tinycss2.parse_stylesheet(before, skip_comments=True, skip_whitespace=True)
            after = slim(rules, used)
            if not 0.1 * len(before) < len(after) <= len(before):
                logger.warning("%s: %d of %d characters left", sheet, len(after), len(before))
            sheet.write_text(after, encoding="utf-8")


# --- comments ----------------------------------------------------------------------------


def bare(text: str) -> str:
    """A script or a style sheet of the course without its comments, indents and empty lines.

    A comment /* */ may stand anywhere but in a string; one after // is taken off where it stands
    alone or after spaces, and holds no quotation mark: so none is sought inside a string.  A script
    with a string over several lines stays as it is.
    """
    if any(line.count("`") % 2 for line in text.splitlines()):
        return text
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"(?:^|[ \t]+)// [^\"'`\n]*$", "", text, flags=re.MULTILINE)
    lines = map(str.strip, text.splitlines())
    return "\n".join(filter(None, lines)) + "\n"


def drop_comments(static: Path) -> None:
    """Take the comments out of the course's own scripts and style sheets."""
    for pattern in OWN:
        found = list(static.glob(pattern))
        if not found:
            logger.warning("no file _static/%s", pattern)
        for path in found:
            path.write_text(bare(path.read_text(encoding="utf-8")), encoding="utf-8")


# --- fonts -------------------------------------------------------------------------------


class ShownText(HTMLParser):
    """Collects the characters of pages: all of them, and those of formulas."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0  # of spans inside a formula's visible part; 0 outside
        self.formulas: set[str] = set()
        self.text: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "span" and (self.depth or dict(attrs).get("class") == "katex-html"):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self.depth:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        (self.formulas if self.depth else self.text).update(data)


def subset_fonts(static: Path, pages: list[str]) -> None:
    """Keep of the fonts the characters that the site shows."""
    shown = ShownText()
    for text in pages:
        shown.feed(text)
    for path in static.rglob("*.js"):  # what explorers and messages write
        shown.text.update(path.read_text(encoding="utf-8"))
    printable = {chr(code) for code in range(32, 127)}
    places = (
        ("vendor/katex/fonts", shown.formulas, []),
        ("vendor/source-sans-3", shown.text | printable, ["kern"]),
    )
    for folder, characters, features in places:
        options = subset.Options(flavor="woff2", hinting=False, layout_features=features)
        found = list((static / folder).glob("*.woff2"))
        if not found:
            logger.warning("no fonts in _static/%s", folder)
        for path in found:
            font = subset.load_font(str(path), options)
            if "italic" in path.name and "fvar" in font:  # emphasis is never bold
                instancer.instantiateVariableFont(font, {"wght": 400}, inplace=True)
            subsetter = subset.Subsetter(options)
            subsetter.populate(text="".join(characters))
            subsetter.subset(font)
            subset.save_font(font, str(path), options)


def lighten(app: Sphinx, exception: Exception | None) -> None:
    """After the build: take out what no page uses."""
    if exception or app.builder.name not in {"html", "dirhtml"}:
        return
    static = Path(app.outdir) / "_static"
    places = sorted(Path(app.outdir).rglob("*.html"))
    pages = [page.read_text(encoding="utf-8") for page in places]
    replace_bootstrap(static)  # first: rules for what it did go next
    drop_measuring(static)
    drop_unused_rules(static, pages)
    subset_fonts(static, pages)
    drop_comments(static)
    fill_joined_sheets(static)


def setup(app: Sphinx) -> dict:
    PygmentsBridge.html_formatter = LeanFormatter
    app.connect("html-page-context", only_needed_scripts, priority=900)
    app.connect("build-finished", lighten, priority=900)  # after course_site has cleared up
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
