"""Each server's manners through a whole job: the real task and adapter, over real sockets."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.cli.checks.response_formats import what_is_wrong_with_the_model
from aiplane.contracts.hint import HintPayload
from aiplane.errors import LLMError
from aiplane.providers.llm import create_llm
from aiplane.settings import Settings
from tasks.hint import write_hint
from tests.manners.server import SCENES, PlayedServer, Scene, Server
from tests.manners.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = json.loads((Path(__file__).parents[2] / "examples" / "hint.json").read_text())


@pytest.fixture(params=SERVERS, ids=lambda server: server.name)
def server(request: pytest.FixtureRequest) -> Server:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def played(server: Server) -> Iterator[PlayedServer]:
    with PlayedServer(server) as running:
        yield running


def hint(server: Server, played: PlayedServer, **env: str) -> dict[str, Any]:
    """Do one hint job, in the form of answer that the server can do."""
    form = "json_schema" if "json_schema" in server.formats else "json_object"
    settings = Settings.load({"LLM_RESPONSE_FORMAT": form, **server.settings(played.base_url), **env})
    llm = create_llm(settings)
    try:
        return write_hint(HintPayload.parse(EXAMPLE), llm).to_wire()
    finally:
        llm.close()  # type: ignore[attr-defined]


def test_every_server_has_its_file() -> None:
    assert len({server.name for server in SERVERS}) == len(SERVERS) == 12


def test_a_good_answer_becomes_a_hint(server: Server, played: PlayedServer) -> None:
    assert hint(server, played)["hint"]

    refused = server.refusal_of_limit and server.limit not in played.requests[0]
    assert len(played.requests) == (2 if refused else 1)
    assert server.limit in played.requests[-1] or not server.refusal_of_limit


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene not in ("good", "refused parameter")])
def test_a_fault_becomes_the_contract_s_code_and_a_sentence_that_helps(
    server: Server, played: PlayedServer, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    said = server.answer(scene, {})
    played.scene = scene
    with caplog.at_level(logging.DEBUG), pytest.raises(LLMError) as raised:
        hint(server, played)

    assert raised.value.code == said.code
    assert said.says in raised.value.sentence
    assert raised.value.retry_after == said.retry_after
    for text in _texts(said.body):
        assert text not in raised.value.sentence
        assert text not in caplog.text


def test_a_format_that_is_refused_is_told_and_the_one_that_works_is_found(
    server: Server, played: PlayedServer
) -> None:
    if server.refusal_of_format is None:
        assert hint(server, played, LLM_RESPONSE_FORMAT="json_schema")["hint"]
        return
    with pytest.raises(LLMError) as raised:
        hint(server, played, LLM_RESPONSE_FORMAT="json_schema")

    assert raised.value.code == server.refusal_of_format.code
    assert server.refusal_of_format.says in raised.value.sentence
    settings = Settings.load({**server.settings(played.base_url), "LLM_RESPONSE_FORMAT": "json_schema"})
    told = what_is_wrong_with_the_model(settings)
    assert told.startswith(raised.value.sentence)
    assert told.endswith("LLM_RESPONSE_FORMAT=json_object_schema works here; set that.")


def test_the_name_of_the_limit_is_asked_for_once(server: Server, played: PlayedServer) -> None:
    """The first job finds the name out, and the second knows it."""
    form = "json_schema" if "json_schema" in server.formats else "json_object"
    llm = create_llm(Settings.load({"LLM_RESPONSE_FORMAT": form, **server.settings(played.base_url)}))
    write_hint(HintPayload.parse(EXAMPLE), llm)
    before = len(played.requests)
    write_hint(HintPayload.parse(EXAMPLE), llm)
    llm.close()  # type: ignore[attr-defined]

    assert len(played.requests) == before + 1


def _texts(body: Any) -> list[str]:
    """Return the longer texts in a response: those that nobody could write by chance."""
    match body:
        case dict():
            return [text for value in body.values() for text in _texts(value)]
        case list():
            return [text for value in body for text in _texts(value)]
        case str() if len(body) > 20:
            return [body]
        case _:
            return []
