import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import eval.suite as format_
from eval.cli import app
from eval.linting import check, checked_suite
from eval.suite import SuiteError, read_suite, schemas
from tests.suites import DEVELOPMENT, QUESTIONS, development_suite, question, write_suite

SCHEMAS = Path(format_.__file__).parent / "schemas"


def problems(folder: Path) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        checked_suite(folder)
    return [str(one).removeprefix(f"{folder}/") for one in caught.value.problems]


def test_a_sound_suite_is_read(tmp_path: Path) -> None:
    suite = checked_suite(write_suite(tmp_path / "suite"))
    assert [one.key for one in suite.documents] == ["minutes.txt", "notes.md"]
    assert [one.id for one in suite.questions] == ["gate", "windows", "masters", "airport"]
    assert suite.lines["masters"] == 3
    assert suite.collection.startswith("eval-harbour-")


@pytest.mark.parametrize("name", DEVELOPMENT)
def test_nothing_is_wrong_with_the_development_suites(name: str) -> None:
    assert checked_suite(development_suite(name)).questions


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"must": [["(a+)+$"]], "expected": ""}, "pattern '(a+)+$' has a repetition inside"),
        ({"must": [["(gate"]], "expected": ""}, "pattern '(gate' is not a regular expression"),
        ({"evidence": [{"doc": "gone.pdf", "quote": "x"}]}, "there is no document 'gone.pdf'"),
        (
            {"evidence": [{"doc": "minutes.txt", "quote": "on Tuesday week"}]},
            "'minutes.txt' does not say 'on Tuesday week'",
        ),
        ({"must": [["Friday"]], "expected": "Friday"}, "supported by no evidence"),
        ({"expected": "On Friday."}, "expected: the model answer is not right: missing: Tuesday"),
        ({"must": []}, "must: nothing tells a right answer"),
        ({"evidence": [], "note": "inferred: Tuesday"}, "evidence: name what the answer rests on"),
        ({"abstain": True, "expected": ""}, "abstain: what must match"),
        ({"type": "riddle"}, "type: Input should be"),
        ({"abstain": "yes"}, "abstain: Input should be a valid boolean"),
        ({"unknown": 1}, "unknown: "),
        ({"id": "a b"}, "id: String should match"),
        ({"pairs": [["only one"]]}, "pairs.0.1: Field required"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_with_its_line(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    folder = write_suite(tmp_path / "suite", [QUESTIONS[1], question(**fields)])
    said = problems(folder)
    assert any(one.startswith("questions.jsonl:2: ") and message in one for one in said), said


def test_the_note_supports_what_is_inferred_and_a_false_premise_needs_no_support(
    tmp_path: Path,
) -> None:
    inferred = question(must=[["4 May"]], expected="", note="inferred: Tuesday was 4 May.")
    false = question(id="two", type="false_premise", must=[["never|not"]], expected="")
    checked_suite(write_suite(tmp_path / "suite", [inferred, false]))


def test_equal_ids_are_refused(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite", [question(), b"", question()])
    assert problems(folder) == ["questions.jsonl:3: id 'gate' is that of line 1 too"]


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = write_suite(
        tmp_path / "suite", [question(), '{"question": "Łódź"}'.encode("iso-8859-2")]
    )
    assert problems(folder) == ["questions.jsonl:2: is not UTF-8: save it in that encoding"]


def test_a_byte_order_mark_is_refused(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite", [codecs.BOM_UTF8 + b"{}"])
    assert problems(folder) == [
        "questions.jsonl:1: begins with a byte order mark: save it without one"
    ]


def test_a_line_that_is_no_json_is_refused_with_its_line(tmp_path: Path) -> None:
    said = problems(write_suite(tmp_path / "suite", [question(), b'{"id": ']))
    assert said[0].startswith("questions.jsonl:2: Invalid JSON")


def test_a_document_that_is_missing_is_named_with_its_line(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "suite.toml").write_text('name = "harbour"\ndocuments = ["docs", "more"]\n')
    assert problems(folder) == ["suite.toml:2: no document lies at 'more'"]


def test_a_pattern_may_match_nothing_but_not_all_of_them(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    said = 'name = "harbour"\ndocuments = ["more/*.pdf", "{}/*"]\n'
    (folder / "suite.toml").write_text(said.format("docs"))
    assert len(checked_suite(folder).documents) == 2
    (folder / "suite.toml").write_text(said.format("other"))
    assert problems(folder) == ["suite.toml:2: none of the patterns matches a document"]


def test_two_documents_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/deep").mkdir()
    (folder / "docs/deep/notes.md").write_text("Other notes.")
    assert problems(folder) == ["suite.toml:2: two documents are named 'notes.md'"]


def test_a_document_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/broken.pdf").write_bytes(b"%PDF-1.7\nbroken")
    assert any(one.startswith("docs/broken.pdf: ") for one in problems(folder))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("[thresholds]\ncorectness = 0.5\n", "there is no measure 'corectness'"),
        ("[settings.answers]\nstatements = 0\n", "settings: answers.statements: Input"),
        ("color = 1\n", "suite.toml:3: color: "),
        ("[oops\n", "suite.toml:3: is not TOML"),
    ],
)
def test_what_is_wrong_with_suite_toml_is_said(tmp_path: Path, said: str, message: str) -> None:
    assert any(message in one for one in problems(write_suite(tmp_path / "suite", said=said)))


def test_hashes_depend_on_content_alone(tmp_path: Path) -> None:
    first = read_suite(write_suite(tmp_path / "one"))
    second = read_suite(write_suite(tmp_path / "two", QUESTIONS[::-1]))
    assert first.questions_hash == second.questions_hash
    assert first.documents_hash == second.documents_hash
    (tmp_path / "two/docs/notes.md").write_text("Changed.")
    assert read_suite(tmp_path / "two").documents_hash != first.documents_hash


def test_the_schemas_that_are_kept_are_those_of_the_format() -> None:
    kept = {path.name: json.loads(path.read_text()) for path in SCHEMAS.iterdir()}
    assert kept == schemas(), "run eval.suite.write_schemas on the folder eval/schemas"


def test_check_exits_with_1_and_lists_every_problem(tmp_path: Path) -> None:
    sound = write_suite(tmp_path / "sound")
    broken = write_suite(tmp_path / "broken", [question(must=[["(a+)+$"]]), question(id="b", x=1)])
    done = CliRunner().invoke(app, ["check", str(sound), str(broken)])
    assert done.exit_code == 1
    assert "harbour, 4 questions about 2 documents: nothing is wrong" in done.stdout
    assert f"{broken}/questions.jsonl:2: x: " in done.stdout
    assert CliRunner().invoke(app, ["check", str(sound)]).exit_code == 0


def test_a_draft_is_told_of_and_not_asked(tmp_path: Path) -> None:
    draft = question(id="new", type="draft", must=[], evidence=[], expected="")
    half = question(id="half", type="draft", must=[["Friday"]], expected="")
    folder = write_suite(tmp_path / "suite", [*QUESTIONS, draft, half])
    found = check(folder)
    assert [one.id for one in found.suite.drafts] == ["new", "half"]
    assert [one.id for one in found.suite.questions] == [one["id"] for one in QUESTIONS]
    lacking = [str(one).removeprefix(f"{folder}/questions.jsonl:") for one in found.lacking]
    assert [one.partition(",")[0] for one in lacking] == [
        "5: draft 'new': type: say which it is: single_fact",
        "5: draft 'new': must: nothing tells a right answer from a wrong one; add a pattern",
        "5: draft 'new': evidence: name what the answer rests on",
        "6: draft 'half': type: say which it is: single_fact",
        "6: draft 'half': pattern 'Friday' is supported by no evidence",
    ]
    without = read_suite(write_suite(tmp_path / "without"))
    assert found.suite.questions_hash == without.questions_hash


def test_the_commands_say_that_drafts_are_not_asked(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite", [question(), question(id="new", type="draft")])
    done = CliRunner().invoke(app, ["check", str(folder)])
    assert done.exit_code == 0
    assert "questions.jsonl:2: draft 'new': type: say which it is" in done.stdout
    assert "1 questions and 1 drafts, which are not asked, about 2 documents" in done.stdout


def test_a_suite_of_drafts_alone_cannot_be_asked(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite", [question(type="draft")])
    assert problems(folder) == [
        "questions.jsonl: every question is a draft; `verse eval check` says what each lacks"
    ]
    refused = CliRunner().invoke(app, ["run", str(folder), "--out", str(tmp_path / "run")])
    assert refused.exit_code == 2
    assert "every question is a draft" in refused.output
