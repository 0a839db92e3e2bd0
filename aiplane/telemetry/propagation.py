"""The trace context on its way: out of a job, through the broker to a pool, and on into the result job.

BullMQ keeps it with a job as JSON text (``tm``, what ``bullmq-otel`` writes): ``{"traceparent", …}``. Anyone
may have written it, so it is read for what W3C Trace Context is in it, and anything else is no context.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from aiplane.redis.untrusted_json import read_stored

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 16_384
"""Characters of a stored context that are read; what ``bullmq-otel`` writes has a few hundred at most."""

_LONGEST_FIELD = {"traceparent": 55, "tracestate": 512}
"""The fields of W3C Trace Context, and the characters that each may have."""

_propagator = TraceContextTextMapPropagator()


def read_metadata(text: str | None) -> Context:
    """Return the context that a job brings; an empty one if it brings none that can be read."""
    if not text or len(text) > LONGEST:
        return Context()
    return read_carrier(read_stored(text))


def read_carrier(carrier: object) -> Context:
    """Return the context that a carrier's fields hold; an empty one if there is none."""
    if not isinstance(carrier, dict):
        return Context()
    fields = {name: carrier.get(name) for name in _LONGEST_FIELD}
    sound = {
        name: value
        for name, value in fields.items()
        if isinstance(value, str) and len(value) <= _LONGEST_FIELD[name] and value.isascii()
    }
    return _propagator.extract(sound, Context())


def carrier() -> Mapping[str, str]:
    """Return the present context as fields for a message; none where nothing is traced."""
    fields: dict[str, str] = {}
    _propagator.inject(fields)
    return fields


def is_traced() -> bool:
    """Return whether spans are made in this process, so that messages have to name them."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def metadata(brought: str | None) -> str | None:
    """Return what a result job carries: the present span's context, or what the job itself brought.

    Where traces are not switched on here, the job's own is passed on as it is.
    """
    here = trace.get_current_span().get_span_context()
    return json.dumps(dict(carrier())) if here.is_valid and not here.is_remote else brought
