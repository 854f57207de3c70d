"""What the book's own extensions make of figures, formulas and docstrings, and what they refuse."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import nbformat
import pytest
import site_checks
from docutils import nodes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from unrolled import figures

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
sys.path.insert(0, str(EXTENSIONS))

import course_figures  # noqa: E402
import course_site  # noqa: E402
import katex_math  # noqa: E402
import short_docstrings  # noqa: E402

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="360pt" height="90pt" viewBox="0 0 360 90">{}</svg>'
)
TEXT = '<text style="font-size: 10px; fill: #000000" x="1.23456" y="2">step</text>'
FIGURE = {
    "svg": SVG.format(TEXT),
    "alt": "A line that falls from one to nearly nothing.",
    "caption": "It falls like $r^t$, *always*.",
    "name": "fig-fall",
}


def build(folder: Path, cells: list) -> tuple[str, str]:
    """The page and the warnings of a book with one notebook, whose outputs are stored."""
    notebook = new_notebook(cells=cells)
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, folder / "index.ipynb")
    warnings = io.StringIO()
    settings = {
        "extensions": ["myst_nb", "katex_math", "course_figures", "course_site"],
        "html_math_renderer": "katex", "nb_execution_mode": "off", "numfig": True,
        "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
    }  # fmt: skip
    with docutils_namespace():
        app = Sphinx(
            folder, None, folder / "out", folder / "trees", "html", settings,
            status=None, warning=warnings, freshenv=True,
        )  # fmt: skip
        for listener in list(app.events.listeners["build-finished"]):
            if listener.handler.__name__ == "check_site":  # asks for the course's own theme
                app.disconnect(listener.id)
        app.build()
    return (folder / "out" / "index.html").read_text(encoding="utf-8"), warnings.getvalue()


def shown(figure: dict | None, **others) -> nbformat.NotebookNode:
    """A cell that has shown a figure, or something else."""
    data = {"text/plain": "Figure", **others}
    if figure is not None:
        data[course_figures.MEDIA_TYPE] = figure
    return new_code_cell("show()", outputs=[new_output("display_data", data)], execution_count=1)


def test_a_figure_reaches_the_page(tmp_path):
    text = "# Title\n\nSee {numref}`fig-fall`.\n\n$$ a = b $$ (eq-one)\n\nAnd {eq}`eq-one`."
    other = FIGURE | {"name": "fig-other"}
    page, warnings = build(tmp_path, [new_markdown_cell(text), shown(FIGURE), shown(other)])
    assert warnings == ""
    assert page.count("<figure") == 2
    assert re.search(r'<figure[^>]*id="fig-fall"', page)
    assert f'aria-label="{FIGURE["alt"]}"' in page
    caption = re.search(r"<figcaption>(.*?)</figcaption>", page, re.S).group(1)
    assert "Fig. 1" in caption and "<em>always</em>" in caption and "katex-mathml" in caption
    assert re.search(r'href="#fig-fall"><span class="std std-numref">Fig. 1</span>', page)
    assert 'href="#equation-eq-one">(1)' in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"alt": ""}, "has no alt"),
        ({"alt": "a plot"}, "says too little"),
        ({"caption": " "}, "has no caption"),
        ({"name": ""}, "has no name"),
        ({"name": "Figure 1"}, "must look like"),
        ({"caption": "One.\n\nTwo."}, "must be one paragraph"),
        ({"caption": r"It is $\frac{1$."}, "KaTeX cannot typeset"),
        ({"svg": "<p>text</p>"}, "is not an SVG"),
        ({"svg": SVG.format("<script>1</script>")}, "has no place"),
        ({"svg": SVG.format("<style>.a{fill:red}</style>")}, "style sheet would leak"),
        (
            {"svg": SVG.format('<use href="https://example.org/x.svg#a"/>')},
            "link out of the figure",
        ),
        ({"svg": SVG.format('<use href="#gone"/>')}, "reference to a missing id"),
        ({"svg": SVG.format('<path style="fill: #ffffff" d="M0 0"/>')}, "white ground"),
    ],
)
def test_a_figure_that_breaks_the_contract_is_refused(tmp_path, change, complaint):
    _, warnings = build(tmp_path, [new_markdown_cell("# Title"), shown(FIGURE | change)])
    assert complaint in warnings


def test_two_figures_of_one_name_are_refused(tmp_path):
    _, warnings = build(tmp_path, [new_markdown_cell("# Title"), shown(FIGURE), shown(FIGURE)])
    assert "fig-fall" in warnings


def test_a_picture_without_contract_is_refused(tmp_path):
    cells = [new_markdown_cell("# Title"), shown(None, **{"image/png": PIXEL})]
    _, warnings = build(tmp_path, cells)
    assert "without alternative text" in warnings


def test_the_bitmap_of_a_figure_stays_out_of_the_book(tmp_path):
    cells = [new_markdown_cell("# Title"), shown(FIGURE, **{"image/png": PIXEL})]
    page, warnings = build(tmp_path, cells)
    assert warnings == "" and "<img" not in page
    assert not list((tmp_path / "out" / "_images").glob("*"))


def test_a_formula_that_does_not_parse_is_refused(tmp_path):
    _, warnings = build(
        tmp_path, [new_markdown_cell("# Title\n\n$$ \\frac{a $$\n\n$\\undefinedmacro$")]
    )
    assert warnings.count("KaTeX cannot typeset") == 2


def test_a_drawing_carries_nothing_that_nobody_sees():
    empty = '<path style="fill: none" d="M 0 0 L 5 5"/>'
    line = '<path style="fill: none; stroke: #b83a12" d="M 0 0 L 5 5"/>'
    inside = f'<g><g>{empty}<g>{line}</g></g></g><g clip-path="url(#c)">{line}</g>'
    inside += '<clipPath id="c"><rect/></clipPath>' + TEXT
    root = course_figures.Drawing(SVG.format(inside), "fig-a", "alt").root
    tags = [node.tag.rpartition("}")[2] for node in root.iter()]
    assert tags.count("path") == 2 and tags.count("g") == 1
    assert tags.count("clipPath") == tags.count("rect") == tags.count("text") == 1
    assert root[0].get("style") == "fill: none; stroke: #b83a12"  # the order is that of painting


def test_drawings_do_not_collide():
    inside = '<g id="clip"/><rect clip-path="url(#clip)"/><use xlink:href="#clip"/>' + TEXT
    drawing = course_figures.Drawing(SVG.format(inside), "fig-a", "alt").html()
    assert set(re.findall(r'id="([^"]+)"', drawing)) == {"fig-a.clip"}
    assert "url(#fig-a.clip)" in drawing and 'href="#fig-a.clip"' in drawing
    assert 'width="360pt"' not in drawing and 'viewBox="0 0 360 90"' in drawing
    assert "#000000" not in drawing and 'x="1.23"' in drawing
    assert "min-width:324px" in drawing  # 9 px for 10-unit text


def test_sections_get_their_classes(tmp_path):
    text = "# Title\n\n## ◆ Further\n\ntext\n\n## 2.1 A task\n\ntext\n\n## Other\n\ntext"
    page, _ = build(tmp_path, [new_markdown_cell(text)])
    assert re.search(r'<section class="deeper" id="further">', page)
    assert re.search(r'<section class="exercise" id="a-task">', page)
    assert '<section id="other">' in page


def test_script_and_style_sheet_of_katex_are_one_version():
    sheet = EXTENSIONS.parent / "_static" / "vendor" / "katex" / "katex.min.css"
    said = re.search(r'katex-version::?after\{content:"([\d.]+)"', sheet.read_text("utf-8"))
    assert katex_math.engine().eval("katex.version") == said.group(1)


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2.2 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["hidden", "gradient", "gate", "loss", "input", "output"])
def test_a_data_colour_is_one_colour_and_stands_out_in_both_themes(name):
    sheet = (EXTENSIONS.parent / "_static" / "course.css").read_text(encoding="utf-8")
    colour = re.search(rf"--c-{name}: (#\w{{6}});", sheet).group(1)
    assert colour == getattr(figures, name.upper()) and colour in site_checks.COURSE_COLOURS
    grounds = re.findall(r"--pst-color-background: (#\w{6});", sheet)
    assert len(grounds) == 2
    for ground in grounds:
        dark, light = sorted((luminance(colour), luminance(ground)))
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_amsmath_is_numbered_once():
    assert (
        katex_math.NUMBERED.sub(r"\\\1{\2*}", r"\begin{align}a\end{align}")
        == r"\begin{align*}a\end{align*}"
    )
    assert "katex-display" in katex_math.typeset(r"\begin{align*}a &= b\\c &= d\end{align*}", True)


def test_punctuation_stays_on_the_line_of_its_formula():
    def around(*texts):
        parts = [nodes.math("", "x") if text is None else nodes.Text(text) for text in texts]
        paragraph = nodes.paragraph("", "", *parts)
        katex_math.keep_together(None, paragraph, "")
        assert paragraph.astext() == "".join(text or "x" for text in texts)
        return [box.astext() for box in paragraph.findall(nodes.inline)]

    assert around("Let ", None, " be.") == []
    assert around("Let ", None, ".") == ["x."]
    assert around("(", None, ", ", None, ")") == ["(x,", "x)"]
    assert around("f(", None, "), ", None, "-th") == ["(x),", "x-"]
    assert around(None, ",", None, ".") == ["x,", "x."]
    assert around(None) == []


def test_what_is_printed_in_pieces_stands_on_one_line():
    def said(text, name="stdout"):
        return new_output("stream", name=name, text=text)

    pieces = [said("a, "), said("b\n"), said("  c\n"), said("oh\n", "stderr"), said("d\n")]
    out, err = course_site.join_pieces(pieces)
    assert {out["text"], err["text"]} == {"a, b\n  c\nd\n", "oh\n"}
    assert pieces[0]["text"] == "a, "  # what was handed over stays
    assert course_site.join_pieces([]) == []


def test_short_docstrings_become_fields():
    lines = [
        "Say.",
        "",
        "Parameters",
        "----------",
        "x, y: inputs.",
        "",
        "Returns",
        "-------",
        "h: states.",
        "c: cells, 0 above",
        "    the diagonal: no loss hears them.",
        "",
        "End.",
    ]
    fields = ["Say.", "", "Args:", "    x, y: inputs.", "", ":returns:", "    - ``h``: states."]
    fields += ["    - ``c``: cells, 0 above", "      the diagonal: no loss hears them."]
    assert short_docstrings.rewrite(lines) == [*fields, "", "End."]
