"""Refusals of Redis: it answers, and does not do what it was asked.

A Redis that is away comes back by itself; one that refuses changes its mind only when somebody changes a
right, a password or a setting. So the two are told apart, and a refusal is told by name: with the words of
Redis that name a command, and never with those that repeat what was sent, which can be a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.errors.opaque import why_no_tls

if TYPE_CHECKING:
    from collections.abc import Callable

_RIGHTS = "give the user the rights that docs/operations.md lists"
_LOGIN = "check the user and the password"
_CLUSTER = (
    "a Redis Cluster serves only with one shard, and with a BULLMQ_PREFIX in braces, such as {bull}, "
    "here and in the control plane"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal of Redis.

    Attributes:
        words: Redis' code and what it is about, ``NOPERM: command evalsha``.
        advice: what somebody can do about it; it finishes a sentence.
        lasting: whether it lasts until somebody does; else it passes by itself, like a start or a failover.
    """

    words: str
    advice: str = ""
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class _Known:
    """A kind of refusal: how it is known, and what is said of it."""

    pattern: re.Pattern[str]
    said: Callable[[re.Match[str]], str]
    advice: str = ""
    lasting: bool = True


def _known(pattern: str, words: str, advice: str = "", *, lasting: bool = True) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), lambda match: match.expand(words), advice, lasting)


_KNOWN = (
    _known(r"run the '([\w.|-]{1,60})' command", r"NOPERM: command \1", _RIGHTS),
    _known(r"can't run this command", "NOPERM: a command of a script", _RIGHTS),
    _known(r"(?:NOPERM|ACL failure|executing the script can't).*\bkeys?\b", "NOPERM: key", _RIGHTS),
    _known(r"(?:NOPERM|ACL failure|executing the script can't).*\bchannels?\b", "NOPERM: channel", _RIGHTS),
    _known(r"^NOPERM", "NOPERM", _RIGHTS),
    _known(r"unknown command [`']([\w.|-]{1,60})[`']", r"unknown command \1", "it must not be renamed"),
    _known(
        r"unknown (?:redis )?command called from",
        "unknown command in a script",
        "no command may be renamed, and Redis must be 6.2 or newer",
    ),
    _known(r"^WRONGPASS|invalid password", "WRONGPASS: the user or the password is wrong", _LOGIN),
    _known(r"^NOAUTH", "NOAUTH: it asks for a password", _LOGIN),
    _known(r"AUTH <password> called without|but no password is set", "AUTH: it has no password", _LOGIN),
    _known(r"^DENIED", "DENIED: protected mode", "give Redis a password, or have it listen for this host"),
    _known(r"DB index is out of range|invalid DB index", "DB index is out of range", "choose another number"),
    _known(r"SELECT is not allowed in cluster", "a cluster has database 0 only", _CLUSTER),
    _known(r"^CROSSSLOT|do not hash to the same slot", "CROSSSLOT: keys of several slots", _CLUSTER),
    _known(r"^MOVED|non local key in a cluster", "MOVED: the key is another shard's", _CLUSTER),
    _known(r"^LOADING", "LOADING: it reads its data", lasting=False),
    _known(r"^READONLY|read.?only replica", "READONLY: it is a replica", lasting=False),
    _known(r"^MASTERDOWN", "MASTERDOWN: it is a replica without its primary", lasting=False),
    _known(r"^OOM", "OOM: its memory is full", lasting=False),
    _known(r"^MISCONF", "MISCONF: it cannot write to its disk", lasting=False),
    _known(r"^BUSY ", "BUSY: a script runs", lasting=False),
    _known(r"^NOREPLICAS", "NOREPLICAS: it lacks replicas", lasting=False),
    _known(r"^(CLUSTERDOWN|TRYAGAIN|ASK)\b", r"\1: the cluster changes", lasting=False),
    _known(r"max number of clients", "it has too many connections", "raise maxclients", lasting=False),
    # hiredis and redis-py name the byte that no reply of Redis begins with; a TLS alert begins with 0x15.
    _known(
        r"protocol error.*(?:\\x15|\x15)",
        "it speaks TLS, and was spoken to in plain text",
        "the URL must begin with rediss://",
    ),
    _known(r"^InvalidResponse", "what answers there is no Redis", "check the host and the port"),
)
"""Every kind, the most specific first."""


def refusal_of(error: BaseException) -> Refusal | None:
    """Return what Redis has refused; None if it does not answer, or answered something else."""
    if (why := why_no_tls(error)) is not None:
        return Refusal(*why)
    return refusal_in(_text(error))


def refusal_in(text: str) -> Refusal | None:
    """Return what is refused by a reply of Redis that is an error; None if it is another one."""
    text = text.removeprefix("ERR ")
    for known in _KNOWN:
        if match := known.pattern.search(text):
            return Refusal(known.said(match), known.advice, known.lasting)
    return None


def told(error: BaseException) -> str:
    """Say in a few words that are not a secret's what is with Redis."""
    refusal = refusal_of(error)
    if refusal is not None:
        return f"Redis refuses ({refusal.words})"
    if isinstance(error, RedisTimeoutError):
        return "Redis does not answer (TimeoutError)"
    if isinstance(error, OSError) or _is_unconnected(error):
        return f"Redis does not answer ({type(error).__name__})"
    return f"Redis refuses ({type(error).__name__})"


def lasts(error: BaseException) -> bool:
    """Return whether waiting does not mend it: Redis refuses, and will until somebody changes something."""
    refusal = refusal_of(error)
    return refusal is not None and refusal.lasting


def is_outage(error: BaseException) -> bool:
    """Return whether a Redis is away, or cannot serve just now, and may be back in a moment."""
    refusal = refusal_of(error)
    if refusal is not None:
        return not refusal.lasting
    return isinstance(error, OSError | RedisTimeoutError) or _is_unconnected(error)


_CODES: dict[type[RedisError], str] = {
    InvalidResponse: "InvalidResponse",
    AuthenticationError: "WRONGPASS",
    NoPermissionError: "NOPERM",
    BusyLoadingError: "LOADING",
    ReadOnlyError: "READONLY",
    OutOfMemoryError: "OOM",
}
"""The code of what redis-py raises without one."""


def _is_unconnected(error: BaseException) -> bool:
    return isinstance(error, RedisConnectionError) and not isinstance(error, AuthenticationError)


def _text(error: BaseException) -> str:
    """Return the code and the words of Redis, without what they repeat of what was sent."""
    if not isinstance(error, RedisError):
        return ""
    words = str(error).rpartition(" of pipeline caused error: ")[2].partition(", with args beginning with")[0]
    classes = (code for kind, code in _CODES.items() if isinstance(error, kind))
    kind = error.status_code or next(classes, "")
    return f"{kind} {words}" if kind not in ("", "ERR") else words
