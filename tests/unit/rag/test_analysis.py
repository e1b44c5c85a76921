import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from rag.analysis import terms, words
from rag.irregular import NOUN_LEMMAS, VERB_LEMMAS


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
        ("Eglo™ № 5 ㎏", ["eglotm", "no", "5", "kg"]),
        ("— … !", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_terms_are_stems_without_stop_words() -> None:
    assert terms("What were the visits of the visiting visitors?") == ["visit", "visit", "visitor"]


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ("broke", "break"),
        ("bought", "buying"),
        ("Held", "holds"),
        ("children", "child"),
        ("knives", "knife"),
        ("roses", "rose"),
        ("leaves", "leave"),
        ("lives", "live"),
    ],
)
def test_an_irregular_form_has_the_stem_of_its_word(form: str, word: str) -> None:
    assert terms(form) == terms(word)


def test_no_form_is_of_two_words_nor_the_word_of_another_form() -> None:
    assert not VERB_LEMMAS.keys() & NOUN_LEMMAS.keys()
    both = VERB_LEMMAS | NOUN_LEMMAS
    assert not both.keys() & set(both.values())


def test_a_text_of_stop_words_alone_keeps_them() -> None:
    assert terms("Who was it?") == ["who", "was", "it"]


def test_threads_do_not_mix_up_their_words() -> None:
    said = [f"{start}{middle}izationalities" for start in "bcdfghklm" for middle in "aeiou" * 20]
    said = [f"{word}{number}ing" for number, word in enumerate(said)]
    alone = snowballstemmer.stemmer("english").stemWords(said)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda word: terms(word)[0], said))
    finally:
        sys.setswitchinterval(interval)
    assert found == alone


def test_signs_that_stand_for_capitals_have_no_case_either() -> None:
    assert words("Glo™ 3 № 5, 𝐁old ㎒") == ["glotm", "3", "no", "5", "bold", "mhz"]
