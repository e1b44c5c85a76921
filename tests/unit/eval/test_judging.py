import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from eval.answered import (
    Answered,
    Cited,
    Contradiction,
    Event,
    Position,
    Said,
    Seen,
    answer_hash,
    same_answer,
)
from eval.judging import has_pair, judge, plain, shortfalls
from eval.measures import MEASURES
from eval.places import Page, Source
from eval.suite import Evidence, Question, read_suite
from tests.suites import DEVELOPMENT, MINUTES, NOTES, development_suite

MINUTES_SOURCE = Source(
    name="minutes.txt", version="sha256:1", title="Minutes", media_type="text/plain", text=MINUTES
)
NOTES_SOURCE = Source(
    name="notes.md", version="sha256:2", title="Notes", media_type="text/markdown", text=NOTES
)
SOURCES = {one.name: one for one in (MINUTES_SOURCE, NOTES_SOURCE)}


def quoted(words: str, marker: int = 1, source: Source = MINUTES_SOURCE) -> Cited:
    start = source.text.index(words)
    return Cited(
        marker=marker,
        document=source.name,
        version=source.version,
        start=start,
        end=start + len(words),
        quote=words,
    )


def asked(**fields: Any) -> Question:
    own = {"id": "q", "question": "Who?", "type": "who", "must": (("Lund",),)}
    return Question(**own | fields)


def answered(*said: str, **fields: Any) -> Answered:
    """An answer of these statements, all of which cite the first citation."""
    own: dict[str, Any] = {
        "suite": "harbour",
        "question": "q",
        "outcome": "answered",
        "text": "\n".join(said),
        "statements": tuple(Said(text=one, citations=(1,)) for one in said),
        "citations": (quoted("Ada Lund was harbour master in 2019."),),
    }
    return Answered(**own | fields)


def scores(question: Question, answer: Answered) -> dict[str, float | None]:
    return dict(judge(question, answer, SOURCES).scores)


ABSTAINED = answered(text="Nothing says so.", outcome="abstained", citations=())


@pytest.mark.parametrize(
    ("question", "text", "right"),
    [
        (asked(must=(("Lund", "Vik"),)), "It was bo vik.", True),
        (asked(must=(("Lund",), ("Vik",))), "It was Lund.", False),
        (asked(must_not=("Friday",)), "Lund, on Friday.", False),
        (asked(must=(("north gate",),)), "The **north** _gate_ [1].", True),
        (asked(must=(("3",),)), "Lund [3] [1, 3].", False),
        (asked(must=(), pairs=(("2019", "Lund"),)), "2019: Vik.\nLund.", False),
        (asked(must=(), pairs=(("2019", "Lund"),)), "2021: Vik.\n2019: Lund.", True),
    ],
)
def test_an_answer_is_right_where_its_text_is(
    question: Question, text: str, *, right: bool
) -> None:
    assert (not shortfalls(question, text, "answered")) is right


def test_abstaining_is_right_only_where_it_is_due() -> None:
    due = asked(must=(), abstain=True, must_not=("Lund",))
    assert shortfalls(asked(), "Lund", "abstained") == ["abstained"]
    assert not shortfalls(due, "Nothing says so.", "abstained")
    assert shortfalls(due, "Perhaps Lund.", "abstained") == ["must not match: Lund"]
    assert shortfalls(due, "Vik", "partial") == ["should have abstained, and partial"]


def test_a_pair_stands_in_one_line_or_in_one_part_of_it() -> None:
    assert has_pair(("2019", "Lund"), "In 2019; it was. Lund")  # one line
    assert has_pair(("^In 2019", "Lund$"), "Well. In 2019 Lund")  # one part
    assert not has_pair(("2019", "Lund"), "2019\nLund")


def test_markers_and_emphasis_are_no_part_of_the_text() -> None:
    assert plain("**Ada** [1] `Lund`[2, 3].") == "Ada Lund."


@pytest.mark.parametrize("name", DEVELOPMENT)
def test_model_answers_are_right(name: str) -> None:
    for one in read_suite(development_suite(name)).questions:
        outcome = "abstained" if one.abstain else "answered"
        assert not shortfalls(one, one.expected, outcome), one.id


