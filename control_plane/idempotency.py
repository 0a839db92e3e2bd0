"""Calls that come with an ``Idempotency-Key``: the same call twice is one call, and has one answer.

The key is written in the transaction of what it is for. So whoever comes second, at whichever process, waits
for the first to end: it then finds the answer, or (the first was refused) does the work itself.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from control_plane.errors import ConflictError
from control_plane.tables import IdempotencyKey

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from control_plane.bodies import Body
    from control_plane.identity import Caller

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="The same call twice with one key is one call. Kept for a day.",
    ),
]


class Once:
    """A call that is made once by its key.

    Attributes:
        answer: what was answered the first time; None if this is that time.
    """

    def __init__(self, owner: str, key: str | None, answer: dict[str, Any] | None = None) -> None:
        self._owner, self._key = owner, key
        self.answer = answer

    async def keep(self, session: AsyncSession, answer: dict[str, Any]) -> dict[str, Any]:
        """Keep the answer for whoever makes the same call again, and return it."""
        if self._key is not None:
            own = (IdempotencyKey.owner == self._owner, IdempotencyKey.key == self._key)
            await session.execute(update(IdempotencyKey).where(*own).values(answer=answer))
        return answer


async def once(session: AsyncSession, caller: Caller, route: str, key: str | None, asked: Body) -> Once:
    """Begin a call.

    Args:
        session: the transaction in which the work is done.
        caller: who calls; keys of others are others.
        route: what is called, with its path.
        key: the key; None for a call that counts each time.
        asked: the body.

    Raises:
        ConflictError: the key came before, with something else.
    """
    owner = f"{caller.id} {route}"
    if key is None:
        return Once(owner, None)
    fingerprint = hashlib.sha256(
        json.dumps(asked.model_dump(mode="json"), sort_keys=True).encode()
    ).hexdigest()
    made = await session.execute(
        insert(IdempotencyKey)
        .values(owner=owner, key=key, fingerprint=fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    )
    if made.first() is not None:
        return Once(owner, key)
    before = await session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.answer).where(
            IdempotencyKey.owner == owner, IdempotencyKey.key == key
        )
    )
    known, answer = before.one()
    if known != fingerprint:
        sentence = "This Idempotency-Key came before with another body: use a new key for a new call."
        raise ConflictError(sentence, code="idempotency_key_reused")
    return Once(owner, key, answer)
