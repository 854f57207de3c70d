"""Draw a lesson's figures into the page: inline SVG, alternative text, caption, number.

A cell calls ``unrolled.figures.show(fig, alt=..., caption=..., name=...)``, which publishes
the media type ``application/vnd.unrolled.figure+json``::

    {"svg": "<svg ...>", "alt": "...", "caption": "MyST with $maths$", "name": "fig-..."}

This extension turns it into a figure that follows the theme of the page (its ink is
``currentColor``), is numbered, and can be referred to: ``{numref}`fig-...` ``.
A figure without alternative text, caption or name is a warning, hence an error under ``-W``,
and so is a picture that reaches the page in another way.
"""

from __future__ import annotations

import html
import io
import json
import re
import xml.etree.ElementTree as ET
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer, load_mime_renders
from PIL import Image
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/vnd.unrolled.figure+json"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
FONT_SIZE = re.compile(r"font(?:-size)?:[^;]*?([\d.]+)(?:px|pt)|^([\d.]+)(?:px|pt)?$")
ROUNDED = {"d", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"}
DECIMALS = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
NAME = re.compile(r"fig-[a-z0-9]+(-[a-z0-9]+)*")
SHORTEST_ALT = 20  # characters; less cannot say what a plot shows

PNG = "data:image/png;base64,"
LONG_PATH = 300  # characters
VISIBLE = 0.3  # units: a bend that is flatter cannot be seen
SMALLEST_TEXT = 9.0  # px: below this the figure scrolls in its box instead of shrinking
LARGEST_SCALE = 1.6  # px per SVG unit: 10.5-unit text never grows past the 17 px of captions

ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)


def rounded(text: str, digits: int) -> str:
    """The text with its long numbers rounded."""
    return DECIMALS.sub(lambda m: f"{float(m[0]):.{digits}f}".rstrip("0").rstrip("."), text)


def short_path(d: str) -> str:
    """A path in few characters: a long chain of lines loses the points that nobody could see."""
    words = " ".join(d.split())
    runs = re.findall(r"M [^M]*", words)
    if len(words) < LONG_PATH or re.search("[^-MLe\\d. ]", words) or "".join(runs) != words:
        return rounded(words, 2)
    numbers = [np.array(re.findall(r"-?[\d.]+(?:e-?\d+)?", run), float) for run in runs]
    return "".join(chain(fewer_points(points.reshape(-1, 2))) for points in numbers)


