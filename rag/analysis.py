"""Words as the lexical search sees them."""

import re
import unicodedata
from functools import lru_cache

import regex
import snowballstemmer

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_ACCENTS = re.compile(
    "[\u0300-\u036f]"
)  # of Latin, Greek and Cyrillic; elsewhere a mark makes another word
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
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
    """The words of `text` in order: letters and digits, without case, accents or possessive endings."""
    plain = text.casefold()
    if not plain.isascii():
        plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain))
    found: list[str] = _WORD.findall(_APOSTROPHE.sub("", _POSSESSIVE.sub("", plain)))
    return found


def terms(text: str) -> list[str]:
    """The stems of the words of `text` that are not stop words, in order, with repetitions.

    Stems are Snowball's for English (Porter 2001). A text of nothing but stop words keeps them all, so
    that it can still be searched for.
    """
    found = words(text)
    telling = [word for word in found if word not in STOP_WORDS]
    return [_stem(word) for word in telling or found]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_stemmer.stemWord(word))


_stemmer = snowballstemmer.stemmer("english")
