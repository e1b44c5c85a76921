import re
import time

import pytest

from eval.patterns import UnsafePattern, compiled, found


@pytest.mark.parametrize(
    "hostile",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"(a?){30}a{30}",
        r"(x+x+)+y",
        r"(a|ab|b)*c",
        r"(?:\w+ ?){0,30}x",
        r"([a-z]+)*\d",
        r"(?=(a+)+$)b",
        r"(?!(a+)+$)b",
        r"(?:[\u0400-\u04ff]+)+x",
        r"(?:ſa|sa)+x",
        r".*a.*b",
        r"\s*\s*\s*x",
        r"\w{0,400}\w{0,400}x",
        r"(\d+)\1",
        r"(a)?(?(1)b|c)",
    ],
)
def test_a_pattern_that_may_backtrack_without_bound_is_refused(hostile: str) -> None:
    re.compile(hostile)  # it is one
    with pytest.raises(UnsafePattern):
        compiled(hostile)


@pytest.mark.parametrize("broken", ["(", "[a", "a**", r"(?<=a+)b", "a" * 3_000])
def test_what_is_no_pattern_or_too_long_is_refused(broken: str) -> None:
    with pytest.raises(UnsafePattern):
        compiled(broken)


@pytest.mark.parametrize(
    "sound",
    [
        r"\b0?6(?:st|nd|rd|th)?\s+(?:of\s+)?Jul[a-z]*\.?,?\s+2019\b",
        r"(?:\w+\s+){0,3}gate",
        r"(?:\d{1,3},)*\d{3}",
        r"(?:foo|bar)+",
        r"^\W*Kim",
        r"(?<!acting )(?:chief executive|\bCEO\b)",
        r"gate[^.\n]{0,40}closed",
        r"2021.*Vik",
        r"(?>a+)b",
        r"a++b",
    ],
)
def test_patterns_that_suites_use_are_let_through(sound: str) -> None:
    assert isinstance(compiled(sound), re.Pattern)


@pytest.mark.parametrize("sound", [r"(?:\w+\s+){0,3}gate", r"2021.*Vik", r"gate[^.\n]{0,40}closed"])
@pytest.mark.parametrize("text", ["a" * 5_000, "2021 " * 1_000, "gate " * 1_000, " " * 5_000])
def test_what_is_let_through_ends_soon_on_texts_that_almost_match(sound: str, text: str) -> None:
    began = time.perf_counter()
    found(sound, text)
    assert time.perf_counter() - began < 5


def test_case_is_ignored() -> None:
    assert found("north GATE", "the North gate")
    assert not found("south", "the North gate")
