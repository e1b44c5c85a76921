"""Names of a question that the documents spell otherwise: misspelt, misheard, or written from another alphabet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jellyfish import damerau_levenshtein_distance, metaphone

from rag.analysis import terms
from rag.protocols import PassageIndex, Selection
from rag.question import understand

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 4  # letters of a word that may be misspelt; shorter ones have too many neighbours
_LETTERS_AN_EDIT = 3  # so many letters of a word may differ by one
_MOST_EDITS = 3
_MOST_BY_SOUND = 4  # edits between words that sound alike
_SHORTEST_ALIKE = 5  # letters of words that sound alike, as many short ones do
_SHORTEST_STEM = 5  # letters of a term that may be the beginning of a word
_MOST_WORDS = (
    8  # of a question that are corrected; each costs a walk through all terms, and some searches
)
_PASSAGES = 5  # that are looked at for a word and what else the question names
_MUCH_MORE_OFTEN = 3  # times: of two spellings that sound alike, the other is a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Likely:
    """A word of the documents that one of the question may be.

    Attributes:
        distance: In letters, a sound that is the same counting one less.
        context: How many other words of the question stand in a passage with it.
    """

    word: str
    distance: int
    context: int

    @property
    def order(self) -> tuple[int, int]:
        """Less is likelier."""
        return self.distance, -self.context


@dataclass(frozen=True, slots=True, kw_only=True)
class Speller:
    """Spells the names of questions as a collection does.

    A word that any passage holds is left alone, and so is every code: names that are nearly the same are two. Of
    the words that no passage holds, one is taken for a name nearby in letters or sound, if a passage has that
    together with something else of the question, and no other name is as near.
    """

    index: PassageIndex

    def spelled(self, question: str, selection: Selection) -> str:
        """The question, as the documents spell its names; itself where they spell them so, or not nearly."""
        unknown = self._unknown(question, selection)
        vocabulary = self.index.vocabulary(selection.collection) if unknown else []
        for word in unknown:
            if other := self._meant(word, question, vocabulary, selection):
                question = re.sub(rf"\b{re.escape(word)}\b", other, question)
        return question

    def _unknown(self, question: str, selection: Selection) -> list[str]:
        """The first words of names that no passage holds, in their order, each once."""
        names = dict.fromkeys(
            word
            for name in understand(question).entities
            for token in name.split()
            for word in _WORD.findall(token)
            if len(word) >= _SHORTEST and word[0].isupper() and not any(map(str.isdigit, token))
        )
        stems = {word: _stem(word) for word in names}
        held = self.index.document_frequencies(selection.collection, [*stems.values()])
        unknown = [word for word, stem in stems.items() if not held[stem]]
        return sorted(unknown, key=question.find)[:_MOST_WORDS]

    def _meant(
        self, word: str, question: str, vocabulary: Sequence[str], selection: Selection
    ) -> str | None:
        stem = _stem(word)
        if stem in vocabulary:
            return None  # a title has it
        others = [one for one in dict.fromkeys(terms(question)) if one != stem]
        found = [
            likely
            for near in vocabulary
            if _may_be(word.lower(), stem, near)
            and (likely := self._likely(word, near, others, selection))
        ]
        best = min(found, key=lambda one: (*one.order, one.word), default=None)
        if best is None:
            return None
        rivals = {
            _stem(one.word): one
            for one in found
            if one.order == best.order or _sound(one.word) == _sound(best.word)
        }
        return self._one_of(rivals, best, selection)

    def _one_of(
        self, rivals: Mapping[str, _Likely], best: _Likely, selection: Selection
    ) -> str | None:
        """Of several spellings of one sound that which is by far the most frequent; else the best if it is alone."""
        often = self.index.document_frequencies(selection.collection, [*rivals])
        first, *others = sorted(rivals, key=lambda stem: -often[stem])
        if all(
            _sound(first) == _sound(each) and often[first] >= _MUCH_MORE_OFTEN * often[each]
            for each in others
        ):
            return rivals[first].word
        alone = sum(one.order == best.order for one in rivals.values()) == 1
        return best.word if alone else None

    def _likely(
        self, word: str, near: str, others: Sequence[str], selection: Selection
    ) -> _Likely | None:
        """A term as documents write it in a name, where one has it together with other words of the question.

        Of a transcript without capitals, every word may be of a name.
        """
        hits = self.index.lexical_search(selection, [near, *others], _PASSAGES)
        passages = self.index.passages([one.passage_id for one in hits])
        found = [
            _Likely(word=other, distance=distance, context=context)
            for one in passages.values()
            for other in _WORD.findall(one.text)
            if (other[0].isupper() or one.text.islower())
            and _stem(other) == near
            and (distance := _distance(word.lower(), other.lower())) is not None
            and (context := len(set(others) & {*terms(" ".join((*one.section, one.text)))}))
        ]
        return max(found, key=lambda one: (one.context, one.word.istitle()), default=None)


def _may_be(word: str, stem: str, term: str) -> bool:
    """Whether a term of the documents is worth a look: it is near to a word's stem or to its beginning."""
    if not term.isalpha() or abs(len(term) - len(word)) > _MOST_BY_SOUND:
        return False
    if _distance(stem, term) is not None:
        return True
    return len(term) >= _SHORTEST_STEM and _distance(word[: len(term)], term) is not None


def _distance(word: str, other: str) -> int | None:
    """How far one word is from another; None if one cannot be taken for the other.

    Damerau (CACM, 1964) counts the edits; Philips' Metaphone (1990) tells what sounds alike.
    """
    if abs(len(word) - len(other)) > _MOST_BY_SOUND:
        return None
    sound, other_sound = _sound(word), _sound(other)
    if word[0] != other[0] and sound[:1] != other_sound[:1]:
        return None  # few mistakes are made at the beginning, and most of such words are others
    edits = damerau_levenshtein_distance(word, other)
    longer = max(len(word), len(other))
    # no other alphabet than the Latin has sounds here
    alike = sound == other_sound != "" and longer >= _SHORTEST_ALIKE and edits <= _MOST_BY_SOUND
    return edits - alike if alike or edits <= min(_MOST_EDITS, longer // _LETTERS_AN_EDIT) else None


@lru_cache(maxsize=100_000)
def _sound(word: str) -> str:
    """What a word sounds like; remembered, since every question with an unknown name is held against all terms."""
    return metaphone(word)


def _stem(word: str) -> str:
    return " ".join(terms(word))
