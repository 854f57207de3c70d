"""<lag-matrix>: every cell says what a sweep of `rnn.backward` found, by pointer and by key."""

from __future__ import annotations

import re

import numpy as np
import pytest
from explorer_data import NETWORKS, lag_matrix, network
from explorer_pages import (
    after,
    agrees,
    curve,
    dots,
    html,
    number,
    off_scale,
    opener,
    published,
    put,
)

T = 12
MAP, ROW = ".explorer-panel:first-child", ".explorer-panel:last-child"
LEVELS = 20
ALL = np.array([x for n in NETWORKS for row in n["log10"] for x in row if x is not None])
LOW, HIGH = int(np.floor(ALL.min())), int(np.floor(ALL.max())) + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lag") / "static"
    wide = [network(f"{radius}", lag_matrix(60, radius, 3)) for radius in (0.8, 1.2)]
    texts = {"page": NETWORKS, "wide": wide}
    put(folder, {k: html(published("lag-matrix", {"networks": v})) for k, v in texts.items()})
    return folder


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


def heard(of: int, tau: int) -> np.ndarray:
    """Logarithms of what states 1 to tau hear of a loss."""
    return np.array(NETWORKS[of]["log10"][tau - 1][:tau])


def rate(logs: np.ndarray) -> float:
    """Factor per step on the way back."""
    return 10 ** -np.polyfit(np.arange(len(logs)), logs, 1)[0]


def complaints(page, of: int, tau: int, t: int) -> list[str]:
    """Where the explorer contradicts the data when this cell is chosen."""
    wrong = []
    logs = heard(of, tau)
    said = page.inner_text(".explorer-sentence")
    if not said.startswith(f"Loss τ = {tau}, state t = {t}, lag {tau - t}: "):
        wrong.append(f"it says {said!r}")
    if not agrees(after(said, "has the norm"), 10 ** logs[t - 1], figures=2):
        wrong.append(f"it calls a norm of {10 ** logs[t - 1]:.4g} {said!r}")
    if tau < 3:
        wrong += [] if said.endswith("too short for a rate.") else [f"a rate: {said!r}"]
    else:
        r = rate(logs)
        half = np.inf if r >= 1 else np.log(0.5) / np.log(r)
        if not agrees(after(said, "per step is"), r):
            wrong.append(f"a factor of {r:.4g} is said to be {said!r}")
        if r < 1 and not agrees(after(said, "left after"), half):
            wrong.append(f"a half-life of {half:.4g} is said to be {said!r}")
        if (r >= 1) != said.endswith("it never halves."):
            wrong.append(f"a factor of {r:.4g} and {said!r}")
    name = page.get_by_role("application").get_attribute("aria-label")
    if f"Loss {tau}, state {t}: " not in name or after(name, ":") not in said:
        wrong.append(f"the map is called {name!r}")
    pressed = page.locator(".explorer-choice [aria-pressed=true]").all_inner_texts()
    if pressed != [NETWORKS[of]["name"]]:
        wrong.append(f"pressed are {pressed}")

    line = curve(page, ROW, "c-gradient")
    if len(line) != tau or np.abs(dots(page, ROW, "") - line[t - 1]).max() > 0.02:
        wrong.append("the dot is not on the line of the row")
    if tau > 2:
        fit = np.polyfit(line[:, 0], line[:, 1], 1)
        dashed = curve(page, ROW, "dashed")
        if off_scale(line[:, 1], logs) > 0.02 or off_scale(line[:, 0], np.arange(tau)) > 0.02:
            wrong.append("the line does not stand in proportion to the logarithms")
        if np.abs(np.polyval(fit, dashed[:, 0]) - dashed[:, 1]).max() > 0.05:
            wrong.append("the dashed line is not the line of its rate")
    cell = cell_size(page)
    ring = dots(page, MAP, ".ring")
    if np.abs(ring - [(t - 0.5) * cell, (tau - 0.5) * cell]).max() > 0.02:
        wrong.append(f"the ring stands at {ring / cell}")
    return wrong


