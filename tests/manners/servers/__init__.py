"""One file a server: its ``SERVER``, in the words that its own documents and its users' reports have."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.manners.server import Server

SERVERS: tuple[Server, ...] = tuple(
    import_module(f"{__name__}.{module.name}").SERVER for module in iter_modules(__path__)
)
