"""Make a picture of every state of the page, wide and narrow, light and dark: `make screenshots`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from ingest import open_library
from tests.browser.conftest import CHROMIUM, EXAMPLES
from tests.browser.page import Chat
from tests.browser.served import served
from tests.browser.states import STATES

SIZES = {"wide": {"width": 1280, "height": 860}, "narrow": {"width": 360, "height": 740}}


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=sorted(STATES), nargs="*", default=list(STATES))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        open_library(EXAMPLES, data=data) as library,
        served(library) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser,
    ):
        for state in chosen.only:
            for theme in ("light", "dark"):
                for size, viewport in SIZES.items():
                    with Chat.opened(
                        browser, address, viewport=viewport, color_scheme=theme
                    ) as chat:
                        STATES[state](chat)
                        path = chosen.folder / f"{state}-{theme}-{size}.png"
                        chat.page.screenshot(path=path)
                        print(path)  # noqa: T201 # what the command is for


if __name__ == "__main__":
    main()
