from pathlib import Path

import pytest
from pypdf import PdfReader

from eval.ingestion import ingest, write_files, write_pdf
from rag.errors import UnreadableDocument

SAID = [f"Sentence number {n} says a thing & another." for n in range(50)]


def test_the_same_files_are_written_each_time(tmp_path: Path) -> None:
    characters = [write_files(tmp_path / name, SAID, 7) for name in ("a", "b")]
    written = [sorted((tmp_path / name).iterdir()) for name in ("a", "b")]
    assert [one.name for one in written[0]] == [one.name for one in written[1]]
    assert {one.suffix for one in written[0]} == {".txt", ".md", ".html"}
    assert [one.read_bytes() for one in written[0]] == [one.read_bytes() for one in written[1]]
    assert characters == [sum(len(one.read_text()) for one in written[0])] * 2
    assert all(1_000 <= len(one.read_text()) <= 4_000 for one in written[0])


def test_a_pdf_has_its_pages_and_its_characters(tmp_path: Path) -> None:
    characters = write_pdf(tmp_path, SAID, 3)
    reader = PdfReader(tmp_path / "report.pdf")
    assert len(reader.pages) == 3
    extracted = sum(len(page.extract_text()) for page in reader.pages)
    assert extracted == pytest.approx(characters, rel=0.05)


def test_a_run_counts_what_it_took_in(tmp_path: Path) -> None:
    characters = write_files(tmp_path, SAID, 3)
    run = ingest(tmp_path)
    assert run.passages * run.mean_chars == pytest.approx(characters, rel=0.2)
    assert run.seconds > 0
    assert run.peak_mb > 100
    (tmp_path / "broken.txt").write_bytes(b" ")
    with pytest.raises(UnreadableDocument):
        ingest(tmp_path)
