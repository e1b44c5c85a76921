import time

import pytest

from ingest.readers import subtitles
from ingest.reading import Reading, read
from rag.errors import DocumentTooLarge, EmptyDocument, UnreadableDocument
from rag.types import TimeLocator

VTT = """\
WEBVTT - Harbour talk
Kind: captions

STYLE
::cue { color: red }

NOTE This is
a note

first
00:01.000 --> 00:00:04.500 align:start position:0%
<v.loud Ada Marsh>We <i>are</i> on the
<c.yellow>quay</c> &amp; it rains.

00:00:04.500 --> 00:00:06.000
<v Ada Marsh>It <00:00:05.000>always {does}.

00:00:06.000 --> 00:00:07.000
<v Bo Reed>Not on Sundays.</v>

100:00:00.250 --> 100:00:01.000
Goodbye.
"""
SRT = """\
1
00:00:01,000 --> 00:00:02,000
{\\an8}- Is it <font color="red">deep</font>?
- It is.

2
00:00:02,100 --> 00:00:03,000
Very

deep.

3
00:00:05,100 --> 00:00:06,000
BO: I see.
"""


def times(reading: Reading) -> list[tuple[float, float, str]]:
    return [
        (one.start_s, one.end_s, one.span.cut(reading.text))
        for one in reading.locators
        if isinstance(one, TimeLocator)
    ]


def test_vtt_is_running_text_with_speakers_and_times() -> None:
    reading = read(VTT.encode(), name="x")
    assert reading.text == (
        "Ada Marsh: We are on the quay & it rains. It always {does}.\n\n"
        "Bo Reed: Not on Sundays.\n\nGoodbye."
    )
    assert times(reading) == [
        (1.0, 4.5, "Ada Marsh: We are on the quay & it rains."),
        (4.5, 6.0, "It always {does}."),
        (6.0, 7.0, "Bo Reed: Not on Sundays."),
        (360000.25, 360001.0, "Goodbye."),
    ]
    assert (reading.title, reading.media_type) == ("Harbour talk", "text/vtt")
    assert reading.warnings == ()


def test_srt_is_running_text_with_times() -> None:
    reading = read(SRT.encode("utf-8-sig").replace(b"\n", b"\r\n"), name="harbour talk.srt")
    assert reading.text == "- Is it deep?\n\n- It is. Very deep.\n\nBO: I see."
    assert times(reading) == [
        (1.0, 2.0, "- Is it deep?\n\n- It is."),
        (2.1, 3.0, "Very deep."),
        (5.1, 6.0, "BO: I see."),
    ]
    assert (reading.title, reading.media_type) == ("harbour talk", "application/x-subrip")


def cues(*texts: str, length_s: int = 1) -> bytes:
    lines = [
        f"00:{n // 60:02}:{n % 60:02}.000 --> 00:{(n + length_s) // 60:02}:{(n + length_s) % 60:02}.000\n{text}\n"
        for n, text in enumerate(texts)
    ]
    return ("WEBVTT\n\n" + "\n".join(lines)).encode()


def test_captions_that_roll_stand_once() -> None:
    reading = read(
        cues(
            "we are on\nthe quay",
            "the quay",
            "the quay\nand it rains",
            "and it rains",
            "and it rains\nas always",
        ),
        name="x",
    )
    assert reading.text == "we are on the quay and it rains as always"
    assert [text for _, _, text in times(reading)] == [
        "we are on the quay",
        "and it rains",
        "as always",
    ]


def test_captions_that_grow_stand_once() -> None:
    assert read(cues("we are", "we are on", "we are on the quay"), name="x").text == (
        "we are on the quay"
    )


def test_speakers_may_repeat_themselves() -> None:
    said = ("No.", "No.", "What is it?", "It is deep.", "And wide.", "And cold.", "Is it?", "Yes.")
    assert read(cues(*said), name="x").text == " ".join(said)


