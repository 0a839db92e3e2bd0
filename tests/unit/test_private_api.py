"""The control plane on one machine: a migration that hangs ends, with a sentence and without a process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from aiplane.cli.local import private_api
from aiplane.cli.local.child import NotReadyError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_migration_that_does_not_end_is_told_and_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = tmp_path / "hangs"
    hangs.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    hangs.chmod(0o700)
    monkeypatch.setattr(private_api.sys, "executable", str(hangs))
    monkeypatch.setattr(private_api, "_MIGRATE_SECONDS", 0.2)
    with pytest.raises(NotReadyError, match=r"migrate did not end within 0.2 s"):
        asyncio.run(private_api._migrate({}, lambda *_: None))
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if str(hangs) in (each.info["cmdline"] or [])
    ]
