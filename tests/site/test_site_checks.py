"""Every check of the site complains when it should: pages with one mistake each."""

from __future__ import annotations

from pathlib import Path

import pytest
import site_browser
import site_checks
from site_browser import context, served

GOOD = """<!doctype html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"></head>
<body><main id="main-content"><h1>A page</h1>{}</main></body></html>"""
SAID = "A line that falls from one to nearly nothing."


# --- files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistake",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.org/x.css">',
        '<img alt="" src="http://example.org/x.png">',
        '<img alt="" srcset="x.png 1x, https://example.org/x.png 2x">',
        "<style>@import 'https://example.org/x.css';</style>",
        '<p style="background: url(https://example.org/x.png)">text</p>',
        '<iframe src="https://example.org"></iframe>',
    ],
)
def test_another_host_is_seen(mistake):
    assert site_checks.outside_in_html(GOOD.format(mistake))


def test_a_plain_link_to_another_host_is_fine():
    assert not site_checks.outside_in_html(GOOD.format('<a href="https://example.org">x</a>'))


@pytest.mark.parametrize(
    "css", ["@import url(//example.org/x.css);", "p { background: url('https://example.org/x') }"]
)
def test_another_host_in_a_style_sheet_is_seen(css):
    assert site_checks.outside_in_css(css)
    assert not site_checks.outside_in_css("p { background: url(data:image/png;base64,AA) }")


@pytest.mark.parametrize(
    "link",
    [
        "nowhere.html",
        "other.html#gone",
        "#gone",
        "../above.html",
        "/root.html",
        "other.html#%C3%A9",
    ],
)
def test_a_broken_link_is_seen(tmp_path, link):
    (tmp_path / "other.html").write_text(GOOD.format('<p id="here">text</p>'))
    (tmp_path / "page.html").write_text(GOOD.format('<a href="other.html#here">right</a>'))
    assert site_checks.broken_links(tmp_path) == []
    (tmp_path / "page.html").write_text(GOOD.format(f'<a href="{link}">wrong</a>'))
    assert len(site_checks.broken_links(tmp_path)) == 1


def test_a_missing_file_of_a_style_sheet_is_seen(tmp_path):
    (tmp_path / "page.css").write_text("p { background: url(missing.png) }")
    assert len(site_checks.broken_links(tmp_path)) == 1


def test_an_id_that_stands_twice_is_seen():
    assert site_checks.repeated_ids('<p id="a"></p><svg><g id="a"></g></svg>')


@pytest.mark.parametrize(
    "mistake",
    [
        '<img src="x.png">',
        '<img src="x.png" alt="x.png">',
        '<img src="x.png" alt="../_images/3f9.png">',
        '<img src="x.png" alt="a plot">',
        f'<figure><svg role="img" aria-label="{SAID}"></svg></figure>',
        f'<figure><svg aria-label="{SAID}"></svg><figcaption>Caption</figcaption></figure>',
        '<figure><svg role="img"></svg><figcaption>Caption</figcaption></figure>',
        '<figure><svg role="img" aria-label="plot"></svg><figcaption>Caption</figcaption></figure>',
        "<figure><figcaption>Caption</figcaption></figure>",
    ],
)
def test_a_mute_picture_is_seen(mistake):
    assert site_checks.mute_pictures(GOOD.format(f"<article>{mistake}</article>"))


def test_a_picture_that_speaks_is_fine():
    drawing = f'<svg role="img" aria-label="{SAID}"></svg>'
    figure = f"<figure>{drawing}<figcaption>Caption</figcaption></figure>"
    assert site_checks.mute_pictures(GOOD.format(figure)) == []


@pytest.mark.parametrize(
    "mistake",
    [
        "<p>$$a = b$$</p>",
        r"<p>the \frac{a}{b} of it</p>",
        "<p>see {eq}`eq-step`</p>",
        '<span class="math">h_t</span>',
        '<div class="math"><div class="scroll-box">\\[h_t\\]</div></div>',
    ],
)
def test_raw_maths_is_seen(mistake):
    assert site_checks.raw_maths(GOOD.format(mistake))


def test_maths_in_code_is_fine():
    assert site_checks.raw_maths(GOOD.format(r"<pre>\frac $$</pre><code>{eq}`x`</code>")) == []


def test_a_page_that_lost_its_maths_is_seen():
    assert site_checks.missing_maths(GOOD.format("<p>text</p>"), "where $h_t$ is the state")
    assert not site_checks.missing_maths(GOOD.format("<p>text</p>"), "costs `$5` and `$6`")


def test_a_folder_without_pages_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="do.py book"):
        site_browser.pages(tmp_path)


