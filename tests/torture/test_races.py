"""R9: adding, searching, renaming, listing and deleting at once, against a model of what must be there."""

import os
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import httpx2 as httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from rag.adapters.embedded import EmbeddedStore
from rag.types import DocumentId
from tests.integration.server_process import Server, running
from tests.integration.service import upload
from tests.torture.oracle import Expected, check
from tests.torture.worker import EMBEDDER, add, source

SECONDS = float(os.environ.get("TORTURE_RACE_SECONDS", "60"))
EXAMPLES = int(os.environ.get("TORTURE_RACE_EXAMPLES", "15"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
CLIENTS = 16


class Changes(RuleBasedStateMachine):
    """Any order of changes, folds, scrubs and restarts of one store."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="races-"))
        self.store = EmbeddedStore(self.folder, EMBEDDER.identity)
        self.expected = Expected()
        self.titles: dict[str, str] = {}
        self.made = 0

    def _done(self, what: str, name: str, revision: int = 0) -> None:
        self.expected.read(["done", what, name, str(revision)])

    @rule(target=names)
    def add(self) -> str:
        self.made += 1
        name = f"m{self.made}"
        add(self.store, source(name, 0))
        self._done("add", name)
        return name

    @rule(name=names, revision=st.integers(1, 3))
    def replace(self, name: str, revision: int) -> None:
        add(self.store, source(name, revision))
        self._done("add", name, revision)

    @rule(name=names, title=st.sampled_from(("First", "Second")))
    def rename(self, name: str, title: str) -> None:
        self.store.amend(DocumentId(name), {"title": title})
        self.titles[name] = title

    @rule(name=consumes(names))
    def delete(self, name: str) -> None:
        self.store.delete(DocumentId(name))
        self.titles.pop(name, None)
        self._done("delete", name)

    @rule()
    def fold(self) -> None:
        self.store.settle()

    @precondition(lambda self: self.made > 0)
    @rule()
    def scrub(self) -> None:
        assert self.store.scrub() == []

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = EmbeddedStore(self.folder, EMBEDDER.identity)

    @invariant()
    def everything_is_there(self) -> None:
        check(self.store, self.expected)
        for name, title in self.titles.items():
            assert self.store.summary(DocumentId(name)).title == title

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


TestChanges = Changes.TestCase
TestChanges.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


class Client:
    """One of many who add, rename, search and delete; each knows what is its own."""

    def __init__(self, server: Server, number: int, until: float) -> None:
        self._http = server.client()
        self._draw = random.Random(SEED * 1_000 + number)  # noqa: S311 # what comes next
        self._number = number
        self._until = until
        self._made = 0
        self._mine: dict[str, str] = {}
        self.calls = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        try:
            while time.monotonic() < self._until:
                self._step()
        except Exception as error:  # noqa: BLE001 # the edge of this thread
            self.wrong.append(repr(error))
        finally:
            self._http.close()

    def _step(self) -> None:
        choice = self._draw.random()
        if choice < 0.4 or not self._mine:
            self._add()
        elif choice < 0.6:
            self._delete(self._draw.choice(sorted(self._mine)))
        elif choice < 0.8:
            self._rename(self._draw.choice(sorted(self._mine)))
        else:
            self._expect(self._mine.keys() <= self._listed(), "listed")

    def _listed(self) -> set[str]:
        listed: set[str] = set()
        page: dict[str, str] = {}
        while True:
            sent = {"limit": "1000"} | page
            body = self._ok(self._http.get("/v1/documents", params=sent)).json()
            listed |= {one["id"] for one in body["documents"]}
            if body["next_cursor"] is None:
                return listed
            page = {"cursor": body["next_cursor"]}

    def _add(self) -> None:
        self._made += 1
        word = f"c{self._number}w{self._made}"
        added = self._ok(upload(self._http, f"Word {word} stands here.".encode()))
        self._expect(added.status_code == 201, f"added: {added.status_code}")
        self._mine[added.json()["id"]] = word
        self._expect(added.json()["id"] in self._found(word), "read after 201")

    def _delete(self, name: str) -> None:
        word = self._mine.pop(name)
        gone = self._ok(self._http.delete(f"/v1/documents/{name}"))
        self._expect(gone.status_code == 204, f"deleted: {gone.status_code}")
        self._expect(name not in self._found(word), "not retrieved after 204")
        self._expect(self._ok(self._http.get(f"/v1/documents/{name}")).status_code == 404, "gone")

    def _rename(self, name: str) -> None:
        path = f"/v1/documents/{name}"
        title = f"Title {self._draw.randrange(100)}"
        self._ok(self._http.patch(path, json={"title": title}))
        self._expect(self._ok(self._http.get(path)).json()["title"] == title, "renamed")
        self._expect(name in self._found(self._mine[name]), "found after a new title")

    def _found(self, word: str) -> list[str]:
        asked = {"query": f"Word {word} stands here.", "k": 5}
        found = self._ok(self._http.post("/v1/search", json=asked))
        if found.status_code == 404:  # of a collection that nobody has added to yet
            return []
        return [one["document_id"] for one in found.json()["passages"]]

    def _ok(self, response: httpx.Response) -> httpx.Response:
        self.calls += 1
        self._expect(response.status_code < 500, f"{response.status_code}: {response.text[:300]}")
        return response

    def _expect(self, held: bool, what: str) -> None:
        if not held:
            self.wrong.append(what)


def test_r9_many_clients_at_once(tmp_path: Path) -> None:
    with running(tmp_path / "data", requests_per_minute=1_000_000) as server:
        until = time.monotonic() + SECONDS
        clients = [Client(server, number, until) for number in range(CLIENTS)]
        threads = [threading.Thread(target=one.run) for one in clients]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert server.end() == 0
    print(f"seed {SEED}: {sum(one.calls for one in clients):,} calls in {SECONDS:.0f} s")
    assert [what for one in clients for what in one.wrong] == []
    assert sum(one.calls for one in clients) > 100
    store = EmbeddedStore(tmp_path / "data", EMBEDDER.identity)
    assert {one.id for one in store.summaries(None, limit=100_000)} == {
        name for one in clients for name in one._mine
    }
    assert store.scrub() == []
    store.close()
