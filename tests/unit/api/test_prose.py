from typing import Any

import pytest
from markdown_it import MarkdownIt

from api.citing import links_below, place_words, source_name
from api.openai.completions import Writing
from api.prose import inert, prose, source_list
from api.schemas import AnswerBody, CitationBody
from rag.answer_text import searched_line

LINK = links_below("https://docs.example/verse")


def citation(marker: int = 1, **fields: Any) -> CitationBody:
    given: dict[str, Any] = {
        "marker": marker,
        "document_id": "d1",
        "document_version": "sha256:a",
        "document_title": "Log",
        "published": None,
        "quote": f"Quote {marker}.",
        "start": 10 * marker,
        "end": 10 * marker + 8,
        "page": None,
        "page_label": None,
        "section": None,
        "part": None,
        "sheet": None,
        "row": None,
        "source_url": None,
    }
    return CitationBody.model_validate(given | fields)


def answer(**fields: Any) -> AnswerBody:
    given: dict[str, Any] = {
        "id": "a1",
        "question": "Who?",
        "standalone_question": "Who?",
        "outcome": "answered",
        "text": "",
        "statements": [{"text": "𝕳e did.", "citations": [1, 2]}, {"text": "So.", "citations": [2]}],
        "citations": [citation(1), citation(2)],
        "abstention": None,
        "composer": "extractive",
        "degraded": False,
        "model": None,
        "snapshot": "1",
        "timings_ms": {},
    }
    return AnswerBody.model_validate(given | fields)


def test_each_statement_is_a_paragraph_with_its_markers() -> None:
    told = prose(answer())
    assert told.text == "𝕳e did. [1][2]\n\nSo. [2]"
    assert [told.text[one.start : one.end] for one in told.marks] == ["[1]", "[2]", "[2]"]
    assert [one.marker for one in told.marks] == [1, 2, 2]


def test_markers_that_are_links_are_whole_ones() -> None:
    told = prose(answer(), LINK)
    address = "https://docs.example/verse/#source=d1&version=sha256%3Aa&start=10&end=18"
    assert told.text.startswith(f"𝕳e did. [[1]]({address})[[2]](")
    assert told.text[told.marks[0].start : told.marks[0].end] == f"[[1]]({address})"


@pytest.mark.parametrize(
    ("composer", "said"),
    [
        ("chat", "The language model broke off here."),
        (
            "extractive",
            "The language model could not be used, so these are the documents’ own sentences.",
        ),
    ],
)
def test_where_a_language_model_failed_the_last_line_says_so(composer: str, said: str) -> None:
    told = prose(answer(composer=composer, degraded=True))
    assert told.text == f"𝕳e did. [1][2]\n\nSo. [2]\n\n{said}"


def test_an_abstention_without_a_language_model_that_failed_says_so_too() -> None:
    nothing = {
        "reason": "Nothing fits.",
        "searched": {"collection": "c", "documents": 1, "passages": 1},
        "closest": [],
    }
    told = prose(answer(statements=[], citations=[], abstention=nothing, degraded=True))
    assert told.text.endswith("\n\nThe language model could not be used.")


def test_what_sources_disagree_on_and_what_is_missing_is_told() -> None:
    conflict = {
        "about": "the day",
        "values": [
            {"value": "Monday", "citations": [1], "independent_sources": 1},
            {"value": "Tuesday", "citations": [2], "independent_sources": 2},
        ],
    }
    told = prose(answer(outcome="partial", conflicts=[conflict], missing=["why"]))
    assert told.text.split("\n\n")[2:] == [
        "Sources disagree on the day:",
        "- Monday [1]",
        "- Tuesday [2]",
        "Not in the documents: why",
    ]
    assert [told.text[one.start : one.end] for one in told.marks[-2:]] == ["[1]", "[2]"]


def test_an_abstention_is_its_reason_what_was_searched_and_what_came_closest() -> None:
    searched = {"collection": "default", "documents": 1, "passages": 2}
    closest = [citation(1, page=3, page_label="iii")]
    address = "https://docs.example/verse/#source=d1&version=sha256%3Aa&start=10&end=18"
    none = answer(
        outcome="abstained",
        statements=[],
        citations=[],
        abstention={"reason": "Nothing says so.", "searched": searched, "closest": closest},
    )
    reason, searched_in_vain, head, quoted = prose(none).text.split("\n\n")
    assert reason == "Nothing says so."
    assert searched_in_vain == "Searched 1 document, 2 passages, in collection 'default'."
    assert head == "What came closest:"
    assert quoted == "“Quote 1.” (Log, p. iii)"
    assert prose(none).marks == ()
    assert prose(none, LINK).text.endswith(f"(Log, p. iii, [source]({address}))")
    assert prose(none, closest=False).text == f"{reason}\n\n{searched_in_vain}"
    assert source_list(none, LINK) == (
        "What came closest:\n[1] “Quote 1.” (Log, p. iii, characters 10–18) "
        "https://docs.example/verse/#source=d1&version=sha256%3Aa&start=10&end=18"
    )


