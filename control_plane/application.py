"""The ASGI application: started by ``python -m control_plane``, or mounted into another one."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aiplane.client import Client
from aiplane.results import ResultsConsumer
from aiplane.settings import SettingsError
from aiplane.settings.rules import broken_rules
from control_plane.admission import Admission
from control_plane.audio_store import store_of
from control_plane.bell import Bell
from control_plane.breaker import Breaker
from control_plane.cache import Cache
from control_plane.capabilities import Rules
from control_plane.database import Database
from control_plane.envelope import Envelope
from control_plane.errors import ErrorBody
from control_plane.gauges import Gauges
from control_plane.hooks import StandAlone
from control_plane.housekeeping import Housekeeping
from control_plane.identity import BearerTokens
from control_plane.listeners import Listeners
from control_plane.outcomes import Outcomes
from control_plane.reconcile import Reconciler
from control_plane.recording import longest_body
from control_plane.refusing import add_handlers
from control_plane.relay import Relay
from control_plane.routes import ai, docs, events, health, history, me, platform, voice
from control_plane.schema import check_schema
from control_plane.services import Services
from control_plane.settings import ControlPlaneSettings
from control_plane.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi.telemetry import TelemetryConfig

    from control_plane.hooks import Hooks
    from control_plane.identity import Identity

VERSION = "1.0.0"
"""Of the HTTP surface, not of the code."""

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""What is told of a request is ours (:mod:`control_plane.envelope`). The framework would add a second span of
each, with the path, which holds ids of rooms and people, and log the texts of exceptions."""


def create_app(
    settings: ControlPlaneSettings,
    *,
    identity: Identity | None = None,
    rules: Rules | None = None,
    hooks: Hooks | None = None,
) -> FastAPI:
    """Make the application. Nothing is connected before it starts.

    Args:
        settings: the environment.
        identity: who knows callers; by default, bearer tokens as the settings say.
        rules: who may do what, and where.
        hooks: what is known of rooms; by default, the service's own tables.

    Raises:
        SettingsError: tokens are to be read, and the settings do not say how.
    """
    services = _services(
        settings, identity or _bearer_tokens(settings), rules or Rules(), hooks or StandAlone()
    )
    prefix = settings.api_prefix
    app = FastAPI(
        title="aiplane control plane",
        version=VERSION,
        lifespan=_lifespan,
        telemetry=NO_TELEMETRY,
        openapi_url=f"{prefix}/openapi.json",
        # The framework's own page loads from another host; routes/docs.py has ours.
        docs_url=None,
        redoc_url=None,
        # A slash too many is another address: a redirect would lose the body.
        redirect_slashes=False,
    )
    app.state.services = services
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own way to do it
    longest = longest_body(settings.stt_max_audio_size_mb * 2**20)
    app.add_middleware(Envelope, body_limits={"/ai/voice": longest})
    add_handlers(app)
    for module in (health, docs, platform, ai, voice, history, events, me):
        app.include_router(module.router, prefix=prefix)
    return app


def _bearer_tokens(settings: ControlPlaneSettings) -> BearerTokens:
    """Read tokens, as settings say that were perhaps read for somebody who knows callers otherwise."""
    faults = tuple(fault.sentence for fault in broken_rules(settings, (), ControlPlaneSettings.rules))
    if faults:
        raise SettingsError(faults)
    return BearerTokens(settings)


def _services(settings: ControlPlaneSettings, identity: Identity, rules: Rules, hooks: Hooks) -> Services:
    assert settings.database_url is not None, "the settings were not checked"  # noqa: S101 -- for the type checker
    database, client = Database(settings.database_url), Client(settings)
    breaker = Breaker(database, settings)
    return Services(
        settings=settings,
        database=database,
        identity=identity,
        rules=rules,
        hooks=hooks,
        client=client,
        relay=Relay(database, client, settings.call_timeout_seconds),
        bell=Bell(settings.database_url),
        listeners=Listeners(),
        cache=Cache(settings.redis_url),
        breaker=breaker,
        admission=Admission(database, client, breaker, settings),
        audio=store_of(settings),
        uploads=Uploads(4 * longest_body(settings.stt_max_audio_size_mb * 2**20)),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    here: Services = app.state.services
    outcomes = Outcomes(here)
    timeout = here.settings.call_timeout_seconds
    async with AsyncExitStack() as stack:
        stack.push_async_callback(here.database.close)
        stack.push_async_callback(here.cache.close)
        if here.audio is not None:
            stack.callback(here.audio.close)
        await check_schema(here.database)
        await stack.enter_async_context(here.client)
        await stack.enter_async_context(here.admission)
        await stack.enter_async_context(here.bell)
        await stack.enter_async_context(here.relay)
        consumer = ResultsConsumer(
            here.settings, outcomes.completed, outcomes.failed, on_started=outcomes.started
        )
        await stack.enter_async_context(consumer)
        await stack.enter_async_context(Gauges(here.database, consumer.lag))
        await stack.enter_async_context(Reconciler(here.database, here.client, outcomes, timeout))
        await stack.enter_async_context(Housekeeping(here.database))
        yield


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document. What is not valid is a 400 here, and never the framework's 422."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for operations in document.get("paths", {}).values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        schemas = document["components"]["schemas"]
        schemas["ErrorBody"] = ErrorBody.model_json_schema()
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema
