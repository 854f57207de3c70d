"""Pages of their own for the explorers, made of the book's real style sheets and scripts."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import site_checks
import yaml
from playwright.sync_api import Browser, Locator, Page
from site_browser import context, served

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
SETTINGS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]
TOLD = "Told without a script."


def html(body: str, scripts: bool = True) -> str:
    """A page that loads what the book's pages load, in the book's order."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    sheets = "".join(f'<link rel="stylesheet" href="{s}">' for s in config["html_css_files"])
    files = "".join(f'<script defer src="{name}"></script>' for name, _ in config["html_js_files"])
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Explorers</title>
      <meta name="viewport" content="width=device-width">
      <script>document.documentElement.dataset.theme =
        matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"</script>
      {sheets}{files if scripts else ""}
      <style>body {{ margin: 1rem; background: var(--pst-color-background);
        color: var(--pst-color-text-base); font-family: var(--pst-font-family-base) }}</style>
      </head><body><main class="bd-article"><h1>Explorers</h1>{body}</main></body></html>"""


def published(tag: str, data: object) -> str:
    """An explorer as a lesson publishes it."""
    return (
        f'<{tag}><script type="application/json">{json.dumps(data)}</script><p>{TOLD}</p></{tag}>'
    )


def put(folder: Path, texts: dict[str, str]) -> None:
    """The book's static files, and beside them the pages that use them."""
    if not folder.exists():
        shutil.copytree(STATIC, folder)
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")


@contextmanager
def opener(browser: Browser, folder: Path) -> Iterator[Callable[[str], Page]]:
    """Opens a page of the folder in a window of its own; hears what goes wrong there."""
    with served(folder) as where, context(browser, "light", 1280) as window:

        def go(name: str) -> Page:
            page = window.new_page()
            page.complaints = site_checks.Listener(page, where).complaints
            page.goto(f"{where}/{name}.html", wait_until="load")
            return page

        yield go


# --- what the explorers with curves say --------------------------------------------------

NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?:e−?\d+)?")


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def agrees(shown: str, wanted: float, figures: int = 4) -> bool:
    """True when a number of so many figures is that one, up to its last figure."""
    shown = number(shown)
    if shown == 0 or wanted == 0:
        return shown == wanted
    last = 10.0 ** (np.floor(np.log10(abs(shown))) - figures + 1)
    return abs(shown - wanted) <= 0.5001 * last


def after(text: str, words: str) -> str:
    """The first number of a text after these words."""
    found = NUMBER.search(text, text.index(words) + len(words))
    assert found, f"no number after {words!r} in {text!r}"
    return found[0]


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def drag(page: Page, name: str, share: float) -> None:
    """Take the thumb of a slider to this share of its length."""
    box = slider(page, name).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, middle, steps=3)
    page.mouse.up()


def curve(page: Page, chart: str, kind: str) -> np.ndarray:
    """The points (x, y) of a line of a chart, in pixels from its upper left corner."""
    path = page.locator(f"{chart} .explorer-chart path.{kind}").get_attribute("d")
    pairs = re.findall(r"[ML](\S+) ([^MLz]+)", path)
    return np.array(pairs, dtype=float)


def dots(page: Page, chart: str, kind: str) -> np.ndarray:
    """The middles (x, y) of the dots of a chart, in the same pixels."""
    script = "es => es.map((e) => [e.cx.baseVal.value, e.cy.baseVal.value])"
    found = page.locator(f"{chart} .explorer-chart circle.dot{kind}").evaluate_all(script)
    return np.array(found).reshape(-1, 2)


def off_scale(pixels: np.ndarray, values: np.ndarray) -> float:
    """How far, in pixels, places are from standing in proportion to values."""
    line = np.polyfit(values, pixels, 1)
    return float(np.abs(np.polyval(line, values) - pixels).max())
