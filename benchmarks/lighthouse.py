"""How fast is a page on a phone? Lighthouse's mobile scores for pages of the built site.

python benchmarks/lighthouse.py                            the front page and all lessons
python benchmarks/lighthouse.py lessons/03_bptt.html --runs 5

Node.js is needed; npx fetches Lighthouse itself at the first call. Lighthouse computes the score
from a visit and a model of a slow phone, and what else the machine does at that time spoils it:
so each page is visited several times, the median counts, and the speed of the machine is printed
beside it (Lighthouse's benchmarkIndex; a machine at rest has the highest).
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "site")]

from site_browser import served  # noqa: E402

import do  # noqa: E402

LESSONS = [f"lessons/{path.stem}.html" for path in sorted((ROOT / "lessons").glob("*.ipynb"))]
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WANTED = {"performance": 0.95, "accessibility": 1.0}
PACKED = (".woff2", ".png")  # files that compression makes no smaller
CHROME = "--headless=new --no-sandbox --disable-dev-shm-usage"


class Zipped(http.server.SimpleHTTPRequestHandler):
    """Files as a web server sends them: text compressed, nothing kept from the last visit."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):  # a browser that has seen enough hangs up
            super().handle()

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content, packed = path.read_bytes(), path.suffix in PACKED
        content = content if packed else gzip.compress(content, 6, mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        if not packed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)


def visit(address: str) -> dict[str, float]:
    """One run of Lighthouse: the scores, how much moved, how fast the machine was."""
    program = ["lighthouse"] if shutil.which("lighthouse") else ["npx", "--yes", "lighthouse"]
    options = ["--output=json", "--quiet", f"--chrome-flags={CHROME}"]
    options.append(f"--only-categories={','.join(CATEGORIES)}")
    browser = do.browser()
    environment = os.environ | ({"CHROME_PATH": str(browser)} if browser else {})
    done = subprocess.run(
        [*program, address, *options], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse ended with {done.returncode}: {done.stderr[-2000:]}")
    report = json.loads(done.stdout)
    scores = {name: report["categories"][name]["score"] for name in CATEGORIES}
    return scores | {
        "moved": report["audits"]["cumulative-layout-shift"]["numericValue"],
        "blocked": report["audits"]["total-blocking-time"]["numericValue"],
        "speed": report["environment"]["benchmarkIndex"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=["index.html", *LESSONS, "book/claims.html"])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if not do.HTML.is_dir():
        parser.error(f"there is no {do.HTML}: python do.py book")
    low = []
    with served(do.HTML, Zipped) as where:
        for page in arguments.pages:
            runs = [visit(f"{where}/{page}") for _ in range(arguments.runs)]
            middle = {name: median(run[name] for run in runs) for name in runs[0]}
            low += [page for name, least in WANTED.items() if middle[name] < least]
            told = "  ".join(f"{name} {middle[name]:.2f}" for name in CATEGORIES)
            rest = f"moved {middle['moved']:.3f}  blocked {middle['blocked']:.0f} ms"
            print(f"{page:36} {told}  {rest}  speed {middle['speed']:.0f}", flush=True)
    print(f"below {WANTED}: {', '.join(dict.fromkeys(low)) or 'none'}")
    return bool(low)


if __name__ == "__main__":
    sys.exit(main())
