"""Names as documents spell them. What is left alone matters as much as what is changed."""

import pytest

from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import Settings
from rag.types import Filters
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

TEXTS = {
    "minutes": "Marguerite Halvorsen opened the Quillfeather Bridge.\nThe ferry sails at nine.",
    "report": "Director Anatol Brzeski signed for the pump KRAN-118.\nHe left the Tarnow plant in May.",
    "transcript": "then svetlana karimova spoke about the dredger",
    "press": "Hansen Marine built the dock.\nHanson Marine built the crane.",
    "visits": "Yevgenya spoke in Sund.\nYevgenya spoke in Vik.\nYevgenya spoke in Nes.\nYevgeniya spoke in Lund.",
    "birds": "A wren and a crane were seen near the Larsson farm.",
}


@pytest.fixture(scope="module")
def library() -> Library:
    library = assemble(Settings(), InMemoryStore(), HashingEmbedder())
    for key, text in TEXTS.items():
        one = document(text, id=key, title=key)
        passages = lines(one)
        vectors = library.embedder.embed_passages([each.text for each in passages])
        library.store.add(one, passages, vectors, original=text.encode())
    return library


def spelled(library: Library, question: str) -> str:
    return library.speller.spelled(question, library.store.select("default", Filters()))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("What did Halvorson open?", "What did Halvorsen open?"),
        ("What did Margarite Halvorsen open?", "What did Marguerite Halvorsen open?"),
        ("Who opened Kwilfeather Bridge?", "Who opened Quillfeather Bridge?"),
        ("What did Anetol Bzreski sign for?", "What did Anatol Brzeski sign for?"),
        ("What was Halvorsson's bridge?", "What was Halvorsen's bridge?"),
        ("What did Karymova say about the dredger?", "What did karimova say about the dredger?"),
    ],
)
def test_a_name_that_no_document_has_is_spelled_as_they_spell_it(
    library: Library, asked: str, meant: str
) -> None:
    assert spelled(library, asked) == meant


def test_of_two_spellings_of_one_sound_the_usual_one_is_meant(library: Library) -> None:
    assert spelled(library, "Which Yevgenyia spoke in Lund?") == "Which Yevgenya spoke in Lund?"


@pytest.mark.parametrize(
    "question",
    [
        "What did Halvorsen open?",  # is spelled so
        "What did Hansen Marine build?",  # so is this, and the other is another
        "What did Hansin Marine build?",  # may be either
        "What is the pump KRAN-181?",  # a code is another code
        "What did Halvorsen paint in Tarnopol?",  # a town of another name
        "What did Bergstrand open?",  # like nothing
        "Who was seen near the Wrem farm?",  # no name is like it, only a bird is
        "Which museum is in Tarnau?",  # nothing else speaks for the plant
        "what did halvorson open?",  # without capitals nothing says what is a name
    ],
)
def test_what_is_another_name_stays_as_it_is_asked(library: Library, question: str) -> None:
    assert spelled(library, question) == question


def test_of_many_unknown_names_the_first_ones_are_looked_for(library: Library) -> None:
    others = [f"Zu{letter * 3}mo" for letter in "bcdfgklm"]
    few, many = (
        f"What did {' and '.join(names)} and Halvorson open?" for names in (others[1:], others)
    )
    assert "Halvorsen" in spelled(library, few)
    assert spelled(library, many) == many


def test_the_answer_says_what_was_asked_instead(library: Library) -> None:
    reply = library.ask("What did Margarite Halvorson open?")
    assert reply.question == "What did Margarite Halvorson open?"
    assert reply.standalone_question == "What did Marguerite Halvorsen open?"
