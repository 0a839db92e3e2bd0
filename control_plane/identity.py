"""Identity of a caller, by a bearer token. A team that knows its users otherwise replaces ``Identity``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from joserfc import jwt
from joserfc.errors import JoseError

from control_plane.errors import UnauthenticatedError
from control_plane.keys import keys_for

if TYPE_CHECKING:
    from starlette.requests import Request

    from control_plane.keys import Keys
    from control_plane.settings import ControlPlaneSettings

LONGEST_TOKEN: Final = 8_192
"""Characters of a token. One with a hundred groups in it has a few thousand."""

LEEWAY_SECONDS: Final = 30
"""By how much the clocks of whoever signs and of this machine may differ."""

_REFUSAL: Final = "The token is missing, has expired, or is not one for this service: sign in again."


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, or a service.

    Attributes:
        id: the user's id, or the name of the service that calls.
        scopes: the words of the token's ``scope``.
        until: when the token expires, in seconds since 1970; None if that is not known.
    """

    id: str
    scopes: frozenset[str] = frozenset()
    until: float | None = field(default=None, compare=False)

    @property
    def is_service(self) -> bool:
        """True if it is the platform that calls, and no person."""
        return "service" in self.scopes


class Identity(Protocol):
    """Source of the caller. Any object with this method will do."""

    async def caller(self, request: Request) -> Caller:
        """Return who calls.

        Raises:
            UnauthenticatedError: it is not known.
        """


class BearerTokens:
    """Identity by JSON Web Tokens in the ``Authorization`` header.

    The algorithms are those of the settings, whatever a token says of itself. ``sub``, ``exp`` and a sound
    signature are asked for always, ``iss`` and ``aud`` where they are set.
    """

    def __init__(self, settings: ControlPlaneSettings) -> None:
        self._keys: Keys = keys_for(settings)
        self._algorithms = list(settings.jwt_algorithms)
        asked = {"iss": settings.jwt_issuer, "aud": settings.jwt_audience}
        named = {claim: {"essential": True, "value": value} for claim, value in asked.items() if value}
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            **{"sub": {"essential": True}, "exp": {"essential": True}, **named},  # type: ignore[arg-type]  # its options are a total dict of partial ones
        )

    async def caller(self, request: Request) -> Caller:
        """Return the caller that the request's token names."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text or len(text) > LONGEST_TOKEN or not text.isascii():
            raise UnauthenticatedError(_REFUSAL)
        return _caller(await self._read(text))

    async def _read(self, text: str) -> dict[str, object]:
        # A key that is not known may be a new one: the key set is looked at once more.
        for newest in (False, True):
            keys = await self._keys.get(newest=newest)
            if keys is None:
                break
            try:
                claims = jwt.decode(text, keys, algorithms=self._algorithms).claims
                self._claims.validate(claims)
            except (JoseError, ValueError, TypeError) as error:
                if newest or not self._keys.may_change(error):
                    raise UnauthenticatedError(_REFUSAL) from None
            else:
                return claims
        raise UnauthenticatedError(_REFUSAL)


def _caller(claims: dict[str, object]) -> Caller:
    subject, scope = claims.get("sub"), claims.get("scope", "")
    sound = isinstance(subject, str) and 0 < len(subject) <= 256 and subject.isascii()
    if not sound or not str(subject).isprintable() or " " in str(subject):
        raise UnauthenticatedError("The token's sub must be 1 to 256 printable characters of ASCII.")
    words = scope.split() if isinstance(scope, str) else ()
    expires = claims.get("exp")
    until = float(expires) + LEEWAY_SECONDS if isinstance(expires, int | float) else None
    return Caller(str(subject), frozenset(words), until)
