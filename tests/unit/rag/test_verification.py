from dataclasses import replace

import pytest

from rag.errors import UnknownDocument
from rag.types import (
    Abstention,
    Answer,
    Conflict,
    Dated,
    Document,
    DocumentId,
    Position,
    Quote,
    Response,
    Searched,
    Span,
    Statement,
    Version,
)
from rag.verification import Verifier
from tests.make import document

SOURCE = document("Ten plus two is twelve.")
SEARCHED = Searched(collection="default", documents=1, passages=1)
EXACT = Quote.cut(SOURCE, Span(0, 8))
SHIFTED = replace(EXACT, span=Span(1, 9))
ALTERED = replace(EXACT, text="Ten plus"[::-1])


def read(document_id: DocumentId, version: Version) -> Document:
    if (document_id, version) != (SOURCE.id, SOURCE.version):
        raise UnknownDocument(document_id)
    return SOURCE


def stated(verifier: Verifier, response: Response) -> list[Statement]:
    written = response.statements if isinstance(response, Answer) else ()
    return [kept for one in written if (kept := verifier.statement(one))]


def checked(response: Response) -> Response:
    verifier = Verifier(read)
    return verifier.response(response, stated(verifier, response), SEARCHED)


def answer(*quotes: tuple[Quote, ...]) -> Answer:
    return Answer(statements=tuple(Statement(text="s", quotes=q, score=1.0) for q in quotes))


def test_exact_quotes_pass_and_bring_their_document() -> None:
    verifier = Verifier(read)
    assert stated(verifier, answer((EXACT,))) == list(answer((EXACT,)).statements)
    assert verifier.documents == {(SOURCE.id, SOURCE.version): SOURCE}


def test_a_quote_that_is_not_exact_is_dropped() -> None:
    assert checked(answer((SHIFTED, EXACT, ALTERED))) == answer((EXACT,))


def test_a_statement_without_quotes_goes_with_them() -> None:
    assert checked(answer((SHIFTED,), (EXACT,))) == answer((EXACT,))


def test_without_a_statement_there_is_no_answer() -> None:
    gone = replace(EXACT, document_id=DocumentId("deleted"))
    for quotes in ((SHIFTED,), (gone,)):
        response = checked(answer(quotes))
        assert isinstance(response, Abstention)
        assert response.searched == SEARCHED


def test_a_statement_goes_with_the_quote_that_dates_it() -> None:
    dated = Dated(value="2020", rule="stated", quote=SHIFTED)
    row = Statement(text="s", quotes=(EXACT, SHIFTED), score=1.0, event=dated)
    sound = replace(row, quotes=(EXACT,), event=replace(dated, quote=EXACT))
    assert checked(Answer(statements=(row, sound))) == Answer(statements=(sound,))


def test_a_conflict_goes_with_one_of_its_two_sides() -> None:
    def side(*quotes: Quote) -> Position:
        return Position(value="v", quotes=quotes, independent_sources=len(quotes))

    kept = Conflict(about="sum", positions=(side(EXACT), side(EXACT)))
    thinned = Conflict(about="sum", positions=(side(EXACT), side(EXACT, SHIFTED)))
    broken = Conflict(about="sum", positions=(side(EXACT), side(SHIFTED)))
    response = checked(replace(answer((EXACT,)), conflicts=(thinned, broken)))
    assert response == replace(answer((EXACT,)), conflicts=(kept,))


def test_an_abstention_shows_only_exact_quotes() -> None:
    response = Abstention(reason="why", searched=SEARCHED, closest=(SHIFTED, EXACT))
    assert checked(response) == replace(response, closest=(EXACT,))


TABLE = document("Boat\tSeason\n\nTern\t2022/23\n\nNobody shut the gate. The gate is red.", id="d2")


def cut(text: str) -> Quote:
    start = TABLE.text.index(text)
    return Quote.cut(TABLE, Span(start, start + len(text)))


def drops(text: str, *quotes: str) -> bool:
    said = Statement(text=text, quotes=tuple(map(cut, quotes)), score=1.0)
    return Verifier(lambda *_: TABLE).statement(said) is None


def test_a_row_under_the_heads_of_its_columns_says_no_more_than_both() -> None:
    row = ("Tern\t2022/23", "Boat\tSeason")
    assert not drops("Boat: Tern; Season: 2022/23.", *row)
    assert drops("Boat: Tern; Season: 2019/20.", *row)


def test_whole_sentences_say_no_more_than_themselves_and_what_is_added_is_checked() -> None:
    both = ("Nobody shut the gate.", "The gate is red.")
    assert not drops("Nobody shut the gate. The gate is red.", *both)
    assert drops("Nobody shut the gate. The gate is red. So said Ames Birch.", *both)


def test_a_quote_that_is_cut_off_its_negation_does_not_bear_the_statement_out() -> None:
    assert drops("They shut the gate.", "shut the gate.")


APART = document(
    "Ann Lee won 7 medals. Bob Ray won 3 medals. The gate is not open. "
    "The gate was shut by Bob Ray on 4 May 2020. Ann Lee opened it on 9 June 2021 with a large key.",
    id="d3",
)


@pytest.mark.parametrize(
    ("false", "copied", "quoted"),
    [
        ("Bob Ray won 7 medals.", "Ann Lee won 7 medals.", "Bob Ray won 3 medals."),
        (
            "The gate is open.",
            "Ann Lee opened it on 9 June 2021 with a large key.",
            "The gate is not open.",
        ),
        (
            "The gate was shut by Bob Ray on 9 June 2021.",
            "Ann Lee opened it on 9 June 2021 with a large key.",
            "The gate was shut by Bob Ray on 4 May 2020.",
        ),
    ],
)
def test_a_copied_sentence_does_not_bear_out_a_false_one_beside_it(
    false: str, copied: str, quoted: str
) -> None:
    starts = {text: APART.text.index(text) for text in (copied, quoted)}
    quotes = [Quote.cut(APART, Span(at, at + len(text))) for text, at in starts.items()]
    said = Statement(text=f"{false} {copied}", quotes=tuple(quotes), score=1.0)
    assert Verifier(lambda *_: APART).statement(said) is None
