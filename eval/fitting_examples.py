"""What the sentence ranker is fitted to: questions, and sentences of which one answers or none does."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from eval.bench import read_documents, read_lines, read_questions
from rag.analysis import terms
from rag.sentences import sentences

WRONG = 4  # sentences beside the one that answers
_APART_EVERY = 4  # article of SQuAD 2.0, in the order of their titles, that is kept for choosing
_NOWHERE_EVERY = 4  # question of QED that is also asked of other paragraphs alone
_COMMON = 2_000  # sentences that hold a term; one that more hold finds nothing
_LONGEST = 400  # characters of a wrong sentence; longer ones are tables that a reader ran together


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question and sentences; `right` is the place of the one that answers, None if none does."""

    question: str
    sentences: tuple[str, ...]
    right: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A question of a paragraph, its sentences, and which answers."""

    question: str
    title: str
    sentences: tuple[str, ...]
    right: int | None
    answer: str

    def example(self, others: Iterable[str] = ()) -> Example:
        """The right sentence first, then the wrong ones that share most words with the question."""
        given = () if self.right is None else (self.sentences[self.right],)
        asked = frozenset(terms(self.question))
        wrong = [
            one
            for place, one in enumerate(self.sentences)
            if place != self.right and not _holds(one, self.answer) and len(one) <= _LONGEST
        ]
        wrong.sort(key=lambda one: -len(asked & frozenset(terms(one))))
        beside = [*others, *wrong][: WRONG + (self.right is None)]
        return Example(
            question=self.question,
            sentences=(*given, *beside),
            right=None if self.right is None else 0,
        )


def examples(bench: Path) -> list[Example]:
    """All that is learnt from, of the folder that holds the sets, in a fixed order."""
    qed = list(_qed(bench / "train"))
    fitted = [one for one in _squad2(bench / "squad2") if one.title not in apart(bench)]
    found = [
        *_with_strangers(qed),
        *(one.example() for one in fitted),
        *(one.example() for one in _timeqa(bench / "train")),
    ]
    return [one for one in found if len(one.sentences) > 1 or one.right is None]


def apart(bench: Path) -> frozenset[str]:
    """Titles of the articles of SQuAD 2.0 that weights and thresholds are chosen on: nothing is learnt from them."""
    titles = sorted({one.title for one in read_documents(bench / "squad2")})
    return frozenset(titles[::_APART_EVERY])


def titles_asked_of(bench: Path) -> dict[str, str]:
    """By the id of a question of SQuAD 2.0, the title of the article that it is asked of, which may not answer it."""
    documents = {one.id: one for one in read_documents(bench / "squad2")}
    about = _asked_of(bench / "squad2")
    return {
        one.id: documents[about.get(one.id) or one.evidence[0][0]].title
        for one in read_questions(bench / "squad2")
    }


def choosing(bench: Path) -> list[Example]:
    """Questions of the articles kept apart, with all sentences of their paragraphs in order."""
    return [
        Example(question=one.question, sentences=one.sentences, right=one.right)
        for one in _squad2(bench / "squad2")
        if one.title in apart(bench)
    ]


def _qed(folder: Path) -> Iterator[_Read]:
    fields = ("question", "title", "context", "answers", "sentence_starts")
    for line in read_lines(folder / "qed.jsonl.gz", fields):
        if not line["answers"]:
            continue
        text, starts = line["context"], line["sentence_starts"] or [0]
        answer = line["answers"][0]
        borders = [*starts, len(text)]
        yield _Read(
            question=line["question"],
            title=line["title"],
            sentences=tuple(text[at:end].strip() for at, end in pairwise(borders)),
            right=max(0, bisect_right(starts, answer["start"]) - 1),
            answer=answer["text"],
        )


def _squad2(folder: Path) -> Iterator[_Read]:
    documents = {one.id: one for one in read_documents(folder)}
    about = _asked_of(folder)
    for one in read_questions(folder):
        document = documents[about.get(one.id) or one.evidence[0][0]]
        spans = sentences(document.text)
        at = one.evidence[0][1].start if one.answers else -1
        right = next((n for n, span in enumerate(spans) if span.start <= at < span.end), None)
        if one.answers and right is None:
            continue
        yield _Read(
            question=one.question,
            title=document.title,
            sentences=tuple(span.cut(document.text) for span in spans),
            right=right,
            answer=one.answers[0] if one.answers else "",
        )


def _asked_of(folder: Path) -> dict[str, str]:
    """By the id of a question without an answer, the document that it is asked of."""
    return {
        line["id"]: line["meta"]["about_doc"]
        for line in read_lines(folder / "questions.jsonl.gz", ("id", "answerable"))
        if not line["answerable"]
    }


def _timeqa(folder: Path) -> Iterator[_Read]:
    """Questions of a page; where it does not say, all of its sentences are wrong."""
    pages = {
        line["id"]: line
        for line in read_lines(folder / "timeqa-docs.jsonl.gz", ("id", "paragraphs"))
    }
    for line in read_lines(folder / "timeqa.jsonl.gz", ("question", "doc", "answers")):
        page = pages[line["doc"]]
        said = [
            (number, span, span.cut(text))
            for number, text in enumerate(page["paragraphs"])
            for span in sentences(text)
        ]
        answer: dict[str, Any] = line["answers"][0] if line["answers"] else {}
        right = next(
            (
                place
                for place, (number, span, _) in enumerate(said)
                if answer
                and number == answer["paragraph"]
                and span.start <= answer["start"] < span.end
            ),
            None,
        )
        if answer and right is None:
            continue
        yield _Read(
            question=line["question"],
            title=page["title"],
            sentences=tuple(text for _, _, text in said),
            right=right,
            answer=answer.get("text", ""),
        )


def _with_strangers(read: Sequence[_Read]) -> Iterator[Example]:
    """Each question with the most likely sentence of another article, and some with such sentences alone."""
    found = _Likely(read)
    for number, one in enumerate(read):
        strangers = found.elsewhere(one, WRONG + 1)
        yield one.example(strangers[:1])
        if number % _NOWHERE_EVERY == 0 and strangers:
            yield Example(question=one.question, sentences=tuple(strangers), right=None)


class _Likely:
    """Sentences by their terms, to find those that a search would take for answers."""

    def __init__(self, read: Sequence[_Read]) -> None:
        unique = {
            said: one.title for one in read for said in one.sentences if len(said) <= _LONGEST
        }
        self._sentences = list(unique.items())
        self._holding: dict[str, list[int]] = defaultdict(list)
        for place, (said, _) in enumerate(self._sentences):
            for term in set(terms(said)):
                self._holding[term].append(place)

    def elsewhere(self, one: _Read, most: int) -> list[str]:
        """Sentences of other articles that share the question's rarest terms and do not hold the answer."""
        weights: dict[int, float] = defaultdict(float)
        for term in dict.fromkeys(terms(one.question)):
            holding = self._holding[term]
            if 0 < len(holding) <= _COMMON:
                idf = math.log(len(self._sentences) / len(holding))
                for place in holding:
                    weights[place] += idf
        likely = sorted(weights, key=lambda place: (-weights[place], place))
        found = (self._sentences[place] for place in likely[: 10 * most])
        return [
            said for said, title in found if title != one.title and not _holds(said, one.answer)
        ][:most]


def _holds(sentence: str, answer: str) -> bool:
    return bool(answer) and answer.casefold() in sentence.casefold()
