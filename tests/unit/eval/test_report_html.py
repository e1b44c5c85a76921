"""The page of a run, read as a browser reads it: by the HTML parser of lxml."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from lxml import html as parser

from eval.answered import Answered, Cited
from eval.explained import AROUND, excerpt
from eval.places import Page, Source
from eval.report import build
from eval.report_html import html
from eval.runs import Run
from eval.suite import Suite, read_suite
from tests.services import Fake, Scripted, started
from tests.suites import question, write_suite

HOSTILE = "</blockquote></details><script>alert(1)</script><img src=x onerror=alert(1)>"
SPOKEN = f'The gate\'s "old" keeper & son said: {HOSTILE} אין כניסה מהצפון \u202e on Tuesday.'
DOCUMENTS = {"minutes.txt": f"{SPOKEN}\n\nNobody else spoke.\n", "notes.md": "A note on storms.\n"}
HOSTILE_QUESTION = question(
    question=f"What did the keeper say {HOSTILE}?",
    note=f"{HOSTILE} {{{{ 7 * 7 }}}}",
    must=[["Tuesday"], ["<script>never"]],
    must_not=["<img src=z"],
    evidence=[{"doc": "minutes.txt", "quote": "אין כניסה"}],
    expected=HOSTILE,
)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite"))


def page(run: Run, suite: Suite) -> Any:
    return parser.document_fromstring(html(build(run, [suite]), run, [suite]))


def changed(run: Run, question_id: str, **fields: Any) -> Run:
    key = ("harbour", question_id, 0)
    return replace(run, answers={**run.answers, key: replace(run.answers[key], **fields)})


def of(tree: Any, question_id: str) -> Any:
    return tree.get_element_by_id(f"q-harbour-{question_id}")


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    suite = read_suite(write_suite(tmp_path / "s", [HOSTILE_QUESTION], documents=DOCUMENTS))
    run = started(suite, Fake(), tmp_path / "run")
    run = changed(run, "gate", standalone=HOSTILE, missing=(HOSTILE,))
    written = html(build(run, [suite]), run, [suite])
    tree = parser.document_fromstring(written)
    assert not tree.xpath("//img")
    assert [one.get("src") for one in tree.xpath("//script")] == [None]
    assert len(tree.xpath("//details")) == 1
    assert "{{ 7 * 7 }}" in tree.text_content()
    assert not [name for one in tree.iter() for name in one.attrib if name.startswith("on")]
    assert written.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in written


def test_quotes_are_marked_exactly_where_they_stand(tmp_path: Path) -> None:
    suite = read_suite(write_suite(tmp_path / "s", [HOSTILE_QUESTION], documents=DOCUMENTS))
    run = started(suite, Fake(), tmp_path / "run")
    text = run.sources["harbour"]["minutes.txt"].text
    start = text.index("אין")
    end = text.index("הצפון") + 5
    cited = Cited(
        marker=1,
        document="minutes.txt",
        version=run.sources["harbour"]["minutes.txt"].version,
        start=start,
        end=end,
        quote=text[start:end],
    )
    shown = of(page(changed(run, "gate", citations=(cited,)), suite), "gate")
    (source,) = shown.xpath(".//div[@id='q-harbour-gate-c1']")
    (block,) = source.xpath("./blockquote")
    (mark,) = block.xpath("./mark")
    assert mark.text_content() == text[start:end]
    assert block.text_content() == text[: end + len(mark.tail)]
    assert block.get("dir") == "auto"
    assert f"minutes.txt, characters {start}–{end}: exact · expected evidence" in words(source)


def test_the_evidence_is_marked_too_and_says_whether_it_was_found(
    suite: Suite, tmp_path: Path
) -> None:
    run = changed(started(suite, Fake(), tmp_path / "run"), "windows", citations=(), retrieved=())
    tree = page(run, suite)
    found, missed = (words(of(tree, one)) for one in ("gate", "windows"))
    assert "1. cited · rank 1 in retrieval · minutes.txt" in found
    assert "1. not cited · not in retrieval · notes.md" in missed
    assert "Retrieval saw nothing." in missed
    marks = [one.text_content() for one in of(tree, "windows").xpath(".//mark")]
    assert marks == ["A storm broke two windows"]


def test_a_quote_that_is_not_exact_is_shown_beside_what_stands_there(
    suite: Suite, tmp_path: Path
) -> None:
    run = started(suite, Fake(), tmp_path / "run")
    (first, *_) = run.answers["harbour", "gate", 0].citations
    shifted = replace(first, start=first.start + 1, end=first.end + 1)
    lost = replace(first, marker=2, document="gone.txt")
    shown = of(page(changed(run, "gate", citations=(shifted, lost)), suite), "gate")
    assert "not what stands there" in words(shown)
    assert "there is no such document" in words(shown)
    assert [one.text_content() for one in shown.xpath(".//q[@class='quoted']")] == [first.quote] * 2
    assert "breaks an invariant" in words(shown.xpath("./summary")[0])


def test_each_group_says_what_matched(suite: Suite, tmp_path: Path) -> None:
    said = {"masters": "2019: Lund. 2021 then saw Lund.", "windows": "Twenty."}
    run = started(suite, Scripted(lambda one: said.get(one.id, "None.")), tmp_path / "run")
    tree = page(run, suite)
    masters = [words(one) for one in of(tree, "masters").xpath(".//ul[@class='checks']/li")]
    assert "found: Lund" in masters
    assert "missing: Vik" in masters
    assert "together: 2019 matches and Lund matches" in masters
    assert "not together: 2021 matches and Vik does not match" in masters
    assert masters[-1].startswith("must not stand there: 2021")
    windows = words(of(tree, "windows"))
    assert "missing: two does not match or \\b2\\b does not match" in windows
    airport = words(of(tree, "airport"))
    assert "abstaining is right, and it answered" in airport


def test_questions_can_be_filtered_by_what_they_are(suite: Suite, tmp_path: Path) -> None:
    run = started(suite, Scripted(lambda one: "fail" if one.id == "gate" else "2"), tmp_path / "r")
    tree = page(run, suite)
    gate: Mapping[str, str] = of(tree, "gate").attrib
    assert {name: gate[f"data-{name}"] for name in ("suite", "type", "verdict", "outcome")} == {
        "suite": "harbour",
        "type": "when",
        "verdict": "not scored",
        "outcome": "failed",
    }
    verdicts = tree.xpath("//select[@name='verdict']/option")
    assert [one.text for one in verdicts] == ["all", "not scored", "right", "wrong"]
    assert "status 500" in words(of(tree, "gate"))


def test_the_page_loads_nothing_and_runs_only_its_own_script(suite: Suite, tmp_path: Path) -> None:
    run = started(suite, Fake(), tmp_path / "run")
    written = html(build(run, [suite]), run, [suite])
    assert "http:" not in written
    assert "https:" not in written
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', written)
    assert policy is not None
    assert unescape(policy[1]).startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"\sstyle=|url\(|@import|<link", written)


def test_a_second_answer_is_shown_where_it_is_another(suite: Suite, tmp_path: Path) -> None:
    times = iter(range(100))
    run = started(suite, Scripted(lambda _: f"Answer {next(times)}."), tmp_path / "run", repeats=4)
    shown = words(of(page(run, suite), "gate"))
    assert "Asked again, it has another answer" in shown
    assert len(set(re.findall(r"Answer \d+", shown))) == 2


def test_plots_are_drawn_where_there_is_something_to_draw(suite: Suite, tmp_path: Path) -> None:
    run = started(suite, Fake(), tmp_path / "run")
    bare = page(run, suite)
    assert "No answer has a confidence" in words(bare)
    assert not bare.xpath("//*[@role='img']")
    sure: Answered = run.answers["harbour", "gate", 0]
    tree = page(changed(run, "gate", confidence=0.9), suite)
    assert sure.confidence is None
    assert [one.text for one in tree.xpath("//*[@role='img']/title")] == [
        "Share of right answers by confidence, in 1 bins",
        "Share of wrong answers, from 0.00 at coverage 1.00 to 0.00 at coverage 1",
    ]
    stages = [one.text for one in tree.xpath("//h2[@id='time']/..//tbody//th")]
    assert stages == ["all of it", "retrieve", "compose", "verify"]


def test_characters_that_html_cannot_hold_are_shown_one_for_one(
    suite: Suite, tmp_path: Path
) -> None:
    run = started(suite, Scripted(lambda _: "Nul \x00, bell \x07, return \r."), tmp_path / "run")
    assert "Nul ␀, bell ␇, return ␍." in words(of(page(run, suite), "gate"))


def test_an_excerpt_is_cut_between_words() -> None:
    text = "begin " + "word " * 200 + "here" + " word" * 200
    start = text.index("here")
    source = Source(
        name="a",
        version="1",
        title="",
        media_type="text/plain",
        text=text,
        pages=(Page(start=0, number=4), Page(start=start, number=5)),
    )
    shown = excerpt(source, start, start + 4)
    assert (shown.marked, shown.page, shown.cut_before, shown.cut_after) == ("here", 5, True, True)
    assert set(shown.before.split()) | set(shown.after.split()) == {"word"}
    assert AROUND - 5 < len(shown.before) <= AROUND
    whole = excerpt(source, 0, len(text))
    assert (whole.before, whole.marked, whole.after) == ("", text, "")
    assert not whole.cut_before
    assert not whole.cut_after
