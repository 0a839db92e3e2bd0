"""Stack traces that may be shown: where it happened, without what was in it.

The message of an exception that is not ours may quote the payload, the model's answer or a key, so only its
type is kept. The lines of source that a trace shows are our own.
"""

from __future__ import annotations

import traceback

from aiplane.errors import JobError
from aiplane.foreign import ForeignError

MAX_CHARACTERS = 16_000
"""The longest trace; of a longer one the beginning is kept, where the error stands."""


def describe(error: BaseException) -> str:
    """Return the trace of an error, and then of what caused it.

    Node's dashboards show the first line of a trace as its title: it is the error's, as Node prints it.
    """
    return "\ncaused by ".join(_parts(error))[:MAX_CHARACTERS]


def _parts(error: BaseException) -> list[str]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return [_one(link) for link in chain]


def _one(error: BaseException) -> str:
    title = _title(error)
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    return f"{title}\n{frames}" if frames else title


def _title(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, ForeignError):
        return str(error)  # the names of an SDK's classes, and no word of theirs
    return f"{name}: {error.failed_reason}" if isinstance(error, JobError) else name
