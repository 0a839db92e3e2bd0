"""A server that speaks OpenAI's API and Azure's for speech, and misbehaves as the job under test asks it to.

In a test it is a thread::

    with FakeProvider() as provider:
        ...  # provider.base_url, provider.calls("some-case")

and for a plane of processes it can be one too::

    python -m tests.support.provider --port 4010 --log calls.jsonl

Every call is counted in a ledger before anything else happens to it. What the words of a request can ask for
is in :mod:`tests.support.directives`.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import itertools
import json
import signal
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.support.answers import choice, fresh_answer, good_answer, strange_choices
from tests.support.audio import recording
from tests.support.calls import Call, Ledger
from tests.support.directives import Behaviour, read_behaviour
from tests.support.http_wire import drip, read_body, read_request, reset, response, send
from tests.support.threaded_server import ThreadedServer

_VOICES = ("/audio/speech", "/cognitiveservices/v1")
_EARS = ("/audio/transcriptions", "/transcriptions:transcribe")
_ENDPOINTS = ("/chat/completions", *_VOICES, *_EARS)
_GARBAGE = bytes(range(256)) * 8
_AT_ONCE = 50_000
"""Bytes that the sockets' buffers take whole, whatever the client does."""


class FakeProvider(ThreadedServer):
    """The server. Used as a context manager it listens inside the block.

    Args:
        port: where it listens, on 127.0.0.1 only; 0 for any that is free.
        log: a file that gets one JSON line when a call starts and one when it ends.
    """

    def __init__(self, port: int = 0, log: Path | None = None) -> None:
        super().__init__("provider", port)
        self._ledger = Ledger(log)
        self._scripted: dict[str, str] = {}
        self._released: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._connections: set[asyncio.StreamWriter] = set()
        self._numbers = itertools.count(1)

    @property
    def base_url(self) -> str:
        """The value for ``OPENAI_BASE_URL``."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def open_connections(self) -> int:
        """Number of sockets that clients hold open."""
        return len(self._connections)

    def calls(self, case: str | None = None) -> list[Call]:
        """Return the calls of a case, or all, in the order in which they came."""
        return self._ledger.of(case)

    def answer_for(self, case: str, text: str) -> None:
        """Let the model (or the transcription) say ``text`` whenever the case asks."""
        self._scripted[case] = text

    def release(self, case: str) -> None:
        """Let the calls of a case go on that are told to ``hold``."""
        self.loop.call_soon_threadsafe(self._let_go, case)

    def _let_go(self, case: str) -> None:
        self._released[case].set()

    def wait_for(
        self, case: str, *, calls: int = 1, outcome: str | None = None, timeout: float = 10
    ) -> list[Call]:
        """Wait until so many calls of the case have come, or have come to that outcome; return them."""

        def matching(every: list[Call]) -> list[Call]:
            return [call for call in every if call.case == case and outcome in (None, call.outcome)]

        if not self._ledger.wait(lambda every: len(matching(every)) >= calls, timeout):
            raise AssertionError(f"not {calls} calls of {case} came to {outcome}: {self.calls(case)}")
        return matching(self.calls())

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._ledger.shut()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other on one connection."""
        connection = next(self._numbers)
        self._connections.add(writer)
        try:
            while await self._exchange(reader, writer, connection):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(writer)
            writer.transport.abort()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        """Answer one request, unless the client goes away first. False ends the conversation."""
        path, headers, body = await read_request(reader)
        if not path.endswith(_ENDPOINTS):
            await send(writer, response(200 if path == "/health" else 404, b"{}"))
            return True
        request, text = read_body(headers, body)
        asked = read_behaviour(text)
        call = self._ledger.open(
            asked.case, path=path, headers=headers, request=request, connection=connection
        )
        answering = asyncio.ensure_future(self._answer(call, asked.at_call(call.number), writer))
        leaving = asyncio.ensure_future(reader.read(1))
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (answering, leaving):
            task.cancel()
        outcome, _ = await asyncio.gather(answering, leaving, return_exceptions=True)
        if isinstance(outcome, Exception) and not isinstance(outcome, ConnectionError):
            raise outcome  # a directive that makes no sense: the test that wrote it shall see it
        if call.outcome == "pending":
            self._ledger.close(call, outcome if isinstance(outcome, str) else "abandoned")
        return outcome == "answered"

    async def _answer(self, call: Call, asked: Behaviour, writer: asyncio.StreamWriter) -> str:
        """Do to one call what its text asks for; return the outcome."""
        await asyncio.sleep(asked.seconds("delay"))
        if "hang" in asked.words:
            await asyncio.Event().wait()
        if "hold" in asked.words:
            await self._released[call.case].wait()
        if "close" in asked.words:
            return "broken"
        whole = self._compose(call, asked)
        if "reset" in asked.words:
            await send(writer, whole[: len(whole) * 3 // 4])
            reset(writer)
            return "broken"
        if pause := asked.seconds("drip-headers"):
            await drip(writer, whole, 0, pause)
        elif pause := asked.seconds("drip"):
            await drip(writer, whole, whole.index(b"\r\n\r\n") + 4, pause)
        else:
            if len(whole) < _AT_ONCE:
                # A client that has its answer finds the ledger complete.
                self._ledger.close(call, "answered")
            await send(writer, whole)
        return "answered"

    def _compose(self, call: Call, asked: Behaviour) -> bytes:
        """Write the whole response."""
        words = asked.words
        if "status" in words:
            later = {"retry-after": words["retry-after"]} if "retry-after" in words else {}
            return response(int(words["status"]), _error(call, asked), location=call.path, headers=later)
        if "huge" in words:
            return response(200, b" " * int(words["huge"]))
        if words.get("answer") == "html":
            return response(200, b"<!doctype html><title>Sign in</title>", kind="text/html")
        body = self._body(call, asked)
        if "gzip" in words:
            return response(200, gzip.compress(body), encoding="gzip")
        return response(200, body)

    def _body(self, call: Call, asked: Behaviour) -> bytes:
        if call.path.endswith(_VOICES):
            return _speech(call, asked)
        if call.path.endswith(_EARS):
            return _GARBAGE if asked.words.get("answer") == "garbage" else self._transcription(call)
        return self._completion(call, asked)

    def _completion(self, call: Call, asked: Behaviour) -> bytes:
        completion = {
            "id": f"chatcmpl-{call.case}-{call.number}",
            "object": "chat.completion",
            "created": int(call.wall),
            "model": call.request["model"],
            "choices": self._choices(call, asked),
            "usage": {"prompt_tokens": 120, "completion_tokens": 45, "total_tokens": 165},
        }
        return json.dumps(completion).encode()

    def _choices(self, call: Call, asked: Behaviour) -> list[dict[str, Any]]:
        if call.case in self._scripted:
            return [choice(self._scripted[call.case])]
        if asked.words.get("answer") == "fresh":
            return [choice(fresh_answer(call.request, call.case))]
        if "answer" in asked.words:
            return strange_choices(asked.words["answer"], call.request)
        return [choice(good_answer(call.request))]

    def _transcription(self, call: Call) -> bytes:
        text = self._scripted.get(call.case, "I would use a hash map.")
        if call.path.endswith(":transcribe"):
            phrases = [{"text": text, "locale": "en-US"}] if text.strip() else []
            said_by_azure = {"durationMilliseconds": 2500, "phrases": phrases}
            return json.dumps({**said_by_azure, "combinedPhrases": [{"text": text}]}).encode()
        said: dict[str, Any] = {"text": text}
        if call.request.get("response_format") == "verbose_json":
            said |= {"task": "transcribe", "language": "english", "duration": 2.5, "segments": []}
        return json.dumps(said).encode()


def _speech(call: Call, asked: Behaviour) -> bytes:
    """Return half a second of speech in the format that was asked for, or what stands in its place."""
    form = call.request.get("response_format") or call.headers.get("x-microsoft-outputformat", "")
    audio = recording("ogg" if "opus" in form else "mp3", 0.5)
    match asked.words.get("answer"):
        case "empty":
            return b""
        case "garbage":
            return _GARBAGE
        case "truncated":
            return audio[: len(audio) // 2]
    return audio


def _error(call: Call, asked: Behaviour) -> bytes:
    """Write an error body that tells what no log and no person may be told: the key and the prompt."""
    keys = ("authorization", "api-key", "ocp-apim-subscription-key")
    key = next((call.headers[name] for name in keys if name in call.headers), None)
    said = json.dumps(call.request)
    detail = {"message": f"{key} asked {said}", "type": "invalid_request_error"}
    return json.dumps(
        {"error": {**detail, "param": asked.words.get("param"), "code": asked.words.get("code")}}
    ).encode()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--log", type=Path)
    given = arguments.parse_args()
    stops = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with FakeProvider(given.port, given.log) as running:
        print(f"provider is ready at {running.base_url}", flush=True)
        signal.sigwait(stops)
