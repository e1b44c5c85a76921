"""What a file's reader cannot do, tried for real."""

import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest import sandbox as sandbox_module
from ingest.confinement import Limits
from ingest.progress import Watch
from ingest.reading import Reading, read
from ingest.sandbox import Sandbox
from rag.errors import (
    DocumentTooExpensive,
    EmptyDocument,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from tests.unit.ingest.pdfs import pdf

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "documents"


@pytest.fixture(scope="module")
def hostile() -> Iterator[Sandbox]:
    sandbox = Sandbox(Limits(cpu_s=1, wall_s=3.0), "tests.integration.hostile:attempt")
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    opened = Sandbox()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "attempt",
    [
        *("read passwd", "list root", "write", "unlink", "tcp", "udp", "dns"),
        *("fork", "exec", "kill parent", "ptrace", "limit another"),
    ],
)
def test_a_reader_reaches_nothing(hostile: Sandbox, attempt: str) -> None:
    if hostile.read(b"", name="nothing").text and hostile.missing:
        pytest.skip(f"this system lacks {', '.join(hostile.missing)}")
    assert hostile.read(b"", name=attempt).text.startswith("refused: ")


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_server_has_left_the_network_for_all_that_it_forks(hostile: Sandbox) -> None:
    hostile.start()
    assert hostile._process is not None
    theirs = Path(f"/proc/{hostile._process.pid}/ns/net").readlink()
    assert (theirs != Path("/proc/self/ns/net").readlink()) == (
        not any("network" in one for one in hostile.missing)
    )


def test_a_reader_may_use_threads_and_sees_no_secret(
    hostile: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "x")
    assert hostile.read(b"", name="thread").text == "done: a thread ran"
    assert "SECRET_KEY" not in hostile.read(b"", name="secret").text


@pytest.mark.parametrize("attempt", ["spin", "sleep", "allocate"])
def test_what_costs_too_much_is_ended(hostile: Sandbox, attempt: str) -> None:
    started = time.monotonic()
    with pytest.raises(DocumentTooExpensive, match="more time or memory"):
        hostile.read(b"", name=attempt)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("attempt", ["crash", "unexpected", "lie"])
def test_a_reader_that_fails_ends_one_file_only(hostile: Sandbox, attempt: str) -> None:
    with pytest.raises(UnreadableDocument):
        hostile.read(b"", name=attempt)
    assert hostile.read(b"", name="nothing").text == "done: nothing"


def test_a_reader_holds_no_way_to_the_server(hostile: Sandbox) -> None:
    assert hostile.read(b"", name="sockets").text == "done: []"


def test_what_a_reader_tells_of_pages_is_passed_on_only_if_it_can_be_true(
    hostile: Sandbox,
) -> None:
    told: list[tuple[int, int]] = []
    hostile.read(b"", name="tell untruths", pages=lambda *pages: told.append(pages))
    assert told == [(2, 4)]
    hostile.read(b"", name="cut short", pages=lambda *pages: told.append(pages))
    assert told == [(2, 4)]


def test_who_is_told_of_pages_may_end_the_reading(hostile: Sandbox) -> None:
    def enough(read: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hostile.read(b"", name="tell untruths", pages=enough)
    assert hostile.read(b"", name="nothing").text == "done: nothing"


def test_the_pages_of_a_long_file_are_told_while_it_is_read(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "every_s", 0.01)
    told: list[tuple[int, int]] = []
    long = pdf([[f"Page {n} says a little of this and that."] * 20 for n in range(100)])
    sandbox.read(long, name="x.pdf", pages=lambda *pages: told.append(pages))
    assert len(told) > 1
    assert told == sorted(told)
    assert {total for _, total in told} == {100}


@pytest.mark.parametrize("outcome", [b"{}", b"[]", b"null", b"5", b'{"error": "SystemExit"}', b"{"])
def test_what_a_reader_says_is_not_trusted(outcome: bytes) -> None:
    with pytest.raises(UnreadableDocument):
        sandbox_module._reading(outcome, 0)


def test_the_working_folder_brings_no_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "select.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox()
    assert sandbox.read(b"Some words.", name="a.txt").text == "Some words."
    sandbox.close()
    assert not (tmp_path / "ran").exists()


def test_what_this_system_lacks_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sandbox_module, "_answer", lambda _: {"missing": ["a moat", "a wall"]})
    sandbox = Sandbox()
    sandbox.start()
    sandbox.close()
    assert sandbox.missing == ("a moat", "a wall")
    assert caplog.messages == [
        f"files are read without {one}, which this system lacks" for one in sandbox.missing
    ]
    assert {one.levelname for one in caplog.records} == {"WARNING"}


def test_many_files_are_read_at_once(hostile: Sandbox) -> None:
    texts: list[str] = []

    def one() -> None:
        texts.append(hostile.read(b"", name="nothing").text)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["done: nothing"] * 20


