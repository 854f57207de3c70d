"""<jacobian-ellipse>: every number and every line is what NumPy finds for the powers of W."""

from __future__ import annotations

import numpy as np
import pytest
from explorer_data import PRESETS, preset
from explorer_pages import (
    after,
    agrees,
    curve,
    dots,
    drag,
    html,
    number,
    off_scale,
    opener,
    published,
    put,
    slider,
)

LAST = 60
SLIDERS = ["eigenvalue λ₁", "eigenvalue λ₂", "shear a", "power k"]
CIRCLE, NORMS = ".explorer-panel:first-child", ".explorer-panel:last-child"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jacobian") / "static"
    calm = [preset("calm", (0.8, 0.5), 0.1), preset("growing", (1.1, 1), 0)]
    texts = {"page": PRESETS, "calm": calm, "one": PRESETS[1:2]}
    put(folder, {k: html(published("jacobian-ellipse", {"presets": v})) for k, v in texts.items()})
    return folder


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


def settings(page) -> tuple[list[float], int]:
    """Eigenvalues and shear, and the power, as the sliders stand."""
    *W, k = (float(slider(page, name).input_value()) for name in SLIDERS)
    return W, int(k)


def direction(page) -> np.ndarray:
    """The vector x, as its slider stands."""
    angle = np.deg2rad(float(slider(page, "direction of x").input_value()))
    return np.array([np.cos(angle), np.sin(angle)])


def complaints(page) -> list[str]:
    """Where the explorer contradicts NumPy."""
    (first, second, shear), k = settings(page)
    W = np.array([[first, shear], [0, second]])
    power = np.linalg.matrix_power(W, k)
    norms = [np.linalg.norm(np.linalg.matrix_power(W, i), 2) for i in range(LAST + 1)]
    rho = np.abs(np.linalg.eigvals(W)).max()
    long, short = np.linalg.svd(power, compute_uv=False)
    if np.linalg.det(W) != 0:  # the smaller one: exact, where NumPy only knows it beside the larger
        short = abs(first * second) ** k / long
    said = page.inner_text(".explorer-sentence")
    told = {
        "‖Wᵏ‖ =": norms[k],
        "peak": max(norms),
        "ρᵏ =": rho**k,
        "‖W‖ᵏ =": norms[1] ** k,
        "half axes": long,
        "and": short,
        "in a picture": 2.3 * max(1, long),
        "of length": np.linalg.norm(power @ direction(page)),
    }
    wrong = [f"{words} {after(said, words)}, not {x:.6g}" for words, x in told.items()
             if not agrees(after(said, words), x)]  # fmt: skip
    peak = int(number(after(said, "at k =")))
    if not np.isclose(norms[peak], max(norms), rtol=1e-12) or not said.startswith(f"k = {k}:"):
        wrong.append(f"the places: {said}")

    # The circle tells the scale of the picture in which its image has to stand.
    ring, image = curve(page, CIRCLE, "dashed"), curve(page, CIRCLE, "area")
    middle = (ring.max(axis=0) + ring.min(axis=0)) / 2
    size = np.ptp(ring[:, 0]) / 2
    half = 1.15 * max(1, long)
    box = page.locator(f"{CIRCLE} .explorer-chart > g > svg").get_attribute("width")
    if abs(size * half - float(box) / 2) > 0.02 * half:
        wrong.append(f"the circle has a radius of {size} px")
    angles = np.arange(181) * np.pi / 90
    wanted = power @ np.array([np.cos(angles), np.sin(angles)]) * float(box) / 2 / half
    if np.abs(image - middle - wanted.T * [1, -1]).max() > 0.02:
        wrong.append("the ellipse is not the image of the circle")

    way = np.array([np.linalg.matrix_power(W, i) @ direction(page) for i in range(k + 1)])
    way = way * [1, -1] * float(box) / 2 / half + middle
    if np.abs(curve(page, CIRCLE, "dotted") - way).max() > 0.02:
        wrong.append("the vector takes another way")
    held, end = dots(page, CIRCLE, ".open"), dots(page, CIRCLE, ":not(.open)")
    if max(np.abs(held - way[0]).max(), np.abs(end - way[-1]).max()) > 0.02:
        wrong.append("the dots are not the vector and its image")

    lines = [curve(page, NORMS, kind) for kind in ("c-hidden", "dashed", "dotted")]
    steps = np.arange(LAST + 1)
    with np.errstate(divide="ignore"):
        logs = [np.log10(x) for x in (norms, rho**steps, norms[1] ** steps)]
    logs = np.maximum(logs, -400)
    if max(off_scale(line[:, 0], steps) for line in lines) > 0.02:
        wrong.append("the powers do not stand in proportion")
    if off_scale(np.concatenate(lines)[:, 1], np.concatenate(logs)) > 0.02:
        wrong.append("the norms do not stand in proportion to their logarithms")
    here = dots(page, NORMS, ":not(.open)")
    if logs[0][k] > -12 and np.abs(here - lines[0][k]).max() > 0.02:
        wrong.append(f"the dot stands at {here}, power {k} at {lines[0][k]}")

    chosen = [p for p in PRESETS if [*p["eig"], p["shear"]] == [first, second, shear]]
    pressed = page.locator(".explorer-choice [aria-pressed=true]").all_inner_texts()
    if pressed != [p["name"] for p in chosen]:
        wrong.append(f"pressed are {pressed}")
    measured = dots(page, NORMS, ".open")
    marks = [k for p in chosen for k in range(0, len(p["norms"]), 4) if p["norms"][k] > 1e-12]
    if len(measured) != len(marks) or np.abs(measured - lines[0][marks]).max(initial=0) > 0.02:
        wrong.append(f"{len(measured)} measured norms, expected {len(marks)} on the curve")
    return wrong


