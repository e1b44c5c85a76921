"""The page wherever it is offered: below a prefix of a proxy, behind keys, and inside pages of other sites."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, expect
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from api import questions
from api.app import create_app
from api.streaming import kept_alive
from rag.bootstrap import assemble
from rag.composition import SentenceComposer
from rag.protocols import Composed
from rag.settings import AccessSettings, Settings
from tests.browser.page import Chat
from tests.browser.proxied import behind_nginx
from tests.browser.served import running
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import bearer, fake_library, key_for, upload
from tests.integration.test_http_access import RULES

QUESTION = "Who closed the north gate?"


def test_below_a_prefix_of_a_proxy_all_of_it_works(browser: Browser, tmp_path: Path) -> None:
    app = create_app(fake_library(), own=False)
    with (
        running(app, root_path="/verse") as service,
        behind_nginx(tmp_path, service, prefix="/verse") as address,
    ):
        with httpx.Client(base_url=address, timeout=60) as client:
            client.post(
                "v1/documents?wait=true",
                files={"file": ("a.txt", b"The harbour master closed the north gate.")},
            )
        with Chat.opened(browser, address) as chat:
            answer = chat.ask(QUESTION)
            chat.open_source(answer, 0)
            assert "harbour master" in chat.marked()
            documents = chat.show_documents()
            chat.upload({"name": "b.txt", "mimeType": "text/plain", "buffer": b"A second gate."})
            expect(documents.locator(".list > li")).to_have_count(2)
            documents.locator(".row-title").first.click()
            documents.get_by_role("button", name="Read, and find inside").click()
            expect(chat.pane.locator(".text")).to_contain_text("gate")
            loaded = chat.page.evaluate("performance.getEntriesByType('resource').map(o => o.name)")
            assert loaded
            assert [one for one in loaded if not one.startswith(address)] == []


def test_below_a_prefix_every_route_answers_as_it_does_without(tmp_path: Path) -> None:
    def answers(address: str) -> dict[str, tuple[int, str | None]]:
        found = {}
        with httpx.Client(base_url=address, timeout=60) as client:
            for call in RULES:
                method, path = call.split(" ", 1)
                given = client.request(method, re.sub(r"{[^}]*}", "x", path).lstrip("/"))
                assert "x-request-id" in given.headers, call  # it is the service that answers
                found[call] = given.status_code, given.headers.get("content-type")
        return found

    app = create_app(fake_library(), own=False)
    with (
        running(app, root_path="/verse") as service,
        behind_nginx(tmp_path, service, prefix="/verse") as address,
    ):
        assert answers(address) == answers(service)
        with httpx.Client(base_url=address) as client:
            assert client.get("livez").json()["status"] == "ok"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A composer that thinks for so many seconds before each answer, in turn."""
    pauses: list[float] = []
    compose = SentenceComposer.compose

    def thinking(*args: Any, **options: Any) -> Composed:
        time.sleep(pauses.pop(0) if pauses else 0)
        return compose(*args, **options)

    monkeypatch.setattr(SentenceComposer, "compose", thinking)
    return pauses


@contextmanager
def proxied(browser: Browser, folder: Path) -> Iterator[Chat]:
    """The page behind a proxy that buffers, and that cuts off what is silent for two seconds."""
    app = create_app(fake_library(), own=False)
    with running(app) as service, behind_nginx(folder, service, patience_s=2) as address:
        with httpx.Client(base_url=service, timeout=60) as client:
            upload(client)
        with Chat.opened(browser, address) as chat:
            yield chat


def test_a_proxy_that_buffers_holds_nothing_back_and_never_waits_in_vain(
    browser: Browser, tmp_path: Path, slow: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "kept_alive", partial(kept_alive, ping_s=0.2))
    with proxied(browser, tmp_path) as chat, counted(chat) as asked:
        slow.append(3.5)
        chat.input.fill(QUESTION)
        chat.input.press("Enter")
        expect(chat.page.locator(".progress")).to_contain_text(
            "Reading and checking", timeout=2_000
        )
        expect(chat.answers.last.locator(".statement").first).to_contain_text("harbour master")
        assert len(asked) == 1