def test_one_document_and_one_passage_are_told_as_one() -> None:
    line = searched_line({"collection": "gates", "documents": 1, "passages": 1})
    assert line == "Searched 1 document, 1 passage, in collection 'gates'."
    line = searched_line({"collection": "gates", "documents": 0, "passages": 21})
    assert line == "Searched 0 documents, 21 passages, in collection 'gates'."


def test_the_sources_follow_by_marker() -> None:
    head, *lines = source_list(answer(), LINK).splitlines()
    assert head == "Sources:"
    assert lines == [
        f"[{one.marker}] “{one.quote}” (Log, characters {one.start}–{one.end}) {LINK(one)}"
        for one in answer().citations
    ]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("![x](https://e.example)", "![x\\](https://e.example)"),
        ("[x][1]", "[x\\][1]"),
        ("[x]: https://e.example", "[x\\]: https://e.example"),
        ("<img src=x>", "\\<img src=x>"),
        ("</a> <!-- x --> <?x?>", "\\</a> \\<!-- x --> \\<?x?>"),
        ("a < b, [sic] and [1] stay", "a < b, [sic] and [1] stay"),
    ],
)
def test_only_what_acts_as_markdown_is_changed(words: str, shown: str) -> None:
    assert inert(words) == shown


ACTS = {"link_open", "image", "html_inline", "html_block"}


@pytest.mark.parametrize(
    "words",
    [
        "[x](https://e.example)",
        "![x](https://e.example)",
        r"\[x](https://e.example)",
        r"\![x](https://e.example)",
        r"\\[x](https://e.example)",
        r"[x\](https://e.example)",
        r"[x\\](https://e.example)",
        r"[a \] b](https://e.example)",
        "[a [b] c](https://e.example)",
        "[a `]` b](https://e.example)",
        "[x][y]\n\n[y]: https://e.example",
        "[x]\n\n[x]: https://e.example",
        "[x][]\n\n[x]:https://e.example",
        "[a\\]b]\n\n[a\\]b]: https://e.example",
        "<https://e.example>",
        "<img src=x>",
        r"\<img src=x>",
        r"\\<img src=x>",
        r"`\`<img src=x>",
        "</a><!-- x --><?x?><![CDATA[x]]>",
    ],
)
def test_nothing_of_a_document_acts_as_markdown(words: str) -> None:
    markdown = MarkdownIt("commonmark")

    def acting(text: str) -> set[str]:
        blocks = markdown.parse(text)
        return ACTS & {one.type for block in blocks for one in (block, *(block.children or ()))}

    assert acting(inert(words)) == set()
    assert acting(inert(f"{words} {words}")) == set()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"page": 3, "page_label": "iii", "section": "Gates"}, ["p. iii"]),
        ({"page": 3}, ["p. 3"]),
        ({"time_s": 3725.9}, ["1:02:05"]),
        ({"part": "Forwarded"}, ["Forwarded"]),
        ({"sheet": "Tides", "row": 4}, ["Tides 4"]),
        ({"row": 4}, ["row 4"]),
        ({"section": "Gates"}, ["Gates"]),
        ({"section": "Log"}, []),
        ({"section": "Log › Gates › North"}, ["Gates › North"]),
    ],
)
def test_a_place_is_told_in_the_terms_of_its_source(
    fields: dict[str, Any], words: list[str]
) -> None:
    cited = citation(**fields)
    assert place_words(cited) == words
    assert source_name(cited) == ", ".join(["Log", *words])


def test_open_webui_counts_pages_from_nought() -> None:
    writing = Writing(model="rag", link=LINK, linked=False, framed=True)
    paged = answer(citations=[citation(1, page=3), citation(2)])
    frames = [one["event"]["data"] for one in writing.chunks(iter([paged])) if "event" in one]
    assert [one["metadata"][0].get("page") for one in frames] == [2, None]
    assert [one["metadata"][0]["name"] for one in frames] == ["Log, p. 3", "Log"]
