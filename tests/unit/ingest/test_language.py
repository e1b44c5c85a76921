import logging
import socket

import pytest

from ingest import language
from ingest.language import main_language
from ingest.reading import read

ENGLISH = (
    "The harbour board met on the quay and spoke at length about dredging the eastern channel."
)
GERMAN = (
    "Der Hafenvorstand traf sich am Kai und sprach lange darüber, ob die Rinne tiefer werden soll."
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (GERMAN, "de"),
        (GERMAN.upper(), "de"),
        (
            "Le conseil du port s'est réuni sur le quai et a longuement parlé du dragage du chenal.",
            "fr",
        ),
        ("Правление порта собралось на причале и долго говорило об углублении канала.", "ru"),
        (
            "港の委員会は岸壁で会合を開き、東の水路の浚渫について長い間話し合った。反対する者は誰もいなかったという。",
            "ja",
        ),
        (GERMAN[:30] + "\n" + ENGLISH * 100, "en"),
        (ENGLISH + (GERMAN + "\n") * 200, "de"),
    ],
    ids=range(9),
)
def test_a_texts_language_is_told(text: str, code: str) -> None:
    assert main_language(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1, 2, 3",
        "The quay",
        "12 345 678 90 " * 100,
        "def f(x):\n    return x + 1\n\nclass Foo(Bar):\n    y = [z for z in x]\n" * 3,
        "SELECT a, b FROM c JOIN d ON e = f WHERE g = h GROUP BY i ORDER BY j",
        "xq zzv kkw " * 30,
    ],
    ids=range(7),
)
def test_an_unclear_text_has_no_language(text: str) -> None:
    assert main_language(text) is None


def test_a_text_of_another_language_has_that_language() -> None:
    assert read(GERMAN.encode(), name="x.txt").language == "de"


def test_english_is_not_worth_a_word() -> None:
    reading = read(ENGLISH.encode(), name="x.txt")
    assert (reading.language, reading.warnings) == ("en", ())


def test_nothing_is_fetched_or_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    language._detector.cache_clear()
    with caplog.at_level(logging.DEBUG):
        assert main_language(GERMAN * 100) == "de"
    assert caplog.records == []
