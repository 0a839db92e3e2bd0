"""The four kinds as a control plane knows them, and payloads for each.

The names stand here a second time on purpose: a test that took them from the code under test would not
notice that the wire had changed.
"""

from __future__ import annotations

import base64
import io
import itertools
import math
import struct
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.audio import recording

if TYPE_CHECKING:
    from collections.abc import Mapping

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kind:
    """A kind of job on the wire.

    Attributes:
        queue: where its jobs go.
        job_name: what producers call them.
        result_name: what the result job is called.
        concurrency: how many run at once.
        payload: one that is valid.
        text: the field of the payload that holds the candidate's text.
        always: the fields that every result has.
        sometimes: those that it may have besides.
    """

    queue: str
    job_name: str
    result_name: str
    concurrency: int
    payload: Mapping[str, Any]
    text: str
    always: frozenset[str]
    sometimes: frozenset[str] = frozenset()

    def with_text(self, text: str, **fields: Any) -> dict[str, Any]:
        """Return a valid payload in which the candidate wrote ``text``."""
        return {**self.payload, self.text: text, **fields}


def tone(seconds: float = 0.3, rate: int = 8000) -> bytes:
    """Return a WAV file that holds 440 Hz, loud enough to be no silence."""
    samples = (round(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(round(seconds * rate)))
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


PROBLEM = "Return the two numbers of the list whose sum is the target."
CODE = "def two_sum(nums, target):\n    for i in range(len(nums)):\n        pass\n"

HINT = Kind(
    queue="ai.generate-hint",
    job_name="generate-hint",
    result_name="hint-result",
    concurrency=5,
    payload={"problemDescription": PROBLEM, "currentCode": CODE, "language": "python", "hintLevel": "gentle"},
    text="currentCode",
    always=frozenset({"jobId", "hint", "hintLevel", "relatedConcepts"}),
    sometimes=frozenset({"suggestedApproach", "reflectionPrompt"}),
)
REVIEW = Kind(
    queue="ai.review-code",
    job_name="review-code",
    result_name="review-result",
    concurrency=3,
    payload={"problemDescription": PROBLEM, "code": CODE, "language": "python"},
    text="code",
    always=frozenset({"jobId", "overallScore", "categories", "suggestions", "summary", "weaknessSignals"}),
)
INTERVIEW = Kind(
    queue="ai.interview-response",
    job_name="interview-response",
    result_name="interview-result",
    concurrency=3,
    payload={
        "problemDescription": PROBLEM,
        "currentCode": CODE,
        "conversationHistory": [{"role": "assistant", "content": "What is the cost of this?"}],
        "userMessage": "It is linear, I think.",
    },
    text="userMessage",
    always=frozenset({"jobId", "shouldRespond", "message", "followUpType", "difficulty", "weaknessSignals"}),
    sometimes=frozenset({"followUpQuestion", "codeAnnotations", "codeContext", "audioUrl", "audio"}),
)
TRANSCRIBE = Kind(
    queue="ai.transcribe",
    job_name="transcribe",
    result_name="transcribe-result",
    concurrency=5,
    payload={"mimeType": "audio/webm", "audioBase64": base64.b64encode(recording("webm", 0.3)).decode()},
    text="language",
    always=frozenset({"jobId", "text"}),
    sometimes=frozenset({"language", "durationMs"}),
)
KINDS = {"hint": HINT, "review": REVIEW, "interview": INTERVIEW, "transcribe": TRANSCRIBE}


def hint(text: str = CODE, **fields: Any) -> dict[str, Any]:
    """Return the payload of a hint for a candidate who wrote ``text``."""
    return HINT.with_text(text, **fields)


def behaving(behaviour: str) -> str:
    """Return a candidate's text that makes the fake provider behave so, for this text alone."""
    return f"# [[case: interop-{next(_numbers)}]] [[provider: {behaviour}]]\n{CODE}"
