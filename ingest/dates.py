"""The dates that a text states of itself: when it came out, when it was spoken, where it came out first.

Absolute dates only, in the forms that English texts use. What the prose tells of ("On July 26, …") is no
date of the text, and where nothing is stated nothing is found.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from rag.temporal.grammar import (
    DAY_ORDINAL,
    HALF_DAY,
    MONTH,
    WEEKDAY_OR_SHORT,
    YEAR,
    month_of,
    number_of,
    weekday_of,
    year_of,
)
from rag.types import DocumentDate, Span

_HEAD_CHARS = 3000
_OUTLET_CHARS = 80
_HEAD_LINES = 12  # a dateline stands above the text
_LIST_OF_DATES = 3  # a head with as many under one rule dates other things than itself

_MOST_DAYS_TO_PUBLISH = 60

_WEEKDAY = rf"(?P<weekday>{WEEKDAY_OR_SHORT})(?:\s+{HALF_DAY})?,?\s+"
_DAY = rf"(?:(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?|\b{DAY_ORDINAL})"
_MONTH = rf"(?:{MONTH}\.?)"
_DATE = re.compile(
    rf"(?:\b{_WEEKDAY})?(?:\bthe\s+)?(?:"
    rf"(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH}),?\s+(?P<year>{YEAR})"
    rf"|\b(?P<us_month>{_MONTH})\s+(?P<us_day>{_DAY}),?\s+(?P<us_year>{YEAR})"
    r"|(?<!\d)(?P<iso>\d{4}-\d\d-\d\d)(?!\d)"
    r"|(?<![\d/.])(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})(?P=mark)(?P<last>[12]\d{3})(?!\d)"
    r")",
    re.IGNORECASE,
)
_YEARLESS = re.compile(
    rf"(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH})"
    rf"|\b(?P<us_month>{_MONTH})\s+(?P<us_day>{_DAY})(?!\d)",
    re.IGNORECASE,
)
_WEEKDAY_AND_DAY = re.compile(rf"{_WEEKDAY}(?:the\s+)?(?:{_YEARLESS.pattern})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """A date, and what the ingestion report says about how it was chosen."""

    date: DocumentDate | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """What stands before a date, and what must follow it, where the date is the text's own."""

    found_by: str
    before: re.Pattern[str]
    after: re.Pattern[str]


def _rule(found_by: str, before: str, after: str = "") -> _Rule:
    flags = re.IGNORECASE | re.MULTILINE
    return _Rule(found_by, re.compile(before, flags), re.compile(after, flags))


_SHOW = r"(?:episode|podcast|show|programme|program|webinar)"
_TALK = rf"(?:{_SHOW}|interview|conversation|talk|session|lecture|meeting|call|video|discussion)"
_TAPED = r"(?:recorded|taped|filmed)"
_TAPING = r"(?:recording|taping|filming)"
_TODAY_IS = r"(?:it\s+is|it[’']s|today\s+is)"
_RECORDED = (
    _rule(
        "recorded on",
        rf"(?:\b(?:(?:this|our|today[’']s)\s+(?:\w+\s+)?{_TALK}|the\s+{_SHOW}|this)\s+"
        rf"(?:was|is|has\s+been|is\s+being|was\s+being)\s+|^[^\w\n]{{0,9}}){_TAPED}"
        r"(?:\s+(?:live|earlier|today|here))?(?:\s+on)?,?\s+",
    ),
    _rule(
        "recording date",
        rf"(?:^|[|·•(])[ \t*_]{{0,9}}(?:{_TAPING}\s+date|date\s+of\s+{_TAPING}|{_TAPED}(?:\s+on)?)[*_]*:[ \t*_]*",
    ),
    _rule(
        "we are recording",
        rf"\bwe(?:[’']re|\s+are|\s+were)\s+(?:now\s+)?{_TAPING}(?:\s+(?:this|it|here|today|now))*,?\s+"
        rf"(?:(?:and\s+)?{_TODAY_IS}\s+|on\s+)?",
    ),
    _rule(
        "as we record",
        rf"\b{_TODAY_IS}\s+",
        rf",?\s+(?:as|while|when)\s+we(?:[’']re|\s+are)?\s+(?:record|tape|film|{_TAPING})\b",
    ),
)
# Who says so at the beginning speaks on that day; further down it may be part of a story.
_TODAY = _rule("today is", rf"\b{_TODAY_IS}\s+")

