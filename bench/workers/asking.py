"""Request of the rivals in Python to the provider: one, with what a job holds, and the answer as JSON."""

from __future__ import annotations

import base64
import json
from typing import Any


def request_for(data: dict[str, Any], schema: str | None) -> dict[str, Any]:
    """Return the arguments of an HTTP client's ``post`` for a job; without a schema it is a recording."""
    headers = {"authorization": "Bearer bench"}
    if schema is None:
        audio = base64.b64decode(data["audioBase64"])
        files = {"file": ("speech.webm", audio, data["mimeType"])}
        return {
            "url": "/audio/transcriptions",
            "headers": headers,
            "data": {"model": "bench"},
            "files": files,
        }
    messages = [
        {"role": "system", "content": "Answer as the schema says."},
        {"role": "user", "content": json.dumps(data)},
    ]
    form = {"type": "json_schema", "json_schema": {"name": schema}}
    body = {"model": "bench", "messages": messages, "response_format": form}
    return {"url": "/chat/completions", "headers": headers, "json": body}


def read_answer(body: bytes, schema: str | None) -> dict[str, Any]:
    """Return the result that an answer holds."""
    answer = json.loads(body)
    if schema is None:
        return {"text": answer["text"]}
    return dict(json.loads(answer["choices"][0]["message"]["content"]))
