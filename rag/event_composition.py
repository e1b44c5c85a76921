"""A row for each event: when it was, what was asked about it, and the quotes that prove both."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from rag import quarters
from rag.analysis import in_order, terms, words
from rag.carrying import numbers
from rag.dating import dated_statement, told_on
from rag.events import Event, Told, grouped, labels
from rag.evidence import Evidence
from rag.moments import Chronicles
from rag.question import Kind, Query, Relation
from rag.question.happenings import Neighbour, event_words, told_of_each
from rag.question.naming import QUARTERS
from rag.question.roles import names_role
from rag.question.vocabulary import CAPITALS, NOUN_KINDS, SAME_NOUN
from rag.reading import Candidate, SentenceReader
from rag.rows import Cell, also_called, asked, cells_of, is_row, name
from rag.temporal import find, leading_day, overlaps, written
from rag.types import Answer, DocumentId, Quote, Statement
from rag.values import may_answer

_PASSAGES = 40  # that are read for events, from each query
_EMBEDDED = 6  # sentences of one event that are held against the question
_ROWS = 12
_VALUE_BONUS = 0.3  # of a sentence that holds a value of the kind that is asked for
_NAMED_BONUS = 0.2  # of one that names what the question is about
_ASKED_BONUS = (
    0.4  # of one with all words for what is asked of each event, and in part of one with some
)
_CELL_BONUS = 0.9  # of a row of a table with a column for what is asked
_BESIDE = 0.8  # of the best sentence's rank that a second one in its row must reach
_TOLD_BY_VALUE = (Kind.DATE, Kind.NUMBER, Kind.DURATION, Kind.ROLE)
_CALLED_OFF = re.compile(
    r"\b(?:cancel\w*|call(?:s|ed|ing)? (?:it |them |this |that )?off|postpon\w*(?! (?:from|to|until|till)\b)"
    r"|(?:is|was|were|been) abandoned|taken? off the list|(?:did|does|do) not (?:take place|happen)"
    r"|there was none|(?:was|were) (?:not|never) held)\b",
    re.IGNORECASE,
)
_TOOK_PLACE = re.compile(r"\b(?:took place|(?:was|were) held|went ahead)\b", re.IGNORECASE)
_JOINS = re.compile(r"(?:,|\b(?:and|or)\b)(?!\s+(?:and\s+)?(?:how|wh[a-z]+)\b)")
_OFTEN = 2  # rows of a table that name what is asked about, for its column to be told
_NAME_WORDS = 3
# Columns that say where something was, not whose it was.
_PLACES = frozenset(terms(" ".join(("venue", *NOUN_KINDS[Kind.PLACE]))))
_OF = re.compile(r"\s+of\s+(?:the\s+)?")
_MOST = 0.75  # of the documents
# "… and the codename of …": a further value that is asked for.
_ALSO = re.compile(
    r"(?:,|\band)\s+(?:the\s+)?(?P<noun>(?:[a-z]+\s+){0,2}[a-z]+)\s+(?:of|at|in|on|for|was|were|is|are|did|does|do)\b"
)
_PRONOUN = re.compile(r"\b(?:he|she|they|i|his|her|their|my)\b", re.IGNORECASE)
_IN_A_PLACE = re.compile(
    rf"\b(?:in|at|to|from|near|off)\s+(?:the\s+)?(?P<name>[{CAPITALS}][\w’'-]+)"
)
_NAME = re.compile(r"(?<![.!?:“\"] )(?<!^)\b[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventComposer:
    """Answers questions for a value at each of several events.

    Attributes:
        least: The fit of a sentence below which it says nothing of what was asked.
    """

    reader: SentenceReader
    least: float

    def compose(self, query: Query, evidence: Evidence) -> Answer | None:
        """A row for each event in order of time; None where fewer than two are told of."""
        told = _not_left_empty(query, _not_of_others(query, self._told(query, evidence)))
        events = _named(query, told) if query.items else _that_were(query, told)
        rows = [row for event in events if (row := self._row(query, event))]
        rows = _of_what_is_asked(query, rows)
        if len(rows) < 2:
            return None
        shown = [event for event, _ in rows]
        missing = [event.name for event in events if event.name and event not in shown]
        return Answer(statements=tuple(row for _, row in rows[:_ROWS]), missing=tuple(missing))

    def beside(self, query: Query, meant: Neighbour, evidence: Evidence) -> Answer | None:
        """The row of the event before or after another one; None where that other is not told of, or has none."""
        events = grouped(_of_it(query, self._told(query, evidence)))
        wanted = frozenset(terms(meant.reference))
        days = [one.interval for one in query.time if one.interval]
        for at, one in enumerate(events):
            by_day = one.moment and any(overlaps(one.moment.interval, each) for each in days)
            if by_day or (not days and one.labels & wanted):
                beside = at + meant.step
                row = self._row(query, events[beside]) if 0 <= beside < len(events) else None
                return Answer(statements=(row[1],)) if row else None
        return None

    def _told(self, query: Query, evidence: Evidence) -> list[Told]:
        """Every sentence that may tell of such an event, once."""
        candidates: dict[Quote, Candidate] = {}
        for text in _queries(query):
            found = evidence.search(text, _PASSAGES)
            for one in self.reader.candidates(query.text, found):
                candidates.setdefault(one.quote, one)
        event = event_words(query)
        chronicles = Chronicles(event)
        told = []
        for one in candidates.values():
            chronicle = chronicles.of(one.document)
            moment = chronicle.of(one.span)
            told.append(
                Told(
                    candidate=one,
                    moment=moment,
                    stated=chronicle.own(one.span) is not None,
                    announced=moment is not None and chronicle.is_announced(moment),
                    mentions=chronicle.mentions(one.span),
                    labels=labels(one.text, event),
                    days=chronicle.days(one.span),
                )
            )
        return told

    def _row(self, query: Query, event: Event) -> tuple[Event, Statement] | None:
        """What the sentence says that tells best what was asked of an event."""
        columns = _columns(query)
        telling = [
            (one, one.candidate.prior_in_rows + _bonus(query, columns, one.candidate))
            for one in (_dating(event) if query.kind is Kind.DATE else event.told)
            if _may_tell(query, columns, one.candidate)
        ]
        likely = sorted(telling, key=lambda one: -(one[0].candidate.share + one[1]))[:_EMBEDDED]
        if not likely:
            return None
        fits = self.reader.fits(query.text, [one.candidate for one, _ in likely])
        ranks = [fit + prior for fit, (_, prior) in zip(fits, likely, strict=True)]
        first, *others = sorted(range(len(likely)), key=lambda at: -ranks[at])
        if ranks[first] < self.least and not (query.kind is Kind.DATE and event.moment):
            return None
        best = likely[first][0]
        enough = max(self.least, _BESIDE * ranks[first])
        said = words(best.candidate.text)
        near = [likely[at][0].candidate for at in others if ranks[at] >= enough]
        # Two sentences may name two titles.
        beside = (
            []
            if query.kind is Kind.ROLE
            else [
                one
                for one in near
                if words(one.text) != said and not _is_alike(one, best.candidate)
            ][:1]
        )
        if event.name in QUARTERS:
            event.name = quarters.called(best.candidate.line, event.name)
        if event.name and _is_year(event.name):  # of which each thing has a day of its own
            event.moment = best.moment
        cells = asked(
            best.candidate.line, columns, _also(query), question=frozenset(terms(query.text))
        )
        if cells:
            ordered = (likely[at][0].candidate for at in others)
            beside = [one for one in ordered if _tells_otherwise(query, cells, one)][:1]
        return event, _statement(query, event, cells, [best.candidate, *beside], fits[first])


def _is_alike(one: Candidate, other: Candidate) -> bool:
    """Whether two rows have the same columns: beside one of what is asked about, the other is of something else."""
    headers = [[cell.header for cell in cells_of(each.line)] for each in (one, other)]
    return headers[0] == headers[1] != []


def _tells_otherwise(query: Query, cells: Sequence[Cell], one: Candidate) -> bool:
    """Whether a sentence gives another number than a table does for what is asked."""
    wanted = told_of_each(query)
    if query.kind is not Kind.NUMBER or is_row(one.text) or not wanted:
        return False
    said = numbers(one.text)
    told = numbers(" ".join(each.value for each in cells))
    return bool(said) and said.isdisjoint(told) and wanted <= frozenset(terms(one.text))


def _queries(query: Query) -> list[str]:
    """What is searched for: the question, what is asked about each item, and the event by itself."""
    about = " ".join((query.attribute or "", *query.entities))
    return [
        query.text,
        *(f"{item} {about}" for item in query.items),
        " ".join((about, *query.event)),
    ]


def _named(query: Query, told: Sequence[Told]) -> list[Event]:
    """The events that the question names, in its order, each with the sentences that name it or its day."""
    events = []
    held = [(one, _held(one)) for one in told]
    years = {day.first.year for each in query.time if (day := each.interval)}
    naming = [
        [one for one, stems in held if _names(one, stems, item, years)] for item in query.items
    ]
    known = {one.candidate.quote for named in naming for one in named}
    unnamed = [one for one in told if one.candidate.quote not in known]
    for item, named in zip(query.items, naming, strict=True):
        event = Event(moment=None, name=item)
        wanted = frozenset(terms(item))
        called = {name for one in named if (name := also_called(one.candidate.line, item))}
        named = [*named, *(one for one in unnamed if any(_says(one, each) for each in called))]
        for one in sorted(named, key=lambda one: not one.mentions):
            event.add(one if one.stated or _heads(one, wanted) else replace(one, moment=None))
        if event.moment and event.moment.exactness and item not in QUARTERS:
            event.told += [one for one in unnamed if event.takes(one)]
        events.append(event)
    return events


def _names(one: Told, held: Collection[str], item: str, years: Collection[int]) -> bool:
    if item in QUARTERS:
        return quarters.tells_of(one.candidate.line, _headings(one), item, years)
    if _is_year(item):
        return one.moment is not None and one.moment.value[:4] == item
    return frozenset(terms(item)) <= frozenset(held)


def _says(one: Told, called: str) -> bool:
    """Whether a sentence says these words, one behind the other."""
    return in_order(called) in in_order(one.candidate.text)


def _held(one: Told) -> frozenset[str]:
    """The stems of a sentence, and of what it stands under."""
    return frozenset(terms(" ".join((one.candidate.text, *_headings(one)))))


def _headed(one: Told) -> frozenset[str]:
    """The stems of the headings of a sentence's section."""
    return frozenset(terms(" ".join(_headings(one)[1:])))


