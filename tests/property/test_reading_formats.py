"""Laws that every reader keeps: nothing is lost, everything has one place, and reading twice is the same."""

from itertools import combinations, pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ingest.reading import read
from rag.encoding import encode, locator_rows
from rag.types import Span
from tests.formats import TELLERS, Chapter, Story
from tests.sound import check, check_places

_WORD = st.text("abcdefghiklmnoprstuvz", min_size=2, max_size=9)
_NUMBER = st.integers(0, 2100).map(str)
_HEADING = st.lists(_WORD | _NUMBER, min_size=1, max_size=4).map(
    lambda words: " ".join(["On", *words])
)
_SENTENCE = st.lists(_WORD | _NUMBER, min_size=3, max_size=14).map(
    lambda words: " ".join(words).capitalize() + "."
)
_PARAGRAPH = st.lists(_SENTENCE, min_size=1, max_size=4).map(" ".join)
STORIES = st.lists(
    st.builds(Chapter, _HEADING, st.lists(_PARAGRAPH, min_size=1, max_size=4).map(tuple)),
    min_size=1,
    max_size=4,
).map(tuple)


def _differ_in_part(one: Chapter, other: Chapter) -> bool:
    shared = {one.heading, *one.paragraphs} & {other.heading, *other.paragraphs}
    return one != other and bool(shared)


@pytest.mark.parametrize("name", TELLERS)
@settings(max_examples=12)
@given(story=STORIES)
@example(story=(Chapter("On aa", ("Aa aa aa.",)),) * 2)
@example(
    story=(
        Chapter("On aa", ("Aa aa aa.", "Aa aa aa aa aaaa aaaaaaaa aaaaaaaa 100 100 100 100 aa.")),
        Chapter("On nf", ("Aa aa aa aa.", f"Aa {9 * 'aa '}aaaa aaaaaaa aaaaaaaa aa.")),
    )
)
def test_no_word_is_lost_and_every_place_is_one(name: str, story: Story) -> None:
    lines = [line for chapter in story for line in (chapter.heading, *chapter.paragraphs)]
    # Captions of which many begin with the one before are rolling ones, and are read once.
    assume(not any(after.startswith(line) for line, after in pairwise(lines)))
    if name == "story.pdf":
        # What stands at one place of pages that differ is a running line, and is read once.
        assume(not any(_differ_in_part(*two) for two in combinations(story, 2)))
    content = TELLERS[name](story)
    reading = read(content, name=name)
    document = check(reading)
    found = " ".join(reading.text.split())
    at = 0
    for line in lines:
        at = found.index(" ".join(line.split()), at) + 1
    check_places(document, [Span(start, start + 1) for start in range(len(document.text))])
    assert read(content, name=name) == reading
    assert encode(locator_rows(read(content, name=name).locators)) == encode(
        locator_rows(reading.locators)
    )


@pytest.mark.parametrize(
    "name", ["story.html", "story.md", "story.docx", "story.pptx", "story.epub"]
)
@settings(max_examples=12)
@given(story=STORIES)
def test_a_chapters_paragraphs_stand_in_its_section(name: str, story: Story) -> None:
    if name == "story.html":
        # A long paragraph that follows itself is taken for an overlap in the main text, and is read once.
        assume(
            all(one != after for chapter in story for one, after in pairwise(chapter.paragraphs))
        )
    document = check(read(TELLERS[name](story), name=name))
    at = 0
    for chapter in story:
        for paragraph in chapter.paragraphs:
            at = document.text.index(paragraph, at)
            assert document.place(Span(at, at + 1)).section[-1] == chapter.heading
            at += len(paragraph)  # two chapters may have the same one
