"""Quarters of a year, by what a line and the headings above it say."""

import pytest

from rag.quarters import called, tells_of

REPORT = ("Annual report 2024",)
FIRST, THIRD, FOURTH = "first quarter", "third quarter", "fourth quarter"


@pytest.mark.parametrize(
    ("line", "headings", "quarter", "years", "tells"),
    [
        ("Quarter: First quarter; Orders: 55.", REPORT, FIRST, {2024}, True),
        ("Quarter: First quarter; Orders: 1950.", REPORT, FIRST, {2024}, True),
        ("Quarter: First quarter; Orders: 55.", REPORT, FIRST, {2023}, False),
        ("Quarter: Q1 2024; Orders: 55.", ("Orders",), FIRST, {2024}, True),
        ("Quarter: Q1 2023; Orders: 55.", REPORT, FIRST, {2024}, False),
        ("Orders came to 41.", ("Report", "Q3 2024"), THIRD, {2024}, True),
        ("In the first quarter Arda had 41 orders, up from 38 in 2023.", REPORT, FIRST, {2024}, True),
        ("In the third quarter of 2023 Arda had 41 orders.", REPORT, THIRD, {2024}, False),
        ("For the first time Arda had 63 orders in the third quarter.", REPORT, FIRST, {2024}, False),
        ("Orders of the fourth quarter came to 58.", ("Call of 27 February 2025",), FOURTH, {2024}, True),
        ("Orders of the third quarter came to 58.", ("Call of 27 February 2025",), THIRD, {2024}, False),
        ("Orders of the third quarter came to 58.", ("Call",), THIRD, set[int](), True),
        ("Orders came to 58.", REPORT, THIRD, {2024}, False),
    ],
)  # fmt: skip
def test_a_line_tells_of_a_quarter(
    line: str, headings: tuple[str, ...], quarter: str, years: set[int], *, tells: bool
) -> None:
    assert tells_of(line, headings, quarter, years) is tells


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("In the first quarter of 2024 orders came to 55.", "first quarter of 2024"),
        ("Quarter: Q1 2024; Orders: 55.", "Q1 2024"),
        ("Orders: 55.", FIRST),
    ],
)
def test_a_quarter_is_called_as_its_line_does(line: str, name: str) -> None:
    assert called(line, FIRST) == name
