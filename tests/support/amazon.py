"""Amazon's S3 for a caller who may put and get objects and may not list the bucket, before a real S3.

Of a bucket, and of an object that is not there, it says 403 then, and never 404.
"""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_FORBIDDEN = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class ListingForbidden:
    """An endpoint that passes on to another what may be done without listing.

    Args:
        upstream: the URL of the S3.
        forbidden: methods that are forbidden, too.

    Attributes:
        url: what to set ``S3_ENDPOINT`` to.
        refused: what was refused: methods and paths.
    """

    def __init__(self, upstream: str, *forbidden: str) -> None:
        self.refused: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler(urlsplit(upstream), forbidden, self.refused)
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="S3 without listing", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(upstream, forbidden, refused) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            is_bucket = urlsplit(self.path).path.strip("/").count("/") == 0
            if is_bucket or self.command in forbidden:
                self._refuse()
                return
            theirs = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=10)
            try:
                # With the Host that was signed.
                theirs.request(self.command, self.path, body, dict(self.headers))
                answer = theirs.getresponse()
                said = answer.read()
            finally:
                theirs.close()
            if answer.status == 404:
                self._refuse()
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            length = answer.getheader("content-length") if self.command == "HEAD" else str(len(said))
            self.send_header("content-length", length or "0")
            self.end_headers()
            self.wfile.write(said)

        def _refuse(self) -> None:
            refused.append((self.command, self.path))
            body = b"" if self.command == "HEAD" else _FORBIDDEN
            self.send_response(403)
            self.send_header("content-type", "application/xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        do_GET = do_HEAD = do_PUT = do_DELETE = _pass_on  # noqa: N815 -- the names that are looked for

    return Handler