_SEGMENT = r"(?:^|[|·•])[ \t*_>]*"
_SEGMENT_END = r"[*_]*[ \t]*(?:$|[|·•(]|,?[ \t]*(?:at|by)\b|,?[ \t]*\d{1,2}[:.]\d\d)"


def _labelled(found_by: str, words: str) -> _Rule:
    return _rule(found_by, rf"{_SEGMENT}(?:{words})[*_]*[ \t]*:[ \t*_]*\n?[ \t]*")


def _begun(found_by: str, words: str) -> _Rule:
    """Words that may begin a sentence too: the date must end the line or its part."""
    return _rule(found_by, rf"{_SEGMENT}(?:{words})[ \t]+", _SEGMENT_END)


_PUBLISHED = (
    _labelled("Episode Date", r"episode\s+date|air\s+date|date\s+aired|aired(?:\s+on)?"),
    _labelled(
        "Published",
        r"published(?:\s+on|\s+online)?|first\s+published(?:\s+on)?|date\s+published"
        r"|publication\s+date|date\s+of\s+publication|pub\.?\s+date",
    ),
    _labelled("Posted", r"posted(?:\s+on)?|date\s+posted"),
    _labelled(
        "Released",
        r"released(?:\s+on)?|release\s+date|date\s+of\s+(?:issue|release)|issued(?:\s+on)?",
    ),
    _begun("Published", r"(?:first\s+)?published(?:\s+on(?:line)?)?"),
    _begun("Posted", r"posted(?:\s+on)?"),
    _begun("Released", r"(?:released|issued)(?:\s+on)?"),
    _begun("Aired", r"aired(?:\s+on)?"),
    _labelled("Date", r"date(?:\s+of\s+report(?:[ \t]*\([^)\n]*\))?)?"),
)
_EDITED = (
    _labelled(
        "Last edited", r"last[ -](?:edit(?:ed)?|updated?|modified|revised|changed)(?:\s+on)?"
    ),
)
_ORIGINAL = (
    _rule(
        "first published",
        r"\b(?:originally|first)\s+(?:published|appeared|posted|aired|broadcast)\s+(?:in|by|at|on)\s+"
        rf"[^\n]{{2,{_OUTLET_CHARS}}}?[\s,(](?={_DATE.pattern})",
    ),
)

_NO_OUTLET = re.compile(
    r"(?:up-?dated|last|modified|edited|recorded|taped|filmed|born|died|deadline|due|valid|since|until|from"
    r"|on|in|as|effective|expires?|next|to|after|before|by)\b|.*\b(?:ended|ending|period)\b",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"by\s+(?=[A-Z])", re.IGNORECASE)
