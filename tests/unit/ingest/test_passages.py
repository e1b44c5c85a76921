from dataclasses import replace

from ingest.passages import embedded_texts, split
from tests.unit.ingest.fakes import WordEmbedder, document


def texts(text: str, *, window: int, sections: dict[int, str] | None = None) -> list[str]:
    passages = split(document(text, title="T", sections=sections), WordEmbedder(window))
    return [passage.text for passage in passages]


def test_sentences_are_packed_whole() -> None:
    # Header "T" takes 1 token of 12; a sentence takes 5, so that two of them fit into 11.
    text = "One two six ten. Red sea. Two men ran on. All did."
    assert texts(text, window=12) == ["One two six ten. Red sea.", "Two men ran on. All did."]


def test_a_half_full_passage_ends_with_its_paragraph() -> None:
    text = "One two six ten. Red sea.\n\nTwo men ran on. All did."
    assert texts(text, window=17) == ["One two six ten. Red sea.", "Two men ran on. All did."]
    assert len(texts(text, window=40)) == 1


def test_a_passage_that_is_less_than_half_full_runs_on_into_the_next_paragraph() -> None:
    # The first paragraph takes 5 tokens of 11, all three 15.
    text = "One two six ten.\n\nRed sea.\n\nTwo men ran on. All did."
    assert texts(text, window=12) == ["One two six ten.\n\nRed sea.", "Two men ran on. All did."]
    assert texts(text, window=11) == ["One two six ten.", "Red sea.\n\nTwo men ran on.", "All did."]


def test_a_passage_stays_short_in_a_large_window() -> None:
    found = texts("One two six ten. " * 200, window=8000)
    assert {one.count(".") for one in found[:-1]} == {24}  # of 5 tokens each, 120 in all


def test_no_passage_crosses_the_start_of_a_section() -> None:
    text = "Lead.\n\nFirst\n\nShort.\n\nSecond\n\nAlso short."
    sections = {7: "First", 22: "Second"}
    passages = split(document(text, title="T", sections=sections), WordEmbedder())
    assert [(one.text, one.section) for one in passages] == [
        ("Lead.", ()),
        ("First\n\nShort.", ("First",)),
        ("Second\n\nAlso short.", ("Second",)),
    ]


def test_a_sentence_longer_than_a_passage_is_cut_between_words() -> None:
    text = "and so on " * 30
    found = texts(text, window=11)
    assert " ".join(" ".join(found).split()) == text.strip()
    assert all(one in text for one in found)


def test_a_word_longer_than_a_passage_is_cut_too() -> None:
    found = texts("x" * 500, window=11)
    assert "".join(found) == "x" * 500
    assert len(found) > 10


def test_title_and_headings_are_embedded_and_never_in_the_passage() -> None:
    text = "Heading\n\nA sentence."
    source = document(text, title="The Title", sections={0: "Heading"})
    embedder = WordEmbedder()
    passages = split(source, embedder)
    assert embedded_texts(source, passages, embedder) == [f"The Title › Heading\n{text}"]
    assert passages[0].text == text


def test_a_heading_that_repeats_the_title_is_named_once() -> None:
    source = document("Heading\n\nA sentence.", title="Heading", sections={0: "Heading"})
    embedder = WordEmbedder()
    assert embedded_texts(source, split(source, embedder), embedder)[0].count("Heading") == 2


def test_a_long_title_leaves_three_quarters_of_the_window() -> None:
    source = document("A sentence. " * 50, title="very " * 500)
    embedder = WordEmbedder(40)
    passages = split(source, embedder)
    (header, _), *_ = [text.split("\n") for text in embedded_texts(source, passages, embedder)]
    assert embedder.count_tokens([header]) == [10]


def test_a_title_of_one_endless_word_is_left_out() -> None:
    source = document("A sentence.", title="x" * 5000)
    embedder = WordEmbedder(40)
    assert embedded_texts(source, split(source, embedder), embedder) == ["A sentence."]


def test_a_text_that_the_model_does_not_read_is_measured_in_words() -> None:
    text = "Hafenrundfahrt ist schön heute. " * 60
    covered, other = document(text), replace(document(text), language="de")
    embedder = WordEmbedder(300)
    lengths = [max(len(one.text.split()) for one in split(x, embedder)) for x in (covered, other)]
    assert lengths[0] < 60
    assert 110 < lengths[1] <= 120
