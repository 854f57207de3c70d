"""The one drawing of all shapes: what is on it follows from its description."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from unrolled import drawings, figures

LABELS = {"inputs": ["x₁", None], "states": ["h₁", "h₂"], "outputs": [None, "y₂"]}


def draw(**description):
    """The boxes (text, colour) and arrows (colour, dashed) of a drawing."""
    fig, ax = figures.subplots()
    drawings.draw_unrolled(ax, **description)
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


def labels_in(ax):
    return [text.get_text() for text in ax.texts]


def test_the_unrolled_network_has_one_node_a_label_and_one_arrow_a_product():
    _, ax = figures.subplots()
    drawings.draw_unrolled(ax, **LABELS, losses=[None, "L₂"], initial="h zero")
    labels = labels_in(ax)
    arrows = [label for label in labels if label.startswith("W") or not label]
    assert sorted(arrows) == ["", "W_hh", "W_hh", "W_hy", "W_xh"]  # the arrow to a loss is bare
    assert sorted(set(labels) - set(arrows)) == sorted(["h zero", "h₁", "h₂", "x₁", "y₂", "L₂"])
    assert len(ax.patches) == 6 + 5  # a box a node, a line an arrow


def test_arrows_of_one_matrix_share_one_colour():
    _, ax = figures.subplots()
    T = 3
    drawings.draw_unrolled(ax, inputs=["x"] * T, states=["h"] * T, outputs=["y"] * T)
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    colours = [to_hex(p.get_edgecolor()) for p in arrows]
    expected = [figures.HIDDEN, figures.INPUT, figures.OUTPUT] * T
    assert sorted(colours) == sorted(expected)


def test_the_unrolled_network_runs_from_left_to_right():
    _, ax = figures.subplots()
    drawings.draw_unrolled(ax, **LABELS)
    position = {text.get_text(): text.get_position() for text in ax.texts}
    assert position["h₀"][0] < position["h₁"][0] < position["h₂"][0]
    assert position["x₁"][0] == position["h₁"][0] and position["x₁"][1] < position["h₁"][1]
    assert position["y₂"][0] == position["h₂"][0] and position["y₂"][1] > position["h₂"][1]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert all(left < x < right and bottom < y < top for x, y in position.values())


@pytest.mark.parametrize("argument", ["inputs", "outputs", "losses"])
def test_the_unrolled_network_wants_one_label_a_step(argument):
    _, ax = figures.subplots()
    with pytest.raises(ValueError, match=f"^{argument} has 3 labels, expected 2, one a step"):
        drawings.draw_unrolled(ax, **LABELS | {argument: ["a", "b", "c"]})
    assert not ax.patches
