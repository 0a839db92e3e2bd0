"""The real LiteLLM proxy between the adapter and a model server.

Slow: it is installed, half a gigabyte, into an environment of its own, because it pins other versions of what
is used here; and it takes some twenty seconds to start.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from aiplane.contracts.hint import HintPayload
from aiplane.errors import LLMAuthError, LLMError, LLMRateLimitedError, LLMRequestRejectedError
from aiplane.providers.llm import create_llm
from aiplane.settings import Settings
from tasks.hint import write_hint
from tests.manners.server import PlayedServer, Said, Scene, Server, openai_completion, openai_error
from tests.support.environment import inherited
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EXAMPLE = json.loads((Path(__file__).parents[2] / "examples" / "hint.json").read_text())
MASTER_KEY = "sk-master"


def refused(status: int, message: str, *, code: str = "", says: str = "") -> Said:
    return Said(status, openai_error(message), code=code, says=says)


BEHIND = Server(
    name="a model behind LiteLLM",
    limit="max_completion_tokens",
    formats=("json_schema", "json_object"),
    completion=openai_completion,
    refusal_of_limit=lambda name: Said(
        422,
        {
            "detail": [
                {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
            ]
        },
        code="",
        says="",
    ),
    rate_limit=refused(429, "Rate limit reached"),
    wrong_key=refused(401, "Incorrect API key provided"),
    malformed=refused(500, "Error code: 400 - {'error': 'response_format json_schema is not supported'}"),
    too_long=refused(400, "This model's maximum context length is 4096 tokens."),
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the proxy in it."""
    folder = tmp_path_factory.mktemp("litellm")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    program = folder / "bin" / "python"
    uv = shutil.which("uv")
    install = [uv, "pip", "install", "--python", program] if uv else [program, "-m", "pip", "install"]
    subprocess.run([*install, "--quiet", "litellm[proxy]==1.*"], check=True, env=inherited(), timeout=500)
    return program


@pytest.fixture(scope="module")
def behind() -> Iterator[PlayedServer]:
    with PlayedServer(BEHIND) as played:
        yield played


@pytest.fixture(scope="module")
def proxy_url(python: Path, behind: PlayedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The proxy's address. It has no database, and no cool-down."""
    model = {"model": "openai/a-model", "api_base": behind.base_url, "api_key": "sk-upstream"}
    config = {
        "model_list": [{"model_name": "a-model", "litellm_params": model}],
        "router_settings": {"disable_cooldowns": True, "num_retries": 0},
        "litellm_settings": {"num_retries": 0},
        "general_settings": {"master_key": MASTER_KEY},
    }
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "config.yaml").write_text(json.dumps(config))
    port = _free_port()
    command = [
        str(python.parent / "litellm"),
        "--config",
        "config.yaml",
        "--port",
        str(port),
        "--host",
        "127.0.0.1",
    ]
    env = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    with Process("litellm", command, env=env, cwd=folder) as proxy:
        _await_answer(f"http://127.0.0.1:{port}/health/liveliness", proxy)
        yield f"http://127.0.0.1:{port}/v1"


def hint(proxy_url: str, *, key: str = MASTER_KEY, form: str = "json_schema") -> str:
    settings = Settings.load(
        {
            "OPENAI_BASE_URL": proxy_url,
            "OPENAI_API_KEY": key,
            "LLM_MODEL": "a-model",
            "LLM_RESPONSE_FORMAT": form,
        }
    )
    llm = create_llm(settings)
    try:
        return write_hint(HintPayload.parse(EXAMPLE), llm).hint
    finally:
        llm.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["json_schema", "json_object", "text"])
def test_every_format_becomes_a_hint_and_the_limit_is_known_by_the_name_that_a_422_refuses(
    behind: PlayedServer, proxy_url: str, form: str
) -> None:
    behind.scene = "good"
    behind.requests.clear()

    assert hint(proxy_url, form=form)
    assert "max_completion_tokens" in behind.requests[-1]


SCENES: list[tuple[Scene, type[LLMError], str]] = [
    ("rate limit", LLMRateLimitedError, "too many requests"),
    ("wrong key", LLMAuthError, "OPENAI_API_KEY"),
    ("malformed", LLMRequestRejectedError, "LLM_RESPONSE_FORMAT"),
    ("too long", LLMRequestRejectedError, "longer than the model can read"),
]


@pytest.mark.parametrize(("scene", "becomes", "says"), SCENES)
def test_what_the_model_behind_it_says_is_recognised(
    behind: PlayedServer, proxy_url: str, scene: Scene, becomes: type[LLMError], says: str
) -> None:
    behind.scene = scene
    with pytest.raises(LLMError, match=says) as raised:
        hint(proxy_url)

    assert type(raised.value) is becomes


def test_a_wrong_key_of_the_proxy_s_own_is_a_wrong_key(behind: PlayedServer, proxy_url: str) -> None:
    behind.scene = "good"
    with pytest.raises(LLMAuthError, match="OPENAI_API_KEY"):
        hint(proxy_url, key="sk-wrong")


def test_a_model_that_the_proxy_does_not_know_is_told(behind: PlayedServer, proxy_url: str) -> None:
    llm = create_llm(
        Settings.load({"OPENAI_BASE_URL": proxy_url, "OPENAI_API_KEY": MASTER_KEY, "LLM_MODEL": "no-such"})
    )
    with pytest.raises(LLMRequestRejectedError, match="LLM_MODEL"):
        write_hint(HintPayload.parse(EXAMPLE), llm)
    llm.close()  # type: ignore[attr-defined]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _await_answer(url: str, proxy: Process) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and proxy.alive:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)  # the proxy tells nobody when it listens
    raise AssertionError(f"the proxy does not answer:\n{proxy.tail()}")