def _is_year(item: str) -> bool:
    return item.isdigit() and len(item) == 4


def _dating(event: Event) -> list[Told]:
    """The sentence that states the day of an event, as it was read there; all where none does."""
    stating = [one for one in event.told if one.stated and one.moment == event.moment]
    return stating or event.told


def _heads(one: Told, wanted: Collection[str]) -> bool:
    """Whether the text or the section that a sentence stands in is called by all of these stems."""
    return frozenset(wanted) <= frozenset(terms(" ".join(_headings(one))))


def _headings(one: Told) -> tuple[str, ...]:
    return one.candidate.document.headings(one.candidate.span)


def _of_it(query: Query, told: Sequence[Told]) -> Sequence[Told]:
    """The sentences of documents that name what the question is about; all, where most documents do.

    In a collection about one thing, a document need not name it; in one about many, another one's events must not
    be taken for its own. Nor must the rows of another one's table, where sections are called by what they are about.
    """
    wanted = _about(query)
    found = {one.candidate.document.id for one in told}
    naming = {one.candidate.document.id for one in told if not wanted.isdisjoint(_held(one))}
    if naming and len(naming) < _MOST * len(found):
        told = [one for one in told if one.candidate.document.id in naming]
    headed = {one.candidate.document.id for one in told if not wanted.isdisjoint(_headed(one))}
    return [
        one
        for one in told
        if one.candidate.document.id not in headed
        or not is_row(one.candidate.text)
        or not wanted.isdisjoint(_held(one))
    ]