def test_every_preset_shows_what_numpy_finds_by_mouse(opened):
    page = opened("page")
    assert settings(page) == ([*PRESETS[0]["eig"], PRESETS[0]["shear"]], 8)
    assert complaints(page) == []
    page.click(".explorer-skip")
    for chosen in PRESETS[::-1]:
        page.click(f".explorer-choice >> text={chosen['name']}")
        for share in (0, 0.3, 1):
            drag(page, "power k", share)
            assert settings(page)[0] == [*chosen["eig"], chosen["shear"]]
            assert complaints(page) == []
        assert settings(page)[1] == LAST
    assert page.complaints == []


@pytest.mark.parametrize(
    "shares",
    [(0, 1, 1, 1), (0.5, 0.5, 0.7, 0.1), (0.83, 0.2, 0.05, 0.4), (1, 1, 1, 0.2), (0.51, 0.4, 0, 1)],
)
def test_every_setting_shows_what_numpy_finds_by_mouse(opened, shares):
    page = opened("page")
    page.click(".explorer-skip")
    page.click(f".explorer-choice >> text={PRESETS[0]['name']}")
    for name, share in zip(SLIDERS, shares, strict=True):
        before = settings(page)
        drag(page, name, share)
        assert settings(page) != before or share == 0
        assert complaints(page) == []
    assert page.complaints == []


def test_every_setting_shows_what_numpy_finds_by_keyboard(opened):
    page = opened("page")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the way round the question
    for chosen in PRESETS:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert settings(page)[0] == [*chosen["eig"], chosen["shear"]]
        assert complaints(page) == []
    ends = [(-1.5, 1.5), (-1.5, 1.5), (0, 10), (0, 60), (0, 360)]
    for i, (low, high) in enumerate(ends):
        page.keyboard.press("Tab")
        for key, change in (("Home", low), ("ArrowRight", None), ("PageUp", None), ("End", high)):
            before = [float(s.input_value()) for s in page.get_by_role("slider").all()]
            page.keyboard.press(key)
            now = [float(s.input_value()) for s in page.get_by_role("slider").all()]
            assert now[i] > before[i] if change is None else now[i] == change
            assert now[:i] + now[i + 1 :] == before[:i] + before[i + 1 :]
            assert complaints(page) == []
    assert page.complaints == []


def test_a_slider_says_what_it_is_set_to(opened):
    page = opened("page")
    slider(page, SLIDERS[1]).focus()
    page.keyboard.press("Home")
    assert slider(page, SLIDERS[1]).get_attribute("aria-valuetext") == "−1.5"
    assert page.locator(".explorer-slider output").all_inner_texts() == [
        "0.9",
        "−1.5",
        "0",
        "8",
        "90°",
    ]


