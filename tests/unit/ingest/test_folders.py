"""A collection that follows folders: what is added, what is removed, and what is never removed."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.folders import Folders, Follower
from ingest.pipeline import FileOutcome, Ingester
from rag.bootstrap import assemble
from rag.errors import InputError, InvalidName, NotFound
from rag.library import Library
from rag.protocols import Upload
from rag.settings import Settings
from rag.types import Vectors
from tests.copies import article
from tests.fakes import HashingEmbedder, InMemoryStore

BROKEN_PDF = b"%PDF-1.7\nnothing of a PDF"


@dataclass
class Desk:
    """A library over the tests' store, and a place for folders."""

    library: Library
    place: Path

    def folders(self, *paths: Path, sync: bool = False, collection: str = "default") -> Folders:
        return Folders(
            ingester=Ingester(self.library), paths=paths, collection=collection, sync=sync
        )

    def run(self, *paths: Path, sync: bool = False, collection: str = "default") -> dict[str, str]:
        return {o.path: o.outcome for o in self.outcomes(*paths, sync=sync, collection=collection)}

    def outcomes(self, *paths: Path, **options: object) -> list[FileOutcome]:
        folders = self.folders(*paths, **options)  # type: ignore[arg-type]
        return list(folders.run(folders.look()))

    def keys(self, collection: str | None = None) -> set[str | None]:
        return {one.source_key for one in self.library.store.summaries(collection)}

    def folder(self, name: str, **texts: str) -> Path:
        root = self.place / name
        for key, text in texts.items():
            path = root / key.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".txt").write_text(text)
        root.mkdir(exist_ok=True)
        return root


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    settings = Settings(data=tmp_path / "data")
    return Desk(assemble(settings, InMemoryStore(), HashingEmbedder()), tmp_path)


