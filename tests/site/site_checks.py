"""What a page of the site must be.  Each check is a function that returns its complaints.

The first half reads files; the second half looks at a page that is open in a browser.
``test_site_checks.py`` shows each of them a page on which it has to complain.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, TimeoutError

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
SHORTEST_ALT = 20  # characters
COURSE_COLOURS = ("#4d92db", "#b83a12", "#7246db", "#ab348b", "#1fa58a", "#b58900")
ON_A_MAP = "#202020"  # ink on a picture that is pale in both themes
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
LOADING = {  # attributes that make a browser fetch something
    "script": ["src"],
    "link": ["href"],
    "img": ["src", "srcset"],
    "iframe": ["src"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "object": ["data"],
    "embed": ["src"],
    "image": ["href", "xlink:href"],
    "use": ["href", "xlink:href"],
}
RAW_MATHS = re.compile(
    r"\$\$|\\(?:frac|begin|sum|partial|operatorname|mathbf|top)\b|\{(?:math|eq|numref|ref|term|cite\w*)\}`?"
)


# --- files -------------------------------------------------------------------------------


@dataclass
class Element:
    """A node of a parsed page."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self):
        """This element and every one below it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.all()

    def text(self, without: tuple[str, ...] = ()) -> str:
        """The text below, leaving out some tags."""
        if self.tag in without:
            return " "
        return "".join(c if isinstance(c, str) else c.text(without) for c in self.children)

    def has_class(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()


class TreeBuilder(HTMLParser):
    """HTML to Elements; forgiving about end tags, as browsers are."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag):
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                break

    def handle_data(self, data):
        self.open[-1].children.append(data)


@lru_cache(64)
def parse(text: str) -> Element:
    builder = TreeBuilder()
    builder.feed(text)
    builder.close()
    return builder.root


def is_outside(address: str) -> bool:
    """True when an address names a host."""
    return bool(re.match(r"\s*(?:[a-z][a-z0-9+.-]*:)?//", address, flags=re.I))


