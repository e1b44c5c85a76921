"""What comes over a socket that no honest client sends: slow, silent, ambiguous, endless."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.server_process import Server, received, running
from tests.integration.service import HARBOUR, upload

HURRIED = {"head_s": 1.0, "idle_s": 2.0, "stall_s": 1.0}
HEAD = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
FOLLOWING = b"GET /v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(patience=HURRIED) as server:
        with server.client() as client:
            assert upload(client, HARBOUR).status_code == 201
        yield server


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    with running(keys=True, patience=HURRIED) as server:
        yield server


def responses(answered: bytes) -> list[int]:
    """The status of each response in what came back."""
    return [
        int(one.split(b" ", 1)[0]) for one in answered.split(b"HTTP/1.1 ")[1:] if one[:3].isdigit()
    ]


# W3: a peer that takes its time


def drip(connection: socket.socket, first: bytes, slowly: bytes) -> float:
    """Send some bytes, then one each tenth of a second; gives the seconds until the other side closed."""
    began = time.monotonic()
    connection.sendall(first)
    connection.settimeout(0.1)
    for at in range(200):
        try:
            connection.sendall(slowly[at % len(slowly) :][:1] if slowly else b"")
            if not connection.recv(65_536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


SLOW = {
    "silent": (b"", b""),
    "head": (b"GET /livez HTT", b"P/1.1 and so on and on and on"),
    "header": (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ", b"x"),
    "body": (HEAD + b"Content-Length: 1000\r\n\r\n{", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "half a body": (HEAD + b"Content-Length: 1000\r\n\r\n{", b""),
}


@pytest.mark.parametrize("kind", SLOW)
def test_slow_peers_are_cut_off(server: Server, kind: str) -> None:
    first, slowly = SLOW[kind]
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(30)]
        with ThreadPoolExecutor(30) as pool:
            took = list(pool.map(lambda one: drip(one, first, slowly), connections))
    assert max(took) < 6, took


def test_a_connection_between_two_requests_is_kept_for_a_while_only(server: Server) -> None:
    with server.connect() as connection:
        for _ in range(2):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(1.2)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        assert received(connection) == b""
        assert time.monotonic() - began < 5


def test_a_peer_that_does_not_read_is_cut_off(server: Server) -> None:
    with server.client() as client:
        large = upload(client, b"word and word " * 50_000).json()
    path = f"/v1/documents/{large['id']}/text".encode()
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(10):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(20)
            connection.connect(server.address)
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connections.append(connection)
        time.sleep(5)
        got = [received(one) for one in connections]
    assert all(len(one) < 400_000 for one in got)
    with server.client() as client:  # and a reader of ordinary speed gets all of it
        assert len(client.get(path.decode()).json()["text"]) == 50_000 * 14


def test_others_are_served_meanwhile(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for first, _ in SLOW.values():
            for _ in range(30):
                stack.enter_context(server.connect()).sendall(first)
        with server.client() as client:
            began = time.monotonic()
            assert client.post("/v1/search", json={"query": "gate"}).status_code == 200
            assert time.monotonic() - began < 1


def test_more_connections_than_allowed_are_turned_away() -> None:
    with running(connections=20) as server, contextlib.ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(20)]
        time.sleep(0.3)
        for _ in range(5):
            assert responses(server.exchange(b"")) == [503]
        for one in held:
            one.close()
        time.sleep(0.3)
        with server.client() as client:
            assert client.get("/livez").status_code == 200


# W4: bodies that are not what they should be


def test_a_stranger_s_endless_body_is_not_read(guarded: Server) -> None:
    sent = 0
    answered = b""
    with guarded.connect() as connection:
        connection.sendall(
            b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        chunk = b"10000\r\n" + bytes(65_536) + b"\r\n"
        with contextlib.suppress(OSError):
            for _ in range(32_768):  # two gigabytes, if they were taken
                connection.sendall(chunk)
                sent += len(chunk)
        with contextlib.suppress(OSError):
            answered = received(connection)
    assert sent < 20_000_000
    assert responses(answered) in ([401], [])


def test_a_stranger_hears_why_before_the_connection_ends(guarded: Server) -> None:
    body = b"--b\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\n" + bytes(500_000)
    answered = guarded.exchange(
        b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + body
    )
    assert responses(answered) in ([401], [413])


def form(head: bytes, *parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + one + b"\r\n" for one in parts) + b"--b--\r\n"
    return (
        b"POST /v1/documents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + head
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


MULTIPART = b"Content-Type: multipart/form-data; boundary=b\r\n"
FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nwords'


def ask(body: bytes, head: bytes = b"") -> bytes:
    return HEAD + b"Connection: close\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


BODIES = {
    "10,000 parts": form(
        MULTIPART,
        *(b"Content-Disposition: form-data; name=a%d\r\n\r\nx" % n for n in range(10_000)),
    ),
    "1,000 files": form(MULTIPART, *[FILE] * 1_000),
    "a part without a name": form(MULTIPART, b"X: y\r\n\r\nwords"),
    "a part with endless headers": form(MULTIPART, b"X: " + b"y" * 500_000 + b"\r\n\r\nwords"),
    "a boundary of 10 KB": form(
        b"Content-Type: multipart/form-data; boundary=" + b"b" * 10_000 + b"\r\n", FILE
    ),
    "no boundary": form(b"Content-Type: multipart/form-data\r\n", FILE),
    "another boundary": form(b"Content-Type: multipart/form-data; boundary=c\r\n", FILE),
    "urlencoded": form(b"Content-Type: application/x-www-form-urlencoded\r\n", FILE),
    "a file name of 100 KB": form(
        MULTIPART,
        b'Content-Disposition: form-data; name="file"; filename="'
        + b"a" * 100_000
        + b'"\r\n\r\nwords',
    ),
    "1,000,000 urlencoded fields": form(
        b"Content-Type: application/x-www-form-urlencoded\r\n", b"&".join([b"a=b"] * 1_000_000)
    ),
    "packed": ask(b"\x1f\x8b\x08", b"Content-Encoding: gzip\r\n"),
    "JSON 100,000 deep": ask(b"[" * 100_000 + b"]" * 100_000),
    "objects 100,000 deep": ask(b'{"question":' * 100_000 + b"1" + b"}" * 100_000),
    "NaN": ask(b'{"question": NaN}'),
    "an endless number": ask(b'{"question": 1' + b"0" * 100_000 + b"}"),
    "k as an endless number": ask(b'{"query": "x", "k": 1' + b"0" * 5_000 + b"}").replace(
        b"/ask", b"/search"
    ),
    "bytes that are no UTF-8": ask(b'{"question": "\xff\xfe"}'),
    "text that says it is JSON": ask(b"question=x"),
    "JSON that says it is text": ask(b'{"question": "x"}').replace(
        b"application/json", b"text/plain"
    ),
    "10 MB": ask(b'{"question": "' + b"x" * 10_000_000 + b'"}'),
    "20,000 turns": ask(
        json.dumps(
            {"question": "x", "history": [{"role": "user", "content": "x"}] * 20_000}
        ).encode()
    ),
    "too little": HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\n{",
    "a negative length": HEAD + b"Content-Length: -5\r\n\r\n{}",
    "an endless length": HEAD + b"Content-Length: " + b"9" * 500 + b"\r\n\r\n{}",
    "a length of words": HEAD + b"Content-Length: five\r\n\r\n{}",
    "a head of 100 KB": HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "5,000 headers": HEAD + b"".join(b"X%d: y\r\n" % n for n in range(5_000)) + b"\r\n",
    "an address of 100 KB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_is_abused_is_refused_at_once(server: Server, kind: str) -> None:
    waits: list[float] = []
    done = threading.Event()

    def watch() -> None:
        with server.client() as client:
            while not done.is_set():
                began = time.monotonic()
                assert client.get("/livez").status_code == 200
                waits.append(time.monotonic() - began)

    with ThreadPoolExecutor() as pool:
        watching = pool.submit(watch)
        try:
            began = time.monotonic()
            try:
                answered = server.exchange(BODIES[kind])
            except OSError:  # it was closed while we sent
                answered = b""
            took = time.monotonic() - began
        finally:
            done.set()
        watching.result()
    statuses = responses(answered)
    assert all(400 <= one < 500 for one in statuses), (statuses, answered[:500])
    assert len(statuses) <= 1
    assert took < 5
    assert max(waits, default=0) < 2, max(waits)


def test_what_is_asked_twice_in_one_object_is_taken_once(server: Server) -> None:
    answered = server.exchange(ask(b'{"question": "Who closed the north gate?", "question": ""}'))
    assert responses(answered) in ([200], [422])


# W6: names of the host


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"localhost/",
        b"localhost?x",
        b"localhost#x",
        b"localhost\\evil.example",
        b"local host",
        b"user@localhost@evil.example",
        b"/v1/keys",
        b"localhost/../../livez",
        b"localhost:80:80",
        b"127.0.0.1.evil.example",
        b"\x00",
        b"",
    ],
)
@pytest.mark.parametrize("path", [b"/v1/documents", b"/v1/keys", b"/metrics", b"/v1/documents/x"])
def test_no_host_opens_what_needs_a_key(guarded: Server, host: bytes, path: bytes) -> None:
    for target in (
        path,
        b"http://localhost/livez/.." + path,
        b"//livez" + path,
        b"/livez/.." + path,
    ):
        answered = guarded.exchange(
            b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        )
        assert responses(answered)[0] in (400, 401, 403, 404), answered
        assert b"passages" not in answered
    two = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nHost: " + host + b"\r\n\r\n"
    assert responses(guarded.exchange(two)) == [400]


# W7: requests whose end two parsers may see in two places

ASK = b'{"question": "x"}'
CHUNKED = b"%x\r\n" % len(ASK) + ASK + b"\r\n0\r\n\r\n"
SMUGGLED = {
    "a length and chunks": HEAD
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "chunks and a length": HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
    + CHUNKED,
    "two lengths": HEAD + b"Content-Length: 17\r\nContent-Length: 5\r\n\r\n" + ASK,
    "two lengths in one": HEAD + b"Content-Length: 17, 5\r\n\r\n" + ASK,
    "a length with a sign": HEAD + b"Content-Length: +17\r\n\r\n" + ASK,
    "a length with an underscore": HEAD + b"Content-Length: 1_7\r\n\r\n" + ASK,
    "a length of hexadecimal digits": HEAD + b"Content-Length: 0x11\r\n\r\n" + ASK,
    "chunks twice": HEAD
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "chunks and identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "identity and chunks": HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n" + CHUNKED,
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked with a tab": HEAD + b"Transfer-Encoding: chunked\x0b\r\n\r\n" + CHUNKED,
    "a space before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "a folded header": HEAD + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "a folded value": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED,
    "a NUL in a name": HEAD + b"Transfer\x00-Encoding: chunked\r\n\r\n" + CHUNKED,
    "a carriage return in a value": HEAD + b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "bare line feeds": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 17\n\n" + ASK,
    "one bare line feed": HEAD + b"X: y\nContent-Length: 17\r\n\r\n" + ASK,
    "chunks in HTTP/1.0": HEAD.replace(b"1.1", b"1.0")
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + CHUNKED,
    "a chunk with a wrong end": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n11\r\n"
    + ASK
    + b"XX0\r\n\r\n",
    "a chunk that ends in a line feed": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n11\n"
    + ASK
    + b"\r\n0\r\n\r\n",
    "a chunk of a negative size": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"
    + ASK
    + b"\r\n0\r\n\r\n",
    "a chunk of an endless size": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"f" * 40
    + b"\r\n"
    + ASK,
    "a chunk of size 0x11": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n0x11\r\n"
    + ASK
    + b"\r\n0\r\n\r\n",
    "a chunk with an endless extension": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n11;"
    + b"x" * 100_000,
    "a space before the first header": b"POST /v1/ask HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "no host": b"POST /v1/ask HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/1.9": b"GET /livez HTTP/1.9\r\nHost: localhost\r\n\r\n",
    "an upgrade": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("kind", SMUGGLED)
def test_an_ambiguous_request_gets_one_response_and_no_second_one(
    server: Server, kind: str
) -> None:
    answered = server.exchange(SMUGGLED[kind] + FOLLOWING)
    assert len(responses(answered)) <= 1, answered
    assert b"smuggled" not in answered
    if kind != "an upgrade":
        assert responses(answered) in ([], [400]), answered


def test_a_refusal_before_the_application_is_a_problem_too(server: Server) -> None:
    answered = server.exchange(b"GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n")
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
    problem = json.loads(body)
    assert problem["type"] == "/docs#malformed-request"
    assert f"x-request-id: {problem['request_id']}".encode() in head
