"""What a statement says that its quotes do not: dates, names, numbers with what they count, links and negations.

Whether the words around them follow from the quotes is another question; a statement that lacks nothing here may
still be wrong, and one that lacks something has to be shown with care or not at all.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rag.alteration import altered, time_word
from rag.analysis import STOP_WORDS, terms
from rag.numbers import cardinal, ordinal, value_of
from rag.polarity import Polarity, polarity
from rag.temporal import Kind, TimeExpression, find, written
from rag.types import exactness, first_day

_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<digits>\d+(?:,\d{3})*(?:\.\d+)*)(?:st|nd|rd|th)?(?!\d)"
)
_CODE = re.compile(r"(?<=[A-Za-z]-)\d+\b")  # by whose number a thing may be called
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_JOINED = r"[\s-]"
_SPELLED = re.compile(  # "second" is a unit behind digits
    rf"(?<![\w-])(?:zero\b|{cardinal(_JOINED)}|(?<!\d\s){ordinal(_JOINED)})",
    re.IGNORECASE,
)
_NO_NUMBERS = frozenset({"one", "first"})  # as often an article or an order
_COUNT = r"(?:(?<!\d)(?P<digits>\d+(?:\.\d+)?)|\b(?:an?|one))"
_HUNDREDS = re.compile(
    rf"{_COUNT}{_JOINED}hundred\b(?:{_JOINED}(?:and{_JOINED})?(?P<rest>\d\d?)(?![\d.,]))?",
    re.IGNORECASE,
)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALED = re.compile(rf"{_COUNT}{_JOINED}?(?P<scale>{'|'.join(_SCALES)})\b", re.IGNORECASE)
# A unit a line, in all its words. Two of one measure are not the same: "5 days", "5 weeks".
_UNITS = {
    word: line.split()[0]
    for line in """
        percent
        percentage
        mm millimetre millimetres millimeter millimeters
        cm centimetre centimetres centimeter centimeters
        m metre metres meter meters
        km kilometre kilometres kilometer kilometers
        mile miles
        foot feet
        inch inches
        g gram grams
        kg kilogram kilograms
        tonne tonnes
        ton tons
        pound pounds
        ounce ounces
        second seconds
        minute minutes
        hour hours
        day days
        week weeks
        month months
        year years
        decade decades
        dollar dollars
        euro euros
        cent cents
        """.strip().splitlines()
    for word in line.split()
}
_SHARE = re.compile(r"\s?(?:%|\bper\scent\b)", re.IGNORECASE)
_UNIT = re.compile(r"(?<!\d)(?P<digits>\d+(?:\.\d+)?)[\s-]?(?P<unit>[a-z]+)", re.IGNORECASE)
_COUNTED = re.compile(r"(?<![\w.,])(?P<digits>\d+(?:\.\d+)?)(?P<words>(?:[\s-][^\W\d_]+){1,3})")
_LINK = re.compile(
    r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?=[\w.-]*[a-z])[\w-]{2,}(?:\.[\w-]{2,})*\.[a-z]{2,}\b(?:/\S*)?"
)
_IDENTIFIER = re.compile(r"\b(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w-]{6,}")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"“(])\W*$")
_OPENERS = frozenset(
    """
    according additionally afterwards already although among another as besides both consequently despite earlier
    either even finally furthermore hence here however in instead last later likewise meanwhile moreover nevertheless
    neither nobody none nothing otherwise overall several similarly since still that then there therefore thus today
    together unless unlike whereas whether while within without yes yet
    """.split()  # noqa: SIM905 # as above
)
_PLAIN_ENDING = re.compile(
    r"(?:ly|ing|tion|sion|ment|ness|ity)$"
)  # of a word that is hardly a name
_LEAST_SHARED = 0.34  # of a statement's words, with its quotes
_TEXTS = 64  # that are looked at from several sides at a time


@dataclass(frozen=True)
class Source:
    """What a statement may rest on.

    Attributes:
        quotes: Their texts.
        around: The sentences that they are cut from, where they are cut: a negation there counts too.
        beside: What is shown with the quotes: titles and headings.
        dates: ISO dates, as far as they are known, that are worked out from the quotes or shown with them.
    """

    quotes: Sequence[str]
    around: Sequence[str] = ()
    beside: Sequence[str] = ()
    dates: Collection[str] = ()

    @cached_property
    def said(self) -> str:
        """All that is quoted."""
        return "\n".join(self.quotes)

    @cached_property
    def shown(self) -> str:
        """All that a reader sees of the source."""
        return "\n".join((*self.quotes, *self.beside))

    @property
    def context(self) -> Sequence[str]:
        """The quotes, or the sentences that they are cut from."""
        return self.around or self.quotes

    @cached_property
    def held(self) -> _Dates:
        """The dates that are shown or known."""
        return _Dates.of(self.shown).including(self.dates)

    @cached_property
    def undated(self) -> str:
        """All that is quoted, without dates."""
        return _Dates.of(self.said).masked

    @cached_property
    def polarity(self) -> Polarity:
        """What is denied in the quotes."""
        return polarity(self.said)

    @cached_property
    def polarity_around(self) -> Polarity:
        """What is denied in the sentences that are quoted from."""
        around = "\n".join(self.context)
        return self.polarity if around == self.said else polarity(around)

    @cached_property
    def comparable(self) -> list[str]:
        """The sentences that are quoted from, with numbers and times in one form."""
        return [_comparable(one) for one in self.context]


def lacking(statement: str, source: Source) -> tuple[str, ...]:
    """What of a statement its source does not have: links, dates, names, numbers and negations, in that order.

    Derived, and so not lacking: a number in other digits or words ("260,000", "260 thousand"), a date in another
    form, or a part of one, a name in another case or with another ending. A statement which hardly has a word in
    common with its source lacks all of them.
    """
    statement = _without_heads(statement, source.dates)
    dates, held = _Dates.of(statement), source.held
    plain, said = dates.masked, source.undated
    found = (
        *_links(statement, source.shown),
        *dates.beyond(held),
        *_names(plain, f"{source.shown}\n{held.words}"),
        *_unheld_numbers(plain, held.masked),
        *_units(plain, said),
        *_miscounted(plain, said),
        *_negations(polarity(statement), source),
        *_alterations(statement, source),
    )
    return tuple(dict.fromkeys(found)) or tuple(_unshared(statement, source))


def _without_heads(statement: str, dates: Collection[str]) -> str:
    """The statement without the dates that head it or one of its parts, and may run into other dates."""
    for value in dates:
        head = written(value)
        if head in statement:
            statement = re.sub(rf"(?<!\d ){head}(?=:|$| \()", " ", statement)
    return statement


def _alterations(statement: str, source: Source) -> Iterator[str]:
    ours = _comparable(statement)
    for theirs in source.comparable:
        yield from altered(ours, theirs)


def _comparable(text: str) -> str:
    """The text with its numbers and times in one form."""
    for one in reversed(_times(text)):
        word = f" {time_word(one.year, one.month, one.day)} "
        text = text[: one.span.start] + word + text[one.span.end :]
    return _plain(text)


@lru_cache(maxsize=_TEXTS)
def _times(text: str) -> tuple[TimeExpression, ...]:
    return tuple(find(text))


def _links(statement: str, shown: str) -> Iterator[str]:
    """Links, addresses and codes such as keys, which are nothing if a character of them is another."""
    for form in (_LINK, _IDENTIFIER):
        for match in form.finditer(statement):
            if match[0].casefold() not in shown.casefold():
                yield match[0]


@dataclass(frozen=True, slots=True)
class _Date:
    """A date as far as it is said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    stated_weekday: int | None = None

    @property
    def weekday(self) -> int | None:
        """Monday is 0; None where it is neither said nor known."""
        if (
            self.year
            and self.month
            and self.day
            and self.day <= calendar.monthrange(self.year, self.month)[1]
        ):
            return calendar.weekday(self.year, self.month, self.day)
        return self.stated_weekday

    def fits(self, held: _Date, years: Collection[int | None]) -> bool:
        """Whether a date that is held says it; a year that it leaves out may stand elsewhere."""
        same_year = self.year in (None, held.year) or (held.year is None and self.year in years)
        same_weekday = None in (self.stated_weekday, held.weekday) or (
            self.stated_weekday == held.weekday
        )
        return (
            same_year
            and same_weekday
            and self.month in (None, held.month)
            and self.day in (None, held.day)
        )


@dataclass(frozen=True, slots=True)
class _Dates:
    """The calendar dates of a text, and the text without them."""

    dates: Mapping[str, _Date]  # by what was said
    masked: str

    @classmethod
    def of(cls, text: str) -> _Dates:
        dates: dict[str, _Date] = {}
        masked = text
        for one in _times(text):
            for each in (one, one.until):
                if each and each.kind is Kind.CALENDAR and not each.direction:
                    dates[each.text] = _Date(each.year, each.month, each.day, each.weekday)
            if _is_only_a_date(one):
                blank = " " * len(one.span)
                masked = masked[: one.span.start] + blank + masked[one.span.end :]
        return cls(dates, masked)

    def including(self, values: Collection[str]) -> _Dates:
        """These and the ISO dates."""
        return _Dates({**self.dates, **{one: _known(one) for one in values}}, self.masked)

    def beyond(self, held: _Dates) -> Iterator[str]:
        """What is said of dates that those which are held do not say."""
        years = {one.year for one in held.dates.values()}
        years |= {int(one) for one in _numbers(held.masked) if len(one) == 4 and one.isdigit()}
        known = [*held.dates.values(), *(_Date(year) for year in years)]
        for said, date in self.dates.items():
            if not any(date.fits(one, years) for one in known):
                yield said

    @property
    def words(self) -> str:
        """The names of their months and of their weekdays."""
        names = []
        for one in self.dates.values():
            if one.month:
                names.append(calendar.month_name[one.month])
            if one.weekday is not None:
                names.append(calendar.day_name[one.weekday])
        return " ".join(names)


