"""Explorers in the built site: a first state for everyone, links that set them, the front page."""

from __future__ import annotations

import json
import re

import pytest
import site_checks
from site_browser import context

PAGES = {  # of every explorer; a page may hold two
    "axis-explorer": "lessons/01_sequence_shapes.html",
    "gradient-ledger": "lessons/03_bptt.html",
    "jacobian-ellipse": "lessons/04_gradient_analysis.html",
    "lag-matrix": "lessons/04_gradient_analysis.html",
    "forget-bias": "lessons/05_lstm.html",
    "signal-by-depth": "lessons/06_activations.html",
}
TELLING = {"gradient-ledger", "jacobian-ellipse", "lag-matrix"}  # whose links may tell the answer
WHERE = {(page, tag) for tag, page in PAGES.items()} | {("index.html", "lag-matrix")}
SHOWN = """(tags) => tags.map((tag) => {
  const frame = document.querySelector(`${tag} .explorer`);
  const one = (selector) => frame.querySelector(selector)?.textContent;
  return { title: one('.explorer-title'), sentence: one('.explorer-sentence'),
    marked: [...frame.querySelectorAll('.chosen, .kin')].filter((e) => e.checkVisibility())
      .map((e) => e.className + e.textContent),
    answer: one('.explorer-answer'),
    numbers: [...frame.querySelectorAll('.explorer-ledger td')].map((e) => e.textContent),
    axes: [...frame.querySelectorAll('.explorer-chart > text')]
      .filter((e) => e.checkVisibility()).map((e) => e.textContent),
    lines: [...frame.querySelectorAll('.explorer-chart path[class^=c-]')]
      .filter((e) => e.checkVisibility()).map((e) => e.getAttribute('class')),
    key: [...frame.querySelectorAll('.explorer-key li')]
      .filter((e) => e.checkVisibility()).map((e) => e.textContent),
    tall: frame.getBoundingClientRect().height }; })"""


@pytest.fixture(scope="module")
def window(browser):
    with context(browser, "light", 1280) as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(window, address):
    """The pages with explorers, each opened once; a page's complaints are collected."""
    pages = {}

    def go(name: str):
        if name not in pages:
            page = pages[name] = window.new_page()
            page.complaints = site_checks.Listener(page, address).complaints
            page.goto(f"{address}/{name}", wait_until="load")
        return pages[name]

    return go


@pytest.fixture(scope="module")
def unscripted(browser, address):
    """What explorers show where no script runs, on screen and on paper."""
    shown = {}
    with browser.new_context(java_script_enabled=False) as off:
        page = off.new_page()
        for name in sorted({name for name, _ in WHERE}):
            page.goto(f"{address}/{name}", wait_until="load")
            tags = [tag for other, tag in WHERE if other == name]
            for tag, state in zip(tags, page.evaluate(SHOWN, tags), strict=True):
                shown[name, tag] = state
    return shown


@pytest.mark.parametrize(("name", "tag"), sorted(WHERE))
def test_the_first_state_is_drawn_without_a_script(opened, unscripted, name, tag):
    still = unscripted[name, tag]
    [live] = opened(name).evaluate(SHOWN, [tag])
    # A tested page is opened once: its first state is what it shows before any link is followed.
    for part in ("title", "sentence", "marked", "numbers", "axes", "lines", "key"):
        assert still[part] == live[part], part
    assert still["sentence"].count(" ") > 8
    assert still["lines"] or still["marked"] or still["numbers"]
    assert still["answer"] and still["answer"] == live["answer"]


@pytest.mark.parametrize("width", [375, 768, 1280])
@pytest.mark.parametrize(("name", "tag"), sorted(WHERE))
def test_nothing_moves_when_the_scripts_come(browser, address, width, name, tag):
    parts = """(tag) => [...document.querySelectorAll(`${tag} .explorer > *`)]
      .filter((e) => e.checkVisibility() && e.localName !== 'script').map((e) => {
        const frame = e.parentNode.getBoundingClientRect();
        const box = e.getBoundingClientRect();
        return [box.top - frame.top, box.height]; })"""
    with context(browser, "light", width) as window:
        page = window.new_page()
        page.route("**/*.woff2*", lambda route: route.abort())  # one font for both
        page.route("**/explorers/*.js*", lambda route: route.abort())
        page.goto(f"{address}/{name}", wait_until="load")
        page.locator(tag).scroll_into_view_if_needed()
        before = page.evaluate(parts, tag)
        seen = page.locator(f"{tag} :is(button, input, .explorer-answer, .explorer-note):visible")
        assert len(before) > 4 and seen.count() == 0
        page.unroute("**/explorers/*.js*")
        page.reload(wait_until="load")
        page.locator(tag).scroll_into_view_if_needed()
        after = page.evaluate(parts, tag)
    assert len(before) == len(after)
    for there, here in zip(before, after, strict=True):
        assert there == pytest.approx(here, abs=0.1)


