"""<signal-by-depth>: both norms by layer, and the factor per layer that NumPy finds in them."""

from __future__ import annotations

import numpy as np
import pytest
from explorer_data import CASES, DEPTH
from explorer_pages import (
    after,
    agrees,
    curve,
    dots,
    drag,
    html,
    off_scale,
    opener,
    published,
    put,
    slider,
)

LAYERS, WIDTHS = ".explorer-panel:first-child", ".explorer-panel:last-child"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("depth") / "static"
    part = lambda init, flip: [  # noqa: E731
        c | {"backward": c["backward"][::flip]} for c in CASES if c["init"] == init
    ]
    small = part("Xavier", 1)
    texts = {"page": CASES, "shrinking": small, "growing": part("Xavier", -1), "one": small[:1]}
    # tanh crosses 1 between widths 3 and 30, the sigmoid between 30 and 300
    texts["sooner"] = [c for c in CASES if c["activation"] == "sigmoid"]
    texts["sooner"] += [c for c in small if c["width"] == 3]
    texts["sooner"] += [c for c in part("Xavier", -1) if c["width"] > 3]
    pages = {
        k: published("signal-by-depth", {"depth": DEPTH, "cases": v}) for k, v in texts.items()
    }
    put(folder, {name: html(text) for name, text in pages.items()})
    return folder


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


def case(activation: str, init: str, width: int) -> dict:
    wanted = [activation, init, width]
    [found] = [c for c in CASES if [c["activation"], c["init"], c["width"]] == wanted]
    return found


def factors(found: dict) -> tuple[float, float]:
    """Factor per layer of the signal on its way up, of the gradient on its way back."""
    slopes = [np.polyfit(np.arange(DEPTH), found[way], 1)[0] for way in ("forward", "backward")]
    return 10 ** slopes[0], 10 ** -slopes[1]


def complaints(page, activation: str, init: str, width: int) -> list[str]:
    """Where the explorer contradicts the data when this case is chosen."""
    found = case(activation, init, width)
    up, back = factors(found)
    family = [c for c in CASES if [c["activation"], c["init"]] == [activation, init]]
    family.sort(key=lambda c: c["width"])
    said = page.inner_text(".explorer-sentence")
    told = {
        f"{activation}, {init}, width": width,
        "signal is multiplied by": up,
        "the gradient by": back,
        "the gradient has": 10 ** (found["backward"][0] - found["backward"][-1]),
        "norm at layer": DEPTH,
    }
    wrong = [
        f"{words!r} is not {x:.6g} in {said!r}"
        for words, x in told.items()
        if words not in said or not agrees(after(said, words), x)
    ]
    pressed = page.locator(".explorer-choice [aria-pressed=true]").all_inner_texts()
    if pressed != [activation, init]:
        wrong.append(f"pressed are {pressed}")
    off = page.locator(".explorer-choice button:disabled").all_inner_texts()
    possible = {c["init"] for c in CASES if c["activation"] == activation}
    if set(off) != {c["init"] for c in CASES} - possible:
        wrong.append(f"disabled are {off}")
    if slider(page, "width").get_attribute("aria-valuetext") != str(width):
        wrong.append("the slider stands elsewhere")
    if slider(page, "width").get_attribute("max") != str(len(family) - 1):
        wrong.append("the slider has other ends")

    lines = [curve(page, LAYERS, kind) for kind in ("c-hidden", "c-gradient")]
    if max(off_scale(line[:, 0], np.arange(DEPTH)) for line in lines) > 0.02:
        wrong.append("the layers do not stand in proportion")
    logs = np.array(found["forward"] + found["backward"])
    if off_scale(np.concatenate(lines)[:, 1], logs) > 0.02:
        wrong.append("the norms do not stand in proportion")
    if page.locator(WIDTHS).is_visible():
        lines = [curve(page, WIDTHS, kind) for kind in ("c-hidden", "c-gradient", "dotted")]
        wanted = np.log10([factors(c) for c in family]).T
        heights = np.concatenate([wanted.ravel(), [0, 0]])
        if off_scale(np.concatenate(lines)[:, 1], heights) > 0.02:
            wrong.append("the factors do not stand in proportion to their logarithms")
        widths = np.log10([c["width"] for c in family])
        if len(family) > 1 and off_scale(lines[0][:, 0], widths) > 0.02:
            wrong.append("the widths do not stand in proportion to their logarithms")
        rings = dots(page, WIDTHS, ".ring")
        at = [c["width"] for c in family].index(width)
        if np.abs(rings - [line[at] for line in lines[:2]]).max() > 0.02:
            wrong.append("the rings stand at another width")
    return wrong


def test_every_case_shows_its_numbers_by_mouse(opened):
    page = opened("page")
    assert not page.locator(WIDTHS).is_visible()
    assert complaints(page, "tanh", "Xavier", 30) == []
    page.click("text=at some")
    assert complaints(page, "sigmoid", "N(0, 1)", 3) == []
    for share, width in ((1, 300), (0.5, 30), (0, 3), (0.5, 30)):
        drag(page, "width", share)
        assert complaints(page, "sigmoid", "N(0, 1)", width) == []
    page.click(".explorer-choice >> text=tanh")
    assert complaints(page, "tanh", "N(0, 1)", 30) == []
    drag(page, "width", 0)
    assert complaints(page, "tanh", "N(0, 1)", 3) == []
    page.click(".explorer-choice >> text=Xavier")
    assert complaints(page, "tanh", "Xavier", 3) == []
    drag(page, "width", 1)
    assert complaints(page, "tanh", "Xavier", 300) == []
    page.click(".explorer-choice >> text=sigmoid")  # never drawn so: what there is instead
    assert complaints(page, "sigmoid", "N(0, 1)", 300) == []
    assert page.complaints == []


def test_every_case_shows_its_numbers_by_keyboard(opened):
    page = opened("page")
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # tanh again
    assert complaints(page, "tanh", "Xavier", 30) == []
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert complaints(page, "tanh", "N(0, 1)", 30) == []
    page.keyboard.press("Tab")
    for key, width in {
        "Home": 3,
        "ArrowRight": 30,
        "ArrowUp": 30,
        "ArrowLeft": 3,
        "End": 30,
    }.items():
        page.keyboard.press(key)
        assert complaints(page, "tanh", "N(0, 1)", width) == []
    assert page.complaints == []


@pytest.mark.parametrize("answer", ["at every width", "at some", "at none"])
@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("page", "at some"),
        ("shrinking", "at every width"),
        ("growing", "at none"),
        ("one", "at every width"),
        ("sooner", "at some"),
    ],
)
def test_a_prediction_shows_the_factors_of_all_widths(opened, name, right, answer):
    page = opened(name)
    asked = "sigmoid with N(0, 1) weights" if name == "page" else "tanh with Xavier weights"
    assert page.inner_text(".explorer-predict p").startswith(f"Predict: {asked}.")
    page.click(f"text={answer}")
    verdict = page.inner_text(".explorer-predict [role=status]")
    assert verdict.startswith(f"Your prediction was {'right' if answer == right else 'wrong'}: ")
    assert page.locator(WIDTHS).is_visible()
    if name == "page":
        ends = [factors(case("sigmoid", "N(0, 1)", width))[1] for width in (3, 300)]
        assert ends[0] < 1 < ends[1]
        assert agrees(after(verdict, "its factor is"), ends[0])
        assert agrees(after(verdict, "width 3 and"), ends[1])
        assert complaints(page, "sigmoid", "N(0, 1)", 3) == []
