"""Take from a process everything that reading a file does not need, for good.

What a system does not offer is left out and named by `missing`, so that an operator can be told.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_CLONE_NEWNET, _CLONE_NEWUSER, _CLONE_THREAD = 0x40000000, 0x10000000, 0x00010000
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every machine
_LANDLOCK_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_EPERM, _ENOSYS = 1, 38


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost: seconds of processor and of wall time, bytes of memory and of result."""

    cpu_s: int = 20
    wall_s: float = 30.0
    memory_bytes: int = 1 << 30
    result_bytes: int = 256 << 20


class NotOffered(Exception):
    """This system lacks a protection."""


def confine(limits: Limits) -> None:
    """Confine the calling process, whose parent called `prepare`, as far as the system can, for good."""
    for _, take_away in _PROTECTIONS:
        try:
            take_away(limits)
        except NotOffered:
            continue


def prepare() -> None:
    """Do once, in the process that forks, what its children inherit: leave the network, know what to allow.

    A network namespace for each child would cost as much as the fork.
    """
    with suppress(NotOffered):
        _leave_the_network()
    _needed_to_run()
    if machine := _MACHINES.get(platform.machine()):
        _program(machine)


def missing() -> tuple[str, ...]:
    """The protections that this system lacks, in words. Confines the calling process like `confine`.

    A network of its own is not missed where no socket can be made: containers give the one and deny the other.
    """
    lacking = []
    for name, take_away in (_INHERITED, *_PROTECTIONS):
        try:
            take_away(Limits())
        except NotOffered:
            lacking.append(name)
    if _FILTER not in lacking and _NETWORK in lacking:
        lacking.remove(_NETWORK)
    return tuple(lacking)


def _limit_resources(limits: Limits) -> None:
    used = _address_space_bytes()
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, used + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError) as error:  # macOS does not bound the address space
            if kind != resource.RLIMIT_AS:
                raise NotOffered from error


def _address_space_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _forbid_new_privileges(_: Limits) -> None:
    if sys.platform != "linux" or _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise NotOffered


def _leave_the_network(_: Limits | None = None) -> None:
    """Move into an empty network namespace, of which not even the loopback interface is up."""
    if sys.platform != "linux":
        raise NotOffered
    if _libc.unshare(_CLONE_NEWNET) != 0 and _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        raise NotOffered


def _leave_the_file_system(_: Limits) -> None:
    """By Landlock: read the interpreter's own files, and nothing else; write nothing; connect nowhere."""
    abi = _libc.syscall(_LANDLOCK_CREATE, None, 0, 1) if sys.platform == "linux" else -1
    if abi < 1:
        raise NotOffered
    handled = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):  # refer, truncate, ioctl of devices
        handled |= (1 << bit) if abi >= since else 0
    attributes = struct.pack("QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _libc.syscall(_LANDLOCK_CREATE, attributes, size, 0)
    if ruleset < 0:
        raise NotOffered
    try:
        for folder in _needed_to_run():
            _allow_reading(ruleset, folder)
        if _libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
            raise NotOffered
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, folder: Path) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, descriptor)
        if _libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0) != 0:
            raise NotOffered
    finally:
        os.close(descriptor)


@cache
def _needed_to_run() -> Iterable[Path]:
    """Folders of the interpreter, its packages and ours: modules are imported as a file needs them."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    libraries = {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    here = Path(__file__).resolve().parent
    folders = {Path(path) for path in paths | libraries if path} | {here, here.parent / "rag"}
    return sorted(folder for folder in folders if folder.is_dir())


def _filter_system_calls(_: Limits) -> None:
    """By seccomp: no sockets, no other programs, no new processes, no look into other processes."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        raise NotOffered
    machine = _MACHINES[platform.machine()]
    program = _program(machine)
    code = b"".join(struct.pack("HBBI", *one) for one in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise NotOffered


@dataclass(frozen=True, slots=True)
class _Machine:
    """A processor's name in audit records, and its numbers of the system calls concerned."""

    audit: int
    forbidden: tuple[int, ...]
    clone: int
    prlimit: int


_EVERYWHERE = (425, 438, 424)  # io_uring_setup, pidfd_getfd, pidfd_send_signal
_CLONE3 = 435
_MACHINES = {
    # socket connect bind listen socketpair · ptrace process_vm_readv process_vm_writev · execve execveat ·
    # fork vfork · mount unshare setns · kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo ·
    # bpf perf_event_open keyctl userfaultfd open_by_handle_at
    "x86_64": _Machine(
        0xC000003E,
        (
            *(
                41,
                42,
                49,
                50,
                53,
                101,
                310,
                311,
                59,
                322,
                57,
                58,
                165,
                272,
                308,
                62,
                200,
                234,
                129,
                297,
            ),
            *(321, 298, 250, 323, 304, *_EVERYWHERE),
        ),
        clone=56,
        prlimit=302,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            *(
                198,
                203,
                200,
                201,
                199,
                117,
                270,
                271,
                221,
                281,
                40,
                97,
                268,
                129,
                130,
                131,
                138,
                240,
            ),
            *(280, 241, 219, 282, 265, *_EVERYWHERE),
        ),
        clone=220,
        prlimit=261,
    ),
}
_LOAD, _EQUAL, _AT_LEAST, _SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _AUDIT_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


@cache
def _program(machine: _Machine) -> list[tuple[int, int, int, int]]:
    """A BPF program of (code, jump if true, jump if false, operand)."""
    deny = (_RETURN, 0, 0, _ERRNO | _EPERM)
    program = [
        (_LOAD, 0, 0, _AUDIT_AT),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (
            _AT_LEAST,
            0,
            1,
            0x40000000,
        ),  # the other calling convention of x86-64, with numbers of its own
        deny,
        (
            _EQUAL,
            0,
            1,
            _CLONE3,
        ),  # its flags lie in memory; as if unknown, libraries fall back on clone
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
    ]
    for number in machine.forbidden:
        program += [(_EQUAL, 0, 1, number), deny]
    return [
        *program,
        (_EQUAL, 0, 4, machine.prlimit),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_EQUAL, 1, 0, 0),  # limits of its own a process may ask for, which libraries do
        deny,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 0, 3, machine.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_SET, 1, 0, _CLONE_THREAD),  # a thread is no new process
        deny,
        (_RETURN, 0, 0, _ALLOW),
    ]


_NETWORK, _FILTER = "a network of its own (namespaces)", "a filter of system calls (seccomp)"
_INHERITED: tuple[str, Callable[[Limits], None]] = (_NETWORK, _leave_the_network)
# In this order: each needs what the ones after it take away.
_PROTECTIONS: tuple[tuple[str, Callable[[Limits], None]], ...] = (
    ("limits on processor time, memory and files", _limit_resources),
    ("no new privileges", _forbid_new_privileges),
    ("a file system of its own (Landlock)", _leave_the_file_system),
    (_FILTER, _filter_system_calls),
)