@pytest.mark.parametrize(("name", "tag"), sorted(WHERE))
def test_the_answer_stands_where_nobody_can_be_asked(browser, address, opened, name, tag):
    """Without a script, and on paper; the same that the explorer says to those it asks."""
    with browser.new_context(java_script_enabled=False) as off:
        page = off.new_page()
        page.goto(f"{address}/{name}", wait_until="load")
        page.locator(tag).scroll_into_view_if_needed()
        assert page.locator(f"{tag} .explorer-answer").is_visible()
        told = page.text_content(f"{tag} .explorer-answer")
        assert page.locator(f"{tag} :is(.explorer-predict, button, input):visible").count() == 0
    page = opened(name)
    page.goto(page.url.split("#")[0], wait_until="load")
    answer = page.locator(f"{tag} .explorer-answer")
    assert not answer.is_visible()
    page.emulate_media(media="print")
    assert answer.is_visible() and answer.text_content() == told
    page.emulate_media(media="screen")
    question = page.text_content(f"{tag} .explorer-predict p")
    asked = question.removeprefix("Predict: ").split("? ")[0].removesuffix("?")
    assert told.lower().startswith(asked.lower() + "? answer: ")
    page.click(f"{tag} .explorer-skip")
    said = page.text_content(f"{tag} .explorer-predict [role=status]").split(": ", 1)[-1]
    if tag == "axis-explorer":  # its sentence says it
        said = page.text_content(f"{tag} .explorer-sentence").split("the state. ")[-1]
    assert told.endswith(said) or said.removesuffix(".") in told


def links_on(page) -> list[str]:
    script = "es => es.map((e) => e.getAttribute('href'))"
    return page.locator("a.explorer-link").evaluate_all(script)


@pytest.mark.parametrize("name", sorted({name for name, _ in WHERE}))
def test_links_in_the_text_set_the_explorer(opened, name):
    page = opened(name)
    found = links_on(page)
    assert 2 <= len(found) <= 7 and len(set(found)) == len(found)
    page.emulate_media(reduced_motion="reduce")
    for tag in TELLING & {tag for other, tag in WHERE if other == name}:
        page.click(f"{tag} .explorer-skip")
    said = set()
    for number, link in enumerate(found):
        tag = link[1:].split(":")[0]
        anchor = page.locator("a.explorer-link").nth(number)
        if number % 2:
            anchor.focus()
            page.keyboard.press("Enter")
        else:
            anchor.click()
        assert page.url.endswith(link)
        assert (
            page.evaluate("document.activeElement.closest('[role=group]')?.parentNode.localName")
            == tag
        )
        box = page.locator(tag).bounding_box()
        assert -50 < box["y"] < 400, "the explorer is not in the window"
        said.add((tag, page.inner_text(f"{tag} .explorer-sentence")))
        page.keyboard.press("Tab")  # the way back is the first thing after the frame
        assert page.evaluate("document.activeElement.textContent") == "↑ back to the text"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('href')") == link
    assert len(said) == len(found), "two links show the same"
    assert page.complaints == []


