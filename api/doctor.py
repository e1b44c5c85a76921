"""What this machine gives, and what of it is wrong."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from ingest.sandbox import Sandbox
from rag.adapters.inspection import folder_state, refuse_another_model, sqlite_version
from rag.adapters.processor import FP32
from rag.bootstrap import open_embedder, open_ranker
from rag.errors import RagError
from rag.settings import Settings

_FLOORS = Path(__file__).with_name("floors.toml")
_LITTLE_BYTES, _TOO_LITTLE_BYTES = 2_000_000_000, 100_000_000
_PROCESSOR_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: `note` is worth knowing, and nothing fails because of it; `wrong` must be mended.
        advice: What to do about it.
    """

    name: str
    level: Level
    found: str
    advice: str | None = None


def findings(settings: Settings) -> Iterator[Finding]:
    """Look at everything, the slowest last."""
    floors = tomllib.loads(_FLOORS.read_text(encoding="utf-8"))
    yield _python(floors["python"])
    yield _floor("SQLite", sqlite_version(), floors["sqlite"]["library"])
    for name, floor in floors["libraries"].items():
        yield _library(name, floor)
    yield _processor()
    yield _disk(settings.data)
    yield _guarded("data folder", lambda: _folder(settings.data))
    yield _guarded("confinement of files", lambda: _confinement(settings))
    yield _guarded("embedding model", lambda: _model(settings))
    yield _guarded("sentence ranker", lambda: _ranker(settings))


def _python(floors: Mapping[str, str]) -> Finding:
    found = platform.python_version()
    floor = floors.get(".".join(platform.python_version_tuple()[:2]))
    if floor is None:
        return Finding(
            name="Python", level="wrong", found=found, advice="Use Python 3.11, 3.12 or 3.13."
        )
    if _numbers(found) < _numbers(floor):
        advice = f"{floor} mends holes in how archives and pages are read; update when you can."
        return Finding(name="Python", level="note", found=found, advice=advice)
    return Finding(name="Python", level="ok", found=found)


def _library(name: str, floor: str) -> Finding:
    try:
        return _floor(name, version(name), floor)
    except PackageNotFoundError:
        return Finding(name=name, level="wrong", found="not installed", advice="Install it.")


def _floor(name: str, found: str, floor: str) -> Finding:
    if _numbers(found) >= _numbers(floor):
        return Finding(name=name, level="ok", found=found)
    return Finding(
        name=name,
        level="wrong",
        found=found,
        advice=f"Versions below {floor} are not safe: update it.",
    )


def _numbers(stated: str) -> tuple[int, ...]:
    """The leading numbers of a version, without zeros at their end."""
    release = re.match(r"\d+(?:\.\d+)*", stated)
    numbers = [int(part) for part in release.group().split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _processor() -> Finding:
    try:
        flags = set(re.findall(r"\w+", Path("/proc/cpuinfo").read_text()))
    except OSError:
        known = "this system does not tell what it can do"
    else:
        known = ", ".join(one for one in _PROCESSOR_FLAGS if one in flags) or "no wide instructions"
    found = f"{os.cpu_count()} cores, {platform.machine()}: {known}"
    return Finding(name="processor", level="ok", found=found)


def _disk(data: Path) -> Finding:
    there = next(one for one in (data.absolute(), *data.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    level: Level = "wrong" if free < _TOO_LITTLE_BYTES else "note" if free < _LITTLE_BYTES else "ok"
    return Finding(
        name="free disk",
        level=level,
        found=f"{free / 1e9:,.1f} GB where the data folder is",
        advice=None if level == "ok" else "Make room, or name a folder on another disk by --data.",
    )


def _folder(data: Path) -> Finding:
    state = folder_state(data)
    if state.format is None:
        return Finding(name="data folder", level="ok", found="none yet; adding a document makes it")
    held = f"in use by {state.holder}" if state.holder else "not in use"
    found = (
        f"format {state.format}, {held}: {state.documents:,} documents, {state.passages:,} passages, "
        f"{state.collections:,} collections"
    )
    return Finding(name="data folder", level="ok", found=found)


def _confinement(settings: Settings) -> Finding:
    sandbox = Sandbox()
    try:
        sandbox.start()
    finally:
        sandbox.close()
    name = "confinement of files"
    if not sandbox.missing:
        return Finding(name=name, level="ok", found="every protection is there")
    accepted = "accepted" if settings.sandbox.accept_missing else "refused"
    return Finding(
        name=name,
        level="note",
        found=f"missing: {', '.join(sandbox.missing)}",
        advice=f"Serving to other machines is {accepted} (VERSE_SANDBOX__ACCEPT_MISSING).",
    )


def _model(settings: Settings) -> Finding:
    began = time.perf_counter()
    embedder = open_embedder(settings)
    refuse_another_model(settings.data, embedder.identity)
    embedder.embed_queries(["ready"])  # loads it, and refuses weights that are not the pinned ones
    found = f"{embedder.identity}, loaded in {time.perf_counter() - began:.1f} s"
    return Finding(name="embedding model", level="ok", found=found)


def _ranker(settings: Settings) -> Finding:
    there = open_ranker(settings, FP32) is not None  # refuses a file that is not the pinned one
    found = "there, and the pinned one" if there else "statements are ordered without it"
    return Finding(name="sentence ranker", level="ok", found=found)


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    """What was found, or the error that says what is wrong and what to do."""
    try:
        return look()
    except RagError as error:
        return Finding(name=name, level="wrong", found="cannot be used", advice=str(error))
