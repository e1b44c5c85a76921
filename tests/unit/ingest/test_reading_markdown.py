import datetime as dt
import time

import pytest

from ingest.reading import Reading, read
from rag.errors import EmptyDocument
from rag.types import SectionLocator

NOTES = """\
---
title: "Dredging notes"
author: [Ada Marsh]
date: 2024-05-03
tags:
  - quay
---
# The channel

It has *silted up*, says [the **harbour** board](https://quay.example/board "board")
since the storm.\\
See ![a chart of the `quay`](chart.png) & <b>more</b><br>of &eacute;t&eacute;, <Ada> said.

## What it costs ##

| Year | Tonnes | Who |
|------|-------:|-----|
| 2022 | **1,400** | Ada | late |
| 2023 | `n/a` |

* Dredger
  1. hired
  2. paid

> Quoted words.

```python
# no heading
dredge("**all**")
```

<!-- hidden --><div>Shown<script>hide()</script></div>

[link]: https://quay.example

Who pays
--------
- [ ] Ask [the board][link]
"""


def paths(reading: Reading) -> list[tuple[str, ...]]:
    return [one.path for one in reading.locators if isinstance(one, SectionLocator)]


def test_the_text_is_what_a_reader_sees() -> None:
    reading = read(NOTES.encode(), name="notes.md")
    assert reading.text.split("\n\n") == [
        "The channel",
        "It has silted up, says the harbour board\nsince the storm.\n"
        "See a chart of the quay & more\nof été, <Ada> said.",
        "What it costs",
        "Year: 2022; Tonnes: 1,400; Who: Ada; late.",
        "Year: 2023; Tonnes: n/a.",
        "* Dredger",
        "1. hired",
        "2. paid",
        "Quoted words.",
        '# no heading\ndredge("**all**")',
        "Shown",
        "Who pays",
        "- [ ] Ask the board",
    ]
    assert reading.media_type == "text/markdown"
    assert reading.warnings == ()


def test_headings_are_sections() -> None:
    reading = read(NOTES.encode(), name="notes.md")
    assert paths(reading) == [
        ("The channel",),
        ("The channel", "What it costs"),
        ("The channel", "Who pays"),
    ]
    for one in reading.locators:
        assert isinstance(one, SectionLocator)
        assert one.span.cut(reading.text).startswith(one.path[-1])


def test_front_matter_says_what_the_text_is() -> None:
    reading = read(NOTES.encode(), name="notes.md")
    assert (reading.title, reading.author) == ("Dredging notes", "Ada Marsh")
    assert reading.published is not None
    assert reading.published.value == dt.date(2024, 5, 3)
    assert reading.published.found_by == "front matter"


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    text = "---\nNot a field, but prose: words.\n---\n\nMore **of** it.\n"
    assert read(text.encode(), name="x.md").text.startswith("Not a field, but prose: words.")


def test_without_front_matter_the_first_heading_is_the_title() -> None:
    assert read(b"Some words.\n\n# The *quay*\n\nMore.\n", name="x.md").title == "The quay"


def test_a_rule_under_a_long_paragraph_makes_no_section() -> None:
    text = "# Quay\n\n" + "Many words stand here. " * 20 + "\n---\nMore.\n"
    reading = read(text.encode(), name="x.md")
    assert paths(reading) == [("Quay",)]
    assert "Many words" in reading.text


@pytest.mark.parametrize(
    "text",
    [
        "# One\n\nwords\n\n## Two\n\nwords",
        "See [a](b), [c](d) and [e](f).",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Intro\n\n```\ncode\n```\n",
        "# One\n\nSome **bold** words",
        "---\ntitle: One\n---\nwords",
        "- [ ] one\n- [x] two\n",
        "# One\r\n\r\nwords\r\n\r\n# Two\r\n\r\nwords",
    ],
)
def test_markdown_is_told_by_its_marks(text: str) -> None:
    assert read(text.encode(), name="x.txt").media_type == "text/markdown"


@pytest.mark.parametrize(
    "text",
    [
        "Minutes of May\n\n- one\n- two\n\n1. three\n",
        "# a comment\nvalue = 1\n# another\nother = 2\n",
        "# a\n# b\n# c\n\n# d\n# e\n",
        "It cost 3 * 4 * 5 and x_y_z [sic] (as it were).",
        "Words\n-----\nmore words\n",
        "He said [one](two).",
    ],
)
def test_plain_text_is_not_taken_for_markdown(text: str) -> None:
    reading = read(text.encode(), name="x.txt")
    assert (reading.media_type, reading.text) == ("text/plain", text)


def test_the_name_decides_where_the_content_does_not() -> None:
    assert read(b"Some *words*.", name="notes.MD").text == "Some words."
    assert read(b"Some *words*.", name="notes.txt").text == "Some *words*."
    assert read(b"<html><body>Words", name="notes.md").media_type == "text/html"


def test_nothing_to_see_is_empty() -> None:
    with pytest.raises(EmptyDocument):
        read(b"---\ntitle: x\n---\n<!-- nothing -->\n", name="x.md")


def test_what_nests_too_deeply_is_kept_as_plain_text() -> None:
    reading = read((">" * 500 + " **deep** words").encode(), name="x.md")
    assert "**deep** words" in reading.text
    assert any("plain text" in warning for warning in reading.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "![" * 5_000,
        "*a **b " * 3_000,
        "- " * 5_000 + "x",
        "> " * 5_000 + "x",
        "`" * 5_000,
        "<!--" * 3_000,
        "<script" * 3_000,
        "| a " * 3_000 + "\n" + "|---" * 3_000 + "\n" + "| b " * 3_000,
        "&#x200b;&#0;&#xd800; x",
        "---\n" * 3_000,
    ],
    ids=range(11),
)
def test_hostile_markdown_is_read_in_time(text: str) -> None:
    begun = time.monotonic()
    reading = read(f"words\n\n{text}\n".encode(), name="x.md")
    assert "words" in reading.text
    assert "\u200b" not in reading.text
    assert time.monotonic() - begun < 5


def test_a_table_may_stand_in_a_list_or_a_quotation() -> None:
    listed = b"- | a | b |\n  |---|---|\n  | 1 | 2 | 3 |\n  | 6 |\n\n"
    quoted = b"> | c | d |\n> |--|--|\n> | 4 | 5 | 7 |\n"
    text = read(b"# T\n\n" + listed + quoted, name="x.md").text
    assert text == "T\n\n- a: 1; b: 2; 3.\n\na: 6.\n\nc: 4; d: 5; 7."


def test_a_cell_may_hold_a_bar_and_a_table_may_have_headers_alone() -> None:
    assert read(b"# T\n\n| Name | Signs |\n|--|--|\n| a \\| b | **x** |\n", name="x.md").text == (
        "T\n\nName: a | b; Signs: x."
    )
    assert read(b"# T\n\n| Name | Signs |\n|--|--|\n", name="x.md").text == "T\n\nName\tSigns"
