"""<forget-bias>: σ(b)ᵏ as NumPy finds it, beside the measured numbers of the lesson."""

from __future__ import annotations

import numpy as np
import pytest
from explorer_data import BIASES, FORGET, LAGS
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

LAST = LAGS[-1]
CHART = ".explorer-panel"
ANSWERS = ["about the same", "up to 3 times", "more"]
POWERS = {"equal": 1, "beside": 0.85, "longer": 0.5, "long": 0.3, "ever": -0.1}  # of the gate alone
WHOLE = "text=whole gradient, measured at"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forget") / "static"
    gate = [[(1 / (1 + np.exp(-b))) ** k for k in LAGS] for b in BIASES]
    powers = {name: (np.array(gate) ** x).tolist() for name, x in POWERS.items()}
    many = {"lags": list(range(51)), "biases": [0, 1]}
    many |= {name: [[0.9**k for k in range(51)]] * 2 for name in ("measured", "direct")}
    texts = {"page": FORGET, "many": many} | {
        name: FORGET | {"measured": m} for name, m in powers.items()
    }
    put(folder, {name: html(published("forget-bias", data)) for name, data in texts.items()})
    return folder


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


def bias(page) -> float:
    return float(slider(page, "forget bias b").input_value())


def complaints(page, revealed: bool) -> list[str]:
    """Where the explorer contradicts the data, or NumPy."""
    b = bias(page)
    f = 1 / (1 + np.exp(-b))
    near = int(np.argmin(np.abs(np.array(BIASES) - b)))
    measured = np.array(FORGET["measured"][near])
    said = page.inner_text(".explorer-sentence")
    told = {
        "b =": b,
        "σ(b) =": f,
        "half is left after": np.log(0.5) / np.log(f),
        "1/(1 − f) is": 1 / (1 - f),
        "σ(b)ᵏ =": f**LAST,
    }
    if revealed:
        r = 10 ** np.polyfit(LAGS, np.log10(measured), 1)[0]
        told |= {"measured at b =": BIASES[near]}
        told[f"measured at b = {BIASES[near]}:".replace("-", "−")] = measured[-1]
        told |= {"a factor of": r}
        tail = said[said.index("a factor of") :]
        if r < 1 and not agrees(after(tail, "left after"), np.log(0.5) / np.log(r)):
            told["left after, measured"] = np.nan
        if (r >= 1) != tail.endswith("it never halves."):
            told["it never halves"] = np.nan
    wrong = [
        f"{words!r} is not {x:.6g} in {said!r}"
        for words, x in told.items()
        if words not in said or not agrees(after(said, words), x)
    ]
    if ("whole gradient" in said) != revealed or page.is_visible(WHOLE) != revealed:
        wrong.append("it tells the measured curve at the wrong time")

    line = curve(page, CHART, "c-gate")
    height = lambda y: line[0, 1] + (line[1, 1] - line[0, 1]) * y / (LAST * np.log10(f))  # noqa: E731
    place = lambda k: line[0, 0] + (line[1, 0] - line[0, 0]) * k / LAST  # noqa: E731
    gates, whole = dots(page, CHART, ".open"), dots(page, CHART, ":not(.open)")
    is_measured = b in BIASES

    def stand(shown: np.ndarray, sizes: np.ndarray) -> bool:
        """True when points stand at the lags and at their sizes, as far as the chart goes down."""
        wanted = np.stack([place(np.array(LAGS)), height(np.log10(sizes))], axis=1)
        wanted = wanted[sizes >= 1e-12] if len(shown) < len(LAGS) else wanted
        return shown.shape == wanted.shape and np.abs(shown - wanted).max() < 0.1

    if not (stand(gates, np.array(FORGET["direct"][near])) if is_measured else len(gates) == 0):
        wrong.append(f"the dots of the direct path stand at {gates}")
    if not (stand(whole, measured) if revealed else len(whole) == 0):
        wrong.append(f"the dots of the whole gradient stand at {whole}")
    if revealed:
        drawn = curve(page, CHART, "c-gradient")
        if not stand(drawn, measured) or off_scale(drawn[:, 1], np.log10(measured)) > 0.02:
            wrong.append("the whole gradient is not drawn to its logarithm")
        key = page.inner_text(f"{CHART} >> {WHOLE}")
        if agrees(after(key, "b ="), BIASES[near]) is False:
            wrong.append(f"the key says {key!r}")
    pressed = page.locator(".explorer-choice [aria-pressed=true]").all_inner_texts()
    if pressed != ([f"{b:g}".replace("-", "−")] if is_measured else []):
        wrong.append(f"pressed are {pressed}")
    return wrong


@pytest.mark.parametrize("revealed", [False, True])
def test_every_bias_shows_what_numpy_finds_by_mouse(opened, revealed):
    page = opened("page")
    assert bias(page) == 1
    if revealed:
        page.click("text=up to 3 times")
    assert complaints(page, revealed) == []
    for i, b in enumerate(BIASES):
        page.click(f".explorer-choice button >> nth={i}")
        assert bias(page) == b
        assert complaints(page, revealed) == []
    for share in (0, 0.2, 0.34, 0.71, 1):
        drag(page, "forget bias b", share)
        assert complaints(page, revealed) == []
    assert page.complaints == []


def test_every_bias_shows_what_numpy_finds_by_keyboard(opened):
    page = opened("page")
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for b in BIASES:
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert bias(page) == b
        assert complaints(page, True) == []
    page.keyboard.press("Tab")
    for key, b in [
        ("Home", -1),
        ("ArrowRight", -0.95),
        ("ArrowUp", -0.9),
        ("End", 5),
        ("ArrowLeft", 4.95),
    ]:
        page.keyboard.press(key)
        assert bias(page) == b
        assert complaints(page, True) == []
    assert page.complaints == []


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("name", "right"),
    [("page", 0), ("equal", 0), ("beside", 0), ("longer", 1), ("long", 2), ("ever", 2)],
)
def test_a_prediction_reveals_the_measured_curve(opened, name, right, answer):
    page = opened(name)
    drag(page, "forget bias b", 0.9)
    assert "With b = 1, how long is its half-life" in page.inner_text(".explorer-predict p")
    page.click(f".explorer-predict button >> text={answer}")
    f = 1 / (1 + np.exp(-1))
    sizes = FORGET["measured"][2] if name == "page" else [f ** (k * POWERS[name]) for k in LAGS]
    slope = np.polyfit(LAGS, np.log(sizes), 1)[0]
    share = slope / np.log(f)  # 1 over how much longer the half-life is
    assert right == sum(share < 1 / limit for limit in (1.25, 3))
    verdict = page.inner_text(".explorer-predict [role=status]")
    was = "right" if answer == ANSWERS[right] else "wrong"
    assert verdict.startswith(f"Your prediction was {was}: ")
    if slope < 0:
        assert agrees(after(verdict, "half is left after"), np.log(0.5) / slope)
    else:
        assert "it never halves" in verdict
    assert agrees(after(verdict, "by the gate alone after"), np.log(0.5) / np.log(f))
    assert agrees(after(verdict, f"at lag {LAST} it is"), sizes[-1] / f**LAST)
    assert bias(page) == 1
    assert name != "page" or complaints(page, True) == []


def test_many_lags_do_not_become_a_row_of_pearls(opened):
    page = opened("many")
    page.click("text=up to 3 times")
    drawn = curve(page, CHART, "c-gradient")
    assert len(drawn) == 51
    for kind in (".open", ":not(.open)"):
        assert np.abs(dots(page, CHART, kind) - drawn[::4]).max() < 0.02
