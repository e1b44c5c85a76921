"""The commands of `verse eval` that work on suites: each parses, calls one function, and prints."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from eval.bars import bars

if TYPE_CHECKING:
    from eval.asking import Service
    from eval.comparing import Comparison
    from eval.report import Report
    from eval.runs import Run
    from eval.second_opinion import Judge, Opinions
    from eval.suite import Suite

DONE, FAILED, UNUSABLE, REFUSED, LOST, INTERRUPTED = 0, 1, 2, 3, 4, 130
KEY_VARIABLE = "CHAPTERVERSE_KEY"
_RUN = Path("eval-run")
_COMPARISON = "comparison.md"
_REPORTS = ("report.json", "report.md", "junit.xml", "report.html")


def check(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
) -> None:
    """Check suites: is every line in its form, every quote in its document, every pattern safe and supported?

    Exits with 1 when something is wrong, each thing on a line of its own with its file and line. Of a draft it says
    what is lacking; that is not wrong.
    """
    from eval.linting import check as checked
    from eval.suite import SuiteError

    wrong = 0
    for folder in suites:
        try:
            found = checked(folder)
        except SuiteError as error:
            wrong += len(error.problems)
            typer.echo(str(error))
        else:
            suite = found.suite
            for lacking in found.lacking:
                typer.echo(str(lacking))
            drafts = (
                f" and {len(suite.drafts)} drafts, which are not asked," if suite.drafts else ""
            )
            typer.echo(
                f"{folder}: {suite.name}, {len(suite.questions)} questions{drafts} about "
                f"{len(suite.documents)} documents: nothing is wrong"
            )
    if wrong:
        typer.echo(f"verse eval: {wrong} problems", err=True)
        raise typer.Exit(FAILED)


def run(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the run is kept; one that broke off goes on.")
    ] = _RUN,
    again: Annotated[
        bool, typer.Option("--again", help="Take away the run that is there, and start anew.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(help=f"Ask the server here; its key, if it needs one, is in {KEY_VARIABLE}."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep the documents in this data folder for other runs."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Questions asked at a time.")] = 2,
    repeats: Annotated[
        int, typer.Option(min=0, help="Questions of each suite that are asked a second time.")
    ] = 5,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="PROVIDER:NAME",
            help="A chat model as LangChain names it, whose opinion of each answer the reports show too.",
        ),
    ] = None,
    judge_url: Annotated[
        str | None, typer.Option(help="Where that model is served, if not by its provider.")
    ] = None,
) -> None:
    """Put suites to the library in this process, or to a server, and judge the answers.

    Exits with 1 when an invariant is broken or a threshold is not reached, with 2 when a suite or the folder cannot be
    used, with 4 when the service cannot: what is answered is kept then, and the same command goes on. What a model as
    judge says changes no exit code.
    """
    from eval.runs import RunError
    from eval.suite import SuiteError

    if url and data:
        _fail("--data is for runs in this process, and --url for a server's own.", UNUSABLE)
    if data and data.resolve().is_relative_to(out.resolve()):
        _fail(
            "--data lies inside of --out, and would go with the run when --again takes that away. "
            "Name a folder elsewhere.",
            UNUSABLE,
        )
    model = _judge(judge, judge_url, out) if judge else None
    try:
        report = _run(
            suites,
            out,
            again=again,
            url=url,
            data=data,
            workers=workers,
            repeats=repeats,
            judge=model,
        )
    except SuiteError as error:
        _fail(f"a suite cannot be used; nothing was asked.\n{error}", UNUSABLE)
    except RunError as error:
        _fail(str(error), UNUSABLE)
    _show(report, out)
    raise typer.Exit(DONE if report.passed else FAILED)


def compare(
    baseline: Annotated[
        Path, typer.Argument(metavar="BASELINE", help="A baseline's file, or another run's folder.")
    ],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    moved: Annotated[
        list[str] | None,
        typer.Option(help="documents or questions: what was changed on purpose; repeatable."),
    ] = None,
) -> None:
    """Hold a run against a baseline, and name the questions that flipped.

    Exits with 1 when a measure got significantly worse or an invariant is broken, with 2 when a side cannot be read,
    and with 3 when documents or questions changed and --moved does not say so.
    """
    from eval.comparing import SIDES, NotComparable, read_baseline, read_report
    from eval.comparing import compare as compared
    from eval.report_text import comparison_markdown
    from eval.runs import RunError

    sides = [side for side in SIDES if side in (moved or ())]
    if len(sides) < len(set(moved or ())):
        _fail(f"--moved is one of {', '.join(SIDES)}.", UNUSABLE)
    try:
        found = compared(read_baseline(baseline), read_report(run), sides)
    except RunError as error:
        _fail(str(error), UNUSABLE)
    except NotComparable as error:
        _fail(str(error), REFUSED)
    (run / _COMPARISON).write_text(comparison_markdown(found), encoding="utf-8")
    _show_comparison(found)
    raise typer.Exit(DONE if found.passed else FAILED)


def accept(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="The file to write.")],
    reason: Annotated[str, typer.Option(help="Why these answers are the ones to hold on to.")],
) -> None:
    """Make a run the baseline that later ones are held against.

    Exits with 1 when the run breaks an invariant, which no baseline may, and with 2 when it cannot be read.
    """
    from eval.comparing import baseline_of, read_report, write_baseline
    from eval.runs import RunError

    if not reason.strip():
        _fail("--reason says why, in words.", UNUSABLE)
    try:
        report = read_report(run)
    except RunError as error:
        _fail(str(error), UNUSABLE)
    if report.broken:
        _fail(
            "the run breaks what no run may, and is not accepted:\n" + "\n".join(report.broken),
            FAILED,
        )
    write_baseline(baseline_of(report, reason), baseline)
    typer.echo(f"{baseline} holds {len(report.rows)} questions now: {reason}")


def _show_comparison(found: Comparison) -> None:
    from eval.report_text import comparison_lists, comparison_table

    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(comparison_table(found))
    console.print(f"answers that say or quote something else: {found.changed}", highlight=False)
    for title, entries in comparison_lists(found):
        for one in entries:
            console.print(f"{title}: {one}", markup=False, highlight=False)


def _run(
    folders: list[Path],
    out: Path,
    *,
    again: bool,
    url: str | None,
    data: Path | None,
    workers: int,
    repeats: int,
    judge: Judge | None,
) -> Report:
    from eval import runs
    from eval.linting import checked_suite
    from eval.report import build
    from eval.revision import code_revision

    suites = [checked_suite(folder) for folder in folders]
    for suite in suites:
        if suite.drafts:
            typer.echo(f"{suite.name}: {len(suite.drafts)} drafts are not asked", err=True)
    with _service(out, url, data) as service, _ending_well(out):
        plan = runs.plan_of(suites, service, code_revision(), repeats)
        if again:
            runs.take_away(out)
        with bars() as show:
            runs.run(suites, service, out, plan, workers=workers, progress=show)
    done = runs.read_run(out)
    report = build(done, suites)
    if judge:
        report = replace(report, opinions=_opinions(report, done, suites, judge, workers))
    _write(report, done, suites, out)
    if data is None and url is None:
        shutil.rmtree(_own_data(out), ignore_errors=True)
    return report


def _judge(name: str, url: str | None, out: Path) -> Judge:
    """The model as judge; its opinions are kept beside the run's folder, for `--again` takes that away."""
    from eval.second_opinion import Judge
    from rag.adapters.langchain_chat import LangChainChatModel
    from rag.errors import ModelError
    from rag.settings import Settings

    try:
        within_s = Settings().chat.timeout_s
        model = LangChainChatModel.named(name, url, within_s)
    except ModelError as error:
        _fail(str(error), UNUSABLE)
    return Judge(model, url, out.with_name(f"{out.name}-opinions.jsonl"), within_s)


