"""URLs of Redis, written so that all who read them read the same.

redis-py, kombu and Celery each have a reader of their own: one knows capital schemes and the other does not,
one ends a URL at a semicolon, one takes ``/0/`` for a database. So a URL is taken apart here, refused where
it is not plain what it says, and written anew; and then both readers have to find in it what was meant.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from kombu.utils.url import url_to_parts
from redis.connection import parse_url

TLS_OPTIONS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile")
"""What may follow a ``rediss://`` URL: Celery and the clients of Redis understand the same by it."""

FILE_OPTIONS = tuple(option for option in TLS_OPTIONS if option != "ssl_cert_reqs")
"""Those of them that name a file."""

_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


class _Meant(NamedTuple):
    """Parts of a URL; empty is the same as absent."""

    host: str
    port: int
    database: int
    user: str
    password: str


def canonical(value: str) -> str:
    """Return a URL of Redis as all its readers read it alike.

    Raises:
        ValueError: it is no URL of Redis, or not a plain one.
    """
    if not value.isprintable() or " " in value:
        raise ValueError
    url = urlsplit(value)
    if url.scheme not in ("redis", "rediss") or url.fragment or url.port == 0:
        raise ValueError
    meant = _Meant(_host(url), url.port or 6379, _database(url), _said(url.username), _said(url.password))
    options = _options(url)
    written = (
        f"{url.scheme}://{_login(meant)}{_address(url, meant)}{url.path and f'/{meant.database}'}{options}"
    )
    if _by_redis(written) != meant or _by_kombu(written) != meant:
        raise ValueError
    return written


def options_of(url: str) -> dict[str, str]:
    """Return what follows a URL, decoded."""
    return dict(parse_qsl(urlsplit(url).query))


def _host(url: SplitResult) -> str:
    host = unquote(url.hostname or "", errors="strict")
    if "[" in url.netloc:
        ipaddress.IPv6Address(host)
    elif not _HOST.fullmatch(url.hostname or ""):
        raise ValueError
    return host


def _database(url: SplitResult) -> int:
    found = re.fullmatch(r"/?|/([0-9]{1,5})", url.path)
    if found is None:
        raise ValueError
    return int(found[1] or 0)


def _said(text: str | None) -> str:
    # A byte that is no UTF-8 would be replaced, by a password that nobody has.
    return unquote(text or "", errors="strict")


def _login(meant: _Meant) -> str:
    password = f":{quote(meant.password, safe='')}" if meant.password else ""
    return f"{quote(meant.user, safe='')}{password}@" if meant.user or password else ""


def _address(url: SplitResult, meant: _Meant) -> str:
    host = f"[{quote(meant.host, safe=':')}]" if ":" in meant.host else meant.host
    return f"{host}:{url.port}" if url.port else host


def _options(url: SplitResult) -> str:
    given = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True) if url.query else []
    options = dict(given)
    allowed = TLS_OPTIONS if url.scheme == "rediss" else ()
    if len(options) != len(given) or not options.keys() <= set(allowed) or not all(options.values()):
        raise ValueError
    if url.scheme == "redis":
        return ""
    # Celery takes either spelling, the clients of Redis only theirs. Without it, Celery's connections to the
    # broker would check no certificate, and its backend would not start.
    checks = options.get("ssl_cert_reqs", "required").removeprefix("CERT_").lower()
    if checks not in ("none", "optional", "required"):
        raise ValueError
    return f"?{urlencode({**options, 'ssl_cert_reqs': checks})}"


def _by_redis(url: str) -> _Meant:
    read = parse_url(url)  # type: ignore[no-untyped-call] # redis-py has no types for it
    login = (read.get("username") or "", read.get("password") or "")
    return _Meant(read["host"], read.get("port") or 6379, int(read.get("db") or 0), *login)


def _by_kombu(url: str) -> _Meant:
    if ";" in url:
        raise ValueError  # it takes that for two
    read = url_to_parts(url)
    database = (read.path or "").strip("/")
    return _Meant(
        read.hostname or "", read.port or 6379, int(database or 0), read.username or "", read.password or ""
    )
