"""Errors that make a job fail, as one tree; the leaf decides the code and whether it is retried.

::

    JobError
    ├── LLMError
    │   ├── LLMTimeoutError          llm_timeout             retried
    │   ├── LLMRateLimitedError      llm_rate_limited        retried
    │   ├── LLMUnavailableError      llm_unavailable         retried
    │   ├── LLMInvalidResponseError  llm_invalid_response    retried
    │   ├── LLMAuthError             llm_auth                final
    │   └── LLMRequestRejectedError  llm_request_rejected    final
    ├── TranscriptionError
    │   ├── TranscriptionFailedError    stt_failed           final
    │   ├── TranscriptionDisabledError  stt_disabled         final
    │   └── AudioTooLargeError          audio_too_large      final
    ├── InvalidPayloadError             invalid_payload      final
    ├── NotAvailableInModeError         not_available_in_mode  final
    ├── JobCancelledError               cancelled            final
    ├── JobTimeoutError                 job_timeout          retried
    ├── WorkerLostError                 worker_lost          retried
    └── InternalError                   internal_error       retried

The codes and the retry decisions are fixed by the wire contract. Callers branch on the class, or on
``retryable``, never on the text. An error holds one sentence that may be shown to a person: no secret,
no text of a candidate, nothing of the inside. It survives pickling and the way through JSON
(:meth:`JobError.to_dict`, :func:`error_from_dict`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


LONGEST_RETRY_AFTER = 120.0
"""Seconds. A provider that asks for more is asked again all the same: a person waits for the answer."""


class JobError(Exception):
    """Failure of a job's attempt. Not raised itself: the leaves are.

    Attributes:
        sentence: what happened and what to do, for a person.
        retry_after: seconds, 0 to 120, before which the provider wants no retry; None where it does not say.
    """

    code: ClassVar[str]
    retryable: ClassVar[bool]

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after = None if retry_after is None else min(max(retry_after, 0.0), LONGEST_RETRY_AFTER)

    @property
    def failed_reason(self) -> str:
        """The text that BullMQ stores and a person reads: ``<code>: <sentence>``."""
        return f"{self.code}: {self.sentence}"

    def to_dict(self) -> dict[str, str | float]:
        """Return the error as JSON-ready data; the inverse is :func:`error_from_dict`."""
        data: dict[str, str | float] = {"code": self.code, "sentence": self.sentence}
        return data if self.retry_after is None else {**data, "retryAfter": self.retry_after}


class LLMError(JobError):
    """Failed call of the language model."""


class LLMTimeoutError(LLMError):
    """Time-out: the provider did not answer within ``LLM_TIMEOUT_SECONDS``."""

    code = "llm_timeout"
    retryable = True


class LLMRateLimitedError(LLMError):
    """Rate limit: the provider answered 429."""

    code = "llm_rate_limited"
    retryable = True


class LLMUnavailableError(LLMError):
    """Outage: the connection was refused or reset, or the provider answered 408, 409 or 5xx."""

    code = "llm_unavailable"
    retryable = True


class LLMInvalidResponseError(LLMError):
    """Invalid answer: empty, cut off, not of the schema, or one that failed a check.

    Attributes:
        repairable: whether the model can do better when it is told the sentence: it can write a shorter
            answer, or one of the schema; it cannot mend that it refused.
    """

    code = "llm_invalid_response"
    retryable = True

    def __init__(self, sentence: str, *, repairable: bool = True, retry_after: float | None = None) -> None:
        super().__init__(sentence, retry_after=retry_after)
        self.repairable = repairable


class LLMAuthError(LLMError):
    """Failed authentication: the provider answered 401 or 403, or there is no key."""

    code = "llm_auth"
    retryable = False


class LLMRequestRejectedError(LLMError):
    """Any other answer of 4xx: unknown model, content filter, context too long."""

    code = "llm_request_rejected"
    retryable = False


class TranscriptionError(JobError):
    """Failed transcription. None is retried: the audio would be the same."""


class TranscriptionFailedError(TranscriptionError):
    """Audio that could not be turned into text, whatever the cause."""

    code = "stt_failed"
    retryable = False


class TranscriptionDisabledError(TranscriptionError):
    """Transcribe job that came while ``STT_PROVIDER`` is ``none`` or unset."""

    code = "stt_disabled"
    retryable = False


class AudioTooLargeError(TranscriptionError):
    """Decoded audio larger than ``STT_MAX_AUDIO_SIZE_MB``."""

    code = "audio_too_large"
    retryable = False


class InvalidPayloadError(JobError):
    """Payload with a field that is missing, of the wrong type or too long; the sentence names it."""

    code = "invalid_payload"
    retryable = False


class NotAvailableInModeError(JobError):
    """Interview or transcribe job from a room whose ``roomMode`` is ``peer``."""

    code = "not_available_in_mode"
    retryable = False


class JobCancelledError(JobError):
    """Cancellation of the job by a person."""

    code = "cancelled"
    retryable = False


class JobTimeoutError(JobError):
    """Time-out: the task ran past its queue's time limit."""

    code = "job_timeout"
    retryable = True


class WorkerLostError(JobError):
    """Death of the process that ran the task."""

    code = "worker_lost"
    retryable = True


class InternalError(JobError):
    """A fault of ours. The sentence says nothing of the inside; the log does."""

    code = "internal_error"
    retryable = True


def _leaves(branch: type[JobError]) -> Iterator[type[JobError]]:
    for child in branch.__subclasses__():
        if child.__subclasses__():
            yield from _leaves(child)
        else:
            yield child


ERRORS: Mapping[str, type[JobError]] = {leaf.code: leaf for leaf in _leaves(JobError)}
"""Every leaf by its code."""


def error_from_dict(data: Mapping[str, Any]) -> JobError:
    """Rebuild the error that :meth:`JobError.to_dict` wrote.

    A code that this version does not know (a newer worker wrote it) becomes ``internal_error``, which is
    retried: by then the newer version may be the one that reads it.
    """
    leaf = ERRORS.get(data.get("code", ""), InternalError)
    sentence = data.get("sentence", "") or "The work failed for a reason that was not recorded."
    return leaf(sentence, retry_after=_seconds(data.get("retryAfter")))


def _seconds(value: Any) -> float | None:
    """Return a number of seconds that came as JSON, which may be anything; None if it is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < math.inf:
        return None
    return float(min(max(value, 0), LONGEST_RETRY_AFTER))
