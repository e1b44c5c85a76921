import unicodedata

import pytest

from rag.analysis import terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Minister's visit", ["the", "minister", "visit"]),
        ("Don’t l'été", ["dont", "lete"]),
        ("naïve Ångström", ["naive", "angstrom"]),
        ("snake_case v2.5", ["snake", "case", "v2", "5"]),
        ("हिन्दी में कि का", ["हिन्दी", "में", "कि", "का"]),
        (
            "ガラス カラス",
            [unicodedata.normalize("NFKD", one) for one in ("ガラ", "ラス", "カラ", "ラス")],
        ),
        ("它有308分，多", ["它有", "308", "分", "多"]),
        ("ประเทศ", ["ปร", "ระ", "ะเ", "เท", "ทศ"]),
        ("한국어 단어", [unicodedata.normalize("NFKD", one) for one in ("한국어", "단어")]),
        ("ﬁne", ["fine"]),
        ("— … !", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_terms_are_stems_without_stop_words() -> None:
    assert terms("What were the visits of the visiting visitors?") == ["visit", "visit", "visitor"]


def test_a_text_of_stop_words_alone_keeps_them() -> None:
    assert terms("Who was it?") == ["who", "was", "it"]
