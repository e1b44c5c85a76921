"""What is measured beside us, in environments and processes of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

_ROOT = Path(__file__).resolve().parents[1]
PEERS = _ROOT / "eval" / "peers"


class PeerFailed(Exception):
    """A side of a comparison cannot be run."""


def environment(work: Path, name: str, report: Callable[[str], None]) -> Path:
    """The interpreter of an environment that holds `requirements/<name>.txt`; made if it is not there.

    Raises:
        PeerFailed: it cannot be made.
    """
    home = work / name
    python, done = home / "bin" / "python", home / "done"
    if not done.exists():
        report(f"making the environment {name}")
        venv.create(home, with_pip=True, clear=True)
        requirements = _ROOT / "requirements" / f"{name}.txt"
        output_of([python, "-m", "pip", "install", "--quiet", "-r", requirements])
        done.touch()
    return python


def output_of(command: Sequence[str | Path]) -> str:
    """What a command of ours writes to standard output.

    Raises:
        PeerFailed: it fails.
    """
    done = subprocess.run(  # noqa: S603 # our own commands
        [str(part) for part in command],
        cwd=_ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PeerFailed(f"{Path(command[0]).name} failed: {done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def serving(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server of ours in a process of its own, as long as the context: the first line that it prints.

    Args:
        command: Starts it.
        variables: Of its environment, beside this process's.

    Raises:
        PeerFailed: it ends without a line.
    """
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603 # our own commands
            command,
            cwd=_ROOT,
            env={**os.environ, **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                errors.seek(0)
                raise PeerFailed(f"a server did not start: {errors.read()[-2000:]}")
            yield line.strip()
        finally:
            process.terminate()


def peak_mb() -> float:
    """The most memory that this process held, and the largest of its children."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in both) / unit
