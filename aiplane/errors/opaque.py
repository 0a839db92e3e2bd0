"""Third-party exceptions without their messages, safe to log.

The texts of foreign exceptions may hold a prompt, an answer, a URL or a key, and logs print causes. So the
cause of an error of ours is never the original: it is a :class:`ForeignError` with the names of its classes.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ForeignError(Exception):
    """Third-party exception as the names of its classes, to be the cause of an error of ours."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(" from ".join(f"{type(e).__module__}.{type(e).__qualname__}" for e in causes(error)))


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what caused it, down to the first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        # Of the addresses of a host that were all tried in vain, the first one speaks for the others.
        tried = cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()
        cause = tried[0] if tried else cause.__cause__ or cause.__context__


def why_not_connected(error: BaseException) -> str:
    """Say why there is no connection, in words that are not the server's."""
    for cause in causes(error):
        match cause:
            case socket.gaierror():
                return "the host's name cannot be resolved"
            case ssl.SSLError():
                why = _why_no_tls(cause)
                return why[0] if why else "TLS with the host broke off"
            case OSError(errno=int(number)):
                return os.strerror(number).lower()
        if _TLS_ALERT in str(cause):
            return "the host speaks TLS, and was spoken to in plain text"
    return "it could not be made, or broke"


_TLS_ALERT = r"\x15\x03"
"""How a reader of HTTP shows the first bytes of the alert by which TLS answers plain text."""


def why_no_tls(error: BaseException) -> tuple[str, str] | None:
    """Say why TLS cannot begin with a host that is there, and what to do; None if it is not that."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            return _why_no_tls(cause)
    return None


_PLAIN_TEXT = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
"""OpenSSL's reasons, by version, where what came was no TLS at all."""

_UNREADABLE = {"NO_CERTIFICATE_OR_CRL_FOUND", "NO_START_LINE", "BAD_BASE64_DECODE", "KEY_VALUES_MISMATCH"}
"""OpenSSL's reasons where a file of certificates or keys is none."""


def _why_no_tls(error: ssl.SSLError) -> tuple[str, str] | None:
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the host's certificate is not trusted", "name its authority, or mend the certificate"
    if reason in _PLAIN_TEXT:
        return "TLS was asked of a server that speaks plain text", "leave the s out of the URL's scheme"
    if reason in _UNREADABLE or "PEM lib" in str(error):
        return "a file of certificates cannot be read", "check the files that the settings name"
    if "_ALERT_" in reason and "INTERNAL" not in reason:
        # An alert is the server's own word.
        return "the server refuses TLS with us", "it may ask for a certificate, or for another version of TLS"
    return None
