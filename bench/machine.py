"""Machine of a run, and the versions of all that is compared."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiplane.cli.local.private_redis import find_server
from tests.support.node import INTEROP, ensure_node_modules

_PACKAGES = ("aiplane", "bullmq", "celery", "kombu", "redis", "hiredis", "httpx2", "openai")


def describe() -> dict[str, Any]:
    """Return what a reader needs to know to compare the figures with others."""
    return {
        "command": " ".join(["python", "-m", "bench", *sys.argv[1:]]),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "load before": round(os.getloadavg()[0], 2),
        },
        "versions": {
            "python": platform.python_version(),
            "node": _said([ensure_node_modules(), "--version"]).lstrip("v"),
            "redis server": _said([find_server(), "--version"]).partition("v=")[2].partition(" ")[0],
            "bullmq for node": json.loads((INTEROP / "node_modules/bullmq6/package.json").read_text())[
                "version"
            ],
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
