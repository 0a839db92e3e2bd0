"""The README is true: its snippets run, its settings exist, its defaults are the defaults."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aiplane.settings import Settings
from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import REPOSITORY, Plane, Process, procfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer

README = (REPOSITORY / "README.md").read_text()


def snippet(language: str, word: str) -> str:
    """Return the one block of code in this language that has this word."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found


def settings_rows() -> Iterator[tuple[str, str]]:
    """Yield each variable of the table of settings with its default."""
    table = README.partition("### Settings")[2].partition("\n## ")[0]
    for names, default in re.findall(r"^\| (`[A-Z].*?) \| .* \| (.*?) ?\|$", table, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            yield name, default


def shown(value: object) -> str:
    """Return a setting's value as a person would write it into the environment."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer) -> Iterator[Plane]:
    """A plane with the offline coach, as the README's reader has it."""
    env = {"LLM_PROVIDER": "offline", "STT_PROVIDER": "none", "APP_ENV": "development"}
    with Plane(redis_server.url, "http://127.0.0.1:9", env=env, kinds=["hint"]) as running:
        yield running


def test_every_setting_has_the_default_that_it_is_said_to_have() -> None:
    rows = dict(settings_rows())
    assert len(rows) > 25
    defaults = Settings.load({})
    for name, default in rows.items():
        value = getattr(defaults, name.lower())
        said = re.fullmatch(r"`([^`]*)`", default)
        if said and said[1] in rows:
            assert value == getattr(defaults, said[1].lower()), name
        elif said:
            assert shown(value) == said[1], name
        elif not default:
            assert value is None, name


def test_the_procfile_is_quoted_as_it_is() -> None:
    assert f"```\n{(REPOSITORY / 'Procfile').read_text()}```" in README


@pytest.mark.parametrize("bullmq", ["bullmq5", "bullmq6"])
def test_the_node_snippet_sends_a_hint_and_hears_its_result(plane: Plane, bullmq: str) -> None:
    node = ensure_node_modules()
    code = snippet("js", "generate-hint").replace('from "bullmq"', f'from "{bullmq}"')
    command = [node, "--input-type=module", "--eval", code]
    with Process("the snippet", command, env=plane.env, cwd=INTEROP) as running:
        running.wait_for_log(r"^sent \d+$")
        running.wait_for_log(r"^result \{")
        running.wait_for_log(r"\bhintLevel: 'gentle'")


@pytest.mark.slow
@pytest.mark.parametrize("bullmq", ["5", "6"])
def test_the_lines_for_node_work_in_an_empty_folder(plane: Plane, tmp_path: Path, bullmq: str) -> None:
    ensure_node_modules()
    (tmp_path / "hints.mjs").write_text(snippet("js", "generate-hint"))
    lines = snippet("sh", "npm install").replace("bullmq", f"bullmq@{bullmq}")
    with Process("as the README says", ["/bin/sh", "-ec", lines], env=plane.env, cwd=tmp_path) as running:
        running.wait_for_log(r"^sent \d+$", timeout=120)
        running.wait_for_log(r"\bhintLevel: 'gentle'")


@pytest.mark.slow
def test_the_line_for_flower_finds_what_it_installs(plane: Plane) -> None:
    (line,) = re.findall(r"`(\.venv/bin/pip install [^`]*)`", README)
    script = line.replace(".venv/bin/pip", f"{sys.executable} -m pip").replace("install", "install --dry-run")
    with Process("as the README says", ["/bin/sh", "-ec", script], env=plane.env) as running:
        assert running.wait(120) == 0, running.tail()
        assert "flower" in "".join(running.lines).lower()


def test_the_procfiles_programs_are_found_once_the_environment_is_active() -> None:
    (activate,) = re.findall(r"`(\. \.venv/bin/activate)`", README)
    activate = activate.replace(".venv/bin", str(Path(sys.executable).parent))
    words = {line.split()[0] for line in procfile().values()}
    script = f"{activate}; for each in {' '.join(words)}; do command -v $each; done"
    with Process("as the README says", ["/bin/sh", "-ec", script], env={"PATH": os.defpath}) as running:
        assert running.wait() == 0
        assert set(running.lines) == {str(Path(sys.executable).parent / each) for each in words}


def test_the_python_snippet_prints_a_hint(plane: Plane) -> None:
    command = [sys.executable, "-c", snippet("python", "Client(")]
    with Process("the snippet", command, env=plane.env) as running:
        running.wait_for_log(r"\{.*'hintLevel': 'gentle'")
        assert running.wait() == 0


def test_a_task_is_a_plain_function() -> None:
    command = [sys.executable, "-c", snippet("python", "generate_hint(")]
    with Process("the snippet", command, env={"APP_ENV": "development"}) as running:
        running.wait_for_log(r"\{.*'hint': ")
        assert running.wait() == 0


def test_what_it_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (REPOSITORY / target).exists(), target
