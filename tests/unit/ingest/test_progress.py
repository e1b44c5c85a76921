"""How many pages are read, from who writes it down to who looks."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path

import pytest

from ingest.progress import NONE_YET, Watch, tell_pages, tell_to, written_to

Told = tuple[Watch, list[tuple[int, int]]]


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[int]:
    """The descriptor of a file in which no page is read yet."""
    path = tmp_path / "numbers"
    path.write_bytes(NONE_YET)
    descriptor = os.open(path, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def told(numbers: int, monkeypatch: pytest.MonkeyPatch) -> Told:
    """A watch that looks whenever it is asked to, and what it passes on."""
    monkeypatch.setattr(Watch, "every_s", 0.0)
    passed_on: list[tuple[int, int]] = []
    return Watch(numbers, lambda *pages: passed_on.append(pages)), passed_on


def test_what_a_reader_tells_is_passed_on_once(numbers: int, told: Told) -> None:
    watch, passed_on = told

    def read() -> None:
        tell_to(written_to(numbers))
        watch.look()
        for page in (0, 1, 1, 2):
            tell_pages(page, 2)
            watch.look()

    copy_context().run(read)
    assert passed_on == [(0, 2), (1, 2), (2, 2)]


def test_pages_are_told_to_nobody_where_nobody_is_named(numbers: int, told: Told) -> None:
    watch, passed_on = told
    tell_pages(1, 2)
    watch.look()
    assert passed_on == []


@pytest.mark.parametrize("pages", [(3, 2), (0, 0), (1, 1_000_001), (2**32 - 1, 2**32 - 1)])
def test_numbers_that_cannot_be_true_stay_where_they_are(
    numbers: int, told: Told, pages: tuple[int, int]
) -> None:
    watch, passed_on = told
    os.pwrite(numbers, struct.pack("=II", *pages), 0)
    watch.look()
    assert passed_on == []


def test_a_file_that_was_cut_short_says_nothing(numbers: int, told: Told) -> None:
    watch, passed_on = told
    os.pwrite(numbers, struct.pack("=II", 1, 2), 0)
    os.ftruncate(numbers, 5)
    watch.look()
    assert passed_on == []


def test_a_watch_waits_between_looks(numbers: int) -> None:
    passed_on: list[tuple[int, int]] = []
    watch = Watch(numbers, lambda *pages: passed_on.append(pages))
    os.pwrite(numbers, struct.pack("=II", 1, 2), 0)
    watch.look()
    assert passed_on == []
