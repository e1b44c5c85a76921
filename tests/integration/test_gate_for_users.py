"""The gate that users copy into their repository, run there as GitHub and pre-commit run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.suites import question, write_suite

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
EXAMPLE = ROOT / "examples/gate"
GATES = [question(id=f"gate-{number}") for number in range(6)]  # enough for a significant drop
GIT = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


class Repository:
    """A scratch repository with a suite and all that users copy."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder / "work", folder / "runner"
        self.summary = self.temporary / "summary.md"
        self.temporary.mkdir(parents=True)
        write_suite(self.folder / "suites/harbour", GATES)
        shutil.copytree(EXAMPLE, self.folder, dirs_exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def git(self, *arguments: str) -> None:
        subprocess.run(  # noqa: S603
            ["git", *GIT, *arguments],  # noqa: S607
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=A step")

    def bash(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a step with `shell: bash` is run."""
        path = self.temporary / "step.sh"
        path.write_text(script)
        return self._run(["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)], variables)

    def action(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the action's steps; gives what the first that failed said, or the last."""
        action = YAML(typ="safe").load(EXAMPLE / ".github/actions/answers/action.yml")
        known = {f"inputs.{name}": one["default"] for name, one in action["inputs"].items()}
        known |= {"runner.temp": str(self.temporary)}
        told: subprocess.CompletedProcess[str] | None = None
        for step in action["runs"]["steps"]:
            if told is None or told.returncode == 0 or step.get("if") == "always()":
                done = self.bash(step["run"], **_filled(step.get("env", {}), known), **variables)
                told = done if told is None or told.returncode == 0 else told
        assert told is not None
        return told

    def hook(self, **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["pre-commit", "run", "--all-files", "--hook-stage", "pre-push", "--verbose"]
        return self._run(command, variables)

    def _run(
        self, command: list[str], variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VERSE_")
        }
        environment |= {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",  # what is to be installed is there: nothing is fetched
            "PRE_COMMIT_HOME": str(self.temporary / "pre-commit"),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **variables,
        }
        return subprocess.run(  # noqa: S603
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


def _filled(variables: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    return {
        name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], str(value))
        for name, value in variables.items()
    }


def documented_steps() -> str:
    """The commands by which docs/evaluation.md says that a baseline is made."""
    [block] = re.findall(
        r"^```\n((?:[^`]*\n)?verse eval accept [^`]*)^```",
        (ROOT / "docs/evaluation.md").read_text(),
        re.MULTILINE,
    )
    return str(block)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("scratch"))
    without = made.action()
    assert without.returncode == 2
    assert "The baseline suites/baseline.json cannot be read" in without.stderr
    accepted = made.bash(documented_steps())
    assert accepted.returncode == 0, accepted.stderr
    made.commit()
    return made


def test_the_action_passes_what_is_no_worse_and_says_so(repository: Repository) -> None:
    repository.summary.unlink(missing_ok=True)
    done = repository.action()
    assert done.returncode == 0, done.stdout + done.stderr
    summary = repository.summary.read_text()
    assert "Comparison passed: 0 questions got worse" in summary
    assert "answers that are right" in summary


def test_the_action_refuses_changed_documents_until_a_baseline_is_accepted_with_them(
    repository: Repository,
) -> None:
    document = repository.folder / "suites/harbour/docs/notes.md"
    before = document.read_text()
    try:
        document.write_text(before + "\nThe year 2021 had two storms.\n")
        done = repository.action()
    finally:
        document.write_text(before)
    assert done.returncode == 3
    assert "The documents of harbour are not those of the baseline" in done.stderr


def test_the_hook_stops_a_push_with_worse_answers_and_lets_others_pass(
    repository: Repository,
) -> None:
    passed = repository.hook()
    assert passed.returncode == 0, passed.stdout
    assert "Skipped" not in passed.stdout
    stopped = repository.hook(VERSE_ANSWERS__ABSTAIN_BELOW="9")
    assert stopped.returncode == 1
    assert "Right before, and not now: harbour/gate-0" in stopped.stdout
