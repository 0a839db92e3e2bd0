"""A server's refusal, made comparable whatever its envelope: a status, and words that are matched only.

Servers write the same thing in many forms: ``error`` as an object, a text or a list around either; FastAPI's
``detail``; JSON within a message; a 400 wrapped in a 500 or in a 200. Nothing that is read here is ever shown
or logged: a server may repeat the prompt or the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aiplane.providers.http.retry_after import read_limit_reset, read_retry_after
from aiplane.providers.llm.openai_json import count_or_zero, first_object, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_TEXT = 2_000
"""Characters of each text that are looked at: a cause is named at the start, and what repeats the request
comes after it."""

MOST_TEXTS = 200
LONGEST_WORDS = 10_000
"""Characters of all that is looked at: a row of the causes looks through all of it."""

DEEPEST = 8

_STATUS_FIELDS = (
    "code",
    "status",
    "status_code",
    "statusCode",
    "error_code",
    "errorCode",
    "http_status",
    "httpStatus",
    "errcode",
    "error",
)
"""Fields in which a server writes a status, or a number of its own."""

_NOT_THE_SERVERS_WORDS = frozenset(
    {"input", "inputs", "ctx", "url", "request", "prompt", "content", "headers", "failed_generation"}
)
"""Fields under which servers repeat what they were sent, or what the model wrote."""

_ECHO = re.compile(
    r"""\\?["']messages\\?["']\s*:.*"""
    r"""|\\?["']response_format\\?["']\s*:\s*\\?(?:\{\\?["']type|["'](?:verbose_json|json|mp3|opus)).*"""
    r"""|\\?["']\w+\\?["']\s*:\s*\d+""",
    re.DOTALL,
)
"""A request that is repeated in a text: from its messages or its format on; a parameter with its number."""

_WRAPPED = re.compile(
    r"\b(?:error code|status code|status_code|status|http)\W{1,4}(4\d\d)\b"
    r"|\b(4\d\d)\W{1,3}(?:bad request|client error|unprocessable|unauthorized|forbidden|too many requests)"
)
"""A refusal that a gateway tells of in a text of its own."""

_STATUS_BY_CODE = {
    "insufficient_quota": 429,
    "rate_limit": 429,
    "request_limit": 429,
    "qps_limit": 429,
    "throttl": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "insufficient_credits": 402,
    "insufficient_balance": 402,
    "invalid_api_key": 401,
    "incorrect_api_key": 401,
    "authentication_error": 401,
    "invalidapikey": 401,
    "invalid_token": 401,
    "access_token_invalid": 401,
    "access_token_expired": 401,
    "login_fail": 401,
    "not_authenticated": 401,
    "not_authorized": 401,
    "unauthenticated": 401,
    "unauthorized": 401,
    "no_auth_credentials": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "no_permission": 403,
    "access_denied": 403,
    "accessdenied": 403,
    "forbidden": 403,
    "model_not_found": 404,
    "invalid_request": 400,
    "invalid_argument": 400,
    "bad_request": 400,
}
"""Words for a status, in a 200 that gives none. What is in no row is the server's own fault: 500."""

_STATUS_BY_NUMBER: Mapping[tuple[str, str], Mapping[int, int]] = MappingProxyType(
    {
        ("", "error_code"): {4: 429, 17: 429, 18: 429, 19: 429, 6: 403, 14: 401, 110: 401, 111: 401},
        ("base_resp", "status_code"): {
            1002: 429,
            1039: 429,
            2056: 429,
            1004: 401,
            2049: 401,
            1008: 402,
            2013: 400,
        },
    }
)
"""Statuses for numbers of a provider's own (Baidu's, MiniMax's), by where they stand."""

