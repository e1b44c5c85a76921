from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reading import Reading, read
from rag.errors import DocumentError
from rag.types import SectionLocator
from tests.sound import check
from tests.unit.ingest.pdfs import pdf

# What the font of the PDFs can show.
WESTERN = st.characters(
    codec="cp1252", min_codepoint=32, exclude_categories=["Cc", "Cf", "Zs", "Nd"]
)
LINES = st.text(WESTERN | st.just(" "), max_size=40)
TAGS = [
    "<h1>",
    "</h1>",
    "<h2>Two</h2>",
    "<h3>Three</h3>",
    "<p>",
    "<li>",
    "<tr><td>",
    "<br>",
    "<div>",
]
SCRAPS = [
    "</div>",
    "<pre>",
    "&amp;",
    "&#0;",
    "&shy;",
    "&#8203;",
    "&#x202e;",
    "&zwj;é",
    "&#x2003;",
    "\x0b",
    "&#x2028;",
    "&#13;",
    "\n",
    "words and more words. ",
    "日本。",
    "<!--",
    "-->",
    "<script>",
    "\x00",
]
MARKUP = st.lists(st.sampled_from(TAGS + SCRAPS), max_size=60).map(
    lambda parts: "<html><body>" + "".join(parts)
)


def check_sections(reading: Reading) -> None:
    """A page's sections follow each other to its end."""
    check(reading)
    assert reading.title.strip()
    spans = [one.span for one in reading.locators if isinstance(one, SectionLocator)]
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert not spans or spans[-1].end == len(reading.text)


@settings(max_examples=60)
@given(
    content=MARKUP.map(str.encode) | st.binary(max_size=300) | st.text(max_size=200).map(str.encode)
)
def test_any_bytes_yield_a_sound_reading_or_a_document_error(content: bytes) -> None:
    try:
        reading = read(content, name="x")
    except DocumentError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
    else:
        check_sections(reading)
        assert read(content, name="x") == reading


@settings(max_examples=25)
@given(pages=st.lists(st.lists(LINES, max_size=6), min_size=1, max_size=4))
def test_any_pages_yield_ordered_pages_that_cover_the_text(pages: list[list[str]]) -> None:
    # A line that repeats or counts at a page's edge would be a running one, which stands once.
    starts = iter(permutations("abcdefg", 3))
    pages = [["".join(next(starts)) + line for line in lines] for lines in pages]
    words = "".join("".join(line.split()) for lines in pages for line in lines)
    try:
        reading = read(pdf(pages), name="x.pdf")
    except DocumentError:
        assert not words
    else:
        check(reading)
        assert reading.locators[0].span.start == 0
        found = "".join(reading.text.split())
        assert found.replace("-", "") == words.replace("-", "")
