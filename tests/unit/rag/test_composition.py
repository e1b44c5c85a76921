from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rag.composition import SentenceComposer
from rag.event_composition import EventComposer
from rag.evidence import ALL, Evidence
from rag.mechanisms import EVERY, Mechanism
from rag.protocols import SentenceRanker
from rag.reading import Candidate, SentenceReader
from rag.retrieval import HybridRetriever
from rag.types import (
    Abstention,
    Answer,
    Document,
    DocumentId,
    Filters,
    Response,
    Searched,
    SectionLocator,
    Span,
)
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

EMBEDDER = HashingEmbedder()


def ask(
    question: str,
    *documents: Document,
    statements: int = 3,
    abstain_below: float = 0.7,
    keep_above: float = 0.8,
    ranker: SentenceRanker | None = None,
    without: frozenset[Mechanism] = frozenset(),
) -> Response:
    store = InMemoryStore()
    for one in documents:
        passages = lines(one)
        vectors = EMBEDDER.embed_passages([p.text for p in passages])
        store.add(one, passages, vectors, original=one.text.encode())
    selection = store.select("default", Filters())
    retriever = HybridRetriever(index=store, embedder=EMBEDDER, candidates=50, dense_weight=0.7)
    by_id: Mapping[DocumentId, Document] = {one.id: one for one in documents}
    reader = SentenceReader(index=store, embedder=EMBEDDER, ranker=ranker, ranker_weight=1.0)
    composer = SentenceComposer(
        reader=reader,
        events=EventComposer(reader=reader, least=abstain_below),
        statements=statements,
        abstain_below=abstain_below,
        keep_above=keep_above,
        mechanisms=EVERY - without,
    )

    def search(query: str, k: int, *, among: Filters = ALL) -> Evidence:
        return Evidence(
            query=query,
            passages=retriever.retrieve(query, store.select("default", among), k),
            documents=by_id,
            searched=selection.searched,
            search=search,
        )

    return composer.compose(question, search(question, 20)).response


def nothing(searched: Searched) -> Evidence:
    return Evidence(
        query="Something?",
        passages=(),
        documents={},
        searched=searched,
        search=lambda query, k, *, among=ALL: nothing(searched),
    )


def texts(response: Response) -> list[str]:
    assert isinstance(response, Answer)
    return [one.text for one in response.statements]


GARDEN = document(
    "The pond freezes in January. Frogs sleep under the ice.\nRoses need pruning in March.\n"
    "The shed holds tools.",
    title="Garden",
)


def test_the_sentence_that_says_it_is_the_answer_and_its_quote() -> None:
    response = ask("Where do frogs sleep?", GARDEN)
    assert texts(response) == ["Frogs sleep under the ice."]
    assert isinstance(response, Answer)
    [quote] = response.statements[0].quotes
    assert quote.is_exact(GARDEN)
    assert quote.text == "Frogs sleep under the ice."


def test_what_the_documents_do_not_say_is_not_answered() -> None:
    response = ask("Which airline flies to Lisbon?", GARDEN)
    assert isinstance(response, Abstention)
    assert response.searched.documents == 1
    assert response.closest
    assert all(quote.is_exact(GARDEN) for quote in response.closest)


def test_nothing_searched_is_said_to_be_so() -> None:
    store = InMemoryStore()
    one = document("Something.")
    store.add(one, lines(one), EMBEDDER.embed_passages(["Something."]), original=b"Something.")
    selection = store.select("default", Filters(document_ids=frozenset()))
    composer = SentenceComposer(
        reader=SentenceReader(index=store, embedder=EMBEDDER),
        events=EventComposer(reader=SentenceReader(index=store, embedder=EMBEDDER), least=0.5),
        statements=3,
        abstain_below=0.5,
        keep_above=0.8,
    )
    response = composer.compose("Something?", nothing(selection.searched)).response
    assert isinstance(response, Abstention)
    assert "filters" in response.reason


def test_who_repeats_a_sentence_is_quoted_beside_it() -> None:
    copy = document("frogs sleep UNDER the  ice!", id="d2", title="Copy")
    response = ask("Where do frogs sleep?", GARDEN, copy)
    assert isinstance(response, Answer)
    assert len(response.statements) == 1
    assert {quote.document_id for quote in response.statements[0].quotes} == {"d1", "d2"}


def test_a_question_in_a_document_is_no_answer_but_a_tag_question_is() -> None:
    talk = document("Where do frogs sleep?\nFrogs sleep under ice, don't they?", title="Talk")
    assert texts(ask("Where do frogs sleep?", talk)) == ["Frogs sleep under ice, don't they?"]


