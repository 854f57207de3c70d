"""Figures: one bundle with all its texts, and SVG that takes the page's ink and font."""

import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from itertools import combinations, pairwise
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import figures

TEXTS = {
    "alt": "A line rises from 1 to 2.",
    "caption": "The loss *falls* by $\\frac{1}{2}$ a step.",
    "name": "fig-a-line-2",
}


def drawing():
    """One of everything that lessons draw: lines, an image, a legend, mathematics, bold text."""
    fig, axes = figures.subplots(1, 2, height=2.5)
    axes[0].plot([1, 2], label="line")
    axes[0].set(title="Title", xlabel="step $t$", ylabel=r"$\|\partial L / \partial h_t\|$")
    axes[0].legend()
    axes[0].text(0, 1, "bold", weight="bold")
    axes[0].text(0, 2, "italic", style="italic", family="monospace")
    axes[1].imshow([[0, 1], [1, 0]])
    return fig


@pytest.fixture(scope="module")
def svg():
    return figures.to_svg(drawing())


@pytest.fixture
def published(monkeypatch):
    """What was published, instead of showing it."""
    bundles = []
    monkeypatch.setattr(
        figures, "publish_display_data", lambda data, metadata: bundles.append((data, metadata))
    )
    return bundles


# --- show ----------------------------------------------------------------------------------------


def test_show_publishes_one_bundle_with_everything_the_book_needs(published):
    assert figures.show(drawing(), **TEXTS) is None
    [(data, metadata)] = published
    svg = data["application/vnd.unrolled.figure+json"]["svg"]
    assert svg.startswith("<svg ") and "Title" in svg and figures.INK not in svg
    assert set(data) == {"text/plain", "image/png", "application/vnd.unrolled.figure+json"}
    assert data["text/plain"] == (
        "Figure: The loss *falls* by $\\frac{1}{2}$ a step.\nAlt text: A line rises from 1 to 2."
    )
    assert data["application/vnd.unrolled.figure+json"] == {"svg": svg, **TEXTS}
    assert b64decode(data["image/png"], validate=True).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": TEXTS["alt"]}}


def test_the_bitmap_has_a_white_background(published):
    figures.show(drawing(), **TEXTS)
    image = plt.imread(figures.io.BytesIO(b64decode(published[0][0]["image/png"])))
    assert image.shape[2] == 3 or (image[..., 3] == 1).all()
    assert (image[0, 0, :3] == 1).all()


def test_showing_the_same_figure_twice_publishes_the_same(published):
    for _ in range(2):
        figures.show(drawing(), **TEXTS)
    assert published[0] == published[1]


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        *[("alt", text) for text in (None, "", "  ", "a line", "three words only", 5)],
        *[("caption", text) for text in (None, "", "Loss", "\n \n", ["a", "b", "c", "d"])],
        *[("name", text) for text in (None, "", "line", "fig-", "fig-Line", "fig-a b", "fig-a_b")],
        *[("name", text) for text in ("fig_line", " fig-line", "fig-line\n", "fig-é")],
    ],
)
def test_show_refuses_a_missing_or_unusable_text(published, argument, text):
    with pytest.raises(ValueError) as caught:
        figures.show(figures.Figure(), **TEXTS | {argument: text})
    assert str(caught.value).startswith(f"{argument} is {text!r}, expected ")
    assert not published


@pytest.mark.parametrize("argument", TEXTS)
def test_every_text_is_required_and_given_by_name(published, argument):
    texts = {name: text for name, text in TEXTS.items() if name != argument}
    with pytest.raises(TypeError, match=argument):
        figures.show(figures.Figure(), **texts)
    with pytest.raises(TypeError, match="positional"):
        figures.show(figures.Figure(), *TEXTS.values())
    assert not published


def test_show_wants_a_figure(published):
    with pytest.raises(TypeError, match="^fig is a Axes, expected a matplotlib figure"):
        figures.show(figures.subplots()[1], **TEXTS)


# --- the vector graphics -------------------------------------------------------------------------


def test_ink_is_the_colour_of_the_page(svg):
    assert figures.INK not in svg.lower()
    root = ElementTree.fromstring(svg)
    texts = [e for e in root.iter() if e.tag.endswith("}text")]
    assert {"Title", "bold", "italic"} <= {"".join(e.itertext()).strip() for e in texts}
    inked = [e for e in root.iter() if "fill: currentColor" in e.get("style", "")]
    unfilled = [e for e in texts if e not in inked and not any(c in inked for c in e)]
    assert not ["".join(e.itertext()) for e in unfilled]
    assert "stroke: currentColor" in svg  # axes and ticks


