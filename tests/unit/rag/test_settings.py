from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.settings import Settings


def test_variables_set_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSE_DATA", "/srv/x")
    monkeypatch.setenv("VERSE_RETRIEVAL__EVIDENCE", "7")
    settings = Settings()
    assert (settings.data, settings.retrieval.evidence) == (Path("/srv/x"), 7)
    assert settings.retrieval.candidates == 50


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VERSE_RETREIVAL__EVIDENCE", "7"),
        ("VERSE_RETRIEVAL__EVIDENSE", "7"),
        ("VERSE_RETRIEVAL__EVIDENCE", "0"),
        ("VERSE_RETRIEVAL__DENSE_WEIGHT", "1.1"),
    ],
)
def test_a_misspelt_or_impossible_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()
