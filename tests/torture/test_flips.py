"""R6: a bit is flipped somewhere in a data folder: it is found before a wrong quote is served, or changed nothing."""

import os
import random
import shutil
from pathlib import Path

import apsw
import pytest

from rag.adapters._witness import WITNESS
from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.sqlite import DATABASE
from rag.analysis import terms
from rag.errors import RagError
from rag.types import Document, DocumentId, Filters
from tests.golden.make import EMBEDDER, QUERIES, answers, documents, make

FLIPS = int(os.environ.get("TORTURE_FLIPS", "400"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
TRUTH: dict[str, Document] = {one.id: one for one in documents()}
TEXTS = {one.text for one in documents()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a row of every kind that has one, closed."""
    made = tmp_path_factory.mktemp("flips") / "data"
    make(made)
    store = _opened(made)
    store.mark_seen(TRUTH["harbour"].id, "/papers")
    store.close()
    (made / "lock").unlink()
    return made


def content(folder: Path) -> list[object]:
    """Every row of every table, as SQLite reads them."""
    db = apsw.Connection(str(folder / DATABASE))
    try:
        names = [
            row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        return [
            (name, db.execute(f'SELECT * FROM "{name}"').fetchall())
            for name in sorted(names)
            if not name.startswith("sqlite_")
        ]
    finally:
        db.close()


def test_r6_flipped_bits_are_found_before_a_wrong_quote_is_served(
    folder: Path, tmp_path: Path
) -> None:
    draw = random.Random(SEED)  # noqa: S311 # which bit
    files = [one for one in sorted(folder.rglob("*")) if one.is_file() and one.stat().st_size]
    silent = ("answers.json", f"{DATABASE}{WITNESS}")  # in a folder that is closed
    files = [one for one in files if one.name not in silent]
    sound = tmp_path / "sound"
    shutil.copytree(folder, sound)
    before = content(sound)
    expected = answers(_opened(sound))
    found, harmless = 0, []
    for turn in range(FLIPS):
        file = files[turn % len(files)] if turn % 2 else folder / DATABASE
        flipped = tmp_path / str(turn)
        shutil.copytree(folder, flipped)
        place = draw.randrange(file.stat().st_size * 8)
        _flip(flipped / file.relative_to(folder), place)
        if is_found(flipped, expected):
            found += 1
        else:
            # What nothing notices must be where nothing is: in the free part of a page, say.
            assert content(flipped) == before, f"{file.name}, bit {place}, turn {turn}"
            harmless.append(file.name)
        shutil.rmtree(flipped)
    print(f"seed {SEED}: {FLIPS} flips, {found} found, {len(harmless)} where nothing is stored")
    assert found > FLIPS / 2


def _opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


def _flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place // 8] ^= 1 << place % 8
    file.write_bytes(data)


def is_found(folder: Path, expected: object) -> bool:
    """Whether damage is told of when the folder is verified, opened, read or scrubbed; what is read is never wrong."""
    try:
        found = bool(verify(folder))
        store = _opened(folder)
    except RagError:
        return True
    try:
        found |= _read(store)
        found |= bool(store.damage())
        found |= bool(store.scrub())
        if not found:
            assert answers(store) == expected
    except RagError:
        return True
    finally:
        store.close()
    return found


def _read(store: EmbeddedStore) -> bool:
    """Read everything that may be quoted; whether something was refused."""
    refused = False
    for name, truth in TRUTH.items():
        try:
            document = store.document(DocumentId(name))
        except RagError:
            refused = True
            continue
        assert document.text in TEXTS
        assert document == truth
    for query in QUERIES:
        for scored in _passages(store, query):
            assert any(scored in text for text in TEXTS), "a passage that no document has"
    return refused


def _passages(store: EmbeddedStore, query: str) -> list[str]:
    try:
        selection = store.select("default", Filters())
        dense = store.dense_search(selection, EMBEDDER.embed_queries([query])[0], 20)
        lexical = store.lexical_search(selection, terms(query), 20)
        return [
            one.text for one in store.passages([h.passage_id for h in (*dense, *lexical)]).values()
        ]
    except RagError:
        return []
