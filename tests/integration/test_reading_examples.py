import datetime as dt
import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ingest.passages import split
from ingest.reading import Reading, read
from rag.types import Document, DocumentId, PageLocator, SectionLocator, Version
from tests.unit.ingest.fakes import WordEmbedder

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CORPUS = ROOT.parent / "shared" / "corpus"


def reading_of(path: Path) -> Reading:
    return read(path.read_bytes(), name=path.name)


def example(suffix: str) -> Reading:
    (path,) = (EXAMPLES / "documents").glob(f"*{suffix}")
    return reading_of(path)


def test_the_news_page_is_its_article_with_sections_and_a_date() -> None:
    page = example(".html")
    assert page.published is not None
    assert page.published.value == dt.date(2023, 7, 27)
    assert len([one for one in page.locators if isinstance(one, SectionLocator)]) == 4
    for clutter in ("partners", "Subscribe", "Most read", "Imprint", "analytics"):
        assert clutter not in page.text


def test_the_transcript_stays_as_it_was_recognised() -> None:
    transcript = example(".txt")
    assert transcript.published is None
    assert transcript.title.startswith("Long Wave, episode 112")
    assert transcript.warnings == ()


def test_the_report_has_labelled_pages_whole_sentences_and_rows() -> None:
    report = example(".pdf")
    assert [one.label for one in report.locators if isinstance(one, PageLocator)] == ["i", "1", "2"]
    blocks = report.text.split("\n\n")
    assert "26 July 2023\tMinister of Defence\tArmistice anniversary" in blocks
    folded = " ".join(report.text.split())
    assert (
        "a Friday, in the North Korean capital, again as Secretary of the Security Council."
        in folded
    )


def script_of(name: str) -> Any:
    specification = importlib.util.spec_from_file_location("script", EXAMPLES / name)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    return script


def test_the_files_about_the_bridge_are_what_their_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = script_of("make_bridge.py")
    committed = script.FOLDER
    monkeypatch.setattr(script, "FOLDER", tmp_path)
    script.main()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert len(written) == 4
    for name in written:
        assert reading_of(tmp_path / name) == reading_of(committed / name)


def test_the_samples_are_of_every_main_format_and_say_when_they_are_from() -> None:
    readings = {path.suffix: reading_of(path) for path in (EXAMPLES / "documents").iterdir()}
    assert 8 <= len(readings) <= 12
    dated = {
        suffix: (one.published.value.isoformat(), one.published.found_by)
        for suffix, one in readings.items()
        if one.published
    }
    assert {
        ".eml": ("2026-05-13", "Date header"),
        ".epub": ("1998-10-01", "dc:date"),
        ".md": ("2026-02-20", "front matter"),
        ".pptx": ("2026-06-10", "dateline"),
        ".vtt": ("2026-07-02", "file name"),
    }.items() <= dated.items()
    assert all(not one.warnings and not one.partial for one in readings.values())


def test_the_report_is_what_its_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = script_of("make_report.py")
    committed = script.TARGET.read_bytes()
    monkeypatch.setattr(script, "TARGET", tmp_path / "report.pdf")
    script.main()
    assert read((tmp_path / "report.pdf").read_bytes(), name="x") == read(committed, name="x")


def test_the_questions_are_questions() -> None:
    asked = tomllib.loads((EXAMPLES / "questions.toml").read_text(encoding="utf-8"))["questions"]
    assert len(asked) >= 4
    assert all(one["question"].endswith("?") and one["note"] for one in asked)


@pytest.mark.skipif(not list(CORPUS.glob("*.txt")), reason="the corpus is not here")
def test_real_transcripts_and_articles_are_cut_without_a_gap() -> None:
    for path in sorted(CORPUS.glob("*.txt")):
        reading = reading_of(path)
        document = Document(
            id=DocumentId("d"),
            version=Version("sha256:0"),
            collection="default",
            title=reading.title,
            media_type=reading.media_type,
            text=reading.text,
        )
        passages = split(document, WordEmbedder(254))
        covered = "".join("".join(passage.text.split()) for passage in passages)
        assert covered == "".join(reading.text.split())
        assert len(passages) > 5


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not here: {CORPUS.name}")
def test_real_transcripts_and_articles_say_when_they_were_spoken_and_came_out() -> None:
    stated = {
        tuple(
            date and date.value.isoformat() for date in (one.recorded, one.published, one.original)
        )
        for one in map(reading_of, CORPUS.glob("*.txt"))
    }
    assert {("2025-03-24", "2025-03-25", None), (None, "2023-07-29", "2023-07-28")} <= stated
