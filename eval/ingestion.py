"""Ingestion: characters of source a second, and peak memory, beside a usual chain of LangChain's.

Both read the same files with the same model's weights and as many threads, each in a process of its own;
LangChain's (`eval/peers/langchain_ingestion.py`) runs in an environment of its own as well, so that
neither chooses the other's libraries.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from eval.bench import read_documents
from eval.peer import PEERS, PeerFailed, environment, output_of, peak_mb
from ingest.pipeline import Ingester
from rag.adapters.bundled_model import bundled_folder
from rag.bootstrap import open_rag
from rag.errors import UnreadableDocument
from rag.sentences import sentences
from rag.settings import Settings

_PEER = PEERS / "langchain_ingestion.py"
_PAGE_CHARS = 2_500
_FILE_CHARS = (1_000, 3_000)
_SAME_LENGTH = 0.1  # by which the mean length of passages may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process did with one folder.

    Attributes:
        seconds: From the first file to the last document searchable; the model had been loaded before.
        peak_mb: Of the process, and of the largest of its children.
    """

    seconds: float
    passages: int
    mean_chars: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One folder's source characters, and both runs over it; theirs may be left out."""

    name: str
    characters: int
    ours: Run
    theirs: Run | None

    @property
    def factor(self) -> float | None:
        """How many times as many characters a second ours takes in."""
        return self.theirs.seconds / self.ours.seconds if self.theirs else None


def measure(
    words: Path, work: Path, counts: Sequence[int], pages: int, report: Callable[[str], None]
) -> list[Compared]:
    """Compare both over the greatest count of small files and over one PDF; ours alone over the other counts.

    Args:
        words: A set in the normal form; its sentences fill the files.
        work: Where the files, and the peer's environment, are made; kept for the next time.
        counts: Of small files, in a folder each.
        pages: Of the PDF.
        report: Told what is done next.

    Raises:
        BenchError: the set cannot be read.
        PeerFailed: LangChain's side cannot be run.
    """
    python = environment(work, "peer-langchain", report)
    said = [
        s.cut(one.text).encode("latin-1", "ignore").decode("latin-1")  # what a PDF's own fonts have
        for one in read_documents(words)
        for s in sentences(one.text)
    ]
    compared = []
    for count in sorted(counts):
        folder = work / f"files-{count}"
        characters = write_files(folder, said, count)
        against = python if count == max(counts) else None
        compared.append(_compared(f"{count:,} files", folder, characters, against, report))
    folder = work / f"pdf-{pages}"
    characters = write_pdf(folder, said, pages)
    compared.append(_compared(f"a PDF of {pages} pages", folder, characters, python, report))
    return compared


def write_files(folder: Path, said: Sequence[str], count: int) -> int:
    """Fill a folder with text, Markdown and HTML files, the same for the same sentences; gives their characters."""
    chance = random.Random(count)  # noqa: S311 # the same files each time
    folder.mkdir(parents=True, exist_ok=True)
    characters = 0
    for number in range(count):
        paragraphs = list(_paragraphs(said, chance, chance.randint(*_FILE_CHARS)))
        suffix, content = _FORMATS[number % len(_FORMATS)](f"Report {number}", paragraphs)
        (folder / f"{number:05}.{suffix}").write_text(content, encoding="utf-8")
        characters += len(content)
    return characters


def write_pdf(folder: Path, said: Sequence[str], pages: int) -> int:
    """Write one PDF of so many pages into a folder; gives the characters on them."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    chance = random.Random(pages)  # noqa: S311 # the same pages each time
    folder.mkdir(parents=True, exist_ok=True)
    canvas = Canvas(str(folder / "report.pdf"), pagesize=A4, invariant=True)
    characters = 0
    for _ in range(pages):
        text = canvas.beginText(60, A4[1] - 60)
        text.setFont("Times-Roman", 10)
        for paragraph in _paragraphs(said, chance, _PAGE_CHARS):
            for line in simpleSplit(paragraph, "Times-Roman", 10, A4[0] - 120):
                text.textLine(line)
                characters += len(line) + 1
            text.textLine("")
        canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return characters


def ingest(folder: Path) -> Run:
    """Take a folder into a new library; settings come from the environment.

    Raises:
        DocumentError: a file could not be read, so that the figures would flatter.
    """
    with tempfile.TemporaryDirectory() as data, open_rag(Settings(data=Path(data))) as library:
        ingester = Ingester(library)
        ingester.sandbox.start()  # before the model is loaded: a new process counts its parent's memory as its peak
        library.embedder.embed_passages(["The model is loaded before the clock starts."])
        started = time.perf_counter()
        outcomes = list(ingester.add_folder(folder))
        seconds = time.perf_counter() - started
        ingester.sandbox.close()  # so that what its processes used is counted
    documents = [one.document for one in outcomes if one.document]
    if len(documents) < len(outcomes):
        raise UnreadableDocument("Not every file of the benchmark could be read.")
    passages = sum(one.passages for one in documents)
    return Run(
        seconds=seconds,
        passages=passages,
        mean_chars=sum(one.characters for one in documents) / passages,
        peak_mb=peak_mb(),
    )


def _compared(
    name: str, folder: Path, characters: int, peer: Path | None, report: Callable[[str], None]
) -> Compared:
    report(f"{name}: Chapterverse")
    ours = _run([sys.executable, "-m", "eval.ingestion", folder])
    theirs = None
    if peer:
        report(f"{name}: LangChain")
        theirs = _run([peer, _PEER, folder, bundled_folder(), str(ours.mean_chars)])
        if abs(theirs.mean_chars / ours.mean_chars - 1) > _SAME_LENGTH:
            raise PeerFailed("The passages of both sides do not have the same length.")
    return Compared(name=name, characters=characters, ours=ours, theirs=theirs)


def _run(command: Sequence[str | Path]) -> Run:
    return Run(**json.loads(output_of(command).splitlines()[-1]))


def _paragraphs(said: Sequence[str], chance: random.Random, characters: int) -> Iterator[str]:
    """Sentences in paragraphs of three to six, until there are so many characters."""
    while characters > 0:
        paragraph = " ".join(chance.choices(said, k=chance.randint(3, 6)))[:characters]
        characters -= len(paragraph)
        yield paragraph


def _as_text(title: str, paragraphs: Sequence[str]) -> tuple[str, str]:
    return "txt", "\n\n".join([title, *paragraphs])


def _as_markdown(title: str, paragraphs: Sequence[str]) -> tuple[str, str]:
    return "md", "\n\n".join([f"# {title}", *paragraphs])


def _as_html(title: str, paragraphs: Sequence[str]) -> tuple[str, str]:
    body = "\n".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    head = f"<head><meta charset='utf-8'><title>{title}</title></head>"
    return "html", f"<!doctype html><html>{head}<body><h1>{title}</h1>\n{body}</body></html>"


_FORMATS = (_as_text, _as_markdown, _as_html)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(ingest(Path(sys.argv[1])))) + "\n")