def cell_size(page) -> float:
    return float(page.locator(f"{MAP} .explorer-chart > g > svg").get_attribute("width")) / T


def pixel(page, tau: int, t: int) -> tuple[float, float]:
    """Where on the screen a cell has its middle."""
    box = page.locator(f"{MAP} .explorer-chart").bounding_box()
    cell = cell_size(page)
    return box["x"] + 48 + (t - 0.5) * cell, box["y"] + 32 + (tau - 0.5) * cell


def drawn_levels(page) -> np.ndarray:
    """The level of every cell as it is drawn, -1 where nothing is."""
    levels = np.full((T, T), -1)
    cell = cell_size(page)
    paths = page.locator(f"{MAP} .explorer-chart path.cells").all()
    assert len(paths) == LEVELS
    for level, path in enumerate(paths):
        for box in re.findall(r"M(\S+) (\S+)H(\S+)V(\S+)H\1z", path.get_attribute("d")):
            left, top, right, bottom = map(float, box)
            assert abs(right - left - cell) < 0.03 and abs(bottom - top - cell) < 0.03
            assert levels[round(top / cell), round(left / cell)] == -1
            levels[round(top / cell), round(left / cell)] = level
    return levels


def test_every_cell_has_the_colour_of_its_value(opened):
    page = opened("page")
    page.click(".explorer-skip")
    for of, chosen in enumerate(NETWORKS):
        page.click(f".explorer-choice >> text={chosen['name']}")
        logs = np.array(chosen["log10"], dtype=float)
        wanted = np.floor((logs - LOW) / (HIGH - LOW) * LEVELS)
        assert (drawn_levels(page) == np.nan_to_num(wanted, nan=-1)).all()
        assert complaints(page, of, T, 1) == []
    ends = page.inner_text(".explorer-scale").replace("−", "-").split()
    assert ends == [f"1e{LOW}", f"1e{HIGH}"]
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_louder_level_stands_out_more_from_the_ground(opened, scheme):
    page = opened("page")
    page.emulate_media(color_scheme=scheme)
    page.reload()
    light = """(path) => {
      const canvas = new OffscreenCanvas(1, 1).getContext('2d');
      canvas.fillStyle = getComputedStyle(path).fill;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
      return 0.2126 * r + 0.7152 * g + 0.0722 * b; }"""
    shades = [path.evaluate(light) for path in page.locator(f"{MAP} .explorer-chart .cells").all()]
    steps = np.diff(shades) * (-1 if scheme == "light" else 1)
    assert len(steps) == LEVELS - 1 and steps.min() > 2
    bar = page.locator(".explorer-scale .cells").all()
    assert [path.evaluate(light) for path in bar] == shades


