import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from ingest.reading import Attachment, Reading, read
from rag.errors import EmptyDocument, UnreadableDocument
from rag.types import PartLocator

HEADERS = (
    'From: "Ada Marsh, Harbour" <ada@quay.example>\nTo: board@quay.example\n'
    "Subject: Dredging\nDate: Fri, 3 May 2024 23:30:00 -0500\n"
)


def mail(body: str, headers: str = "") -> bytes:
    return f"{HEADERS}{headers}\n{body}".encode()


def parts(reading: Reading) -> list[tuple[str, str | None, str]]:
    return [
        (
            one.name,
            one.date.value.isoformat() if one.date else None,
            one.span.cut(reading.text).strip(),
        )
        for one in reading.locators
        if isinstance(one, PartLocator)
    ]


def test_headers_stand_above_the_text_and_say_what_it_is() -> None:
    reading = read(mail("Dear board,\n\nthe channel is deep.\n"), name="x")
    assert reading.text == (
        'From: "Ada Marsh, Harbour" <ada@quay.example>\n\nTo: board@quay.example\n\n'
        "Subject: Dredging\n\nDate: Fri, 3 May 2024 23:30:00 -0500\n\n"
        "Dear board,\n\nthe channel is deep."
    )
    assert (reading.title, reading.author) == ("Dredging", "Ada Marsh, Harbour")
    assert reading.media_type == "message/rfc822"
    assert reading.published is not None
    assert reading.published.value.isoformat() == "2024-05-03"
    assert reading.published.found_by == "Date header"
    assert parts(reading) == [("body", "2024-05-03", reading.text)]
    assert reading.warnings == ()


def test_every_character_belongs_to_one_part() -> None:
    reading = read(mail("Yes.\n\n> No?\n\nReally.\n\n> > Why?\n"), name="x")
    spans = [one.span for one in reading.locators]
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(reading.text)


def test_a_reply_keeps_what_it_quotes_apart() -> None:
    body = (
        "Yes.\n\nOn Thu, 2 May 2024 at 09:00, Bo Reed wrote:\n> Is it deep?\n> Really?\n>\n"
        "> On 1 May 2024, Cy Dell <cy@quay.example>\n> wrote:\n>> It is shallow.\n\nIt is deep.\n"
    )
    reading = read(mail(body), name="x")
    assert parts(reading)[1:] == [
        (
            "quoted 1",
            "2024-05-02",
            "On Thu, 2 May 2024 at 09:00, Bo Reed wrote:\n\nIs it deep?\nReally?",
        ),
        (
            "quoted 2",
            "2024-05-01",
            "On 1 May 2024, Cy Dell <cy@quay.example>\nwrote:\n\nIt is shallow.",
        ),
        ("body", "2024-05-03", "It is deep."),
    ]
    for one in reading.locators:
        assert isinstance(one, PartLocator)
        if one.name != "body":
            assert one.date is not None
            assert one.date.span is not None
            assert one.span.start <= one.date.span.start < one.date.span.end <= one.span.end
            assert one.date.found_by == "quoted header"


def test_an_announcement_inside_of_the_quote_dates_it() -> None:
    reading = read(mail("Yes.\n\n> On Thu, 2 May 2024, Bo wrote:\n> Is it deep?\n"), name="x")
    assert [(name, day) for name, day, _ in parts(reading)] == [
        ("body", "2024-05-03"),
        ("quoted 1", "2024-05-02"),
    ]


@pytest.mark.parametrize(("stated", "value"), [("2 May", "2024-05-02"), ("2 June", "2023-06-02")])
def test_a_day_without_a_year_is_the_last_before_the_mail(stated: str, value: str) -> None:
    reading = read(mail(f"Yes.\n\n--- On {stated} Bo wrote:\n> Is it deep?\n"), name="x")
    quoted = reading.locators[1]
    assert isinstance(quoted, PartLocator)
    assert quoted.date is not None
    assert (quoted.date.value.isoformat(), quoted.date.found_by) == (
        value,
        "quoted header, year of the mail",
    )


def test_answers_between_quoted_lines_are_the_senders() -> None:
    body = "On 2 May 2024, Bo wrote:\n> Is it deep?\nYes.\n> And wide?\nNo.\n"
    assert [(name, text) for name, _, text in parts(read(mail(body), name="x"))][1:] == [
        ("quoted 1", "On 2 May 2024, Bo wrote:\n\nIs it deep?"),
        ("body", "Yes."),
        ("quoted 1", "And wide?"),
        ("body", "No."),
    ]


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        ("---------- Forwarded message ---------", "forwarded 1"),
        ("Begin forwarded message:", "forwarded 1"),
        ("-----Original Message-----", "quoted 1"),
        ("________________________________", "quoted 1"),
    ],
)
def test_a_forwarded_mail_has_its_own_date(mark: str, name: str) -> None:
    body = (
        f"See below.\n\n{mark}\nFrom: Bo Reed <bo@quay.example>\nSent: Thursday, May 2, 2024 9:00 AM\n"
        "To: Ada\nSubject: Depth\n\nIt is deep.\n\n> It is not.\n\nBo\n"
    )
    found = parts(read(mail(body), name="x"))
    assert [(one, day) for one, day, _ in found] == [
        ("body", "2024-05-03"),
        (name, "2024-05-02"),
        ("quoted 2" if name == "quoted 1" else "quoted 1", None),
        (name, "2024-05-02"),
    ]
    assert "It is deep." in found[1][2]
    assert found[3][2] == "Bo"


def test_prose_opens_no_part() -> None:
    body = "On Friday she wrote: nothing.\nFrom: here to there.\nOn 3 May all wrote:\n"
    assert len(parts(read(mail(body), name="x"))) == 1


def test_an_enclosed_mail_is_a_part_with_its_headers() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"], inner["Date"] = (
        "bo@quay.example",
        "Depth",
        "Thu, 2 May 2024 09:00 +0000",
    )
    inner.set_content("It is deep.")
    outer = EmailMessage()
    outer["From"], outer["Subject"], outer["Date"] = (
        "ada@quay.example",
        "Fwd: Depth",
        "Fri, 3 May 2024 09:00 +0000",
    )
    outer.set_content("See below.")
    outer.add_attachment(inner)
    found = parts(read(outer.as_bytes(policy=SMTP), name="x"))
    assert [(name, day) for name, day, _ in found] == [
        ("body", "2024-05-03"),
        ("forwarded 1", "2024-05-02"),
    ]
    assert found[1][2].startswith("From: bo@quay.example\n\nSubject: Depth")
    assert found[1][2].endswith("It is deep.")


def test_the_plain_text_is_read_and_attachments_are_taken_out() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@quay.example", "Größe"
    message.set_content("Plain, ünd good.")
    message.add_alternative("<p>As a page</p>", subtype="html")
    message.add_attachment(
        b"%PDF-1.7", maintype="application", subtype="pdf", filename="../depth.pdf"
    )
    message.add_attachment("a,b", filename="depth.csv")
    reading = read(message.as_bytes(), name="x")
    assert reading.text.endswith("Plain, ünd good.")
    assert reading.title == "Größe"
    assert "As a page" not in reading.text
    assert reading.warnings == ()
    assert reading.attachments == (
        Attachment("../depth.pdf", b"%PDF-1.7"),
        Attachment("depth.csv", b"a,b\n"),
    )


def test_a_page_is_read_where_there_is_no_plain_text() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@quay.example", "Depth"
    message.set_content("  \n")
    message.add_alternative(
        "<html><body><p>It is <b>deep</b>.</p><p style='display:none'>Hidden</p></body></html>",
        subtype="html",
    )
    text = read(message.as_bytes(), name="x").text
    assert text.endswith("\n\nIt is deep.")
    assert "Hidden" not in text


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ('Content-Type: text/plain; charset="us-ascii"\n', "Größe".encode()),
        ('Content-Type: text/plain; charset="iso-8859-1"\n', "Größe".encode("latin-1")),
        ('Content-Type: text/plain; charset="klingon"\n', "Größe".encode()),
        ('Content-Type: text/plain; charset="idna"\n', "Größe".encode()),
        ('Content-Type: text/plain; charset="=?x?="\n', "Größe".encode()),
        ("Content-Type: nonsense\n", "Größe".encode()),
        ("Content-Transfer-Encoding: quoted-printable\n", b"Gr=C3=B6=C3=9Fe =XY"),
        ("Content-Transfer-Encoding: base64\n", b"R3LDtsOfZQ"),
        ("Content-Transfer-Encoding: sideways\n", "Größe".encode()),
    ],
)
def test_wrong_encodings_do_not_lose_the_text(headers: str, body: bytes) -> None:
    content = f"From: a@b.example\nSubject: x\n{headers}MIME-Version: 1.0\n\n".encode() + body
    assert "Größe" in read(content, name="x").text


