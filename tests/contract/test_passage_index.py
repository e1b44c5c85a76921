"""What every implementation of `PassageIndex`, `Catalog` and `JobStore` shows."""

import datetime as dt
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.adapters.embedded import EmbeddedStore
from rag.analysis import terms
from rag.errors import (
    DocumentChanged,
    UnknownCollection,
    UnknownDocument,
    UnknownJob,
    UnknownVersion,
)
from rag.exporting import export
from rag.layout import PageLayout
from rag.protocols import DocumentSummary, Upload
from rag.types import (
    Document,
    DocumentDate,
    DocumentId,
    Filters,
    FurnitureLocator,
    PageLocator,
    PartLocator,
    Passage,
    RowLocator,
    SectionLocator,
    Span,
    TimeLocator,
    Version,
)
from tests.copies import article
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

EMBEDDER = HashingEmbedder()
Store = EmbeddedStore | InMemoryStore


@pytest.fixture(params=["embedded", "embedded, reopened", "in memory"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """A function that stores documents and gives the store, for one implementation."""
    store: Store = (
        InMemoryStore()
        if request.param == "in memory"
        else EmbeddedStore(tmp_path, EMBEDDER.identity)
    )

    def put(*documents: Document) -> Store:
        nonlocal store
        for one in documents:
            add(store, one)
        if request.param == "embedded, reopened" and isinstance(store, EmbeddedStore):
            store.close()
            store = EmbeddedStore(tmp_path, EMBEDDER.identity)
        return store

    yield put
    if isinstance(store, EmbeddedStore):
        store.close()


def add(store: Store, source: Document) -> None:
    passages = lines(source)
    vectors = EMBEDDER.embed_passages([one.text for one in passages])
    store.add(source, passages, vectors, original=source.text.encode())


def test_the_vector_of_a_text_is_found_while_a_passage_embeds_it(
    stored: Callable[..., Store],
) -> None:
    store = stored()
    mine, other = document("Whales sing.\nFrogs leap."), document("Whales sing.")
    passages = lines(mine)
    texts = [f"Animals\n{one.text}" for one in passages]
    vectors = EMBEDDER.embed_passages(texts)
    store.add(mine, passages, vectors, original=mine.text.encode(), embedded=texts)
    asked = [*texts, passages[0].text, ""]
    found = store.vectors_of(mine.collection, asked)
    assert {text: vector.tolist() for text, vector in found.items()} == dict(
        zip(texts, vectors.tolist(), strict=True)
    )
    assert store.vectors_of("elsewhere", asked) == {}
    assert store.vectors_of(mine.collection, []) == {}
    newer = replace(other, id=mine.id)
    store.add(newer, lines(newer), vectors[:1], original=newer.text.encode(), embedded=texts[:1])
    assert store.vectors_of(mine.collection, asked).keys() == {texts[0]}
    store.delete(mine.id)
    assert store.vectors_of(mine.collection, asked) == {}


def test_a_passage_without_a_vector_is_found_by_its_words_alone(
    stored: Callable[..., Store],
) -> None:
    store = stored(document("Whales sing.", title="Known"))
    source = document("Wale singen.\nFrogs leap.", id="d2")
    passages = lines(source)
    vectors = EMBEDDER.embed_passages([one.text for one in passages])
    vectors[0] = 0
    said = [one.text for one in passages]
    store.add(source, passages, vectors, original=source.text.encode(), embedded=said)
    assert store.vectors_of("default", said).keys() == {"Frogs leap."}
    selection = store.select("default", Filters())
    near = store.dense_search(selection, EMBEDDER.embed_queries(["singen"])[0], 10)
    found = store.lexical_search(selection, terms("singen leap"), 10)
    by_text = store.passages([one.passage_id for one in (*near, *found)])
    assert {by_text[one.passage_id].text for one in near} == {"Whales sing.", "Frogs leap."}
    assert {by_text[one.passage_id].text: one.embedded for one in found} == {
        "Wale singen.": False,
        "Frogs leap.": True,
    }


def snapshot(store: Store) -> str:
    return store.select("default", Filters()).snapshot


def lexical(store: Store, query: str, k: int = 10, **filters: Any) -> list[str]:
    selection = store.select("default", Filters(**filters))
    hits = store.lexical_search(selection, terms(query), k)
    found = store.passages([hit.passage_id for hit in hits])
    return [found[hit.passage_id].text for hit in hits]


def dense(store: Store, query: str, k: int = 10, **filters: Any) -> list[str]:
    selection = store.select("default", Filters(**filters))
    hits = store.dense_search(selection, EMBEDDER.embed_queries([query])[0], k)
    found = store.passages([hit.passage_id for hit in hits])
    return [found[hit.passage_id].text for hit in hits]


Put = Callable[..., Store]


def test_what_came_from_inside_of_a_document_goes_with_it(stored: Put) -> None:
    bare = document("The bare text.", id="d2")
    keys = ("a.eml", "a.eml//x", "a.eml//x//y", "a.eml/z", "a.emlx", f"{bare.version}//x")
    store = stored(
        bare, *(document(f"Text {n}.", id=f"k{n}", source_key=key) for n, key in enumerate(keys))
    )
    assert store.inside("default", "a.eml") == {"a.eml//x": "k1", "a.eml//x//y": "k2"}
    assert store.inside("elsewhere", "a.eml") == {}
    store.delete(DocumentId("k0"))
    store.delete(bare.id)
    assert [one.id for one in store.summaries(None)] == ["k3", "k4"]
    assert lexical(store, "bare") == []


def test_a_passage_is_found_by_what_stands_above_it(stored: Put) -> None:
    text = "It opens at nine.\nIt closes at five."
    under = (SectionLocator(span=Span(18, len(text)), path=("Evenings", "Winter")),)
    store = stored(
        document(text, title="The Harbour Museum", locators=under),
        document("It opens at ten.", id="d2", title="The Swimming Bath"),
    )
    assert lexical(store, "museum opens") == [
        "It opens at nine.",
        "It opens at ten.",
        "It closes at five.",
    ]
    assert lexical(store, "winter") == ["It closes at five."]
    # but a word's weight is told by what the passages themselves say
    assert store.document_frequencies("default", ["museum", "open"]) == {"museum": 0, "open": 2}
    known = [
        "bath",
        "close",
        "evening",
        "five",
        "harbour",
        "museum",
        "nine",
        "open",
        "swim",
        "ten",
        "winter",
    ]
    assert store.vocabulary("default") == known


def test_what_was_added_is_found_by_both_searches(stored: Put) -> None:
    store = stored(document("Red apples ripen.\nBlue whales sing.\nGreen hills roll."))
    assert lexical(store, "whale song, singing") == ["Blue whales sing."]
    assert dense(store, "Blue whales sing", k=1) == ["Blue whales sing."]
    assert len(dense(store, "Blue whales sing", k=10)) == 3


def test_scores_fall_and_cosines_are_cosines(stored: Put) -> None:
    store = stored(document("one two three\none two\none\nfour"))
    hits = store.dense_search(
        store.select("default", Filters()), EMBEDDER.embed_queries(["one two three"])[0], 10
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)


def test_rarer_words_weigh_more(stored: Put) -> None:
    store = stored(document("common common rare\ncommon thing\ncommon word\ncommon place"))
    assert lexical(store, "common rare")[0] == "common common rare"


def test_ties_go_to_the_passage_that_was_added_first(stored: Put) -> None:
    store = stored(*(document("same words here\nother", id=f"d{n}") for n in (3, 1, 2)))
    ids = [p.document_id for p in _passages(store, "same words here")]
    assert ids == ["d3", "d1", "d2"]
    hits = store.dense_search(
        store.select("default", Filters()), EMBEDDER.embed_queries(["same words here"])[0], 2
    )
    found = store.passages([hit.passage_id for hit in hits])
    assert [found[hit.passage_id].document_id for hit in hits] == ["d3", "d1"]


def _passages(store: Store, query: str) -> list[Passage]:
    hits = store.lexical_search(store.select("default", Filters()), terms(query), 10)
    found = store.passages([hit.passage_id for hit in hits])
    return [found[hit.passage_id] for hit in hits]


def test_a_passage_comes_back_as_it_went_in(stored: Put) -> None:
    text = "Kopf 😀 heading\nBody text with é."
    source = document(
        text, locators=(SectionLocator(span=Span(0, len(text)), path=("Kopf", "Zwei")),)
    )
    assert set(_passages(stored(source), "heading body")) == set(lines(source))


def test_a_new_version_replaces_the_old_in_search_and_the_old_text_stays_readable(
    stored: Put,
) -> None:
    old = document("The price is ten.")
    new = document("The price is twelve.")
    store = stored(old, new)
    assert lexical(store, "price") == ["The price is twelve."]
    assert dense(store, "price", k=5) == ["The price is twelve."]
    assert store.document(old.id).text == new.text
    assert store.document(old.id, old.version).text == old.text
    assert [c.documents for c in store.collections()] == [1]


def test_an_old_version_can_come_back(stored: Put) -> None:
    old, new = document("The price is ten."), document("The price is twelve.")
    store = stored(old, new, old)
    assert lexical(store, "price") == ["The price is ten."]
    assert store.document(old.id, new.version).text == new.text


def test_the_words_of_cited_pages_are_known_until_the_document_is_deleted(stored: Put) -> None:
    source = document("One.\nTwo.\n", id="d")
    store = stored()
    layouts = [PageLayout.of(page, [(0, 4)], [(0.1, 0.1, 0.2, 0.2)]) for page in (2, 1)]
    vectors = np.empty((0, EMBEDDER.identity.dimension), np.float32)
    store.add(source, (), vectors, original=source.text.encode(), layouts=layouts)
    assert store.layouts(source.id, source.version, [1, 2, 3]) == layouts[::-1]
    assert store.layouts(source.id, source.version, [2]) == layouts[:1]
    assert store.layouts(source.id, Version("sha256:other"), [1]) == []
    store.delete(source.id)
    assert store.layouts(source.id, source.version, [1, 2]) == []


def test_delete_removes_a_document_and_its_versions_from_everywhere(stored: Put) -> None:
    old, new = document("The price is ten."), document("The price is twelve.")
    store = stored(old, new, document("Another price.", id="d2"))
    store.delete(old.id)
    assert lexical(store, "price") == ["Another price."]
    assert dense(store, "price") == ["Another price."]
    assert store.document_frequencies("default", ["price"]) == {"price": 1}
    for version in (None, old.version, new.version):
        with pytest.raises(UnknownDocument):
            store.document(old.id, version)
    with pytest.raises(UnknownDocument):
        store.delete(old.id)
    assert store.by_version("default", new.version) is None


def test_what_is_unknown_is_named(stored: Put) -> None:
    store = stored(document("text"))
    with pytest.raises(UnknownCollection, match="'default'") as caught:
        store.select("other", Filters())
    assert caught.value.known == ("default",)
    with pytest.raises(UnknownVersion):
        store.document(DocumentId("d1"), document("never").version)
    with pytest.raises(UnknownDocument):
        store.summary(DocumentId("none"))
    for call in (store.summaries, store.count):
        with pytest.raises(UnknownCollection):
            call("other")
    with pytest.raises(UnknownCollection):
        store.document_frequencies("other", ["x"])
    with pytest.raises(UnknownCollection):
        store.vocabulary("other")


def test_collections_do_not_see_each_other(stored: Put) -> None:
    store = stored(
        document("shared word one"), document("shared word two", id="d2", collection="b")
    )
    assert lexical(store, "shared") == ["shared word one"]
    assert dense(store, "shared") == ["shared word one"]
    assert store.document_frequencies("b", ["share", "two"]) == {"share": 1, "two": 1}
    assert store.count("b") == 1
    assert store.by_version("default", document("shared word two").version) is None
    assert [(c.name, c.documents, c.passages) for c in store.collections()] == [
        ("b", 1, 1),
        ("default", 1, 1),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"d1", "d2", "d3"}),
        ({"document_ids": frozenset({"d2", "d9"})}, {"d2"}),
        ({"document_ids": frozenset()}, set()),
        ({"media_types": frozenset({"text/html"})}, {"d3"}),
        ({"published_after": dt.date(2024, 1, 2)}, {"d2"}),
        ({"published_before": dt.date(2024, 1, 1)}, {"d1"}),
        ({"published_after": dt.date(2024, 1, 1), "document_ids": frozenset({"d1"})}, {"d1"}),
    ],
)
def test_filters_choose_documents_before_the_search(
    stored: Put, filters: dict[str, Any], expected: set[str]
) -> None:
    day = DocumentDate(value=dt.date(2024, 1, 1), found_by="user")
    later = DocumentDate(value=dt.date(2024, 1, 2), found_by="user")
    store = stored(
        document("a word", published=day),
        document("a word!", id="d2", published=later),
        document("a word?", id="d3", media_type="text/html"),
    )
    selection = store.select("default", Filters(**filters))
    assert selection.searched.documents == selection.searched.passages == len(expected)
    assert selection.searched.filtered == bool(filters)
    for hits in (
        store.lexical_search(selection, terms("word"), 3),
        store.dense_search(selection, EMBEDDER.embed_queries(["word"])[0], 3),
    ):
        found = store.passages([hit.passage_id for hit in hits])
        assert {one.document_id for one in found.values()} == expected


