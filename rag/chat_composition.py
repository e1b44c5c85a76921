"""Answers that a chat model words, each statement with quotes that are found in the passages it was given."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from rag.abandonment import is_abandoned
from rag.characters import one_line
from rag.chat_metering import Prices, metered
from rag.chat_prompt import SYSTEM, Shown, message, passage_texts, shown_passages
from rag.chat_remembering import Heard, Remembered, digest
from rag.chat_reply import NotAsAsked, Written, WrittenQuote, written_statements
from rag.errors import ModelError
from rag.evidence import Evidence
from rag.marking import repeats
from rag.protocols import AnswerComposer, ChatModel, Composed, TokenBudget
from rag.question import understand
from rag.quoting import locate, uncut
from rag.timeliness import Timeliness
from rag.types import Answer, Quote, Statement, Usage
from rag.verification import beyond

logger = logging.getLogger(__name__)

CHAT = "chat"
_STATEMENTS = 20  # that are listened to
_QUOTE_WORDS = 2  # at the least: a single word stands anywhere and proves nothing
# Markdown's marks, and markers of citations, which are ours to give
_MARKUP = re.compile(
    r"\*{1,3}|__|`+|^\s*(?:#{1,6}|[-+]|\d{1,2}\.)\s+|\s?\[\d{1,3}\](?!\()", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatComposer:
    """Lets a chat model write statements with quotes, and keeps those that have one which stands in its passage.

    A statement that says more than its quotes is dropped too (`rag.verification.beyond`). Whether the words around
    its names and numbers follow from the quotes is left to the reader, who sees both.

    Attributes:
        otherwise: Writes the answer when the model fails, states nothing, or states nothing that can be proved.
        within_s: Seconds that the model has.
        prices: Of what it takes, where they are known.
        remembered: What came of its replies for the same question over the same passages.
    """

    model: ChatModel
    otherwise: AnswerComposer
    within_s: float
    prices: Prices | None = None
    remembered: Remembered[Heard] = field(default_factory=Remembered)

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """See `AnswerComposer.compose`."""
        [whole] = [one for one in self.composing(question, evidence) if isinstance(one, Composed)]
        return whole

    def composing(
        self, question: str, evidence: Evidence, budget: TokenBudget | None = None
    ) -> Iterator[Statement | Composed]:
        """See `TellingComposer.composing`. What the model had written when it failed is the answer, if it stands."""
        query = understand(question)
        table = self.otherwise.compose(question, evidence) if query.per_event else None
        evidence = Timeliness(query=query).foremost(question, evidence)
        shown = shown_passages(evidence, table.response if table else None)
        if not shown:
            yield from (table or self.otherwise.compose(question, evidence)).told()
            return
        passages = passage_texts(shown)
        places = [(one.document.id, one.document.version, one.passage.span) for one in shown]
        key = digest((self.model.name, evidence.searched.collection, question, places, passages))
        usage: list[Usage] = []
        if heard := self.remembered.get(key):
            yield from heard.statements
        else:
            words = metered(
                self.model,
                SYSTEM,
                message(query, passages),
                within_s=self.within_s,
                budget=budget,
                prices=self.prices,
                taken=usage,
            )
            heard = yield from _heard(words, shown)
            if not heard.failed:
                self.remembered.keep(key, heard)
        if heard.statements:
            yield self._composed(heard, usage)
        elif not is_abandoned():
            composed = table or self.otherwise.compose(question, evidence)
            composed = replace(composed, degraded=heard.degraded, usage=_last(usage))
            yield from composed.told()

    def _composed(self, heard: Heard, usage: Sequence[Usage]) -> Composed:
        return Composed(
            response=Answer(statements=heard.statements),
            composer=CHAT,
            degraded=heard.degraded,
            model=self.model.name,
            usage=_last(usage),
        )


def _last(usage: Sequence[Usage]) -> Usage | None:
    return usage[-1] if usage else None


def _heard(
    words: Generator[str, None, None], shown: Sequence[Shown]
) -> Generator[Statement, None, Heard]:
    """The statements that stand, each once, as the model writes them; gives what came of its reply."""
    told: dict[str, Statement] = {}
    claimed = failed = False
    try:
        with closing(words):
            for written in written_statements(words):
                claimed = True
                statement = _proved(written, shown)
                if statement and statement.text not in told:
                    told[statement.text] = statement
                    yield statement
                if len(told) == _STATEMENTS:
                    break
    except (ModelError, NotAsAsked) as error:
        logger.warning("the model's answer ends early: %s", error)
        failed = True
    return Heard(statements=tuple(told.values()), claimed=claimed, failed=failed)


def _proved(written: Written, shown: Sequence[Shown]) -> Statement | None:
    """The statement with the quotes that stand in their passages; None if they do not carry it."""
    cited = [(one, quote) for each in written.quotes for one, quote in _found(each, shown)]
    text = _plain(written.text)
    quotes = tuple(dict.fromkeys(quote for _, quote in cited))
    if not quotes or not text or repeats(text, SYSTEM, [one.text for one in quotes]):
        return None
    known = {(one.document.id, one.document.version): one.document for one in shown}
    plain = Statement(text=text, quotes=quotes, score=1.0)
    if not beyond(plain, known):
        return plain
    for event in dict.fromkeys(one.event for one, _ in cited if one.event):
        dated = replace(plain, quotes=tuple(dict.fromkeys((*quotes, event.quote))), event=event)
        if {(one.document_id, one.version) for one in dated.quotes} <= known.keys() and not beyond(
            dated, known
        ):
            return dated
    return None


def _plain(text: str) -> str:
    return one_line(_MARKUP.sub("", text))


def _found(claimed: WrittenQuote, shown: Sequence[Shown]) -> Iterator[tuple[Shown, Quote]]:
    """The passage that a quote was claimed to be in, and the quote, if it is."""
    if not 1 <= claimed.passage <= len(shown):
        return
    one = shown[claimed.passage - 1]
    place = locate(claimed.text, one.passage.text)
    if place is None or len(place.cut(one.passage.text).split()) < _QUOTE_WORDS:
        return
    whole = uncut(place, one.passage.text).moved(one.passage.span.start)
    yield one, Quote.cut(one.document, whole)
