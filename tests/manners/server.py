"""A model server's manners as data, and a real HTTP server that has them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from tests.support.answers import good_answer
from tests.support.http_wire import read_request, response, send
from tests.support.threaded_server import ThreadedServer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

Scene = Literal["good", "refused parameter", "rate limit", "wrong key", "malformed", "too long"]
SCENES: tuple[Scene, ...] = ("good", "refused parameter", "rate limit", "wrong key", "malformed", "too long")


@dataclass(frozen=True)
class Said:
    """One response.

    Attributes:
        status: its status.
        body: its body; what is no text is sent as JSON.
        headers: more headers.
        code: the code of the failure that it has to become.
        says: what its sentence has to hold: the setting to look at, as a rule.
        retry_after: the seconds that the failure has to carry.
    """

    status: int
    body: Any
    code: str
    says: str
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None


@dataclass(frozen=True)
class Server:
    """One server.

    Attributes:
        name: what people call it.
        limit: the name of the limit of tokens that it takes; it refuses the other, or takes no notice of it.
        formats: the ``type`` of each ``response_format`` that it takes.
        rate_limit, wrong_key, malformed, too_long: what it says then.
        env: the settings that it needs.
        refusal_of_limit: makes what it says of the other name of the limit; None where it takes no notice.
        refusal_of_format: what it says of a format that it does not take.
        completion: makes its envelope of an answer.
    """

    name: str
    limit: str
    formats: tuple[str, ...]
    rate_limit: Said
    wrong_key: Said
    malformed: Said
    too_long: Said
    completion: Callable[[str], Any]
    env: Mapping[str, str] = field(default_factory=dict)
    refusal_of_limit: Callable[[str], Said] | None = None
    refusal_of_format: Said | None = None

    def settings(self, base_url: str) -> dict[str, str]:
        """Return the environment with which it is asked at that address."""
        if self.env.get("LLM_PROVIDER") == "azure":
            at = {"AZURE_OPENAI_ENDPOINT": base_url.removesuffix("/v1"), "AZURE_OPENAI_API_KEY": "key"}
        else:
            at = {"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "key"}
        return {**at, **self.env}

    def answer(self, scene: Scene, request: Mapping[str, Any]) -> Said:
        """Answer a request as the server would."""
        match scene:
            case "rate limit":
                return self.rate_limit
            case "wrong key":
                return self.wrong_key
            case "malformed":
                return self.malformed
            case "too long":
                return self.too_long
        return self._refusal(request) or good(self.completion(good_answer(dict(request))))

    def _refusal(self, request: Mapping[str, Any]) -> Said | None:
        other = next((name for name in request if name.startswith("max_") and name != self.limit), None)
        if other and self.refusal_of_limit:
            return self.refusal_of_limit(other)
        form = request.get("response_format", {"type": "text"})["type"]
        return self.refusal_of_format if form not in (*self.formats, "text") else None


class PlayedServer(ThreadedServer):
    """The HTTP server. Used as a context manager it listens inside the block.

    Attributes:
        scene: what it plays.
        times: for how many requests; a good answer follows. None for all.
        requests: the bodies of what it was asked.
    """

    def __init__(self, server: Server) -> None:
        super().__init__(server.name)
        self.scene: Scene = "good"
        self.times: int | None = None
        self.requests: list[dict[str, Any]] = []
        self._server = server
        self._numbers = count(1)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        _, _, body = await read_request(reader)
        request = json.loads(body)
        self.requests.append(request)
        plays = self.times is None or next(self._numbers) <= self.times
        said = self._server.answer(self.scene if plays else "good", request)
        text = said.body if isinstance(said.body, str) else json.dumps(said.body)
        headers = {"connection": "close", "date": formatdate(usegmt=True), **said.headers}
        await send(writer, response(said.status, text.encode(), headers=headers))
        writer.close()


def good(completion: Any) -> Said:
    return Said(200, completion, code="", says="")


def openai_completion(content: Any, **message: Any) -> dict[str, Any]:
    """Return the envelope that OpenAI's documents describe."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "a-model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def openai_error(
    message: str, *, code: Any = None, param: Any = None, kind: str = "invalid_request_error"
) -> Any:
    """Return the body that OpenAI's documents describe."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


KEY, MODEL, FORM = "OPENAI_API_KEY", "LLM_MODEL", "LLM_RESPONSE_FORMAT"
AUTH, LIMITED, REJECTED, INVALID = (
    "llm_auth", "llm_rate_limited", "llm_request_rejected", "llm_invalid_response",
)  # fmt: skip
