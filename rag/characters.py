"""What may stand in canonical text: every character visible, lines ended by one line feed."""

import re
from dataclasses import dataclass

_LINE_END = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# Joiners shape Persian, Indic scripts and emoji; beside ASCII, white space or each other they only hide.
_JOINER = re.compile(
    "(?<![^\x00-\x7f\\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\\s\u200c\u200d])"
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Text and how many characters were taken out of it."""

    text: str
    removed: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the ingestion report says about the removal."""
        return removal_warnings(self.removed)


def removal_warnings(removed: int) -> tuple[str, ...]:
    """What the ingestion report says where as many characters were taken out."""
    return (f"{removed:,} invisible or control characters were removed.",) if removed else ()


def clean(text: str) -> Cleaned:
    """Take out what no reader sees and hidden text is made of; end every line by one line feed."""
    text, invisible = _INVISIBLE.subn("", _LINE_END.sub("\n", text))
    text, joiners = _JOINER.subn("", text)
    return Cleaned(text, invisible + joiners)


def one_line(text: str) -> str:
    """Clean `text` and fold its white space, for titles and headings."""
    return " ".join(clean(text).text.split())
