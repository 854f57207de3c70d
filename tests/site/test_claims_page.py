"""The court on the built page of claims: vote, tally, filters, addresses, paper; and its ways into
the lessons and back."""

from __future__ import annotations

import gzip
import itertools
import re
from collections import Counter
from pathlib import Path

import pytest
import site_checks
from site_browser import context

PAGE = "book/claims.html"
STATIC = Path(__file__).parents[2] / "book" / "_static"
VERDICTS = {"true": "True", "true if": "True if", "misleading": "Misleading", "false": "False"}
LARGEST_SCRIPT = 6000
LARGEST_PAGE = 250_000  # bytes on a first visit, compressed
SHOWN = ".claim:not([hidden])"
SETTINGS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375), ("light", 320)]


@pytest.fixture(scope="module")
def text(site):
    return (site / PAGE).read_text(encoding="utf-8")


@pytest.fixture
def opened(browser, address):
    """Opens the page in a window; hears what goes wrong there."""
    with context(browser, "light", 1280) as window:

        def go(where: str = ""):
            page = window.new_page()
            page.complaints = site_checks.Listener(page, address).complaints
            page.goto(f"{address}/{PAGE}{where}", wait_until="load")
            return page

        yield go


@pytest.fixture
def silent(browser, address):
    """The page where scripts do not run."""
    window = browser.new_context(java_script_enabled=False)
    page = window.new_page()
    page.goto(f"{address}/{PAGE}", wait_until="load")
    yield page
    window.close()


def card(page, verdict: str, nth: int = 0):
    return page.locator(f'.claim[data-verdict="{verdict}"]').nth(nth)


def vote(card, verdict: str):
    return card.locator(".claim-vote").get_by_role("button", name=VERDICTS[verdict], exact=True)


def is_open(card) -> bool:
    return card.locator("details").evaluate("(box) => box.open")


def field(page, name: str):
    return page.locator(".claims-bar label", has_text=name).locator("input, select")


def verdicts(page, cards: str = ".claim") -> list[str]:
    return page.locator(cards).evaluate_all("(all) => all.map((card) => card.dataset.verdict)")


# --- the page ----------------------------------------------------------------------------


def test_the_script_is_small_and_the_page_light(site, text):
    assert (STATIC / "claims.js").stat().st_size <= LARGEST_SCRIPT
    folder = (site / PAGE).parent
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"?#]+\.(?:js|css))', text)
    files = {(folder / name).resolve() for name in loaded}
    assert any(file.name == "claims.js" for file in files)
    parts = [text.encode(), *(file.read_bytes() for file in files)]
    assert sum(len(gzip.compress(part)) for part in parts) < LARGEST_PAGE


def test_the_script_stays_on_the_page_that_needs_it(site):
    for name in ("book/notation.html", "book/glossary.html"):
        assert "claims.js" not in (site / name).read_text(encoding="utf-8")
    lesson = next(iter(sorted((site / "lessons").glob("*.html")))).read_text(encoding="utf-8")
    assert "claims.js" not in lesson


def test_every_verdict_leads_to_a_cell_and_the_cell_leads_back(site, text):
    page = site_checks.parse(text)
    cards = [element for element in page.all() if element.has_class("claim")]
    assert len(cards) > 100
    for card in cards:
        name = card.attributes["id"]
        links = [
            e.attributes["href"] for e in card.all() if "#cell-" in e.attributes.get("href", "")
        ]
        assert links, name
        for link in links:
            path, _, cell = link.partition("#")
            target = ((site / PAGE).parent / path).read_text(encoding="utf-8")
            assert f'id="{cell}"' in target, link
            assert f'claims.html#{name}"' in target, f"{link} does not lead back to {name}"


def test_what_nobody_can_vote_on_has_a_place_in_the_book(text):
    page = site_checks.parse(text)
    lists = [element for element in page.all() if element.has_class("claims-rest")]
    items = [e for box in lists for e in box.all() if e.tag == "li"]
    assert items
    for item in items:
        assert item.attributes["id"].startswith("claim-")
        assert any(e.tag == "a" for e in item.all()), item.text()


def test_the_table_counts_what_is_on_the_page(opened):
    page = opened()
    row = page.locator("tr", has_text="all four").locator("td").all_text_contents()[1:]
    count = Counter(verdicts(page))
    assert [int(cell) for cell in row] == [*(count[v] for v in VERDICTS), sum(count.values())]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting[0]}-{setting[1]}")
