import importlib.util
from pathlib import Path
from typing import Any

import pytest

from ingest.reading import read

SUITES = Path(__file__).parents[2] / "eval" / "suites"


def script() -> Any:
    specification = importlib.util.spec_from_file_location("script", SUITES / "make_documents.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_documents_of_office_formats_are_what_their_sources_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = script()
    for source in SUITES.glob("*/sources/*.txt"):
        copy = tmp_path / source.relative_to(SUITES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        (copy.parents[1] / "docs").mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
    monkeypatch.setattr(make, "SUITES", tmp_path)
    make.main()
    written = sorted(tmp_path.glob("*/docs/*"))
    assert {path.suffix for path in written} == {".docx", ".pdf", ".xlsx"}
    for path in written:
        committed = SUITES / path.relative_to(tmp_path)
        assert read(path.read_bytes(), name="x") == read(committed.read_bytes(), name="x")


def test_every_document_of_a_suite_is_read_whole() -> None:
    documents = sorted(SUITES.glob("*/docs/*"))
    assert len(documents) >= 40
    for path in documents:
        reading = read(path.read_bytes(), name=path.name)
        assert reading.text.strip()
        assert not reading.partial, path.name
