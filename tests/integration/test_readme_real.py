"""What the README shows is what the demo prints, with the real model."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = "import sys; from api.cli import main; sys.exit(main(['demo', '--data', sys.argv[1]]))"


def test_the_sample_output_is_what_the_demo_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [shown] = [block for block in readme.split("```\n") if "\n[1] “" in block]
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", DEMO, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    printed = iter(ran.stdout.splitlines())
    missing = [line for line in shown.splitlines() if line not in {"", "…"} and line not in printed]
    assert missing == []
