"""Ids of spans and traces that are derived, so that two processes give the same thing the same id.

A bridge that dies never exports the span of the job that it held. The bridge that adopts the job makes the
very same span, under the id to which what the pool has exported meanwhile refers already.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids that the next span gets: of its trace, where it begins one, and its own."""

    trace_id: int
    span_id: int


_next: ContextVar[Identity | None] = ContextVar("identity", default=None)


@contextmanager
def identified(trace_of: str, span_of: str) -> Iterator[None]:
    """Derive the ids of the one span that is started in the block.

    Args:
        trace_of: what the trace is of, where the span begins one.
        span_of: what the span is of.
    """
    mark = _next.set(Identity(_digest(trace_of, 16), _digest(span_of, 8)))
    try:
        yield
    finally:
        _next.reset(mark)


def identity() -> Identity | None:
    """Return the ids that were derived for the span that is being started, if so."""
    return _next.get()


def _digest(text: str, size: int) -> int:
    """Return an id of so many bytes; 0, which would be none, is as unlikely as any other."""
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=size).digest()
    return int.from_bytes(digest, "big")
