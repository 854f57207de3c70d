"""Schematic drawings: a network unrolled over time, and one step of an LSTM.

Nodes and arrows have the colours of the curves in the plots: what carries the state is blue,
a gate violet, an output ochre, in every lesson.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from unrolled.figures import GATE, HIDDEN, INK, INPUT, LOSS, OUTPUT, WRITTEN


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
        (x0 + 0.3, y0 - 0.1),
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
        (x - 0.3, y - 0.2),
        0.6,
        0.4,
        boxstyle="round,pad=0,rounding_size=0.1",
        facecolor="none",
        edgecolor=colour,
        linewidth=2,
        linestyle="--" if dashed else "-",
    )
    ax.add_patch(box)
    ax.text(x, y, label, ha="center", va="center", color=INK)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, label: str
) -> None:
    (x0, y0), (x1, y1) = start, end
    dx, dy = (0.3, 0) if y0 == y1 else (0, 0.2)
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
    ax.text(middle_x + shift[0], middle_y + shift[1], label, color=INK, **offset)


# One LSTM step: name, place, label, colour and the stage it belongs to.
CELL_NODES = (
    ("c_prev", 0.0, 3.4, "c_{t-1}", HIDDEN, "keep"),
    ("times_f", 1.3, 3.4, "\\odot", HIDDEN, "keep"),
    ("plus", 3.1, 3.4, "+", HIDDEN, "write"),
    ("c", 6.85, 3.4, "c_t", HIDDEN, "write"),
    ("f", 1.3, 1.2, "f_t", GATE, "keep"),
    ("i", 2.5, 1.2, "i_t", GATE, "write"),
    ("g", 3.7, 1.2, "g_t", INPUT, "write"),
    ("times_i", 3.1, 2.3, "\\odot", INPUT, "write"),
    ("o", 4.75, 1.2, "o_t", GATE, "show"),
    ("tanh", 5.75, 2.3, "\\tanh", OUTPUT, "show"),
    ("times_o", 5.75, 1.2, "\\odot", OUTPUT, "show"),
    ("h", 6.85, 0.0, "h_t", OUTPUT, "show"),
    ("h_prev", 0.0, 0.0, "h_{t-1}", OUTPUT, "hear"),
    ("x", 0.0, -0.95, "x_t", INPUT, "hear"),
)
CELL_ARROWS = (  # the places that each one leads through, and its stage
    (("c_prev", "times_f"), "keep"),
    (("f", "times_f"), "keep"),
    (("times_f", "plus"), "keep"),
    (("i", (2.5, 2.3), "times_i"), "write"),
    (("g", (3.7, 2.3), "times_i"), "write"),
    (("times_i", "plus"), "write"),
    (("plus", "c"), "write"),
    (((5.75, 3.4), "tanh"), "show"),
    (("tanh", "times_o"), "show"),
    (("o", "times_o"), "show"),
    (("times_o", (5.75, 0.0), "h"), "show"),
    (("x", (0.8, -0.95), (0.8, 0.0)), "hear"),
    (("h_prev", (4.75, 0.0), "o"), "hear"),
    (((1.3, 0.0), "f"), "hear"),
    (((2.5, 0.0), "i"), "hear"),
    (((3.7, 0.0), "g"), "hear"),
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
    halves = {(x, y): _half_width(label) for _, x, y, label, *_ in CELL_NODES}
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
        if from_node:
            path[0] = _towards(path[0], path[1], halves[path[0]])
        if to_node:
            path[-1] = _towards(path[-1], path[-2], halves[path[-1]])
        _path(ax, path, to_node, colour, 1.0 if lit else 0.3)
    ax.set(xlim=(-0.65, 7.25), ylim=(-1.4, 3.85), aspect="equal")
    ax.axis("off")


DISC = 0.36  # radius of a node of the cell


def _half_width(label: str) -> float:
    return DISC * (1.6 if len(label) > 3 and label != "\\odot" else 1)


def _disc(ax: Axes, x: float, y: float, label: str, colour: str, alpha: float) -> None:
    width = 2 * _half_width(label.strip("$"))
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
    ax.text(x, y, label, ha="center", va="center", color=INK, alpha=max(alpha, 0.6))


def _path(
    ax: Axes, corners: list[tuple[float, float]], to_node: bool, colour: str, alpha: float
) -> None:
    """A line with corners, which ends in an arrowhead where it meets a node."""
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


def _towards(
    node: tuple[float, float], other: tuple[float, float], half_width: float
) -> tuple[float, float]:
    """The point of a node's rim that faces another point, to the side or up and down."""
    (x, y), (u, v) = node, other
    if abs(u - x) > abs(v - y):
        return x + half_width * np.sign(u - x), y
    return x, y + DISC * np.sign(v - y)
