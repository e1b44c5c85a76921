"""Nothing of a document, an answer or an error is ever run or fetched: with the page's policy, and without it.

Where a policy is stripped on the way, the page itself must hold: words become text and nothing else.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, product
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Route, expect
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from starlette.testclient import TestClient

from api.app import create_app
from rag.library import Library
from tests.browser import scripted
from tests.browser.page import Chat
from tests.browser.payloads import PAYLOADS
from tests.browser.served import running, without_policy
from tests.browser.states import problem
from tests.integration.service import BASE, bearer, fake_library, key_for, upload
from tests.unit.ingest.pdfs import pdf

AT_ONCE = 125  # payloads of one answer
SOME = PAYLOADS[:: len(PAYLOADS) // 30][:30]
BOTH_WAYS = pytest.mark.parametrize("policy", [True, False], ids=["as shipped", "policy stripped"])


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


def in_every_place(chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Answers with a payload wherever a document, its names or a model may put words: running, in rows, and none."""
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
    reason = {
        "reason": "\n".join(chosen),
        "searched": {"collection": "\n".join(chosen), "documents": 1, "passages": 1},
    }
    return [
        scripted.answer(said, quotes, standalone_question=chosen[0], **whole),
        scripted.answer(rows, quotes, standalone_question=chosen[-1], **whole),
        scripted.answer([], [], outcome="abstained", abstention={**reason, "closest": quotes}),
    ]


@BOTH_WAYS
def test_no_payload_runs_in_any_place_of_an_answer(browser: Browser, policy: bool) -> None:
    groups = [PAYLOADS[at : at + AT_ONCE] for at in range(0, len(PAYLOADS), AT_ONCE)]
    with watched(browser, fake_library(), policy=policy) as chat:
        scripted.give(chat.page, *(one for chosen in groups for one in in_every_place(chosen)))
        for chosen in groups:
            for which in range(3):
                answer = chat.ask(f"{which} {chosen[which]}"[:500].strip())
                expect(answer.locator(".source")).to_have_count(len(chosen))
            shown = chat.answers.first.locator(".statement")
            for at in (0, len(chosen) - 1):
                words = str(shown.nth(at).evaluate("one => one.firstChild.data"))
                assert words == chosen[at]
            chat.start_anew()


@BOTH_WAYS
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

        chat.start_anew()
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


@BOTH_WAYS
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


@BOTH_WAYS
def test_no_payload_runs_wherever_a_stream_is_cut(browser: Browser, policy: bool) -> None:
    """Each byte of each payload ends a read once, the final event's and an error's too."""
    with watched(browser, fake_library(), policy=policy) as chat:
        chat.page.evaluate(PIECEMEAL)
        for first in range(0, len(PAYLOADS), AT_ONCE):
            chosen = PAYLOADS[first : first + AT_ONCE]
            quotes = [
                scripted.citation(at, one, document_title=one) for at, one in enumerate(chosen, 1)
            ]
            said = [scripted.statement(one, at) for at, one in enumerate(chosen, 1)]
            asked_piecemeal(chat, refused(scripted.answer(said, quotes), chosen), chosen)
            expect(chat.answers.last.locator(".statement")).to_have_count(len(chosen))
            expect(chat.page.locator(".failure")).to_contain_text(chosen[-1].strip()[:20])
            searched = {"collection": "\n".join(chosen), "documents": 1, "passages": 1}
            nothing = {"reason": "Nothing says it.", "searched": searched, "closest": []}
            none = scripted.answer([], [], outcome="abstained", abstention=nothing)
            asked_piecemeal(chat, scripted.events(none).decode(), chosen)
            expect(chat.answers.last).to_contain_text(chosen[-1].strip()[:20])
        for whole in in_every_place(SOME):  # all of them would take four minutes
            asked_piecemeal(chat, scripted.events(whole).decode(), SOME)
            expect(chat.answers.last.locator(".source")).to_have_count(len(SOME))


def refused(answer: dict[str, Any], chosen: Sequence[str]) -> str:
    """The stream of an answer that ends in an error before its last event."""
    coming = scripted.events(answer).decode().partition("event: answer\n")[0]
    error = {"type": chosen[0], "title": chosen[1], "detail": "\n".join(chosen), "status": 503}
    return f"{coming}event: error\ndata: {json.dumps(error)}\n\n"


def asked_piecemeal(chat: Chat, stream: str, chosen: Sequence[str]) -> None:
    """Ask anew, and let the answer come so that each byte of a payload is read by itself."""
    hostile = sorted({json.dumps(one)[1:-1] for one in chosen}, key=len, reverse=True)
    cuts = f"({'|'.join(map(re.escape, hostile))})"
    pieces = [
        piece
        for at, part in enumerate(re.split(cuts, stream))
        for piece in (part if at % 2 else re.split(r"(?<=\n\n)", part))
        if piece
    ]
    chat.start_anew()
    chat.page.evaluate("pieces => window.coming(pieces)", pieces)
    chat.input.fill("Who?")
    chat.input.press("Enter")
    chat.page.evaluate("() => window.read")  # all of them


