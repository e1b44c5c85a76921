"""Speech without full stops is cut where sentences end, and nothing else is."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from rag import speech
from rag.errors import ModelError
from rag.sentences import sentences
from rag.speech import Borders, borders, divided, is_running, packed, unpacked

TALK = (
    "okay so welcome everybody to the meeting of the garden club it is the ninth of may and we are all here\n"
    "first the pond is leaking again and i think we should ask somebody who knows about ponds because last year\n"
    "we did it ourselves and the frogs moved out and then we had the plants on the roof of the shed which nobody\n"
    "wanted to water so they died yes and who will write the letter to the council about the path i can do that\n"
    "next week when i am back from the coast"
)


def cut(text: str) -> list[str]:
    return [" ".join(span.cut(text).split()) for span in divided(text)]


def test_speech_is_cut_where_sentences_end() -> None:
    begins = [" ".join(one.split()[:4]) for one in cut(TALK)]
    assert begins == ["okay so welcome everybody", "and i think we", "yes and who will"]


def test_every_word_is_kept_in_order_and_a_stretch_is_neither_too_short_nor_too_long() -> None:
    text = " ".join([TALK] * 40)
    found = divided(text)
    assert " ".join(span.cut(text) for span in found).split() == text.split()
    assert all(20 <= len(span.cut(text).split()) <= 80 for span in found)
    assert len(found) > 100


def test_words_without_any_likely_border_are_cut_all_the_same() -> None:
    text = " ".join(["of the"] * 30_000)
    found = divided(text)
    assert " ".join(span.cut(text) for span in found) == text
    assert all(len(span.cut(text).split()) <= 80 for span in found)


def test_what_corrects_stays_with_what_it_corrects() -> None:
    text = (
        "so the garden club met again on the first of june and the sun was out and we counted the tulips and there "
        "were forty forty one i mean forty one i forgot the one behind the shed and then we had tea and all went home"
    )
    assert [one for one in cut(text) if "forty forty one i mean forty one" in one]


def test_a_number_in_digits_corrects_too() -> None:
    text = (
        "so the garden club met again on the first of june and we counted the tulips and there were 40 tulips okay so "
        "actually there were 41 because one stood behind the shed and then we had tea and all went home by the bus"
    )
    assert [one for one in cut(text) if "40 tulips okay so actually there were 41" in one]


def test_a_time_of_the_recording_stands_before_what_was_said_then() -> None:
    text = "[00:00] " + TALK.replace(" yes and", "\n[01:05] yes and") + "\n[09:59]"
    found = [one.cut(text) for one in divided(text)]
    assert found[0].startswith("[00:00] okay")
    assert found[-1].startswith("[01:05] yes and who")
    assert found[-1].endswith("[09:59]")


@pytest.mark.parametrize(
    "text",
    [
        "A short line without a full stop",
        # somebody set stops
        "The board shall notify the members, and all others who asked for it, of every change that it has made since "
        "it last wrote to them, within thirty days after the day on which the change was made.",
        # long, and nobody spoke it
        "the tenant shall keep the house and the garden and the owner shall keep the roof and the road and " * 6
        + "the rest, as they please.",
        # names and numbers of a table
        " ".join(f"Budget {year} Vote 16 December For 17 Against 14 Rate 1.20 Ferro" for year in range(2000, 2010)),
        # another language
        "also guten morgen zusammen heute ist donnerstag und wir fangen mit dem teich an der ist wieder undicht und "
        "ich meine wir sollten jemanden fragen der etwas davon versteht weil letztes jahr alle fische gestorben sind",
    ],
)  # fmt: skip
def test_anything_else_is_left_alone(text: str) -> None:
    assert cut(text) == [" ".join(text.split())]


def test_a_paragraph_of_speech_has_several_sentences() -> None:
    assert len(sentences(f"Garden club\n\n{TALK}\n\nThe end.")) == 2 + len(divided(TALK))


@pytest.mark.parametrize(
    ("line", "runs_on"),
    [
        ("and then we had the plants on the roof", True),
        ("[00:10] and then we had the plants", True),
        ("And then we had the plants on the roof", False),
        ("head of garden club", False),
        ("vote: 16 December; For: 17; Against: 14; Rate: 1.20; Treasurer: Ferro", False),
        ("", False),
    ],
)
def test_a_line_that_runs_on(line: str, *, runs_on: bool) -> None:
    assert is_running(line) is runs_on


def test_a_model_comes_back_from_its_file() -> None:
    weights = np.zeros(speech.BUCKETS, dtype=np.float32)
    weights[[3, 5]] = 0.5, -2.0
    back = unpacked(packed(Borders(words={"the": 0, "of": 1}, weights=weights, bias=-3.5)))
    assert back.words == {"the": 0, "of": 1}
    assert back.weights.tolist() == weights.tolist()
    assert back.bias == -3.5


def test_weights_that_are_missing_or_changed_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "speech.safetensors"
    monkeypatch.setattr(speech, "WEIGHTS", changed)
    borders.cache_clear()
    with pytest.raises(ModelError, match=r"speech\.safetensors cannot be read. Install"):
        borders()
    changed.write_bytes(hashlib.sha256(b"other").digest())
    with pytest.raises(ModelError, match=r"is not the pinned file. Install"):
        borders()
    borders.cache_clear()
