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
        ("The carpenter fell ill. Wasps came.", ["The carpenter fell ill.", "Wasps came."]),
        (
            "Gen. Li, of St. Orm and 5 Low Rd. in No. 4, left.",
            ["Gen. Li, of St. Orm and 5 Low Rd. in No. 4, left."],
        ),
        ("1. It rose.\n2. It fell.", ["1. It rose.", "2. It fell."]),
        ("It stands on page\n12. It rained.", ["It stands on page\n12. It rained."]),
        ("Bring:\n- a cup\n  of tin\n* rope", ["Bring:", "- a cup\n  of tin", "* rope"]),
        ("Steps:\n1. Mix\n2) Bake", ["Steps:", "1. Mix", "2) Bake"]),
        ("It was\n- 5 degrees.", ["It was\n- 5 degrees."]),
        ("Lt. Brown came. See Art. 5, 5 cm. long.", ["Lt. Brown came.", "See Art. 5, 5 cm. long."]),
        ("From 3\n-4 to 5", ["From 3\n-4 to 5"]),
        (
            "14/05/2025, 18:02 - Ann: is it\nopen\n14/05/2025, 18:05 - Bo: yes\n[2025-05-14 18:06] Ann: ok",
            [
                "14/05/2025, 18:02 - Ann: is it\nopen",
                "14/05/2025, 18:05 - Bo: yes",
                "[2025-05-14 18:06] Ann: ok",
            ],
        ),
        ("Driver: ?; Minutes: 48. Rain.", ["Driver: ?; Minutes: 48.", "Rain."]),
        ("It opens on\n14/05/2025 18:02 sharp.", ["It opens on\n14/05/2025 18:02 sharp."]),
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
