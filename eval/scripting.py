"""What a scripted chat model writes of the passages it is shown: right statements, and each way of being wrong.

Everything is made of the passages' own sentences, so that what is right or wrong of it is known without a judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from rag.rows import is_row
from rag.sentences import sentences
from rag.temporal import Kind as TimeKind
from rag.temporal import find
from rag.types import Span

_MARK = re.compile(r"The mark is (\w+)\.")
_WORDS = range(6, 46)  # of a sentence that is made use of
_AUXILIARY = re.compile(r"\b(?:was|were|is|are|has|have|had|will|can|could|must|should)\b(?! not)")
_NOT = re.compile(r"\b(was|were|is|are|has|have|had|will|could|must|should) not\b")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?![\w.,-]*\d)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_LEADS = ("According to the passage: ", "The passage says: ", "")
_ELSEWHERE = (  # in languages that the passages are not in
    "Die Brücke wurde im Sommer für den Verkehr gesperrt.",
    "Le pont a été fermé à la circulation pendant deux jours.",
    "Мост был закрыт для движения в течение двух дней.",
    "橋は夏の間ずっと閉鎖されていた。",
)
_INVENTED = "the committee quietly agreed to everything that had been asked of it"
_CHARACTERS = 10_000_000  # of a reply without an end


class Kind(StrEnum):
    """What an answer of the script is like."""

    RIGHT = "right"
    MARKDOWN = "right, in Markdown"
    INVENTED_QUOTE = "invented quote"
    OTHER_PASSAGE = "quote from another passage"
    JOINED_QUOTE = "joined quote"
    CUT_QUOTE = "cut quote"
    NUMBER = "altered number"
    NAME = "altered name"
    DATE = "altered date"
    NEGATION = "negation flipped"
    WRONG_JSON = "wrong JSON"
    EMPTY = "empty"
    ENDLESS = "10 MB"
    LANGUAGE = "wrong language"


RIGHT = (Kind.RIGHT, Kind.MARKDOWN)
ALTERED = (Kind.NUMBER, Kind.NAME, Kind.DATE, Kind.NEGATION)
MISQUOTED = (Kind.INVENTED_QUOTE, Kind.OTHER_PASSAGE, Kind.JOINED_QUOTE)


@dataclass(frozen=True, slots=True)
class Sourced:
    """A sentence and the number of the passage that it stands in."""

    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The passages of a prompt, and the sentences of prose in them in an order of chance."""

    passages: Sequence[str]
    sentences: Sequence[Sourced]

    @classmethod
    def of(cls, prompt: str, chance: Random) -> Shown:
        """Read a prompt of `rag.chat_composition`."""
        mark = _MARK.search(prompt)
        parts = (
            prompt.split(f"\n{mark[1]}\n")[1:-1] if mark else []
        )  # before them is the mark, and after the question
        passages = [one.partition(":\n")[2] for one in parts]
        found = [
            Sourced(number, span.cut(passage))
            for number, passage in enumerate(passages, 1)
            for span in sentences(passage)
        ]
        prose = [one for one in found if _is_prose(one.text)]
        chance.shuffle(prose)
        return cls(passages, prose)


def _is_prose(sentence: str) -> bool:
    words = sentence.split()
    return (
        len(words) in _WORDS
        and not is_row(sentence)
        and sentence[0].isupper()
        and sentence[-1] == "."
        and not any(sign in sentence for sign in "|[;*#")
    )


def written(kind: Kind, shown: Shown, chance: Random) -> str | None:
    """A reply of this kind; None where the passages have no sentence to make it of."""
    return next(_replies(kind, shown, chance), None)


