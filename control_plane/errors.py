"""Errors that a request is refused with, as one tree; the leaf decides the status and the code.

::

    ApiError
    ├── InvalidRequestError         400  invalid_request (or the code of what is wrong)
    ├── UnauthenticatedError        401  unauthenticated
    ├── ForbiddenError              403  forbidden
    ├── NotAvailableInModeError     403  not_available_in_mode
    ├── NotFoundError               404  not_found
    ├── TooSlowError                408  too_slow
    ├── ConflictError               409  conflict (or the code of what it collides with)
    ├── TooLargeError               413  too_large
    ├── RateLimitedError            429  rate_limited
    ├── UnavailableError            503  unavailable (or the code of what is away)
    └── TimedOutError               504  timed_out

One body goes out for all of them (:class:`ErrorBody`). A sentence is for a person: what happened, and what to
do. It holds nothing of the inside, and nothing that was sent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from starlette.exceptions import HTTPException

from control_plane.bodies import Body

if TYPE_CHECKING:
    from collections.abc import Mapping

Details: TypeAlias = dict[str, Any] | list[dict[str, Any]] | None
"""More about a refusal, by its code."""


class ErrorBody(Body):
    """Body of every refusal.

    Attributes:
        status_code: the HTTP status.
        code: a word that programs branch on.
        message: a sentence that a person may read.
        request_id: what the log and the trace know this request by.
        timestamp: when, in ISO 8601.
        details: more of it, by code.
    """

    status_code: int
    code: str
    message: str
    request_id: str
    timestamp: str
    details: Details = None


class ApiError(HTTPException):
    """Refusal of a request. Not raised itself: the leaves are.

    It is one of the framework's own, because that hands only those on when they come up while a body is read.
    """

    status: ClassVar[int]
    default_code: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        details: Details = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(self.status, message, dict(headers or {}))
        self.message = message
        self.code = code or self.default_code
        self.details = details


class InvalidRequestError(ApiError):
    """Invalid request: it is not one of those that the document describes."""

    status = 400
    default_code = "invalid_request"


class UnauthenticatedError(ApiError):
    """Missing authentication: there is no token, or none that holds."""

    status = 401
    default_code = "unauthenticated"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class ForbiddenError(ApiError):
    """Missing permission: the caller may not do this."""

    status = 403
    default_code = "forbidden"


class NotAvailableInModeError(ApiError):
    """Feature that nobody has in a room of this mode, or not yet."""

    status = 403
    default_code = "not_available_in_mode"


class NotFoundError(ApiError):
    """No such thing, or none of the caller's."""

    status = 404
    default_code = "not_found"


class TooSlowError(ApiError):
    """Body that did not come in time."""

    status = 408
    default_code = "too_slow"

    def __init__(self, message: str) -> None:
        # What is still on its way must not be taken for the next request.
        super().__init__(message, headers={"Connection": "close"})


class ConflictError(ApiError):
    """Conflict: the request does not fit the state that things are in."""

    status = 409
    default_code = "conflict"


class TooLargeError(ApiError):
    """Body larger than this route takes."""

    status = 413
    default_code = "too_large"


class RetryLaterError(ApiError):
    """Refusal of a request that may succeed after a while. Not raised itself.

    Args:
        message: the sentence.
        retry_after: whole seconds after which it may; the header says the same.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: int,
        code: str | None = None,
        details: Details = None,
    ) -> None:
        super().__init__(message, code=code, details=details, headers={"Retry-After": str(retry_after)})
        self.retry_after = retry_after


class RateLimitedError(RetryLaterError):
    """Rate limit: the caller has asked as often as it may for now."""

    status = 429
    default_code = "rate_limited"


class UnavailableError(RetryLaterError):
    """Outage of a part that is needed for this."""

    status = 503
    default_code = "unavailable"


class TimedOutError(ApiError):
    """Time-out of a part that is needed for this."""

    status = 504
    default_code = "timed_out"


def error_body(
    status: int,
    code: str,
    message: str,
    request_id: str,
    details: Details = None,
) -> dict[str, Any]:
    """Return the one body of all refusals, as JSON-ready data."""
    body = ErrorBody.model_construct(
        status_code=status,
        code=code,
        message=message,
        request_id=request_id,
        timestamp=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        details=details,
    )
    return body.model_dump(by_alias=True, exclude_none=True)
