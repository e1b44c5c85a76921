"""Files and names that are wrong or hostile, as folders and uploads bring them, read in the real sandbox."""

import bz2
import gzip
import io
import json
import os
import random
import re
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingest.folders import Folders
from ingest.pipeline import FileOutcome, Ingester
from rag.adapters.embedded import EmbeddedStore
from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import LimitSettings, Settings
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import fake_library, served, upload
from tests.unit.ingest import packages, pdfs

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + bytes(range(256)) * 4
WORDS = b"The harbour master closed the north gate on Tuesday.\n"


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("notes.txt")
        member.size = len(WORDS)
        archive.addfile(member, io.BytesIO(WORDS))
    return buffer.getvalue()


def nested(depth: int) -> bytes:
    inner = WORDS
    for level in range(depth):
        inner = packages.zipped({f"{level}.zip": inner})
    return inner


@cache
def bomb() -> bytes:
    """A Word document of 200 MB of zeros, in as many kilobytes."""
    return packages.zipped({"word/document.xml": bytes(200 << 20)})


def blank_pdf() -> bytes:
    return pdfs.pdf([[]])


WRONG: dict[str, tuple[bytes, int, str]] = {
    # programs under innocent names, and innocent-looking wrappers
    "elf.pdf": (ELF, 415, "a program"),
    "elf.txt": (ELF, 415, "a program"),
    "elf.docx": (ELF, 415, "a program"),
    "report.pdf.exe": (b"MZ\x90\x00\x03" + bytes(60) + bytes(range(256)), 415, "binary"),
    "macho.md": (b"\xcf\xfa\xed\xfe" + bytes(60), 415, "a program"),
    "Main.class": (b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(60), 415, "a program"),
    "module.wasm.txt": (b"\x00asm\x01\x00\x00\x00" + bytes(60), 415, "binary"),
    # archives
    "notes.zip": (packages.zipped({"notes.txt": WORDS}), 415, "ZIP"),
    "notes.docx": (packages.zipped({"notes.txt": WORDS}), 415, "ZIP"),
    "nested.zip": (nested(12), 415, "ZIP"),
    "nothing.zip": (b"PK\x05\x06" + bytes(18), 415, "empty ZIP"),
    "half.zip": (packages.zipped({"notes.txt": WORDS})[:40], 422, "damaged"),
    "bomb.docx": (bomb(), 422, "made to do harm"),
    "bomb.pdf": (bomb(), 422, "made to do harm"),
    "escape.docx": (packages.zipped({"../x": b"", "word/document.xml": b""}), 422, "outside"),
    "notes.gz": (gzip.compress(WORDS), 415, "gzip"),
    "notes.txt.gz": (gzip.compress(bytes(10 << 20)), 415, "gzip"),
    "notes.bz2": (bz2.compress(WORDS), 415, "bzip2"),
    "notes.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(40), 415, "7z"),
    "notes.rar": (b"Rar!\x1a\x07\x01\x00" + bytes(40), 415, "RAR"),
    "notes.tar": (tarred(), 415, "binary"),
    # pictures, sound and databases
    "photo.pdf": (b"\x89PNG\r\n\x1a\n" + bytes(50), 415, "PNG"),
    "photo.html": (b"\xff\xd8\xff\xe0" + bytes(50), 415, "JPEG"),
    "photo.txt": (b"GIF89a" + bytes(50), 415, "GIF"),
    "scan.pdf": (b"II*\x00" + bytes(50), 415, "TIFF"),
    "talk.txt": (b"ID3\x03\x00" + bytes(50), 415, "MP3"),
    "talk.vtt": (b"OggS\x00" + bytes(50), 415, "Ogg"),
    "film.srt": (b"\x00\x00\x00\x18ftypisom" + bytes(50), 415, "binary"),
    "films.txt": (b"\x1aE\xdf\xa3" + bytes(50), 415, "Matroska"),
    "table.csv": (b"SQLite format 3\x00" + bytes(50), 415, "SQLite"),
    "noise.txt": (random.Random(1).randbytes(5_000), 415, "binary"),  # noqa: S311
    # documents that are not read
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), 415, "old office"),
    "rich.docx": (rb"{\rtf1\ansi Words.}", 415, "RTF"),
    "print.ps": (b"%!PS-Adobe-3.0\n/Words show", 415, "PostScript"),
    # of a format that is read, and without anything to read
    "empty.txt": (b"", 422, "empty"),
    "spaces.pdf": (b" \r\n\t ", 422, "empty"),
    "blank.pdf": (blank_pdf(), 422, "scanned"),
    "locked.pdf": (pdfs.encrypted(pdfs.pdf([["Secret words."]]), "secret"), 422, "password"),
    "cut.pdf": (pdfs.pdf([["Some words."]])[:300], 422, "damaged"),
    "none.pdf": (b"%PDF-1.7\n", 422, "damaged"),
    "bare.eml": (b"Received: from x\nMessage-ID: <a@b>\nMIME-Version: 1.0\n\n", 422, "mail"),
    "empty.xlsx": (packages.workbook({"Sheet": []}), 422, "no text"),
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served(fake_library()) as opened:
        yield opened


