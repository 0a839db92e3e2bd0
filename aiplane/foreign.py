"""What an SDK raised, told without its words.

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
    """What an SDK raised, as the names of its classes, to be the cause of an error of ours."""

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
            case ssl.SSLCertVerificationError():
                return "the host's certificate is not trusted"
            case OSError(errno=int(number)):
                return os.strerror(number).lower()
    return "it could not be made, or broke"
