"""The chat page in a browser, as a person works with it, and what it must never do meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

AXE = Path(__file__).parents[2] / "api/web/node_modules/axe-core/axe.min.js"
TIMEOUT_MS = 20_000
expect.set_options(timeout=TIMEOUT_MS)  # a busy machine takes its time


@dataclass
class Chat:
    """The page, opened.

    Attributes:
        address: Of the service; the page loads nothing from anywhere else.
        foreign: Addresses elsewhere that it asked for nevertheless.
        errors: What its scripts threw.
        violations: What its policy refused.
    """

    page: Page
    address: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def opened(
        cls, browser: Browser, address: str, *, goto: bool = True, **options: Any
    ) -> Iterator[Chat]:
        """Open the page in a fresh profile, and hold it to its promises when the test is over."""
        options = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"} | options
        with browser.new_context(**options) as context:
            page = context.new_page()
            page.set_default_timeout(TIMEOUT_MS)
            chat = cls(page, address)
            origin = urlsplit(address).netloc
            context.on(
                "request",
                lambda request: (
                    None
                    if urlsplit(request.url).netloc in (origin, "")
                    else chat.foreign.append(request.url)
                ),
            )
            page.on("pageerror", lambda error: chat.errors.append(str(error)))
            page.on(
                "console",
                lambda said: (
                    chat.violations.append(said.text) if "Content Security" in said.text else None
                ),
            )
            if goto:
                page.goto(address)
                expect(page.locator(".welcome h1")).to_be_visible()
            yield chat
            assert chat.foreign == []
            assert chat.errors == []
            assert chat.violations == []

    @property
    def input(self) -> Locator:
        return self.page.get_by_label("Your question")

    @property
    def answers(self) -> Locator:
        return self.page.locator(".answered")

    @property
    def pane(self) -> Locator:
        return self.page.locator(".pane")

    def ask(self, question: str) -> Locator:
        """Ask, and wait for the answer; gives it."""
        self.input.fill(question)
        self.input.press("Enter")
        expect(self.page.locator(".asked h2").last).to_have_text(question)
        answer = self.answers.last
        expect(answer.locator(".actions")).to_be_visible()
        return answer

    def start_anew(self) -> None:
        self.page.get_by_role("button", name="New conversation").click()

    def sources(self, answer: Locator) -> list[tuple[str, str]]:
        """Quote and title of each source of an answer, in order."""
        return [
            (one.locator("q").inner_text(), one.locator("cite").inner_text())
            for one in answer.locator(".source").all()
        ]

    def open_source(self, answer: Locator, at: int) -> Locator:
        answer.locator(".source").nth(at).click()
        expect(self.pane).to_be_visible()
        return self.pane

    def marked(self) -> str:
        """What is highlighted in the text of the source, to the letter."""
        expect(self.pane.locator("mark").first).to_be_in_viewport()
        words: str = self.pane.locator(".text").evaluate(
            "text => [...text.querySelectorAll('mark')].map(one => one.textContent).join('')"
        )
        return words

    def words_in_boxes(self) -> str:
        """The words of a PDF page that its boxes lie on, as the text layer has them, without white space."""
        sheet = self.pane.locator(".sheet[data-drawn=true]")
        expect(sheet).to_be_visible()
        expect(sheet.locator(".box").first).to_be_in_viewport()
        found: str = sheet.evaluate(WORDS_IN_BOXES)
        return re.sub(r"\s", "", found)

    def enlarge(self) -> None:
        """Draw the page of a PDF larger."""
        sheet = self.pane.locator(".sheet[data-drawn=true]")
        before = sheet.bounding_box()
        self.pane.get_by_role("button", name="Larger").click()
        expect(sheet).to_be_visible()
        after = sheet.bounding_box()
        assert before is not None
        assert after is not None
        assert after["width"] > before["width"]

    def show_documents(self) -> Locator:
        self.page.get_by_role("button", name="Documents", exact=True).click()
        documents = self.page.locator(".documents")
        expect(documents).to_be_visible()
        return documents

    def back(self) -> None:
        self.page.get_by_role("button", name="Back to the conversation").click()

    def restrict_to(self, title: str) -> None:
        """Ask the one document of this title only."""
        self.show_documents()
        self.page.get_by_label(f"Ask {title}").check()
        self.back()

    def upload(self, file: Path | FilePayload) -> None:
        self.page.locator("input[data-files]").set_input_files(file)

    def accessibility(self, *rules: str) -> list[str]:
        """What axe finds wrong with the page as it stands, by all of its rules or by these."""
        if not AXE.exists():
            pytest.skip("axe-core is not there: `npm ci` in api/web brings it")
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found = self.page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


# Of each run of words, the characters whose middle lies in a box.
WORDS_IN_BOXES = """sheet => {
  const boxes = [...sheet.querySelectorAll('.box')].map(one => one.getBoundingClientRect());
  const within = (x, y) => boxes.some(
    box => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
  let found = '';
  const walker = document.createTreeWalker(sheet.querySelector('.words'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (let at = 0; at < node.data.length; at += 1) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const place = range.getBoundingClientRect();
      if (place.width && within((place.left + place.right) / 2, (place.top + place.bottom) / 2))
        found += node.data[at];
    }
  }
  return found;
}"""