def test_a_document_s_title_is_no_answer() -> None:
    page = document("Where frogs sleep\nFrogs sleep in mud.", title="Where frogs sleep - a page")
    assert texts(ask("Where do frogs sleep?", page)) == ["Frogs sleep in mud."]


def test_a_section_s_heading_is_no_answer() -> None:
    text = "Where frogs sleep\nFrogs sleep in mud."
    section = SectionLocator(span=Span(0, len(text)), path=("Frogs", "Where frogs sleep"))
    page = document(text, title="Ponds", locators=(section,))
    assert texts(ask("Where do frogs sleep?", page)) == ["Frogs sleep in mud."]


@pytest.mark.parametrize(
    ("heading", "answers"),
    [
        ("2. Membership: 96 euros a year", True),
        ("2. Membership of the club a year", False),
        ("2.1 Membership of the club a year", False),
        ("Part 2: Membership of the club a year", False),
        ("Membership of the club 2", True),
    ],
)
def test_a_heading_that_holds_a_value_may_answer(heading: str, answers: bool) -> None:
    page = document(f"{heading}\n\nChildren pay half.", title="Letter")
    page = replace(page, locators=(SectionLocator(span=Span(0, len(page.text)), path=(heading,)),))
    response = ask("How much is membership of the club a year?", page, abstain_below=0.4)
    assert (isinstance(response, Answer) and heading in texts(response)) == answers


def test_words_are_compared_with_the_title_as_words() -> None:
    page = document("Ann.\nTen frogs sleep.", title="Annual attendance of ten frogs sleepers")
    assert texts(ask("Who sleeps, frogs? Ann?", page, abstain_below=0, keep_above=0)) == [
        "Ten frogs sleep.",
        "Ann.",
    ]


def test_a_line_that_is_no_sentence_ranks_behind_one_that_is() -> None:
    page = document("Frogs: where they sleep\nFrogs do sleep there.", title="T")
    assert texts(ask("Where do frogs sleep?", page, abstain_below=0, keep_above=0)) == [
        "Frogs do sleep there.",
        "Frogs: where they sleep",
    ]


def test_a_long_title_does_not_drown_the_sentences() -> None:
    long_title = document(GARDEN.text, title="Garden " + "and much more of it " * 100)
    assert texts(ask("Where do frogs sleep?", long_title, abstain_below=0.3))[0] == (
        "Frogs sleep under the ice."
    )


def test_an_empty_collection_is_said_to_be_so() -> None:
    one = document("Frogs sleep.")
    store = InMemoryStore()
    store.add(one, lines(one), EMBEDDER.embed_passages(["Frogs sleep."]), original=b"Frogs sleep.")
    store.delete(one.id)
    searched = store.select("default", Filters()).searched
    composer = SentenceComposer(
        reader=SentenceReader(index=store, embedder=EMBEDDER),
        events=EventComposer(reader=SentenceReader(index=store, embedder=EMBEDDER), least=0.5),
        statements=3,
        abstain_below=0.5,
        keep_above=0.8,
    )
    response = composer.compose("Frogs?", nothing(searched)).response
    assert isinstance(response, Abstention)
    assert response.reason == "The collection holds no documents."


def test_further_statements_must_come_near_the_first() -> None:
    near = document("Frogs sleep in mud.\nFrogs sleep in ponds.\nFrogs eat.", title="Frogs")
    assert len(texts(ask("Where do frogs sleep?", near, keep_above=0.8))) == 2
    assert len(texts(ask("Where do frogs sleep?", near, keep_above=0.0))) == 3
    assert len(texts(ask("Where do frogs sleep?", near, keep_above=0.0, statements=1))) == 1


def test_white_space_is_folded_in_the_statement_and_kept_in_the_quote() -> None:
    broken = document("Frogs sleep\tunder the ice.", title="T")
    response = ask("Where do frogs sleep?", broken)
    assert texts(response) == ["Frogs sleep under the ice."]
    assert isinstance(response, Answer)
    assert response.statements[0].quotes[0].text == "Frogs sleep\tunder the ice."


@pytest.mark.parametrize("question", ["?", "the of and", "😀", "a" * 3000])
def test_odd_questions_get_a_response(question: str) -> None:
    assert ask(question, GARDEN).outcome in ("answered", "abstained")


