"""Names in questions, misspelt and misheard: how many answers are right all the same?"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.answered import Answered
from eval.asking import InProcess, Progress
from eval.judging import shortfalls
from eval.metrics import Proportion, proportion
from eval.suite import Question, Suite
from rag.question import understand

_LETTERS_AN_EDIT = {1: 4, 2: 6, 3: 8}  # of a word that is still itself after so many
_WORD = re.compile(r"[^\W\d_]+")
# As English spells one sound in several ways, and other alphabets are written in Latin letters.
_SOUNDS = {
    "sch": "sh",
    "ph": "f",
    "ck": "k",
    "sh": "sch",
    "oo": "u",
    "ou": "u",
    "ee": "i",
    "ie": "y",
    "ei": "ey",
    "th": "t",
    "ca": "ka",
    "co": "ko",
    "x": "ks",
    "z": "s",
    "w": "v",
    "k": "c",
    "v": "w",
    "y": "i",
    "i": "y",
    "f": "ph",
    "s": "z",
}
_SOUND = re.compile("|".join(_SOUNDS))
_HEARD_WRONG = 2  # sounds of a word at the most
BY_SOUND = "by sound"


@dataclass(frozen=True, slots=True, kw_only=True)
class MisspellingReport:
    """Answers that are right to questions with a name, by how its words are misspelt.

    Attributes:
        as_written: To the same questions without a mistake.
        misspelt: With it.
    """

    as_written: Mapping[str, Proportion]
    misspelt: Mapping[str, Proportion]


def measure(suites: Sequence[Suite], progress: Progress) -> MisspellingReport:
    """Put every question that has a name, in each misspelling, to the library in this process."""
    written: dict[str, list[bool]] = {}
    misspelt: dict[str, list[bool]] = {}
    for suite in suites:
        with TemporaryDirectory() as data, InProcess(Path(data)).taking(suite, progress) as asking:
            for done, question in enumerate(suite.questions, 1):
                progress(f"{suite.name}: questions", done, len(suite.questions))
                worse = dict(misspellings(question))
                if not worse:
                    continue
                right = _is_right(question, asking.ask)
                for how, one in worse.items():
                    written.setdefault(how, []).append(right)
                    misspelt.setdefault(how, []).append(_is_right(one, asking.ask))
    return MisspellingReport(
        as_written={how: proportion(each) for how, each in written.items()},
        misspelt={how: proportion(each) for how, each in misspelt.items()},
    )


def misspellings(question: Question) -> Iterator[tuple[str, Question]]:
    """The question with the words of its names misspelt in each way that changes one; the same ones each time."""
    asked = [question.question, *(turn.question for turn in question.history)]
    names = {
        word
        for text in asked
        for name in understand(text).entities
        for word in _WORD.findall(name)
        if word[0].isupper() and len(word) >= _LETTERS_AN_EDIT[1]
    }
    for edits, letters in _LETTERS_AN_EDIT.items():
        yield from _with(
            question,
            f"{edits} edit{'s' if edits > 1 else ''}",
            {one: edited(one, edits) for one in sorted(names) if len(one) >= letters},
        )
    yield from _with(question, BY_SOUND, {one: misheard(one) for one in sorted(names)})


def edited(word: str, edits: int) -> str:
    """A word after so many edits of one letter each: left out, put in, put for another, or two turned round."""
    chance = random.Random(f"{word} {edits}")  # noqa: S311 # no secret
    letters = list(word)
    for place in sorted(chance.sample(range(1, len(word) - 1), edits), reverse=True):
        letter = chance.choice(string.ascii_lowercase)
        match chance.randrange(4):
            case 0:
                del letters[place]
            case 1:
                letters.insert(place, letter)
            case 2:
                letters[place] = letter
            case _:
                letters[place : place + 2] = reversed(letters[place : place + 2])
    return "".join(letters)


def misheard(word: str) -> str:
    """A word as somebody may write it who only heard it."""
    heard = _SOUND.sub(lambda found: _SOUNDS[found[0]], word.lower(), count=_HEARD_WRONG)
    return heard.capitalize()


def _with(question: Question, how: str, wrong: Mapping[str, str]) -> Iterator[tuple[str, Question]]:
    changed = {word: other for word, other in wrong.items() if word != other}
    if changed:
        words = re.compile(rf"\b(?:{'|'.join(map(re.escape, changed))})\b")

        def misspelt(text: str) -> str:
            return words.sub(lambda found: changed[found[0]], text)

        history = tuple(replace(one, question=misspelt(one.question)) for one in question.history)
        yield how, replace(question, question=misspelt(question.question), history=history)


def _is_right(question: Question, ask: Callable[[Question], Answered]) -> bool:
    answered = ask(question)
    return answered.error is None and not shortfalls(question, answered.text, answered.outcome)
