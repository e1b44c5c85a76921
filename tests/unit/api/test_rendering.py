import datetime as dt
from dataclasses import replace

import pytest

from api.rendering import answer_body, document_body, job_body, search_body
from rag.library import Found
from rag.protocols import DocumentSummary, Job
from rag.types import (
    Abstention,
    Answer,
    Conflict,
    Dated,
    Document,
    DocumentDate,
    DocumentId,
    PageBoxes,
    PageLocator,
    Passage,
    Position,
    Quote,
    Reply,
    Response,
    ScoredPassage,
    Searched,
    SectionLocator,
    Span,
    Statement,
    Version,
)
from tests.make import document

SOURCE = document(
    "Bees dance. Wasps do not. 🐝 Ants march.",
    title="Insects",
    source_url="https://insects.example/",
    published=DocumentDate(value=dt.date(2020, 2, 3), found_by="user"),
    locators=(
        PageLocator(span=Span(0, 25), number=1, label="i"),
        PageLocator(span=Span(25, 39), number=2, label="ii"),
        SectionLocator(span=Span(0, 11), path=("Wings", "Bees")),
    ),
)
BEES, ANTS = Quote.cut(SOURCE, Span(0, 11)), Quote.cut(SOURCE, Span(28, 39))


def reply(response: Response, source: Document = SOURCE) -> Reply:
    return Reply(
        id="a1",
        question="Who dances?",
        standalone_question="Who dances?",
        response=response,
        documents={(source.id, source.version): source},
        collection="default",
        composer="extractive",
        snapshot="s1",
        timings_ms={"retrieve": 1.5},
    )


def statement(text: str, *quotes: Quote) -> Statement:
    return Statement(text=text, quotes=quotes, score=1.0)


def test_markers_count_in_order_of_first_use_and_equal_quotes_share_one() -> None:
    again = Quote.cut(SOURCE, Span(0, 11))
    body = answer_body(
        reply(Answer(statements=(statement("Ants.", ANTS), statement("Both.", again, ANTS, BEES))))
    )
    assert body.text == "Ants. [1]\nBoth. [2][1]"
    assert [one.citations for one in body.statements] == [[1], [2, 1]]
    assert [(one.marker, one.quote) for one in body.citations] == [
        (1, "Ants march."),
        (2, "Bees dance."),
    ]


def test_a_citation_says_where_its_quote_stands_in_code_points() -> None:
    [ants] = answer_body(reply(Answer(statements=(statement("Ants.", ANTS),)))).citations
    assert SOURCE.text[ants.start : ants.end] == ants.quote == "Ants march."
    assert (ants.page, ants.page_label, ants.section) == (2, "ii", None)
    assert (ants.document_id, ants.document_version) == (SOURCE.id, SOURCE.version)
    assert (ants.document_title, ants.published) == ("Insects", dt.date(2020, 2, 3))
    assert ants.source_url == "https://insects.example/"


def test_a_citation_has_the_boxes_of_its_lines_page_by_page() -> None:
    line = (0.1, 0.2, 0.3, 0.25)
    there = (PageBoxes(page=2, boxes=(line, line)), PageBoxes(page=3, boxes=(line,)))
    answered = reply(Answer(statements=(statement("Both.", ANTS, BEES),)))
    ants, bees = answer_body(replace(answered, boxes={ANTS: there})).citations
    assert (ants.page, ants.boxes) == (2, [line, line])
    assert [one.model_dump() for one in ants.continued or ()] == [{"page": 3, "boxes": [line]}]
    assert (bees.boxes, bees.continued) == (None, None)


def test_sections_are_joined_from_the_outermost() -> None:
    [bees] = answer_body(reply(Answer(statements=(statement("Bees.", BEES),)))).citations
    assert bees.section == "Wings › Bees"


def test_a_date_names_the_citation_that_it_was_derived_from() -> None:
    dated = Dated(value="2020-02", rule="month-of-publication", quote=ANTS)
    said = replace(statement("Bees danced.", BEES, ANTS), event=dated)
    [body] = answer_body(reply(Answer(statements=(said,)))).statements
    assert body.event is not None
    assert body.event.model_dump() == {
        "date": "2020-02",
        "precision": "month",
        "derived_from": 2,
        "rule": "month-of-publication",
    }


