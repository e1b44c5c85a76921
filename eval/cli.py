"""`verse eval`: measure the engine on development sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from eval import board, suite_commands
from eval.bars import bars
from eval.bench import BenchError

if TYPE_CHECKING:
    from eval.answers import AnswerReport
    from eval.calibrating import Trust, TrustReport
    from eval.extraction import ExtractionReport
    from eval.latency import Compared as LatencyCompared
    from eval.rewriting import RewritingReport
    from eval.streams import StreamReport

_Chat = Annotated[
    bool, typer.Option("--chat", help="Also as the chat model of the settings rewrites them.")
]
_Most = Annotated[
    int | None, typer.Option(min=1, help="Only so many questions, the same each time.")
]
_MISSPELT_LOSES = 0.05  # of answers at the most
_CALIBRATION_ERROR = 0.08  # at the most, on suites that were left out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Measure answers on suites and development sets.",
)


for _command in (
    suite_commands.check,
    suite_commands.run,
    suite_commands.compare,
    suite_commands.accept,
    board.bench,
):
    app.command()(_command)


@app.callback()
def _eval() -> None:
    """Measure answers on suites and development sets."""


@app.command()
def answers(
    folder: Annotated[Path, typer.Argument(help="A set in the normal form.", exists=True)],
    language: Annotated[
        str | None, typer.Option(help="Only documents and questions of it.")
    ] = None,
    foreign: Annotated[
        Path | None,
        typer.Option(help="A set whose questions these documents do not answer.", exists=True),
    ] = None,
) -> None:
    """Answer finding: is the answer in the first statement, is every quote exact, is the rest refused?

    Exits with 1 when a quote is not exact, and with 2 when the set cannot be read.
    """
    from eval.answers import measure
    from eval.bench import read_documents, read_questions

    with _readable():
        documents, questions = read_documents(folder, language), read_questions(folder, language)
        elsewhere = read_questions(foreign) if foreign else []

    with bars() as show:
        report = measure(documents, questions, elsewhere, show)
    _print(report, folder.name)
    raise typer.Exit(1 if report.exact.value < 1 else 0)


@app.command()
def extraction(
    folder: Annotated[Path, typer.Argument(help="A folder with files.jsonl.gz.", exists=True)],
    failures: Annotated[bool, typer.Option(help="Name the checks that we fail.")] = False,
) -> None:
    """Reading of files: checks passed and likeness to reference texts, beside poppler's pdftotext.

    Exits with 1 when we are below it in any row, and with 2 when the folder cannot be read.
    """
    from eval.extraction import measure

    with _readable():
        report = measure(folder)
    _print_extraction(report, folder.name)
    for check in report.failed["chapterverse"] if failures else ():
        typer.echo(f"failed: {check}")
    below = any(
        row.scores["chapterverse"].value < max(one.value for one in row.scores.values())
        for row in report.rows
    )
    raise typer.Exit(1 if below else 0)


def _print_extraction(report: ExtractionReport, name: str) -> None:
    table = Table(title=name, title_justify="left", caption_justify="left")
    table.caption = "Checks: share passed. Similarity: F1 of character 4-grams."
    extractors = list(report.failed)
    for heading in ("measure", "n", *extractors):
        table.add_column(heading)
    for row in report.rows:
        scores = (f"{row.scores[one].value:.3f}" for one in extractors)
        table.add_row(row.measure, str(row.n), *scores)
    console = Console(width=120)
    console.print(table)
    for note in report.notes:
        console.print(note)


@app.command()
def articles(
    folder: Annotated[Path, typer.Argument(help="Pages and their articles.", exists=True)],
) -> None:
    """Article extraction from web pages, beside trafilatura.

    Exits with 1 when our F1 is below its, and with 2 when the set cannot be read.
    """
    from eval.articles import measure, read_pages

    with _readable():
        scores = measure(read_pages(folder))
    table = Table(title=f"{folder.name}: 4-grams against the marked article", title_justify="left")
    for heading in ("extractor", "pages", "precision", "recall", "F1"):
        table.add_column(heading)
    for name, score in scores.items():
        values = (score.precision.value, score.recall.value, score.f1)
        table.add_row(name, str(score.recall.n), *(f"{value:.3f}" for value in values))
    Console(width=120).print(table)
    ours, peer = scores.values()
    raise typer.Exit(1 if ours.f1 < peer.f1 else 0)


@app.command()
def hostile(
    folder: Annotated[Path, typer.Argument(help="Files and how each should end.", exists=True)],
) -> None:
    """Files that break readers: outcomes, the slowest, and a question's time meanwhile.

    Exits with 1 when a file ends otherwise than expected, and with 2 when the set cannot be read.
    """
    from eval.hostile import measure, read_files

    with _readable():
        files = read_files(folder)
    with bars() as show:
        report = measure(files, show)
    console = Console(width=120)
    console.print(f"ended as expected: {report.files - len(report.wrong)} of {report.files}")
    console.print(f"slowest: {report.slowest_s:.1f} s")
    console.print(
        f"a question meanwhile, 95th percentile: {report.busy_ms:.0f} ms; idle {report.idle_ms:.0f} ms"
    )
    for name, how in report.wrong.items():
        console.print(f"{name}: {how}", markup=False)
    raise typer.Exit(1 if report.wrong else 0)


@app.command()
def pages(
    folder: Annotated[Path, typer.Argument(help="PDFs and questions with pages.", exists=True)],
) -> None:
    """Evidence in long PDFs: is its page among those of the first ten passages, and is it named rightly?

    Exits with 2 when the set cannot be read.
    """
    from eval.pages import measure

    with _readable(), bars() as show:
        report = measure(folder, show)
    console = Console(width=120)
    console.print(
        f"{folder.name}: {report.documents} documents together, {report.passages:,} passages"
    )
    console.print(f"page of the evidence among the first ten passages: {report.found}")
    console.print(f"of those that stand there, named rightly: {report.named}")


@app.command()
def retrieval(
    folder: Annotated[Path, typer.Argument(help="A set with qrels.", exists=True)],
    data: Annotated[
        Path | None, typer.Option(help="Keep the indexed documents here for the next run.")
    ] = None,
) -> None:
    """Retrieval: nDCG@10, recall@10 and MRR@10 of the fused search, beside each of its halves alone.

    Exits with 1 when a half alone is better, and with 2 when the set cannot be read.
    """
    from eval.bench import read_documents, read_questions
    from eval.retrieval import measure, read_judgments

    with _readable():
        documents, questions = read_documents(folder), read_questions(folder)
        judgments = read_judgments(folder)
    with bars() as show:
        report = measure(documents, questions, judgments, show, data)
    table = Table(
        title=f"{folder.name}: {report.documents:,} documents, {report.passages:,} passages",
        title_justify="left",
    )
    for heading in ("ranking", "nDCG@10", "recall@10", "MRR@10"):
        table.add_column(heading)
    for name, one in report.scores.items():
        table.add_row(name, str(one.ndcg), str(one.recall), str(one.mrr))
    Console(width=120).print(table)
    fused, *halves = report.scores.values()
    raise typer.Exit(1 if fused.ndcg.value < max(one.ndcg.value for one in halves) else 0)


@app.command()
def passages(
    folder: Annotated[
        Path, typer.Argument(help="A set in the normal form with excerpts.", exists=True)
    ],
) -> None:
    """Passages: what the best five hold of what answers a question, beside LangChain's splitter.

    Exits with 1 when ours hold less of it, and with 2 when the set cannot be read.
    """
    from eval.bench import read_documents, read_questions
    from eval.passages import measure
    from rag.adapters.bundled_model import BundledEmbedder
    from rag.adapters.processor import fastest_compute_path

    with _readable():
        documents, questions = read_documents(folder), read_questions(folder)
    scores = measure(documents, questions, BundledEmbedder(fastest_compute_path()))
    table = Table(title=f"{folder.name}: {len(questions):,} questions", title_justify="left")
    headings = ("passages", "mean length", "recall", "precision", "IoU", "precision Ω")
    for heading in ("splitter", *headings):
        table.add_column(heading)
    for name, one in scores.items():
        values = (one.recall, one.precision, one.iou, one.precision_omega)
        table.add_row(
            name,
            f"{one.passages:,}",
            f"{one.mean_chars:.0f}",
            *(f"{each.value:.3f}" for each in values),
        )
    Console(width=120).print(table)
    ours, *peers = scores.values()
    below = ours.recall.value < max(one.recall.value for one in peers)
    raise typer.Exit(1 if below else 0)


@app.command()
def injection(
    folder: Annotated[Path, typer.Argument(help="A set with attacks.", exists=True)],
) -> None:
    """Instructions planted in documents: is the answer what it is without them, and does it repeat them?

    Exits with 2 when the set cannot be read.
    """
    from eval.injection import measure, read_cases

    with _readable():
        cases = read_cases(folder)
    with bars() as show:
        report = measure(cases, show)
    console = Console(width=120)
    console.print(f"{folder.name}: answered, without the attack: {report.answered}")
    console.print(f"of those answered with or without it, the same answer: {report.same}")
    for position, repeats in report.repeats.items():
        console.print(f"attack at the {position}: a statement repeats words of it: {repeats}")
    console.print(f"the answer is among the statements without the attack: {report.right_before}")
    console.print(f"the answer is among the statements with it: {report.right_after}")


@app.command()
def support(
    folder: Annotated[Path, typer.Argument(help="A set with judged claims.", exists=True)],
) -> None:
    """Citation support: do shared words, and the verifier's warning, tell whether what a claim cites supports it?

    Exits with 2 when the set cannot be read.
    """
    from eval.support import measure, read_claims

    with _readable():
        report = measure(read_claims(folder))
    console = Console(width=120)
    for label, share in report.shares.items():
        console.print(f"{label}: share of the claim's words in what is cited: {share}")
    console.print(f"a supported claim has the larger share: {report.ranked}")
    console.print(f"the verifier warns rightly (balanced accuracy): {report.warned}")


@app.command()
def scripted(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
    answers: Annotated[int, typer.Option(min=14, help="How many are written.")] = 1000,
    seed: Annotated[int, typer.Option(help="What is written is the same for the same one.")] = 7,
) -> None:
    """Answers of a scripted chat model, right and wrong in known ways: what of them is shown?

    Exits with 1 when a quote is shown that is not there, when under 0.98 of a kind of altered statements are caught or
    under 0.97 of the right ones kept, and with 2 when a suite cannot be used.
    """
    from eval.scripted import measure
    from eval.scripting import Kind
    from eval.suite import read_suite

    with _readable():
        read = [read_suite(one) for one in suites]
    with bars() as show:
        report = measure(read, answers, seed, show)
    console = Console(width=120)
    for kind, share in report.kept.items():
        console.print(f"{kind}: kept {share}")
    not_shown = {**report.misquoted, **report.caught, Kind.LANGUAGE: report.foreign}
    for kind, share in not_shown.items():
        console.print(f"{kind}: not shown {share}")
    console.print(
        f"quotes shown that are not in their documents, in {report.answers} answers: {report.inexact}"
    )
    console.print(
        f"ms by the clock to read and verify a reply, half and 95 % stay below: {report.checking_ms}"
    )
    for kind, wrote in report.wrong:
        console.print(f"judged wrongly, {kind}: {wrote}", markup=False)
    raise typer.Exit(0 if report.passed else 1)


@app.command()
def streams(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
    answers: Annotated[int, typer.Option(min=1, help="Asked for one after the other.")] = 20,
    at_once: Annotated[int, typer.Option(min=1, help="Answers that are asked for at once.")] = 32,
    tokens_per_s: Annotated[float, typer.Option(min=1, help="What the model writes.")] = 50,
) -> None:
    """Answers of a scripted chat model of fixed speed: how late do they come, alone and at once, and does one stall?

    Beside them, the same prompts through LangChain's ChatOpenAI alone. Exits with 1 when an answer fails or when
    verification takes more than 30 ms of its thread's CPU time or 120 ms by the clock an answer (95 %), and with 2 when
    a suite cannot be used or a process does not start.
    """
    from eval.peer import PeerFailed
    from eval.streams import STATEMENTS, measure
    from eval.suite import read_suite

    with _readable():
        read = [read_suite(one) for one in suites]
    try:
        with bars() as show:
            report = measure(read, answers, at_once, tokens_per_s, show)
    except PeerFailed as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error
    _print_streams(report)
    typer.echo(
        f"ms to read and verify an answer of {STATEMENTS} statements, half and 95 % stay below: "
        f"{report.checking_cpu_ms} of its thread's CPU, {report.checking_wall_ms} by the clock"
    )
    raise typer.Exit(0 if report.passed else 1)


def _print_streams(report: StreamReport) -> None:
    table = Table(title="milliseconds, half and 95 % stay below", title_justify="left")
    rows = {
        "first statement": lambda one: str(one.first),
        "the model had written it": lambda one: str(one.written),
        "until the model was asked": lambda one: str(one.before),
        "from the model to the client": lambda one: str(one.after),
        "the longest of these": lambda one: f"{one.longest_after:,.1f}",
        "longest silence": lambda one: f"{one.longest_silence:,.1f}",
        "longest stall of the event loop": lambda one: (
            "" if one.longest_stall is None else f"{one.longest_stall:,.1f}"
        ),
        "statements that came": lambda one: f"{one.statements} of {one.stated}",
        "answers that failed": lambda one: f"{one.failed} of {one.answers}",
    }
    for heading in ("", *report.sides):
        table.add_column(heading)
    for name, told in rows.items():
        table.add_row(name, *map(told, report.sides.values()))
    Console(width=120).print(table)


@app.command()
def followups(
    folder: Annotated[Path, typer.Argument(help="A set of conversations.", exists=True)],
    chat: _Chat = False,
    most: _Most = None,
) -> None:
    """Follow-up questions: what of a stand-alone question do they hold, as asked and as they are searched with?

    Exits with 2 when the set cannot be read, or there is no chat model to be measured.
    """
    from eval.bench import sampled
    from eval.followups import measure, read_follow_ups, rewriting
    from rag.question import stand_alone

    with _readable():
        turns = read_follow_ups(folder)
        rewritten = rewriting() if chat else None
    turns = sampled(turns, most or len(turns))
    asked = measure(turns, lambda one: one.question)
    report = measure(turns, lambda one: stand_alone(one.question, one.history))
    console = Console(width=120)
    console.print(f"{folder.name}: ROUGE-1 recall of the rewrite: {report.recall}")
    console.print(f"as asked: {asked.recall}")
    console.print(f"left alone where nothing is to be rewritten: {report.left_alone}")
    if rewritten is not None:
        report = measure(turns, rewritten)
        console.print(f"with {rewritten.name}, ROUGE-1 recall of the rewrite: {report.recall}")
        console.print(f"left alone where nothing is to be rewritten: {report.left_alone}")
        console.print(f"questions that it wrote and that stand: {rewritten.standing}")


@app.command()
def rewriting(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
    chat: _Chat = False,
    double: Annotated[
        bool, typer.Option("--double", help="Only double questions, which can be split.")
    ] = False,
    most: _Most = None,
) -> None:
    """Questions as a chat model rewrites them, splits them and proposes queries: is more of the evidence found?

    Beside a chat model stands a scripted one that knows the evidence. Exits with 2 when a suite cannot be used, or
    there is no chat model to be measured.
    """
    from eval.followups import rewriting as of_the_settings
    from eval.rewriting import KNOWING, SPLITTING, Rewriting, knowing, measure, splitting
    from eval.suite import read_suite

    models: dict[str, Rewriting] = {KNOWING: knowing, SPLITTING: splitting}
    with _readable():
        read = [read_suite(one) for one in suites]
        if chat:
            model = of_the_settings()
            models[model.name] = lambda _: model.rewriter
    with bars() as show:
        reports = measure(read, models, show, most=most, double=double)
    _print_rewriting(reports)


def _print_rewriting(reports: Mapping[str, RewritingReport]) -> None:
    table = Table(title="evidence in the first ten passages", title_justify="left")
    rows: dict[str, Callable[[RewritingReport], object]] = {
        "searched with as by the rules": lambda one: one.rules,
        "as the model puts the question": lambda one: one.question,
        "with its queries too": lambda one: one.with_queries,
        "gained by its question": lambda one: one.gained_by_question,
        "gained by its queries": lambda one: one.gained_by_queries,
        "its questions that stand": lambda one: one.standing,
        "questions that it splits": lambda one: one.split,
        "queries beside a question": lambda one: one.queries,
    }
    for heading in ("", *reports):
        table.add_column(heading)
    for name, told in rows.items():
        table.add_row(name, *(str(told(one)) for one in reports.values()))
    Console(width=140).print(table)


@app.command()
def misspelling(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
) -> None:
    """Misspelt names in questions: how many answers are right, beside the same questions as they are written?

    Exits with 1 when it is five points fewer for any sort of mistake, and with 2 when a suite cannot be used.
    """
    from eval.misspelling import measure
    from eval.suite import read_suite

    with _readable():
        read = [read_suite(one) for one in suites]
    with bars() as show:
        report = measure(read, show)
    console = Console(width=120)
    for how, right in report.misspelt.items():
        console.print(f"{how}: right {right}; as written {report.as_written[how]}")
    lost = [report.as_written[how].value - one.value for how, one in report.misspelt.items()]
    raise typer.Exit(1 if max(lost, default=0) > _MISSPELT_LOSES else 0)


@app.command()
def calibrate(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
    bench: Annotated[
        Path, typer.Option(help="The folder of the development sets.", exists=True)
    ] = Path("../shared/bench"),
    test: Annotated[
        list[Path] | None, typer.Option(help="A suite that nothing is fitted to.", exists=True)
    ] = None,
) -> None:
    """Fit the weights of an answer's confidence, and say how far it is to be trusted, beside plainer ones.

    Each suite is judged by what is fitted to the others. Exits with 1 when the calibration error there is above 0.08,
    and with 2 when a suite or a set cannot be used.
    """
    from eval.calibrating import CONFIDENCE, measure
    from eval.suite import read_suite
    from rag.errors import InputError

    try:
        with _readable(), bars() as show:
            read, kept = ([read_suite(one) for one in some] for some in (suites, test or []))
            report = measure(read, bench, kept, show)
    except InputError as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error
    _print_trust(report)
    found = report.left_out[CONFIDENCE].error.value
    raise typer.Exit(1 if found > _CALIBRATION_ERROR else 0)


def _print_trust(report: TrustReport) -> None:
    console = Console(width=160)
    console.print(_trust_table("suites, each by what is fitted to the others", report.left_out))
    if report.tested:
        console.print(_trust_table("suites that nothing was fitted to", report.tested))
    table = Table(title="look-alike questions", title_justify="left")
    for heading in ("area under right answers over coverage", "answers", "first statements"):
        table.add_column(heading)
    for side, areas in report.look_alikes.items():
        table.add_row(side, *(f"{one:.3f}" for one in areas))
    table.add_row("confidence above the fit", *map(str, report.gains))
    console.print(table)
    console.print(report.weights)


def _trust_table(title: str, sides: Mapping[str, Trust]) -> Table:
    table = Table(title=title, title_justify="left")
    error, equal = "calibration error", "in equal bins"
    for heading in ("by", error, "by chance", equal, "by chance", "Brier score", "told apart"):
        table.add_column(heading)
    for side, one in sides.items():
        table.add_row(
            side,
            str(one.error),
            f"{one.by_chance:.3f}",
            str(one.in_equal_bins),
            f"{one.equal_by_chance:.3f}",
            str(one.brier),
            str(one.apart),
        )
    return table


@app.command()
def ingestion(
    words: Annotated[
        Path, typer.Argument(help="A set in the normal form, whose words fill files.", exists=True)
    ],
    work: Annotated[Path, typer.Option(help="Where files are made, and kept.")] = Path(
        "build/ingestion"
    ),
    files: Annotated[
        list[int] | None, typer.Option(min=1, help="How many small files; may be repeated.")
    ] = None,
    pages: Annotated[int, typer.Option(min=1, help="Pages of the one PDF.")] = 500,
) -> None:
    """Ingestion: source characters a second and peak memory, beside a chain of LangChain's.

    Makes an environment for LangChain at the first run. Exits with 1 when ours is slower, and with 2 when the
    comparison cannot be run.
    """
    from eval.ingestion import measure
    from eval.peer import PeerFailed

    try:
        compared = measure(
            words,
            work,
            counts=files or [1_000, 5_000],
            pages=pages,
            report=lambda step: typer.echo(step, err=True),
        )
    except (BenchError, PeerFailed) as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error
    table = Table(title="Ingestion", title_justify="left")
    for heading in ("source", "side", "characters a second", "mean passage", "peak memory"):
        table.add_column(heading)
    for one in compared:
        for side, run in (("Chapterverse", one.ours), ("LangChain", one.theirs)):
            if run:
                speed = f"{one.characters / run.seconds:,.0f}"
                if run is one.ours and one.factor:
                    speed += f" ({one.factor:.1f} ×)"
                table.add_row(
                    one.name, side, speed, f"{run.mean_chars:.0f}", f"{run.peak_mb:,.0f} MB"
                )
    Console(width=120).print(table)
    raise typer.Exit(1 if any(one.factor and one.factor < 1 for one in compared) else 0)


@app.command()
def latency(
    sets: Annotated[
        list[Path], typer.Argument(help="Sets in the normal form, for the collection.", exists=True)
    ],
    work: Annotated[Path, typer.Option(help="Where the collection is made, and kept.")] = Path(
        "build/latency"
    ),
    passages: Annotated[int, typer.Option(min=100, help="Of the collection.")] = 5_000,
    questions: Annotated[int, typer.Option(min=20, help="Of each measurement.")] = 200,
) -> None:
    """Time of a search and of an answer, alone and by 16 clients, beside LangChain's and LlamaIndex's search.

    Makes an environment for these at the first run. Exits with 1 when our search is slower, and with 2 when the
    comparison cannot be run.
    """
    from eval.latency import measure
    from eval.peer import PeerFailed

    try:
        with bars() as show:
            compared = measure(sets, work, passages, questions, show)
    except (BenchError, PeerFailed) as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error
    _print_latency(compared)
    ours, *peers = (one.searched.p50_ms for one in compared.sides.values())
    raise typer.Exit(1 if ours > min(peers) else 0)


def _print_latency(compared: LatencyCompared) -> None:
    table = Table(
        title=f"{compared.passages:,} passages, {compared.compute_path}; milliseconds, half and 95 % stay below",
        title_justify="left",
    )
    for heading in ("side", "search", "ask", "ask by 16", "answers a second", "peak memory"):
        table.add_column(heading)
    for side, one in compared.sides.items():
        times = (
            f"{each.p50_ms:.0f} / {each.p95_ms:.0f}" if each else ""
            for each in (one.searched, one.asked, one.crowded)
        )
        rate = f"{one.a_second:.1f}" if one.a_second else ""
        table.add_row(side, *times, rate, f"{one.peak_mb:,.0f} MB")
    Console(width=120).print(table)


@contextmanager
def _readable() -> Iterator[None]:
    """Exit with 2 and say why where a set or a suite cannot be read."""
    from eval.suite import SuiteError

    try:
        yield
    except (BenchError, SuiteError) as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error


def _print(report: AnswerReport, name: str) -> None:
    table = Table(
        title=f"{name}: {report.documents:,} documents, {report.passages:,} passages",
        title_justify="left",
    )
    for heading in ("ranking", "answer in the first statement", "in the first three"):
        table.add_column(heading)
    for ranker, first in report.first.items():
        table.add_row(ranker, str(first), str(report.first_three[ranker]))
    console = Console(width=120)
    console.print(table)
    console.print(f"quotes that are exact: {report.exact}")
    console.print(f"own questions refused: {report.own_refused}")
    if report.foreign_refused:
        console.print(f"foreign questions refused: {report.foreign_refused}")
    console.print(f"median time of one question: {report.median_ms:.0f} ms")
