"""What a confined program can still do: compute and answer, and nothing that an intruder wants."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from aiplane.audio import CONVERTERS, READERS, read_recording
from aiplane.code import metrics, syntax
from aiplane.sandbox.pool import Answer
from tests.support.audio import recording
from tests.support.seccomp import hide_seccomp, needs_seccomp
from tests.support.standing_by import standing_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.sandbox.pool import HelperPool

PROGRAM = """
import ctypes, errno, json, mmap, os, resource, socket, sys, threading
from aiplane.sandbox.seccomp import confine, limit_cpu

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
worker = os.getppid()

# Where nothing refuses them, they do no harm.

def trace():
    PTRACE_SEIZE = 0x4206
    if libc.ptrace(PTRACE_SEIZE, worker, None, None):
        raise OSError(ctypes.get_errno(), "ptrace")

attempts = {
    "read a file": lambda: open(f"/proc/{worker}/environ", "rb").read(),
    "write a file": lambda: open(os.devnull, "w"),
    "list a directory": lambda: os.listdir("/"),
    "remove a file": lambda: os.remove("nothing"),
    "connect": lambda: socket.socket().connect(("127.0.0.1", 1)),
    "make a pair of sockets": socket.socketpair,
    "fork": lambda: os.fork() or os._exit(0),
    "start a thread": lambda: threading.Thread(target=print).start(),
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "signal the worker": lambda: os.kill(worker, 0),
    "look into the worker": trace,
    "bound the worker": lambda: resource.prlimit(worker, resource.RLIMIT_CPU),
    "run code it has made": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "have more memory": lambda: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1)),
    "be somebody else": lambda: os.setuid(os.getuid()),
    "compute": lambda: sum(len(bytes(size)) for size in range(0, 10_000_000, 1_000_000)),
    "bound its own time": lambda: limit_cpu(10),
}
confined = confine()
for line in sys.stdin:
    result = {"confined": confined, "errno": 0}
    try:
        attempts[json.loads(line)["attempt"]]()
    except OSError as error:
        result["errno"] = error.errno
    except ValueError:  # what Python makes of EPERM for limits
        result["errno"] = errno.EPERM
    except RuntimeError:
        result["errno"] = "no thread"
    print(json.dumps(result), flush=True)
"""


class Outcome(Answer):
    """What came of an attempt."""

    confined: bool
    errno: int | str


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[HelperPool]:
    with standing_by(tmp_path, PROGRAM) as made:
        yield made


@needs_seccomp
@pytest.mark.parametrize(
    "attempt",
    [
        "read a file",
        "write a file",
        "list a directory",
        "remove a file",
        "connect",
        "make a pair of sockets",
        "fork",
        "run a program",
        "signal the worker",
        "look into the worker",
        "run code it has made",
        "have more memory",
        "bound the worker",
        "be somebody else",
    ],
)
def test_an_intruder_is_refused(pool: HelperPool, attempt: str) -> None:
    assert pool.ask({"attempt": attempt}, 20, Outcome) == Outcome(confined=True, errno=errno.EPERM)


@needs_seccomp
def test_no_thread_can_be_started(pool: HelperPool) -> None:
    assert pool.ask({"attempt": "start a thread"}, 20, Outcome).errno == "no thread"


@needs_seccomp
@pytest.mark.parametrize("attempt", ["compute", "bound its own time"])
def test_the_work_goes_on(pool: HelperPool, attempt: str) -> None:
    assert pool.ask({"attempt": attempt}, 20, Outcome) == Outcome(confined=True, errno=0)


def test_a_system_that_cannot_confine_says_so(
    pool: HelperPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_seccomp(tmp_path, monkeypatch)
    assert pool.ask({"attempt": "list a directory"}, 20, Outcome) == Outcome(confined=False, errno=0)


@needs_seccomp
def test_whatever_reads_what_strangers_wrote_is_confined() -> None:
    for programs in (READERS, CONVERTERS, metrics.METERS, syntax.CHECKERS):
        programs.close()
    read_recording(recording("wav", 0.2), "audio/wav").pieces(1.0)
    metrics.measure("x = 1", "python")
    syntax.syntax_errors("x = 1", "python")

    for programs in (metrics.METERS, syntax.CHECKERS):
        [program] = programs._idle
        assert is_confined(program._process.pid)
    for programs in (READERS, CONVERTERS):
        [program] = programs._idle
        assert_becomes_confined(psutil.Process(program._process.pid))


def assert_becomes_confined(parent: psutil.Process) -> None:
    """Wait for the process that stands ready; the test's own limit ends it if it never is confined."""
    while not any(is_confined(child.pid) for child in parent.children()):
        time.sleep(0.001)


def is_confined(pid: int) -> bool:
    """Read the kernel's word for it: proc(5), "Seccomp"; 2 is a filter."""
    return "Seccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
