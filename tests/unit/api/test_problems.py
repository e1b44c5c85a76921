from collections.abc import Iterator
from pathlib import Path

import pytest

from api.docs_page import docs_page
from api.problems import KINDS, PROBLEMS, kind_of
from rag.errors import DocumentTooLarge, RagError, StoreLocked, UnknownCollection
from tests.integration.service import fake_library, served

PAGE = Path(__file__).parents[3] / "docs" / "problems.md"


def descendants(error: type[RagError]) -> Iterator[type[RagError]]:
    for child in error.__subclasses__():
        yield child
        yield from descendants(child)


@pytest.mark.parametrize("error", list(descendants(RagError)), ids=lambda e: e.__name__)
def test_every_error_of_the_tree_has_a_problem(error: type[RagError]) -> None:
    assert any(base in PROBLEMS for base in error.__mro__)


def test_the_nearest_base_decides() -> None:
    assert kind_of(UnknownCollection("x", ())).name == "unknown-collection"
    assert kind_of(DocumentTooLarge("It", 2, 1)).status == 413
    assert kind_of(StoreLocked("process 7")).name == "store-unavailable"


def test_a_type_means_one_status() -> None:
    assert len({kind.type for kind in KINDS}) == len(KINDS)


def test_every_type_is_described_in_the_docs() -> None:
    described = PAGE.read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in described.splitlines() if "| `" in line}
    assert set(rows) == {f"`{kind.type}`" for kind in KINDS}
    assert all(f"| {kind.status} |" in rows[f"`{kind.type}`"] for kind in KINDS)


def test_the_page_that_a_type_points_to_has_its_anchor_and_loads_nothing() -> None:
    with served(fake_library()) as client:
        page = docs_page(client.get("/openapi.json").json())
    assert all(f'id="{kind.name}"' in page for kind in KINDS)
    assert not any(mark in page for mark in ("<script", "src=", "@import", "http://", "https://"))