def test_odd_times_are_put_in_order_and_reported() -> None:
    content = (
        b"WEBVTT\n\n00:05.000 --> 00:04.000\nlate\n\n00:01.000 --> 00:09.000\nearly\n\n"
        b"00:00:99999.000 --> 00:01.000\nwhenever\n"
    )
    reading = read(content, name="x")
    assert times(reading) == [(1.0, 9.0, "early whenever"), (5.0, 5.0, "late")]
    assert reading.warnings == (
        "1 lines look like times and cannot be read.",
        "1 cues end before they begin.",
    )


def test_subtitles_without_times_are_refused() -> None:
    with pytest.raises(UnreadableDocument, match="times"):
        read(b"WEBVTT\n\nhello\n", name="x.vtt")


def test_subtitles_without_words_are_empty() -> None:
    with pytest.raises(EmptyDocument):
        read(b"WEBVTT\n\n00:01.000 --> 00:02.000\n<i></i>\n", name="x.vtt")


def test_too_many_cues_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "_MOST_CUES", 3)
    with pytest.raises(DocumentTooLarge, match="cues"):
        read(cues(*"abcd"), name="x")


def test_a_long_recording_is_read_in_time() -> None:
    begun = time.monotonic()
    reading = read(cues(*(f"word {n}\nword {n + 1}" for n in range(3_000))), name="x")
    assert len(reading.locators) == 3_000
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "text",
    [
        "<v " * 10_000,
        "<" * 20_000,
        "{\\" * 10_000,
        "A " * 10_000,
        "&#0;&#xd800;x",
        "NOTE\n" * 5_000,
    ],
    ids=range(6),
)
def test_hostile_cues_are_read_in_time(text: str) -> None:
    begun = time.monotonic()
    assert "words" in read(cues("words", text, "more words"), name="x").text
    assert time.monotonic() - begun < 3


def test_prose_about_subtitles_is_text() -> None:
    assert read(b"WEBVTT files begin with that word.", name="x").media_type == "text/plain"


TRANSCRIPT = """\
Harbour talk
A transcript

[00:00:05] Ada: We are on the quay.
[00:01:10] Bo: It rains.
It always does.
[01:02:03] Ada: Goodbye.
"""


def test_stamps_in_a_transcript_are_times() -> None:
    reading = read(TRANSCRIPT.encode(), name="x.txt")
    assert reading.text == TRANSCRIPT
    assert times(reading) == [
        (5.0, 70.0, "[00:00:05] Ada: We are on the quay.\n"),
        (70.0, 3723.0, "[00:01:10] Bo: It rains.\nIt always does.\n"),
        (3723.0, 3723.0, "[01:02:03] Ada: Goodbye.\n"),
    ]
    assert reading.title == "Harbour talk"


@pytest.mark.parametrize(
    "text",
    [
        "00:00:01 Ada: a\n00:00:02 Bo: b\n00:00:03 Ada: c\n",
        "Ada Marsh  0:01\na\nBo Reed  0:02\nb\nAda Marsh  0:03\nc\n",
        "Well (0:01) it is (0:02) deep (0:03) here.\n",
        "[00:01.00]a\n[00:02.00]b\n[00:03.00]c\n",
    ],
)
def test_stamps_come_in_many_forms(text: str) -> None:
    assert [start for start, _, _ in times(read(text.encode(), name="x.txt"))] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "text",
    [
        "09:00 Opening\n10:30 Coffee\n12:00 Lunch\n",
        "[14:03:01] <bo> hi\n[14:03:02] <ada> hi\n[14:03:03] <bo> bye\n",
        "[00:00:05] a\n[00:00:01] b\n[00:00:09] c\n",
        "It began at 00:00:05 and ended at 00:00:06 or 00:00:07.\n",
        "[00:00:05] once\n",
        "Genesis 1:01\nwords\nGenesis 1:03\nwords\nExodus 1:02\nwords\n",
    ],
)
def test_other_numbers_are_no_times(text: str) -> None:
    assert times(read(text.encode(), name="x.txt")) == []