def test_the_vector_is_dragged_round_by_mouse_and_by_finger(opened):
    page = opened("page")
    drag(page, "power k", 0.05)
    chart = page.locator(f"{CIRCLE} .explorer-chart")
    box = chart.bounding_box()
    place = lambda at: (box["x"] + 48 + at[0], box["y"] + 32 + at[1])  # noqa: E731
    middle = dots(page, CIRCLE, ".open")[0] + [0, 0]
    radius = np.ptp(curve(page, CIRCLE, "dashed")[:, 0]) / 2
    middle[1] += radius  # the vector stands above it

    page.mouse.move(*place(middle))
    page.mouse.down()
    page.mouse.move(*place(middle + [radius, 0]))  # not taken hold of: it stays
    page.mouse.up()
    assert direction(page) == pytest.approx([0, 1])
    page.mouse.move(*place(middle - [0, radius - 9]))  # near it is enough
    page.mouse.down()
    for degrees in (70, 20, 200, 315):
        angle = np.deg2rad(degrees)
        page.mouse.move(*place(middle + 2 * radius / 3 * np.array([np.cos(angle), -np.sin(angle)])))
        assert direction(page) == pytest.approx([np.cos(angle), np.sin(angle)], abs=0.02)
        assert complaints(page) == []
    page.mouse.up()
    page.mouse.move(*place(middle))
    assert direction(page) == pytest.approx([np.cos(angle), np.sin(angle)], abs=0.02)

    handle = page.locator(f"{CIRCLE} .handle")
    size = handle.bounding_box()
    assert min(size["width"], size["height"]) > 43  # of a finger
    assert handle.evaluate("(e) => getComputedStyle(e).touchAction") == "none"
    assert page.complaints == []


def test_neither_shear_nor_another_matrix_tells_the_answer_before_a_prediction(opened):
    page = opened("page")
    presets = page.locator(".explorer-choice button")
    assert [b.is_disabled() for b in presets.all()] == [False, True, True, True, True]
    assert [s.is_disabled() for s in page.get_by_role("slider").all()] == [
        name == "shear a" for name in [*SLIDERS, "direction of x"]
    ]
    follow = "(state) => document.querySelector('jacobian-ellipse').set(state)"
    page.evaluate(follow, "preset=2&power=9")
    assert settings(page) == ([*PRESETS[0]["eig"], PRESETS[0]["shear"]], 8)
    page.evaluate(follow, "preset=1&power=4")  # tells nothing: it does not wait
    assert settings(page) == ([*PRESETS[0]["eig"], PRESETS[0]["shear"]], 4)
    page.evaluate(follow, "preset=3&power=5")
    page.click("text=no")
    assert settings(page) == ([*PRESETS[2]["eig"], PRESETS[2]["shear"]], 5)
    assert page.inner_text(".explorer-predict [role=status]").startswith(
        "Your prediction was wrong"
    )
    assert not any(b.is_disabled() for b in [*presets.all(), *page.get_by_role("slider").all()])
    assert complaints(page) == [] == page.complaints


@pytest.mark.parametrize("answer", ["yes", "no"])
@pytest.mark.parametrize(("name", "asked"), [("page", PRESETS[1]), ("one", PRESETS[1])])
def test_a_prediction_shows_how_far_a_sheared_matrix_grows(opened, name, asked, answer):
    page = opened(name)
    question = page.inner_text(".explorer-predict p")
    assert "“sheared” has (λ₁, λ₂, a) = (0.9, 0.9, 10)" in question
    page.click(f".explorer-predict >> text={answer}")
    peak = int(np.argmax(asked["norms"]))
    verdict = page.inner_text(".explorer-predict [role=status]")
    assert verdict.startswith(
        f"Your prediction was {'right' if answer == 'yes' else 'wrong'}: it grows"
    )
    assert agrees(after(verdict, "grows to"), max(asked["norms"])) and f"at k = {peak}." in verdict
    assert settings(page) == ([*asked["eig"], asked["shear"]], peak)
    assert name == "one" or complaints(page) == []


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_prediction_knows_a_matrix_that_does_not_grow(opened, answer):
    page = opened("calm")
    assert settings(page)[0] == [
        1.1,
        1,
        0,
    ]  # the other one: what the question is about stays hidden
    page.click(f".explorer-predict >> text={answer}")
    right = "wrong" if answer == "yes" else "right"
    verdict = page.inner_text(".explorer-predict [role=status]")
    assert verdict == f"Your prediction was {right}: it never exceeds 1."
    assert settings(page)[0] == [0.8, 0.5, 0.1]
