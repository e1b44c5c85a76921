"""The `verse` command: each command parses, calls what HTTP calls too, and prints.

Nothing heavy is imported before a command runs, so that `verse --help` is quick.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from rag.errors import ModelError, RagError, StoreError

if TYPE_CHECKING:
    from ingest.pipeline import FileOutcome
    from rag.library import Library
    from rag.protocols import DocumentSummary, KeyStore
    from rag.settings import Settings

logger = logging.getLogger(__name__)

DONE, FAILED, MISUSED, ABSTAINED, UNUSABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130
_EXIT_CODES = (
    "Exit codes: 0 done, the question was answered; 1 something failed, or what was named does not exist; "
    "2 the command line or a setting is wrong; 3 the question was not answered; "
    "4 the data folder or a model cannot be used; 130 interrupted."
)
_COMMANDS = "chapterverse.commands"
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class _Commands(TyperGroup):
    """Our commands, and those that other packages register as entry points: imported when asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_registered())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        registered = _registered()
        if cmd_name in registered:
            return typer.main.get_command(registered[cmd_name].load())
        return super().get_command(ctx, cmd_name)


class _ListByDefault(TyperGroup):
    """A group that lists where no command is named, so that each command has its own options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["list", *args])


app = typer.Typer(
    cls=_Commands,
    name="verse",
    help="Ask your documents. Every statement of an answer comes with a verbatim quote and its place.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
documents_app = typer.Typer(
    cls=_ListByDefault, help="List documents, or delete one.", rich_markup_mode=None
)
app.add_typer(documents_app, name="documents")
keys_app = typer.Typer(
    cls=_ListByDefault,
    help="List the keys that open the service, make one, or revoke one.",
    rich_markup_mode=None,
)
app.add_typer(keys_app, name="keys")

DataOption = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", envvar="VERSE_DATA", help="The folder that holds what is stored."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
VerboseOption = Annotated[
    int, typer.Option("--verbose", "-v", count=True, help="Log to stderr; twice for details.")
]
CollectionOption = Annotated[str, typer.Option(help="The collection of documents.")]
_DATA = Path("data")
_UNSERVED = "chapterverse://library"  # where no address leads to a document
_COLLECTION = "default"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `verse` with these arguments, the process's own by default, and give its exit code."""
    try:
        app(args=argv, prog_name="verse")
    except SystemExit as end:
        return _exit_code(end)
    except RagError as error:
        return _report(error, UNUSABLE if isinstance(error, StoreError | ModelError) else FAILED)
    except Exception as error:  # the edge of the process
        typer.echo(
            f"Internal error ({type(error).__name__}); run again with -vv for details.", err=True
        )
        logger.debug("internal error", exc_info=error)
        return FAILED
    return DONE


