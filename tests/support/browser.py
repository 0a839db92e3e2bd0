"""A real browser, headless, driven from Python: what a person sees of a page, and what a click does.

The program is ``tests/interop/browser.mjs``. A laptop without Chromium skips the tests that need it.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
from typing import TYPE_CHECKING, Any, Self

from tests.support.missing import missing
from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import Process

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Browser:
    """One page of a browser; used as a context manager, it is open inside the block.

    Args:
        width: of the page, in pixels.
        height: likewise.
    """

    def __init__(self, *, width: int = 1280, height: int = 800) -> None:
        self._size = (str(width), str(height))
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()

    def __enter__(self) -> Self:
        chromium = next((path for name in _NAMES if (path := shutil.which(name))), None)
        if chromium is None:
            missing("Chromium is not installed; on Debian: apt install chromium")
        command = [ensure_node_modules(), "browser.mjs", chromium, *self._size]
        self._process = Process("browser", command, env=os.environ, cwd=INTEROP, on_line=self._hear)
        self._process.wait_for_log('"ready"')
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close_stdin()
        self._process.wait()
        self._process.kill()

    def open(self, url: str) -> None:
        """Load a page."""
        self._do(open=url)

    def click(self, selector: str) -> None:
        """Click the first element that matches, once it is there."""
        self._do(click=selector)

    def wait_for(self, text: str) -> None:
        """Wait until the page shows a text."""
        self._do(**{"await": text})

    def text(self, selector: str = "body") -> str:
        """Return what a person reads in the first element that matches."""
        return str(self._do(text=selector))

    def requests(self) -> list[str]:
        """Return the address of everything that the page has asked for so far."""
        return list(json.loads(str(self._do(seen="")))["requests"])

    def errors(self) -> list[str]:
        """Return what the browser has complained of so far: scripts that broke, and what a policy forbade."""
        return list(json.loads(str(self._do(seen="")))["errors"])

    def picture(self, path: Path, of: str | None = None) -> None:
        """Save a picture of the page, or of the first element that matches, as PNG."""
        self._do(shot=str(path), of=of)

    def _do(self, **command: str | None) -> Any:
        self._process.send_line(json.dumps(command))
        answer = self._answers.get(timeout=90)
        assert "error" not in answer, f"{command}: {answer['error']}"
        return answer["value"]

    def _hear(self, line: str) -> None:
        if line.startswith(('{"value"', '{"error"')):
            self._answers.put(json.loads(line))
