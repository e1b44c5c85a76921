"""What is not as it was written is noticed, served nowhere, told of, and mended by adding the document again."""

import time
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from ingest.pipeline import Ingester
from rag.adapters import _maintenance
from rag.adapters import _seals as seals
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.sqlite import DATABASE
from rag.bootstrap import assemble
from rag.errors import DocumentDamaged, RagError, StoreDamaged
from rag.layout import PageLayout
from rag.protocols import Upload
from rag.settings import Settings
from rag.types import DocumentId, Filters
from tests.golden.make import EMBEDDER, documents, make
from tests.make import document, lines

DOCUMENTS = {one.id: one for one in documents()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "data")
    store = opened(tmp_path / "data")
    put(store, "harbour", layouts=[PageLayout.of(1, [(0, 4)], [(0.1, 0.1, 0.2, 0.2)])])
    store.mark_seen(DocumentId("harbour"), "/papers")
    store.close()
    return tmp_path / "data"


def change(folder: Path, query: str) -> None:
    """Change rows behind the store's back."""
    db = apsw.Connection(str(folder / DATABASE))
    db.execute(query)
    assert db.changes() or "lexical" in query
    db.close()


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


def put(store: EmbeddedStore, document_id: str, layouts: Sequence[PageLayout] = ()) -> None:
    source = DOCUMENTS[DocumentId(document_id)]
    passages = lines(source)
    texts = [one.text for one in passages]
    store.add(
        source,
        passages,
        EMBEDDER.embed_passages(texts),
        original=source.text.encode(),
        layouts=layouts,
        embedded=texts,
    )


COLUMNS = [(sealed, column) for sealed in seals.EVERY for column in (*sealed.texts, *sealed.others)]


@pytest.mark.parametrize(("sealed", "column"), COLUMNS, ids=lambda one: getattr(one, "table", one))
def test_a_change_of_any_column_that_matters_is_found(
    folder: Path, sealed: seals.Sealed, column: str
) -> None:
    db = apsw.Connection(str(folder / DATABASE))
    seals.teach(db)
    [(name, before)] = db.execute(
        f'SELECT {sealed.key[0]}, "{column}" FROM {sealed.table} WHERE "{column}" IS NOT NULL LIMIT 1'
    )
    after: object = chr(ord(str(before)[0]) ^ 1) + str(before)[1:]
    if isinstance(before, int):
        after = before + 1_000
    elif isinstance(before, bytes):
        after = bytes([(before or b"\0")[0] ^ 1]) + before[1:]
    db.execute(f'UPDATE {sealed.table} SET "{column}" = ? WHERE {sealed.key[0]} = ?', (after, name))
    db.close()
    try:
        store = opened(folder)
    except StoreDamaged:
        assert sealed is seals.FACTS
        return
    found = store.scrub()
    assert any("as it was written" in one or "generation" in one or "index" in one for one in found)
    store.close()


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE versions SET text = replace(text, 'ten', 'two')",
        "UPDATE versions SET text = CAST(X'C328' || text AS TEXT)",
        "UPDATE versions SET locators = replace(locators, '\"i\"', '\"v\"')",
        "UPDATE versions SET title = 'Another'",
        "UPDATE documents SET version_id = version_id + 1",
    ],
)
def test_a_damaged_text_is_never_read(folder: Path, query: str) -> None:
    change(folder, query)
    store = opened(folder)
    refused = 0
    for source in documents():
        try:
            assert store.document(source.id, source.version) == source
        except RagError:
            refused += 1
    assert refused
    store.close()


def test_a_damaged_document_leaves_search_is_told_of_and_comes_back(folder: Path) -> None:
    change(folder, "UPDATE versions SET text = text || ' ' WHERE document_id = 'harbour'")
    store = opened(folder)
    with pytest.raises(DocumentDamaged, match="Add it again"):
        store.document(DocumentId("harbour"))
    summary = store.summary(DocumentId("harbour"))
    assert (summary.passages, summary.title) == (0, "About the harbour")
    assert summary.damage
    assert any("damaged" in one for one in summary.warnings)
    [damage] = store.damage()
    assert (damage.document_id, damage.version) == ("harbour", summary.version)
    put(store, "harbour")
    assert store.damage() == []
    assert store.document(DocumentId("harbour")) == DOCUMENTS[DocumentId("harbour")]
    assert store.scrub() == []
    store.close()


def test_a_damaged_passage_is_not_found_and_its_document_leaves_search(folder: Path) -> None:
    change(folder, "UPDATE passages SET text = replace(text, 'white', 'black')")
    store = opened(folder)
    hits = store.lexical_search(store.select("default", Filters()), ["lighthous"], 5)
    assert store.passages([one.passage_id for one in hits]) == {}
    assert [one.document_id for one in store.damage()] == ["harbour"]
    assert store.lexical_search(store.select("default", Filters()), ["lighthous"], 5) == []
    store.close()


def test_what_is_derived_is_built_again(folder: Path) -> None:
    change(folder, "UPDATE lexical_1_data SET block = CAST(block || X'00' AS BLOB) WHERE id > 10")
    change(folder, "DELETE FROM bands")
    index = max((folder / "index" / "1").glob("*/vectors.faiss"))
    index.write_bytes(b"other" + index.read_bytes()[5:])
    store = opened(folder)
    assert len(store.scrub()) >= 3
    assert store.scrub() == []
    assert store.damage() == [] or all(one.document_id is None for one in store.damage())
    store.close()


def test_a_lost_or_changed_original_is_told_of_and_mended_by_the_same_bytes(folder: Path) -> None:
    harbour, island = (DOCUMENTS[DocumentId(one)] for one in ("harbour", "island"))
    originals = folder / "originals"
    (originals / harbour.version.removeprefix("sha256:")).unlink()
    (originals / island.version.removeprefix("sha256:")).write_bytes(b"other")
    store = opened(folder)
    with pytest.raises(DocumentDamaged):
        store.original(harbour.id)
    assert len(store.scrub()) == 2
    assert {one.document_id for one in store.damage()} == {"harbour", "island"}
    assert store.document(harbour.id) == harbour  # its text is sound, and found
    for one in (harbour, island):
        put(store, one.id)
    assert store.scrub() == []
    assert store.damage() == []
    store.close()


def test_what_is_sound_is_never_taken_for_damaged_while_documents_come(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(40):  # FTS5 merges its segments at the 32nd or so
        one = document(f"Sentence {number} of the harbour.", id=f"n{number}")
        passages = lines(one)
        vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
        store.add(one, passages, vectors, original=one.text.encode())
        assert store.scrub() == []
    store.close()


def test_the_scrub_runs_by_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_maintenance, "_PAUSE_S", 0.01)
    change(
        folder,
        "UPDATE vectors SET vector = zeroblob(length(vector)) WHERE passage_id = (SELECT min(passage_id) FROM vectors)",
    )
    store = opened(folder)
    over = time.monotonic() + 20
    while not store.damage():
        assert time.monotonic() < over
        time.sleep(0.01)
    store.close()


def test_the_same_bytes_mend_a_damaged_document(folder: Path) -> None:
    change(folder, "UPDATE vectors SET vector = zeroblob(length(vector))")
    change(folder, "UPDATE versions SET title = 'Another' WHERE document_id = 'island'")
    store = opened(folder)
    store.scrub()
    assert len(store.damage()) == len(DOCUMENTS)
    library = assemble(Settings(data=folder), store, EMBEDDER)
    for document_id in DOCUMENTS:
        summary = store.summary(document_id)
        upload = Upload(
            name="a.txt", collection=summary.collection, source_key=summary.source_key, title="T"
        )
        mended = Ingester(library).add(store.original(document_id), upload)
        assert (mended.document.id, mended.document.version) == (document_id, summary.version)
        assert Ingester(library).add(store.original(document_id), upload).known
    assert store.damage() == []
    assert store.scrub() == []
    store.close()