_NAME = re.compile(
    r"(?:the\s+)?[A-Z][\w’'&.-]*(?:\s+(?:[A-Z&][\w’'&.-]*|of|the|and|for|on|in|to|at|de|la|du))*"
)
_PERSON = re.compile(
    r"(?:by\s+)?(?!(?:The|An?)\s)[A-Z][\w’'.-]+(?:\s+[A-Z][\w’'.-]*){1,3}(?:,\s[^.!?\n]{1,60})?",
)
_HEADER = re.compile(r"[A-Z0-9][^!?;:\n]*(?:\s[-–—]|[|·•])\s*")
_LINE = re.compile(r"[^\n]+")
# What may be blank gives nothing back: a line can hold very much of it.
_AFTER_DATE = re.compile(
    r"[\s*_.|]*+(?:[,|·•]?\s*(?:at\s+)?\d{1,2}[:.]\d\d(?:\s*[ap]\.?m\.?)?(?:\s+[A-Z]{2,4})?[\s*_]*+)?"
    r"(?:[,|·•]?\s*by\s+[A-Z][^\n]{1,80})?"
)
_DECORATION = " \t*_>#"
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_OF_A_COPY = re.compile(
    r"\b(?:download|access|print(?!ed\b)|retriev|generat|digiti[sz]|creat|revis|updat|valid|effective|end(?:ed|ing))"
    # A leaflet says when it was printed; a print-out says more: of what, by whom, at what time.
    r"|\bprinted\b.*(?:\d[:.]\d\d|\b(?:by|from|at)\b)|\b(?:cop(?:y|ies)|https?|www|pages?)\b.*\bprinted\b",
    re.IGNORECASE,
)
# What minutes are headed by, and no other meeting than their own.
_OF_A_MEETING = re.compile(
    r"(?!.*\b(?:next|last|previous|following|agenda|invitation|notice|approv\w+|was|were|is|are|will|has|have|be)\b)"
    r"[^.!?]*\b(?:minutes|meeting|session|sitting|assembly|agm)\b[^.!?]{0,80}",
    re.IGNORECASE,
)
_NAME_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")


def published(text: str, title: str = "") -> Stated:
    """When the text came out, by its head: a labelled date, else a line that is an outlet and a date.

    A line that is the title is no dateline: "Battle of Waterloo, 18 June 1815" says what the text is about. So
    may a day alone under a title: it counts where a time, a byline or a person's name stands beside it, and
    above the title.
    """
    head = text[:_HEAD_CHARS]
    found = _chosen(head, _PUBLISHED)
    datelines = [] if found.date else _datelines(head)
    for line in datelines:
        if line.outlet not in title if line.outlet else line.is_signed:
            return Stated(line.date)
    return found if found.date else _chosen(head, _EDITED)


def recorded(text: str, published_on: dt.date | None = None) -> Stated:
    """When what the text writes down was spoken, where the speakers or a label say so.

    A weekday and day without a year count where they fall together shortly before the publication; so does
    "it is Thursday the 6th of June" at the beginning, where its year, if it has one, agrees too. Minutes are of
    the meeting that they are headed by.
    """
    found = _chosen(text, _RECORDED, list_of_dates=None)
    if found.date:
        return found
    return Stated(next(_recorded_before(text, published_on), None) or _met(text))


def _met(text: str) -> DocumentDate | None:
    """The day of the meeting that a line of the head is about; None where lines of the text name several."""
    head = takewhile(lambda line: line.end() <= _HEAD_CHARS, _LINE.finditer(text))
    first = next(_meetings(text, head), None)  # most texts have none: no need to look at all of one
    if first is None or any(one.value != first.value for one in _meetings(text)):
        return None
    return first


def _meetings(text: str, lines: Iterable[re.Match[str]] | None = None) -> Iterator[DocumentDate]:
    """The days of the meetings that lines are about, of all lines or these."""
    for date, line in _ending_lines(text, _LINE.finditer(text) if lines is None else lines):
        day = _value(date)
        if day and _OF_A_MEETING.fullmatch(text, line.start(), date.start()):
            yield DocumentDate(value=day, found_by="minutes of", span=Span(*date.span()))


def _recorded_before(text: str, published_on: dt.date | None) -> Iterator[DocumentDate]:
    for rule, until in (*((rule, len(text)) for rule in _RECORDED), (_TODAY, _HEAD_CHARS)):
        for before in rule.before.finditer(text, 0, until):
            if rule is _TODAY and (date := _today(text, before.end(), published_on)):
                yield date
            match = _WEEKDAY_AND_DAY.match(text, before.end()) if published_on else None
            if published_on is None or match is None or not rule.after.match(text, match.end()):
                continue
            for day in _days_before(match, published_on):
                soon = (published_on - day).days <= _MOST_DAYS_TO_PUBLISH
                if soon and day.weekday() == weekday_of(match["weekday"].lower()):
                    found_by = f"{rule.found_by}, year of publication"
                    yield DocumentDate(value=day, found_by=found_by, span=Span(*match.span()))


