"""The ranker is the pinned one, tells an answer from what resembles it, and says the same whatever is beside it."""

import logging
from pathlib import Path

import pytest

from rag.adapters import bundled_model, sentence_ranker
from rag.adapters.processor import BF16, FP32
from rag.adapters.sentence_ranker import BundledRanker
from rag.bootstrap import open_ranker
from rag.errors import ModelError
from rag.settings import AnswerSettings, EmbeddingSettings, Settings

QUESTION = "Who designed the old harbour bridge?"
SENTENCES = [
    "The old harbour bridge was closed for repairs in March.",
    "The old harbour bridge was designed by Ana Kovač, an engineer from the coast.",
    "Tickets for the ferry cost four euros.",
    "word " * 300,
    "",
]


def test_the_sentence_that_answers_goes_first() -> None:
    scores = BundledRanker().scores(QUESTION, SENTENCES)
    assert max(range(len(SENTENCES)), key=scores.__getitem__) == 1


@pytest.mark.parametrize(("compute_path", "rounding"), [(FP32, 0.002), (BF16, 0.2)])
def test_a_score_does_not_depend_on_the_sentences_beside_it(
    compute_path: str, rounding: float
) -> None:
    ranker = BundledRanker(compute_path)
    together = ranker.scores(QUESTION, [*SENTENCES, *SENTENCES[::-1]])
    alone = [ranker.scores(QUESTION, [said])[0] for said in SENTENCES]
    assert together == pytest.approx([*alone, *alone[::-1]], abs=rounding)


@pytest.mark.parametrize("compute_path", [FP32, BF16])
def test_scores_are_the_same_on_any_number_of_cores(
    monkeypatch: pytest.MonkeyPatch, compute_path: str
) -> None:
    expected = BundledRanker(compute_path).scores(QUESTION, SENTENCES * 5)
    for cores in (1, 7):
        monkeypatch.setattr(sentence_ranker, "cores", lambda n=cores: n)
        assert BundledRanker(compute_path).scores(QUESTION, SENTENCES * 5) == expected


def test_bfloat16_gives_nearly_the_same_scores() -> None:
    exact, near = (BundledRanker(path).scores(QUESTION, SENTENCES) for path in (FP32, BF16))
    assert near == pytest.approx(exact, abs=0.5)


@pytest.mark.parametrize("question", ["?", "[SEP]", "[PAD] [MASK]", "\x00", "why " * 2_000, "何"])
def test_any_question_gets_a_score_for_each_sentence(question: str) -> None:
    scores = BundledRanker().scores(question, [*SENTENCES, "[SEP]", "\x00"])
    assert len(scores) == len(SENTENCES) + 2
    assert all(-100 < one < 100 for one in scores)


def test_no_sentences_get_no_scores() -> None:
    assert BundledRanker().scores(QUESTION, []) == []


def test_corrections_that_are_missing_or_not_the_pinned_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = tmp_path / "sentence_ranker.safetensors"
    monkeypatch.setattr(sentence_ranker, "_CORRECTIONS", other)
    with pytest.raises(ModelError, match=r"cannot be read.*RANKER_WEIGHT=0") as caught:
        BundledRanker()
    assert str(tmp_path) not in str(caught.value)
    other.write_bytes(b"something else")
    with pytest.raises(ModelError, match="not the pinned file"):
        BundledRanker()


def test_without_weight_no_ranker_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sentence_ranker, "_CORRECTIONS", tmp_path / "none")
    assert (
        open_ranker(Settings(data=tmp_path, answers=AnswerSettings(ranker_weight=0)), FP32) is None
    )


def test_a_model_of_the_operator_s_without_the_installed_one_does_without_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data=tmp_path, embedding=EmbeddingSettings(model="another"))
    assert open_ranker(settings, FP32) is not None
    monkeypatch.setattr(bundled_model, "_PACKAGE", "no_such_package")
    with caplog.at_level(logging.WARNING):
        assert open_ranker(settings, FP32) is None
    assert "offline-model" in caplog.text