def outside_in_css(css: str) -> list[str]:
    """Complaints about a style sheet that fetches from another host."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    asked = re.findall(r"url\(\s*[\"']?(.*?)[\"']?\s*\)", css)
    asked += re.findall(r"@import\s+[\"'](.*?)[\"']", css)
    return [f"style sheet asks another host: {address}" for address in asked if is_outside(address)]


def outside_in_html(text: str) -> list[str]:
    """Complaints about a page that fetches anything from another host."""
    complaints = []
    for element in parse(text).all():
        for name in LOADING.get(element.tag, []):
            value = element.attributes.get(name, "")
            candidates = value.split(",") if name == "srcset" else [value]
            if element.tag == "link" and element.attributes.get("rel") in {"canonical", "license"}:
                continue  # names a page, fetches nothing
            complaints += [
                f"<{element.tag} {name}> asks another host: {address.strip()}"
                for address in candidates
                if is_outside(address)
            ]
        complaints += outside_in_css(element.attributes.get("style", ""))
        if element.tag == "style":
            complaints += outside_in_css(element.text())
    return complaints


def broken_links(site: Path) -> list[str]:
    """Complaints about links inside the site that lead nowhere: no file, or no such place in it."""
    pages = [p for p in site.rglob("*.html") if "_static" not in p.relative_to(site).parts]
    complaints = []
    for page in pages:
        where = page.relative_to(site).as_posix()
        for element in parse(page.read_text(encoding="utf-8")).all():
            for name in {"a": ["href"], **LOADING}.get(element.tag, []):
                address = element.attributes.get(name, "")
                if name == "srcset" or is_outside(address):
                    continue
                complaint = broken_link(site, page, address, wanted=name in element.attributes)
                if complaint:
                    complaints.append(f"{where}: <{element.tag} {name}={address!r}> {complaint}")
    for sheet in site.rglob("*.css"):
        for address in re.findall(
            r"url\(\s*[\"']?(.*?)[\"']?\s*\)", sheet.read_text(encoding="utf-8")
        ):
            complaint = broken_link(site, sheet, address, wanted=True)
            if complaint and not is_outside(address):
                complaints.append(f"{sheet.relative_to(site)}: url({address}) {complaint}")
    return complaints


def broken_link(site: Path, page: Path, address: str, wanted: bool) -> str | None:
    """What is wrong with one address on a page; None when it leads somewhere."""
    parts = urlsplit(address)
    if parts.scheme or not wanted:  # data:, mailto:, javascript:
        return None
    if not address.strip():
        return "is empty"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if parts.path.startswith("/") or not target.is_relative_to(site.resolve()):
        return "leaves the site: it would break below another address"
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "leads to no file"
    if parts.fragment and target.suffix == ".html":
        wanted_id = unquote(parts.fragment)
        if wanted_id != "top" and wanted_id not in ids_of(target.read_text(encoding="utf-8")):
            return f"leads to no element with the id {wanted_id!r}"
    return None


@lru_cache(64)
def ids_of(text: str) -> frozenset[str]:
    return frozenset(e.attributes["id"] for e in parse(text).all() if "id" in e.attributes)


def repeated_ids(text: str) -> list[str]:
    """Complaints about an id that two elements claim."""
    ids = [e.attributes["id"] for e in parse(text).all() if "id" in e.attributes]
    return [
        f"the id {name!r} stands twice" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]


def poor_alternative(text: str) -> str | None:
    """What is wrong with an alternative text; None when it can be one."""
    text = text.strip()
    if not text:
        return "has no alternative text"
    if re.fullmatch(r"\S*\.(?:png|svg|jpe?g|gif|webp)", text) or "_images/" in text:
        return f"has a file name as alternative text: {text!r}"
    if len(text) <= SHORTEST_ALT:
        return f"has an alternative text that says too little: {text!r}"
    return None


def mute_pictures(text: str) -> list[str]:
    """Complaints about pictures of the article that say nothing to those who cannot see them."""
    complaints = []
    articles = [e for e in parse(text).all() if e.tag == "article"] or [parse(text)]
    for element in (e for article in articles for e in article.all()):
        if element.tag == "img":
            problem = poor_alternative(element.attributes.get("alt", ""))
            if problem:
                complaints.append(f"image {element.attributes.get('src', '')[-40:]!r} {problem}")
        if element.tag == "figure":
            complaints += mute_figure(element)
    return complaints


def mute_figure(figure: Element) -> list[str]:
    """Complaints about one <figure>: no caption, or a drawing without a name."""
    name = figure.attributes.get("id", "without id")
    below = list(figure.all())
    complaints = []
    if not any(e.tag == "figcaption" and e.text().strip() for e in below):
        complaints.append(f"figure {name} has no caption")
    drawings = [e for e in below if e.tag == "svg" and not inside(figure, e, "katex")]
    for drawing in drawings:
        if drawing.attributes.get("role") != "img":
            complaints.append(f"figure {name}: the SVG lacks role=img")
        problem = poor_alternative(drawing.attributes.get("aria-label", ""))
        if problem:
            complaints.append(f"figure {name} {problem}")
    if not drawings and not any(e.tag == "img" for e in below):
        complaints.append(f"figure {name} shows nothing")
    return complaints


def inside(root: Element, wanted: Element, name: str) -> bool:
    """True when an element of that class stands between root and the wanted element."""
    return any(e.has_class(name) and any(x is wanted for x in e.all()) for e in root.all())


def raw_maths(text: str) -> list[str]:
    """Complaints about formulas and references that reached the reader as source."""
    complaints = []
    root = parse(text)
    shown = next((e for e in root.all() if e.tag == "article"), root)
    visible = shown.text(without=("script", "style", "pre", "code", "annotation", "template"))
    complaints += [
        f"unrendered source in the text: {hit.group()!r}" for hit in RAW_MATHS.finditer(visible)
    ]
    for element in root.all():
        if element.has_class("math") and not any(e.has_class("katex") for e in element.all()):
            complaints.append(f"a formula is not typeset: {element.text().strip()[:40]!r}")
        if element.has_class("katex-error"):
            complaints.append(f"KaTeX reports an error: {element.text()[:60]!r}")
    return complaints


def missing_maths(text: str, source: str) -> list[str]:
    """A complaint when the source of a page has formulas and the page has none."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", source, flags=re.S)
    asked = re.search(r"\$[^$\s][^$]*\$|\$\$.+?\$\$", prose, flags=re.S)
    shown = any(element.has_class("katex") for element in parse(text).all())
    return ["the source has formulas, the page shows none"] if asked and not shown else []


