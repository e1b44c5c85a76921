"""Sentences that state a time which a question asks about: "who was director in 2019", "before May"."""

from __future__ import annotations

from rag.question import Form, Query
from rag.reading import Candidate
from rag.temporal import stated

_BONUS = 0.3  # Chosen on TimeQA and TAT-QA, of 0.15 to 0.5; SQuAD 2.0 is indifferent.


def timely(query: Query, one: Candidate) -> float:
    """What speaks for a sentence that states days which a time of the question admits.

    A stated range counts whole: "from 2017 to 2020" is of 2019, of which it has no word. Where several values are
    asked for, some stand in sentences that state no time, and none goes before another.
    """
    if query.form is not Form.SINGLE or query.expects_conflict:
        return 0.0
    asked = [each for each in query.time if each.interval]
    if not asked:  # to find times takes some
        return 0.0
    times = stated(one.document, one.span)
    if any(each.admits(time.days.interval) for time in times for each in asked):
        return _BONUS
    return 0.0
