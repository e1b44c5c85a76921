"""A report as one HTML page that needs nothing else: no network, and JavaScript only for its filters.

Whatever it shows comes from documents, questions and answers, and is escaped; a content security policy lets only
the page's own style and script through, by their hashes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.explained import Explained, explain
from eval.measures import MEASURES
from eval.report import Report, Summaries, Summary
from eval.report_text import opinion_lines
from eval.runs import Run
from eval.suite import Suite

_TEMPLATES = Path(__file__).parent / "templates"
_CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {
    0x7F: 0x2421
}


def html(report: Report, run: Run, suites: Sequence[Suite]) -> str:
    """The page of a finished run.

    Args:
        report: Of the run.
        run: Its answers and sources.
        suites: In the order in which the report was built from them.
    """
    style, script = _file("report.css"), _file("report.js")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            right=sum(row.right is True for row in report.rows),
            measures=[(MEASURES[name], one) for name, one in report.measures.items()],
            groupings=list(_groupings(report)),
            times=_times(report),
            second=list(opinion_lines(report.opinions)) if report.opinions else [],
            questions=_explained(report, run, suites),
            style=style,
            script=script,
            style_hash=_csp_hash(style),
            script_hash=_csp_hash(script),
        )
    )


def _explained(report: Report, run: Run, suites: Sequence[Suite]) -> list[Explained]:
    questions = {(suite.name, one.id): one for suite in suites for one in suite.questions}
    opinions = report.opinions.opinions if report.opinions else {}
    return [
        explain(
            row,
            questions[row.suite, row.id],
            run.answers[row.suite, row.id, 0],
            run.answers.get((row.suite, row.id, 1)),
            run.sources[row.suite],
            opinions.get(f"{row.suite}/{row.id}"),
        )
        for row in report.rows
    ]


def _groupings(report: Report) -> list[tuple[str, dict[str, Summary]]]:
    named: Mapping[str, Mapping[str, Summaries]] = {
        "suite": report.by_suite,
        "type": report.by_type,
        "format": report.by_format,
    }
    return [
        (title, {name: one["correctness"] for name, one in groups.items()})
        for title, groups in named.items()
        if groups
    ]


def _times(report: Report) -> dict[str, Any]:
    return {"all of it": report.latency_ms, **report.stages_ms} if report.latency_ms else {}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: object) -> object:
    """Text with characters that HTML cannot hold shown by others, one for one."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_CONTROLS)
    return value


def _file(name: str) -> Markup:
    """A file of ours, as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 # not from outside


def _csp_hash(content: str) -> str:
    """How a content security policy names an inline style or script (CSP level 3, hash-source)."""
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"
