"""A connection to an OpenAI-compatible server: one total deadline, no retry, no redirect, bounded bodies.

The chat model and the speech adapters each own one. It decides *how* a request is sent; what is asked and
what the answer means is theirs. The HTTP is that of :mod:`aiplane.http_client`. The variables that only the
SDK knows (``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``, ``OPENAI_CUSTOM_HEADERS``) are honoured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI, OpenAIError

from aiplane.background import BackgroundLoop
from aiplane.deadline import remaining
from aiplane.errors import LLMAuthError, LLMTimeoutError
from aiplane.foreign import ForeignError
from aiplane.http_client import MAX_BODY_BYTES, open_http
from aiplane.llm.openai_errors import RefusedBodyError, SettingNames, translate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import SecretStr

    from aiplane.settings import Settings

DEFAULT_BASE_URL = "https://api.openai.com/v1"


class RawResponse(Protocol):
    """What the SDK's ``with_raw_response`` returns: the body as it came, read to its end."""

    @property
    def content(self) -> bytes: ...  # noqa: D102 - see above


class OpenAIConnection:
    """One SDK client on a loop of its own, shared by any number of threads. The first call opens it.

    Args:
        opened: makes the SDK client.
        key: the key that it sends; without one, every call fails.
        names: the settings that an error points at.
        timeout: seconds that one call may take, from connecting to the last byte.
    """

    def __init__(
        self,
        opened: Callable[[str], AsyncOpenAI],
        *,
        key: str | None,
        names: SettingNames,
        timeout: float,
    ) -> None:
        self._opened = opened
        self._key = key
        self._names = names
        self._timeout = timeout
        self._loop = BackgroundLoop("openai")
        self._client: AsyncOpenAI | None = None

    def call(self, request: Callable[[AsyncOpenAI], Awaitable[RawResponse]]) -> bytes:
        """Send one request and return the body of its answer.

        It ends with the call's timeout or with the deadline of the work at hand, whichever comes first; the
        connection is closed then.

        Raises:
            LLMError: one of its leaves.
        """
        if self._key is None:
            raise LLMAuthError(f"There is no key for the provider. Set {self._names.key}.")
        seconds = min(self._timeout, remaining())
        if seconds <= 0:  # and a request that is given up at once may be sent and paid for all the same
            raise LLMTimeoutError("There was no time left to ask the provider.")
        try:
            return self._loop.run(self._send(self._key, request), seconds=seconds)
        except TimeoutError as error:
            raise LLMTimeoutError(f"The provider did not answer within {seconds:.3g} s.") from error

    def close(self) -> None:
        """Close the connections and end the thread. For programs that outlive the connection."""
        if self._client is not None:
            self._loop.run(self._client.close(), seconds=5.0)
            self._client = None
        self._loop.close()

    async def _send(self, key: str, request: Callable[[AsyncOpenAI], Awaitable[RawResponse]]) -> bytes:
        try:
            if self._client is None:
                self._client = self._opened(key)
            response = await request(self._client)
        except (OpenAIError, httpx2.InvalidURL) as error:
            raise translate(error, self._names) from ForeignError(error)
        return response.content


def connect_openai(
    settings: Settings, *, model: str, timeout: float, max_body: int = MAX_BODY_BYTES
) -> OpenAIConnection:
    """Make a connection to OpenAI, or to whatever speaks its API at ``OPENAI_BASE_URL``.

    Args:
        settings: where it is, and the key.
        model: the setting that chooses the model, for the errors.
        timeout: seconds that one call may take.
        max_body: the longest answer that is read, in bytes.
    """
    own_server = settings.openai_base_url is not None
    return OpenAIConnection(
        lambda key: _open_openai(key, settings.openai_base_url or DEFAULT_BASE_URL, max_body),
        # A server of one's own often has no keys; the SDK has to send something.
        key=_plain(settings.openai_api_key) or ("none" if own_server else None),
        names=SettingNames(key="OPENAI_API_KEY", url="OPENAI_BASE_URL", model=model),
        timeout=timeout,
    )


def connect_azure(settings: Settings, *, model: str, timeout: float) -> OpenAIConnection:
    """Make a connection to Azure OpenAI, where a model's name is the name of a deployment."""
    return OpenAIConnection(
        lambda key: AsyncAzureOpenAI(
            api_key=key,
            azure_endpoint=settings.azure_openai_endpoint or "",
            api_version=settings.azure_openai_api_version,
            max_retries=0,
            timeout=None,
            http_client=open_http(refusal=RefusedBodyError),
        ),
        key=_plain(settings.azure_openai_api_key),
        names=SettingNames(key="AZURE_OPENAI_API_KEY", url="AZURE_OPENAI_ENDPOINT", model=model),
        timeout=timeout,
    )


def _open_openai(key: str, base_url: str, max_body: int) -> AsyncOpenAI:
    """Make the SDK's client. A password in the URL is sent, but taken out of it: the SDK's logs show URLs."""
    url = httpx2.URL(base_url)
    login = httpx2.BasicAuth(url.username, url.password) if url.userinfo else None
    return AsyncOpenAI(
        api_key=key,
        base_url=url.copy_with(username="", password=""),
        max_retries=0,
        timeout=None,
        http_client=open_http(login=login, refusal=RefusedBodyError, max_body=max_body),
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
