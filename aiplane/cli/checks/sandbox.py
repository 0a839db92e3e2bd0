"""The sandbox of the programs that read what strangers wrote."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from aiplane.cli.checks.finding import Finding

if TYPE_CHECKING:
    from aiplane.providers import Providers
    from aiplane.settings import Settings


def sandbox(settings: Settings, providers: Providers) -> Finding:  # noqa: ARG001 -- as all checks
    """Have a process confine itself. One that cannot is no fault: it works, and is less safe."""
    program = "import os; from aiplane.sandbox.seccomp import confine; os._exit(not confine())"
    tried = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 -- our own program
    if tried.returncode:
        return Finding(
            "seccomp", "nothing confines what reads recordings and code: is there a libseccomp?", used=False
        )
    return Finding("seccomp", "confines what reads recordings and code")
