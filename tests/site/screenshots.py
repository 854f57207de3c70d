"""Pictures of every page for people to look at: python tests/site/screenshots.py [page ...]

They go to _build/screenshots: desktop light, desktop dark, phone light, phone dark.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright
from site_browser import SITE, context, launch, pages, served

FOLDER = SITE.parent / "screenshots"
SETTINGS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, served(SITE) as address:
        browser = launch(playwright)
        for scheme, width in SETTINGS:
            with context(browser, scheme, width) as window:
                page = window.new_page()
                for name in wanted or pages():
                    page.set_viewport_size({"width": width, "height": 850})
                    page.goto(f"{address}/{name}", wait_until="load")
                    page.add_style_tag(content="* { content-visibility: visible !important }")
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": width, "height": height})
                    page.wait_for_timeout(200)
                    title = Path(name).with_suffix("").as_posix().replace("/", "-")
                    file = FOLDER / f"{title}-{scheme}-{width}.png"
                    page.screenshot(path=file)
                    print(file)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
