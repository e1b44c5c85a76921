import json
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.chat_reply import (
    REPLY_CHARS,
    STATEMENT_CHARS,
    NotAsAsked,
    Written,
    WrittenQuote,
    written_statements,
)
from rag.errors import ModelTimeout

ONE = Written('The "gate" {shut}.', (WrittenQuote(1, 'gate {"text": [shut'), WrittenQuote(2, "}")))
TWO = Written("A second\none.", (WrittenQuote(3, "one"),))


def as_json(*statements: Written) -> str:
    body = [
        {
            "text": one.text,
            "quotes": [{"passage": each.passage, "quote": each.text} for each in one.quotes],
        }
        for one in statements
    ]
    return json.dumps({"statements": body})


REPLY = as_json(ONE, TWO)


def read(parts: Iterable[str]) -> tuple[list[Written], str | None]:
    """The statements, and why they are not all, if the reader says so."""
    found: list[Written] = []
    try:
        for one in written_statements(parts):
            found.append(one)  # noqa: PERF402 # what came before an error counts
    except (ModelTimeout, NotAsAsked) as error:
        return found, str(error)
    return found, None


@pytest.mark.parametrize(
    "reply",
    [
        REPLY,
        json.dumps(json.loads(REPLY), indent=2),
        f"Sure! Here it is:\n```json\n{REPLY}\n```\nI hope it helps {{:",
        f"A stray {{ brace, the model's \" mark, {{ok}} and }} then {REPLY}",
        REPLY.replace('{"statements": ', "")[:-1],  # the list alone
        REPLY.removesuffix("]}"),
        REPLY.replace("\\n", "\n"),
        REPLY.replace('}, {"text"', '} {"text"'),  # a comma is missing
        f'{REPLY[:-2]}, {{"text": "cut in the mid',
        f'{{"text": "broken" "x"}}, {{"text": 5, "quotes": []}}, {REPLY}',
        f'{{"text": {"[" * 5000}, {REPLY}',
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_statements_are_found_whatever_stands_around_them(reply: str, size: int) -> None:
    parts = [reply[at : at + size] for at in range(0, len(reply), size)]
    assert read(parts) == ([ONE, TWO], None)


@given(cuts=st.lists(st.integers(0, len(REPLY)), max_size=9))
def test_a_reply_may_be_cut_into_parts_anywhere(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(REPLY)]
    parts = [REPLY[a:b] for a, b in pairwise(bounds)]
    assert read(parts) == ([ONE, TWO], None)


@given(end=st.integers(0, len(REPLY)))
def test_a_cut_reply_gives_what_was_complete(end: int) -> None:
    found, _ = read([REPLY[:end]])
    for one, whole in zip(found, (ONE, TWO), strict=False):
        assert one.text == whole.text
        assert one.quotes == whole.quotes[: len(one.quotes)]
    assert len(found) >= (end >= REPLY.index(', {"text": "A second'))


@given(st.text(alphabet='{}[]":,\\ text1quotes\n', max_size=300))
def test_nothing_that_a_model_writes_breaks_the_reader(reply: str) -> None:
    assert read([reply]) == read(reply)


def test_what_was_complete_when_a_model_failed_is_given() -> None:
    def parts() -> Iterator[str]:
        yield f'{REPLY[:-2]}, {{"text": "A third.", "quotes": [{{"passage": 1, "quote": "a"}}, '
        yield '{"passage": 2, "quote": "cut in the mid'
        raise ModelTimeout("slow")

    assert read(parts()) == ([ONE, TWO, Written("A third.", (WrittenQuote(1, "a"),))], "slow")


def test_a_statement_is_given_before_the_next_is_asked_for() -> None:
    first, second = as_json(ONE)[:-2], as_json(TWO)

    def parts() -> Iterator[str]:
        yield first
        yield from never

    never: Iterator[str] = iter([second])
    assert next(written_statements(parts())) == ONE
    assert next(never) == second  # it was not taken


@pytest.mark.parametrize(
    "quotes",
    [
        '[{"passage": true, "quote": "x"}]',
        '[{"passage": "1 and 2", "quote": "x"}]',
        '[{"passage": "the first", "quote": "x"}]',
        '[{"passage": "-1", "quote": "x"}]',
        '[{"passage": 1.0, "quote": "x"}]',
        '[{"passage": null, "quote": "x"}, 5, "y"]',
        '[{"passage": 1, "quote": ["x"]}]',
    ],
)
def test_a_quote_of_the_wrong_kind_is_left_out(quotes: str) -> None:
    assert read([f'{{"text": "a", "quotes": {quotes}}}']) == ([Written("a", ())], None)


@pytest.mark.parametrize("written", ["2", " 2", "[2]", "Passage 2", "passage [2]"])
def test_the_number_of_a_passage_may_be_a_string(written: str) -> None:
    reply = json.dumps({"text": "a", "quotes": [{"passage": written, "quote": "x"}]})
    assert read([reply]) == ([Written("a", (WrittenQuote(2, "x"),))], None)


def test_half_a_surrogate_pair_is_left_out() -> None:
    reply = r'{"text": "a\ud800b", "quotes": [{"passage": 1, "quote": "\udfffc"}]}'
    assert read([reply]) == ([Written("ab", (WrittenQuote(1, "c"),))], None)


def test_an_empty_list_says_that_there_is_nothing_and_anything_else_does_not() -> None:
    assert read(['{"statem', 'ents": [\n]}']) == ([], None)
    for reply in ("", "I cannot answer.", "{}", '{"statements": 5}', "null"):
        assert read([reply])[1] == "there is no statement in the model's reply"


@pytest.mark.parametrize(
    "filler",
    ["x", "{", '{"text":', '{"text": "', '{"text":"}', "}", '"', "[", " ", "\\", '{"quotes": [{'],
)
@pytest.mark.parametrize("size", [7, 4096])
def test_a_reply_without_an_end_is_left_early(filler: str, size: int) -> None:
    taken = 0

    def parts() -> Iterator[str]:
        nonlocal taken
        endless = filler * (10_000_000 // len(filler))
        for at in range(0, len(endless), size):
            taken += size
            yield endless[at : at + size]

    began = time.perf_counter()
    found, why = read([as_json(ONE), *parts()] if size > 7 else parts())
    assert why == "the model's reply does not end"
    assert found == ([ONE] if size > 7 else [])
    assert time.perf_counter() - began < 10
    assert size > 7 or taken <= REPLY_CHARS + 2 * size


def test_a_statement_without_an_end_costs_itself_only() -> None:
    endless = '{"text": "' + "x" * (STATEMENT_CHARS + 1)
    assert read([endless, REPLY]) == ([ONE, TWO], None)