_MUTE = re.compile(r"error code: 4(?:00|22)\.?\s*(?:\n|$)")
"""A gateway's word that a request was refused as malformed, and not a word of why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's refusal of one request.

    Attributes:
        http: the status of the response.
        status: the status that it means: that of the response, or the one that stands in its body where the
            response has none of its own (200) or is a gateway's (5xx).
        words: all that it says, names of fields and parameters included, in small letters. To be matched.
        retry_after: seconds after which it wants to be asked again; None where it does not say.
    """

    http: int
    status: int
    words: str = field(repr=False)
    retry_after: float | None = None

    def names(self, parameter: str) -> bool:
        """Return whether a parameter stands in it as a word of its own."""
        return re.search(rf"(?<![\w-]){re.escape(parameter)}(?![\w-])", self.words) is not None

    @property
    def withholds_its_reason(self) -> bool:
        """True if a gateway has dropped what the server behind it said."""
        return _MUTE.search(self.words) is not None


def read_refusal(http: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Read a response whose status is that of a refusal."""
    try:
        said = read_json(body)
    except ValueError:
        said = body[: LONGEST_TEXT * 4].decode("utf-8", "replace")
    return _refusal(http, headers, said)


def refusal_in_reply(http: int, headers: Mapping[str, str], said: Any) -> Refusal:
    """Read a refusal that stands where an answer was expected."""
    return _refusal(http, headers, said)


def _refusal(http: int, headers: Mapping[str, str], said: Any) -> Refusal:
    texts = islice(_texts(said, DEEPEST), MOST_TEXTS)
    words = "\n".join(texts)[:LONGEST_WORDS].lower()
    status = _status(http, said, words)
    retry_after = read_retry_after(headers)
    if retry_after is None:
        retry_after = _delay_in(said)
    if retry_after is None and status == 429:
        retry_after = read_limit_reset(headers)
    return Refusal(http, status, words, retry_after)


def _status(http: int, said: Any, words: str) -> int:
    """Return the status that is meant: a 200 and a gateway's 5xx may wrap another."""
    if http in range(300, 500):
        return http
    inner = _number_in(said)
    if inner in range(400, 500):
        return inner
    if wrapped := _WRAPPED.search(words):
        return int(wrapped[1] or wrapped[2])
    if http >= 500:
        return http
    spoken = words.replace(" ", "_")
    return inner or next((status for code, status in _STATUS_BY_CODE.items() if code in spoken), 500)


def _number_in(said: Any) -> int:
    """Return the status that an error's body gives as its code; 0 if it gives none."""
    outer = first_object(said)
    for name in ("error", "", "errors", "detail", "base_resp"):
        place = first_object(outer.get(name)) if name else outer
        for code in _STATUS_FIELDS:
            number = count_or_zero(place.get(code))
            if number in range(400, 600):
                return number
            if status := _STATUS_BY_NUMBER.get((name, code), {}).get(number):
                return status
    return 0


def _delay_in(said: Any) -> float | None:
    """Return Google's delay, ``"retryDelay": "34s"`` in a detail of its error."""
    details = first_object(first_object(said).get("error")).get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and (seconds := re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)s", delay)):
            return float(seconds[1])
    return None


def _texts(said: Any, depth: int) -> Iterator[str]:
    """Yield the texts of a body, and the names of its fields; of what repeats the request, nothing."""
    if depth < 0:
        return
    if isinstance(said, str):
        yield from _read_text(said, depth)
    elif isinstance(said, list):
        for part in said[:MOST_TEXTS]:
            yield from _texts(part, depth - 1)
    elif isinstance(said, dict) and not said.keys() >= {"model", "messages"}:
        for name, value in list(said.items())[:MOST_TEXTS]:
            if name == "param" and isinstance(value, str):
                yield f"param={value.partition('.')[0]}"
            elif not isinstance(value, int | float):
                yield name[:LONGEST_TEXT]
            if name.lower() not in _NOT_THE_SERVERS_WORDS:
                yield from _texts(value, depth - 1)


def _read_text(text: str, depth: int) -> Iterator[str]:
    """Yield a text, or the texts of the JSON that it is. A page of HTML says nothing."""
    text = text.strip()
    if text.startswith(("{", "[")):
        try:
            yield from _texts(read_json(text), depth - 1)
        except ValueError:
            pass
        else:
            return
    if not text.startswith("<"):
        yield _ECHO.sub(" ", text[:LONGEST_TEXT])