def _is_only_a_date(one: TimeExpression) -> bool:
    return one.kind is Kind.CALENDAR or (one.kind is Kind.RANGE and one.until is not None)


def _known(value: str) -> _Date:
    first, exact = first_day(value), exactness(value)
    return _Date(first.year, first.month if exact else None, first.day if exact > 1 else None)


def _names(statement: str, shown: str) -> Iterator[str]:
    """Names, or neighbours in a name, that are not shown."""
    held = {*terms(shown)}
    pairs = _Pairs(shown)
    before = None  # the word of a name that stands right before
    for match in _WORD.finditer(statement):
        word = match[0]
        if not word[0].isupper() or _is_plain(word):
            before = None
        elif not {*terms(word)} <= held:
            before = None
            if not _may_begin(word, statement[: match.start()]):
                yield word
        else:
            if before and pairs.contradict(before, word):
                yield f"{before} {word}"
            before = word if statement[match.end() : match.end() + 1] == " " else None


def _is_plain(word: str) -> bool:
    """Whether a word is of grammar or a number, and no name although it may begin with a capital."""
    return word.lower() in STOP_WORDS or _SPELLED.fullmatch(word) is not None


class _Pairs:
    """Which words of names stand side by side in a text."""

    def __init__(self, text: str) -> None:
        self._behind: dict[str, set[str]] = {}
        self._before: dict[str, set[str]] = {}
        previous: re.Match[str] | None = None
        for one in _WORD.finditer(text):
            beside = previous is not None and text[previous.end() : one.start()] == " "
            left = previous[0] if previous and beside and previous[0][0].isupper() else ""
            if one[0][0].isupper():
                self._before.setdefault(one[0].lower(), set()).add(left.lower())
            if left:
                self._behind.setdefault(left.lower(), set()).add(one[0].lower())
            previous = one

    def contradict(self, left: str, right: str) -> bool:
        """Whether each of the two always stands beside another one, or a word was put beside itself."""
        if left.lower() == right.lower():
            return right.lower() not in self._behind.get(left.lower(), set())
        behind = self._behind.get(left.lower(), set())
        before = self._before.get(right.lower(), set())
        return bool(behind and before) and right.lower() not in behind and "" not in before


def _may_begin(word: str, before: str) -> bool:
    """Whether it is capital only since it begins a sentence. What then follows a name cannot be told from a word."""
    return (
        _SENTENCE_START.search(before) is not None
        and word[1:].islower()
        and (word.lower() in _OPENERS or _PLAIN_ENDING.search(word) is not None)
    )


