"""Every figure of the book fits a phone, without a bar to scroll and with text of 9 px or more."""

from __future__ import annotations

import re

PHONE = 343  # px that a page gives a figure at a width of 375
DRAWN = re.compile(r'<svg[^>]*aria-label="([^"]*)"[^>]*style="[^"]*min-width:(\d+)px')


def too_wide(page: str) -> list[str]:
    """What the figures of a page show that need more width than a phone has."""
    return [what for what, width in DRAWN.findall(page) if int(width) > PHONE]


def test_no_figure_is_wider_than_a_phone(site):
    pages = [
        path for folder in ("lessons", "book") for path in sorted((site / folder).glob("*.html"))
    ]
    texts = {path.stem: path.read_text(encoding="utf-8") for path in pages}
    assert sum(len(DRAWN.findall(text)) for text in texts.values()) > 30
    assert not {name: found for name, text in texts.items() if (found := too_wide(text))}


def test_a_wide_figure_is_noticed():
    page = (
        '<svg role="img" aria-label="Two panels" fill="x" style="a:b;min-width:{}px;max-width:9px">'
    )
    assert too_wide(page.format(432)) == ["Two panels"] and not too_wide(page.format(327))