def _replies(kind: Kind, shown: Shown, chance: Random) -> Iterator[str]:
    if kind in _FIXED:
        yield _FIXED[kind]
    for one in shown.sentences:
        for claim in _MADE.get(kind, _nothing)(one, shown, chance):
            whole = reply(claim)
            yield chance.choice(_BREAKS)(whole) if kind is Kind.WRONG_JSON else whole


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement, the number of the passage that it names, and what it quotes of that."""

    text: str
    passage: int
    quote: str


def right_claims(prompt: str, count: int) -> list[Claim]:
    """Right statements, each of another sentence, as many as the prompt shows; the same for the same passages."""
    chance = Random(count)  # noqa: S311 # no secret
    shown = Shown.of(prompt, chance)
    different = {one.text: one for one in shown.sentences}
    chosen = list(different.values())[:count]
    return [claim for one in chosen for claim in _right(one, shown, chance)]


def reply(*claims: Claim) -> str:
    """A reply as it is asked for."""
    statements = [
        {"text": one.text, "quotes": [{"passage": one.passage, "quote": one.quote}]}
        for one in claims
    ]
    return json.dumps({"statements": statements}, ensure_ascii=False)


_Making = Callable[[Sourced, Shown, Random], Iterator[Claim]]


def _nothing(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    del one, shown, chance
    yield from ()


def _copied(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    del shown, chance
    yield Claim(one.text, one.passage, one.text)


def _elsewhere(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    del chance
    for number, passage in enumerate(shown.passages, 1):
        if one.text not in passage:
            yield Claim(one.text, number, one.text)


def _joined(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    half, rest = _half(one.text), _half(chance.choice(shown.sentences).text)
    if f"{half} {rest}" not in " ".join(shown.passages[one.passage - 1].split()):
        yield Claim(one.text, one.passage, f"{half} {rest}")


def _foreign(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    del shown
    yield Claim(chance.choice(_ELSEWHERE), one.passage, one.text)


def _right(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown
    head, comma, rest = sentence.partition(", ")
    shorter = rest[0].upper() + rest[1:] if comma and head.count(" ") < 5 < rest.count(" ") else ""
    longer = re.sub(r",\s[^,]*\.$", ".", sentence)
    texts = [
        chance.choice(_LEADS) + sentence,
        _in_words(sentence),
        longer if longer.count(" ") > 4 else sentence,
        shorter or sentence,
    ]
    yield Claim(chance.choice(texts), one.passage, sentence)


def _in_words(sentence: str) -> str:
    """The sentence with its dates and numbers in another form."""
    for one in find(sentence):
        if one.kind is TimeKind.CALENDAR and one.year and one.month and one.day:
            other = f"{one.year}-{one.month:02}-{one.day:02}"
            return sentence.replace(one.text, other, 1)
    return re.sub(r"(?<=\d),(?=\d{3})", "", sentence)


def _marked(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown
    words = sentence.split(" ")
    at = chance.randrange(len(words))
    words[at] = f"**{words[at]}**"
    yield Claim(f"- {' '.join(words)} [1]", one.passage, sentence)


def _invented(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown, chance
    yield Claim(sentence, one.passage, f"{_half(sentence)} {_INVENTED}")


def _cut(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown
    yield Claim(
        sentence, one.passage, sentence[: chance.randrange(len(sentence) // 3, len(sentence) - 3)]
    )


def _numbered(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    elsewhere = [number for each in shown.passages for number in _NUMBER.findall(each)]
    dated = [date.span for date in find(sentence)]
    for number in _NUMBER.finditer(sentence):
        if any(span.start <= number.start() < span.end for span in dated):
            continue
        near = str(int(number[0].replace(",", "")) + chance.choice((-1, 1, 10, 100)))
        for other in (chance.choice(elsewhere), near):
            if other != number[0]:
                yield _put(one, Span(*number.span()), other)


def _renamed(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    names = sorted({name for each in shown.passages for name in _NAME.findall(each)})
    chance.shuffle(names)
    for name in _NAME.finditer(sentence):
        for other in names:
            if other != name[0] and not find(name[0]) and not find(other):
                yield _put(one, Span(*name.span()), other)
                break


def _redated(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown
    for date in find(sentence):
        digits = list(re.finditer(r"\d+", date.text))
        if date.kind is TimeKind.CALENDAR and digits:
            digit = chance.choice(digits)
            value = int(digit[0])
            other = value - 1 if value > 1 else value + 1
            text = date.text[: digit.start()] + str(other) + date.text[digit.end() :]
            yield _put(one, date.span, text)


def _flipped(one: Sourced, shown: Shown, chance: Random) -> Iterator[Claim]:
    sentence = one.text
    del shown, chance
    if _NOT.search(sentence):
        yield Claim(_NOT.sub(r"\1", sentence, count=1), one.passage, sentence)
    elif _AUXILIARY.search(sentence):
        yield Claim(_AUXILIARY.sub(r"\g<0> not", sentence, count=1), one.passage, sentence)


def _put(one: Sourced, span: Span, text: str) -> Claim:
    """The sentence with other words at a place, quoted as it is."""
    altered = one.text[: span.start] + text + one.text[span.end :]
    return Claim(altered, one.passage, one.text)


_MADE: Mapping[Kind, _Making] = {
    Kind.RIGHT: _right,
    Kind.MARKDOWN: _marked,
    Kind.INVENTED_QUOTE: _invented,
    Kind.OTHER_PASSAGE: _elsewhere,
    Kind.JOINED_QUOTE: _joined,
    Kind.CUT_QUOTE: _cut,
    Kind.NUMBER: _numbered,
    Kind.NAME: _renamed,
    Kind.DATE: _redated,
    Kind.NEGATION: _flipped,
    Kind.WRONG_JSON: _copied,
    Kind.LANGUAGE: _foreign,
}
_FIXED: Mapping[Kind, str] = {
    Kind.EMPTY: '{"statements": []}',
    Kind.ENDLESS: '{"statements": [{"text": "' + "on and on " * (_CHARACTERS // 10),
}
_BREAKS: Sequence[Callable[[str], str]] = (
    lambda text: text[:-3],
    lambda text: f"Well {{ then: {text} }}",
    lambda text: f"```json\n{text}\n```",
    lambda text: text.replace('"passage": ', '"passage": "'),
    lambda text: text.replace('"quotes": [', '"quotes": '),
    lambda text: text.replace('"statements"', "'statements'"),
    lambda text: text.replace('"', "“"),
    lambda text: "[" * 5_000 + text,
    lambda text: "null" + text[:0],
)


def _half(sentence: str) -> str:
    words = sentence.split(" ")
    return " ".join(words[: len(words) // 2])
