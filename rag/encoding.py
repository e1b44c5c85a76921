"""Values of ours as JSON and back, for the store and for what reads files in a process of its own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from rag.types import LOCATOR_KINDS, DocumentDate, Locator, Span

_KINDS = {kind.__name__.removesuffix("Locator").lower(): kind for kind in LOCATOR_KINDS}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(value: object) -> str:
    """JSON of plain values, days, and values of ours as lists of their fields."""
    return json.dumps(value, default=_plain)


def locator_rows(locators: Iterable[Locator]) -> list[list[Any]]:
    """Each locator as the name of its kind and its fields in order, for `encode`."""
    return [[_NAMES[type(one)], *dataclasses.astuple(one)] for one in locators]


def locators_of(rows: Iterable[list[Any]]) -> tuple[Locator, ...]:
    """The locators of decoded `locator_rows`."""
    return tuple(_locator(row) for row in rows)


def date_of(stated: list[Any] | None) -> DocumentDate | None:
    """The date of a decoded one."""
    if stated is None:
        return None
    value, found_by, span = stated
    return DocumentDate(
        value=dt.date.fromisoformat(value), found_by=found_by, span=Span(*span) if span else None
    )


def _locator(row: list[Any]) -> Locator:
    name, span, *rest = row
    kind = _KINDS[name]
    fields = [field.name for field in dataclasses.fields(kind)][1:]
    values = dict(zip(fields, rest, strict=True))
    if "path" in values:
        values["path"] = tuple(values["path"])
    if "date" in values:
        values["date"] = date_of(values["date"])
    return kind(span=Span(*span), **values)


def _plain(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.astuple(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
