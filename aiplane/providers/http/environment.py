"""The variables that every HTTP client obeys, proxies and certificates, and which of them is wrong.

They are not ours: a shell behind a company's proxy has them set. A client does not open with a wrong one, and
what it raises then names no variable.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAULTS = (ImportError, ValueError, TypeError, OSError, httpx2.InvalidURL)
"""What opening a client raises where a variable is wrong."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_ADVICE = {
    **dict.fromkeys(_PROXIES, "it must be a URL that begins with http://, https://, socks5:// or socks5h://"),
    "NO_PROXY": "it must be a list of hosts, with commas between them",
    "SSL_CERT_FILE": "it must be the path of a file with certificates (PEM) that can be read",
    "SSL_CERT_DIR": "it must be the path of a folder with certificates that can be read",
    "SSLKEYLOGFILE": "it must be the path of a file that can be written",
}


class HttpEnvironmentError(Exception):
    """Variable of the environment that keeps HTTP clients from opening.

    Attributes:
        sentence: which one, and what to do; without its value, which may hold a password.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def environment_error() -> HttpEnvironmentError:
    """Make the error for the environment as it is; of a client that did not open."""
    wrong = list(_wrong()) or [name for name in _set() if name.upper() == "NO_PROXY"] or list(_set())
    told = "; ".join(f"{name} cannot be used: {_ADVICE[name.upper()]}" for name in wrong)
    return HttpEnvironmentError(
        f"{told or 'an HTTP client cannot be opened; check the variables for proxies and certificates'}."
    )


def _set() -> Iterator[str]:
    """Yield the variables that are set, as they are spelt: those of proxies have two forms."""
    for variable in _ADVICE:
        for name in (variable, variable.lower()) if "PROXY" in variable else (variable,):
            if os.environ.get(name):
                yield name


def _wrong() -> Iterator[str]:
    for name in _set():
        attempt = _ATTEMPTS.get(name.upper())
        try:
            if attempt:
                attempt(os.environ[name])
        except FAULTS:
            yield name


def _try_proxy(url: str) -> None:
    # Without certificates, which have variables of their own.
    certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    proxy = url if "://" in url else f"http://{url}"
    httpx2.Client(proxy=proxy, trust_env=False, verify=certificates).close()


def _try_key_log(path: str) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = path


_ATTEMPTS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(_PROXIES, _try_proxy),
    "SSL_CERT_FILE": lambda path: ssl.create_default_context(cafile=path),
    "SSL_CERT_DIR": lambda path: ssl.create_default_context(capath=path),
    "SSLKEYLOGFILE": _try_key_log,
}
"""What the client does with each. ``NO_PROXY`` is judged by what is left."""
