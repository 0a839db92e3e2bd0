"""Node and the npm packages of ``tests/interop``, installed once when they are missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.support.environment import inherited
from tests.support.missing import missing
from tests.support.processes import REPOSITORY

INTEROP = REPOSITORY / "tests" / "interop"


def ensure_node_modules() -> str:
    """Return the path of ``node`` once both majors of BullMQ are installed beside the interop tests.

    Installs them with npm when they are missing or of other versions than ``package.json`` pins. Skips
    the test (fails it in CI) where Node, npm or the registry is not there.
    """
    node = shutil.which("node")
    npm = shutil.which("npm")
    if not node or not npm:
        missing("Node and npm are not installed")
    if not _installed():
        _install(npm)
    return node


def _installed() -> bool:
    wanted: dict[str, str] = json.loads((INTEROP / "package.json").read_text())["dependencies"]
    return all(_version(package) == pin.rpartition("@")[2] for package, pin in wanted.items())


def _version(package: str) -> str | None:
    manifest = INTEROP / "node_modules" / package / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None


def _install(npm: str) -> None:
    command = [npm, "install", "--loglevel=error"]
    try:
        subprocess.run(
            command, cwd=INTEROP, env=inherited(), check=True, capture_output=True, text=True, timeout=300
        )
    except subprocess.CalledProcessError as error:
        missing(f"npm could not install the packages of {_place()}: {error.stderr.strip()[-500:]}")
    except subprocess.TimeoutExpired:
        missing(f"npm did not install the packages of {_place()} within 300 s")


def _place() -> Path:
    return INTEROP.relative_to(REPOSITORY)