def fewer_points(points: np.ndarray, tolerance: float = VISIBLE) -> np.ndarray:
    """Drop the points of a chain that lie on it anyway (Douglas and Peucker 1973)."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        along = points[last] - points[first]
        away = points[first + 1 : last] - points[first]
        length = np.hypot(*along)
        across = np.abs(away[:, 0] * along[1] - away[:, 1] * along[0]) / (length or 1.0)
        distance = across if length else np.hypot(*away.T)
        if len(distance) and distance.max() > tolerance:
            far = first + 1 + int(distance.argmax())
            keep[far] = True
            parts += [(first, far), (far, last)]
    return points[keep]


def chain(points: np.ndarray) -> str:
    """A chain of lines as an SVG path of tenths of a unit, each point relative to the last."""
    tenths = np.rint(points * 10).astype(int)
    steps = [step for step in np.diff(tenths, axis=0) if step.any()]
    numbers = [short_number(value) for step in steps for value in step]
    lines = "".join(n if n.startswith("-") else f" {n}" for n in numbers)
    return f"M{short_number(tenths[0, 0])} {short_number(tenths[0, 1])}" + (
        f"l{lines.lstrip()}" if lines else ""
    )


def short_number(tenths: int) -> str:
    """12.5, -.3, 7: as few characters as SVG allows."""
    return (
        f"{tenths / 10:g}".replace("0.", ".", 1)
        if abs(tenths) < 10 and tenths
        else (f"{tenths / 10:g}")
    )


def visible(element: ET.Element) -> Iterator[ET.Element]:
    """The element; what a group without attributes holds in its place; nothing without ink."""
    if element.tag == f"{{{SVG}}}g" and not element.attrib:
        for child in element:
            yield from visible(child)
    elif element.get("style") != "fill: none":
        yield element


def with_palette(png: bytes) -> bytes:
    """A PNG with at most 64 colours, if that is smaller."""
    with Image.open(io.BytesIO(png)) as picture:
        few = picture.convert("RGBA").quantize(64, Image.Quantize.FASTOCTREE, dither=0)
        out = io.BytesIO()
        few.save(out, "PNG", optimize=True)
    return min(out.getvalue(), png, key=len)


class Contract(NamedTuple):
    """What a figure must bring."""

    svg: str
    alt: str
    caption: str
    name: str


def problems(figure: Contract) -> Iterator[str]:
    """One sentence for everything the contract misses."""
    for field, value in figure._asdict().items():
        if not isinstance(value, str) or not value.strip():
            yield f"figure {figure.name!r} has no {field}"
    if 0 < len(figure.alt.strip()) <= SHORTEST_ALT:
        yield f"figure {figure.name!r}: the alternative text says too little: {figure.alt!r}"
    if figure.name and not NAME.fullmatch(figure.name):
        yield f"figure name {figure.name!r} must look like 'fig-two-words'"


class Drawing:
    """An SVG made ready to stand in a page beside others.

    Its ids begin with the figure's name, its black is the ink of the page, its width follows
    the page down to the point where its text would become too small.
    """

    def __init__(self, svg: str, name: str, alt: str) -> None:
        self.root = ET.fromstring(svg)
        self.problems: list[str] = []
        if self.root.tag != f"{{{SVG}}}svg" or "viewBox" not in self.root.attrib:
            raise ET.ParseError("the root must be <svg> with a viewBox")
        self.style = [self.root.attrib.pop("style", "").strip("; ")]
        self._drop_what_does_not_belong_in_a_page()
        self._prefix_ids(name)
        self._slim_and_ink()
        self._shrink_pictures()
        self._drop_empty_groups()
        width = float(self.root.get("viewBox").split()[2])
        smallest = min(self._text_sizes(), default=SMALLEST_TEXT)
        self.style.append(f"min-width:{width * SMALLEST_TEXT / smallest:.0f}px")
        self.style.append(f"max-width:{width * LARGEST_SCALE:.0f}px")
        for attribute in ("width", "height", "version"):
            self.root.attrib.pop(attribute, None)
        self.root.attrib |= {
            "role": "img",
            "aria-label": " ".join(alt.split()),
            "fill": "currentColor",  # what is drawn in default black
            "style": ";".join(filter(None, self.style)),
        }

    def html(self) -> str:
        return ET.tostring(self.root, encoding="unicode")

    def _drop_what_does_not_belong_in_a_page(self) -> None:
        for parent in list(self.root.iter()):
            for child in list(parent):
                tag = child.tag.rpartition("}")[2]
                if tag in {"metadata", "title", "desc"}:
                    parent.remove(child)
                elif tag == "style":
                    parent.remove(child)
                    self._inherit(child.text or "")
                elif tag in {"script", "foreignObject"}:
                    self.problems.append(f"<{tag}> has no place in a figure")
            for key, value in parent.attrib.items():
                if key.endswith("href") and not value.startswith(("#", PNG)):
                    self.problems.append(f"link out of the figure: {value[:60]!r}")
                if key.startswith("on"):
                    self.problems.append(f"script attribute {key!r}")

    def _inherit(self, sheet: str) -> None:
        """Inherit ``*{stroke-linejoin: round}``: as a style sheet it would rule the whole page."""
        rule = re.fullmatch(r"\s*\*\s*\{([^{}]*)\}\s*", sheet)
        if rule:
            self.style.append(rule.group(1).strip("; \n"))
        else:
            self.problems.append(f"a style sheet would leak into the page: {sheet.strip()[:60]!r}")

    def _prefix_ids(self, name: str) -> None:
        ids = {node.attrib["id"] for node in self.root.iter() if "id" in node.attrib}
        for node in self.root.iter():
            for key, value in node.attrib.items():
                if key == "id":
                    node.set(key, f"{name}.{value}")
                elif key.endswith("href") and value.startswith("#"):
                    node.set(key, f"#{name}.{value[1:]}")
                elif "url(" in value:
                    node.set(
                        key,
                        re.sub(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)", rf"url(#{name}.\1)", value),
                    )
        # An id that nothing refers to is only weight.
        used = {
            ref
            for node in self.root.iter()
            for value in node.attrib.values()
            for ref in re.findall(rf"#({re.escape(name)}\.[^\"')\s]+)", value)
        }
        for node in self.root.iter():
            if "id" in node.attrib and node.attrib["id"] not in used:
                del node.attrib["id"]
        missing = {u for u in used if u[len(name) + 1 :] not in ids}
        self.problems += [f"reference to a missing id {u!r}" for u in sorted(missing)]

    def _slim_and_ink(self) -> None:
        """Round coordinates to a hundredth of a unit; turn plain black into the page's ink."""
        for node in self.root.iter():
            for key, value in node.attrib.items():
                if key == "d":
                    node.set(key, short_path(value))
                elif key in ROUNDED:
                    node.set(key, rounded(value, 2))
                elif re.search(r"\bfill: ?#f{3}(f{3})?\b", value) or (key, value) == (
                    "fill",
                    "white",
                ):
                    self.problems.append(
                        "a white ground would shine on a dark page (a legend's frame?)"
                    )
                elif "#000000" in value:
                    node.set(key, value.replace("#000000", "currentColor"))
            node.text = " ".join(node.text.split()) if node.text else None
            node.tail = None if not (node.tail or "").strip() else node.tail

    def _shrink_pictures(self) -> None:
        """Give maps inside a figure a palette: a third of the bytes, the same to the eye."""
        for node in self.root.iter():
            for key, value in node.attrib.items():
                if key.endswith("href") and value.startswith(PNG):
                    node.set(
                        key, PNG + b64encode(with_palette(b64decode(value[len(PNG) :]))).decode()
                    )

    def _drop_empty_groups(self) -> None:
        """Leave out what nobody sees: paths without ink, and groups around others for no reason."""
        for parent in list(self.root.iter()):
            parent[:] = [shown for child in parent for shown in visible(child)]

    def _text_sizes(self) -> Iterator[float]:
        """The size of each text; of one with exponents or indices, the size of its main part."""
        for text in self.root.iter(f"{{{SVG}}}text"):
            said = (part.get(key, "") for part in text.iter() for key in ("style", "font-size"))
            found = (match for words in said for match in FONT_SIZE.finditer(words))
            sizes = [float(match[1] or match[2]) for match in found]
            if sizes:
                yield max(sizes)


