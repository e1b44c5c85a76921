"""The calls that ask: each parses, calls one function, and translates."""

from __future__ import annotations

import datetime as dt

from anyio import to_thread
from fastapi import Request
from fastapi.sse import EventSourceResponse

from api.access import needs
from api.answer_log import state_of
from api.asking import begin
from api.attending import Attended
from api.dependencies import Service, ServiceDep, ViewDep, new_router
from api.rendering import search_body
from api.schemas import (
    AnswerBody,
    AskIn,
    CitationStateBody,
    ComposersBody,
    FeedbackBody,
    FeedbackIn,
    FiltersIn,
    SearchBody,
    SearchIn,
    StoredAnswerBody,
)
from api.streaming import EVENT, answer_events, event_stream, kept_alive
from api.view import View
from rag.errors import InvalidQuestion
from rag.protocols import Feedback
from rag.types import DocumentId, Filters

router = new_router()


@router.post("/v1/search", tags=["questions"])
@needs("read")
def search(service: ServiceDep, view: ViewDep, sent: SearchIn) -> SearchBody:
    """Find passages."""
    service.gate.spend(view.grant, "questions")
    found = view.search(sent.query, sent.collection, sent.k, _filters(sent.filters))
    return search_body(found)


@router.post(
    "/v1/ask",
    response_model=AnswerBody,
    responses={
        200: {
            "content": {
                EventSourceResponse.media_type: {"itemSchema": EVENT},
            },
            "description": "The answer; with `stream`, events: `search_results`, then of each statement every "
            "`citation` that is new and the `statement`, then the whole `answer`, and `done`; or an `error`",
        }
    },
    tags=["questions"],
)
@needs("read")
async def ask(
    request: Request, service: ServiceDep, view: ViewDep, sent: AskIn, _: Attended
) -> AnswerBody | EventSourceResponse:
    """Answer a question by statements with verbatim quotes, or abstain and say why."""
    return await to_thread.run_sync(_ask, request, service, view, sent, limiter=service.answering)


@router.get("/v1/composers", tags=["questions"])
@needs("read")
def list_composers(service: ServiceDep) -> ComposersBody:
    """Who can write answers: a chat model only where one is configured."""
    library = service.library
    return ComposersBody(composers=list(library.composers), auto=library.preferred)


@router.get("/v1/answers/{answer_id}", tags=["questions"])
@needs("read")
def get_answer(service: ServiceDep, view: ViewDep, answer_id: str) -> StoredAnswerBody:
    """An answer as it was given, and what today's documents say of its quotes."""
    kept = view.answer(service.answers, answer_id)
    answer = AnswerBody.model_validate(kept.body)
    quoted = answer.citations or (answer.abstention.closest if answer.abstention else [])
    return StoredAnswerBody(
        answer=answer,
        collection=kept.collection,
        asked_at=kept.asked_at,
        citations=[
            CitationStateBody(
                marker=one.marker,
                state=state_of(
                    service.library.store,
                    one.document_id,
                    one.document_version,
                    one.start,
                    one.end,
                    one.quote,
                ),
            )
            for one in quoted
        ],
        feedback=[
            FeedbackBody(verdict=one.verdict, marker=one.marker, comment=one.comment, at=one.at)
            for one in kept.feedback
        ],
    )


@router.post("/v1/answers/{answer_id}/feedback", status_code=204, tags=["questions"])
@needs("read")
def add_feedback(service: ServiceDep, view: ViewDep, answer_id: str, sent: FeedbackIn) -> None:
    """Say whether an answer is good, or that a quote does not support it."""
    kept = view.answer(service.answers, answer_id)
    if sent.marker is not None and sent.marker not in [
        one["marker"] for one in kept.body["citations"]
    ]:
        raise InvalidQuestion(f"The answer has no citation {sent.marker}.")
    service.answers.add_feedback(
        answer_id,
        Feedback(
            verdict=sent.verdict,
            marker=sent.marker,
            comment=sent.comment,
            at=dt.datetime.now(dt.UTC),
        ),
    )


def _ask(
    request: Request, service: Service, view: View, sent: AskIn
) -> AnswerBody | EventSourceResponse:
    limit = service.library.settings.limits.history_turns
    if len(sent.history) > limit:
        raise InvalidQuestion(f"The history has {len(sent.history)} turns; send the last {limit}.")
    asking = begin(
        service,
        view,
        sent.question,
        sent.collection,
        filters=_filters(sent.filters),
        composer=sent.composer,
        earlier=[turn.content for turn in sent.history if turn.role == "user"],
    )
    if sent.stream:
        return event_stream(kept_alive(answer_events(asking.parts(), request), service.answering))
    return asking.answer()


def _filters(sent: FiltersIn) -> Filters:
    return Filters(
        document_ids=_ids(sent.document_ids),
        published_after=sent.published_after,
        published_before=sent.published_before,
        media_types=None if sent.media_types is None else frozenset(sent.media_types),
    )


def _ids(sent: list[str] | None) -> frozenset[DocumentId] | None:
    return None if sent is None else frozenset(map(DocumentId, sent))