def test_the_court_is_quiet_accessible_and_does_not_shift(browser, address, setting):
    with context(browser, *setting) as window:
        page = window.new_page()
        page.add_init_script(
            """window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach(
            (e) => { if (!e.hadRecentInput) window.shift += e.value; })).observe(
            {type: "layout-shift", buffered: true});"""
        )
        listener = site_checks.Listener(page, address)
        page.goto(f"{address}/{PAGE}", wait_until="load")
        page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
        assert page.evaluate("window.shift") < 0.02
        vote(card(page, "false"), "true").click()
        vote(card(page, "true"), "true").click()
        assert site_checks.axe_violations(page) + site_checks.sideways(page) == []
        assert listener.complaints == []


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_room_is_kept_for_what_the_script_adds(browser, address, width):
    with context(browser, "light", width) as window:
        page = window.new_page()
        page.goto(f"{address}/{PAGE}", wait_until="load")
        heights = "(box) => [parseFloat(getComputedStyle(box).minHeight), box.offsetHeight]"
        for place in (".claims-bar", ".claim-vote"):
            kept, used = page.locator(place).first.evaluate(heights)
            assert kept == pytest.approx(used, abs=2), place


# --- the vote ----------------------------------------------------------------------------


def test_a_vote_opens_the_verdict_and_is_compared_with_it(opened):
    page = opened()
    agreed = 0
    for n, (verdict, choice) in enumerate(itertools.product(VERDICTS, VERDICTS)):
        asked = card(page, verdict, nth=n % 4)
        assert not is_open(asked)
        vote(asked, choice).click()
        assert is_open(asked)
        assert vote(asked, choice).get_attribute("aria-pressed") == "true"
        assert asked.locator("button:enabled").all_inner_texts() == [VERDICTS[choice]]
        agreed += verdict == choice
        said = "You agree." if verdict == choice else f"You said {choice}."
        assert asked.locator(".ruling").inner_text() == f"{VERDICTS[verdict]} · {said}"
        name = asked.locator(".claim-name").inner_text().split()[-1]
        count = f"{agreed} of {n + 1} measurement{'s' if n else ''}"
        assert page.get_by_role("status").inner_text() == (
            f"Claim {name}: {verdict}. {said} You agreed with {count} so far."
        )
    assert page.complaints == []


def test_the_tally_counts_first_votes_only(opened):
    page = opened()
    for verdict in VERDICTS:
        vote(card(page, verdict), "false").click()
    vote(card(page, "false"), "false").click()  # once more
    assert "agreed with 1 of 4 measurements" in page.get_by_role("status").inner_text()


def test_a_vote_by_keyboard(opened):
    page = opened()
    asked = card(page, "false")
    vote(asked, "true").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert is_open(asked)
    assert page.evaluate("document.activeElement.textContent") == "False"
    assert "agreed with 1 of 1 measurement " in page.get_by_role("status").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_an_open_verdict_takes_no_vote(opened):
    page = opened()
    asked = card(page, "misleading")
    asked.locator("summary").click()
    page.wait_for_timeout(50)
    assert asked.locator("button:enabled").count() == 0
    assert page.get_by_role("status").inner_text() == ""


def test_nothing_is_kept_or_sent(opened):
    page = opened()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    before = page.evaluate(kept)
    vote(card(page, "true"), "false").click()
    field(page, "Words").fill("tanh")
    assert page.evaluate(kept) == before
    # fonts come as they are needed, the icon when the browser likes
    assert [url for url in asked if not url.endswith((".woff2", "favicon.svg"))] == []


# --- search and filters ------------------------------------------------------------------


def test_words_are_searched_together(opened):
    page = opened()
    field(page, "Words").fill("LSTM gradient")
    texts = page.locator(SHOWN).evaluate_all("(all) => all.map((c) => c.textContent.toLowerCase())")
    assert 0 < len(texts) < page.locator(".claim").count()
    assert all("lstm" in text and "gradient" in text for text in texts)
    assert page.get_by_role("status").inner_text().startswith(f"{len(texts)} claim")
    assert page.locator("section.claims:visible").count() < page.locator("section.claims").count()
    field(page, "Words").fill("no such words anywhere")
    assert page.locator(SHOWN).count() == 0
    assert page.locator("section.claims:visible").count() == 0


