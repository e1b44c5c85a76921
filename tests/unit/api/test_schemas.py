import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from api.schemas import AskIn, FiltersIn, SearchIn


def test_a_question_alone_is_enough() -> None:
    sent = AskIn.model_validate({"question": "Who?"})
    assert (sent.collection, sent.composer, sent.history) == ("default", "auto", [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": 7}, "question"),
        ({"question": "half \ud800"}, "question"),
        ({"question": "Who?", "colection": "x"}, "colection"),
        ({"question": "Who?", "stream": "no"}, "stream"),
        ({"question": "Who?", "composer": "poet"}, "composer"),
        ({"question": "Who?", "history": [{"role": "system", "content": "x"}]}, "history"),
        ({"question": "Who?", "history": [{"role": "user", "content": ""}]}, "history"),
        ({"question": "Who?", "history": [{"role": "user", "content": "x" * 20_001}]}, "history"),
        ({"question": "Who?", "filters": {"published_after": 0}}, "filters"),
        ({"question": "Who?", "filters": {"published_after": "2024-13-01"}}, "filters"),
        ({"question": "Who?", "filters": {"published_after": "2024-01-01T00:00:00"}}, "filters"),
        ({"question": "Who?", "filters": {"author": "x"}}, "filters"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AskIn.model_validate(body)
    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize("k", [0, -1, True, "3", 1.5, float("nan")])
def test_k_is_a_positive_whole_number(k: object) -> None:
    with pytest.raises(ValidationError):
        SearchIn.model_validate({"query": "x", "k": k})


def test_filters_take_days() -> None:
    sent = FiltersIn.model_validate({"published_after": "2024-02-29"})
    assert sent.published_after == dt.date(2024, 2, 29)
