"""A model as judge: what it is shown, what of its replies counts, what is kept, and that no verdict rests on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from lxml import html as parser
from typer.testing import CliRunner

from eval.cli import app
from eval.report import Report, build, reports_as_json
from eval.report_html import html
from eval.report_text import markdown
from eval.second_opinion import Case, Judge, Opinion, kappa, message, read_opinion
from eval.suite import Question, Suite, _questions, read_suite
from rag.errors import ModelError
from tests.services import Scripted, started
from tests.suites import question, write_suite
from tests.unit.eval.test_judging import answered, asked

RIGHT = '{"right": true, "reason": "It says so."}'
WRONG = 'Well: {"right": false, "reason": "It names another day."}'


@dataclass
class Model:
    """A chat model by a function of what it is shown, which it remembers."""

    answer: Callable[[str], str] = lambda shown: RIGHT
    name: str = "test:judge"
    shown: list[str] = field(default_factory=list)

    def reply(self, system: str, user: str, *, within_s: float) -> Generator[str, None, None]:
        self.shown.append(user)
        yield self.answer(user)


def case(text: str = "It was Ada Lund. [1]", *, right: bool = True, **fields: Any) -> Case:
    return Case(question=asked(**fields), answered=answered(text), right=right)


def judged(model: Model, folder: Path, *cases: Case, url: str | None = None) -> Any:
    return Judge(model, url, folder / "kept.jsonl", 5).opinions(cases, 1, lambda *_: None)


@pytest.mark.parametrize(
    ("reply", "opinion"),
    [
        (RIGHT, Opinion(right=True, reason="It says so.")),
        (f"```json\n{RIGHT}\n```", Opinion(right=True, reason="It says so.")),
        (WRONG, Opinion(right=False, reason="It names another day.")),
        ("Right.", None),
        ('{"right": "perhaps", "reason": ""}', None),
        ('{"right": true}', None),
        ("{", None),
    ],
)
def test_a_reply_counts_where_it_is_what_was_asked_for(reply: str, opinion: Opinion | None) -> None:
    assert read_opinion(reply) == opinion


def test_a_model_is_shown_what_a_person_would_need() -> None:
    turns = ({"question": "Who was it in 2021?", "answer": "Bo Vik."},)
    one = read_question(history=turns, expected="Ada Lund.")
    shown = message(Case(question=one, answered=answered("It was **Lund**. [1]"), right=True))
    mark = shown.split("\n")[0].removeprefix("The mark is ").removesuffix(".")
    assert shown.count(mark) == 7  # named, before each of five parts, and after the last
    parts = [part.strip() for part in shown.split(mark)[2:]]
    assert parts == [
        "Earlier turns:\nWho was it in 2021?\nBo Vik.",
        "Question:\nWhen did the harbour master close the north gate?",
        "Right answer:\nAda Lund.",
        "Excerpts of the documents:\nclosed the north gate on Tuesday",
        "Answer:\nIt was Lund.",
        "",
    ]


def read_question(**fields: Any) -> Question:
    return _questions().validate_python(question(**fields))


def test_where_declining_is_right_that_is_what_a_model_is_told() -> None:
    declined = answered("Nothing says so.", outcome="abstained", citations=())
    shown = message(Case(question=asked(must=(), abstain=True), answered=declined, right=True))
    assert "Right answer:\nThe documents do not answer this question." in shown
    assert "Declined to answer:\nNothing says so." in shown


def test_agreement_and_disagreement_are_told_apart(tmp_path: Path) -> None:
    model = Model(lambda shown: WRONG if "Vik" in shown else RIGHT if "Lund" in shown else "Hm.")
    cases = [
        case("Lund", right=True),
        replace(case("Lund, too", right=False), answered=renamed("Lund, too", "kind")),
        replace(case("Vik", right=True), answered=renamed("Vik", "strict")),
        replace(case("Vik, too", right=False), answered=renamed("Vik, too", "both")),
        replace(case("Dahl", right=False), answered=renamed("Dahl", "none")),
    ]
    found = judged(model, tmp_path, *cases)
    assert (found.agreement.value, found.agreement.n, found.without) == (0.5, 4, 1)
    assert found.right_only_to_it == ("harbour/kind",)
    assert found.wrong_only_to_it == ("harbour/strict",)
    assert found.opinions["harbour/kind"].reason == "It says so."
    assert found.kappa == 0  # half agree, and half would by chance
    assert found.stopped is None


def renamed(text: str, name: str) -> Any:
    return replace(answered(text), question=name)


def test_kappa_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import (
        cohen_kappa_score,
    )  # a second of imports, for each process that finds this file

    ours = [True, True, False, True, False, False, True]
    theirs = [True, False, False, True, True, False, True]
    expected = cohen_kappa_score(ours, theirs)
    assert kappa(list(zip(ours, theirs, strict=True))) == pytest.approx(expected)
    assert kappa([(True, True)]) is None
    assert kappa([]) is None


@pytest.mark.parametrize(
    "again",
    [
        case(),
        case(right=False),  # what the measures say is nothing to it
        case("It was Ada Lund. [2]"),
    ],
)
def test_what_a_model_said_is_not_asked_for_again(tmp_path: Path, again: Case) -> None:
    judged(Model(), tmp_path, case())
    second = Model(lambda _: WRONG)
    assert judged(second, tmp_path, again).opinions["harbour/q"].right
    assert not second.shown


@pytest.mark.parametrize(
    ("again", "name", "url"),
    [
        (case("It was Bo Vik."), "test:judge", None),
        (case(expected="Lund"), "test:judge", None),
        (case(), "test:other", None),
        (case(), "test:judge", "http://127.0.0.1:9"),
    ],
)
def test_another_answer_question_or_model_is_another_opinion(
    tmp_path: Path, again: Case, name: str, url: str | None
) -> None:
    judged(Model(), tmp_path, case())
    second = Model(lambda _: WRONG, name=name)
    assert not judged(second, tmp_path, again, url=url).opinions["harbour/q"].right
    assert len(second.shown) == 1


def test_another_prompt_is_another_opinion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(Model(), tmp_path, case())
    monkeypatch.setattr("eval.second_opinion.PROMPT_VERSION", 99)
    second = Model()
    judged(second, tmp_path, case())
    assert second.shown


def test_a_reply_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    assert judged(Model(lambda _: "Hm."), tmp_path, case()).without == 1
    assert judged(Model(), tmp_path, case()).without == 0


def test_a_line_that_a_kill_tore_costs_that_line(tmp_path: Path) -> None:
    first, second = case(), replace(case("Vik"), answered=renamed("Vik", "r"))
    judged(Model(), tmp_path, first, second)
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(kept.read_bytes()[:-9])
    model = Model(lambda _: WRONG)
    found = judged(model, tmp_path, first, second)
    assert len(model.shown) == 1
    assert sorted(one.right for one in found.opinions.values()) == [False, True]
    third = Model()
    judged(third, tmp_path, first, second)
    assert not third.shown


def test_a_model_that_fails_is_asked_no_further_and_what_it_said_stays(tmp_path: Path) -> None:
    def failing(shown: str) -> str:
        if "Dahl" in shown:
            raise ModelError("The chat model 'test:judge' failed: ConnectError.")
        return RIGHT

    cases = [case(), *(replace(case("Dahl"), answered=renamed("Dahl", name)) for name in "abc")]
    model = Model(failing)
    found = judged(model, tmp_path, *cases)
    assert found.stopped == "The chat model 'test:judge' failed: ConnectError."
    assert (len(found.opinions), found.without) == (1, 3)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite"))


def reported(suite: Suite, folder: Path) -> tuple[Report, Any]:
    run = started(suite, Scripted(lambda one: "Tuesday" if one.id == "gate" else "Hm."), folder)
    report = build(run, [suite])
    questions = {one.id: one for one in suite.questions}
    cases = [
        Case(
            question=questions[row.id],
            answered=run.answers["harbour", row.id, 0],
            right=bool(row.right),
        )
        for row in report.rows
    ]
    said = json.dumps({"right": False, "reason": "<b>No</b> `day`."})
    found = judged(Model(lambda _: said), folder, *cases)
    return replace(report, opinions=found), run


def test_reports_show_where_model_and_measures_disagree(suite: Suite, tmp_path: Path) -> None:
    report, run = reported(suite, tmp_path / "run")
    assert reports_as_json().validate_json(reports_as_json().dump_json(report)) == report
    text = markdown(report)
    assert "test:judge as judge, advisory: says what the measures say of 0.750" in text
    assert "- harbour/gate: `` <b>No</b> `day`. ``" in text
    page = parser.document_fromstring(html(report, run, [suite]))
    section = page.get_element_by_id("second").getparent()
    (link,) = section.xpath(".//a")
    assert link.get("href") == "#q-harbour-gate"
    assert page.get_element_by_id("q-harbour-gate") is not None
    shown = " ".join(page.get_element_by_id("q-harbour-gate").text_content().split())
    assert "To a model as judge it is wrong: <b>No</b> `day`." in shown


def test_a_model_that_says_nothing_leaves_a_report_that_can_be_read(
    suite: Suite, tmp_path: Path
) -> None:
    report, _ = reported(suite, tmp_path / "run")
    silent = replace(report, opinions=judged(Model(lambda _: "Hm."), tmp_path / "silent", case()))
    assert reports_as_json().validate_json(reports_as_json().dump_json(silent)) == silent
    assert "as judge, advisory: no opinion" in markdown(silent)


def test_no_verdict_rests_on_a_model(suite: Suite, tmp_path: Path) -> None:
    report, _ = reported(suite, tmp_path / "run")
    without = replace(report, opinions=None)
    assert report.passed == without.passed
    assert report.measures == without.measures
    assert "second opinion" not in markdown(without)


def scripted(monkeypatch: pytest.MonkeyPatch, *replies: str) -> list[Mapping[str, Any]]:
    """A model of LangChain's own in the place of a provider's, which gives these replies in turn."""
    named: list[Mapping[str, Any]] = []

    def model(name: str, **options: Any) -> FakeListChatModel:
        named.append({"name": name, **options})
        return FakeListChatModel(responses=list(replies))

    monkeypatch.setattr("langchain.chat_models.init_chat_model", model)
    return named


def test_the_command_asks_a_model_of_langchain_and_keeps_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = scripted(monkeypatch, WRONG)
    folder, out = write_suite(tmp_path / "suite"), tmp_path / "run"
    command = ["run", str(folder), "--out", str(out), "--repeats", "0"]
    judge = ["--judge", "openai:small", "--judge-url", "http://127.0.0.1:9/v1"]
    plain = CliRunner().invoke(app, command)
    assert "as judge" not in plain.stdout
    done = CliRunner().invoke(app, [*command, *judge])
    assert done.exit_code == plain.exit_code == 0, done.output
    assert "openai:small at http://127.0.0.1:9/v1 as judge, advisory" in done.stdout
    assert named[0]["base_url"] == "http://127.0.0.1:9/v1"
    report = reports_as_json().validate_json((out / "report.json").read_bytes())
    assert report.opinions is not None
    assert set(report.opinions.opinions) == {f"harbour/{row.id}" for row in report.rows}
    scripted(monkeypatch, RIGHT)
    anew = CliRunner().invoke(app, [*command, *judge, "--again"])
    assert anew.exit_code == 0
    again = reports_as_json().validate_json((out / "report.json").read_bytes())
    assert again.opinions == report.opinions  # kept beside the run, and not asked for again


def test_a_model_that_cannot_be_set_up_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    folder, out = write_suite(tmp_path / "suite"), tmp_path / "run"
    done = CliRunner().invoke(
        app, ["run", str(folder), "--out", str(out), "--judge", "nobody:nothing"]
    )
    assert done.exit_code == 2
    assert "'nobody:nothing' cannot be set up" in done.output
    assert not out.exists()
