"""What all explorers with curves owe their readers: the themes, a narrow phone, the disk, print,
a page without scripts, and a clear word about data they cannot show."""

from __future__ import annotations

import pytest
import site_checks
from explorer_data import BAD, DATA, OPERATED
from explorer_pages import SETTINGS, TOLD, html, opener, published, put
from site_browser import context, served

TAGS = list(DATA)
SMALLEST = 11  # px of text in a chart


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves") / "static"
    texts = {"all": html("".join(published(tag, data) for tag, data in DATA.items()))}
    for tag, data in DATA.items():
        # As a lesson's page has it: in the output of a cell.
        output = f'<div class="output text_html">{published(tag, data)}</div>'
        texts[tag] = html(f'<section><div class="cell_output">{output}</div></section>')
        texts[f"{tag}-plain"] = html(published(tag, data), scripts=False)
    put(folder, texts)
    return folder


@pytest.fixture(scope="module")
def where(folder):
    with served(folder) as address:
        yield address


@pytest.fixture
def opened(browser, folder):
    with opener(browser, folder) as go:
        yield go


def operate(page, tag: str) -> None:
    for target in OPERATED[tag]:
        page.click(f"{tag} >> {target}")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting[0]}-{setting[1]}")
@pytest.mark.parametrize("operated", [False, True], ids=["first", "operated"])
def test_they_are_quiet_and_accessible(browser, where, setting, operated):
    with context(browser, *setting) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, where)
        page.goto(f"{where}/all.html", wait_until="load")
        for tag in TAGS if operated else []:
            operate(page, tag)
        assert page.evaluate("document.documentElement.dataset.theme") == setting[0]
        assert site_checks.sideways(page) == []
        assert site_checks.axe_violations(page) == []
        assert listener.complaints == []


def overlapping_texts(page) -> list[str]:
    """Texts of one chart that stand on each other, or leave the page; and texts too small."""
    script = """(smallest) => [...document.querySelectorAll('.explorer-chart')].flatMap((chart) => {
      if (!chart.checkVisibility()) return [];
      const scale = chart.getBoundingClientRect().width / chart.viewBox.baseVal.width;
      const boxes = [...chart.querySelectorAll('text')].map((t) =>
        ({ name: t.textContent, ...t.getBoundingClientRect().toJSON() }));
      const meet = (a, b) => a.left < b.right && b.left < a.right &&
        a.top < b.bottom - 4 && b.top < a.bottom - 4;
      return [
        ...boxes.flatMap((a, i) => boxes.slice(0, i).filter((b) => meet(a, b))
          .map((b) => `${b.name} meets ${a.name}`)),
        ...boxes.filter((a) => a.right > innerWidth || a.left < 0).map((a) => `${a.name} leaves`),
        ...[...chart.querySelectorAll('text, tspan')]
          .filter((t) => scale * parseFloat(getComputedStyle(t).fontSize) < smallest - 0.2)
          .map((t) => `${t.textContent} is small`)]; })"""
    return page.evaluate(script, SMALLEST)


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_charts_are_legible_and_fit_the_page(browser, where, width):
    with context(browser, "light", width) as window:
        page = window.new_page()
        page.goto(f"{where}/all.html", wait_until="load")
        for tag in TAGS:
            operate(page, tag)
        assert site_checks.sideways(page) == []
        assert overlapping_texts(page) == []
        wide = """[...document.querySelectorAll('.explorer *')]
          .filter((e) => !e.closest('svg svg') && e.getBoundingClientRect().right > innerWidth)
          .map((e) => e.outerHTML.slice(0, 200))"""
        assert page.evaluate(wide) == []


def test_a_chart_follows_the_width_of_its_window(browser, where):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, where)
        page.goto(f"{where}/all.html", wait_until="load")
        operate(page, "forget-bias")
        said = page.locator(".explorer-sentence").all_inner_texts()
        page.set_viewport_size({"width": 340, "height": 700})
        page.wait_for_function("""[...document.querySelectorAll('.explorer-chart')].filter((c) =>
          c.clientWidth).every((c) => Math.abs(c.viewBox.baseVal.width - c.clientWidth) <= 1)""")
        assert overlapping_texts(page) == []
        assert page.locator(".explorer-sentence").all_inner_texts() == said
        assert listener.complaints == []


@pytest.mark.parametrize("tag", TAGS)
def test_they_work_from_the_disk(browser, folder, tag):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, folder.as_uri())
        page.goto(f"{folder.as_uri()}/{tag}.html", wait_until="load")
        before = page.inner_text(".explorer-sentence")
        operate(page, tag)
        assert len(before.split()) > 8 and page.inner_text(".explorer-sentence") != before
        assert listener.complaints == []


@pytest.mark.parametrize("tag", TAGS)
def test_print_shows_the_first_state_and_no_question(opened, tag):
    page = opened(tag)
    page.emulate_media(media="print")
    assert page.locator(".explorer-predict:visible, input:visible").count() == 0
    assert page.locator(".explorer-sentence:visible").count() == 1
    assert page.locator(".explorer-chart:visible path[class^=c-]").count() >= 1
    assert page.locator("output:visible").count() == page.locator("output").count()


@pytest.mark.parametrize("tag", TAGS)
def test_nothing_moves_and_a_prediction_comes_first(opened, tag):
    page = opened(tag)
    page.emulate_media(reduced_motion="no-preference")
    moves = """[...document.querySelectorAll('.explorer *')].filter((e) => {
      const s = getComputedStyle(e);
      return s.transitionDuration !== '0s' || s.animationName !== 'none'; }).length"""
    assert page.evaluate(moves) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('.explorer-predict')")
    assert page.inner_text(".explorer-predict p").startswith("Predict: ")
    assert page.locator(".explorer-predict [aria-pressed=true]").count() == 0


@pytest.mark.parametrize("tag", TAGS)
def test_a_line_is_told_by_more_than_its_colour(opened, tag):
    page = opened(tag)
    operate(page, tag)
    script = """(chart) => [...chart.querySelectorAll('path[class^=c-]')].map((path) => {
      const s = getComputedStyle(path);
      return [s.strokeDasharray, s.strokeWidth, s.fill].join(); })"""
    for chart in page.locator(".explorer-chart:visible").all():
        looks = chart.evaluate(script)
        assert len(set(looks)) == len(looks) > 0


@pytest.mark.parametrize("tag", TAGS)
def test_without_the_scripts_its_sentence_stands_there(opened, tag):
    page = opened(f"{tag}-plain")
    assert page.locator(tag).inner_text() == TOLD
    assert page.locator(tag).bounding_box()["height"] > 10


@pytest.mark.parametrize("tag", TAGS)
def test_bad_data_are_reported_and_leave_the_fallback(browser, where, folder, tag):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        listener = site_checks.Listener(page, where)
        for number, data in enumerate(BAD[tag]):
            bad = f"bad-{tag}-{number}.html"
            (folder / bad).write_text(html(published(tag, data)), encoding="utf-8")
            page.goto(f"{where}/{bad}", wait_until="load")
            assert page.inner_text(tag) == TOLD, data
            assert page.locator(".explorer").count() == 0
            assert len(listener.complaints) == 1
            assert f"error: {tag}: expected " in listener.complaints.pop(), data