@pytest.mark.parametrize("name", WRONG)
def test_an_upload_of_the_wrong_kind_is_told_by_its_content(client: TestClient, name: str) -> None:
    content, status, words = WRONG[name]
    response = upload(client, content, name=name)
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status), problem
    assert words in problem["detail"], problem
    assert client.get("/v1/documents").json()["documents"] == []


def test_a_folder_of_wrong_files_reports_each_and_adds_the_good_one(tmp_path: Path) -> None:
    for name, (content, _, _) in WRONG.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_bytes(WORDS)
    outcomes = {one.path: one for one in ingested(fake_library(), tmp_path)}
    assert outcomes.pop("good.txt").outcome == "added"
    assert outcomes.keys() == WRONG.keys()
    for name, (_, status, words) in WRONG.items():
        assert outcomes[name].outcome == ("skipped" if status == 415 else "failed"), name
        assert words in (outcomes[name].reason or "")


def test_a_mail_without_a_body_is_found_by_its_headers(client: TestClient) -> None:
    mail = b"From: Ada Marsh <ada@sea.example>\nTo: x@y.example\nSubject: The gate\n\n"
    body = upload(client, mail, name="mail.eml", collection="mails").json()
    assert body["title"] == "The gate"
    assert body["report"]["warnings"] == ["The mail has no text: only its headers can be found."]
    client.delete(f"/v1/documents/{body['id']}")


def ingested(library: Library, root: Path) -> list[FileOutcome]:
    folders = Folders(ingester=Ingester(library), paths=(root,))
    return list(folders.run(folders.look()))


def sparse(path: Path) -> Path:
    """A file of 200 MB that begins as text, and that no disk need hold."""
    with path.open("wb") as file:
        file.write(WORDS * 200)
        file.truncate(200_000_000)
    return path