def _not_of_others(query: Query, told: Sequence[Told]) -> Sequence[Told]:
    """The sentences without those of others: rows where the column that names what is asked about names another.

    Nor sentences that name such another one alone. What somebody was is asked of whoever a column names.
    """
    wanted = _about(query)
    if query.kind is Kind.ROLE or not wanted:
        return told
    tables: defaultdict[tuple[object, ...], list[tuple[Cell, ...]]] = defaultdict(list)
    for one in told:
        row = tuple(cells_of(one.candidate.line)) if is_row(one.candidate.text) else ()
        if row:
            tables[one.candidate.document.id, *(cell.header for cell in row)].append(row)
    others = {other for rows in tables.values() for other in _others(rows, wanted)}

    def is_of_others(one: Told) -> bool:
        line = one.candidate.line
        named = frozenset(terms(line)) if is_row(one.candidate.text) else _held(one)
        said = in_order(line)
        return wanted.isdisjoint(named) and any(each in said for each in others)

    return [one for one in told if not is_of_others(one)] if others else told


def _not_left_empty(query: Query, told: Sequence[Told]) -> Sequence[Told]:
    """The sentences without rows that say nothing in a column for what is asked, where others of their table do."""
    columns = _columns(query)
    rows = {id(one): key for one in told if (key := _table(one))}
    told_of = {
        rows[id(one)] for one in told if id(one) in rows and asked(one.candidate.line, columns)
    }
    return [
        one
        for one in told
        if rows.get(id(one)) not in told_of or not columns.isdisjoint(_stems(one.candidate.line))
    ]


