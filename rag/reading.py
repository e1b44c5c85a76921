"""The sentences of passages, held against a question."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.analysis import in_order
from rag.evidence import Evidence
from rag.protocols import Embedder, PassageIndex, SentenceRanker
from rag.question import Asked, asks_for_role, telling_terms
from rag.rows import header, is_header, labelled
from rag.sentences import sentences
from rag.speech import TIME_OF_RECORDING, is_running
from rag.temporal import find
from rag.types import Document, DocumentId, Passage, Quote, ScoredPassage, Span

_SHARE_WEIGHT = 0.6  # of the question's words in a sentence, beside its cosine; chosen on XQuAD English and SQuAD 2.0
# Of the share where the model does not cover the language; chosen on XQuAD German, Russian and Chinese.
_WORDS_ALONE_WEIGHT = 2.0
_DOCUMENT_WEIGHT = 0.6  # of the question's words in all that was found of its document
_PASSAGE_WEIGHT = 0.6  # of the fused score of the passage that a sentence stands in
_PASSAGE_WEIGHT_IN_ROWS = 0.3  # of it, where every event has its own sentences
_LABEL_PENALTY = 0.2  # of a line without a full stop: a heading, a byline, a row of a table
_KEPT_SENTENCES = 3  # of them, whatever else speaks for others
_EMBEDDED_SENTENCES = 10  # a question; each costs about 9 ms of two cores in float32, ranked
_TITLE_WORDS = 32  # of a document's title beside a sentence; a long one would drown it
_ENDS_A_SENTENCE = re.compile(r"[.!?…。！？｡؟۔।][\"'”’»)\]」』）】]*$")
# Of a heading: "2.1", "2)", "Part 2:".
_OWN_NUMBER = re.compile(r"^\W*(?:[^\W\d]+\s+)?\d[\d.]*[a-z]?[):]?(?:\s+|$)")
_DIGIT = re.compile(r"\d")
_LIST_MARK = re.compile(r"^[-*•–]\s+(?:\[[ x]\]\s+)?")
_TIME_OF_RECORDING = re.compile(rf"\s*{TIME_OF_RECORDING}\s*")
_ASKS = ("?", "？", "؟")
_MAIL_HEADER = re.compile(r"(?:From|To|Cc|Sent|Date|Subject): \S", re.IGNORECASE)
_MAIL = "message/rfc822"
_TAG_QUESTION = re.compile(r",\s*(?:\w+n['’]t\s+\w+|right|no|yes|correct)\s*\?$", re.IGNORECASE)


def as_stated(line: str) -> str:
    """A line as statements give it: without the mark of a list, with strokes for the times of a recording."""
    parts = _TIME_OF_RECORDING.split(_LIST_MARK.sub("", line))
    return " / ".join(filter(None, parts)) or line


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence of the evidence.

    Attributes:
        share: idf-weighted share of the question's terms that the sentence holds, in [0, 1].
        document_share: The share that all holds that was found of its document, with its title, in [0, 1].
        passage_score: The fused score of its passage, in [0, 1].
        before, after: The sentences beside it in its passage.
        header: Of a row whose columns are headed by another line, that line.
    """

    document: Document
    span: Span
    passage_score: float
    share: float = 0.0
    document_share: float = 0.0
    before: Span | None = None
    after: Span | None = None
    header: Span | None = None

    @property
    def text(self) -> str:
        """Its characters."""
        return self.span.cut(self.document.text)

    @property
    def line(self) -> str:
        """Its words on one line; of a row each value behind the header of its column."""
        if self.header:
            return labelled(self.header.cut(self.document.text), self.text)
        return " ".join(self.text.split())

    @property
    def stated(self) -> str:
        """Its line as statements give it."""
        return as_stated(self.line)

    @property
    def quote(self) -> Quote:
        """It, as a quote."""
        return Quote.cut(self.document, self.span)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """It, and what heads its columns."""
        return (self.quote, *([Quote.cut(self.document, self.header)] if self.header else ()))

    @property
    def prior(self) -> float:
        """What speaks for the sentence before it is held against the question."""
        found = _DOCUMENT_WEIGHT * self.document_share + _PASSAGE_WEIGHT * self.passage_score
        return found - self._label_penalty

    @property
    def prior_in_rows(self) -> float:
        """The same for the sentence of an event: that its document tells of others does not speak for it."""
        return _PASSAGE_WEIGHT_IN_ROWS * self.passage_score - self._label_penalty

    @property
    def _label_penalty(self) -> float:
        whole = _ENDS_A_SENTENCE.search(self.line) or is_running(self.line)
        return 0.0 if whole else _LABEL_PENALTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A sentence and how well it fits: `fit` decides whether there is an answer, `rank` the order.

    The rank also counts the passage's fused score, which says which of two passages fits better but,
    being relative to this question's other passages, not whether either fits at all; what its document holds of the
    question; what the ranker says; and what else speaks for the sentence.

    Attributes:
        plain: The rank without what else speaks for it.
        log_odds: What the ranker says of it; None where it was not asked.
    """

    candidate: Candidate
    fit: float
    plain: float
    rank: float
    log_odds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceReader:
    """Holds the sentences of passages against a question, by their words and by their meaning.

    Attributes:
        ranker: Has a say in which sentences are stated and in their order; None does without.
        ranker_weight: Of its log-odds, beside a sentence's fit.
    """

    index: PassageIndex
    embedder: Embedder
    ranker: SentenceRanker | None = None
    ranker_weight: float = 0.0

    def candidates(
        self,
        question: str,
        evidence: Evidence,
        known: Callable[[Candidate], str] = lambda _: "",
    ) -> list[Candidate]:
        """The sentences that state something, in the order of the evidence.

        `known` gives words that a sentence need not say, since its document says them of all.
        """
        asked = self._asked(question, evidence.searched.collection)
        shares = _shares_of_documents(asked, evidence)
        return [
            replace(
                one,
                share=asked.share(f"{one.line} {known(one)}"),
                document_share=shares[one.document.id],
            )
            for each in evidence.passages
            for one in _of(each, evidence.documents)
        ]

    def ranked(
        self, question: str, candidates: Sequence[Candidate], bonus: Callable[[Candidate], float]
    ) -> list[Ranked]:
        """The sentences most likely to answer, best first; ties keep their order.

        Args:
            question: What is asked.
            candidates: The sentences that may be looked at.
            bonus: What speaks for a sentence beside its words, its meaning and its passage.
        """
        bonuses = {one.quote: bonus(one) for one in candidates}

        def promise(one: Candidate) -> float:
            return one.share + one.prior + bonuses[one.quote]

        # The best without what else speaks for them stay: they decide whether there is an answer.
        plain = sorted(candidates, key=lambda one: -(one.share + one.prior))[:_KEPT_SENTENCES]
        promising = sorted(candidates, key=lambda one: -promise(one))
        by_quote = {one.quote: one for one in (*plain, *promising)}
        likely = [*by_quote.values()][:_EMBEDDED_SENTENCES]
        ranked = []
        fits, log_odds = self.fits(question, likely), self._log_odds(question, likely)
        known = [one for one in log_odds if one is not None]
        usual = sum(known) / len(known) if known else 0.0  # of those that the ranker cannot read
        for one, fit, odds in zip(likely, fits, log_odds, strict=True):
            weighed = self.ranker_weight * (usual if odds is None else odds)
            without_bonus = fit + one.prior + weighed
            ranked.append(
                Ranked(
                    candidate=one,
                    fit=fit,
                    plain=without_bonus,
                    rank=without_bonus + bonuses[one.quote],
                    log_odds=odds,
                )
            )
        return sorted(ranked, key=lambda one: -one.rank)

    def _log_odds(self, question: str, candidates: Sequence[Candidate]) -> list[float | None]:
        """What the ranker says of each; None of those in a language that it does not cover."""
        if self.ranker is None:
            return [None] * len(candidates)
        read = [one for one in candidates if self.ranker.covers(one.document.language)]
        scores = self.ranker.scores(question, [one.line for one in read]) if read else []
        said = {one.quote: each for one, each in zip(read, scores, strict=True)}
        return [said.get(one.quote) for one in candidates]

    def fits(self, question: str, candidates: Sequence[Candidate]) -> list[float]:
        """How well each sentence fits the question, by its words and, where the model covers them, its meaning.

        A sentence is embedded under its document's title, which says what it is about.
        """
        asked = self.embedder.embed_queries([question])[0]
        texts = {
            number: f"{' '.join(c.document.title.split()[:_TITLE_WORDS])}\n{c.line}"
            for number, c in enumerate(candidates)
            if self.embedder.covers(c.document.language)
        }
        cosines = (self.embedder.embed_passages([*texts.values()]) @ asked).round(6).tolist()
        meant = dict(zip(texts, cosines, strict=True))
        return [
            meant[number] + _SHARE_WEIGHT * c.share
            if number in meant
            else _WORDS_ALONE_WEIGHT * c.share
            for number, c in enumerate(candidates)
        ]

    def _asked(self, question: str, collection: str) -> Asked:
        return Asked(weights=self._weights(question, collection), role=asks_for_role(question))

    def _weights(self, question: str, collection: str) -> dict[str, float]:
        """Each term's part in the question: its idf in the collection, as shares that sum to 1."""
        asked = list(dict.fromkeys(telling_terms(question)))
        frequencies = self.index.document_frequencies(collection, asked)
        total = self.index.count(collection)
        idf = {
            term: math.log1p((total - frequencies[term] + 0.5) / (frequencies[term] + 0.5))
            for term in asked
        }
        whole = sum(idf.values())
        return {term: weight / whole for term, weight in idf.items()}


