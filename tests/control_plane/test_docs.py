"""``/docs``: pages of the OpenAPI document, with nothing from another host."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.api import api_environment, listening, serving
from tests.support.browser import Browser

if TYPE_CHECKING:
    from tests.support.api import Api
    from tests.support.postgres_server import PostgresServer

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
    "start.js": "text/javascript",
}


async def test_the_page_names_no_host_and_holds_no_script(api: Api) -> None:
    page = await api.call("GET", "/docs", user=None)
    assert page.status_code == 200
    assert "//" not in page.text
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page.text)) == {f"docs/{name}" for name in ASSETS}
    assert re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL) == ["", ""]
    assert not re.search(r"<style|\son\w+=|\sstyle=", page.text)


@pytest.mark.parametrize("name", ["", *ASSETS])
async def test_a_policy_lets_in_this_host_only(api: Api, name: str) -> None:
    response = await api.call("GET", f"/docs/{name}".rstrip("/"), user=None)
    directives = dict(each.split(" ", 1) for each in response.headers["content-security-policy"].split("; "))
    assert directives["default-src"] == "'none'"
    assert {word for words in directives.values() for word in words.split()} == {"'none'", "'self'", "data:"}
    # Data may be drawn, and never run.
    assert [name for name, words in directives.items() if "data:" in words] == ["img-src"]


async def test_every_file_that_the_page_loads_answers(api: Api) -> None:
    for name, kind in ASSETS.items():
        response = await api.call("GET", f"/docs/{name}", user=None)
        assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, kind)
        assert response.content


@pytest.mark.parametrize(
    "name", ["main.py", "__init__.py", "..%2Fmain.py", "%2Fetc%2Fpasswd", "swagger-ui.js"]
)
async def test_nothing_else_is_given_out(api: Api, name: str) -> None:
    response = await api.call("GET", f"/docs/{name}", user=None)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_browser_draws_it_without_another_host_and_without_a_complaint(
    postgres: PostgresServer,
) -> None:
    env = api_environment(postgres.url, API_PREFIX="/api/v1")
    async with serving(env) as (api, app), listening(app, api) as url:

        def look() -> None:
            with Browser() as browser:
                browser.open(f"{url}/api/v1/docs")
                browser.wait_for("/rooms/{roomId}/ai/hint")
                assert {each[: len(url)] for each in browser.requests() if not each.startswith("data:")} == {
                    url
                }
                assert browser.errors() == []

        await asyncio.to_thread(look)
