"""What the gate (`python do.py test`) adds to pytest and nbval.

Figures are drawn anew by every build, so that their mime types are not compared. Outputs that
strict nbval has verified go into the book's cache, so that each notebook is executed once and the
book shows exactly what was verified. And the gate knows no skipped tests.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

NOT_STORED = (
    "application/pdf",
    "application/vnd.unrolled.figure+json",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/webp",
)
CACHE = os.environ.get("UNROLLED_CACHE")  # where verified outputs go; unset: nowhere
GATE = bool(os.environ.get("UNROLLED_GATE"))  # a skipped test is a failed one
VERIFIED = pytest.StashKey[dict]()  # of a notebook: number of a verified cell -> seconds, outputs


def pytest_collectstart(collector):
    """Leave out of nbval's comparison what is not stored."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_STORED


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Fail a module that skips itself, for a missing browser say."""
    report = yield
    return without_skips(report) if GATE else report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail skipped tests; remember verified cells and keep a notebook when its last is done."""
    report = yield
    if call.when == "call" and report.passed and is_verified(item):
        verified = item.parent.stash.setdefault(VERIFIED, {})
        verified[item.cell_num] = call.duration, copy.deepcopy(item.test_outputs)
        if len(verified) == len(code_cells(item.parent.nb)):
            keep(item.parent.nb, item.path, verified)
    return without_skips(report) if GATE else report


def without_skips(report):
    """Turn a skip into a failure that says so."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nA skipped test is a failure here: nothing goes unchecked."
    return report


def is_verified(item) -> bool:
    """Whether this is a notebook cell whose outputs nbval has just compared: not if it is lax."""
    return (
        bool(CACHE)
        and getattr(item, "test_outputs", None) is not None
        and item.options["check"]
        and item.cell.execution_count is not None
    )


def code_cells(notebook) -> list:
    """The cells that nbval numbers: 0, 1, ..."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def keep(notebook, path: Path, verified: dict) -> None:
    """Put a notebook whose every code cell passed, with its fresh outputs, into the cache."""
    notebook = copy.deepcopy(notebook)
    for number, cell in enumerate(code_cells(notebook)):
        _, outputs = verified[number]
        cell.execution_count = number + 1
        cell.outputs = [nbformat.from_dict(output) for output in outputs]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number + 1
    nbformat.validate(notebook)
    seconds = sum(duration for duration, _ in verified.values())
    data = {"execution_seconds": seconds, "verified": True}
    bundle = CacheBundleIn(notebook, str(path), data=data)
    Path(CACHE).mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE + ".lock"):  # two workers may end at the same time
        get_cache(CACHE).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
