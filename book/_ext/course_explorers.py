"""Explorers in the pages: a first state for everyone, links that set them, one on the front page.

An explorer is a custom element with its data, ``<lag-matrix><script type="application/json">``,
published by a cell of a lesson (``unrolled.figures.explorer``) or written in the text.

- Its first state is drawn into it at build time, from the same data (``explorer_stills``).
- ``[the trained one](#lag-matrix:network=2)`` in the text is a plain link to the explorer; with
  JavaScript (``explorers/links.js``) it also sets the explorer to this state.
- ``{explorer} lessons/04_gradient_analysis lag-matrix`` shows, on another page, the explorer with
  the data of that lesson's run.

A link to an explorer that the page does not have, and an explorer without data, are warnings.
"""

from __future__ import annotations

import json
import re
from html import escape

from docutils import nodes
from explorer_stills import EXPLORERS, read_by_script, still
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

TAGS = "|".join(EXPLORERS)
WHOLE = re.compile(
    rf'<(?P<tag>{TAGS})>(?:<script type="application/json">(?P<data>.*?)</script>)?.*?</(?P=tag)>',
    re.DOTALL,
)
LINK = re.compile(rf"(?P<tag>{TAGS})(?::(?P<state>[\w=&.-]+))?")
SCRIPT = '<script type="application/json">{}</script>'


def with_still(found: re.Match[str]) -> str:
    """An explorer with its first state in place of the sentence that stood there."""
    tag = found["tag"]
    data = json.loads(found["data"]) if found["data"] else {}
    script = SCRIPT.format(read_by_script(tag, data)) if data else ""
    return f"<{tag}>{script}{still(tag, data)}</{tag}>"


class DrawStills(SphinxTransform):
    """Draw the first state into every explorer of a page."""

    default_priority = 880

    def apply(self) -> None:
        joined = join_inline_tags(self.document)
        for node in [*joined, *self.document.findall(nodes.raw)]:
            if node.get("format") != "html" or not WHOLE.search(node.astext()):
                continue
            try:
                text = WHOLE.sub(with_still, node.astext())
            except (KeyError, ValueError, TypeError, IndexError) as error:
                logger.warning("an explorer cannot be drawn: %r", error, location=node)
                continue
            node.rawsource = text
            node.children = []
            node += nodes.Text(text)


def join_inline_tags(document: nodes.document) -> list[nodes.raw]:
    """MyST makes one node of ``<axis-explorer>`` and one of its end tag: make one of both."""
    joined = []
    for paragraph in list(document.findall(nodes.paragraph)):
        text = "".join(
            node.astext() for node in paragraph.children if not isinstance(node, nodes.Text)
        )
        if WHOLE.fullmatch(text) and not paragraph.astext().replace(text, "").strip():
            paragraph.replace_self(nodes.raw(text, text, format="html"))
    return joined


class StateLinks(SphinxTransform):
    """``#lag-matrix:network=2`` is a link within the page."""

    default_priority = 870  # before MyST looks for a heading of this name

    def apply(self) -> None:
        for link in list(self.document.findall(nodes.reference)):
            found = LINK.fullmatch(link.get("refuri", "")[1:]) if link.get("id_link") else None
            if found:
                del link["refuri"], link["id_link"]
                link["refid"] = found[0]
                link["internal"] = True
                link["classes"].append("explorer-link")
                link["reftitle"] = "Shows this in the explorer"


class ExplorerFrom(SphinxDirective):
    """``{explorer} page tag``: the explorer of another page, with its data."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        page, tag = self.arguments
        if tag not in EXPLORERS:
            raise self.error(f"{tag!r} is no explorer, expected one of {', '.join(EXPLORERS)}")
        node = BorrowedExplorer(page=page, tag=tag)
        self.set_source_info(node)
        return [node]


class BorrowedExplorer(nodes.General, nodes.Element):
    """Stands for the explorer of another page until all pages are read."""


def find(document: nodes.document, tag: str) -> str | None:
    """HTML of a page's explorer."""
    for node in document.findall(nodes.raw):
        for found in WHOLE.finditer(node.astext()):
            if found["tag"] == tag:
                return found[0]
    return None


def borrow(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(BorrowedExplorer)):
        page, tag = node["page"], node["tag"]
        html = find(app.env.get_doctree(page), tag) if page in app.env.found_docs else None
        if html is None:
            logger.warning("%s has no <%s> to show here", page, tag, location=node)
            node.parent.remove(node)
        else:
            node.replace_self(nodes.raw(html, html, format="html"))


def read_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """A page that borrows is written whenever another page has changed."""
    return [
        name
        for name in sorted(env.found_docs)
        if any(True for _ in env.get_doctree(name).findall(BorrowedExplorer))
    ]


def anchor(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give an explorer an anchor for its tag and one for each state that the page links to."""
    wanted: dict[str, list[str]] = {}
    links = [
        node for node in doctree.findall(nodes.reference) if "explorer-link" in node["classes"]
    ]
    for link in links:
        wanted.setdefault(LINK.fullmatch(link["refid"])["tag"], []).append(link["refid"])
    for node in doctree.findall(nodes.raw):
        tags = [found["tag"] for found in WHOLE.finditer(node.astext())]
        if tags:
            names = dict.fromkeys(name for tag in tags for name in [tag, *wanted.pop(tag, [])])
            spans = "".join(f'<span id="{escape(name)}"></span>' for name in names)
            text = f'<div class="explorer-anchors">{spans}</div>{node.astext()}'
            node.children = []
            node += nodes.Text(text)
    for tag, names in wanted.items():
        logger.warning("%s: a link to %s, which the page does not have", docname, names[0],
                       location=docname, type="explorer", subtype=tag)  # fmt: skip


def setup(app: Sphinx) -> dict:
    app.add_node(BorrowedExplorer)
    app.add_directive("explorer", ExplorerFrom)
    app.add_transform(StateLinks)
    app.add_transform(DrawStills)
    app.connect("env-updated", read_again)
    app.connect("doctree-resolved", borrow, priority=400)
    app.connect("doctree-resolved", anchor, priority=600)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
