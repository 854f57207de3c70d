"""One style for every figure of the course, and one way to publish it.

Importing this module gives every plot the style.  A figure is drawn with :func:`subplots` and
published with :func:`show`, which demands a caption that says what to take away and a text for
readers who cannot see it.  Notebooks show a bitmap; the book shows the same figure as vector
graphics whose ink follows the theme.
"""

from __future__ import annotations

import io
import json
import re
from base64 import b64encode
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

HIDDEN = "#4d92db"
GRADIENT = "#b83a12"
GATE = "#7246db"
LOSS = "#ab348b"
INPUT = "#1fa58a"
OUTPUT = "#b58900"
WRITTEN = "#8d6e63"  # what a writer reads: its own last output
CYCLE = (HIDDEN, GRADIENT, GATE, INPUT, OUTPUT, LOSS)
INK = "#20242a"  # becomes the colour of the text around the figure
WAYS_BACK = {  # by the first word of their names
    **dict.fromkeys(("full", "no"), INK),
    **dict.fromkeys(("segments", "every", "truncated"), OUTPUT),
    **dict.fromkeys(("random", "randomized"), INPUT),
    **dict.fromkeys(("checkpointing", "checkpointed"), WRITTEN),
    "torch": GRADIENT,
}
DIVERGING = "PuOr"  # for numbers around 0; distinct to colour-blind readers
GREYS = ListedColormap(["0.94", "0.8", "0.62", "0.4", "0.1"])  # none is the ground of a page
FACTORS = ("#b35806", "#d97b0d", INK, "#9580d8", "#7246db")  # a factor, far below 1 to far above

