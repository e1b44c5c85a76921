"""Laws of the readers of text formats, over scraps of those formats and over any bytes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import read
from rag.errors import DocumentError
from tests.sound import check

MARKDOWN = (
    *(
        "# ",
        "## ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "```\n",
        "| a | b |\n",
        "|---|---|\n",
        "**",
        "*",
    ),
    *("[x](y)", "![", "](", "`", "<b>", "<!--", "<script>", "&amp;", "---\n", "title: x\n", "    "),
)
MAIL = (
    *("From: a@b.example\n", "To: b\n", "Subject: =?utf-8?q?=C3?=\n", "Date: 3 May 2024\n", "\n"),
    *(
        "Content-Type: multipart/mixed; boundary=x\n",
        "Content-Type: message/rfc822\n",
        "--x\n",
        "--x--",
    ),
    *(
        "Content-Type: text/html\n",
        "Content-Transfer-Encoding: base64\n",
        "> ",
        ">> ",
        "Sent: 2 May\n",
    ),
    *("On 2 May 2024 Bo wrote:\n", "---- Forwarded message ----\n", "-----Original Message-----\n"),
    *(
        "Content-Type: multipart/alternative; boundary=x\n",
        'Content-Type: text/plain; charset="idna"\n',
    ),
    *("Content-Disposition: attachment; filename*=utf-8''%00\n", "From: <>,;:\n"),
)
SUBTITLES = (
    *(
        "WEBVTT\n\n",
        "1\n",
        "00:00:01,000 --> 00:00:02,000\n",
        "00:09.000 --> 00:01.000\n",
        "\n",
        "-->",
    ),
    *("<v Ada>", "NOTE x\n", "BO: ", "- ", "9999:99:99.999 --> 0:0.0\n", "<i>", "{\\an8}", "\n\n"),
)
STAMPS = ("[00:01] ", "00:00:02 ", "\n", "Ada  0:03\n", "(9:99:99)", "Published: 3 May 2024\n")
WORDS = ("words and more words. ", "Words\n", "日本。", "\x00", "\u200b", "é", " ")


def texts_of(scraps: tuple[str, ...], start: str = "") -> st.SearchStrategy[bytes]:
    parts = st.lists(st.sampled_from(scraps + WORDS), max_size=40)
    return parts.map(lambda some: (start + "".join(some)).encode())


@settings(max_examples=200)
@given(
    content=texts_of(MARKDOWN)
    | texts_of(MAIL, "From: Ada <a@b.example>\nSubject: x\nDate: 3 May 2024\n")
    | texts_of(SUBTITLES, "WEBVTT\n\n")
    | texts_of(SUBTITLES, "1\n00:00:00,000 --> ")
    | texts_of(STAMPS)
    | st.binary(max_size=100).map(lambda some: b"From: a\nSubject: b\nDate: c\n" + some),
    name=st.sampled_from(["x", "x.md", "2024-05-01.txt", "../x.eml", "x" * 5000 + ".srt"]),
)
def test_any_text_yields_a_sound_reading_or_a_document_error(content: bytes, name: str) -> None:
    try:
        reading = read(content, name=name)
    except DocumentError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
    else:
        check(reading)
        assert reading.title.strip()
        assert read(content, name=name) == reading


@settings(max_examples=100)
@given(
    lines=st.lists(
        st.sampled_from(["a b.", "c", "> d", ">> e", "", "On 2 May 2024 Bo wrote:"]), max_size=20
    )
)
def test_a_mails_parts_hold_every_word(lines: list[str]) -> None:
    body = "\n".join(lines)
    reading = read(f"From: a\nTo: b\nSubject: c\nDate: d\n\n{body}".encode(), name="x")
    found = "".join(one.span.cut(reading.text) for one in reading.locators)
    assert found.split()[8:] == body.replace(">", " ").split()


@settings(max_examples=100)
@given(
    texts=st.lists(
        st.text("ab c.", min_size=1, max_size=8).filter(str.strip), min_size=1, max_size=8
    )
)
def test_every_spoken_word_is_in_a_cue(texts: list[str]) -> None:
    cues = [
        f"{n}\n00:00:{3 * n:02},000 --> 00:00:{3 * n:02},500\n{text}\n"
        for n, text in enumerate(texts)
    ]
    reading = read("\n".join(cues).encode(), name="x")
    assert [one.span.cut(reading.text).split() for one in reading.locators] == [
        text.split() for text in texts
    ]