def test_without_sync_nothing_is_removed(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.")
    desk.run(root)
    (root / "two.txt").unlink()
    assert desk.run(root) == {"one.txt": "unchanged"}
    assert desk.keys() == {"one.txt", "two.txt"}


def test_with_sync_a_document_goes_when_its_file_does(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.", sub__three="A third.")
    desk.run(root)
    (root / "two.txt").unlink()
    (root / "sub" / "three.txt").rename(root / "renamed.txt")
    outcomes = {one.path: one for one in desk.outcomes(root, sync=True)}
    assert {path: one.outcome for path, one in outcomes.items()} == {
        "one.txt": "unchanged",
        "renamed.txt": "added",
        "sub/three.txt": "removed",
        "two.txt": "removed",
    }
    gone = outcomes["two.txt"].document
    assert gone is not None
    assert gone.title == "two"
    assert desk.keys() == {"one.txt", "renamed.txt"}
    assert desk.run(root, sync=True) == {"one.txt": "unchanged", "renamed.txt": "unchanged"}


def test_a_file_that_was_hidden_is_gone(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.")
    desk.run(root)
    (root / "two.txt").rename(root / ".two.txt")
    assert desk.run(root, sync=True)["two.txt"] == "removed"


def test_a_file_that_fails_keeps_its_earlier_version(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.")
    desk.run(root)
    before = desk.library.store.by_source_key("default", "two.txt")
    (root / "two.txt").write_bytes(BROKEN_PDF)
    outcome = desk.outcomes(root, sync=True)[1]
    assert (outcome.path, outcome.outcome, outcome.document) == ("two.txt", "failed", before)
    assert outcome.reason is not None
    assert outcome.reason.endswith(" The version that was added before is kept.")
    assert desk.keys() == {"one.txt", "two.txt"}


def test_folders_of_one_collection_do_not_remove_each_others_documents(desk: Desk) -> None:
    one, other = desk.folder("a", left="Left text."), desk.folder("b", right="Right text.")
    desk.run(one, sync=True)
    desk.run(other, sync=True)
    assert desk.run(one, sync=True) == {"left.txt": "unchanged"}
    assert desk.keys() == {"left.txt", "right.txt"}
    assert desk.run(one, other, sync=True) == {"left.txt": "unchanged", "right.txt": "unchanged"}


def test_a_key_that_two_folders_have_belongs_to_the_one_that_was_added_last(desk: Desk) -> None:
    one = desk.folder("a", same="Of a.", more="More.")
    other = desk.folder("b", same="Of b.")
    desk.run(one)
    assert desk.run(other) == {"same.txt": "updated"}
    (one / "same.txt").unlink()
    assert desk.run(one, sync=True) == {"more.txt": "unchanged"}
    assert desk.keys() == {"more.txt", "same.txt"}


def test_what_a_lone_file_brought_does_not_go_with_a_folders_file(desk: Desk) -> None:
    one = desk.folder("a", same="Of a.", more="More.")
    other = desk.folder("b", same="Of b.") / "same.txt"
    desk.run(one)
    assert desk.run(other) == {"same.txt": "updated"}
    (one / "same.txt").unlink()
    assert desk.run(one, sync=True) == {"more.txt": "unchanged"}
    assert desk.keys() == {"more.txt", "same.txt"}


def test_a_lone_file_of_the_same_bytes_keeps_the_document(desk: Desk) -> None:
    one = desk.folder("a", same="The same.", more="More.")
    other = desk.folder("b", same="The same.") / "same.txt"
    desk.run(one)
    assert desk.run(other) == {"same.txt": "unchanged"}
    (one / "same.txt").unlink()
    assert desk.run(one, sync=True) == {"more.txt": "unchanged"}


@pytest.mark.parametrize("text", ["What was uploaded.", "The one text."])
@pytest.mark.parametrize("failed", [True, False])
def test_an_upload_is_kept_whatever_its_key(desk: Desk, text: str, failed: bool) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.")
    if failed:
        (root / "one.txt").write_bytes(BROKEN_PDF)
    desk.run(root)
    upload = Upload(name="one.txt", source_key="one.txt")
    Ingester(desk.library).add(text.encode(), upload)
    (root / "one.txt").unlink()
    assert desk.run(root, sync=True) == {"two.txt": "unchanged"}
    assert desk.keys() == {"one.txt", "two.txt"}


def test_a_file_that_fails_does_not_take_over_what_another_folder_brought(desk: Desk) -> None:
    one, other = desk.folder("a", same="Of a."), desk.folder("b", more="More.")
    desk.run(one)
    (other / "same.txt").write_bytes(BROKEN_PDF)
    desk.run(other)
    (other / "same.txt").unlink()
    assert desk.run(other, sync=True) == {"more.txt": "unchanged"}


def test_documents_that_no_folder_brought_and_other_collections_are_left_alone(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.")
    alone = desk.folder("b", single="A single file.") / "single.txt"
    desk.run(root, collection="other")
    desk.run(alone)
    desk.run(root)
    (root / "two.txt").unlink()
    alone.unlink()
    desk.run(root, sync=True)
    assert desk.keys("default") == {"one.txt", "single.txt"}
    assert desk.keys("other") == {"one.txt", "two.txt"}


def test_a_folder_that_is_empty_now_is_refused(desk: Desk) -> None:
    root, other = desk.folder("a", one="The one text."), desk.folder("b", two="Two.")
    desk.run(root)
    (root / "one.txt").unlink()
    (root / ".hidden.txt").write_text("Hidden.")
    with pytest.raises(InputError, match=r"has 1 documents. None was removed"):
        desk.run(root, other, sync=True)
    assert desk.keys() == {"one.txt"}
    assert desk.run(root) == {}
    root.rename(desk.place / "elsewhere")
    with pytest.raises(NotFound):
        desk.run(root, sync=True)
    assert desk.keys() == {"one.txt"}


def test_an_empty_folder_that_brought_nothing_is_no_error(desk: Desk) -> None:
    assert desk.run(desk.folder("a"), sync=True) == {}


@pytest.mark.parametrize("names", [("a", "a/sub"), ("a/sub", "a"), ("a", "link/sub")])
def test_folders_that_overlap_cannot_be_kept_in_step(desk: Desk, names: tuple[str, str]) -> None:
    root = desk.folder("a", sub__one="The one text.")
    (desk.place / "link").symlink_to(root)
    with pytest.raises(InputError, match="overlap"):
        desk.run(*(desk.place / name for name in names), sync=True)
    assert desk.keys() == set()


def test_only_a_folder_can_be_kept_in_step_or_watched(desk: Desk) -> None:
    file = desk.folder("a", one="The one text.") / "one.txt"
    with pytest.raises(InputError, match="no folder"):
        desk.run(file, sync=True)
    with pytest.raises(InputError, match="Only folders"):
        desk.folders(file).watch(threading.Event())
    with pytest.raises(NotFound):
        desk.folders(desk.place / "nothing").watch(threading.Event())


@pytest.fixture
def closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that cannot be listed, also for a superuser: the system says so."""
    root = desk.folder("a", one="The one text.", sub__two="Two.", subway__three="Three.")
    listing = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("/sub"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    desk.run(root)
    monkeypatch.setattr("os.scandir", scandir)
    return root


def test_what_lies_in_a_folder_that_cannot_be_opened_is_kept(desk: Desk, closed: Path) -> None:
    (closed / "subway" / "three.txt").unlink()
    outcomes = {one.path: one for one in desk.outcomes(closed, sync=True)}
    assert {path: one.outcome for path, one in outcomes.items()} == {
        "sub": "failed",
        "one.txt": "unchanged",
        "subway/three.txt": "removed",
    }
    assert outcomes["sub"].reason is not None
    assert outcomes["sub"].reason.startswith("It cannot be opened.")
    assert desk.keys() == {"one.txt", "sub/two.txt"}


def test_a_file_that_cannot_be_looked_at_is_told_and_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = desk.folder("a", one="The one text.", two="Two.", three="Three.")
    desk.run(root)
    look = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        if path.name == "two.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return look(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    (root / "three.txt").unlink()
    assert desk.run(root, sync=True) == {
        "one.txt": "unchanged",
        "three.txt": "removed",
        "two.txt": "failed",
    }
    assert desk.keys() == {"one.txt", "two.txt"}
    with pytest.raises(InputError, match="cannot be looked at: Permission denied"):
        desk.run(root / "two.txt")


def test_links_in_a_circle_are_passed_over(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.")
    (root / "round.txt").symlink_to(root / "about.txt")
    (root / "about.txt").symlink_to(root / "round.txt")
    assert desk.run(root) == {"one.txt": "added"}


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_two_names_are_two_keys(desk: Desk) -> None:
    root = desk.folder("a")
    for name in (b"a\xff.txt", rb"a\xff.txt", b"\\\xff", rb"\xff", rb"\\xff"):
        (root / os.fsdecode(name)).write_bytes(b"The words of " + name.hex().encode() + b".")
    assert set(desk.run(root).values()) == {"added"}
    assert len(desk.keys()) == 5


def test_a_run_that_was_ended_is_taken_up_and_forgets_no_file(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", two="The other text.", three="A third.")
    folders = desk.folders(root)
    begun = folders.run(folders.look())
    assert next(begun).path == "one.txt"
    del begun
    (root / "one.txt").unlink()
    again = desk.run(root, sync=True)
    assert again.pop("one.txt") == "removed"
    assert again.keys() == {"two.txt", "three.txt"}
    assert set(again.values()) <= {"added", "unchanged"}  # the run was ahead of what it told


def test_a_name_for_a_collection_is_checked_before_anything_is_read(desk: Desk) -> None:
    with pytest.raises(InvalidName):
        desk.run(desk.folder("a", one="Text."), collection="a/b")


def test_a_file_of_no_known_format_is_skipped_and_fails_if_it_was_named(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.")
    (root / "tool").write_bytes(b"\x7fELF" + bytes(range(256)))
    assert desk.run(root) == {"one.txt": "added", "tool": "skipped"}
    assert desk.run(root / "tool") == {"tool": "failed"}


def test_a_copy_is_added_and_named(desk: Desk) -> None:
    paragraphs = article(3)
    root = desk.folder("a", first="\n\n".join(paragraphs), other="\n\n".join(article(4)))
    (root / "second.html").write_text(
        "<html><head><title>Another headline</title></head><body><article>"
        + "".join(f"<p>{one}</p>" for one in paragraphs[:-1])
        + "</article></body></html>"
    )
    outcomes = {one.path: one for one in desk.outcomes(root)}
    assert {one.outcome for one in outcomes.values()} == {"added"}
    [copy] = outcomes["second.html"].near_duplicates
    assert outcomes["first.txt"].document is not None
    assert copy.document_id == outcomes["first.txt"].document.id
    assert copy.title == "first"
    assert copy.similarity > 0.75
    assert outcomes["other.txt"].near_duplicates == ()
    assert all(not one.near_duplicates for one in desk.outcomes(root))  # nothing new to tell


class Watching:
    """Folders watched by a thread, with what it told."""

    def __init__(self, folders: Folders) -> None:
        self.told: dict[str, str] = {}
        self._stop = threading.Event()
        changes = folders.watch(self._stop)
        self._thread = threading.Thread(target=self._follow, args=(changes,))
        self._thread.start()

    def _follow(self, changes: Iterator[list[FileOutcome]]) -> None:
        for outcomes in changes:
            self.told |= {one.path: one.outcome for one in outcomes}

    def wait_for(self, **expected: str) -> None:
        wanted = {name.replace("__", "/").replace("_", "."): one for name, one in expected.items()}
        deadline = time.monotonic() + 20
        while not wanted.items() <= self.told.items():
            assert time.monotonic() < deadline, self.told
            time.sleep(0.05)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_changes_in_watched_folders_are_taken_up(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.", sub__two="Two.")
    desk.run(root)
    watching = Watching(desk.folders(root, sync=True))
    try:
        (root / "new.txt").write_text("A new text.")
        (root / ".hidden.txt").write_text("Hidden.")
        (root / "half.pdf").write_bytes(BROKEN_PDF)
        (root / "one.txt").write_text("The one text, rewritten.")
        watching.wait_for(new_txt="added", one_txt="updated", half_pdf="failed")
        (root / "half.pdf").write_text("Whole now, and a text.")
        watching.wait_for(half_pdf="added")
        (root / "sub").rename(desk.place / "away")
        (root / "new.txt").unlink()
        watching.wait_for(sub__two_txt="removed", new_txt="removed")
        (desk.place / "away").rename(root / "back")
        watching.wait_for(back__two_txt="added")
    finally:
        watching.end()
    assert desk.keys() == {"one.txt", "half.pdf", "back/two.txt"}
    assert ".hidden.txt" not in watching.told


def test_of_two_watched_folders_one_does_not_replace_the_files_of_the_other(desk: Desk) -> None:
    one = desk.folder("a", sub__same="Of a.", more="More of a.")
    other = desk.folder("b", else_="Of b.")
    folders = desk.folders(other, one, sync=True)
    list(folders.run(folders.look()))
    watching = Watching(folders)
    try:
        (other / "sub").mkdir()
        (other / "sub" / "same.txt").write_text("Of b.")
        watching.wait_for(sub__same_txt="failed")
        (other / "sub" / "same.txt").unlink()
        (other / "new.txt").write_text("New.")
        watching.wait_for(new_txt="added")
        [document] = (
            d for d in desk.library.store.summaries(None) if d.source_key == "sub/same.txt"
        )
        assert desk.library.store.document(document.id).text == "Of a."
        (one / "sub" / "same.txt").write_text("Of a, rewritten.")
        watching.wait_for(sub__same_txt="updated")
        (one / "both.txt").write_text("Both, in a.")
        (other / "both.txt").write_text("Both, in b.")
        watching.wait_for(both_txt="failed")
        wait_for(lambda: desk.keys() > {"both.txt"})
    finally:
        watching.end()


def test_a_link_to_a_folder_is_not_followed_while_watching(desk: Desk) -> None:
    root, outside = desk.folder("a", sub__one="The one text."), desk.folder("b", two="Two.")
    watching = Watching(desk.folders(root))
    try:
        (root / "inner").symlink_to(root / "sub")
        (root / "outer").symlink_to(outside)
        (root / "last.txt").write_text("Last.")
        watching.wait_for(last_txt="added")
    finally:
        watching.end()
    assert watching.told == {"last.txt": "added"}


def test_a_watched_folder_that_empties_keeps_its_documents(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.")
    desk.run(root)
    watching = Watching(desk.folders(root, sync=True))
    try:
        (root / "one.txt").unlink()
        deadline = time.monotonic() + 20
        while watching.told.get(".") != "failed":
            assert time.monotonic() < deadline, watching.told
            time.sleep(0.05)
    finally:
        watching.end()
    assert desk.keys() == {"one.txt"}


def test_a_library_inside_of_a_watched_folder_does_not_wake_it(desk: Desk) -> None:
    root = desk.folder("a", one="The one text.")
    data = root / "kept"
    data.mkdir()
    library = assemble(Settings(data=data), InMemoryStore(), HashingEmbedder())
    watching = Watching(Desk(library, desk.place).folders(root))
    try:
        (data / "catalog.sqlite").write_text("Not a source.")
        (root / "two.txt").write_text("Two.")
        watching.wait_for(two_txt="added")
    finally:
        watching.end()
    assert set(watching.told) == {"two.txt"}


def test_a_follower_outlives_what_fails(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ingest.folders._TRY_AGAIN_S", 0.1)
    root = desk.folder("a", one="The one text.")
    desk.run(root)
    (root / "one.txt").rename(desk.place / "elsewhere.txt")
    follower = Follower(desk.folders(root, sync=True))
    follower.start()
    try:
        wait_for(lambda: "None was removed" in caplog.text)
        (root / "broken.pdf").write_bytes(BROKEN_PDF)
        (desk.place / "elsewhere.txt").rename(root / "moved.txt")
        wait_for(lambda: desk.keys() == {"moved.txt"})
    finally:
        follower.stop()
    assert "'broken.pdf' failed: " in caplog.text
    Follower(desk.folders(root)).stop()  # also where it was never started


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_follower_that_is_stopped_gives_up_what_is_being_embedded(tmp_path: Path) -> None:
    embedding = threading.Event()

    class Slow(HashingEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            embedding.set()
            time.sleep(0.05)
            return super().embed_passages(texts)

    library = assemble(Settings(data=tmp_path / "data"), InMemoryStore(), Slow())
    desk = Desk(library, tmp_path)
    long = "".join(f"A line of a long text, number {n}.\n" for n in range(100_000))
    follower = Follower(desk.folders(desk.folder("a", long=long)))
    follower.start()
    assert embedding.wait(60)
    began = time.monotonic()
    follower.stop()
    assert time.monotonic() - began < 3
    assert desk.keys() == set()
