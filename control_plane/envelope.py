"""Outermost layer of every request: its id, the limit of its body, the headers of the answer, a last resort.

Plain ASGI, so that an event stream goes through it as it comes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers, MutableHeaders
from ulid import ULID

from aiplane.telemetry.instruments import record
from aiplane.telemetry.propagation import read_carrier
from aiplane.telemetry.spans import span
from control_plane.errors import TooLargeError, TooSlowError, error_body

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

LARGEST_BODY = 2 * 1024 * 1024
"""Bytes of a body that is JSON: 200,000 characters of code, each escaped, and what stands around them."""

SILENT_SECONDS = 15.0
BODY_SECONDS = 300.0
"""Seconds that may pass without a byte of a body, and until all of it is there."""

_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request at hand; empty outside of one."""
    return _request_id.get()


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, body_limits: dict[str, int] | None = None) -> None:
        """Wrap an application.

        Args:
            app: the application.
            body_limits: by the end of a path, how many bytes its body may have, where that is not
                :data:`LARGEST_BODY`.
        """
        self._app = app
        self._limits = body_limits or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = _request_id.set(_id_of(headers))
        answer = _Answer(scope, send)
        try:
            with _request_span(scope, headers) as current:
                answer.seen_by(current)
                if "transfer-encoding" in headers and "content-length" in headers:
                    await answer.framed_twice()
                else:
                    await self._app(scope, self._incoming(scope, receive), answer.send)
        except Exception:
            # The framework has a last resort of its own, but that raises on, and hands the log the text.
            log.exception("a request failed")
            if answer.started:
                raise
            await answer.internal_error()
        finally:
            _request_id.reset(token)

    def _incoming(self, scope: Scope, receive: Receive) -> Receive:
        path = scope["path"]
        limit = next((limit for end, limit in self._limits.items() if path.endswith(end)), LARGEST_BODY)
        sentence = f"The body is larger than the {limit:,} bytes that are taken here."
        return bounded(in_time(receive, SILENT_SECONDS, BODY_SECONDS), limit, TooLargeError(sentence))


class _Answer:
    """Answer that is sent with the headers that all have."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._span: Span | None = None
        self._scope: Scope = scope
        self._began = time.monotonic()
        self.started = False

    def seen_by(self, current: Span) -> None:
        """Tell a span which route it was, once that is known, and how it was answered."""
        self._span = current

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self._describe(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = request_id()
        await self._send(message)

    def _describe(self, status: int) -> None:
        # The template, and never the path: that holds ids of people's rooms.
        route = getattr(self._scope.get("route"), "path", "")
        method = self._scope["method"]
        record(
            "ai.api.duration_ms",
            (time.monotonic() - self._began) * 1000,
            # Anybody can make up a method, and a label for each would be kept for ever.
            method=method if method in _METHODS else "other",
            route=route,
            status=str(status),
        )
        if self._span is not None and self._span.is_recording():
            self._span.update_name(f"{method} {route or '(none)'}")
            self._span.set_attribute("http.route", route or "(none)")
            self._span.set_attribute("http.response.status_code", status)

    async def framed_twice(self) -> None:
        # A proxy in front may have gone by the other of the two, and its next request begin somewhere else.
        sentence = "The body says its length in two ways; send it in one."
        await self._refuse(400, "invalid_request", sentence, (b"connection", b"close"))

    async def internal_error(self) -> None:
        sentence = "Something went wrong on our side; the log says what, under this request's id."
        await self._refuse(500, "internal_error", sentence)

    async def _refuse(self, status: int, code: str, sentence: str, *more: tuple[bytes, bytes]) -> None:
        body = json.dumps(error_body(status, code, sentence, request_id())).encode()
        length = str(len(body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length), *more]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _request_span(scope: Scope, headers: Headers) -> AbstractContextManager[Span]:
    brought = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    method = str(scope["method"])
    return span(
        method,
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method},
        context=read_carrier(brought),
    )


def _id_of(headers: Headers) -> str:
    """Take the caller's own id for the request, where it is one that a log can hold."""
    brought = headers.get("x-request-id", "")
    return brought if _SOUND_ID.fullmatch(brought) else str(ULID())


def bounded(receive: Receive, limit: int, refusal: TooLargeError) -> Receive:
    """Count a body while it comes in, whatever its header said, and stop at the limit."""
    read = 0

    async def count() -> Any:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise refusal
        return message

    return count


def in_time(receive: Receive, silent: float, most: float) -> Receive:
    """Wait for a body for so long, and for each piece of it; once it is there, for as long as it takes."""
    until: float | None = time.monotonic() + most

    async def wait() -> Any:
        nonlocal until
        if until is None:
            return await receive()
        try:
            async with asyncio.timeout(min(silent, max(until - time.monotonic(), 0))):
                message = await receive()
        except TimeoutError:
            raise TooSlowError("The body came too slowly; send it again.") from None
        if not message.get("more_body"):
            until = None
        return message

    return wait
