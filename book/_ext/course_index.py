"""The index: every term of the glossary, and the sections of the lessons that treat it.

The directive ``term-index`` stands for the list, ``function-index`` for the names of the package.
Nothing has to be marked in a lesson.  A section treats a term if its title names it, if it is set
in bold there or linked to the glossary, or if no other section speaks of it more often.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

READ = re.compile(r"lessons/\d+_\w+|book/diagnose")
MOST = 3  # sections listed for one term
COMMON = 12  # a word found in more sections than this is treated only where it is set apart
SAID = {  # the lessons say these in another form
    "activation function": "activation",
    "adding task": "adding",
    "automatic differentiation": "autograd",
    "backpropagation through time": "BPTT",
    "bias": "biases",
    "biased estimate": "bias",
    "bidirectional network": "bidirectional",
    "carried gradient": "carried",
    "chrono initialisation": "chrono",
    "copy task": "copy",
    "direct gradient": "direct",
    "Gaussian matrix": "Gaussian",
    "gradient highway": "highway",
    "He initialisation": "He",
    "identity matrix": "identity",
    "latch task": "latch",
    "orthogonal matrix": "orthogonal",
    "random seed": "seed",
    "regularisation": "regularise",
    "residual connection": "residual",
    "temporal order task": "temporal order",
    "truncated BPTT": "truncated",
    "unbiased estimate": "unbiased",
    "unrolling": "unrolled",
    "Xavier initialisation": "Xavier",
}
NOT_TREATED_IN = re.compile(r"Exercises|What to take along")


class Place(NamedTuple):
    """A section of a lesson, as the index sees it."""

    docname: str
    anchor: str
    title: str
    text: str
    marked: str  # the words in bold or linked to the glossary, a line each


class term_index(nodes.General, nodes.Element):
    """Stands where the terms go."""


class function_index(nodes.General, nodes.Element):
    """Stands where the names of the package go."""


class TermIndex(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [term_index()]


class FunctionIndex(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [function_index()]


def pattern(term: str) -> re.Pattern[str]:
    """The term as a word, in the singular or plural; the case counts for names such as LSTM."""
    flags = re.NOFLAG if any(letter.isupper() for letter in term) else re.IGNORECASE
    stem, ending = (term[:-1], "(?:y|ies)") if term.endswith("y") else (term, "(?:s|es)?")
    if term.endswith("trix"):
        stem, ending = term[:-1], "(?:x|ces)"
    return re.compile(rf"(?<![\w-]){re.escape(stem)}{ending}(?![\w-])", flags)


def places(env: BuildEnvironment) -> list[Place]:
    """The sections of all lessons, in the order of the book."""
    found = []
    for docname in sorted(env.found_docs, key=lambda name: (not name.startswith("lessons"), name)):
        if not READ.fullmatch(docname):
            continue
        document = env.get_doctree(docname)
        top = next(document.findall(nodes.section))
        for section in (part for part in top.children if isinstance(part, nodes.section)):
            title = section.next_node(nodes.title).astext()
            if NOT_TREATED_IN.match(title):
                continue
            spoken = [p.astext() for p in section.findall(nodes.paragraph)]
            marked = [n.astext() for n in section.findall(nodes.strong)]
            marked += [
                n.get("reftarget", "")
                for n in section.findall(addnodes.pending_xref)
                if n.get("reftype") == "term"
            ]
            found.append(
                Place(docname, section["ids"][0], title, "\n".join(spoken), "\n".join(marked))
            )
    return found


def treated(term: str, book: list[Place]) -> list[Place]:
    """The sections that treat a term, at most MOST, in the order of the book."""
    word = pattern(SAID.get(term, term))
    spoken = [len(word.findall(place.text)) for place in book]
    common = sum(count > 0 for count in spoken) > COMMON
    worth = []
    for place, count in zip(book, spoken, strict=True):
        apart = 1000 * bool(word.search(place.title)) + 100 * bool(word.search(place.marked))
        if apart or (count and not common and count == max(spoken)):
            worth.append((apart + count, place))
    best = sorted(worth, key=lambda pair: -pair[0])[:MOST]
    return [place for place in book if any(place is chosen for _, chosen in best)]


def link(app: Sphinx, page: str, docname: str, anchor: str, text: str) -> nodes.reference:
    """A link from the index to a place in the book."""
    address = app.builder.get_relative_uri(page, docname)
    return nodes.reference("", text, internal=True, refuri=f"{address}#{anchor}")


def where_of(docname: str) -> str:
    """ "Lesson 3" for its document."""
    number = re.match(r"lessons/(\d+)", docname)
    return f"lesson {int(number[1])}" if number else "diagnose"


def by_letter(entries: list[tuple[str, nodes.list_item]]) -> list[nodes.Node]:
    """A row of jumps, then a section for each first letter with its entries."""
    letters: dict[str, nodes.bullet_list] = {}
    for name, item in sorted(entries, key=lambda entry: entry[0].lower()):
        letters.setdefault(name[0].upper(), nodes.bullet_list(classes=["index"])).append(item)
    jumps = nodes.paragraph()
    result: list[nodes.Node] = [jumps]
    for letter, items in letters.items():
        jumps += nodes.reference("", letter, internal=True, refid=f"index-{letter.lower()}")
        jumps += nodes.Text("\u2002")
        section = nodes.section(ids=[f"index-{letter.lower()}"])
        section += [nodes.title("", letter), items]
        result.append(section)
    return result


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the lists where the directives stand."""
    for node in list(doctree.findall(term_index)):
        book, entries = places(app.env), []
        for (kind, name), (docname, anchor) in app.env.domains["std"].objects.items():
            if kind != "term":
                continue
            line = nodes.paragraph("", "", link(app, page, docname, anchor, name))
            for place in treated(name, book):
                title = re.sub(r"^◆\s*", "", place.title)
                line += nodes.Text("; " if len(line) > 1 else ": ")
                line += nodes.Text(f"{where_of(place.docname)}, ")
                line += link(app, page, place.docname, place.anchor, title)
            entries.append((name, nodes.list_item("", line)))
        node.replace_self(by_letter(entries))
    for node in list(doctree.findall(function_index)):
        items = nodes.bullet_list(classes=["index"])
        objects = app.env.domains["py"].objects
        for name, found in sorted(objects.items(), key=lambda pair: pair[0].rpartition(".")[2]):
            if found.objtype not in {"function", "class", "exception"} or found.aliased:
                continue
            module, _, short = name.rpartition(".")
            word = nodes.literal("", short)
            target = link(app, page, found.docname, found.node_id, "")
            target += word
            items += nodes.list_item(
                "", nodes.paragraph("", "", target, nodes.Text(f", in {module}"))
            )
        node.replace_self(items)


def again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The index is written anew whenever any page was read anew."""
    return [name for name in ("book/genindex",) if name in env.found_docs]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(term_index)
    app.add_node(function_index)
    app.add_directive("term-index", TermIndex)
    app.add_directive("function-index", FunctionIndex)
    app.connect("env-get-updated", again)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
