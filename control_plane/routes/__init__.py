"""The routes, one module for each thing that they are about, and what their documentation has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Whole seconds after which the same request may succeed.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}

_MEANINGS: Final[Mapping[int, str]] = {
    400: "The request is not one of those that are described here.",
    401: "There is no token, or none that holds.",
    403: "The caller may not do this, or the room does not offer it.",
    404: "There is no such thing, or it is none of the caller's.",
    408: "The body did not come in time.",
    409: "The request does not fit the state that things are in.",
    413: "The body is too large.",
    429: "As often as allowed for now.",
    500: "A fault of the service.",
    503: "What is needed for this is away.",
    504: "What is needed for this did not answer in time.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route, for its documentation.

    Those that any route can have (500 and 503), and any with a body (408, where there is a 413), need not be
    named.
    """
    implied = {500, 503, *({408} if 413 in statuses else ())}
    return {
        status: {
            # Not as a model: the framework would say that it comes in the type of the route's own answer.
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
            "description": _MEANINGS[status],
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
        for status in sorted({*statuses, *implied})
    }
