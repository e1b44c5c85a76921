"""Fuzz every target for a while, two at a time: `python -m tests.fuzz --seconds 60 [TARGET…]`.

An input that breaks a law is kept in the folder that is named, and ends the run with 1. A seed is the same run
again where PYTHONHASHSEED is too, as in `make fuzz`.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import tempfile
import time
import zipfile
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ingest", "rag", "pypdf", "markdown_it", "docx", "pptx"]):
    from tests.fuzz.targets import TARGETS

_SIDE_BY_SIDE = 2
_LONGEST = 1 << 17  # bytes of an input
_ONE_INPUT_S = 25
_MEMORY_MB = 3072


def _main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET")
    options.add_argument("--seconds", type=int, default=60, help="for each target")
    options.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFF)
    options.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-found")
    given = options.parse_args()
    given.found.mkdir(parents=True, exist_ok=True)
    print(f"seed {given.seed}; {given.seconds} s for each target", flush=True)  # noqa: T201
    waiting = list(given.targets or TARGETS)
    running: list[_Run] = []
    broken = False
    with tempfile.TemporaryDirectory() as logs:
        while waiting or running:
            while waiting and len(running) < _SIDE_BY_SIDE:
                running.append(_Run(waiting.pop(0), Path(logs), given))
            wait(run.process.sentinel for run in running)
            for run in [run for run in running if not run.process.is_alive()]:
                running.remove(run)
                broken |= not run.ended_well()
    return int(broken)


class _Run:
    """One target in a copy of this process, which has instrumented its imports once for all."""

    def __init__(self, name: str, logs: Path, given: argparse.Namespace) -> None:
        self.name, self.found, self.log = name, given.found, logs / name
        self.process = get_context("fork").Process(
            target=self._fuzz, args=(given.seconds, given.seed)
        )
        self.process.start()

    def _fuzz(self, seconds: int, seed: int) -> None:
        with self.log.open("wb") as written:
            os.dup2(written.fileno(), 1)
            os.dup2(written.fileno(), 2)
        _fuzz(self.name, seconds, seed, self.found)

    def ended_well(self) -> bool:
        said = self.log.read_text(errors="replace")
        done = re.search(r"Done (\d+) runs", said)
        print(f"{self.name:12} {done[1] if done else 'no end after'} runs", flush=True)  # noqa: T201
        if done and not self.process.exitcode:
            return True
        print(f"{said[-4000:]}\n{self.name}: broken; the input is in {self.found}", flush=True)  # noqa: T201
        return False


def _fuzz(name: str, seconds: int, seed: int, found: Path) -> None:
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, content in enumerate(target.seeds):
            Path(corpus, f"{number}").write_bytes(content)
        limits = (
            *(f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={_ONE_INPUT_S}"),
            *(f"-max_len={_LONGEST}", "-len_control=0", f"-rss_limit_mb={_MEMORY_MB}"),
        )
        atheris.Setup(
            [*sys.argv[:1], *limits, f"-artifact_prefix={found}/{name}-", corpus],
            target.run,
            **({"custom_mutator": _inside} if target.packed else {}),
        )
        atheris.Fuzz()


def _inside(content: bytes, max_size: int, seed: int) -> bytes:
    """Change one part of an archive, so that the format's own reader meets the change."""
    changed = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = {name: package.read(name) for name in package.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        return bytes(atheris.Mutate(content, max_size))
    names = [name for name, member in members.items() if member]
    if not names:
        return bytes(atheris.Mutate(content, max_size))
    chosen = names[seed % len(names)]
    members[chosen] = bytes(atheris.Mutate(members[chosen], _LONGEST))
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, member in members.items():
            package.writestr(name, member)
    return changed.getvalue() if changed.tell() <= max_size else content


sys.exit(_main())
