"""What is fuzzed, by name: a function that must take any bytes, and inputs to begin with.

A target raises where a law is broken. A library's own exception over a broken file is none: readers leave
those to `ingest.reading.read`, which turns them into `UnreadableDocument`. One that is raised in our code is.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from ingest.passages import split
from ingest.readers.package import opened, read_member
from ingest.reading import Reading, read
from rag.errors import DocumentError
from rag.quoting import locate
from tests import make
from tests.fakes import HashingEmbedder
from tests.formats import TELLERS, Chapter
from tests.sound import check
from tests.unit.ingest import packages, pdfs

_ROOT = Path(__file__).parents[2]
_OURS = tuple(str(_ROOT / name) for name in ("ingest", "rag"))
_STORY = (
    Chapter("The ferry", ("The ferry leaves at nine. It returns by night.", "Dogs ride free.")),
    Chapter("Published on 3 May 2024", ("Recorded on Friday, the 26th of April 2024.",)),
)


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes any bytes; `seeds` are worth changing; `packed` ones are changed inside of their archive."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    packed: bool = False


def _reader(name: str) -> Callable[[bytes], object]:
    read_format: Callable[[bytes], Reading] = import_module(f"ingest.readers.{name}").read

    def run(content: bytes) -> None:
        with _only_document_errors():
            reading = read_format(content)
            if reading.text.strip():
                check(reading)
                # Where broken fonts put their letters depends on what PDFium has read before in its process.
                again = replace(read_format(content), layouts=())
                assert again == replace(reading, layouts=())

    return run


def _whole_reading(content: bytes) -> None:
    """Sniffing, reading, dating and telling the language, as the sandbox's child does it."""
    try:
        check(read(content, name=content[:20].decode(errors="replace")))
    except DocumentError:
        return


def _passages(content: bytes) -> None:
    text = content.decode(errors="replace").replace("\0", "")
    if text.strip():
        document = make.document(text)
        cut = split(document, HashingEmbedder())
        assert "".join("".join(one.text.split()) for one in cut) == "".join(text.split())


def _quotes(content: bytes) -> None:
    text = content.decode(errors="replace")
    quote, _, document = text.partition("\n")
    found = locate(quote, document)
    assert found is None or _folded(found.cut(document)) == _folded(quote)


def _folded(text: str) -> str:
    marks = str.maketrans("“”„«»‘’‚", '"""""\'\'\'')
    return " ".join(text.translate(marks).split())


def _archive(content: bytes) -> None:
    with _only_document_errors():
        package = opened(content)
        for name in package.namelist():
            read_member(package, name)


@contextmanager
def _only_document_errors() -> Iterator[None]:
    try:
        yield
    except DocumentError:
        return
    except AssertionError:
        raise
    except Exception as error:
        if traceback.extract_tb(error.__traceback__)[-1].filename.startswith(_OURS):
            raise


def _told(*names: str) -> tuple[bytes, ...]:
    return tuple(TELLERS[f"story.{name}"](_STORY) for name in names)


TARGETS: dict[str, Target] = {
    "text": Target(_reader("text"), _told("txt")),
    "html": Target(_reader("html"), _told("html")),
    "markdown": Target(_reader("markdown"), _told("md")),
    "mail": Target(_reader("mail"), _told("eml")),
    "subtitles": Target(_reader("subtitles"), _told("vtt", "srt")),
    "delimited": Target(_reader("delimited"), _told("csv")),
    "pdf": Target(
        _reader("pdf"),
        (
            *_told("pdf"),
            pdfs.pdf([["One line.", "Two."]]),
            pdfs.outlined(pdfs.pdf([["1.1 Oil", "", "Text."]]), [("1.1 Oil", 0, 560.0)]),
        ),
    ),
    "docx": Target(
        _reader("docx"),
        (packages.word(), packages.edited_word(), packages.annotated_word()),
        packed=True,
    ),
    "pptx": Target(_reader("pptx"), (packages.slides(),), packed=True),
    "spreadsheet": Target(_reader("spreadsheet"), _told("xlsx"), packed=True),
    "epub": Target(_reader("epub"), _told("epub"), packed=True),
    "archive": Target(_archive, _told("epub")),
    "any": Target(_whole_reading, _told("txt", "html", "md", "eml", "vtt", "csv")),
    "passages": Target(_passages, _told("txt", "md")),
    "quotes": Target(_quotes, (b'a \xe2\x80\x9cb\xe2\x80\x9d\nc a  "b" d', b"one two\none\ntwo")),
}
