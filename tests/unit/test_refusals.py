"""What Redis answers is told by name: a refusal that lasts, one that passes, or an outage; never a secret."""

from __future__ import annotations

import ssl

import pytest
import redis
from redis.exceptions import ResponseError

from aiplane.redis.refusals import is_outage, lasts, refusal_of, told
from aiplane.redis.troubles import OVER_AFTER, Troubles

ResponseParser = redis._parsers.base.BaseParser


def said(reply: str) -> Exception:
    """Make the exception that redis-py makes of a reply."""
    return ResponseParser.parse_error(reply)


def tls(reason: str) -> Exception:
    """Make what redis-py raises where TLS fails for a reason of OpenSSL's."""
    cause = ssl.SSLError(1, f"[SSL: {reason}] no matter")
    cause.reason = reason
    error = redis.ConnectionError("Error 1 connecting to host:6379.")
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (
            "NOPERM this user has no permissions to run the 'evalsha' command or its subcommand",
            "NOPERM: command evalsha",
        ),
        (
            "NOPERM User plane has no permissions to run the 'client|setname' command",
            "NOPERM: command client|setname",
        ),
        ("NOPERM this user has no permissions to access one of the keys used as arguments", "NOPERM: key"),
        ("NOPERM No permissions to access a key", "NOPERM: key"),
        ("NOPERM No permissions to access a channel", "NOPERM: channel"),
        (
            "ERR ACL failure in script: User u has no permissions to run the 'hget' command script: 1",
            "NOPERM: command hget",
        ),
        (
            "ERR Error running script (call to f_1): The user executing the script can't run this command",
            "NOPERM: a command of a script",
        ),
        ("ERR unknown command 'EVALSHA', with args beginning with: 'hunter2' ", "unknown command EVALSHA"),
        (
            "ERR Unknown Redis command called from script script: 1, on @user_script:1.",
            "unknown command in a script",
        ),
        ("WRONGPASS invalid username-password pair or user is disabled.", "WRONGPASS"),
        ("NOAUTH Authentication required.", "NOAUTH"),
        ("ERR DB index is out of range", "DB index is out of range"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "CROSSSLOT"),
        ("MOVED 1234 10.0.0.7:6379", "MOVED"),
        ("ERR SELECT is not allowed in cluster mode", "database 0 only"),
    ],
)
def test_what_lasts_is_named(reply: str, words: str) -> None:
    error = said(reply)
    assert words in told(error)
    assert told(error).startswith("Redis refuses (")
    assert lasts(error)
    assert not is_outage(error)
    assert "hunter2" not in told(error)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("LOADING Redis is loading the dataset in memory", "LOADING"),
        ("READONLY You can't write against a read only replica.", "READONLY"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
        ("MISCONF Redis is configured to save RDB snapshots", "MISCONF"),
        ("CLUSTERDOWN The cluster is down", "CLUSTERDOWN"),
        ("ERR max number of clients reached", "too many connections"),
    ],
)
def test_what_passes_is_named_and_waited_for(reply: str, words: str) -> None:
    error = said(reply)
    assert words in told(error)
    assert is_outage(error)
    assert not lasts(error)


def test_a_command_of_a_pipeline_is_not_repeated() -> None:
    inner = "NOPERM this user has no permissions to access one of the keys used as arguments"
    error = said(inner)
    error.args = (f"Command # 1 (SET run the 'hunter2' command) of pipeline caused error: {error.args[0]}",)
    assert told(error) == "Redis refuses (NOPERM: key)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.ConnectionError("hunter2"), "Redis does not answer (ConnectionError)"),
        (redis.TimeoutError("hunter2"), "Redis does not answer (TimeoutError)"),
        (OSError(9, "hunter2"), "Redis does not answer (OSError)"),
        (tls("UNEXPECTED_EOF_WHILE_READING"), "Redis does not answer (ConnectionError)"),
    ],
)
def test_an_outage_is_none_of_these(error: Exception, words: str) -> None:
    assert told(error) == words
    assert is_outage(error)
    assert refusal_of(error) is None


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "speaks plain text"),
        ("RECORD_LAYER_FAILURE", "speaks plain text"),
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "refuses TLS with us"),
        ("NO_START_LINE", "file of certificates"),
    ],
)
def test_tls_that_cannot_begin_says_why(reason: str, words: str) -> None:
    assert words in told(tls(reason))
    assert lasts(tls(reason))


def test_an_answer_of_nobody_we_know_is_no_redis() -> None:
    assert "no Redis" in told(redis.InvalidResponse('Protocol error, got "H" as reply type byte'))
    assert "speaks TLS" in told(redis.InvalidResponse('Protocol error, got "\\x15" as reply type byte'))


def test_an_error_that_is_not_known_is_told_by_its_class_alone() -> None:
    assert told(ResponseError("hunter2")) == "Redis refuses (ResponseError)"
    assert not lasts(ResponseError("hunter2"))


def test_a_trouble_is_over_when_it_is_not_met_again() -> None:
    now = [0.0]
    troubles = Troubles(lambda: now[0])
    troubles.note(redis.ConnectionError("away"))
    assert troubles.current == ""
    troubles.note(said("NOPERM No permissions to access a channel"))
    now[0] = OVER_AFTER - 1
    assert troubles.current == "Redis refuses (NOPERM: channel)"
    now[0] = OVER_AFTER + 1
    assert troubles.current == ""
