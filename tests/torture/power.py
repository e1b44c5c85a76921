"""What a disk may hold when the power fails: what was synced, and any part of what was not.

The rules are those of POSIX at its strictest. Only a sync of a file keeps its content, and only a sync of a folder
keeps the names in it; of the rest each write, each change of a size and each change of a name may have reached the
disk or not, in any order, and a write in part: whole sectors of 512 bytes, or whole pages of 4,096, of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.torture.recording import Operation

_TORN_AT = (512, 4096)

Honest = Callable[[Operation], bool]


@dataclass
class _File:
    content: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, Operation]] = field(default_factory=list)


@dataclass
class _Folder:
    """Names as the running system sees them, names as the disk has them, and changes that it may lack."""

    now: dict[str, _File | _Folder] = field(default_factory=dict)
    kept: dict[str, _File | _Folder] = field(default_factory=dict)
    pending: list[tuple[int, dict[str, _File | _Folder | None]]] = field(default_factory=list)

    def change(self, number: int, names: dict[str, _File | _Folder | None]) -> None:
        _apply(self.now, names)
        self.pending.append((number, names))


def _apply(names: dict[str, _File | _Folder], change: dict[str, _File | _Folder | None]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """A folder on a disk that syncs when it is told to, and not before.

    Args:
        base: The folder, which was there and empty.
        honest: Whether a sync does what it says; one that does not is as good as forgotten.
    """

    def __init__(self, base: Path, honest: Honest = lambda _: True) -> None:
        self._base = base
        self._root = _Folder()
        self._honest = honest
        self._number = 0
        self.said: list[str] = []

    def follow(self, operations: Iterable[Operation]) -> None:
        """Let these happen."""
        for one in operations:
            self._follow(one)
            self._number += 1

    def crash(self, draw: random.Random, target: Path) -> None:
        """Write what the disk may hold after the power failed at this moment."""
        kept = draw.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        torn = draw.choice((0.0, 0.3))
        self._write(self._root, target, lambda: draw.random() < kept, torn, draw)

    def _follow(self, one: Operation) -> None:
        if one.kind == "said":
            self.said.append(one.content.decode().strip())
            return
        if one.kind == "sync":
            if self._honest(one):
                self._sync(self._node(one.path), one.since)
            return
        folder, name = self._folder(one.path), one.path.name
        match one.kind:
            case "create":
                if name not in folder.now:
                    folder.change(self._number, {name: _File()})
            case "mkdir":
                folder.change(self._number, {name: _Folder()})
            case "remove":
                folder.change(self._number, {name: None})
            case "rename":
                assert one.target
                assert one.target.parent == one.path.parent
                folder.change(self._number, {one.target.name: folder.now[name], name: None})
            case _:
                file = folder.now.get(name)
                if isinstance(file, _File):  # else it was removed while it was open
                    file.pending.append((self._number, one))

    def _sync(self, node: _File | _Folder | None, since: int) -> None:
        if isinstance(node, _Folder):
            covered = [change for number, change in node.pending if number < since]
            node.pending = [one for one in node.pending if one[0] >= since]
            for change in covered:
                _apply(node.kept, change)
        elif isinstance(node, _File):
            for number, one in node.pending:
                if number < since:
                    _put(node.content, one)
            node.pending = [one for one in node.pending if one[0] >= since]

    def _node(self, path: Path) -> _File | _Folder | None:
        return self._root if path == self._base else self._folder(path).now.get(path.name)

    def _folder(self, path: Path) -> _Folder:
        at = self._root
        for name in path.relative_to(self._base).parts[:-1]:
            found = at.now[name]
            assert isinstance(found, _Folder)
            at = found
        return at

    def _write(
        self,
        folder: _Folder,
        target: Path,
        lucky: Callable[[], bool],
        torn: float,
        draw: random.Random,
    ) -> None:
        target.mkdir()
        names = dict(folder.kept)
        for _, change in folder.pending:
            if lucky():
                _apply(names, change)
        for name, node in sorted(names.items()):
            if isinstance(node, _Folder):
                self._write(node, target / name, lucky, torn, draw)
            elif not name.endswith("-shm"):  # shared memory; SQLite makes it anew
                content = bytearray(node.content)
                for _, one in node.pending:
                    if lucky():
                        for part in _parts(one, draw) if draw.random() < torn else (one,):
                            _put(content, part)
                (target / name).write_bytes(content)


def _parts(one: Operation, draw: random.Random) -> Sequence[Operation]:
    """Some of the sectors or pages of a write."""
    if one.kind != "write":
        return (one,)
    size = draw.choice(_TORN_AT)
    ends = range((one.offset // size + 1) * size, one.offset + len(one.content), size)
    edges = (one.offset, *ends, one.offset + len(one.content))
    return [
        Operation(
            kind="write",
            path=one.path,
            offset=start,
            content=one.content[start - one.offset : end - one.offset],
        )
        for start, end in pairwise(edges)
        if draw.random() < 0.5
    ]


def _put(content: bytearray, one: Operation) -> None:
    if one.kind == "truncate":
        del content[one.offset :]
        content.extend(bytes(one.offset - len(content)))
        return
    if len(content) < one.offset:
        content.extend(bytes(one.offset - len(content)))
    content[one.offset : one.offset + len(one.content)] = one.content
