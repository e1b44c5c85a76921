import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from ingest import open_library
from ingest.pipeline import Ingester
from ingest.progress import Pages, Watch
from ingest.reading import Reading
from ingest.sandbox import Sandbox
from ingest.walking import SourceFile
from rag.bootstrap import assemble
from rag.errors import (
    DocumentChanged,
    DocumentTooLarge,
    EmptyDocument,
    InvalidName,
    NotFound,
    StoreFull,
)
from rag.layout import PageLayout
from rag.protocols import DocumentSummary, JobState, Upload
from rag.settings import LimitSettings, Settings
from rag.types import Document, Filters, Vectors
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.unit.ingest.pdfs import pdf

TEXT = b"Title\n\nThe first sentence. The second sentence.\n"


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def ingester(store: InMemoryStore) -> Ingester:
    return over(store)


def over(store: InMemoryStore, upload_bytes: int = 1_000_000) -> Ingester:
    settings = Settings(data=Path("unused"), limits=LimitSettings(upload_bytes=upload_bytes))
    return Ingester(assemble(settings, store, HashingEmbedder()))


def test_a_file_becomes_a_document_with_passages_and_its_original(
    store: InMemoryStore, ingester: Ingester
) -> None:
    added = ingester.add(TEXT, Upload(name="notes.txt"))
    assert added.outcome == "added"
    assert added.document.title == "Title"
    assert added.document.version.startswith("sha256:")
    assert store.document(added.document.id).text == TEXT.decode()


@pytest.mark.parametrize("key", [None, "a.txt"])
def test_known_bytes_without_a_key_change_nothing(
    store: InMemoryStore, ingester: Ingester, key: str | None
) -> None:
    first = ingester.add(TEXT, Upload(name="a.txt", source_key=key))
    again = ingester.add(TEXT, Upload(name="b.txt", title="Another title"))
    assert again.known
    assert again.document == first.document
    assert len(store.summaries(None)) == 1


def test_two_keys_of_the_same_bytes_are_two_documents(
    store: InMemoryStore, ingester: Ingester
) -> None:
    for key in ("a.txt", "b.txt"):
        assert ingester.add(TEXT, Upload(name=key, source_key=key)).outcome == "added"
    assert ingester.add(b"Other.", Upload(name="a.txt", source_key="a.txt")).outcome == "updated"
    assert ingester.add(TEXT, Upload(name="b.txt", source_key="b.txt")).known
    documents = [store.document(one.id) for one in store.summaries(None)]
    assert {(one.source_key, one.text) for one in documents} == {
        ("a.txt", "Other."),
        ("b.txt", TEXT.decode()),
    }


def test_the_same_bytes_in_another_collection_are_another_document(
    store: InMemoryStore, ingester: Ingester
) -> None:
    ingester.add(TEXT, Upload(name="a.txt"))
    assert not ingester.add(TEXT, Upload(name="a.txt", collection="other")).known
    assert len(store.summaries(None)) == 2


def test_other_bytes_under_the_same_key_are_a_new_version(
    store: InMemoryStore, ingester: Ingester
) -> None:
    first = ingester.add(TEXT, Upload(name="a.txt", source_key="a.txt"))
    second = ingester.add(TEXT + b"More.", Upload(name="a.txt", source_key="a.txt"))
    assert second.outcome == "updated"
    assert second.document.id == first.document.id
    assert second.document.version != first.document.version
    assert store.document(first.document.id, first.document.version).text == TEXT.decode()


def test_a_key_never_keeps_old_words_because_another_file_holds_the_new_ones(
    store: InMemoryStore, ingester: Ingester
) -> None:
    ingester.add(b"Old words.", Upload(name="a", source_key="a"))
    ingester.add(b"New words.", Upload(name="b", source_key="b"))
    assert ingester.add(b"New words.", Upload(name="a", source_key="a")).outcome == "updated"
    assert not any(
        one.text == "Old words." for one in (store.document(s.id) for s in store.summaries(None))
    )


def test_two_uploads_of_one_name_without_a_key_are_two_documents(ingester: Ingester) -> None:
    first = ingester.add(b"One report.", Upload(name="report.txt"))
    second = ingester.add(b"Another report.", Upload(name="report.txt"))
    assert first.document.id != second.document.id


