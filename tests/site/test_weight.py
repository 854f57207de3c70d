"""What a first visit costs: bytes on the way, and a page that stands still."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import site_checks
from site_browser import context

ROOT = Path(__file__).parents[2]
LESSONS = [f"lessons/{path.stem}.html" for path in sorted((ROOT / "lessons").glob("*.ipynb"))]
HEAVIEST = 250_000  # bytes of a lesson and all that it loads, gzipped
MOST_ELEMENTS = 17_000  # of a page
MOST_LAID_OUT = 6_000  # boxes at its start: sections far below wait
MOST_RECALCULATIONS = 60  # of styles: a script that measures in a loop makes hundreds
PACKED = (".woff2", ".png")  # files that compression makes no smaller
SHIFTS = """() => new Promise(done => {
  let total = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { total += entry.value; }))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(total), 300);
})"""


def weight(site, addresses: list[str]) -> dict[str, int]:
    """Bytes of each file of the site that a page asked for, as a server would send them."""
    names = {urlsplit(address).path.lstrip("/") for address in addresses}
    files = {name: (site / name).read_bytes() for name in names if (site / name).is_file()}
    return {n: len(b if n.endswith(PACKED) else gzip.compress(b, 6)) for n, b in files.items()}


@pytest.mark.parametrize("name", ["index.html", *LESSONS])
def test_a_first_visit_is_light_and_stands_still(browser, address, site, name):
    with context(browser, "light", 375, start="") as window:
        page = window.new_page()
        slow = window.new_cdp_session(page)
        slow.send("Performance.enable")
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})  # as Lighthouse has a phone
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/{name}", wait_until="load")
        shifted = page.evaluate(SHIFTS)
        elements = page.evaluate("document.querySelectorAll('*').length")
        work = {m["name"]: m["value"] for m in slow.send("Performance.getMetrics")["metrics"]}
        loaded = weight(site, [url for url in asked if url.startswith(address)])
    assert name in loaded and len(loaded) > 10
    heaviest = sorted(loaded.items(), key=lambda item: -item[1])[:8]
    assert sum(loaded.values()) <= HEAVIEST, (sum(loaded.values()), heaviest)
    assert shifted < 0.01
    assert 300 < elements < MOST_ELEMENTS
    assert 100 < work["LayoutObjects"] < MOST_LAID_OUT
    assert 0 < work["RecalcStyleCount"] < MOST_RECALCULATIONS


@pytest.mark.parametrize("name", ["index.html", "search.html", "book/claims.html", *LESSONS])
def test_little_holds_up_the_first_drawing_of_a_page(site, name):
    everything = list(site_checks.parse((site / name).read_text(encoding="utf-8")).all())
    scripts = [
        element.attributes["src"]
        for element in everything
        if element.tag == "script" and "src" in element.attributes and not is_late(element)
    ]
    sheets = [
        element.attributes["href"]
        for element in everything
        if element.tag == "link" and element.attributes.get("rel") == "stylesheet"
    ]
    assert len(sheets) == 1 and "/joined-" in sheets[0]
    assert "const DOCUMENTATION_OPTIONS" in (site / name).read_text(encoding="utf-8")
    if name != "search.html":
        assert not scripts


def is_late(script) -> bool:
    return bool({"defer", "async"} & set(script.attributes))


def test_a_joined_style_sheet_holds_its_parts(site):
    static = site / "_static"
    [joined] = static.glob("joined-*.css")  # the same for all pages
    text = joined.read_text(encoding="utf-8")
    parts = text[2 : text.find("*/")].split()
    assert parts[0] == "styles/theme.css" and "claims.css" in parts and len(parts) > 10
    assert text.count("{") == sum(
        (static / part).read_text(encoding="utf-8").count("{") for part in parts
    )


def test_a_menu_of_the_header_opens_by_mouse_and_keyboard(browser, address):
    with context(browser, "light", 1280) as window:
        page = window.new_page()
        page.goto(f"{address}/{LESSONS[0]}", wait_until="load")
        button = page.locator(".dropdown-launch-buttons > button")
        items = page.locator(".dropdown-launch-buttons .dropdown-item")
        article = page.locator("article h1")
        assert not items.first.is_visible()
        button.click()
        article.hover()
        assert items.first.is_visible() and button.get_attribute("aria-expanded") == "true"
        article.click()
        assert not items.first.is_visible() and button.get_attribute("aria-expanded") == "false"
        button.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        assert items.first.evaluate("item => item === document.activeElement")
        page.keyboard.press("ArrowDown")
        assert items.nth(1).evaluate("item => item === document.activeElement")
        page.keyboard.press("Escape")
        assert not items.first.is_visible()
        assert button.evaluate("it => it === document.activeElement")


def test_a_page_that_moves_is_noticed(browser):
    """The control: a box that pushes its neighbour down counts as a shift."""
    with context(browser, "light", 375) as window:
        page = window.new_page()
        page.set_content("<div id=a></div><p style='height:300px;background:#888'>text</p>")
        page.wait_for_timeout(100)
        page.evaluate("document.getElementById('a').style.height = '200px'")
        assert page.evaluate(SHIFTS) > 0.01


def test_a_lesson_loads_the_explorers_that_stand_on_it_and_no_others(site):
    for name in LESSONS:
        text = (site / name).read_text(encoding="utf-8")
        scripts = {
            element.attributes["src"].partition("?")[0].rpartition("/")[2]
            for element in site_checks.parse(text).all()
            if element.tag == "script" and "explorers/" in element.attributes.get("src", "")
        }
        folder = site / "_static" / "explorers"
        for script in folder.glob("*.js"):
            source = script.read_text(encoding="utf-8")
            tag = source.partition("customElements.define(")[2].partition(",")[0].strip("\"' ")
            if tag:
                assert (script.name in scripts) == (f"<{tag}" in text), (name, script.name)
