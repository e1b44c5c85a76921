import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.passages import embedded_texts, split
from rag.adapters.bundled_model import BundledEmbedder
from rag.protocols import Embedder
from rag.types import Document
from tests.unit.ingest.fakes import WordEmbedder, document

WORDS = st.sampled_from(
    [
        "Mr.",
        "So",
        "the",
        "end.",
        "Why?",
        "\n",
        "\n\n",
        ";",
        ",",
        "(a)",
        "3.5",
        "x" * 90,
        "0f" * 300,
        "กขคง" * 37,
        "naïve",
        "日本",
        "é",
        "😀",
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=120).map(" ".join).filter(str.strip)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    starts = draw(st.sets(st.integers(0, len(text) - 1), max_size=4))
    return document(
        text,
        title=draw(st.sampled_from(["T", "A rather long title of a paper " * 9])),
        sections={start: f"Section {start}" for start in starts},
    )


@settings(max_examples=60)
@given(source=documents(), window=st.integers(8, 60))
def test_passages_hold_every_visible_character_once_and_fit(source: Document, window: int) -> None:
    check(source, WordEmbedder(window))


@pytest.fixture(scope="module")
def real() -> Embedder:
    return BundledEmbedder()


@settings(max_examples=20)
@given(source=documents())
def test_the_same_holds_for_a_real_tokenizer(source: Document, real: Embedder) -> None:
    check(source, real)


@pytest.mark.parametrize("text", ["0f" * 10_000, f"{'กขคง' * 37} " * 50])
def test_a_run_that_a_real_tokenizer_does_not_know_is_cut(text: str, real: Embedder) -> None:
    check(document(text), real)


def check(source: Document, embedder: Embedder) -> None:
    passages = split(source, embedder)
    assert all(passage.text == passage.span.cut(source.text) for passage in passages)
    covered = [at for one in passages for at in range(one.span.start, one.span.end)]
    assert covered == sorted(set(covered))
    visible = {at for at, character in enumerate(source.text) if not character.isspace()}
    assert visible <= set(covered)
    assert (
        max(embedder.count_tokens(embedded_texts(source, passages, embedder)))
        <= embedder.window_tokens
    )
    assert max(len(passage.text) for passage in passages) <= 8 * embedder.window_tokens


@settings(max_examples=40)
@given(source=documents())
def test_passages_keep_to_one_section_and_begin_and_end_with_words(source: Document) -> None:
    starts = {one.span.start for one in source.sections}
    for passage in split(source, WordEmbedder(20)):
        assert not starts & set(range(passage.span.start + 1, passage.span.end))
        assert passage.text == passage.text.strip()
        assert passage.section == source.place(passage.span).section


@settings(max_examples=20)
@given(source=documents(), window=st.integers(8, 60))
def test_splitting_twice_is_the_same(source: Document, window: int) -> None:
    assert split(source, WordEmbedder(window)) == split(source, WordEmbedder(window))
