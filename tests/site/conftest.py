"""One browser and one server for all tests of the built site."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright
from site_browser import SITE, launch, pages, served


@pytest.fixture(scope="session")
def site():
    """The folder of the built site; without one the test fails."""
    pages(SITE)
    return SITE


@pytest.fixture(scope="session")
def address(site):
    with served(site) as where:
        yield where


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        window = launch(playwright)
        yield window
        window.close()