@lru_cache(maxsize=_TEXTS)
def _plain(text: str, but: frozenset[str] = frozenset()) -> str:
    """A text with numbers as plain digits, but for these words where they stand alone, and shares in percent."""
    text = _SHARE.sub(" percent", text)
    text = _NUMBER.sub(lambda one: one["digits"].replace(",", ""), text)
    text = _SPELLED.sub(lambda one: one[0] if one[0].lower() in but else _value(one[0]), text)
    return _SCALED.sub(_unscaled, _HUNDREDS.sub(_in_hundreds, text))


def _value(words: str) -> str:
    word = words.lower()
    return "0" if word == "zero" else str(value_of(word))


def _in_hundreds(match: re.Match[str]) -> str:
    hundreds = _shifted(match["digits"] or "1", 2)
    return hundreds[: -len(rest)] + rest if (rest := match["rest"]) else hundreds


def _unscaled(match: re.Match[str]) -> str:
    return _shifted(match["digits"] or "1", _SCALES[match["scale"].lower()])


def _shifted(digits: str, places: int) -> str:
    """A decimal number times a power of ten, exactly, however long it is."""
    whole, _, part = digits.partition(".")
    part = part.ljust(places, "0")
    return f"{whole}{part[:places]}.{part[places:]}".rstrip(".")


def numbers(text: str) -> set[str]:
    """The numbers in a text, in digits: "thirty-one" is "31"."""
    return _numbers(_plain(text))


def _numbers(plain: str) -> set[str]:
    return {_bare(one["digits"]) for one in _NUMBER.finditer(plain)}


def _bare(digits: str) -> str:
    """A number without the zeros that say nothing; a code such as "1.2.10" is itself."""
    match digits.count("."):
        case 0:
            return digits.lstrip("0") or "0"
        case 1:
            return digits.rstrip("0").rstrip(".")
        case _:
            return digits


def _unheld_numbers(statement: str, shown: str) -> list[str]:
    stated = _numbers(_plain(statement, but=_NO_NUMBERS))
    return sorted(stated - _numbers(_plain(shown)) - {*_CODE.findall(shown)})


def _units(statement: str, said: str) -> Iterator[str]:
    """Numbers with another unit than each that the quotes give them."""
    held = _measured(said)
    for number, units in _measured(statement).items():
        if number in held and not units & held[number]:
            yield f"{number} ({', '.join(sorted(units))})"


def _measured(text: str) -> dict[str, set[str]]:
    measured: dict[str, set[str]] = {}
    for match in _UNIT.finditer(_plain(text)):
        if unit := _UNITS.get(match["unit"].lower()):
            measured.setdefault(match["digits"], set()).add(unit)
    return measured


def _miscounted(statement: str, said: str) -> Iterator[str]:
    """Numbers of things of which the quotes give other numbers only."""
    numbers = _numbers(_plain(said))
    held: dict[str, set[str]] = {}
    for number, stem in _counted(said):
        held.setdefault(stem, set()).add(number)
    for number, stem in _counted(statement):
        if number in numbers and stem in held and number not in held[stem]:
            yield f"{number} {stem}"


def _counted(text: str) -> Iterator[tuple[str, str]]:
    """Each number with the stem of the word that it stands before."""
    for match in _COUNTED.finditer(_plain(text)):
        for word in match["words"].split()[:1]:
            if word.lower() not in STOP_WORDS:
                yield match["digits"], terms(word)[0]


def _negations(statement: Polarity, source: Source) -> Iterator[str]:
    """Negations that the quotes do not have, and words that they have behind a negation only."""
    said, around = source.polarity, source.polarity_around
    for one in statement.denials:
        stems = frozenset(one.stems)
        asserted = not said.denials or bool(stems & said.asserted)
        if asserted and not stems & said.denied:
            yield one.word
    for stem in sorted(statement.asserted & around.chiefly_denied):
        if stem not in around.asserted and not statement.denials:
            yield f"not {stem}"


def _unshared(statement: str, source: Source) -> Iterator[str]:
    """The words that the source lacks, if it lacks most of them."""
    stems = dict.fromkeys(terms(_plain(statement)))
    known = {*terms(_plain(f"{source.shown}\n{source.held.words}"))}
    known |= {part for one in source.dates for part in (one, *one.split("-"))}
    missing = [one for one in stems if one not in known]
    if len(missing) > 1 and len(stems) - len(missing) < _LEAST_SHARED * len(stems):
        yield from missing
