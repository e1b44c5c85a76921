"""A question of a run as people look at it: what was asked of its answer, and each quote in the midst of its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.answered import Answered, Cited, Seen
from eval.judging import FIRST, Place, has_pair, overlaps, plain
from eval.patterns import found
from eval.places import Source, Sources
from eval.report import Expected, Row
from eval.second_opinion import Opinion
from eval.suite import Question
from rag.types import Span

AROUND = 240  # characters of the source on either side of a quote
BEGINNING = 240  # of a passage that retrieval found

Verdict = Literal["right", "wrong", "not scored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A group of patterns that the answer had to match, or could not, and whether it is as it should be.

    Attributes:
        patterns: Each with whether it matches the answer.
    """

    kind: Literal["must", "together", "must not"]
    patterns: tuple[tuple[str, bool], ...]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Some of a source with the words that matter marked: `before + marked + after` is a slice of its text.

    Attributes:
        cut_before: Whether the text goes on before the excerpt.
        cut_after: Whether it goes on after it.
    """

    document: str
    start: int
    end: int
    page: int | None
    before: str
    marked: str
    after: str
    cut_before: bool
    cut_after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuote:
    """A citation.

    Attributes:
        excerpt: What stands at its place; None where there is no such document.
        exact: Whether that is the quote.
        expected: Whether it overlaps evidence.
    """

    cited: Cited
    excerpt: Excerpt | None
    exact: bool
    expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvidence:
    """Evidence that an answer could rest on, where it stands."""

    expected: Expected
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPassage:
    """A passage that retrieval found, and the numbers (from 1) of the evidence that it holds some of."""

    rank: int
    seen: Seen
    beginning: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """All that is shown of one question.

    Attributes:
        again: The second answer, where it is another.
        passages: The first ones, and later ones that hold evidence; None where retrieval was not looked at.
        found: How many passages retrieval gave.
        opinion: What a model as judge says of the answer, if one was asked.
    """

    row: Row
    question: Question
    answered: Answered
    again: Answered | None
    verdict: Verdict
    checks: tuple[Check, ...]
    quotes: tuple[ShownQuote, ...]
    closest: tuple[ShownQuote, ...]
    evidence: tuple[ShownEvidence, ...]
    passages: tuple[ShownPassage, ...] | None
    found: int
    opinion: Opinion | None = None


def explain(
    row: Row,
    question: Question,
    answered: Answered,
    again: Answered | None,
    sources: Sources,
    opinion: Opinion | None = None,
) -> Explained:
    """Put together what tells why an answer is right or wrong."""
    places = [
        [(document, Span(start, end)) for document, start, end in one.places]
        for one in row.evidence
    ]
    return Explained(
        row=row,
        question=question,
        answered=answered,
        again=again if row.same_again is False else None,
        verdict=verdict_of(row),
        checks=tuple(checks(question, answered)),
        quotes=tuple(_quote(one, sources, places) for one in answered.citations),
        closest=tuple(_quote(one, sources, places) for one in answered.closest),
        evidence=tuple(_evidence(one, sources) for one in row.evidence),
        passages=_passages(answered.retrieved, sources, places),
        found=len(answered.retrieved or ()),
        opinion=opinion,
    )


def verdict_of(row: Row) -> Verdict:
    """Whether the answer is right, in words."""
    if row.right is None:
        return "not scored"
    return "right" if row.right else "wrong"


def checks(question: Question, answered: Answered) -> Iterator[Check]:
    """What was asked of the answer's text; nothing of what is no answer."""
    if answered.outcome == "failed":
        return
    text = plain(answered.text)
    if answered.outcome != "abstained":
        for group in question.must:
            matched = _matched(group, text)
            yield Check(kind="must", patterns=matched, holds=any(hit for _, hit in matched))
        for pair in question.pairs:
            yield Check(kind="together", patterns=_matched(pair, text), holds=has_pair(pair, text))
    for pattern in question.must_not:
        hit = found(pattern, text)
        yield Check(kind="must not", patterns=((pattern, hit),), holds=not hit)


def excerpt(source: Source, start: int, end: int) -> Excerpt:
    """The words at a place with the text around them, to whole words."""
    text = source.text
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    while 0 < first < start and not text[first - 1].isspace():
        first += 1
    while end < last < len(text) and not text[last].isspace():
        last -= 1
    return Excerpt(
        document=source.name,
        start=start,
        end=end,
        page=next((one.number for one in reversed(source.pages) if one.start <= start), None),
        before=text[first:start],
        marked=text[start:end],
        after=text[end:last],
        cut_before=first > 0,
        cut_after=last < len(text),
    )


def _matched(patterns: Sequence[str], text: str) -> tuple[tuple[str, bool], ...]:
    return tuple((one, found(one, text)) for one in patterns)


def _quote(cited: Cited, sources: Sources, places: Sequence[Sequence[Place]]) -> ShownQuote:
    source = sources.get(cited.document)
    shown = excerpt(source, cited.start, cited.end) if source else None
    return ShownQuote(
        cited=cited,
        excerpt=shown,
        exact=shown is not None and shown.marked == cited.quote != "",
        expected=any(overlaps(cited, one) for one in places),
    )


def _evidence(expected: Expected, sources: Sources) -> ShownEvidence:
    excerpts = tuple(
        excerpt(sources[document], start, end) for document, start, end in expected.places
    )
    return ShownEvidence(expected=expected, excerpts=excerpts)


def _passages(
    retrieved: Sequence[Seen] | None, sources: Sources, places: Sequence[Sequence[Place]]
) -> tuple[ShownPassage, ...] | None:
    if retrieved is None:
        return None
    shown = []
    for rank, seen in enumerate(retrieved, 1):
        held = tuple(number for number, one in enumerate(places, 1) if overlaps(seen, one))
        if held or rank <= FIRST:
            source = sources.get(seen.document)
            text = source.text[seen.start : seen.end] if source else ""
            beginning = text if len(text) <= BEGINNING else f"{text[:BEGINNING]}…"
            shown.append(ShownPassage(rank=rank, seen=seen, beginning=beginning, evidence=held))
    return tuple(shown)
