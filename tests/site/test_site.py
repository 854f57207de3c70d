"""The built site: its files, and its pages in a browser with the network cut."""

from __future__ import annotations

import pytest
import site_checks
from site_browser import SITE, context, pages

try:
    PAGES = pages(SITE)
except FileNotFoundError:
    PAGES = ["index.html"]  # the fixture `site` then fails with the reason

NARROWEST = 320  # pixels of the narrowest phone
SETTINGS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]
CODE = [name for name in PAGES if name.startswith("_modules/unrolled/")]
each_page = pytest.mark.parametrize("name", PAGES)
# Pages of source code are alike: the browser looks at one of them.
each_shown_page = pytest.mark.parametrize("name", [p for p in PAGES if p not in CODE[1:]])


@pytest.fixture(scope="module", params=SETTINGS, ids=lambda setting: f"{setting[0]}-{setting[1]}")
def window(browser, request):
    with context(browser, *request.param) as opened:
        yield opened


# --- files -------------------------------------------------------------------------------


def test_the_pages_of_the_toc_and_no_others_are_built(site):
    text = (SITE.parents[1] / "_toc.yml").read_text(encoding="utf-8")
    asked = {
        line.split(":")[1].strip()
        for line in text.splitlines()
        if "file:" in line or "root:" in line
    }
    made = {name.removesuffix(".html") for name in PAGES}
    assert made - {page for page in made if page.startswith("_modules")} == asked | {"search"}


@each_page
def test_a_page_asks_no_other_host(site, name):
    assert site_checks.outside_in_html((site / name).read_text(encoding="utf-8")) == []


def test_no_style_sheet_asks_another_host(site):
    sheets = list(site.rglob("*.css"))
    assert len(sheets) > 5
    for sheet in sheets:
        assert site_checks.outside_in_css(sheet.read_text(encoding="utf-8")) == [], sheet


def test_every_internal_link_leads_somewhere(site):
    assert site_checks.broken_links(site) == []


@each_page
def test_every_id_stands_once(site, name):
    assert site_checks.repeated_ids((site / name).read_text(encoding="utf-8")) == []


@each_page
def test_every_picture_says_what_it_shows(site, name):
    assert site_checks.mute_pictures((site / name).read_text(encoding="utf-8")) == []


@each_page
def test_formulas_and_references_are_rendered(site, name):
    text = (site / name).read_text(encoding="utf-8")
    assert site_checks.raw_maths(text) == []
    assert site_checks.missing_maths(text, site_checks.source_text(site, name)) == []


# --- in the browser ----------------------------------------------------------------------


@each_shown_page
def test_a_page_is_quiet_accessible_and_fits(window, address, name):
    page = window.new_page()
    width = page.viewport_size["width"]
    listener = site_checks.Listener(page, address)
    page.goto(f"{address}/{name}", wait_until="load")
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    complaints = site_checks.figure_ink(page) + site_checks.small_print(page)
    complaints += site_checks.unreachable_scrolling(page) + site_checks.sideways(page)
    complaints += site_checks.loose_punctuation(page)
    if width < NARROWEST * 2:
        page.set_viewport_size({"width": NARROWEST, "height": 850})
        complaints += site_checks.sideways(page)
        page.set_viewport_size({"width": width, "height": 850})
    complaints += site_checks.axe_violations(page)
    page.close()
    assert listener.complaints + complaints == []


@each_shown_page
def test_a_page_works_from_the_disk_and_the_keyboard(browser, site, name):
    with context(browser, "light", 1280) as opened:
        page = opened.new_page()
        listener = site_checks.Listener(page, site.as_uri())
        page.goto(f"{site.as_uri()}/{name}", wait_until="load")
        assert listener.complaints + site_checks.keyboard(page) == []


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_lesson(browser, address, site, scheme):
    start = address if scheme == "http" else site.as_uri()
    with context(browser, "light", 1280) as opened:
        page = opened.new_page()
        page.goto(f"{start}/search.html?q=recurrent", wait_until="load")
        page.wait_for_selector("#search-results li a", timeout=5000)
        assert "lessons/" in page.inner_html("#search-results")
