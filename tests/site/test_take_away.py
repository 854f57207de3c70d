"""What readers carry off: the zip in a browser without a network, and the PDF as a file."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path

import pypdf
import pytest
import site_checks
import yaml
from site_browser import SITE, context

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

import take_away  # noqa: E402

ROOT = take_away.ROOT
SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [name for _, name in take_away.contents(TOC)]
NOTEBOOKS = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").exists()]
MISSING = "run `python do.py take-away` first"


def squeeze(text: str) -> str:
    """Text without blanks: where a PDF puts them is its own affair."""
    return re.sub(r"[\s\u200b]+", "", text)


# --- the zip -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    assert (site / take_away.ZIP).exists(), MISSING
    folder = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(site / take_away.ZIP) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    assert [path.name for path in folder.iterdir()] == ["unrolled"], "one folder, no litter"
    return folder / "unrolled"


def test_the_zip_holds_the_whole_site_and_its_licences(site, unpacked):
    left_out = {take_away.ZIP, take_away.PDF}
    there = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()} - left_out
    there = {name for name in there if not name.startswith((".", "reports/"))}
    packed = {p.relative_to(unpacked).as_posix() for p in unpacked.rglob("*") if p.is_file()}
    assert packed == there | set(take_away.LICENCES)
    assert {f"{name}.html" for name in CHAPTERS} <= packed
    assert site_checks.broken_links(unpacked) == []
    assert take_away.NOT_HERE in (unpacked / take_away.OFFERED_BY).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index", "lessons/01_sequence_shapes", "lessons/03_bptt"])
def test_an_unpacked_page_shows_everything_without_a_network(browser, unpacked, name):
    with context(browser, "light", 1280) as opened:
        page = opened.new_page()
        listener = site_checks.Listener(page, unpacked.as_uri())
        page.goto((unpacked / f"{name}.html").as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready")
        assert listener.complaints == []
        assert page.evaluate("document.fonts.check('12px \"Source Sans 3\"')")
        figure = page.locator("figure svg").first.bounding_box()
        assert figure["width"] > 200 and figure["height"] > 50
        if name != "index":
            assert page.locator(".katex-html").count() > 20
            assert page.evaluate("document.fonts.check('12px KaTeX_Main')")
            explorer = page.locator("axis-explorer, gradient-ledger").first
            assert explorer.locator("button, [role=button], input, [tabindex]").count() > 0


# --- the PDF -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pdf(site):
    assert (site / take_away.PDF).exists(), MISSING
    return pypdf.PdfReader(site / take_away.PDF)


def words(pdf, number):
    """The text of a page; all pages would take a minute."""
    return squeeze(pdf.pages[number - 1].extract_text())


def marks(pdf, nested=None, depth=0):
    """Every bookmark: (depth, title, number of its page)."""
    for entry in pdf.outline if nested is None else nested:
        if isinstance(entry, list):
            yield from marks(pdf, entry, depth + 1)
        else:
            yield depth, entry.title, pdf.get_destination_page_number(entry) + 1


def titles(site):
    return {
        name: take_away.title_of(
            take_away.article((site / f"{name}.html").read_text(encoding="utf-8"))
        )
        for name in CHAPTERS
    }


def test_the_pdf_says_what_it_is(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/StructTreeRoot"]["/K"], "it is tagged"
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/PageMode"] == "/UseOutlines"
    assert pdf.metadata.title.startswith(f"{SETTINGS['title']}: recurrent networks")
    assert pdf.metadata.author == SETTINGS["author"]
    width, height = (float(side) for side in pdf.pages[0].mediabox[2:])
    assert abs(width - 595.3) < 1 and abs(height - 841.9) < 1, "A4"
    assert len(pdf.pages) > 150


def test_the_bookmarks_are_the_chapters_and_their_sections(site, pdf):
    found = list(marks(pdf))
    chapters = [squeeze(title) for depth, title, _ in found if depth == 0]
    assert chapters == ["Contents", *map(squeeze, titles(site).values())]
    assert sum(depth == 1 for depth, _, _ in found) > 100
    pages = [page for _, _, page in found]
    assert pages == sorted(pages)


def test_the_contents_name_the_page_where_a_chapter_begins(site, pdf):
    starts = [page for depth, _, page in marks(pdf) if depth == 0]
    contents = words(pdf, 2)
    for title, start in zip(list(titles(site).values())[1:], starts[2:], strict=True):
        said = squeeze(title)
        assert said in words(pdf, start), f"{title} is not on page {start}"
        assert f"{said}{start}" in contents, f"the contents do not send {title} to {start}"
        assert str(start) in words(pdf, start), "a page bears its number"


def test_links_within_the_book_lead_to_a_page_of_it(pdf):
    known = set(pdf.named_destinations)
    inside, outside = [], []
    for annotation in (a.get_object() for page in pdf.pages for a in page.get("/Annots", [])):
        action = annotation.get("/A", {})
        if address := action.get("/URI"):
            outside.append(str(address))
        else:
            inside.append(annotation.get("/Dest") or action.get("/D"))
    assert len(inside) > 200
    assert [place for place in inside if isinstance(place, str) and place not in known] == []
    assert [address for address in outside if not address.startswith("http")] == []


def test_every_font_is_embedded_and_none_is_drawn(pdf):
    loose, drawn = set(), set()
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            if font["/Subtype"] == "/Type3":
                drawn.add(str(font.get("/FontDescriptor", {}).get("/FontName", "?")))
                continue
            inner = font.get("/DescendantFonts", [font])[0].get_object()
            descriptor = inner["/FontDescriptor"]
            if not any(f"/FontFile{kind}" in descriptor for kind in ("", 2, 3)):
                loose.add(font["/BaseFont"])
    assert loose == set()
    assert not any("SourceSans" in name for name in drawn)


def test_the_pdf_keeps_figures_and_formulas_and_leaves_out_what_folds(site, pdf):
    starts = [page for depth, _, page in marks(pdf) if depth == 0]
    chapter = CHAPTERS.index("lessons/02_forward") + 1
    pages = range(starts[chapter], starts[chapter + 1])
    said = "".join(words(pdf, number) for number in pages)
    text = (site / "lessons/02_forward.html").read_text(encoding="utf-8")
    asked = {squeeze(number) for number in re.findall(r"Figure \d+\.\d+", text)}
    assert len(asked) > 1 and all(number in said for number in asked)
    assert "Show how it is drawn" in text and "Showhowitisdrawn" not in said
    assert "Inthebookyoucan" not in said
    fonts = {
        str(font.get_object().get("/BaseFont"))
        for number in pages
        for font in pdf.pages[number - 1]["/Resources"].get("/Font", {}).values()
    }
    assert any("KaTeX" in name for name in fonts), "formulas are typeset"
    root = pdf.trailer["/Root"]["/StructTreeRoot"]
    kinds, open_nodes = set(), [root]
    while open_nodes and not {"/Figure", "/Table", "/H2", "/Code"} <= kinds:
        node = open_nodes.pop().get_object()
        if isinstance(node, list):
            open_nodes += node
        elif isinstance(node, dict):
            kinds.add(node.get("/S"))
            open_nodes += [node["/K"]] if "/K" in node else []
    assert {"/Figure", "/Table", "/H2", "/Code"} <= kinds, "the tags say what is what"


# --- how it is put together --------------------------------------------------------------

NAMES = {"index", "lessons/a", "lessons/b", "book/c"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="#x">', '<a href="#lessons/a:x">'),
        ('<a class="q" href="b.html">', '<a class="q" href="#lessons/b">'),
        ('<a href="../book/c.html#y">', '<a href="#book/c:y">'),
        ('<a href="../_modules/rnn.html#f">', "<a>"),
        ('<a href="https://a.b/#c">', '<a href="https://a.b/#c">'),
        ('<p id="x" headers="y z">', '<p id="lessons/a:x" headers="lessons/a:y lessons/a:z">'),
        ('<g clip-path="url(#k)">', '<g clip-path="url(#lessons/a:k)">'),
        ('<use xlink:href="#k">', '<use xlink:href="#lessons/a:k">'),
        ('<img src="../_static/i.png">', '<img src="html/_static/i.png">'),
        ('<img src="data:image/png;base64,A">', '<img src="data:image/png;base64,A">'),
        ("<details>", "<details open>"),
        ('a &lt;b id="x"', 'a &lt;b id="x"'),
        ('<pre>print(id="x")</pre>', '<pre>print(id="x")</pre>'),
    ],
)  # fmt: skip
def test_a_page_is_adopted_by_the_whole(before, after):
    assert take_away.adopt(before, "lessons/a", NAMES, "html") == after


def test_what_paper_cannot_fold_is_left_out():
    hint = '<div class="cell tag_hide-output docutils"><div><p>hint</p></div></div>'
    drawn = '<details class="admonition hide above-input"><div>code</div></details>'
    assert (
        take_away.for_paper(f"<p>a</p>{hint}<p>b</p>{drawn}<p>c</p>") == "<p>a</p><p>b</p><p>c</p>"
    )
    with pytest.raises(ValueError, match="not closed"):
        take_away.without("<div class='x'><p>", "<div class='x'>", "div")


def test_code_loses_the_marks_that_show_nothing():
    sheet = 'html[data-theme="light"] .highlight .n { color: #000 }\n'
    sheet += 'html[data-theme="light"] .highlight .p { color: #000 }\n'
    sheet += 'html[data-theme="light"] .highlight .k { color: #00f }\n'
    assert take_away.inked(sheet) == {"n", "p"}
    code = '<span class="n">x</span><pre><span class="k">if</span> <span class="n">x</span></pre>'
    kept = '<span class="n">x</span><pre><span class="k">if</span> x</pre>'
    assert take_away.plain_code(code, {"n", "p"}) == kept


def test_a_page_offers_the_files_that_exist_and_says_how_to_make_the_others():
    slots = "".join(
        f'<span class="take-away" data-file="{name}">?</span>'
        for name in (take_away.ZIP, take_away.PDF)
    )
    without = take_away.offer(slots, {})
    assert without.count(take_away.NOT_HERE) == 2 and "href" not in without
    half = take_away.offer(slots, {take_away.ZIP: "3 MB"})
    assert 'href="../unrolled.zip" download>unrolled.zip</a>, 3 MB' in half
    assert take_away.offer(half, {}) == without, "it can be said again"
    with pytest.raises(ValueError, match="offers 0 files"):
        take_away.offer("<p></p>", {})


def test_the_published_page_says_how_large_the_files_are(site):
    text = (site / take_away.OFFERED_BY).read_text(encoding="utf-8")
    for name in (take_away.ZIP, take_away.PDF):
        size = (site / name).stat().st_size
        assert size < take_away.LARGEST
        assert f'href="../{name}" download>{name}</a>, {size / 1e6:.1f} MB' in text


# --- notebooks elsewhere -----------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_elsewhere_and_downloads_as_it_is_stored(site, name):
    text = (site / f"{name}.html").read_text(encoding="utf-8")
    owner = SETTINGS["repository"]["url"].removeprefix("https://github.com/")
    branch = SETTINGS["repository"]["branch"]
    colab = f"https://colab.research.google.com/github/{owner}/blob/{branch}/{name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{owner}/{branch}?urlpath=lab/tree/{name}.ipynb"
    assert text.count(f'href="{colab}"') == 1
    assert text.count(f'href="{binder}"') == 1
    assert f"_sources/{name}.ipynb" in text
    stored = json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
    offered = json.loads((site / f"_sources/{name}.ipynb").read_text(encoding="utf-8"))
    assert offered == stored
    assert "find_spec" not in text, "the cell that prepares a host is not on the page"


def test_only_notebooks_open_elsewhere(site):
    for name in set(CHAPTERS) - set(NOTEBOOKS):
        assert "mybinder.org/v2" not in (site / f"{name}.html").read_text(encoding="utf-8"), name
    assert len(NOTEBOOKS) >= 14 and SITE.exists()