def test_any_term_may_be_asked_for(stored: Put) -> None:
    store = stored(document('he said "near" AND NOT (or)\nnull 日本語 naïve ½'))
    for query in (
        '"',
        "*",
        "AND",
        "NEAR(",
        "near NOT",
        "日本語",
        "-",
        "'); DROP TABLE",
        "½",
        "col:x",
    ):
        lexical(store, query)
    assert lexical(store, "日本語") == ["null 日本語 naïve ½"]
    assert lexical(store, "NAIVE") == ["null 日本語 naïve ½"]
    selection = store.select("default", Filters())
    assert store.lexical_search(selection, ['a"b', "near"], 5)
    assert store.lexical_search(selection, [], 5) == []


def test_a_snapshot_changes_with_every_change(stored: Put) -> None:
    store = stored(document("one"))
    seen = [snapshot(store)]
    add(store, document("two", id="d2"))
    seen.append(snapshot(store))
    store.delete(DocumentId("d2"))
    seen.append(snapshot(store))
    assert len(set(seen)) == 3
    assert snapshot(store) == seen[-1]


def test_a_document_comes_back_as_it_went_in(stored: Put) -> None:
    text = "Page one.\nPage two."
    source = document(
        text,
        source_key="folder/file.txt",
        source_url="https://example.org/x",
        author="A. Author",
        published=DocumentDate(value=dt.date(2024, 2, 29), found_by="meta date"),
        recorded=DocumentDate(value=dt.date(2024, 2, 28), found_by="spoken", span=Span(0, 4)),
        language="en",
        partial=True,
        locators=(
            FurnitureLocator(span=Span(0, 4)),
            TimeLocator(span=Span(0, 10), start_s=0.5, end_s=2.25),
            PartLocator(
                span=Span(0, 10),
                name="forwarded",
                date=DocumentDate(value=dt.date(2023, 1, 1), found_by="Date"),
            ),
            PartLocator(span=Span(10, 12), name="body"),
            RowLocator(span=Span(10, 12), sheet="Sheet 1", row=3),
            PageLocator(span=Span(0, 10), number=1, label="i"),
            PageLocator(span=Span(10, len(text)), number=2, label="ii"),
            SectionLocator(span=Span(10, len(text)), path=("A", "B")),
        ),
        warnings=("Something to know.",),
    )
    store = stored(source)
    assert store.document(source.id) == source
    summary = store.summary(source.id)
    assert (summary.characters, summary.pages, summary.passages) == (len(text), 2, 2)
    assert summary.published == source.published
    assert (summary.recorded, summary.language, summary.partial) == (source.recorded, "en", True)
    assert summary.warnings == ("Something to know.",)
    assert store.by_source_key("default", "folder/file.txt") == summary
    assert store.by_version("default", source.version) == summary
    assert store.by_source_key("default", "other") is None


