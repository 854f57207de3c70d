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
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

HIDDEN = "#4d92db"
GRADIENT = "#b83a12"
GATE = "#7246db"
LOSS = "#ab348b"
INPUT = "#1fa58a"
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


# One LSTM step: name, place, label, colour and the stage it belongs to.
CELL_NODES = (
    ("c_prev", 0.0, 3.0, "c_{t-1}", HIDDEN, "keep"),
    ("times_f", 1.3, 3.0, "\\odot", HIDDEN, "keep"),
    ("plus", 3.1, 3.0, "+", HIDDEN, "write"),
    ("c", 6.4, 3.0, "c_t", HIDDEN, "write"),
    ("f", 1.3, 1.2, "f_t", GATE, "keep"),
    ("i", 2.5, 1.2, "i_t", GATE, "write"),
    ("g", 3.7, 1.2, "g_t", INPUT, "write"),
    ("times_i", 3.1, 2.1, "\\odot", INPUT, "write"),
    ("o", 4.5, 1.2, "o_t", GATE, "show"),
    ("tanh", 5.5, 2.1, "\\tanh", OUTPUT, "show"),
    ("times_o", 5.5, 1.2, "\\odot", OUTPUT, "show"),
    ("h", 6.4, 0.2, "h_t", OUTPUT, "show"),
    ("h_prev", 0.0, 0.2, "h_{t-1}", OUTPUT, "hear"),
    ("x", 0.0, -0.6, "x_t", INPUT, "hear"),
)
CELL_ARROWS = (  # the places that each one leads through, and its stage
    (("c_prev", "times_f"), "keep"),
    (("f", "times_f"), "keep"),
    (("times_f", "plus"), "keep"),
    (("i", (2.5, 2.1), "times_i"), "write"),
    (("g", (3.7, 2.1), "times_i"), "write"),
    (("times_i", "plus"), "write"),
    (("plus", "c"), "write"),
    (((5.5, 3.0), "tanh"), "show"),
    (("tanh", "times_o"), "show"),
    (("o", "times_o"), "show"),
    (("times_o", (5.5, 0.2), "h"), "show"),
    (("x", (0.65, -0.6), (0.65, 0.2)), "hear"),
    (("h_prev", (4.5, 0.2), "o"), "hear"),
    (((1.3, 0.2), "f"), "hear"),
    (((2.5, 0.2), "i"), "hear"),
    (((3.7, 0.2), "g"), "hear"),
)
CELL_STAGES = ("keep", "write", "show", "hear")


def draw_lstm(ax: Axes, *, active: str | None = None) -> None:
    """Draw one step of an LSTM, from the old states on the left to the new ones on the right.

    Parameters
    ----------
    ax: where to draw.
    active: the stage in colour, with the others pale: ``"keep"`` (the forget gate), ``"write"``
        (input gate and candidate), ``"show"`` (the output gate) or ``"hear"`` (what the gates
        read); None draws all in colour.

    Raises
    ------
    ValueError: there is no such stage.
    """
    if active is not None and active not in CELL_STAGES:
        raise ValueError(f"active is {active!r}, expected one of {', '.join(CELL_STAGES)} or None.")
    places = {name: (x, y) for name, x, y, *_ in CELL_NODES}
    colours = {name: colour for name, _, _, _, colour, _ in CELL_NODES}
    for _, x, y, label, colour, stage in CELL_NODES:
        lit = active in (None, stage)
        _disc(ax, x, y, f"${label}$", colour if lit else INK, 1.0 if lit else 0.3)
    for points, stage in CELL_ARROWS:
        lit = active in (None, stage)
        named = [p for p in points if isinstance(p, str)]
        path = [places[p] if isinstance(p, str) else p for p in points]
        to_node, from_node = points[-1] == named[-1], points[0] == named[0]
        colour = colours[named[0] if stage == "hear" else named[-1]] if lit else INK
        colour = OUTPUT if lit and stage == "hear" else colour
        _path(ax, path, from_node, to_node, colour, 1.0 if lit else 0.3)
    ax.set(xlim=(-0.45, 6.85), ylim=(-1.0, 3.4), aspect="equal")
    ax.axis("off")


DISC = 0.3  # radius of a node of the cell


def _disc(ax: Axes, x: float, y: float, label: str, colour: str, alpha: float) -> None:
    width = 2 * DISC * (1.35 if "tanh" in label else 1)
    box = FancyBboxPatch(
        (x - width / 2, y - DISC),
        width,
        2 * DISC,
        boxstyle=f"round,pad=0,rounding_size={DISC}",
        facecolor="none",
        edgecolor=colour,
        linewidth=2,
        alpha=alpha,
    )
    ax.add_patch(box)
    ax.text(x, y, label, ha="center", va="center", color=INK, fontsize=9.5, alpha=alpha)


def _path(
    ax: Axes,
    path: list[tuple[float, float]],
    from_node: bool,
    to_node: bool,
    colour: str,
    alpha: float,
) -> None:
    """A line with corners, which ends in an arrowhead where it meets a node."""
    corners = list(path)
    if from_node:
        corners[0] = _towards(path[0], path[1])
    if to_node:
        corners[-1] = _towards(path[-1], path[-2])
    for start, end in zip(corners[:-2], corners[1:-1], strict=True):
        ax.plot(*zip(start, end, strict=True), color=colour, linewidth=2, alpha=alpha)
    head = FancyArrowPatch(
        corners[-2],
        corners[-1],
        arrowstyle="-|>" if to_node else "-",
        mutation_scale=11,
        color=colour,
        linewidth=2,
        alpha=alpha,
        shrinkA=0,
        shrinkB=0,
    )
    ax.add_patch(head)


def _towards(node: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point of a node's rim that faces another point, to the side or up and down."""
    (x, y), (u, v) = node, other
    if abs(u - x) > abs(v - y):
        return x + DISC * np.sign(u - x), y
    return x, y + DISC * np.sign(v - y)