def test_a_sentence_in_a_language_that_the_model_does_not_cover_is_judged_by_its_words() -> None:
    german = replace(
        document("Der Hafen friert im Januar zu. Die Rosen werden im Frost geschnitten."),
        language="de",
    )
    assert texts(ask("Wann friert der Hafen zu?", german))[0] == "Der Hafen friert im Januar zu."
    assert isinstance(ask("Was kostet eine Fahrt nach Lübeck?", german), Abstention)


class Likes:
    """A ranker that is sure of sentences with a word, and unsure of all others; it knows English."""

    def __init__(self, word: str, by: float = 9.0) -> None:
        self._word = word
        self._by = by

    def covers(self, language: str | None) -> bool:
        return language in (None, "en")

    def scores(self, question: str, sentences: Sequence[str]) -> list[float]:
        return [self._by if self._word in one else -self._by for one in sentences]


def test_the_ranker_orders_what_is_stated() -> None:
    said = "Frogs sleep under the ice.\nFrogs sleep badly."
    page = document(said, title="Page")
    for word, first in (("ice", "Frogs sleep under the ice."), ("badly", "Frogs sleep badly.")):
        found = texts(ask("Where do frogs sleep?", page, keep_above=0, ranker=Likes(word)))
        assert found[0] == first


def test_what_the_ranker_says_of_a_statement_goes_with_it() -> None:
    page = document("Frogs sleep under the ice.\nFrogs sleep badly.", title="Page")
    found = ask("Where do frogs sleep?", page, keep_above=0, ranker=Likes("badly", by=0.25))
    assert isinstance(found, Answer)
    said = {one.text: one.log_odds for one in found.statements}
    assert said == {"Frogs sleep badly.": 0.25, "Frogs sleep under the ice.": -0.25}


def test_the_ranker_has_a_say_in_what_is_stated() -> None:
    page = document("Frogs sleep under the ice.\nFrogs sleep badly.", title="Page")
    alone = texts(ask("Where do frogs sleep?", page, keep_above=0.5))
    assert set(alone) == {"Frogs sleep under the ice.", "Frogs sleep badly."}
    told = texts(ask("Where do frogs sleep?", page, keep_above=0.5, ranker=Likes("ice")))
    assert told == ["Frogs sleep under the ice."]


def test_the_ranker_makes_no_answer_of_what_does_not_fit() -> None:
    assert isinstance(
        ask("Which airline flies to Lisbon?", GARDEN, ranker=Likes("Roses")), Abstention
    )


def test_sentences_in_a_language_that_the_ranker_does_not_cover_keep_their_rank() -> None:
    page = replace(document("Frogs sleep under ice.\nFrogs sleep.", title="Page"), language="fr")
    alone = texts(ask("Where do frogs sleep?", page, keep_above=0))
    for word in ("ice", "nothing"):
        assert texts(ask("Where do frogs sleep?", page, keep_above=0, ranker=Likes(word))) == alone


def test_a_sentence_that_the_ranker_cannot_read_counts_as_the_others_do() -> None:
    page = document("Frogs sleep under the ice. Frogs sleep badly.", title="Page")
    french = replace(document("Frogs sleep long.", id="d2", title="Page"), language="fr")
    assert "Frogs sleep long." in texts(ask("Where do frogs sleep?", page, french, keep_above=0.5))
    for word in ("Frogs", "nothing"):
        told = ask(
            "Where do frogs sleep?", page, french, keep_above=0.5, ranker=Likes(word, by=0.5)
        )
        assert "Frogs sleep long." in texts(told)
        assert isinstance(told, Answer)
        assert {one.log_odds for one in told.statements if "long" in one.text} == {None}


def test_the_header_of_a_quoted_mail_is_no_answer() -> None:
    header = "From: Ann Lee <ann@north.example>\nSubject: The price of the ferry"
    mail = document(f"{header}\n\nThe ferry costs four crowns.\n", title="Re: prices")
    assert "From:" not in " ".join(
        texts(ask("What is the price of the ferry?", mail, abstain_below=0, keep_above=0))
    )


def test_the_subject_of_a_mail_is_no_answer() -> None:
    text = "Subject: The price of the ferry\n\nThe ferry costs four crowns.\n"
    mail = document(text, title="Mail", media_type="message/rfc822")
    said = texts(ask("What is the price of the ferry?", mail, abstain_below=0, keep_above=0))
    assert said == ["The ferry costs four crowns."]


