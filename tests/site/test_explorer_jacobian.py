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
    for name, share in zip(SLIDERS, shares, strict=True):
        before = settings(page)
        drag(page, name, share)
        assert settings(page) != before or share == 0
        assert complaints(page) == []
    assert page.complaints == []


def test_every_setting_shows_what_numpy_finds_by_keyboard(opened):
    page = opened("page")
    for _ in range(3):
        page.keyboard.press("Tab")  # past the prediction
    for chosen in PRESETS:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert settings(page)[0] == [*chosen["eig"], chosen["shear"]]
        assert complaints(page) == []
    ends = [(-1.5, 1.5), (-1.5, 1.5), (0, 10), (0, 60)]
    for i, (low, high) in enumerate(ends):
        page.keyboard.press("Tab")
        for key, change in (("Home", low), ("ArrowRight", None), ("PageUp", None), ("End", high)):
            before = [*settings(page)[0], settings(page)[1]]
            page.keyboard.press(key)
            now = [*settings(page)[0], settings(page)[1]]
            assert now[i] > before[i] if change is None else now[i] == change
            assert now[:i] + now[i + 1 :] == before[:i] + before[i + 1 :]
            assert complaints(page) == []
    assert page.complaints == []


def test_a_slider_says_what_it_is_set_to(opened):
    page = opened("page")
    slider(page, SLIDERS[1]).focus()
    page.keyboard.press("Home")
    assert slider(page, SLIDERS[1]).get_attribute("aria-valuetext") == "−1.5"
    assert page.locator(".explorer-slider output").all_inner_texts() == ["0.9", "−1.5", "0", "8"]


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