@pytest.mark.parametrize(("name", "key"), [("Source", "source"), ("Lesson", "lesson")])
def test_a_source_or_lesson_is_picked(opened, name, key):
    page = opened()
    values = page.locator(".claim").evaluate_all(f"(all) => all.map((c) => c.dataset.{key})")
    counts = Counter(values)
    for value, count in counts.items():
        field(page, name).select_option(value)
        found = page.locator(SHOWN).evaluate_all(f"(all) => all.map((c) => c.dataset.{key})")
        assert found == [value] * count
    assert not any(map(is_open, page.locator(".claim").all()[:5]))


@pytest.mark.parametrize("verdict", VERDICTS)
def test_picking_a_verdict_opens_it(opened, verdict):
    page = opened()
    label = field(page, "Show").locator("optgroup").get_attribute("label")
    assert label == "opens the verdicts"
    field(page, "Show").select_option("=" + verdict)
    assert set(verdicts(page, SHOWN)) == {verdict}
    assert page.locator(f"{SHOWN} > details:not([open])").count() == 0
    assert page.locator(".claim[hidden] > details[open]").count() == 0


def test_votes_are_picked(opened):
    page = opened()
    vote(card(page, "true"), "true").click()
    vote(card(page, "false"), "true").click()
    total = page.locator(".claim").count()
    for value, wanted in {"agree": ["true"], "differ": ["false"]}.items():
        field(page, "Show").select_option(value)
        assert verdicts(page, SHOWN) == wanted
    field(page, "Show").select_option("open")
    assert page.locator(SHOWN).count() == total - 2


def test_all_verdicts_can_be_shown_and_the_court_begin_again(opened):
    page = opened()
    vote(card(page, "true"), "true").click()
    page.get_by_role("button", name="Show all verdicts").click()
    assert page.locator(".claim > details:not([open])").count() == 0
    page.get_by_role("button", name="Start again").click()
    page.wait_for_timeout(50)
    assert page.locator(".claim > details[open]").count() == 0
    assert page.locator(".claim-vote button:disabled").count() == 0
    assert page.locator(".claim-said").count() == 0
    assert "agreed" not in page.get_by_role("status").inner_text()


# --- addresses ---------------------------------------------------------------------------


def test_an_address_opens_its_claim(opened):
    page = opened("#claim-1-30")
    assert is_open(page.locator("#claim-1-30"))
    assert page.locator(".claim > details[open]").count() == 1
    page.evaluate("location.hash = '#claim-3-18'")
    page.wait_for_timeout(50)
    assert is_open(page.locator("#claim-3-18"))
    box = page.locator("#claim-3-18").bounding_box()
    assert 0 <= box["y"] < 850


def test_an_address_finds_a_claim_that_a_filter_hides(opened):
    page = opened()
    field(page, "Words").fill("no such words anywhere")
    page.evaluate("location.hash = '#claim-1-30'")
    page.wait_for_timeout(50)
    assert page.locator("#claim-1-30").is_visible()
    assert field(page, "Words").input_value() == ""


def test_an_address_of_what_cannot_be_voted_on_opens_the_list(opened):
    page = opened()
    name = page.locator(".claims-rest li").first.get_attribute("id")
    page.evaluate(f"location.hash = '#{name}'")
    page.wait_for_timeout(50)
    assert page.locator(f"#{name}").is_visible()


# --- without a script, and on paper ------------------------------------------------------


def test_without_a_script_every_verdict_can_be_read(silent):
    assert silent.locator(".claim button, .claims-bar button").count() == 0
    for empty in (".claims-bar", ".claim-vote"):
        assert silent.locator(empty).first.evaluate("(box) => box.offsetHeight") == 0
    asked = card(silent, "false")
    assert not asked.locator(".ruling").is_visible()
    asked.locator("summary").click()
    assert asked.locator(".ruling").inner_text() == "False"
    assert asked.locator(".claim-where a").first.is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_shows_every_verdict_and_no_controls(request, scripts):
    page = request.getfixturevalue("opened")() if scripts else request.getfixturevalue("silent")
    page.emulate_media(media="print")
    heights = "(all) => all.map((e) => e.checkVisibility({contentVisibilityAuto: true}))"
    assert set(page.locator(".claim .ruling").evaluate_all(heights)) == {True}
    assert page.locator(".claim .ruling").first.bounding_box()["height"] > 5
    controls = page.locator(".claim-vote, .claims-bar, .claims-tally, .claim summary")
    assert set(controls.evaluate_all("(all) => all.map((e) => e.offsetHeight)")) == {0}
