"""Redaction of stack traces: where it happened, without what was in it.

The message of an exception that is not ours may quote the payload, the model's answer or a key, so only its
type is kept. The lines of source that a trace shows are our own, and a file is named by its place in what is
installed, not by its place on the machine.
"""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import TypeVar

from aiplane.errors import JobError
from aiplane.errors.opaque import ForeignError

MAX_CHARACTERS = 16_000
"""The longest trace; of a longer one the beginning is kept, where the error stands."""

MAX_FRAMES = 50
"""The most calls that one error shows, those next to where it was raised."""

_ROOTS = sorted(
    {
        str(Path(__file__).parents[2]),
        *(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")),
    },
    key=len,
    reverse=True,
)
"""Where files are installed. One may stand within another, so the longest come first."""


def describe(error: BaseException) -> str:
    """Return the trace of an error, and then of what caused it.

    Node's dashboards show the first line of a trace as its title: it is the error's, as Node prints it.
    """
    return "\ncaused by ".join(_parts(error))[:MAX_CHARACTERS]


E = TypeVar("E", bound=BaseException)


def bare(error: E) -> E:
    """Cut an error that was described off from its frames, and from the errors behind it; return it.

    A frame holds what its function held, a recording of 25 MB for one. Who keeps an error that was raised
    keeps that too, in a cycle that is not found before long.
    """
    links: list[BaseException] = [error]
    while links:
        link = links.pop()
        behind = [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            behind += link.exceptions
        link.__traceback__ = link.__cause__ = link.__context__ = None
        links += [each for each in behind if each is not None]
    return error


def _parts(error: BaseException) -> list[str]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return [_one(link) for link in chain]


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__, limit=-MAX_FRAMES)
    return "\n".join([_title(error), *(_call(frame) for frame in frames)])


def _call(frame: traceback.FrameSummary) -> str:
    place = f'  File "{_place(frame.filename)}", line {frame.lineno}, in {frame.name}'
    return f"{place}\n    {frame.line}" if frame.line else place


def _place(filename: str) -> str:
    root = next((root for root in _ROOTS if filename.startswith(f"{root}/")), "")
    return filename[len(root) :].lstrip("/") if root else filename


def _title(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, ForeignError):
        return str(error)  # the names of an SDK's classes, and no word of theirs
    return f"{name}: {error.failed_reason}" if isinstance(error, JobError) else name
