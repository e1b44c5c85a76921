"""What makes an answer right: pure functions from a question, an answer and the sources to scores.

A score that does not apply to a question is left out; one that applies and cannot be told is None, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eval.answered import Answered, Cited, Seen, without_markers
from eval.metrics import ndcg_at_k, recall_at_k, reciprocal_rank
from eval.patterns import found
from eval.places import Sources, is_telling, places_of
from eval.suite import Evidence, Question
from rag.types import Span

FIRST = 10  # of a ranking, for nDCG and recall

_EMPHASIS = re.compile(r"[*_`]{1,3}")
_WORD = re.compile(r"\w+")
_PARTS = re.compile(r"(?<=[.;])\s+")

Place = tuple[str, Span]  # a document's name, and where in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer to one question is worth.

    Attributes:
        scores: By measure, in [0, 1] but for `statements`.
        missed: What keeps the answer from being right, in words.
        broken: Promises that no answer may break, and this one does.
        evidence: Where the expected evidence stands, by its order in the question.
    """

    scores: Mapping[str, float | None]
    missed: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    evidence: tuple[tuple[Place, ...], ...] = field(default=())


def plain(text: str) -> str:
    """An answer's text as patterns see it: without the markers of citations and without emphasis."""
    return _EMPHASIS.sub("", without_markers(text))


def shortfalls(question: Question, text: str, outcome: str) -> list[str]:
    """What keeps this text from being a right answer; nothing where it is right."""
    text = plain(text)
    wrong = [f"must not match: {one}" for one in question.must_not if found(one, text)]
    if question.abstain:
        return (
            wrong if outcome == "abstained" else [f"should have abstained, and {outcome}", *wrong]
        )
    if outcome == "abstained":
        return ["abstained"]
    missing = [
        f"missing: {' | '.join(group)}"
        for group in question.must
        if not any(found(one, text) for one in group)
    ]
    unpaired = [f"not together: {a} & {b}" for a, b in question.pairs if not has_pair((a, b), text)]
    return [*missing, *unpaired, *wrong]


def has_pair(pair: tuple[str, str], text: str) -> bool:
    """Whether both patterns match in one line, or in one part of a line that ends in a full stop or semicolon."""
    return any(all(found(one, unit) for one in pair) for unit in _units(text))