@pytest.mark.parametrize(
    "said",
    [
        "Date: 4 May 2021\nThe council decided on a new ferry.",
        "Subject: the council decided on a new ferry.",
        "-- Photo: the council decided on a new ferry.",
    ],
)
def test_what_only_begins_like_the_header_of_a_mail_is_read(said: str) -> None:
    found = texts(ask("What did the council decide?", document(said), abstain_below=0))
    assert "decided on a new ferry" in " ".join(found)


def test_a_sentence_that_fits_worse_than_not_at_all_is_an_answer_where_none_is_refused() -> None:
    page = document("harbour notes", title="Page")
    assert ask("Quo vadis?", page, abstain_below=-1, keep_above=0.5).outcome == "answered"


POND = document(
    "The pond was closed in May. A heron had eaten the carp. Visitors were told by mail.",
    title="Park",
)


def test_a_question_for_a_reason_gets_the_sentence_behind_too() -> None:
    response = ask("Why was the pond closed?", POND, statements=1, abstain_below=0.3)
    assert texts(response) == ["The pond was closed in May. A heron had eaten the carp."]
    [quote] = response.quotes
    assert quote.is_exact(POND)


def test_a_reason_may_stand_before() -> None:
    fen = document("Because a heron ate the carp, all was lost. The fen was closed. Ducks came.")
    response = ask("Why was the fen closed?", fen, statements=1, abstain_below=0.3)
    assert texts(response) == ["Because a heron ate the carp, all was lost. The fen was closed."]


def test_a_sentence_that_gives_its_reason_stands_alone() -> None:
    fen = document("The fen was closed because of herons. Ducks came.")
    response = ask("Why was the fen closed?", fen, statements=1, abstain_below=0.3)
    assert texts(response) == ["The fen was closed because of herons."]


@pytest.mark.parametrize("leads", ["So", "That is why", "Which is why"])
def test_why_stands_before_what_follows_from_it(leads: str) -> None:
    diary = document(f"The ankle is broken. {leads} Ada waters the roses. It rains.", title="Diary")
    [said] = texts(ask("Why does Ada water the roses?", diary, statements=1))
    assert said == f"The ankle is broken. {leads} Ada waters the roses."
    because = document(diary.text.replace("It rains.", "Bo left because it rains."), title="Diary")
    assert texts(ask("Why does Ada water the roses?", because, statements=1)) == [said]


def test_no_reason_is_told_twice() -> None:
    fen = document("The fen was closed. The fen was drained and closed. Ducks left the fen closed.")
    said = texts(ask("Why was the fen closed?", fen, abstain_below=0.3, keep_above=0))
    assert len(said) == len(set(said))
    assert sum(one.count("drained") for one in said) == 1


def test_reasons_can_be_left_out() -> None:
    alone = frozenset({Mechanism.REASONS})
    response = ask("Why was the pond closed?", POND, statements=1, abstain_below=0.3, without=alone)
    assert texts(response) == ["The pond was closed in May."]


def test_both_halves_of_a_question_are_answered() -> None:
    question = "Where do frogs sleep, and when do roses need pruning?"
    said = texts(ask(question, GARDEN, statements=2))
    assert said == ["Frogs sleep under the ice.", "Roses need pruning in March."]


def test_a_half_that_is_not_said_is_missing() -> None:
    question = "Where do frogs sleep, and which airline flies to Lisbon?"
    response = ask(question, GARDEN, statements=2)
    assert texts(response) == ["Frogs sleep under the ice."]
    assert isinstance(response, Answer)
    assert response.missing == ("which airline flies to Lisbon?",)


def test_of_two_halves_that_are_not_said_nothing_is() -> None:
    question = "Which airline flies to Lisbon, and which bus goes to Oporto?"
    assert isinstance(ask(question, GARDEN), Abstention)


MAIL = document("Frogs sleep in mud.", id="d3", title="Fwd: frogs", media_type="message/rfc822")


def test_a_question_put_to_a_document_is_answered_from_it() -> None:
    asked = "Where do frogs sleep, according to the mail?"
    assert texts(ask(asked, GARDEN, MAIL, abstain_below=0.5)) == ["Frogs sleep in mud."]


def test_a_question_put_to_a_document_that_does_not_say_it_is_answered_from_others() -> None:
    mail = document("Herons eat carp.", id="d3", title="Fwd: herons", media_type="message/rfc822")
    asked = "Where do frogs sleep, according to the mail?"
    assert texts(ask(asked, GARDEN, mail, abstain_below=0.5)) == ["Frogs sleep under the ice."]