def test_every_cell_says_its_value_by_mouse(opened):
    page = opened("page")
    assert complaints(page, 0, T, 1) == []
    for tau in (1, 2, 3, 7, 12):
        for t in {1, (tau + 1) // 2, tau}:
            page.mouse.move(*pixel(page, tau, t))
            assert complaints(page, 0, tau, t) == []
    page.mouse.move(*pixel(page, 5, 9))  # no state after its loss: the last one that hears it
    assert complaints(page, 0, 5, 5) == []
    page.click(".explorer-skip")
    page.click(".explorer-choice >> text=loud")
    page.mouse.click(*pixel(page, 9, 4))
    assert complaints(page, 2, 9, 4) == []
    assert page.complaints == []


def test_a_finger_chooses_by_a_tap_and_not_by_scrolling(opened):
    page = opened("page")
    x, y = pixel(page, 8, 3)
    script = """([type, x, y]) => document.querySelector('[role=application]').dispatchEvent(
      new PointerEvent(type, {pointerType: 'touch', clientX: x, clientY: y, bubbles: true}))"""
    page.evaluate(script, ["pointermove", x, y])
    assert complaints(page, 0, T, 1) == []
    page.evaluate(script, ["click", x, y])
    assert complaints(page, 0, 8, 3) == []


def test_every_row_and_state_is_reached_by_keyboard(opened):
    page = opened("page")
    for _ in range(len(NETWORKS) + 1):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the way round the question
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert complaints(page, 1, T, 1) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    for t in range(2, T + 2):
        page.keyboard.press("ArrowRight")
        assert complaints(page, 1, T, min(t, T)) == []
    for tau in range(T - 1, -1, -1):
        page.keyboard.press("ArrowUp")
        assert complaints(page, 1, max(tau, 1), max(tau, 1)) == []
    keys = {"ArrowDown": (2, 1), "End": (2, 2), "ArrowLeft": (2, 1)}
    for key, cell in keys.items():
        page.keyboard.press(key)
        assert complaints(page, 1, *cell) == []
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    for key, t in {"End": 7, "Home": 1, "Control+End": 1, "Alt+ArrowRight": 1, "x": 1}.items():
        page.keyboard.press(key)
        assert complaints(page, 1, 7, t) == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.localName") == "button"
    assert page.complaints == []


def test_a_prediction_shows_the_network_that_fades_least(opened):
    rates = [rate(heard(of, T)) for of in range(len(NETWORKS))]
    best = int(np.argmax(rates))
    assert best == 1 and max(rates) < 1 < np.inf
    for answer, chosen in enumerate(NETWORKS):
        page = opened("page")
        page.mouse.move(*pixel(page, 6, 2))
        page.click(f".explorer-predict >> text={chosen['name']}")
        verdict = page.inner_text(".explorer-predict [role=status]")
        right = "right" if answer == best else "wrong"
        assert verdict.startswith(f"Your prediction was {right}: in “{NETWORKS[best]['name']}” ")
        assert agrees(after(verdict, "per step is").rstrip("."), rates[best])
        assert complaints(page, best, T, 1) == []


def test_no_other_network_tells_the_answer_before_a_prediction(opened):
    page = opened("page")
    others = page.locator(".explorer-choice button")
    assert [button.is_disabled() for button in others.all()] == [False, True, True]
    for _ in range(len(NETWORKS) + 3):
        page.keyboard.press("Tab")  # past the question and the first network, to the map
    assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    page.keyboard.press("ArrowUp")
    assert complaints(page, 0, T - 1, 1) == []

    follow = "(state) => document.querySelector('lag-matrix').set(state)"
    page.evaluate(follow, "network=3&loss=5&state=2")
    assert complaints(page, 0, T - 1, 1) == []
    status = page.locator(".explorer-predict [role=status]")
    assert status.inner_text() == "Your link opens with your answer, or with “show me”."
    page.evaluate(follow, "network=1&loss=6&state=3")  # tells nothing: it does not wait
    assert complaints(page, 0, 6, 3) == [] and not status.inner_text()
    page.evaluate(follow, "network=3&loss=5&state=2")
    page.click(".explorer-predict button >> nth=0")
    assert complaints(page, 2, 5, 2) == []
    assert status.inner_text().startswith("Your prediction was wrong: ")
    assert not any(button.is_disabled() for button in others.all())
    page.evaluate(follow, "network=2&loss=4&state=1")
    assert complaints(page, 1, 4, 1) == []
    assert page.complaints == []


def test_sixty_steps_are_drawn_at_once(opened):
    page = opened("wide")
    page.get_by_role("application").focus()
    script = """async () => {
      const map = document.querySelector('[role=application]');
      const press = () => map.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}));
      press();
      const start = performance.now();
      for (let i = 0; i < 20; i++) press();
      return (performance.now() - start) / 20; }"""
    assert page.evaluate(script) < 60  # ms a step
    assert number(after(page.inner_text(".explorer-sentence"), "state t =")) == 22
    assert page.locator(f"{MAP} .explorer-chart *").count() < 60
