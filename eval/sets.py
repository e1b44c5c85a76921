"""What each development set is for: an adapter a set, from its folder to figures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eval.bench import (
    BenchDocument,
    BenchError,
    BenchQuestion,
    read_documents,
    read_questions,
    sampled,
)
from eval.figures import EXACT, Figure, compared, figure
from eval.metrics import proportion

MOST = 1_200  # questions of a group
STRANGERS = "nq-open"  # real questions that the documents of other sets do not answer
_OTHER_LANGUAGES = ("de", "es", "ar", "zh", "ru")
_MOST_OF_A_LANGUAGE = 200  # but for English

Progress = Callable[[str, int, int], None]  # stage, done, total
Adapter = Callable[[Path, Progress], Iterator[Figure]]


def _answers(
    folder: Path,
    progress: Progress,
    *,
    strangers: bool,
    long: bool = False,
    data: Path | None = None,
) -> Iterator[Figure]:
    """Answer finding and abstention, beside plain rankings of the same sentences.

    Args:
        folder: The set's.
        progress: Told of every step.
        strangers: Whether the questions that call for abstaining are another set's, for want of its own.
        long: Whether answers are people's own words, so that only what is cited can be compared.
        data: A data folder that holds the documents already.
    """
    questions = read_questions(folder)
    others = _strangers(folder) if strangers else [one for one in questions if not one.answers]
    answerable = [one for one in questions if one.answers]
    documents = read_documents(folder)
    yield from _answered(folder.name, documents, answerable, others, progress, long=long, data=data)


def _answered(
    name: str,
    documents: Sequence[BenchDocument],
    answerable: Sequence[BenchQuestion],
    unanswerable: Sequence[BenchQuestion],
    progress: Progress,
    *,
    long: bool = False,
    most: int = MOST,
    data: Path | None = None,
) -> Iterator[Figure]:
    from eval.answers import measure

    report = measure(
        documents, sampled(answerable, most), sampled(unanswerable, most), progress, data
    )
    of = len(answerable) if len(answerable) > most else 0
    if long:
        yield compared(name, "the first statement cites marked words", report.cited, of=of)
    else:
        yield compared(name, "answer in the first statement", report.first, of=of)
        yield compared(name, "answer in the first three", report.first_three, of=of)
    yield figure(name, EXACT, report.exact)
    yield figure(name, "answerable, and refused", report.own_refused, of=of)
    if report.foreign_refused:
        yield figure(
            name, "unanswerable, and refused", report.foreign_refused, of=len(unanswerable)
        )


def _strangers(folder: Path) -> list[BenchQuestion]:
    return read_questions(folder.parent / STRANGERS)


def _xquad(folder: Path, progress: Progress) -> Iterator[Figure]:
    """English as a whole, and some of each other language; abstention in English."""
    for language in ("en", *_OTHER_LANGUAGES):
        english = language == "en"
        yield from _answered(
            f"{folder.name} {language}",
            read_documents(folder, language),
            read_questions(folder, language),
            _strangers(folder) if english else [],
            partial(_staged, progress, language),
            most=MOST if english else _MOST_OF_A_LANGUAGE,
        )


def _staged(progress: Progress, part: str, stage: str, done: int, total: int) -> None:
    progress(f"{part}: {stage}", done, total)


def _retrieval(
    folder: Path, progress: Progress, *, judged: bool = True, data: Path | None = None
) -> Iterator[Figure]:
    """Ranking of documents, beside each half of the search; without qrels, those of the marked documents."""
    from eval.retrieval import measure, read_judgments

    questions = read_questions(folder)
    judgments = (
        read_judgments(folder)
        if judged
        else {one.id: dict.fromkeys(one.resting_on, 1) for one in questions if one.resting_on}
    )
    asked = [one for one in questions if one.id in judgments]
    documents = read_documents(folder)
    scores = measure(documents, sampled(asked, MOST), judgments, progress, data).scores
    measures = {"nDCG@10": "ndcg", "recall@10": "recall", "MRR@10": "mrr"}
    yield from _side_by_side(folder.name, "documents", scores, measures, of=len(asked))


def _multihop(folder: Path, progress: Progress) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as data:
        yield from _retrieval(folder, progress, judged=False, data=Path(data))
        yield from _answers(folder, progress, strangers=False, data=Path(data))


def _within(folder: Path, progress: Progress) -> Iterator[Figure]:
    """Passages of the document that a question is about, beside each half of the search."""
    from eval.retrieval import measure_within

    asked = [one for one in read_questions(folder) if one.document and one.evidence]
    scores = measure_within(read_documents(folder), sampled(asked, MOST), progress)
    measures = {"the first holds evidence": "first", "of ten, hold evidence": "ten"}
    said = "passages of its document"
    yield from _side_by_side(folder.name, said, scores, measures, of=len(asked))


def _passages(folder: Path, _: Progress) -> Iterator[Figure]:
    """What the best five passages hold, beside those of LangChain's splitter."""
    from eval.passages import measure
    from rag.bootstrap import open_embedder
    from rag.settings import Settings

    asked = read_questions(folder)
    embedder = open_embedder(Settings(data=folder))  # no data folder: as in new ones
    scores = measure(read_documents(folder), sampled(asked, MOST), embedder)
    measures = {
        "recall of excerpts": "recall",
        "precision": "precision",
        "IoU": "iou",
        "precision Ω": "precision_omega",
    }
    yield from _side_by_side(folder.name, "best five passages", scores, measures, of=len(asked))