class FigurePlugin:
    """The renderer that MyST-NB calls for every output of a cell."""

    mime_priority_overrides = [
        (builder, MEDIA_TYPE, 1) for builder in ("html", "dirhtml", "singlehtml")
    ]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        if data.mime_type != MEDIA_TYPE or inline:
            return None

        def warn(message: str) -> None:
            renderer.logger.warning(message, subtype="figure", line=data.line)

        content = data.content if isinstance(data.content, dict) else json.loads(data.string)
        figure = Contract(*(content.get(field) or "" for field in Contract._fields))
        for problem in problems(figure):
            warn(problem)
        try:
            drawing = Drawing(figure.svg, figure.name, figure.alt)
        except ET.ParseError as error:
            warn(f"figure {figure.name!r} is not an SVG: {error}")
            return []
        for problem in drawing.problems:
            warn(f"figure {figure.name!r}: {problem}")
        return [figure_node(renderer, data, figure, drawing, warn)]


def figure_node(renderer, data: MimeData, figure: Contract, drawing: Drawing, warn) -> nodes.figure:
    """The docutils figure: numbered in page order, a target for ``{numref}``."""
    page = renderer.renderer  # MyST's renderer of this document
    node = nodes.figure(classes=["course-figure"])
    node.source, node.line = page.document["source"], data.line
    label = html.escape(f"Figure: {figure.name}", quote=True)
    node += nodes.raw(
        "", f'<div class="scroll-box" data-label="{label}">{drawing.html()}</div>', format="html"
    )
    if figure.name:
        node["names"].append(nodes.fully_normalize_name(figure.name))
        page.document.note_explicit_target(node, node)

    parsed = nodes.Element()
    with page.current_node_context(parsed):
        page.nested_render_text(figure.caption, data.line or 0)
    if [type(child) for child in parsed.children] != [nodes.paragraph]:
        warn(f"figure {figure.name!r}: the caption must be one paragraph")
    if parsed.children:
        caption = nodes.caption(figure.caption, "", *parsed.children[0].children)
        caption.source, caption.line = node.source, node.line
        node += caption
    return node


class OnlyContractFigures(SphinxTransform):
    """Keep the contract of an output bundle; warn about a picture that comes without it."""

    default_priority = 1

    def apply(self) -> None:
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            by_type = {child["mime_type"]: child for child in bundle.children}
            pictures = [t for t in by_type if t.startswith("image/") or t == "application/pdf"]
            if MEDIA_TYPE not in by_type and pictures:
                logger.warning(
                    "a cell shows a picture (%s) without alternative text: "
                    "call figures.show(fig, alt=..., caption=..., name=...)",
                    ", ".join(pictures),
                    location=bundle,
                    type="mystnb",
                    subtype="figure",
                )
            for media_type in pictures:  # so that no bitmap is written beside the SVG
                if MEDIA_TYPE in by_type:
                    bundle.remove(by_type[media_type])


def setup(app: Sphinx) -> dict:
    plugins = load_mime_renders()  # a cached list: MyST-NB reads the same object
    if FigurePlugin not in plugins:
        plugins.append(FigurePlugin)
    app.add_transform(OnlyContractFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
