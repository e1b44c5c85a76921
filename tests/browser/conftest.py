"""A real Chromium, and services for it. Without one these tests are skipped, unless BROWSER_TESTS is `required`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from ingest import open_library
from rag.library import Library
from tests.browser.page import Chat
from tests.browser.served import served

EXAMPLES = Path(__file__).parents[2] / "examples/documents"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """For these tests alone: its event loop runs in the main thread, where other tests run one of their own."""
    if CHROMIUM is None:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail("There is no Chromium, and BROWSER_TESTS says that it is required.")
        pytest.skip("there is no Chromium on this machine: the page is NOT tested in a browser")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    assert CHROMIUM is not None
    # as root, Chromium runs without its sandbox or not at all
    with playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as one:
        yield one


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The sample documents, read and embedded for real."""
    with open_library(EXAMPLES, data=tmp_path_factory.mktemp("page")) as opened:
        yield opened


@pytest.fixture(scope="package")
def address(library: Library) -> Iterator[str]:
    with served(library) as one:
        yield one


@pytest.fixture
def chat(browser: Browser, address: str) -> Iterator[Chat]:
    with Chat.opened(browser, address) as one:
        yield one