def test_an_answer_that_a_proxy_cuts_off_is_asked_for_again(
    browser: Browser, tmp_path: Path, slow: list[float]
) -> None:
    with proxied(browser, tmp_path) as chat, counted(chat) as asked:
        slow.append(3.5)
        answer = chat.ask(QUESTION)
        expect(answer.locator(".statement").first).to_contain_text("harbour master")
        assert len(asked) == 2


@contextmanager
def counted(chat: Chat) -> Iterator[list[str]]:
    """The questions that the page sends meanwhile."""
    asked: list[str] = []
    chat.page.on(
        "request", lambda one: asked.append(one.url) if one.url.endswith("/v1/ask") else None
    )
    yield asked


def test_the_address_of_a_citation_opens_its_words(browser: Browser) -> None:
    library = fake_library()
    key = key_for(library, "read", "ingest")
    with running(create_app(library, own=False, keys=True)) as address:
        with httpx.Client(base_url=address, headers=bearer(key)) as client:
            upload(
                client,
                "# 𝕳arbour\n\nThe harbour master closed the north gate.\n".encode(),
                name="a.md",
                key=key,
            )
            asked = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
            answered = client.post("v1/chat/completions", json=asked).json()
            [source, *_] = answered["search_results"]
        with Chat.opened(browser, source["url"]) as chat:
            chat.page.get_by_role("button", name="Enter a key").first.click()
            chat.page.get_by_label("Key", exact=True).fill(key)
            chat.page.keyboard.press("Enter")
            assert chat.marked() == source["snippet"] == "The harbour master closed the north gate."


def test_where_keys_are_needed_one_is_asked_for_and_stays_in_the_tab(browser: Browser) -> None:
    library = fake_library()
    key = key_for(library, "read", "ingest")
    with running(create_app(library, own=False, keys=True)) as address:
        with httpx.Client(base_url=address) as client:
            upload(client, key=key)
        with Chat.opened(browser, address) as chat:
            asked: list[str] = []
            chat.page.on("request", lambda one: asked.append(one.url))
            chat.page.get_by_role("button", name="Enter a key").click()
            chat.page.get_by_label("Key", exact=True).fill("verse_wrong")
            chat.page.keyboard.press("Enter")
            expect(chat.page.get_by_role("button", name="Enter a key")).to_be_visible()
            chat.page.get_by_role("button", name="Enter a key").click()
            chat.page.get_by_label("Key", exact=True).fill(key)
            chat.page.keyboard.press("Enter")
            answer = chat.ask(QUESTION)
            expect(answer.locator(".statement").first).to_contain_text("harbour master")
            chat.start_anew()
            chat.page.reload()
            chat.ask(QUESTION)  # the tab holds it still
            assert not [one for one in asked if key in one]
            assert key not in chat.page.evaluate("JSON.stringify({...localStorage})")
            chat.page.get_by_role("button", name="Settings").click()
            chat.page.get_by_role("button", name="Sign out").click()
            chat.page.keyboard.press("Escape")
            chat.input.fill(QUESTION)
            chat.input.press("Enter")
            expect(chat.page.locator(".failure").last).to_contain_text("no valid key")


def test_a_site_that_is_named_shows_it_and_no_other(browser: Browser) -> None:
    site_html = """<!doctype html><title>Wiki</title><h1>Wiki</h1>
      <div id=ask style="height:600px"></div>
      <script src="{address}embed.js" data-into="#ask" data-title="Ask the wiki"></script>"""
    pages: dict[str, str] = {}

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await HTMLResponse(pages["html"])(scope, receive, send)
        else:
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

    with running(site) as named, running(site) as other:
        origin = named.rstrip("/")
        settings = Settings(access=AccessSettings(origins=(origin,)))
        library = assemble(settings, InMemoryStore(), HashingEmbedder())
        with running(create_app(library, own=False)) as address:
            with httpx.Client(base_url=address) as client:
                upload(client)
            pages["html"] = site_html.replace("{address}", address)
            with browser.new_context() as context:
                page = context.new_page()
                page.goto(named)
                inside = page.frame_locator("iframe[title='Ask the wiki']")
                inside.get_by_label("Your question").fill(QUESTION)
                inside.get_by_label("Your question").press("Enter")
                expect(inside.locator(".statement").first).to_contain_text("harbour master")
                expect(inside.get_by_role("button", name=re.compile("Documents"))).to_have_count(0)
                page.goto(other)
                expect(page.frame_locator("iframe").locator(".welcome")).to_have_count(0)
