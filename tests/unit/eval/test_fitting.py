"""What the ranker is fitted to is marked rightly, nothing that choices rest on is learnt, and a fit can be repeated."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from eval.fitting import Fitting
from eval.fitting_examples import WRONG, Example, apart, choosing, examples
from rag.adapters._corrections import corrected
from rag.adapters.bundled_model import bundled_folder
from rag.adapters.sentence_ranker import LAYERS

PONDS = "Ponds freeze in January. Frogs sleep under the ice. Herons wait. Newts hide. Carp rest."
ROSES = "Roses need pruning in March. Frogs seldom sleep near roses. Tulips follow."


def write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def starts(text: str) -> list[int]:
    return [0, *(at + 2 for at, sign in enumerate(text[:-1]) if sign == ".")]


def qed(question: str, title: str, text: str, answer: str) -> dict[str, Any]:
    at = text.index(answer)
    marked = [{"start": at, "end": at + len(answer), "text": answer}]
    return {
        "question": question, "title": title, "context": text,
        "answers": marked, "sentence_starts": starts(text),
    }  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    write(
        tmp_path / "train" / "qed.jsonl.gz",
        [
            qed("Where do frogs sleep?", "Ponds", PONDS, "under the ice"),
            qed("When do roses need pruning?", "Roses", ROSES, "March"),
        ],
    )
    write(
        tmp_path / "train" / "timeqa-docs.jsonl.gz",
        [{"id": "p", "title": "Ann", "paragraphs": ["Ann.", "Ann led it until 1990. Bo led it after."]}],
    )  # fmt: skip
    asked = {"question": "Who led it in 1995?", "doc": "p", "answerable": True}
    write(
        tmp_path / "train" / "timeqa.jsonl.gz",
        [
            asked | {"answers": [{"paragraph": 1, "start": 23, "end": 25, "text": "Bo"}]},
            asked | {"question": "Who led it in 1800?", "answers": []},
        ],
    )
    titles = ["A", "B", "C", "D", "E"]
    write(
        tmp_path / "squad2" / "corpus.jsonl.gz",
        [{"id": one, "title": one, "text": f"{one} is here. Rain fell."} for one in titles],
    )
    write(
        tmp_path / "squad2" / "questions.jsonl.gz",
        [
            {"id": f"{one}1", "question": f"What fell on {one}?", "answers": ["Rain"], "answerable": True,
             "evidence": [{"doc": one, "start": 11, "end": 15}]}
            for one in titles
        ] + [
            {"id": f"{one}2", "question": f"Who fell on {one}?", "answers": [], "answerable": False,
             "meta": {"about_doc": one}}
            for one in titles
        ],
    )  # fmt: skip
    return tmp_path


def test_the_right_sentence_is_marked_and_wrong_ones_do_not_hold_the_answer(bench: Path) -> None:
    taught = {one.question: one for one in examples(bench) if one.right is not None}
    frogs = taught["Where do frogs sleep?"]
    assert frogs.sentences[0] == "Frogs sleep under the ice."
    assert frogs.sentences[1] == "Frogs seldom sleep near roses."  # of another article
    assert len(frogs.sentences) == 1 + WRONG
    assert taught["Who led it in 1995?"].sentences[0] == "Bo led it after."
    for one in taught.values():
        assert one.right == 0


def test_what_a_text_does_not_answer_has_no_right_sentence(bench: Path) -> None:
    nowhere = [one for one in examples(bench) if one.right is None]
    assert {one.question for one in nowhere} >= {"Who led it in 1800?", "Who fell on B?"}
    [frogs] = [one for one in nowhere if one.question == "Where do frogs sleep?"]
    assert frogs.sentences
    assert all(one in ROSES for one in frogs.sentences)


def test_articles_to_choose_on_are_kept_apart(bench: Path) -> None:
    assert apart(bench) == {"A", "E"}
    taught = {one.question for one in examples(bench)}
    chosen = {one.question for one in choosing(bench)}
    assert len(chosen) == 4
    assert not taught & chosen


def test_a_fit_learns_and_can_be_repeated() -> None:
    weights = load_file(bundled_folder() / "model.safetensors")
    taught = [
        Example(question="Where do frogs sleep?", sentences=("Under ice.", "Roses."), right=0),
        Example(question="Who is Bo?", sentences=("Rain fell.", "Roses."), right=None),
    ]
    first, again = Fitting(weights), Fitting(weights)
    first.learn(taught)
    again.learn(taught)
    untaught, learnt, repeated = (one.corrections() for one in (Fitting(weights), first, again))
    for name, one in learnt.items():
        assert torch.equal(one, repeated[name])
    assert any(not torch.equal(one, untaught[name]) for name, one in learnt.items())
    assert set(first.judged(taught)) == {"right first", "told from unanswerable"}


def test_corrections_make_nearly_the_model_that_was_learnt() -> None:
    weights = load_file(bundled_folder() / "model.safetensors")
    fitting = Fitting(weights)
    for _ in range(3):
        fitting.learn(
            [Example(question="Who is Bo?", sentences=("Bo is a vet.", "Roses."), right=0)]
        )
    learnt = fitting.corrections()
    rebuilt = corrected(weights, learnt, layers=LAYERS)
    name = "encoder.layer.5.output.dense.weight"
    assert learnt[name + ".down"].shape == (16, weights[name].shape[1])
    change = fitting._learnt[name].detach() - weights[name]
    assert torch.dist(rebuilt[name], weights[name] + change) < 0.5 * change.norm()
    assert torch.equal(
        rebuilt["encoder.layer.0.output.dense.bias"],
        fitting._learnt["encoder.layer.0.output.dense.bias"],
    )
