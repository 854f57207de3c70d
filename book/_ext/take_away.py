"""The book to take away: one zip to read without a network, one PDF to print.

    python book/_ext/take_away.py SITE      (what `python do.py take-away` runs)

Both are made from the pages of the built site and from nothing else, so that they show what the
site shows. The zip is the site, with its licences. For the PDF the pages are put into one, in the
order of the contents, and a browser prints it twice: the first time tells on which page a chapter
begins, the second writes that into the contents. At last the page that offers both files learns
how large they are.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import NamedTuple
from urllib.parse import unquote

import pikepdf
import pypdf
import yaml
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
ZIP, PDF = "unrolled.zip", "unrolled.pdf"
OFFERED_BY = "book/take_away.html"
LICENCES = ("LICENSE", "LICENSE-TEXT")
ROOM = 642  # px between the margins of an A4 page, as print.css has them
LARGEST = 8e6  # bytes of either file: more would not be taken away
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

TAG = re.compile(r"""<[a-zA-Z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
EXPLORER = r"<([a-z]+-[a-z-]+)>(.*?)</\1>"
POINTERS = "for|headers|aria-labelledby|aria-describedby|aria-controls|aria-details"


class Chapter(NamedTuple):
    """A page of the site: its name, the part that it opens (or nothing), its title, its HTML."""

    name: str
    part: str
    title: str
    body: str


# --- the zip -----------------------------------------------------------------------------


def pack(site: Path, target: Path) -> int:
    """Put the site and its licences into a zip, the same bytes for the same site.

    Left out are the two files to take away themselves and the reports of the build.
    Returns the number of files.
    """
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    left_out = re.compile(rf"{re.escape(ZIP)}|{re.escape(PDF)}|\..*|reports/.*|.*\.part")
    files = {name: path for name, path in files.items() if not left_out.fullmatch(name)}
    files |= {name: ROOT / name for name in LICENCES}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            data = path.read_bytes()
            if name == OFFERED_BY:
                data = offer(data.decode(), {}).encode()
            entry = zipfile.ZipInfo(f"unrolled/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return len(files)


# --- one page from many ------------------------------------------------------------------


def contents(toc: dict) -> Iterator[tuple[str, str]]:
    """The pages in reading order: (part that begins here or "", name of the page)."""
    yield "", toc["root"]
    for part in toc["parts"]:
        for position, chapter in enumerate(part["chapters"]):
            yield ("" if position else part["caption"]), chapter["file"]


def article(text: str) -> str:
    """What a page says, without what the theme puts around it."""
    _, opening, rest = text.partition('<article class="bd-article">')
    inside, closing, _ = rest.rpartition("</article>")
    if not opening or not closing:
        raise ValueError("the page has no <article class='bd-article'>: did the theme change?")
    return inside


def title_of(body: str) -> str:
    """The text of the first heading, for people."""
    heading = re.search(r"<h1>(.*?)</h1>", body, flags=re.S)
    if not heading:
        raise ValueError("the page has no <h1>")
    words = re.sub(r'<a class="headerlink".*?</a>', "", heading.group(1), flags=re.S)
    words = re.sub(r'<span class="katex-html".*?</math>|<annotation.*?</annotation>', "", words)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", words)).split())


def place(name: str, anchor: str = "") -> str:
    """The id in the whole book of a page, or of a place in it."""
    return f"{name}:{anchor}" if anchor else name


def adopt(body: str, name: str, names: set[str], static: str) -> str:
    """Make a page part of the whole: unique ids, links within the book, files from `static`.

    A link to a page that is not printed (source code, a notebook) loses its target and stays text.
    """

    def link(address: str) -> str | None:
        """Where an address leads in the book; None: nowhere."""
        if re.match(r"[a-z][a-z0-9+.-]*:|//", address):
            return address
        path, _, anchor = address.partition("#")
        page = normpath(join(dirname(name), unquote(path))) if path else f"{name}.html"
        page = page.removesuffix(".html")
        return f"#{place(page, anchor)}" if page in names else None

    def change(found: re.Match) -> str:
        tag = re.sub(r'(\sid=")([^"]*)"', lambda m: f'{m[1]}{place(name, m[2])}"', found.group())
        tag = re.sub(
            rf'(\s(?:{POINTERS})=")([^"]*)"',
            lambda m: m[1] + " ".join(place(name, one) for one in m[2].split()) + '"',
            tag,
        )
        tag = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{place(name, m[1])})", tag)
        tag = re.sub(
            r'(\ssrc=")(?!data:|[a-z]+://)([^"]*)"',
            lambda m: f'{m[1]}{static}/{normpath(join(dirname(name), m[2]))}"',
            tag,
        )
        if tag.startswith(("<a ", "<use ", "<image ")):
            tag = re.sub(
                r'\s((?:xlink:)?href)="([^"]*)"',
                lambda m: (
                    f' {m[1]}="{m[2]}"'
                    if m[2].startswith("data:")
                    else f' {m[1]}="{target}"'
                    if (target := link(m[2]))
                    else ""
                ),
                tag,
            )
        return tag.replace("<details", "<details open", 1) if " open" not in tag else tag

    return TAG.sub(change, body)


def without(body: str, pattern: str, tag: str) -> str:
    """Take out every element whose opening tag matches the pattern, with all it holds."""
    while opening := re.search(pattern, body):
        depth = 0
        for edge in re.compile(rf"<(/?){tag}\b[^>]*>").finditer(body, opening.start()):
            depth += -1 if edge.group(1) else 1
            if depth == 0:
                body = body[: opening.start()] + body[edge.end() :]
                break
        else:
            raise ValueError(f"<{tag}> is not closed: {body[opening.start() :][:80]!r}")
    return body


def inked(sheet: str) -> set[str]:
    """The classes of code tokens that the light theme draws like any name."""
    rule = r'\[data-theme="?light"?\] \.highlight \.(\w+)\s*\{\s*([^}]*?)\s*\}'
    rules = dict(re.findall(rule, sheet))
    return {token for token, look in rules.items() if look == rules["n"]}


def plain_code(body: str, unseen: set[str]) -> str:
    """Code without the marks that nobody sees: each would be an element of the tagged PDF."""
    mark = re.compile(rf'<span class="(?:{"|".join(sorted(unseen))})">([^<]*)</span>')
    return re.sub(r"<pre>.*?</pre>", lambda m: mark.sub(r"\1", m[0]), body, flags=re.S)


def for_paper(body: str) -> str:
    """Leave out what paper cannot fold: hints, and the code behind a picture."""
    body = without(body, r'<details class="admonition hide above-input">', "details")
    body = without(body, r'<div class="cell [^"]*\btag_hide-output\b[^"]*">', "div")
    body = without(body, r'<a class="headerlink"', "a")
    return without(
        body,
        r'<a class="viewcode-link[^"]*"|<a class="reference internal" href="[^"]*'
        r'_modules/[^"]*"><span class="viewcode-link',
        "a",
    )


def chapters(site: Path, toc: dict) -> list[Chapter]:
    """Every page of the contents, made ready to stand beside the others."""
    order = list(contents(toc))
    names = {name for _, name in order}
    unseen = inked((site / "_static/pygments.css").read_text(encoding="utf-8"))
    found = []
    for part, name in order:
        body = article((site / f"{name}.html").read_text(encoding="utf-8"))
        printed = plain_code(for_paper(body), unseen)
        whole = adopt(printed, name, names, site.name)
        found.append(Chapter(name, part, title_of(body), whole))
    return found


def whole(
    site: Path, book: list[Chapter], settings: dict, fonts: str, pages: dict[str, int]
) -> str:
    """The book as one page; `pages` says where a chapter begins (empty: not known yet)."""
    head = (site / "index.html").read_text(encoding="utf-8")
    # The style sheets and the explorers: what else runs on a page is for screens.
    sheets = re.findall(r'<link[^>]*rel="stylesheet"[^>]*/?>', head)
    scripts = re.findall(r'<script[^>]*src="[^"]*_static/explorers/[^"]*"[^>]*></script>', head)
    explorers = re.findall(EXPLORER, "".join(chapter.body for chapter in book), flags=re.S)
    if all("<svg" in inside or "<table" in inside for _, inside in explorers):
        scripts = []  # each has its first state drawn, without the controls
    wanted = "".join(sheets + scripts).replace('="_static/', f'="{site.name}/_static/')
    subtitle = settings["sphinx"]["config"]["html_context"]["subtitle"]
    title, author = settings["title"], settings["author"]
    running, shown, listed = [], [], []
    for number, chapter in enumerate(book[1:], 1):
        said = chapter.title.replace("\\", "").replace('"', "”")
        running.append(f'@page c{number} {{ @top-left {{ content: "{said}"; }} }}')
        shown.append(
            f'<section class="chapter" id="{chapter.name}" style="page: c{number}">'
            f"{chapter.body}</section>"
        )
        if chapter.part:
            listed.append(f'<li class="part">{html.escape(chapter.part)}</li>')
        listed.append(
            f'<li><a href="#{chapter.name}"><span>{html.escape(chapter.title)}</span>'
            f"<span>{pages.get(chapter.name, '000')}</span></a></li>"
        )
    logo = (ROOT / "book/_templates/course-logo.svg").read_text(encoding="utf-8")
    rules = (ROOT / "book/_ext/print.css").read_text(encoding="utf-8")
    licence = html.escape(settings["repository"]["url"])
    return f"""<!DOCTYPE html>
<html lang="{settings["sphinx"]["config"]["language"]}" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{title}: {subtitle[0].lower() + subtitle[1:]}</title>
<meta name="author" content="{html.escape(author)}">{wanted}
<style>{fonts}{rules}{"".join(running)}</style></head>
<body class="paper"><main class="bd-main"><div class="bd-content"><div class="bd-article-container">
<article class="bd-article">
<section class="cover">{logo}<p class="name">{title}</p><p class="subtitle">{subtitle}</p>
<p class="by">{author}</p>
<p class="small">This is the whole book on paper. Left out is what paper cannot fold: the hints of
the exercises, and the code that only draws a picture. Explorers stand in their first position.
The book itself, its notebooks and its licences: <a href="{licence}">{licence}</a>.</p></section>
<nav class="book-contents"><h1>Contents</h1><ol>{"".join(listed)}</ol></nav>
<section class="chapter" id="{book[0].name}" style="page: front">{book[0].body}</section>
{"".join(shown)}
</article></div></div></main></body></html>"""


def still_fonts(site: Path, folder: Path) -> str:
    """The text's fonts at two fixed weights, written into a folder; returns their CSS.

    Chromium can embed a variable font only as drawings, letter by letter.
    """
    rules = []
    for style in ("normal", "italic"):
        source = site / f"_static/vendor/source-sans-3/source-sans-3-latin-wght-{style}.woff2"
        for weight, covers in ((400, "200 500"), (650, "501 900")):
            font = TTFont(source)
            if "fvar" in font:  # the italic has one weight alone
                instantiateVariableFont(font, {"wght": weight}, inplace=True)
            font.flavor = None
            for entry in font["name"].names:
                if entry.nameID in (4, 6):
                    entry.string = f"SourceSans3-{weight}-{style}"
            path = folder / f"{weight}-{style}.ttf"
            font.save(path)
            rules.append(
                f'@font-face {{ font-family: "Source Sans Paper"; font-style: {style}; '
                f"font-weight: {covers}; src: url({folder.name}/{path.name}); }}"
            )
    return "".join(rules)


# --- the PDF -----------------------------------------------------------------------------

CUT_OFF = """room => [...document.querySelectorAll('article *')].filter(element => {
  if (element.closest('svg, .katex-mathml, [hidden]') && element.tagName !== 'svg') return false;
  const box = element.getBoundingClientRect();
  return box.width && box.height && box.right > room + 4;
}).map(element => `${element.closest('.chapter')?.id}: <${element.tagName.toLowerCase()} `
  + `class="${element.getAttribute('class')}"> ends at ${
     Math.round(element.getBoundingClientRect().right)} px: ${
     element.textContent.trim().slice(0, 60)}`)"""


HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(
  heading => heading.checkVisibility()).map(heading => {
    const copy = heading.cloneNode(true);
    copy.querySelectorAll('.katex-html, annotation').forEach(part => part.remove());
    return copy.textContent.replace(/\\s+/g, ' ').trim();
  })"""

DRAWS_CHINESE = """() => {
  const drawn = letter => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 40, height: 40 });
    const pen = canvas.getContext('2d');
    pen.font = '32px sans-serif';
    pen.fillText(letter, 2, 34);
    return canvas.toDataURL();
  };
  return drawn('\u6fc0') !== drawn('\u6d3b');
}"""


def opened(window: Page, file: Path) -> Page:
    """The page as paper sees it; an error when a script fails or something would be cut off."""
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    window.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
    window.set_viewport_size({"width": ROOM, "height": 900})
    window.goto(file.as_uri(), wait_until="load")
    window.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    errors += window.evaluate(CUT_OFF, ROOM)
    if errors:
        raise ValueError("the printed book has faults:\n" + "\n".join(errors[:20]))
    return window


def print_to(window: Page, target: Path) -> None:
    window.pdf(
        path=target, tagged=True, outline=True, prefer_css_page_size=True, print_background=True
    )


def first_pages(file: Path, book: list[Chapter]) -> dict[str, int]:
    """The page on which each chapter begins, from the bookmarks of a PDF."""
    reader = pypdf.PdfReader(file)
    marks = [mark for mark in reader.outline if not isinstance(mark, list)]
    starts = [reader.get_destination_page_number(mark) + 1 for mark in marks]
    if len(marks) != len(book) + 1:  # the contents have one too
        raise ValueError(f"{len(book)} chapters have {len(marks)} bookmarks")
    return dict(zip([chapter.name for chapter in book], starts[1:], strict=True))


def retitle(outline: pikepdf.Outline, titles: list[str]) -> None:
    """Give every bookmark the words of its heading: Chromium says some parts of them twice."""

    def in_order(marks: list) -> Iterator[pikepdf.OutlineItem]:
        for mark in marks:
            yield mark
            yield from in_order(mark.children)

    marks = list(in_order(outline.root))
    if len(marks) != len(titles):
        raise ValueError(f"{len(titles)} headings have {len(marks)} bookmarks")
    for mark, title in zip(marks, titles, strict=True):
        mark.title = title


def finish(file: Path, target: Path, settings: dict, titles: list[str]) -> int:
    """Say in the PDF what it is and how it opens, and pack it. Returns the number of its pages."""
    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(file) as book:
        with book.open_outline() as outline:
            retitle(outline, titles)
        book.docinfo["/Author"] = settings["author"]
        book.docinfo["/Subject"] = settings["sphinx"]["config"]["html_context"]["subtitle"]
        book.docinfo["/Creator"] = "Unrolled"
        book.Root.PageMode = pikepdf.Name.UseOutlines
        book.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        packed = pikepdf.ObjectStreamMode.generate
        book.save(target, object_stream_mode=packed, recompress_flate=True, linearize=False)
        return len(book.pages)


def print_book(site: Path, target: Path, settings: dict, toc: dict) -> int:
    """Print the book into a PDF; returns the number of its pages."""
    book = chapters(site, toc)
    work = site.parent / "take_away"
    work.mkdir(exist_ok=True)
    page, draft = site.parent / "take_away.html", work / "draft.pdf"
    fonts = still_fonts(site, work)
    with sync_playwright() as playwright:
        named = os.environ.get("UNROLLED_BROWSER")
        browser = playwright.chromium.launch(executable_path=named or None, args=BROWSER)
        window = browser.new_page()
        known: dict[str, int] = {}
        for _ in range(2):
            page.write_text(whole(site, book, settings, fonts, known), encoding="utf-8")
            print_to(opened(window, page), draft)
            before, known = known, first_pages(draft, book)
        titles = window.evaluate(HEADINGS)
        if not window.evaluate(DRAWS_CHINESE):
            print("no Chinese font here: the terms and titles in that script are printed as boxes")
        browser.close()
    if before != known:
        raise ValueError("the contents name other pages than the second print has")
    pages = finish(draft, target, settings, titles)
    page.unlink()
    shutil.rmtree(work)
    return pages


# --- the page that offers both -----------------------------------------------------------

OFFER = re.compile(r'(<span class="take-away" data-file="([\w.]+)">).*?(</span>)', flags=re.S)
NOT_HERE = "not part of this copy; <code>python do.py take-away</code> makes it"


def offer(text: str, sizes: dict[str, str]) -> str:
    """Link to the files named in sizes, each with what is said of it; the others are not here."""

    def fill(found: re.Match) -> str:
        name = found.group(2)
        link = f'<a class="reference external" href="../{name}" download>{name}</a>'
        inside = f"{link}, {sizes[name]}" if name in sizes else NOT_HERE
        return found.group(1) + inside + found.group(3)

    filled, count = OFFER.subn(fill, text)
    if count != 2:
        raise ValueError(f"{OFFERED_BY} offers {count} files, not {ZIP} and {PDF}")
    return filled


def main(site: Path) -> None:
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    offered = site / OFFERED_BY
    offered.write_text(offer(offered.read_text(encoding="utf-8"), {}), encoding="utf-8")
    files = pack(site, site / ZIP)
    pages = print_book(site, site / PDF, settings, toc)
    size = {name: (site / name).stat().st_size for name in (ZIP, PDF)}
    for name, many in size.items():
        if many > LARGEST:
            raise ValueError(f"{name} has {many / 1e6:.1f} MB")
    sizes = {
        ZIP: f"{size[ZIP] / 1e6:.1f} MB, {files} files",
        PDF: f"{size[PDF] / 1e6:.1f} MB, {pages} pages",
    }
    offered.write_text(offer(offered.read_text(encoding="utf-8"), sizes), encoding="utf-8")
    for name, said in sizes.items():
        print(f"{site / name}: {said}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