def _shares_of_documents(asked: Asked, evidence: Evidence) -> dict[DocumentId, float]:
    """The share of the question's terms that each document's title and found passages hold together."""
    found: dict[DocumentId, list[str]] = defaultdict(list)
    for each in evidence.passages:
        found[each.passage.document_id].append(each.passage.text)
    return {
        one: asked.share(" ".join((evidence.documents[one].title, *texts)))
        for one, texts in found.items()
    }


def _of(scored: ScoredPassage, documents: Mapping[DocumentId, Document]) -> list[Candidate]:
    """The sentences of a passage that state something."""
    passage, document = scored.passage, documents[scored.passage.document_id]
    spans = [one.moved(passage.span.start) for one in sentences(passage.text)]
    return [
        Candidate(
            document=document,
            span=span,
            passage_score=scored.score,
            before=spans[at - 1] if at else None,
            after=spans[at + 1] if at + 1 < len(spans) else None,
            header=head,
        )
        for at, span in enumerate(spans)
        if _states_something(span.cut(document.text), document, passage)
        and ((head := header(document.text, span)) or not is_header(document.text, span))
    ]


def _states_something(sentence: str, document: Document, passage: Passage) -> bool:
    """Neither a question, which is like what is asked as no answer is, nor part of the title or a mail's header.

    Of a heading neither, unless it has a number beside its own: "Membership: 96 euros a year".
    """
    if _is_mail_header(sentence, alone=document.media_type == _MAIL):
        return False
    said = in_order(sentence)
    asks = sentence.endswith(_ASKS) and not _TAG_QUESTION.search(sentence)
    if asks or said in in_order(document.title):
        return False
    return not any(said in in_order(one) for one in passage.section) or _holds_number(sentence)


def _holds_number(heading: str) -> bool:
    """Whether a heading has a number beside its own, and is not a date alone."""
    if not _DIGIT.search(_OWN_NUMBER.sub("", heading)):
        return False
    dated = [one.span for one in find(heading)]
    inside = (any(day.start <= at < day.end for day in dated) for at in range(len(heading)))
    return any(not dates and one.isalnum() for one, dates in zip(heading, inside, strict=True))


def _is_mail_header(sentence: str, *, alone: bool) -> bool:
    """Whether all of a sentence is the header of a mail: lines of it, one with an address, or any one alone."""
    lines = [line for line in sentence.splitlines() if not line.startswith("--")]
    return all(map(_MAIL_HEADER.match, lines)) and (alone or len(lines) > 1 or "@" in sentence)