def test_summaries_page_through_documents_in_order_of_their_ids(stored: Put) -> None:
    store = stored(*(document(f"text {n}", id=f"d{n}") for n in (2, 0, 1)))
    store = stored(document("elsewhere", id="d3", collection="b"))
    assert [s.id for s in store.summaries("default", limit=2)] == ["d0", "d1"]
    assert [s.id for s in store.summaries("default", after=DocumentId("d1"))] == ["d2"]
    assert [s.id for s in store.summaries(None)] == ["d0", "d1", "d2", "d3"]


def test_a_document_without_passages_is_kept(stored: Put) -> None:
    store = stored()
    source = document("- - -")
    store.add(source, (), np.empty((0, EMBEDDER.identity.dimension), np.float32), original=b"- - -")
    assert store.summary(source.id).passages == 0
    searched = store.select("default", Filters()).searched
    assert (searched.documents, searched.passages, searched.filtered) == (1, 0, False)
    assert lexical(store, "anything") == dense(store, "anything") == []


def test_an_id_belongs_to_one_collection_and_a_key_to_one_document(stored: Put) -> None:
    store = stored(document("one", source_key="k"), document("text", id="d2"))
    with pytest.raises(DocumentChanged):
        add(store, document("two", id="d3", source_key="k"))
    with pytest.raises(ValueError, match="already"):
        add(store, document("two", collection="b"))
    add(store, document("three", id="d3", source_key="k", collection="b"))
    assert lexical(store, "one text") == ["one", "text"]


