"""A URL of Redis is read alike by all who read it, or refused at the start."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st

from aiplane.redis.clients import connect_thread
from aiplane.settings import Settings, SettingsError


def readings(url: str) -> set[tuple[str, int, int, str | None, str | None]]:
    """Load a URL, and return what each of its users takes it for."""
    settings = Settings.load({"REDIS_URL": url})
    client = connect_thread(settings.redis_url).connection_pool.make_connection()
    celery = Celery(set_as_current=False, broker=settings.celery_broker_url)
    celery.conf.result_backend = settings.celery_result_backend
    broker = celery.connection_for_read()
    # As the transport does, when it connects.
    database = int(broker.virtual_host.strip("/") or 0)
    backend = celery.backend.connparams
    assert len(broker.alt) <= 1
    return {
        (client.host, client.port, client.db, client.username, client.password),
        (broker.hostname, broker.port or 6379, database, broker.userid, broker.password),
        (backend["host"], backend["port"], backend["db"], backend.get("username"), backend.get("password")),
    }


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("redis://u:ab;cd@host", ("host", 6379, 0, "u", "ab;cd")),
        ("REDIS://host/1", ("host", 6379, 1, None, None)),
        ("ReDiS://Host:6380/01", ("host", 6380, 1, None, None)),
        ("redis://u:a+b@host/3", ("host", 6379, 3, "u", "a+b")),
        ("redis://u:p@w@host/3", ("host", 6379, 3, "u", "p@w")),
        ("redis://u:50%@host/3", ("host", 6379, 3, "u", "50%")),
        ("redis://u:p%2525@host", ("host", 6379, 0, "u", "p%25")),
        ("redis://u%3Ba:pä@host:07000/", ("host", 7000, 0, "u;a", "pä")),
        ("redis://:p@[::1]:6380/2", ("::1", 6380, 2, None, "p")),
        ("redis://@host/2", ("host", 6379, 2, None, None)),
    ],
)
def test_all_who_read_a_url_read_the_same(url: str, meant: tuple[object, ...]) -> None:
    assert readings(url) == {meant}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_password_survives(password: str) -> None:
    assert {read[4] for read in readings(f"redis://user:{quote(password, safe='')}@host/1")} == {password}


@pytest.mark.parametrize(
    "url",
    [
        "redis://host/0/",
        "redis://host//0",
        "redis://host/%31",
        "redis://host/\u0661",
        "redis://a,b/0",
        "redis://a;redis://b",
        "redis://a:1,b:2/0",
        "redis://h%20x/0",
        "redis://h%2Fx/0",
        "redis://h\\x/0",
        "redis://[host]/0",
        "redis://[::1/0",
        "redis://:p@/0",
        "redis://u:%ff@host",
        "redis://u:p/w@host",
        "redis://u:p?w@host",
        "redis+socket:///tmp/redis.sock",
        "sentinel://host:26379/0",
        "rediss://host?ssl_cert_reqs=none&ssl_cert_reqs=required",
        "rediss://host?SSL_CERT_REQS=none",
        "rediss://host?ssl_ca_certs=",
        "redis://host/0\t",
        "redis://ho\nst/0",
    ],
)
def test_what_is_not_plain_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL must be") as refused:
        Settings.load({"CELERY_BROKER_URL": "redis://host", "REDIS_URL": url.replace("\t", "\t.")})
    assert url not in str(refused.value)


def test_files_that_a_url_names_must_be_there(tmp_path: Path) -> None:
    there = tmp_path / "ca.pem"
    there.write_text("")
    Settings.load({"REDIS_URL": f"rediss://host?ssl_ca_certs={quote(str(there))}"})
    with pytest.raises(SettingsError) as refused:
        Settings.load({"REDIS_URL": "rediss://host?ssl_keyfile=%2Fnowhere"})
    assert refused.value.faults == ("REDIS_URL: ssl_keyfile must be the path of a file that exists",)