def _today(text: str, at: int, published_on: dt.date | None) -> DocumentDate | None:
    """The day with its year and weekday that stands at a place, if they agree and it is not to come."""
    match = _DATE.match(text, at)
    day = _value(match) if match else None
    if match is None or day is None or (published_on and day > published_on):
        return None
    if not match["weekday"] or day.weekday() != weekday_of(match["weekday"].lower()):
        return None
    return DocumentDate(value=day, found_by=_TODAY.found_by, span=Span(*match.span()))


def original(text: str) -> Stated:
    """When the text first came out elsewhere: said in words, or by a second dateline below the text's own."""
    head = text[:_HEAD_CHARS]
    for own, below in pairwise(_datelines(head)):
        directly = below.number == own.number + 1
        if directly and below.outlet != own.outlet and below.date.value <= own.date.value:
            return Stated(below.date)
    return _chosen(head, _ORIGINAL)


def in_running_lines(text: str, lines: Sequence[Span]) -> DocumentDate | None:
    """The one day that running headers and footers name, unless they tell when a copy was made."""
    found = [
        date
        for line in lines
        if not _OF_A_COPY.search(line.cut(text))
        if (date := first_within(text, line, found_by="page header"))
    ]
    return found[0] if len({date.value for date in found}) == 1 else None


def in_name(name: str) -> DocumentDate | None:
    """The day in a file's name, year first, if it holds one day only."""
    days = {
        day for found in _NAME_DAY.finditer(name) if (day := _day(found[1], found[3], found[4]))
    }
    return DocumentDate(value=days.pop(), found_by="file name") if len(days) == 1 else None


def leading_day(value: str) -> dt.date | None:
    """The day that a metadata field's value begins with."""
    found = _DATE.match(value.strip())
    return _value(found) if found else None


def is_of_a_day(text: str, place: Span) -> bool:
    """Whether what stands at `place` is part of a date, with a year or without."""
    return any(
        found.start() <= place.start < found.end()
        for form in (_DATE, _YEARLESS)
        for found in form.finditer(text)
    )


def first_within(text: str, span: Span, found_by: str) -> DocumentDate | None:
    """The first date that stands inside of `span`."""
    for match in _DATE.finditer(text, span.start, span.end):
        if day := _value(match):
            return DocumentDate(value=day, found_by=found_by, span=Span(*match.span()))
    return None


def last_before(text: str, span: Span, mail_sent: dt.date) -> DocumentDate | None:
    """The first day without a year inside of `span`, in the last year that puts it before a mail's own day."""
    for match in _YEARLESS.finditer(text, span.start, span.end):
        if day := next(_days_before(match, mail_sent), None):
            return DocumentDate(
                value=day, found_by="quoted header, year of the mail", span=Span(*match.span())
            )
    return None


def _days_before(match: re.Match[str], until: dt.date) -> Iterator[dt.date]:
    """The days that a day without a year may be: not after `until` and in its year or the one before."""
    month = month_of((match["month"] or match["us_month"]).lower())
    stated = number_of((match["day"] or match["us_day"]).lower())
    for year in (until.year, until.year - 1):
        day = _day(year, month, stated)
        if day and day <= until:
            yield day


def _chosen(
    text: str, rules: Sequence[_Rule], list_of_dates: int | None = _LIST_OF_DATES
) -> Stated:
    """The first date of the first rule that finds any."""
    for rule in rules:
        found = list(_found(text, rule))
        values = list(dict.fromkeys(one.value for one in found))
        if found and (list_of_dates is None or len(values) < list_of_dates):
            return Stated(found[0], _contradiction(rule.found_by, values))
    return Stated()


