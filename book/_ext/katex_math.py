"""Typeset formulas while the book is built: no MathJax, no other host, no layout shift.

KaTeX runs inside Python (mini-racer), so neither readers nor authors need Node.
Each formula carries MathML for screen readers beside the visible HTML.
A formula that KaTeX cannot typeset is a warning of the build, hence an error under ``-W``.

Source: the vendored ``katex/katex.min.js`` (MIT licence beside it).
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

KATEX = Path(__file__).parent / "katex" / "katex.min.js"
# Environments that KaTeX would number by itself, beside the number that Sphinx gives.
NUMBERED = re.compile(r"\\(begin|end)\{(equation|align|alignat|gather)\}")

OPENING, CLOSING = re.compile(r"[(\[“]+$"), re.compile(r"[.,;:!?)\]”’–-]+")

# KaTeX repeats the TeX source inside the MathML, where nobody reads it.
WITH_SOURCE = re.compile(r"<semantics>(.*)<annotation[^>]*>.*</annotation></semantics>", re.S)


@lru_cache(1)
def engine() -> MiniRacer:
    """The JavaScript engine with KaTeX loaded; one for the whole build."""
    racer = MiniRacer()
    racer.eval(KATEX.read_text(encoding="utf-8"))
    return racer


@lru_cache(None)
def typeset(tex: str, display: bool) -> str:
    """HTML and MathML of a formula.  Raises JSEvalException when it does not parse."""
    options = {
        "displayMode": display,
        "output": "htmlAndMathml",
        "throwOnError": True,
        "strict": "error",
    }
    return WITH_SOURCE.sub(r"\1", engine().call("katex.renderToString", tex, options))


def typeset_or_warn(node: nodes.Element, tex: str, display: bool) -> str:
    try:
        return typeset(tex, display)
    except JSEvalException as error:
        reason = next((line for line in str(error).splitlines() if "Error:" in line), str(error))
        logger.warning("KaTeX cannot typeset %r: %s", tex, reason.strip(), location=node)
        return f"<code>{html.escape(tex)}</code>"


def display_tex(node: nodes.math_block) -> str:
    """The formula as KaTeX wants it: paragraphs gathered, no numbers of its own."""
    tex = node.astext()
    if node.get("nowrap"):  # an amsmath environment
        return NUMBERED.sub(r"\\\1{\2*}", tex)
    rows = [row.strip() for row in tex.split("\n\n") if row.strip()]
    rows = [rf"\begin{{split}}{row}\end{{split}}" if has_bare_break(row) else row for row in rows]
    if len(rows) == 1:
        return rows[0]
    return r"\begin{gathered}" + r" \\ ".join(rows) + r"\end{gathered}"


def has_bare_break(row: str) -> bool:
    r"""True when ``\\`` stands outside of any environment."""
    while (
        inner := re.sub(r"\\begin\{([a-z]+\*?)\}((?!\\begin\{).)*?\\end\{\1\}", "", row, flags=re.S)
    ) != row:
        row = inner
    return r"\\" in row


def keep_together(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a formula and the punctuation at it into one box, in which no line is broken.

    A browser takes a formula for a picture, and would put the full stop after it on a line alone.
    """
    for formula in list(doctree.findall(nodes.math)):
        around = formula.parent
        place = around.index(formula)
        before = around[place - 1] if place else None
        after = around[place + 1] if place + 1 < len(around) else None
        opening = OPENING.search(before) if isinstance(before, nodes.Text) else None
        closing = CLOSING.match(after) if isinstance(after, nodes.Text) else None
        if not (opening or closing):
            continue
        box = nodes.inline(classes=["together"])
        around[place] = box
        if closing:
            around[place + 1] = nodes.Text(after[closing.end() :])
        if opening:
            around[place - 1] = nodes.Text(before[: opening.start()])
            box += nodes.Text(opening[0])
        box += formula
        if closing:
            box += nodes.Text(closing[0])


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    formula = typeset_or_warn(node, node.astext(), display=False)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(formula + "</span>")
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    formula = typeset_or_warn(node, display_tex(node), display=True)
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    label = "Equation"
    number = ""
    if node.get("number"):
        digits = get_node_equation_number(self, node)
        label = f"Equation {digits}"
        number = f'<span class="eqno">({digits})'
    # course.js makes this box focusable when the formula is wider than the page
    self.body.append(f'<div class="scroll-box" data-label="{label}">{formula}</div>')
    if number:
        self.body.append(number)
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_css_file("vendor/katex/katex.min.css")
    app.connect("doctree-resolved", keep_together)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
