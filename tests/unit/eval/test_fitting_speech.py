"""The borders of sentences in speech are learnt from texts with full stops."""

import gzip
import json
from pathlib import Path

import pytest

from eval.fitting_speech import Speech, _of_prose, _of_turns, fitted, judged, main


def talks(number: int) -> list[Speech]:
    """Texts in which "so" begins every sentence, and nothing else does."""
    words = ("so", "we", "went", "to", "the", "sea", "and", "back")
    return [Speech(words * 4, ((False,) * 7 + (True,)) * 4)] * number


def test_a_border_is_learnt_from_the_words_around_it() -> None:
    model = fitted(talks(20))
    odds = model.log_odds(("we", "went", "back", "so", "we", "went"))
    assert odds[2] > 0 > max(odds[:2] + odds[3:])
    assert "at 0.0: precision 1.000, recall 1.000, F1 1.000" in judged(model, talks(2))


def test_turns_end_sentences_and_lose_their_stops_and_noises() -> None:
    read = _of_turns(["Anna B: So . It 's {pause} fine , I think .", "Carl D: Yes"])
    assert read.words == ("so", "it's", "fine", "i", "think", "yes")
    assert read.ends == (True, False, False, False, True, True)


def test_prose_has_no_end_behind_what_is_shortened() -> None:
    read = _of_prose("Mr. Ito came at 5 p.m. on Monday. It rained.")
    ends = [word for word, end in zip(read.words, read.ends, strict=True) if end]
    assert ends == ["monday", "rained"]


def test_sets_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["fitting_speech", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "docs/speech.md" in capsys.readouterr().err


def test_weights_are_written_and_judged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for folder, text in (
        ("qmsum", "A: So . Fine then .\nB: So we go ."),
        ("msft-calls", "So we go. So it is."),
    ):
        path = tmp_path / folder / "corpus.jsonl.gz"
        path.parent.mkdir()
        rows = [{"id": str(number), "title": "T", "text": text} for number in range(8)]
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    (tmp_path / "train").mkdir()
    (tmp_path / "train/qed.jsonl.gz").write_bytes(
        gzip.compress(json.dumps({"context": "So we go . So it is ."}).encode())
    )
    out = tmp_path / "speech.safetensors"
    monkeypatch.setattr("eval.fitting_speech.WEIGHTS", out)
    monkeypatch.setattr("sys.argv", ["fitting_speech", str(tmp_path)])
    with caplog.at_level("INFO"):
        main()
    assert out.stat().st_size > 1000
    assert "meetings kept apart: at -0.8: precision" in caplog.text
