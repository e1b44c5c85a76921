"""Answers that wait for their turn."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.evidence import Evidence
from rag.protocols import Composed
from rag.queueing import QueuedComposer
from rag.types import Abstention, Filters, Searched

NO_FILTERS = Filters()
SEARCHED = Searched(collection="default", documents=0, passages=0, filtered=False)


def nothing_further(query: str, k: int, *, among: Filters = NO_FILTERS) -> Evidence:
    return EVIDENCE


EVIDENCE = Evidence(query="q", passages=(), documents={}, searched=SEARCHED, search=nothing_further)
DONE = Composed(response=Abstention(reason="none", searched=SEARCHED), composer="extractive")


class Counting:
    """Holds each answer until as many are being written as may be, or none can come any more."""

    def __init__(self, together: int) -> None:
        self.all_in = threading.Barrier(together, timeout=10)
        self.changing = threading.Lock()
        self.now = self.most = 0

    def compose(self, question: str, evidence: Evidence) -> Composed:
        with self.changing:
            self.now += 1
            self.most = max(self.most, self.now)
        self.all_in.wait()
        with self.changing:
            self.now -= 1
        if question == "fail":
            raise ValueError(question)
        return DONE


def test_as_many_answers_are_written_at_once_as_may_be_and_no_more() -> None:
    counting = Counting(2)
    composer = QueuedComposer(counting, at_once=2)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: composer.compose("q", EVIDENCE), range(8)))
    assert answers == [DONE] * 8
    assert counting.most == 2


def test_an_answer_that_fails_gives_its_turn_back() -> None:
    composer = QueuedComposer(Counting(1), at_once=1)
    with pytest.raises(ValueError, match="fail"):
        composer.compose("fail", EVIDENCE)
    assert composer.compose("q", EVIDENCE) is DONE