def _stems(row: str) -> frozenset[str]:
    """Of its values, and of the headers of those that say something."""
    said = (one.text for one in cells_of(row) if any(map(str.isalnum, one.value)))
    return frozenset(terms(" ".join(said)))


def _table(one: Told) -> tuple[DocumentId, str] | None:
    """By what the rows of one table are known: their document and the header of their first cell."""
    if not is_row(one.candidate.text):
        return None
    first = next(cells_of(one.candidate.line), None)
    return (one.candidate.document.id, first.header) if first else None


def _others(rows: Sequence[tuple[Cell, ...]], wanted: frozenset[str]) -> Iterator[str]:
    """The values of the column of a table that most often names what is asked about, where they do not."""
    columns = [one for one in zip(*rows, strict=True) if _PLACES.isdisjoint(terms(one[0].header))]
    naming = [[not wanted.isdisjoint(terms(one.value)) for one in column] for column in columns]
    most = max(map(sum, naming), default=0)
    if most < _OFTEN:
        return
    at = [sum(one) for one in naming].index(most)
    for one, names in zip(columns[at], naming[at], strict=True):
        if not names and any(map(str.isalpha, one.value)) and len(words(one.value)) <= _NAME_WORDS:
            yield in_order(one.value)


def _that_were(query: Query, told: Sequence[Told]) -> list[Event]:
    """The events without those that were called off, unless the question is about such ones."""
    events = [one for one in grouped(_of_it(query, told)) if _is_of_then(query, one)]
    if _CALLED_OFF.search(query.text):
        return events
    return [one for one in events if not _is_called_off(one)]


def _is_of_then(query: Query, event: Event) -> bool:
    """Whether the times of a question admit an event: one of those in which it may be, and all others.

    Where more is named one by one than has a time, times say nothing of the rest.
    """
    asked = [one for one in query.time if one.interval]
    within = [one for one in asked if one.relation is Relation.IN]
    named = 1 + len(_JOINS.findall(query.text))
    if event.moment is None or 1 < len(within) < named:
        return True
    days = event.moment.interval
    others = [one for one in asked if one.relation is not Relation.IN]
    return (not within or any(one.admits(days) for one in within)) and all(
        one.admits(days) for one in others
    )


def _is_called_off(event: Event) -> bool:
    """Whether something that is said of its very date says that it did not take place then."""
    return any(
        one.stated
        and one.moment
        and event.moment
        and one.moment.value == event.moment.value
        and _says_called_off(one.candidate.text)
        for one in event.told
    )


def _says_called_off(sentence: str) -> bool:
    return bool(_CALLED_OFF.search(sentence)) and not _TOOK_PLACE.search(sentence)


def _of_what_is_asked(
    query: Query, rows: Sequence[tuple[Event, Statement]]
) -> list[tuple[Event, Statement]]:
    """Of a value that may look like anything the rows whose quotes name it, if there are several."""
    if query.items or query.kind in _TOLD_BY_VALUE:
        return list(rows)
    wanted = _columns(query)
    naming = [
        row
        for row in rows
        if not wanted.isdisjoint(term for quote in row[1].quotes for term in terms(quote.text))
    ]
    return naming if len(naming) > 1 else list(rows)