SAYS = b"""<html><head><title>Theirs</title><meta name="author" content="Ada Marsh">
<meta name="date" content="2020-01-01"><link rel="canonical" href="https://their.example/"></head>
<body><p>Words.</p></body></html>"""


def test_what_the_caller_says_wins_over_what_the_file_says(
    store: InMemoryStore, ingester: Ingester
) -> None:
    upload = Upload(
        name="x.html",
        title="Mi\u202ene \n",
        published=dt.date(2021, 2, 3),
        source_url="https://a.example/",
    )
    document = store.document(ingester.add(SAYS, upload).document.id)
    assert (document.title, document.source_url) == ("Mine", "https://a.example/")
    assert document.published is not None
    assert (document.published.value, document.published.found_by) == (dt.date(2021, 2, 3), "user")


@pytest.mark.parametrize("title", [None, "  ", "\x07"])
def test_what_the_caller_does_not_say_is_what_the_file_says(
    store: InMemoryStore, ingester: Ingester, title: str | None
) -> None:
    document = store.document(ingester.add(SAYS, Upload(name="x", title=title)).document.id)
    assert (document.title, document.author) == ("Theirs", "Ada Marsh")
    assert document.source_url == "https://their.example/"
    assert document.published is not None
    assert document.published.value == dt.date(2020, 1, 1)


def test_progress_runs_to_the_end(ingester: Ingester) -> None:
    seen: list[tuple[JobState, int, int]] = []
    content = b" ".join(b"Sentence %d of some words that goes on." % n for n in range(700))
    ingester.add(content, Upload(name="x"), lambda *step: seen.append(step))
    assert [state for state, _, _ in seen][:2] == ["parsing", "embedding"]
    total = seen[-1][2]
    assert seen[-1] == ("embedding", total, total)
    assert [done for state, done, _ in seen if state == "embedding"] == [
        *range(0, total, 64),
        total,
    ]


def test_the_pages_of_a_slow_file_are_told_before_its_passages(
    ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "every_s", 0.001)
    seen: list[tuple[JobState, int, int]] = []
    content = pdf([[f"Page {n} says something of its own."] * 20 for n in range(60)])
    ingester.add(content, Upload(name="x.pdf"), lambda *step: seen.append(step))
    pages = [step for step in seen if step[0] == "parsing"]
    assert pages == seen[: len(pages)]
    assert pages[0] == ("parsing", 0, 0)
    assert pages[-1][2] == 60


class Recording(HashingEmbedder):
    """Hashed vectors, and every passage's text that was embedded."""

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return super().embed_passages(texts)


def test_no_text_that_a_collection_holds_is_embedded_again(store: InMemoryStore) -> None:
    embedder = Recording()
    ingester = Ingester(assemble(Settings(data=Path("unused")), store, embedder))
    parts = [f"# Part {n}\n\nWhat part {n} says of whales." for n in range(5)]
    first = ingester.add("\n\n".join(parts).encode(), Upload(name="x.md", source_key="x"))
    assert len(embedder.embedded) == first.document.passages == 5
    embedder.embedded.clear()

    moved = ingester.add(b"\n" + "\n\n".join(parts).encode(), Upload(name="x.md", source_key="y"))
    assert embedder.embedded == []
    parts[3] = "# Part 3\n\nSomething else, of frogs."
    ingester.add("\n\n".join(parts).encode(), Upload(name="x.md", source_key="x"))
    (changed,) = embedder.embedded
    assert "frogs" in changed

    selection = store.select("default", Filters(document_ids=frozenset({moved.document.id})))
    hits = store.dense_search(selection, HashingEmbedder().embed_queries(["part 3 whales"])[0], 5)
    assert len(hits) == 5
    embedder.embedded.clear()
    ingester.add("\n\n".join(parts).encode(), Upload(name="x.md", collection="another"))
    assert len(embedder.embedded) == 5


def test_a_text_that_the_model_does_not_cover_is_found_by_its_words_alone(
    store: InMemoryStore,
) -> None:
    embedder = Recording()
    ingester = Ingester(assemble(Settings(data=Path("unused")), store, embedder))
    german = (
        "Der alte Hafen von Lübeck wurde im Jahre 1843 erweitert und danach nicht mehr verändert."
    )
    added = ingester.add(german.encode(), Upload(name="x.txt")).document
    assert embedder.embedded == []
    (warning,) = added.warnings
    assert "'de'" in warning
    assert "its words alone" in warning
    selection = store.select("default", Filters())
    assert store.dense_search(selection, embedder.embed_queries(["Hafen"])[0], 5) == []
    assert [one.embedded for one in store.lexical_search(selection, ["hafen"], 5)] == [False]


def test_a_file_over_the_limit_is_refused_before_it_is_read(store: InMemoryStore) -> None:
    with pytest.raises(DocumentTooLarge, match="11"):
        over(store, upload_bytes=10).add(b"x" * 11, Upload(name="x"))
    over(store, upload_bytes=10).add(b"x" * 10, Upload(name="x"))


def test_a_file_without_text_leaves_no_trace(store: InMemoryStore, ingester: Ingester) -> None:
    with pytest.raises(EmptyDocument):
        ingester.add(b"  ", Upload(name="x"))
    assert not store.summaries(None)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "é", "x" * 65, "..", "a\n"])
def test_a_collection_needs_a_plain_name(ingester: Ingester, name: str) -> None:
    with pytest.raises(InvalidName):
        ingester.add(TEXT, Upload(name="x", collection=name))


@pytest.mark.parametrize("name", ["default", "A-1_b.c", "x" * 64, "2024"])
def test_plain_names_are_taken(ingester: Ingester, name: str) -> None:
    assert ingester.add(TEXT, Upload(name="x", collection=name)).document.collection == name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "papers"
    (root / "sub" / ".git").mkdir(parents=True)
    (root / "b.txt").write_text("The second file.")
    (root / "sub" / "a.txt").write_text("The third file.")
    (root / "a.txt").write_text("The first file.")
    (root / "bad.bin").write_bytes(bytes(range(256)))
    (root / ".hidden.txt").write_text("Hidden.")
    (root / "sub" / ".git" / "config").write_text("Hidden too.")
    (tmp_path / "outside.txt").write_text("Outside.")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "loop").symlink_to(root)
    (root / "gone.txt").symlink_to(root / "nowhere")
    return root


def test_a_folder_is_added_in_order_and_a_bad_file_does_not_stop_it(
    folder: Path, ingester: Ingester
) -> None:
    outcomes = list(ingester.add_folder(folder))
    assert [(one.path, one.outcome) for one in outcomes] == [
        ("a.txt", "added"),
        ("b.txt", "added"),
        ("bad.bin", "skipped"),
        ("sub/a.txt", "added"),
    ]
    assert outcomes[2].reason is not None
    assert "binary" in outcomes[2].reason
    assert outcomes[3].document is not None
    assert outcomes[3].document.source_key == "sub/a.txt"


def test_a_folder_added_again_brings_only_what_changed(
    folder: Path, ingester: Ingester, store: InMemoryStore
) -> None:
    list(ingester.add_folder(folder))
    (folder / "b.txt").write_text("The second file, rewritten.")
    outcomes = {one.path: one.outcome for one in ingester.add_folder(folder)}
    assert outcomes == {
        "a.txt": "unchanged",
        "b.txt": "updated",
        "bad.bin": "skipped",
        "sub/a.txt": "unchanged",
    }
    assert len(store.summaries(None)) == 3


def test_one_file_is_named_by_its_name(folder: Path, ingester: Ingester) -> None:
    (outcome,) = ingester.add_folder(folder / "sub" / "a.txt", "other")
    assert outcome.path == "a.txt"
    assert outcome.document is not None
    assert outcome.document.collection == "other"


def test_a_large_file_of_a_folder_is_reported(folder: Path, store: InMemoryStore) -> None:
    outcomes = {one.path: one for one in over(store, upload_bytes=15).add_folder(folder)}
    assert outcomes["b.txt"].outcome == "failed"
    assert "over the limit" in (outcomes["b.txt"].reason or "")
    assert outcomes["a.txt"].outcome == "added"


def test_a_large_file_is_refused_before_its_bytes_are_read(
    tmp_path: Path, store: InMemoryStore
) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 42)  # no memory could hold what the disk need not
    (outcome,) = over(store).add_folder(tmp_path)
    assert "over the limit" in (outcome.reason or "")


def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path, ingester: Ingester) -> None:
    (outcome,) = ingester.add_files([SourceFile("gone.txt", tmp_path / "gone.txt")])
    assert outcome.outcome == "failed"
    assert outcome.reason == "The file cannot be opened: No such file or directory."


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_a_name_that_is_not_utf8_is_spelt_out(tmp_path: Path, ingester: Ingester) -> None:
    for name in (b"a\xfe.txt", b"a\xff.txt"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"The words of " + name.hex().encode() + b".")
    outcomes = list(ingester.add_folder(tmp_path))
    assert [(one.path, one.outcome) for one in outcomes] == [
        ("a\\xfe.txt", "added"),
        ("a\\xff.txt", "added"),
    ]
    assert {one.document.title for one in outcomes if one.document} == {"a\ufffd"}
    (alone,) = ingester.add_folder(tmp_path / os.fsdecode(b"a\xff.txt"))
    assert (alone.path, alone.outcome) == ("a\\xff.txt", "unchanged")


def test_a_missing_folder_is_an_error_at_once(tmp_path: Path, ingester: Ingester) -> None:
    with pytest.raises(NotFound, match="no file or folder"):
        ingester.add_folder(tmp_path / "nothing")


def test_a_version_is_the_sha256_of_the_bytes(ingester: Ingester) -> None:
    version = ingester.add(b"x", Upload(name="x")).document.version
    assert version == "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


def test_a_library_kept_inside_the_folder_is_not_added_to_itself(
    folder: Path, store: InMemoryStore
) -> None:
    kept = folder / "kept"
    kept.mkdir()
    (kept / "catalog.sqlite").write_bytes(b"anything")
    ingester = Ingester(assemble(Settings(data=kept), store, HashingEmbedder()))
    assert "kept/catalog.sqlite" not in {file.key for file in ingester.files(folder)}
    (folder / "other").mkdir()
    (folder / "other" / "c.txt").write_text("Words.")
    assert "other/c.txt" in {file.key for file in ingester.files(folder)}
    assert ingester.files(kept) == []


def test_opening_a_missing_folder_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        open_library(tmp_path / "papres")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_from_a_pdf_says_where_its_quote_stands_on_both_pages(
    ingester: Ingester,
) -> None:
    pages = [["A first page.", "", "The keeper lit the lamp"], ["at dusk every evening."]]
    ingester.add(pdf(pages), Upload(name="lamp.pdf"))
    reply = ingester.library.ask("When did the keeper light the lamp every evening?")
    (found,) = [boxes for quote, boxes in reply.boxes.items() if "keeper lit" in quote.text]
    assert [(one.page, len(one.boxes)) for one in found] == [(1, 1), (2, 1)]
    left, top, right, bottom = found[0].boxes[0]
    assert pytest.approx(left, abs=0.01) == 40 / 420
    assert left < right < 0.6
    assert top < 1 - 512 / 595 < bottom


def test_a_folder_s_files_come_out_in_order_whatever_becomes_of_each(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester
) -> None:
    for number in range(12):
        (tmp_path / f"{number:02}.txt").write_bytes(TEXT + b"It is number %d." % number)
    (tmp_path / "03.txt").write_bytes(b"  ")
    (tmp_path / "07.txt").write_bytes(b"\x00\x01\x02" * 50)
    assert [one.outcome for one in ingester.add_folder(tmp_path)].count("failed") == 1
    (tmp_path / "05.txt").write_bytes(b"It says something else now.")
    found = list(ingester.add_folder(tmp_path))
    assert [one.path for one in found] == [f"{number:02}.txt" for number in range(12)]
    assert {one.path: one.outcome for one in found if one.outcome != "unchanged"} == {
        "03.txt": "failed",
        "05.txt": "updated",
        "07.txt": "skipped",
    }
    for one in found:
        if one.document is not None:
            text = store.document(one.document.id).text
            assert text.startswith("It says") if one.path == "05.txt" else "number" in text


def test_a_document_s_vectors_are_its_own_though_many_are_embedded_together(
    tmp_path: Path, store: InMemoryStore
) -> None:
    sizes = []

    class Counting(HashingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            sizes.append(len(texts))
            return super().embed_passages(texts)

    library = assemble(Settings(data=Path("unused")), store, Counting())
    for number in range(30):
        (tmp_path / f"{number:02}.txt").write_bytes(b"Title %d\n\nWord%d." % (number, number))
    outcomes = list(Ingester(library).add_folder(tmp_path))
    assert sizes == [30]
    for number, outcome in enumerate(outcomes):
        assert outcome.document is not None
        query = library.embedder.embed_queries([f"Title {number}\nTitle {number}\n\nWord{number}."])
        selection = store.select("default", Filters())
        (hit,) = store.dense_search(selection, query[0], 1)
        assert store.passages([hit.passage_id])[hit.passage_id].document_id == outcome.document.id


def test_what_was_reported_is_stored_though_the_reader_stops(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_bytes(TEXT + bytes([65 + number]))
    first = next(ingester.add_folder(tmp_path))
    assert first.document is not None
    assert store.document(first.document.id).id == first.document.id


def mail(*attached: tuple[str, bytes], text: str = "See the files.") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "c@d.example", "Files"
    message["Date"] = "Fri, 3 May 2024 10:00:00 +0000"
    message.set_content(text)
    for name, content in attached:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


LETTER = Upload(name="letter.eml", source_key="in/letter.eml")


def keys(store: InMemoryStore) -> list[str | None]:
    return sorted((one.source_key for one in store.summaries(None)), key=str)


def test_a_mails_attachments_are_documents_of_their_own(
    store: InMemoryStore, ingester: Ingester
) -> None:
    inner = mail(("deep.txt", b"The deepest file of them all."))
    added = ingester.add(
        mail(("a.txt", b"The first file."), ("a.txt", b"Another."), ("../b.eml", inner)), LETTER
    )
    assert keys(store) == [
        "in/letter.eml",
        "in/letter.eml//.._b.eml",
        "in/letter.eml//.._b.eml//deep.txt",
        "in/letter.eml//a.txt",
        "in/letter.eml//a.txt (2)",
    ]
    assert len(added.inside) == 4
    assert added.document.warnings == ()
    found = ingester.library.search("deepest file").passages[0].passage
    assert store.summary(found.document_id).source_key == "in/letter.eml//.._b.eml//deep.txt"
    assert ingester.add(mail(("a.txt", b"The first file.")), LETTER).outcome == "updated"
    assert keys(store) == ["in/letter.eml", "in/letter.eml//a.txt"]


def test_what_is_attached_and_cannot_be_read_is_told(ingester: Ingester) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(50)
    content = mail(*((f"{n}.png", picture) for n in range(7)), ("a.txt", b"A file."))
    added = ingester.add(content, LETTER)
    [warning] = added.document.warnings
    assert warning.startswith("Attachments that were not read: 0.png: The file looks like a PNG")
    assert warning.endswith("And 2 more.")
    assert len(added.inside) == 1


def test_what_nests_too_deeply_is_told_and_not_read(
    store: InMemoryStore, ingester: Ingester
) -> None:
    content = b"The innermost file."
    for number in range(6):
        content = mail((f"{number}.eml" if number else "x.txt", content), text=f"Level {number}.")
    ingester.add(content, LETTER)
    assert len(keys(store)) == 4
    told = [one for one in store.summaries(None) if one.warnings]
    assert [one.source_key for one in told] == ["in/letter.eml//5.eml//4.eml//3.eml"]
    assert "nested too deeply" in told[0].warnings[0]


@pytest.mark.parametrize("source_key", ["in/letter.eml", None])
def test_attachments_go_with_what_they_came_in(
    store: InMemoryStore, ingester: Ingester, source_key: str | None
) -> None:
    ingester.add(b"A text of its own.", Upload(name="x.txt", source_key="in/letter.eml.txt"))
    upload = Upload(name="letter.eml", source_key=source_key)
    content = mail(("a.txt", b"A file."))
    added = ingester.add(content, upload)
    assert ingester.add(content, upload).outcome == "unchanged"
    assert len(keys(store)) == 3
    store.delete(added.document.id)
    assert keys(store) == ["in/letter.eml.txt"]


def test_attachments_are_stored_before_what_they_came_in(
    store: InMemoryStore, ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store.add

    def fail(document: Document, *rest: Any, **more: Any) -> None:
        if document.source_key == LETTER.source_key:
            raise StoreFull("No room.")
        kept(document, *rest, **more)

    monkeypatch.setattr(store, "add", fail)
    with pytest.raises(StoreFull):
        ingester.add(mail(("a.txt", b"A file.")), LETTER)
    monkeypatch.undo()
    assert ingester.add(mail(("a.txt", b"A file.")), LETTER).outcome == "added"
    assert keys(store) == ["in/letter.eml", "in/letter.eml//a.txt"]


def refusing(store: InMemoryStore) -> Ingester:
    """An ingester whose embedder fails at texts that say so."""

    class Refusing(HashingEmbedder):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            if any("cannot be cut" in text for text in texts):
                raise ValueError("a text that cannot be cut")
            return super().count_tokens(texts)

        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            if any("cannot be embedded" in text for text in texts):
                raise ValueError("a text that cannot be embedded")
            return super().embed_passages(texts)

    return Ingester(assemble(Settings(data=Path("unused")), store, Refusing()))


@pytest.mark.parametrize("trouble", ["cut", "embedded", "stored"])
def test_what_nobody_expected_of_one_file_does_not_end_the_run(
    tmp_path: Path, store: InMemoryStore, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_text("The first file.\n" * 300)
    (tmp_path / "b.txt").write_text(f"It cannot be {trouble}.\n" * 300)
    (tmp_path / "c.txt").write_text("The third file.\n" * 300)
    stored = store.add

    def add(document: Document, *parts: Any, **more: Any) -> DocumentSummary:
        if "cannot be stored" in document.text:
            raise ValueError("a text that cannot be stored")
        return stored(document, *parts, **more)

    store.add = add  # type: ignore[method-assign]
    outcomes = list(refusing(store).add_folder(tmp_path))
    assert [(one.path, one.outcome, one.reason) for one in outcomes] == [
        ("a.txt", "added", None),
        ("b.txt", "failed", "Internal error; see the log."),
        ("c.txt", "added", None),
    ]
    assert "'b.txt' failed" in caplog.text
    assert f"a text that cannot be {trouble}" in caplog.text


def test_a_full_disk_ends_the_run(tmp_path: Path, store: InMemoryStore, ingester: Ingester) -> None:
    def add(*parts: Any, **more: Any) -> DocumentSummary:
        raise StoreFull("The disk has no room for this; nothing was written.")

    (tmp_path / "a.txt").write_text("The first file.")
    store.add = add  # type: ignore[method-assign]
    with pytest.raises(StoreFull):
        list(ingester.add_folder(tmp_path))


def meanwhile(store: InMemoryStore, happens: Callable[[], object]) -> None:
    """Let something happen between the look for an earlier version and the storing of the next one, once."""
    stored = store.add

    def add(*parts: Any, **more: Any) -> DocumentSummary:
        store.add = stored  # type: ignore[method-assign]
        happens()
        return stored(*parts, **more)

    store.add = add  # type: ignore[method-assign]


@pytest.mark.parametrize("by_folder", [True, False])
def test_of_two_that_add_one_key_at_once_the_later_brings_a_version(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester, by_folder: bool
) -> None:
    upload = Upload(name="a.txt", source_key="a.txt")
    (tmp_path / "a.txt").write_bytes(TEXT)
    meanwhile(store, lambda: ingester.add(b"What somebody else adds.", upload))
    if by_folder:
        [outcome] = ingester.add_folder(tmp_path)
        assert (outcome.path, outcome.outcome) == ("a.txt", "updated")
    else:
        assert ingester.add(TEXT, upload).outcome == "updated"
    [document] = store.summaries(None)
    assert store.document(document.id).text == TEXT.decode()


def test_two_that_add_the_same_bytes_at_once_add_them_once(
    store: InMemoryStore, ingester: Ingester
) -> None:
    upload = Upload(name="a.txt", source_key="a.txt")
    meanwhile(store, lambda: ingester.add(TEXT, upload))
    assert ingester.add(TEXT, upload).outcome == "unchanged"


def test_a_document_deleted_while_its_next_version_is_read_is_a_new_one(
    store: InMemoryStore, ingester: Ingester
) -> None:
    upload = Upload(name="a.txt", source_key="a.txt")
    first = ingester.add(b"What it said before.", upload)
    meanwhile(store, lambda: store.delete(first.document.id))
    second = ingester.add(TEXT, upload)
    assert (second.outcome, [second.document]) == ("added", store.summaries(None))
    assert second.document.id != first.document.id


def test_a_document_deleted_as_soon_as_it_is_there_was_added(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester
) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    stored = store.add

    def add(document: Document, *parts: Any, **more: Any) -> DocumentSummary:
        added = stored(document, *parts, **more)
        store.delete(document.id)
        return added

    store.add = add  # type: ignore[method-assign]
    [outcome] = ingester.add_folder(tmp_path)
    assert outcome.outcome == "added"


def test_a_document_that_others_change_without_end_fails(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester
) -> None:
    def add(*parts: Any, **more: Any) -> DocumentSummary:
        raise DocumentChanged

    (tmp_path / "a.txt").write_bytes(TEXT)
    store.add = add  # type: ignore[method-assign]
    [outcome] = ingester.add_folder(tmp_path)
    assert outcome.outcome == "failed"
    assert outcome.reason == str(DocumentChanged())


def test_what_is_durable_is_told_before_the_error_that_ends_the_run(
    tmp_path: Path, store: InMemoryStore, ingester: Ingester
) -> None:
    for name in "abcd":
        (tmp_path / f"{name}.txt").write_bytes(TEXT + name.encode())
    stored = store.add

    def add(document: Document, *parts: Any, **more: Any) -> DocumentSummary:
        if document.source_key == "c.txt":
            raise StoreFull("The disk has no room for this; nothing was written.")
        return stored(document, *parts, **more)

    store.add = add  # type: ignore[method-assign]
    run = ingester.add_folder(tmp_path)
    assert [next(run).path, next(run).path] == ["a.txt", "b.txt"]
    with pytest.raises(StoreFull):
        next(run)


class SlowSandbox(Sandbox):
    """Reads when it may, and tells what it has begun."""

    def __init__(self, layout_bytes: int = 0) -> None:
        super().__init__()
        self.layout = PageLayout(page=1, words=bytes(layout_bytes))
        self.begun: list[str] = []
        self.may_end = threading.Event()

    def read(self, content: bytes, *, name: str, pages: Pages | None = None) -> Reading:
        self.begun.append(name)
        assert self.may_end.wait(20)
        return Reading(
            text=f"It is {name}.", title=name, media_type="text/plain", layouts=(self.layout,)
        )


def beginning(folder: Path, store: InMemoryStore, sandbox: SlowSandbox) -> set[str]:
    """What is begun before anything was read to its end."""
    library = assemble(Settings(data=Path("unused")), store, HashingEmbedder())
    run = Ingester(library, sandbox).add_folder(folder)
    taking = threading.Thread(target=lambda: next(run))
    taking.start()
    time.sleep(0.3)
    begun = set(sandbox.begun)
    sandbox.may_end.set()
    taking.join()
    run.close()  # type: ignore[attr-defined]
    return begun


def test_large_files_are_not_read_at_once(tmp_path: Path, store: InMemoryStore) -> None:
    for name in "abcd":
        with (tmp_path / f"{name}.txt").open("wb") as file:
            file.truncate(9_000_000)
    assert beginning(tmp_path, store, SlowSandbox()) == {"a.txt"}


def test_files_that_hold_much_once_they_are_read_do_not_pile_up(
    tmp_path: Path, store: InMemoryStore
) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.txt").write_text(f"{number}")
    sandbox = SlowSandbox(2_999_990)
    sandbox.may_end.set()
    embedding, may_embed = threading.Event(), threading.Event()

    class Waiting(HashingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            embedding.set()
            assert may_embed.wait(20)
            return super().embed_passages(texts)

    library = assemble(Settings(data=Path("unused")), store, Waiting())
    run = Ingester(library, sandbox).add_folder(tmp_path)
    taking = threading.Thread(target=lambda: next(run))
    taking.start()
    assert embedding.wait(20)
    before = -1
    while before < len(sandbox.begun):
        before = len(sandbox.begun)
        time.sleep(0.5)
    may_embed.set()
    taking.join()
    run.close()  # type: ignore[attr-defined]
    assert before <= 18  # six that are embedded together, six ahead, and one more for each thread