WRONG = {
    "events-launches": {
        "c01-q02": "Folio One €329\nFolio Two €389\nFolio Pro €649\nFolio Three €349",
        "c01-q04": "They opened on 15 September 2024.",
        "c01-q05": "In the first week of November 2024.",
        "c01-q07": "The list price is €399.",
        "c01-q08": "Mats Solberg.",
        "c01-q12": "Brightleaf sold about 40,000.",
        "c01-q13": "The Folio Colour costs €499.",
    },
    "events-releases": {
        "c09-q02": "stretch: Lamb\nbuster: Hartman\nbullseye: Sam Hartman\nbookworm: Carter\ntrixie: Tille",
        "c09-q03": "buster: 4.19\nbullseye: 5.9\nbookworm: 6.2\ntrixie: 6.12",
        "c09-q05": "On 7 July 2019; the sources agree.",
        "c09-q07": "Stable is bookworm, and testing is trixie.",
        "c09-q13": "On 12 June 2027.",
        "c09-q15": "Debian 11 bookworm had 6.1.",
    },
    "type-case": {
        "seed-q01": "July 2023: defence minister\nSeptember 2024: defence minister\nMarch 2025: secretary",
        "seed-q08": "The trip was on 24 March 2025.",
        "seed-q09": "His previous visit was in November 2024.",
        "seed-q16": "Kim Jong Un.",
        "seed-q36": "The defence council.",
        "seed-q44": "Belousov.",
        "seed-q49": "About 11,000.",
    },
}


@pytest.mark.parametrize("name", DEVELOPMENT)
def test_planted_wrong_answers_are_wrong(name: str) -> None:
    questions = {one.id: one for one in read_suite(development_suite(name)).questions}
    assert len(WRONG[name]) >= 5
    for key, text in WRONG[name].items():
        assert shortfalls(questions[key], text, "answered"), key


@pytest.mark.parametrize("name", DEVELOPMENT)
@pytest.mark.parametrize("spoil", [lambda _: "", lambda text: text[: len(text) // 3]])
def test_an_answer_that_says_too_little_is_wrong(name: str, spoil: Callable[[str], str]) -> None:
    per_event = [
        one
        for one in read_suite(development_suite(name)).questions
        if one.type == "per_event" and not one.abstain
    ]
    assert per_event
    for one in per_event:
        assert shortfalls(one, spoil(one.expected), "answered"), one.id


def test_every_score_is_a_measure_and_lies_between_0_and_1() -> None:
    question = asked(
        type="per_event",
        pairs=(("2019", "Lund"),),
        evidence=(Evidence(doc="minutes.txt", quote="Ada Lund"),),
    )
    found = scores(question, answered("2019: Lund"))
    assert found.keys() <= MEASURES.keys()
    assert all(score is None or 0 <= score <= 1 for score in found.values())


def test_pair_recall_and_precision() -> None:
    question = asked(
        type="per_event", must=(), pairs=(("2019", "Lund"), ("2021", "Vik"), ("2023", "Dahl"))
    )
    event = Event(date="2019", precision="year", rule="stated", derived_from=1)
    said = (
        Said(text="2019: Lund", citations=(1,), event=event),
        Said(text="2021: Lund", citations=(1,), event=event),
        Said(text="Vik came in 2021", citations=(1,)),
    )
    text = "\n".join(one.text for one in said)
    found = scores(question, answered(text=text, statements=said))
    assert found["pair_recall"] == pytest.approx(2 / 3)  # Lund in 2019, Vik in 2021, and no Dahl
    assert found["pair_precision"] == 1 / 2  # of the two statements with an event


def test_the_first_statement_that_helps_has_a_rank() -> None:
    found = scores(asked(), answered("The gate is closed.", "It was Ada Lund."))
    assert found["answer_rank"] == 1 / 2
    assert scores(asked(), answered("The gate is closed."))["answer_rank"] == 0


def test_words_of_a_statement_that_its_quotes_lack_are_not_supported() -> None:
    exact = answered("Ada Lund was harbour master in 2019. [1]")
    assert scores(asked(), exact)["statement_support"] == 1
    # of six words and a number "queen" and 2020 are nowhere: 5 of 7; with the exact one, (1 + 5/7) / 2
    added = answered("Ada Lund was harbour master in 2019.", "Ada Lund was harbour queen in 2020.")
    assert scores(asked(), added)["statement_support"] == pytest.approx((1 + 5 / 7) / 2)
    bare = answered(statements=(Said(text="Ada Lund", citations=(7,)),))
    assert scores(asked(), bare)["statement_support"] == 0


def test_pair_precision_without_events_is_not_told() -> None:
    question = asked(type="per_event", pairs=(("2019", "Lund"),))
    assert scores(question, answered("2019: Lund"))["pair_precision"] is None


def test_citation_recall_counts_groups_whose_evidence_is_cited() -> None:
    question = asked(
        must=(("Lund",), ("Vik",), ("1999",)),
        evidence=(
            Evidence(doc="minutes.txt", quote="Ada Lund"),
            Evidence(doc="minutes.txt", quote="harbour master was Bo Vik"),
        ),
    )
    found = scores(question, answered("Lund, Vik, 1999"))
    # of three groups two are carried by evidence, and one of these is cited; 1999 is inferred
    assert found["citation_recall"] == 1 / 2
    assert found["citation_precision"] == 1


def test_citation_precision_counts_quotes_that_overlap_evidence() -> None:
    question = asked(evidence=(Evidence(doc="minutes.txt", quote="Ada Lund"),))
    cited = (quoted("Ada Lund was"), quoted("A storm broke", 2, NOTES_SOURCE))
    found = scores(question, answered("Lund", citations=cited))
    assert found["citation_precision"] == 1 / 2


@pytest.mark.parametrize(
    ("evidence", "recall"),
    [("white in June 2019.\nAda Lund was harbour master", 1), ("Ada Lund", 0)],
)
def test_of_two_sources_either_counts_where_they_share_more_than_a_name(
    evidence: str, recall: float
) -> None:
    copy = replace(MINUTES_SOURCE, name="copy.txt")
    question = asked(evidence=(Evidence(doc="minutes.txt", quote=evidence),))
    answer = answered("Lund", citations=(quoted("Ada Lund was", source=copy),))
    judged = judge(question, answer, {**SOURCES, "copy.txt": copy})
    assert judged.scores["citation_recall"] == recall
    assert not judged.broken


def test_abstentions_and_answers_to_the_unanswerable() -> None:
    due = asked(must=(), abstain=True)
    assert scores(due, ABSTAINED) == {
        "correctness": 1,
        "abstention_recall": 1,
        "wrong_answers": 0,
        "abstention_precision": 1,
    }
    given = scores(due, answered("Lund"))
    assert (given["abstention_recall"], given["wrong_answers"]) == (0, 1)
    assert "abstention_precision" not in given
    assert scores(asked(), ABSTAINED)["abstention_precision"] == 0


def test_a_conflict_is_shown_by_the_text_or_by_what_is_listed() -> None:
    question = asked(type="conflict", must=(("six",), ("seven",)))
    positions = (Position(value="six"), Position(value="seven"))
    listed = (Contradiction(about="gates", positions=positions),)
    assert scores(question, answered("six or seven"))["conflicts_shown"] == 1
    assert scores(question, answered("six"))["conflicts_shown"] == 0
    assert scores(question, answered("six", conflicts=listed))["conflicts_shown"] == 1


def test_retrieval_is_measured_over_passages_that_hold_evidence() -> None:
    question = asked(
        evidence=(
            Evidence(doc="minutes.txt", quote="Ada Lund"),
            Evidence(doc="notes.md", quote="A storm broke"),
        )
    )
    at = MINUTES.index("Ada Lund")
    seen = (
        Seen(document="minutes.txt", start=0, end=20, score=0.9),
        Seen(document="minutes.txt", start=at, end=at + 30, score=0.5),
    )
    found = scores(question, answered("Lund", retrieved=seen))
    assert found["recall_at_10"] == 1 / 2  # the storm was not found at all
    assert found["mrr"] == 1 / 2
    # gain 1 / log2(3) at rank 2, of 1 + 1 / log2(3) with both at the top
    assert found["ndcg_at_10"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    unseen = scores(question, answered("Lund"))
    assert unseen["recall_at_10"] is None


@pytest.mark.parametrize(
    ("citation", "promise"),
    [
        ({"start": 1, "end": 9}, "citation 1 is not what stands at its place"),
        ({"document": "notes.md"}, "citation 1 is not what stands at its place in 'notes.md'"),
        ({"document": "other-id"}, "citation 1 is not what stands at its place in 'other-id'"),
        ({"version": "sha256:0"}, "citation 1 is not what stands at its place"),
        ({"quote": "", "start": 0, "end": 0}, "citation 1 is not what stands at its place"),
        ({"page": 2}, "citation 1 is not on page 2"),
    ],
)
def test_a_quote_that_is_not_exact_is_a_broken_promise(
    citation: dict[str, Any], promise: str
) -> None:
    paged = replace(MINUTES_SOURCE, pages=(Page(start=0, number=1),))
    cited = replace(quoted("Ada Lund was", source=paged), page=1)
    sources = {**SOURCES, "minutes.txt": paged}
    assert not judge(asked(), answered("Lund", citations=(cited,)), sources).broken
    judged = judge(asked(), answered("Lund", citations=(replace(cited, **citation),)), sources)
    assert any(one.startswith(promise) for one in judged.broken)
    if "page" not in citation:
        assert judged.scores["citation_exactness"] == 0


def test_an_answer_needs_statements_and_each_of_them_a_quote() -> None:
    none = judge(asked(), answered(citations=()), SOURCES)
    assert none.broken == ("an answer has no statement",)
    bare = answered(statements=(Said(text="Lund", citations=()), Said(text="Vik", citations=(7,))))
    assert judge(asked(), bare, SOURCES).broken == (
        "statement 1 has no quote",
        "statement 2 has no quote",
    )


def test_quotes_that_say_too_much_lose_their_focus() -> None:
    question = asked(evidence=(Evidence(doc="minutes.txt", quote="Ada Lund was"),))

    def focus(*cited: Cited) -> float | None:
        return scores(question, answered("Lund", citations=cited))["citation_focus"]

    exact, elsewhere = quoted("Ada Lund was"), quoted("In 2021 the ", marker=2)
    assert focus(exact) == 1
    assert focus(exact, elsewhere) == 1 / 2  # 12 characters of each
    assert focus(quoted("Ada Lund was harbour mas")) == 1 / 2
    assert focus(quoted(MINUTES)) == 12 / len(MINUTES)
    assert focus(replace(exact, end=exact.start, quote="")) == 0
    assert "citation_focus" not in scores(asked(), answered("Lund"))


def test_what_rests_on_evidence_should_come_first() -> None:
    question = asked(evidence=(Evidence(doc="minutes.txt", quote="Ada Lund was harbour master"),))
    cited = (quoted("closed the north gate", marker=1), quoted("Ada Lund was", marker=2))

    def rank(*markers: int) -> float | None:
        said = tuple(Said(text=f"Statement {one}.", citations=(one,)) for one in markers)
        return scores(question, answered(statements=said, citations=cited))["evidence_rank"]

    assert (rank(2, 1), rank(1, 2), rank(1)) == (1, 1 / 2, 0)
    assert "evidence_rank" not in scores(question, ABSTAINED)
    assert "evidence_rank" not in scores(asked(), answered("Lund"))


def seen(score: float, lexical: int | None, dense: int | None) -> Seen:
    return Seen(
        document="notes.md", start=0, end=9, score=score, lexical_rank=lexical, dense_rank=dense
    )


@pytest.mark.parametrize(
    ("ranking", "halves"),
    [
        ([seen(0.9, 1, 2), seen(0.8, 2, 1)], 0.5),  # as words alone would have it
        ([seen(0.9, 2, 1), seen(0.8, 1, 2)], 0.5),  # as meaning alone would
        ([seen(0.9, 2, 1), seen(0.8, 3, 3), seen(0.7, 1, 2)], 1),  # as neither would
        ([seen(0.9, 1, None), seen(0.8, 2, None)], 0.5),  # no meaning at all
        ([seen(0.9, None, 1), seen(0.8, None, 2)], 0.5),  # no words at all
        ([seen(0.9, 1, 3), seen(0, None, 2), seen(0, None, 1)], 0.5),  # meaning weighs nothing
        ([seen(0.9, 1, 2), seen(0.5, None, 1), seen(0.1, None, 3)], 1),
        ([seen(0.9, None, 1), seen(0.5, 1, None), seen(0.1, 2, None)], 1),
        ([seen(0.9, 1, 1), seen(0.5, 2, 2)], None),  # as either would
    ],
)
def test_a_half_of_the_search_that_moves_nothing_is_missed(
    ranking: Sequence[Seen], halves: float | None
) -> None:
    found = scores(asked(), answered("Lund", retrieved=tuple(ranking)))
    assert found["search_halves"] == halves


def test_halves_of_a_search_that_found_nothing_are_not_told() -> None:
    assert "search_halves" not in scores(asked(), answered("Lund", retrieved=()))
    assert "search_halves" not in scores(asked(), answered("Lund"))


def test_the_closest_quotes_of_an_abstention_are_exact_too() -> None:
    close = quoted("Ada Lund was")
    assert not judge(asked(), replace(ABSTAINED, closest=(close,)), SOURCES).broken
    shifted = replace(ABSTAINED, closest=(replace(close, start=close.start + 1),))
    assert judge(asked(), shifted, SOURCES).broken == (
        "closest quote 1 is not what stands at its place in 'minutes.txt'",
    )


def test_retrieval_sees_the_documents_of_the_suite_and_no_others() -> None:
    seen = (
        Seen(document="notes.md", start=0, end=9, score=1.0),
        Seen(document="elsewhere", start=0, end=9, score=0.5),
        Seen(document="elsewhere", start=9, end=18, score=0.4),
    )
    judged = judge(asked(), answered("Lund", retrieved=seen), SOURCES)
    assert judged.broken == ("retrieval saw 'elsewhere', which is none of the suite's documents",)


def test_no_statement_comes_twice_or_names_a_citation_that_is_not_there() -> None:
    said = (Said(text="It was Lund.", citations=(1,)), Said(text="it was *Lund*", citations=(1, 4)))
    assert judge(asked(), answered(statements=said), SOURCES).broken == (
        "statement 2 names citations that are not there: [4]",
        "statement 2 repeats statement 1",
    )


LONG = "Ferry crews painted the lighthouse white in June 2019."
COPY = replace(MINUTES_SOURCE, name="copy.txt", text=f"Again: {MINUTES}")
EVENT = Event(date="2019-06", precision="month", rule="stated", derived_from=1)


def broken(*said: Said, **fields: Any) -> tuple[str, ...]:
    return judge(asked(), answered(statements=said, **fields), {**SOURCES, "copy.txt": COPY}).broken


def test_an_event_is_not_told_again_from_a_copy_of_its_source() -> None:
    cited = (
        quoted(LONG),
        quoted(LONG, 2, COPY),
        quoted("Ada Lund", 3),
        quoted("Ada Lund", 4, COPY),
    )

    def told(text: str, marker: int, event: Event | None = EVENT) -> Said:
        return Said(text=text, citations=(marker,), event=event)

    again = "statement 2 counts the event of statement 1 again, from a copy of its source"
    assert broken(told("June: white", 1), told("2019: white", 2), citations=cited) == (again,)
    # two values of one event from one source; the same words about another day; a name that both hold
    assert not broken(told("June: white", 1), told("June: crews", 1), citations=cited)
    other = replace(EVENT, date="2020-06")
    assert not broken(told("June: white", 1), told("2020: white", 2, other), citations=cited)
    assert not broken(told("Lund", 3), told("Ada Lund", 4), citations=cited)
    assert not broken(told("June", 1, None), told("2019", 2, None), citations=cited)


@pytest.mark.parametrize(
    ("citations", "claimed", "held"),
    [
        ((1,), 1, None),
        ((1,), 2, 1),
        ((1, 2), 2, 1),  # a copy of the same words
        ((3, 4), 2, None),  # too few words to tell
        ((1, 3), 2, 1),  # one document
        ((1, 2, 5), 2, None),
        ((5, 3, 2), 3, None),
        ((5, 3, 2, 1), 3, 2),  # the last quote tells that the minutes and the copy are one
    ],
)
def test_a_side_of_a_conflict_has_no_more_sources_than_it_cites(
    citations: tuple[int, ...], claimed: int, held: int | None
) -> None:
    cited = (
        quoted(LONG),
        quoted(LONG, 2, COPY),
        quoted("Ada Lund", 3),
        quoted("Ada Lund", 4, COPY),
        quoted("A storm broke two windows of the customs house.", 5, NOTES_SOURCE),
    )
    sides = (
        Position(value="white", citations=citations, independent_sources=claimed),
        Position(value="red", citations=(3,)),
    )
    conflicts = (Contradiction(about="paint", positions=sides),)
    found = broken(Said(text="White or red.", citations=(1,)), citations=cited, conflicts=conflicts)
    said = f"'white' is said to rest on {claimed} independent sources, and its quotes are of {held}"
    assert found == ((said,) if held else ())


def test_what_failed_has_no_scores() -> None:
    question = asked(abstain=True, must=(), evidence=(Evidence(doc="notes.md", quote="storm"),))
    judged = judge(question, answered(outcome="failed", error="status 500"), SOURCES)
    assert judged.scores
    assert set(judged.scores.values()) == {None}
    assert judged.missed == ("failed: status 500",)


def test_answers_are_the_same_but_for_their_times() -> None:
    one = answered("Lund")
    assert same_answer(one, replace(one, wall_ms=9.0, timings_ms={"read": 1.0}, repeat=1))
    assert not same_answer(one, replace(one, text="Vik"))
    assert answer_hash(one) == answer_hash(replace(one, wall_ms=9.0, retrieved=()))
    assert answer_hash(one) != answer_hash(replace(one, text="Vik"))
