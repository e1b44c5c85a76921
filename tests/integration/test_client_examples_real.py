"""Every example of `docs/clients.md`, run as it stands but for the address and the key."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.integration.clients import QUESTION, QUOTE, Place
from tests.integration.service import HARBOUR

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
EXAMPLES = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
PROGRAMS = {
    "python": [sys.executable, "-c"],
    "bash": ["bash", "-euc"],
    "javascript": ["node", "--input-type=module", "-e"],
}
RUN = [(language, text) for language, text in EXAMPLES if language in PROGRAMS]


def example(language: str, part: str) -> str:
    found: str
    [found] = [text for kind, text in EXAMPLES if kind == language and part in text]
    return found


def put(text: str, here: Place) -> str:
    reached = text.replace("http://127.0.0.1:8000", here.url.rstrip("/"))
    return re.sub(r"\bKEY\b", here.key, reached)


@pytest.mark.parametrize(
    ("language", "text"), RUN, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(RUN)]
)
def test_an_example_runs_and_shows_the_quote(
    here: Place, tmp_path: Path, language: str, text: str
) -> None:
    if shutil.which(PROGRAMS[language][0]) is None:
        pytest.skip(f"{PROGRAMS[language][0]} is not installed")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "harbour.txt").write_bytes(HARBOUR)
    ran = subprocess.run(  # noqa: S603
        [*PROGRAMS[language], put(text, here)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert QUOTE in ran.stdout
    assert "false" not in ran.stdout.split()


def test_open_webuis_address_and_key_are_those_of_its_example(here: Place) -> None:
    settings = dict(re.findall(r"(OPENAI_API_\w+)=(\S+)", put(example("", "open-webui"), here)))
    with httpx.Client(headers={"authorization": f"Bearer {settings['OPENAI_API_KEY']}"}) as client:
        models = client.get(f"{settings['OPENAI_API_BASE_URL']}/models").json()["data"]
        assert "rag" in [one["id"] for one in models]
        asked = {"role": "user", "content": QUESTION}
        answered = client.post(
            f"{settings['OPENAI_API_BASE_URL']}/chat/completions",
            json={"model": "rag", "messages": [asked], "stream": True},
        )
    assert QUOTE in answered.text


def test_a_host_of_tools_connects_by_its_example(here: Place, tmp_path: Path) -> None:
    servers = json.loads(put(example("json", "mcpServers"), here))["mcpServers"]
    (tmp_path / "log.txt").write_bytes(HARBOUR)
    program = ["-m", "tests.integration.light_verse"]
    environment = {**os.environ, "PYTHONPATH": str(PAGE.parents[1])}
    subprocess.run(  # noqa: S603
        [sys.executable, *program, "ingest", "log.txt"],
        check=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
    )

    async def ask() -> list[str]:
        by_address, by_command = servers["documents"], servers["folder"]
        assert by_command["command"] == "verse"
        command = StdioServerParameters(
            command=sys.executable,
            args=[*program, *by_command["args"]],
            cwd=tmp_path,
            env=environment,
        )
        told = []
        async with httpx.AsyncClient(headers=by_address["headers"]) as http:
            for transport in (
                streamable_http_client(by_address["url"], http_client=http),
                stdio_client(command),
            ):
                async with Client(transport) as client:
                    result = await client.call_tool("ask", {"question": QUESTION})
                    told.append(str(result.content))
        return told

    assert all(QUOTE in one for one in asyncio.run(ask()))
