"""Dead letters: the copies of failed jobs in ``<queue>.dlq``, read in small pieces and taken for hostile.

The bridge writes a letter and puts the payload last, so all but the payload can be read of a letter whose
payload is a recording. Somebody else may have written anything; then a letter is there, and unreadable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from aiplane.bull import check, is_dead_letter_of
from aiplane.errors import ERRORS
from aiplane.queues import dead_letters_of
from aiplane.redis.lua import load_script
from aiplane.redis.untrusted_json import read_object, whole_number

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from redis.asyncio import Redis

    from aiplane.bull import Bull, ScriptCall

PAGE_IDS = 1000
"""How many ids of letters one read fetches."""

PAGE_LETTERS = 50
"""How many letters one read fetches."""

SMALL = 64 * 1024
"""Characters of a letter that is read whole; of a longer one, what stands before its payload."""

LETTER_HEADS = load_script(__package__, "letter_heads")


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter without its payload.

    Attributes:
        id: the id of the letter itself, a job of the dead-letter queue.
        job_id: the job that failed; empty if the letter cannot be read.
        name: that job's name.
        code: a code of :mod:`aiplane.errors`; empty if it is none of them.
        failed_reason: what BullMQ keeps and a person reads.
        attempts_made: how many attempts were made.
        failed_at: when the last of them failed; None if the letter does not say.
        options: the job's options as stored.
        stacktrace: the traces of its attempts.
    """

    id: str
    job_id: str = ""
    name: str = ""
    code: str = ""
    failed_reason: str = field(default="", repr=False)
    attempts_made: int = 0
    failed_at: datetime | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    stacktrace: tuple[str, ...] = field(default=(), repr=False)

    @property
    def readable(self) -> bool:
        """True if it is known which job it is about."""
        return bool(self.job_id)


class DeadLetters:
    """The dead letters of one queue."""

    def __init__(self, redis: Redis, bull: Bull, queue: str) -> None:
        self._redis = redis
        self.queue = bull.queue(dead_letters_of(queue))
        self._heads = redis.register_script(LETTER_HEADS)

    async def ids(self) -> AsyncIterator[str]:
        """Yield the ids of all letters, the newest first."""
        for place in ("wait", "paused"):
            start, before = 0, set[str]()
            while page := await self._page(place, start):
                for letter_id in page:
                    # What comes in at the head meanwhile moves what was read already into the next page.
                    if letter_id not in before:
                        yield letter_id
                start, before = start + PAGE_IDS, set(page)

    async def _page(self, place: str, start: int) -> list[str]:
        ids = await self._redis.lrange(self.queue.key(place), start, start + PAGE_IDS - 1)
        return cast("list[str]", ids)

    async def read(self, ids: Sequence[str]) -> list[Letter]:
        """Read letters; one that is gone, or that nobody can read, has only its id."""
        texts = await self._heads(keys=[], args=[self.queue.key(""), SMALL, *ids])
        return [read_letter(letter_id, text) for letter_id, text in zip(ids, texts, strict=True)]

    async def walk(self, *, code: str | None = None, most: int | None = None) -> AsyncIterator[Letter]:
        """Yield the letters that are there now, the newest first. The caller may remove them as they come.

        Args:
            code: only those with this code.
            most: how many letters to look at.
        """
        ids: list[str] = []
        async for letter_id in self.ids():
            if most is not None and len(ids) >= most:
                break
            ids.append(letter_id)
        for start in range(0, len(ids), PAGE_LETTERS):
            for letter in await self.read(ids[start : start + PAGE_LETTERS]):
                if code in (None, letter.code):
                    yield letter

    async def find(self, wanted: str) -> list[Letter]:
        """Return the letter of that id, or those of the job of that id, the newest first."""
        ids = [each async for each in self.ids() if each == wanted or is_dead_letter_of(wanted, each)]
        letters = await self.read(ids) if ids else []
        return [letter for letter in letters if wanted in (letter.id, letter.job_id) or not letter.readable]

    async def data(self, letter: Letter) -> str | None:
        """Return the JSON text of the payload, as the letter holds it; None if there is none."""
        text = await self.queue.data(letter.id)
        return payload_of(text or "")

    async def remove(self, letter_id: str, note: ScriptCall | None = None) -> None:
        """Remove a letter; one that is gone is no fault. The scripts must have been loaded.

        Args:
            letter_id: the letter's id.
            note: what is done with it; what that answers is not looked at.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            if note is not None:
                note.stage(pipe)
            self.queue.removing(letter_id).stage(pipe)
            check((await pipe.execute(raise_on_error=False))[-1])


def read_letter(letter_id: str, text: str) -> Letter:
    """Read a letter as anyone may have written it. It never raises."""
    said = read_object(text)
    code = _text(said.get("code"))
    options, traces = said.get("opts"), said.get("stacktrace")
    return Letter(
        letter_id,
        job_id=_text(said.get("jobId")),
        name=_text(said.get("name")),
        code=code if code in ERRORS else "",
        failed_reason=_text(said.get("failedReason")),
        attempts_made=whole_number(said.get("attemptsMade"), 0),
        failed_at=_moment(said.get("failedAt")),
        options=options if isinstance(options, dict) else {},
        stacktrace=tuple(each for each in traces if isinstance(each, str))
        if isinstance(traces, list)
        else (),
    )


def payload_of(text: str) -> str | None:
    """Return the JSON text of the payload inside the text of a letter; None if there is none to write."""
    letter = read_object(text)
    try:
        return json.dumps(letter["data"], allow_nan=False) if "data" in letter else None
    except ValueError:
        return None  # a number too large to be one, which Node would have written as null


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(cast("str", value))
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else None
