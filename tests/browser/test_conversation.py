"""A conversation about the sample documents, by hand: asking, checking, asking on."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Locator, Request, Route, expect
from reportlab.pdfgen.canvas import Canvas

from api.app import create_app
from rag.library import Library
from rag.temporal.rules import RULES
from tests.browser import scripted
from tests.browser.conftest import EXAMPLES
from tests.browser.page import Chat
from tests.browser.served import running
from tests.browser.states import problem
from tests.integration.service import fake_library, upload

TYPE_CASE = tomllib.loads((EXAMPLES.parent / "questions.toml").read_text(encoding="utf-8"))[
    "questions"
][0]["question"]


def test_each_source_of_the_type_case_opens_at_its_words(chat: Chat) -> None:
    answer = chat.ask(TYPE_CASE)
    sources = chat.sources(answer)
    quotes = quotes_of(chat)
    assert len(sources) == len(quotes) >= 3
    assert answer.locator(".marker").count() >= len(sources)
    for at, (quote, title) in enumerate(sources):
        pane = chat.open_source(answer, at)
        expect(pane.locator("h2")).to_have_text(title)
        expect(pane.locator(".tabs, .find").first).to_be_visible()  # the document has come
        if pane.get_by_role("button", name="Pages").count():
            words = re.sub(r"\s", "", quote.strip("“”"))
            assert chat.words_in_boxes() == words
            chat.enlarge()
            assert chat.words_in_boxes() == words
            pane.get_by_role("button", name="Text").click()
        assert chat.marked() == quotes[at]
        if pane.get_by_role("button", name="Pages").count():
            pane.get_by_role("button", name="Pages").click()


def quotes_of(chat: Chat) -> list[str]:
    """The quotes of the last answer as the service gave them."""
    with chat.page.expect_download() as download:
        chat.page.get_by_text("Export").last.click()
        chat.page.get_by_role("button", name="JSON, as the service gave it").last.click()
    answer = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    return [str(one["quote"]) for one in answer["citations"]]


@pytest.mark.parametrize(
    ("title", "question", "told"),
    [
        ("Aldermere footbridge: engineering notes", "Where does the west abutment stand?", "§"),
        (
            "Russia's defence minister is guest of honour in Pyongyang",
            "Who received the Russian defence minister?",
            "2023",
        ),
        (
            "Fwd: Steel for the footbridge will be late",
            "Why was the steel delivered late?",
            "forwarded",
        ),
        ("aldermere-site-meeting-2026-07-02", "What was finished on Monday?", ":"),
    ],
    ids=["Markdown", "web page", "mail", "transcript"],
)
def test_a_source_of_any_kind_is_marked_to_the_letter(
    chat: Chat, library: Library, title: str, question: str, told: str
) -> None:
    chat.restrict_to(title)
    answer = chat.ask(question)
    [first, *_] = quotes_of(chat)
    chat.open_source(answer, 0)
    assert chat.marked() == first
    expect(chat.pane.locator(".facts")).to_contain_text(told)
    if told in (":", "forwarded"):  # what begins in the text is told beside it
        assert chat.pane.locator(".at.time, .at.part").count() > 0


def test_pointing_at_a_number_shows_its_quote(chat: Chat) -> None:
    answer = chat.ask(TYPE_CASE)
    marker = answer.locator("td .marker, .statement .marker").first
    marker.hover()
    card = chat.page.get_by_role("tooltip")
    expect(card.locator("q")).to_have_text(chat.sources(answer)[0][0].strip("“”"))
    card.hover()
    chat.page.wait_for_timeout(300)
    expect(card).to_be_visible()
    chat.input.hover()
    expect(card).to_have_count(0)
    marker.focus()
    chat.page.keyboard.press("Shift+Tab")
    chat.page.keyboard.press("Tab")
    expect(card).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_a_new_file_can_be_asked_about_and_deleted(
    chat: Chat, library: Library, tmp_path: Path
) -> None:
    file = tmp_path / "lantern.pdf"
    sheet = Canvas(str(file))
    sheet.drawString(72, 720, "The harbour lantern of Quillmouth burned whale oil until 1873.")
    sheet.save()
    chat.show_documents()
    chat.upload(file)
    expect(chat.page.locator(".coming-state")).to_contain_text("can be asked: 1 page")
    chat.back()
    answer = chat.ask("What does the harbour lantern of Quillmouth burn?")
    expect(answer).to_contain_text("whale oil")
    chat.open_source(answer, 0)
    assert "whaleoil" in chat.words_in_boxes()
    chat.page.get_by_label("Close the source").click()

    documents = chat.show_documents()
    row = documents.locator(".list > li", has_text="lantern")
    row.get_by_role("button", name=re.compile("Delete")).click()
    expect(row).to_have_count(0)
    chat.page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)
    chat.page.clock.install()
    row.get_by_role("button", name=re.compile("Delete")).click()
    expect(row).to_have_count(0)
    with chat.page.expect_response(lambda one: one.request.method == "DELETE"):
        chat.page.clock.fast_forward(10_000)  # until it cannot be undone any more
    expect(chat.page.locator(".notice")).to_have_count(0)
    expect(documents.locator(".list-head")).to_contain_text(
        f"{len(list(EXAMPLES.iterdir()))} documents"
    )
    assert not [
        one for one in library.store.summaries("default", limit=99) if "lantern" in one.title
    ]


def test_a_newcomer_adds_a_document_and_is_offered_its_questions(browser: Browser) -> None:
    with (
        running(create_app(fake_library(), own=False)) as address,
        Chat.opened(browser, address) as chat,
    ):
        chat.page.get_by_role("button", name="Add documents").click()
        said = b"The north gate was closed on 4 May 1912."
        chat.upload({"name": "a.txt", "mimeType": "text/plain", "buffer": said})
        expect(chat.page.locator(".coming-state")).to_contain_text("can be asked", timeout=20_000)
        chat.back()
        expect(chat.page.locator(".lead")).to_contain_text("1 document")
        chat.page.get_by_role("button", name="When was the north gate closed?").click()
        expect(chat.answers.last.locator(".source").first).to_be_visible()
        expect(chat.page.get_by_label("Collection")).to_have_count(0)  # there is one only


def test_what_a_reader_knows_better_is_kept(chat: Chat, library: Library) -> None:
    [notes] = [one for one in library.store.summaries("default", limit=99) if "notes" in one.title]
    documents = chat.show_documents()
    row = documents.locator(f"li[data-document='{notes.id}']")
    row.locator(".row-title").click()
    row.get_by_label("Title").fill("Notes of the engineer")
    row.get_by_label("Published", exact=True).fill("2026-02-21")
    row.get_by_role("button", name="Keep changes").click()
    expect(row.locator(".row-title")).to_contain_text("Notes of the engineer")
    expect(row.locator(".row-title")).to_contain_text("21 February 2026")
    library.store.amend(notes.id, {"title": None, "published": None})


def test_questions_go_to_what_was_published_in_a_time(chat: Chat) -> None:
    chat.show_documents()
    chat.page.get_by_label("From").fill("2026-06-10")
    chat.page.get_by_label("Until").fill("2026-06-10")
    expect(chat.page.locator(".restriction [role=status]")).to_contain_text("10 June 2026")
    chat.back()
    with chat.page.expect_request("**/v1/ask") as asked:
        answer = chat.ask("When will the footbridge open?")
    sent = json.loads(asked.value.post_data or "")["filters"]
    assert sent == {"published_after": "2026-06-10", "published_before": "2026-06-10"}
    assert {title for _, title in chat.sources(answer)} == {"A new footbridge for Aldermere"}
    chat.page.get_by_label("Ask all documents again").click()
    answer = chat.ask("Why was the old footbridge closed?")
    assert {title for _, title in chat.sources(answer)} - {"A new footbridge for Aldermere"}


def test_where_nothing_matches_all_documents_are_offered(chat: Chat) -> None:
    chat.show_documents()
    chat.page.get_by_label("From").fill("2031-01-01")
    expect(chat.page.locator(".restriction [role=status]")).to_have_text(
        "Questions go to documents published from 1 January 2031 only."
    )
    chat.back()
    answer = chat.ask("When will the footbridge open?")
    expect(answer.locator(".progress")).to_contain_text("Nothing to search in default")
    answer.get_by_role("button", name="Ask all documents", exact=True).click()
    expect(chat.answers.last.locator(".source").first).to_be_visible()
    expect(chat.page.locator(".asked")).to_have_count(1)
    expect(chat.page.get_by_label("Ask all documents again")).to_have_count(0)


def test_a_title_is_looked_for_among_all_documents(chat: Chat) -> None:
    pages = {
        None: (["Harbour records"], "a"),
        "a": (["Lock records"], "b"),
        "b": (["Bridge records"], None),
    }

    def listed(route: Route) -> None:
        cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", [None])[0]
        titles, after = pages[cursor]
        found = [scripted.document(one, id=one.split()[0]) for one in titles]
        route.fulfill(json={"documents": found, "next_cursor": after})

    chat.page.route("**/v1/documents?*", listed)
    documents = chat.show_documents()
    head = documents.locator(".list-head .label")
    expect(head).to_have_text("The first 1 document", ignore_case=True)
    documents.get_by_label("Find a document by its title").fill("bridge")
    expect(documents.locator(".list > li")).to_have_count(1)
    expect(documents.locator(".row-title")).to_contain_text("Bridge records")
    expect(head).to_have_text("3 documents", ignore_case=True)


def test_a_list_that_comes_late_is_not_that_of_another_collection(chat: Chat) -> None:
    late: list[Route] = []

    def listed(route: Route) -> None:
        [collection] = parse_qs(urlsplit(route.request.url).query)["collection"]
        if collection == "default":
            late.append(route)
        else:
            document = scripted.document("Lock records")
            route.fulfill(json={"documents": [document], "next_cursor": None})

    chat.page.route("**/v1/documents?*", listed)
    documents = chat.show_documents()
    documents.get_by_label("Another collection").fill("locks")
    chat.page.keyboard.press("Enter")
    expect(documents.locator(".list > li")).to_have_count(1)
    [route] = late
    with chat.page.expect_response("**/v1/documents?*default*"):
        route.fulfill(json={"documents": [], "next_cursor": None})
    chat.page.wait_for_timeout(100)
    expect(documents.locator(".list > li")).to_have_count(1)


def test_how_far_one_collection_was_listed_is_forgotten_in_another(chat: Chat) -> None:
    sent: list[tuple[str, str | None]] = []

    def listed(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        collection, cursor = query["collection"][0], query.get("cursor", [None])[0]
        sent.append((collection, cursor))
        if collection == "gone":
            problem(404, "unknown-collection", "There is no such collection")(route)
        elif cursor is None:
            found = [scripted.document(f"Records of {collection}")]
            after = "a" if collection == "default" else None
            route.fulfill(json={"documents": found, "next_cursor": after})

    chat.page.route("**/v1/documents?*", listed)  # the second page of the first one never comes
    documents = chat.show_documents()
    with chat.page.expect_request("**/v1/documents?*cursor=a"):
        documents.get_by_label("Find a document by its title").fill("locks")
    documents.get_by_label("Another collection").fill("locks")
    chat.page.keyboard.press("Enter")
    expect(documents.locator(".row-title")).to_contain_text("Records of locks")
    expect(documents.locator(".list-head .label")).to_have_text("1 document", ignore_case=True)
    documents.get_by_label("Another collection").fill("default")
    with chat.page.expect_request("**/v1/documents?*cursor=a"):
        chat.page.keyboard.press("Enter")
    documents.get_by_label("Another collection").fill("gone")
    chat.page.keyboard.press("Enter")
    expect(documents.locator(".lead")).to_contain_text("Nothing is here yet")
    expect(documents.get_by_role("button", name="More documents")).to_have_count(0)
    more = [("default", None), ("default", "a")]
    assert sent == [*more, ("locks", None), *more, ("gone", None)]


def test_a_title_is_looked_for_on_when_a_document_comes_meanwhile(chat: Chat) -> None:
    late: list[Route] = []

    def listed(route: Route) -> None:
        if "cursor" in parse_qs(urlsplit(route.request.url).query):
            late.append(route)
        else:
            found = [scripted.document("Harbour records")]
            route.fulfill(json={"documents": found, "next_cursor": "a"})

    def accept(route: Route) -> None:
        job = {"id": "1", "state": "committed", "done": 1, "total": 1, "document_id": None}
        route.fulfill(status=202, json={"job": job | {"reason": None}})

    second = "**/v1/documents?*cursor=a"
    chat.page.route("**/v1/documents?*", listed)
    chat.page.route("**/v1/documents", accept)
    documents = chat.show_documents()
    with chat.page.expect_request(second):
        documents.get_by_label("Find a document by its title").press_sequentially("lock")
    expect(documents.get_by_text("Looking on…")).to_be_visible()
    with chat.page.expect_request(second):
        chat.upload({"name": "a.txt", "mimeType": "text/plain", "buffer": b"A lock."})
    chat.page.wait_for_timeout(100)  # until its route has it
    assert len(late) == 2  # not one for each letter
    found = [scripted.document("Lock records", id="lock")]
    late[1].fulfill(json={"documents": found, "next_cursor": None})
    expect(documents.locator(".row-title")).to_contain_text("Lock records")
    expect(documents.locator(".list-head .label")).to_have_text("2 documents", ignore_case=True)


def test_earlier_versions_of_a_document_are_read(browser: Browser) -> None:
    said = "The harbour master closed the {} gate."
    with (
        running(create_app(fake_library(), own=False)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
        Chat.opened(browser, address) as chat,
    ):
        for gate in ("north", "south"):
            upload(client, said.format(gate).encode(), source_key="log")
        row = chat.show_documents().locator(".list > li")
        row.locator(".row-title").click()
        expect(row.locator(".versions li")).to_have_count(2)
        row.get_by_role("button", name="1 version before").click()
        expect(chat.pane.locator(".text")).to_have_text(said.format("north"))
        expect(chat.pane.locator(".facts")).to_contain_text("A later version exists")
        row.get_by_role("button", name="The present one").click()
        expect(chat.pane.locator(".text")).to_have_text(said.format("south"))
        chat.page.get_by_label("Close the source").click()
        chat.back()
        answer = chat.ask("Who closed the gate?")
        chat.open_source(answer, 0)
        assert chat.marked() == said.format("south")
        upload(client, said.format("east").encode(), source_key="log")
        chat.page.reload()
        chat.page.locator(".contents .entry").first.click()
        expect(chat.answers.last.locator(".apparatus")).to_contain_text("A later version exists")
        chat.open_source(chat.answers.last, 0)
        assert chat.marked() == said.format("south")


def test_a_question_goes_to_the_collection_that_is_chosen(browser: Browser) -> None:
    with (
        running(create_app(fake_library(), own=False)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        for collection in ("default", "minutes"):
            said = f"The harbour master closed the gate of {collection}."
            upload(client, said.encode(), collection=collection)
        with Chat.opened(browser, address) as chat:
            expect(chat.ask("Who closed the gate?")).to_contain_text("gate of default")
            chat.page.get_by_label("Collection").select_option("minutes")
            expect(chat.answers).to_have_count(0)  # another conversation
            expect(chat.ask("Who closed the gate?")).to_contain_text("gate of minutes")
            chat.page.reload()
            expect(chat.page.locator(".scope")).to_contain_text("minutes")


def test_the_theme_that_is_chosen_stays(chat: Chat) -> None:
    def paper() -> str:
        return str(chat.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = paper()
    chat.page.get_by_role("button", name="Settings").click()
    chat.page.get_by_label("Dark").check()
    chosen = chat.page.locator("html[data-theme=dark]")
    expect(chosen).to_be_attached()
    dark = paper()
    assert dark != light
    chat.page.reload()
    expect(chosen).to_be_attached()
    assert paper() == dark


def test_words_are_found_inside_a_document(chat: Chat) -> None:
    documents = chat.show_documents()
    row = documents.locator(".list > li", has_text="minutes of 14 January")
    row.locator(".row-title").click()
    row.get_by_role("button", name="Read, and find inside").click()
    chat.pane.get_by_label("Find in this document").fill("BRIDGE")
    chat.page.keyboard.press("Enter")
    expect(chat.pane.get_by_role("status")).to_contain_text("1 of")
    assert chat.marked().lower() == "bridge"
    chat.page.keyboard.press("Enter")
    expect(chat.pane.get_by_role("status")).to_contain_text("2 of")


def test_a_new_question_moves_to_the_top(chat: Chat) -> None:
    chat.page.set_viewport_size({"width": 1280, "height": 480})  # too low for the answer
    to_the_end = chat.page.get_by_label("To the latest answer")
    chat.ask(TYPE_CASE)
    to_the_end.click()
    expect(chat.answers.last.locator(".actions")).to_be_in_viewport()
    expect(to_the_end).to_have_count(0)
    chat.page.set_viewport_size({"width": 1280, "height": 800})
    chat.ask("Who painted the Mona Lisa?")
    asked = chat.page.locator(".asked").last.bounding_box()
    viewport = chat.page.locator(".viewport").bounding_box()
    assert asked is not None
    assert viewport is not None
    assert abs(asked["y"] - viewport["y"]) < 8
    expect(to_the_end).to_have_count(0)  # nothing is below but room


def test_questions_follow_one_another_and_are_asked_again(chat: Chat) -> None:
    chat.ask("When will the new footbridge in Aldermere open?")
    sent: list[dict[str, object]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/v1/ask"):
            sent.append(json.loads(request.post_data or ""))

    chat.page.on("request", note)
    chat.ask("What does it cost?")
    assert [one["role"] for one in sent[0]["history"]] == ["user", "assistant"]  # type: ignore[attr-defined] # JSON
    chat.answers.last.get_by_role("button", name="Ask again", exact=True).click()
    expect(chat.answers).to_have_count(2)
    expect(chat.answers.last.locator(".actions")).to_be_visible()

    chat.page.get_by_label("Edit the question and ask again").first.click()
    chat.page.get_by_label("The question, changed").fill("Who painted the old bridge green?")
    chat.page.keyboard.press("Enter")
    expect(chat.answers).to_have_count(1)
    expect(chat.page.locator(".asked h2")).to_have_text("Who painted the old bridge green?")
    expect(chat.answers.last.locator(".actions")).to_be_visible()


def test_a_question_that_was_misread_is_asked_by_itself(chat: Chat) -> None:
    asked, meant = "When will the footbridge open?", "When will the footbridge open (the mayor)?"
    scripted.give(
        chat.page,
        scripted.CONFLICT,
        scripted.CONFLICT | {"standalone_question": meant},
        scripted.CONFLICT,
    )
    changed = "And who closed it?"
    chat.ask("Who is the mayor?")
    answer = chat.ask(asked)
    expect(answer.locator(".understood q")).to_have_text(meant)
    with chat.page.expect_request("**/v1/ask") as request:
        answer.get_by_role("button", name="Ask it by itself").click()
    sent = json.loads(request.value.post_data or "")
    assert (sent["question"], sent["history"], "alone" in sent) == (asked, [], False)
    expect(chat.answers.last.locator(".actions")).to_be_visible()
    expect(chat.page.locator(".understood")).to_have_count(0)
    expect(chat.page.locator(".asked")).to_have_count(2)
    chat.page.get_by_label("Edit the question and ask again").last.click()
    chat.page.get_by_label("The question, changed").fill(changed)
    with chat.page.expect_request("**/v1/ask") as request:  # another question, read as any other
        chat.page.keyboard.press("Enter")
    sent = json.loads(request.value.post_data or "")
    assert (sent["question"], len(sent["history"])) == (changed, 2)


def test_no_later_question_goes_but_where_one_is_changed(chat: Chat) -> None:
    """What asks a question anew in its place is offered for the last one."""
    told = {"composers": ["extractive", "chat"], "auto": "extractive"}
    chat.page.route("**/v1/composers", scripted.json_of(lambda _: told))
    chat.page.reload()
    misread = scripted.ABSTENTION | {"standalone_question": "Who painted the harbour?"}
    scripted.give(chat.page, scripted.CONFLICT, misread)
    chat.page.route(
        "**/v1/ask", problem(503, "model-unavailable", "A model cannot be used"), times=1
    )
    anew = re.compile(
        "Ask again|Try again|Ask it by itself|Ask all documents|Ask the language model"
    )
    chat.input.fill("What does the lock cost?")
    chat.input.press("Enter")
    expect(chat.answers.last.get_by_role("button", name="Try again")).to_be_visible()
    chat.ask("What does the gate cost?")
    chat.show_documents()
    chat.page.get_by_label("From").fill("2023-01-01")
    chat.back()
    for asked in range(3, 5):
        answer = chat.ask("Who painted it?")
        offered = [
            one.inner_text().strip() for one in answer.get_by_role("button", name=anew).all()
        ]
        assert offered == [
            *("Ask it by itself", "Ask all documents"),
            *("Ask again", "Ask the language model"),
        ]
        for at in range(asked - 1):
            expect(chat.answers.nth(at).get_by_role("button", name=anew)).to_have_count(0)
    answer.get_by_role("button", name="Ask it by itself").click()
    expect(chat.answers.last.locator(".actions")).to_be_visible()
    expect(chat.page.locator(".asked")).to_have_count(4)


def test_an_earlier_conversation_comes_back_and_no_words_of_documents_are_kept(chat: Chat) -> None:
    quote = chat.sources(chat.ask(TYPE_CASE))[0][0].strip("“”")
    stored = chat.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert TYPE_CASE.replace('"', "") in stored
    assert quote not in stored
    chat.start_anew()
    chat.page.reload()
    expect(chat.page.locator(".welcome h1")).to_be_visible()
    chat.page.locator(".contents .entry").first.click()
    expect(chat.answers.last.locator("q").first).to_have_text(quote)
    chat.page.reload()  # which shows what was shown
    expect(chat.answers.last.locator("q").first).to_have_text(quote)
    expect(chat.page.locator(".entry[aria-current]")).to_have_text(TYPE_CASE)


def test_tabs_leave_each_other_s_conversations_alone(chat: Chat, address: str) -> None:
    with chat.page.context.new_page() as other:
        other.goto(address)
        chat.ask("Who painted the Mona Lisa?")
        entries = other.locator(".contents .entry")
        expect(entries).to_have_count(1)
        other.get_by_label("Your question").fill("When will the footbridge open?")
        other.get_by_label("Your question").press("Enter")
        expect(entries).to_have_count(2)
    expect(chat.page.locator(".contents .entry")).to_have_count(2)
    chat.page.reload()
    expect(chat.page.locator(".contents .entry")).to_have_count(2)
    expect(chat.page.locator(".asked h2")).to_have_text("Who painted the Mona Lisa?")


def test_a_tab_that_another_opened_goes_on_by_itself(chat: Chat) -> None:
    first, here, there = "Who painted the Mona Lisa?", "Why was it stolen?", "Who bought it?"
    chat.ask(first)
    with chat.page.expect_popup() as opened:
        chat.page.evaluate("void window.open(location.href)")  # it begins with this tab's storage
    other = Chat(opened.value, chat.address)
    expect(other.answers).to_have_count(1)
    other.ask(there)
    expect(chat.page.locator(".contents .entry")).to_have_count(1)
    chat.ask(here)
    other.ask(first)
    expect(chat.page.locator(".contents .entry")).to_have_count(2)
    for tab, asked in ((chat, [first, here]), (other, [first, there, first])):
        tab.page.reload()
        expect(tab.page.locator(".asked h2")).to_have_text(asked)
        expect(tab.page.locator(".contents .entry")).to_have_count(2)
    other.page.close()


def test_a_question_under_way_is_there_when_its_tab_is_loaded_again(chat: Chat) -> None:
    chat.page.route("**/v1/ask", lambda _: None)  # it is never answered
    chat.input.fill(TYPE_CASE)
    chat.input.press("Enter")
    expect(chat.page.get_by_role("button", name="Stop")).to_be_visible()
    chat.page.reload()
    expect(chat.page.locator(".asked h2")).to_have_text(TYPE_CASE)
    expect(chat.answers.locator(".progress")).to_have_text("Stopped before there was an answer.")
    chat.page.unroute("**/v1/ask")
    chat.answers.get_by_role("button", name="Ask again", exact=True).click()
    expect(chat.answers.locator(".source").first).to_be_visible()


def test_readers_say_what_an_answer_is_worth(chat: Chat, library: Library) -> None:
    began = dt.datetime.now(dt.UTC)
    answer = chat.ask(TYPE_CASE)
    answer.get_by_label("A good answer").click()
    expect(answer.get_by_label("A good answer")).to_have_attribute("aria-pressed", "true")
    chat.open_source(answer, 1)
    chat.pane.get_by_role("button", name="This quote does not support that").click()
    expect(chat.pane.get_by_role("button", name="Reported")).to_be_disabled()
    [kept] = library.store.answers.with_feedback("default", began)
    assert [(one.verdict, one.marker) for one in kept.feedback] == [
        ("good", None),
        ("unsupported", 2),
    ]


def test_why_a_passage_was_taken_is_told(chat: Chat) -> None:
    answer = chat.ask(TYPE_CASE)
    chat.open_source(answer, 0)
    chat.pane.get_by_text("Why this passage").click()
    expect(chat.pane.locator(".why dl")).to_contain_text("By its words")
    expect(chat.pane.locator(".why dl")).to_contain_text(re.compile(r"rank \d+, score 0\.\d\d"))


def test_everything_goes_by_keyboard(browser: Browser, address: str) -> None:
    with Chat.opened(browser, address) as chat:
        expect(chat.input).to_be_focused()
        chat.page.keyboard.type(TYPE_CASE)
        chat.page.keyboard.press("Enter")
        expect(chat.answers.last.locator(".actions")).to_be_visible()
        for _ in range(12):
            chat.page.keyboard.press("Shift+Tab")
            if chat.page.evaluate("document.activeElement.className") == "source":
                break
        first = chat.page.evaluate("document.activeElement.dataset.source")
        assert first
        chat.page.keyboard.press("Enter")
        expect(chat.pane.locator("h2")).to_be_focused()
        shown = chat.pane.locator(".label").first
        before = str(shown.text_content())
        chat.page.keyboard.press("]")
        expect(shown).not_to_have_text(before)
        chat.page.keyboard.press("[")
        expect(shown).to_have_text(before)
        chat.page.keyboard.press("Escape")
        expect(chat.pane).to_have_count(0)
        assert chat.page.evaluate("document.activeElement.dataset.source") == first


def test_stepping_to_a_citation_brings_what_it_backs_into_view(chat: Chat) -> None:
    said = [scripted.statement(f"Statement {n} of many.", n) for n in range(1, 41)]
    quotes = [scripted.citation(n, "The minister came on Friday.") for n in range(1, 41)]
    scripted.give(chat.page, scripted.answer(said, quotes))
    answer = chat.ask(TYPE_CASE)
    answer.locator(".marker").first.click()
    expect(chat.pane.locator("h2")).to_be_focused()
    expect(answer.locator(".marker[data-marker='40']")).not_to_be_in_viewport()
    chat.page.keyboard.press("[")
    expect(chat.pane.locator(".label").first).to_have_text("Citation 40 of 40", ignore_case=True)
    expect(answer.locator(".marker[data-marker='40']")).to_be_in_viewport()
    expect(answer.locator("[aria-current]")).to_have_count(2)  # its number, and its source


def test_on_a_narrow_screen_a_source_is_read_and_left_by_keyboard(
    browser: Browser, address: str
) -> None:
    with Chat.opened(browser, address, viewport={"width": 360, "height": 740}) as chat:
        answer = chat.ask(TYPE_CASE)
        quote, _ = chat.sources(answer)[0]
        chat.open_source(answer, 0)
        expect(chat.pane.locator(".quoted")).to_have_text(quote.strip("“”"))
        assert chat.words_in_boxes() == re.sub(r"\s", "", quote.strip("“”"))
        pane, box = chat.pane.bounding_box(), chat.pane.locator(".box").first.bounding_box()
        assert pane is not None
        assert box is not None
        assert box["width"] > 0.7 * pane["width"]  # its page is opened as near as that
        assert pane["x"] <= box["x"]
        assert box["x"] + box["width"] <= pane["x"] + pane["width"]
        for _ in range(20):
            chat.page.keyboard.press("Tab")
            assert chat.page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('.pane')"
            )
        chat.pane.locator("h2").focus()
        chat.page.keyboard.press("Escape")
        expect(answer.locator(".source").first).to_be_focused()


def test_an_answer_is_copied_with_its_sources(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = chat.ask(TYPE_CASE)
    answer.get_by_role("button", name="Copy").click()
    expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    copied = chat.page.evaluate("navigator.clipboard.readText()")
    with chat.page.expect_download() as download:
        answer.get_by_text("Export").click()
        answer.get_by_role("button", name="Markdown, with sources").click()
    expect(answer.get_by_role("button", name="Markdown, with sources")).to_be_hidden()
    assert copied == Path(download.value.path()).read_text(encoding="utf-8")
    assert copied.startswith(f"**{TYPE_CASE[:8]}")
    assert "Sources:" in copied


def test_a_whole_conversation_is_exported(chat: Chat) -> None:
    chat.ask(TYPE_CASE)
    expect(chat.page.get_by_role("button", name="The whole conversation")).to_have_count(0)
    answer = chat.ask("Who painted the Mona Lisa?")
    saved = []
    for form in ("Markdown", "JSON"):
        with chat.page.expect_download() as download:
            answer.get_by_text("Export").click()
            answer.get_by_role("button", name=f"The whole conversation, {form}").click()
        saved.append(Path(download.value.path()).read_text(encoding="utf-8"))
    words, answers = saved[0], json.loads(saved[1])
    assert [one["outcome"] for one in answers] == ["answered", "abstained"]
    assert words.index("Sources:") < words.index("Mona Lisa") < words.index("Closest passages:")


def test_folders_are_chosen_and_dropped_with_the_paths_of_their_files(
    browser: Browser, tmp_path: Path
) -> None:
    for name in ("chosen", "dropped"):
        inner = tmp_path / name / "inner"
        inner.mkdir(parents=True)
        (inner / "gate.txt").write_text(f"The north gate of {name} was closed.")
        (inner / ".hidden").write_text("This is nobody's business.")
    library = fake_library()
    with running(create_app(library, own=False)) as address, Chat.opened(browser, address) as chat:
        documents = chat.show_documents()
        documents.locator("input[webkitdirectory]").set_input_files(tmp_path / "chosen")
        expect(documents.locator(".coming li[data-state=committed]")).to_have_count(1)
        drop(chat, documents.locator(".drop"), tmp_path / "dropped")
        expect(documents.locator(".coming li[data-state=committed]")).to_have_count(2)
    found = {one.source_key for one in library.store.summaries("default", limit=9)}
    assert found == {"chosen/inner/gate.txt", "dropped/inner/gate.txt"}


def drop(chat: Chat, onto: Locator, *paths: Path) -> None:
    """Drag files of this machine over the page and let go of them there, as a person does."""
    box = onto.bounding_box()
    assert box is not None
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    dragged = {"items": [], "files": [str(one) for one in paths], "dragOperationsMask": 1}
    session = chat.page.context.new_cdp_session(chat.page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": dragged, **place})


def test_who_writes_answers_is_offered_only_where_there_is_a_choice(chat: Chat) -> None:
    answer = chat.ask(TYPE_CASE)
    expect(answer.get_by_role("button", name="Ask the language model")).to_have_count(0)
    chat.page.get_by_role("button", name="Settings").click()
    expect(chat.page.get_by_role("dialog")).to_contain_text("no language model is set up")
    told = {"composers": ["extractive", "chat"], "auto": "chat"}
    chat.page.route("**/v1/composers", scripted.json_of(lambda _: told))
    chat.page.reload()
    chat.page.get_by_role("button", name="Settings").click()
    chat.page.get_by_role("group", name="How answers are written").get_by_label(
        "By sentences of the documents"
    ).check()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("button", name="Settings")).to_be_focused()
    chat.start_anew()
    answer = chat.ask(TYPE_CASE)
    with chat.page.expect_request("**/v1/ask") as asked:
        answer.get_by_role("button", name="Ask the language model").click()
    assert json.loads(asked.value.post_data or "")["composer"] == "chat"


def test_that_a_language_model_found_no_answer_is_told(chat: Chat) -> None:
    told = {"composers": ["extractive", "chat"], "auto": "chat"}
    chat.page.route("**/v1/composers", scripted.json_of(lambda _: told))
    chat.page.reload()
    scripted.give(chat.page, scripted.ABSTENTION, scripted.CONFLICT, scripted.ABSTENTION)
    found_none = "the language model found no answer"
    again = "Ask the language model"
    answer = chat.ask("Who painted the old bridge green?")
    expect(answer.locator(".progress")).to_have_text(
        f"Searched 52 passages of 11 documents in default · {found_none}"
    )
    expect(answer.locator(".apparatus")).to_contain_text("Closest passages")
    expect(answer.get_by_role("button", name=again)).to_have_count(0)  # it would say the same
    answer = chat.ask("What does the lock cost?")
    expect(answer.locator(".progress")).to_contain_text(f"{found_none}, so these are the documents")
    chat.page.get_by_role("button", name="Settings").click()
    chat.page.get_by_label("By sentences of the documents").check()
    chat.page.keyboard.press("Escape")
    answer = chat.ask("Who painted the old bridge?")  # which the model is not asked
    expect(answer.locator(".progress")).not_to_contain_text("language model")
    expect(answer.get_by_role("button", name=again)).to_be_visible()


def test_whether_a_language_model_was_asked_is_told_by_what_was_set_up_then(chat: Chat) -> None:
    told = {"composers": ["extractive", "chat"], "auto": "chat"}
    composers = scripted.json_of(lambda _: told)
    found_none, again = "the language model found no answer", "Ask the language model"
    answer = chat.ask("Who painted the Mona Lisa?")  # before there is one
    chat.page.route("**/v1/composers", composers)
    chat.page.reload()
    expect(answer.get_by_role("button", name=again)).to_be_visible()
    expect(answer.locator(".progress")).not_to_contain_text(found_none)
    expect(chat.ask("Who stole it?").locator(".progress")).to_contain_text(found_none)
    told |= {"composers": ["extractive"], "auto": "extractive"}
    chat.page.reload()
    expect(chat.answers.last.locator(".progress")).to_contain_text(found_none)


def test_every_rule_for_a_date_is_told_in_words(chat: Chat) -> None:
    rows = [
        scripted.statement(
            "July 2023: the minister", 1, event=scripted.event("2023-07", "month", 1, rule)
        )
        for rule in [*RULES, "month-of-document"]
    ]
    quotes = [scripted.citation(1, "The minister came on Friday.")]
    scripted.give(chat.page, scripted.answer(rows, quotes))
    answer = chat.ask(TYPE_CASE)
    expect(answer.locator("tbody tr")).to_have_count(len(rows))
    for cell in answer.locator("td").all():
        assert cell.inner_text().startswith("the minister")
    for told in answer.locator(".derivation").all_inner_texts():
        assert not re.search(r"anchor|worked out:|[a-z]-[a-z]", told), told
