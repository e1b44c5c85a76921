"""The whole server: killed (R1), told to end (R12), and clients that send again because no answer came (R17)."""

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from rag.adapters.backup import verify
from tests.integration.server_forks import Forks, forks
from tests.integration.server_process import Server
from tests.integration.service import upload

KILLS = int(os.environ.get("TORTURE_SERVER_KILLS", "50"))
RESENDS = int(os.environ.get("TORTURE_RESENDS", "500"))
STOPS = int(os.environ.get("TORTURE_STOPS", "21"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
READY_S = 5.0  # once the process runs; imports and models are the machine's
GRACE_S = 10.0
_WORKED_OFF_S = 120.0  # hundreds of uploads, on a busy machine


class Writer:
    """Adds and deletes until the server is gone; knows what was acknowledged, and what was under way."""

    def __init__(self) -> None:
        self.here: dict[str, str] = {}  # by id, the sentinel
        self.gone: set[str] = set()
        self.open: set[str] = set()  # ids and sentinels of which no answer came
        self._made = 0

    def run(self, server: Server, draw: random.Random) -> None:
        with server.client() as client:
            try:
                while True:
                    self._step(client, draw)
            except httpx.TransportError:
                return

    def _step(self, client: httpx.Client, draw: random.Random) -> None:
        if self.here and draw.random() < 0.3:
            name = draw.choice(sorted(self.here))
            self.open.add(name)
            assert client.delete(f"/v1/documents/{name}").status_code == 204
            self.gone.add(name)
            del self.here[name]
            self.open.discard(name)
            return
        self._made += 1
        word = f"sentinel{self._made}"
        self.open.add(word)
        added = upload(client, f"Here {word} stands alone.".encode())
        assert added.status_code == 201
        self.here[added.json()["id"]] = word
        self.open.discard(word)

    def check(self, client: httpx.Client) -> None:
        """Everything acknowledged is there and is found; what was deleted is not; the rest is whole or not there."""
        listed = client.get("/v1/documents", params={"limit": 1_000}).json()["documents"]
        names = {one["id"] for one in listed}
        missing = self.here.keys() - names - self.open
        assert not missing, f"{missing} are lost"
        assert not names & self.gone
        words = {name: client.get(f"/v1/documents/{name}/text").json()["text"] for name in names}
        for name in names - self.here.keys():
            word = words[name].split()[1]
            assert word in self.open
            self.here[name] = word
        self.here = {name: word for name, word in self.here.items() if name in names}
        self.open -= names  # an upload may still be worked off later
        for name, word in [*self.here.items()][-10:]:
            assert words[name] == f"Here {word} stands alone."
            asked = {"query": word, "k": 1}
            [hit] = client.post("/v1/search", json=asked).json()["passages"]
            assert hit["document_id"] == name


def settled(client: httpx.Client) -> None:
    """Wait until uploads that a kill interrupted are worked off."""
    until = time.monotonic() + _WORKED_OFF_S
    while client.get("/metrics").text.find("verse_queued_uploads 0.0") < 0:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(scope="module")
def servers() -> Iterator[Forks]:
    with forks() as one:
        yield one


def test_r1_kills_of_the_server(servers: Forks, tmp_path: Path) -> None:
    draw = random.Random(SEED)  # noqa: S311 # when to kill
    writer, slowest = Writer(), 0.0
    for turn in range(KILLS + 1):
        with servers.running(tmp_path / "data", requests_per_minute=1_000_000) as server:
            began = time.monotonic()
            with server.client() as client:
                assert client.get("/readyz").status_code == 200
                slowest = max(slowest, time.monotonic() - began)
                settled(client)
                writer.check(client)
            if turn == KILLS:
                assert server.end() == 0
                break
            writing = threading.Thread(target=writer.run, args=(server, draw))
            writing.start()
            time.sleep(draw.uniform(0, 0.5))
            server.process.kill()
            server.process.wait()
            writing.join()
    print(f"seed {SEED}: {KILLS} kills, {len(writer.here)} documents, ready after {slowest:.2f} s")
    assert len(writer.here) > KILLS / 2
    assert slowest < READY_S
    assert verify(tmp_path / "data") == []


def test_r17_what_is_sent_again_is_one_document(servers: Forks, tmp_path: Path) -> None:
    draw = random.Random(SEED)  # noqa: S311 # after how much of an answer the client is gone
    with servers.running(tmp_path / "data", requests_per_minute=1_000_000) as server:
        for turn in range(RESENDS):
            _send_and_leave(
                server, f"Note {turn // 5} of a client.".encode(), draw.choice((0, 0.01))
            )
        with server.client() as client:
            settled(client)
            for turn in range(RESENDS // 5):
                known = upload(client, f"Note {turn} of a client.".encode())
                assert known.status_code == 200
            listed = client.get("/v1/documents", params={"limit": 1_000}).json()["documents"]
    assert len(listed) == RESENDS // 5


def _send_and_leave(server: Server, content: bytes, after_s: float) -> None:
    """Send an upload, and cut the connection before there is an answer."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        + content
        + b"\r\n--x--\r\n"
    )
    head = (
        f"POST /v1/documents?wait=true HTTP/1.1\r\nHost: 127.0.0.1:{server.address[1]}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with server.connect() as connection:
        connection.sendall(head.encode() + body)
        time.sleep(after_s)
        connection.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_r12_told_to_end_at_any_moment(
    servers: Forks, tmp_path: Path, sign: signal.Signals
) -> None:
    draw = random.Random(SEED)  # noqa: S311 # when
    writer = Writer()
    for _ in range(STOPS // 3):
        with servers.running(tmp_path / "data", requests_per_minute=1_000_000) as server:
            with server.client() as client:
                settled(client)
                writer.check(client)
            asking = [
                threading.Thread(target=run, args=(server, random.Random(SEED)))  # noqa: S311 # as above
                for run in (writer.run, _ask)
            ]
            for one in asking:
                one.start()
            time.sleep(draw.uniform(0.1, 0.6))
            began = time.monotonic()
            server.process.send_signal(sign)
            if sign != signal.SIGINT:
                time.sleep(0.3)
                with server.client() as client:
                    assert "service" in client.get("/readyz").json()["checks"]
            assert server.process.wait(20) == 0
            assert time.monotonic() - began < GRACE_S
            for one in asking:
                one.join()
    assert verify(tmp_path / "data") == []


def _ask(server: Server, draw: random.Random) -> None:
    with server.client() as client:
        try:
            while True:
                word = f"sentinel{draw.randrange(30)}"
                asked = client.post("/v1/ask", json={"question": f"Where does {word} stand?"})
                assert asked.status_code in (200, 404, 503)
        except httpx.TransportError:
            return
