"""Errors in a 200 that no field is named for, as gateways and providers of their own make write them."""

from __future__ import annotations

from typing import Any

from aiplane.providers.llm.openai_json import count_or_zero, first_object, text_or_none

_FINE = frozenset({"", "0", "200", "ok", "success", "succeeded", "none"})
"""Codes of an answer in which nothing is wrong, as texts."""

_FAILED = frozenset({"error", "fail", "failed", "failure"})
_WORDS = ("detail", "errors", "error_msg", "error_message", "errorMessage")
_OWN_CODES = ("error_code", "errorCode", "errcode")
_STATUSES = ("status", "status_code", "statusCode", "http_status", "httpStatus", "code")


def tells_of_error(outer: dict[str, Any]) -> bool:
    """Return whether an object that holds no answer says that something failed."""
    return (
        outer.get("success") is False
        or any(str(outer.get(name)).lower() in _FAILED for name in ("object", "type", "status"))
        or any(outer.get(name) for name in _WORDS)
        or any(not _is_fine(outer.get(name)) for name in _OWN_CODES)
        or any(count_or_zero(outer.get(name)) in range(400, 600) for name in _STATUSES)
        or not _is_fine(first_object(outer.get("base_resp")).get("status_code"))
        or _is_message(outer)
    )


def _is_message(outer: dict[str, Any]) -> bool:
    """Return whether there is a message, and no code that says that all is well."""
    message = text_or_none(outer.get("message")) or text_or_none(outer.get("msg"))
    return message is not None and (outer.get("code") is None or not _is_fine(outer["code"]))


def _is_fine(code: Any) -> bool:
    return str(code).lower() in _FINE
