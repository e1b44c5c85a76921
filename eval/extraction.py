"""How well files are read: checks and reference texts, beside another extractor in the same run.

A folder holds `files.jsonl.gz`, a line a file. Lines with a `kind` are PDFs:

- `checks`: sentences that must or must not be extracted, or stand in an order, and cells with their neighbours
  in a table, as olmOCR-bench describes them (allenai/olmocr, `olmocr/bench`). We read `max_diffs` as edits
  allowed in the best match, and a table as lines whose cells tabs or wide spaces part.
- `reference-output`, `ground-truth`: `text` is what the file's text should be. The measure is the F1 of
  character 4-grams, counted as often as they stand there, white space folded.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from eval.bench import read_lines
from eval.metrics import Mean, mean
from ingest.reading import Reading
from ingest.sandbox import shared
from rag.errors import DocumentError
from rag.types import FurnitureLocator

_GRAM = 4
_POPPLER = "pdftotext"
_POPPLER_S = 60
_FOLDED = str.maketrans("‘’‚“”„–—−\u00ad", "'''\"\"\"---\u00ad")
_CELLS = regex.compile(r"\t| {2,}|\|")
_REPEATS = 30  # a text that ends in as many equal parts was not read but made up


@dataclass(frozen=True, slots=True)
class Extracted:
    """A file's text: all of it, and what is left without running headers and footers."""

    text: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a measure over n things, by extractor; checks are shares of those passed."""

    measure: str
    n: int
    scores: Mapping[str, Mean]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionReport:
    """All rows, the checks that failed by extractor, and what could not be measured."""

    rows: tuple[Row, ...]
    failed: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


Extractor = Callable[[Path], Extracted]


def measure(folder: Path) -> ExtractionReport:
    """Read every PDF of the folder with each extractor and score what they found.

    Raises:
        BenchError: the folder is not in this form.
    """
    extractors: dict[str, Extractor] = {"chapterverse": ours}
    notes: tuple[str, ...] = ()
    if shutil.which(_POPPLER):
        extractors |= {"pdftotext": _poppler(), "pdftotext -layout": _poppler("-layout")}
    else:
        notes = (f"{_POPPLER} is not installed (Debian: poppler-utils), so nothing stands beside.",)
    outcomes: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, list[str]] = {name: [] for name in extractors}
    for line in read_lines(folder / "files.jsonl.gz", ("id", "file", "kind")):
        for name, extract in extractors.items():
            extracted = extract(folder / line["file"])
            for measured, check, score in _scores(line, extracted):
                outcomes.setdefault(measured, {}).setdefault(name, []).append(score)
                if not score:
                    failed[name].append(check)
    rows = tuple(
        Row(
            measure=measured,
            n=len(next(iter(scores.values()))),
            scores={name: mean(values) for name, values in scores.items()},
        )
        for measured, scores in outcomes.items()
    )
    return ExtractionReport(
        rows=rows, failed={name: tuple(ids) for name, ids in failed.items()}, notes=notes
    )


def ours(path: Path) -> Extracted:
    """What our reader makes of a file; nothing where it refuses it."""
    try:
        reading = shared().read(path.read_bytes(), name=path.name)
    except DocumentError:
        return Extracted()
    return Extracted(reading.text, _body(reading))


def _body(reading: Reading) -> str:
    furniture = [one.span for one in reading.locators if isinstance(one, FurnitureLocator)]
    edges = [0, *(edge for span in furniture for edge in (span.start, span.end)), None]
    return "".join(reading.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))


def _poppler(*options: str) -> Extractor:
    program = shutil.which(_POPPLER) or _POPPLER

    def extract(path: Path) -> Extracted:
        done = subprocess.run(  # noqa: S603 # no shell, and a program of that name
            [program, "-enc", "UTF-8", *options, str(path), "-"],
            capture_output=True,
            check=False,
            timeout=_POPPLER_S,
        )
        text = done.stdout.decode(errors="replace").replace("\f", "\n")
        return Extracted(text, text)

    return extract


def _scores(line: Mapping[str, Any], found: Extracted) -> Iterator[tuple[str, str, float]]:
    """The measure, the thing measured and its score, for everything that a line asks for."""
    if line["kind"] == "checks":
        for check in line["checks"]:
            passed = passes(check, found)
            yield f"checks: {check['type']}", f"{line['id']} {check.get('id', '')}", float(passed)
    else:
        yield f"similarity: {line['kind']}", line["id"], similarity(found.text, line["text"])


def similarity(text: str, reference: str) -> float:
    """The F1 of character 4-grams, white space folded; of shorter texts, whether they are equal."""
    ours, theirs = (" ".join(one.split()) for one in (text, reference))
    if min(len(ours), len(theirs)) < _GRAM:
        return float(ours == theirs)
    a, b = (
        Counter(one[i : i + _GRAM] for i in range(len(one) - _GRAM + 1)) for one in (ours, theirs)
    )
    return 2 * (a & b).total() / (a.total() + b.total())


def passes(check: Mapping[str, Any], found: Extracted) -> bool:
    """Whether the text passes a check; what must be absent may stand in running headers and footers."""
    return _CHECKS[check["type"]](check, found)


def _present(check: Mapping[str, Any], found: Extracted) -> bool:
    return bool(_places(check["text"], _part(check, found.body), check))


def _absent(check: Mapping[str, Any], found: Extracted) -> bool:
    return not _present(check, found)


def _part(check: Mapping[str, Any], text: str) -> str:
    """The first and last characters that the check is about, or all."""
    text = _fold(text)
    first, last = check.get("first_n"), check.get("last_n")
    if not first and not last:
        return text
    return (text[:first] if first else "") + (text[-last:] if last else "")


def _order(check: Mapping[str, Any], found: Extracted) -> bool:
    text = _fold(found.body)
    before, after = (_places(check[key], text, check) for key in ("before", "after"))
    return bool(before and after) and min(before) < max(after)


def _places(wanted: str, text: str, check: Mapping[str, Any]) -> list[int]:
    """Where a text begins, with as many edits as the check allows."""
    pattern = regex.escape(_fold(wanted), special_only=True)
    flags = 0 if check.get("case_sensitive", True) else regex.IGNORECASE
    edits = f"(?:{pattern}){{e<={check.get('max_diffs') or 0}}}"
    return [one.start() for one in regex.finditer(edits, text, flags)]


def _baseline(_: Mapping[str, Any], found: Extracted) -> bool:
    """There is text, and it does not end in one part over and over."""
    words = found.text.split()
    tail = words[-_REPEATS:]
    return any(map(str.isalnum, found.text)) and not (len(tail) == _REPEATS and len(set(tail)) == 1)


def _table(check: Mapping[str, Any], found: Extracted) -> bool:
    rows = [cells for line in found.body.split("\n") if (cells := _cells(line))]
    wanted = _fold(check["cell"])
    return any(
        _has_neighbours(check, rows, row, column)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if cell == wanted
    )


def _cells(line: str) -> list[str]:
    return [cell for one in _CELLS.split(line) if (cell := _fold(one).strip("$ "))]


def _has_neighbours(
    check: Mapping[str, Any], rows: Sequence[Sequence[str]], row: int, column: int
) -> bool:
    """Whether the cell has the neighbours that the check names.

    Rows can lack cells on the left or the right, so a column is counted from both ends.
    """
    cells = rows[row]
    from_right = column - len(cells)
    around = {
        "left": cells[column - 1 : column] if column else [],
        "right": cells[column + 1 : column + 2],
        "up": _in_column(rows[row - 1 : row] if row else [], column, from_right),
        "down": _in_column(rows[row + 1 : row + 2], column, from_right),
        "left_heading": cells[:column],
        "top_heading": [one for above in rows[:row] for one in above],
    }
    return all(
        any(_places(check[side], one, check) for one in found)
        for side, found in around.items()
        if check.get(side)
    )


def _in_column(rows: Sequence[Sequence[str]], column: int, from_right: int) -> list[str]:
    return [
        cells[at] for cells in rows for at in (column, from_right) if -len(cells) <= at < len(cells)
    ]


def _fold(text: str) -> str:
    """White space folded, quotes and dashes as ASCII has them."""
    return " ".join(text.translate(_FOLDED).split())


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Extracted], bool]] = {
    "present": _present,
    "absent": _absent,
    "order": _order,
    "table": _table,
    "baseline": _baseline,
}
