"""Wrapper of a command that dies with its starter: ``die_with_parent.py PARENT COMMAND…``.

Run as a file by its path, so that it costs an interpreter's start and no import of ours. Linux only can do
this; elsewhere the command runs all the same, and outlives a parent that is killed with SIGKILL.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask Linux for SIGKILL at the end of ``parent``, and become ``command``."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the process that asked for this one is gone")
    try:
        os.execvp(command[0], command)  # noqa: S606 -- becoming the command is the point; there is no shell
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