def test_sources_that_may_disagree_each_have_a_say() -> None:
    other = document("Frogs sleep under stones.\nFrogs sleep.", id="d4", title="Other")
    said = texts(ask("Where do frogs sleep? Do the sources agree?", GARDEN, other, statements=2))
    assert set(said) == {"Frogs sleep under the ice.", "Frogs sleep under stones."} or set(
        said
    ) == {"Frogs sleep under the ice.", "Frogs sleep."}


def test_a_reason_is_stated_without_the_mark_of_its_list() -> None:
    log = document("- The fen was closed because of the flood.", title="Log")
    response = ask("Why was the fen closed?", log, abstain_below=0.3)
    assert texts(response) == ["The fen was closed because of the flood."]
    assert isinstance(response, Answer)
    assert response.statements[0].quotes[0].text.startswith("- ")


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("- The frogs sleep in mud.", "The frogs sleep in mud."),
        ("* [ ] Wake the frogs.", "Wake the frogs."),
        ("[00:34] so they sleep [00:37] in mud", "so they sleep / in mud"),
        ("[1:02:03] in mud [1:02:09]", "in mud"),
        ("See https://frogs.example/", "See https://frogs.example/"),
        ("Minus -3 degrees [sic]", "Minus -3 degrees [sic]"),
        ("[00:34]", "[00:34]"),
    ],
)
def test_marks_of_lists_and_times_of_a_recording_are_quoted_and_not_stated(
    text: str, stated: str
) -> None:
    source = document(text)
    one = Candidate(document=source, span=Span(0, len(text)), passage_score=1)
    assert one.stated == stated
    assert one.quote.text == text


WORKS = document(
    "Work at the pier: Roof; Crowns: 14.\n\nWork at the pier: Beams; Crowns: 3.\n\n"
    "Work at the pier: Door; Crowns: 2.\n",
    title="Report",
)


def test_a_list_with_two_rows_of_a_table_has_all_of_them() -> None:
    rows = [
        f"Work at the pier: {one}."
        for one in ("Roof; Crowns: 14", "Beams; Crowns: 3", "Door; Crowns: 2")
    ]
    response = ask(
        "List the works at the pier.", WORKS, statements=2, abstain_below=0, keep_above=0
    )
    assert isinstance(response, Answer)
    assert [one for one in texts(response) if one in rows] == rows
    response = ask(
        "What work was done at the pier?", WORKS, statements=2, abstain_below=0, keep_above=0
    )
    assert isinstance(response, Answer)
    assert len(response.statements) == 2


def test_rows_of_a_table_in_several_passages_are_of_one_table_and_keep_their_quotes() -> None:
    first = "Work at the pier: Roof of the pier; Crowns: 14."
    second = "Work at the pier: Beams; Crowns: 3."
    third = "Work at the pier: Door; Crowns: 2."
    table = document(f"{first}\n\n{second} \n\n{third}\n", title="Report")
    copy = document(f"{second}\n", id="d2", title="Letter")
    response = ask(
        "List the works at the pier.", table, copy, statements=2, abstain_below=0, keep_above=0
    )
    assert isinstance(response, Answer)
    assert texts(response) == [first, second, third]
    assert [len(one.quotes) for one in response.statements] == [1, 2, 1]


@pytest.mark.parametrize(("others", "outcome"), [(0, Answer), (18, Abstention), (40, Abstention)])
def test_in_few_passages_less_is_enough(others: int, outcome: type[Response]) -> None:
    told = document("The ferry sails at nine.", id="d1")
    fillers = [document(f"Number {number} is spare.", id=f"f{number}") for number in range(others)]
    question = "When does the blue ferry leave?"
    answer = ask(question, told, *fillers, abstain_below=0)
    assert isinstance(answer, Answer)
    wanted = answer.statements[0].score + 0.1
    assert isinstance(ask(question, told, *fillers, abstain_below=wanted), outcome)


@pytest.mark.parametrize(
    ("others", "by", "short_of", "outcome"),
    [
        (0, 0.1, 0.2, Answer),
        (0, 0.1, 0.3, Abstention),  # it is unlike what is asked
        (0, -0.1, 0.2, Abstention),  # the ranker takes it for less likely than not
        (150, 0.1, 0.1, Answer),
        (150, 0.1, 0.2, Abstention),  # of many sentences one is likely by chance
        (400, 0.1, 0.1, Abstention),
    ],
)
def test_what_the_ranker_takes_for_likely_may_fit_less(
    others: int, by: float, short_of: float, outcome: type[Response]
) -> None:
    told = document("The ferry sails at nine.", id="d1")
    fillers = [document(f"Number {number} is spare.", id=f"f{number}") for number in range(others)]
    question = "When does the blue ferry leave?"
    ranker = Likes("ferry", by)
    answer = ask(question, told, *fillers, abstain_below=0, ranker=ranker)
    assert isinstance(answer, Answer)
    least = answer.statements[0].score + short_of
    response = ask(question, told, *fillers, abstain_below=least, ranker=ranker)
    assert isinstance(response, outcome)


def test_a_sentence_of_a_document_that_tells_of_all_that_is_asked_stands_first() -> None:
    apart = document("The ferry sails at nine.\nThe lighthouse is white.", id="d1")
    whole = document("Orle has a harbour.\nThe ferry sails at ten.", id="d2")
    for documents in ((apart, whole), (whole, apart)):
        answer = ask("When does the ferry of Orle sail?", *documents)
        assert isinstance(answer, Answer)
        assert answer.statements[0].quotes[0].document_id == "d2"


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ("We sold ten roses. Excuse me, nine.", "We sold ten roses. Excuse me, nine."),
        ("We sold ten. No, wait, nine roses.", "We sold ten. No, wait, nine roses."),
        ("We sold ten roses. Nine, sorry.", "We sold ten roses. Nine, sorry."),
        ("We sold ten roses. Rain fell.", "We sold ten roses."),
        ("We sold ten roses. Wait ten minutes.", "We sold ten roses."),
        ("We sold ten roses. Oh no, wait, nine.", "We sold ten roses. Oh no, wait, nine."),
        ("We sold ten roses. Bo: sorry, nine.", "We sold ten roses. Bo: sorry, nine."),
    ],
)
def test_a_sentence_is_stated_with_what_corrects_it(said: str, stated: str) -> None:
    response = ask("How many roses were sold?", document(said, title="Talk"), abstain_below=0.3)
    assert texts(response) == [stated]


def test_a_value_may_stand_in_the_sentence_that_goes_on() -> None:
    diary = document("The new pump of the pond is in. It cost 185 euros. Rain fell.", title="Diary")
    response = ask("How much was the new pump of the pond?", diary)
    assert texts(response) == ["The new pump of the pond is in. It cost 185 euros."]
    assert isinstance(response, Answer)
    assert response.statements[0].quotes[0].is_exact(diary)


@pytest.mark.parametrize(
    "behind",
    [
        "Paint cost 185 euros.",
        "It hums.",
        "It did not cost much.",
        "They ask for 185 euros?",
        "There were 40 guests.",
        "\n\nIt cost 185 euros.",
    ],
)
def test_another_sentence_does_not_lend_its_value(behind: str) -> None:
    diary = document(f"The new pump of the pond is in. {behind}", title="Diary")
    assert isinstance(ask("How much was the new pump of the pond?", diary), Abstention)


def test_what_is_said_not_to_be_has_no_price() -> None:
    diary = document("3. Somebody wants a red pump. There is no such thing.", title="Diary")
    assert texts(ask("What does the red pump cost?", diary)) == [
        "3. Somebody wants a red pump. There is no such thing."
    ]


def test_the_number_of_an_item_is_no_value() -> None:
    diary = document("3. Somebody wants a red pump.", title="Diary")
    assert isinstance(ask("What does the red pump cost?", diary), Abstention)


def test_corrections_can_be_left_out() -> None:
    talk = document("We sold ten roses. Excuse me, nine.", title="Talk")
    alone = frozenset({Mechanism.CORRECTIONS})
    assert texts(ask("How many roses were sold?", talk, without=alone)) == ["We sold ten roses."]


def test_a_value_in_the_next_sentence_is_stated_with_what_corrects_it() -> None:
    diary = document(
        "The new pump of the pond is in. It cost 185 euros. Sorry, 158.", title="Diary"
    )
    assert texts(ask("How much was the new pump of the pond?", diary)) == [diary.text]


def test_what_has_no_look_is_not_looked_for_in_the_next_sentence() -> None:
    diary = document("They may shut the pond. It is made of stone.", title="Diary")
    assert isinstance(ask("Did they shut the pond?", diary), Abstention)


def test_a_name_that_stands_in_the_next_sentence_is_stated() -> None:
    diary = document("The pump has a new owner. Her name is Ann Orle.", title="Diary")
    said = texts(ask("What is the name of the new owner of the pump?", diary, abstain_below=0.5))
    assert said[0] == diary.text
