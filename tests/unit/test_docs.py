"""Docs that would drift from the code are compared with it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from api.cli import app
from eval.cli import app as eval_app
from rag.settings import LimitSettings, Settings
from tests.integration.test_http_access import RULES

ROOT = Path(__file__).parents[2]


def settings_rows() -> list[str]:
    """A table row for each setting: its variable, default, bounds and description."""
    rows = []
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            rows += [
                _row(f"{name}__{inner}", inner_field)
                for inner, inner_field in group.model_fields.items()
            ]
        else:
            rows.append(_row(name, field))
    return rows


def _row(name: str, field: FieldInfo) -> str:
    default = "unset" if field.default is None else f"`{field.default}`"
    bounds = ", ".join(
        f"{symbol} {getattr(limit, attribute):,}"
        for limit in field.metadata
        for attribute, symbol in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))
        if hasattr(limit, attribute)
    )
    return f"| `VERSE_{name.upper()}` | {default} | {bounds} | {field.description} |"


def test_the_settings_page_lists_every_setting() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    table = [line for line in page.splitlines() if line.startswith("| `VERSE_")]
    assert table == settings_rows()


def test_the_command_line_page_names_every_command() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    command = get_command(app)
    names = command.list_commands(None)  # type: ignore[attr-defined] # a typer group
    assert set(re.findall(r"^\| `verse ([a-z]+)", page, re.MULTILINE)) == set(names)


def test_every_command_but_eval_takes_what_the_page_says() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert "Every command but `verse eval`" in page
    leaves = {name: set(options) for name, options in _options(get_command(app), "verse")}
    expected = {"--data", "--json", "-v"}
    lacking = {name for name, options in leaves.items() if not expected <= options}
    assert lacking - {"verse mcp"} == {name for name in leaves if name.startswith("verse eval ")}
    assert expected - leaves["verse mcp"] == {"--json"}


def test_the_http_page_lists_every_call_with_what_it_needs() -> None:
    page = (ROOT / "docs" / "http.md").read_text()
    rows = re.findall(r"^\| `([A-Z]+ [^`]+)` \| (\S+) \|", page, re.MULTILINE)
    addresses = {call.replace(":path}", "}"): scope for call, scope in RULES.items()}
    assert {call: None if needs == "–" else needs for call, needs in rows} == addresses


def test_the_security_page_has_the_limits_as_they_are_set() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`VERSE_LIMITS__([A-Z_]+)`", page))
    assert named == {name.upper() for name in LimitSettings.model_fields}


def test_completion_is_offered_nowhere() -> None:
    for command in (app, eval_app):
        assert "--install-completion" not in {
            o for one in get_command(command).params for o in one.opts
        }


def _options(command: Any, name: str) -> Iterator[tuple[str, list[str]]]:
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(None):
            yield from _options(command.get_command(None, inner), f"{name} {inner}")
    else:
        yield name, [option for one in command.params for option in one.opts]


def test_pages_link_only_to_what_there_is() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
