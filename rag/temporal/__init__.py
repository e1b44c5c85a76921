"""What texts say of time: found, held against the right day, and worked out by named rules.

`find` gives the expressions of a text, `anchor_of` the day they are held against (`said_on` that of a log's entry,
too), `tense_at` which way to look, `resolve` the days they mean; `stated` all of it for a place of a document.
"""

from rag.temporal.anchors import Anchor, AnchorKind, DatedLike, anchor_of
from rag.temporal.entries import HOUR_OF_MESSAGE, behind_day, leading_day, said_on
from rag.temporal.expressions import Base, Direction, Kind, Part, TimeExpression, Unit
from rag.temporal.finding import find
from rag.temporal.intervals import Interval, before, overlaps, within, written
from rag.temporal.resolution import resolve
from rag.temporal.resolved import Resolved
from rag.temporal.rules import RULES
from rag.temporal.stating import Stated, stated
from rag.temporal.tense import Tense, is_moved_to, tense_at

__all__ = [
    "HOUR_OF_MESSAGE",
    "RULES",
    "Anchor",
    "AnchorKind",
    "Base",
    "DatedLike",
    "Direction",
    "Interval",
    "Kind",
    "Part",
    "Resolved",
    "Stated",
    "Tense",
    "TimeExpression",
    "Unit",
    "anchor_of",
    "before",
    "behind_day",
    "find",
    "is_moved_to",
    "leading_day",
    "overlaps",
    "resolve",
    "said_on",
    "stated",
    "tense_at",
    "within",
    "written",
]
