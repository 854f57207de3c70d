"""The browser that looks at the built site, and the site it looks at.

An installed Chromium, Chrome or Edge is used when there is one; the variable UNROLLED_BROWSER
names another; without any, Playwright's own.  No browser is an error, never a skipped test.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, Route

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from do import BROWSER_FILES, BROWSERS  # noqa: E402

SITE = Path(os.environ.get("UNROLLED_SITE", ROOT / "_build" / "html"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class NoBrowser(Exception):
    """Said when nothing can show the pages."""


def find_browser() -> str | None:
    """Path of an installed browser, or None when Playwright's own has to serve."""
    if chosen := os.environ.get("UNROLLED_BROWSER"):
        if path := shutil.which(chosen):
            return path
        raise NoBrowser(f"UNROLLED_BROWSER is {chosen!r}, which is not a program on this machine")
    return next(filter(None, map(shutil.which, (*BROWSERS, *BROWSER_FILES))), None)


def launch(playwright: Playwright) -> Browser:
    path = find_browser()
    if path:
        return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    try:
        return playwright.chromium.launch(args=ARGUMENTS)
    except Error:
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        installed = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if installed.returncode:
        raise NoBrowser(
            "the site tests need a browser: install Chromium, Chrome or Edge, or name one in "
            f"UNROLLED_BROWSER ({' '.join(command[1:])} failed: {installed.stderr[-200:]})"
        )
    return playwright.chromium.launch(args=ARGUMENTS)


def pages(site: Path = SITE) -> list[str]:
    """Every page of the built site, as paths below it; an error when there is none."""
    found = sorted(
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if not {"_static", "_sources"} & set(path.relative_to(site).parts)
    )
    if not found:
        raise FileNotFoundError(f"there is no site in {site}: run `python do.py book` first")
    return found


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path, handler: type = QuietHandler) -> Iterator[str]:
    """Serve a folder on this machine; gives the address."""
    of_folder = functools.partial(handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), of_folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# Explorers start when they come near. What is asked of one is asked wherever it stands.
START_ALL = "addEventListener('load', () => dispatchEvent(new Event('keydown')))"


@contextmanager
def context(
    browser: Browser, scheme: str, width: int, height: int = 850, start: str = START_ALL
) -> Iterator[BrowserContext]:
    """A browser window with the network cut: only this machine answers."""
    window = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )

    def route(asked: Route) -> None:
        local = urlparse(asked.request.url).hostname in {"127.0.0.1", None}
        asked.continue_() if local else asked.abort()

    window.route("**/*", route)
    window.add_init_script(start)
    try:
        yield window
    finally:
        window.close()
