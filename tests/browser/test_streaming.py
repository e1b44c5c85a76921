"""Answers on their way: stopped, cut off, fetched again; and how the page behaves while many statements come."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

import httpx2 as httpx
from playwright.sync_api import Browser, Route, expect
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.app import create_app
from rag.library import Library
from tests.browser import scripted
from tests.browser.page import Chat
from tests.browser.served import running
from tests.integration.service import HARBOUR, fake_library, upload

QUESTION = "Who closed the north gate?"
MANY = scripted.answer(
    [scripted.statement(f"Statement {n} of many, which says a little.", n) for n in range(1, 201)],
    [scripted.citation(n, "The minister came on Friday.") for n in range(1, 201)],
)


class Streaming:
    """A service whose answers are scripted, event by event."""

    def __init__(self, library: Library, parts: Sequence[bytes], pause_s: float) -> None:
        self._app = create_app(library, own=False)
        self._parts, self._pause_s = list(parts), pause_s
        self.left = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/ask":
            await Request(scope, receive).body()
            response = StreamingResponse(self._sent(), media_type="text/event-stream")
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _sent(self) -> AsyncIterator[bytes]:
        try:
            for part in self._parts:
                yield part
                await asyncio.sleep(self._pause_s)
        finally:
            self.left.set()


@contextmanager
def streaming(
    browser: Browser, parts: Sequence[bytes], pause_s: float = 0.1
) -> Iterator[tuple[Chat, Streaming]]:
    """The page of a service that answers so."""
    service = Streaming(fake_library(), parts, pause_s)
    with running(service) as address, Chat.opened(browser, address) as chat:
        yield chat, service


def parts_of(answer: dict[str, object]) -> list[bytes]:
    """The events of an answer, one by one."""
    return [one + b"\n\n" for one in scripted.events(answer).split(b"\n\n") if one]


def test_statements_are_read_while_others_come_and_stopping_ends_the_work(browser: Browser) -> None:
    with streaming(browser, parts_of(MANY), 0.05) as (chat, service):
        chat.input.fill(QUESTION)
        chat.input.press("Enter")
        expect(chat.page.locator(".statement").nth(2)).to_be_visible()
        assert chat.page.locator(".statement").count() < 200
        chat.page.get_by_role("button", name="Stop").click()
        expect(chat.page.get_by_text("Stopped. What is below was verified.")).to_be_visible()
        assert service.left.wait(10)
        stayed = chat.page.locator(".statement").count()
        assert 3 <= stayed < 200
        chat.page.wait_for_timeout(300)
        assert chat.page.locator(".statement").count() == stayed
        expect(chat.page.get_by_role("button", name="Ask again", exact=True)).to_be_visible()


def test_escape_stops_too(browser: Browser) -> None:
    with streaming(browser, parts_of(MANY), 0.05) as (chat, _):
        chat.input.fill(QUESTION)
        chat.input.press("Enter")
        expect(chat.page.locator(".statement").first).to_be_visible()
        chat.input.press("Escape")
        expect(chat.page.get_by_text("Stopped. What is below")).to_be_visible()


def test_a_stream_that_breaks_is_made_good_by_the_stored_answer(browser: Browser) -> None:
    with streaming(browser, parts_of(scripted.CONFLICT)[:3], 0) as (chat, _):
        stored = {
            "answer": scripted.CONFLICT | {"question": QUESTION, "standalone_question": QUESTION},
            "collection": "default",
            "asked_at": "2026-01-01T00:00:00Z",
            "citations": [{"marker": 1, "state": "exact"}, {"marker": 2, "state": "superseded"}],
            "feedback": [],
        }
        chat.page.route("**/v1/answers/*", scripted.json_of(lambda _: stored))
        answer = chat.ask(QUESTION)
        expect(answer.locator(".conflict")).to_be_visible()
        expect(answer.locator(".apparatus")).to_contain_text("A later version exists")


def test_a_stream_that_breaks_before_the_answer_is_asked_for_again(browser: Browser) -> None:
    times = []

    def ask(route: Route) -> None:
        times.append(route)
        until = "search_results" if len(times) == 1 else "done"
        body = scripted.events(scripted.ROWS, until=until)
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    with streaming(browser, []) as (chat, _):
        chat.page.route("**/v1/ask", ask)
        answer = chat.ask(QUESTION)
        expect(answer.locator(".rows tbody tr")).to_have_count(3)
        assert len(times) == 2


def test_an_error_on_the_way_leaves_what_was_verified(browser: Browser) -> None:
    problem = b'event: error\ndata: {"type": "/docs#model-unavailable", "title": "A model cannot be used", '
    problem += b'"status": 503, "detail": "It is asleep.", "request_id": "1"}\nid: a.9\n\n'
    with streaming(browser, [*parts_of(MANY)[:5], problem], 0) as (chat, _):
        chat.input.fill(QUESTION)
        chat.input.press("Enter")
        expect(chat.page.locator(".failure")).to_contain_text("It is asleep.")
        expect(chat.page.locator(".statement")).to_have_count(2)


def test_the_page_stays_quick_and_still_while_200_statements_come(browser: Browser) -> None:
    # What else runs on the machine may hold up one of many keys; what the page itself does, it does each time.
    assert any(_worst_delay(browser) <= 50 for _ in range(3))


def _worst_delay(browser: Browser) -> float:
    """From a key to its handling while 200 statements come, in ms; nothing on the page may move meanwhile."""
    with streaming(browser, parts_of(MANY), 0.005) as (chat, _):
        chat.page.evaluate(WATCH)
        chat.input.fill(QUESTION)
        chat.input.press("Enter")
        expect(chat.page.locator(".statement").first).to_be_visible()
        chat.page.evaluate("window.moved.length = 0")
        chat.input.press_sequentially("And what came of the others after that?", delay=25)
        expect(chat.answers.last.locator(".actions")).to_be_visible()
        expect(chat.page.locator(".statement")).to_have_count(200)
        delays = sorted(chat.page.evaluate("window.delays"))
        assert len(delays) > 20
        print(f"input delay in ms: median {delays[len(delays) // 2]:.1f}, worst {delays[-1]:.1f}")  # noqa: T201 # a figure
        assert chat.page.evaluate("window.moved") == []
        return float(delays[-1])


# From a key's event to its handling, and what moved without anybody's doing.
WATCH = """() => {
  window.delays = [];
  window.moved = [];
  addEventListener('keydown', event => delays.push(performance.now() - event.timeStamp), true);
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) moved.push(one.value);
  }).observe({type: 'layout-shift', buffered: false});
}"""


def test_an_answer_of_the_service_itself_streams_through(browser: Browser) -> None:
    with running(create_app(fake_library(), own=False)) as address:
        with httpx.Client(base_url=address) as client:
            upload(client, HARBOUR)
        with Chat.opened(browser, address) as chat:
            answer = chat.ask(QUESTION)
            expect(answer.locator(".statement").first).to_contain_text("The harbour master closed")
