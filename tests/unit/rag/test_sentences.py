import pytest

from rag.sentences import sentences


def cut(text: str) -> list[str]:
    return [span.cut(text) for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two!\nThree?", ["One.", "Two!", "Three?"]),
        ("Broken over\ntwo lines. Next.", ["Broken over\ntwo lines.", "Next."]),
        ("A heading\n\nA sentence.", ["A heading", "A sentence."]),
        ("A heading\n \t \nA sentence.", ["A heading", "A sentence."]),
        (
            "Mr. Ito met Dr. Vos on Jan. 5. It rained.",
            ["Mr. Ito met Dr. Vos on Jan. 5.", "It rained."],
        ),
        (
            "他走了。她说：“好！”然后呢？！ 3.5 分",
            ["他走了。", "她说：“好！”", "然后呢？！", "3.5 分"],
        ),
        ("  padded.  ", ["padded."]),
        ("x", ["x"]),
        (" \n\n ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected
