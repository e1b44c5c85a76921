"""The measures, worked out by hand."""

import pytest

from eval.bench import BenchDocument, BenchQuestion
from eval.passages import measure, scored
from rag.types import Document, Passage, Span
from tests.fakes import HashingEmbedder
from tests.make import document

# Ten characters each; the words of a passage decide which question finds it.
TEXT = "red apple.blue bird.cold rain.warm wind.dark moon.tall tree."


def tens(source: Document) -> list[Passage]:
    return [Passage.of(source, Span(at, at + 10)) for at in range(0, len(source.text), 10)]


def overlapping(source: Document) -> list[Passage]:
    return [Passage.of(source, Span(at, at + 20)) for at in range(0, len(source.text) - 10, 10)]


def asked(*spans: tuple[int, int], question: str = "red apple") -> BenchQuestion:
    evidence = tuple(("d1", Span(*one)) for one in spans)
    return BenchQuestion(id="q", question=question, answers=("x",), evidence=evidence)


def test_scores_of_one_question() -> None:
    found = scored([document(TEXT)], [asked((0, 5))], tens, HashingEmbedder())
    assert (found.passages, found.mean_chars) == (6, 10)
    assert (
        found.recall.value == 1
    )  # five of six passages are retrieved, the first of them among the five
    assert found.precision.value == pytest.approx(5 / 50)
    assert found.iou.value == pytest.approx(5 / 50)
    assert found.precision_omega.value == pytest.approx(5 / 10)


def test_an_excerpt_across_passages_touches_each() -> None:
    found = scored([document(TEXT)], [asked((8, 12))], tens, HashingEmbedder())
    assert found.precision_omega.value == pytest.approx(4 / 20)


def test_what_passages_repeat_counts_as_retrieved_each_time() -> None:
    found = scored([document(TEXT)], [asked((10, 20))], overlapping, HashingEmbedder())
    assert found.recall.value == 1
    assert found.precision.value == found.iou.value == pytest.approx(10 / 100)
    assert found.precision_omega.value == pytest.approx(10 / 40)


def test_excerpts_that_are_not_retrieved_cost_recall() -> None:
    two = [document("red apple." * 8), document("tall tree.", id="d2")]
    question = BenchQuestion(
        id="q", question="red apple", answers=("x",), evidence=(("d2", Span(0, 10)),)
    )
    found = scored(two, [question], tens, HashingEmbedder(), headed=False)
    assert (
        found.recall.value,
        found.precision.value,
        found.iou.value,
        found.precision_omega.value,
    ) == (0, 0, 0, 1)


def test_both_sides_are_measured_at_one_mean_length() -> None:
    words = " ".join(f"Sentence {n} is about thing {n % 50} and says so." for n in range(400))
    documents = [BenchDocument(id="d1", title="T", text=words)]
    scores = measure(documents, [asked((0, 20), question="thing 3")], HashingEmbedder())
    lengths = [one.mean_chars for one in scores.values()]
    assert len(scores) == 3
    assert max(lengths) / min(lengths) < 1.1
    assert all(0 <= one.iou.value <= one.precision_omega.value <= 1 for one in scores.values())
