"""A connection to an OpenAI-compatible server: one total deadline, no retry, no redirect, bounded bodies.

The chat model and the speech adapters each own one. It decides *how* a request is sent; what is asked and
what the answer means is theirs. The HTTP is that of :mod:`aiplane.http_client`. The variables that only the
SDK knows (``OPENAI_ORG_ID``, ``OPENAI_PROJECT_ID``, ``OPENAI_CUSTOM_HEADERS``) are honoured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from openai import AzureOpenAI, OpenAI, OpenAIError

from aiplane.deadline import remaining, within
from aiplane.errors import LLMAuthError, LLMTimeoutError
from aiplane.foreign import ForeignError
from aiplane.http_client import MAX_BODY_BYTES, OpenedOnce, open_http
from aiplane.llm.openai_errors import RefusedBodyError, SettingNames, translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from aiplane.settings import Settings

DEFAULT_BASE_URL = "https://api.openai.com/v1"


class OpenAIConnection:
    """One SDK client for any number of threads, each of which sends its own calls. The first one opens it.

    Args:
        opened: makes the SDK client.
        key: the key that it sends; without one, every call fails.
        names: the settings that an error points at.
        timeout: seconds that one call may take, from connecting to the last byte.
    """

    def __init__(
        self, opened: Callable[[str], OpenAI], *, key: str | None, names: SettingNames, timeout: float
    ) -> None:
        self._client = OpenedOnce(lambda: opened(_checked(key, names)))
        self._key = key
        self._names = names
        self._timeout = timeout

    def call(self, request: Callable[[OpenAI], httpx2.Response]) -> bytes:
        """Send one request and return the body of its answer.

        It ends with the call's timeout or with the deadline of the work at hand, whichever comes first; the
        connection is closed then.

        Raises:
            LLMError: one of its leaves.
        """
        _checked(self._key, self._names)
        seconds = _time_left(self._timeout)
        with within(seconds):
            try:
                return request(self._client.get()).content
            except (OpenAIError, httpx2.InvalidURL) as error:
                if remaining() <= 0:
                    raise _too_late(seconds) from ForeignError(error)
                raise translate(error, self._names) from ForeignError(error)

    def close(self) -> None:
        """Close the connections. For programs that outlive them; a later call opens others."""
        self._client.close()


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
    return OpenAIConnection(
        lambda key: _open_openai(key, settings.openai_base_url or DEFAULT_BASE_URL, max_body),
        key=_openai_key(settings),
        names=SettingNames(key="OPENAI_API_KEY", url="OPENAI_BASE_URL", model=model),
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
        names=SettingNames(key="AZURE_OPENAI_API_KEY", url="AZURE_OPENAI_ENDPOINT", model="LLM_MODEL"),
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
