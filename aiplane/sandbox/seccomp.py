"""Sandbox of a program that reads what strangers wrote, by seccomp: it may compute, answer, and end.

FFmpeg and tree-sitter are a great deal of C, and whoever finds a fault in them may run what he likes in such
a program. Once it is confined, the kernel (seccomp) lets it use memory and the pipes that are open, and
refuses all else with ``EPERM``: it opens no file and no connection, starts nothing, and touches no other
process. So no key of ours can be read out of the memory or the environment of the worker beside it.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import resource
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = "libseccomp.so.2"
"""It knows the numbers that calls have on each kind of machine. Nearly every Linux has it; its own interface
of five functions is called here, since the packages that wrap it need more memory than all the rest."""

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_EQUAL = 4
_MASKED_EQUAL = 7

_CALLS = (
    # the pipes that its questions and answers go through
    *("read", "write"),
    # memory; some with conditions: see _allowed
    *("brk", "munmap", "mremap", "madvise", "futex"),
    *("clock_gettime", "rt_sigreturn", "exit", "exit_group"),
)
"""What decoding and parsing need, found by having the kernel kill whatever asked for more."""


class _Compare(ctypes.Structure):
    """One condition that a call's argument has to meet (``struct scmp_arg_cmp``)."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def confine() -> bool:
    """Confine this process, for good; return whether the system could.

    Whatever it needs has to be loaded before: no module can be imported any more.
    """
    try:
        seccomp = ctypes.CDLL(LIBRARY)
    except OSError:  # another system than Linux, or one without it
        return False
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(_REFUSE))
    failed = 0
    for name, conditions in _allowed():
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        compared = (_Compare * len(conditions))(*conditions)
        failed |= seccomp.seccomp_rule_add_array(rules, _ALLOW, number, len(conditions), compared)
    # It fails where the kernel has no seccomp, or a container forbids it.
    failed |= seccomp.seccomp_load(rules)
    seccomp.seccomp_release(rules)
    return not failed


def _allowed() -> Iterator[tuple[str, list[_Compare]]]:
    """Yield the calls that are allowed, each with the conditions on its arguments."""
    for name in _CALLS:
        yield name, []
    for name in ("mmap", "mprotect"):  # memory, but none to run code from that was not there before
        yield name, [_Compare(2, _MASKED_EQUAL, mmap.PROT_EXEC, 0)]
    # its own time: see limit_cpu
    yield "prlimit64", [_Compare(0, _EQUAL, 0), _Compare(1, _EQUAL, resource.RLIMIT_CPU)]


def limit_cpu(seconds: int) -> None:
    """Have the kernel end this process when it has used so many seconds of CPU from now on.

    Whoever asked has given up long before; this is for when it was killed meanwhile.
    """
    limit = int(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
