"""Words as the lexical search sees them."""

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import regex
import snowballstemmer

from rag.irregular import NOUN_LEMMAS, VERB_LEMMAS

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
# Scripts that put no space between words; Korean and Vietnamese do.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
_CHARACTER = regex.compile(_UNSPACED)
_STRETCH = regex.compile(rf"(?:{_UNSPACED})+|(?:(?!{_UNSPACED}).)+")
_ACCENTS = re.compile(
    "[\u0300-\u036f]"
)  # of Latin, Greek and Cyrillic; elsewhere a mark makes another word
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_LEMMAS = VERB_LEMMAS | NOUN_LEMMAS
# English function words and the words that only mark a question: they match everywhere and say nothing.
STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being between both but by can
    could did do does doing down during each every for from further had has have having he her here hers
    herself him himself his how i if in into is it its itself just many me more most much my myself no nor
    not of off on once only or other our ours ourselves out over own same shall she should so some such
    than that the their theirs them themselves then there these they this those through to too under until
    up upon us very was we were what when where which while who whom whose why will with would you your
    yours yourself yourselves
    """.split()  # noqa: SIM905 # prose is easier to keep in order than a list of literals
)


def words(text: str) -> list[str]:
    """The words of `text` in order: letters and digits, without case, accents or possessive endings.

    Where nothing parts words, as in Chinese, they are the pairs of neighbouring characters, which find as well
    as words from a dictionary do (Nie et al., "On the Use of Words and N-grams for Chinese IR", IRAL 2000).
    """
    plain = text.casefold()
    if not plain.isascii():
        # A sign such as ™ has no case, and is written out in capitals.
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain).casefold())
    found: list[str] = _WORD.findall(_APOSTROPHE.sub("", _POSSESSIVE.sub("", plain)))
    if plain.isascii():
        return found
    return [part for word in found for part in _parts(word)]


def in_order(text: str) -> str:
    """The words of `text` with a space around each: what holds one such string says its words one behind the other."""
    return f" {' '.join(words(text))} "


def _parts(word: str) -> Iterator[str]:
    """The word itself, or pairs of its characters where it may be a whole sentence."""
    if not _CHARACTER.search(word):
        yield word
        return
    for stretch in _STRETCH.findall(word):
        characters = _CHARACTER.findall(stretch)
        if len(characters) > 1:
            yield from map("".join, pairwise(characters))
        else:
            yield stretch


def terms(text: str) -> list[str]:
    """The stems of the words of `text` that are not stop words, in order, with repetitions.

    Stems are Snowball's for English (Porter 2001); an irregular form has the stem of its word. A text of nothing
    but stop words keeps them all, so that it can still be searched for.
    """
    found = words(text)
    telling = [word for word in found if word not in STOP_WORDS]
    return [_stem(word) for word in telling or found]


def _lemma(word: str) -> str:
    """The word that an irregular form is one of; "roses" is of the same one as "rose"."""
    return _LEMMAS.get(word) or _LEMMAS.get(word.removesuffix("s"), word)


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    with _stemming:
        return str(_stemmer.stemWord(_lemma(word)))


_stemmer = snowballstemmer.stemmer("english")
_stemming = threading.Lock()  # the stemmer holds one word, and would mix up those of two threads
