"""Read each file in a process of its own, which can harm nothing and is ended when it costs too much.

A fork server, started once, has imported the readers and holds no thread, no store and no secret. For each
file it forks a child, which confines itself (`ingest.confinement`), reads the file from a descriptor, writes
what it found to a pipe as JSON, and ends. Nothing is pickled.
"""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from ingest.confinement import Limits, confine, missing, prepare
from ingest.progress import NONE_YET, Pages, Watch, tell_to, written_to
from ingest.reading import Attachment, Reading, preload
from rag import errors
from rag.encoding import date_of, encode, locator_rows, locators_of
from rag.errors import DocumentError, DocumentTooExpensive, DocumentTooLarge, UnreadableDocument
from rag.layout import PageLayout

logger = logging.getLogger(__name__)

Reader = Callable[[bytes, str], Reading]

_READER = "ingest.reading:read_named"
_MESSAGE_BYTES = 1 << 16
_TOO_EXPENSIVE = (
    "The file takes more time or memory to read than one file may. It may be damaged or made to do so; "
    "save it anew, or split it."
)
_CRASHED = (
    "The file makes its reader fail, so it is damaged or hostile. Save it anew and add that file."
)
_DATES = ("published", "recorded", "original")
_ERRORS: dict[str, type[DocumentError]] = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DocumentError)
}


def _to_nobody(read: int, total: int) -> None:
    """Tell nobody how many pages are read."""


class _ServerEndedError(UnreadableDocument):
    """The server ended, so nothing is known of the file."""

    def __init__(self) -> None:
        super().__init__("The process that reads files ended; add the file again.")


class Sandbox:
    """A fork server and what is asked of it. Any number of threads may read at once.

    Args:
        limits: What one file may cost.
        reader: `module:function` that turns bytes and a name into a `Reading`.
    """

    def __init__(self, limits: Limits | None = None, reader: str = _READER) -> None:
        self._limits = limits or Limits()
        self._reader = reader
        self._asking = threading.Lock()
        self._server: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.missing: tuple[str, ...] = ()

    def read(self, content: bytes, *, name: str, pages: Pages = _to_nobody) -> Reading:
        """Read a file.

        Args:
            content: The file's bytes.
            name: As for `ingest.reading.read`.
            pages: Is told now and then how many pages are read, where the file has pages and takes a while.
                What it raises ends the reading.

        Raises:
            DocumentError: as `ingest.reading.read`, and `DocumentTooExpensive` when a limit ends it.
        """
        try:
            return self._read(content, name, pages)
        except _ServerEndedError:
            return self._read(content, name, pages)

    def _read(self, content: bytes, name: str, pages: Pages) -> Reading:
        with ExitStack() as stack:
            source = stack.enter_context(_holding(content))
            numbers = stack.enter_context(_holding(NONE_YET))
            result, theirs = os.pipe()
            stack.callback(os.close, result)
            try:
                child = self._ask({"read": name}, [source, numbers, theirs])["child"]
            finally:
                os.close(theirs)
            try:
                encoded = _received(result, self._limits, Watch(numbers, pages))
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                status = self._ask({"reap": child})["status"]
        return _reading(encoded, status)

    def start(self) -> None:
        """Start the server now, and log what this system lacks, rather than at the first file."""
        with self._asking:
            self._start()

    def close(self) -> None:
        """End the server; the next file starts another."""
        with self._asking:
            self._end()

    def _ask(self, request: dict[str, Any], descriptors: list[int] | None = None) -> dict[str, Any]:
        with self._asking:
            server = self._start()
            try:
                socket.send_fds(server, [encode(request).encode()], descriptors or [])
                return _answer(server)
            except (OSError, ValueError) as error:
                self._end()
                raise _ServerEndedError from error

    def _start(self) -> socket.socket:
        if self._server is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", "from ingest.sandbox import serve; serve()"],
                    stdin=theirs.fileno(),
                    env=_environment(),
                    start_new_session=True,  # an interrupt at the terminal is the parent's to handle
                )
            request = {"reader": self._reader, "limits": _plain(self._limits)}
            try:
                ours.sendall(encode(request).encode())
                self.missing = tuple(_answer(ours)["missing"])
            except (OSError, ValueError) as error:
                ours.close()
                self._process.kill()
                self._process.wait()
                raise UnreadableDocument(
                    "The process that reads files cannot be started; standard error says why."
                ) from error
            for protection in self.missing:
                logger.warning("files are read without %s, which this system lacks", protection)
            self._server = ours
        return self._server

    def _end(self) -> None:
        if self._server is not None and self._process is not None:
            self._server.close()
            self._process.wait()
            self._server = self._process = None


@contextmanager
def _holding(content: bytes) -> Iterator[int]:
    """The descriptor of a file without a name that holds this, at its start."""
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(content)
        file.seek(0)
        yield file.fileno()


@cache
def shared() -> Sandbox:
    """The sandbox of this process, which ends with it."""
    sandbox = Sandbox()
    atexit.register(sandbox.close)
    return sandbox


def _answer(server: socket.socket) -> dict[str, Any]:
    """What the server says next.

    Raises:
        ValueError: it is nothing, or nothing that a server says.
    """
    answer = json.loads(server.recv(_MESSAGE_BYTES))
    if not isinstance(answer, dict):
        raise ValueError("not an answer")  # noqa: TRY004 # one kind of failure for the caller
    return answer


