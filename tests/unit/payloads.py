"""One payload of each kind with every field of the wire in it, as its producer would send it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiplane.queues import Kind

TURN = {"role": "user", "content": "I would sort it first", "timestamp": "2026-03-01T10:00:00Z"}
RUN = {
    "status": "completed",
    "passedTestCases": 3,
    "totalTestCases": 4,
    "failedTestCases": 1,
    "errorTestCases": 0,
    "allTestsPassed": False,
    "submittedAt": "2026-03-01T10:05:00+01:00",
}
SHARED = {
    "roomId": "room-1",
    "sessionId": "session-1",
    "participantId": "participant-1",
    "userId": "user-1",
    "roomMode": "ai",
    "responseLanguage": "en-GB",
}
HISTORY = [
    {
        "category": "edge_cases",
        "description": "forgets the empty list",
        "frequency": 3,
        "trend": "improving",
        "lastSeenAt": 1_772_359_200_000,
    }
]

HINT: dict[str, Any] = {
    **SHARED,
    "problemDescription": "Find two numbers that add up to a target.",
    "currentCode": "def two_sum(numbers, target):\n    pass\n",
    "language": "python",
    "hintLevel": "moderate",
    "conversationHistory": [TURN, {"role": "assistant", "content": "Go on", "createdAt": 1_772_359_200_000}],
    "executionResult": RUN,
    "previousHints": ["Look at the pairs", {"hint": "What do you know already?", "hintLevel": "subtle"}],
    "previousHint": "Think of a table",
    "hintStage": "follow_up",
    "hintIteration": 3,
    "reflectionResponse": "A dictionary?",
    "historicalWeaknesses": HISTORY,
}

REVIEW: dict[str, Any] = {
    **SHARED,
    "problemDescription": "Find two numbers that add up to a target.",
    "code": "def two_sum(numbers, target):\n    return None\n",
    "language": "python",
    "rubric": ["correctness", "naming"],
    "latestSubmissionSummary": RUN,
    "historicalWeaknesses": HISTORY,
}

INTERVIEW: dict[str, Any] = {
    **SHARED,
    "problemDescription": "Find two numbers that add up to a target.",
    "currentCode": "",
    "conversationHistory": [TURN],
    "language": "python",
    "userMessage": "Is the list sorted?",
    "latestExecutionSummary": RUN,
    "hintCount": 1,
    "recentHints": [{"hint": "Look at the pairs", "createdAt": "2026-03-01T10:01:00Z"}],
    "currentDifficulty": "medium",
    "codeContext": {
        "file": "solution.py",
        "codeSnippet": "pass",
        "startLine": 2,
        "endLine": 2,
        "cursorLine": 2,
    },
    "trigger": "user_message",
    "interactionSignals": {
        "reason": "idle",
        "elapsedSeconds": 312.5,
        "secondsSinceLastUserMessage": 40,
        "hintCount": 1,
    },
    "historicalWeaknesses": HISTORY,
    "voice": False,
}

TRANSCRIBE: dict[str, Any] = {
    **SHARED,
    "mimeType": "audio/webm;codecs=opus",
    "audioBase64": "UklGRg==",
    "audioKey": "rooms/room-1/answer.webm",
    "language": "en",
}

PAYLOAD_OF = {"hint": HINT, "review": REVIEW, "interview": INTERVIEW, "transcribe": TRANSCRIBE}

REQUIRED: dict[Kind, tuple[str, ...]] = {
    "hint": ("problemDescription", "currentCode", "language", "hintLevel"),
    "review": ("problemDescription", "code", "language"),
    "interview": ("problemDescription", "currentCode", "conversationHistory"),
    "transcribe": ("mimeType",),
}


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the data that holds something, the data itself excluded."""
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for step, value in steps for found in ((*path, step), *places(value, (*path, step)))]


def put(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of the data with another value in the place."""
    changed = copy.deepcopy(data)
    spot: Any = changed
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    return changed