COLUMN = 5.3  # inches: the width at which text of SIZE is still 9 px high on a small phone
SIZE = 10.5  # units; every text of a figure has it, so that none needs a wider page
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
MIME = "application/vnd.unrolled.figure+json"
STYLE: dict[str, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.prop_cycle": mpl.cycler(color=CYCLE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": SIZE,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.labelsize": SIZE,
    "font.size": SIZE,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "image.cmap": DIVERGING,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.labelcolor": INK,
    "lines.linewidth": 2,
    "lines.markersize": 5,
    "svg.fonttype": "none",
    "svg.hashsalt": "unrolled",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
mpl.rcParams.update(STYLE)  # legends, titles and grids are made long after the axes


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = COLUMN, height: float = 3.0, **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes in the course's style; :func:`show` publishes it, in any later cell.

    Parameters
    ----------
    rows, columns: how many axes.
    width, height: size of the whole figure in inches; a wider one has to be scrolled on a phone.
    options: handed on to ``matplotlib.figure.Figure.subplots``, such as ``sharex=True``.
    """
    fig = Figure(figsize=(width, height))
    return fig, fig.subplots(rows, columns, **options)


def way_back(name: str) -> str:
    """The colour of a way to compute a gradient, such as ``"full"`` or ``"segments of 50"``.

    Raises
    ------
    ValueError: the first word of the name is no way back.
    """
    word = re.match(r"\w*", name)[0]
    if word not in WAYS_BACK:
        raise ValueError(f"name is {name!r}, expected it to begin with one of {list(WAYS_BACK)}.")
    return WAYS_BACK[word]


def label_ends(ax: Axes, *, spacing: float = 1.2) -> None:
    """Write the label of each line beside its last visible point, instead of a legend.

    Call it when everything is drawn and the limits are set.  Labels that would touch move
    apart, in the order of their lines.

    Parameters
    ----------
    ax: axes with lines that have labels.
    spacing: the least distance of two labels, in heights of the text.

    Raises
    ------
    ValueError: no line with a label ends inside the axes.
    """
    ax.autoscale_view()  # the limits that are not set by hand are found late
    ends = []
    for line in ax.get_lines():
        points = ax.transAxes.inverted().transform(ax.transData.transform(line.get_xydata()))
        seen = points[((points >= -0.01) & (points <= 1.01)).all(axis=1)]
        if len(seen) and not line.get_label().startswith("_"):
            ends.append((seen[-1][1], seen[-1][0], line.get_label()))
    if not ends:
        raise ValueError("ax has no line with a label that ends inside, expected at least one.")
    apart = spacing * SIZE / 72 / (ax.get_figure().get_figheight() * ax.get_position().height)
    ends = [(np.clip(y, apart / 2, 1 - apart / 2), x, label) for y, x, label in ends]
    ends.sort(key=lambda end: (end[0], end[1] if end[0] < 0.5 else -end[1]))  # the steeper outside
    up, down = [y for y, *_ in ends], [y for y, *_ in ends]
    for i in range(1, len(ends)):
        up[i] = max(up[i], up[i - 1] + apart)
        down[-1 - i] = min(down[-1 - i], down[-i] - apart)
    floor = apart / 2
    for low, high, (_, x, label) in zip(down, up, ends, strict=True):
        y = max((low + high) / 2, floor)  # half of the way that each side would push it
        floor = y + apart
        ax.annotate(
            label,
            (x, y),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


def show(fig: Figure, *, alt: str, caption: str, name: str) -> None:
    """Publish a figure with its texts.

    Parameters
    ----------
    fig: what to show.
    alt: what the figure shows, for those who cannot see it, with the numbers that matter.
    caption: one sentence with what to take away; may hold ``$maths$``.
    name: the anchor for links, such as ``fig-weight-sharing``; unique in the book.

    Raises
    ------
    ValueError: alt, caption or name is missing or unusable.
    """
    if not isinstance(fig, Figure):
        raise TypeError(f"fig is a {type(fig).__name__}, expected a matplotlib figure.")
    for argument, text in (("alt", alt), ("caption", caption)):
        if not isinstance(text, str) or len(text.split()) < 4:
            raise ValueError(f"{argument} is {text!r}, expected a sentence.")
    if not isinstance(name, str) or not re.fullmatch(r"fig-[a-z0-9-]+", name):
        raise ValueError(f"name is {name!r}, expected 'fig-' and small letters, digits, hyphens.")
    data = {
        "text/plain": f"Figure: {caption}\nAlt text: {alt}",
        "image/png": _png(fig),
        MIME: {"svg": to_svg(fig), "alt": alt, "caption": caption, "name": name},
    }
    publish_display_data(data, metadata={"image/png": {"alt": alt}})


def explorer(tag: str, data: dict[str, Any], *, fallback: str) -> None:
    """Publish an explorer of the book together with the numbers it shows.

    In the book the reader can operate it; everywhere else, and in print without JavaScript,
    the fallback stands in its place.

    Parameters
    ----------
    tag: the explorer's element, such as ``gradient-ledger``; its script in the book's folder
        ``_static/explorers`` says what data it needs.
    data: lists, numbers, texts and dicts with texts as keys.  Round the numbers before, so that
        they are the same on every machine.
    fallback: one sentence with what to learn from it, for readers without it.

    Raises
    ------
    TypeError: data is not a dict, or holds something that JSON would change or does not know.
    ValueError: tag or fallback is missing or unusable, or a number in data is not finite.
    """
    if not isinstance(tag, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", tag):
        raise ValueError(f"tag is {tag!r}, expected small letters, digits and a hyphen between.")
    if not isinstance(fallback, str) or len(fallback.split()) < 4:
        raise ValueError(f"fallback is {fallback!r}, expected a sentence.")
    if not isinstance(data, dict):
        raise TypeError(f"data is a {type(data).__name__}, expected a dict.")
    try:
        text = json.dumps(data, sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"data holds a number that is not finite: {error}.") from error
    except TypeError as error:
        raise TypeError(f"data holds what JSON does not know: {error}; use .tolist().") from error
    if json.loads(text) != data:
        raise TypeError(
            "data would not survive JSON: expected lists, not tuples, and texts as keys."
        )
    text = text.replace("<", "\\u003c")  # nothing in it can end the script
    html = f"<p>{escape(fallback)}</p>"
    html = f'<{tag}><script type="application/json">{text}</script>{html}</{tag}>'
    publish_display_data({"text/plain": fallback, "text/html": html})


def to_svg(fig: Figure) -> str:
    """The figure as SVG whose ink is ``currentColor`` and whose text takes the page's font."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", transparent=True, metadata=NO_METADATA)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # A style sheet inside the page would reach every other drawing: say it on the root alone.
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("<svg ", '<svg style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
    # Older releases of matplotlib write one "font:", newer ones a "font-family:" of its own.
    svg = re.sub(r"font: (?:(\d+|bold) )?([\d.]+px) ?([^;\"]*)", _split_font, svg)
    return re.sub(r"font-family: [^;\"]*", _font_of_page, svg)


def _split_font(match: re.Match[str]) -> str:
    weight = f"font-weight: {match[1]}; " if match[1] else ""
    return f"{weight}font-size: {match[2]}; font-family: {match[3]}"


def _font_of_page(match: re.Match[str]) -> str:
    """The page's font; where letters stand below each other, its font for code with all spaces."""
    mono = "font-family: var(--course-mono, monospace); white-space: pre"
    return mono if "mono" in match[0].lower() else "font-family: inherit"


def _png(fig: Figure) -> str:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=110, facecolor="white")
    return b64encode(buffer.getvalue()).decode("ascii")