# Gives pieces (of ASCII, as JSON is written here) as an answer, each as a read of its own; behind an event the page
# has time to draw.
PIECEMEAL = """() => {
  const real = window.fetch;
  const {port1, port2} = new MessageChannel();
  const pause = () => new Promise(done => {
    port1.onmessage = done;
    port2.postMessage(null);
  });
  const encoder = new TextEncoder();
  let pieces = [], all;
  window.coming = given => {
    pieces = given;
    window.read = new Promise(done => { all = done; });
  };
  window.fetch = (address, options) => String(address).endsWith('/v1/ask')
    ? Promise.resolve(new Response(streamed(pieces, all),
        {status: 200, headers: {'content-type': 'text/event-stream'}}))
    : real(address, options);
  const streamed = (pieces, all, at = 0) => new ReadableStream({
    async pull(control) {
      if (at === pieces.length) {
        all();
        return control.close();
      }
      if (at && pieces[at - 1].endsWith('\\n\\n')) await pause();
      control.enqueue(encoder.encode(pieces[at]));
      at += 1;
    }
  }, {highWaterMark: 0});
}"""


def test_what_another_wrote_runs_nowhere(browser: Browser) -> None:
    """One user stores payloads, another's questions find them: one asked on the page, all brought back to it."""
    library = fake_library()
    reader = key_for(library, "read", collections=["shared"])
    writer = key_for(library, "read", "ingest", collections=["shared"])
    chosen = PAYLOADS[:50]
    with watched(browser, library, policy=True, keys=True) as chat:
        with httpx.Client(base_url=chat.address) as client:
            for at, one in enumerate(chosen):
                content = f"The north gate was closed by {one}, {at}.".encode(errors="replace")
                upload(client, content, title=one or "x", collection="shared", key=writer)
            turns = []
            for one in chosen:
                asked = {"question": f"By what was the north gate closed? {one}"[:400]}
                asked["collection"] = "shared"
                given = client.post("/v1/ask", json=asked, headers=bearer(reader)).json()
                turns.append({"asked": asked, "answerId": given["id"]})
        chat.page.get_by_role("button", name="Enter a key").click()
        chat.page.get_by_label("Key", exact=True).fill(reader)
        chat.page.get_by_role("button", name="Use this key").click()
        expect(chat.page.locator(".lead")).to_contain_text("documents")
        answer = chat.ask(str(turns[0]["asked"]["question"]))
        expect(answer.locator(".source").first).to_be_visible()
        kept = [{"id": "1", "at": 1, "turns": turns}]
        chat.page.evaluate(
            "kept => localStorage.setItem('verse.conversations', kept)", json.dumps(kept)
        )
        chat.page.reload()
        chat.page.locator(".contents .entry").first.click()
        expect(chat.page.locator(".answered:has(.source)")).to_have_count(len(turns))
        assert reader not in chat.page.url
        assert reader not in str(chat.page.evaluate("JSON.stringify(localStorage)"))


def pdf_that_opens_with(script: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf([["Words of a page."]])))
    action = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject(script)}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(name): value for name, value in action.items()}
    )
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


ORIGINALS = {
    "a.html": b"<script>window.__x = 1; fetch('/v1/documents')</script><h1>Hello there</h1>",
    "b.htm": b"<!doctype html><body onload='window.__x = 1'>Words of a page</body>",
    "c.HTML": b"<meta http-equiv=refresh content='0;url=https://elsewhere.example/'>Words of a page",
    "d.html": b"<svg onload='window.__x = 1'></svg><p>Words of a page</p>",
    "e.html": b"\xef\xbb\xbf<html><img src=x onerror='window.__x = 1'>Words of a page</html>",
    "f.html": "<script>window.__x = 1</script>Words of a page".encode("utf-16"),
    "g.html": b"<iframe srcdoc='<script>parent.__x = 1</script>'></iframe>Words of a page",
    "h.html": b"<base href='https://elsewhere.example/'><script src=x.js></script>Words of a page",
    "i.html": b"<form action='https://elsewhere.example/'><input autofocus></form>Words of a page",
    "j.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>window.__x = 1</script>Words</html>",
    "k.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.__x = 1</script><text>Hi</text></svg>",
    "l.xml": b"<x:script xmlns:x='http://www.w3.org/1999/xhtml'>window.__x = 1</x:script>",
    "m.txt": b"<script>window.__x = 1</script> words",
    "n.md": b"# Words\n\n<script>window.__x = 1</script> [x](javascript:window.__x=1)",
    "o.csv": b"a,b\n<script>window.__x = 1</script>,=cmd|x\n",
    "p.vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\n<script>window.__x = 1</script> words",
    "q.eml": b"From: a@b.example\nContent-Type: text/html\n\n<script>window.__x = 1</script>Words",
    "r.pdf": pdf_that_opens_with("this.app.alert(1)"),
    "s.html;.pdf": b"<script>window.__x = 1</script>Words of a page",
    "t\u202efdp.html": b"<script>window.__x = 1</script>Words of a page",
}


def test_an_original_is_saved_and_never_opened(browser: Browser) -> None:
    with watched(browser, fake_library(), policy=True) as chat:
        with httpx.Client(base_url=chat.address) as client:
            added = {
                name: upload(client, content, name=name) for name, content in ORIGINALS.items()
            }
        kept = {name: one.json()["id"] for name, one in added.items() if one.is_success}
        refusals = {one.status_code for one in added.values() if not one.is_success}
        assert len(kept) >= 17
        assert refusals <= {415, 422}  # a picture is no document
        for name, which in kept.items():
            address = f"{chat.address}v1/documents/{which}/original"
            with chat.page.expect_download() as download:
                chat.page.evaluate("address => { location.href = address; }", address)
            assert Path(download.value.path()).read_bytes() == ORIGINALS[name]
            assert re.fullmatch(r"[^<>:\"/\\|?*\u202e]+", download.value.suggested_filename)


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
