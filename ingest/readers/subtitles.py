"""Subtitles (WebVTT, SRT): the spoken words as running text, and when each cue's words are spoken.

Read by hand: pysubs2 drops the speakers of WebVTT and words in braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from itertools import pairwise

from ingest.readers.decoding import decode
from ingest.reading import Reading
from rag.characters import clean, one_line
from rag.errors import DocumentTooLarge, UnreadableDocument
from rag.types import Span, TimeLocator

_MOST_CUES = 200_000
_PAUSE_S = 2.0  # as long a silence begins a new paragraph
_ROLLING_SHARE = 0.3  # of cues that repeat the one before; people repeat themselves less often
_LINES_COMPARED = 8

_STAMP = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}(?:\s.*)?")
_COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)\b.*")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>]+)>")
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|ruby|rt|lang|font)(?:[.\s][^<>]*)?>|<[\d:.,]+>|\{\\[^{}]*\}", re.IGNORECASE
)
_SPEAKER = re.compile(
    r"(?:[-–—]|>>)\s*\S|(?:[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,3}|[A-Z][A-Z0-9 .'’-]{0,30}):(?:\s|$)"
)


@dataclass(frozen=True, slots=True)
class _Cue:
    start_s: float
    end_s: float
    lines: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return " ".join(self.lines).split()


def read(content: bytes) -> Reading:
    """Read the cues in order of time; what each repeats of the one before, as live captions do, stands once.

    Raises:
        UnreadableDocument: no cue's times can be read.
        DocumentTooLarge: it holds more cues than the longest recording has.
    """
    decoded = decode(content)
    cleaned = clean(decoded.text)
    lines = cleaned.text.split("\n")
    is_vtt = lines[0].startswith("WEBVTT")
    cues = _cues(lines)
    backwards = sum(cue.end_s < cue.start_s for cue in cues)
    cues = sorted(cues, key=lambda cue: cue.start_s)
    spoken = [cue for cue in _without_repeats(cues) if cue.lines]
    text, locators = _join(spoken)
    return Reading(
        media_type="text/vtt" if is_vtt else "application/x-subrip",
        title=lines[0].removeprefix("WEBVTT").strip(" \t-–—") if is_vtt else "",
        text=text,
        locators=locators,
        warnings=decoded.warnings + cleaned.warnings + _notes(lines, backwards),
    )


def _notes(lines: Sequence[str], backwards: int) -> tuple[str, ...]:
    broken = sum("-->" in line and not _TIMING.fullmatch(line) for line in lines)
    return (
        *((f"{broken:,} lines look like times and cannot be read.",) if broken else ()),
        *((f"{backwards:,} cues end before they begin.",) if backwards else ()),
    )


def _cues(lines: Sequence[str]) -> list[_Cue]:
    """The cues in the file's order. A cue's text runs to the next cue, whatever blank lines it holds."""
    timings = [
        (index, found) for index, line in enumerate(lines) if (found := _TIMING.fullmatch(line))
    ]
    if not timings:
        raise UnreadableDocument(
            "The subtitles hold no times that can be read, such as 00:01:02.500 --> 00:01:04.000."
        )
    if len(timings) > _MOST_CUES:
        raise DocumentTooLarge("The number of cues", len(timings), _MOST_CUES)
    ends = [_before_timing(lines, index) for index, _ in timings[1:]] + [len(lines)]
    return [
        _Cue(
            _seconds(found.groups()[:4]),
            _seconds(found.groups()[4:]),
            tuple(_spoken(lines[index + 1 : end])),
        )
        for (index, found), end in zip(timings, ends, strict=True)
    ]


def _before_timing(lines: Sequence[str], timing: int) -> int:
    """Where the text before a cue ends: its number or name is the line above its times."""
    above = lines[timing - 1].strip()
    is_name = above.isdecimal() or (above and not lines[timing - 2].strip())
    return timing - 1 if is_name else timing


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _spoken(lines: Sequence[str]) -> Iterator[str]:
    """The lines that are spoken, their speaker's name before them."""
    in_comment = False
    for line, before in zip(lines, ["-->", *lines], strict=False):
        in_comment = bool(line.strip()) and (
            in_comment or (not before.strip() and _COMMENT.fullmatch(line) is not None)
        )
        if "-->" in line or in_comment:
            continue
        named = _VOICE.sub(lambda voice: f"\n{voice[1].strip()}: ", line)
        for part in unescape(_TAG.sub("", named)).split("\n"):
            if words := one_line(part):
                yield words


def _without_repeats(cues: Sequence[_Cue]) -> Iterator[_Cue]:
    """The cues without what they repeat, where so many do that it is the captions and not the speaker."""
    repeats = [0, *(_repeated(cue, following) for cue, following in pairwise(cues))]
    found = sum(count > 0 for count in repeats)
    rolling = found > 1 and found >= _ROLLING_SHARE * (len(cues) - 1)
    for cue, count in zip(cues, repeats, strict=True):
        if rolling and count:
            yield replace(cue, lines=tuple(filter(None, [" ".join(cue.words[count:])])))
        else:
            yield cue


def _repeated(cue: _Cue, following: _Cue) -> int:
    """How many words the following cue takes over: all of the last lines of this one."""
    if following.start_s > cue.end_s + _PAUSE_S:
        return 0
    words = following.words
    for first in range(max(0, len(cue.lines) - _LINES_COMPARED), len(cue.lines)):
        last = " ".join(cue.lines[first:]).split()
        if words[: len(last)] == last:
            return len(last)
    return 0


def _join(cues: Sequence[_Cue]) -> tuple[str, tuple[TimeLocator, ...]]:
    """Running text, with a blank line at a pause and where another speaks."""
    parts: list[str] = []
    locators = []
    length, ended, speaker = 0, 0.0, ""
    for cue in cues:
        text, speaker = _words(cue, speaker)
        paused = cue.start_s >= ended + _PAUSE_S
        separator = "\n\n" if paused or _SPEAKER.match(text) else " "
        if parts:
            parts.append(separator)
            length += len(separator)
        span = Span(length, length + len(text))
        locators.append(
            TimeLocator(span=span, start_s=cue.start_s, end_s=max(cue.start_s, cue.end_s))
        )
        parts.append(text)
        length, ended = span.end, max(ended, cue.end_s)
    return "".join(parts), tuple(locators)


def _words(cue: _Cue, speaker: str) -> tuple[str, str]:
    """A cue's text and who speaks at its end; a speaker's name stands where the speaker changes."""
    text = ""
    for line in cue.lines:
        opens = _SPEAKER.match(line)
        name = line.partition(":")[0] if opens and line[0].isalpha() else ""
        if name and name == speaker:
            line = line.partition(":")[2].strip()
            opens = None
        speaker = name or speaker
        text += ("\n\n" if opens else " ") + line
    return text.strip() or cue.lines[0], speaker
