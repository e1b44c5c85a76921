"""Fuzz every target for a while, two at a time: `python -m tests.fuzz --seconds 60 [TARGET…]`.

An input that breaks a law is kept in the folder that is named, and ends the run with 1.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
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
    options.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.alone:
        _fuzz(given.targets[0], given.seconds, given.seed, given.found)
    given.found.mkdir(parents=True, exist_ok=True)
    print(f"seed {given.seed}; {given.seconds} s for each target", flush=True)  # noqa: T201
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        jobs = [
            pool.submit(_run, name, given.seconds, given.seed, given.found)
            for name in given.targets or TARGETS
        ]
        return max(job.result() for job in jobs)


def _run(name: str, seconds: int, seed: int, found: Path) -> int:
    command = [sys.executable, "-m", "tests.fuzz", name, "--alone", f"--seconds={seconds}"]
    ended = subprocess.run(  # noqa: S603
        [*command, f"--seed={seed}", f"--found={found}"],
        env={**os.environ, "PYTHONHASHSEED": "0"},  # so that a seed is the same run again
        capture_output=True,
        text=True,
        check=False,
    )
    log = ended.stdout + ended.stderr
    done = re.search(r"Done (\d+) runs", log)
    print(f"{name:12} {done[1] if done else 'no end after'} runs", flush=True)  # noqa: T201
    if ended.returncode or not done:
        print(f"{log[-4000:]}\n{name}: broken; the input is in {found}", flush=True)  # noqa: T201
        return 1
    return 0


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