@app.callback(invoke_without_command=True)
def _verse(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if show_version:
        typer.echo(version("chapterverse"))
        raise typer.Exit


@app.command()
def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help="Files, and folders with all that is in them.")
    ],
    collection: CollectionOption = _COLLECTION,
    sync: Annotated[
        bool, typer.Option("--sync", help="Remove documents whose files are gone from the folders.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and take up what changes in the folders.")
    ] = False,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Add documents; a file that was added before and has changed becomes a new version."""
    from api import console
    from ingest.folders import Folders
    from ingest.pipeline import Ingester

    with _terminated_like_interrupted(), _opened(data, verbose) as library:
        folders = Folders(
            ingester=Ingester(library), paths=tuple(paths), collection=collection, sync=sync
        )
        changes = folders.watch(threading.Event()) if watch else None
        run = console.ingested(folders)
        console.show_run(run, as_json=as_json, indent=None if watch else 2)
        if run.error:
            raise run.error
        if not run.ended:
            _fail(
                f"Interrupted: {run.done:,} of {len(run.keys):,} files are known to be done, and stay. "
                "Run the same command again to go on from there.",
                INTERRUPTED,
            )
        if changes is not None:
            _follow(changes, as_json=as_json)
    if not run.outcomes and not watch:
        _fail("There is no file to add: hidden files and folders are passed over.")
    if run.failed:
        raise typer.Exit(FAILED)


def _follow(changes: Iterator[list[FileOutcome]], *, as_json: bool) -> None:
    """Print what changes bring, until a signal ends it."""
    from api import console

    typer.echo("Watching for changes. Press Ctrl-C to end.", err=True)
    with contextlib.suppress(KeyboardInterrupt):
        for outcomes in changes:
            console.show_changes(outcomes, as_json=as_json)
    typer.echo("No longer watching; everything above is saved.", err=True)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotation marks.")],
    collection: CollectionOption = _COLLECTION,
    composer: Annotated[
        str, typer.Option(help="Who writes the answer: auto, extractive, or chat if one is set up.")
    ] = "auto",
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Answer a question by statements with verbatim quotes, or say why there is no answer."""
    with _opened(data, verbose, make=False) as library:
        _require_documents(library, data)
        code = _answer(library, question, collection, composer=composer, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, help="Passages, at the most.")] = 10,
    collection: CollectionOption = _COLLECTION,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Find passages."""
    from api import console
    from api.rendering import search_body

    with _opened(data, verbose, make=False) as library:
        _require_documents(library, data)
        body = search_body(library.search(query, collection=collection, k=k))
    console.show_passages(body, as_json=as_json)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 for any that is free.")] = 8000,
    require_keys: Annotated[
        bool,
        typer.Option(
            "--require-keys", help="Ask for keys on this machine too; elsewhere they always are."
        ),
    ] = False,
    root_path: Annotated[
        str, typer.Option(help="The prefix below which a proxy offers the service.")
    ] = "",
    log_format: Annotated[
        str, typer.Option(help="text for people, json for programs: one object a line.")
    ] = "text",
    watch: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Keep a collection in step with this folder; repeatable."),
    ] = None,
    collection: Annotated[str, typer.Option(help="The collection for --watch.")] = _COLLECTION,
    sync: Annotated[
        bool, typer.Option("--sync", help="With --watch: remove documents whose files are gone.")
    ] = False,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Serve HTTP, on this machine only unless --host says otherwise."""
    from api import serving

    if log_format not in ("text", "json"):
        _fail("--log-format is text or json.", MISUSED)
    if root_path and (not root_path.startswith("/") or root_path.endswith("/")):
        _fail("--root-path begins with a slash and does not end in one, as in /verse.", MISUSED)
    loopback = serving.is_loopback(host)
    try:
        listener = serving.bind(host, port)
    except OSError as error:
        _fail(f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port.")
    with (
        listener,
        _opened(data, verbose, log_format=log_format) as library,
        _following(library, watch or (), collection, sync=sync) as follow,
    ):
        if not loopback:
            _refuse_unprotected(library.settings, host)
        published = library.settings.access.hosts
        keys = require_keys or bool(published) or not loopback
        if keys:
            _require_key(library)

        def announce(url: str) -> None:
            follow()
            if as_json:
                typer.echo(f'{{"url": "{url}"}}')
                return
            typer.echo(f"Chapterverse is ready at {url}")
            if not _has_documents(library):
                key = "-H 'Authorization: Bearer KEY' " if keys else ""
                typer.echo(
                    "There are no documents yet. Add one: "
                    f"curl {key}-F file=@document.pdf '{url}/v1/documents?wait=true'"
                )

        serving.serve(
            library,
            listener,
            hosts=serving.allowed_hosts(host, published),
            announce=announce,
            keys=keys,
            root_path=root_path,
        )


@app.command()
def mcp(data: DataOption = _DATA, verbose: VerboseOption = 0) -> None:
    """Offer the documents as tools to the program that started this (MCP on standard input and output)."""
    with _opened(data, verbose, make=False) as library:
        from api.app import service_of
        from api.mcp.server import serve_stdio
        from api.mcp.tools import Desk
        from api.view import View
        from rag.access import EVERYTHING

        service = service_of(library, keys=False)
        with contextlib.closing(service.answers):
            service.answers.forget_old()
            serve_stdio(Desk(service=service, view=View(library, EVERYTHING), base=_UNSERVED))


def _require_key(library: Library) -> None:
    """Refuse to serve where keys are needed and none opens anything."""
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    if not any(one.is_valid(now) for one in library.store.keys.all()):
        _fail(
            "Keys are needed, and there is none that is valid. "
            "Make one first: verse keys create NAME --scope admin",
            MISUSED,
        )


@contextlib.contextmanager
def _following(
    library: Library, paths: Sequence[Path], collection: str, *, sync: bool
) -> Iterator[Callable[[], None]]:
    """Gives what begins to keep a collection in step with these folders, if there are any."""
    if not paths:
        yield lambda: None
        return
    from ingest.folders import Folders, Follower
    from ingest.pipeline import Ingester

    folders = Folders(
        ingester=Ingester(library), paths=tuple(paths), collection=collection, sync=sync
    )
    folders.check_watchable()
    follower = Follower(folders)
    try:
        yield follower.start
    finally:
        follower.stop()


def _refuse_unprotected(settings: Settings, host: str) -> None:
    """Let other machines send files only where reading them is confined in full, or that was accepted."""
    from ingest.sandbox import shared

    sandbox = shared()
    sandbox.start()
    if sandbox.missing and not settings.sandbox.accept_missing:
        _fail(
            f"{host} can be reached from other machines, and this system lacks what confines the reading of "
            f"hostile files: {'; '.join(sandbox.missing)}. Use 127.0.0.1, or accept the risk by "
            "VERSE_SANDBOX__ACCEPT_MISSING=true.",
            MISUSED,
        )


@documents_app.command("list")
def list_documents(
    collection: Annotated[str | None, typer.Option(help="All collections if left out.")] = None,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """List documents."""
    from api import console
    from rag.library import every_summary

    summaries: list[DocumentSummary] = []
    if not _is_new(_settings(data).data):
        with _opened(data, verbose) as library:
            summaries = list(every_summary(library.store, collection))
    console.show_documents(summaries, as_json=as_json)


@documents_app.command("delete")
def delete_document(
    document_id: Annotated[str, typer.Argument(metavar="ID")],
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Delete a document: every version, and everything derived from it."""
    from api import console
    from rag.types import DocumentId

    with _opened(data, verbose, make=False) as library:
        library.store.delete(DocumentId(document_id))
    console.show_deleted(document_id, as_json=as_json)


@keys_app.command("list")
def list_keys(
    data: DataOption = _DATA, as_json: JsonOption = False, verbose: VerboseOption = 0
) -> None:
    """List keys, revoked and expired ones too."""
    from api import console

    keys = []
    if not _is_new(_settings(data).data):
        with _keys(data, verbose) as stored:
            keys = stored.all()
    console.show_keys(keys, as_json=as_json)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="For people: who it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="read, ingest or admin, which includes both; repeatable.")
    ],
    collection: Annotated[
        list[str] | None,
        typer.Option(help="The only collection it opens; repeatable. All of them if left out."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=36_500, help="How long it is valid; for ever if left out."),
    ] = None,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Make a key, and print it this once: only its digest is kept."""
    import datetime as dt

    from api import console
    from ingest.pipeline import check_collection_name
    from rag.access import SCOPES, new_key

    if not set(scope) <= set(SCOPES):
        _fail(f"--scope is one of {', '.join(SCOPES)}.", MISUSED)
    for one in collection or ():
        check_collection_name(one)
    expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=days) if days else None
    scopes = frozenset(one for one in SCOPES if one in scope)
    made = new_key(name, scopes, frozenset(collection) if collection else None, expires_at)
    with _keys(data, verbose) as stored:
        stored.add(made.key)
    console.show_new_key(made, as_json=as_json)


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID")],
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Make a key open nothing from now on."""
    from api import console
    from rag.errors import UnknownKey

    if _is_new(_settings(data).data):
        raise UnknownKey(key_id)
    with _keys(data, verbose) as stored:
        stored.revoke(key_id)
    console.show_revoked(key_id, as_json=as_json)


@contextlib.contextmanager
def _keys(data: Path, verbose: int) -> Iterator[KeyStore]:
    """The keys of a data folder that no server has open."""
    _log(verbose)
    from rag.bootstrap import open_keys
    from rag.errors import StoreLocked

    try:
        with open_keys(_settings(data)) as stored:
            yield stored
    except StoreLocked as error:
        _fail(
            f"The data folder is in use by {error.holder}. Ask that service, with a key of the scope admin: "
            "POST, GET or DELETE /v1/keys.",
            UNUSABLE,
        )


@app.command()
def demo(
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Add the sample documents to a folder of their own, ask the sample question, print the answer."""
    from api import console
    from api.samples import samples
    from ingest.folders import Folders
    from ingest.pipeline import Ingester

    try:
        found = samples()
    except FileNotFoundError:
        _fail(
            "The sample documents come with the source tree; run this command from a clone of it."
        )
    folder = data / "demo"
    with _opened(folder, verbose) as library:
        run = console.ingested(Folders(ingester=Ingester(library), paths=(found.documents,)))
        if not as_json:
            console.show_run(run, as_json=False)
            typer.echo(f"\n{found.question}\n")
        if run.error:
            raise run.error
        if run.failed or not run.ended:
            raise typer.Exit(FAILED if run.ended else INTERRUPTED)
        code = _answer(library, found.question, _COLLECTION, composer="auto", as_json=as_json)
    if not as_json:
        console.show_next_steps(folder, found.question)
    raise typer.Exit(code)


@app.command()
def doctor(
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Say what this machine gives: versions, the model, protections, disk, the data folder."""
    from api import console
    from api.doctor import findings

    _log(verbose)
    found = list(findings(_settings(data)))
    console.show_findings(found, as_json=as_json)
    if any(one.level == "wrong" for one in found):
        raise typer.Exit(FAILED)


def _answer(
    library: Library, question: str, collection: str, *, composer: str, as_json: bool
) -> int:
    """Ask and print; gives the exit code."""
    from api import console
    from api.rendering import answer_body

    body = answer_body(library.ask(question, collection=collection, composer=composer))
    console.show_answer(body, as_json=as_json)
    return ABSTAINED if body.outcome == "abstained" else DONE


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """End on SIGTERM as on Ctrl-C: with what is under way undone, and the data folder closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _opened(
    data: Path, verbose: int, *, make: bool = True, log_format: str = "text"
) -> Iterator[Library]:
    """Log as asked, and open the data folder; unless `make`, fail where there is none."""
    _log(verbose, log_format)
    from rag.bootstrap import open_rag

    settings = _settings(data)
    if not make and _is_new(data):
        _fail_without_documents(data)
    with contextlib.closing(open_rag(settings)) as library:
        yield library


def _log(verbose: int, log_format: str = "text") -> None:
    from api.logs import set_up

    set_up(_LEVELS[min(verbose, len(_LEVELS) - 1)], as_json=log_format == "json")


def _is_new(data: Path) -> bool:
    """Whether opening this folder would make it one that holds documents.

    Raises:
        StoreDamaged: it holds original files and no database.
    """
    from rag.adapters.inspection import refuse_lost_database
    from rag.adapters.sqlite import DATABASE

    try:
        refuse_lost_database(data)
        return not data.is_file() and not (data / DATABASE).exists()
    except OSError:
        return False  # opening it will say what is wrong


def _settings(data: Path) -> Settings:
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from rag.settings import Settings

    try:
        return Settings(data=data)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        fields = [part.upper() for part in wrong["loc"] if isinstance(part, str)]
        name = "VERSE_" + "__".join(fields)  # the place in a list is no part of it
        which = f"The setting {name} is wrong" if fields else "The settings are wrong"
        _fail(
            f"{which}: {wrong['msg'].removeprefix('Value error, ')}. See docs/settings.md.", MISUSED
        )
    except SettingsError as error:
        _fail(f"A setting that is a list has to be JSON: {error}. See docs/settings.md.", MISUSED)


def _has_documents(library: Library) -> bool:
    return any(one.documents for one in library.store.collections())


def _require_documents(library: Library, data: Path) -> None:
    if not _has_documents(library):
        _fail_without_documents(data)


def _fail_without_documents(data: Path) -> NoReturn:
    _fail(f"There are no documents in {str(data)!r} yet. Add some first: verse ingest PATH")


def _exit_code(end: SystemExit) -> int:
    """The code that a process would end with; as there, any other value is what went wrong."""
    if end.code is None or isinstance(end.code, int):
        return end.code or DONE
    typer.echo(end.code, err=True)
    return FAILED


def _report(error: Exception, code: int) -> int:
    typer.echo(str(error), err=True)
    logger.debug("failed", exc_info=error)
    return code


def _fail(message: str, code: int = FAILED) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _registered() -> dict[str, EntryPoint]:
    return {one.name: one for one in entry_points(group=_COMMANDS)}


from api import store_commands  # noqa: E402, F401 # its commands join those above