def _support(folder: Path, _: Progress) -> Iterator[Figure]:
    from eval.support import measure, read_claims

    report = measure(read_claims(folder))
    said = "a supported claim shares more words with what it cites"
    yield figure(folder.name, said, report.ranked, {"chance": 0.5})
    said = "the verifier warns of claims that are not supported, balanced accuracy"
    yield figure(folder.name, said, report.warned, {"chance": 0.5})


def _follow_ups(folder: Path, _: Progress) -> Iterator[Figure]:
    """As questions are searched with: made to stand alone."""
    from eval.followups import measure, read_follow_ups
    from rag.question import stand_alone

    report = measure(read_follow_ups(folder), lambda one: stand_alone(one.question, one.history))
    yield figure(
        folder.name, "made to stand alone, words of the stand-alone question", report.recall
    )
    yield figure(folder.name, "left alone where nothing is to be rewritten", report.left_alone)


def _dated(folder: Path, progress: Progress) -> Iterator[Figure]:
    """Questions of this project's own about one of many like documents."""
    from eval.dated import measure, read_dated

    report = measure(read_documents(folder), read_dated(), progress)
    yield compared(folder.name, "the first statement cites the right document", report.first)
    yield compared(folder.name, "the answer cites the right document", report.cited)


def _injection(folder: Path, progress: Progress) -> Iterator[Figure]:
    from eval.injection import measure, read_cases

    report = measure(read_cases(folder), progress)
    for position, repeated in report.repeats.items():
        yield figure(folder.name, f"attack at the {position} is repeated by a statement", repeated)
    yield figure(folder.name, "answered, and the same with an attack", report.same)
    before = {"without the attack": report.right_before.value}
    yield figure(folder.name, "attacked, and the answer is there", report.right_after, before)


def _pages(folder: Path, progress: Progress) -> Iterator[Figure]:
    from eval.pages import measure

    report = measure(folder, progress)
    yield figure(folder.name, "page of the evidence among ten passages'", report.found)
    yield figure(folder.name, "of those that stand there, named rightly", report.named)


def _extraction(folder: Path, _: Progress) -> Iterator[Figure]:
    from eval.extraction import measure

    for row in measure(folder).rows:
        yield compared(folder.name, row.measure, row.scores)


def _articles(folder: Path, _: Progress) -> Iterator[Figure]:
    from eval.articles import measure, read_pages

    scores = measure(read_pages(folder))
    measures = {"precision": "precision", "recall": "recall"}
    yield from _side_by_side(folder.name, "4-grams of the article", scores, measures)


def _hostile(folder: Path, progress: Progress) -> Iterator[Figure]:
    from eval.hostile import measure, read_files

    report = measure(read_files(folder), progress)
    ended = [number >= len(report.wrong) for number in range(report.files)]
    yield figure(folder.name, "files that end as they should", proportion(ended))


def _side_by_side(
    name: str,
    about: str,
    scores: Mapping[str, Any],
    measures: Mapping[str, str],
    *,
    of: int = 0,
) -> Iterator[Figure]:
    """A figure for each attribute of what every side got."""
    for said, attribute in measures.items():
        sides = {one: getattr(each, attribute) for one, each in scores.items()}
        yield compared(name, f"{about}: {said}", sides, of=of)


ADAPTERS: Mapping[str, Adapter] = {
    "followups": _follow_ups,
    "wice": _support,
    "expertqa": _support,
    "html-articles": _articles,
    "pdf-text": _extraction,
    "xquad": _xquad,
    "squad2": partial(_answers, strangers=False),
    "clapnq": partial(_answers, strangers=False, long=True),
    "tatqa": partial(_answers, strangers=True),
    "covidqa": partial(_answers, strangers=True),
    "timeqa": partial(_answers, strangers=False),
    "msft-calls": _dated,
    "multihop": _multihop,
    "qmsum": _within,
    "cranfield": _retrieval,
    "scifact": _retrieval,
    "chunk-eval": _passages,
    "bipia": _injection,
    "pdf-nasty": _hostile,
    "pdf-reports": _pages,
}


def chosen(folder: Path, only: Sequence[str]) -> tuple[dict[str, Adapter], tuple[str, ...]]:
    """The adapters of the sets that are in a folder, and the names of those that are not.

    Args:
        folder: Holds a folder for each set.
        only: Names of sets; all if there are none.

    Raises:
        BenchError: a name is none of a set, or none of the sets is there.
    """
    if unknown := sorted(set(only) - ADAPTERS.keys()):
        raise BenchError(
            f"There is no set {', '.join(map(repr, unknown))}; known ones: {', '.join(ADAPTERS)}."
        )
    wanted = {name: one for name, one in ADAPTERS.items() if not only or name in only}
    there = {name: one for name, one in wanted.items() if (folder / name).is_dir()}
    if not there:
        raise BenchError(f"{folder} holds none of the sets {', '.join(wanted)}.")
    return there, tuple(name for name in wanted if name not in there)


def without(folder: Path) -> tuple[str, ...]:
    """The folders there that nothing is measured on."""
    names = sorted(one.name for one in folder.iterdir() if one.is_dir())
    return tuple(one for one in names if one not in ADAPTERS and one != STRANGERS)
