"""The one drawing of all shapes: what is on it follows from its description."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from unrolled import figures


def draw(**description):
    """The boxes (text, colour) and arrows (colour, dashed) of a drawing."""
    fig, ax = figures.subplots()
    figures.draw_unrolled(ax, **description)
    boxes = [p for p in ax.patches if isinstance(p, FancyBboxPatch)]
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    named = {text.get_text() for text in ax.texts}
    plt.close(fig)
    return (
        [to_hex(box.get_edgecolor()) for box in boxes],
        [(to_hex(arrow.get_edgecolor()), arrow.get_linestyle() == "--") for arrow in arrows],
        named,
    )


def joined(**change):
    """Two steps that read, then three that write."""
    description = {
        "inputs": ["x1", "x2", ".", None, None],
        "states": ["h1", "h2", "s1", "s2", "s3"],
        "outputs": [None, None, "a", "b", "c"],
        "writer": 2,
    }
    return draw(**description | change)


def test_two_networks_have_two_sets_of_colours():
    boxes, arrows, named = joined()
    assert boxes.count(figures.GATE) == 3 and boxes.count(figures.HIDDEN) == 2 + 1  # and h0
    assert [colour for colour, _ in arrows].count(figures.GATE) == 3
    assert [colour for colour, _ in arrows].count(figures.HIDDEN) == 2
    assert {"W_hh", "W_hh′", "W_xh", "W_xh′", "W_hy′"} <= named and "W_hy" not in named


def test_outputs_are_fed_back_to_the_second_network_only():
    _, arrows, _ = joined()
    assert [colour for colour, dashed in arrows if dashed] == [figures.WRITTEN] * 2
    _, arrows, named = joined(writer=None)
    assert not any(dashed for _, dashed in arrows)
    assert not any("′" in text for text in named)


def test_names_of_the_weights_can_be_left_out():
    _, _, named = joined(weights=False)
    assert named - {""} == {"h₀", "x1", "x2", ".", "h1", "h2", "s1", "s2", "s3", "a", "b", "c"}


@pytest.mark.parametrize("writer", [0, 5, -1])
def test_both_networks_need_a_step(writer):
    with pytest.raises(ValueError, match=f"writer is {writer}, expected a step from 1 to 4"):
        joined(writer=writer)