def test_a_file_of_200_mb_is_refused_with_both_sizes(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    sparse(tmp_path / "papers" / "huge.txt")
    settings = Settings(data=tmp_path / "data")
    library = assemble(settings, InMemoryStore(), HashingEmbedder())
    [outcome] = ingested(library, tmp_path / "papers")
    assert outcome.outcome == "failed"
    assert outcome.reason == (
        "The file's size in bytes is 200,000,000, over the limit of 50,000,000; split the document."
    )


def test_a_file_of_200_mb_within_a_raised_limit_ends_within_what_one_may_cost(
    tmp_path: Path,
) -> None:
    (tmp_path / "papers").mkdir()
    sparse(tmp_path / "papers" / "huge.txt")
    (tmp_path / "papers" / "next.txt").write_bytes(WORDS)
    limits = LimitSettings(upload_bytes=300_000_000)
    settings = Settings(data=tmp_path / "data", limits=limits)
    began = time.monotonic()
    huge, small = ingested(
        assemble(settings, InMemoryStore(), HashingEmbedder()), tmp_path / "papers"
    )
    assert time.monotonic() - began < 40
    assert (huge.outcome, small.outcome) == ("failed", "added")
    assert "more time or memory" in (huge.reason or "")


# Names

_PARTS = (
    *("../", "..\\", "/", "\\", "C:\\", "//host/share/", "~/", "./", "..", "....//", "%2e%2e%2f"),
    *("\0", "%00", "\r\n", "\n", "\r\nX-Injected: 1\r\n\r\n", "\t", "\x1b[31m", "\x7f", "\x85"),
    *("\u202e", "\u2066", "\u200f", "\ufeff", "\u2028", "e\u0301", "\u00e9", "ﬁ", "\U0001f4a3"),
    *("CON", "NUL", "COM1.txt", "aux.", "LPT1", "prn ", "$MFT", ".bashrc", "-rf", "|id", "`id`"),
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'\"><b>", "{{7*7}}", "${x}"),
    *("report.pdf", "harbour", " ", ".", "...", ";", "a" * 255, "ä" * 2_048, "filename*=utf-8''x"),
    *("etc/passwd", "catalog.sqlite", "lock", "originals", "index", "?x=1", "#frag", "%", "&amp;"),
)
_KEPT = re.compile(
    r"catalog\.sqlite(-wal|-shm|-acknowledged)?|lock|reserve|originals|originals/[0-9a-f]{64}|index|index/\d+(/\d+)?(/[\w.]+)?"
)


def hostile_names(count: int, seed: int) -> list[str]:
    """Each part by itself, and then parts strung together."""
    chance = random.Random(seed)  # noqa: S311
    strung = ("".join(chance.choices(_PARTS, k=chance.randint(2, 4))) for _ in range(count))
    return [*_PARTS, *strung][:count]


def sent(client: TestClient, name: str, content: bytes, **fields: str) -> Any:
    """POST a file by a body of our own: a well-behaved client would mend the name first."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode(errors="surrogatepass")
    parts = [
        b'Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (key.encode(), value.encode())
        for key, value in fields.items()
    ]
    parts.append(
        b'Content-Disposition: form-data; name="file"; filename="%s"\r\n\r\n%s' % (quoted, content)
    )
    body = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + b"--edge--\r\n"
    return client.post(
        "/v1/documents",
        params={"wait": "true"},
        content=body,
        headers={"content-type": "multipart/form-data; boundary=edge"},
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A service over a real data folder."""
    data = tmp_path_factory.mktemp("names") / "data"
    store = EmbeddedStore(data, HashingEmbedder.identity)
    library = assemble(Settings(data=data), store, HashingEmbedder())
    with served(library) as opened:
        yield opened, data
    library.close()


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def steers(text: str) -> bool:
    return (
        re.search(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text) is not None
    )


def test_no_name_of_an_upload_reaches_a_path(kept: tuple[TestClient, Path]) -> None:
    client, data = kept
    names = hostile_names(200, seed=1)
    added = 0
    for number, name in enumerate(names):
        response = sent(client, name, b"Upload number %d of many." % number)
        assert response.status_code in {201, 400, 422}, name
        assert "x-injected" not in response.headers
        if response.status_code == 201:
            added += 1
            title = response.json()["title"]
            assert title
            assert not steers(title), (name, title)
            assert len(title) <= 200
    assert added >= 150
    assert all(_KEPT.fullmatch(path) for path in everything(data))
    assert everything(data.parent) == {"data"} | {f"data/{one}" for one in everything(data)}


def test_no_name_of_a_collection_reaches_a_path(kept: tuple[TestClient, Path]) -> None:
    client, data = kept
    before = {one["name"] for one in client.get("/v1/collections").json()["collections"]}
    plain = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
    for name in hostile_names(100, seed=2):
        response = client.post(
            "/v1/documents",
            params={"wait": "true"},
            files={"file": ("a.txt", WORDS)},
            data={"collection": name},
        )
        if plain.fullmatch(name):
            assert response.status_code == 201, name
            before.add(name)
        else:
            assert response.status_code in {400, 422}, name
            assert response.json()["type"] in {"/docs#invalid-name", "/docs#malformed-request"}
    assert {one["name"] for one in client.get("/v1/collections").json()["collections"]} == before
    assert all(_KEPT.fullmatch(path) for path in everything(data))


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8, and normalised")
def test_names_of_files_in_a_folder_are_keys_and_never_paths(tmp_path: Path) -> None:
    root, data = tmp_path / "papers", tmp_path / "data"
    root.mkdir()
    possible = [
        name
        for name in dict.fromkeys(one.replace("/", "").replace("\0", "") for one in _PARTS)
        if name.strip(".") and len(name.encode()) <= 255
    ]
    for number, name in enumerate(possible):
        (root / name).write_bytes(b"File number %d of many." % number)
    store = EmbeddedStore(data, HashingEmbedder.identity)
    with assemble(Settings(data=data), store, HashingEmbedder()) as library:
        outcomes = ingested(library, root)
        shown = (name for name in possible if not name.startswith("."))
        visible = sorted(name.replace("\\", "\\\\") for name in shown)
        assert sorted(one.path for one in outcomes) == visible
        assert {one.outcome for one in outcomes} == {"added"}
        assert not any(steers(one.document.title) for one in outcomes if one.document)
        assert {one.outcome for one in ingested(library, root)} == {"unchanged"}
    assert all(_KEPT.fullmatch(path) for path in everything(data))
    assert {path.name for path in tmp_path.iterdir()} == {"papers", "data"}


def test_a_report_of_hostile_names_cannot_steer_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from api import console

    for name in ("\x1b[31mred", "a\r\nfailed  b", "\u202egnp.exe", "<b>[bold]x"):
        (tmp_path / f"{name}.txt").write_bytes(WORDS)
    (tmp_path / os.fsdecode(b"\xff.txt")).write_bytes(WORDS)
    run = console.ingested(Folders(ingester=Ingester(fake_library()), paths=(tmp_path,)))
    console.show_run(run, as_json=False)
    shown = capsys.readouterr().out
    assert not steers(shown.replace("\n", ""))
    assert "[bold]x.txt" in shown
    assert sum(line.startswith("    added  ") for line in shown.splitlines()) == 5
    console.show_run(run, as_json=True)
    assert json.loads(capsys.readouterr().out)["added"] == 5


def test_a_zip_bomb_costs_no_memory_and_no_time() -> None:
    content = bomb()
    assert len(content) < 300_000
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.infolist()[0].file_size == 200 << 20
    began = time.monotonic()
    with served(fake_library()) as client:
        assert upload(client, content, name="bomb.docx").status_code == 422
    assert time.monotonic() - began < 10