# --- in the browser ----------------------------------------------------------------------


class Listener:
    """Hears what goes wrong while a page loads; attach it before the page is opened."""

    def __init__(self, page: Page, address: str) -> None:
        self.complaints: list[str] = []
        self.address = address
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("request", self._asked)
        page.on("requestfailed", lambda request: self._request(request, "was not answered"))
        page.on("response", self._response)

    def _console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _asked(self, request) -> None:
        """Asking another host is wrong at once, whether or not an answer comes in time."""
        if not request.url.startswith((self.address, "file:", "data:", "blob:")):
            self._request(request, "was asked")

    def _request(self, request, what: str) -> None:
        host = "" if request.url.startswith((self.address, "file:")) else "another host: "
        self.complaints.append(f"{host}{request.url} {what}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self._request(response.request, f"answered {response.status}")
        elif "fontawesome" in response.url:
            self.complaints.append(f"icons come from a font again: {response.url}")


def draw_all(page: Page) -> None:
    """Lay out the sections far below too, which a reader's browser leaves until they come near.

    Their fonts are loaded when this ends: a formula is wider before.
    """
    page.evaluate("""async () => {
      if (document.getElementById('all-drawn')) return;
      const style = document.createElement('style');
      style.id = 'all-drawn';
      style.textContent = '* { content-visibility: visible !important }';
      document.head.append(style);
      const frame = () => new Promise(requestAnimationFrame);
      await frame().then(frame);
      await document.fonts.ready;
      await frame().then(frame);
    }""")


# A page repeats itself: thousands of code tokens, formulas, rows of tables.  Axe looks at the last
# three of each kind.  Two pieces are of one kind when they are built alike (the same elements,
# classes, roles, styles and states below them, text or none) and stand in boxes built alike.  What
# KaTeX and Matplotlib draw is one kind in each sort of box; beyond three a formula is its text.
THIN_OUT = """() => {
  const told = ['role', 'tabindex', 'style', 'hidden', 'open', 'scope', 'aria-hidden', 'disabled'];
  const filled = ['alt', 'title', 'href', 'src', 'aria-label', 'for', 'aria-labelledby'];
  const look = e => [e.tagName, e.getAttribute('class'), ...told.map(n => e.getAttribute(n)),
    ...filled.map(n => e.hasAttribute(n) && !!e.getAttribute(n).trim())].join();
  const below = node => node.nodeType === 1 ? built(node) : node.data?.trim() ? 't' : '';
  const built = e => e.matches('.katex, pre span') ? e.className
    : e.matches('svg[role=img] *') ? e.tagName
    : `${look(e)}(${[...e.childNodes].map(below).join('')})`;
  const boxes = e => e.matches('main, body') ? '' : look(e) + boxes(e.parentElement);
  const seen = {};
  const parts = `.katex, pre span[class], .sig-param, figure svg[role=img] *, li, tr, dl, figure,
    details, div, button, :is(section, div, dd, blockquote) > p`;
  for (const part of [...document.querySelectorAll(parts)].reverse()) {  // what is inside first
    if (!part.isConnected || part.closest('nav, header, dialog')) continue;
    const kind = boxes(part.parentElement) + built(part);
    seen[kind] = (seen[kind] || 0) + 1;
    if (seen[kind] <= 3) continue;
    if (part.matches('.katex, pre span')) part.replaceWith(part.textContent);
    else part.remove();
  }
  document.body.normalize();
}"""


def axe_violations(page: Page) -> list[str]:
    """Complaints of axe-core, all rules but experimental ones.  Changes the page: do it last."""
    draw_all(page)
    page.evaluate(THIN_OUT)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """A complaint when the page as a whole scrolls sideways."""
    width, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return [f"the page is {width} px wide in a window of {room} px"] if width > room else []


def figure_ink(page: Page) -> list[str]:
    """Complaints about text in figures that does not follow the theme."""
    draw_all(page)
    script = """colours => {
      const rgb = hex => `rgb(${[1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16)).join(', ')})`;
      const known = colours.map(rgb);
      return [...document.querySelectorAll('figure svg[role=img] text')].map(text => ({
        said: text.textContent.trim(), fill: getComputedStyle(text).fill,
        ink: getComputedStyle(text.closest('figure').parentElement).color,
      })).filter(t => t.said && t.fill !== t.ink && !known.includes(t.fill));
    }"""
    return [
        f"text {text['said'][:30]!r} in a figure is {text['fill']}, the page's is {text['ink']}"
        for text in page.evaluate(script, [*COURSE_COLOURS, ON_A_MAP])
    ]


def small_print(page: Page, smallest: float = 8.5) -> list[str]:
    """Complaints about figures whose labels are drawn too small to read."""
    draw_all(page)
    script = """() => [...document.querySelectorAll('figure svg[role=img]')].map(svg => {
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const size = element => scale * parseFloat(getComputedStyle(element).fontSize);
      const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent.trim());
      const sizes = texts.map(t => Math.max(...[t, ...t.querySelectorAll('*')].map(size)));
      return {name: svg.closest('figure').id, size: Math.min(99, ...sizes)};
    })"""
    return [
        f"figure {figure['name']}: text of {figure['size']:.1f} px"
        for figure in page.evaluate(script)
        if figure["size"] < smallest
    ]


def loose_punctuation(page: Page) -> list[str]:
    """Complaints about punctuation that a line break has parted from the formula before it."""
    draw_all(page)
    script = r"""formulas => formulas.flatMap(math => {
      const after = math.nextSibling;
      if (after?.nodeType !== Node.TEXT_NODE || !/^[.,;:!?)\]”’]/.test(after.data)) return [];
      const range = document.createRange();
      range.setStart(after, 0);
      range.setEnd(after, 1);
      const sign = range.getBoundingClientRect();
      const last = [...math.querySelectorAll('.katex-html > *')].at(-1).getBoundingClientRect();
      const loose = sign.width && sign.left < last.right - 5;
      return loose ? [`"${after.data[0]}" stands alone after ${math.textContent}`] : [];
    })"""
    return page.locator("main span.math").evaluate_all(script)


def unreachable_scrolling(page: Page) -> list[str]:
    """Complaints about boxes that scroll and cannot take the focus, or the reverse."""
    draw_all(page)  # boxes far below are looked at when they are drawn
    settled = """() => [...document.querySelectorAll('.scroll-box')].every(box =>
      (box.scrollWidth > box.clientWidth + 1) === (box.tabIndex === 0))"""
    with suppress(TimeoutError):
        page.wait_for_function(settled, timeout=3000)
    script = """() => [...document.querySelectorAll('.scroll-box')].map(box => ({
      label: box.dataset.label, focus: box.tabIndex === 0,
      wide: box.scrollWidth > box.clientWidth + 1,
    })).filter(box => box.wide !== box.focus)"""
    return [
        f"{box['label']} "
        + ("cannot be scrolled with keys" if box["wide"] else "takes focus for nothing")
        for box in page.evaluate(script)
    ]


def keyboard(page: Page) -> list[str]:
    """Complaints when the skip link or the search cannot be used without a mouse."""
    complaints = []
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent.trim()")
    if first != "Skip to main content":
        complaints.append(f"the first Tab stop is {first!r}, not the skip link")
    page.keyboard.press("Enter")
    if page.evaluate("location.hash") != "#main-content":
        complaints.append("the skip link does not lead to the content")
    page.keyboard.press("Control+k")
    page.wait_for_timeout(100)
    if not page.evaluate("!!document.activeElement.closest('form.bd-search')"):
        complaints.append("Ctrl+K does not lead into a search field")
    page.keyboard.press("Escape")
    page.wait_for_timeout(100)
    if page.evaluate("!!document.querySelector('dialog[open]')"):
        complaints.append("Escape does not close the search dialog")
    return complaints


def source_text(site: Path, page: str) -> str:
    """The prose of a page as its author wrote it; empty for pages that Sphinx makes."""
    stem = site / "_sources" / Path(page).with_suffix("")
    if (markdown := stem.with_suffix(".md")).is_file():
        return markdown.read_text(encoding="utf-8")
    if (notebook := stem.with_suffix(".ipynb")).is_file():
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return ""
