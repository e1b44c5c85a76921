"""Answers that no composer of today gives, as the contract has them, and a way to send them to the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from playwright.sync_api import Page, Route

SOURCE = (
    "Harbour records\n\nThe minister came on Friday.\n\nIn September the secretary returned.\n\n"
    "The lock cost 2.4 million euros.\n\nThe lock cost 2.65 million euros.\n"
)
DOCUMENT = "d0c"
VERSION = "sha256:1"


def citation(marker: int, quote: str, **more: Any) -> dict[str, Any]:
    """A citation of `SOURCE`, or of what is not there."""
    start = max(0, SOURCE.find(quote))
    return {
        "marker": marker,
        "document_id": DOCUMENT,
        "document_version": VERSION,
        "document_title": "Harbour records",
        "published": "2023-07-29",
        "quote": quote,
        "start": start,
        "end": start + len(quote),
        **dict.fromkeys(
            ("page", "page_label", "boxes", "continued", "time_s", "time_end_s", "section", "part")
        ),
        **dict.fromkeys(("sheet", "row", "source_url")),
        **more,
    }


def statement(text: str, *citations: int, event: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"text": text, "citations": list(citations), "event": event}


def answer(
    statements: Sequence[dict[str, Any]], citations: Sequence[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    return {
        "id": "a" * 32,
        "question": "",
        "standalone_question": "",
        "outcome": "answered",
        "text": "\n".join(one["text"] for one in statements) or "There is no answer.",
        "statements": list(statements),
        "citations": list(citations),
        "conflicts": [],
        "missing": [],
        "abstention": None,
        "confidence": None,
        "composer": "extractive",
        "degraded": False,
        "model": None,
        "usage": None,
        "snapshot": "1",
        "timings_ms": {},
        **more,
    }


def event(date: str, precision: str, derived_from: int, rule: str) -> dict[str, Any]:
    return {"date": date, "precision": precision, "derived_from": derived_from, "rule": rule}


ROWS = answer(
    [
        statement(
            "Defence minister",
            1,
            event=event("2023-07-28", "day", 1, "weekday-before-anchor"),
        ),
        statement(
            "Secretary of the council",
            2,
            event=event("2024-09", "month", 2, "last-such-date-before-anchor"),
        ),
        statement("Not stated for the third visit", 2, event=event("2025", "year", 2, "stated")),
    ],
    [
        citation(1, "The minister came on Friday."),
        citation(2, "In September the secretary returned."),
    ],
    outcome="partial",
    missing=["the title on the third visit"],
    standalone_question="What was the title on each visit to the harbour?",
)
CONFLICT = answer(
    [statement("The lock cost 2.65 million euros.", 2)],
    [
        citation(1, "The lock cost 2.4 million euros."),
        citation(2, "The lock cost 2.65 million euros."),
    ],
    conflicts=[
        {
            "about": "the cost of the lock",
            "values": [
                {"value": "2.4 million euros", "citations": [1], "independent_sources": 1},
                {"value": "2.65 million euros", "citations": [2], "independent_sources": 1},
            ],
        }
    ],
)
ABSTENTION = answer(
    [],
    [],
    outcome="abstained",
    abstention={
        "reason": "The documents do not say who painted the old bridge.",
        "searched": {"collection": "default", "documents": 11, "passages": 52},
        "closest": [citation(1, "The lock cost 2.4 million euros.")],
    },
)


def events(given: dict[str, Any], *, until: str = "done") -> bytes:
    """An answer as the service streams it, up to and with the event `until`."""
    sent: list[tuple[str, Any]] = [
        (
            "search_results",
            {
                "id": given["id"],
                "standalone_question": given["standalone_question"],
                "passages": [],
                "snapshot": "1",
            },
        )
    ]
    known: set[int] = set()
    by_marker = {one["marker"]: one for one in given["citations"]}
    for one in given["statements"]:
        for marker in one["citations"]:
            if marker not in known:
                known.add(marker)
                sent.append(("citation", by_marker[marker]))
        sent.append(("statement", one))
    sent += [("answer", given), ("done", {"id": given["id"]})]
    parts = []
    for number, (name, data) in enumerate(sent, 1):
        parts.append(
            f"event: {name}\ndata: {json.dumps(data)}\nid: {given['id']}.{number}\n\n".encode()
        )
        if name == until:
            break
    return b"".join(parts)


def give(page: Page, *given: dict[str, Any]) -> None:
    """Answer the page's questions with these, one after another, the last one for ever; and serve their source."""
    left = list(given)

    def ask(route: Route) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        sent = json.loads(route.request.post_data or "{}")["question"]
        understood = now["standalone_question"] or sent
        body = events({**now, "question": sent, "standalone_question": understood})
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    page.route("**/v1/ask", ask)
    page.route(f"**/v1/documents/{DOCUMENT}", json_of(lambda _: document()))
    page.route(f"**/v1/documents/{DOCUMENT}/text?*", json_of(lambda _: text()))
    page.route("**/v1/answers/*/feedback", lambda route: route.fulfill(status=204))


def json_of(body: Callable[[Route], Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(
        status=200, content_type="application/json", body=json.dumps(body(route))
    )


def text(words: str = SOURCE) -> dict[str, Any]:
    return {"text": words, "start": 0, "end": len(words), "landmarks": []}


def document(title: str = "Harbour records", **more: Any) -> dict[str, Any]:
    return {
        "id": DOCUMENT,
        "version": VERSION,
        "versions": [VERSION],
        "collection": "default",
        "title": title,
        "media_type": "text/plain",
        "source_key": None,
        "source_url": None,
        "language": "en",
        "published": "2023-07-29",
        "dates": {"published": None, "recorded": None, "original": None},
        "added_at": "2026-01-01T00:00:00Z",
        "near_duplicates": [],
        "report": {
            "characters": len(SOURCE),
            "pages": 1,
            "passages": 3,
            "partial": False,
            "warnings": [],
        },
        **more,
    }
