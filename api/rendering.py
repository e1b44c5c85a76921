"""Values of the library as bodies of HTTP, the shell's JSON included. Nothing here computes or reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from api.schemas import (
    AbstentionBody,
    AnswerBody,
    CitationBody,
    ConflictBody,
    ConflictValueBody,
    DateBody,
    DatesBody,
    DocumentBody,
    EventBody,
    JobBody,
    KeyBody,
    LandmarkBody,
    LandmarkKind,
    PageBoxesBody,
    PassageBody,
    PlaceBody,
    RanksBody,
    ReportBody,
    RetrievedBody,
    SearchBody,
    SearchedBody,
    StatementBody,
    UsageBody,
)
from rag.access import SCOPES, Key
from rag.answer_text import answer_text
from rag.library import Found, Retrieved, Stated
from rag.protocols import DocumentSummary, Job
from rag.types import (
    Abstention,
    Answer,
    Conflict,
    Dated,
    Document,
    DocumentDate,
    FurnitureLocator,
    Locator,
    PageLocator,
    PartLocator,
    Quote,
    Reply,
    RowLocator,
    ScoredPassage,
    Searched,
    SectionLocator,
    Span,
    Statement,
    TimeLocator,
    Usage,
)

_AROUND = 80  # characters on either side of a place

Markers = dict[Quote, int]  # in order of first use; equal quotes share one


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A statement as it is told before the whole answer, and its citations that no earlier statement has."""

    statement: StatementBody
    citations: tuple[CitationBody, ...]


def answer_body(reply: Reply) -> AnswerBody:
    """The answer object."""
    response = reply.response
    markers: Markers = {}
    statements, conflicts, missing = [], [], []
    if isinstance(response, Answer):
        markers = _markers(response.quotes)
        statements = [_statement(one, markers) for one in response.statements]
        conflicts = [_conflict(one, markers) for one in response.conflicts]
        missing = list(response.missing)
    body = AnswerBody(
        id=reply.id,
        question=reply.question,
        standalone_question=reply.standalone_question,
        outcome=response.outcome,
        text="",
        statements=statements,
        citations=_citations(markers, reply),
        conflicts=conflicts,
        missing=missing,
        abstention=_abstention(response, reply) if isinstance(response, Abstention) else None,
        confidence=reply.confidence,
        composer=reply.composer,
        degraded=reply.degraded,
        model=reply.model,
        usage=_usage(reply.usage),
        snapshot=reply.snapshot,
        timings_ms=dict(reply.timings_ms),
    )
    return body.model_copy(update={"text": answer_text(body.model_dump())})


def search_body(found: Found) -> SearchBody:
    """The passages of a search, in its order."""
    return SearchBody(
        passages=[
            _passage(one, found.documents[one.passage.document_id], rank)
            for rank, one in enumerate(found.passages, 1)
        ],
        snapshot=found.snapshot,
    )


def found_body(retrieved: Retrieved) -> RetrievedBody:
    """What an answer is written from."""
    return RetrievedBody(
        id=retrieved.id,
        standalone_question=retrieved.standalone_question,
        **dict(search_body(retrieved.found)),
    )


def told_body(stated: Stated, markers: Markers) -> Told:
    """A statement with what it is the first to cite, whose markers are added to those that were given."""
    quotes = stated.statement.quotes
    new = [one for one in dict.fromkeys(quotes) if one not in markers]
    for quote in new:
        markers[quote] = len(markers) + 1
    return Told(
        statement=_statement(stated.statement, markers),
        citations=tuple(_citation(markers[one], one, stated) for one in new),
    )


def section_below_title(one: CitationBody | PassageBody) -> str | None:
    """The section without a first heading that repeats the document's title."""
    if one.section is None or one.section == one.document_title:
        return None
    return one.section.removeprefix(f"{one.document_title} › ")


def document_body(summary: DocumentSummary) -> DocumentBody:
    """A document with its ingestion report."""
    return DocumentBody(
        id=summary.id,
        version=summary.version,
        collection=summary.collection,
        title=summary.title,
        media_type=summary.media_type,
        source_key=summary.source_key,
        source_url=summary.source_url,
        language=summary.language,
        published=summary.published.value if summary.published else None,
        dates=DatesBody(
            published=_date(summary.published),
            recorded=_date(summary.recorded),
            original=_date(summary.original),
        ),
        added_at=summary.added_at,
        near_duplicates=list(summary.near_duplicates),
        report=ReportBody(
            characters=summary.characters,
            pages=summary.pages,
            passages=summary.passages,
            partial=summary.partial,
            warnings=list(summary.warnings),
        ),
    )


def _usage(usage: Usage | None) -> UsageBody | None:
    if usage is None:
        return None
    return UsageBody(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=usage.cost,
        estimated=usage.estimated,
    )


def _date(stated: DocumentDate | None) -> DateBody | None:
    return None if stated is None else DateBody(value=stated.value, found_by=stated.found_by)


def job_body(job: Job) -> JobBody:
    """A job as it stands."""
    return JobBody(
        id=job.id,
        state=job.state,
        done=job.done,
        total=job.total,
        document_id=job.document_id,
        reason=job.reason,
    )


