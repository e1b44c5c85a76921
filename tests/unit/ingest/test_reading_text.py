import bz2
import gzip
import io
import zipfile
from typing import NoReturn

import pytest

from ingest.reading import read
from rag.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat


def test_utf8_is_read_as_it_stands() -> None:
    reading = read("Müllers Liste\n\nErste Zeile,\nzweite Zeile.\n".encode(), name="liste.txt")
    assert reading.text == "Müllers Liste\n\nErste Zeile,\nzweite Zeile.\n"
    assert (reading.title, reading.media_type) == ("Müllers Liste", "text/plain")
    assert reading.warnings == ()
    assert reading.published is None


def test_a_file_of_signs_that_stand_for_nothing_is_no_document() -> None:
    with pytest.raises(EmptyDocument):
        read("\ufffd \ufffd\n".encode(), name="x.txt")


def test_every_kind_of_line_end_becomes_a_line_feed() -> None:
    assert read(b"a\r\nb\rc\x0cd\n", name="x").text == "a\nb\nc\nd\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=str
)
def test_unicode_with_a_mark_or_with_zero_bytes_is_recognised(encoding: str) -> None:
    text = "The café opens at nine. It closes at five.\n"
    assert read(text.encode(encoding), name="x.txt").text == text


def test_a_mark_decides_whatever_follows_it() -> None:
    for encoding in ("utf-32-be", "utf-32-le"):
        reading = read("\ufeffcafé".encode(encoding), name="x.txt")
        assert (reading.text, reading.warnings) == ("café", ())
    assert read("\ufeff日本".encode("utf-16-be"), name="x.txt").text == "日本"


def test_another_encoding_is_guessed_and_the_guess_is_reported() -> None:
    text = "Die Prüfung der Bücher übernahm ein Gehilfe aus Lübeck, der für große Sorgfalt bekannt war."
    reading = read(text.encode("cp1252"), name="x.txt")
    assert reading.text == text
    assert any("guess" in warning for warning in reading.warnings)


def test_one_broken_byte_does_not_turn_utf8_into_another_encoding() -> None:
    reading = read("Größe, Maß, Fuß, Übermut, äußerst".encode() + b"\xff", name="x.txt")
    assert reading.text == "Größe, Maß, Fuß, Übermut, äußerst\ufffd"
    assert any("1 places" in warning for warning in reading.warnings)


@pytest.mark.parametrize(("sound", "title"), [(5, "ééééé\ufffd"), (4, "Ã")])
def test_a_long_text_is_utf8_if_four_in_five_places_are(sound: int, title: str) -> None:
    content = b"\xc3\xa9" * sound + b"\xff\n" + b"All the rest of the file is plain. " * 20
    assert read(content, name="x.txt").title.startswith(title)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"Caf\xe9", "Café"),
        (b"\x93Gr\xfc\xdfe\x94", "“Grüße”"),
        (b"caf\xc3\xa9 \xff\xfe", "café \ufffd\ufffd"),
        (b"The caf\xc3\xa9 \xff\xfe\xff", "The cafÃ© ÿþÿ"),
    ],
)
def test_a_few_words_are_utf8_or_western(content: bytes, text: str) -> None:
    reading = read(content, name="x.txt")
    assert reading.text == text
    assert len(reading.warnings) == 1


def test_a_few_words_of_another_script_are_left_to_detection() -> None:
    text = "Привет, мир, говорит старый смотритель маяка."
    assert read(text.encode("cp1251"), name="x.txt").text == text


def test_hidden_characters_are_removed_and_counted() -> None:
    hidden = "\x00\x07\u200b\u202e\ufeff\xad\U000e0041"
    prose = "The rest of the file is plain. " * 20
    reading = read(f"pay{hidden}load. {prose}".encode(), name="x.txt")
    assert reading.text == f"payload. {prose}"
    assert reading.warnings == ("7 invisible or control characters were removed.",)


def test_joiners_stay_where_scripts_and_emoji_need_them() -> None:
    text = "می\u200cخواهم 👩\u200d🚀"
    assert read(text.encode(), name="x.txt").text == text
    for hiding in ("se\u200dcret", "é\u200d\xad secret", "é\u200d\u2003é", "é\u200d\u200cé"):
        assert "\u200d" not in read(hiding.encode(), name="x.txt").text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n  Minutes of May \nAll were there.", "Minutes of May"),
        ("# Minutes\n\nAll were there.", "Minutes"),
        ("This is a sentence.\nSo is this.", "notes of may"),
        ("word " * 100, "notes of may"),
        ("-----\nNothing", "notes of may"),
    ],
)
def test_title_is_the_first_line_that_looks_like_one_or_the_name(text: str, title: str) -> None:
    assert read(text.encode(), name="folder/notes of may.txt").title == title


@pytest.mark.parametrize("content", [b"", b" \n\t ", "\ufeff\n".encode(), "\u200b\u200b".encode()])
def test_a_file_without_words_is_empty(content: bytes) -> None:
    with pytest.raises(EmptyDocument):
        read(content, name="x.txt")


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("notes.txt"), "text")  # with no time: it names a test
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (zipped(), "ZIP"),
        (gzip.compress(b"text", mtime=0), "gzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "JPEG"),
        (b"\x7fELF\x02\x01\x01" + bytes(50), "program"),
        (b"{\\rtf1 hello}", "RTF"),
        (b"RIFF\x24\x08\0\0WAVEfmt ", "audio"),
        (b"ID3\x03\0\0\0\0", "MP3"),
        (bz2.compress(b"text"), "bzip2"),
        (bz2.compress(b""), "bzip2"),
        (b"\0\0\0\x18ftypisom" + b"words " * 100, "binary"),
        (b"\x01\x02\x03" + b"w" * 197, "binary"),
        (bytes(100), "binary"),
        (bytes(range(256)) * 20, "binary"),
    ],
)
def test_binary_data_is_refused_by_what_it_looks_like(content: bytes, what: str) -> None:
    with pytest.raises(UnsupportedFormat, match=what):
        read(content, name="innocent.txt")


@pytest.mark.parametrize(
    "text",
    [
        *("ID3 is an algorithm", "RIFFRAFF wins again", "BZhang reported", "OggSen", "fLaCid"),
        *("%!PS ends the letter", "\x01\x02" + "w" * 198),
    ],
)
def test_prose_that_begins_like_a_signature_is_text(text: str) -> None:
    assert read(text.encode(), name="x").media_type == "text/plain"


def test_a_long_first_line_is_cut_for_the_title() -> None:
    page = f"<html><title>{'t' * 201}</title><body>Words."
    assert read(page.encode(), name="x").title == "t" * 200
    assert read(b"w" * 200 + b"\nMore.", name="x").title == "w" * 200
    assert read(b"w" * 201 + b"\nMore.", name="x").title == "x"


def test_a_reader_that_fails_is_logged_and_ends_one_file_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: bytes) -> NoReturn:
        raise KeyError("unexpected")

    monkeypatch.setattr("ingest.readers.text.read", fail)
    with pytest.raises(UnreadableDocument, match="Save it anew"):
        read(b"Words.", name="x")
    assert "KeyError" in caplog.text


def test_prose_about_pdf_and_html_is_text() -> None:
    text = "A file that begins with %PDF-1.7 is a PDF; one that begins with <html> is a page.\n"
    assert read(text.encode(), name="x.pdf").media_type == "text/plain"


def test_sniffing_a_file_of_comments_takes_no_time() -> None:
    assert read(b"<!-- -->" * 1000 + b"x", name="x.html").media_type == "text/plain"
