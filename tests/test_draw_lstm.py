"""The drawing of one LSTM step: all parts are there, and the active stage alone has colour."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from unrolled import drawings, figures


def draw(**options):
    """The axes with the drawing on it."""
    fig, ax = figures.subplots()
    drawings.draw_lstm(ax, **options)
    plt.close(fig)
    return ax


def coloured(ax):
    """The labels of the nodes that are not pale."""
    boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    return sorted(
        text.get_text().strip("$")
        for box, text in zip(boxes, ax.texts, strict=True)
        if to_hex(box.get_edgecolor()) != figures.INK
    )


def test_everything_is_drawn_in_colour_by_default():
    ax = draw()
    assert len(coloured(ax)) == len(drawings.CELL_NODES) == 14
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == len(drawings.CELL_ARROWS)


@pytest.mark.parametrize(
    ("stage", "labels"),
    [
        ("keep", ["\\odot", "c_{t-1}", "f_t"]),
        ("write", ["+", "\\odot", "c_t", "g_t", "i_t"]),
        ("show", ["\\odot", "\\tanh", "h_t", "o_t"]),
        ("hear", ["h_{t-1}", "x_t"]),
    ],
)
def test_the_active_stage_alone_has_colour(stage, labels):
    ax = draw(active=stage)
    assert coloured(ax) == labels
    stages = [name for _, name in drawings.CELL_ARROWS]
    bright = [p for p in ax.patches if isinstance(p, FancyArrowPatch) and p.get_alpha() == 1]
    assert len(bright) == stages.count(stage)


def test_every_stage_has_parts_and_every_arrow_a_stage():
    assert {stage for *_, stage in drawings.CELL_NODES} == set(drawings.CELL_STAGES)
    assert {stage for _, stage in drawings.CELL_ARROWS} == set(drawings.CELL_STAGES)


def test_arrows_lead_where_the_equations_say():
    ends = {(points[0], points[-1]) for points, _ in drawings.CELL_ARROWS}
    assert {("f", "times_f"), ("i", "times_i"), ("g", "times_i"), ("o", "times_o")} <= ends
    assert {("c_prev", "times_f"), ("times_f", "plus"), ("times_i", "plus"), ("plus", "c")} <= ends


def test_arrows_start_and_end_at_the_rim_of_their_nodes():
    ax = draw()
    heads = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    tips = [tuple(round(float(v), 6) for v in head._posA_posB[1]) for head in heads]
    assert (1.3, 3.4 - drawings.DISC) in tips  # f_t points up at its product
    assert all((x, y) not in tips for _, x, y, *_ in drawings.CELL_NODES)


def test_an_unknown_stage_is_refused():
    with pytest.raises(ValueError, match="active is 'forget', expected one of keep, write"):
        draw(active="forget")
