"""Spans: what was done, for how long, and whether it failed. Never what was said in it.

An exception's text is kept out of a span: it is not always ours. What an exception is called is enough, and
the log of the same trace says where it happened.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from aiplane.errors import JobError
from aiplane.telemetry.propagation import is_traced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.trace import Span
    from opentelemetry.util.types import AttributeValue

LONGEST_ATTRIBUTE = 200
"""Characters of an attribute that comes from outside, such as a job's id."""


@contextmanager
def span(
    name: str,
    *,
    kind: SpanKind = SpanKind.CLIENT,
    attributes: Mapping[str, AttributeValue] | None = None,
    context: Context | None = None,
) -> Iterator[Span]:
    """Do the block in a span, which the block may end before; what the block raises is its status.

    Where nothing is traced there is none, and the block is done in the context that is given, if any.
    """
    if not is_traced() and not context:
        yield trace.get_current_span()
        return
    tracer = trace.get_tracer("aiplane")
    with tracer.start_as_current_span(
        name,
        context=context,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
        end_on_exit=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            if current.is_recording():
                fail(current, error)
            raise
        finally:
            if current.is_recording():
                current.end()


def fail(current: Span, error: BaseException) -> None:
    """Say that a span failed, and how: by its code, or by the name of the exception's class."""
    kind = error.code if isinstance(error, JobError) else type(error).__name__
    current.set_attribute("error.type", kind)
    current.set_status(StatusCode.ERROR, kind)


def printable(text: str, longest: int = LONGEST_ATTRIBUTE) -> str:
    """Return a text from outside so that it can be exported: bounded, and without lone surrogates."""
    return text[:longest].encode(errors="replace").decode()
