"""Commands that Redis is asked, one by one, and by whom: Redis' own ``MONITOR``."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

_END = "end of the sample"
_LINE = re.compile(r'\[\d+ (?P<origin>[^\]]+)\] "(?P<words>.*)"$')


@dataclass(frozen=True)
class Line:
    """One command.

    Attributes:
        origin: the address of the connection that sent it, or ``lua`` if a script ran it.
        command: its name, in capitals.
        arguments: what came with it, as ``MONITOR`` writes it.
    """

    origin: str
    command: str
    arguments: tuple[str, ...]


@contextmanager
def monitored(client: redis.Redis) -> Iterator[list[Line]]:
    """Gather the commands of the block; the list is whole after it."""
    lines: list[Line] = []
    with client.monitor() as monitor:

        def gather() -> None:
            while True:
                line = read_line(str(monitor.connection.read_response()))
                if line is not None and line.arguments == (_END,):
                    return
                if line is not None:
                    lines.append(line)

        thread = threading.Thread(target=gather, daemon=True)
        thread.start()
        yield lines
        client.echo(_END)
        thread.join(30)


def read_line(text: str) -> Line | None:
    """Read one line of ``MONITOR``; None if it is none."""
    found = _LINE.search(text)
    if found is None:
        return None
    command, *arguments = found["words"].split('" "')
    return Line(found["origin"], command.upper(), tuple(arguments))