def _environment() -> dict[str, str]:
    """What the server may know: where modules are, and nothing of ours."""
    return {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",  # a forked child would lack the threads that numpy counts on
        "OMP_NUM_THREADS": "1",
        # libraries look for a folder for temporary files when they are imported, and /tmp may not be writable
        **{name: os.environ[name] for name in ("TMPDIR",) if name in os.environ},
    }


def _received(result: int, limits: Limits, watch: Watch) -> bytes:
    """All that the child writes, until it ends or its time is up."""
    deadline = time.monotonic() + limits.wall_s
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([result], [], [], max(0.0, min(left, watch.every_s)))
        watch.look()
        if not ready and left <= 0:
            raise DocumentTooExpensive(_TOO_EXPENSIVE)
        if not ready:
            continue
        part = os.read(result, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > limits.result_bytes:
            raise DocumentTooLarge("The file's content in bytes", size, limits.result_bytes)


def _reading(encoded: bytes, status: int | None) -> Reading:
    """What the child found, or why it found nothing; what a child says is not to be trusted.

    Without a status, which went with the child's server, an end of its own cannot be told from one with that.
    """
    try:
        found = json.loads(encoded)
        if "error" in found:
            error: DocumentError = _ERRORS[found["error"]].__new__(_ERRORS[found["error"]])
            Exception.__init__(error, str(found["message"]))
        else:
            return _found(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as failure:
        if status is None:
            raise _ServerEndedError from failure
        died_of = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if not encoded and died_of in (signal.SIGXCPU, signal.SIGKILL):
            raise DocumentTooExpensive(_TOO_EXPENSIVE) from None
        raise UnreadableDocument(_CRASHED) from None
    raise error


def _found(outcome: dict[str, Any]) -> Reading:
    values = outcome["reading"]
    values |= {name: date_of(values[name]) for name in _DATES}
    return Reading(
        **values
        | {"locators": locators_of(outcome["locators"])}
        | {"warnings": tuple(values["warnings"])}
        | {"layouts": tuple(PageLayout(page=p, words=b64decode(w)) for p, w in outcome["layouts"])}
        | {"attachments": tuple(Attachment(n, b64decode(c)) for n, c in outcome["attachments"])}
    )


# The server's side


def serve() -> NoReturn:
    """Fork a child for each file that the socket on standard input brings, until it is closed."""
    parent = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:  # noqa: PTH123 # a child must not hold the socket
        os.dup2(nothing.fileno(), 0)
    logging.getLogger().addHandler(
        logging.NullHandler()
    )  # libraries log what they stumble over: text
    logging.getLogger("ingest").addHandler(logging.StreamHandler())
    request = json.loads(parent.recv(_MESSAGE_BYTES))
    limits = Limits(**request["limits"])
    reader = _imported(request["reader"])
    preload()
    prepare()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, what it shares with us
    parent.sendall(encode({"missing": _probe()}).encode())
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(parent, _MESSAGE_BYTES, 3)
        except ConnectionError:  # whoever asked has ended without closing
            os._exit(0)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "read" in request:
            child = os.fork()
            if child == 0:
                parent.close()
                _read(reader, limits, request["read"], *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            answer: dict[str, int | None] = {"child": child}
        else:
            answer = {"status": _reaped(request["reap"])}
        try:
            parent.sendall(encode(answer).encode())
        except ConnectionError:
            os._exit(0)


def _reaped(child: int) -> int | None:
    """How a child ended; None for one that an earlier server had."""
    try:
        return os.waitpid(child, 0)[1]
    except ChildProcessError:
        return None


def _read(
    reader: Reader, limits: Limits, name: str, source: int, numbers: int, result: int
) -> NoReturn:
    """Be the child: read, report, end."""
    gc.disable()  # what one file leaves behind goes with the process
    try:
        os.setsid()
        with os.fdopen(source, "rb") as file:
            content = file.read()
        tell_to(written_to(numbers))
        os.close(numbers)
        confine(limits)
        _report(result, _outcome(reader, content, name))
    finally:
        os._exit(1)  # reached by _report only through an error


def _outcome(reader: Reader, content: bytes, name: str) -> dict[str, Any]:
    try:
        reading = reader(content, name)
    except DocumentError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        return {"error": DocumentTooExpensive.__name__, "message": _TOO_EXPENSIVE}
    return {
        "reading": _plain(reading, but_not=("locators", "layouts", "attachments")),
        "locators": locator_rows(reading.locators),
        "layouts": [[one.page, _base64(one.words)] for one in reading.layouts],
        "attachments": [[one.name, _base64(one.content)] for one in reading.attachments],
    }


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _report(result: int, outcome: dict[str, Any]) -> NoReturn:
    with os.fdopen(result, "wb") as pipe:
        pipe.write(encode(outcome).encode())
    os._exit(0)


def _probe() -> list[str]:
    """What `confine` cannot take away on this system, tried in a child."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(theirs, encode(missing()).encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        lacking: list[str] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return lacking


def _imported(reader: str) -> Reader:
    module, function = reader.split(":")
    found: Reader = getattr(import_module(module), function)
    return found


def _plain(value: Any, but_not: Sequence[str] = ()) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value) if one.name not in but_not}
