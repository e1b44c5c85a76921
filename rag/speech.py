"""Where sentences end in speech that nobody punctuated.

A linear model over the words around each gap, as hidden-event language models look at them (Stolcke and Shriberg,
ICSLP 1996); `eval/fitting_speech.py` made its weights, and `docs/speech.md` says of what and how good they are.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from rag.errors import ModelError
from rag.numbers import CARDINALS
from rag.types import Span

BUCKETS = 1 << 17
WEIGHTS = Path(__file__).with_name("speech.safetensors")
_SHA256 = "07a6e5d63e86bbf31d04dacda399d26eb6e4517c4f64e855da6a1f2e9ad7657a"

_WORD = re.compile(r"\S+")
_NOT_SAID = re.compile(r"[^a-z0-9']")
TIME_OF_RECORDING = r"\[\d{1,2}:\d\d(?::\d\d)?\]"
_TIME_OF_RECORDING = re.compile(TIME_OF_RECORDING)
_STOPS = re.compile(r"[.?!,;:](?=\s|$)")
_FEW_WORDS = 30  # a sentence of fewer is left alone
_MANY_WORDS = 150  # the same, of one with a full stop at its end
_WORDS_A_STOP = 25  # where text has no more stops than one in so many words, nobody set them
_LOWER_SHARE = 0.7  # of the words; tables, lists of names and headings have more capitals
_KNOWN_SHARE = 0.6  # of the words, in English
# Words of a stretch. Speech says who, what and when in several short sentences, and one alone says too little.
_SHORTEST, _LONGEST = 20, 80
_SHORT_LINE = 4  # words; fewer may be a label

_CORRECTING = {"no", "sorry", "rather", "correction", "wait"}
_WORDS_TO_NUMBER = 8  # that may correct another

# The words of a feature, by their place from the gap: -1 is the one before it, 0 the one behind.
_PLACES = (
    (-3,), (-2,), (-1,), (0,), (1,), (2,),
    (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 0, 1), (0, 1, 2),
)  # fmt: skip
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Borders:
    """The model.

    Attributes:
        words: The words that it tells apart, each with its number, from 0 on.
        weights: float32, `[BUCKETS]`: of each feature, by its hash.
        bias: The log-odds of a border where nothing is known.
    """

    words: dict[str, int]
    weights: NDArray[np.float32]
    bias: float

    def log_odds(self, said: Sequence[str]) -> list[float]:
        """The log-odds that a sentence ends behind each word but the last, `[len(said) - 1]`."""
        found = self.weights[features_of(said, self.words)].sum(axis=0) + self.bias
        return [float(one) for one in found.round(3)]


def features_of(said: Sequence[str], words: dict[str, int]) -> NDArray[np.intp]:
    """The features of each gap between words as places in the weights, `[features, len(said) - 1]`."""
    number, unknown, nothing = len(words), len(words) + 1, len(words) + 2
    ids = [number if one[:1].isdigit() else words.get(one, unknown) for one in said]
    padded = np.array([nothing] * 3 + ids + [nothing] * 3, dtype=np.uint64)
    gaps = len(said) - 1
    found = []
    for kind, places in enumerate(_PLACES):
        mixed = np.full(gaps, kind + 1, dtype=np.uint64) * np.uint64(_MIX[0])
        for place in places:
            mixed ^= padded[4 + place : 4 + place + gaps]
            mixed *= np.uint64(_MIX[1])
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(_MIX[2])
            mixed ^= mixed >> np.uint64(32)
        found.append((mixed % np.uint64(BUCKETS)).astype(np.intp))
    return np.stack(found)


def as_said(word: str) -> str:
    """A word as the model knows it."""
    return _NOT_SAID.sub("", word.lower().replace("’", "'")) or "-"


def divided(sentence: str) -> tuple[Span, ...]:
    """The sentences of what was taken for one as it has no full stops; itself where somebody set them.

    Raises:
        ModelError: the weights are missing or not the pinned ones.
    """
    whole = (Span(0, len(sentence)),)
    spoken = _spoken(sentence)
    if not _is_unpunctuated(sentence, spoken):
        return whole
    model = borders()
    said = [as_said(one.word) for one in spoken]
    if sum(one in model.words or one[:1].isdigit() for one in said) < _KNOWN_SHARE * len(said):
        return whole
    odds = model.log_odds(said)
    for gap in _before_corrections(said):
        odds[gap] = -math.inf
    firsts = [0, *_borders(odds), len(said)]
    starts = [cut for pair in pairwise(firsts) for cut in _short_enough(odds, *pair)]
    ends = [*(spoken[one - 1].end for one in starts[1:]), len(sentence)]
    return tuple(Span(spoken[one].start, end) for one, end in zip(starts, ends, strict=True))


def is_running(line: str) -> bool:
    """Whether a line runs on from what was said before it: it begins, as most of its words do, in lower case."""
    spoken = _spoken(line)
    lower = sum(one.word[0].islower() for one in spoken)
    return (
        len(spoken) > _SHORT_LINE
        and spoken[0].word[0].islower()
        and lower >= _LOWER_SHARE * len(spoken)
    )


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word of a recording; `start` is that of the time that stands before it, if one does."""

    word: str
    start: int
    end: int


