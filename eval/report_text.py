"""A report for people and for other programs: Markdown, JUnit XML, and a table for the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET  # only written here

from rich.table import Table

from eval.comparing import Comparison, Difference
from eval.measures import MEASURES
from eval.report import Report, Row, Summaries, Summary
from eval.second_opinion import Opinions

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tables_of(report: Report) -> Iterator[Table]:
    """The measures over all suites, and the right answers by suite, type and format."""
    table = _new_table("measure")
    table.title = f"{len(report.rows)} questions"
    table.caption = "Means with 95 % intervals; n questions, beside those that could not be scored."
    for name, summary in report.measures.items():
        table.add_row(MEASURES[name].title, *_cells(summary))
    yield table
    for title, groups in _groupings(report):
        table = _new_table(f"right answers by {title}")
        for name, summaries in groups.items():
            table.add_row(name, *_cells(summaries["correctness"]))
        yield table


def markdown(report: Report) -> str:
    """The report for a summary page of continuous integration."""
    verdict = "passed" if report.passed else "failed"
    asked, right = len(report.rows), sum(row.right is True for row in report.rows)
    lines = [f"## Evaluation {verdict}: {right} of {asked} questions right", ""]
    lines += _listed("Broken", report.broken) + _listed("Below a threshold", report.below)
    lines += _table("measure", {MEASURES[name].title: one for name, one in report.measures.items()})
    for title, groups in _groupings(report):
        correct = {name: one["correctness"] for name, one in groups.items()}
        lines += _table(f"right answers by {title}", correct)
    lines += [each for one in calibration_lines(report) for each in (one, "")]
    lines += _time(report)
    lines += _opinions(report)
    lines += _wrong(report)
    return "\n".join(lines) + "\n"


def junit(report: Report) -> str:
    """The report as JUnit XML: a suite a test suite, a question a test case.

    A wrong answer is a failure, and so is a broken promise; a question that the service failed at is an error.
    """
    root = ET.Element("testsuites", name="verse eval")
    for suite in report.by_suite:
        rows = [row for row in report.rows if row.suite == suite]
        element = ET.SubElement(
            root,
            "testsuite",
            name=suite,
            tests=str(len(rows)),
            failures=str(sum(_fails(row) for row in rows)),
            errors=str(sum(row.outcome == "failed" for row in rows)),
            time=f"{sum(row.wall_ms for row in rows) / 1000:.3f}",
        )
        for row in rows:
            element.append(_case(row))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(row: Row) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=f"{row.suite}.{row.type}",
        name=row.id,
        time=f"{row.wall_ms / 1000:.3f}",
    )
    said = _xml("\n".join((*_broken(row), *row.missed)))
    if row.outcome == "failed":
        ET.SubElement(case, "error", message=said.split("\n")[0]).text = said
    elif _fails(row):
        ET.SubElement(case, "failure", message=said.split("\n")[0]).text = said
    return case


def _fails(row: Row) -> bool:
    return row.outcome != "failed" and (row.right is not True or bool(_broken(row)))


def _broken(row: Row) -> tuple[str, ...]:
    again = ("asked again, it has another answer",) if row.same_again is False else ()
    return (*row.broken, *again)


def _xml(text: str) -> str:
    """The text without characters that XML has no way to hold."""
    return _NO_XML.sub("\ufffd", text)


def _cells(summary: Summary) -> tuple[str, str, str]:
    return str(summary), str(summary.n), str(summary.unscored or "")


def _new_table(heading: str) -> Table:
    table = Table(title_justify="left", caption_justify="left")
    table.add_column(heading)
    for name in ("value", "n", "unscored"):
        table.add_column(name, justify="right")
    return table


def _groupings(report: Report) -> Iterator[tuple[str, Mapping[str, Summaries]]]:
    """The ways to group questions that give more than one group."""
    for title, groups in (
        ("suite", report.by_suite),
        ("type", report.by_type),
        ("format", report.by_format),
    ):
        if len(groups) > 1:
            yield title, groups


def _table(heading: str, named: Mapping[str, Summary]) -> list[str]:
    lines = [f"| {heading} | value and 95 % interval | n | unscored |", "|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(_cells(one))} |" for name, one in named.items()]
    return [*lines, ""]


def _time(report: Report) -> list[str]:
    if report.latency_ms is None:
        return []
    lines = ["| time of a question, ms | mean | half below | 95 % below |", "|---|---|---|---|"]
    for name, one in {"all of it": report.latency_ms, **report.stages_ms}.items():
        lines.append(f"| {name} | {one.mean:.0f} | {one.p50:.0f} | {one.p95:.0f} |")
    return [*lines, ""]


def calibration_lines(report: Report) -> Iterator[str]:
    """How far confidence is from the share of right answers, where answers have one."""
    if found := report.calibration:
        yield f"confidence: expected calibration error {found.error:.3f} over {found.n} answers"


def opinion_lines(opinions: Opinions) -> Iterator[str]:
    """How far a model as judge and the measures agree, a sentence each."""
    beyond = "" if opinions.kappa is None else f", Cohen's kappa {opinions.kappa:.2f}"
    said = (
        f"says what the measures say of {opinions.agreement}"
        if opinions.agreement
        else "no opinion"
    )
    yield f"{opinions.model} as judge, advisory: {said}{beyond}"
    yield (
        f"right to it alone: {len(opinions.right_only_to_it)}; wrong to it alone: "
        f"{len(opinions.wrong_only_to_it)}; without an opinion that can be read: {opinions.without}"
    )
    if opinions.stopped:
        yield f"it was asked no further: {opinions.stopped}"


def _opinions(report: Report) -> list[str]:
    found = report.opinions
    if found is None:
        return []
    lines = ["**A second opinion**", "", *(f"- {_code(one)}" for one in opinion_lines(found)), ""]
    for title, names in (
        ("Right to it, and not to the measures", found.right_only_to_it),
        ("Right to the measures, and not to it", found.wrong_only_to_it),
    ):
        said = [f"- {name}: {_code(found.opinions[name].reason)}" for name in names]
        if said:
            lines += [f"<details><summary>{title}</summary>", "", *said, "", "</details>", ""]
    return lines


def _wrong(report: Report) -> list[str]:
    wrong = [row for row in report.rows if row.right is not True]
    if not wrong:
        return []
    lines = ["<details><summary>Questions that are not right</summary>", ""]
    for row in wrong:
        missed = "; ".join(_code(one) for one in row.missed)
        lines.append(f"- **{row.suite}/{row.id}** ({row.type}): {missed}")
    return [*lines, "", "</details>"]


def _listed(title: str, entries: tuple[str, ...]) -> list[str]:
    return [f"**{title}:**", "", *(f"- {_code(one)}" for one in entries), ""] if entries else []


def _code(text: str) -> str:
    """Text that is shown as it is, whatever marks it holds."""
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    flat = " ".join(text.split())
    return f"{fence} {flat} {fence}" if len(fence) > 1 else f"{fence}{flat}{fence}"


def comparison_table(found: Comparison) -> Table:
    """Each measure before and after."""
    table = Table(title=f"{found.compared} questions compared", title_justify="left")
    table.add_column("measure")
    for heading in ("before", "after", "n", "p of as much worse"):
        table.add_column(heading, justify="right")
    for one in found.differences:
        table.add_row(MEASURES[one.measure].title, *_compared(one))
    return table


def comparison_markdown(found: Comparison) -> str:
    """A comparison for a summary page of continuous integration."""
    verdict = "passed" if found.passed else "failed"
    lines = [
        f"## Comparison {verdict}: {len(found.worse)} questions got worse, {len(found.better)} better",
        "",
        "| measure | before | after | n | p of as much worse |",
        "|---|---|---|---|---|",
        *(
            f"| {MEASURES[one.measure].title} | {' | '.join(_compared(one))} |"
            for one in found.differences
        ),
        "",
    ]
    for title, entries in comparison_lists(found):
        lines += _listed(title, entries)
    return "\n".join(lines) + "\n"


def comparison_lists(found: Comparison) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is named one by one, under its title; nothing empty."""
    for title, entries in (
        ("Broken", found.broken),
        ("Right before, and not now", found.worse),
        ("Right now, and not before", found.better),
        ("Not compared", found.left_out),
        ("Made otherwise", found.made_otherwise),
    ):
        if entries:
            yield title, entries


def _compared(one: Difference) -> tuple[str, str, str, str]:
    p = f"{one.p:.3f}{' significant' if one.significant else ''}"
    return f"{one.before:.3f}", f"{one.after:.3f}", str(one.n), p