def test_a_version_that_comes_again_may_say_something_else_of_itself(stored: Put) -> None:
    one = document("text")
    store = stored(one)
    store.document(one.id)
    add(store, replace(one, title="New title"))
    assert store.document(one.id).title == store.summary(one.id).title == "New title"


def near(store: Store, document_id: str) -> tuple[str, ...]:
    return store.summary(DocumentId(document_id)).near_duplicates


PARAGRAPHS = article(7)


def test_near_duplicates_are_linked_both_ways_and_within_their_collection(stored: Put) -> None:
    store = stored(
        document("\n".join(PARAGRAPHS), id="d1", title="The first"),
        document("\n".join(article(8)), id="d2"),
        document("A headline\n" + "\n".join(PARAGRAPHS[:-1]), id="d3", title="The shorter"),
        document("\n".join(PARAGRAPHS), id="d4", collection="other"),
    )
    assert [near(store, one) for one in ("d1", "d2", "d3", "d4")] == [("d3",), (), ("d1",), ()]
    [link] = store.near_duplicates(DocumentId("d1"))
    assert (link.document_id, link.title) == ("d3", "The shorter")
    assert 0.7 < link.similarity < 1
    assert [one.near_duplicates for one in store.summaries("default")] == [("d3",), (), ("d1",)]
    assert store.near_duplicates(DocumentId("nope")) == []


