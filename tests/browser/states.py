"""Every state of the page that a person may see, each made by hand or by a scripted answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser import scripted
from tests.browser.page import Chat

QUESTION = "What was Shoigu's title on each visit?"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
ARABIC = "أغلق رئيس المرفأ البوابة الشمالية يوم الثلاثاء"


def welcome(chat: Chat) -> None:
    expect(chat.page.locator(".suggestions li")).not_to_have_count(0)


def answered(chat: Chat) -> None:
    chat.ask(QUESTION)


def citation(chat: Chat) -> None:
    chat.ask(QUESTION).locator(".marker").first.hover()
    expect(chat.page.get_by_role("tooltip")).to_be_visible()


def pdf_source(chat: Chat) -> None:
    chat.open_source(chat.ask(QUESTION), 0)
    expect(chat.pane.locator(".sheet[data-drawn=true]")).to_be_visible()


def text_source(chat: Chat) -> None:
    chat.open_source(chat.ask("Why was the steel delivered late?"), 0)
    chat.marked()
    chat.pane.get_by_text("Why this passage").click()
    expect(chat.pane.locator(".why :is(dl, p)")).to_be_visible()


def rows(chat: Chat) -> None:
    scripted.give(chat.page, scripted.ROWS)
    chat.ask("What was the title on each visit?")


def conflict(chat: Chat) -> None:
    scripted.give(chat.page, scripted.CONFLICT)
    chat.ask("What does the lock cost?")


def abstention(chat: Chat) -> None:
    scripted.give(chat.page, scripted.ABSTENTION)
    chat.ask("Who painted the old bridge green?")


def model_found_none(chat: Chat) -> None:
    told = {"composers": ["extractive", "chat"], "auto": "chat"}
    chat.page.route("**/v1/composers", scripted.json_of(lambda _: told))
    chat.page.reload()
    scripted.give(chat.page, scripted.ABSTENTION)
    chat.ask("Who painted the old bridge green?")
    expect(chat.page.get_by_text("the language model found no answer")).to_be_visible()


def nothing_matches(chat: Chat) -> None:
    chat.show_documents()
    chat.page.get_by_label("From").fill("2031-01-01")
    chat.back()
    chat.ask("When will the footbridge open?")
    expect(chat.page.get_by_role("button", name="Ask all documents", exact=True)).to_be_visible()


def awkward_words(chat: Chat) -> None:
    quotes = [scripted.citation(1, ARABIC, document_title=ARABIC), scripted.citation(2, LONG * 3)]
    said = [scripted.statement(f"{ARABIC}.", 1), scripted.statement(LONG * 3, 1, 2)]
    scripted.give(chat.page, scripted.answer(said, quotes))
    chat.ask(f"{ARABIC}؟")


def waiting(chat: Chat) -> None:
    chat.page.clock.install()
    chat.page.route("**/v1/ask", lambda _: None)  # it is never answered
    chat.input.fill(QUESTION)
    chat.input.press("Enter")
    expect(chat.page.get_by_role("button", name="Stop")).to_be_visible()
    chat.page.clock.fast_forward(10_000)
    expect(chat.page.get_by_text("This takes longer than usual")).to_be_visible()


def failed(chat: Chat) -> None:
    chat.page.route("**/v1/ask", problem(503, "model-unavailable", "A model cannot be used"))
    chat.input.fill(QUESTION)
    chat.input.press("Enter")
    expect(chat.page.get_by_role("alert").filter(has_text="A model")).to_be_visible()


def unknown_collection(chat: Chat) -> None:
    refused = problem(404, "unknown-collection", "There is no such collection", known=["default"])
    chat.page.route("**/v1/ask", refused)
    chat.input.fill(QUESTION)
    chat.input.press("Enter")
    expect(chat.page.get_by_role("button", name="Ask default")).to_be_visible()


def offline(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.page.context.set_offline(True)
    chat.input.fill("And who came after him?")
    chat.input.press("Enter")
    expect(chat.page.get_by_text("This device is offline. What is on")).to_be_visible()
    expect(chat.page.locator(".failure")).to_be_visible(timeout=20_000)


def key_asked_for(chat: Chat) -> None:
    chat.page.route("**/v1/**", problem(401, "key-needed", "The request has no valid key"))
    chat.page.reload()
    chat.page.get_by_role("button", name="Enter a key").click()
    expect(chat.page.get_by_label("Key", exact=True)).to_be_focused()


def empty(chat: Chat) -> None:
    chat.page.route("**/v1/collections", scripted.json_of(lambda _: {"collections": []}))
    chat.page.reload()
    expect(chat.page.get_by_role("button", name="Add documents")).to_be_visible()


def documents(chat: Chat) -> None:
    shown = chat.show_documents()
    shown.locator(".row-title").nth(2).click()
    shown.locator("input[type=checkbox]").nth(1).check()
    expect(shown.locator(".amend")).to_be_visible()


def uploads(chat: Chat) -> None:
    names = {"1": "survey.pdf", "2": "locked.pdf", "3": "minutes.docx"}
    jobs: dict[str, dict[str, Any]] = {
        "1": {"state": "parsing", "done": 12, "total": 80},
        "3": {"state": "embedding", "done": 64, "total": 140},
        "2": {"state": "failed", "reason": "The file is encrypted: send it without a password."},
    }

    def accept(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        sent = route.request.post_data or ""
        which = next(number for number, name in names.items() if name in sent)
        route.fulfill(status=202, content_type="application/json", json={"job": job(which)})

    def job(which: str) -> dict[str, Any]:
        known = {"done": 0, "total": 0, "document_id": None, "reason": None}
        return {"id": which, **known, **jobs[which]}

    chat.page.route("**/v1/documents", accept)
    chat.page.route("**/v1/jobs/*", lambda route: route.fulfill(json=job(route.request.url[-1])))
    chat.show_documents()
    for name in names.values():
        chat.upload({"name": name, "mimeType": "application/pdf", "buffer": name.encode()})
    expect(chat.page.get_by_text("page 12 of 80")).to_be_visible()
    expect(chat.page.get_by_text("is encrypted")).to_be_visible()


def deleting(chat: Chat) -> None:
    # a document of no library: it goes when the page is left
    listed = {"documents": [scripted.document()], "next_cursor": None}
    chat.page.route("**/v1/documents?*", scripted.json_of(lambda _: listed))
    chat.show_documents().get_by_label("Delete").click()
    expect(chat.page.get_by_role("button", name="Undo")).to_be_visible()


def settings(chat: Chat) -> None:
    chat.page.get_by_role("button", name="Settings").click()
    expect(chat.page.get_by_role("dialog")).to_be_visible()


STATES: dict[str, Callable[[Chat], None]] = {
    one.__name__: one
    for one in (
        *(welcome, answered, citation, pdf_source, text_source, rows, conflict, abstention),
        *(
            model_found_none,
            nothing_matches,
            awkward_words,
            waiting,
            failed,
            unknown_collection,
            offline,
            key_asked_for,
            empty,
        ),
        *(documents, uploads, deleting, settings),
    )
}


def problem(status: int, kind: str, title: str, **more: Any) -> Callable[[Route], None]:
    """A refusal."""
    body = {
        "type": f"/docs#{kind}",
        "title": title,
        "status": status,
        "detail": "It is asleep; try again in a minute.",
        "instance": "/v1/ask",
        "request_id": "0" * 32,
        **more,
    }
    return lambda route: route.fulfill(
        status=status, content_type="application/problem+json", json=body
    )
