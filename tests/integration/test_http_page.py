"""The chat page as HTTP has it: what is served, under which policy, and that it is what its source makes."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.page import STATIC
from rag.bootstrap import assemble
from rag.settings import AccessSettings, Settings
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import BASE, fake_library, served
from tests.integration.test_http import assert_problem

WEB = Path(__file__).parents[2] / "api/web"
WIKI = "https://wiki.example"
FIRST_LOAD_BYTES = 300_000  # compressed, with both fonts that a first answer needs


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        yield client


def loaded_at_once(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page)


def test_the_page_loads_only_what_is_served_beside_it(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    referred = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(referred) >= 3
    for address in referred:
        assert address.startswith("./")
        assert client.get(address[1:]).status_code == 200
    assert "<style" not in page.text
    assert not re.search(r"<script(?![^>]*\ssrc=)", page.text)


def test_its_policy_lets_nothing_in_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"unsafe|https?:|\*|data:", policy)


def test_scripts_are_called_scripts_and_kept(client: TestClient) -> None:
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
    for path in loaded_at_once(client.get("/").text):
        response = client.get(f"/{path}")
        assert response.headers["content-type"] == kinds[Path(path).suffix]
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["x-content-type-options"] == "nosniff"


def test_parts_come_compressed_to_who_takes_that(client: TestClient) -> None:
    script, *_ = [one for one in loaded_at_once(client.get("/").text) if one.endswith(".js")]
    plain = client.get(f"/{script}", headers={"accept-encoding": "identity"})
    squeezed = client.get(f"/{script}", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert squeezed.headers["content-encoding"] == "gzip"
    assert squeezed.content == plain.content
    assert int(squeezed.headers["content-length"]) < len(plain.content) / 2


@pytest.mark.parametrize(
    "name",
    ["../index.html", "..%2Findex.html", "%2e%2e/index.html", "/etc/passwd", "nope.js", ""],
)
def test_nothing_but_the_parts_can_be_read(client: TestClient, name: str) -> None:
    response = client.get(f"/assets/{name}")
    assert_problem(response, 404, "not-found")


def test_a_first_load_is_within_its_budget(client: TestClient) -> None:
    page = client.get("/").text
    parts = [STATIC / one for one in loaded_at_once(page)]
    fonts = [
        one
        for one in (STATIC / "assets").glob("literata-latin-wght-*.woff2")
        if re.search(r"-(normal|italic)-", one.name)
    ]
    assert len(fonts) == 2
    total = sum(len(gzip.compress(one.read_bytes())) for one in parts) + sum(
        one.stat().st_size for one in fonts
    )
    assert total <= FIRST_LOAD_BYTES


def test_no_site_may_frame_it_unless_it_is_named(client: TestClient) -> None:
    assert_problem(client.get("/embed"), 404, "not-found")
    settings = Settings(access=AccessSettings(origins=(WIKI,)))
    library = assemble(settings, InMemoryStore(), HashingEmbedder())
    with TestClient(create_app(library, own=False), base_url=BASE) as named:
        assert f"frame-ancestors {WIKI};" in named.get("/embed").headers["content-security-policy"]
        assert "frame-ancestors 'none'" in named.get("/").headers["content-security-policy"]


def test_what_is_served_is_built_from_the_source_beside_it() -> None:
    """`make web` builds it; this digest, which the build writes, needs no Node."""
    named = ["index.html", "package-lock.json", "vite.config.ts"]
    for folder in ("public", "src"):
        named += [str(p.relative_to(WEB)) for p in (WEB / folder).rglob("*") if p.is_file()]
    digest = hashlib.sha256()
    for path in sorted(named):
        digest.update(path.encode() + b"\0" + (WEB / path).read_bytes() + b"\0")
    assert (STATIC / "sources.sha256").read_text().strip() == digest.hexdigest()
