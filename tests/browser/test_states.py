"""Every state of the page in both themes: nothing for axe to find, and nothing that runs out of a narrow screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.page import Chat
from tests.browser.states import STATES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_it(browser: Browser, address: str, state: str, theme: str) -> None:
    with Chat.opened(browser, address, color_scheme=theme) as chat:
        STATES[state](chat)
        assert chat.accessibility() == []


@pytest.mark.parametrize("width", [360, 768, 1920])
@pytest.mark.parametrize("state", STATES)
def test_it_fits_the_screen(browser: Browser, address: str, state: str, width: int) -> None:
    with Chat.opened(browser, address, viewport={"width": width, "height": 740}) as chat:
        STATES[state](chat)
        beyond = chat.page.evaluate(BEYOND)
        assert beyond == []


# What reaches beyond the window to the side, but in what scrolls by itself or is hidden on purpose.
BEYOND = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1)
    && getComputedStyle(one).visibility !== 'hidden'
    && !one.closest('.rows, .hidden, .skip, .words, .contents, dialog:not([open])');
}).map(one => one.outerHTML.slice(0, 120))"""
