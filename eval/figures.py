"""What is measured on development sets, a line a figure: for the terminal, for programs, and for the docs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pydantic import TypeAdapter
from rich.table import Table

from eval.metrics import Mean, Proportion

FORMAT = 1
EXACT = "quotes that are exact"  # the measure that may be nothing but 1
_HEADINGS = ("set", "measure", "n", "value and 95 % interval", "beside it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measure on one set.

    Attributes:
        set: The set's name, with what of it was asked where that is not all.
        n: How many questions, files or claims the value is over.
        of: How many there are, where n were drawn from them.
        value, low, high: The value and its 95 % interval; None where n is 0.
        beside: The same measure of a peer, or of what costs nothing, by name.
    """

    set: str
    measure: str
    n: int
    of: int | None = None
    value: float | None
    low: float | None
    high: float | None
    beside: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What became of one set.

    Attributes:
        failed: Why it could not be measured, or not to its end.
    """

    figures: tuple[Figure, ...]
    seconds: float
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that was measured.

    Attributes:
        day: When, as YYYY-MM-DD.
        code: The revision that was measured.
        compute_path: The arithmetic of the embedding model.
        most: Of a group of questions, as many are asked at the most.
        sets: By name, in the order in which they were measured.
        absent: Sets that could be measured, and are not in the folder.
        without: Folders that nothing is measured on.
    """

    format: int = FORMAT
    day: str
    code: Mapping[str, str | None]
    compute_path: str
    most: int
    sets: Mapping[str, Measured]
    absent: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def figures(self) -> Iterator[Figure]:
        """Those of all sets."""
        for one in self.sets.values():
            yield from one.figures

    @property
    def exact(self) -> bool:
        """Whether every quote that was looked at is exact."""
        return all(one.value in (None, 1.0) for one in self.figures if one.measure == EXACT)

    @property
    def failed(self) -> Mapping[str, str]:
        """Why sets could not be measured, by name."""
        return {name: one.failed for name, one in self.sets.items() if one.failed}


def figure(
    name: str,
    measure: str,
    ours: Mean | Proportion,
    beside: Mapping[str, float] | None = None,
    *,
    of: int = 0,
) -> Figure:
    """A figure from a mean or a share; `of` is how many there are, which may be more than were asked."""
    others = (beside or {}).items()
    return Figure(
        set=name,
        measure=measure,
        n=ours.n,
        of=of if of > ours.n else None,
        value=_number(ours.value),
        low=_number(ours.low),
        high=_number(ours.high),
        beside={one: value for one, value in others if not math.isnan(value)},
    )


def compared(
    name: str, measure: str, sides: Mapping[str, Mean | Proportion], *, of: int = 0
) -> Figure:
    """A figure from what several sides got in one run, of which the first is ours."""
    ours, *_ = sides
    others = {one: each.value for one, each in sides.items() if one != ours}
    return figure(name, measure, sides[ours], others, of=of)


@cache
def boards_as_json() -> TypeAdapter[Board]:
    """Reads and writes boards as JSON."""
    return TypeAdapter(Board)


def table(board: Board) -> Table:
    """All figures, for the terminal."""
    shown = Table(title=_heading(board), title_justify="left")
    for heading in _HEADINGS:
        shown.add_column(heading, overflow="fold")
    for one in board.figures:
        shown.add_row(*_cells(one))
    return shown


def markdown(board: Board) -> str:
    """All figures, as the docs show them."""
    lines = [_heading(board), "", f"| {' | '.join(_HEADINGS)} |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(_cells(one))} |" for one in board.figures]
    lines += ["", *notes(board)]
    return "\n".join(lines).rstrip() + "\n"


def notes(board: Board) -> Sequence[str]:
    """What is not in the table, and how long the rest took."""
    said = [
        f"{sum(one.seconds for one in board.sets.values()) / 60:.0f} minutes: "
        + ", ".join(f"{name} {one.seconds:.0f} s" for name, one in board.sets.items())
    ]
    said += [f"{name} could not be measured: {why}" for name, why in board.failed.items()]
    if board.absent:
        said.append(f"Not there: {', '.join(board.absent)}")
    if board.without:
        said.append(f"Nothing is measured on: {', '.join(board.without)}")
    return said


def _heading(board: Board) -> str:
    return (
        f"{board.day}, {board.compute_path}; at most {board.most:,} questions of a group, "
        "the same ones each time"
    )


def _cells(one: Figure) -> tuple[str, str, str, str, str]:
    value = "–" if one.value is None else f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
    drawn = f" of {one.of:,}" if one.of else ""
    beside = ", ".join(f"{name} {value:.3f}" for name, value in one.beside.items())
    return one.set, one.measure, f"{one.n:,}{drawn}", value, beside


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