def test_a_link_says_what_it_shows(opened):
    page = opened("lessons/04_gradient_analysis.html")
    for tag in ("lag-matrix", "jacobian-ellipse"):
        page.click(f"{tag} .explorer-skip")
    page.click("a[href='#lag-matrix:network=2&loss=20&state=5']")
    assert page.inner_text("lag-matrix .explorer-sentence").startswith("Loss τ = 20, state t = 5,")
    pressed = page.locator("lag-matrix .explorer-choice [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["the same, trained"]
    page.click("a[href='#jacobian-ellipse:preset=2&power=9']")
    assert page.inner_text("jacobian-ellipse .explorer-sentence").startswith("k = 9:")


def test_an_address_with_a_state_opens_in_that_state(window, address):
    page = window.new_page()
    page.goto(f"{address}/lessons/03_bptt.html#gradient-ledger:loss=3", wait_until="load")
    sentence = page.locator("gradient-ledger .explorer-sentence")
    assert sentence.inner_text().startswith("Loss ℓ₃ speaks")
    page.close()


STARTED = "(tag) => !!document.querySelector(tag).sentence"


def test_an_explorer_starts_when_it_comes_near(browser, address):
    page_of = {page: tag for page, tag in WHERE if page != "index.html"}
    assert len(page_of) == 5
    with context(browser, "light", 375, start="") as window:
        page = window.new_page()
        complaints = site_checks.Listener(page, address).complaints
        for name, tag in page_of.items():
            page.goto(f"{address}/{name}", wait_until="load")
            page.wait_for_timeout(100)
            far = (
                "(tag) => document.querySelector(tag).getBoundingClientRect().top > 2 * innerHeight"
            )
            assert page.evaluate(far, tag) and not page.evaluate(STARTED, tag)
            to_section = (
                "(tag) => (location.hash = document.querySelector(tag).closest('section').id)"
            )
            page.evaluate(to_section, tag)
            for _ in range(30):
                page.mouse.wheel(0, 300)
                page.wait_for_timeout(50)
                if page.evaluate(STARTED, tag):
                    break
            assert page.evaluate(STARTED, tag)
        page.goto(f"{address}/index.html", wait_until="load")
        page.wait_for_function(STARTED, arg="lag-matrix")  # there it is near from the start
    assert not complaints


def test_the_first_key_starts_all_and_a_link_the_one_it_sets(browser, address):
    name = PAGES["lag-matrix"]
    both = [tag for tag, page in PAGES.items() if page == name]
    with context(browser, "light", 1280, start="") as window:
        page = window.new_page()
        page.goto(f"{address}/{name}", wait_until="load")
        page.evaluate("document.querySelector(\"a[href^='#lag-matrix:']\").click()")
        assert page.evaluate(STARTED, "lag-matrix")  # at once, far below as it is
        page.goto(f"{address}/{name}", wait_until="load")
        page.wait_for_timeout(100)
        assert not any(page.evaluate(STARTED, tag) for tag in both)
        page.keyboard.press("Tab")
        assert all(page.evaluate(STARTED, tag) for tag in both)


def test_a_link_that_would_tell_keeps_the_question_until_it_is_answered(window, address):
    page = window.new_page()
    page.goto(f"{address}/lessons/03_bptt.html", wait_until="load")
    sentence = page.locator("gradient-ledger .explorer-sentence")
    page.click("a[href='#gradient-ledger:loss=2']")
    assert sentence.inner_text().startswith("All losses: ")
    assert "Your link opens with your answer" in page.inner_text("gradient-ledger")
    page.keyboard.press("Tab")  # the way back
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first answer
    assert sentence.inner_text().startswith("Loss ℓ₂ speaks")
    page.click("a[href='#gradient-ledger:loss=0']")
    assert sentence.inner_text().startswith("All losses: ")
    page.click("a[href='#gradient-ledger:loss=2']")
    assert sentence.inner_text().startswith("Loss ℓ₂ speaks")
    page.close()


def test_a_link_that_asks_for_nothing_real_is_reported(window, address):
    page = window.new_page()
    complaints = site_checks.Listener(page, address).complaints
    page.goto(f"{address}/index.html#lag-matrix:network=9", wait_until="load")
    page.wait_for_timeout(50)
    assert any("a link asks for 9" in complaint for complaint in complaints)
    page.close()


def test_without_a_script_every_link_still_leads_to_its_explorer(site):
    for name in sorted({name for name, _ in WHERE}):
        text = (site / name).read_text(encoding="utf-8")
        for target in re.findall(r'class="explorer-link[^"]*" href="#([^"]+)"', text):
            tag = target.split(":")[0]
            anchor, explorer = text.index(f'<span id="{target}">'), text.index(f"<{tag}>")
            assert 0 < explorer - anchor < 1000


def test_a_question_may_be_skipped_and_shows_the_same(opened, address):
    for name, tag in sorted(WHERE):
        page = opened(name)
        page.goto(page.url.split("#")[0], wait_until="load")
        skip = page.locator(f"{tag} .explorer-skip")
        skip.focus()
        page.keyboard.press("Enter")
        verdict = page.inner_text(f"{tag} .explorer-predict [role=status]")
        assert verdict and "Your prediction" not in verdict and "your prediction" not in verdict
        assert page.locator(f"{tag} .explorer-predict [aria-pressed=true]").count() == 1


def data_of(text: str, tag: str) -> dict:
    return json.loads(re.search(rf"<{tag}><script[^>]*>(.*?)</script>", text, re.DOTALL)[1])


def test_the_front_page_shows_the_numbers_of_the_lesson(site, opened):
    here, there = (
        data_of((site / name).read_text(encoding="utf-8"), "lag-matrix")
        for name in ("index.html", PAGES["lag-matrix"])
    )
    assert here == there
    page = opened("index.html")
    page.goto(page.url.split("#")[0], wait_until="load")
    page.click("lag-matrix .explorer-skip")
    page.click("lag-matrix .explorer-choice button >> nth=1")
    page.locator("lag-matrix [role=application]").focus()
    page.keyboard.press("Home")
    value = here["networks"][1]["log10"][-1][0]
    shown = page.inner_text("lag-matrix .explorer-sentence").replace("−", "-")
    assert float(re.search(r"norm ([\d.e-]+)\. ", shown)[1]) == pytest.approx(10**value, rel=0.05)


def test_paper_shows_the_state_and_no_control(opened):
    page = opened("index.html")
    page.emulate_media(media="print")
    assert page.locator("lag-matrix .explorer-sentence").is_visible()
    assert page.locator("lag-matrix .explorer-chart:visible").count() == 2
    assert page.locator("lag-matrix :is(.explorer-predict, .explorer-back):visible").count() == 0
    page.emulate_media(media="screen")