def test_the_most_alike_comes_first(stored: Put) -> None:
    kept = {"d2": 5, "d3": 8, "d4": 7}
    store = stored(
        document("\n".join(PARAGRAPHS), id="d1"),
        *(document("Other\n" + "\n".join(PARAGRAPHS[:n]), id=i) for i, n in kept.items()),
    )
    assert near(store, "d1") == ("d3", "d4", "d2")


def test_links_beyond_the_twenty_that_are_told_come_up_when_others_go(stored: Put) -> None:
    text = "\n\n".join(article(1))
    store = stored(*(document(text + f"\nCopy{n}.", id=f"d{n:02}") for n in range(30)))
    assert all(len(one.near_duplicates) == 20 for one in store.summaries("default"))
    for number in range(1, 15):
        store.delete(DocumentId(f"d{number:02}"))
    rest = {DocumentId(f"d{number}") for number in range(15, 30)}
    assert set(near(store, "d00")) == rest
    assert {one.document_id for one in store.near_duplicates(DocumentId("d00"))} == rest


def test_only_present_versions_are_near_duplicates(stored: Put) -> None:
    store = stored(
        document("\n".join(PARAGRAPHS), id="d1"), document("\n".join(PARAGRAPHS), id="d2")
    )
    assert near(store, "d1") == ("d2",)
    add(store, document("\n".join(article(9)), id="d2"))
    assert near(store, "d1") == near(store, "d2") == ()
    add(store, document("\n".join(article(9)), id="d1"))
    assert near(store, "d2") == ("d1",)
    store.delete(DocumentId("d2"))
    assert near(store, "d1") == ()
    add(store, document("\n".join(article(9)), id="d3"))
    assert near(store, "d1") == ("d3",)


