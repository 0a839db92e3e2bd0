"""Protocol of a server that does not answer as a Redis: it is asked in the other way, TLS or plain text.

A Redis that is spoken to in the wrong way says nothing, or hangs up: so does one that is away. Nothing of a
secret is said here, and no certificate matters, for nothing is believed either.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from aiplane.redis.refusals import Refusal

TIMEOUT_SECONDS = 2.0
"""Seconds for each step."""

SPEAKS_TLS = Refusal("it speaks TLS, and was spoken to in plain text", "the URL must begin with rediss://")
SPEAKS_PLAIN_TEXT = Refusal(
    "TLS was asked of a server that speaks plain text", "the URL must begin with redis://"
)


def spoken_wrongly(url: str) -> Refusal | None:
    """Say whether the server of a URL speaks plain text where the URL says TLS, or the reverse."""
    parts = urlsplit(url)
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or 6379), TIMEOUT_SECONDS
        ) as connection:
            if parts.scheme == "rediss":
                return SPEAKS_PLAIN_TEXT if _answers(connection) else None
            return SPEAKS_TLS if _shakes_hands(connection, parts.hostname or "") else None
    except OSError:
        return None


def _answers(connection: socket.socket) -> bool:
    connection.sendall(b"PING\r\n")
    # A pong, or an error: that a password is needed, say.
    return connection.recv(1) in (b"+", b"-")


def _shakes_hands(connection: socket.socket, host: str) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with context.wrap_socket(connection, server_hostname=host):
            return True
    except ssl.SSLError as error:
        # One that asks for a certificate of ours refuses by an alert, which is TLS all the same.
        return "_ALERT_" in (error.reason or "")
