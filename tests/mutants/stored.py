"""Right answers as a run stores them, made of the model answers, and faults in what of them an engine works out.

Dates, and how many sources there are, are worked out by rules that a mutant of the engine would have to know from
inside. A stored answer says what came of them, whatever the rules are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from eval.answered import Answered, Cited, Contradiction, Event, Position, Said
from eval.judging import carriers
from eval.places import Source, Sources, places_of
from eval.report import Report, build
from eval.runs import Plan, Run
from eval.suite import Evidence, Question, Suite
from tests.mutants.world import World

TODAY = 2026  # the year that words would be resolved against
_TYPES = ("per_event", "conflict")
_COPY = "a copy of "
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

Fault = Callable[[Answered], Answered]


@dataclass(frozen=True, slots=True)
class Stored:
    """Right answers to the questions of some suites, over their documents and a copy of each."""

    suites: tuple[Suite, ...]
    sources: Mapping[str, Sources]

    def report(self, fault: Fault) -> Report:
        """What the answers are worth with a fault in them."""
        answers = {
            (suite.name, one.id, 0): fault(_right(suite, one, self.sources[suite.name]))
            for suite in self.suites
            for one in suite.questions
        }
        hashes = {"documents": "", "questions": ""}
        plan = Plan(
            service={}, code={}, suites={one.name: hashes for one in self.suites}, repeats=0
        )
        run = Run(plan=plan, sources=self.sources, identities={}, answers=answers)
        return build(run, self.suites)


def stored(world: World) -> Stored:
    """Those for the questions of the world's suites that ask for several events, or what sources disagree on."""
    suites = tuple(
        replace(one, questions=tuple(_asked(one, world.taken_in[one.name].sources)))
        for one in world.whole
    )
    sources = {one.name: _with_copies(world.taken_in[one.name].sources) for one in suites}
    return Stored(suites, sources)


def against_today(answered: Answered) -> Answered:
    """Every year becomes this one: what "in September" means if nobody looks when it was said."""

    def moved(one: Said) -> Said:
        event = one.event and replace(one.event, date=_YEAR.sub(str(TODAY), one.event.date))
        return replace(one, text=_YEAR.sub(str(TODAY), one.text), event=event)

    return _saying(answered, tuple(map(moved, answered.statements)))


def events_told_again(answered: Answered) -> Answered:
    """Each event is there once more, in other words, from a copy of the document that it rests on."""
    first = len(answered.citations)
    copies = tuple(
        replace(one, marker=first + one.marker, document=f"{_COPY}{one.document}")
        for one in answered.citations
    )
    again = tuple(
        replace(
            one,
            text=f"Again, {one.text}",
            citations=tuple(first + marker for marker in one.citations),
            event=replace(one.event, derived_from=first + one.event.derived_from),
        )
        for one in answered.statements
        if one.event
    )
    with_copies = replace(answered, citations=(*answered.citations, *copies))
    return _saying(with_copies, (*answered.statements, *again))


def copies_counted_as_sources(answered: Answered) -> Answered:
    """Each side of a conflict cites a copy of its source too, and counts it."""
    citations = list(answered.citations)

    def doubled(position: Position) -> Position:
        markers = list(position.citations)
        for marker in position.citations:
            copied = citations[marker - 1]
            markers.append(len(citations) + 1)
            citations.append(
                replace(copied, marker=markers[-1], document=f"{_COPY}{copied.document}")
            )
        counted = 2 * position.independent_sources
        return replace(position, citations=tuple(markers), independent_sources=counted)

    conflicts = tuple(
        replace(one, positions=tuple(map(doubled, one.positions))) for one in answered.conflicts
    )
    return replace(answered, conflicts=conflicts, citations=tuple(citations))


def _asked(suite: Suite, sources: Sources) -> Iterator[Question]:
    for one in suite.questions:
        if one.type in _TYPES and all(_place(each, sources) for each in one.evidence):
            yield one


def _place(evidence: Evidence, sources: Sources) -> tuple[int, int] | None:
    found = next(places_of(evidence.quote, sources[evidence.doc].text), None)
    return (found.start, found.end) if found else None


def _right(suite: Suite, question: Question, sources: Sources) -> Answered:
    """The model answer, a statement a line, each of which cites all of the evidence."""
    citations = tuple(
        _cited(number, one, sources) for number, one in enumerate(question.evidence, 1)
    )
    markers = tuple(one.marker for one in citations)
    said = tuple(
        Said(text=line, citations=markers, event=_event(line))
        for line in question.expected.split("\n")
        if line.strip()
    )
    conflicts = (_conflict(question, citations),) if question.type == "conflict" else ()
    answered = Answered(
        suite=suite.name,
        question=question.id,
        outcome="answered",
        citations=citations,
        conflicts=conflicts,
    )
    return _saying(answered, said)


def _saying(answered: Answered, said: tuple[Said, ...]) -> Answered:
    return replace(answered, statements=said, text="\n".join(one.text for one in said))


def _cited(marker: int, evidence: Evidence, sources: Sources) -> Cited:
    source = sources[evidence.doc]
    start, end = _place(evidence, sources) or (0, 0)
    page = next((one.number for one in reversed(source.pages) if one.start <= start), None)
    return Cited(
        marker=marker,
        document=source.name,
        version=source.version,
        start=start,
        end=end,
        quote=source.text[start:end],
        page=page,
    )


def _event(line: str) -> Event | None:
    """The year that a line names stands for its date."""
    year = _YEAR.search(line)
    return year and Event(date=year[0], precision="year", rule="stated", derived_from=1)


def _conflict(question: Question, citations: tuple[Cited, ...]) -> Contradiction:
    """A side for each group that must match, on one of the documents that carry it."""
    positions = tuple(
        Position(value=group[0], citations=(citations[found[0]].marker,))
        for group in question.must
        if (found := carriers(group, question.evidence))
    )
    return Contradiction(about=question.question, positions=positions)


def _with_copies(sources: Sources) -> dict[str, Source]:
    copies = (replace(one, name=f"{_COPY}{one.name}") for one in sources.values())
    return {one.name: one for one in (*sources.values(), *copies)}


FAULTS: dict[str, tuple[Fault, str]] = {
    "dates are resolved against today": (against_today, "pair_precision"),
    "an event is told again from a near-duplicate": (
        events_told_again,
        "from a copy of its source",
    ),
    "a near-duplicate is counted as a source": (
        copies_counted_as_sources,
        "is said to rest on 2 independent sources",
    ),
}
