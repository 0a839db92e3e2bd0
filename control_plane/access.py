"""The dependencies that decide whether a request may go on: who calls, from which room, and for what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer

from control_plane.errors import ConflictError, ForbiddenError, NotAvailableInModeError, NotFoundError
from control_plane.hooks import RoomFacts  # noqa: TC001 - FastAPI reads the annotations
from control_plane.identity import Caller
from control_plane.services import Here  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from control_plane.capabilities import Capability, Feature

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

# What it is for is the document; the token itself is read by Identity, which a team may replace.
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", scheme_name="token")


async def _somebody(request: Request, here: Here, _: Annotated[object, Security(_bearer)]) -> Caller:
    return await here.identity.caller(request)


Somebody = Annotated[Caller, Depends(_somebody)]
"""Whoever has a token that holds."""


def _platform(caller: Somebody) -> Caller:
    if not caller.is_service:
        raise ForbiddenError("This is for the platform: its token's scope holds the word service.")
    return caller


Platform = Annotated[Caller, Depends(_platform)]
"""The platform, by a service token."""

RoomId = Annotated[str, Path(alias="roomId", max_length=64, description="The id of a room.")]


@dataclass(frozen=True, slots=True)
class Visit:
    """A participant at the door of a room, and let in.

    Attributes:
        caller: who.
        room: where.
        role: as what.
        author: whose work the caller asks about: the own, or that of the only one who writes code here; None
            if that is nobody in particular.
    """

    caller: Caller
    room: RoomFacts
    role: str
    author: str | None

    @property
    def own_work(self) -> str | None:
        """The caller's id, if the caller is one of those whose work is talked about here."""
        return self.author if self.author == self.caller.id else None


class Entry:
    """The dependency of a route in a room: lets in who may do what the route does, in a mode that offers it.

    Args:
        capability: what the caller's role must allow.
        feature: what the room's mode must offer; None where every mode does.
    """

    def __init__(self, capability: Capability, feature: Feature | None = None) -> None:
        self._capability = capability
        self._feature = feature

    async def __call__(self, room_id: RoomId, caller: Somebody, here: Here) -> Visit:
        """Let the caller in.

        Raises:
            NotFoundError: there is no such room, or the caller is not in it.
            ForbiddenError: the role does not allow it.
            NotAvailableInModeError: the mode does not offer it, or not yet.
            ConflictError: the mode does not offer it any more.
        """
        room = await find_room(here, room_id)
        role = room.roles.get(caller.id)
        if role is None:
            raise no_such_room()
        if not here.rules.allows(role, self._capability):
            raise ForbiddenError(f"As {role} you may not do this in this room.")
        if self._feature is not None:
            self._check_mode(here, room, self._feature)
        return Visit(caller, room, role, here.rules.whose_work(room.roles, caller.id))

    def _check_mode(self, here: Here, room: RoomFacts, feature: Feature) -> None:
        if here.rules.offers_when(room.mode, feature, room.state):
            return
        if not here.rules.offers(room.mode, feature):
            raise NotAvailableInModeError(f"A room of the mode {room.mode} has no {feature}.")
        if room.state == "active":
            raise NotAvailableInModeError(f"A {feature} can be asked for once the session has ended.")
        raise ConflictError("The session has ended.", code="room_finished")


async def find_room(here: Here, room_id: str) -> RoomFacts:
    """Return a room.

    Raises:
        NotFoundError: there is none.
    """
    if not _ID.fullmatch(room_id):
        raise no_such_room()
    async with here.database.statements() as session:
        room = await here.hooks.load_room(session, room_id)
    if room is None:
        raise no_such_room()
    return room


def no_such_room() -> NotFoundError:
    """Return the answer to whoever asks for a room that is not there, or not theirs: the same for both."""
    return NotFoundError("There is no such room, or you are not in it.")
