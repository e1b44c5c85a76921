"""Readers that do what a hostile file might make one do. They run in the sandbox only."""

import ctypes
import logging
import os
import resource
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ingest.progress import tell_pages
from ingest.reading import Reading


def attempt(_: bytes, name: str) -> Reading:
    """Try one thing; the text tells whether it was refused, and how."""
    try:
        outcome = _ATTEMPTS[name]()
    except OSError as error:
        return Reading(media_type="text/plain", text=f"refused: {type(error).__name__}")
    return Reading(media_type="text/plain", text=f"done: {outcome}")


def _spin() -> None:
    while True:
        pass


def _sleep() -> None:
    time.sleep(3600)


def _allocate() -> int:
    return len(bytearray(10 << 30))


def _crash() -> None:
    ctypes.string_at(0)


def _write_result_forever() -> None:
    raise ValueError("unexpected")


def _connect(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as opened:
        opened.connect(("127.0.0.1", 9))


def _thread() -> str:
    found: list[str] = []
    worker = threading.Thread(target=lambda: found.append("a thread ran"))
    worker.start()
    worker.join()
    return found[0]


def _sockets() -> list[int]:
    held = []
    for descriptor in range(64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                held.append(descriptor)
        except OSError:
            continue
    return held


def _lie() -> None:
    for descriptor in range(64):
        try:
            os.write(descriptor, b'{"reading": 5}')
        except OSError:
            continue
    os._exit(0)


def _tell_untruths() -> None:
    for read, total in ((3, 2), (1, 0), (1 << 31, (1 << 32) - 1), (2, 4)):
        tell_pages(read, total)
        time.sleep(0.4)


def _cut_short() -> None:
    tell_pages(1, 2)
    for descriptor in range(64):
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    time.sleep(0.6)


def _limit_another() -> object:
    return resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))


_ATTEMPTS: dict[str, Callable[[], object]] = {
    "nothing": lambda: "nothing",
    "read passwd": lambda: open("/etc/passwd").read(),  # noqa: PTH123, SIM115
    "list root": lambda: os.listdir("/"),  # noqa: PTH208
    "write": lambda: open("/tmp/escaped", "w"),  # noqa: PTH123, S108, SIM115
    "unlink": lambda: os.unlink("/tmp/victim"),  # noqa: PTH108, S108
    "tcp": lambda: _connect(socket.SOCK_STREAM),
    "udp": lambda: _connect(socket.SOCK_DGRAM),
    "dns": lambda: socket.getaddrinfo("example.org", 80),
    "fork": os.fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
    "kill parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "ptrace": lambda: _errno(ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0)),
    "thread": _thread,
    "spin": _spin,
    "sleep": _sleep,
    "allocate": _allocate,
    "crash": _crash,
    "unexpected": _write_result_forever,
    "sockets": _sockets,
    "lie": _lie,
    "tell untruths": _tell_untruths,
    "cut short": _cut_short,
    "log": lambda: logging.getLogger("a.library").error("secret words"),
    "limit another": _limit_another,
    "secret": lambda: sorted(os.environ),
}


def _errno(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result
