"""Bull Board in Node on the queues of a plane: its pages, and the REST API behind its buttons."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.control_plane import ControlPlane, NodeQueue


class BullBoard:
    """Used as a context manager, it serves inside the block.

    Args:
        control: whose BullMQ and whose Redis it uses.
        queues: the names of the queues that it shows.
    """

    def __init__(self, control: ControlPlane, queues: Sequence[str]) -> None:
        at = urlsplit(control.redis_url)
        self._arguments = [control.version, str(at.hostname), str(at.port), *queues]
        self.url = ""

    def __enter__(self) -> Self:
        command = [ensure_node_modules(), "bull_board.mjs", *self._arguments]
        self._process = Process("bull board", command, env=os.environ, cwd=INTEROP)
        port = json.loads(self._process.wait_for_log('"ready"').string)["port"]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()

    def page(self, queue: NodeQueue, job: str = "") -> str:
        """Return where a person looks at a queue, or at a job."""
        return f"{self.url}/queue/{queue.name}/{job}".rstrip("/")

    def get(self, path: str) -> Any:
        """Return what the API answers."""
        return json.loads(self._ask("GET", path))

    def job(self, queue: NodeQueue, job: str) -> dict[str, Any]:
        """Return a job as the API tells it, with its state."""
        answer = self.get(f"queues/{queue.name}/{job}")
        return {**answer["job"], "state": answer["status"]}

    def do(self, queue: NodeQueue, job: str, what: str) -> None:
        """Do to a job what a button does."""
        self._ask("PUT", f"queues/{queue.name}/{job}/{what}")

    def _ask(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            content: bytes = response.read()
            return content