def _found(text: str, rule: _Rule) -> Iterator[DocumentDate]:
    for before in rule.before.finditer(text):
        date = _DATE.match(text, before.end())
        day = _value(date) if date else None
        if date and day and rule.after.match(text, date.end()):
            yield DocumentDate(value=day, found_by=rule.found_by, span=Span(*date.span()))


def _contradiction(found_by: str, values: Sequence[dt.date]) -> tuple[str, ...]:
    if len(values) == 1:
        return ()
    others = ", ".join(value.isoformat() for value in values[1:])
    return (
        f"The text states more than one date ({found_by}): {values[0].isoformat()} is taken, and not {others}.",
    )


@dataclass(frozen=True, slots=True)
class _Dateline:
    """A line that is an outlet's name and a date, or a date alone; `number` counts lines with words.

    It is signed where it stands first, a time or a byline follows the date, or a line beside it, below the
    title, names somebody.
    """

    number: int
    outlet: str
    is_signed: bool
    date: DocumentDate


def _datelines(head: str) -> list[_Dateline]:
    """The datelines above the text; none where so many lines end in a date that they are a list."""
    lines = [line for line in _LINE.finditer(head) if line[0].strip()][:_HEAD_LINES]
    numbers = {line.start(): number for number, line in enumerate(lines)}
    ending = [
        (numbers[line.start()], line.start(), date) for date, line in _ending_lines(head, lines)
    ]
    return [
        _Dateline(
            number,
            outlet,
            _is_signed(lines, number, date.end()),
            DocumentDate(value=day, found_by="dateline", span=Span(*date.span())),
        )
        for number, start, date in ending
        if len(ending) < _LIST_OF_DATES
        if (day := _value(date)) and (outlet := _outlet(head[start : date.start()])) is not None
    ]


def _ending_lines(
    text: str, lines: Iterable[re.Match[str]]
) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """The dates that lines end in, each with its line."""
    for line in lines:
        for date in _DATE.finditer(text, *line.span()):
            if _AFTER_DATE.fullmatch(text, date.end(), line.end()):
                yield date, line


def _is_signed(lines: Sequence[re.Match[str]], number: int, date_end: int) -> bool:
    line = lines[number]
    beside = [lines[at][0] for at in (number - 1, number + 1) if 0 < at < len(lines)]
    return (
        not number
        or any(map(str.isalnum, line[0][date_end - line.start() :]))
        or any(_PERSON.fullmatch(one.strip(_DECORATION)) for one in beside)
    )


def _outlet(before: str) -> str | None:
    """The name before a dateline's date; "" where there is none, None where it is no name."""
    before = _LINK.sub(r"\1", before).strip(_DECORATION)
    words = before.strip(_DECORATION + ",|·•–—-(")
    name = _BYLINE.sub("", words, count=1)
    is_name = _HEADER.fullmatch(before + " ") or all(
        _NAME.fullmatch(part.strip()) for part in re.split(r"[,|·•–—]|\s-\s", name)
    )
    if not words or (is_name and len(words) <= _OUTLET_CHARS and not _NO_OUTLET.match(name)):
        return words
    return None


def _value(match: re.Match[str]) -> dt.date | None:
    """The calendar day of a match of `_DATE`, if there is such a day and no other reading."""
    part = match.groupdict()
    if part["iso"]:
        return _day(*part["iso"].split("-"))
    if part["year"]:
        return _said(part["year"], part["month"], part["day"])
    if part["us_year"]:
        return _said(part["us_year"], part["us_month"], part["us_day"])
    readings = {
        _day(part["last"], part["second"], part["first"]),
        _day(part["last"], part["first"], part["second"]),
    } - {None}
    return readings.pop() if len(readings) == 1 else None


def _said(year: str, month: str, day: str) -> dt.date | None:
    return _day(year_of(year.lower()), month_of(month.lower()), number_of(day.lower()))


def _day(year: str | int, month: str | int, day: str | int) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
