"""`verse keys` over the real store."""

import hashlib
from pathlib import Path

from api.cli import DONE, FAILED, UNUSABLE
from rag.adapters.embedded import EmbeddedStore
from tests.fakes import HashingEmbedder
from tests.integration.test_cli import Verse, as_json, papers, root_logging, verse

__all__ = ["papers", "root_logging", "verse"]  # fixtures


def test_a_key_is_shown_once_and_only_its_digest_is_kept(verse: Verse, tmp_path: Path) -> None:
    made = as_json(verse("keys", "create", "Ann", "--scope", "read", "--days", "3", "--json"))
    text = made.pop("key")
    assert text.startswith(f"verse_{made['id']}_")
    assert as_json(verse("keys", "--json"))["keys"] == [made]
    stored = b"".join(one.read_bytes() for one in (tmp_path / "data").rglob("*") if one.is_file())
    assert text.encode() not in stored
    assert hashlib.sha256(text.encode()).digest() in stored


def test_keys_are_listed_with_what_they_open_until_they_are_revoked(verse: Verse) -> None:
    options = ("--scope", "ingest", "--scope", "read", "--collection", "papers")
    made = as_json(verse("keys", "create", "Ann", *options, "--json"))
    listed = verse("keys", "list")[1]
    assert listed == f"{made['id']}  valid  read ingest  papers  Ann\n"
    assert verse("keys", "revoke", made["id"])[0] == DONE
    assert "  revoked  " in verse("keys")[1]
    assert verse("keys", "revoke", made["id"])[0] == DONE
    assert verse("keys", "revoke", "nobody")[0] == FAILED


def test_keys_go_with_documents_of_the_same_folder(verse: Verse, papers: Path) -> None:
    verse("keys", "create", "Ann", "--scope", "read")
    assert verse("ingest", papers)[0] == DONE
    verse("keys", "create", "Ben", "--scope", "read")
    assert len(as_json(verse("keys", "--json"))["keys"]) == 2
    assert len(as_json(verse("documents", "--json"))["documents"]) == 1


def test_a_folder_that_a_server_holds_is_left_to_it(verse: Verse, tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "data", HashingEmbedder.identity)
    try:
        code, _, err = verse("keys", "create", "Ann", "--scope", "read")
    finally:
        store.close()
    assert code == UNUSABLE
    assert "/v1/keys" in err


def test_no_keys_are_no_folder(verse: Verse, tmp_path: Path) -> None:
    assert "verse keys create" in verse("keys")[1]
    assert not (tmp_path / "data").exists()