def test_the_background_is_transparent(svg):
    root = ElementTree.fromstring(svg)
    figure = next(e for e in root.iter() if e.get("id") == "patch_1")
    assert [e.get("style") for e in figure] == ["fill: none"]


def test_text_takes_the_font_of_the_page(svg):
    assert "DejaVu" not in svg and "sans-serif" not in svg and "font:" not in svg
    sized = re.findall(r'style="([^"]*font-size[^"]*)"', svg)
    as_code = [
        style for style in sized if "var(--course-mono, monospace); white-space: pre" in style
    ]
    assert len(as_code) == 1 and "italic" in as_code[0]
    assert len(sized) > 5
    assert all("font-family: inherit" in style for style in sized if style not in as_code)
    bold = re.search(r"font-weight: (?:700|bold); font-size: [\d.]+px; font-family: inherit", svg)
    assert bold
    assert "font-style: italic" in svg


def test_the_drawing_reaches_no_other_drawing(svg):
    root = ElementTree.fromstring(svg)  # well-formed, without a prologue
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.startswith("<svg ") and svg.rstrip().endswith("</svg>")
    assert "<style" not in svg and "<script" not in svg
    assert "stroke-linejoin: round" in root.get("style")
    assert root.get("viewBox") == "0 0 381.6 180"


def test_the_same_figure_twice_is_the_same_to_the_byte(svg):
    assert figures.to_svg(drawing()) == svg


# --- the style -----------------------------------------------------------------------------------


def test_drawing_and_showing_leave_the_settings_and_pyplot_alone(published):
    before = dict(mpl.rcParams)
    fig = drawing()
    figures.to_svg(fig)
    figures.show(fig, **TEXTS)
    assert dict(mpl.rcParams) == before
    assert not plt.get_fignums()  # nothing is shown a second time at the end of a cell


def test_the_style_reaches_what_is_drawn_after_the_axes():
    fig = drawing()
    assert fig.axes[0].lines[0].get_linewidth() == 2
    assert not fig.axes[0].get_legend().get_frame_on()
    assert fig.axes[1].images[0].get_cmap().name == figures.DIVERGING
    assert {text.get_color() for text in fig.axes[0].texts} == {figures.INK}


def test_subplots_hands_on_size_and_options():
    fig, axes = figures.subplots(2, 3, width=6, height=4, sharex=True, width_ratios=[1, 2, 3])
    assert axes.shape == (2, 3)
    assert tuple(fig.get_size_inches()) == (6, 4)
    axes[0, 0].set_xlim(-3, 7)
    assert axes[1, 2].get_xlim() == (-3, 7)
    assert not axes[0, 0].spines["top"].get_visible()
    assert axes[0, 0].xaxis.label.get_color() == figures.INK


# --- labels in place of a legend, and the colours of ways back ------------------------------------


def labelled(*ends, ylim=(0, 1)):
    """Axes with lines that end at the given heights, and the box of each label."""
    fig, ax = figures.subplots()
    for end in ends:
        ax.plot([0, 1, 2], [0.5, 0.5, end], label=f"{end}")
    ax.set(xlim=(0, 2), ylim=ylim)
    figures.label_ends(ax)
    fig.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    return ax, boxes


def test_labels_stand_beside_the_ends_of_their_lines():
    ax, boxes = labelled(0.2, 0.8)
    for end, box in boxes.items():
        x, y = ax.transData.transform((2, float(end)))
        assert box.x0 > x and box.y0 < y < box.y1
    assert ax.get_legend() is None


def test_labels_that_would_touch_move_apart_in_the_order_of_their_lines():
    _, boxes = labelled(0.5, 0.02, 0.51, 0.03, 0.52)
    order = [boxes[label] for label in ("0.02", "0.03", "0.5", "0.51", "0.52")]
    assert all(low.y1 <= high.y0 for low, high in pairwise(order))


def test_no_label_hangs_below_the_axes():
    ax, boxes = labelled(0.0, 0.001, 0.002)
    assert min(box.y0 for box in boxes.values()) > ax.get_window_extent().y0 - 3


