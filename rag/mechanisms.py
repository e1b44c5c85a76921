"""What makes an answer beside search and the fit of sentences: each can be turned off, to see what it is worth."""

from __future__ import annotations

from enum import StrEnum


class Mechanism(StrEnum):
    """A part of the engine that the ablation table of `docs/evaluation.md` has a row for."""

    FRAMES = "frames"  # "do the sources agree?" and courtesies are not searched for
    PARTS = "parts"  # a double question is answered part by part
    SOURCES = "sources"  # "according to the podcast" is answered from podcasts
    SEVERAL = "several"  # lists, comparisons and sources that may disagree: more sentences, one of each document first
    REASONS = "reasons"  # a sentence asked why has the reason beside it
    TIMES = "times"  # a sentence that states a time of the question goes before others
    DATES = "dates"  # "when" is answered with a date that is worked out
    VALUES = (
        "values"  # where a number, date or name is asked for, a sentence without one is no answer
    )
    CORRECTIONS = "corrections"  # a sentence is stated with the one beside it that corrects it
    ROWS = "rows"  # a value for each event has a row for each
    NEIGHBOURS = "neighbours"  # "the one before that" is an event beside another one


EVERY = frozenset(Mechanism)
