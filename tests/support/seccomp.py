"""Seccomp on this machine: whether it can confine a process, and a machine that cannot."""

from __future__ import annotations

import ctypes.util
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

needs_seccomp = pytest.mark.skipif(
    ctypes.util.find_library("seccomp") is None, reason="there is no libseccomp on this machine"
)


def hide_seccomp(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the programs that are started from now on find no libseccomp."""
    # Python runs a module of this name at its start.
    module = "from aiplane.sandbox import seccomp\nseccomp.LIBRARY = 'libnothing.so'\n"
    (folder / "sitecustomize.py").write_text(module)
    monkeypatch.syspath_prepend(folder)