def _opinions(
    report: Report, run: Run, suites: list[Suite], judge: Judge, workers: int
) -> Opinions:
    from eval.second_opinion import Case

    questions = {(suite.name, one.id): one for suite in suites for one in suite.questions}
    cases = [
        Case(
            question=questions[row.suite, row.id],
            answered=run.answers[row.suite, row.id, 0],
            right=row.right,
        )
        for row in report.rows
        if row.right is not None
    ]
    with bars() as show:
        return judge.opinions(cases, workers, show)


@contextmanager
def _service(out: Path, url: str | None, data: Path | None) -> Iterator[Service]:
    from eval.asking import InProcess
    from eval.asking_http import connected

    if url:
        with connected(url, os.environ.get(KEY_VARIABLE)) as server:
            yield server
    else:
        yield InProcess(data or _own_data(out))


def _own_data(out: Path) -> Path:
    """The data folder of a run that has none of its own given; it goes when the run is finished."""
    return out / "data"


@contextmanager
def _ending_well(out: Path) -> Iterator[None]:
    """Say how to go on where a run breaks off."""
    from eval.asking import CannotTakeIn, ServiceLost
    from rag.errors import ModelError, StoreError

    go_on = f"What is answered is kept in {out}; run the same command again to go on."
    try:
        yield
    except KeyboardInterrupt:
        _fail(f"interrupted. {go_on}", INTERRUPTED)
    except CannotTakeIn as error:
        _fail(str(error), UNUSABLE)
    except (ServiceLost, StoreError, ModelError) as error:
        _fail(f"{error} {go_on}", LOST)


def _write(report: Report, run: Run, suites: list[Suite], out: Path) -> None:
    from eval.report import reports_as_json
    from eval.report_html import html
    from eval.report_text import junit, markdown

    contents = (
        reports_as_json().dump_json(report, indent=1).decode(),
        markdown(report),
        junit(report),
        html(report, run, suites),
    )
    for name, content in zip(_REPORTS, contents, strict=True):
        (out / name).write_text(content, encoding="utf-8")


def _show(report: Report, out: Path) -> None:
    from eval.report_text import calibration_lines, opinion_lines, tables_of

    console = Console(width=None if sys.stdout.isatty() else 140)
    for table in tables_of(report):
        console.print(table)
    if report.latency_ms:
        times = report.latency_ms
        console.print(
            f"time of a question: half below {times.p50:.0f} ms, 95 % below {times.p95:.0f} ms"
        )
    for one in calibration_lines(report):
        console.print(one)
    console.print(f"asked a second time: {report.repeated}")
    for one in opinion_lines(report.opinions) if report.opinions else ():
        console.print(one, markup=False, highlight=False)
    for title, entries in (("broken", report.broken), ("below", report.below)):
        for one in entries:
            console.print(f"{title}: {one}", markup=False, highlight=False)
    console.print(f"Reports: {', '.join(str(out / name) for name in _REPORTS)}", highlight=False)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"verse eval: {message}", err=True)
    raise typer.Exit(code)
