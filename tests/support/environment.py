"""The environment of a test run: nothing in it may steer the code under test or cost money."""

from __future__ import annotations

import ipaddress
import os
import re
import sys

STEERING = re.compile(
    r"""(?xi) ^( OPENAI_ | AZURE_ | GOOGLE_ | GCLOUD_ | GOOGLE$ | LLM_ | TTS_ | STT_ | S3_ | AWS_ | OTEL_
            | BULLMQ_ | CELERY_ | REDIS_ | METRICS_ | LOG_ | APP_ENV$
            | (HINT|REVIEW|INTERVIEW|TRANSCRIBE)_ | (HTTP|HTTPS|ALL|NO)_PROXY$
            | SSL_CERT_ | SSLKEYLOGFILE$ )"""
)
"""Variables that the plane, an SDK or an HTTP client would obey."""

_inherited = dict(os.environ)


def inherited() -> dict[str, str]:
    """Return the environment as the test run found it: for tools like npm, which may need a proxy."""
    return dict(_inherited)


def isolate() -> None:
    """Take every steering variable out of the environment, and refuse connections to other machines.

    The refusal holds for this process and until it ends; the processes that tests start have an
    environment in which every address is one of this machine.
    """
    for name in [name for name in os.environ if STEERING.match(name)]:
        del os.environ[name]
    sys.addaudithook(_refuse_strangers)


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _is_local(arguments[1][0]):
        raise ConnectionRefusedError(f"a test tried to reach {arguments[1][0]}; tests stay on this machine")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
