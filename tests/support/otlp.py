"""A collector for tests: it receives what is sent by OTLP over HTTP, and a test waits for what it expects."""

from __future__ import annotations

import base64
import gzip
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Callable

_REQUESTS = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@dataclass(frozen=True, eq=False)
class Span:
    """One span as it was received. ``service`` and ``instance`` say who sent it."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: list[str]
    status: str
    service: str
    instance: str


@dataclass(frozen=True)
class Line:
    """One log line as it was received."""

    body: str
    severity: str
    trace_id: str
    attributes: dict[str, Any]


@dataclass
class _Received:
    spans: list[Span] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)


class Collector:
    """The server. Used as a context manager it listens inside the block.

    Attributes:
        url: what to set ``OTEL_EXPORTER_OTLP_ENDPOINT`` to.
        refuses: while it is set, everything is answered with 503 and forgotten.
    """

    def __init__(self) -> None:
        self._received = _Received()
        self._changed = threading.Condition()
        self.refuses = threading.Event()
        self.requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="collector", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def env(self) -> dict[str, str]:
        """The settings of a plane that sends everything here, and soon."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }

    @property
    def spans(self) -> list[Span]:
        with self._changed:
            return list(self._received.spans)

    @property
    def lines(self) -> list[Line]:
        with self._changed:
            return list(self._received.lines)

    @property
    def metrics(self) -> dict[str, Any]:
        """The latest data of each metric by its name."""
        with self._changed:
            return dict(self._received.metrics)

    def wait_for(self, wanted: Callable[[Collector], bool], what: str, timeout: float = 20.0) -> None:
        """Return once ``wanted`` holds.

        Raises:
            AssertionError: it does not within ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while not wanted(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    names = [(span.service, span.name) for span in self._received.spans]
                    raise AssertionError(f"no {what} within {timeout} s; spans so far: {names}")
                self._changed.wait(left)

    def trace(self, trace_id: str) -> list[Span]:
        """Return the spans of a trace so far."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def _take(self, path: str, message: Any) -> None:
        data = MessageToDict(message)
        with self._changed:
            for group in data.get("resourceSpans", ()):
                self._received.spans += _spans(group)
            for group in data.get("resourceLogs", ()):
                self._received.lines += _lines(group)
            for group in data.get("resourceMetrics", ()):
                for scope in group.get("scopeMetrics", ()):
                    self._received.metrics |= {each["name"]: each for each in scope.get("metrics", ())}
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = _body(self)
                collector.requests += 1
                if collector.refuses.is_set():
                    self.send_response(503)
                    self.end_headers()
                    return
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                request = _REQUESTS[self.path]()
                request.ParseFromString(body)
                collector._take(self.path, request)
                self.send_response(200)
                self.send_header("content-type", self.headers["content-type"])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """Read a request's body; Node sends it in chunks."""
    if request.headers.get("transfer-encoding") != "chunked":
        return request.rfile.read(int(request.headers["content-length"]))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _spans(group: dict[str, Any]) -> list[Span]:
    resource = _attributes(group.get("resource", {}))
    return [
        Span(
            name=each["name"],
            kind=each.get("kind", "").removeprefix("SPAN_KIND_"),
            trace_id=_hex(each["traceId"]),
            span_id=_hex(each["spanId"]),
            parent_id=_hex(each.get("parentSpanId", "")),
            start_ns=int(each["startTimeUnixNano"]),
            end_ns=int(each["endTimeUnixNano"]),
            attributes=_attributes(each),
            events=[event["name"] for event in each.get("events", ())],
            status=each.get("status", {}).get("code", "").removeprefix("STATUS_CODE_"),
            service=str(resource.get("service.name")),
            instance=str(resource.get("service.instance.id")),
        )
        for scope in group.get("scopeSpans", ())
        for each in scope.get("spans", ())
    ]


def _lines(group: dict[str, Any]) -> list[Line]:
    return [
        Line(
            body=str(_value(each.get("body", {}))),
            severity=each.get("severityText", ""),
            trace_id=_hex(each.get("traceId", "")),
            attributes=_attributes(each),
        )
        for scope in group.get("scopeLogs", ())
        for each in scope.get("logRecords", ())
    ]


def _attributes(owner: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: _value(each.get("value", {})) for each in owner.get("attributes", ())}


def _value(value: dict[str, Any]) -> Any:
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)


def _hex(encoded: str) -> str:
    """Return an id as people write it, from what protobuf's JSON makes of bytes."""
    return base64.b64decode(encoded).hex()