def _units(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield line
        yield from _PARTS.split(line)


def judge(question: Question, answered: Answered, sources: Sources) -> Judged:
    """Judge an answer against what the question expects and what the sources say.

    An answer that ended in an error has no scores that could be told.
    """
    evidence = expected_places(question, sources)
    if answered.error is not None:
        scores = dict.fromkeys(_applicable(question), None)
        return Judged(scores=scores, missed=(f"failed: {answered.error}",), evidence=evidence)
    missed = shortfalls(question, answered.text, answered.outcome)
    scores = {
        "correctness": float(not missed),
        **_abstention_scores(question, answered),
        **_statement_scores(question, answered, evidence),
        **_pair_scores(question, answered),
        **_citation_scores(question, answered, sources, evidence),
        **_retrieval_scores(answered, evidence),
        **_search_scores(answered),
    }
    return Judged(
        scores=scores,
        missed=tuple(missed),
        broken=tuple(_broken(answered, sources)),
        evidence=evidence,
    )


def words_held(statement: str, quotes: str) -> float:
    """The share of a statement's different words and numbers that its quotes hold."""
    words = set(_WORD.findall(statement.casefold()))
    return len(words & set(_WORD.findall(quotes.casefold()))) / len(words) if words else 0.0


def carriers(group: Sequence[str], evidence: Sequence[Evidence]) -> list[int]:
    """Which pieces of evidence hold what a pattern of the group asks for."""
    return [
        at
        for at, one in enumerate(evidence)
        if any(found(pattern, " ".join(one.quote.split())) for pattern in group)
    ]


def _applicable(question: Question) -> Iterator[str]:
    yield "correctness"
    if question.abstain:
        yield from ("abstention_recall", "wrong_answers")
    if question.pairs:
        yield "pair_recall"
    if question.evidence:
        yield from ("recall_at_10", "ndcg_at_10", "mrr")


def expected_places(question: Question, sources: Sources) -> tuple[tuple[Place, ...], ...]:
    """Where each piece of the expected evidence stands."""
    return tuple(tuple(_places(one, sources)) for one in question.evidence)


def _places(evidence: Evidence, sources: Sources) -> Iterator[Place]:
    """Where the evidence stands: in its document, and where it is long enough to tell in any other that has it too."""
    names = sorted(sources, key=lambda name: name != evidence.doc)
    if not is_telling(evidence.quote):
        names = [name for name in names if name == evidence.doc]
    for name in names:
        for span in places_of(evidence.quote, sources[name].text):
            yield name, span


def _abstention_scores(question: Question, answered: Answered) -> dict[str, float | None]:
    abstained = answered.outcome == "abstained"
    scores: dict[str, float | None] = {}
    if question.abstain:
        scores = {"abstention_recall": float(abstained), "wrong_answers": float(not abstained)}
    if abstained:
        scores["abstention_precision"] = float(question.abstain)
    else:
        scores["statements"] = float(len(answered.statements))
    return scores


def _statement_scores(
    question: Question, answered: Answered, evidence: Sequence[Sequence[Place]]
) -> dict[str, float | None]:
    """Whether what helps comes first, and whether statements say what their quotes say."""
    if not answered.statements:
        return {}
    quotes = {one.marker: one.quote for one in answered.citations}
    support = [
        words_held(plain(one.text), " ".join(quotes.get(marker, "") for marker in one.citations))
        for one in answered.statements
    ]
    scores: dict[str, float | None] = {"statement_support": sum(support) / len(support)}
    patterns = [pattern for group in (*question.must, *question.pairs) for pattern in group]
    if patterns:
        helps = [any(found(it, plain(one.text)) for it in patterns) for one in answered.statements]
        scores["answer_rank"] = _first(helps)
    if everything := [place for places in evidence for place in places]:
        resting = {one.marker for one in answered.citations if overlaps(one, everything)}
        rests = [not resting.isdisjoint(one.citations) for one in answered.statements]
        scores["evidence_rank"] = _first(rests)
    return scores


def _first(outcomes: Sequence[bool]) -> float:
    """The reciprocal rank of the first that holds; 0 if none does."""
    return 1 / (1 + outcomes.index(True)) if True in outcomes else 0.0


def _pair_scores(question: Question, answered: Answered) -> dict[str, float | None]:
    """Recall over pairs; precision over statements about an event; and whether a conflict is shown."""
    text = plain(answered.text)
    scores: dict[str, float | None] = {}
    if question.pairs:
        scores["pair_recall"] = _share([has_pair(one, text) for one in question.pairs])
    if question.type == "per_event" and answered.statements:
        events = [plain(one.text) for one in answered.statements if one.event is not None]
        scores["pair_precision"] = _share(
            [any(has_pair(pair, one) for pair in question.pairs) for one in events]
        )
    if question.type == "conflict":
        listed = [one.value for each in answered.conflicts for one in each.positions]
        shown = "\n".join([text, *listed])
        scores["conflicts_shown"] = float(
            all(any(found(one, shown) for one in group) for group in question.must)
        )
    return scores


def _citation_scores(
    question: Question,
    answered: Answered,
    sources: Sources,
    evidence: Sequence[Sequence[Place]],
) -> dict[str, float | None]:
    """After ALCE (Gao et al., EMNLP 2023), with marked evidence in the place of a model that judges entailment."""
    cited = answered.citations
    scores: dict[str, float | None] = {}
    if cited:
        scores["citation_exactness"] = _share([_is_exact(one, sources) for one in cited])
    if answered.outcome == "abstained" or question.abstain:
        return scores
    groups = [*question.must, *((value,) for _, value in question.pairs)]
    carried = [found_in for group in groups if (found_in := carriers(group, question.evidence))]
    held = [
        any(overlaps(one, evidence[at]) for one in cited for at in found_in) for found_in in carried
    ]
    scores["citation_recall"] = _share(held)
    everything = [place for places in evidence for place in places]
    scores["citation_precision"] = (
        _share([overlaps(one, everything) for one in cited]) if everything else None
    )
    if cited and everything:
        scores["citation_focus"] = _focus(cited, everything)
    return scores


def _focus(cited: Sequence[Cited], evidence: Sequence[Place]) -> float:
    """The share of the quotes' characters that are evidence: a quote of everything would hold it, and show nothing."""
    held: dict[str, set[int]] = {}
    for document, span in evidence:
        held.setdefault(document, set()).update(range(span.start, span.end))
    characters = [(one.document, at) for one in cited for at in range(one.start, one.end)]
    if not characters:
        return 0.0
    return sum(at in held.get(document, ()) for document, at in characters) / len(characters)


def _retrieval_scores(
    answered: Answered, evidence: Sequence[Sequence[Place]]
) -> dict[str, float | None]:
    """Relevant is a passage that overlaps evidence, and evidence that no passage brings."""
    if not evidence:
        return {}
    everything = [place for places in evidence for place in places]
    if answered.retrieved is None or not everything:
        return dict.fromkeys(("recall_at_10", "ndcg_at_10", "mrr"))
    passages = {f"{one.document}:{one.start}-{one.end}": one for one in answered.retrieved}
    judgments = {key: 1 for key, one in passages.items() if overlaps(one, everything)}
    for at, places in enumerate(evidence):
        if not any(overlaps(one, places) for one in passages.values()):
            judgments[f"evidence {at}"] = 1
    ranking = list(passages)
    return {
        "recall_at_10": recall_at_k(ranking, judgments, FIRST),
        "ndcg_at_10": ndcg_at_k(ranking, judgments, FIRST),
        "mrr": reciprocal_rank(ranking, judgments),
    }


def _search_scores(answered: Answered) -> dict[str, float | None]:
    """Whether both halves of the search move the ranking, though these questions may not need them both."""
    seen = answered.retrieved
    if not seen:
        return {}
    lexical, dense = [one.lexical_rank for one in seen], [one.dense_rank for one in seen]
    scores = [one.score for one in seen]
    halves = (_moves(lexical, dense, scores), _moves(dense, lexical, scores))
    agreed = not any(halves) and any(lexical) and any(dense)  # either alone would have ranked so
    return {"search_halves": None if agreed else _share(halves)}


def _moves(
    half: Sequence[int | None], other: Sequence[int | None], scores: Sequence[float]
) -> bool:
    """Whether a half of the search has a say in the ranking: the other one alone would have made another.

    The other one alone ranks what it brings, and leaves the rest behind with one score for all. A half that brings
    passages and weighs nothing looks like that.
    """
    if all(rank is None for rank in half):
        return False
    brought = [rank for rank in other if rank is not None]
    left = [score for score, rank in zip(scores, other, strict=True) if rank is None]
    return other[: len(brought)] != sorted(brought) or len(set(left)) > 1


def overlaps(one: Cited | Seen, places: Sequence[Place]) -> bool:
    """Whether a quote or passage holds some of what stands at one of the places."""
    return any(
        one.document == document and one.start < span.end and span.start < one.end
        for document, span in places
    )


def _broken(answered: Answered, sources: Sources) -> Iterator[str]:
    """What no answer may do, nor the ranking behind it."""
    for cited in answered.citations:
        yield from _misquoted(f"citation {cited.marker}", cited, sources)
    for cited in answered.closest:
        yield from _misquoted(f"closest quote {cited.marker}", cited, sources)
    strangers = [one.document for one in answered.retrieved or () if one.document not in sources]
    for document in dict.fromkeys(strangers):
        yield f"retrieval saw {document!r}, which is none of the suite's documents"
    if answered.outcome != "abstained" and not answered.statements:
        yield "an answer has no statement"
    yield from _ill_stated(answered)
    yield from _counted_twice(answered)
    yield from _overcounted(answered)


def _misquoted(name: str, cited: Cited, sources: Sources) -> Iterator[str]:
    if not _is_exact(cited, sources):
        yield f"{name} is not what stands at its place in {cited.document!r}"
    elif cited.page != _page(cited, sources):
        yield f"{name} is not on page {cited.page} of {cited.document!r}"


def _ill_stated(answered: Answered) -> Iterator[str]:
    markers = {one.marker for one in answered.citations}
    firsts: dict[tuple[str, ...], int] = {}
    for number, statement in enumerate(answered.statements, 1):
        if not markers.intersection(statement.citations):
            yield f"statement {number} has no quote"
        elif unknown := sorted({*statement.citations} - markers):
            yield f"statement {number} names citations that are not there: {unknown}"
        words = tuple(_WORD.findall(statement.text.casefold()))
        if (first := firsts.setdefault(words, number)) < number:
            yield f"statement {number} repeats statement {first}"


def _counted_twice(answered: Answered) -> Iterator[str]:
    """An event that is told again from a copy: on the same date, the very words of another document."""
    cited = {one.marker: one for one in answered.citations}
    told: dict[tuple[str, tuple[str, ...]], tuple[int, set[str]]] = {}
    for number, statement in enumerate(answered.statements, 1):
        quotes = [cited[marker] for marker in statement.citations if marker in cited]
        words = tuple(sorted(_folded(one.quote) for one in quotes))
        if statement.event is None or not is_telling(" ".join(words)):
            continue
        documents = {one.document for one in quotes}
        first, others = told.setdefault((statement.event.date, words), (number, documents))
        if others.isdisjoint(documents):
            yield f"statement {number} counts the event of statement {first} again, from a copy of its source"


def _overcounted(answered: Answered) -> Iterator[str]:
    """A side of a conflict that claims more independent sources than it cites: copies of one are one."""
    cited = {one.marker: one for one in answered.citations}
    for conflict in answered.conflicts:
        for position in conflict.positions:
            quotes = [cited[marker] for marker in position.citations if marker in cited]
            held = _independent(quotes)
            if position.independent_sources > held:
                yield (
                    f"{position.value!r} is said to rest on {position.independent_sources} independent "
                    f"sources, and its quotes are of {held}"
                )


def _independent(quotes: Sequence[Cited]) -> int:
    """How many sources the quotes can be of at the most: documents, where those with the same long quote are one."""
    groups: list[tuple[set[str], set[str]]] = []  # of documents, and of their words
    for one in quotes:
        documents, words = {one.document}, {_folded(one.quote)} if is_telling(one.quote) else set()
        apart = []
        for others, their_words in groups:
            if others & documents or their_words & words:
                documents, words = documents | others, words | their_words
            else:
                apart.append((others, their_words))
        groups = [*apart, (documents, words)]
    return len(groups)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_exact(cited: Cited, sources: Sources) -> bool:
    source = sources.get(cited.document)
    return (
        source is not None
        and source.version == cited.version
        and source.text[cited.start : cited.end] == cited.quote != ""
    )


def _page(cited: Cited, sources: Sources) -> int | None:
    """The page that the quote begins on; None where its document has none."""
    pages = sources[cited.document].pages
    return next((one.number for one in reversed(pages) if one.start <= cited.start), None)


def _share(outcomes: Sequence[bool]) -> float | None:
    return sum(outcomes) / len(outcomes) if outcomes else None
