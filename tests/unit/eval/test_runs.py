import threading
from email.message import EmailMessage
from pathlib import Path

import pytest

from eval.asking import CannotTakeIn, ServiceLost
from eval.linting import checked_suite
from eval.runs import RESULTS_FILE, RunError, plan_of, read_run, sample, take_away
from eval.suite import Question, Suite, read_suite
from rag.library import Library
from tests.services import CODE, Fake, Scripted, started
from tests.suites import question, write_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite"))


def test_every_question_is_asked_and_a_sample_twice(suite: Suite, tmp_path: Path) -> None:
    service = Scripted()
    done = started(suite, service, tmp_path / "run")
    again = [one.id for one in sample(suite.questions, 2)]
    assert sorted(service.asked) == sorted([*(one.id for one in suite.questions), *again])
    assert {key for _, key, repeat in done.answers if repeat} == set(again)
    assert done.answers["harbour", "gate", 0].text == "About gate."
    assert done.identities["harbour"] == {"model": "none"}
    assert done.sources["harbour"]["a"].text == "A"


def test_the_sample_does_not_depend_on_order(suite: Suite) -> None:
    assert sample(suite.questions[::-1], 2) == sample(suite.questions, 2)


def test_a_service_that_dies_leaves_what_it_answered_and_a_second_start_goes_on(
    suite: Suite, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(ServiceLost):
        started(suite, Scripted(lost_after=2), folder)
    kept = set(read_run(folder).answers)
    assert len(kept) == 2
    second = Scripted()
    done = started(suite, second, folder)
    assert len(second.asked) == 4  # of the six
    assert kept < set(done.answers)


def test_a_finished_run_asks_nothing_again(suite: Suite, tmp_path: Path) -> None:
    started(suite, Scripted(), tmp_path / "run")
    second = Scripted()
    started(suite, second, tmp_path / "run")
    assert not second.asked


def test_a_question_that_failed_is_kept_and_asked_again_by_the_next_start(
    suite: Suite, tmp_path: Path
) -> None:
    answer = lambda question: "fail" if question.id == "gate" else "Yes."  # noqa: E731
    first = started(suite, Scripted(answer), tmp_path / "run", repeats=0)
    assert first.answers["harbour", "gate", 0].error == "status 500"
    second = Scripted()
    done = started(suite, second, tmp_path / "run", repeats=0)
    assert second.asked == ["gate"]
    assert done.answers["harbour", "gate", 0].error is None


def test_a_line_that_was_torn_by_a_kill_is_asked_again(suite: Suite, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    started(suite, Scripted(), folder, repeats=0)
    whole = (folder / RESULTS_FILE).read_bytes()
    (folder / RESULTS_FILE).write_bytes(whole[:-20])
    assert len(read_run(folder).answers) == 3
    second = Scripted()
    assert len(started(suite, second, folder, repeats=0).answers) == 4
    assert len(second.asked) == 1


def test_a_damaged_line_is_named(suite: Suite, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    started(suite, Scripted(), folder)
    (folder / RESULTS_FILE).write_bytes(b"{}\n" + (folder / RESULTS_FILE).read_bytes())
    with pytest.raises(RunError, match=r"results\.jsonl:1 is damaged"):
        read_run(folder)


def test_a_run_of_something_else_is_not_gone_on_with(suite: Suite, tmp_path: Path) -> None:
    started(suite, Scripted(), tmp_path / "run")
    with pytest.raises(RunError, match="a run of something else"):
        started(suite, Scripted(), tmp_path / "run", repeats=1)


def test_a_folder_that_is_no_run_is_left_alone(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for act in (lambda: started(suite, Scripted(), tmp_path), lambda: take_away(tmp_path)):
        with pytest.raises(RunError, match="holds something that is no run"):
            act()
    with pytest.raises(RunError, match="holds no run"):
        read_run(tmp_path)
    assert (tmp_path / "mine.txt").exists()


def test_a_run_can_be_taken_away(suite: Suite, tmp_path: Path) -> None:
    started(suite, Scripted(), tmp_path / "run")
    take_away(tmp_path / "run")
    take_away(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_two_suites_of_one_name_are_refused(suite: Suite) -> None:
    with pytest.raises(RunError, match="same name"):
        plan_of([suite, suite], Scripted(), CODE, 0)


def test_questions_are_asked_side_by_side(suite: Suite, tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=10)

    def answer(question: Question) -> str:
        together.wait()
        return question.id

    assert started(suite, Scripted(answer), tmp_path / "run", workers=2, repeats=0).answers


def test_the_library_s_answers_are_recorded_by_the_documents_names(
    suite: Suite, tmp_path: Path
) -> None:
    done = started(suite, Fake(), tmp_path / "run", workers=2)
    answer = done.answers["harbour", "gate", 0]
    assert answer.outcome == "answered"
    for cited in answer.citations:
        text = done.sources["harbour"][cited.document].text
        assert text[cited.start : cited.end] == cited.quote
    assert answer.retrieved
    assert {one.document for one in answer.retrieved} <= {"minutes.txt", "notes.md"}
    assert set(answer.timings_ms) == {"retrieve", "compose", "verify"}
    assert [one.id for one in suite.questions if one.abstain] == ["airport"]
    assert "embedding_model" in done.identities["harbour"]


def test_a_file_inside_of_a_mail_is_a_source_too_however_often_it_is_taken_in(
    tmp_path: Path,
) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = "Plan", "a@b.c", "Tue, 4 May 2021 10:00:00 +0000"
    mail.set_content("The plan for the gate is attached, and it should be read by everybody.")
    mail.add_attachment("The east gate will be shut for the whole of May.", filename="plan.txt")
    inside = question(
        id="inside",
        must=[["May"]],
        evidence=[{"doc": "plan.eml//plan.txt", "quote": "shut for the whole of May"}],
        expected="For May.",
    )
    folder = write_suite(tmp_path / "suite", [inside], documents={"plan.eml": mail.as_string()})
    service, suite = Fake(), checked_suite(folder)
    for run in ("one", "two"):
        done = started(suite, service, tmp_path / run, repeats=0)
        assert set(done.sources["harbour"]) == {"plan.eml", "plan.eml//plan.txt"}


def test_a_document_that_is_not_taken_in_ends_the_run(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/broken.pdf").write_bytes(b"%PDF-1.7\nbroken")
    with pytest.raises(CannotTakeIn, match=r"broken\.pdf"):
        started(read_suite(folder), Fake(), tmp_path / "run")


def test_what_breaks_in_the_engine_fails_its_question_alone(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Library.ask

    def broken(self: Library, question: str, **options: str) -> object:
        if "Osaka" in question:
            raise ZeroDivisionError("oops")
        return ask(self, question, **options)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(Library, "ask", broken)
    answers = started(suite, Fake(), tmp_path / "run", repeats=0).answers
    assert answers["harbour", "airport", 0].error == "ZeroDivisionError: oops"
    assert answers["harbour", "gate", 0].error is None