def test_a_line_that_leaves_is_labelled_where_it_was_last_seen():
    ax, boxes = labelled(2.0, 0.5)
    x, _ = ax.transData.transform((1, 0.5))
    assert x < boxes["2.0"].x0 < x + 10


def test_of_two_lines_that_leave_the_steeper_is_labelled_outside():
    _, ax = figures.subplots()
    for slope in (4, 3, -3, -4):
        ax.plot(np.linspace(0, 1, 50), slope * np.linspace(0, 1, 50), label=f"{slope}")
    ax.set(ylim=(-2, 2))
    figures.label_ends(ax)
    heights = {text.get_text(): text.xy[1] for text in ax.texts}
    assert sorted(heights, key=heights.get) == ["-4", "-3", "3", "4"]


def test_limits_found_by_matplotlib_count_too():
    _, ax = figures.subplots()
    ax.semilogy([1, 2], [1e-9, 1e9], label="steep")
    figures.label_ends(ax)
    assert [text.get_text() for text in ax.texts] == ["steep"]


def test_axes_without_anything_to_label_are_refused():
    _, ax = figures.subplots()
    ax.plot([0, 1], [0, 1])
    with pytest.raises(ValueError, match="^ax has no line with a label that ends inside"):
        figures.label_ends(ax)


def test_a_way_back_has_one_colour_whatever_its_details():
    assert figures.way_back("segments of 10") == figures.way_back("segments of 200")
    assert figures.way_back("random, mean 5") == figures.way_back("randomized")
    ways = ("full", "segments", "random", "checkpointing")
    assert len({figures.way_back(way) for way in ways}) == len(ways)
    assert not {figures.HIDDEN, figures.GATE, figures.LOSS} & {*figures.WAYS_BACK.values()}
    with pytest.raises(ValueError, match="^name is 'sideways', expected it to begin with one of"):
        figures.way_back("sideways")


def test_a_figure_of_the_usual_width_needs_no_more_than_a_phone():
    """Text of the usual size is at least 9 px high where 328 px are left for the figure."""
    assert figures.COLUMN * 72 * 9 / figures.SIZE <= 328


# --- the palette ---------------------------------------------------------------------------------

# What two kinds of eyes make of linear light, after Machado, Oliveira and Fernandes (2009).
EYES = {
    "usual": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "deuteranope": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "protanope": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
}
TO_CONES = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
TO_OKLAB = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]
CLEARLY_APART = 0.10  # in Oklab, where 0.02 is just visible


def linear(colour: str) -> np.ndarray:
    rgb = np.array(mpl.colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def least_distance(colours, eyes) -> float:
    light = np.clip([np.array(eyes) @ linear(colour) for colour in colours], 0, 1)
    seen = np.cbrt(light @ np.array(TO_CONES).T) @ np.array(TO_OKLAB).T
    return min(np.linalg.norm(a - b) for a, b in combinations(seen, 2))


@pytest.mark.parametrize("kind", EYES)
def test_no_two_colours_look_alike_to_any_eyes(kind):
    assert least_distance(figures.CYCLE, EYES[kind]) > CLEARLY_APART


def test_the_measure_knows_a_pair_that_deuteranopes_confuse():
    blue_and_violet = "#2f7ed8", "#8a63d2"
    assert least_distance(blue_and_violet, EYES["usual"]) > CLEARLY_APART
    assert least_distance(blue_and_violet, EYES["deuteranope"]) < 0.02


@pytest.mark.parametrize(
    "colour", sorted({*figures.CYCLE, figures.WRITTEN, *figures.FACTORS} - {figures.INK})
)
def test_a_line_stands_out_on_both_grounds(colour):
    def luminance(colour):
        return np.dot([0.2126, 0.7152, 0.0722], linear(colour)) + 0.05

    sheet = (Path(__file__).parents[1] / "book/_static/course.css").read_text(encoding="utf-8")
    grounds = re.findall(r"--pst-color-background: (#\w{6});", sheet)
    assert len(set(grounds)) == 2
    for ground in grounds:
        dark, light = sorted([luminance(colour), luminance(ground)])
        assert light / dark >= 3


def test_figures_and_explorers_have_one_palette():
    sheet = (Path(__file__).parents[1] / "book/_static/course.css").read_text(encoding="utf-8")
    for name in ("hidden", "gradient", "gate", "loss", "input", "output"):
        assert f"--c-{name}: {getattr(figures, name.upper())};" in sheet