def key_body(key: Key) -> KeyBody:
    """A key, without what opens."""
    return KeyBody(
        id=key.id,
        name=key.name,
        scopes=[one for one in SCOPES if one in key.scopes],
        collections=None if key.collections is None else sorted(key.collections),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def place_body(document: Document, span: Span) -> PlaceBody:
    """Where a span stands, with the text around it."""
    place = document.place(span)
    return PlaceBody(
        start=span.start,
        end=span.end,
        text=span.cut(document.text),
        around=document.text[max(0, span.start - _AROUND) : span.end + _AROUND],
        page=place.page,
        time_s=place.time_s,
        section=section_path(place.section),
    )


def landmark_bodies(document: Document, span: Span) -> list[LandmarkBody]:
    """What begins in a span, and what it begins inside of, in the order of the text."""
    told = ((one.span, _landmark(one)) for one in document.locators)
    inside = [
        LandmarkBody(kind=named[0], start=place.start, label=named[1])
        for place, named in told
        if named is not None and place.overlaps(span)
    ]
    return sorted(inside, key=lambda one: (one.start, one.kind))


def _landmark(locator: Locator) -> tuple[LandmarkKind, str] | None:
    match locator:
        case PageLocator(label=label):
            return "page", f"p. {label}"
        case SectionLocator(path=path):
            return "section", section_path(path) or ""
        case TimeLocator(start_s=start_s):
            return "time", str(dt.timedelta(seconds=int(start_s)))
        case PartLocator(name=name):
            return "part", name
        case RowLocator(sheet=sheet, row=row):
            return "row", f"{sheet} {row}"
        case FurnitureLocator():
            return None


def section_path(section: tuple[str, ...]) -> str | None:
    """Headings from the outermost inwards as one line."""
    return " › ".join(section) or None


def _statement(statement: Statement, markers: Markers) -> StatementBody:
    """A statement, its quotes by their markers."""
    cited = dict.fromkeys(markers[quote] for quote in statement.quotes)
    return StatementBody(
        text=statement.text, citations=list(cited), event=_event(statement.event, markers)
    )


def _citation(marker: int, quote: Quote, within: Reply | Stated) -> CitationBody:
    """A quote with its place."""
    document = within.documents[quote.document_id, quote.version]
    boxes = within.boxes.get(quote, ())
    place = document.place(quote.span)
    here = [box for one in boxes if one.page == place.page for box in one.boxes]
    continued = [
        PageBoxesBody(page=one.page, boxes=list(one.boxes))
        for one in boxes
        if one.page != place.page
    ]
    return CitationBody(
        marker=marker,
        document_id=quote.document_id,
        document_version=quote.version,
        document_title=document.title,
        published=document.published.value if document.published else None,
        quote=quote.text,
        start=quote.span.start,
        end=quote.span.end,
        page=place.page,
        page_label=place.page_label,
        boxes=here if boxes else None,
        continued=continued if boxes else None,
        time_s=place.time_s,
        time_end_s=place.time_end_s,
        section=section_path(place.section),
        part=place.part,
        sheet=place.sheet,
        row=place.row,
        source_url=document.source_url,
    )


def _markers(quotes: Iterable[Quote]) -> Markers:
    markers: Markers = {}
    for quote in quotes:
        markers.setdefault(quote, len(markers) + 1)
    return markers


def _event(dated: Dated | None, markers: Markers) -> EventBody | None:
    if dated is None:
        return None
    return EventBody(
        date=dated.value,
        precision=dated.precision,
        derived_from=markers[dated.quote],
        rule=dated.rule,
    )


def _conflict(conflict: Conflict, markers: Markers) -> ConflictBody:
    return ConflictBody(
        about=conflict.about,
        values=[
            ConflictValueBody(
                value=one.value,
                citations=[markers[quote] for quote in one.quotes],
                independent_sources=one.independent_sources,
            )
            for one in conflict.positions
        ],
    )


def _citations(markers: Markers, reply: Reply) -> list[CitationBody]:
    return [_citation(marker, quote, reply) for quote, marker in markers.items()]


def _abstention(abstention: Abstention, reply: Reply) -> AbstentionBody:
    return AbstentionBody(
        reason=abstention.reason,
        searched=_searched(abstention.searched),
        closest=_citations(_markers(abstention.closest), reply),
    )


def _searched(searched: Searched) -> SearchedBody:
    return SearchedBody(
        collection=searched.collection,
        documents=searched.documents,
        passages=searched.passages,
    )


def _passage(scored: ScoredPassage, document: Document, rank: int) -> PassageBody:
    passage = scored.passage
    return PassageBody(
        document_id=passage.document_id,
        document_version=passage.version,
        document_title=document.title,
        text=passage.text,
        start=passage.span.start,
        end=passage.span.end,
        page=document.place(passage.span).page,
        section=section_path(passage.section),
        ranks=RanksBody(lexical=scored.lexical_rank, dense=scored.dense_rank, fused=rank),
        score=scored.score,
    )