def test_headers_that_break_the_rules_are_read_all_the_same() -> None:
    content = (
        "From: Jürgen <j@quay.example>\nTo: \nSubject: =?utf-8?q?Tief_und=20breit?=\n"
        "Date: yesterday\nMessage-ID: <<>>\n\nText.\n"
    ).encode()
    reading = read(content, name="x")
    assert (reading.title, reading.author) == ("Tief und breit", "Jürgen")
    assert reading.published is None
    assert "To:" not in reading.text


def test_a_mail_without_text_is_found_by_its_headers() -> None:
    reading = read(mail(""), name="x")
    assert reading.text.startswith("From:")
    assert reading.warnings == ("The mail has no text: only its headers can be found.",)


def test_a_mail_without_anything_is_empty() -> None:
    with pytest.raises(EmptyDocument, match="mail"):
        read(b"Received: from x\nMessage-ID: <a@b>\nMIME-Version: 1.0\n\n", name="x.eml")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\r\n\r\n", b"From ada Fri May  3 2024\n"])
def test_what_stands_before_the_headers_does_not_hide_them(mark: bytes) -> None:
    assert read(mark + mail("Text."), name="x").media_type == "message/rfc822"


def test_utf16_does_not_hide_the_headers() -> None:
    assert read(mail("Text.").decode().encode("utf-16"), name="x").author == "Ada Marsh, Harbour"


@pytest.mark.parametrize(
    "text",
    [
        "Date: 3 May 2024\nSubject: Depth\n\nwords",
        "From: here\n\nwords",
        "From: here\nTo: there\nis a long way, and\nSubject: to change\n\nwords",
    ],
)
def test_other_texts_are_no_mail(text: str) -> None:
    assert read(text.encode(), name="x.eml").media_type == "text/plain"


def nested(depth: int) -> bytes:
    inside = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return f"{HEADERS}MIME-Version: 1.0\n{inside}\nText.\n".encode()


@pytest.mark.parametrize("depth", [100, 5_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    with pytest.raises(UnreadableDocument):
        read(nested(depth), name="x")


@pytest.mark.parametrize(
    "body",
    [
        ">" * 50_000,
        "> \n" * 20_000,
        "-" * 50_000,
        ":" * 50_000,
        "On 1 " * 20_000 + "\n" + "wrote: " * 20_000,
        "On 1 May wrote:\n" * 5_000,
        "From: a\nTo: b\nDate: c\n" * 5_000,
        "---- Forwarded message ----\n" * 5_000,
        "".join(">" * (n % 50) + " x\n" for n in range(5_000)),
    ],
    ids=range(9),
)
def test_hostile_text_is_read_in_time(body: str) -> None:
    begun = time.monotonic()
    assert read(mail(body), name="x").text.startswith("From:")
    assert time.monotonic() - begun < 3


def test_text_with_a_name_is_text_and_other_parts_are_attachments() -> None:
    reading = read(
        b"From: a@example.org\nDate: Mon, 6 May 2024 10:00:00 +0000\nSubject: S\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="x"\n\n'
        b'--x\nContent-Type: text/plain; name="body.txt"\n\nThe words of the mail.\n'
        b"--x\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n--x--\n",
        name="a.eml",
    )
    assert "The words of the mail." in reading.text
    assert reading.attachments == (Attachment("text.calendar", b"BEGIN:VCALENDAR"),)