def _may_tell(query: Query, columns: Collection[str], one: Candidate) -> bool:
    """Whether a sentence may hold the value; what somebody was takes a name or pronoun for whom, too."""
    if query.kind is Kind.DATE:  # of the event, wherever it stands
        return True
    if query.kind is not Kind.ROLE:
        return may_answer(query, one)
    wanted = _about(query)
    of_it = not wanted or not wanted.isdisjoint(terms(one.text)) or _PRONOUN.search(one.text)
    return names_role(one.text) and bool(of_it or asked(one.line, columns))


def _bonus(query: Query, columns: Collection[str], one: Candidate) -> float:
    if asked(one.line, columns):
        return _CELL_BONUS
    named = 0.0 if _about(query).isdisjoint(terms(one.text)) else _NAMED_BONUS
    wanted = told_of_each(query)
    if wanted:
        named += _ASKED_BONUS * len(wanted.intersection(terms(one.line))) / len(wanted)
    return named + (_VALUE_BONUS if _holds_value(query.kind, one.text) else 0.0)


def _columns(query: Query) -> frozenset[str]:
    """The stems by which a table's column for what is asked may be headed."""
    if query.kind is Kind.ROLE:
        return frozenset(terms(" ".join(NOUN_KINDS[Kind.ROLE])))
    if query.attribute:
        same = (noun for noun, one in SAME_NOUN.items() if one == query.attribute)
        return frozenset(terms(" ".join((query.attribute, *same))))
    if query.kind is Kind.PERSON:  # "who led": a column "Lead"
        return told_of_each(query).intersection(query.event)
    return frozenset()


def _also(query: Query) -> frozenset[str]:
    """The stems of what is asked for beside the attribute."""
    nouns = (one["noun"] for one in _ALSO.finditer(query.text))
    return frozenset(term for noun in nouns for term in terms(noun))


def _about(query: Query) -> frozenset[str]:
    """The stems of the last words of the names that a question is about: of "Cup of Sund" both."""
    return frozenset(
        term for name in query.entities for part in _OF.split(name) for term in terms(part)[-1:]
    )


def _holds_value(kind: Kind, sentence: str) -> bool:
    """Whether a sentence holds something of the kind that is asked for; False where that cannot be told."""
    match kind:
        case Kind.ROLE | Kind.NUMBER | Kind.DURATION:
            return True  # `_may_tell` lets no others through
        case Kind.PERSON | Kind.ORGANISATION:
            return _NAME.search(sentence) is not None
        case Kind.PLACE:
            times = [one.span for one in find(sentence)]
            named = (one.start("name") for one in _IN_A_PLACE.finditer(sentence))
            return any(all(not each.start <= at < each.end for each in times) for at in named)
        case _:
            return False


def _called(query: Query, row: str) -> str | None:
    """What a row's event is called: by the column for it, "Quarter: Q2 2024", unless that is its day, or by `name`."""
    found = next((one.value for one in asked(row, event_words(query))), None)
    return name(row) if found is None or leading_day(f"{found}: it") else found


def _statement(
    query: Query, event: Event, cells: Sequence[Cell], telling: Sequence[Candidate], fit: float
) -> Statement:
    """The row of an event, from the sentence that tells best what was asked, or cells of it, and one beside it."""
    best = telling[0]
    called = event.name or (_called(query, best.line) if cells else None)
    asked_about = event.name is None and _about(query).issuperset(terms(called or ""))
    if asked_about or called in [one.value for one in cells]:
        called = None
    day = written(event.moment.value) if event.moment else ""
    if called and query.kind is not Kind.DATE and in_order(day) in in_order(called):
        day = ""
    head = " – ".join(part for part in (called, day) if part)
    head += " (announced)" if event.announced else ""
    if query.kind is Kind.DATE and called:
        return dated_statement(head, [best], event.moment, fit)
    if cells:
        told = "; ".join(one.text for one in cells)
        others = "".join(f". {one.stated}" for one in telling[1:])
        return dated_statement(f"{head}: {told}{others}", telling, event.moment, fit)
    lines = " ".join(told_on(event.moment, one) if event.moment else one.stated for one in telling)
    return dated_statement(f"{head}: {lines}", telling, event.moment, fit)
