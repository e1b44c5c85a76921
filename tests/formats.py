"""One story told in every format: what the laws of all readers, and the fuzzers' first inputs, are made of."""

from __future__ import annotations

import csv
import email.message
import html
import io
from collections.abc import Callable
from dataclasses import dataclass

import docx
import pptx
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate

from tests.unit.ingest.packages import epub, page, workbook


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading and its paragraphs, each of one line."""

    heading: str
    paragraphs: tuple[str, ...]


Story = tuple[Chapter, ...]


def _text(story: Story) -> bytes:
    return "\n\n".join(line for one in story for line in (one.heading, *one.paragraphs)).encode()


def _html(story: Story) -> bytes:
    body = "".join(
        f"<h2>{html.escape(one.heading)}</h2>"
        + "".join(f"<p>{html.escape(line)}</p>" for line in one.paragraphs)
        for one in story
    )
    return f"<!doctype html><html><body><article>{body}</article></body></html>".encode()


def _markdown(story: Story) -> bytes:
    return "\n\n".join(
        line for one in story for line in (f"## {one.heading}", *one.paragraphs)
    ).encode()


def _pdf(story: Story) -> bytes:
    styles = getSampleStyleSheet()
    file = io.BytesIO()
    flow: list[Flowable] = []
    for one in story:
        flow.append(Paragraph(html.escape(one.heading), styles["Heading2"]))
        flow += [Paragraph(html.escape(line), styles["Normal"]) for line in one.paragraphs]
        flow.append(PageBreak())
    SimpleDocTemplate(file, pagesize=A5, invariant=1).build(flow)
    return file.getvalue()


def _word(story: Story) -> bytes:
    document = docx.Document()
    for one in story:
        document.add_heading(one.heading, 1)
        for line in one.paragraphs:
            document.add_paragraph(line)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _slides(story: Story) -> bytes:
    deck = pptx.Presentation()
    for one in story:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = one.heading
        slide.placeholders[1].text = "\n".join(one.paragraphs)
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def _epub(story: Story) -> bytes:
    return epub(
        {
            f"{number}.xhtml": page(
                html.escape(one.heading), *(html.escape(line) for line in one.paragraphs)
            )
            for number, one in enumerate(story)
        }
    )


def _rows(story: Story) -> list[list[str]]:
    return [[one.heading, line] for one in story for line in one.paragraphs]


def _workbook(story: Story) -> bytes:
    return workbook({"Sheet": [["Chapter", "Line"], *_rows(story)]})


def _csv(story: Story) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([["Chapter", "Line"], *_rows(story)])
    return file.getvalue().encode()


def _mail(story: Story) -> bytes:
    message = email.message.EmailMessage()
    message["From"] = "Ada <ada@harbour.example>"
    message["To"] = "bo@harbour.example"
    message["Subject"] = "What happened"
    message["Date"] = "Fri, 3 May 2024 10:00:00 +0000"
    message.set_content(_text(story).decode())
    return message.as_bytes()


def _captions(story: Story, form: str, separator: str) -> str:
    lines = [line for one in story for line in (one.heading, *one.paragraphs)]
    cues = []
    for number, line in enumerate(lines, 1):
        start, end = (form.format(minutes=at // 60, seconds=at % 60) for at in (number, number + 1))
        cues.append(f"{number}\n{start} --> {end}\n{line}\n")
    return separator.join(cues)


def _vtt(story: Story) -> bytes:
    return ("WEBVTT\n\n" + _captions(story, "00:{minutes:02}:{seconds:02}.000", "\n")).encode()


def _srt(story: Story) -> bytes:
    return _captions(story, "00:{minutes:02}:{seconds:02},000", "\n").encode()


TELLERS: dict[str, Callable[[Story], bytes]] = {
    "story.txt": _text,
    "story.html": _html,
    "story.md": _markdown,
    "story.pdf": _pdf,
    "story.docx": _word,
    "story.pptx": _slides,
    "story.epub": _epub,
    "story.xlsx": _workbook,
    "story.csv": _csv,
    "story.eml": _mail,
    "story.vtt": _vtt,
    "story.srt": _srt,
}
