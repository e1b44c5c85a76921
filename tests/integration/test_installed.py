"""The wheel, installed where there is no source tree, and run as strictly as a container would run it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = next(Path(path) for path in sys.path if path.endswith("site-packages"))
# With nothing but the data folder writable, and as nobody in particular. What is in a folder that only its owner
# may enter, as root's own interpreter, is shown at its place all the same.
STRICTLY = """
set -e
mount --make-rprivate /
mount --bind "$DATA" "$DATA"
if [ -n "$CLOSED" ]; then
    mkdir "$DATA/aside"
    mount --bind "$NEEDED" "$DATA/aside"
    mount -t tmpfs -o mode=755 tmpfs "$CLOSED"
    mkdir -p "$NEEDED"
    mount --move "$DATA/aside" "$NEEDED"
fi
mount -o remount,bind,ro /
exec setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def can(*command: str) -> bool:
    return shutil.which(command[0]) is not None and (
        subprocess.run(command, capture_output=True).returncode == 0  # noqa: S603
    )


def need(found: bool, what: str) -> None:
    """Skip, loudly, where the system lacks what a test is made of."""
    if not found:
        pytest.skip(f"NOT TESTED: this system lacks {what}")


@pytest.fixture(scope="module")
def verse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel, in an environment of its own that borrows the libraries."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(  # noqa: S603
        [*build, "--wheel-dir", folder / "wheel", ROOT], check=True, capture_output=True
    )
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv/bin/python"
    [wheel] = (folder / "wheel").iterdir()
    packages = next((folder / "venv/lib").glob("python*")) / "site-packages"
    # a path file is not read where another one leads, so that the source tree does not come along
    (packages / "borrowed.pth").write_text(f"{LIBRARIES}\n")
    subprocess.run(  # noqa: S603
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed", wheel],
        check=True,
        capture_output=True,
    )
    return folder / "venv/bin/verse"


def run(
    *command: str | Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command away from the source tree."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(  # noqa: S603
        [*command],
        cwd=cwd,
        env={**kept, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )


def assert_answered(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["citations"]


def test_the_wheel_holds_all_that_the_demo_needs(verse: Path, tmp_path: Path) -> None:
    where = run(
        verse.with_name("python"), "-c", "import rag; print(rag.__file__)", cwd=tmp_path
    ).stdout
    assert verse.parents[1] in Path(where.strip()).parents
    assert_answered(run(verse, "demo", "--json", cwd=tmp_path))


def test_the_wheel_brings_the_suites_with_their_documents(verse: Path) -> None:
    packages = next((verse.parents[1] / "lib").glob("python*")) / "site-packages"
    suites = sorted((packages / "eval/suites").glob("*/suite.toml"))
    assert len(suites) == 29
    for suite in suites:
        wanted = tomllib.loads(suite.read_text(encoding="utf-8"))["documents"]
        assert any(path for pattern in wanted for path in suite.parent.glob(pattern)), suite
    assert not list((packages / "eval/suites").rglob("make_documents.py"))


def test_the_wheel_brings_the_page_and_not_its_source(verse: Path) -> None:
    api = next((verse.parents[1] / "lib").glob("python*")) / "site-packages/api"
    page = (api / "static/index.html").read_text(encoding="utf-8")
    parts = re.findall(r'"\./(assets/[^"]+)"', page)
    assert parts
    assert all((api / "static" / one).is_file() for one in parts)
    assert (api / "static/licences.md").is_file()
    assert list((api / "static/assets").glob("pdf-*/cmaps/*.bcmap"))
    assert not (api / "web").exists()


def test_nothing_leaves_the_machine(verse: Path, tmp_path: Path) -> None:
    need(can("unshare", "--net", "true"), "network namespaces (run as root)")
    need(can("strace", "-V"), "strace")
    trace = tmp_path / "trace"
    watch = (
        "strace",
        "--follow-forks",
        "--trace=connect,sendto,sendmsg,sendmmsg",
        "--output",
        trace,
    )
    done = run("unshare", "--net", *watch, verse, "demo", "--json", cwd=tmp_path)
    assert_answered(done)
    assert re.findall(r"AF_INET6?\b.*", trace.read_text()) == []


def test_it_runs_without_root_and_with_nothing_writable_but_its_data(
    verse: Path, tmp_path: Path
) -> None:
    need(
        can("unshare", "--mount", "--net", "setpriv", "--reuid", "10001", "true"),
        "mount namespaces (run as root)",
    )
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 10001, 10001)
    needed = Path(sys.base_prefix)
    closed = [one for one in needed.parents if one.stat().st_mode & 0o001 == 0]
    need(not any(one in verse.parents for one in closed), "a checkout that others may enter")
    for folder in (tmp_path, *verse.parents):
        if folder.is_relative_to("/tmp"):  # noqa: S108 # pytest's own, which it closes to others
            folder.chmod(folder.stat().st_mode | 0o011)
    environment = {
        "DATA": str(data),
        "NEEDED": str(needed),
        "CLOSED": str(closed[-1]) if closed else "",
        "TMPDIR": str(data),
        "HOME": "/nowhere",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = run(
        *("unshare", "--mount", "--net", "sh", "-c", STRICTLY, "sh"),
        *(verse, "demo", "--json", "--data", data / "library"),
        cwd=tmp_path,
        environment=environment,
    )
    assert_answered(done)
    assert {one.stat().st_uid for one in (data / "library").rglob("*")} == {10001}
