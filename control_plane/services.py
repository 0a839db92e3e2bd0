"""What a request needs, as one object that hangs on the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from control_plane.capabilities import Rules
    from control_plane.database import Database
    from control_plane.hooks import Hooks
    from control_plane.identity import Identity
    from control_plane.settings import ControlPlaneSettings


@dataclass(frozen=True, slots=True)
class Services:
    """What a request needs.

    Attributes:
        settings: the environment.
        database: PostgreSQL.
        identity: who calls.
        rules: who may do what, and where.
        hooks: what is known of rooms.
    """

    settings: ControlPlaneSettings
    database: Database
    identity: Identity
    rules: Rules
    hooks: Hooks


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


Here = Annotated[Services, Depends(_services)]
"""The services of the application that a request came to."""
