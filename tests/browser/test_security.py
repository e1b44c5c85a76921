"""Nothing of a document, an answer or an error is ever run or fetched: with the page's policy, and without it.

Where a policy is stripped on the way, the page itself must hold: words become text and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, product
from typing import Any

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Locator, Route, expect
from starlette.testclient import TestClient

from api.app import create_app
from rag.library import Library
from tests.browser import scripted
from tests.browser.page import Chat
from tests.browser.payloads import PAYLOADS
from tests.browser.served import running, without_policy
from tests.browser.states import problem
from tests.integration.service import BASE, fake_library, key_for, upload

AT_ONCE = 50  # payloads of one answer
SOME = PAYLOADS[:: len(PAYLOADS) // 30][:30]


@contextmanager
def watched(browser: Browser, library: Library, *, policy: bool, **options: Any) -> Iterator[Chat]:
    """The page, which fails if anything runs, asks, opens or leaves."""
    app = create_app(library, own=False, **options)
    with (
        running(app if policy else without_policy(app)) as address,
        Chat.opened(browser, address) as chat,
    ):
        opened: list[str] = []
        chat.page.on("dialog", lambda one: opened.append(one.message))
        chat.page.context.on("page", lambda one: opened.append(one.url))
        yield chat
        chat.page.wait_for_timeout(200)
        assert opened == []
        assert chat.page.evaluate("window.__x") is None
        assert chat.page.url == address
        nodes = "script:not([src]), iframe, object, embed, base, form[action], img, svg image, link[rel=prefetch]"
        assert chat.page.locator(f"#page :is({nodes}), body > :is({nodes})").count() == 0


@pytest.mark.parametrize("policy", [True, False], ids=["as shipped", "policy stripped"])
@pytest.mark.parametrize("first", range(0, len(PAYLOADS), AT_ONCE))
def test_no_payload_runs_in_any_place_of_an_answer(
    browser: Browser, policy: bool, first: int
) -> None:
    chosen = PAYLOADS[first : first + AT_ONCE]
    quotes, said, rows, conflicts = [], [], [], []
    for marker, one in enumerate(chosen, 1):
        hostile = {"document_title": one, "section": one, "part": one, "source_url": one}
        quotes.append(scripted.citation(marker, one, **hostile, sheet=one, page_label=one, page=1))
        said.append(scripted.statement(one, marker))
        rows.append(scripted.statement(one, marker, event=scripted.event(one, "day", marker, one)))
        sides = [
            {"value": f"{one}{n}", "citations": [marker], "independent_sources": 1} for n in "12"
        ]
        conflicts.append({"about": one, "values": sides})
    whole = {"missing": chosen, "conflicts": conflicts, "outcome": "partial", "model": chosen[0]}
    plain = scripted.answer(said, quotes, standalone_question=chosen[0], **whole)
    table = scripted.answer(rows, quotes, standalone_question=chosen[-1], **whole)
    reason = {
        "reason": "\n".join(chosen),
        "searched": {"collection": "\n".join(chosen), "documents": 1, "passages": 1},
    }
    nothing = scripted.answer([], [], outcome="abstained", abstention={**reason, "closest": quotes})
    with watched(browser, fake_library(), policy=policy) as chat:
        scripted.give(chat.page, plain, table, nothing)
        for which in range(3):
            answer = chat.ask(f"{which} {chosen[which]}"[:500].strip())
            expect(answer.locator(".source")).to_have_count(len(chosen))
        shown = chat.answers.first.locator(".statement")
        for at in (0, len(chosen) - 1):
            words = str(shown.nth(at).evaluate("one => one.firstChild.data"))
            assert words == chosen[at]


@pytest.mark.parametrize("policy", [True, False], ids=["as shipped", "policy stripped"])
def test_no_payload_runs_in_a_document_its_names_or_an_error(
    browser: Browser, policy: bool
) -> None:
    words = "\n".join(PAYLOADS)
    library = fake_library()
    with watched(browser, library, policy=policy) as chat:
        hostile = PAYLOADS[0]
        with httpx.Client(base_url=chat.address) as client:
            for at, one in enumerate(SOME[::3]):
                name = f"{one[:60]}.txt".replace("\0", "")
                content = f"{one}\nThe gate was closed, {at}.".encode(errors="replace")
                upload(client, content, name=name, title=one or "x", collection="hostile")
        chat.page.route(
            f"**/v1/documents/{scripted.DOCUMENT}",
            scripted.json_of(
                lambda _: scripted.document(hostile, source_url=hostile, source_key=hostile)
            ),
        )
        scripted.give(
            chat.page,
            scripted.answer([scripted.statement("It says.", 1)], [scripted.citation(1, hostile)]),
        )
        body = {"text": words, "start": 0, "end": len(words)}
        landmarks = [
            {"kind": kind, "start": at, "label": one}
            for at, (kind, one) in enumerate(
                product(("page", "time", "part", "row", "section"), SOME)
            )
        ]
        chat.page.route(
            f"**/v1/documents/{scripted.DOCUMENT}/text?*",
            scripted.json_of(lambda _: {**body, "landmarks": landmarks}),
        )
        answer = chat.ask(hostile)
        chat.open_source(answer, 0)
        expect(chat.pane.locator(".text")).to_contain_text(PAYLOADS[-1].strip()[:20])
        chat.page.get_by_label("Close the source").click()

        chat.page.reload()
        documents = chat.show_documents()
        expect(documents.locator(".list > li")).to_have_count(len(SOME[::3]))
        for row in documents.locator(".row-title").all():
            row.click()
        chat.back()

        title, detail = "\n".join(PAYLOADS[:250]), "\n".join(PAYLOADS[250:])
        refused = problem(404, title, title, detail=detail, known=PAYLOADS)
        chat.page.unroute("**/v1/ask")
        chat.page.route("**/v1/ask", refused)
        chat.input.fill("Who?")
        chat.input.press("Enter")
        expect(chat.page.locator(".failure")).to_contain_text(PAYLOADS[-1].strip()[:20])
        assert chat.page.locator(".failure").inner_text().count("__x") > len(PAYLOADS) / 2


@pytest.mark.parametrize("policy", [True, False], ids=["as shipped", "policy stripped"])
def test_no_payload_runs_as_a_name(browser: Browser, policy: bool) -> None:
    """Every payload as a document's title, source key and URL, as a file on its way, and as a collection."""
    names = ["".join(PAYLOADS[at : at + AT_ONCE]) for at in range(0, len(PAYLOADS), AT_ONCE)]
    listed = [
        scripted.document(one, id=f"d{at}", source_key=key, source_url=one)
        for at, (one, key) in enumerate(zip(PAYLOADS, cycle(names), strict=False))
    ]
    failed = {"state": "failed", "done": 0, "total": 0, "document_id": None}
    with watched(browser, fake_library(), policy=policy) as chat:

        def documents(route: Route) -> None:
            if route.request.method == "POST":
                job = {"id": "1", "reason": "".join(PAYLOADS), **failed}
                route.fulfill(status=202, json={"job": job})
            else:
                route.fulfill(json={"documents": listed, "next_cursor": None})

        held = [
            {"name": one, "documents": 1, "passages": 1, "disk_bytes": 1}
            for one in ["default", *PAYLOADS]
        ]
        chat.page.route("**/v1/collections", scripted.json_of(lambda _: {"collections": held}))
        chat.page.route(re.compile(r"/v1/documents(\?|$)"), documents)
        chat.page.route(
            re.compile(r"/v1/documents/d"),
            scripted.json_of(lambda route: listed[int(route.request.url.rpartition("/d")[2])]),
        )
        chat.page.reload()
        expect(chat.page.locator(".picker option")).to_have_count(len({"default", *PAYLOADS}))
        shown = chat.show_documents()
        expect(shown.locator(".list > li")).to_have_count(len(PAYLOADS))
        for row in shown.locator(".row-title").all()[: len(names)]:
            row.click()
        expect(shown.locator(".amend")).to_have_count(len(names))
        for name in names:
            chat.upload({"name": name, "mimeType": "text/plain", "buffer": b"x"})
        expect(shown.locator(".coming li[data-state=failed]")).to_have_count(len(names))
        chat.back()
        chat.page.locator(".picker select").select_option(PAYLOADS[0])


@pytest.mark.parametrize("policy", [True, False], ids=["as shipped", "policy stripped"])
def test_no_payload_runs_wherever_a_stream_is_cut(browser: Browser, policy: bool) -> None:
    """Each byte of each payload ends a read once, and the page draws what it has between the reads."""
    with watched(browser, fake_library(), policy=policy) as chat:
        chat.page.evaluate(PIECEMEAL)
        for first in range(0, len(PAYLOADS), AT_ONCE):
            chosen = PAYLOADS[first : first + AT_ONCE]
            quotes = [scripted.citation(at, one) for at, one in enumerate(chosen, 1)]
            said = [scripted.statement(one, at) for at, one in enumerate(chosen, 1)]
            coming = scripted.events(scripted.answer(said, quotes)).partition(b"event: answer\n")[0]
            refused = {"type": chosen[0], "title": chosen[1], "detail": "\n".join(chosen)}
            error = f"event: error\ndata: {json.dumps({**refused, 'status': 503})}\n\n".encode()
            chat.page.get_by_role("button", name="New conversation").click()
            answer = asked_piecemeal(chat, coming + error, chosen)
            expect(answer.locator(".statement")).to_have_count(len(chosen))
            expect(chat.page.locator(".failure")).to_contain_text(chosen[-1].strip()[:20])


def asked_piecemeal(chat: Chat, stream: bytes, chosen: list[str]) -> Locator:
    """Ask, and let the answer come so that each byte of a payload is read by itself."""
    pieces: list[str] = []
    hostile = "|".join(re.escape(json.dumps(one)[1:-1]) for one in chosen if one)
    for at, part in enumerate(re.split(f"({hostile})", stream.decode())):
        pieces += list(part) if at % 2 else [part]
    chat.page.evaluate(
        """pieces => {
          window.pieces = pieces;
          window.reads = 0;
          window.read = new Promise(done => { window.allRead = done; });
        }""",
        pieces,
    )
    chat.input.fill("Who?")
    chat.input.press("Enter")
    chat.page.evaluate("() => window.read")  # all of them
    return chat.answers.last


# Gives `pieces` (of ASCII, as JSON is written here) as an answer, each in a task of its own, so that each is a read
# of its own and the page may draw in between.
PIECEMEAL = """() => {
  const real = window.fetch;
  const {port1, port2} = new MessageChannel();
  const next = () => new Promise(done => {
    port1.onmessage = done;
    port2.postMessage(null);
  });
  const encoder = new TextEncoder();
  window.fetch = (address, options) => String(address).endsWith('/v1/ask')
    ? Promise.resolve(new Response(new ReadableStream({
        async pull(control) {
          if (window.reads === window.pieces.length) {
            window.allRead();
            return control.close();
          }
          await next();
          control.enqueue(encoder.encode(window.pieces[window.reads]));
          window.reads += 1;
        }
      }, {highWaterMark: 0}), {status: 200, headers: {'content-type': 'text/event-stream'}}))
    : real(address, options);
}"""


def test_what_another_wrote_runs_nowhere(browser: Browser) -> None:
    library = fake_library()
    reader = key_for(library, "read", collections=["shared"])
    writer = key_for(library, "read", "ingest", collections=["shared"])
    with watched(browser, library, policy=True, keys=True) as chat:
        with httpx.Client(base_url=chat.address) as client:
            for at, one in enumerate(SOME):
                content = f"The north gate was closed by {one}, {at}.".encode(errors="replace")
                upload(client, content, title=one or "x", collection="shared", key=writer)
        chat.page.get_by_role("button", name="Enter a key").click()
        chat.page.get_by_label("Key", exact=True).fill(reader)
        chat.page.get_by_role("button", name="Use this key").click()
        expect(chat.page.locator(".lead")).to_contain_text("documents")
        for one in SOME[:5]:
            answer = chat.ask(f"By what was the north gate closed? {one}"[:400])
            expect(answer.locator(".source").first).to_be_visible()
        assert reader not in chat.page.url
        stored = json.loads(chat.page.evaluate("JSON.stringify(localStorage)"))
        assert reader not in json.dumps(stored)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", b"<script>window.__x = 1; fetch('/v1/documents')</script><h1>Hello there</h1>"),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.__x=1</script><text>Hi</text></svg>",
        ),
        ("a.txt", b"<script>window.__x = 1</script> words"),
    ],
)
def test_an_original_is_saved_and_never_opened(browser: Browser, name: str, content: bytes) -> None:
    with watched(browser, fake_library(), policy=True) as chat:
        with httpx.Client(base_url=chat.address) as client:
            added = upload(client, content, name=name)
        if added.status_code not in (200, 201):  # a picture is no document
            assert added.status_code == 415
            return
        address = f"{chat.address}v1/documents/{added.json()['id']}/original"
        with chat.page.expect_download() as download:
            chat.page.evaluate("address => { location.href = address; }", address)
        assert download.value.suggested_filename.startswith("_")


def test_a_link_says_where_it_leads_and_takes_nothing_along(browser: Browser) -> None:
    with watched(browser, fake_library(), policy=True) as chat:
        with httpx.Client(base_url=chat.address) as client:
            upload(client, source_url="https://elsewhere.example/page?a=1")
        documents = chat.show_documents()
        documents.locator(".row-title").first.click()
        link = documents.get_by_role("link")
        expect(link).to_have_text("https://elsewhere.example/page?a=1")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_what_strips_the_policy_strips_it() -> None:
    app = without_policy(create_app(fake_library(), own=False))
    with TestClient(app, base_url=BASE) as client:
        assert "content-security-policy" not in client.get("/").headers
