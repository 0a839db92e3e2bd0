"""The parts that requests are served with, as one object that hangs on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from aiplane.client import Client
    from control_plane.admission import Admission
    from control_plane.audio_store import AudioStore
    from control_plane.bell import Bell
    from control_plane.breaker import Breaker
    from control_plane.cache import Cache
    from control_plane.capabilities import Rules
    from control_plane.database import Database
    from control_plane.hooks import Hooks
    from control_plane.identity import Identity
    from control_plane.listeners import Listeners
    from control_plane.relay import Relay
    from control_plane.settings import ControlPlaneSettings
    from control_plane.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that requests are served with.

    Attributes:
        settings: the environment.
        database: PostgreSQL.
        identity: who calls.
        rules: who may do what, and where.
        hooks: what is known of rooms.
        client: speaks to the queues.
        relay: sends what was accepted.
        bell: rings for what was committed.
        listeners: who has a stream of events open here.
        cache: what has ended, in Redis.
        breaker: guards calls to the queues.
        audio: the bucket of recordings and spoken replies; None where there is none.
        uploads: recordings that are on their way.
        admission: lets requests in while there is somebody to answer them.
    """

    settings: ControlPlaneSettings
    database: Database
    identity: Identity
    rules: Rules
    hooks: Hooks
    client: Client
    relay: Relay
    bell: Bell
    listeners: Listeners
    cache: Cache
    breaker: Breaker
    admission: Admission
    audio: AudioStore | None
    uploads: Uploads


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Here = Annotated[Services, Depends(_services)]
"""The services of the application that a request came to."""
