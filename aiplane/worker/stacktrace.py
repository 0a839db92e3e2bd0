"""Stack traces that may be shown: where it happened, without what was in it.

The message of an exception that is not ours may quote the payload, the model's answer or a key, so only its
type is kept. The lines of source that a trace shows are our own.
"""

from __future__ import annotations

import traceback

from aiplane.errors import JobError

MAX_CHARACTERS = 16_000
"""The longest trace; of a longer one the end is kept, where the cause stands."""


def describe(error: BaseException) -> str:
    """Return the trace of an error and of what caused it, the first cause first."""
    return "\n".join(_parts(error))[-MAX_CHARACTERS:]


def _parts(error: BaseException) -> list[str]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return [_one(link) for link in reversed(chain)]


def _one(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    title = f"{name}: {error.failed_reason}" if isinstance(error, JobError) else name
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    # Node's dashboards show the first line of a trace as its title, as Node prints it.
    return f"{title}\n{frames}" if frames else title
