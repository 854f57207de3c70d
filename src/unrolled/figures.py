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
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib as mpl
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

HIDDEN = "#2f7ed8"
GRADIENT = "#d9572b"
GATE = "#8a63d2"
LOSS = "#c2378f"
INPUT = "#2a9d6f"
OUTPUT = "#b58900"
WRITTEN = "#8d6e63"  # what a writer reads: its own last output
CYCLE = (HIDDEN, GRADIENT, GATE, INPUT, OUTPUT, LOSS)
INK = "#20242a"  # becomes the colour of the text around the figure
DIVERGING = "PuOr"  # for numbers around 0; distinct to colour-blind readers

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
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.size": 10.5,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "image.cmap": DIVERGING,
    "legend.frameon": False,
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
    rows: int = 1, columns: int = 1, *, width: float = 7.0, height: float = 3.2, **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes in the course's style; :func:`show` publishes it, in any later cell.

    Parameters
    ----------
    rows, columns: how many axes.
    width, height: size of the whole figure in inches; 7 inches fill the page's column.
    options: handed on to ``matplotlib.figure.Figure.subplots``, such as ``sharex=True``.
    """
    fig = Figure(figsize=(width, height))
    return fig, fig.subplots(rows, columns, **options)


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
    svg = re.sub(r"font: (?:(\d+|bold) )?([\d.]+px)[^;\"]*", _inherited_font, svg)
    return re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)


def _inherited_font(match: re.Match[str]) -> str:
    weight = f"font-weight: {match[1]}; " if match[1] else ""
    return f"{weight}font-size: {match[2]}; font-family: inherit"


def _png(fig: Figure) -> str:
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=110, facecolor="white")
    return b64encode(buffer.getvalue()).decode("ascii")


def draw_unrolled(
    ax: Axes,
    *,
    inputs: Sequence[str | None],
    states: Sequence[str],
    outputs: Sequence[str | None],
    losses: Sequence[str | None] | None = None,
    initial: str = "h₀",
    writer: int | None = None,
    weights: bool = True,
) -> None:
    """Draw a recurrent network unrolled over time: one column a step.

    The three weight matrices appear as arrows, each in one colour however often it is used:
    what is drawn T times is stored once.

    Parameters
    ----------
    ax: where to draw.
    inputs, states, outputs, losses: one label a step; None leaves that node out.
    initial: the label of the state before the first step.
    writer: the number of steps of a first network, after which a second one goes on from its
        last state, with weights of its own, and reads its own last output, drawn as a dashed
        arrow; None is a single network.
    weights: whether to write the names of the matrices on the arrows.

    Raises
    ------
    ValueError: the lists differ in length, or writer is not one of 1..T-1.
    """
    T = len(states)
    losses = [None] * T if losses is None else losses
    for name, labels in (("inputs", inputs), ("outputs", outputs), ("losses", losses)):
        if len(labels) != T:
            raise ValueError(f"{name} has {len(labels)} labels, expected {T}, one a step.")
    if writer is not None and writer not in range(1, T):
        raise ValueError(f"writer is {writer}, expected a step from 1 to {T - 1}, or None.")
    rows = {"loss": 3.0, "output": 2.0, "state": 1.0, "input": 0.0}
    _node(ax, 0, rows["state"], initial, HIDDEN, dashed=True)
    for t, (x, h, y, loss) in enumerate(zip(inputs, states, outputs, losses, strict=True), 1):
        second = writer is not None and t > writer
        own, read, mark = (GATE, WRITTEN, "′") if second else (HIDDEN, INPUT, "")
        to_state, to_next, to_output = (
            f"{name}{mark}" if weights else "" for name in ("W_xh", "W_hh", "W_hy")
        )
        _node(ax, t, rows["state"], h, own)
        _arrow(ax, (t - 1, rows["state"]), (t, rows["state"]), own, to_next)
        if x is not None:
            _node(ax, t, rows["input"], x, read)
            _arrow(ax, (t, rows["input"]), (t, rows["state"]), read, to_state)
        if y is not None:
            _node(ax, t, rows["output"], y, OUTPUT)
            _arrow(ax, (t, rows["state"]), (t, rows["output"]), OUTPUT, to_output)
        if loss is not None:
            _node(ax, t, rows["loss"], loss, LOSS)
            _arrow(ax, (t, rows["output"]), (t, rows["loss"]), LOSS, "")
        if second and t > writer + 1:
            _fed_back(ax, (t - 1, rows["output"]), (t, rows["state"]))
    top = rows["loss"] if any(losses) else rows["output"] if any(outputs) else rows["state"]
    bottom = rows["input"] if any(inputs) else rows["state"]
    ax.set(xlim=(-0.5, T + 0.5), ylim=(bottom - 0.4, top + 0.4))
    ax.axis("off")


def _fed_back(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From an output to the next state: the output is the input of the next step."""
    (x0, y0), (x1, y1) = start, end
    arrow = FancyArrowPatch(
        (x0 + 0.27, y0 - 0.1),
        (x1 - 0.2, y1 + 0.2),
        arrowstyle="-|>",
        mutation_scale=11,
        color=WRITTEN,
        linewidth=2,
        linestyle="--",
        shrinkA=0,
        shrinkB=0,
    )
    ax.add_patch(arrow)


def _node(ax: Axes, x: float, y: float, label: str, colour: str, dashed: bool = False) -> None:
    box = FancyBboxPatch(
        (x - 0.27, y - 0.2),
        0.54,
        0.4,
        boxstyle="round,pad=0,rounding_size=0.1",
        facecolor="none",
        edgecolor=colour,
        linewidth=2,
        linestyle="--" if dashed else "-",
    )
    ax.add_patch(box)
    ax.text(x, y, label, ha="center", va="center", color=INK, fontsize=9.5)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, label: str
) -> None:
    (x0, y0), (x1, y1) = start, end
    dx, dy = (0.27, 0) if y0 == y1 else (0, 0.2)
    arrow = FancyArrowPatch(
        (x0 + dx, y0 + dy),
        (x1 - dx, y1 - dy),
        arrowstyle="-|>",
        mutation_scale=11,
        color=colour,
        linewidth=2,
        shrinkA=0,
        shrinkB=0,
    )
    ax.add_patch(arrow)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    offset = {"ha": "center", "va": "bottom"} if y0 == y1 else {"ha": "left", "va": "center"}
    shift = (0, 0.05) if y0 == y1 else (0.05, 0)
    ax.text(middle_x + shift[0], middle_y + shift[1], label, color=INK, fontsize=8.5, **offset)