def test_sides_of_a_conflict_are_cited_and_what_is_missing_makes_an_answer_partial() -> None:
    sides = (
        Position(value="dance", quotes=(BEES,), independent_sources=1),
        Position(value="march", quotes=(ANTS,), independent_sources=1),
    )
    body = answer_body(
        reply(
            Answer(
                statements=(statement("Both.", ANTS),),
                conflicts=(Conflict(about="gait", positions=sides),),
                missing=("speed",),
            )
        )
    )
    assert (body.outcome, body.missing) == ("partial", ["speed"])
    assert body.text.splitlines() == [
        "Both. [1]",
        "Sources disagree on gait:",
        "- dance [2]",
        "- march [1]",
        "Not in the documents: speed",
    ]
    assert [one.marker for one in body.citations if one.quote == BEES.text] == [2]
    [conflict] = body.conflicts
    assert [(one.value, one.citations) for one in conflict.values] == [
        ("dance", [2]),
        ("march", [1]),
    ]


def test_an_abstention_is_an_answer_object_without_statements() -> None:
    searched = Searched(collection="default", documents=1, passages=2)
    abstention = Abstention(reason="Nothing fits.", searched=searched, closest=(BEES,))
    body = answer_body(reply(abstention))
    assert (body.outcome, body.text) == ("abstained", "Nothing fits.")
    assert body.statements == []
    assert body.citations == []
    assert body.abstention is not None
    assert body.abstention.searched.model_dump() == {
        "collection": "default",
        "documents": 1,
        "passages": 2,
    }
    assert [(one.marker, one.quote) for one in body.abstention.closest] == [(1, "Bees dance.")]


def test_every_key_of_the_contract_is_there_even_where_nothing_fills_it() -> None:
    body = answer_body(reply(Answer(statements=(statement("Bees.", BEES),)))).model_dump()
    assert set(body) == {
        *("id", "question", "standalone_question", "outcome", "text", "statements", "citations"),
        *(
            "conflicts",
            "missing",
            "abstention",
            "confidence",
            "composer",
            "degraded",
            "model",
            "usage",
        ),
        *("snapshot", "timings_ms"),
    }
    assert set(body["statements"][0]) == {"text", "citations", "event"}
    assert set(body["citations"][0]) == {
        *("marker", "document_id", "document_version", "document_title", "published", "quote"),
        *(
            "start",
            "end",
            "page",
            "page_label",
            "boxes",
            "continued",
            "time_s",
            "time_end_s",
            "section",
        ),
        *("part", "sheet", "row"),
        "source_url",
    }


def test_a_quote_of_a_document_that_was_not_handed_over_is_a_bug() -> None:
    stray = Quote(document_id=DocumentId("d9"), version=Version("v"), span=Span(0, 1), text="x")
    with pytest.raises(KeyError):
        answer_body(reply(Answer(statements=(statement("Stray.", stray),))))


def test_a_found_passage_has_its_rank_in_each_half_and_in_both() -> None:
    scored = ScoredPassage(passage=Passage.of(SOURCE, Span(0, 11)), score=0.5, dense_rank=4)
    [one] = search_body(
        Found(passages=(scored,), documents={SOURCE.id: SOURCE}, snapshot="s")
    ).passages
    assert one.ranks.model_dump() == {"lexical": None, "dense": 4, "fused": 1}
    assert (one.text, one.start, one.end) == ("Bees dance.", 0, 11)
    assert (one.page, one.section, one.score) == (1, "Wings › Bees", 0.5)


def test_a_document_carries_its_ingestion_report() -> None:
    added_at = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
    summary = DocumentSummary(
        id=SOURCE.id,
        version=SOURCE.version,
        collection="default",
        title="Insects",
        media_type="text/plain",
        source_key=None,
        source_url=None,
        language="en",
        partial=True,
        published=None,
        recorded=DocumentDate(value=dt.date(2024, 1, 1), found_by="spoken"),
        original=None,
        characters=39,
        pages=2,
        passages=3,
        warnings=("Page 2 is dark.",),
        added_at=added_at,
    )
    dates = document_body(summary).dates
    assert (dates.published, dates.original) == (None, None)
    assert dates.recorded is not None
    assert (dates.recorded.value, dates.recorded.found_by) == (dt.date(2024, 1, 1), "spoken")
    assert document_body(summary).report.model_dump() == {
        "characters": 39,
        "pages": 2,
        "passages": 3,
        "partial": True,
        "warnings": ["Page 2 is dark."],
    }


def test_a_job_says_how_far_it_is() -> None:
    job = Job(id="j", state="embedding", done=3, total=9)
    assert job_body(job).model_dump() == {
        "id": "j",
        "state": "embedding",
        "done": 3,
        "total": 9,
        "document_id": None,
        "reason": None,
    }
