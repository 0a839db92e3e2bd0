"""A connection to an OpenAI-compatible server: one total deadline, no retry, no redirect, bounded bodies.

The chat model and the speech adapters each own one. It decides *how* a request is sent; what is asked and
what the answer means is theirs. The HTTP is that of :mod:`aiplane.providers.http.client`. The variables that
only the SDK knows (``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``, ``OPENAI_CUSTOM_HEADERS``) are honoured.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import httpx2
from openai import APIStatusError, AzureOpenAI, OpenAI, OpenAIError

from aiplane.context.deadline import remaining, within
from aiplane.errors import LLMAuthError, LLMTimeoutError, LLMUnavailableError
from aiplane.errors.opaque import ForeignError
from aiplane.providers.http.client import MAX_BODY_BYTES, OpenedOnce, open_http
from aiplane.providers.http.environment import HttpEnvironmentError
from aiplane.providers.llm.openai_causes import SettingNames
from aiplane.providers.llm.openai_errors import RefusedBodyError, RefusedError, translate
from aiplane.providers.llm.openai_refusal import read_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import SecretStr

    from aiplane.settings import Settings

DEFAULT_BASE_URL = "https://api.openai.com/v1"

_CHAT_FORM = "set LLM_RESPONSE_FORMAT to json_object or text (aiplane doctor tries them all)"
_ROOM = ", or lower LLM_MAX_OUTPUT_TOKENS, for the answer takes its share"

Use: TypeAlias = Literal["chat", "voice", "transcription"]

_NAMES: Mapping[Use, SettingNames] = MappingProxyType(
    {
        "chat": SettingNames("OPENAI_API_KEY", "OPENAI_BASE_URL", "LLM_MODEL", _CHAT_FORM, room=_ROOM),
        "voice": SettingNames(
            "OPENAI_API_KEY", "OPENAI_BASE_URL", "TTS_MODEL", "check TTS_AUDIO_FORMAT and TTS_MODEL"
        ),
        "transcription": SettingNames("OPENAI_API_KEY", "OPENAI_BASE_URL", "STT_MODEL", "check STT_MODEL"),
    }
)
_AZURE_NAMES = SettingNames(
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_VERSION",
    "LLM_MODEL",
    _CHAT_FORM,
    version="AZURE_OPENAI_API_VERSION",
    room=_ROOM,
)

T = TypeVar("T")


class Sender:
    """An open client, for the requests of one call."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def post(self, path: str, **request: Any) -> httpx2.Response:
        """Send one request; ``request`` is what the SDK's own ``post`` takes.

        Not by the SDK's method for the endpoint, which walks through the whole body by its types and changes
        nothing in it.

        Raises:
            RefusedError: the server refuses it.
        """
        try:
            response: httpx2.Response = self._client.post(path, cast_to=httpx2.Response, **request)
        except APIStatusError as error:
            response = error.response
        else:
            return response
        # Outside of the block: the SDK's error, which has the server's words, is not to be its context.
        raise RefusedError(read_refusal(response.status_code, response.headers, response.content))


class OpenAIConnection:
    """One SDK client for any number of threads, each of which sends its own calls. The first one opens it.

    Args:
        opened: makes the SDK client.
        key: the key that it sends; without one, every call fails.
        names: the settings that an error points at.
        timeout: seconds that one call may take, from connecting to the last byte.

    Attributes:
        names: the settings that an error points at.
    """

    def __init__(
        self, opened: Callable[[str], OpenAI], *, key: str | None, names: SettingNames, timeout: float
    ) -> None:
        self._client = OpenedOnce(lambda: opened(_checked(key, names)))
        self._key = key
        self.names = names
        self._timeout = timeout

    def call(self, request: Callable[[Sender], T]) -> T:
        """Send one request, or more of them where one is refused, and return what comes of it.

        It ends with the call's timeout or with the deadline of the work at hand, whichever comes first; the
        connection is closed then.

        Raises:
            LLMError: one of its leaves.
        """
        _checked(self._key, self.names)
        seconds = _time_left(self._timeout)
        with within(seconds):
            try:
                return request(Sender(self._client.get()))
            except HttpEnvironmentError as error:
                raise LLMUnavailableError(f"The provider could not be asked: {error.sentence}") from error
            except (OpenAIError, httpx2.InvalidURL, RefusedError) as error:
                if remaining() <= 0:
                    raise _too_late(seconds) from ForeignError(error)
                raise translate(error, self.names) from ForeignError(error)

    def close(self) -> None:
        """Close the connections. For programs that outlive them; a later call opens others."""
        self._client.close()


def connect_openai(
    settings: Settings, *, use: Use, timeout: float, max_body: int = MAX_BODY_BYTES
) -> OpenAIConnection:
    """Make a connection to OpenAI, or to whatever speaks its API at ``OPENAI_BASE_URL``.

    Args:
        settings: where it is, and the key.
        use: what it is for, which decides the settings that an error points at.
        timeout: seconds that one call may take.
        max_body: the longest answer that is read, in bytes.
    """
    return OpenAIConnection(
        lambda key: _open_openai(key, settings.openai_base_url or DEFAULT_BASE_URL, max_body),
        key=_openai_key(settings),
        names=_NAMES[use],
        timeout=timeout,
    )


def connect_azure(settings: Settings) -> OpenAIConnection:
    """Make a connection for a chat model at Azure OpenAI, whose name is the name of a deployment."""
    return OpenAIConnection(
        lambda key: AzureOpenAI(
            api_key=key,
            azure_endpoint=settings.azure_openai_endpoint or "",
            api_version=settings.azure_openai_api_version,
            max_retries=0,
            timeout=None,
            http_client=open_http(refusal=RefusedBodyError),
        ),
        key=_plain(settings.azure_openai_api_key),
        names=_AZURE_NAMES,
        timeout=settings.llm_timeout_seconds,
    )


def _checked(key: str | None, names: SettingNames) -> str:
    if key is None:
        raise LLMAuthError(f"There is no key for the provider. Set {names.key}.")
    return key


def _time_left(timeout: float) -> float:
    """Return the seconds that a call may take: some, for one that is given up at once may be paid for too."""
    seconds = min(timeout, remaining())
    if seconds <= 0:
        raise LLMTimeoutError("There was no time left to ask the provider.")
    return seconds


def _too_late(seconds: float) -> LLMTimeoutError:
    return LLMTimeoutError(f"The provider did not answer within {seconds:.3g} s.")


def _open_openai(key: str, base_url: str, max_body: int) -> OpenAI:
    url, login = _without_login(base_url)
    http = open_http(login=login, refusal=RefusedBodyError, max_body=max_body)
    return OpenAI(api_key=key, base_url=url, max_retries=0, timeout=None, http_client=http)


def _without_login(base_url: str) -> tuple[httpx2.URL, httpx2.BasicAuth | None]:
    """Take the password out of a URL, for the SDK's logs show URLs. It is sent all the same."""
    url = httpx2.URL(base_url)
    login = httpx2.BasicAuth(url.username, url.password) if url.userinfo else None
    return url.copy_with(username="", password=""), login


def _openai_key(settings: Settings) -> str | None:
    # A server of one's own often has no keys; the SDK has to send something.
    return _plain(settings.openai_api_key) or ("none" if settings.openai_base_url is not None else None)


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
