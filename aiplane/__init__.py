"""What every process of the plane shares. It imports neither the tasks nor the bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiplane.app import Plane


def __getattr__(name: str) -> Plane:
    # `celery -A aiplane` looks for this name; nobody else pays for importing Celery.
    if name == "celery":
        from aiplane.app import app  # noqa: PLC0415 -- the point of this function

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
