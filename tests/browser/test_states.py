"""Every state of the page in both themes: nothing for axe to find, and nothing that runs out of a narrow screen."""

from __future__ import annotations

from time import monotonic

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.page import Chat
from tests.browser.states import STATES

OF_COLOUR = ("color-contrast", "link-in-text-block")  # the rules that a theme can break


@pytest.mark.parametrize("state", STATES)
def test_everybody_can_use_it(browser: Browser, address: str, state: str) -> None:
    with Chat.opened(browser, address) as chat:
        STATES[state](chat)
        chat.page.evaluate(DRAWN)
        assert chat.accessibility() == [], "light"
        chat.page.emulate_media(color_scheme="dark")
        chat.page.evaluate(DRAWN)
        assert chat.accessibility(*OF_COLOUR) == [], "dark"
        for width in (1920, 768, 360):
            chat.page.set_viewport_size({"width": width, "height": 740})
            assert beyond(chat.page) == [], width
        assert chat.accessibility() == [], "narrow"


def beyond(page: Page) -> list[str]:
    """What reaches beyond the window, given the time in which Playwright's `expect` asks again."""
    page.evaluate(DRAWN)
    until = monotonic() + 5
    while (found := page.evaluate(BEYOND)) and monotonic() < until:
        page.wait_for_timeout(50)
    return list(found)


# Until the page is drawn in a new theme or width: a frame or two, and whatever moves has come to rest.
DRAWN = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  await frame(); await frame();
  const ending = one => Number.isFinite(one.effect.getComputedTiming().endTime);
  await Promise.allSettled(document.getAnimations().filter(ending).map(one => one.finished));
}"""
# What reaches beyond the window to the side, but in what scrolls by itself or is hidden on purpose.
BEYOND = """() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width > 1 && (box.right > innerWidth + 1 || box.left < -1)
    && getComputedStyle(one).visibility !== 'hidden'
    && !one.closest('.rows, .pages, .hidden, .skip, .contents, dialog:not([open])');
}).map(one => one.outerHTML.slice(0, 120))"""
