"""The bridge's own program, whose loop can be blocked: ``python -m tests.support.blockable_bridge``.

At SIGUSR1 its event loop stands still for ``BLOCK_SECONDS``, as if a callback took so long. Its other threads
go on.
"""

from __future__ import annotations

import os
import runpy
import signal
import time


def _block(*_: object) -> None:
    print("the loop is blocked", flush=True)
    time.sleep(float(os.environ["BLOCK_SECONDS"]))
    print("the loop goes on", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _block)
    runpy.run_module("bridges", run_name="__main__")
