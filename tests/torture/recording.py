"""What a storage process does to files, as strace sees it: every write and sync of the database and of all else.

Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, find crash states from such a recording. At the
system calls nothing of ours and nothing of SQLite is patched, and no file can be forgotten.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from tests.torture import ROOT

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(
    STRACE is None,
    reason="strace is not installed: apt-get install strace, or .ci/tools.sh as root",
)
_CALLS = "openat,close,write,pwrite64,fsync,fdatasync,ftruncate,rename,unlink,unlinkat,mkdir,rmdir"
_MOST_BYTES = 1_000_000  # of one write; only the reserve's, which holds nothing, is longer
_LINE = re.compile(r"(\d+) +(.*)")
_BEGUN = re.compile(r"(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_ARGUMENT = re.compile(r'"([^"]*)"(?:\.\.\.)?|([^",\s][^",]*)')

Kind = Literal["create", "truncate", "write", "sync", "mkdir", "rename", "remove", "said"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One change, in the order in which they happened.

    Attributes:
        path: What is changed; of a rename, what it was called.
        offset: Where in the file; of `truncate`, its new size.
        content: What was written; of `said`, the line of the log.
        target: Of a rename, what it is called from then on.
        since: How many operations there were when it began: a sync does not cover later ones.
    """

    kind: Kind
    path: Path
    offset: int = 0
    content: bytes = b""
    target: Path | None = None
    since: int = 0


def record(base: Path, *, seed: int, steps: int, killed_at: str = "") -> list[Operation]:
    """Run a storage process over `base/data`, whose acknowledgements go to `base/log`, and give what it did.

    Args:
        base: A folder.
        seed: Of the process.
        steps: How many changes it makes.
        killed_at: A system call and which of its kind kills it, such as "fdatasync:40"; it ends by itself otherwise, or
            where no such call comes.
    """
    assert STRACE
    output = base / "strace"
    killed = []
    if killed_at:
        call, number = killed_at.split(":")
        killed = ["-e", f"inject={call}:signal=SIGKILL:when={number}"]
    ended = subprocess.run(  # noqa: S603 # our own interpreter
        [
            *(STRACE, "-f", "-qq", "-xx", "-s", str(_MOST_BYTES)),
            *(killed or ["--seccomp-bpf"]),  # quicker, but with it signals are lost
            *("-o", str(output), "-e", f"trace={_CALLS}"),
            *(sys.executable, "-m", "tests.torture.worker"),
            *(str(base / "data"), str(base / "log"), str(seed), str(steps)),
        ],
        cwd=ROOT,
        check=False,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert killed_at or ended.returncode == 0
    found = list(_operations(output, base))
    output.unlink()
    return found


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: list[bytes | str]
    gave: int
    began: int  # the line
    at: int  # the line that places it among the others


def _calls(output: Path) -> list[_Call]:
    """Calls that succeeded: a change stands where it began, everything else where it ended."""
    begun: dict[str, tuple[int, str]] = {}
    found: list[_Call] = []
    for number, line in enumerate(output.read_text().splitlines()):
        matched = _LINE.fullmatch(line)
        assert matched, line[:200]
        pid, said = matched.groups()
        began = number
        if unfinished := _BEGUN.fullmatch(said):
            begun[pid] = (number, unfinished[1])
            continue
        if resumed := _RESUMED.fullmatch(said):
            began, first = begun.pop(pid)
            said = first + resumed[1]
        call = _CALL.match(said)
        if call is None or int(call[3]) < 0:
            continue
        arguments: list[bytes | str] = [
            plain.strip() or bytes.fromhex(text.replace("\\x", ""))
            for text, plain in _ARGUMENT.findall(call[2])
        ]
        at = number if call[1] in ("openat", "fsync", "fdatasync") else began
        found.append(_Call(call[1], arguments, int(call[3]), began, at))
    return sorted(found, key=lambda one: one.at)


class _Files:
    """The open files of one process."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self.paths: dict[int, Path] = {}
        self.places: dict[int, int] = {}

    def within(self, path: Path) -> bool:
        return path.is_relative_to(self._base)

    def path(self, folder: str, name: bytes) -> Path:
        """A path as a call names it."""
        stated = Path(os.fsdecode(name))
        at = self.paths.get(int(folder)) if folder.isdecimal() else ROOT
        return (at or Path("/nowhere")) / stated

    def renamed(self, old: Path, new: Path) -> None:
        """Know open files by what they are called from now on."""
        for descriptor, path in self.paths.items():
            if path.is_relative_to(old):
                self.paths[descriptor] = new / path.relative_to(old)


def _operations(output: Path, base: Path) -> Iterator[Operation]:
    files = _Files(base)
    lines: list[int] = []  # where the operations so far stand
    for call in _calls(output):
        for one in _translated(call, files, base / "log"):
            yield replace(one, since=bisect_left(lines, call.began))
            lines.append(call.at)


def _translated(call: _Call, files: _Files, log: Path) -> Iterator[Operation]:
    match call.name, call.arguments:
        case "openat", [str(at), bytes(name), str(flags), *_]:
            path = files.path(at, name)
            if files.within(path):
                files.paths[call.gave], files.places[call.gave] = path, 0
                if path != log:
                    yield from _opened(path, flags)
        case "close", [str(descriptor)]:
            files.paths.pop(int(descriptor), None)
        case "rename", [bytes(old), bytes(new)]:
            source, target = (files.path("", one) for one in (old, new))
            if files.within(source):
                files.renamed(source, target)
                yield Operation(kind="rename", path=source, target=target)
        case (("unlink" | "rmdir" | "mkdir" | "unlinkat"), arguments):
            folder = str(arguments.pop(0)) if call.name == "unlinkat" else ""
            stated = arguments[0]
            assert isinstance(stated, bytes)
            path = files.path(folder, stated)
            if files.within(path):
                yield Operation(kind="mkdir" if call.name == "mkdir" else "remove", path=path)
        case _, [str(descriptor), *_] if int(descriptor) in files.paths:
            yield from _of_content(call, files, log)


def _opened(path: Path, flags: str) -> Iterator[Operation]:
    if "O_CREAT" in flags:
        yield Operation(kind="create", path=path)
    if "O_TRUNC" in flags:
        yield Operation(kind="truncate", path=path)


def _of_content(call: _Call, files: _Files, log: Path) -> Iterator[Operation]:
    descriptor = int(str(call.arguments[0]))
    path = files.paths[descriptor]
    if call.name in ("fsync", "fdatasync"):
        yield Operation(kind="sync", path=path)
    elif call.name == "ftruncate":
        yield Operation(kind="truncate", path=path, offset=int(str(call.arguments[1])))
    elif call.name in ("write", "pwrite64"):
        content = call.arguments[1]
        assert isinstance(content, bytes)
        content = content[: call.gave].ljust(call.gave, b"\0")
        place = files.places[descriptor]
        if call.name == "pwrite64":
            place = int(str(call.arguments[3]))
        else:
            files.places[descriptor] += call.gave
        yield Operation(
            kind="said" if path == log else "write", path=path, offset=place, content=content
        )