def test_a_server_that_ended_is_started_again(hostile: Sandbox) -> None:
    hostile.start()
    assert hostile._process is not None
    hostile._process.kill()
    hostile._process.wait()
    assert hostile.read(b"", name="nothing").text == "done: nothing"


def test_files_are_read_though_the_server_is_killed_meanwhile(
    hostile: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    hostile.start()
    first = hostile._process
    assert first is not None
    with ThreadPoolExecutor(4) as pool:
        texts = [pool.submit(hostile.read, b"", name="nothing") for _ in range(120)]
        texts[20].result()
        first.kill()
        assert {one.result().text for one in texts} == {"done: nothing"}
    assert hostile._process is not first
    assert "Traceback" not in capfd.readouterr().err


def test_a_server_whose_parent_is_gone_ends_without_a_word(
    hostile: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    hostile.start()
    server, process = hostile._server, hostile._process
    assert server is not None
    assert process is not None
    server.shutdown(socket.SHUT_RD)  # nobody takes its answers
    server.sendall(b'{"reap": 1}')
    assert process.wait(10) == 0
    assert capfd.readouterr().err == ""
    hostile.close()


def test_a_child_of_an_earlier_server_ends_no_later_one(hostile: Sandbox) -> None:
    assert hostile._ask({"reap": 1}) == {"status": None}
    assert hostile.read(b"", name="nothing").text == "done: nothing"
    with pytest.raises(UnreadableDocument, match="add the file again"):
        sandbox_module._reading(b"", None)


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.suffix)
def test_a_file_reads_the_same_inside_as_outside(sandbox: Sandbox, path: Path) -> None:
    content = path.read_bytes()
    assert sandbox.read(content, name=path.name) == read(content, name=path.name)


def test_errors_come_out_as_they_were(sandbox: Sandbox) -> None:
    for content, kind in ((b"", EmptyDocument), (b"\x7fELF" + b"\0" * 99, UnsupportedFormat)):
        with pytest.raises(kind):
            sandbox.read(content, name="x")
    locked = _locked_pdf()
    with pytest.raises(EncryptedDocument):
        sandbox.read(locked, name="x.pdf")


def test_the_process_that_reads_files_brings_nothing_of_the_engine() -> None:
    script = (
        "import sys, ingest.sandbox\n"
        "from ingest.reading import preload\n"
        "preload()\n"
        "print({'ingest.pipeline', 'rag.bootstrap', 'rag.library', 'apsw', 'faiss'} & {*sys.modules})"
    )
    done = subprocess.run(  # noqa: S603 # our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


def test_what_libraries_say_of_a_file_is_not_shown() -> None:
    script = (
        "from ingest.sandbox import Sandbox\n"
        "sandbox = Sandbox(reader='tests.integration.hostile:attempt')\n"
        "print(sandbox.read(b'', name='log').text)\n"
        "sandbox.close()"
    )
    ran = subprocess.run(  # noqa: S603 # by a pipe: a confined child can write to no file
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("done")
    assert "secret words" not in ran.stderr


def test_a_small_pdf_of_quadratic_cost_fails_in_time() -> None:
    sandbox = Sandbox(Limits(cpu_s=3, wall_s=6.0))
    started = time.monotonic()
    try:
        outcome: Reading | None = sandbox.read(_quadratic_pdf(), name="x.pdf")
    except (DocumentTooExpensive, EmptyDocument, UnreadableDocument):
        outcome = None
    finally:
        sandbox.close()
    assert time.monotonic() - started < 8
    assert outcome is None or len(outcome.text) < 1_000_000


def _locked_pdf() -> bytes:
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _quadratic_pdf() -> bytes:
    """One page whose content stream repeats one short text operator a few thousand times."""
    import pypdf
    from pypdf.generic import DecodedStreamObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 200)
    stream = DecodedStreamObject()
    stream.set_data(b"BT /F1 1 Tf " + b"(a) Tj " * 200_000 + b"ET")
    page[NameObject("/Contents")] = writer._add_object(stream.flate_encode())
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


_AS_IN_A_CONTAINER = """
import ctypes, socket, struct
from ingest import confinement
unshare = {"x86_64": 272, "aarch64": 97}[confinement.platform.machine()]
program = [(0x20, 0, 0, 0), (0x15, 0, 1, unshare), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
code = b"".join(struct.pack("HBBI", *one) for one in program)
buffer = ctypes.create_string_buffer(code, len(code))
confinement._forbid_new_privileges(None)
assert confinement._libc.prctl(22, 2, struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer)), 0, 0) == 0
try:
    confinement._leave_the_network()
except confinement.NotOffered:
    print("no namespace")
print(confinement.missing())
for family, kind in ((socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_STREAM)):
    try:
        socket.socket(family, kind)
    except PermissionError:
        print("no socket")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_where_namespaces_are_denied_as_in_containers_no_socket_can_be_made_all_the_same() -> None:
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _AS_IN_A_CONTAINER], capture_output=True, text=True, check=True
    )
    assert found.stdout.split("\n")[:-1] == ["no namespace", "()", "no socket", "no socket"]