def test_a_browser_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("UNROLLED_BROWSER", "no-such-browser")
    with pytest.raises(site_browser.NoBrowser, match="no-such-browser"):
        site_browser.find_browser()


# --- in the browser ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def here(folder):
    with served(folder) as where:
        yield where


@pytest.fixture
def look(browser, here, folder: Path):
    """A function that opens a page with the given content and applies a check to it."""

    def open_and_check(content: str, check):
        (folder / "page.html").write_text(GOOD.format(content), encoding="utf-8")
        with context(browser, "light", 320) as window:
            page = window.new_page()
            listener = site_checks.Listener(page, here)
            page.goto(f"{here}/page.html", wait_until="load")
            page.wait_for_load_state("networkidle")
            return listener.complaints if check is None else check(page)

    return open_and_check


@pytest.mark.parametrize(
    "mistake",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<script src="missing.js"></script>',
        '<script>console.error("no")</script>',
        '<script>console.warn("hm")</script>',
        "<script>undefined.x</script>",
        "<script>fetch('https://example.org').catch(() => 0)</script>",
    ],
)
def test_noise_is_heard(look, mistake):
    assert look(mistake, None)


def test_a_good_page_is_quiet(look):
    assert look("<p>text</p>", None) == []
    assert look("<p>text</p>", site_checks.axe_violations) == []
    assert look("<p>text</p>", site_checks.sideways) == []


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        ("<button></button>", "button-name"),
        ('<p style="color: #aaa">pale</p>', "color-contrast"),
        ('<svg role="img"></svg>', "svg-img-alt"),
    ],
)
def test_axe_sees_a_barrier(look, mistake, rule):
    assert any(
        complaint.startswith(rule) for complaint in look(mistake, site_checks.axe_violations)
    )


@pytest.mark.parametrize(
    "page",
    [
        '<p style="color: #aaa">pale</p>' * 50,
        '<p class="x" style="color: #aaa">pale</p>' + "<p class='x'>text</p>" * 50,
        "<p>text</p>" * 50 + '<div style="background: #555"><p>pale</p></div>',
        "<ul>" + "<li>text</li>" * 50 + '<li><a href="#x"></a></li></ul>',
        "<p>a <button>b</button></p>" * 50 + "<p>a <button> </button></p>",
    ],
)
def test_axe_sees_a_barrier_among_many_alike(look, page):
    assert look(page, site_checks.axe_violations)


def test_of_what_is_alike_axe_looks_at_three(look):
    left = "document.querySelectorAll('li').length"
    page = "<ul>" + "<li>text <b>x</b></li>" * 50 + "<li>text</li></ul>"
    assert look(page, lambda page: page.evaluate(site_checks.THIN_OUT) or page.evaluate(left)) == 4


def test_a_sideways_scroll_is_seen(look):
    assert look('<div style="width: 400px">wide</div>', site_checks.sideways)


@pytest.mark.parametrize("style", ["fill: #000", "fill: #ddd"])
def test_ink_that_ignores_the_theme_is_seen(look, style):
    drawing = '<svg role="img" viewBox="0 0 9 9"><text style="{}">t</text></svg>'
    page = f'<div style="color: #123"><figure>{drawing}</figure></div>'
    assert look(page.format(style), site_checks.figure_ink)
    assert look(page.format("fill: currentColor"), site_checks.figure_ink) == []


def test_small_print_is_seen(look):
    drawing = '<svg role="img" width="300" viewBox="0 0 {} 9"><text font-size="10">t</text></svg>'
    figure = f"<figure>{drawing}</figure>"
    assert look(figure.format(600), site_checks.small_print)
    assert look(figure.format(300), site_checks.small_print) == []


@pytest.mark.parametrize(
    "box",
    [
        '<div class="scroll-box" style="overflow-x: auto"><p style="width: 900px">wide</p></div>',
        '<div class="scroll-box" tabindex="0"><p>narrow</p></div>',
    ],
)
def test_scrolling_without_the_keyboard_is_seen(look, box):
    assert look(box, site_checks.unreachable_scrolling)


def test_punctuation_alone_on_a_line_is_seen(look):
    base = '<span style="display: inline-block; width: 99%">x</span>'
    formula = f'<span class="math"><span class="katex-html">{base}</span></span>'
    page = '<main><p style="width: 100px">{}</p></main>'
    [said] = look(page.format(f"{formula}. Then"), site_checks.loose_punctuation)
    assert said == '"." stands alone after x'
    held = f'<span style="white-space: nowrap">{formula}.</span> Then'
    assert look(page.format(held), site_checks.loose_punctuation) == []


def test_a_page_without_skip_link_and_search_is_seen(look):
    assert len(look('<a href="#x">first</a>', site_checks.keyboard)) == 3
