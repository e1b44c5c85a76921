"""The hooks that are shell lines, run as pre-commit runs them: each split into words, then the files."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / ".pre-commit-config.yaml"
KEY = f"-----BEGIN OPENSSH {'PRIVATE'} KEY-----\n"  # in two parts, or the hook would find it here


def passes(hook: str, *files: Path) -> bool:
    entry = re.search(rf"- id: {hook}\n.*\n +entry: (.+)", CONFIG.read_text())
    assert entry
    command = [*shlex.split(entry[1]), *map(str, files)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    ("hook", "content"), [("private-keys", KEY), ("large-files", "a" * 1_000_001)]
)
def test_a_bad_file_is_found_wherever_it_stands(tmp_path: Path, hook: str, content: str) -> None:
    bad, good = tmp_path / "a bad one", tmp_path / "good"
    bad.write_text(content)
    good.write_text("Nothing to hide.\n")
    assert passes(hook, good)
    for files in ((bad,), (bad, good), (good, bad)):
        assert not passes(hook, *files)