def _spoken(sentence: str) -> list[_Spoken]:
    """The words, without the times of the recording."""
    found: list[_Spoken] = []
    opened: int | None = None
    for one in _WORD.finditer(sentence):
        if _TIME_OF_RECORDING.fullmatch(one[0]):
            opened = one.start() if opened is None else opened
            continue
        start = one.start() if opened is None else opened
        found.append(_Spoken(one[0], start, one.end()))
        opened = None
    return found


def _is_unpunctuated(sentence: str, spoken: Sequence[_Spoken]) -> bool:
    stops = _STOPS.findall(sentence)
    least = _MANY_WORDS if sentence[-1:] in ".?!" else _FEW_WORDS
    lower = sum(one.word[0].islower() for one in spoken)
    return (
        len(spoken) >= least
        and len(stops) * _WORDS_A_STOP <= len(spoken)
        and lower >= _LOWER_SHARE * len(spoken)
    )


def _before_corrections(said: Sequence[str]) -> Iterator[int]:
    """Gaps between what is said and what corrects it: a quote that ends there would mislead."""
    for place in range(1, len(said)):
        if said[place] in _CORRECTING or said[place : place + 2] == ["i", "mean"]:
            yield place - 1
    numbers = [place for place, one in enumerate(said) if one in CARDINALS or one[:1].isdigit()]
    for first, second in pairwise(numbers):
        if second - first <= _WORDS_TO_NUMBER:
            yield from range(first, second)


def _borders(odds: Sequence[float]) -> list[int]:
    """The words that begin a stretch, in order, the first aside: behind likely gaps, and none near a likelier one."""
    kept = [0, len(odds) + 1]
    for gap in sorted(range(len(odds)), key=lambda gap: -odds[gap]):
        if odds[gap] < 0:
            break
        place = bisect(kept, gap + 1)
        if gap + 1 - kept[place - 1] >= _SHORTEST and kept[place] - gap - 1 >= _SHORTEST:
            kept.insert(place, gap + 1)
    return kept[1:-1]


def _short_enough(odds: Sequence[float], first: int, last: int) -> Iterator[int]:
    """Where the stretch of these words begins, and where one that is too long is best cut."""
    yield first
    while last - first > _LONGEST:
        gaps = range(first + _SHORTEST - 1, min(first + _LONGEST, last - _SHORTEST))
        first = max(gaps, key=odds.__getitem__) + 1
        yield first


@cache
def borders() -> Borders:
    """The model, read once.

    Raises:
        ModelError: its weights are missing or not the pinned ones.
    """
    try:
        content = WEIGHTS.read_bytes()
    except OSError as error:
        raise ModelError(f"{WEIGHTS.name} cannot be read. Install Chapterverse again.") from error
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise ModelError(f"{WEIGHTS.name} is not the pinned file. Install Chapterverse again.")
    return unpacked(content)


def packed(model: Borders) -> bytes:
    """The model as a file of safetensors."""
    listed = np.frombuffer("\n".join(model.words).encode(), dtype=np.uint8)
    weights = model.weights.astype(np.float16)
    return save({"weights": weights, "bias": np.array([model.bias], np.float32), "words": listed})


def unpacked(content: bytes) -> Borders:
    """What `packed` made."""
    found = load(content)
    listed = found["words"].tobytes().decode().split("\n")
    return Borders(
        words={one: number for number, one in enumerate(listed)},
        weights=found["weights"].astype(np.float32),
        bias=float(found["bias"][0]),
    )
