import json
from random import Random

import pytest

from eval.scripting import ALTERED, MISQUOTED, RIGHT, Kind, Shown, written
from rag.marking import between_marks
from rag.quoting import locate

ONE = "On 3 May 2024 the keeper Ada Byron counted 12 boats, and the gate was not shut."
TWO = "In the evening the mayor and Philippa Orr were told that 40 boats had left the harbour."
PROMPT = between_marks(
    [
        f"Passage 1, from 'Gate':\n{ONE}\nname: 5; other: row",
        f"Passage 2, from 'Boats':\nIt rained. {TWO}",
    ]
)


def chance(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311 # no secret


def shown(seed: int = 1) -> Shown:
    return Shown.of(f"{PROMPT}\nQuestion: Who?", chance(seed))


def test_the_passages_of_a_prompt_are_read() -> None:
    passages = shown().passages
    assert passages == [f"{ONE}\nname: 5; other: row", f"It rained. {TWO}"]
    assert {(one.passage, one.text) for one in shown().sentences} == {(1, ONE), (2, TWO)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [*RIGHT, *ALTERED, *MISQUOTED, Kind.LANGUAGE, Kind.CUT_QUOTE])
def test_what_is_written_is_of_its_kind(kind: Kind, seed: int) -> None:
    said = written(kind, shown(), chance(seed))
    assert said is not None
    assert said == written(kind, shown(), chance(seed))
    [statement] = json.loads(said)["statements"]
    [quote] = statement["quotes"]
    stands = locate(quote["quote"], shown().passages[quote["passage"] - 1]) is not None
    assert stands == (kind not in MISQUOTED)
    if kind in ALTERED:
        assert quote["quote"] in (ONE, TWO)
        assert statement["text"] != quote["quote"]


def test_what_cannot_be_made_is_not() -> None:
    nothing = Shown.of(between_marks(["Passage 1, from 'x':\nToo short."]), chance())
    assert written(Kind.NAME, nothing, chance()) is None
    assert written(Kind.EMPTY, nothing, chance()) == '{"statements": []}'
    assert len(written(Kind.ENDLESS, nothing, chance()) or "") > 10_000_000
    assert Shown.of("no prompt", chance()).passages == []
