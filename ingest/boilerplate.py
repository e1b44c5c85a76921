"""Find what a publisher says of itself: calls to share, subscribe and buy, and notes of rights and liability.

Such stretches stay in the text and can be quoted, but nobody who asks about the subject wants them for an
answer. A stretch is a run of sentences that carry cues; its cues must weigh enough together, so that a
report about a newsletter or a court's word on fair use stays what it is. English only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import sentences
from rag.types import Span

_ENOUGH = 2  # weight of a stretch
_LARGEST_SHARE = 0.5  # of a text; what has more of it is about such things

_HERE = r"(?:here|(?:the |this |our )?(?:share |sign.?up |subscribe )?(?:button|link|banner)s?)"
_CLICK = rf"(?:click|tap) (?:on )?{_HERE}"
_CHANNEL = (
    r"(?:instagram|twitter|facebook|telegram|linkedin|youtube|tiktok|whatsapp|x|social media)"
)
_TO_READ = r"to (?:share|e-?mail|forward|subscribe|sign|read|join|get)"
_ADJECTIVES = r"(?:[\w’'-]+ ){0,3}"
_REUSE = r"(?:copy|cross-post|publish|republish|reproduce|use|copyright)"

_SHARING = (
    (2, rf"\b(?:follow|like|find|join) us (?:on|at|via) (?:our )?{_CHANNEL}\b"),
    (1, rf"\b{_CLICK}.{{0,20}}\b(?:above|below|{_TO_READ})\b"),
    (1, rf"\bto (?:receive|get|read|join|subscribe)\b.{{0,80}}\b{_CLICK}"),
    (
        1,
        r"\b(?:share|repost|forward|e-?mail|like) (?:this|our|these) (?:article|story|post|page)s?\b",
    ),
    (1, r"\bfeel free to (?:share|repost|forward)\b"),
)
_SELLING = (
    (2, rf"\bsubscribe to (?:our|the) {_ADJECTIVES}(?:newsletter|channel|podcast|magazine)\b"),
    (2, rf"\bsign up (?:for|to) (?:our|the) {_ADJECTIVES}(?:newsletter|list|updates|alerts)\b"),
    (1, rf"(?:^|\band )become an? {_ADJECTIVES}(?:member|subscriber|supporter|patron)\b"),
    (1, r"\b(?:membership|subscription) (?:level|package|plan|offer|tier)s?\b"),
    (1, r"\b(?:starting|starts) (?:at|from) (?:just |only )?[$€£]\s?\d"),
    (1, r"\b(?:suits?|fits?) (?:all )?your needs\b|\bbest fit for you\b"),
    (
        1,
        r"\b(?:join|visit|explore|discover|dive into)\b.{0,60}\b(?:our|shop|store|collection|go-to)\b",
    ),
    (
        1,
        r"\b(?:t-shirts|hoodies|mugs|merchandise|apparel|gifts)\b.{0,40}\b(?:and more|shop|store)\b",
    ),
    (1, r"\boffers? (?:additional )?(?:perks|benefits|discounts)\b"),
)
_RIGHTS = (
    (2, r"^all rights reserved\b|(?:©|\(c\)|\bcopyright\b).{0,80}\ball rights reserved\b"),
    (2, r"\bsole(?:ly)? (?:the )?responsib(?:ility|le) of the authors?\b"),
    (2, r"\b(?:views|opinions|conclusions)\b.{0,80}\bdo not necessarily (?:reflect|represent)\b"),
    (1, r"\bwill not be (?:held )?(?:responsible|liable) for any\b"),
    (
        1,
        rf"\b(?:grants?|request|written|without) permission\b.{{0,80}}\b{_REUSE}|\bcopyright owner\b",
    ),
    (1, r"\bcopyrighted material\b|\b(?:source and|©|\(c\)) ?copyright\b"),
    (1, r"\b(?:provisions of|other than) [\"“']?fair use"),
    (1, r"\bfor (?:media|press|publication)\b.{0,80}\b(?:inquiries|enquiries|contact)\b.{0,60}@"),
    (1, r"\bwe use cookies\b|\bprivacy policy\b|\bterms (?:of (?:use|service)|and conditions)\b"),
)
_CUES = tuple(
    (weight, re.compile(pattern, re.IGNORECASE))
    for weight, pattern in (*_SHARING, *_SELLING, *_RIGHTS)
)
_NEW_LINE = re.compile(r"\s*\n\s*(?![a-zß-ÿ])")


@dataclass(frozen=True, slots=True)
class _Line:
    span: Span
    cues: frozenset[int]


def stretches(text: str) -> list[Span]:
    """Where a publisher speaks of itself, in order; none where that is a large part of the text."""
    found = list(_stretches(text))
    return found if sum(map(len, found)) <= _LARGEST_SHARE * len(text) else []


def _stretches(text: str) -> Iterator[Span]:
    cued = [_Line(span, _cues(span.cut(text))) for span in _lines(text)]
    for run in _runs(cued):
        kinds = frozenset[int]().union(*(one.cues for one in run))
        if sum(_CUES[kind][0] for kind in kinds) >= _ENOUGH:
            yield Span(run[0].span.start, run[-1].span.end)


def _lines(text: str) -> Iterator[Span]:
    """Sentences, cut where a line begins that does not run on: menus and notices have no full stops."""
    for sentence in sentences(text):
        start = sentence.start
        for end in _NEW_LINE.finditer(text, sentence.start, sentence.end):
            yield Span(start, end.start())
            start = end.end()
        yield Span(start, sentence.end)


def _cues(line: str) -> frozenset[int]:
    folded = " ".join(line.split())
    return frozenset(number for number, (_, cue) in enumerate(_CUES) if cue.search(folded))


def _runs(cued: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Sentences with cues, and single ones between them."""
    run: list[_Line] = []
    gap: list[_Line] = []
    for one in cued:
        if one.cues:
            run += [*gap, one]
            gap = []
        elif run and not gap:
            gap = [one]
        else:
            if run:
                yield run
            run, gap = [], []
    if run:
        yield run