def test_a_file_belongs_to_the_folder_where_it_was_last_seen(stored: Put) -> None:
    store = stored(
        *(document(f"Text {n}.", id=f"d{n}", source_key=f"{n}.txt") for n in range(3)),
        document("Text.", id="d9", source_key="0.txt", collection="other"),
    )
    for number, root in ((0, "/a"), (1, "/a"), (9, None), (1, "/b"), (2, "/b"), (7, "/a")):
        store.mark_seen(DocumentId(f"d{number}"), root)
    assert store.last_seen("default", "/a") == {"0.txt": "d0"}
    assert store.last_seen("default", "/b") == {"1.txt": "d1", "2.txt": "d2"}
    assert store.last_seen("other", "/a") == store.last_seen("nope", "/a") == {}
    store.delete(DocumentId("d1"))
    add(store, document("Text 1.", id="d1", source_key="1.txt"))
    assert store.last_seen("default", "/b") == {"2.txt": "d2"}
    store.mark_seen(DocumentId("d2"), None)
    assert store.last_seen("default", "/b") == {}


def test_a_version_belongs_to_the_folder_that_brought_it(stored: Put) -> None:
    store = stored()
    nothing = np.empty((0, EMBEDDER.identity.dimension), np.float32)
    for text, root in (("one", "/a"), ("two", "/b"), ("three", None)):
        store.add(document(text, source_key="k"), (), nothing, original=text.encode(), root=root)
        owners = [one for one in ("/a", "/b") if store.last_seen("default", one)]
        assert owners == ([root] if root else [])


def test_only_the_version_that_is_there_is_replaced(stored: Put) -> None:
    first, second = document("one", source_key="k"), document("two", source_key="k")
    store = stored(first)

    def put(source: Document, replaces: Version) -> DocumentSummary:
        vectors = np.empty((0, EMBEDDER.identity.dimension), np.float32)
        return store.add(source, (), vectors, original=source.text.encode(), replaces=replaces)

    assert put(second, first.version) == store.summary(second.id)
    with pytest.raises(DocumentChanged):
        put(document("three", source_key="k"), first.version)
    store.delete(second.id)
    with pytest.raises(DocumentChanged):
        put(document("three", source_key="k"), second.version)
    assert store.summaries(None) == []


def test_jobs_wait_in_order_and_tell_their_state(stored: Put) -> None:
    store = stored()
    upload = Upload(name="a.txt", title="T", published=dt.date(2024, 1, 1), collection="c")
    first, second = store.enqueue(upload, b"one"), store.enqueue(Upload(name="b"), b"two")
    claimed = store.claim()
    assert claimed is not None
    job, back, content = claimed
    assert (job.id, back, content) == (first.id, replace(upload, job=first.id), b"one")
    assert store.job(first.id).state == "parsing"
    store.update(replace(job, state="failed", reason="Why it failed."))
    assert store.job(first.id).reason == "Why it failed."
    assert (store.claim() or pytest.fail("the second job is lost"))[0].id == second.id
    assert store.claim() is None
    with pytest.raises(UnknownJob):
        store.job("none")
    with pytest.raises(UnknownJob):
        store.update(replace(job, id="none"))


def test_versions_and_originals_are_kept_until_the_document_is_deleted(stored: Put) -> None:
    old, new = document("The price is ten."), document("The price is twelve.")
    store = stored(old, new)
    assert store.versions(old.id) == [old.version, new.version]
    assert store.original(old.id) == new.text.encode()
    assert store.original(old.id, old.version) == old.text.encode()
    with pytest.raises(UnknownVersion):
        store.original(old.id, Version("sha256:other"))
    add(store, old)
    assert store.versions(old.id) == [new.version, old.version]
    store.delete(old.id)
    for call in (store.versions, store.original):
        with pytest.raises(UnknownDocument):
            call(old.id)
    assert store.damage() == []


