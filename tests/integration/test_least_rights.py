"""The rights that the guide lists are all that is tried, each of them is, and nothing more is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aiplane.bull import Bull
from aiplane.operations.trials import try_all
from aiplane.redis.clients import connect
from aiplane.settings import Settings
from tests.support.processes import REPOSITORY
from tests.support.redis_kinds import KINDS, program_of
from tests.support.redis_server import RedisServer
from tests.support.rights import can_go, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CALL = re.compile(r"""(?:rcall|redis\.p?call)\(\s*['"]([A-Za-z]+)['"]""")
USED = (
    *(
        "addStandardJob",
        "addDelayedJob",
        "addPrioritizedJob",
        "moveToActive",
        "moveToFinished",
        "moveToDelayed",
    ),
    *(
        "retryJob",
        "moveJobFromActiveToWait",
        "reprocessJob",
        "extendLocks",
        "getStateV2",
        "updateJobScheduler",
    ),
)
"""BullMQ's scripts that are used here."""

EVERYWHERE = ("REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND")


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with RedisServer(program_of(request.param)) as running:
        yield running


def sources(folder: str) -> Iterator[str]:
    return (file.read_text() for file in (REPOSITORY / folder).rglob("*.py") if file.name != "trials.py")


def refused(server: RedisServer, words: Sequence[str]) -> str:
    """Say what is refused to a user of these rights, in a database whose number has to be chosen."""
    server.client.execute_command("ACL", "SETUSER", "aiplane", *words)
    url = server.url.replace("//", "//aiplane:hunter2@").replace("/0", "/1")
    complaints = try_all(Settings.load({"REDIS_URL": url}), EVERYWHERE)
    return "\n".join(complaint.sentence for complaint in complaints)


def test_with_these_rights_nothing_is_refused(server: RedisServer) -> None:
    assert refused(server, rule(database=1)) == ""


def test_without_any_one_of_them_that_one_is_named(server: RedisServer) -> None:
    words = rule(database=1)
    for taken in (word for word in words if word[0] in "+~&" and not can_go(word)):
        said = refused(server, [word for word in words if word != taken])
        # Older servers name the command of a subcommand alone.
        named = [taken[1:], taken[1:].partition("|")[0]] if taken[0] == "+" else [taken[1:]]
        assert any(f"NOPERM: command {name}" in said or name in said for name in named), (taken, said)
        assert "NOPERM" in said, taken


def test_every_command_of_a_script_is_tried() -> None:
    scripts = Bull(connect("redis://127.0.0.1:9"), "bull").connection.commands
    ours = [text for folder in ("aiplane", "bridges") for text in sources(folder)]
    theirs = [scripts[name].script for name in USED]
    used = {command.lower() for text in (*ours, *theirs) for command in CALL.findall(text)}
    # Where INFO is refused, it is done without.
    assert used - {"info"} <= {word[1:] for word in rule() if word[0] == "+"}