def test_a_purged_collection_is_gone_with_all_that_waits_for_it(stored: Put) -> None:
    store = stored(
        document("shared one", source_key="k"),
        document("shared two", id="d2"),
        document("shared three", id="d3", collection="b"),
    )
    waiting = store.enqueue(Upload(name="a"), b"waiting")
    other = store.enqueue(Upload(name="a", collection="b"), b"waiting")
    before = snapshot(store)
    store.purge("default")
    with pytest.raises(UnknownCollection):
        store.purge("default")
    with pytest.raises(UnknownJob):
        store.job(waiting.id)
    assert store.job(other.id).state == "queued"
    for gone in ("d1", "d2"):
        with pytest.raises(UnknownDocument):
            store.document(DocumentId(gone))
    assert [one.name for one in store.collections()] == ["b"]
    store = stored(document("shared four", id="d4"))
    assert lexical(store, "shared") == dense(store, "shared") == ["shared four"]
    assert snapshot(store) != before
    selection = store.select("b", Filters())
    assert len(store.lexical_search(selection, terms("shared"), 5)) == 1


def test_what_was_uploaded_for_a_collection_is_purged_before_there_is_one(stored: Put) -> None:
    store = stored(document("one", collection="b"))
    waiting = store.enqueue(Upload(name="a"), b"waiting")
    store.purge("default")
    with pytest.raises(UnknownJob):
        store.job(waiting.id)
    assert [one.name for one in store.collections()] == ["b"]
    with pytest.raises(UnknownCollection):
        store.purge("default")


def test_an_upload_that_was_given_up_brings_no_document(stored: Put) -> None:
    store = stored(document("one", id="d1"))
    store.enqueue(Upload(name="a"), b"two")
    claimed = store.claim()
    assert claimed is not None
    job, upload, content = claimed
    assert upload.job == job.id
    store.purge("default")
    late = document("two", id="d2")
    passages = lines(late)
    vectors = EMBEDDER.embed_passages([one.text for one in passages])
    with pytest.raises(UnknownJob):
        store.add(late, passages, vectors, original=content, job=upload.job)
    assert store.collections() == []


def test_an_export_of_much_text_comes_in_parts(
    stored: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.exporting._PART_BYTES", 10)
    store = stored(document("Whales sing.", id="a"), document("Frogs leap.", id="b"))
    with tarfile.open(fileobj=io.BytesIO(b"".join(export(store, "default")))) as archive:
        names = [one.name for one in archive.getmembers()]
    assert names[:2] == ["default/documents-1.jsonl", "default/documents-2.jsonl"]
    assert len(names) == 4


def test_an_export_holds_everything_in_open_formats(stored: Put) -> None:
    text = "Kopf 😀\nBody of é."
    old, new = document("The price is ten."), document("The price is twelve.")
    placed = document(
        text,
        id="d2",
        published=DocumentDate(value=dt.date(2024, 2, 29), found_by="user", span=Span(0, 4)),
        locators=(SectionLocator(span=Span(0, 4), path=("A", "B")),),
    )
    store = stored(old, new, placed, document("elsewhere", id="d3", collection="b"))
    with tarfile.open(fileobj=io.BytesIO(b"".join(export(store, "default")))) as archive:
        members = {
            one.name: (archive.extractfile(one) or pytest.fail("no file")).read()
            for one in archive.getmembers()
        }
    lines = [json.loads(line) for line in members.pop("default/documents-1.jsonl").splitlines()]
    assert [(one["id"], one["text"], one["present"]) for one in lines] == [
        ("d1", old.text, False),
        ("d1", new.text, True),
        ("d2", text, True),
    ]
    assert lines[2]["published"] == {"value": "2024-02-29", "found_by": "user", "span": [0, 4]}
    assert lines[2]["locators"] == [["section", [0, 4], ["A", "B"]]]
    assert {name: content.decode() for name, content in members.items()} == {
        f"default/{one['original_file']}": one["text"] for one in lines
    }
    with pytest.raises(UnknownCollection):
        next(export(store, "nope"))


def test_an_export_goes_on_where_a_document_is_deleted_meanwhile(stored: Put) -> None:
    store = stored(document("Whales sing.", id="a"), document("Frogs leap.", id="b"))
    pieces = export(store, "default")
    begun = next(pieces)
    store.delete(DocumentId("a"))
    with tarfile.open(fileobj=io.BytesIO(begun + b"".join(pieces))) as archive:
        _, *originals = archive.getmembers()
        assert [archive.extractfile(one).read() for one in originals] == [b"Frogs leap."]  # type: ignore[union-attr] # they are files
